//! The clocks of a process, handed to whoever needs the time. Peers learn the offset of its monotonic clock to theirs
//! from heartbeats, so that a deadline can be given on the clock of whoever has to keep it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::time::Timestamp;

/// The monotonic clock and the wall clock. Cheap to clone; all clones count from the same instant.
#[derive(Clone)]
pub struct Clock {
    origin: Instant,
    wall_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Clock {
    /// With the wall clock of the machine.
    pub fn start() -> Self {
        Self::with_wall(|| jiff::Timestamp::now().as_millisecond())
    }

    /// With another wall clock: milliseconds since 1970.
    pub fn with_wall(wall_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            origin: Instant::now(),
            wall_ms: Arc::new(wall_ms),
        }
    }

    /// Milliseconds since 1970 by the wall clock: for what people read, what is on sale, and how long a signature is
    /// good for. It may jump, and decides no booking that was begun.
    pub fn wall_ms(&self) -> i64 {
        (self.wall_ms)()
    }

    /// Seconds since 1970 by the wall clock, rounded down.
    pub fn wall_seconds(&self) -> i64 {
        self.wall_ms().div_euclid(1000)
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.origin.elapsed().as_millis() as u64)
    }

    pub async fn sleep_until(&self, at: Timestamp) {
        tokio::time::sleep_until(self.origin + Duration::from_millis(at.0)).await;
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("now", &self.now())
            .field("wall_ms", &self.wall_ms())
            .finish()
    }
}
