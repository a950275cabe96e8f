//! What a company has recorded of one booking, in the order of its own database's clock: for people, who want to know
//! what happened when.
//!
//! It is read from the rows that the booking left anyway: nothing is written for it but the times of what changes. So
//! it says what is recorded, not every message: a vote asked for twice is one event. Times of different companies are
//! of different clocks.

use serde::{Deserialize, Serialize};

use crate::domain::ballot::Value;
use crate::domain::fencing::FencingToken;
use crate::domain::order::SeatRef;
use crate::domain::vote::RefusalReason;

/// One thing that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since 1970, by the clock of the company's database.
    pub at: i64,
    pub step: Step,
}

/// What a company can record of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The booking is known here; `driver` is the node that began it.
    Begun {
        driver: String,
    },
    /// The company keeps the seat for it.
    Prepared {
        seat: SeatRef,
        fence: FencingToken,
    },
    /// The company said no, or gave the seat up.
    Refused {
        seat: SeatRef,
        reason: RefusalReason,
    },
    /// As an acceptor: takes part in no earlier ballot any more.
    Promised,
    /// As an acceptor: voted for this decision.
    Accepted(Decided),
    /// The decision is known to stand.
    Chosen(Decided),
    Committed {
        seat: SeatRef,
        fence: FencingToken,
    },
    /// The company has the ticket.
    Ticket,
    Cancelled {
        seat: SeatRef,
    },
    /// The company gave the passenger another seat of the flight; that one was committed at the same time.
    Moved {
        seat: SeatRef,
    },
}

/// What was decided of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decided {
    Commit,
    Abort,
}

impl From<&Value> for Decided {
    /// Of a booking: an account is none.
    fn from(value: &Value) -> Self {
        match value {
            Value::Abort => Self::Abort,
            Value::Commit { .. } | Value::Account(_) => Self::Commit,
        }
    }
}
