//! The names of the steps that ask and answer, and the list of all.

use crate::domain::ballot::{Ballot, Key};
use crate::domain::question::Question;
use crate::fail_point::steps::{ENTRIES, Points, WRITES, points, steps};
use crate::mesh::envelope::Body;
use crate::mesh::messages::Request;

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

/// Names every kind of request, which have two steps each.
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
    Request::Vouch { .. } => "vouch",
    Request::People { .. } => "people",
    Request::Find { .. } => "find",
    Request::Correct { .. } => "correct",
    Request::WrongPasswords(_) => "wrong_passwords",
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
