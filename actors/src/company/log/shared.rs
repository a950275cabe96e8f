//! The log as ledger, projector and readers share it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::Seq;
use super::database_time::DatabaseTime;
use super::hot::{Broken, Hot};
use super::record::{Record, RecordError};
use crate::clock::Clock;
use crate::company::store::{LedgerStore, Logged, ReadError};
use crate::company::witness::Witness;
use crate::domain::ids::CompanyId;

/// Rows of the log read at a time.
const PAGE: usize = 256;
/// How long a reader waits for the tables.
const PATIENCE: Duration = Duration::from_secs(4);

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("row {0:?} of the log: {1}")]
    Unreadable(Seq, RecordError),
    #[error(
        "the log is damaged: {0}. Restore the database from a backup, and let the other companies decide what it has lost"
    )]
    Broken(#[from] Broken),
}

/// One company's log, open. Shared by reference.
pub struct Log {
    hot: Mutex<Hot>,
    /// An append has no answer: memory may be behind the log.
    doubtful: AtomicBool,
    /// The tables have been brought after. Wakes those who wait in the order of their waiting.
    reached: Notify,
    /// Somebody waits for that.
    pub(super) wanted: Notify,
    witness: Arc<Witness>,
    time: DatabaseTime,
}

impl Log {
    /// Reads where log and tables stand, and the rest of the log.
    pub async fn open(
        store: &dyn LedgerStore,
        me: CompanyId,
        node: &str,
        clock: Clock,
        witness: Arc<Witness>,
    ) -> Result<Arc<Self>, OpenError> {
        let (standing, now) = store.standing(node).await?;
        let mut hot = Hot::new(me, node, standing);
        hot.learn(store.facts(-1).await?);
        loop {
            let rows = store.log(hot.last(), PAGE).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                replay(&mut hot, store, row).await?;
            }
        }
        Ok(Arc::new(Self {
            hot: Mutex::new(hot),
            doubtful: AtomicBool::new(false),
            reached: Notify::new(),
            wanted: Notify::new(),
            witness,
            time: DatabaseTime::new(clock, now),
        }))
    }

    /// A panic of somebody who holds it has logged itself; the rows are changed by `apply` only, which does not panic.
    pub(crate) fn hot(&self) -> MutexGuard<'_, Hot> {
        self.hot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is in memory. An error while nobody knows whether the log says more, and once it is known to have
    /// lost something.
    pub fn read<T>(&self, read: impl FnOnce(&Hot) -> T) -> Result<T, ReadError> {
        if let Some(problem) = self.witness.lost() {
            return Err(ReadError(problem.to_owned()));
        }
        if self.doubtful.load(Ordering::Acquire) {
            return Err(ReadError(
                "the outcome of a write is not known yet".to_owned(),
            ));
        }
        Ok(read(&self.hot()))
    }

    /// Who tells how far it is durable.
    pub(crate) fn witness(&self) -> &Witness {
        &self.witness
    }

    pub(crate) fn is_doubtful(&self, doubtful: bool) {
        self.doubtful.store(doubtful, Ordering::Release);
    }

    /// The time of the database, in milliseconds since 1970, as far as its answers tell.
    pub fn now(&self) -> i64 {
        self.time.now()
    }

    /// The database has told its time.
    pub(crate) fn on_time(&self, told: i64) {
        self.time.on_told(told);
    }

    pub(super) fn on_projected(&self) {
        self.reached.notify_waiters();
    }

    /// Waits until the tables have all that the log has now.
    pub async fn catch_up(&self) -> Result<(), ReadError> {
        let upto = self.read(Hot::last)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let reached = self.reached.notified();
            tokio::pin!(reached);
            reached.as_mut().enable(); // from here on no projection is missed
            if self.hot().in_tables() >= upto {
                return Ok(());
            }
            self.wanted.notify_one();
            if timeout_at(until, reached).await.is_err() {
                return Err(ReadError("the tables are behind the log".to_owned()));
            }
        }
    }
}

/// Applies a row of the log at the start.
async fn replay(hot: &mut Hot, store: &dyn LedgerStore, row: Logged) -> Result<(), OpenError> {
    let record =
        Record::decode(&row.body).map_err(|error| OpenError::Unreadable(row.seq, error))?;
    let unknown = hot.unknown(&record);
    if !(unknown.sagas.is_empty() && unknown.users.is_empty()) {
        let mut loaded = store.load(&unknown).await?;
        hot.load(&mut loaded);
    }
    hot.apply(row.seq, row.at, row.body.len(), record)?;
    Ok(())
}
