//! What crosses nodes. Bincode has no schema evolution: variants and fields are only ever appended, together with a new
//! protocol number in [`crate::peer`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{CatalogueCursor, CataloguePage};
use crate::domain::accounts::User;
use crate::domain::ids::{Incarnation, RouteId, SagaId, UserId};
use crate::domain::order::{OrderHash, SeatRef};
use crate::domain::participant::{Prepare, Vote};
use crate::domain::register::{Acceptors, Ballot, Key, Register, Value};
use crate::domain::replica::Ticket;

/// A client's idempotency key with the fingerprint of what it was used for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

/// One request to a company's node. Every one may be sent again: the answer is then that of the recorded state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    Prepare(Box<Prepare>),
    /// A booking whose legs are all this company's, in one transaction.
    Book(Box<Prepare>, Option<Idempotency>),
    Confirm {
        saga: SagaId,
        hash: OrderHash,
    },
    Release {
        saga: SagaId,
        seats: Vec<SeatRef>,
    },
    Promise {
        key: Key,
        acceptors: Acceptors,
        ballot: Ballot,
    },
    Accept {
        key: Key,
        acceptors: Acceptors,
        ballot: Ballot,
        value: Box<Value>,
    },
    /// What is recorded of this saga.
    Query {
        saga: SagaId,
    },
    /// A ticket with its cancelled seats, to be merged at once.
    MergeTicket(Box<Ticket>),
    FindKey {
        user: UserId,
        key: String,
    },
    FindUser {
        login: String,
    },
    FindTicket {
        ticket: SagaId,
    },
    TicketsOf {
        user: UserId,
    },
    /// Outbox rows after this one, waiting for some up to `wait_ms`.
    Pull {
        after: Option<OutboxCursor>,
        wait_ms: u32,
    },
    /// Changes of this company's catalogue after this cursor, waiting for some up to `wait_ms`.
    PullCatalogue {
        after: Option<CatalogueCursor>,
        wait_ms: u32,
    },
    /// Seat map of a route of this company.
    SeatMap {
        route: RouteId,
    },
}

/// Where a replica has read a peer's outbox up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxCursor {
    pub incarnation: Incarnation,
    pub seq: i64,
}

/// A replicated row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    User(User),
    Ticket(Ticket),
}

/// What is known of a client's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownKey {
    pub fingerprint: [u8; 32],
    pub saga: SagaId,
    /// The recorded answer; none while it is not known.
    pub answer: Option<crate::desk::Outcome>,
    /// A driver for it runs at that node now.
    pub running: bool,
}

/// What a company has recorded of a saga: a hint, unless the register says chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub register: Option<Register>,
    pub order: Option<(crate::domain::order::Order, OrderHash, Acceptors)>,
    pub legs: Vec<(SeatRef, crate::domain::participant::LegState)>,
    pub running: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    Voted(Vote),
    /// Answer to Confirm, Release, MergeTicket.
    Done,
    /// Answer to Promise: what was accepted so far.
    Promised {
        accepted: Option<(Ballot, Value)>,
        chosen: bool,
    },
    Accepted,
    /// A higher ballot was promised.
    Higher(Ballot),
    Recorded(Box<Recorded>),
    Key(Option<KnownKey>),
    User(Option<User>),
    Ticket(Option<Box<Ticket>>),
    Tickets(Vec<Ticket>),
    Rows {
        incarnation: Incarnation,
        rows: Vec<(i64, Row)>,
        more: bool,
    },
    Catalogue(Box<CataloguePage>),
    SeatMap(Option<Box<crate::catalogue::SeatMapView>>),
    /// The node could not do it now, and did not: its database is away or it is draining.
    Unavailable(String),
}

/// Mints a request or saga id.
pub fn fresh_id() -> Uuid {
    Uuid::new_v4()
}
