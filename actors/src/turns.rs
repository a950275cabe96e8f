//! Turns at computations that would keep a thread from serving everybody else: on threads of their own, few at a time, which
//! give way to those that serve. Who has waited too long is sent away.

pub mod fair;
mod threads;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use threads::half_of_cores;

/// Longest wait for a turn. Where more is asked for than can be done, what was asked for long ago is made for people who have
/// gone, and everybody behind it waits.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// Cheap to clone; clones share the turns.
#[derive(Debug, Clone)]
pub struct Turns {
    at_once: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Turns {
    /// `waiting_max`: with those whose turn it is.
    pub fn new(at_once: usize, waiting_max: usize) -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(waiting_max)),
        }
    }

    /// Does the work when its turn comes. None when too many wait, or nobody's turn came for [`PATIENCE`].
    pub async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let turn = timeout(PATIENCE, self.at_once.clone().acquire_owned());
        let turn = turn.await.ok()?.ok()?;
        // the work keeps both until it is done, also when nobody waits for it any more
        let work = move || {
            let _kept = (place, turn);
            work()
        };
        threads::run(work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn one_works_one_waits_and_the_third_is_sent_away() {
        let turns = Turns::new(1, 2);
        let (finish, finished) = mpsc::channel::<()>();
        let first = turns.take(move || finished.recv());
        let second = turns.take(|| 2);
        let third = async {
            let refused = turns.take(|| 3).await;
            finish.send(()).expect("the first one works");
            refused
        };
        let (first, second, third) = tokio::join!(biased; first, second, third);
        assert!(matches!(first, Some(Ok(()))));
        assert_eq!((second, third), (Some(2), None));
        assert_eq!(turns.take(|| 4).await, Some(4));
    }

    /// While the work stands still, nothing but time goes on.
    #[tokio::test(start_paused = true)]
    async fn who_has_waited_too_long_is_sent_away() {
        let turns = Turns::new(1, 2);
        let (finish, finished) = mpsc::channel::<()>();
        let first = turns.take(move || finished.recv());
        let second = async {
            let second = turns.take(|| 2).await;
            drop(finish);
            second
        };
        let (first, second) = tokio::join!(biased; first, second);
        assert!(first.is_some());
        assert_eq!(second, None);
    }
}
