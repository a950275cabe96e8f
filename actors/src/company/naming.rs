//! Writes down at this company, which may not have the ticket yet, how names on it are spelt.

use super::ledger::{Ledger, PostError};
use crate::domain::corrections::Corrected;
use crate::domain::entry::{Entry, Receipt};
use crate::domain::order::SeatRef;
use crate::domain::rows::Replicated;
use crate::domain::ticket::Ticket;

/// Corrects the names of who has these seats, durably, all or none; at this time, in milliseconds since 1970. Again: the same.
pub async fn write(
    ledger: &Ledger,
    ticket: &Ticket,
    names: &[(SeatRef, String)],
    at: i64,
) -> Result<Corrected, PostError> {
    let correct = Entry::Correct {
        ticket: ticket.id,
        names: names.to_vec(),
        at,
    };
    // what was shown may be newer than what is here, and a ticket that is not replicated to us yet is taken over first
    let rows = vec![Replicated::Ticket(ticket.clone())];
    ledger.post(Entry::Merge { rows, cursor: None }).await?;
    match ledger.post(correct).await? {
        Receipt::Corrected(corrected) => Ok(corrected),
        _ => Err(PostError::Unknown),
    }
}
