//! A flight as its company flies it, and what it has changed of it since a seat was sold: other times, a withdrawal, another seat in
//! another aircraft.
//!
//! Only the company whose flight it is counts changes, and each has all that the one before it had. So two copies merge to the greatest
//! per seat, whichever way they come, and a change that was accepted is greater than the same one that was not.

use serde::{Deserialize, Serialize};

use super::ids::SeatNumber;
use super::order::{Leg, Offsets, SeatRef};

/// Most seats that are tried for somebody who has lost theirs, by one entry.
pub const INSTEAD_MAX: usize = 16;

/// The newest change of one seat's flight. Of two, the greater one is newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FlightChange {
    /// The seat, as the order names it.
    pub of: SeatRef,
    /// Counts the changes of this seat, from 1.
    pub sequence: u32,
    /// Seconds since 1970, UTC.
    pub departs: i64,
    pub arrives: i64,
    /// The local time, as the schedule tells it now.
    pub offsets: Option<Offsets>,
    /// It is not flown.
    pub withdrawn: bool,
    /// The seat that is kept there for the passenger: that of the order, or the one given instead.
    pub number: SeatNumber,
    /// What that seat is called in this aircraft, where it has a name.
    pub label: Option<String>,
    /// The aircraft has no such seat, and none was free instead: an operator must see to it.
    pub unseated: bool,
    /// When the company wrote it down, in milliseconds since 1970.
    pub told_at: i64,
    /// The passenger agrees to it.
    pub accepted: bool,
}

/// One seat's flight as its company flies it now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Flight {
    /// The seat, as the order names it.
    pub of: SeatRef,
    pub departs: i64,
    pub arrives: i64,
    /// The local time, as the schedule tells it now.
    pub offsets: Option<Offsets>,
    pub withdrawn: bool,
    /// How many seats the aircraft has: those above are none.
    pub seats: u16,
    /// What the seat that the passenger has is called in this aircraft.
    pub label: Option<String>,
    /// Where to sit instead, if that seat is none: the best first, at most [`INSTEAD_MAX`].
    pub instead: Vec<Place>,
}

/// A seat of an aircraft, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub number: SeatNumber,
    pub label: Option<String>,
}

impl FlightChange {
    /// Whether the passenger may agree to it: there must be a flight and a seat.
    pub fn is_acceptable(&self) -> bool {
        !self.withdrawn && !self.unseated
    }

    /// A leg as it was sold: before any change.
    pub(crate) fn none_of(leg: &Leg) -> Self {
        Self {
            of: leg.seat,
            sequence: 0,
            departs: leg.departs,
            arrives: leg.arrives,
            offsets: leg.offsets,
            withdrawn: false,
            number: leg.seat.number,
            label: leg.label.clone(),
            unseated: false,
            told_at: 0,
            accepted: false,
        }
    }

    /// The times and whether it is flown at all: what a passenger agrees to.
    pub(crate) fn flown(&self) -> (i64, i64, bool) {
        (self.departs, self.arrives, self.withdrawn)
    }

    /// Whether the other one says something else to the passenger.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        // a seat that was sold without its name was not renamed
        let names = self.label.as_ref().zip(other.label.as_ref());
        let renamed = names.is_some_and(|(before, now)| before != now);
        let seat = |change: &Self| (change.number, change.unseated);
        self.flown() != other.flown() || seat(self) != seat(other) || renamed
    }

    /// The same seat on the flight as it is now.
    pub(crate) fn as_flown(&self, flight: &Flight) -> Self {
        Self {
            departs: flight.departs,
            arrives: flight.arrives,
            offsets: flight.offsets,
            withdrawn: flight.withdrawn,
            label: flight.label.clone(),
            unseated: false,
            ..self.clone()
        }
    }
}
