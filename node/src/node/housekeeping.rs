//! Removes what nobody needs any more from the database, now and then.

use std::time::Duration;

use passcom_actors::messages::{Reply, Request};
use passcom_actors::service::Service;
use passcom_sql::{Database, prune};
use tracing::{debug, warn};

/// Pause between two rounds.
const EVERY: Duration = Duration::from_secs(60);
/// How long a peer has to say how far it has read.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

/// Tidies up for ever.
pub async fn run(service: Service, database: Database) {
    loop {
        tokio::time::sleep(EVERY).await;
        match tidy(&service, &database).await {
            Ok((outbox, keys)) => debug!(outbox, keys, "tidied up"),
            Err(error) => warn!(%error, "cannot tidy up; trying again in a minute"),
        }
    }
}

async fn tidy(service: &Service, database: &Database) -> anyhow::Result<(u64, u64)> {
    let outbox = match read_by_all(service).await {
        Some(seq) => prune::outbox(database, seq).await?,
        None => 0,
    };
    Ok((outbox, prune::keys(database).await?))
}

/// The outbox row that every peer has read, by its own durable word. None while one of them cannot be asked: what it has not
/// read waits for it, however long it is away.
async fn read_by_all(service: &Service) -> Option<i64> {
    let mut least = None;
    for company in service
        .companies
        .iter()
        .filter(|company| **company != service.me)
    {
        let answer = service
            .peers
            .call(*company, Request::Cursors, ASK_TIMEOUT)
            .await;
        let Ok(Reply::Cursors(cursors)) = answer else {
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
