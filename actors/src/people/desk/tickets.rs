//! A user's tickets at the desk: to list, to look at, to cancel whole or in part, to accept what became of their flights, to correct names on them.
//!
//! Cancelling only ever grows, so it needs no agreement: it is durable here first, then told to whoever is up; the
//! others read it from the outbox. Two that cancel different seats of a ticket at once both do.
//!
//! It is a company of the ticket that cancels, because only those know whether the ticket is being exchanged: elsewhere one of them is asked.
//!
//! Where a customer has agreed to what comes back for some seats together, one company decides whether they are all left: the first of the
//! ticket's that is up, so that two who ask at two nodes do not both hear of the same money. Only while it is away, and where the two nodes
//! do not agree on that, may both. What comes back is what is recorded then: also for who asks again, with whatever terms.

use std::sync::Arc;
use std::time::Duration;

use super::lookup::Lookup;
use super::people::Caller;
use super::{Desk, NotShown, Unavailable};
use crate::company::ledger::PostError;
use crate::company::store::Which;
use crate::company::{acceptance, cancellation, naming};
use crate::domain::corrections::Corrected;
use crate::domain::entry::Entry;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::SeatRef;
use crate::domain::papers::{self, Papers};
use crate::domain::refund::Refunded;
use crate::domain::rows::Replicated;
use crate::domain::ticket::{Accepted, Cancelled, Ticket};
use crate::domain::withheld;
use crate::mesh::messages::{Reply, Request};
use crate::mesh::peer::CallError;
use crate::people::refund::{Refund, refunds};
use crate::people::remedy::{Remedy, remedies};

/// How long peers have to hear of a cancellation before it is answered; they hear of it later otherwise.
const CANCEL_PUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long our own database has to write a cancellation or an acceptance.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(8);

/// Answer to a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Cancelled now or before.
    Done,
    /// No such ticket of this user, as far as the reachable companies know.
    NotFound,
    /// This company, which may know the ticket or has a part in it, could not be asked; nothing was done.
    CompanyDown(CompanyId),
    /// The database of this node did not confirm in time; ask again.
    NotKnownInTime,
}

/// Why seats were not cancelled, or changes not accepted, as agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAgreed {
    /// Some of them are cancelled, and others not; or there is a newer change.
    Changed,
    /// None of the ticket's companies could be asked, of which this is one; nothing was done.
    CompanyDown(CompanyId),
    /// Ask again.
    NotKnownInTime,
}

/// Why names were not corrected. Nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCorrected {
    /// Not by the rules: says what is wrong with which seat.
    Not(Corrected),
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

    /// What this company was told of those whom it carries by this ticket, beside their names. Other companies of the trip know it as well, and
    /// are not asked; a node that cannot look now shows none of it.
    pub async fn papers(&self, ticket: &Ticket) -> Option<Arc<Papers>> {
        if !papers::is_for(&ticket.order, self.company.me) {
            return None;
        }
        let read = self.company.archive.papers(ticket.id).await;
        read.ok().flatten()
    }

    /// What comes back for these seats of a ticket, if they are cancelled now.
    pub fn refunds(&self, ticket: &Ticket, seats: &[SeatRef]) -> Vec<Refund> {
        let connections = self.company.catalogue.connections();
        let now = self.clock().wall_ms();
        refunds(ticket, seats, connections, now, self.limits.tariff)
    }

    /// What is owed for the seats of a ticket that are left, as their flights are now.
    pub fn remedies(&self, ticket: &Ticket) -> Vec<Remedy> {
        let connections = self.company.catalogue.connections();
        remedies(ticket, connections, self.clock().wall_ms())
    }

    /// The passenger agrees to every change of the ticket that may be agreed to, as they are in this copy; answers the ticket with that.
    /// Again: the same.
    pub async fn accept(&self, ticket: &Ticket) -> Result<Ticket, NotAgreed> {
        let changes = ticket.changes.iter();
        let left = changes.filter(|change| !ticket.cancelled.contains(&change.of));
        let agreed: Vec<_> = left
            .filter(|change| change.is_acceptable())
            .map(|change| (change.of, change.sequence))
            .collect();
        let write = acceptance::write(&self.company.ledger, ticket, &agreed);
        match tokio::time::timeout(CANCEL_TIMEOUT, write).await {
            Ok(Ok(Accepted::Done)) => {}
            Ok(Ok(Accepted::Changed)) => return Err(NotAgreed::Changed),
            Ok(Ok(Accepted::NotHere) | Err(_)) | Err(_) => return Err(NotAgreed::NotKnownInTime),
        }
        let mut accepted = ticket.clone();
        for change in &mut accepted.changes {
            change.accepted |= agreed.contains(&(change.of, change.sequence));
        }
        self.tell_others(&accepted).await;
        Ok(accepted)
    }

    /// Corrects the names of who has these seats, all or none; answers the ticket with them. Again: the same. `caller`: its user.
    pub async fn correct(
        &self,
        ticket: &Ticket,
        names: &[(SeatRef, String)],
        caller: &Caller,
    ) -> Result<Ticket, NotCorrected> {
        if !withheld::may_know(&ticket.order, self.company.me) {
            return self.correct_elsewhere(ticket, names, caller).await;
        }
        let now = self.clock().wall_ms();
        let write = naming::write(&self.company.ledger, ticket, names, now);
        match tokio::time::timeout(CANCEL_TIMEOUT, write).await {
            Ok(Ok(Corrected::Done)) => {}
            Ok(Ok(Corrected::NotHere) | Err(_)) | Err(_) => {
                return Err(NotCorrected::NotKnownInTime);
            }
            Ok(Ok(not)) => return Err(NotCorrected::Not(not)),
        }
        let recorded = self.company.archive.ticket(ticket.id).await;
        let Ok(Some(corrected)) = recorded else {
            return Err(NotCorrected::NotKnownInTime);
        };
        self.tell_others(&corrected).await;
        Ok(corrected)
    }

    /// The same where this company may not know the names: one that does writes them down.
    async fn correct_elsewhere(
        &self,
        ticket: &Ticket,
        names: &[(SeatRef, String)],
        caller: &Caller,
    ) -> Result<Ticket, NotCorrected> {
        let shown = self.shown(caller).await;
        for company in withheld::who_know(&ticket.order) {
            if !self.companies.is_up(company) {
                continue;
            }
            let request = Request::Correct {
                shown: shown.clone(),
                ticket: ticket.id,
                names: names.to_vec(),
            };
            match self.companies.ask(company, request, CANCEL_TIMEOUT).await {
                Ok(Reply::Corrected(Corrected::Done)) => {
                    let told = self.with_names_of(caller, ticket.without_names()).await;
                    return Ok(told.completed(ticket));
                }
                // it may not have the ticket yet
                Ok(Reply::Corrected(Corrected::NotHere)) | Err(CallError::NotSent { .. }) => {}
                Ok(Reply::Corrected(not)) => return Err(NotCorrected::Not(not)),
                Ok(_) | Err(_) => return Err(NotCorrected::NotKnownInTime),
            }
        }
        Err(NotCorrected::NotKnownInTime)
    }

    /// Cancels a whole ticket of this user at every company, with what comes back for the seats that are left.
    pub async fn cancel(&self, user: UserId, ticket: SagaId) -> CancelAnswer {
        let found = match self.ticket(user, ticket).await {
            Ok(found) => found,
            Err(NotShown::NotFound) => return CancelAnswer::NotFound,
            Err(NotShown::CompanyDown(company)) => return CancelAnswer::CompanyDown(company),
        };
        let refunds = self.refunds(&found, &found.order.seats());
        match self.cancel_seats(&found, &refunds, false).await {
            Ok(_) => CancelAnswer::Done,
            Err(NotAgreed::CompanyDown(company)) => CancelAnswer::CompanyDown(company),
            Err(_) => CancelAnswer::NotKnownInTime,
        }
    }

    /// Cancels the seats of these refunds at every company, all of them or none; answers the ticket without them, with what is recorded that
    /// came back: these refunds, unless the seats were cancelled before. Again: the same.
    pub async fn cancel_agreed(
        &self,
        ticket: &Ticket,
        refunds: &[Refund],
    ) -> Result<Ticket, NotAgreed> {
        self.cancel_seats(ticket, refunds, true).await
    }

    /// A company of the ticket decides: those know of an exchange that is under way, and nobody else does.
    async fn cancel_seats(
        &self,
        ticket: &Ticket,
        refunds: &[Refund],
        agreed: bool,
    ) -> Result<Ticket, NotAgreed> {
        let refunds = self.proposed(refunds);
        let seats: Vec<SeatRef> = refunds.iter().map(|refund| refund.seat).collect();
        let is_ours = ticket.order.companies().contains(&self.company.me);
        let elsewhere = match agreed || !is_ours {
            true => self.cancel_at_decider(ticket, &refunds, agreed).await?,
            false => None,
        };
        if let (None, false) = (&elsewhere, is_ours) {
            let first = ticket.order.companies().into_iter().next();
            return Err(first.map_or(NotAgreed::NotKnownInTime, NotAgreed::CompanyDown));
        }
        let cancelled = match elsewhere {
            None => done(cancellation::decide(&self.company, ticket, refunds, agreed)).await?,
            Some(recorded) => {
                let follow = cancellation::follow(&self.company, ticket, &seats, &recorded);
                let here = match done(follow).await {
                    // an exchange is being decided here, and comes too late for these seats: it is done all the same
                    Err(NotAgreed::Changed) => ticket.clone(),
                    here => here?,
                };
                self.joined(here, &recorded).await?
            }
        };
        self.tell_others(&cancelled).await;
        Ok(cancelled.completed(ticket))
    }

    /// What comes back, as whoever decides is to record it.
    fn proposed(&self, refunds: &[Refund]) -> Vec<Refunded> {
        let (now, me) = (self.clock().wall_ms(), self.company.me);
        let refunds = refunds.iter();
        refunds.map(|refund| refund.decided(now, me)).collect()
    }

    /// Both copies as one, which is durable here: the seats may have been cancelled here before, apart from the other company.
    async fn joined(&self, here: Ticket, recorded: &Ticket) -> Result<Ticket, NotAgreed> {
        let both = here.merged(recorded);
        if both != here {
            let rows = vec![Replicated::Ticket(both.clone())];
            let merge = self
                .company
                .ledger
                .post(Entry::Merge { rows, cursor: None });
            let merged = tokio::time::timeout(CANCEL_TIMEOUT, merge).await;
            let merged = merged.map_err(|_| NotAgreed::NotKnownInTime)?;
            merged.map_err(|_| NotAgreed::NotKnownInTime)?;
        }
        Ok(both)
    }

    /// The ticket as another company has recorded it, which has decided; none where this one is to.
    async fn cancel_at_decider(
        &self,
        ticket: &Ticket,
        refunds: &[Refunded],
        agreed: bool,
    ) -> Result<Option<Ticket>, NotAgreed> {
        for decider in ticket.order.companies() {
            if decider == self.company.me {
                break;
            }
            if !self.companies.is_up(decider) {
                continue;
            }
            let request = Request::Cancel {
                ticket: Box::new(ticket.clone()),
                refunds: refunds.to_vec(),
                agreed,
            };
            match self.companies.ask(decider, request, CANCEL_TIMEOUT).await {
                Ok(Reply::Cancelled(Cancelled::Changed)) => return Err(NotAgreed::Changed),
                Ok(Reply::Cancelled(Cancelled::Done(recorded))) => return Ok(Some(recorded)),
                Err(CallError::NotSent { .. }) => {}
                Ok(_) | Err(_) => return Err(NotAgreed::NotKnownInTime),
            }
        }
        Ok(None)
    }

    /// Tells whoever is up; others read it from the outbox.
    async fn tell_others(&self, ticket: &Ticket) {
        let push = self
            .companies
            .ask_others(Request::MergeTicket(Box::new(ticket.clone())));
        let _ = tokio::time::timeout(CANCEL_PUSH_TIMEOUT, push).await; // those that are slow, too
    }

    /// All tickets of the user that this node has, cancelled ones too, newest first, at most `limit`.
    pub async fn all_tickets(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<TicketPage, Unavailable> {
        let found = self.kept_here(user, Which::All, after, limit).await?;
        Ok(TicketPage::new(found, limit))
    }

    /// Those of the user's tickets whose every seat is cancelled, newest first, at most `limit`, of those that this node has.
    pub async fn cancelled_tickets(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<TicketPage, Unavailable> {
        let found = self.kept_here(user, Which::Cancelled, after, limit).await?;
        Ok(TicketPage::new(found, limit))
    }

    /// The user's tickets without those whose every seat is cancelled, newest first, at most `limit`.
    pub async fn tickets(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<TicketPage, Unavailable> {
        let mut tickets = self
            .kept_here(user, Which::NotCancelled, after, limit)
            .await?;
        if tickets.is_empty() && after.is_none() {
            tickets = self.tickets_of_peers(user, limit).await;
        }
        Ok(TicketPage::new(tickets, limit))
    }

    async fn kept_here(
        &self,
        user: UserId,
        which: Which,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<Vec<Ticket>, Unavailable> {
        let archive = &self.company.archive;
        let found = archive.tickets_of(user, which, after, limit).await;
        found.map_err(|_| Unavailable)
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

/// The ticket as it is recorded here, once its seats are cancelled.
async fn done(
    written: impl Future<Output = Result<Cancelled, PostError>>,
) -> Result<Ticket, NotAgreed> {
    match tokio::time::timeout(CANCEL_TIMEOUT, written).await {
        Ok(Ok(Cancelled::Done(ticket))) => Ok(ticket),
        Ok(Ok(Cancelled::Changed)) => Err(NotAgreed::Changed),
        Ok(Ok(Cancelled::NotHere) | Err(_)) | Err(_) => Err(NotAgreed::NotKnownInTime),
    }
}
