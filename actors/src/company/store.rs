//! What the actors need of a database. Implemented over PostgreSQL (`passcom-sql`) and over memory (tests, simulation).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{Published, Route};
use crate::company::buckets::{Bucket, Digests, Slice};
use crate::company::log::Seq;
use crate::company::log::cell::Cell;
use crate::company::log::comparison::Claim;
use crate::company::log::hot::{Assumed, ClientKey, Facts, Loaded, Projection, Standing};
use crate::domain::accounts::User;
use crate::domain::ballot::{Acceptors, Register};
use crate::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, SeatNumber, UserId};
use crate::domain::order::{Order, OrderHash, SeatRef};
use crate::domain::outcome::Outcome;
use crate::domain::refund::Refunded;
use crate::domain::rows::{Footprint, KeyRow, Replicated, Rows, SeatKey, SeatUse};
use crate::domain::settlement::Sums;
use crate::domain::ticket::Ticket;
use crate::domain::vote::{LegState, RefusalReason};
use crate::domain::withheld;

/// Why a row was not appended to the log, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Certainly nothing was written.
    #[error("not written: {0}")]
    NotWritten(String),
    /// The append has no answer.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// Another row has this place. Nothing was written.
    #[error("another row has this place in the log")]
    Taken,
    /// Another node has started on this database. Nothing was written.
    #[error("another node has started on this database")]
    Superseded,
    /// The database is not what it was: it lacks rows that it had acknowledged. Nothing was written.
    #[error("{0}")]
    Lost(String),
    /// Routes have changed since the version that the batch was decided on. Nothing was written.
    #[error("the routes have changed")]
    Outdated,
    /// Something that the batch takes for new is recorded, or a seat has another owner. Nothing was written.
    #[error("the tables have what was taken for new")]
    Surprise,
}

/// How a projection ended, when not well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The tables are not where it begins, or the epoch is another one: nothing was written.
    #[error("the tables are at another place of the log")]
    Conflict,
    /// Certainly nothing was written.
    #[error("not written: {0}")]
    NotWritten(String),
    /// The COMMIT has no answer.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// Which of a user's tickets are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those of which a seat is left.
    NotCancelled,
    /// Those of which none is.
    Cancelled,
    All,
}

/// The database could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("database: {0}")]
pub struct ReadError(pub String);

pub type Read<'a, T> = BoxFuture<'a, Result<T, ReadError>>;

/// A row to append.
#[derive(Debug, Clone, Copy)]
pub struct Append<'a> {
    /// Its place: the next one.
    pub seq: Seq,
    /// What it says: a [`Record`](crate::company::log::record::Record), encoded.
    pub body: &'a [u8],
    /// The decided batch that it is of. Its seats change hands with the append.
    pub rows: &'a Rows,
    /// What the batch was decided on without having been read.
    pub assumed: &'a Assumed,
    /// Of the catalogue that the batch was decided on.
    pub version: i64,
}

impl Append<'_> {
    /// The seats that the batch gives back, and those that it takes, with the saga that had or gets each. A seat that goes off
    /// sale is taken by nobody, and given back by nobody when it returns.
    pub fn handed_over(&self) -> (HandedOver, HandedOver) {
        let (mut freed, mut taken) = (Vec::new(), Vec::new());
        for leg in self.rows.legs.changes() {
            let before = leg.before.is_some_and(|row| row.owns());
            match (before, leg.after.owns()) {
                (true, false) => freed.push((leg.key.seat(), leg.key.saga)),
                (false, true) => taken.push((leg.key.seat(), leg.key.saga)),
                _ => {}
            }
        }
        for seat in self.rows.seats.changes() {
            let before = seat.before.is_some_and(|row| row.blocked);
            match (before, seat.after.blocked) {
                (true, false) => freed.push((*seat.key, NOBODY)),
                (false, true) => taken.push((*seat.key, NOBODY)),
                _ => {}
            }
        }
        (freed, taken)
    }
}

/// Seats with the saga that had or gets each.
pub type HandedOver = Vec<(SeatKey, SagaId)>;

/// Who has the seats that are off sale.
pub const NOBODY: SagaId = SagaId(Uuid::nil());

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub seq: Seq,
    /// Of the node that wrote it.
    pub epoch: i64,
    /// Milliseconds since 1970, by the clock of the database.
    pub at: i64,
    pub body: Vec<u8>,
}

/// The log and the tables that follow it. Used by the ledger and its projector only; an implementation belongs to one start of
/// a node, whose epoch it writes and compares.
pub trait LedgerStore: Send + Sync + 'static {
    /// Where log and tables stand, with every saga that is open to the node of this name, and the time of the database in
    /// milliseconds since 1970.
    fn standing<'a>(&'a self, node: &'a str) -> Read<'a, (Standing, i64)>;

    /// The last row of the log that the tables have.
    fn projected(&self) -> Read<'_, Seq>;

    /// Rows of the log after this one, ascending.
    fn log(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>>;

    /// Routes changed after this version.
    fn facts(&self, after_version: i64) -> Read<'_, Facts>;

    /// What the tables have of what the footprint names. Seats and who keeps them are told as of the end of the log.
    fn load<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, Loaded>;

    /// Appends a row, if its place is free, the epoch is ours, the routes are of that version, and what is assumed holds; then
    /// answers with the time of the row, and the row is durable.
    fn append<'a>(&'a self, row: Append<'a>) -> BoxFuture<'a, Result<i64, AppendError>>;

    /// Brings the tables from one place of the log to another, in one transaction, if they are where the projection begins and
    /// the epoch is ours.
    fn project<'a>(&'a self, projection: &'a Projection) -> BoxFuture<'a, Result<(), WriteError>>;
}

/// What the tables say, and where they and the log are: all as of one moment.
#[derive(Debug, Default)]
pub struct AsOf {
    /// The last row of the log that the tables have.
    pub tables: Seq,
    /// The last row of the log.
    pub log: Seq,
    pub rows: Loaded,
    /// Of the seats that were asked for, those that the tables have as off sale; `rows.blocked` has those without a buyer by who
    /// keeps them.
    pub off_sale: BTreeSet<SeatKey>,
}

/// A route with all who keep or have a seat of it, as of the end of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Of the import that changed the route last.
    pub version: i64,
    pub route: Route,
    /// Type and seats of the aircraft that it had before the one it has.
    pub aircraft_before: Option<(String, u16)>,
    /// Ascending; [`NOBODY`] has those that are off sale. There may be more than the aircraft has.
    pub owners: Vec<(SeatNumber, SagaId)>,
}

/// Where it stands that somebody has a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    /// Written with the log.
    Owners,
    /// Prepared and committed legs of the tables.
    Legs,
    /// Seats that the tables have as off sale.
    OffSale,
}

/// Days that a client's key is known at least after it was answered.
pub const KEYS_KEPT_DAYS: u16 = 35;

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

impl SagaRecord {
    /// The record as that company is told it.
    pub fn for_company(self, company: CompanyId) -> Self {
        let order = self.order.map(|(order, hash, acceptors)| {
            let told = withheld::checkable(order, hash, Some(&acceptors), company);
            (told, hash, acceptors)
        });
        let register = self.register.map(|register| {
            let Register {
                acceptors,
                accepted,
                ..
            } = &register;
            let accepted = accepted.clone();
            let told = accepted
                .map(|(ballot, value)| (ballot, value.for_company(company, Some(acceptors))));
            Register {
                accepted: told,
                ..register
            }
        });
        Self {
            order,
            register,
            ..self
        }
    }
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
    /// None of what was written before operators had names, and of what no operator did.
    pub operator: Option<String>,
    pub action: String,
    pub subject: String,
    pub reason: String,
}

impl AuditView {
    /// Of a row of the trail, in which `said` is the operator's name and the reason, as [`said_by`] has it.
    pub fn new(id: i64, at: Timestamp, action: String, subject: String, said: String) -> Self {
        let is_name = |name: &str| {
            let plain = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
            };
            !name.is_empty() && name.bytes().all(plain)
        };
        let (operator, reason) = match said.split_once(": ") {
            Some((name, reason)) if is_name(name) => (Some(name.to_owned()), reason.to_owned()),
            _ => (None, said),
        };
        Self {
            id,
            at,
            operator,
            action,
            subject,
            reason,
        }
    }
}

/// An operator's reason as the audit trail has it: a name has no colon.
pub fn said_by(operator: &str, reason: &str) -> String {
    format!("{operator}: {reason}")
}

/// What companies owe each other, as of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// The last row of the log that is in it.
    pub at: Seq,
    pub sums: Sums,
    pub payments: Vec<PaymentSum>,
}

/// What customers paid this company on a day, and got back, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentSum {
    /// Days since 1970-01-01, UTC.
    pub day: i32,
    /// ISO 4217.
    pub currency: String,
    pub payments: i64,
    pub paid: i128,
    /// Parts of payments that went back.
    pub refunds: i64,
    pub given_back: i128,
}

/// What came back for one seat of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefundView {
    pub ticket: SagaId,
    pub refund: Refunded,
}

/// Refunds are listed by when they were decided, then by ticket and seat, the last one first.
pub type RefundPlace = (i64, SagaId, SeatRef);

impl RefundView {
    pub fn place(&self) -> RefundPlace {
        (self.refund.decided_at, self.ticket, self.refund.seat)
    }
}

/// The tables, for what is read beside the ledger: they have what the log had when it was projected last. An
/// [`Archive`](crate::company::archive::Archive) knows what is newer.
pub trait Tables: Send + Sync + 'static {
    /// Answers, and makes something durable that leaves no row.
    fn ping(&self) -> Read<'_, ()>;

    /// All that is recorded of a saga; an empty cell if nothing.
    fn cell(&self, saga: SagaId) -> Read<'_, Cell>;

    /// What a client's key was used for.
    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KeyRow>>;

    /// Keys that were used, ascending after this one.
    fn keys(&self, after: Option<ClientKey>, limit: usize) -> Read<'_, Vec<ClientKey>>;

    /// By normalised login.
    fn user(&self, login: String) -> Read<'_, Option<User>>;

    /// All users with one of these normalised logins, or one of these ids.
    fn users(&self, logins: Vec<String>, ids: Vec<UserId>) -> Read<'_, Vec<User>>;

    /// Users of versions above this one, at most `limit`, newest first.
    fn renewed_users(&self, after: i64, limit: usize) -> Read<'_, Vec<(UserId, i64)>>;

    /// Users whose claim to a login was accepted here, and whose register is not closed.
    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>>;

    /// A user's tickets, newest first, after (created_at, id).
    fn tickets_of(
        &self,
        user: UserId,
        which: Which,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>>;

    /// Tickets of these ids, ascending.
    fn tickets_among(&self, ids: RangeInclusive<Uuid>, limit: usize) -> Read<'_, Vec<Ticket>>;

    /// Those of these tickets that are here; in no order.
    fn tickets(&self, ids: Vec<SagaId>) -> Read<'_, Vec<Ticket>>;

    /// What companies owe each other of these days, both included.
    fn books(&self, from: i32, to: i32) -> Read<'_, Books>;

    /// What came back for cancelled seats, decided from this instant on and before that one (milliseconds since 1970), newest
    /// first, before this one.
    fn refunds(
        &self,
        from_ms: i64,
        to_ms: i64,
        before: Option<RefundPlace>,
        limit: usize,
    ) -> Read<'_, Vec<RefundView>>;

    /// What operators did, newest first, before this one.
    fn audit(&self, before: Option<i64>, limit: usize) -> Read<'_, Vec<AuditView>>;

    /// Outbox rows with a higher number, ascending.
    fn outbox(&self, after: i64, limit: usize) -> Read<'_, Vec<(i64, Replicated)>>;

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

    /// Hands over the routes changed after this version, ascending by id, with their taken seats, some at a time. If it
    /// fails, it may have handed over some of them.
    fn routes<'a>(
        &'a self,
        changed_after: i64,
        take: &'a mut (dyn FnMut(Vec<Published>) + Send),
    ) -> Read<'a, ()>;

    /// Routes with their keepers in the order of their changes, after this version and, within it, after this route.
    fn kept(&self, after: (i64, RouteId), limit: usize) -> Read<'_, Vec<Kept>>;

    /// These routes with their keepers, in no order.
    fn kept_of(&self, routes: Vec<RouteId>) -> Read<'_, Vec<Kept>>;

    /// The version of the catalogue up to which tickets are known to be told of every change; 0 at first.
    fn swept(&self) -> Read<'_, i64>;

    /// Notes that, unless a higher version is noted. Progress only: a note that is lost has the same looked at again.
    fn note_swept(&self, version: i64) -> Read<'_, ()>;

    /// Seats of tickets, as those name them, that are left without one at this company, ascending.
    fn unseated(&self, company: CompanyId, limit: usize) -> Read<'_, Vec<(SagaId, SeatRef)>>;

    /// Rows of the log after this one, ascending, beside the connection that appends.
    fn logged(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>>;

    /// What the tables have of the sagas, users, keys and seats that the footprint names.
    fn as_of<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, AsOf>;

    /// Looks through so many rows after this one, in the order of their keys. Answers with who may have a seat by them, and whether
    /// the other side says the same of it; empty where nothing is left. Legs that keep nothing say so too.
    fn claims(
        &self,
        of: Claims,
        after: Option<Claim>,
        limit: usize,
    ) -> Read<'_, Vec<(Claim, bool)>>;
}
