//! What crosses nodes. Bincode has no schema evolution: variants and fields are only ever appended, together with a new
//! protocol number in [`crate::mesh::envelope`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{CatalogueCursor, CataloguePage};
use crate::company::buckets::{Bucket, Digests, Slice};
use crate::company::history::Event;
use crate::company::log::lineage::Mark;
use crate::company::store::{KnownKey, SagaRecord};
use crate::domain::accounts::User;
use crate::domain::ids::{CompanyId, Incarnation, SagaId, UserId};
use crate::domain::question::{CompanyAnswer, Question};
use crate::domain::refund::Refunded;
use crate::domain::rows::{OutboxCursor, Replicated};
use crate::domain::ticket::{Cancelled, Ticket};
use crate::people::accounts::guesses::WrongPasswords;

/// How a user is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whom {
    /// By normalised login.
    Login(String),
    Id(UserId),
}

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
    FindUser(Whom),
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
    /// Cancel these seats of this ticket, and decide that so much comes back: all of them or none, if that was agreed. Who decides, and when, is
    /// for the company that is asked to fill in.
    Cancel {
        ticket: Box<Ticket>,
        refunds: Vec<Refunded>,
        /// Otherwise those of them that are left.
        agreed: bool,
    },
    /// Wrong passwords that were tried at the company that tells; nothing is answered but that it was heard.
    WrongPasswords(Vec<WrongPasswords>),
}

impl Request {
    /// What it is called in metrics and in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Request::Ask(Question::Prepare(_)) => "prepare",
            Request::Ask(Question::Book(_)) => "book",
            Request::Ask(Question::Promise { .. }) => "promise",
            Request::Ask(Question::Accept { .. }) => "accept",
            Request::Ask(Question::Commit { .. }) => "commit",
            Request::Ask(Question::AllVoted { .. }) => "all_voted",
            Request::Ask(Question::Release { .. }) => "release",
            Request::Query { .. } => "query",
            Request::MergeTicket(_) => "merge_ticket",
            Request::FindKey { .. } => "find_key",
            Request::FindUser(_) => "find_user",
            Request::FindTicket { .. } => "find_ticket",
            Request::TicketsOf { .. } => "tickets_of",
            Request::Pull { .. } => "pull",
            Request::PullCatalogue { .. } => "pull_catalogue",
            Request::Describe => "describe",
            Request::Digests(_) => "digests",
            Request::Copies { .. } => "copies",
            Request::Cursors => "cursors",
            Request::Extend { .. } => "extend",
            Request::HeldFor { .. } => "held_for",
            Request::History { .. } => "history",
            Request::Cancel { .. } => "cancel",
            Request::WrongPasswords(_) => "wrong_passwords",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    Answer(CompanyAnswer),
    Merged,
    Recorded(Box<SagaRecord>),
    Key(Option<KnownKey>),
    User(Option<User>),
    Ticket(Option<Box<Ticket>>),
    Tickets(Vec<Ticket>),
    Rows {
        incarnation: Incarnation,
        rows: Vec<(i64, Replicated)>,
        /// How far its log is durable.
        mark: Mark,
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
    Cancelled(Cancelled),
}
