//! Removes what nobody needs any more from the database, now and then.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use passcom_actors::company::Company;
use passcom_actors::mesh::companies::Companies;
use passcom_actors::mesh::messages::{Reply, Request};
use passcom_sql::{Database, forget, prune, retention};
use tokio::time::{Instant, interval, interval_at};
use tracing::{debug, warn};

use crate::config::Retention;

/// How often outbox rows go that every peer has read.
const OUTBOX_EVERY: Duration = Duration::from_secs(15);
/// How often old keys go. Looking for them reads every key.
const KEYS_EVERY: Duration = Duration::from_secs(3600);
/// How often people are forgotten whose account is deleted and whose flights have left.
const FORGET_EVERY: Duration = Duration::from_secs(3600);
/// How often names go out of copies that older programs made with them, until none is left.
const COPIED_EVERY: Duration = Duration::from_secs(2);
const COPIED_AFTER: Duration = Duration::from_secs(60);
/// How often the log is looked at for a partition that is old enough to go. One goes at a time.
const LOG_EVERY: Duration = Duration::from_secs(600);
/// How often bookings that came to nothing are looked at: at most some forty a second go.
const REFUSED_EVERY: Duration = Duration::from_secs(13);
/// How long a peer has to say how far it has read.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

/// Tidies up for ever.
pub async fn run(
    company: Arc<Company>,
    companies: Companies,
    database: Database,
    retention: Retention,
) {
    let (mut outbox, mut keys) = (interval(OUTBOX_EVERY), interval(KEYS_EVERY));
    let (mut log, mut people) = (interval(LOG_EVERY), interval(FORGET_EVERY));
    let mut refused = interval(REFUSED_EVERY);
    // what the log of an older program has yet to bring to the tables is there by then
    let mut copied = interval_at(Instant::now() + COPIED_AFTER, COPIED_EVERY);
    let mut are_named = true;
    loop {
        let gone = tokio::select! {
            _ = outbox.tick() => prune_outbox(&company, &companies, &database).await,
            _ = keys.tick() => prune::keys(&database).await,
            _ = people.tick() => forget::departed(&database).await,
            _ = log.tick() => trim_log(&database, retention.log_days).await,
            _ = copied.tick(), if are_named => forget::copied(&database, company.me).await.map(|withheld| {
                are_named = withheld.is_some();
                withheld.unwrap_or_default()
            }),
            _ = refused.tick() => forget_refused(&database, &retention).await,
        };
        match gone {
            Ok(rows) => debug!(rows, "tidied up"),
            Err(error) => warn!(%error, "cannot tidy up; it will be tried again"),
        }
    }
}

/// A step of each kind.
async fn forget_refused(database: &Database, retention: &Retention) -> anyhow::Result<u64> {
    let thinned = retention::thin_refused(database, retention.refused_days).await?;
    counter!("passcom_refused_bookings_thinned_total").increment(thinned);
    let gone = retention::forget_refused(database, retention.history_days).await?;
    let audit = retention::forget_audit(database, retention.history_days).await?;
    Ok(thinned + gone + audit)
}

async fn trim_log(database: &Database, days: u16) -> anyhow::Result<u64> {
    let trimmed = prune::log(database, days).await?;
    let dropped = u64::from(trimmed.dropped);
    counter!("passcom_log_partitions_dropped_total").increment(dropped);
    gauge!("passcom_log_partitions").set(trimmed.partitions as f64);
    Ok(dropped)
}

async fn prune_outbox(
    company: &Company,
    companies: &Companies,
    database: &Database,
) -> anyhow::Result<u64> {
    match read_by_all(company, companies).await {
        Some(seq) => prune::outbox(database, seq).await,
        None => Ok(0),
    }
}

/// The outbox row that every peer has read, by its own durable word. None while one of them cannot be asked: what it has not
/// read waits for it, however long it is away.
async fn read_by_all(company: &Company, companies: &Companies) -> Option<i64> {
    let mut least = None;
    for peer in companies.others() {
        let asked = companies.ask(peer, Request::Cursors, ASK_TIMEOUT).await;
        let Ok(Reply::Cursors(cursors)) = asked else {
            return None;
        };
        let cursor = cursors.get(&company.me)?;
        if cursor.incarnation != company.archive.incarnation() {
            return None;
        }
        least = Some(least.map_or(cursor.seq, |seq: i64| seq.min(cursor.seq)));
    }
    least
}
