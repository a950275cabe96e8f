//! The monotonic clock of a process. Shells hand it to the machines; peers learn its offset to theirs from heartbeats,
//! so that a deadline can be given on the clock of whoever has to keep it.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::time::Timestamp;

/// All copies count from the same instant.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
    wall_ms: fn() -> i64,
}

impl Clock {
    pub fn start() -> Self {
        Self::with_wall(wall_clock_ms)
    }

    /// With another wall clock: milliseconds since 1970.
    pub fn with_wall(wall_ms: fn() -> i64) -> Self {
        Self {
            origin: Instant::now(),
            wall_ms,
        }
    }

    /// Milliseconds since 1970 by the wall clock: for what people read, never for a decision.
    pub fn wall_ms(&self) -> i64 {
        (self.wall_ms)()
    }

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
