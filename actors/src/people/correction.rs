//! Whether a name on a ticket may be corrected: a slip of the pen may, another person may not travel. A pure function of the
//! ticket, the name and the time.

use unicode_normalization::UnicodeNormalization;

use crate::domain::correction::Correction;
use crate::domain::order::SeatRef;
use crate::domain::ticket::Ticket;

/// Letters that may differ from the name that was booked, in all.
pub const LETTERS_MAX: usize = 3;

/// Why a name stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCorrected {
    /// Nobody is named at this seat, so nothing can be corrected.
    Unnamed(SeatRef),
    Cancelled(SeatRef),
    /// The flight has left.
    Departed(SeatRef),
    /// More than [`LETTERS_MAX`] letters differ from what was booked at this seat.
    TooDifferent(SeatRef),
}

/// How many letters one name is from another: those that are put in, taken out or are others, and two neighbours that
/// changed places as one. A letter is a character of the composed form (NFC); upper and lower case are the same.
pub fn letters_between(one: &str, other: &str) -> usize {
    let form = |name: &str| name.nfc().collect::<String>().to_lowercase();
    strsim::damerau_levenshtein(&form(one), &form(other))
}

/// What has these seats of a ticket bear this name from this instant on (milliseconds since 1970); `next` is the version
/// that comes after another. A seat that bears it already is left out.
pub fn corrections(
    ticket: &Ticket,
    seats: &[SeatRef],
    name: &str,
    now_ms: i64,
    next: impl Fn(i64) -> i64,
) -> Result<Vec<Correction>, NotCorrected> {
    let legs = ticket.order.legs.iter();
    let wanted = legs.filter(|leg| seats.contains(&leg.seat));
    let mut corrections = Vec::new();
    for leg in wanted {
        let seat = leg.seat;
        let booked = leg.passenger.as_ref();
        let booked = booked.ok_or(NotCorrected::Unnamed(seat))?;
        if ticket.cancelled.contains(&seat) {
            return Err(NotCorrected::Cancelled(seat));
        }
        if leg.departs.saturating_mul(1000) <= now_ms {
            return Err(NotCorrected::Departed(seat));
        }
        if letters_between(&booked.name, name) > LETTERS_MAX {
            return Err(NotCorrected::TooDifferent(seat));
        }
        if ticket.passenger(leg).is_some_and(|who| who.name != name) {
            corrections.push(Correction {
                seat,
                version: next(ticket.name_version(seat)),
                name: name.to_owned(),
            });
        }
    }
    Ok(corrections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{self, seat};
    use crate::domain::order::Passenger;

    #[test]
    fn letters_are_counted_as_people_see_them() {
        for (one, other, letters) in [
            ("Ana Souza", "Ana Sousa", 1),
            ("Ana Souza", "ANA SOUZA", 0),
            ("Jos\u{e9}", "Jose\u{301}", 0),
            ("Jos\u{e9}", "Jose", 1),
            ("Jsoé", "José", 1),
            ("Ana", "Anna Maria", 7),
            ("", "Ana", 3),
        ] {
            assert_eq!(letters_between(one, other), letters, "{one} {other}");
        }
    }

    /// Seats 1 and 2 of Ana Souza; nobody is named at seat 3.
    fn ticket() -> Ticket {
        let seats = [seat("a", 1), seat("b", 2), seat("b", 3)];
        let mut order = (*fixtures::order(&seats)).clone();
        for leg in &mut order.legs[..2] {
            leg.passenger = Some(Passenger {
                name: "Ana Souza".to_owned(),
                document: None,
            });
        }
        Ticket::new(fixtures::SAGA, order.into())
    }

    fn corrected(
        ticket: &Ticket,
        seats: &[SeatRef],
        name: &str,
    ) -> Result<Vec<Correction>, NotCorrected> {
        corrections(ticket, seats, name, 0, |version| version + 1)
    }

    #[test]
    fn three_letters_are_a_slip_and_four_another_person_however_many_times_it_is_tried() {
        let both = [seat("a", 1), seat("b", 2)];
        let mut ticket = ticket();
        let once = corrected(&ticket, &both, "Ana Sousas").unwrap();
        assert_eq!(
            once.iter().map(|one| one.version).collect::<Vec<_>>(),
            [1, 1]
        );
        ticket.corrections = once;
        assert_eq!(
            corrected(&ticket, &both, "Ana Sousas"),
            Ok(Vec::new()),
            "it is so"
        );
        let again = corrected(&ticket, &both[..1], "Anna Sousas").unwrap();
        assert_eq!((again[0].version, &*again[0].name), (2, "Anna Sousas"));
        // counted from what was booked, not from the last correction
        let far = corrected(&ticket, &both, "Anna Sousass");
        assert_eq!(far, Err(NotCorrected::TooDifferent(both[0])));
        assert_eq!(
            corrected(&ticket, &both, "Ana Souza").unwrap().len(),
            2,
            "and back"
        );
    }

    #[test]
    fn who_has_left_is_unnamed_or_has_given_the_seat_back_stays_as_they_are() {
        let one = [seat("a", 1)];
        let mut ticket = ticket();
        let departs = ticket.order.legs[0].departs * 1000;
        let at = |now| corrections(&ticket, &one, "Ana Sousa", now, |version| version + 1);
        assert!(at(departs - 1).is_ok());
        assert_eq!(at(departs), Err(NotCorrected::Departed(one[0])));
        let unnamed = [seat("b", 3)];
        let refused = corrected(&ticket, &unnamed, "Ana");
        assert_eq!(refused, Err(NotCorrected::Unnamed(unnamed[0])));
        ticket.cancelled = one.to_vec();
        let refused = corrected(&ticket, &one, "Ana Sousa");
        assert_eq!(refused, Err(NotCorrected::Cancelled(one[0])));
    }
}
