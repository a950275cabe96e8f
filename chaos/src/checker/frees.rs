//! I6: a leg frees its seat at most once, and nobody else's.
//!
//! A leg is cancelled exactly where its ticket says so, and only after a customer asked for it. And what a company's node offers as free is
//! what its database has free: a seat that was freed for a second time, under its next owner, would be on offer while it is sold.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use super::Violation;
use super::facts::{Company, LegState};
use crate::history::{Operation, Request};

/// What a company's own node offers when all is quiet: of each route that it lists, the free seats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    pub company: String,
    pub routes: BTreeMap<i64, BTreeSet<i32>>,
}

pub fn check(companies: &[Company], offers: &[Offer], history: &[Operation]) -> Vec<Violation> {
    let cancels = cancels_asked_for(history);
    let mut violations = Vec::new();
    for company in companies {
        violations.extend(cancelled_legs(company));
        violations.extend(uncalled_for(company, &cancels));
        for offer in offers.iter().filter(|offer| offer.company == company.code) {
            violations.extend(offered(company, offer));
        }
    }
    violations
}

/// Tickets whose seats somebody wanted to give back, or for others.
pub(super) fn cancels_asked_for(history: &[Operation]) -> HashSet<Uuid> {
    let ticket = |operation: &Operation| match operation.request {
        Request::Cancel { ticket, .. } | Request::Rebook { ticket, .. } => Some(ticket),
        _ => None,
    };
    history.iter().filter_map(ticket).collect()
}

fn cancelled_legs(company: &Company) -> Vec<Violation> {
    let legs = company.legs.iter();
    let freed: BTreeSet<_> = legs
        .filter(|leg| leg.state == LegState::Cancelled)
        .map(|leg| (leg.saga, leg.route, leg.number))
        .collect();
    let own = company.ticket_legs.iter();
    let cancelled: BTreeSet<_> = own
        .filter(|leg| leg.company == company.code && leg.cancelled)
        .map(|leg| (leg.ticket, leg.route, leg.number))
        .collect();
    freed
        .symmetric_difference(&cancelled)
        .map(|place| {
            let (saga, route, number) = place;
            let what = match freed.contains(place) {
                true => "was freed, and its ticket still has it",
                false => "is cancelled on its ticket, and was never freed",
            };
            violation(company, *route, *number, &format!("{what} (saga {saga})"))
        })
        .collect()
}

fn uncalled_for(company: &Company, cancels: &HashSet<Uuid>) -> Vec<Violation> {
    let freed = company.legs.iter();
    let freed = freed.filter(|leg| leg.state == LegState::Cancelled);
    freed
        .filter(|leg| !cancels.contains(&leg.saga))
        .map(|leg| {
            let what = format!("was freed, and nobody cancelled ticket {}", leg.saga);
            violation(company, leg.route, leg.number, &what)
        })
        .collect()
}

fn offered(company: &Company, offer: &Offer) -> Vec<Violation> {
    let mut kept: BTreeSet<(i64, i32)> = company.blocked.iter().copied().collect();
    let held = company.legs.iter();
    let held = held.filter(|leg| matches!(leg.state, LegState::Prepared | LegState::Committed));
    kept.extend(held.map(|leg| (leg.route, leg.number)));
    let mut violations = Vec::new();
    for (route, seats) in &company.routes {
        let Some(shown) = offer.routes.get(route) else {
            continue;
        };
        let free = (1..=*seats).filter(|number| !kept.contains(&(*route, *number)));
        let free: BTreeSet<i32> = free.collect();
        violations.extend(free.symmetric_difference(shown).map(|number| {
            let what = match shown.contains(number) {
                true => "is on offer, and not free",
                false => "is free, and not on offer",
            };
            violation(company, *route, *number, what)
        }));
    }
    violations
}

fn violation(company: &Company, route: i64, number: i32, what: &str) -> Violation {
    let code = &company.code;
    Violation::new(
        "I6",
        format!("seat {number} of route {route} of {code} {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::facts::{LegRow, TicketLegRow};
    use super::*;
    use crate::history::Answer;

    const SAGA: Uuid = Uuid::from_u128(1);
    const NEXT: Uuid = Uuid::from_u128(2);

    fn cancel(ticket: Uuid) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us: 0,
            end_us: 1,
            request: Request::Cancel {
                user: Uuid::nil(),
                ticket,
            },
            answer: Answer::Cancelled,
        }
    }

    fn leg(saga: Uuid, state: LegState) -> LegRow {
        LegRow {
            saga,
            route: 7,
            number: 1,
            state,
        }
    }

    fn ticket_leg(ticket: Uuid, cancelled: bool) -> TicketLegRow {
        TicketLegRow {
            ticket,
            company: "a".to_owned(),
            route: 7,
            number: 1,
            sold_as: 1,
            cancelled,
        }
    }

    /// Seat 1 was cancelled and sold again; seat 2 is blocked, seat 3 free.
    fn company() -> Company {
        Company {
            code: "a".to_owned(),
            legs: vec![
                leg(SAGA, LegState::Cancelled),
                leg(NEXT, LegState::Committed),
            ],
            routes: vec![(7, 3), (8, 3)],
            blocked: vec![(7, 2)],
            ticket_legs: vec![ticket_leg(SAGA, true), ticket_leg(NEXT, false)],
            ..Company::default()
        }
    }

    fn found(change: impl FnOnce(&mut Company, &mut BTreeSet<i32>)) -> Vec<String> {
        let (mut company, mut shown) = (company(), BTreeSet::from([3]));
        change(&mut company, &mut shown);
        let offer = Offer {
            company: "a".to_owned(),
            routes: BTreeMap::from([(7, shown)]),
        };
        let violations = check(&[company], &[offer], &[cancel(SAGA)]);
        violations.into_iter().map(|found| found.what).collect()
    }

    fn is_found(change: impl FnOnce(&mut Company, &mut BTreeSet<i32>), expected: &str) {
        let found = found(change);
        assert!(
            matches!(&*found, [what] if what.contains(expected)),
            "{found:?}"
        );
    }

    #[test]
    fn a_seat_that_was_freed_and_sold_again_passes() {
        assert_eq!(found(|_, _| {}), [""; 0]);
    }

    #[test]
    fn a_seat_that_is_on_offer_under_its_owner_is_found() {
        is_found(
            |_, shown| {
                shown.insert(1);
            },
            "on offer, and not free",
        );
        is_found(
            |_, shown| {
                shown.insert(2);
            },
            "on offer, and not free",
        );
        is_found(|_, shown| shown.clear(), "free, and not on offer");
    }

    #[test]
    fn a_leg_and_a_ticket_that_differ_are_found() {
        is_found(
            |company, _| company.ticket_legs[0].cancelled = false,
            "its ticket still has it",
        );
        is_found(
            |company, _| company.ticket_legs[1].cancelled = true,
            "was never freed",
        );
    }

    #[test]
    fn a_cancellation_of_somebody_elses_seat_is_found() {
        is_found(
            |company, shown| {
                company.legs[1].state = LegState::Cancelled;
                company.ticket_legs[1].cancelled = true;
                shown.insert(1);
            },
            "nobody cancelled",
        );
    }
}
