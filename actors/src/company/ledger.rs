//! The only writer of this company's durable state: group commit.
//!
//! Whatever entries wait become one row of the [log](super::log). Each entry gets its own receipt after the append is
//! acknowledged, and only then replies leave and route actors learn of it. An entry that poisons a batch hurts itself only:
//! the batch then runs entry by entry.
//!
//! A batch is decided on what is in memory. What is not there and must be known is read first; what is most probably new is
//! taken for new, and the append fails where that is wrong: then it is read, and the batch is decided again.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{error, warn};

use super::log::hot::{Assumed, Loaded};
use super::log::record::Record;
use super::log::{Log, Seq};
use super::news::{Listener, News};
use super::pulse::Pulse;
use super::store::{Append, AppendError, LedgerStore, ReadError};
use crate::catalogue::CloseOfSale;
use crate::domain::accounts::FIRST_VERSION;
use crate::domain::entry::{Entry, Receipt};
use crate::domain::ids::{CompanyId, UserId};
use crate::domain::rows::{Footprint, Rows};
use crate::fail_point;

/// Most entries of one row of the log.
pub const BATCH_MAX: usize = 256;
/// Most entries that may wait; beyond, posting waits.
const QUEUE_MAX: usize = 4_096;
/// Of a batch with so many entries, the next one begins no sooner than this after it: more gather, and each costs less. Fewer
/// are a sign of a quiet moment, in which nobody is to wait.
const CROWD: usize = 12;
const PACE: Duration = Duration::from_millis(2);
/// How often a batch is decided again because what it was decided on has changed.
const TRIES_MAX: u32 = 4;
/// Rows and bytes of the log that may wait for the tables; beyond, the ledger waits for the projector.
const UNPROJECTED_ROWS_MAX: usize = 50_000;
const UNPROJECTED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Pause between two tries to find out what became of an append.
const DOUBT_RETRY: Duration = Duration::from_millis(100);

/// Why an entry has no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    #[error("not written")]
    NotWritten,
    /// Perhaps written: post it again, or read.
    #[error("outcome unknown")]
    Unknown,
}

/// What came of an entry.
pub type Posted = Result<Receipt, PostError>;

struct Waiting {
    since: Instant,
    entry: Entry,
    poster: Poster,
}

impl Waiting {
    fn new(entry: Entry, poster: Poster) -> Self {
        Self {
            since: Instant::now(),
            entry,
            poster,
        }
    }
}

/// Who posted an entry, told once what came of it. Dropped untold: nobody knows.
struct Poster(Option<Box<dyn FnOnce(Posted) + Send>>);

impl Poster {
    fn new(hear: impl FnOnce(Posted) + Send + 'static) -> Self {
        Self(Some(Box::new(hear)))
    }

    fn tell(mut self, posted: Posted) {
        if let Some(hear) = self.0.take() {
            hear(posted);
        }
    }
}

impl Drop for Poster {
    fn drop(&mut self) {
        if let Some(hear) = self.0.take() {
            hear(Err(PostError::Unknown));
        }
    }
}

/// Posts entries. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Waiting>,
    pulse: Arc<Pulse>,
}

impl Ledger {
    pub fn new() -> (Self, LedgerQueue) {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let pulse = Arc::<Pulse>::default();
        let ledger = Self {
            queue: sender,
            pulse: pulse.clone(),
        };
        (ledger, LedgerQueue(receiver, pulse))
    }

    /// Whether the log takes what is appended.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// The receipt, once durable.
    pub async fn post(&self, entry: Entry) -> Posted {
        let (sender, posted) = oneshot::channel();
        let poster = Poster::new(move |posted| drop(sender.send(posted))); // it may have stopped waiting
        if let Err(closed) = self.queue.send(Waiting::new(entry, poster)).await {
            closed.0.poster.tell(Err(PostError::NotWritten));
        }
        posted.await.unwrap_or(Err(PostError::Unknown))
    }

    /// Has somebody told the receipt, once durable, who must not wait for it. `hear` must not block.
    pub fn post_for(&self, entry: Entry, hear: impl FnOnce(Posted) + Send + 'static) {
        let poster = Poster::new(hear);
        match self.queue.try_send(Waiting::new(entry, poster)) {
            Ok(()) => {}
            Err(TrySendError::Closed(waiting)) => waiting.poster.tell(Err(PostError::NotWritten)),
            Err(TrySendError::Full(waiting)) => {
                let queue = self.queue.clone();
                tokio::spawn(async move {
                    if let Err(closed) = queue.send(waiting).await {
                        closed.0.poster.tell(Err(PostError::NotWritten));
                    }
                });
            }
        }
    }
}

/// The other end of a [`Ledger`], for the [`Writer`].
pub struct LedgerQueue(mpsc::Receiver<Waiting>, Arc<Pulse>);

/// Writes what waits.
pub struct Writer {
    pub me: CompanyId,
    pub log: Arc<Log>,
    pub store: Arc<dyn LedgerStore>,
    pub listener: Listener,
    /// When a route is not sold any more.
    pub close_of_sale: CloseOfSale,
}

/// A batch, decided and not yet appended, or appended with an outcome that nobody knows.
struct Decided {
    receipts: Vec<Receipt>,
    news: News,
    alarms: Vec<String>,
    rows: Rows,
    record: Record,
    body: Vec<u8>,
    seq: Seq,
    assumed: Assumed,
    version: i64,
}

/// Why a batch was not appended.
enum Failed {
    NotWritten(String),
    /// It may be in the log.
    Unknown(Box<Decided>, String),
    /// This node writes no more.
    Ended(Ended),
}

/// Why this node must not write any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Another node has this company's log.
    Superseded,
    /// The log has lost something; the witness has said what.
    Lost,
}

impl Writer {
    /// Writes until every [`Ledger`] handle is gone, or until another node writes this log, or it is known to have lost
    /// something.
    pub async fn run(self, LedgerQueue(mut queue, pulse): LedgerQueue) {
        if self.write_all(&mut queue, &pulse).await == Err(Ended::Superseded) {
            error!("another node has started on this database; this one ends");
        }
    }

    async fn write_all(
        &self,
        queue: &mut mpsc::Receiver<Waiting>,
        pulse: &Pulse,
    ) -> Result<(), Ended> {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let begun = Instant::now();
            let is_crowded = batch.len() >= CROWD;
            if let Some(oldest) = batch.first() {
                pulse.begun(oldest.since);
            }
            let before = self.log.hot().last();
            if let Some(doubt) = self.write(std::mem::take(&mut batch)).await? {
                self.log.is_doubtful(true);
                while !self.resolve(&doubt).await? {
                    refuse(queue, DOUBT_RETRY).await;
                }
                self.log.is_doubtful(false);
            }
            if self.log.hot().last() > before {
                pulse.worked();
            }
            pulse.ended();
            self.let_tables_follow().await;
            if is_crowded {
                sleep_until(begun + PACE).await;
            }
        }
        Ok(())
    }

    /// Answers with the batch whose outcome is not known, if there is one: nothing may be decided before it is.
    async fn write(&self, batch: Vec<Waiting>) -> Result<Option<Box<Decided>>, Ended> {
        let (entries, posters): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.entry, waiting.poster))
            .unzip();
        histogram!("passcom_ledger_batch_entries").record(entries.len() as f64);
        match self.commit(&entries).await {
            Err(Failed::NotWritten(_)) if entries.len() > 1 => {
                let mut alone = entries.into_iter().zip(posters);
                while let Some((entry, poster)) = alone.next() {
                    let outcome = self.commit(&[entry]).await;
                    if let Some(doubt) = tell(outcome, vec![poster])? {
                        alone.for_each(|(_, poster)| poster.tell(Err(PostError::NotWritten)));
                        return Ok(Some(doubt));
                    }
                }
                Ok(None)
            }
            outcome => tell(outcome, posters),
        }
    }

    /// Decides the entries and appends what they change.
    async fn commit(&self, entries: &[Entry]) -> Result<Vec<Receipt>, Failed> {
        let mut footprint = Footprint::default();
        for entry in entries {
            entry.footprint(self.me, &mut footprint);
        }
        self.log.hot().trim();
        let mut trust = true;
        for _ in 0..TRIES_MAX {
            if self.log.witness().lost().is_some() {
                return Err(Failed::Ended(Ended::Lost));
            }
            let loaded = self.load(&footprint, trust).await.map_err(not_written)?;
            let mut decided = self.decide(entries, &footprint, &loaded);
            let rests_on_nothing_assumed = decided.assumed == Assumed::default();
            if decided.record.is_empty() {
                if rests_on_nothing_assumed || !trust {
                    entries.iter().for_each(fail_point::before);
                    entries.iter().for_each(fail_point::after);
                    self.tell(&decided);
                    return Ok(decided.receipts);
                }
                // nothing is written that would find out
                trust = false;
                continue;
            }
            entries.iter().for_each(fail_point::before);
            let begun = Instant::now();
            match self.append(&decided).await {
                Ok(at) => {
                    histogram!("passcom_log_append_seconds").record(begun.elapsed());
                    entries.iter().for_each(fail_point::after);
                    self.adopt(
                        decided.seq,
                        at,
                        decided.body.len(),
                        std::mem::take(&mut decided.record),
                    );
                    self.tell(&decided);
                    return Ok(decided.receipts);
                }
                Err(AppendError::Surprise) => trust = false,
                Err(AppendError::Outdated) => self.learn_facts().await.map_err(not_written)?,
                Err(AppendError::NotWritten(cause)) => return Err(Failed::NotWritten(cause)),
                Err(AppendError::Unknown(cause)) => {
                    return Err(Failed::Unknown(Box::new(decided), cause));
                }
                Err(AppendError::Lost(problem)) => {
                    self.log.witness().lose(problem);
                    return Err(Failed::Ended(Ended::Lost));
                }
                Err(AppendError::Taken | AppendError::Superseded) => {
                    return Err(Failed::Ended(Ended::Superseded));
                }
            }
            counter!("passcom_ledger_conflicts_total").increment(1);
        }
        let cause = "the tables do not stand still".to_owned();
        Err(Failed::NotWritten(cause))
    }

    /// Reads what the batch must know and memory does not.
    async fn load(&self, footprint: &Footprint, trust: bool) -> Result<Loaded, ReadError> {
        let missing = self.log.hot().missing(footprint, trust);
        if missing == Footprint::default() {
            return Ok(Loaded::default());
        }
        let mut loaded = self.store.load(&missing).await?;
        self.log.hot().load(&mut loaded);
        Ok(loaded)
    }

    fn decide(&self, entries: &[Entry], footprint: &Footprint, loaded: &Loaded) -> Decided {
        let first_departure = self.close_of_sale.first_departure();
        let hot = self.log.hot();
        let mut rows = hot.rows(footprint, loaded, first_departure);
        let assumed = hot.assumed(footprint);
        let (seq, version) = (hot.last().next(), hot.facts_version());
        drop(hot);
        let receipts: Vec<Receipt> = entries.iter().map(|entry| entry.post(&mut rows)).collect();
        let mut news = News {
            seats: rows.seat_changes(),
            renewed: renewed(&rows),
            outbox: !rows.outbox.is_empty(),
            ..News::default()
        };
        for (entry, receipt) in entries.iter().zip(&receipts) {
            if let (Entry::Survey { route }, Receipt::Surveyed(seats)) = (entry, receipt) {
                news.surveyed.push((*route, seats.clone()));
            }
        }
        let record = Record::of(&rows);
        Decided {
            receipts,
            news,
            alarms: rows.take_alarms(),
            body: record.encode(),
            record,
            rows,
            seq,
            assumed,
            version,
        }
    }

    async fn append(&self, decided: &Decided) -> Result<i64, AppendError> {
        let row = Append {
            seq: decided.seq,
            body: &decided.body,
            rows: &decided.rows,
            assumed: &decided.assumed,
            version: decided.version,
        };
        self.store.append(row).await
    }

    /// The row is in the log: memory follows.
    fn adopt(&self, seq: Seq, at: i64, bytes: usize, record: Record) {
        self.log.on_time(at);
        let applied = self.log.hot().apply(seq, at, bytes, record);
        applied.expect("a record of rows that memory gave out applies to that memory");
        self.log.witness().on_durable(seq);
        gauge!("passcom_log_seq").set(seq.0 as f64);
        gauge!("passcom_log_last_append_timestamp_seconds").set(at as f64 / 1_000.0);
    }

    /// Everybody who listens hears of the batch.
    fn tell(&self, decided: &Decided) {
        for alarm in &decided.alarms {
            counter!("passcom_alarms_total").increment(1);
            error!(alarm, "the protocol says this is impossible");
        }
        (self.listener)(&decided.news);
    }

    async fn learn_facts(&self) -> Result<(), ReadError> {
        let known = self.log.hot().facts_version();
        let facts = self.store.facts(known).await?;
        self.log.hot().learn(facts);
        Ok(())
    }

    /// Finds out what became of an append: puts an empty row in its place. Where that fits, the append was not written and never
    /// will be; where it does not, the row that is there says which of the two was faster. False: not found out yet.
    async fn resolve(&self, doubt: &Decided) -> Result<bool, Ended> {
        let empty = Record::default().encode();
        let row = Append {
            seq: doubt.seq,
            body: &empty,
            rows: &Rows::of_everything(self.me),
            assumed: &Assumed::default(),
            version: self.log.hot().facts_version(),
        };
        match self.store.append(row).await {
            Ok(at) => self.adopt(doubt.seq, at, empty.len(), Record::default()),
            Err(AppendError::Taken) => {
                let before = Seq(doubt.seq.0 - 1);
                let Some(found) = self
                    .store
                    .log(before, 1)
                    .await
                    .ok()
                    .and_then(|mut rows| rows.pop())
                else {
                    return Ok(false);
                };
                if found.body == doubt.body {
                    self.adopt(doubt.seq, found.at, found.body.len(), doubt.record.clone());
                    self.tell(doubt);
                } else if found.body == empty {
                    // a try of this function whose answer was lost
                    self.adopt(doubt.seq, found.at, found.body.len(), Record::default());
                } else {
                    return Err(Ended::Superseded);
                }
            }
            Err(AppendError::Superseded) => return Err(Ended::Superseded),
            Err(AppendError::Lost(problem)) => {
                self.log.witness().lose(problem);
                return Err(Ended::Lost);
            }
            Err(error) => {
                warn!(%error, seq = doubt.seq.0, "the outcome of an append is not found out yet");
                if error == AppendError::Outdated {
                    drop(self.learn_facts().await); // tried again with what was learnt, if anything
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A projector that falls behind slows the ledger down, so that memory and the next start stay bounded.
    async fn let_tables_follow(&self) {
        loop {
            let (rows, bytes) = {
                let hot = self.log.hot();
                (hot.waiting(), hot.waiting_bytes())
            };
            if rows < UNPROJECTED_ROWS_MAX && bytes < UNPROJECTED_BYTES_MAX {
                return;
            }
            counter!("passcom_ledger_waits_for_tables_total").increment(1);
            drop(self.log.catch_up().await);
        }
    }
}

/// Tells everybody what came of a batch; hands on the one whose outcome is not known.
fn tell(
    outcome: Result<Vec<Receipt>, Failed>,
    posters: Vec<Poster>,
) -> Result<Option<Box<Decided>>, Ended> {
    let (error, handed_on) = match outcome {
        Ok(outcomes) => {
            let told = posters.into_iter().zip(outcomes);
            told.for_each(|(poster, receipt)| poster.tell(Ok(receipt)));
            return Ok(None);
        }
        Err(Failed::NotWritten(cause)) => {
            warn!(%cause, "entries not written");
            (PostError::NotWritten, Ok(None))
        }
        Err(Failed::Unknown(decided, cause)) => {
            warn!(%cause, seq = decided.seq.0, "outcome of an append unknown");
            (PostError::Unknown, Ok(Some(decided)))
        }
        Err(Failed::Ended(ended)) => (PostError::NotWritten, Err(ended)),
    };
    posters
        .into_iter()
        .for_each(|poster| poster.tell(Err(error)));
    handed_on
}

/// Refuses what comes for so long.
async fn refuse(queue: &mut mpsc::Receiver<Waiting>, pause: Duration) {
    let until = Instant::now() + pause;
    while let Ok(Some(waiting)) = timeout_at(until, queue.recv()).await {
        waiting.poster.tell(Err(PostError::NotWritten));
    }
    sleep_until(until).await; // also where every handle is gone
}

fn not_written(error: ReadError) -> Failed {
    Failed::NotWritten(error.0)
}
/// Users that are newer than they were, and than they were registered.
fn renewed(rows: &Rows) -> Vec<(UserId, i64)> {
    let users = rows.users.changes().map(|change| change.after);
    let renewed = users.filter(|user| user.version > FIRST_VERSION);
    renewed.map(|user| (user.id, user.version)).collect()
}
