//! Compares what two companies keep copies of (users, tickets), and takes over what is missing here. The outbox brings
//! everything; this finds what it should have brought and did not: a restored backup, an outbox that was cut, a bug.
//!
//! The ids are hashes, so their first bits cut the copies into buckets of one size. One slice of the buckets is
//! compared at a time, and the whole every [`SLICES`] × [`SLICE_EVERY`]; only hashes travel unless they differ. Under
//! load two copies always differ a little, so a bucket is taken over only if it differs in the same way twice.
//!
//! After Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", 1987.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tracing::warn;

use super::believed::believed;
use crate::company::Company;
use crate::company::buckets::{Bucket, Slice, id_of};
use crate::domain::entry::Entry;
use crate::domain::ids::CompanyId;
use crate::mesh::companies::Companies;
use crate::mesh::messages::{Reply, Request};

/// Pause between two slices.
const SLICE_EVERY: Duration = Duration::from_secs(1);
/// After a difference, until it is looked at again: replication needs less for what is only late.
const SETTLE: Duration = Duration::from_secs(2);
/// Most pages of a bucket that are taken over at a time.
const PAGES_MAX: usize = 64;

/// Compares with every peer, for ever.
pub async fn run(company: Arc<Company>, companies: Companies) {
    loop {
        for slice in Slice::all() {
            tokio::time::sleep(SLICE_EVERY).await;
            for peer in companies.others().filter(|peer| companies.is_up(*peer)) {
                compare(&company, &companies, peer, slice).await;
            }
        }
    }
}

async fn compare(company: &Company, companies: &Companies, peer: CompanyId, slice: Slice) {
    let first = differences(company, companies, peer, slice).await;
    if first.is_empty() {
        return;
    }
    tokio::time::sleep(SETTLE).await;
    let second = differences(company, companies, peer, slice).await;
    for (bucket, _) in first
        .iter()
        .filter(|(bucket, hashes)| second.get(bucket) == Some(hashes))
    {
        warn!(%peer, ?bucket, "copies differ for longer than replication takes; taking over what is missing");
        counter!("passcom_anti_entropy_buckets_total", "peer" => peer.to_string()).increment(1);
        take_over(company, companies, peer, *bucket).await;
    }
}

/// Buckets that the peer has other rows in, with our hash and theirs. Empty if either side cannot say.
async fn differences(
    company: &Company,
    companies: &Companies,
    peer: CompanyId,
    slice: Slice,
) -> BTreeMap<Bucket, (Option<i64>, i64)> {
    let theirs = companies.copy(peer, Request::Digests(slice)).await;
    let (Some(Reply::Digests(theirs)), Ok(ours)) = (theirs, company.archive.digests(slice).await)
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

async fn take_over(company: &Company, companies: &Companies, peer: CompanyId, bucket: Bucket) {
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let request = Request::Copies { bucket, after };
        let Some(Reply::Copies(rows)) = companies.copy(peer, request).await else {
            return;
        };
        let Some(last) = rows.last() else {
            return;
        };
        after = Some(id_of(last));
        let Ok(rows) = believed(company, companies, peer, rows).await else {
            return;
        };
        let entry = Entry::Merge { rows, cursor: None };
        if company.ledger.post(entry).await.is_err() {
            return; // compared again in the next round
        }
    }
}
