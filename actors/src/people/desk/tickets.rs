//! A user's tickets at the desk: to list, to look at, to cancel whole or in part.
//!
//! Cancelling only ever grows, so it needs no agreement: it is durable here first, then told to whoever is up; the
//! others read it from the outbox. Two that cancel different seats of a ticket at once both do.
//!
//! Where a customer has agreed to what comes back for some seats together, one company decides whether they are all left: the first of the
//! ticket's that is up, so that two who ask at two nodes do not both hear of the same money. Only while it is away, and where the two nodes
//! do not agree on that, may both.

use std::time::Duration;

use super::lookup::Lookup;
use super::{Desk, NotShown, Unavailable};
use crate::company::cancellation;
use crate::company::store::Which;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::SeatRef;
use crate::domain::ticket::{Cancelled, Ticket};
use crate::mesh::messages::{Reply, Request};
use crate::mesh::peer::CallError;
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

/// Why seats were not cancelled as agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAgreed {
    /// Some of them are cancelled, and others not.
    Changed,
    /// Ask again.
    NotKnownInTime,
}

/// One page of a user's tickets, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketPage {
    pub tickets: Vec<Ticket>,
    /// (created_at, id) to go on after.
    pub next: Option<(i64, SagaId)>,
}

impl TicketPage {
    /// Of a list that was asked for at most so many.
    fn new(tickets: Vec<Ticket>, limit: usize) -> Self {
        let next = (tickets.len() == limit)
            .then(|| tickets.last().map(|last| (last.order.created_at, last.id)))
            .flatten();
        Self { tickets, next }
    }
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
        match self.cancel_here(&found, &seats, false).await {
            Ok(_) => {
                self.tell_cancelled(&found.without(&seats)).await;
                CancelAnswer::Done
            }
            Err(_) => CancelAnswer::NotKnownInTime,
        }
    }

    /// Cancels these seats of a ticket at every company, all of them or none; answers the ticket without them. Again: the same.
    pub async fn cancel_agreed(
        &self,
        ticket: &Ticket,
        seats: &[SeatRef],
    ) -> Result<Ticket, NotAgreed> {
        let decided = self.cancel_at_decider(ticket, seats).await?;
        self.cancel_here(ticket, seats, !decided).await?;
        let cancelled = ticket.without(seats);
        self.tell_cancelled(&cancelled).await;
        Ok(cancelled)
    }

    /// Whether another company has decided it; else this one does.
    async fn cancel_at_decider(
        &self,
        ticket: &Ticket,
        seats: &[SeatRef],
    ) -> Result<bool, NotAgreed> {
        let companies = ticket.order.companies().into_iter();
        let mut up = companies.filter(|company| self.companies.is_up(*company));
        let Some(decider) = up.next().filter(|first| *first != self.company.me) else {
            return Ok(false);
        };
        let request = Request::Cancel {
            ticket: Box::new(ticket.clone()),
            seats: seats.to_vec(),
        };
        match self.companies.ask(decider, request, CANCEL_TIMEOUT).await {
            Ok(Reply::Cancelled(Cancelled::Changed)) => Err(NotAgreed::Changed),
            Ok(Reply::Cancelled(Cancelled::Done)) => Ok(true),
            Err(CallError::NotSent { .. }) => Ok(false),
            Ok(_) | Err(_) => Err(NotAgreed::NotKnownInTime),
        }
    }

    async fn cancel_here(
        &self,
        ticket: &Ticket,
        seats: &[SeatRef],
        agreed: bool,
    ) -> Result<(), NotAgreed> {
        let write = cancellation::write(&self.company.ledger, ticket, seats, agreed);
        match tokio::time::timeout(CANCEL_TIMEOUT, write).await {
            Ok(Ok(Cancelled::Done)) => Ok(()),
            Ok(Ok(Cancelled::Changed)) => Err(NotAgreed::Changed),
            Ok(Ok(Cancelled::NotHere) | Err(_)) | Err(_) => Err(NotAgreed::NotKnownInTime),
        }
    }

    /// Tells whoever is up; others read it from the outbox.
    async fn tell_cancelled(&self, cancelled: &Ticket) {
        let push = self
            .companies
            .ask_others(Request::MergeTicket(Box::new(cancelled.clone())));
        let _ = tokio::time::timeout(CANCEL_PUSH_TIMEOUT, push).await; // those that are slow, too
    }

    /// All tickets of the user that this node has, cancelled ones too, newest first, at most `limit`.
    pub async fn all_tickets(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<TicketPage, Unavailable> {
        let archive = &self.company.archive;
        let found = archive.tickets_of(user, Which::All, after, limit).await;
        Ok(TicketPage::new(found.map_err(|_| Unavailable)?, limit))
    }

    /// The user's tickets without those whose every seat is cancelled, newest first, at most `limit`.
    pub async fn tickets(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<TicketPage, Unavailable> {
        let archive = &self.company.archive;
        let found = archive
            .tickets_of(user, Which::NotCancelled, after, limit)
            .await;
        let mut tickets = found.map_err(|_| Unavailable)?;
        if tickets.is_empty() && after.is_none() {
            tickets = self.tickets_of_peers(user, limit).await;
        }
        Ok(TicketPage::new(tickets, limit))
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
