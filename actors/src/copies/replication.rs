//! Follows the peers: their outboxes (users and tickets, in the order of their commits) and their catalogues.
//!
//! One task per peer and feed. A pull waits at the peer until there is news, so nothing is polled while nothing
//! happens, and under load one pull carries all that has come since the last. The cursor is written with the rows it
//! covers.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tracing::{info, warn};

use super::believed::believed;
use crate::company::Company;
use crate::domain::entry::Entry;
use crate::domain::ids::CompanyId;
use crate::domain::rows::OutboxCursor;
use crate::mesh::companies::Companies;
use crate::mesh::messages::{Reply, Request};

/// How long a peer may hold a pull open while it has no news.
const WAIT: Duration = Duration::from_millis(1_500);
/// Pause after a pull that failed, or while the peer is down.
const RETRY: Duration = Duration::from_millis(250);
/// Least time between two pulls: under load, rows gather.
const GATHER: Duration = Duration::from_millis(60);

/// Starts following every peer.
pub fn follow_all(company: &Arc<Company>, companies: &Companies, tasks: &mut JoinSet<()>) {
    for peer in companies.others() {
        tasks.spawn(follow_outbox(company.clone(), companies.clone(), peer));
        tasks.spawn(follow_catalogue(company.clone(), companies.clone(), peer));
    }
}

async fn follow_outbox(company: Arc<Company>, companies: Companies, peer: CompanyId) {
    let mut cursor = read_cursor(&company, peer).await;
    loop {
        match pull_outbox(&company, &companies, peer, cursor).await {
            Some(next) => {
                cursor = Some(next);
                tokio::time::sleep(GATHER).await;
            }
            None => tokio::time::sleep(RETRY).await,
        }
    }
}

async fn read_cursor(company: &Company, peer: CompanyId) -> Option<OutboxCursor> {
    loop {
        match company.archive.cursors().await {
            Ok(cursors) => return cursors.get(&peer).copied(),
            Err(error) => warn!(%error, %peer, "cannot read how far the outbox was read"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// One pull; the cursor it reached once its rows are durable here.
async fn pull_outbox(
    company: &Company,
    companies: &Companies,
    peer: CompanyId,
    after: Option<OutboxCursor>,
) -> Option<OutboxCursor> {
    let request = Request::Pull {
        after,
        wait_ms: WAIT.as_millis() as u32,
    };
    let (incarnation, rows) = match companies.copy(peer, request).await? {
        Reply::Rows {
            incarnation,
            rows,
            mark,
        } => {
            company.witness.hear(peer, mark);
            (incarnation, rows)
        }
        _ => return None,
    };
    let known = after.filter(|cursor| cursor.incarnation == incarnation);
    if after.is_some() && known.is_none() {
        warn!(%peer, %incarnation, "the peer's database is another one; reading its outbox anew");
    }
    let before = known.map_or(0, |cursor| cursor.seq);
    let seq = rows.last().map_or(before, |(seq, _)| *seq);
    let cursor = OutboxCursor { incarnation, seq };
    if rows.is_empty() {
        return Some(cursor);
    }
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let rows = believed(company, companies, peer, rows).await.ok()?;
    let entry = Entry::Merge {
        rows,
        cursor: Some((peer, cursor)),
    };
    company.ledger.post(entry).await.ok().map(|_| cursor)
}

async fn follow_catalogue(company: Arc<Company>, companies: Companies, peer: CompanyId) {
    let mut cursor = None;
    let mut anew = false;
    loop {
        let request = Request::PullCatalogue {
            after: cursor,
            wait_ms: WAIT.as_millis() as u32,
        };
        match companies.copy(peer, request).await {
            Some(Reply::Catalogue(page)) => {
                cursor = Some(page.next);
                let more = page.more;
                anew |= page.reset;
                company.catalogue.follow(peer, *page);
                if anew && !more {
                    anew = false;
                    let routes = company.catalogue.routes(peer);
                    info!(%peer, routes, "catalogue read");
                }
                if !more {
                    tokio::time::sleep(GATHER).await;
                }
            }
            _ => tokio::time::sleep(RETRY).await,
        }
    }
}
