//! Follows the peers: their outboxes (users and tickets, in the order of their commits) and their catalogues.
//!
//! One task per peer and feed. A pull waits at the peer until there is news, so nothing is polled while nothing happens, and
//! under load one pull carries all that has come since the last. The cursor is written with the rows it covers.

use std::time::Duration;

use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::domain::entry::Entry;
use crate::domain::ids::CompanyId;
use crate::domain::rows::OutboxCursor;
use crate::mesh::messages::{Reply, Request};
use crate::mesh::peer::pull;
use crate::mesh::service::Service;

/// How long a peer may hold a pull open while it has no news.
const WAIT: Duration = Duration::from_millis(1_500);
/// Pause after a pull that failed, or while the peer is down.
const RETRY: Duration = Duration::from_millis(250);
/// Least time between two pulls: under load, rows gather.
const GATHER: Duration = Duration::from_millis(60);

/// Starts following every peer.
pub fn follow_all(service: &Service, tasks: &mut JoinSet<()>) {
    for company in service.companies.iter().copied() {
        if company != service.me {
            tasks.spawn(follow_outbox(service.clone(), company));
            tasks.spawn(follow_catalogue(service.clone(), company));
        }
    }
}

async fn follow_outbox(service: Service, company: CompanyId) {
    let mut cursor = read_cursor(&service, company).await;
    loop {
        match pull_outbox(&service, company, cursor).await {
            Some(next) => {
                cursor = Some(next);
                tokio::time::sleep(GATHER).await;
            }
            None => tokio::time::sleep(RETRY).await,
        }
    }
}

async fn read_cursor(service: &Service, company: CompanyId) -> Option<OutboxCursor> {
    loop {
        match service.archive.cursors().await {
            Ok(cursors) => return cursors.get(&company).copied(),
            Err(error) => warn!(%error, %company, "cannot read how far the outbox was read"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// One pull; the cursor it reached once its rows are durable here.
async fn pull_outbox(
    service: &Service,
    company: CompanyId,
    after: Option<OutboxCursor>,
) -> Option<OutboxCursor> {
    let request = Request::Pull {
        after,
        wait_ms: WAIT.as_millis() as u32,
    };
    let (incarnation, rows) = match pull(&service.peers, company, request).await? {
        Reply::Rows { incarnation, rows } => (incarnation, rows),
        _ => return None,
    };
    let known = after.filter(|cursor| cursor.incarnation == incarnation);
    if after.is_some() && known.is_none() {
        warn!(%company, %incarnation, "the peer's database is another one; reading its outbox anew");
    }
    let before = known.map_or(0, |cursor| cursor.seq);
    let seq = rows.last().map_or(before, |(seq, _)| *seq);
    let cursor = OutboxCursor { incarnation, seq };
    if rows.is_empty() {
        return Some(cursor);
    }
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let entry = Entry::Merge {
        rows,
        cursor: Some((company, cursor)),
    };
    service.ledger.post(entry).await.ok().map(|_| cursor)
}

async fn follow_catalogue(service: Service, company: CompanyId) {
    let mut cursor = None;
    loop {
        let request = Request::PullCatalogue {
            after: cursor,
            wait_ms: WAIT.as_millis() as u32,
        };
        match pull(&service.peers, company, request).await {
            Some(Reply::Catalogue(page)) => {
                cursor = Some(page.next);
                let (first, more) = (page.reset, page.more);
                service.catalogue.follow(company, *page);
                if first && !more {
                    let routes = service.catalogue.routes(company);
                    info!(%company, routes, "catalogue read");
                }
                if !more {
                    tokio::time::sleep(GATHER).await;
                }
            }
            _ => tokio::time::sleep(RETRY).await,
        }
    }
}
