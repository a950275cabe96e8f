//! What a step is, and the names of those that write.

use super::Write;
use crate::domain::ballot::{Ballot, Key};
use crate::domain::entry::Entry;
use crate::domain::question::Question;

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

macro_rules! points {
    ($($name:literal),+) => {
        $crate::fail_point::steps::Points {
            before: concat!($($name,)+ "::before"),
            after: concat!($($name,)+ "::after"),
        }
    };
}

pub(crate) use points;

/// Names every kind of a type: one list for the match, which has no wildcard, and for the list of all names.
macro_rules! steps {
    ($all:ident: $type:ty { $($kind:pat => $name:literal,)+ $(; $rest:pat => $points:expr)? }) => {
        pub(crate) const $all: &[$crate::fail_point::steps::Points] =
            &[$($crate::fail_point::steps::points!($name)),+];

        impl $crate::fail_point::steps::Step for $type {
            fn points(&self) -> $crate::fail_point::steps::Points {
                match self {
                    $($kind => $crate::fail_point::steps::points!($name),)+
                    $($rest => $points,)?
                }
            }
        }
    };
}

pub(crate) use steps;

// A write: before its append is sent; after it was acknowledged, when no receipt has left yet. Where nothing changed nothing is
// appended, and both moments are between the decision and its receipt.
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
    Entry::Change { .. } => "flights::change",
    Entry::Accept { .. } => "replica::accept",
    Entry::Correct { .. } => "replica::correct",
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
    Write::SeenLogs => "mesh::keep_seen",
    Write::Schedule => "import::schedule",
    Write::Pruning => "housekeeping::prune",
    Write::Trimming => "housekeeping::trim_log",
    Write::Projection => "tables::project",
});
