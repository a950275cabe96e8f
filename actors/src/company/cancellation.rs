//! Writes a cancellation down at this company, which may not have the ticket yet.

use super::ledger::{Ledger, PostError};
use crate::domain::entry::{Entry, Receipt};
use crate::domain::order::SeatRef;
use crate::domain::rows::Replicated;
use crate::domain::ticket::{Cancelled, Ticket};

/// Cancels these seats of the ticket, durably. Again: the same. `agreed`: all of them or none.
pub async fn write(
    ledger: &Ledger,
    ticket: &Ticket,
    seats: &[SeatRef],
    agreed: bool,
) -> Result<Cancelled, PostError> {
    let cancel = Entry::Cancel {
        ticket: ticket.id,
        seats: seats.to_vec(),
        agreed,
    };
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
