//! Names on a ticket that were corrected. They lie over the order, which stays as it was voted on: one name a seat, of the
//! highest version there is, so that copies come to the same in whatever order they meet.

use serde::{Deserialize, Serialize};

use super::order::{Leg, Passenger, SeatRef};
use super::ticket::Ticket;

/// The name at a seat from this version on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Correction {
    pub seat: SeatRef,
    /// Made as those of users are: [`super::accounts::version_after`].
    pub version: i64,
    pub name: String,
}

/// What two lists come to: ascending, one a seat.
pub fn merged(one: &[Correction], other: &[Correction]) -> Vec<Correction> {
    let mut all: Vec<Correction> = one.iter().chain(other).cloned().collect();
    // the last of a seat has its highest version; two of one version are told apart by the name, everywhere alike
    all.sort_unstable();
    all.reverse();
    all.dedup_by_key(|correction| correction.seat);
    all.reverse();
    all
}

impl Ticket {
    /// The version of the name at this seat; 0 while it is that of the order.
    pub fn name_version(&self, seat: SeatRef) -> i64 {
        self.correction(seat).map_or(0, |found| found.version)
    }

    /// Who sits there, by the name that holds now.
    pub fn passenger(&self, leg: &Leg) -> Option<Passenger> {
        let mut passenger = leg.passenger.clone()?;
        if let Some(correction) = self.correction(leg.seat) {
            passenger.name.clone_from(&correction.name);
        }
        Some(passenger)
    }

    /// The ticket as it is shown: its order has the names that hold now. Not to be told to any company: it is no order that
    /// was voted on.
    pub fn with_names(&self) -> Ticket {
        if self.corrections.is_empty() {
            return self.clone();
        }
        let mut order = (*self.order).clone();
        for leg in &mut order.legs {
            leg.passenger = self.passenger(leg);
        }
        Ticket {
            order: order.into(),
            ..self.clone()
        }
    }

    fn correction(&self, seat: SeatRef) -> Option<&Correction> {
        let mut corrections = self.corrections.iter();
        corrections.find(|correction| correction.seat == seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, seat};

    fn correction(number: u16, version: i64, name: &str) -> Correction {
        Correction {
            seat: seat("a", number),
            version,
            name: name.to_owned(),
        }
    }

    #[test]
    fn the_highest_version_of_each_seat_stays_whatever_meets_first() {
        let (old, new) = (correction(1, 1, "Ana"), correction(1, 2, "Anna"));
        let (twin, other) = (correction(1, 2, "Annb"), correction(2, 1, "Bia"));
        let lists = [
            vec![old],
            vec![new],
            vec![twin.clone()],
            vec![other.clone()],
        ];
        let expected = [twin, other];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 1, 3, 0]] {
            let all = order.iter().fold(Vec::new(), |all, at| {
                let once = merged(&all, &lists[*at]);
                assert_eq!(merged(&once, &lists[*at]), once, "again changes nothing");
                once
            });
            assert_eq!(all, expected);
        }
    }

    #[test]
    fn a_name_is_shown_over_the_order_and_nothing_else_changes() {
        let seats = [seat("a", 1), seat("a", 2)];
        let mut order = (*fixtures::order(&seats)).clone();
        for leg in &mut order.legs {
            leg.passenger = Some(Passenger {
                name: "Ana".to_owned(),
                document: Some("1".to_owned()),
            });
        }
        let mut ticket = Ticket::new(fixtures::SAGA, order.into());
        assert_eq!(ticket.with_names(), ticket);
        ticket.corrections = vec![correction(2, 7, "Anna")];
        let shown = ticket.with_names();
        let names: Vec<_> = shown
            .order
            .legs
            .iter()
            .map(|leg| leg.passenger.clone().unwrap())
            .collect();
        let names: Vec<_> = names
            .iter()
            .map(|who| (&*who.name, who.document.as_deref()))
            .collect();
        assert_eq!(names, [("Ana", Some("1")), ("Anna", Some("1"))]);
        assert_eq!(
            (
                ticket.name_version(seat("a", 1)),
                ticket.name_version(seat("a", 2))
            ),
            (0, 7)
        );
    }
}
