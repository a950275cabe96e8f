//! The monotonic clock that shells hand to the machines.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::time::Timestamp;

/// Cheap to clone; all clones count from the same instant.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock {
    pub fn now(&self) -> Timestamp {
        Timestamp(self.origin.elapsed().as_millis() as u64)
    }

    pub async fn sleep_until(&self, at: Timestamp) {
        tokio::time::sleep_until(self.origin + Duration::from_millis(at.0)).await;
    }
}

/// Milliseconds since 1970 by the wall clock: for what people read, never for a decision.
pub fn wall_clock_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
