//! A user's tickets at the desk: to list, to look at, to cancel whole or in part.
//!
//! Cancelling only ever grows, so it needs no agreement: it is durable here first, then told to whoever is up; the
//! others read it from the outbox. Two that cancel different seats of a ticket at once both do.

use std::time::Duration;

use super::lookup::Lookup;
use super::{Desk, NotShown, Unavailable};
use crate::company::ledger::PostError;
use crate::domain::entry::{Entry, Receipt};
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::SeatRef;
use crate::domain::rows::Replicated;
use crate::domain::ticket::Ticket;
use crate::mesh::messages::{Reply, Request};
use crate::people::refund::{Refund, Tariff, refunds};

/// How long peers have to hear of a cancellation before it is answered; they hear of it later otherwise.
const CANCEL_PUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long our own database has to write a cancellation.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(8);

/// Answer to a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Cancelled now or before.
    Done,
    /// No such ticket of this user, as far as the reachable companies know.
    NotFound,
    /// The ticket is not known here, and this company, which may know it, could not be asked.
    CompanyDown(CompanyId),
    /// The database of this node did not confirm in time; ask again.
    NotKnownInTime,
}

/// The database of this node did not confirm a cancellation in time; ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKnownInTime;

/// One page of a user's tickets, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketPage {
    /// Without those whose every seat is cancelled.
    pub tickets: Vec<Ticket>,
    /// (created_at, id) to go on after.
    pub next: Option<(i64, SagaId)>,
}

impl Desk {
    /// A ticket of this user, cancelled or not.
    pub async fn ticket(&self, user: UserId, id: SagaId) -> Result<Ticket, NotShown> {
        match self.find_ticket(id).await {
            Lookup::Found(found) if found.order.user == user => Ok(found),
            Lookup::Found(_) | Lookup::Nowhere => Err(NotShown::NotFound),
            Lookup::NotAsked(company) => Err(NotShown::CompanyDown(company)),
        }
    }

    /// What comes back for these seats of a ticket, if they are cancelled now.
    pub fn refunds(&self, ticket: &Ticket, seats: &[SeatRef], tariff: Tariff) -> Vec<Refund> {
        refunds(&ticket.order, seats, self.clock().wall_ms(), tariff)
    }

    /// Cancels a whole ticket of this user at every company.
    pub async fn cancel(&self, user: UserId, ticket: SagaId) -> CancelAnswer {
        let found = match self.ticket(user, ticket).await {
            Ok(found) => found,
            Err(NotShown::NotFound) => return CancelAnswer::NotFound,
            Err(NotShown::CompanyDown(company)) => return CancelAnswer::CompanyDown(company),
        };
        let seats = found.order.seats();
        match self.cancel_seats(found, seats).await {
            Ok(_) => CancelAnswer::Done,
            Err(NotKnownInTime) => CancelAnswer::NotKnownInTime,
        }
    }

    /// Cancels these seats of a ticket at every company; answers the ticket without them. Again: the same.
    pub async fn cancel_seats(
        &self,
        ticket: Ticket,
        seats: Vec<SeatRef>,
    ) -> Result<Ticket, NotKnownInTime> {
        let write = self.write_cancellation(&ticket, &seats);
        match tokio::time::timeout(CANCEL_TIMEOUT, write).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(NotKnownInTime),
        }
        let cancelled = ticket.without(&seats);
        let push = self
            .companies
            .ask_others(Request::MergeTicket(Box::new(cancelled.clone())));
        // a company that does not hear it now reads it from the outbox
        let _ = tokio::time::timeout(CANCEL_PUSH_TIMEOUT, push).await;
        Ok(cancelled)
    }

    async fn write_cancellation(
        &self,
        ticket: &Ticket,
        seats: &[SeatRef],
    ) -> Result<(), PostError> {
        let ledger = &self.company.ledger;
        let cancel = Entry::Cancel {
            ticket: ticket.id,
            seats: seats.to_vec(),
        };
        if ledger.post(cancel.clone()).await? == Receipt::Cancelled(false) {
            // it is not replicated to us yet: take it over first
            let rows = vec![Replicated::Ticket(ticket.clone())];
            ledger.post(Entry::Merge { rows, cursor: None }).await?;
            ledger.post(cancel).await?;
        }
        Ok(())
    }

    /// The user's tickets, newest first, at most `limit`.
    pub async fn tickets(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<TicketPage, Unavailable> {
        let archive = &self.company.archive;
        let found = archive.tickets_of(user, after, limit).await;
        let mut tickets = found.map_err(|_| Unavailable)?;
        if tickets.is_empty() && after.is_none() {
            tickets = self.tickets_of_peers(user, limit).await;
        }
        let next = (tickets.len() == limit)
            .then(|| tickets.last().map(|last| (last.order.created_at, last.id)))
            .flatten();
        Ok(TicketPage { tickets, next })
    }

    async fn tickets_of_peers(&self, user: UserId, limit: usize) -> Vec<Ticket> {
        let replies = self.companies.ask_others(Request::TicketsOf { user }).await;
        let mut tickets: Vec<Ticket> = replies
            .into_iter()
            .filter_map(|(_, reply)| match reply {
                Reply::Tickets(tickets) => Some(tickets),
                _ => None,
            })
            .flatten()
            .collect();
        tickets.sort_by_key(|ticket| std::cmp::Reverse((ticket.order.created_at, ticket.id)));
        tickets.dedup_by_key(|ticket| ticket.id);
        tickets.truncate(limit);
        tickets
    }
}
