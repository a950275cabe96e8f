//! A ticket, of which every company has a copy.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::SagaId;
use super::order::{Order, SeatRef};
use super::refund::{self, Refunded};

/// A confirmed booking. Its existence is proof that Commit was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ticket {
    pub id: SagaId,
    pub order: Arc<Order>,
    /// Cancelled seats, ascending. Only ever grows.
    pub cancelled: Vec<SeatRef>,
    /// What came back for cancelled seats, ascending by seat, at most one for each. None of a seat that was cancelled before this was kept.
    pub refunds: Vec<Refunded>,
}

/// What came of a cancellation at one company.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cancelled {
    /// All of the seats are cancelled now: the ticket as it is recorded.
    Done(Ticket),
    /// Some of the seats were cancelled before, and others not, or an exchange of the ticket is being decided: what was agreed to may
    /// not be so any more, and nothing was done.
    Changed,
    /// The ticket is not here.
    NotHere,
}

impl Ticket {
    /// A ticket of which no seat is cancelled.
    pub fn new(id: SagaId, order: Arc<Order>) -> Self {
        Self {
            id,
            order,
            cancelled: Vec::new(),
            refunds: Vec::new(),
        }
    }

    /// Whether no seat of it is left.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.len() == self.order.legs.len()
    }

    /// Those of these seats that the ticket has, ascending.
    pub fn seats_among(&self, seats: &[SeatRef]) -> Vec<SeatRef> {
        let own = self.order.seats().into_iter();
        own.filter(|seat| seats.contains(seat)).collect()
    }

    /// What is recorded that came back for a seat.
    pub fn refund_of(&self, seat: SeatRef) -> Option<&Refunded> {
        self.refunds.iter().find(|refund| refund.seat == seat)
    }

    /// Two copies of a ticket as one: what is cancelled in either, and what came back for it.
    pub fn merged(&self, copy: &Ticket) -> Ticket {
        self.union(&copy.cancelled, &copy.refunds)
    }

    /// The seats of it that are not cancelled, ascending.
    pub fn seats_left(&self) -> Vec<SeatRef> {
        self.difference(&self.order.seats())
    }

    /// The same ticket with these seats cancelled, too, and this given back for cancelled seats.
    pub(crate) fn union(&self, seats: &[SeatRef], refunds: &[Refunded]) -> Ticket {
        let mut cancelled = self.cancelled.clone();
        cancelled.extend(self.difference(seats));
        cancelled.sort_unstable();
        cancelled.dedup();
        Ticket {
            cancelled,
            refunds: refund::merged(&self.refunds, refunds),
            ..self.clone()
        }
    }

    /// Those of these seats that are not cancelled, in their order.
    pub(crate) fn difference(&self, seats: &[SeatRef]) -> Vec<SeatRef> {
        let mut left = seats.to_vec();
        left.retain(|seat| !self.cancelled.contains(seat));
        left
    }
}
