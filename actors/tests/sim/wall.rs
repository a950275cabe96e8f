//! The wall clock of whichever node runs at the moment.

use std::cell::Cell;

/// A day in 2026.
const EPOCH_MS: i64 = 1_780_000_000_000;

thread_local! {
    static NOW_MS: Cell<i64> = const { Cell::new(EPOCH_MS) };
}

/// What the running node reads.
pub fn now_ms() -> i64 {
    NOW_MS.get()
}

/// Sets it before a node runs: the world's time, as wrong as its clock is.
pub fn set(world_ms: u64, wrong_by_ms: i64) {
    NOW_MS.set(EPOCH_MS + world_ms.cast_signed() + wrong_by_ms);
}
