//! Writes a cancellation down at this company, which may not have the ticket yet.

use super::Company;
use super::ledger::{Ledger, PostError};
use crate::domain::entry::{Entry, Receipt};
use crate::domain::order::SeatRef;
use crate::domain::refund::Refunded;
use crate::domain::rows::Replicated;
use crate::domain::ticket::{Cancelled, Ticket};

/// Cancels the seats of these refunds, durably: this company decides that so much comes back, now. Again: what is recorded.
/// `agreed`: all of them or none.
pub async fn decide(
    company: &Company,
    ticket: &Ticket,
    refunds: Vec<Refunded>,
    agreed: bool,
) -> Result<Cancelled, PostError> {
    let now = company.clock.wall_ms();
    let refunds = refunds.into_iter();
    let refunds: Vec<_> = refunds
        .map(|refund| refund.decided(now, company.me))
        .collect();
    let cancel = Entry::Cancel {
        ticket: ticket.id,
        seats: refunds.iter().map(|refund| refund.seat).collect(),
        agreed,
        refunds,
    };
    write(&company.ledger, ticket, cancel).await
}

/// Cancels these seats here too, as another company has decided and `recorded` it.
pub async fn follow(
    company: &Company,
    ticket: &Ticket,
    seats: &[SeatRef],
    recorded: &Ticket,
) -> Result<Cancelled, PostError> {
    let cancel = Entry::Cancel {
        ticket: ticket.id,
        seats: seats.to_vec(),
        agreed: false,
        refunds: recorded.refunds.clone(),
    };
    write(&company.ledger, ticket, cancel).await
}

async fn write(ledger: &Ledger, ticket: &Ticket, cancel: Entry) -> Result<Cancelled, PostError> {
    let cancelled = post(ledger, cancel.clone()).await?;
    if cancelled != Cancelled::NotHere {
        return Ok(cancelled);
    }
    // it is not replicated to us yet: take it over first
    let rows = vec![Replicated::Ticket(ticket.clone())];
    ledger.post(Entry::Merge { rows, cursor: None }).await?;
    post(ledger, cancel).await
}

async fn post(ledger: &Ledger, cancel: Entry) -> Result<Cancelled, PostError> {
    match ledger.post(cancel).await? {
        Receipt::Cancelled(cancelled) => Ok(cancelled),
        _ => Err(PostError::Unknown),
    }
}
