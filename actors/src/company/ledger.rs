//! The only writer of this company's legs, registers, tickets and outbox: group commit.
//!
//! Whatever entries wait become one transaction. Each gets its own receipt after COMMIT, and only then replies leave and
//! route actors learn of it. An entry that poisons a batch hurts itself only: the batch then runs entry by entry.

use std::sync::Arc;

use metrics::{counter, histogram};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use crate::company::news::{Listener, News};
use crate::company::store::{LedgerStore, WriteError};
use crate::domain::entry::{Entry, Receipt};
use crate::domain::ids::CompanyId;
use crate::domain::rows::Footprint;
use crate::fail_point;

/// Most entries of one transaction.
pub const BATCH_MAX: usize = 256;
/// Most entries that may wait; beyond, posting waits.
const QUEUE_MAX: usize = 4_096;
/// How often an entry that runs alone is tried when another writer is in its way.
const CONFLICTS_MAX: u32 = 3;

/// Why an entry has no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    #[error("not written")]
    NotWritten,
    /// Perhaps written: post it again, or read.
    #[error("outcome unknown")]
    Unknown,
}

struct Waiting {
    entry: Entry,
    receipt: oneshot::Sender<Result<Receipt, PostError>>,
}

/// Posts entries. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Waiting>,
}

/// The other end, to be [run](LedgerTask::run).
pub struct LedgerTask {
    queue: mpsc::Receiver<Waiting>,
}

impl Ledger {
    pub fn new() -> (Self, LedgerTask) {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        (Self { queue: sender }, LedgerTask { queue: receiver })
    }

    /// The receipt, once durable.
    pub async fn post(&self, entry: Entry) -> Result<Receipt, PostError> {
        let (receipt, answer) = oneshot::channel();
        let waiting = Waiting { entry, receipt };
        if self.queue.send(waiting).await.is_err() {
            return Err(PostError::NotWritten);
        }
        answer.await.unwrap_or(Err(PostError::Unknown))
    }
}

impl LedgerTask {
    /// Writes until every [`Ledger`] handle is gone.
    pub async fn run(mut self, me: CompanyId, store: Arc<dyn LedgerStore>, listener: Listener) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while self.queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
            write(me, store.as_ref(), &listener, std::mem::take(&mut batch)).await;
        }
    }
}

async fn write(me: CompanyId, store: &dyn LedgerStore, listener: &Listener, batch: Vec<Waiting>) {
    let (entries, receipts): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|waiting| (waiting.entry, waiting.receipt))
        .unzip();
    histogram!("passcom_ledger_batch_entries").record(entries.len() as f64);
    let outcome = commit(me, store, listener, &entries).await;
    let alone = matches!(
        outcome,
        Err(WriteError::Conflict | WriteError::NotWritten(_))
    );
    if alone && entries.len() > 1 {
        for (entry, receipt) in entries.into_iter().zip(receipts) {
            let outcome = commit_alone(me, store, listener, &[entry]).await;
            let _ = receipt.send(outcome); // whoever posted it may have stopped waiting
        }
        return;
    }
    let outcome = match outcome {
        Err(_) if alone => commit_alone(me, store, listener, &entries)
            .await
            .map(|r| vec![r]),
        Err(_) => Err(PostError::Unknown),
        Ok(outcome) => Ok(outcome),
    };
    match outcome {
        Ok(outcomes) => {
            for (receipt, outcome) in receipts.into_iter().zip(outcomes) {
                let _ = receipt.send(Ok(outcome));
            }
        }
        Err(cause) => {
            for receipt in receipts {
                let _ = receipt.send(Err(cause));
            }
        }
    }
}

async fn commit_alone(
    me: CompanyId,
    store: &dyn LedgerStore,
    listener: &Listener,
    entry: &[Entry],
) -> Result<Receipt, PostError> {
    for _ in 0..CONFLICTS_MAX {
        match commit(me, store, listener, entry).await {
            Ok(mut receipts) => return Ok(receipts.remove(0)),
            Err(WriteError::Conflict) => counter!("passcom_ledger_conflicts_total").increment(1),
            Err(WriteError::NotWritten(cause)) => {
                warn!(%cause, "entry not written");
                return Err(PostError::NotWritten);
            }
            Err(WriteError::Unknown(_)) => return Err(PostError::Unknown),
        }
    }
    Err(PostError::NotWritten)
}

async fn commit(
    me: CompanyId,
    store: &dyn LedgerStore,
    listener: &Listener,
    entries: &[Entry],
) -> Result<Vec<Receipt>, WriteError> {
    let mut footprint = Footprint::default();
    for entry in entries {
        entry.footprint(me, &mut footprint);
    }
    let mut receipts = Vec::new();
    let mut news = News::default();
    let mut alarms = Vec::new();
    let outcome = store
        .transact(&footprint, &mut |rows| {
            receipts = entries.iter().map(|entry| entry.post(rows)).collect();
            news.seats = rows.seat_changes();
            news.outbox = !rows.outbox.is_empty();
            alarms = rows.take_alarms();
            entries.iter().for_each(fail_point::before);
        })
        .await;
    match outcome {
        Ok(()) => {
            entries.iter().for_each(fail_point::after);
            for alarm in alarms {
                counter!("passcom_alarms_total").increment(1);
                error!(alarm, "the protocol says this is impossible");
            }
            for (entry, receipt) in entries.iter().zip(&receipts) {
                if let (Entry::Survey { route }, Receipt::Surveyed(seats)) = (entry, receipt) {
                    news.surveyed.push((*route, seats.clone()));
                }
            }
            listener(&news);
            Ok(receipts)
        }
        Err(WriteError::Unknown(cause)) => {
            warn!(%cause, entries = entries.len(), "outcome of a batch unknown");
            let touched = footprint.seats.iter().chain(news.seats.keys());
            listener(&News {
                doubtful: touched.map(|(route, _)| *route).collect(),
                ..News::default()
            });
            Err(WriteError::Unknown(cause))
        }
        Err(error) => Err(error),
    }
}
