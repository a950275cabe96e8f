//! Leases on seats: progress, never safety. Of overlapping bookings one wins at once and the others fail fast.
//!
//! Safety stands without them: what a lease says is compared by the transaction that prepares a seat, and that transaction
//! has the last word. So an implementation may lose everything, or lie.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::fencing::FencingToken;
use crate::domain::ids::SagaId;
use crate::domain::order::SeatRef;
use crate::domain::saga::LeaseAnswer;

/// How long a lease lasts unless it is given back. Longer than a booking may take.
pub const LEASE_TTL: Duration = Duration::from_secs(30);

pub trait LeaseTable: Send + Sync + 'static {
    /// All seats (ascending) for the saga, or none. The same saga may ask again: it shares its own lease.
    /// Answers [`LeaseAnswer::Away`] within a bounded time when the table cannot be asked.
    fn acquire<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer>;

    /// Gives back what the saga still has of these seats.
    fn release<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, ()>;

    /// Makes every later token at least this.
    fn raise<'a>(&'a self, fence: FencingToken) -> BoxFuture<'a, ()>;
}
