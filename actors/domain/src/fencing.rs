//! The number that came with a lease; stored on a seat and compared by the transaction that prepares it
//! (docs/protocol.md, leases).

use serde::{Deserialize, Serialize};

/// epoch × 2^40 + counter; 0 = no lease was to be had (Redis away), which skips the comparison.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct FencingToken(pub i64);

impl FencingToken {
    pub const NONE: Self = Self(0);
    const COUNTER_BITS: u32 = 40;
    const EPOCH_MAX: i64 = i64::MAX >> Self::COUNTER_BITS;
    /// Epochs grow by one with each start of a node and each loss of Redis: an epoch that is further ahead of the known
    /// ones was never given.
    const LEAP_MAX: i64 = 1 << 20;

    /// A token as a lease table names it, which may lie; `known` is the highest epoch we know of. None if no sound
    /// table gives such a token: a seat would remember it for ever, and refuse every true one.
    pub fn believed(epoch: i64, counter: i64, known: i64) -> Option<Self> {
        let epochs = 0..=known.saturating_add(Self::LEAP_MAX).min(Self::EPOCH_MAX);
        let counters = 1..1 << Self::COUNTER_BITS;
        (epochs.contains(&epoch) && counters.contains(&counter)).then(|| Self::new(epoch, counter))
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_no_sound_table_gives_are_not_believed() {
        let highest = (1 << FencingToken::COUNTER_BITS) - 1;
        for (epoch, counter) in [(0, 1), (7, 1), (7, highest), (1 << 20, 5)] {
            let token = FencingToken::believed(epoch, counter, 7).unwrap();
            assert_eq!((token.epoch(), token.counter()), (epoch, counter));
        }
        let far = FencingToken::EPOCH_MAX;
        assert!(FencingToken::believed(far, highest, far).is_some());
        let absurd = [
            (-1, 1),
            (7, 0),
            (7, -1),
            (7, highest + 1),
            (2 << 20, 1),
            (i64::MAX, 1),
            (far + 1, 1),
        ];
        for (epoch, counter) in absurd {
            assert_eq!(
                FencingToken::believed(epoch, counter, 7),
                None,
                "{epoch}, {counter}"
            );
        }
        assert_eq!(FencingToken::believed(far + 1, 1, i64::MAX), None);
    }
}
