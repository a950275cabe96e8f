//! Leases on seats: progress, never safety. Of overlapping bookings one wins at once and the others fail fast.
//!
//! Safety stands without them: what a lease says is compared by the transaction that prepares a seat, and that
//! transaction has the last word. So an implementation may lose everything, or lie.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use metrics::counter;
use tokio::time::Instant;

use crate::domain::fencing::FencingToken;
use crate::domain::ids::SagaId;
use crate::domain::order::SeatRef;
use crate::domain::saga::{LeaseAnswer, PREPARE_PATIENCE};

/// How long a lease lasts unless it is given back. It is never renewed: within [`PREPARE_PATIENCE`] of the first
/// question to a voter, everybody has voted or Abort is proposed, and prepared seats need no lease.
pub const LEASE_TTL: Duration = Duration::from_secs(30);

const _: () = assert!(LEASE_TTL.as_millis() > 2 * PREPARE_PATIENCE.0 as u128);

pub trait LeaseTable: Send + Sync + 'static {
    /// All seats (ascending) for the saga, or none. The same saga may ask again: it shares its own lease.
    /// Answers [`LeaseAnswer::Away`] within a bounded time when the table cannot be asked.
    fn acquire<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer>;

    /// Gives back what the saga still has of these seats.
    fn release<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, ()>;

    /// Makes every later token at least this.
    fn raise<'a>(&'a self, fence: FencingToken) -> BoxFuture<'a, ()>;
}

/// Least time between two bookings of a node that go on without a lease: without leases they meet in the database.
const UNLEASED_EVERY: Duration = Duration::from_millis(4);

/// A lease table as bookings use it: they neither believe one that grants nothing, nor rush on when there is none.
pub struct Leases {
    table: Arc<dyn LeaseTable>,
    /// A lease's life: whoever is refused for longer than that is not refused because of another's lease.
    ttl: Duration,
    /// Since when every answer was "busy".
    refusing_since: Mutex<Option<Instant>>,
    /// When the next booking without a lease may go on.
    next_unleased: Mutex<Instant>,
}

impl Leases {
    pub fn new(table: Arc<dyn LeaseTable>, ttl: Duration) -> Self {
        Self {
            table,
            ttl,
            refusing_since: Mutex::default(),
            next_unleased: Mutex::new(Instant::now()),
        }
    }

    /// All seats (ascending) for the saga, or none.
    pub async fn acquire(&self, saga: SagaId, seats: &[SeatRef]) -> LeaseAnswer {
        let answer = self.judge(self.table.acquire(saga, seats).await);
        if answer == LeaseAnswer::Away {
            counter!("passcom_unleased_bookings_total").increment(1);
            tokio::time::sleep_until(self.turn()).await;
        }
        answer
    }

    pub async fn release(&self, saga: SagaId, seats: &[SeatRef]) {
        self.table.release(saga, seats).await;
    }

    pub async fn raise(&self, fence: FencingToken) {
        self.table.raise(fence).await;
    }

    /// A table that refuses everything for longer than a lease lives has lost its mind, not its seats.
    fn judge(&self, answer: LeaseAnswer) -> LeaseAnswer {
        // poisoned: nothing is left half done under this lock, or the next
        let mut refusing = self
            .refusing_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match answer {
            LeaseAnswer::Granted(_) => *refusing = None,
            LeaseAnswer::Busy(_) => {
                let since = *refusing.get_or_insert_with(Instant::now);
                if since.elapsed() > self.ttl {
                    counter!("passcom_lease_refusals_disbelieved_total").increment(1);
                    return LeaseAnswer::Away;
                }
            }
            LeaseAnswer::Away => {}
        }
        answer
    }

    fn turn(&self) -> Instant {
        let mut next = self
            .next_unleased
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let turn = (*next).max(Instant::now());
        *next = turn + UNLEASED_EVERY;
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{SAGA, seat};

    /// Says the same for ever.
    struct Always(LeaseAnswer);

    impl LeaseTable for Always {
        fn acquire<'a>(&'a self, _: SagaId, _: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer> {
            Box::pin(async { self.0 })
        }

        fn release<'a>(&'a self, _: SagaId, _: &'a [SeatRef]) -> BoxFuture<'a, ()> {
            Box::pin(async {})
        }

        fn raise<'a>(&'a self, _: FencingToken) -> BoxFuture<'a, ()> {
            Box::pin(async {})
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_refuses_everything_is_believed_for_the_life_of_a_lease() {
        let busy = LeaseAnswer::Busy(seat("a", 1));
        let leases = Leases::new(Arc::new(Always(busy)), LEASE_TTL);
        assert_eq!(leases.acquire(SAGA, &[]).await, busy);
        tokio::time::advance(LEASE_TTL).await;
        assert_eq!(leases.acquire(SAGA, &[]).await, busy);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(leases.acquire(SAGA, &[]).await, LeaseAnswer::Away);
    }

    #[tokio::test(start_paused = true)]
    async fn bookings_without_a_lease_go_one_after_the_other() {
        let leases = Leases::new(Arc::new(Always(LeaseAnswer::Away)), LEASE_TTL);
        let begun = Instant::now();
        for turn in 0..5 {
            leases.acquire(SAGA, &[]).await;
            assert_eq!(begun.elapsed(), UNLEASED_EVERY * turn);
        }
    }
}
