//! Finds a booking by what people know of it, without a login: its locator and a surname, or the signed code of an e-ticket.

use std::time::Duration;

use futures_util::future::join;

use super::lookup::Lookup;
use super::{Desk, Unavailable};
use crate::company::finding::{carries, with_locator};
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::locator::Locator;
use crate::domain::ticket::Ticket;
use crate::mesh::messages::{Reply, Request};

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

    /// The tickets of that locator on which somebody of that surname travels. Whether or not this company may know who does, and
    /// whether or not there is such a ticket, the others are asked.
    pub async fn find(&self, locator: Locator, surname: &str) -> Result<Vec<Ticket>, Unavailable> {
        let request = Request::Find {
            locator: locator.to_string(),
            surname: surname.to_owned(),
        };
        let elsewhere = self.companies.ask_others(request);
        let (here, elsewhere) = join(with_locator(&self.company, locator), elsewhere).await;
        let mut found = here.map_err(|_| Unavailable)?;
        let told = elsewhere.into_iter().filter_map(|(_, reply)| match reply {
            Reply::Named(tickets) => Some(tickets),
            _ => None,
        });
        // names, and nothing else: a peer may tell of anything
        for named in told.flatten() {
            if let Some(ticket) = found.iter_mut().find(|ticket| ticket.id == named.id) {
                *ticket = ticket.completed(&named);
            }
        }
        found.retain(|ticket| carries(ticket, surname));
        Ok(found)
    }
}
