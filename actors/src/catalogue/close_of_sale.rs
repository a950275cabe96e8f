//! When a leg is not sold any more, by the clock of the node that asks: the lists leave it out, and its company refuses
//! it.

use std::time::Duration;

use crate::clock::Clock;

/// A leg is on sale until so long before its departure. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CloseOfSale {
    clock: Clock,
    /// Seconds.
    before_departure: i64,
}

impl CloseOfSale {
    pub fn new(clock: Clock, before_departure: Duration) -> Self {
        Self {
            clock,
            before_departure: before_departure.as_secs() as i64,
        }
    }

    /// Seconds from the close of sale to the departure.
    pub fn before_departure(&self) -> i64 {
        self.before_departure
    }

    /// The first departure, in seconds since 1970, whose sale has not closed.
    pub fn first_departure(&self) -> i64 {
        self.clock.wall_seconds() + 1 + self.before_departure
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[test]
    fn a_sale_is_over_at_the_instant_of_its_close() {
        let now = Arc::new(AtomicI64::new(0));
        let wall = now.clone();
        let clock = Clock::with_wall(move || wall.load(Ordering::Relaxed));
        let close = CloseOfSale::new(clock, Duration::from_secs(60));
        let sells = |departs, now_ms| {
            now.store(now_ms, Ordering::Relaxed);
            departs >= close.first_departure()
        };
        assert!(sells(100, 39_999));
        assert!(!sells(100, 40_000) && !sells(100, 40_999));
        assert!(sells(59, -1_001) && !sells(59, -1_000), "before 1970");
    }
}
