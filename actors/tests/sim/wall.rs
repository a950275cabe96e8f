//! A company's wall clock: the world's time on a day in 2026, as wrong as it is.

use std::sync::atomic::{AtomicI64, Ordering};

/// When the world's time is nothing, in seconds since 1970.
const EPOCH: i64 = 1_780_000_000;

#[derive(Default)]
pub struct Wall {
    wrong_by_ms: AtomicI64,
}

impl Wall {
    /// What it shows at this time of the world, in milliseconds since 1970.
    pub fn ms(&self, world_ms: u64) -> i64 {
        EPOCH * 1000 + world_ms.cast_signed() + self.wrong_by_ms.load(Ordering::Relaxed)
    }

    /// From now on it is wrong by so much.
    pub fn set_wrong_by(&self, ms: i64) {
        self.wrong_by_ms.store(ms, Ordering::Relaxed);
    }
}

/// What a right clock shows so many seconds after the beginning, in seconds since 1970.
pub fn seconds(world: i64) -> i64 {
    EPOCH + world
}
