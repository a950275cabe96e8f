//! A ticket, of which every company has a copy.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::flight::{Flight, FlightChange};
use super::ids::{SagaId, SeatNumber};
use super::order::{Order, SeatRef};
use super::refund::{self, Refunded};

/// A confirmed booking. Its existence is proof that Commit was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ticket {
    pub id: SagaId,
    pub order: Arc<Order>,
    /// Cancelled seats, ascending. Only ever grows.
    pub cancelled: Vec<SeatRef>,
    /// What companies changed of its flights since: the newest per seat, ascending by seat. Never goes back.
    pub changes: Vec<FlightChange>,
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

/// What came of an acceptance at one company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Accepted {
    /// What was named is accepted now.
    Done,
    /// There is a newer change than what was named, and nothing was done.
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
            changes: Vec::new(),
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

    /// What the company of this seat has changed last, if anything.
    pub fn change(&self, seat: &SeatRef) -> Option<&FlightChange> {
        let found = self.changes.binary_search_by_key(seat, |change| change.of);
        found.ok().map(|at| &self.changes[at])
    }

    /// Under which number the company of this seat keeps it now.
    pub fn number_now(&self, seat: &SeatRef) -> SeatNumber {
        self.change(seat)
            .map_or(seat.number, |change| change.number)
    }

    /// These seats of the order as their companies keep them now.
    pub fn seats_now(&self, seats: &[SeatRef]) -> Vec<SeatRef> {
        let now = |seat: &SeatRef| SeatRef {
            number: self.number_now(seat),
            ..*seat
        };
        seats.iter().map(now).collect()
    }

    /// Rises with every change of any of its seats.
    pub fn revision(&self) -> u32 {
        let sequences = self.changes.iter().map(|change| change.sequence);
        sequences.fold(0, u32::saturating_add)
    }

    /// Whether an [`Entry::Change`](super::entry::Entry::Change) with this would write something, as far as this copy tells.
    pub fn would_change(&self, flight: &Flight) -> bool {
        let Some(before) = self.flown(&flight.of) else {
            return false;
        };
        let now = before.as_flown(flight);
        if before.number.0 <= flight.seats {
            return before.differs(&now);
        }
        !before.unseated || !flight.instead.is_empty() || before.flown() != now.flown()
    }

    /// The newest of both, per seat.
    pub(crate) fn with_changes(&self, changes: &[FlightChange]) -> Ticket {
        let mut merged = self.clone();
        for change in changes {
            match merged
                .changes
                .binary_search_by_key(&change.of, |known| known.of)
            {
                Ok(at) if merged.changes[at] < *change => merged.changes[at] = change.clone(),
                Ok(_) => {}
                Err(at) => merged.changes.insert(at, change.clone()),
            }
        }
        merged
    }

    /// How this seat's flight was told last; as it was sold, unless it was changed. None: it is none of the order's.
    pub(crate) fn flown(&self, seat: &SeatRef) -> Option<FlightChange> {
        let leg = self.order.legs.iter().find(|leg| leg.seat == *seat)?;
        let sold = || FlightChange::none_of(leg);
        Some(self.change(seat).cloned().unwrap_or_else(sold))
    }
}
