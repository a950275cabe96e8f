//! F1: every ticket tells how its flights are flown now.
//!
//! * What the company of a flight says of it and what its tickets say is the same: times, whether it is flown at all, and a seat that the
//!   aircraft has, unless the ticket says that there is none. (That all copies say the same is R1.)
//! * A passenger who was told that the changes are agreed to has agreed to them at every company, until there is a newer one.
//!
//! Seats of flights that some operator has changed are judged by this, and by less of what else is held against seats: [`altered`].

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::Violation;
#[cfg(test)]
use super::facts::Flown;
use super::facts::{ChangeRow, Company, EntryRow, SoldSeat};
use crate::history::{Answer, Operation, Request, Seat, SeatName};

/// Below a route's id in that of a seat on the wire.
const SEAT_BITS: u32 = 10;

/// Flights that an operator has changed or tried to, by company and route.
pub(super) fn altered(history: &[Operation]) -> BTreeSet<(String, u64)> {
    let flight = |operation: &Operation| match &operation.request {
        Request::Alter { company, route, .. } => Some((company.as_ref().to_owned(), *route)),
        _ => None,
    };
    history.iter().filter_map(flight).collect()
}

pub(super) fn flight_of(seat: &Seat) -> (String, u64) {
    (seat.company.as_ref().to_owned(), seat.route)
}

pub(super) fn flight_of_name(seat: &SeatName) -> (String, u64) {
    (seat.company.clone(), seat.id >> SEAT_BITS)
}

/// Of how many seats it was judged, and what was wrong.
pub fn check(companies: &[Company], history: &[Operation]) -> (usize, Vec<Violation>) {
    let mut violations = Vec::new();
    let mut judged = 0;
    for company in companies {
        let (count, found) = as_flown(company);
        judged += count;
        violations.extend(found);
        violations.extend(agreed(company, history));
    }
    (judged, violations)
}

/// The company's own seats.
fn as_flown(company: &Company) -> (usize, Vec<Violation>) {
    let changes = changes(company);
    let sizes: HashMap<i64, i32> = company.routes.iter().copied().collect();
    let mut kept: HashMap<SoldSeat, i32> = HashMap::new();
    for leg in company.ticket_legs.iter().filter(|leg| !leg.cancelled) {
        let seat = SoldSeat {
            ticket: leg.ticket,
            company: leg.company.clone(),
            route: leg.route,
            number: leg.sold_as,
        };
        kept.insert(seat, leg.number);
    }
    let mut judged = 0;
    let mut violations = Vec::new();
    for entry in company
        .entries
        .iter()
        .filter(|entry| entry.owner == company.code)
    {
        let seat = sold(entry);
        let (Some(number), Some(flown)) = (kept.get(&seat), company.flights.get(&seat.route))
        else {
            continue;
        };
        judged += 1;
        let change = changes.get(&seat);
        let told = change.map_or(entry.flown, |change| change.flown);
        if told != *flown {
            let what = format!("{seat:?} is told {told:?}, and flown {flown:?}");
            violations.push(Violation::new("F1", what));
        }
        let lacks = sizes.get(&seat.route).is_some_and(|size| number > size);
        if lacks && !change.is_some_and(|change| change.unseated) {
            let what = format!("{seat:?} is kept as seat {number}, which the aircraft lacks");
            violations.push(Violation::new("F1", what));
        }
    }
    (judged, violations)
}

fn changes(company: &Company) -> HashMap<&SoldSeat, &ChangeRow> {
    let changes = company.changes.iter();
    changes.map(|change| (&change.of, change)).collect()
}

fn sold(entry: &EntryRow) -> SoldSeat {
    SoldSeat {
        ticket: entry.ticket,
        company: entry.owner.clone(),
        route: entry.route,
        number: entry.number,
    }
}

fn agreed(company: &Company, history: &[Operation]) -> Vec<Violation> {
    let mut of_ticket: HashMap<Uuid, Vec<&ChangeRow>> = HashMap::new();
    for change in &company.changes {
        of_ticket.entry(change.of.ticket).or_default().push(change);
    }
    let cancelled = company.ticket_legs.iter().filter(|leg| leg.cancelled);
    let cancelled: BTreeSet<_> = cancelled
        .map(|leg| (leg.ticket, leg.company.as_str(), leg.route, leg.sold_as))
        .collect();
    let mut violations = Vec::new();
    for operation in history {
        let (
            Request::Accept {
                ticket, changes, ..
            },
            Answer::Accepted,
        ) = (&operation.request, &operation.answer)
        else {
            continue;
        };
        let now = of_ticket.get(ticket).map_or(&[][..], Vec::as_slice);
        let counted: i64 = now.iter().map(|change| i64::from(change.sequence)).sum();
        if counted < i64::from(*changes) {
            let what = format!(
                "{changes} changes of ticket {ticket} were agreed to, {} knows of {counted}",
                company.code
            );
            violations.push(Violation::new("F1", what));
        }
        if counted != i64::from(*changes) {
            continue; // one of them is newer than what was agreed to
        }
        let open = now.iter().filter(|change| {
            let of = &change.of;
            let seat = (of.ticket, of.company.as_str(), of.route, of.number);
            let can_be = !change.unseated && !change.flown.withdrawn;
            can_be && !change.accepted && !cancelled.contains(&seat)
        });
        violations.extend(open.map(|change| {
            let what = format!("was agreed to, and is not at {}: {change:?}", company.code);
            Violation::new("F1", what)
        }));
    }
    violations
}

/// For tests: of seats as they are sold there.
#[cfg(test)]
pub(super) const FLOWN: Flown = Flown {
    departs: 1_800_000_000,
    arrives: 1_800_003_600,
    withdrawn: false,
};

/// For tests: an hour later.
#[cfg(test)]
pub(super) fn change(ticket: Uuid, company: &str) -> ChangeRow {
    ChangeRow {
        of: SoldSeat {
            ticket,
            company: company.to_owned(),
            route: 7,
            number: 1,
        },
        sequence: 1,
        flown: Flown {
            departs: FLOWN.departs + 3600,
            arrives: FLOWN.arrives + 3600,
            ..FLOWN
        },
        unseated: false,
        accepted: false,
        content: "1A".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::TicketLegRow;
    use super::super::money::entry;
    use super::*;

    const TICKET: Uuid = Uuid::from_u128(1);

    /// The flight leaves an hour later than it was sold, and its ticket says so.
    fn company() -> Company {
        let moved = change(TICKET, "a");
        Company {
            code: "a".to_owned(),
            routes: vec![(7, 3)],
            flights: [(7, moved.flown)].into(),
            ticket_legs: vec![TicketLegRow {
                ticket: TICKET,
                company: "a".to_owned(),
                route: 7,
                number: 1,
                sold_as: 1,
                cancelled: false,
            }],
            entries: vec![entry(TICKET, "a", None)],
            changes: vec![moved],
            ..Company::default()
        }
    }

    fn accepted(changes: u32) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us: 0,
            end_us: 1,
            request: Request::Accept {
                user: Uuid::nil(),
                ticket: TICKET,
                changes,
            },
            answer: Answer::Accepted,
        }
    }

    fn found(change: impl FnOnce(&mut Company), history: &[Operation]) -> usize {
        let mut company = company();
        change(&mut company);
        check(&[company], history).1.len()
    }

    #[test]
    fn a_ticket_that_tells_how_it_is_flown_passes() {
        assert_eq!(check(&[company()], &[]), (1, Vec::new()));
        let agreed = |company: &mut Company| company.changes[0].accepted = true;
        assert_eq!(found(agreed, &[accepted(1)]), 0);
        // it has moved again since
        let again = |company: &mut Company| company.changes[0].sequence = 2;
        assert_eq!(found(again, &[accepted(1)]), 0);
    }

    #[test]
    fn whoever_is_not_told_is_found() {
        assert_eq!(found(|a| a.changes.clear(), &[]), 1, "sold otherwise");
        assert_eq!(found(|a| a.changes[0].flown.departs += 60, &[]), 1);
        let withdrawn = |a: &mut Company| a.flights.get_mut(&7).unwrap().withdrawn = true;
        assert_eq!(found(withdrawn, &[]), 1);
        let not_ours = |a: &mut Company| {
            a.changes.clear();
            a.ticket_legs[0].cancelled = true;
        };
        assert_eq!(found(not_ours, &[]), 0, "it was given back before");
    }

    #[test]
    fn a_seat_that_the_aircraft_lacks_is_found_unless_its_ticket_says_so() {
        let kept = |a: &mut Company| a.ticket_legs[0].number = 4;
        assert_eq!(found(kept, &[]), 1);
        let told = |a: &mut Company| {
            a.ticket_legs[0].number = 4;
            a.changes[0].unseated = true;
        };
        assert_eq!(found(told, &[]), 0);
    }

    #[test]
    fn what_was_agreed_to_and_is_lost_is_found() {
        assert_eq!(found(|_| {}, &[accepted(1)]), 1);
        assert_eq!(found(|a| a.changes[0].accepted = true, &[accepted(2)]), 1);
        let withdrawn = |a: &mut Company| {
            a.changes[0].flown.withdrawn = true;
            a.flights.get_mut(&7).unwrap().withdrawn = true;
        };
        assert_eq!(found(withdrawn, &[accepted(1)]), 0, "nobody can agree");
    }
}
