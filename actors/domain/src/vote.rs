//! What a company is asked to vote on, and what it answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ballot::Acceptors;
use super::fencing::FencingToken;
use super::ids::SagaId;
use super::order::{Order, OrderHash, SeatRef};
use super::papers::Papers;

/// Why a seat was refused. Durable with the leg, so that a retry hears the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RefusalReason {
    /// Another ticket has it.
    Sold,
    /// Another booking is deciding on it.
    Held,
    /// The company took the seat off sale.
    Blocked,
    /// The route is not on sale (any more), or not as it was ordered.
    Closed,
    /// No such route or seat.
    Unknown,
    /// The booking was given up before this company voted, or after.
    Released,
    /// The company of this seat did not vote in time, and the booking was given up.
    NoVote,
    /// Of a claim: seats that were to be exchanged are not on their ticket (any more).
    Changed,
    /// Of a hold: its customer, or all together, keep as much of this company as may be kept without buying it.
    Limit,
    /// The company asks for a document, or for the birth date, of whoever sits there, and was not told it.
    Papers,
}

/// A durable No.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refusal {
    pub seat: SeatRef,
    pub reason: RefusalReason,
}

/// Everything a company needs to vote. Travels one per company; the legs are the order's legs of that company.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prepare {
    pub saga: SagaId,
    pub order: Arc<Order>,
    pub hash: OrderHash,
    pub acceptors: Acceptors,
    pub fence: FencingToken,
    /// Name of the node that drives the saga.
    pub driver: String,
    /// Only where the company that is asked carries somebody. None, too, from a driver that has the saga from the records of companies: whoever has
    /// voted has them.
    pub papers: Option<Arc<Papers>>,
}

/// Answer to a Prepare or a Book. Only `Yes` and `No` are votes; `Yes` to a Book says that the seats are sold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Vote {
    Yes,
    No(Refusal),
    /// The saga is recorded here with another order.
    Mismatch {
        order: Arc<Order>,
        hash: OrderHash,
        acceptors: Acceptors,
    },
    /// The token is older than a seat's fence, which is this.
    Stale(FencingToken),
    /// This node is still recovering.
    Later,
}

/// A leg's durable state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LegState {
    Prepared,
    Refused,
    Committed,
    Cancelled,
    /// Sold, and then given another seat of the flight by its company: another leg of the saga has it.
    Moved,
}

impl LegState {
    /// Commit came to it, whatever became of it then.
    pub fn was_sold(self) -> bool {
        matches!(self, Self::Committed | Self::Cancelled | Self::Moved)
    }
}
