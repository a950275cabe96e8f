//! Brings the tables up to date: numbered files, forward only, each in one transaction and recorded with it.

use anyhow::{Context, bail, ensure};

use passcom_actors::fail_point::{self, Write};

use crate::locks;
use crate::pool::Database;
use crate::roles;

/// Every migration there is, in order. A released one is never edited: the next one corrects it.
const MIGRATIONS: [(i32, &str, &str); 18] = [
    (1, "ledger", include_str!("../migrations/0001_ledger.sql")),
    (
        2,
        "open logins",
        include_str!("../migrations/0002_open_logins.sql"),
    ),
    (3, "holds", include_str!("../migrations/0003_holds.sql")),
    (4, "history", include_str!("../migrations/0004_history.sql")),
    (5, "log", include_str!("../migrations/0005_log.sql")),
    (
        6,
        "retention",
        include_str!("../migrations/0006_retention.sql"),
    ),
    (7, "witness", include_str!("../migrations/0007_witness.sql")),
    (
        8,
        "cancelled_leg",
        include_str!("../migrations/0008_cancelled_leg.sql"),
    ),
    (9, "offsets", include_str!("../migrations/0009_offsets.sql")),
    (
        10,
        "flights",
        include_str!("../migrations/0010_flights.sql"),
    ),
    (
        11,
        "refunds",
        include_str!("../migrations/0011_refunds.sql"),
    ),
    (12, "people", include_str!("../migrations/0012_people.sql")),
    (13, "names", include_str!("../migrations/0013_names.sql")),
    (14, "papers", include_str!("../migrations/0014_papers.sql")),
    (
        15,
        "payments",
        include_str!("../migrations/0015_payments.sql"),
    ),
    (
        16,
        "roles and retention",
        include_str!("../migrations/0016_roles_and_retention.sql"),
    ),
    (
        17,
        "keys of users",
        include_str!("../migrations/0017_keys_of_users.sql"),
    ),
    (
        18,
        "names withheld",
        include_str!("../migrations/0018_names_withheld.sql"),
    ),
];

const CREATE_RECORD: &str = "
create table if not exists migration (
    number int primary key,
    name text not null,
    applied_at timestamptz not null default now()
)";

/// Applies what is missing, and lets the role `node` do its work with what is there, if that is another one than ours. Two at
/// once wait for each other; the second finds nothing to do.
pub async fn migrate(database: &Database, node: Option<&str>) -> anyhow::Result<()> {
    let mut client = database.client().await?;
    let transaction = client.transaction().await.context("begin the migration")?;
    // a large table may take its time, and so may whoever migrates before us
    transaction
        .batch_execute("set local statement_timeout = 0; set local lock_timeout = 0")
        .await?;
    transaction
        .execute("select pg_advisory_xact_lock($1)", &[&locks::MIGRATION])
        .await
        .context("wait for another migration to end")?;
    transaction.batch_execute(CREATE_RECORD).await?;
    let applied: i32 = transaction
        .query_one("select coalesce(max(number), 0) from migration", &[])
        .await?
        .try_get(0)?;
    known(applied)?;
    for (number, name, statements) in MIGRATIONS.iter().filter(|(number, ..)| *number > applied) {
        transaction
            .batch_execute(statements)
            .await
            .with_context(|| format!("apply migration {number:04}_{name}"))?;
        transaction
            .execute(
                "insert into migration (number, name) values ($1, $2)",
                &[number, name],
            )
            .await?;
        tracing::info!(number, name, "migration applied");
    }
    if let Some(node) = node {
        roles::grant(&transaction, node).await?;
    }
    fail_point::before(&Write::Migration);
    transaction.commit().await.context("commit the migration")?;
    fail_point::after(&Write::Migration);
    Ok(())
}

/// Whether the tables are those of this program; for who may not migrate.
pub async fn check(database: &Database) -> anyhow::Result<()> {
    const MISSING: &str = "run `passcom migrate`, which does it as the owner of the tables";
    let client = database.client().await?;
    // null where there are no tables yet, false where they are not for us
    let readable = "select has_table_privilege(to_regclass('migration'), 'select')";
    let readable: Option<bool> = client.query_one(readable, &[]).await?.try_get(0)?;
    if readable != Some(true) {
        bail!("the database has no tables for this role: {MISSING}");
    }
    let applied = "select coalesce(max(number), 0) from migration";
    let applied: i32 = client.query_one(applied, &[]).await?.try_get(0)?;
    known(applied)?;
    ensure!(
        applied == newest(),
        "the database has migration {applied}, this program needs {}: {MISSING}",
        newest()
    );
    Ok(())
}

fn newest() -> i32 {
    MIGRATIONS[MIGRATIONS.len() - 1].0
}

fn known(applied: i32) -> anyhow::Result<()> {
    let newest = newest();
    ensure!(
        applied <= newest,
        "the database has migration {applied}, this program knows {newest}: start the newer program"
    );
    Ok(())
}
