//! The names of all steps, from the enums that are written and sent.

use super::Write;
use crate::domain::ballot::{Ballot, Key};
use crate::domain::entry::Entry;
use crate::domain::question::Question;
use crate::mesh::envelope::Body;
use crate::mesh::messages::Request;

/// The points around one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    pub before: &'static str,
    pub after: &'static str,
}

/// Something that is written, sent or answered.
pub trait Step {
    fn points(&self) -> Points;
}

impl Step for Points {
    fn points(&self) -> Points {
        *self
    }
}

/// The steps of one request to a peer: at the node that asks, and at the one that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    pub sent: Points,
    pub answered: Points,
}

/// What is asked of the lease table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseCall {
    Acquire,
    Release,
    Raise,
}

macro_rules! points {
    ($($name:literal),+) => {
        Points {
            before: concat!($($name,)+ "::before"),
            after: concat!($($name,)+ "::after"),
        }
    };
}

/// Names every kind of a type: one list for the match, which has no wildcard, and for the names in [`all`].
macro_rules! steps {
    ($all:ident: $type:ty { $($kind:pat => $name:literal,)+ $(; $rest:pat => $points:expr)? }) => {
        const $all: &[Points] = &[$(points!($name)),+];

        impl Step for $type {
            fn points(&self) -> Points {
                match self {
                    $($kind => points!($name),)+
                    $($rest => $points,)?
                }
            }
        }
    };
}

/// The same for requests, whose kinds have two steps each.
macro_rules! exchanges {
    ($all:ident { $($kind:pat => $name:literal,)+ }) => {
        const $all: &[Exchange] = &[$(exchanges!($name)),+];

        pub fn exchange(request: &Request) -> Exchange {
            match request {
                $($kind => exchanges!($name),)+
            }
        }
    };
    ($name:literal) => {
        Exchange {
            sent: points!("send::", $name),
            answered: points!("answer::", $name),
        }
    };
}

// A write: before its COMMIT is sent; after it was acknowledged, when no receipt has left yet.
steps!(ENTRIES: Entry {
    Entry::Begin(..) => "driver::begin",
    Entry::RequestConfirm(_) => "driver::request_confirm",
    Entry::Asked { question: Question::Prepare(_), .. } => "participant::prepare",
    Entry::Asked { question: Question::Book(_), .. } => "participant::book",
    Entry::Asked { question: Question::Commit { .. }, .. } => "participant::commit",
    Entry::Asked { question: Question::AllVoted { .. }, .. } => "participant::all_voted",
    Entry::Asked { question: Question::Release { .. }, .. } => "participant::release",
    Entry::Asked { question: Question::Promise { key: Key::Saga(_), .. }, .. } => "acceptor::promise",
    Entry::Asked { question: Question::Promise { key: Key::Login(_), .. }, .. } => "acceptor::promise_login",
    Entry::Asked { question: Question::Accept { key: Key::Saga(_), ballot: Ballot::ZERO, .. }, .. } => "acceptor::accept",
    Entry::Asked { question: Question::Accept { key: Key::Saga(_), .. }, .. } => "acceptor::accept_later_ballot",
    Entry::Asked { question: Question::Accept { key: Key::Login(_), .. }, .. } => "acceptor::accept_login",
    Entry::Settle(..) => "driver::settle",
    Entry::Refuse { .. } => "driver::refuse",
    Entry::Adopt { .. } => "driver::adopt",
    Entry::Finish { .. } => "driver::finish",
    Entry::Hold { .. } => "driver::hold",
    Entry::Extend { .. } => "participant::extend",
    Entry::EndHold { .. } => "participant::end_hold",
    Entry::NextRound { .. } => "driver::next_round",
    Entry::Cancel { .. } => "replica::cancel",
    Entry::Merge { cursor: Some(_), .. } => "replica::merge_pulled",
    Entry::Merge { cursor: None, .. } => "replica::merge_pushed",
    Entry::Enrol(_) => "replica::enrol",
    Entry::Block { .. } => "operator::block",
    Entry::Audit { .. } => "operator::audit",
    Entry::Survey { .. } => "route::survey",
});

steps!(WRITES: Write {
    Write::Migration => "start::migrate",
    Write::Identity => "start::identify",
    Write::PeerIdentity => "mesh::remember_peer",
    Write::Schedule => "import::schedule",
    Write::Pruning => "housekeeping::prune",
});

// A request, sent: before it leaves; after its reply arrived, when nobody has acted on it yet.
// A request, answered: before anything is done about it; after all is done, when the reply has not left yet.
exchanges!(EXCHANGES {
    Request::Ask(Question::Prepare(_)) => "prepare",
    Request::Ask(Question::Book(_)) => "book",
    Request::Ask(Question::Promise { key: Key::Saga(_), .. }) => "promise",
    Request::Ask(Question::Promise { key: Key::Login(_), .. }) => "promise_login",
    Request::Ask(Question::Accept { key: Key::Saga(_), ballot: Ballot::ZERO, .. }) => "accept",
    Request::Ask(Question::Accept { key: Key::Saga(_), .. }) => "accept_later_ballot",
    Request::Ask(Question::Accept { key: Key::Login(_), .. }) => "accept_login",
    Request::Ask(Question::Commit { .. }) => "commit",
    Request::Ask(Question::AllVoted { .. }) => "all_voted",
    Request::Ask(Question::Release { .. }) => "release",
    Request::Query { .. } => "query",
    Request::MergeTicket(_) => "merge_ticket",
    Request::FindKey { .. } => "find_key",
    Request::FindUser { .. } => "find_user",
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
});

// What nodes say before they talk. The answers promise nothing durable and have no points.
steps!(GREETINGS: Body {
    Body::Hello => "send::hello",
    Body::Join { .. } => "send::join",
    Body::Ping => "send::ping",
    ; Body::Request(request) => exchange(request).sent
});

steps!(LEASE_CALLS: LeaseCall {
    LeaseCall::Acquire => "lease::acquire",
    LeaseCall::Release => "lease::release",
    LeaseCall::Raise => "lease::raise",
});

/// The points of every step there is.
pub fn all() -> impl Iterator<Item = &'static str> {
    let steps = [ENTRIES, WRITES, GREETINGS, LEASE_CALLS]
        .into_iter()
        .flatten()
        .copied();
    let exchanges = EXCHANGES
        .iter()
        .flat_map(|exchange| [exchange.sent, exchange.answered]);
    steps
        .chain(exchanges)
        .flat_map(|step| [step.before, step.after])
}
