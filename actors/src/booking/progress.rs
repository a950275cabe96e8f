//! How the bookings that are driven here get on, for whoever watches: told by their actors, and deciding nothing.
//!
//! A [`Narrator`] makes steps out of what a driver hears and says; the [`Board`] keeps them, per saga, while it is
//! driven and [`KEPT`] longer, so that who comes late or comes back has missed nothing. Invariants: memory is bounded
//! by [`STEPS_MAX`] and [`ENDED_MAX`]; a step is told no sooner than the client itself would be told of it.

mod narrator;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

pub use self::narrator::Narrator;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::vote::RefusalReason;

/// How long the steps of a booking are kept after its driver has ended.
pub const KEPT: Duration = Duration::from_secs(60);
/// Most ended bookings whose steps are kept; the one that ended first makes room.
const ENDED_MAX: usize = 4_096;
/// Most steps of a booking: five per company, and a few of its own.
const STEPS_MAX: usize = 64;

/// What happened to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A driver has taken it up.
    Begun,
    /// The company was asked for its seats.
    Asked,
    Yes,
    No,
    /// The company did not answer; it is asked again.
    Silent,
    /// The outcome is certain.
    Decided,
    /// The company has sold its seats to the ticket.
    Confirmed,
    /// The company keeps no seats for this booking any more.
    Released,
}

/// A step of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    pub step: Step,
    /// None where it concerns the whole booking.
    pub company: Option<CompanyId>,
    pub reason: Option<RefusalReason>,
}

/// A step with its number, from 1, and its time in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub number: usize,
    pub at_ms: i64,
    pub happened: Happened,
}

#[derive(Debug, Default)]
struct Track {
    steps: Vec<Told>,
    /// Some company has it on record: it cannot be as if it had never been.
    durable: bool,
    ended: Option<Instant>,
}

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Board {
    tracks: Arc<Mutex<Tracks>>,
}

#[derive(Debug, Default)]
struct Tracks {
    by_saga: HashMap<SagaId, (UserId, watch::Sender<Track>)>,
    /// In the order of their ends.
    ended: VecDeque<(Instant, SagaId)>,
}

/// Tells the steps of one booking; it has ended when this is dropped.
#[derive(Debug)]
pub struct Reporter {
    board: Board,
    saga: SagaId,
    track: watch::Sender<Track>,
}

/// Follows the steps of one booking.
#[derive(Debug)]
pub struct Follower {
    track: watch::Receiver<Track>,
    seen: usize,
}

impl Board {
    /// A driver takes the saga up; what was told of an earlier driver is forgotten.
    pub fn begin(&self, saga: SagaId, user: UserId) -> Reporter {
        let (track, _) = watch::channel(Track::default());
        let mut tracks = self.lock();
        tracks.forget_ended();
        tracks.by_saga.insert(saga, (user, track.clone()));
        Reporter {
            board: self.clone(),
            saga,
            track,
        }
    }

    /// The steps of this user's booking after the first `seen`; none if it is not driven here, nor was a moment ago.
    pub fn follow(&self, user: UserId, saga: SagaId, seen: usize) -> Option<Follower> {
        let mut tracks = self.lock();
        tracks.forget_ended();
        let (owner, track) = tracks.by_saga.get(&saga)?;
        (*owner == user).then(|| Follower {
            track: track.subscribe(),
            seen,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Tracks> {
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracks {
    fn forget_ended(&mut self) {
        while let Some((at, saga)) = self.ended.front().copied() {
            if at.elapsed() < KEPT && self.ended.len() <= ENDED_MAX {
                break;
            }
            self.ended.pop_front();
            // unless another driver has taken it up since
            let ended_then = |(_, track): &(UserId, watch::Sender<Track>)| {
                track.borrow().ended.is_some_and(|ended| ended == at)
            };
            if self.by_saga.get(&saga).is_some_and(ended_then) {
                self.by_saga.remove(&saga);
            }
        }
    }
}

impl Reporter {
    pub fn tell(&self, at_ms: i64, happened: Happened) {
        self.track.send_modify(|track| {
            if track.steps.len() < STEPS_MAX {
                let number = track.steps.len() + 1;
                track.steps.push(Told {
                    number,
                    at_ms,
                    happened,
                });
            }
        });
    }

    /// From here on some company has the booking on record.
    pub fn is_durable(&self) {
        self.track
            .send_if_modified(|track| !std::mem::replace(&mut track.durable, true));
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut tracks = self.board.lock();
        self.track.send_modify(|track| track.ended = Some(now));
        tracks.ended.push_back((now, self.saga));
        tracks.forget_ended();
    }
}

impl Follower {
    /// The next step, once there is one; none after the last.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            {
                let track = self.track.borrow_and_update();
                if let Some(told) = track.steps.get(self.seen) {
                    self.seen += 1;
                    return Some(*told);
                }
                if track.ended.is_some() {
                    return None;
                }
            }
            if self.track.changed().await.is_err() {
                return None; // ended, and forgotten
            }
        }
    }

    /// Waits until some company has the booking on record; false if it ends before.
    pub async fn durable(&mut self) -> bool {
        let told = |track: &Track| track.durable || track.ended.is_some();
        let durable = self.track.wait_for(told).await;
        durable.is_ok_and(|track| track.durable)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SAGA: SagaId = SagaId(Uuid::from_u128(1));
    const ANA: UserId = UserId(Uuid::from_u128(2));
    const BIA: UserId = UserId(Uuid::from_u128(3));

    const BEGUN: Happened = Happened {
        step: Step::Begun,
        company: None,
        reason: None,
    };

    async fn numbers(mut follower: Follower) -> Vec<usize> {
        let mut numbers = Vec::new();
        while let Some(told) = follower.next().await {
            numbers.push(told.number);
        }
        numbers
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_late_or_comes_back_misses_nothing_for_a_minute() {
        let board = Board::default();
        let reporter = board.begin(SAGA, ANA);
        let early = board.follow(ANA, SAGA, 0).unwrap();
        reporter.tell(5, BEGUN);
        reporter.tell(6, BEGUN);
        assert!(board.follow(BIA, SAGA, 0).is_none(), "another user's");
        drop(reporter);
        assert_eq!(numbers(early).await, [1, 2]);
        assert_eq!(numbers(board.follow(ANA, SAGA, 0).unwrap()).await, [1, 2]);
        assert_eq!(numbers(board.follow(ANA, SAGA, 1).unwrap()).await, [2]);
        tokio::time::advance(KEPT).await;
        assert!(board.follow(ANA, SAGA, 0).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_booking_that_is_taken_up_again_is_told_anew() {
        let board = Board::default();
        drop(board.begin(SAGA, ANA));
        tokio::time::advance(KEPT / 2).await;
        let again = board.begin(SAGA, ANA);
        again.tell(7, BEGUN);
        tokio::time::advance(KEPT).await;
        let follower = board.follow(ANA, SAGA, 0).expect("it is driven");
        drop(again);
        assert_eq!(numbers(follower).await, [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_bounded() {
        let board = Board::default();
        for number in 0..2 * ENDED_MAX as u128 {
            drop(board.begin(SagaId(Uuid::from_u128(number)), ANA));
        }
        assert!(board.lock().by_saga.len() <= ENDED_MAX);
        let reporter = board.begin(SAGA, ANA);
        (0..2 * STEPS_MAX).for_each(|_| reporter.tell(0, BEGUN));
        let follower = board.follow(ANA, SAGA, 0).unwrap();
        drop(reporter);
        assert_eq!(numbers(follower).await.len(), STEPS_MAX);
    }

    #[tokio::test]
    async fn somebody_waits_until_it_is_on_record_or_has_ended() {
        let board = Board::default();
        let reporter = board.begin(SAGA, ANA);
        let mut follower = board.follow(ANA, SAGA, 0).unwrap();
        let waiting = tokio::spawn(async move { follower.durable().await });
        reporter.is_durable();
        assert!(waiting.await.unwrap());
        let ended = board.begin(SAGA, ANA);
        let mut follower = board.follow(ANA, SAGA, 0).unwrap();
        drop(ended);
        assert!(!follower.durable().await);
    }
}
