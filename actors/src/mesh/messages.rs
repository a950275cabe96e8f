//! What crosses nodes. Bincode has no schema evolution: variants and fields are only ever appended, together with a new
//! protocol number in [`crate::mesh::peer`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{CatalogueCursor, CataloguePage};
use crate::copies::anti_entropy::{Bucket, Digests, Slice};
use crate::domain::accounts::User;
use crate::domain::ballot::{Acceptors, Register};
pub use crate::domain::entry::Idempotency;
use crate::domain::ids::{CompanyId, Incarnation, SagaId, UserId};
use crate::domain::order::{Order, OrderHash, SeatRef};
use crate::domain::outcome::Outcome;
use crate::domain::question::{CompanyAnswer, Question};
pub use crate::domain::rows::{OutboxCursor, Replicated};
use crate::domain::ticket::Ticket;
use crate::domain::vote::{LegState, RefusalReason};
use crate::people::history::Event;

/// One request to a company's node. Every one may be sent again: the answer is then that of the recorded state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    Ask(Question),
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
    /// By normalised login.
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
    /// Whom this node reaches, and what it runs.
    Describe,
    /// Hashes of the copies in this slice.
    Digests(Slice),
    /// The copies in this bucket, ascending by id after this one.
    Copies {
        bucket: Bucket,
        after: Option<Uuid>,
    },
    /// How far this company has read the others' outboxes.
    Cursors,
    /// Keep the seats of a hold for so long, if that is longer.
    Extend {
        saga: SagaId,
        seconds: u32,
    },
    /// The user's open holds.
    HeldFor {
        user: UserId,
    },
    /// What is recorded of this saga, with times.
    History {
        saga: SagaId,
    },
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
pub struct Recorded {
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    Answer(CompanyAnswer),
    Merged,
    Recorded(Box<Recorded>),
    Key(Option<KnownKey>),
    User(Option<User>),
    Ticket(Option<Box<Ticket>>),
    Tickets(Vec<Ticket>),
    Rows {
        incarnation: Incarnation,
        rows: Vec<(i64, Replicated)>,
    },
    Catalogue(Box<CataloguePage>),
    Description {
        version: String,
        reaches: Vec<CompanyId>,
    },
    /// The node could not do it now, and did not: its database is away, or it is not ready.
    Unavailable,
    /// The node could not find out whether it did it: ask again.
    Unknown,
    Digests(Digests),
    Copies(Vec<Replicated>),
    Cursors(BTreeMap<CompanyId, OutboxCursor>),
    /// How long the seats are kept; none if they are not held there.
    Extended(Option<u32>),
    Holds(Vec<SagaId>),
    History(Vec<Event>),
}
