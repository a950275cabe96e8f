//! Leases on seats: progress, never safety. Of overlapping bookings one wins at once and the others fail fast.
//!
//! Safety stands without them: what a lease says is compared by the transaction that prepares a seat, and that
//! transaction has the last word. So an implementation may lose everything, or lie.

use std::collections::HashMap;
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

/// Seats whose refusals are remembered.
const REFUSED_MAX: usize = 4_096;

/// A lease table as bookings use it: they neither believe one that grants nothing, or never grants a seat, nor rush on when
/// there is none.
pub struct Leases {
    table: Arc<dyn LeaseTable>,
    /// A lease's life: whoever is refused for longer than that is not refused because of another's lease.
    ttl: Duration,
    refusals: Mutex<Refusals>,
    /// When the next booking without a lease may go on.
    next_unleased: Mutex<Instant>,
}

/// What was refused without a grant in between.
#[derive(Default)]
struct Refusals {
    /// Since when every answer was "busy".
    of_all: Option<Instant>,
    /// Since when this seat was the reason, and when it was last.
    of_seats: HashMap<SeatRef, (Instant, Instant)>,
}

impl Leases {
    pub fn new(table: Arc<dyn LeaseTable>, ttl: Duration) -> Self {
        Self {
            table,
            ttl,
            refusals: Mutex::default(),
            next_unleased: Mutex::new(Instant::now()),
        }
    }

    /// All seats (ascending) for the saga, or none.
    pub async fn acquire(&self, saga: SagaId, seats: &[SeatRef]) -> LeaseAnswer {
        let answer = self.judge(seats, self.table.acquire(saga, seats).await);
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

    /// A table that refuses everything, or one seat, for longer than a lease lives has lost its mind, not its seats: whoever
    /// writes to it may keep a seat off sale for no longer than that.
    fn judge(&self, seats: &[SeatRef], answer: LeaseAnswer) -> LeaseAnswer {
        // poisoned: nothing is left half done under this lock, or the next
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            LeaseAnswer::Granted(_) => {
                refusals.of_all = None;
                if !refusals.of_seats.is_empty() {
                    for seat in seats {
                        refusals.of_seats.remove(seat);
                    }
                }
            }
            LeaseAnswer::Busy(seat) => {
                if refusals.since(seat, self.ttl).elapsed() > self.ttl {
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

impl Refusals {
    /// This seat is the reason for one more: since when it, or every answer, was refused.
    fn since(&mut self, seat: SeatRef, ttl: Duration) -> Instant {
        let now = Instant::now();
        let of_all = *self.of_all.get_or_insert(now);
        if self.of_seats.len() >= REFUSED_MAX {
            self.of_seats.retain(|_, (_, last)| now - *last <= ttl);
        }
        if self.of_seats.len() >= REFUSED_MAX && !self.of_seats.contains_key(&seat) {
            return of_all;
        }
        let (since, last) = self.of_seats.entry(seat).or_insert((now, now));
        // nobody has asked for longer than a lease lives: it may be another one
        if now - *last > ttl {
            *since = now;
        }
        *last = now;
        (*since).min(of_all)
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

    /// Grants everything but this seat.
    struct AllBut(SeatRef);

    impl LeaseTable for AllBut {
        fn acquire<'a>(&'a self, _: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer> {
            let answer = match seats.contains(&self.0) {
                true => LeaseAnswer::Busy(self.0),
                false => LeaseAnswer::Granted(FencingToken::new(1, 1)),
            };
            Box::pin(async move { answer })
        }

        fn release<'a>(&'a self, _: SagaId, _: &'a [SeatRef]) -> BoxFuture<'a, ()> {
            Box::pin(async {})
        }

        fn raise<'a>(&'a self, _: FencingToken) -> BoxFuture<'a, ()> {
            Box::pin(async {})
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_seat_that_is_never_granted_is_sold_without_a_lease_and_the_others_with_one() {
        let leases = Leases::new(Arc::new(AllBut(seat("a", 1))), LEASE_TTL);
        let (bad, good) = ([seat("a", 1)], [seat("a", 2)]);
        for _ in 0..7 {
            let answer = leases.acquire(SAGA, &bad).await;
            assert_eq!(answer, LeaseAnswer::Busy(bad[0]));
            let answer = leases.acquire(SAGA, &good).await;
            assert!(matches!(answer, LeaseAnswer::Granted(_)));
            tokio::time::advance(LEASE_TTL / 6).await;
        }
        assert_eq!(leases.acquire(SAGA, &bad).await, LeaseAnswer::Away);
        // whoever asks after a long time may meet a lease that has just begun
        tokio::time::advance(2 * LEASE_TTL).await;
        leases.acquire(SAGA, &good).await;
        let answer = leases.acquire(SAGA, &bad).await;
        assert_eq!(answer, LeaseAnswer::Busy(bad[0]));
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_remembered_of_so_many_seats() {
        let busy = LeaseAnswer::Busy(seat("a", 1));
        let leases = Leases::new(Arc::new(Always(busy)), LEASE_TTL);
        for number in 0..2 * REFUSED_MAX as u16 {
            leases.judge(&[], LeaseAnswer::Busy(seat("a", number)));
        }
        let refusals = leases.refusals.lock().unwrap();
        assert_eq!(refusals.of_seats.len(), REFUSED_MAX);
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
