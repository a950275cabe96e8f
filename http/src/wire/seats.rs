//! The seats of a leg: as a map to choose from, and as events that keep a map true.

use passcom_actors::catalogue::cabin::{Kind, Wish};
use passcom_actors::catalogue::{CatalogueCursor, LegKey, LegSeats, SeatState};
use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use serde::Serialize;

/// What a passenger may wish for.
pub(crate) const WISHES: [(&str, Wish); 3] = [
    ("janela", Wish::Window),
    ("corredor", Wish::Aisle),
    ("tanto-faz", Wish::Any),
];

/// Names of the events.
pub(crate) const WHOLE_MAP: &str = "mapa";
pub(crate) const CHANGED_SEATS: &str = "assentos";
pub(crate) const COMPANY_UP: &str = "companhia";

#[derive(Serialize)]
pub(crate) struct SeatMap<'a> {
    company: CompanyId,
    id: RouteId,
    #[serde(rename = "equipamento")]
    equipment: &'a str,
    #[serde(rename = "versao")]
    version: String,
    #[serde(rename = "colunas")]
    columns: Vec<Vec<char>>,
    #[serde(rename = "saidas")]
    exits: Vec<u16>,
    #[serde(rename = "assentos")]
    seats: Vec<PlacedSeat>,
    #[serde(rename = "livres")]
    free: u16,
    #[serde(rename = "sugestao")]
    proposal: Vec<u64>,
}

impl<'a> SeatMap<'a> {
    pub fn new(leg: LegKey, equipment: &'a str, seats: &LegSeats, proposal: &[SeatNumber]) -> Self {
        let (company, id) = leg;
        let columns = seats.layout.columns().iter();
        let numbers = (1..=seats.seats).map(SeatNumber);
        let proposal = proposal.iter().map(|number| id.seat(*number).get());
        Self {
            company,
            id,
            equipment,
            version: version_text(seats.version),
            columns: columns.map(|group| group.chars().collect()).collect(),
            exits: seats.layout.exits().collect(),
            seats: numbers
                .filter_map(|number| PlacedSeat::new(id, number, seats))
                .collect(),
            free: seats.states.count_free_of(seats.seats),
            proposal: proposal.collect(),
        }
    }
}

#[derive(Serialize)]
struct PlacedSeat {
    id: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "fileira")]
    row: u16,
    #[serde(rename = "letra")]
    letter: char,
    #[serde(rename = "posicao")]
    kind: &'static str,
    #[serde(rename = "saida")]
    exit: bool,
    #[serde(rename = "estado")]
    state: &'static str,
}

impl PlacedSeat {
    fn new(route: RouteId, number: SeatNumber, seats: &LegSeats) -> Option<Self> {
        let place = seats.layout.place(number)?;
        Some(Self {
            id: route.seat(number).get(),
            number,
            row: place.row,
            letter: place.letter,
            kind: match place.kind {
                Kind::Window => "janela",
                Kind::Middle => "meio",
                Kind::Aisle => "corredor",
            },
            exit: place.exit,
            state: state_text(seats.states.get(number)),
        })
    }
}

/// Seats with what they are now: all of a leg, or those that have changed.
#[derive(Serialize)]
pub(crate) struct SeatsNow {
    #[serde(rename = "versao")]
    version: String,
    #[serde(rename = "livres")]
    free: u16,
    #[serde(rename = "assentos")]
    seats: Vec<SeatNow>,
}

#[derive(Serialize)]
struct SeatNow {
    id: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "estado")]
    state: &'static str,
}

impl SeatsNow {
    pub fn new(
        route: RouteId,
        now: &LegSeats,
        seats: impl Iterator<Item = (SeatNumber, SeatState)>,
    ) -> Self {
        let seat = |(number, state)| SeatNow {
            id: route.seat(number).get(),
            number,
            state: state_text(state),
        };
        Self {
            version: version_text(now.version),
            free: now.states.count_free_of(now.seats),
            seats: seats.map(seat).collect(),
        }
    }
}

fn state_text(state: SeatState) -> &'static str {
    match state {
        SeatState::Free => "livre",
        SeatState::Held => "retido",
        SeatState::Sold => "vendido",
        SeatState::Blocked => "bloqueado",
    }
}

/// A state of a leg, by the same name at every node: `5f2c.17`.
pub(crate) fn version_text(version: CatalogueCursor) -> String {
    format!("{:x}.{}", version.epoch, version.seq)
}

pub(crate) fn version_of(text: &str) -> Option<CatalogueCursor> {
    let (epoch, seq) = text.split_once('.')?;
    Some(CatalogueCursor {
        epoch: u64::from_str_radix(epoch, 16).ok()?,
        seq: seq.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use passcom_actors::catalogue::cabin::Layout;

    use super::*;

    fn three_seats() -> LegSeats {
        let states = [
            (SeatNumber(2), SeatState::Held),
            (SeatNumber(3), SeatState::Sold),
        ];
        LegSeats {
            version: CatalogueCursor { epoch: 255, seq: 7 },
            layout: Layout::of("CNA", 3),
            seats: 3,
            states: states.into_iter().collect(),
        }
    }

    #[test]
    fn a_map_says_where_every_seat_is() {
        let leg = ("G3".parse().unwrap(), RouteId(3));
        let map = SeatMap::new(leg, "CNA", &three_seats(), &[SeatNumber(1)]);
        let expected = concat!(
            r#"{"company":"G3","id":3,"equipamento":"CNA","versao":"ff.7","colunas":[["A"],["B","C"]],"saidas":[],"assentos":["#,
            r#"{"id":3073,"numero":1,"fileira":1,"letra":"A","posicao":"janela","saida":false,"estado":"livre"},"#,
            r#"{"id":3074,"numero":2,"fileira":1,"letra":"B","posicao":"corredor","saida":false,"estado":"retido"},"#,
            r#"{"id":3075,"numero":3,"fileira":1,"letra":"C","posicao":"janela","saida":false,"estado":"vendido"}"#,
            r#"],"livres":1,"sugestao":[3073]}"#,
        );
        assert_eq!(serde_json::to_string(&map).unwrap(), expected);
    }

    #[test]
    fn an_event_says_what_seats_are_now() {
        let changed = [(SeatNumber(3), SeatState::Blocked)].into_iter();
        let event = SeatsNow::new(RouteId(3), &three_seats(), changed);
        let expected = r#"{"versao":"ff.7","livres":1,"assentos":[{"id":3075,"numero":3,"estado":"bloqueado"}]}"#;
        assert_eq!(serde_json::to_string(&event).unwrap(), expected);
    }

    #[test]
    fn a_version_is_read_as_it_was_written() {
        for (epoch, seq) in [(0, 0), (u64::MAX, u64::MAX), (0x5f2c, 17)] {
            let version = CatalogueCursor { epoch, seq };
            assert_eq!(version_of(&version_text(version)), Some(version));
        }
        for bad in ["", ".", "1", "g.1", "1.-1", "1.1.1", "10000000000000000.1"] {
            assert_eq!(version_of(bad), None, "{bad}");
        }
    }
}
