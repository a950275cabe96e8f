//! A pooled connection for one read, with a bound on the answer.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PgTables;
use crate::error::Failure;
use crate::pool::ANSWER_TIMEOUT;

pub(super) struct Reader {
    /// None only while it is dropped.
    client: Option<Object>,
    /// The server did not answer: the next reader is not to wait behind us.
    silent: AtomicBool,
}

impl PgTables {
    pub(super) async fn reader(&self) -> Result<Reader, Failure> {
        let client = self.pool.get().await;
        let client = client.map_err(|error| Failure::Unreachable(error.to_string()))?;
        Ok(Reader {
            client: Some(client),
            silent: AtomicBool::new(false),
        })
    }
}

impl Reader {
    /// Runs a statement, prepared once per connection. Several polled together travel together.
    pub(super) async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Failure> {
        let client = self.client.as_ref().expect("taken by drop only");
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, async {
            let statement = client.prepare_cached(sql).await?;
            client.query(&statement, parameters).await
        });
        let Ok(answer) = answer.await else {
            self.silent.store(true, Ordering::Relaxed);
            return Err(Failure::Silent(ANSWER_TIMEOUT));
        };
        Ok(answer?)
    }

    /// The only row, if any.
    pub(super) async fn row(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(sql, parameters).await?.into_iter().next())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let client = self.client.take();
        if self.silent.load(Ordering::Relaxed) {
            // out of the pool, and closed
            drop(client.map(Object::take));
        }
    }
}

/// A limit as PostgreSQL takes it.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
