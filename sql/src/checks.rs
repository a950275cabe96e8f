//! What must hold of a database before a node trusts it with a booking. Every refusal is one sentence that says what to do.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::lineage::{Lineage, STARTS_MAX, Start};
use passcom_actors::domain::ids::{CompanyId, Incarnation};
use passcom_actors::fail_point::{self, Write};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Row, Transaction};
use uuid::Uuid;

use crate::guard;
use crate::locks;
use crate::pool::{ANSWER_TIMEOUT, Database};

/// Oldest server we run on, as `server_version_num` has it.
const SERVER_VERSION_MIN: i32 = 140_000;
/// How often the server is asked to notice that a node's machine is gone, so that its lock is given up.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Which life of which database this node runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub incarnation: Incarnation,
    /// Rises with every start of a node.
    pub epoch: i64,
    /// Of the log, this start included.
    pub lineage: Lineage,
}

/// Held by the one node that runs on a database. Gives the lock up when dropped.
pub struct NodeLock {
    // the lock lives as long as this session
    client: Client,
    connection: JoinHandle<()>,
}

impl NodeLock {
    /// Ends when the lock is lost: from then on another node may start, so this one must stop.
    pub async fn lost(&mut self) {
        // a join error means that the connection's task panicked: lost as well
        let _ = (&mut self.connection).await;
    }
}

impl Drop for NodeLock {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Refuses a server that is too old, or whose settings lose commits.
pub async fn settings(database: &Database) -> anyhow::Result<()> {
    let client = database.client().await?;
    let version: i32 = client
        .query_one("select current_setting('server_version_num')::int", &[])
        .await
        .context("ask PostgreSQL for its version")?
        .try_get(0)?;
    ensure!(
        version >= SERVER_VERSION_MIN,
        "PostgreSQL {} is too old: install {} or newer",
        version / 10_000,
        SERVER_VERSION_MIN / 10_000
    );
    let settings = guard::settings(&client).await;
    Ok(settings.context("ask PostgreSQL for its settings")??)
}

/// Takes the lock of the one node of this company, or says that another has it; an [`Unfit`] where the database is not
/// what the node started on.
pub async fn lock_node(database: &Database) -> anyhow::Result<NodeLock> {
    let locking = tokio::time::timeout(ANSWER_TIMEOUT, try_lock(database));
    locking.await.context("the database does not answer")?
}

async fn try_lock(database: &Database) -> anyhow::Result<NodeLock> {
    let connecting = database.connector().connect();
    let (client, connection) = connecting.await.context("connect for the node's lock")?;
    let connection = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::error!(%error, "connection that holds the node's lock ended");
        }
    });
    let lock = NodeLock { client, connection };
    lock.client
        .batch_execute(&format!(
            "set tcp_keepalives_idle = {0}; set tcp_keepalives_interval = {0}; set tcp_keepalives_count = 3; set idle_session_timeout = 0",
            KEEPALIVE.as_secs()
        ))
        .await
        .context("bound the life of the node's lock")?;
    let taken: bool = lock
        .client
        .query_one("select pg_try_advisory_lock($1)", &[&locks::NODE])
        .await
        .context("take the node's lock")?
        .try_get(0)?;
    ensure!(
        taken,
        "another node of company {} runs on this database: stop it first",
        database.company()
    );
    database.guard().check(&lock.client).await??;
    Ok(lock)
}

/// Says who this database is, and counts this start. The first start makes it a member of these companies for good.
///
/// Call it under the node's lock only.
pub async fn identify(database: &Database, companies: &[CompanyId]) -> anyhow::Result<Identity> {
    let mut configured: Vec<String> = companies.iter().map(CompanyId::to_string).collect();
    configured.sort_unstable();
    let mut client = database.client().await?;
    let transaction = client.transaction().await?;
    transaction
        .execute(
            "insert into membership (incarnation, companies) values ($1, $2) on conflict do nothing",
            &[&Uuid::new_v4(), &configured],
        )
        .await
        .context("record the membership")?;
    let row = transaction
        .query_one("select incarnation, companies from membership", &[])
        .await
        .context("read the membership")?;
    let recorded: Vec<String> = row.try_get("companies")?;
    if recorded != configured {
        bail!(
            "this database belongs to a cluster of {recorded:?}, the configuration says {configured:?}: \
             correct the configuration, or start on an empty database"
        );
    }
    let incarnation = Incarnation(row.try_get("incarnation")?);
    // an append of the start before that is under way ends first; whatever comes after it finds its epoch over
    transaction
        .batch_execute(&format!(
            "set local statement_timeout = {0}; set local lock_timeout = {0}; select shut_log()",
            ANSWER_TIMEOUT.as_millis() // its server gives it up before that
        ))
        .await
        .context("wait for the appends of the start before")?;
    let epoch = transaction
        .query_one(
            "update node_state set epoch = epoch + 1 returning epoch",
            &[],
        )
        .await
        .context("count this start")?
        .try_get("epoch")?;
    let lineage = begin(&transaction, incarnation, epoch).await?;
    fail_point::before(&Write::Identity);
    transaction.commit().await?;
    fail_point::after(&Write::Identity);
    Ok(Identity {
        incarnation,
        epoch,
        lineage,
    })
}

/// Records this start and where the log ends.
async fn begin(
    transaction: &Transaction<'_>,
    incarnation: Incarnation,
    epoch: i64,
) -> anyhow::Result<Lineage> {
    // an append of the node before us may still be under way: it is written before we look, or finds the new epoch and
    // fails
    transaction
        .batch_execute("select shut_log()")
        .await
        .context("wait for the appends of the node before us")?;
    let earlier = transaction
        .query(
            "select run, after_seq from start order by epoch desc limit $1",
            &[&i64::try_from(STARTS_MAX)?],
        )
        .await
        .context("read the starts of the log")?;
    let earlier = earlier.iter().rev().map(start);
    let present = transaction
        .query_one(
            "insert into start (epoch, run, after_seq)
            select $1, $2, greatest(projected, (select max(seq) from log)) from node_state
            returning run, after_seq",
            &[&epoch, &Uuid::new_v4()],
        )
        .await
        .context("record this start")?;
    let present = start(&present)?;
    Ok(Lineage {
        incarnation,
        earlier: earlier.collect::<anyhow::Result<_>>()?,
        present,
        last: present.after,
    })
}

fn start(row: &Row) -> anyhow::Result<Start> {
    Ok(Start {
        run: row.try_get("run")?,
        after: Seq(row.try_get("after_seq")?),
    })
}
