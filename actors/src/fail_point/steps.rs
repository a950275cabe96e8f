//! The names of all steps, from the enums that are written and sent.

use super::Write;
use crate::domain::entry::Entry;
use crate::domain::register::{Ballot, Key};
use crate::domain::saga::Question;
use crate::envelope::Body;
use crate::messages::Request;

/// The points around one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    pub before: &'static str,
    pub after: &'static str,
}

/// Something that is written or sent.
pub trait Step {
    fn points(&self) -> Points;
}

/// What is asked of the lease table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseCall {
    Acquire,
    Release,
    Raise,
}

macro_rules! points {
    ($name:literal) => {
        Points {
            before: concat!($name, "::before"),
            after: concat!($name, "::after"),
        }
    };
}

/// Names every kind of a type: one list for the match, which has no wildcard, and for the names in [`all`].
macro_rules! steps {
    ($all:ident: $type:ty { $($kind:pat => $name:literal,)+ }) => {
        const $all: &[Points] = &[$(points!($name)),+];

        impl Step for $type {
            fn points(&self) -> Points {
                match self {
                    $($kind => points!($name),)+
                }
            }
        }
    };
}

// A write: before its COMMIT is sent; after it was acknowledged, when no receipt has left yet.
steps!(ENTRIES: Entry {
    Entry::Begin(..) => "driver::begin",
    Entry::Prepare { .. } => "participant::prepare",
    Entry::Book { .. } => "participant::book",
    Entry::Confirm { .. } => "participant::confirm",
    Entry::Release { .. } => "participant::release",
    Entry::Promise { key: Key::Saga(_), .. } => "acceptor::promise",
    Entry::Promise { key: Key::Login(_), .. } => "acceptor::promise_login",
    Entry::Accept { key: Key::Saga(_), ballot: Ballot::ZERO, .. } => "acceptor::accept",
    Entry::Accept { key: Key::Saga(_), .. } => "acceptor::accept_later_ballot",
    Entry::Accept { key: Key::Login(_), .. } => "acceptor::accept_login",
    Entry::Settle(..) => "driver::settle",
    Entry::Refuse { .. } => "driver::refuse",
    Entry::Adopt { .. } => "driver::adopt",
    Entry::Finish { .. } => "driver::finish",
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
});

// A message: before it leaves; after its reply arrived, when nobody has acted on it yet.
steps!(MESSAGES: Body {
    Body::Hello => "send::hello",
    Body::Join { .. } => "send::join",
    Body::Ping => "send::ping",
    Body::Request(Request::Ask(Question::Prepare(_))) => "send::prepare",
    Body::Request(Request::Ask(Question::Book(_))) => "send::book",
    Body::Request(Request::Ask(Question::Promise { key: Key::Saga(_), .. })) => "send::promise",
    Body::Request(Request::Ask(Question::Promise { key: Key::Login(_), .. })) => "send::promise_login",
    Body::Request(Request::Ask(Question::Accept { key: Key::Saga(_), ballot: Ballot::ZERO, .. })) => "send::accept",
    Body::Request(Request::Ask(Question::Accept { key: Key::Saga(_), .. })) => "send::accept_later_ballot",
    Body::Request(Request::Ask(Question::Accept { key: Key::Login(_), .. })) => "send::accept_login",
    Body::Request(Request::Ask(Question::Confirm { .. })) => "send::confirm",
    Body::Request(Request::Ask(Question::Release { .. })) => "send::release",
    Body::Request(Request::Query { .. }) => "send::query",
    Body::Request(Request::MergeTicket(_)) => "send::merge_ticket",
    Body::Request(Request::FindKey { .. }) => "send::find_key",
    Body::Request(Request::FindUser { .. }) => "send::find_user",
    Body::Request(Request::FindTicket { .. }) => "send::find_ticket",
    Body::Request(Request::TicketsOf { .. }) => "send::tickets_of",
    Body::Request(Request::Pull { .. }) => "send::pull",
    Body::Request(Request::PullCatalogue { .. }) => "send::pull_catalogue",
    Body::Request(Request::Describe) => "send::describe",
});

steps!(LEASE_CALLS: LeaseCall {
    LeaseCall::Acquire => "lease::acquire",
    LeaseCall::Release => "lease::release",
    LeaseCall::Raise => "lease::raise",
});

/// The points of every step there is.
pub fn all() -> impl Iterator<Item = &'static str> {
    let steps = [ENTRIES, WRITES, MESSAGES, LEASE_CALLS];
    steps
        .into_iter()
        .flatten()
        .flat_map(|step| [step.before, step.after])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn no_two_steps_share_a_name() {
        assert_eq!(all().collect::<BTreeSet<_>>().len(), all().count());
    }
}
