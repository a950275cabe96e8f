//! The ledger's connection with its prepared statements.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::try_join_all;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::{append, load, project};
use crate::address::Connector;
use crate::error::Failure;
use crate::guard::Guard;
use crate::pool::{ANSWER_TIMEOUT, bounds};

/// The ledger only ever looks rows up by their keys, and by many keys at once. A plan that scans a table because it was
/// small when the plan was made would be paid for later, with every batch; so would a plan made anew for every batch.
const PLANS: &str = "
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
set jit = off;
set default_transaction_isolation = 'read committed';
";

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(super) struct Session {
    client: Client,
    connection: JoinHandle<()>,
    statements: HashMap<&'static str, Statement>,
    /// A write of this transaction failed.
    failed: AtomicBool,
}

impl Session {
    pub(super) async fn open(connector: &Connector, guard: &Guard) -> Result<Self, Failure> {
        // the connection itself has CONNECT_TIMEOUT; statements are prepared after it, which a busy server takes its time for
        let opening = tokio::time::timeout(ANSWER_TIMEOUT, Self::connect(connector, guard));
        let Ok(opened) = opening.await else {
            return Err(Failure::Silent(ANSWER_TIMEOUT));
        };
        opened
    }

    async fn connect(connector: &Connector, guard: &Guard) -> Result<Self, Failure> {
        let (client, connection) = connector.connect().await?;
        let connection = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "connection of the ledger ended");
            }
        });
        // made first, so that whatever fails below drops the connection too
        let mut session = Self {
            client,
            connection,
            statements: HashMap::new(),
            failed: AtomicBool::new(false),
        };
        let settings = format!("{}{PLANS}", bounds());
        session.client.batch_execute(&settings).await?;
        guard.check(&session.client).await??;
        let all = load::STATEMENTS
            .iter()
            .chain(&project::STATEMENTS)
            .chain([&append::APPEND]);
        let prepared = all.clone().map(|sql| session.client.prepare(sql));
        let prepared = try_join_all(prepared).await?;
        session.statements = all.copied().zip(prepared).collect();
        Ok(session)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// The same, unless there is nothing to ask.
    pub(super) async fn query_if(
        &self,
        wanted: bool,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        if wanted {
            self.query(sql, parameters).await
        } else {
            Ok(Vec::new())
        }
    }

    /// Runs one of the statements listed beside this module. Sent when first polled.
    pub(super) async fn query(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        let statement = &self.statements[sql];
        Ok(self.client.query(statement, parameters).await?)
    }

    pub(super) async fn execute(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<(), Failure> {
        let statement = &self.statements[sql];
        match self.client.execute(statement, parameters).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.failed.store(true, Ordering::Relaxed);
                Err(error.into())
            }
        }
    }

    pub(super) async fn begin(&self) -> Result<(), Failure> {
        self.failed.store(false, Ordering::Relaxed);
        Ok(self.client.batch_execute("begin").await?)
    }

    /// Commits, unless a statement has failed already. One that could not even be encoded was never sent: the server
    /// knows nothing of it and would commit the others.
    pub(super) async fn end(&self) -> Result<(), Failure> {
        let failed = self.failed.load(Ordering::Relaxed);
        let end = if failed { "rollback" } else { "commit" };
        Ok(self.client.batch_execute(end).await?)
    }
}

impl Drop for Session {
    /// Closes the socket at once, also where the server has stopped answering.
    fn drop(&mut self) {
        self.connection.abort();
    }
}
