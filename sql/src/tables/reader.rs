//! A pooled connection for one read, with a bound on the answer.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use futures_util::TryStreamExt;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PgTables;
use crate::decode::Decoded;
use crate::error::Failure;
use crate::pool::ANSWER_TIMEOUT;

pub(super) struct Reader {
    /// None only while it is dropped.
    client: Option<Object>,
    /// The server did not answer, or not to the end: the next reader is not to wait behind us.
    spoilt: AtomicBool,
}

impl PgTables {
    pub(super) async fn reader(&self) -> Result<Reader, Failure> {
        let client = self.pool.get().await;
        let client = client.map_err(|error| Failure::Unreachable(error.to_string()))?;
        Ok(Reader {
            client: Some(client),
            spoilt: AtomicBool::new(false),
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
            self.spoilt.store(true, Ordering::Relaxed);
            return Err(Failure::Silent(ANSWER_TIMEOUT));
        };
        Ok(answer?)
    }

    /// Hands over every row as it comes. Each may take as long as any answer, all of them together as long as it takes.
    pub(super) async fn each_row(
        &self,
        sql: &str,
        parameter: i64,
        take: impl FnMut(&Row) -> Decoded<()>,
    ) -> Result<(), Failure> {
        // until it is done it is in the middle of an answer, and in a transaction, also where nobody waits for it any more
        self.spoilt.store(true, Ordering::Relaxed);
        let done = self.try_each_row(sql, parameter, take).await;
        self.spoilt.store(done.is_err(), Ordering::Relaxed);
        done
    }

    async fn try_each_row(
        &self,
        sql: &str,
        parameter: i64,
        mut take: impl FnMut(&Row) -> Decoded<()>,
    ) -> Result<(), Failure> {
        let client = self.client.as_ref().expect("taken by drop only");
        let begin = "begin read only; set local statement_timeout = 0";
        answered(client.batch_execute(begin)).await?;
        let statement = answered(client.prepare_cached(sql)).await?;
        let rows = answered(client.query_raw(&statement, [parameter])).await?;
        let mut rows = pin!(rows);
        while let Some(row) = answered(rows.try_next()).await? {
            take(&row)?;
        }
        answered(client.batch_execute("commit")).await
    }

    /// What is read within is of one moment.
    pub(super) async fn of_one_moment<T>(
        &self,
        read: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // until it is done it is in a transaction
        self.spoilt.store(true, Ordering::Relaxed);
        let client = self.client.as_ref().expect("taken by drop only");
        let begin = "begin isolation level repeatable read read only";
        answered(client.batch_execute(begin)).await?;
        let done = read(self).await?;
        answered(client.batch_execute("commit")).await?;
        self.spoilt.store(false, Ordering::Relaxed);
        Ok(done)
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
        if self.spoilt.load(Ordering::Relaxed) {
            // out of the pool, and closed
            drop(client.map(Object::take));
        }
    }
}

async fn answered<T>(
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
    Ok(answer.map_err(|_| Failure::Silent(ANSWER_TIMEOUT))??)
}

/// A limit as PostgreSQL takes it.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
