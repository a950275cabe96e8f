//! What a company is asked about a saga or a login, and what it answers.

use serde::{Deserialize, Serialize};

use super::ballot::{Accept, Acceptors, Ballot, Key, Promise, Value};
use super::ids::SagaId;
use super::order::{OrderHash, SeatRef};
use super::vote::{Prepare, RefusalReason, Vote};

/// What a driver asks a company, maybe its own. Each may come twice, late or never.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Question {
    Prepare(Box<Prepare>),
    Book(Box<Prepare>),
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
    /// Commit was chosen, of the order with this hash.
    Commit {
        saga: SagaId,
        hash: OrderHash,
        /// The ticket of which the order takes the place, if it does.
        exchanged: Option<SagaId>,
    },
    /// Every company has voted for this hold. A hint that may be lost: it saves asking them all again.
    AllVoted {
        saga: SagaId,
        hash: OrderHash,
    },
    /// Abort is certain.
    Release {
        saga: SagaId,
        seats: Vec<SeatRef>,
        reason: RefusalReason,
    },
}

impl Question {
    /// What a company votes on, where it is asked for its vote.
    pub fn votes_on(&self) -> Option<&Prepare> {
        match self {
            Question::Prepare(prepare) | Question::Book(prepare) => Some(prepare),
            _ => None,
        }
    }

    /// The saga whose customer is waited for no more, if it is a hold: a ballot is under way.
    pub fn ends_hold(&self) -> Option<SagaId> {
        match self {
            Question::Promise {
                key: Key::Saga(saga),
                ..
            } => Some(*saga),
            Question::Accept {
                key: Key::Saga(saga),
                value,
                ..
            } => may_be_held(value).then_some(*saga),
            _ => None,
        }
    }
}

/// An Abort does not say whose it is.
fn may_be_held(value: &Value) -> bool {
    match value {
        Value::Commit { order, .. } => order.hold_seconds.is_some(),
        Value::Abort => true,
        Value::Account(_) => false,
    }
}

/// The answer to a [`Question`]. It leaves once everything that it says is durable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CompanyAnswer {
    /// To Prepare and Book.
    Vote(Vote),
    Promise(Promise),
    Accept(Accept),
    /// To Commit, AllVoted and Release.
    Done,
}
