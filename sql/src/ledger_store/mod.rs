//! [`LedgerStore`] over one dedicated connection. A batch is one transaction and two round trips, whatever its size:
//!
//! ```text
//! -> BEGIN, every read     <- rows          load.rs
//!    decide changes the rows in memory
//! -> every write, COMMIT   <- outcomes      save.rs
//! ```
//!
//! Invariants:
//! * `Ok` only where the server acknowledged this COMMIT, and every statement ahead of it succeeded;
//! * a session is used again only after its transaction has ended for certain: whatever else may have happened, a
//!   cancelled caller included, the connection is dropped.

mod load;
mod save;
mod session;

use std::future::Future;
use std::time::Duration;

use futures_util::future::BoxFuture;
use passcom_actors::catalogue::CloseOfSale;
use passcom_actors::company::store::{LedgerStore, WriteError};
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::rows::{Footprint, Rows};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_postgres::Config;

use crate::error::{Failure, Stage};
use crate::pool::ANSWER_TIMEOUT;
use session::Session;

/// Between attempts to connect: doubles from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// The writer over PostgreSQL.
pub struct PgLedgerStore {
    config: Config,
    company: CompanyId,
    close: CloseOfSale,
    link: Mutex<Link>,
}

/// The connection, or when to try for the next one.
#[derive(Default)]
struct Link {
    session: Option<Session>,
    backoff: Duration,
    retry_at: Option<Instant>,
}

/// How a transaction ended, when not well.
struct Ended {
    error: WriteError,
    /// Nothing had been decided yet: the same may be tried on another session.
    lost_early: bool,
}

impl PgLedgerStore {
    pub(crate) fn new(config: Config, company: CompanyId, close: CloseOfSale) -> Self {
        Self {
            config,
            company,
            close,
            link: Mutex::default(),
        }
    }

    /// One transaction. The session goes back only where the transaction has certainly ended.
    async fn attempt(
        &self,
        link: &mut Link,
        footprint: &Footprint,
        decide: &mut (dyn FnMut(&mut Rows) + Send),
    ) -> Result<(), Ended> {
        let session = link.session(&self.config).await.map_err(|failure| Ended {
            error: failure.into_write_error(Stage::BeforeCommit),
            lost_early: false,
        })?;
        let mut rows = bounded(load::load(
            &session,
            footprint,
            self.company,
            self.close.first_departure(),
        ))
        .await
        .map_err(|failure| Ended {
            lost_early: failure.is_lost_session(),
            error: failure.into_write_error(Stage::BeforeCommit),
        })?;
        decide(&mut rows);
        let saved = bounded(async { Ok(save::save(&session, &rows).await) }).await;
        let error = match saved {
            Ok(save::Saved::Committed) => None,
            Ok(save::Saved::RolledBack(failure)) => {
                Some(failure.into_write_error(Stage::BeforeCommit))
            }
            Ok(save::Saved::Broken(failure, stage)) => return Err(failure.at(stage)),
            Err(failure) => return Err(failure.at(Stage::Commit)),
        };
        link.session = Some(session);
        error.map_or(Ok(()), |error| {
            Err(Ended {
                error,
                lost_early: false,
            })
        })
    }
}

impl Failure {
    fn at(self, stage: Stage) -> Ended {
        Ended {
            error: self.into_write_error(stage),
            lost_early: false,
        }
    }
}

impl LedgerStore for PgLedgerStore {
    fn transact<'a>(
        &'a self,
        footprint: &'a Footprint,
        decide: &'a mut (dyn FnMut(&mut Rows) + Send),
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(async move {
            let mut link = self.link.lock().await;
            let used_before = link.session.is_some();
            let mut ended = self.attempt(&mut link, footprint, decide).await;
            // a connection that died while it was idle says so only now
            if used_before && ended.as_ref().is_err_and(|ended| ended.lost_early) {
                ended = self.attempt(&mut link, footprint, decide).await;
            }
            ended.map_err(|ended| ended.error)
        })
    }
}

impl Link {
    /// Takes the session, or makes one. Between failed attempts it answers at once: the batch is not to wait for a
    /// database that is away.
    async fn session(&mut self, config: &Config) -> Result<Session, Failure> {
        if let Some(session) = self.session.take().filter(Session::is_open) {
            return Ok(session);
        }
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            let why = "the database could not be reached a moment ago".to_owned();
            return Err(Failure::Unreachable(why));
        }
        match Session::open(config).await {
            Ok(session) => {
                self.backoff = Duration::ZERO;
                self.retry_at = None;
                Ok(session)
            }
            Err(failure) => {
                self.backoff = (self.backoff * 2).clamp(BACKOFF_MIN, BACKOFF_MAX);
                self.retry_at = Some(Instant::now() + self.backoff);
                Err(failure)
            }
        }
    }
}

async fn bounded<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER_TIMEOUT, work).await {
        Ok(done) => done,
        Err(_) => Err(Failure::Silent(ANSWER_TIMEOUT)),
    }
}
