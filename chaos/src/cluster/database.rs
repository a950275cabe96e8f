//! Databases of a cluster as a tester reaches them: directly, not through a node.
//!
//! A company's tables follow its log. Before they are asked about a moment they must have been brought there: see [`follow`].

use std::fmt;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::{Client, NoTls};

use super::RunningCompany;

/// Of connecting, and of one statement: also one that reads all legs of a long run.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const STATEMENT_LIMIT: &str = "set statement_timeout = '60s'";
/// A node that lives brings its tables to where its log is within this, under load, too.
const TABLES_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LOG_END: &str = "select coalesce(max(seq), 0) from log";
const TABLES_AT: &str = "select projected from node_state";

/// A connection to a company's database.
pub async fn connect(company: &RunningCompany) -> anyhow::Result<Client> {
    let unreachable = || format!("cannot reach the database of {}", company.company);
    let connecting = tokio_postgres::connect(&company.postgres, NoTls);
    let (client, connection) = timeout(CONNECT_LIMIT, connecting)
        .await
        .with_context(unreachable)?
        .with_context(unreachable)?;
    // its end is the client's next error
    tokio::spawn(connection);
    client
        .batch_execute(STATEMENT_LIMIT)
        .await
        .with_context(unreachable)?;
    Ok(client)
}

/// Tables that lack rows of their log: the node is dead, or its projector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    pub tables: i64,
    pub log: i64,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tables, log } = self;
        write!(
            f,
            "its tables are at row {tables} of its log, which had {log}"
        )
    }
}

impl std::error::Error for Behind {}

/// Waits until the tables have all that the log of this database has now. Where they do not come there within
/// ten seconds the answer says how far they are.
pub async fn follow(database: &Client) -> anyhow::Result<Result<(), Behind>> {
    let number = async |statement| -> anyhow::Result<i64> {
        let row = database.query_one(statement, &[]).await;
        Ok(row.context("ask where log and tables are")?.try_get(0)?)
    };
    let log = number(LOG_END).await?;
    let deadline = Instant::now() + TABLES_LIMIT;
    loop {
        let tables = number(TABLES_AT).await?;
        if tables >= log {
            return Ok(Ok(()));
        }
        if Instant::now() >= deadline {
            return Ok(Err(Behind { tables, log }));
        }
        sleep(LOOK_AGAIN).await;
    }
}
