//! Removes what nobody needs any more, a bounded number of rows at a time.
//!
//! * An outbox row that every peer has read. The last number that was given out is remembered in `node_state`.
//! * A client's key whose answer is older than [`KEYS_KEPT_DAYS`]. Sent again after that, it drives the same saga again, and what
//!   is recorded of that gives the same answer.
//! * A partition of the log that the tables have, all of it, when its last row is older than operators want to ask about. Nobody reads
//!   such rows but operators: a start reads what the tables do not have, peers read the outbox, and an append without an answer
//!   is looked up at the end.
//!
//! Sagas, legs and registers stay: they are what late messages are answered from. Of those that came to nothing less stays, in time
//! ([`retention`](crate::retention)).

use passcom_actors::company::store::KEYS_KEPT_DAYS;
use passcom_actors::fail_point::{self, Write};

use crate::Database;

/// Most rows of a table that go at a time.
const ROWS_MAX: i64 = 20_000;

const OUTBOX: &str = "
delete from outbox where seq in (
    select seq from outbox where seq <= $1 order by seq limit $2
)";

const KEYS: &str = "
delete from idem where (user_id, key) in (
    select user_id, key from idem
    where answer is not null and created_at < now() - $1 * interval '1 day' limit $2
)";

/// The oldest partition of the log, with whether it may go.
const OLDEST: &str = "
select number, (number + 1) * log_width() - 1 <= projected
           and exists (select from log where seq >= (number + 1) * log_width())
           and coalesce((
               select at from log where seq >= number * log_width() and seq < (number + 1) * log_width() order by seq desc limit 1
           ) < now() - $1 * interval '1 day', true) as due,
       (select count(*) from pg_inherits where inhparent = 'log'::regclass) as partitions
from node_state cross join lateral (
    select min(substr(relname, 5)::bigint) as number
    from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'log'::regclass
) as oldest
";
/// How long the drop waits for whoever reads or writes the log. Appends wait behind it.
const DROP_PATIENCE_MS: u32 = 200;

/// What became of the oldest partition of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trimmed {
    /// It went; there may be another one.
    pub dropped: bool,
    /// Partitions that are left.
    pub partitions: i64,
}

/// Drops the oldest partition of the log, if the tables have all of it and its last row is older than so many days.
///
/// It waits for nobody: where the log is in use for longer than a moment it fails, and is tried again another time.
pub async fn log(database: &Database, days: u16) -> anyhow::Result<Trimmed> {
    let mut client = database.client().await?;
    let oldest = client.query_one(OLDEST, &[&f64::from(days)]).await?;
    let mut trimmed = Trimmed {
        dropped: oldest.try_get("due")?,
        partitions: oldest.try_get("partitions")?,
    };
    fail_point::before(&Write::Trimming);
    if trimmed.dropped {
        let number: i64 = oldest.try_get("number")?;
        let transaction = client.transaction().await?;
        let patience = format!("set local lock_timeout = {DROP_PATIENCE_MS}");
        transaction.batch_execute(&patience).await?;
        // looks at everything again: it has shut the log then
        transaction
            .execute("select drop_log($1, $2)", &[&number, &i32::from(days)])
            .await?;
        transaction.commit().await?;
        trimmed.partitions -= 1;
        tracing::info!(number, "a partition of the log was dropped");
    }
    fail_point::after(&Write::Trimming);
    Ok(trimmed)
}

/// Outbox rows up to `seq`, which every peer has read; how many went.
pub async fn outbox(database: &Database, seq: i64) -> anyhow::Result<u64> {
    let client = database.client().await?;
    fail_point::before(&Write::Pruning);
    let gone = client.execute(OUTBOX, &[&seq, &ROWS_MAX]).await?;
    fail_point::after(&Write::Pruning);
    Ok(gone)
}

/// Keys that were answered long ago; how many went.
pub async fn keys(database: &Database) -> anyhow::Result<u64> {
    let client = database.client().await?;
    let days = f64::from(KEYS_KEPT_DAYS);
    fail_point::before(&Write::Pruning);
    let gone = client.execute(KEYS, &[&days, &ROWS_MAX]).await?;
    fail_point::after(&Write::Pruning);
    Ok(gone)
}
