//! [`LedgerStore`] over two dedicated connections: one appends to the log, the other brings the tables after.
//!
//! ```text
//! -> select append(…)              <- when          append.rs, one round trip and one commit
//! -> BEGIN, every row, COMMIT      <- outcomes      project.rs, one round trip
//! ```
//!
//! Invariants:
//! * `Ok` only where the server acknowledged the append, or this COMMIT and every statement ahead of it;
//! * a session is used again only after its transaction has ended for certain: whatever else may have happened, a
//!   cancelled caller included, the connection is dropped.

mod append;
pub(crate) mod load;
mod project;
mod session;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::hot::{Facts, Loaded, Projection, Standing};
use passcom_actors::company::store::{Append, AppendError, LedgerStore, Logged, Read, WriteError};
use passcom_actors::domain::rows::Footprint;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::address::Connector;
use crate::error::{Failure, Stage};
use crate::guard::Guard;
use crate::pool::ANSWER_TIMEOUT;
use session::Session;

/// Between attempts to connect: doubles from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Log and tables over PostgreSQL, for one start of a node.
pub struct PgLedgerStore {
    mails: Arc<AtomicBool>,
    /// Of this start.
    epoch: i64,
    guard: Arc<Guard>,
    appends: Link,
    projections: Link,
}

/// A connection of one use, or when to try for the next one.
struct Link {
    connector: Connector,
    guard: Arc<Guard>,
    state: Mutex<LinkState>,
}

#[derive(Default)]
struct LinkState {
    session: Option<Session>,
    backoff: Duration,
    retry_at: Option<Instant>,
}

impl PgLedgerStore {
    /// `mails`: whether what is sold may have to be mailed.
    pub(crate) fn new(
        connector: &Connector,
        epoch: i64,
        guard: &Arc<Guard>,
        mails: &Arc<AtomicBool>,
    ) -> Self {
        Self {
            epoch,
            mails: mails.clone(),
            guard: guard.clone(),
            appends: Link::new(connector, guard),
            projections: Link::new(connector, guard),
        }
    }
}

impl LedgerStore for PgLedgerStore {
    fn standing<'a>(&'a self, node: &'a str) -> Read<'a, (Standing, i64)> {
        async move {
            let lease = self.appends.lease().await?;
            let read = bounded(load::standing(&lease.session, node)).await?;
            lease.give_back();
            Ok(read)
        }
        .boxed()
    }

    fn projected(&self) -> Read<'_, Seq> {
        async move {
            let lease = self.projections.lease().await?;
            let read = bounded(load::projected(&lease.session)).await?;
            lease.give_back();
            Ok(read)
        }
        .boxed()
    }

    fn log(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>> {
        async move {
            let lease = self.appends.lease().await?;
            let read = bounded(load::log(&lease.session, after, limit)).await?;
            lease.give_back();
            Ok(read)
        }
        .boxed()
    }

    fn facts(&self, after_version: i64) -> Read<'_, Facts> {
        async move {
            let lease = self.appends.lease().await?;
            let read = bounded(load::facts(&lease.session, after_version)).await?;
            lease.give_back();
            Ok(read)
        }
        .boxed()
    }

    fn load<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, Loaded> {
        async move {
            let lease = self.appends.lease().await?;
            let read = bounded(load::load(&lease.session, footprint)).await?;
            lease.give_back();
            Ok(read)
        }
        .boxed()
    }

    fn append<'a>(&'a self, row: Append<'a>) -> BoxFuture<'a, Result<i64, AppendError>> {
        async move {
            let lease = self.appends.lease().await;
            let lease = lease.map_err(Failure::into_append_error_of_lease)?;
            match bounded(append::append(&lease.session, self.epoch, &row)).await {
                Ok(at) => {
                    self.guard.on_acknowledged(row.seq);
                    lease.give_back();
                    Ok(at)
                }
                Err(failure) => {
                    let error = failure.into_append_error();
                    if !matches!(error, AppendError::Unknown(_)) {
                        lease.give_back();
                    }
                    Err(error)
                }
            }
        }
        .boxed()
    }

    fn project<'a>(&'a self, projection: &'a Projection) -> BoxFuture<'a, Result<(), WriteError>> {
        async move {
            let lease = self.projections.lease().await;
            let lease = lease.map_err(|failure| failure.into_write_error(Stage::BeforeCommit))?;
            let mails = self.mails.load(Ordering::Relaxed);
            let work = project::project(&lease.session, self.epoch, projection, mails);
            match bounded(async { Ok(work.await) }).await {
                Ok(project::Outcome::Committed) => {
                    lease.give_back();
                    Ok(())
                }
                Ok(project::Outcome::RolledBack(failure)) => {
                    lease.give_back();
                    Err(failure.into_write_error(Stage::BeforeCommit))
                }
                Ok(project::Outcome::Broken(failure, stage)) => {
                    Err(failure.into_write_error(stage))
                }
                Err(failure) => Err(failure.into_write_error(Stage::Commit)),
            }
        }
        .boxed()
    }
}

impl Link {
    fn new(connector: &Connector, guard: &Arc<Guard>) -> Self {
        Self {
            connector: connector.clone(),
            guard: guard.clone(),
            state: Mutex::default(),
        }
    }

    /// The session, or a new one, unless the last attempt to get one failed a moment ago: nothing is to wait for a database that
    /// is away.
    async fn lease(&self) -> Result<Lease<'_>, Failure> {
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.take().filter(Session::is_open) {
            return Ok(Lease { session, state });
        }
        if state.retry_at.is_some_and(|at| Instant::now() < at) {
            let cause = "the database could not be reached a moment ago".to_owned();
            return Err(Failure::Unreachable(cause));
        }
        match Session::open(&self.connector, &self.guard).await {
            Ok(session) => {
                state.backoff = Duration::ZERO;
                state.retry_at = None;
                Ok(Lease { session, state })
            }
            Err(failure) => {
                state.backoff = (state.backoff * 2).clamp(BACKOFF_MIN, BACKOFF_MAX);
                state.retry_at = Some(Instant::now() + state.backoff);
                Err(failure)
            }
        }
    }
}

/// A session in use. Dropped, it is closed.
struct Lease<'l> {
    session: Session,
    state: MutexGuard<'l, LinkState>,
}

impl Lease<'_> {
    /// What it was used for has ended for certain.
    fn give_back(mut self) {
        self.state.session = Some(self.session);
    }
}

async fn bounded<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER_TIMEOUT, work).await {
        Ok(done) => done,
        Err(_) => Err(Failure::Silent(ANSWER_TIMEOUT)),
    }
}
