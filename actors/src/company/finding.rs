//! Finds a booking by what people call it: its locator, and a surname of somebody on it.

use super::Company;
use super::store::ReadError;
use super::surname;
use crate::domain::locator::Locator;
use crate::domain::ticket::Ticket;

/// Tickets of one locator that are looked at; two are rare.
const LOOKED_AT_MAX: usize = 64;
/// How long after the last flight a booking is found, in seconds: a month, for what there is to claim.
const FOUND_AFTER: i64 = 30 * 24 * 3600;

/// The tickets of that locator, but for what was flown long ago.
pub async fn with_locator(company: &Company, locator: Locator) -> Result<Vec<Ticket>, ReadError> {
    let archive = &company.archive;
    let mut found = archive.tickets_among(locator.ids(), LOOKED_AT_MAX).await?;
    let now = company.clock.wall_seconds();
    found.retain(|ticket| !is_long_over(ticket, now));
    Ok(found)
}

fn is_long_over(ticket: &Ticket, now: i64) -> bool {
    let sold = ticket.order.legs.iter().map(|leg| leg.arrives);
    let moved = ticket.changes.iter().map(|change| change.arrives);
    let ended = sold.chain(moved).max();
    ended.is_none_or(|ended| ended.saturating_add(FOUND_AFTER) < now)
}

/// Whether somebody of that surname travels by it, as far as the names are told: as they were corrected.
pub fn carries(ticket: &Ticket, surname: &str) -> bool {
    let ticket = ticket.as_named();
    let people = ticket
        .order
        .legs
        .iter()
        .filter_map(|leg| leg.passenger.as_ref());
    let mut names = people.map(|passenger| &passenger.name);
    names.any(|name| surname::is_of(surname, name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::fixtures::{SAGA, company, order, seat};
    use crate::domain::order::Passenger;

    fn ticket() -> Ticket {
        let mut order = Arc::unwrap_or_clone(order(&[seat("a", 1), seat("b", 1)]));
        for (leg, name) in order.legs.iter_mut().zip(["Ana Souza", "Caê Lima"]) {
            leg.arrives = 1_000;
            leg.passenger = Some(Passenger {
                name: name.to_owned(),
                document: None,
            });
        }
        Ticket::new(SAGA, Arc::new(order))
    }

    #[test]
    fn whoever_travels_on_a_ticket_finds_it() {
        let ticket = ticket();
        assert!(carries(&ticket, "souza") && carries(&ticket, "lima"));
        assert!(!carries(&ticket, "Ana") && !carries(&ticket, ""));
        let told = ticket.for_company(company("c"));
        assert!(!carries(&told, "souza") && !carries(&told, ""));
    }

    #[test]
    fn what_was_flown_long_ago_is_not_found() {
        let ticket = ticket();
        assert!(!is_long_over(&ticket, 1_000 + FOUND_AFTER));
        assert!(is_long_over(&ticket, 1_001 + FOUND_AFTER));
    }
}
