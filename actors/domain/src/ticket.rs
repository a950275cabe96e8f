//! A ticket, of which every company has a copy.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::flight::{Flight, FlightChange};
use super::ids::{SagaId, SeatNumber};
use super::letters::is_near;
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
    /// Names that were misspelt: the newest per seat, ascending by seat. Only of seats that were sold with a name.
    pub corrections: Vec<Correction>,
}

/// The newest name of whoever has one seat. Of two, the greater one is newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Correction {
    /// The seat, as the order names it.
    pub of: SeatRef,
    /// Counts the corrections of this seat, from 1, as far as whoever made it knew.
    pub sequence: u32,
    /// When it was written down, in milliseconds since 1970.
    pub at: i64,
    /// Normalised, as names of orders are. Empty where it is [withheld](super::withheld).
    pub name: String,
}

impl Correction {
    pub fn is_withheld(&self) -> bool {
        self.name.is_empty()
    }
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
            corrections: Vec::new(),
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

    /// The name that holds for this seat now, if it is another than that of the order.
    pub fn correction(&self, seat: &SeatRef) -> Option<&Correction> {
        let found = self
            .corrections
            .binary_search_by_key(seat, |known| known.of);
        found.ok().map(|at| &self.corrections[at])
    }

    /// The newest of both, per seat that was sold with a name, as far as the name is told here and is one that may be corrected to.
    pub fn with_corrections(&self, corrections: &[Correction]) -> Ticket {
        let mut all = [&self.corrections, corrections].concat();
        let is_of = |correction: &Correction| {
            let mut legs = self.order.legs.iter();
            let leg = legs.find(|leg| leg.seat == correction.of);
            let sold = leg.and_then(|leg| leg.passenger.as_ref());
            sold.is_some_and(|sold| match sold.is_withheld() {
                true => true,
                false => !correction.is_withheld() && is_near(&sold.name, &correction.name),
            })
        };
        all.retain(is_of);
        // the newest of a seat first
        all.sort_unstable_by(|one, other| one.of.cmp(&other.of).then(other.cmp(one)));
        all.dedup_by_key(|correction| correction.of);
        Ticket {
            corrections: all,
            ..self.clone()
        }
    }

    /// The same ticket for whoever reads it: its order names everybody as they are named now.
    pub fn as_named(&self) -> Ticket {
        if self.corrections.is_empty() {
            return self.clone();
        }
        let mut order = (*self.order).clone();
        for leg in &mut order.legs {
            let correction = self.correction(&leg.seat);
            if let Some((passenger, correction)) = leg.passenger.as_mut().zip(correction) {
                passenger.name.clone_from(&correction.name);
            }
        }
        Ticket {
            order: Arc::new(order),
            ..self.clone()
        }
    }

    /// How this seat's flight was told last; as it was sold, unless it was changed. None: it is none of the order's.
    pub(crate) fn flown(&self, seat: &SeatRef) -> Option<FlightChange> {
        let leg = self.order.legs.iter().find(|leg| leg.seat == *seat)?;
        let sold = || FlightChange::none_of(leg);
        Some(self.change(seat).cloned().unwrap_or_else(sold))
    }
}
