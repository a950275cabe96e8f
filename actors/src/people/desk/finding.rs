//! Finds a booking by what people know of it, without a login: its locator and a surname, or the signed code of an e-ticket.

use std::time::Duration;

use super::lookup::Lookup;
use super::{Desk, Unavailable};
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::locator::Locator;
use crate::domain::ticket::Ticket;
use crate::mesh::messages::{Reply, Request};
use crate::people::surname;

/// Tickets of one locator that are looked at; two are rare.
const LOOKED_AT_MAX: usize = 64;
/// How long after the last flight a booking is found, in seconds: a month, for what there is to claim.
const FOUND_AFTER: i64 = 30 * 24 * 3600;

/// How long a company of the ticket has to say how it stands, before our own copy must do: whoever asks stands at a gate.
const ASKED_FOR: Duration = Duration::from_secs(2);

/// Why nobody tells how a ticket is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchecked {
    /// Every company was asked, and none has it: there is no such ticket.
    Nowhere,
    /// Whoever may have it could not be asked.
    NotAsked,
}

/// A ticket as somebody has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub ticket: Ticket,
    /// Whose copy it is.
    pub told_by: CompanyId,
}

impl Desk {
    /// A ticket as it is now, for who has its code: as this company has it, if it flies a part of it, else as the first of the ticket's
    /// companies that can be asked has it. Where none can, our copy tells.
    pub async fn check(&self, id: SagaId) -> Result<Checked, Unchecked> {
        let me = self.company.me;
        let here = match self.find_ticket(id).await {
            Lookup::Found(ticket) => ticket,
            Lookup::Nowhere => return Err(Unchecked::Nowhere),
            Lookup::NotAsked(_) => return Err(Unchecked::NotAsked),
        };
        let companies = here.order.companies();
        if !companies.contains(&me) {
            for company in companies {
                if !self.companies.is_up(company) {
                    continue;
                }
                let request = Request::FindTicket { ticket: id };
                let answer = self.companies.ask(company, request, ASKED_FOR).await;
                if let Ok(Reply::Ticket(Some(ticket))) = answer {
                    return Ok(Checked {
                        // it knows best of its own flights, and either may have heard of a cancellation
                        ticket: ticket.merged(&here),
                        told_by: company,
                    });
                }
            }
        }
        Ok(Checked {
            ticket: here,
            told_by: me,
        })
    }

    /// The tickets that this node has of that locator, on which somebody of that surname travels. Where the two are not
    /// known, the work is the same.
    pub async fn find(&self, locator: Locator, surname: &str) -> Result<Vec<Ticket>, Unavailable> {
        let archive = &self.company.archive;
        let found = archive.tickets_among(locator.ids(), LOOKED_AT_MAX).await;
        let now = self.clock().wall_seconds();
        let mut found = found.map_err(|_| Unavailable)?;
        found.retain(|ticket| !is_long_over(ticket, now) && carries(ticket, surname));
        Ok(found)
    }
}

fn is_long_over(ticket: &Ticket, now: i64) -> bool {
    let sold = ticket.order.legs.iter().map(|leg| leg.arrives);
    let moved = ticket.changes.iter().map(|change| change.arrives);
    let ended = sold.chain(moved).max();
    ended.is_none_or(|ended| ended.saturating_add(FOUND_AFTER) < now)
}

/// By the names as they were corrected.
fn carries(ticket: &Ticket, surname: &str) -> bool {
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
    use crate::domain::fixtures::{SAGA, order, seat};
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
    }

    #[test]
    fn what_was_flown_long_ago_is_not_found() {
        let ticket = ticket();
        assert!(!is_long_over(&ticket, 1_000 + FOUND_AFTER));
        assert!(is_long_over(&ticket, 1_001 + FOUND_AFTER));
    }
}
