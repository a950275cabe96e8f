//! Who sits where, as bookings and holds are told.

use std::collections::BTreeMap;

use passcom_actors::domain::ids::{CompanyId, RouteId};
use passcom_actors::domain::order::{Passenger, SeatRef};
use passcom_actors::people::desk::WantedSeat;
use passcom_actors::people::spelling::{self, Misspelt};

use super::accounts::misspelt;
use crate::error::Problem;
use crate::wire;
use crate::wire::field::{DOCUMENT, NAME, PASSENGERS};

const NAME_CHARS_MAX: usize = 120;
const DOCUMENT_CHARS_MAX: usize = 32;

/// Who sits where: one passenger per seat, or one per traveller, who has the same place in the row of each leg's seats.
pub(super) fn seated(
    seats: &[SeatRef],
    passengers: &[wire::Passenger],
) -> Result<Vec<WantedSeat>, Problem> {
    if passengers.is_empty() {
        return Ok(seats.iter().copied().map(WantedSeat::from).collect());
    }
    let passengers = passengers.iter().enumerate();
    let passengers = passengers.map(|(index, given)| passenger(index, given));
    let passengers: Vec<Passenger> = passengers.collect::<Result<_, _>>()?;
    let per_seat = passengers.len() == seats.len();
    let mut on_leg: BTreeMap<(CompanyId, RouteId), usize> = BTreeMap::new();
    let mut seated = Vec::with_capacity(seats.len());
    for (index, seat) in seats.iter().enumerate() {
        let place = on_leg.entry((seat.company, seat.route)).or_default();
        let traveller = if per_seat { index } else { *place };
        *place += 1;
        let passenger = passengers.get(traveller).cloned();
        seated.push(WantedSeat {
            seat: *seat,
            passenger: Some(passenger.ok_or_else(too_few)?),
            expected: None,
        });
    }
    let travellers = on_leg.values().max().copied().unwrap_or_default();
    if per_seat || travellers == passengers.len() {
        Ok(seated)
    } else {
        Err(too_few())
    }
}

fn too_few() -> Problem {
    Problem::invalid(
        format!("{PASSENGERS}: informe um passageiro por assento, ou um por viajante"),
        format!("{PASSENGERS}: give one passenger per seat, or one per traveller"),
    )
}

/// A name as it is kept; `of`: the list that it is from.
pub(super) fn spelt(of: &str, index: usize, name: &str) -> Result<String, Problem> {
    let place = place(of, index, NAME);
    let name = bounded(&place, name.trim(), NAME_CHARS_MAX)?;
    let name = spelling::name(&name).map_err(|why| misspelt(&place, why))?;
    // compatibility forms may be longer than what was given
    bounded(&place, &name, NAME_CHARS_MAX)
}

fn passenger(index: usize, given: &wire::Passenger) -> Result<Passenger, Problem> {
    let name = spelt(PASSENGERS, index, given.name.as_deref().unwrap_or_default())?;
    let document = given.document.as_deref().map(str::trim);
    let document = document.filter(|document| !document.is_empty());
    let document = document
        .map(|document| {
            let place = place(PASSENGERS, index, DOCUMENT);
            bounded(&place, document, DOCUMENT_CHARS_MAX)
        })
        .transpose()?;
    Ok(Passenger { name, document })
}

/// How a field of this passenger is called.
fn place(of: &str, index: usize, field: &str) -> String {
    format!("{of}[{index}].{field}")
}

/// 1 to `max` characters, none of them a control character.
fn bounded(place: &str, text: &str, max: usize) -> Result<String, Problem> {
    let fits = (1..=max).contains(&text.chars().count());
    if text.contains(char::is_control) {
        return Err(misspelt(place, Misspelt::Character));
    }
    if fits {
        return Ok(text.to_owned());
    }
    Err(Problem::invalid(
        format!("{place} deve ter de 1 a {max} caracteres"),
        format!("{place} must have 1 to {max} characters"),
    ))
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::ids::SeatNumber;

    use super::*;
    use crate::error::Kind;

    fn seat(route: u64, number: u16) -> SeatRef {
        SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(route),
            number: SeatNumber(number),
        }
    }

    fn people(names: &[&str]) -> Vec<wire::Passenger> {
        let person = |name: &&str| wire::Passenger {
            name: Some((*name).to_owned()),
            document: None,
        };
        names.iter().map(person).collect()
    }

    fn names(seats: &[SeatRef], given: &[&str]) -> Result<Vec<String>, Kind> {
        let seated = seated(seats, &people(given)).map_err(|problem| problem.kind())?;
        let name = |seat: WantedSeat| seat.passenger.map(|passenger| passenger.name);
        Ok(seated.into_iter().filter_map(name).collect())
    }

    #[test]
    fn a_passenger_is_per_seat_or_per_traveller() {
        let trip = [seat(1, 1), seat(1, 2), seat(2, 7), seat(2, 8)];
        let ok = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names(&trip, &[]), ok(&[]));
        assert_eq!(
            names(&trip, &["Ana", "Bia"]),
            ok(&["Ana", "Bia", "Ana", "Bia"])
        );
        assert_eq!(
            names(&trip, &["A", "B", "C", "D"]),
            ok(&["A", "B", "C", "D"])
        );
        assert_eq!(names(&trip[..1], &["Ana"]), ok(&["Ana"]));
        for wrong in [&["Ana"][..], &["A", "B", "C"], &["A"; 5]] {
            assert_eq!(names(&trip, wrong), Err(Kind::InvalidRequest));
        }
    }

    #[test]
    fn who_travels_out_and_back_is_named_once() {
        // out by a connection, back by another way and from elsewhere: legs need not connect
        let mut trip = Vec::new();
        for route in [4, 9, 2, 7] {
            trip.extend([seat(route, 11), seat(route, 12)]);
        }
        let both = ["Ana", "Bia"].repeat(4);
        let both: Vec<String> = both.into_iter().map(str::to_owned).collect();
        assert_eq!(names(&trip, &["Ana", "Bia"]), Ok(both));
    }

    #[test]
    fn a_name_has_its_bounds() {
        let too_long = "x".repeat(NAME_CHARS_MAX + 1);
        // a ligature of compatibility that is 18 letters
        let longer_than_it_looks = "\u{fdfa}".repeat(7);
        for wrong in [
            "",
            "  ",
            "a\nb",
            "\u{200b}\u{200b}",
            "Ana\u{202e}",
            "...",
            &too_long,
            &longer_than_it_looks,
        ] {
            assert_eq!(
                names(&[seat(1, 1)], &[wrong]),
                Err(Kind::InvalidRequest),
                "{wrong}"
            );
        }
        assert!(names(&[seat(1, 1)], &[&"é".repeat(NAME_CHARS_MAX)]).is_ok());
    }
}
