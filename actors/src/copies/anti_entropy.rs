//! Compares what two companies keep copies of (users, tickets), and takes over what is missing here. The outbox brings
//! everything; this finds what it should have brought and did not: a restored backup, an outbox that was cut, a bug.
//!
//! The ids are hashes, so their first bits cut the copies into buckets of one size. One slice of the buckets is compared at a
//! time, and the whole every [`SLICES`] × [`SLICE_EVERY`]; only hashes travel unless they differ. Under load two copies always
//! differ a little, so a bucket is taken over only if it differs in the same way twice.
//!
//! After Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", 1987.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics::counter;
use serde::{Deserialize, Serialize};
use tracing::warn;
use uuid::Uuid;

use crate::copies::replication::pull;
use crate::domain::entry::Entry;
use crate::domain::ids::CompanyId;
use crate::domain::rows::Replicated;
use crate::mesh::messages::{Reply, Request};
use crate::mesh::service::Service;

const SLICES: u16 = 64;
/// Buckets of a slice.
pub const BUCKETS: u16 = 64;
/// Pause between two slices.
const SLICE_EVERY: Duration = Duration::from_secs(1);
/// After a difference, until it is looked at again: replication needs less for what is only late.
const SETTLE: Duration = Duration::from_secs(2);
/// Most pages of a bucket that are taken over at a time.
const PAGES_MAX: usize = 64;

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

/// Hashes of the buckets of one slice that hold anything.
pub type Digests = BTreeMap<Bucket, i64>;

/// Compares with every peer, for ever.
pub async fn run(service: Service) {
    loop {
        for slice in Slice::all() {
            tokio::time::sleep(SLICE_EVERY).await;
            for company in service.companies.iter().copied() {
                if company != service.me && service.peers.is_up(company) {
                    compare(&service, company, slice).await;
                }
            }
        }
    }
}

async fn compare(service: &Service, company: CompanyId, slice: Slice) {
    let first = differences(service, company, slice).await;
    if first.is_empty() {
        return;
    }
    tokio::time::sleep(SETTLE).await;
    let second = differences(service, company, slice).await;
    for (bucket, _) in first
        .iter()
        .filter(|(bucket, hashes)| second.get(bucket) == Some(hashes))
    {
        warn!(%company, ?bucket, "copies differ for longer than replication takes; taking over what is missing");
        counter!("passcom_anti_entropy_buckets_total", "peer" => company.to_string()).increment(1);
        take_over(service, company, *bucket).await;
    }
}

/// Buckets that the peer has other rows in, with our hash and theirs. Empty if either side cannot say.
async fn differences(
    service: &Service,
    company: CompanyId,
    slice: Slice,
) -> BTreeMap<Bucket, (Option<i64>, i64)> {
    let theirs = pull(&service.peers, company, Request::Digests(slice)).await;
    let (Some(Reply::Digests(theirs)), Ok(ours)) = (theirs, service.archive.digests(slice).await)
    else {
        return BTreeMap::new();
    };
    let pairs = theirs
        .into_iter()
        .map(|(bucket, theirs)| (bucket, (ours.get(&bucket).copied(), theirs)));
    pairs
        .filter(|(_, (ours, theirs))| *ours != Some(*theirs))
        .collect()
}

async fn take_over(service: &Service, company: CompanyId, bucket: Bucket) {
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let request = Request::Copies { bucket, after };
        let Some(Reply::Copies(rows)) = pull(&service.peers, company, request).await else {
            return;
        };
        let Some(last) = rows.last() else {
            return;
        };
        after = Some(id_of(last));
        let entry = Entry::Merge { rows, cursor: None };
        if service.ledger.post(entry).await.is_err() {
            return; // compared again in the next round
        }
    }
}

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
