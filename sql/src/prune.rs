//! Removes what nobody needs any more, a bounded number of rows at a time.
//!
//! * An outbox row that every peer has read. The last number that was given out is remembered in `node_state`.
//! * A client's key whose answer is older than [`KEYS_KEPT_DAYS`]. Sent again after that, it drives the same saga again, and what
//!   is recorded of that gives the same answer.
//!
//! Sagas, legs and registers stay: they are what late messages are answered from.

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
