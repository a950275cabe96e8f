//! What the actors need of a database. Implemented over PostgreSQL (`passcom-sql`) and over memory (tests, simulation).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::Published;
use crate::company::buckets::{Bucket, Digests, Slice};
use crate::company::history::Event;
use crate::domain::accounts::User;
use crate::domain::ballot::{Acceptors, Register};
use crate::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use crate::domain::order::{Order, OrderHash, SeatRef};
use crate::domain::outcome::Outcome;
use crate::domain::rows::{Footprint, OutboxCursor, Replicated, Rows, SeatKey, SeatUse};
use crate::domain::ticket::Ticket;
use crate::domain::vote::{LegState, RefusalReason};

/// How a transaction ended, when not well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Another writer changed a row between our read and our write; nothing was written.
    #[error("a row changed under the transaction")]
    Conflict,
    /// Certainly nothing was written.
    #[error("not written: {0}")]
    NotWritten(String),
    /// The COMMIT has no answer.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// The database could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("database: {0}")]
pub struct ReadError(pub String);

pub type Read<'a, T> = BoxFuture<'a, Result<T, ReadError>>;

/// Writes. Used by the ledger only.
pub trait LedgerStore: Send + Sync + 'static {
    /// One transaction: loads what the footprint names, lets `decide` change the rows, writes the changes, commits.
    ///
    /// `Ok` means durable. `decide` may be called again after a lost connection, with freshly loaded rows.
    fn transact<'a>(
        &'a self,
        footprint: &'a Footprint,
        decide: &'a mut (dyn FnMut(&mut Rows) + Send),
    ) -> BoxFuture<'a, Result<(), WriteError>>;
}

/// A saga that somebody must bring to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub saga: SagaId,
    pub order: Arc<Order>,
    pub hash: OrderHash,
    pub acceptors: Acceptors,
    /// Node that began it.
    pub driver: String,
}

/// What is known of a client's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownKey {
    pub fingerprint: [u8; 32],
    pub saga: SagaId,
    /// The recorded answer; none while it is not known.
    pub answer: Option<Outcome>,
    /// A driver for it runs at that node now.
    pub running: bool,
}

/// What a company has recorded of a saga: a hint, unless the register says chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaRecord {
    pub register: Option<Register>,
    pub order: Option<(Arc<Order>, OrderHash, Acceptors)>,
    pub legs: Vec<(SeatRef, LegState)>,
    /// A driver for it runs at that node now.
    pub running: bool,
    /// None for whatever is not held.
    pub held: Option<Held>,
    /// A driver there has seen every company's vote for the hold.
    pub voted: bool,
    /// Why its legs there were refused.
    pub reason: Option<RefusalReason>,
}

/// How long a company keeps the seats of a hold. Durations only: no two companies need the same clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// In all.
    pub seconds: u32,
    /// How much of that has passed there.
    pub passed_ms: i64,
}

/// How far a saga is, as operators see it: by the names that they read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SagaStatus {
    /// Nothing is decided yet, as far as this company knows.
    Begun,
    /// The same, and it waits for a customer.
    Held,
    Committed,
    Aborted,
}

/// A saga as this company has it recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SagaView {
    pub id: SagaId,
    pub state: SagaStatus,
    /// Node that drives or drove it.
    pub driver: String,
    pub age_seconds: i64,
    pub finished: bool,
    pub companies: Vec<CompanyId>,
    pub seats: Vec<SeatRef>,
}

impl SagaView {
    /// Nothing is decided yet, as far as this company knows.
    pub fn is_open(&self) -> bool {
        matches!(self.state, SagaStatus::Begun | SagaStatus::Held)
    }
}

/// What an operator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditView {
    pub id: i64,
    pub at: Timestamp,
    pub action: String,
    pub subject: String,
    pub reason: String,
}

/// Reads. Each sees only what is committed.
pub trait Archive: Send + Sync + 'static {
    /// Answers at all.
    fn ping(&self) -> Read<'_, ()>;

    /// Everything recorded of a saga; empty if nothing (`running` is not for the store to know).
    fn recorded(&self, saga: SagaId) -> Read<'_, SagaRecord>;

    /// What a client's key was used for.
    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KnownKey>>;

    /// By normalised login.
    fn user(&self, login: String) -> Read<'_, Option<User>>;

    /// Users whose claim to a login was accepted here, and whose register is not closed.
    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>>;

    fn ticket(&self, id: SagaId) -> Read<'_, Option<Ticket>>;

    /// A user's tickets that are not wholly cancelled, newest first, after (created_at, id).
    fn tickets_of(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>>;

    /// What is recorded of a saga, with the times; in no order.
    fn history(&self, saga: SagaId) -> Read<'_, Vec<Event>>;

    /// What operators did, newest first, before this one.
    fn audit(&self, before: Option<i64>, limit: usize) -> Read<'_, Vec<AuditView>>;

    /// Outbox rows with a higher `seq`, ascending.
    fn outbox(&self, after_seq: i64, limit: usize) -> Read<'_, Vec<(i64, Replicated)>>;

    /// A hash over the users and tickets in each bucket of the slice that has any, the same wherever the rows are.
    fn digests(&self, slice: Slice) -> Read<'_, Digests>;

    /// Users and tickets in this bucket, ascending by id after this one.
    fn copies(
        &self,
        bucket: Bucket,
        after: Option<Uuid>,
        limit: usize,
    ) -> Read<'_, Vec<Replicated>>;

    /// This database's incarnation.
    fn incarnation(&self) -> Incarnation;

    /// How far each peer's outbox was read, per the incarnation read last.
    fn cursors(&self) -> Read<'_, BTreeMap<CompanyId, OutboxCursor>>;

    /// Sagas begun and undecided here, open holds apart, oldest first. How long ago is for the caller to know: the
    /// database's clock may jump.
    fn undecided(&self, limit: usize) -> Read<'_, Vec<Unfinished>>;

    /// Sagas that this node began and that are not finished, open holds apart, oldest first.
    fn unfinished(&self, node: String, limit: usize) -> Read<'_, Vec<Unfinished>>;

    /// Open holds, oldest first, with how long each is kept, in seconds from its beginning.
    fn held(&self, limit: usize) -> Read<'_, Vec<(SagaId, u32)>>;

    /// This user's open holds of which this company keeps seats, oldest first.
    fn held_for(&self, user: UserId, limit: usize) -> Read<'_, Vec<SagaId>>;

    /// For operators: newest first, of those in this state only.
    fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Read<'_, Vec<SagaView>>;

    /// What keeps a seat, or none if there is no such seat.
    fn seat(&self, seat: SeatKey) -> Read<'_, Option<SeatUse>>;

    /// Version of the route table: rises with every import.
    fn catalogue_version(&self) -> Read<'_, i64>;

    /// Routes changed after this version, with id above `after`, ascending by id, with their taken seats.
    fn routes(&self, changed_after: i64, after: RouteId, limit: usize) -> Read<'_, Vec<Published>>;
}
