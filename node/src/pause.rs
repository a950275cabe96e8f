//! How long to wait before something that has failed is tried again.

use std::time::Duration;

/// Twice as long after each try as after the one before, up to the longest. `tries`: those before this one.
pub fn doubling(first: Duration, longest: Duration, tries: i32) -> Duration {
    let doublings = u32::try_from(tries).unwrap_or(0).min(16);
    (first * 2_u32.pow(doublings)).min(longest)
}
