//! Legs and seats that are on sale.

use passcom_actors::catalogue::{LegView, Route};
use passcom_actors::domain::currency;
use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use passcom_actors::domain::order::Price;
use passcom_actors::people::operations::SeatView;
use serde::{Serialize, Serializer};

use crate::clock;
use passcom_actors::catalogue::airports;

/// What a page says of the free seats of a leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SaidOfSeats {
    /// Each, as clients of the old contract expect.
    #[default]
    Each,
    /// From which number to which.
    Ranges,
    Nothing,
}

pub(crate) const SAID_OF_SEATS: [(&str, SaidOfSeats); 3] = [
    ("todos", SaidOfSeats::Each),
    ("faixas", SaidOfSeats::Ranges),
    ("nenhum", SaidOfSeats::Nothing),
];

/// A leg of the catalogue.
#[derive(Serialize)]
pub(crate) struct Leg<'a> {
    id: RouteId,
    #[serde(flatten)]
    details: LegDetails<'a>,
    #[serde(rename = "assentos", skip_serializing_if = "Option::is_none")]
    seats: Option<FreeSeats<'a>>,
    #[serde(rename = "faixas", skip_serializing_if = "Option::is_none")]
    ranges: Option<Vec<(SeatNumber, SeatNumber)>>,
}

impl<'a> Leg<'a> {
    pub fn new(leg: &'a LegView, said: SaidOfSeats) -> Self {
        let seats = FreeSeats {
            leg,
            says_free: true,
        };
        Self {
            id: leg.route.id,
            details: LegDetails::from(leg),
            seats: (said == SaidOfSeats::Each).then_some(seats),
            ranges: (said == SaidOfSeats::Ranges).then(|| ranges(&leg.free)),
        }
    }
}

/// Of ascending numbers, the first and the last of each run.
fn ranges(numbers: &[SeatNumber]) -> Vec<(SeatNumber, SeatNumber)> {
    let runs = numbers.chunk_by(|one, next| one.0 + 1 == next.0);
    runs.filter_map(|run| Some((*run.first()?, *run.last()?)))
        .collect()
}

/// A leg of an itinerary found by search; `itinerary` and `place` count from 1.
#[derive(Serialize)]
pub(crate) struct FoundLeg<'a> {
    #[serde(rename = "id_trecho")]
    id: RouteId,
    #[serde(flatten)]
    details: LegDetails<'a>,
    #[serde(rename = "rota")]
    itinerary: usize,
    #[serde(rename = "ordem")]
    place: usize,
    #[serde(rename = "assentos")]
    seats: FreeSeats<'a>,
}

impl<'a> FoundLeg<'a> {
    pub fn new(leg: &'a LegView, itinerary: usize, place: usize) -> Self {
        Self {
            id: leg.route.id,
            details: LegDetails::from(leg),
            itinerary,
            place,
            seats: FreeSeats {
                leg,
                says_free: false,
            },
        }
    }
}

/// A leg without its seats.
#[derive(Serialize)]
pub(crate) struct PlainLeg<'a> {
    id: RouteId,
    #[serde(flatten)]
    details: LegDetails<'a>,
    #[serde(rename = "equipamento")]
    equipment: &'a str,
}

impl<'a> From<&'a LegView> for PlainLeg<'a> {
    fn from(leg: &'a LegView) -> Self {
        Self {
            id: leg.route.id,
            details: LegDetails::from(leg),
            equipment: &leg.route.equipment,
        }
    }
}

#[derive(Serialize)]
pub(super) struct LegDetails<'a> {
    company: CompanyId,
    #[serde(rename = "origem")]
    origin: &'a str,
    #[serde(rename = "destino")]
    destination: &'a str,
    #[serde(rename = "voo")]
    flight: &'a str,
    #[serde(rename = "origem_iata")]
    origin_iata: &'a str,
    #[serde(rename = "destino_iata")]
    destination_iata: &'a str,
    #[serde(rename = "partida")]
    departs: String,
    #[serde(rename = "chegada")]
    arrives: String,
    #[serde(rename = "preco")]
    price: Money<'a>,
    #[serde(rename = "lugares")]
    capacity: u16,
    #[serde(rename = "livres")]
    free: usize,
}

impl<'a> From<&'a LegView> for LegDetails<'a> {
    fn from(leg: &'a LegView) -> Self {
        let Route {
            origin,
            destination,
            ..
        } = &leg.route;
        Self {
            company: leg.company,
            origin: airports::city(origin),
            destination: airports::city(destination),
            flight: &leg.route.flight,
            origin_iata: origin,
            destination_iata: destination,
            departs: clock::departure(&leg.route),
            arrives: clock::arrival(&leg.route),
            price: Money::from(&leg.route.price),
            capacity: leg.route.seats,
            free: leg.free.len(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Money<'a> {
    #[serde(rename = "centavos")]
    minor: i64,
    #[serde(rename = "moeda")]
    currency: &'a str,
    /// How many of the digits are behind the point.
    #[serde(rename = "casas")]
    digits: u8,
}

impl<'a> Money<'a> {
    pub fn new(minor: i64, currency: &'a str) -> Self {
        Self {
            minor,
            currency,
            digits: currency::digits_shown(currency),
        }
    }
}

impl<'a> From<&'a Price> for Money<'a> {
    fn from(price: &'a Price) -> Self {
        Self::new(price.minor, &price.currency)
    }
}

struct FreeSeats<'a> {
    leg: &'a LegView,
    says_free: bool,
}

impl Serialize for FreeSeats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seat = |number: &SeatNumber| CatalogueSeat {
            id: self.leg.route.id.seat(*number).get(),
            number: *number,
            free: self.says_free.then_some(1),
        };
        serializer.collect_seq(self.leg.free.iter().map(seat))
    }
}

#[derive(Serialize)]
struct CatalogueSeat {
    id: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "disponivel", skip_serializing_if = "Option::is_none")]
    free: Option<u8>,
}

/// One seat by its id, for operators.
#[derive(Serialize)]
pub(crate) struct OneSeat {
    id: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "id_trecho")]
    route: RouteId,
    #[serde(rename = "disponivel")]
    free: u8,
}

impl From<SeatView> for OneSeat {
    fn from(seat: SeatView) -> Self {
        Self {
            id: seat.id.get(),
            number: seat.id.number(),
            route: seat.id.route(),
            free: u8::from(seat.free),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct CompanyUp {
    company: CompanyId,
    #[serde(rename = "no_ar")]
    up: bool,
}

impl From<(CompanyId, bool)> for CompanyUp {
    fn from((company, up): (CompanyId, bool)) -> Self {
        Self { company, up }
    }
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::ids::SeatId;

    use super::*;

    fn leg() -> LegView {
        LegView {
            company: "G3".parse().unwrap(),
            route: Route {
                id: RouteId(3),
                flight: "G31234".to_owned(),
                origin: "GRU".to_owned(),
                destination: "MAO".to_owned(),
                departs: 1_730_319_757,
                arrives: 1_730_334_157,
                offsets: None,
                seats: 186,
                price: Price {
                    minor: 45_990,
                    currency: "BRL".to_owned(),
                },
                equipment: "738".to_owned(),
                on_sale: true,
            },
            free: vec![SeatNumber(1), SeatNumber(186)],
        }
    }

    const DETAILS: &str = concat!(
        r#""company":"G3","origem":"São Paulo","destino":"Manaus","voo":"G31234","origem_iata":"GRU","destino_iata":"MAO","#,
        r#""partida":"2024-10-30T17:22:37-03:00","chegada":"2024-10-30T20:22:37-04:00","#,
        r#""preco":{"centavos":45990,"moeda":"BRL","casas":2},"lugares":186,"livres":2"#,
    );

    #[test]
    fn a_leg_of_the_catalogue_has_the_old_keys_and_ours() {
        let seats =
            r#"[{"id":3073,"numero":1,"disponivel":1},{"id":3258,"numero":186,"disponivel":1}]"#;
        assert_eq!(
            serde_json::to_string(&Leg::new(&leg(), SaidOfSeats::Each)).unwrap(),
            format!(r#"{{"id":3,{DETAILS},"assentos":{seats}}}"#)
        );
    }

    #[test]
    fn seats_may_be_told_by_ranges_or_not_at_all() {
        let mut leg = leg();
        leg.free = [1, 2, 3, 7, 9, 10].map(SeatNumber).into();
        let told = |said| serde_json::to_string(&Leg::new(&leg, said)).unwrap();
        let details = DETAILS.replace(r#""livres":2"#, r#""livres":6"#);
        assert_eq!(
            told(SaidOfSeats::Ranges),
            format!(r#"{{"id":3,{details},"faixas":[[1,3],[7,7],[9,10]]}}"#)
        );
        assert_eq!(
            told(SaidOfSeats::Nothing),
            format!(r#"{{"id":3,{details}}}"#)
        );
    }

    #[test]
    fn an_amount_says_how_many_of_its_digits_are_behind_the_point() {
        for (currency, digits) in [("JPY", 0), ("BRL", 2), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(
                serde_json::to_value(Money::new(12_345, currency)).unwrap(),
                serde_json::json!({"centavos": 12_345, "moeda": currency, "casas": digits})
            );
        }
    }

    #[test]
    fn a_found_leg_says_its_place() {
        let seats = r#"[{"id":3073,"numero":1},{"id":3258,"numero":186}]"#;
        assert_eq!(
            serde_json::to_string(&FoundLeg::new(&leg(), 2, 1)).unwrap(),
            format!(r#"{{"id_trecho":3,{DETAILS},"rota":2,"ordem":1,"assentos":{seats}}}"#)
        );
    }

    #[test]
    fn one_seat_says_its_leg() {
        let seat = SeatView {
            id: SeatId::new(3073).unwrap(),
            free: false,
        };
        assert_eq!(
            serde_json::to_string(&OneSeat::from(seat)).unwrap(),
            r#"{"id":3073,"numero":1,"id_trecho":3,"disponivel":0}"#
        );
    }
}
