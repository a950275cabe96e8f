//! The rows that the checks are about. [`load`] reads them, by SQL of its own, and [`ledger`] the
//! log that they follow; [`heal`](mod@heal) waits until nothing moves them any more.

mod heal;
mod ledger;
mod load;

pub use heal::{HEAL_LIMIT, HOLD_AWAITED_MAX, heal};
pub use ledger::{Ledger, Name, Replay, Rows};

use std::collections::BTreeMap;

use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegState {
    Prepared,
    Refused,
    Committed,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRow {
    pub saga: Uuid,
    pub route: i64,
    pub number: i32,
    pub state: LegState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketLegRow {
    pub ticket: Uuid,
    pub company: String,
    pub route: i64,
    /// The seat that the company keeps for it now.
    pub number: i32,
    /// The seat of the order.
    pub sold_as: i32,
    pub cancelled: bool,
}

/// A seat of a ticket, as its order names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SoldSeat {
    pub ticket: Uuid,
    pub company: String,
    pub route: i64,
    pub number: i32,
}

/// When a flight leaves and arrives, in seconds since 1970, or that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flown {
    pub departs: i64,
    pub arrives: i64,
    pub withdrawn: bool,
}

/// What a company has changed of a seat's flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    pub of: SoldSeat,
    pub sequence: i32,
    pub flown: Flown,
    /// The aircraft has no seat for the passenger.
    pub unseated: bool,
    pub accepted: bool,
    /// Everything else.
    pub content: String,
}

/// A ticket that has taken the place of seats of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRow {
    pub new: Uuid,
    pub old: SoldSeat,
}

/// A seat of a ticket as it was sold, and what came back for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub ticket: Uuid,
    /// Whose seat it is.
    pub owner: String,
    pub route: i64,
    pub number: i32,
    /// The day on which its booking was begun, in UTC.
    pub sold_on: String,
    pub seller: String,
    pub currency: String,
    /// In minor units.
    pub price: i64,
    /// As it was sold.
    pub flown: Flown,
    pub refund: Option<RefundRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRow {
    /// In minor units.
    pub amount: i64,
    pub currency: String,
    pub ground: String,
    pub at_ms: i64,
    /// The same in UTC.
    pub day: String,
    /// Who decided it.
    pub by: String,
}

/// What a row of a company's books is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    pub day: String,
    pub seller: String,
    pub owner: String,
    pub currency: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub seats_sold: i64,
    pub sold: i128,
    pub seats_refunded: i64,
    pub refunded: i128,
}

/// A customer's hold that this company has as open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldRow {
    pub saga: Uuid,
    pub seconds: i32,
    /// Since it began, in seconds, by the clock of the database.
    pub age: i64,
}

/// A client's key as the company that took the request keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    pub user: Uuid,
    pub key: String,
    pub saga: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    pub id: Uuid,
    pub login: String,
    /// Everything else.
    pub content: String,
}

/// What a register decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Saga(Uuid),
    Login(String),
}

/// One acceptor's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    pub subject: Subject,
    pub acceptors: Vec<String>,
    pub promised: i64,
    pub accepted: Option<(i64, Value)>,
    pub chosen: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// The order's hash: what is committed to.
    Commit(String),
    Abort,
    User(Uuid),
}

/// A row that every company has a copy of: what it is called, and its whole content.
pub type Copied = (Uuid, String);

/// What one company's database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    pub code: String,
    pub legs: Vec<LegRow>,
    /// Of tickets that are exchanged: kept as legs are.
    pub claims: Vec<LegRow>,
    pub holds: Vec<HoldRow>,
    /// Routes with their seats.
    pub routes: Vec<(i64, i32)>,
    /// As they are flown now.
    pub flights: BTreeMap<i64, Flown>,
    /// Seats that are not on sale.
    pub blocked: Vec<(i64, i32)>,
    pub tickets: Vec<Copied>,
    pub ticket_legs: Vec<TicketLegRow>,
    pub entries: Vec<EntryRow>,
    pub changes: Vec<ChangeRow>,
    pub exchanges: Vec<ExchangeRow>,
    /// Without those that are nothing.
    pub books: BTreeMap<Account, Sum>,
    pub users: Vec<UserRow>,
    pub keys: Vec<KeyRow>,
    pub registers: Vec<RegisterRow>,
    /// Sagas that this company drives and has not finished, but for open holds.
    pub unfinished: Vec<Uuid>,
    /// Tickets with names that the company has no need of, or without those that it needs, and which.
    pub misnamed: Vec<Copied>,
    pub ledger: Ledger,
}
