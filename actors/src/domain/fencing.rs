//! The number that came with a lease; stored on a seat and compared by the transaction that prepares it (docs/protocol.md, leases).

use serde::{Deserialize, Serialize};

/// epoch × 2^40 + counter; 0 = no lease was to be had (Redis away), which skips the comparison.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct FencingToken(pub i64);

impl FencingToken {
    pub const NONE: Self = Self(0);
    const COUNTER_BITS: u32 = 40;

    pub fn new(epoch: i64, counter: i64) -> Self {
        Self((epoch << Self::COUNTER_BITS) + counter)
    }

    pub fn epoch(self) -> i64 {
        self.0 >> Self::COUNTER_BITS
    }

    pub fn counter(self) -> i64 {
        self.0 & ((1 << Self::COUNTER_BITS) - 1)
    }

    /// Whether a holder of this token may take a seat last taken under `fence`.
    pub fn passes(self, fence: FencingToken) -> bool {
        self == Self::NONE || self >= fence
    }
}
