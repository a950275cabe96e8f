//! What the actors need of a database. Implemented over PostgreSQL (`passcom-sql`) and over memory (tests, simulation).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::catalogue::Published;
use crate::copies::anti_entropy::{Bucket, Digests, Slice};
use crate::domain::accounts::User;
use crate::domain::ballot::Acceptors;
use crate::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use crate::domain::order::{Order, OrderHash};
use crate::domain::rows::{Footprint, OutboxCursor, Replicated, Rows, SeatKey, SeatUse};
use crate::domain::ticket::Ticket;
use crate::mesh::messages::{KnownKey, Recorded};
use crate::people::history::Event;
use crate::people::operations::{AuditView, SagaView};

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

/// Reads. Each sees only what is committed.
pub trait Archive: Send + Sync + 'static {
    /// Answers at all.
    fn ping(&self) -> Read<'_, ()>;

    /// Everything recorded of a saga; empty if nothing (`running` is not for the store to know).
    fn recorded(&self, saga: SagaId) -> Read<'_, Recorded>;

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

    /// Sagas begun and undecided here, open holds apart, oldest first. How long ago is for the caller to know: the database's clock may jump.
    fn undecided(&self, limit: usize) -> Read<'_, Vec<Unfinished>>;

    /// Sagas that this node began and that are not finished, open holds apart, oldest first.
    fn unfinished(&self, node: String, limit: usize) -> Read<'_, Vec<Unfinished>>;

    /// Open holds, oldest first, with how long each is kept, in seconds from its beginning.
    fn held(&self, limit: usize) -> Read<'_, Vec<(SagaId, u32)>>;

    /// This user's open holds of which this company keeps seats, oldest first.
    fn held_for(&self, user: UserId, limit: usize) -> Read<'_, Vec<SagaId>>;

    /// For operators: newest first; `state` is `begun`, `held`, `committed` or `aborted`.
    fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<String>,
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
