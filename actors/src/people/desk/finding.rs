//! Finds a booking by what people know of it, without a login: its locator and a surname, or the signed code of an e-ticket.

use std::time::Duration;

use futures_util::future::join_all;
use uuid::Uuid;

use super::lookup::Lookup;
use super::{Desk, Unavailable};
use crate::company::finding::{carries, with_locator};
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::locator::Locator;
use crate::domain::ticket::Ticket;
use crate::domain::withheld;
use crate::mesh::messages::{Reply, Request};

/// A surname that nobody has.
const DECOY: &str = "-";

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

    /// The tickets of that locator on which somebody of that surname travels. Where this company may not know who does, those who may are
    /// asked, and nobody else is told what somebody looks for. Where it has no such ticket, some other company is asked about nothing, so that
    /// neither time nor answer tells whether there is one.
    ///
    /// # Errors
    /// Nobody who was asked has answered.
    pub async fn find(&self, locator: Locator, surname: &str) -> Result<Vec<Ticket>, Unavailable> {
        let found = with_locator(&self.company, locator).await;
        let mut found = found.map_err(|_| Unavailable)?;
        let withheld = found.iter().filter(|ticket| ticket.order.is_withheld());
        let mut knowing: Vec<CompanyId> = withheld
            .flat_map(|ticket| withheld::who_know(&ticket.order))
            .filter(|company| *company != self.company.me)
            .collect();
        knowing.sort_unstable();
        knowing.dedup();
        let request = match knowing.is_empty() {
            false => Request::Find {
                locator: locator.to_string(),
                surname: surname.to_owned(),
            },
            true => {
                knowing.extend(self.some_other(locator));
                Request::Find {
                    locator: Locator::of(SagaId(Uuid::new_v4())).to_string(),
                    surname: DECOY.to_owned(),
                }
            }
        };
        let is_alone = knowing.is_empty();
        let asked = knowing.into_iter().map(|company| {
            let asked = self.companies.ask(company, request.clone(), ASKED_FOR);
            async move { asked.await.ok() }
        });
        let mut is_told = is_alone;
        for reply in join_all(asked).await.into_iter().flatten() {
            let Reply::Named(tickets) = reply else {
                continue;
            };
            is_told = true;
            // names, and nothing else: a peer may tell of anything
            for named in tickets {
                if let Some(ticket) = found.iter_mut().find(|ticket| ticket.id == named.id) {
                    *ticket = ticket.completed(&named);
                }
            }
        }
        found.retain(|ticket| carries(ticket, surname));
        if found.is_empty() && !is_told {
            return Err(Unavailable);
        }
        Ok(found)
    }

    /// The same for the same letters.
    fn some_other(&self, locator: Locator) -> Option<CompanyId> {
        let others: Vec<CompanyId> = self.companies.others().collect();
        let (first, _) = locator.ids().into_inner();
        let place = (first.as_u128() >> 96) as usize;
        others.get(place % others.len().max(1)).copied()
    }
}
