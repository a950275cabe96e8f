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

/// A leg as it is stored, with the times of its states (milliseconds since 1970).
#[derive(Debug, Clone, Copy)]
pub struct LegTimes {
    pub seat: SeatRef,
    pub fence: FencingToken,
    /// Set where the leg is refused.
    pub reason: Option<RefusalReason>,
    /// When the row was written first.
    pub recorded: i64,
    pub committed: Option<i64>,
    /// When the leg was refused after it had been prepared, or cancelled.
    pub ended: Option<i64>,
}

/// A register as it is stored, with the times of its states.
#[derive(Debug, Clone, Copy)]
pub struct RegisterTimes {
    pub promised: Option<i64>,
    pub accepted: Option<(i64, Decided)>,
    pub chosen: Option<i64>,
}

impl LegTimes {
    /// What happened to this leg: at most three events.
    pub fn events(&self) -> Vec<Event> {
        let LegTimes { seat, fence, .. } = *self;
        let mut events = Vec::with_capacity(3);
        let mut push = |at, step| events.push(Event { at, step });
        match (self.reason, self.ended) {
            (Some(reason), None) => push(self.recorded, Step::Refused { seat, reason }),
            // sold in one step: it was never only prepared
            _ if self.committed == Some(self.recorded) => {}
            _ => push(self.recorded, Step::Prepared { seat, fence }),
        }
        if let Some(at) = self.committed {
            push(at, Step::Committed { seat, fence });
        }
        match (self.ended, self.reason) {
            (Some(at), Some(reason)) => push(at, Step::Refused { seat, reason }),
            (Some(at), None) => push(at, Step::Cancelled { seat }),
            (None, _) => {}
        }
        events
    }
}

impl RegisterTimes {
    /// At most three events.
    pub fn events(&self) -> Vec<Event> {
        let event = |at, step| Event { at, step };
        let decided = self.accepted.map(|(_, decided)| decided);
        let promised = self.promised.map(|at| event(at, Step::Promised));
        let accepted = self
            .accepted
            .map(|(at, decided)| event(at, Step::Accepted(decided)));
        let chosen = self
            .chosen
            .zip(decided)
            .map(|(at, decided)| event(at, Step::Chosen(decided)));
        [promised, accepted, chosen].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::seat;

    const FENCE: FencingToken = FencingToken(5);

    fn leg(reason: Option<RefusalReason>, committed: Option<i64>, ended: Option<i64>) -> LegTimes {
        LegTimes {
            seat: seat("a", 1),
            fence: FENCE,
            reason,
            recorded: 10,
            committed,
            ended,
        }
    }

    fn told(leg: LegTimes) -> Vec<(i64, Step)> {
        let events = leg.events().into_iter();
        events.map(|event| (event.at, event.step)).collect()
    }

    #[test]
    fn a_leg_tells_every_state_that_it_was_in() {
        let (seat, fence) = (seat("a", 1), FENCE);
        let prepared = (10, Step::Prepared { seat, fence });
        let committed = |at| (at, Step::Committed { seat, fence });
        let cancelled = (30, Step::Cancelled { seat });
        let refused = |at, reason| (at, Step::Refused { seat, reason });
        let (sold, released) = (RefusalReason::Sold, RefusalReason::Released);

        assert_eq!(told(leg(None, None, None)), std::slice::from_ref(&prepared));
        assert_eq!(told(leg(Some(sold), None, None)), [refused(10, sold)]);
        assert_eq!(
            told(leg(Some(released), None, Some(20))),
            [prepared.clone(), refused(20, released)]
        );
        assert_eq!(
            told(leg(None, Some(20), Some(30))),
            [prepared.clone(), committed(20), cancelled.clone()]
        );
        assert_eq!(
            told(leg(None, None, Some(30))),
            [prepared, cancelled.clone()]
        );
        assert_eq!(
            told(leg(None, Some(10), Some(30))),
            [committed(10), cancelled]
        );
    }
}
