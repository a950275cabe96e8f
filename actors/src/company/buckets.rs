//! The parts that copies of users and tickets are compared by. Their ids are hashes, so that the first bits of an id
//! cut them into buckets of one size.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::rows::Replicated;

const SLICES: u16 = 64;
/// Buckets of a slice.
pub const BUCKETS: u16 = 64;

/// Hashes of the buckets of one slice that hold anything.
pub type Digests = BTreeMap<Bucket, i64>;

/// One of the parts that the copies are compared by: all ids that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bucket(pub u16);

/// A row of [`BUCKETS`] buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice(u16);

impl Slice {
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SLICES).map(Self)
    }

    pub fn buckets(self) -> impl Iterator<Item = Bucket> {
        // a peer may name any number
        let first = self.0 % SLICES * BUCKETS;
        (first..first + BUCKETS).map(Bucket)
    }

    /// The first and the last id.
    pub fn range(self) -> (Uuid, Uuid) {
        let mut buckets = self.buckets().map(Bucket::range);
        let (first, mut last) = buckets.next().expect("a slice has buckets");
        last = buckets.last().map_or(last, |(_, end)| end);
        (first, last)
    }
}

impl Bucket {
    const BITS: u32 = (SLICES * BUCKETS).trailing_zeros();

    pub fn of(id: Uuid) -> Self {
        Self((id.as_u128() >> (128 - Self::BITS)) as u16)
    }

    /// The first and the last id.
    pub fn range(self) -> (Uuid, Uuid) {
        let rest = 128 - Self::BITS;
        let first = u128::from(self.0 % (SLICES * BUCKETS)) << rest;
        let last = first | ((1 << rest) - 1);
        (Uuid::from_u128(first), Uuid::from_u128(last))
    }
}

/// What a row is sorted into its bucket by.
pub fn id_of(row: &Replicated) -> Uuid {
    match row {
        Replicated::User(user) => user.id.0,
        Replicated::Ticket(ticket) => ticket.id.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_in_one_bucket_of_one_slice() {
        let buckets: Vec<Bucket> = Slice::all().flat_map(Slice::buckets).collect();
        assert_eq!(buckets.len(), usize::from(SLICES * BUCKETS));
        let mut next = 0;
        for bucket in buckets {
            let (first, last) = bucket.range();
            assert_eq!(
                first.as_u128(),
                next,
                "{bucket:?} begins where the one before it ends"
            );
            assert_eq!((Bucket::of(first), Bucket::of(last)), (bucket, bucket));
            next = last.as_u128().wrapping_add(1);
        }
        assert_eq!(next, 0, "the last bucket ends with the last id");
    }

    #[test]
    fn a_slice_spans_its_buckets_and_a_number_out_of_range_is_one_of_them() {
        let slice = Slice(3);
        assert_eq!(slice.range().0, Bucket(3 * BUCKETS).range().0);
        assert_eq!(slice.range().1, Bucket(4 * BUCKETS - 1).range().1);
        assert_eq!(Slice(SLICES + 3).range(), slice.range());
        assert_eq!(Bucket(u16::MAX).range(), Bucket(u16::MAX % 4096).range());
    }
}
