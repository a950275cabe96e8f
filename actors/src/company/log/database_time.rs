//! The time of the database, as its answers tell it: what is kept in the log begins by that clock, so what is left of it is counted by it.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Clock;

/// Answers are this late at most, in milliseconds. One that seems to be later is of a clock that was set back.
const LATE_MAX: i64 = 5_000;

/// An answer tells when the database began with it, so it is behind by as long as it took. The quickest answer is the nearest to the
/// truth: were each one believed, what is left of a hold would grow with a slow answer, and shrink again with the next quick one.
#[derive(Debug)]
pub(super) struct DatabaseTime {
    clock: Clock,
    /// How far the database's clock (milliseconds since 1970) is ahead of ours: never more than it is, while nobody sets it.
    ahead: AtomicI64,
}

impl DatabaseTime {
    /// `told`: by an answer that has just arrived.
    pub fn new(clock: Clock, told: i64) -> Self {
        let ahead = AtomicI64::new(told.saturating_sub(ours(&clock)));
        Self { clock, ahead }
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        ours(&self.clock).saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// An answer has just arrived.
    pub fn on_told(&self, told: i64) {
        let ahead = told.saturating_sub(ours(&self.clock));
        let late = self.ahead.load(Ordering::Relaxed).saturating_sub(ahead);
        if !(0..=LATE_MAX).contains(&late) {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }
}

fn ours(clock: &Clock) -> i64 {
    i64::try_from(clock.now().0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_does_not_give_time_back() {
        let time = DatabaseTime::new(Clock::start(), 1_000_000);
        let pass = |ms| tokio::time::advance(Duration::from_millis(ms));
        pass(100).await;
        time.on_told(1_000_060); // it took 40 ms
        assert_eq!(time.now(), 1_000_100);
        time.on_told(1_000_105); // the one before all others took 5 ms
        assert_eq!(time.now(), 1_000_105);
        pass(LATE_MAX as u64).await;
        time.on_told(1_000_105);
        assert_eq!(time.now(), 1_005_105);
        pass(1).await;
        time.on_told(1_000_105); // set back
        assert_eq!(time.now(), 1_000_105);
        time.on_told(9_000_000); // set forward
        assert_eq!(time.now(), 9_000_000);
    }
}
