//! What a person should know of files that are good: what of them is not sold, and what had to be guessed. Counted, not
//! listed: a season has thousands of legs of one kind.

use std::fmt;

/// Why a leg is not sold here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsold {
    /// Cargo, mail, charter, positioning and the like.
    Service,
    /// An aircraft without seats.
    NoSeats,
    /// Another company flies it, and sells its seats.
    Codeshare,
    /// It may not be sold alone, or not together with other flights.
    Restricted,
}

impl Unsold {
    const ALL: [Self; 4] = [
        Self::Service,
        Self::NoSeats,
        Self::Codeshare,
        Self::Restricted,
    ];

    /// Of lines that are not sold: `3 lines are …`.
    fn describe(self) -> &'static str {
        match self {
            Self::Service => "no flights for passengers (service type)",
            Self::NoSeats => "without seats for passengers",
            Self::Codeshare => {
                "codeshares: another airline flies them and sells their seats (byte 149 or DEI 50)"
            }
            Self::Restricted => {
                "restricted: not for every passenger (traffic restriction code, bytes 150-161 or DEI 170)"
            }
        }
    }
}

/// Good lines that are not sold, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct UnsoldLegs {
    pub service: u64,
    pub no_seats: u64,
    pub codeshare: u64,
    pub restricted: u64,
}

impl UnsoldLegs {
    pub fn add(&mut self, reason: Unsold) {
        *self.of(reason) += 1;
    }

    fn of(&mut self, reason: Unsold) -> &mut u64 {
        match reason {
            Unsold::Service => &mut self.service,
            Unsold::NoSeats => &mut self.no_seats,
            Unsold::Codeshare => &mut self.codeshare,
            Unsold::Restricted => &mut self.restricted,
        }
    }
}

/// What is told once of a whole reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Remarks {
    /// Lines that are no fault and are not sold.
    pub unsold_legs: UnsoldLegs,
    /// Lines whose arrival is before the departure and says no day: taken as the next day.
    pub next_day_legs: u64,
}

impl fmt::Display for Remarks {
    /// One line each; none where there is nothing to say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut unsold = self.unsold_legs;
        for reason in Unsold::ALL {
            let count = *unsold.of(reason);
            if count > 0 {
                writeln!(f, "{count} lines are not sold: {}", reason.describe())?;
            }
        }
        if self.next_day_legs > 0 {
            writeln!(
                f,
                "{} lines arrive before they depart and leave the date variation blank: taken as the next day",
                self.next_day_legs
            )?;
        }
        Ok(())
    }
}
