//! Removes what nobody needs any more from the database, now and then.

use std::time::Duration;

use passcom_actors::mesh::messages::{Reply, Request};
use passcom_actors::mesh::service::Service;
use passcom_sql::{Database, prune};
use tokio::time::interval;
use tracing::{debug, warn};

/// How often outbox rows go that every peer has read.
const OUTBOX_EVERY: Duration = Duration::from_secs(15);
/// How often old keys go. Looking for them reads every key.
const KEYS_EVERY: Duration = Duration::from_secs(3600);
/// How long a peer has to say how far it has read.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

/// Tidies up for ever.
pub async fn run(service: Service, database: Database) {
    let (mut outbox, mut keys) = (interval(OUTBOX_EVERY), interval(KEYS_EVERY));
    loop {
        let gone = tokio::select! {
            _ = outbox.tick() => prune_outbox(&service, &database).await,
            _ = keys.tick() => prune::keys(&database).await,
        };
        match gone {
            Ok(rows) => debug!(rows, "tidied up"),
            Err(error) => warn!(%error, "cannot tidy up; it will be tried again"),
        }
    }
}

async fn prune_outbox(service: &Service, database: &Database) -> anyhow::Result<u64> {
    match read_by_all(service).await {
        Some(seq) => prune::outbox(database, seq).await,
        None => Ok(0),
    }
}

/// The outbox row that every peer has read, by its own durable word. None while one of them cannot be asked: what it has not
/// read waits for it, however long it is away.
async fn read_by_all(service: &Service) -> Option<i64> {
    let peers = service.companies.iter();
    let mut least = None;
    for company in peers.filter(|company| **company != service.me) {
        let asked = service.peers.call(*company, Request::Cursors, ASK_TIMEOUT);
        let Ok(Reply::Cursors(cursors)) = asked.await else {
            return None;
        };
        let cursor = cursors.get(&service.me)?;
        if cursor.incarnation != service.archive.incarnation() {
            return None;
        }
        least = Some(least.map_or(cursor.seq, |seq: i64| seq.min(cursor.seq)));
    }
    least
}
