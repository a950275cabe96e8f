//! What goes into a driver and what comes out of it.

use std::sync::Arc;

use crate::ballot::Acceptors;
use crate::entry::{Entry, Idempotency, Receipt};
use crate::fencing::FencingToken;
use crate::ids::{CompanyId, SagaId};
use crate::order::{Order, OrderHash, SeatRef};
use crate::outcome::Outcome;
use crate::papers::Papers;
use crate::question::{CompanyAnswer, Question};

/// What a driver says to its client, if one waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientAnswer {
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
    Answer(ClientAnswer),
    Stop,
}

/// How a driver comes to its saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A client's request: lease, prepare, and decide, unless it is for a hold.
    Client,
    /// The customer of a hold confirms. Where no company knows that all have voted, each is asked for its vote again,
    /// which is on record there.
    Confirm { voted: bool },
    /// Somebody's unfinished saga: find out, or have it aborted.
    Recovery,
}

/// What a driver needs to begin.
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
    /// As the client has told them; none of a saga that is taken up from records.
    pub papers: Option<Arc<Papers>>,
    pub origin: Origin,
    /// Randomness for the pauses between ballots.
    pub seed: u64,
}
