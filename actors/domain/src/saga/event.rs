//! What goes into a driver and what comes out of it; what it asks companies and what they answer.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Idempotency, Receipt};
use crate::fencing::FencingToken;
use crate::ids::{CompanyId, SagaId};
use crate::order::{Order, OrderHash, SeatRef};
use crate::participant::{Booked, Prepare, Refusal, RefusalReason, Vote};
use crate::register::{Accept, Acceptors, Ballot, Key, Promise, Value};

/// A definite answer to a booking: recorded under its key, the same for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    Booked {
        ticket: SagaId,
    },
    /// The seats of a hold are kept at every company, until its customer decides or it expires.
    Held {
        hold: SagaId,
    },
    Refused(Refusal),
}

/// What a driver says to whoever waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    Definite(Outcome),
    /// Another saga's lease; nothing was begun.
    SeatBusy(SeatRef),
    /// The only company of the booking cannot be reached; nothing was begun.
    CompanyDown(CompanyId),
}

/// What the lease table said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseAnswer {
    Granted(FencingToken),
    Busy(SeatRef),
    /// No lease is to be had: go on without, slower.
    Away,
}

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
    Confirm {
        saga: SagaId,
        hash: OrderHash,
    },
    /// Every company has voted for this hold. A hint that may be lost: it saves asking them all again.
    Hold {
        saga: SagaId,
        hash: OrderHash,
    },
    Release {
        saga: SagaId,
        seats: Vec<SeatRef>,
        reason: RefusalReason,
    },
}

/// The answer to a [`Question`], after what it says is durable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CompanyAnswer {
    Vote(Vote),
    Booked(Booked),
    Promise(Promise),
    Accept(Accept),
    /// To Confirm, Hold and Release.
    Done,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoAnswer {
    /// Certainly not executed: the company is down.
    NotSent,
    /// Certainly not executed: the company, or the link to it, has too much to do, or it is not ready. Ask again.
    NotNow,
    /// Perhaps executed.
    Silence,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    Started,
    Leased(LeaseAnswer),
    Answered {
        from: CompanyId,
        tag: u32,
        answer: Result<CompanyAnswer, NoAnswer>,
    },
    /// A ledger entry of this driver is durable, or (none) was not written.
    Posted {
        tag: u32,
        receipt: Option<Receipt>,
    },
    Wake,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    AcquireLease(Vec<SeatRef>),
    /// Raise the token source to at least this, and lease anew.
    RaiseFence(FencingToken),
    ReleaseLease(Vec<SeatRef>),
    Send {
        to: CompanyId,
        tag: u32,
        question: Question,
    },
    Post {
        tag: u32,
        entry: Box<Entry>,
    },
    Answer(Answer),
    Stop,
}

/// How a driver comes to its saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A client's request: lease, prepare, and decide, unless it is for a hold.
    Client,
    /// The customer of a hold confirms. Where no company knows that all have voted, each is asked for its vote again, which
    /// is on record there.
    Confirm { voted: bool },
    /// Somebody's unfinished saga: find out, or have it aborted.
    Recovery,
}

/// What a driver is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Start {
    pub me: CompanyId,
    /// Name of this node.
    pub node: String,
    /// The membership list, ascending.
    pub companies: Vec<CompanyId>,
    pub saga: SagaId,
    pub order: Arc<Order>,
    pub hash: OrderHash,
    pub acceptors: Acceptors,
    pub idempotency: Option<Idempotency>,
    pub origin: Origin,
    /// Randomness for the pauses between ballots.
    pub seed: u64,
}
