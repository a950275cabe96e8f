//! Writes down at this company, which may not have the ticket yet, that a passenger agrees to changes of flights.

use super::ledger::{Ledger, PostError};
use crate::domain::entry::{Entry, Receipt};
use crate::domain::order::SeatRef;
use crate::domain::rows::Replicated;
use crate::domain::ticket::{Accepted, Ticket};

/// Accepts these changes, each named by its seat and number, durably. Again: the same.
pub async fn write(
    ledger: &Ledger,
    ticket: &Ticket,
    agreed: &[(SeatRef, u32)],
) -> Result<Accepted, PostError> {
    let accept = Entry::Accept {
        ticket: ticket.id,
        agreed: agreed.to_vec(),
    };
    // what was shown may be newer than what is here, and a ticket that is not replicated to us yet is taken over first
    let rows = vec![Replicated::Ticket(ticket.clone())];
    ledger.post(Entry::Merge { rows, cursor: None }).await?;
    match ledger.post(accept).await? {
        Receipt::Accepted(accepted) => Ok(accepted),
        _ => Err(PostError::Unknown),
    }
}
