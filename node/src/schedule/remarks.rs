//! What a person should know of files that are good: what of them is not sold, and what had to be guessed. Counted, not
//! listed: a season has thousands of legs of one kind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use passcom_actors::catalogue::airports;

use super::pattern::{Clock, Moment, Pattern};

/// Airports that are named for one thing; what is said of further ones is not kept.
pub const AIRPORTS_LISTED: usize = 20;
/// A period that is longer is looked at for a year: clocks change within it or never.
const PERIOD_DAYS_MAX: i64 = 364;

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
    /// Lines with an airport that is not in the table: its times will be shown in UTC.
    pub unknown_airport_legs: u64,
    /// Those airports, at most [`AIRPORTS_LISTED`].
    pub unknown_airports: BTreeSet<String>,
    /// Lines with times by another clock than the airport's, as the table has it: they will be shown by the table's.
    pub other_clock_legs: u64,
    /// What the first line of each such airport says, at most [`AIRPORTS_LISTED`].
    pub other_clocks: BTreeMap<String, String>,
}

impl Remarks {
    /// Compares the offsets that a line has itself with those of its airports.
    pub fn note_clocks(&mut self, pattern: &Pattern) {
        let ends = [
            (&pattern.origin, &pattern.departs),
            (&pattern.destination, &pattern.arrives),
        ];
        let mut unknown = false;
        for (airport, _) in ends {
            if airports::find(airport).is_none() {
                unknown = true;
                if self.unknown_airports.len() < AIRPORTS_LISTED {
                    self.unknown_airports.insert(airport.clone());
                }
            }
        }
        self.unknown_airport_legs += u64::from(unknown);
        let first = pattern.period.first;
        let year = first.saturating_add(PERIOD_DAYS_MAX.days());
        let dates = [first, pattern.period.last.min(year)];
        let mut other = false;
        for (airport, moment) in ends {
            let contradiction = dates
                .iter()
                .find_map(|date| contradiction(airport, moment, *date));
            if let Some(contradiction) = contradiction {
                other = true;
                let listed = &mut self.other_clocks;
                if listed.len() < AIRPORTS_LISTED {
                    listed.entry(airport.clone()).or_insert(contradiction);
                }
            }
        }
        self.other_clock_legs += u64::from(other);
    }
}

/// What file and table say of the airport's clock on that date, if they do not agree.
fn contradiction(airport: &str, moment: &Moment, date: Date) -> Option<String> {
    let Clock::Offset(east) = moment.clock else {
        return None;
    };
    let zone = TimeZone::get(airports::find(airport)?.zone).ok()?;
    let told = Offset::from_seconds(east).ok()?;
    let ours = zone.to_offset(Timestamp::from_second(moment.at(date)).ok()?);
    (told != ours).then(|| format!("UTC{told} in the file, UTC{ours} here, on {date}"))
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
        if self.unknown_airport_legs > 0 {
            let airports: Vec<&str> = self.unknown_airports.iter().map(String::as_str).collect();
            writeln!(
                f,
                "{} lines have an airport that is not known here; its times are shown in UTC: {}",
                self.unknown_airport_legs,
                airports.join(", ")
            )?;
        }
        if self.other_clock_legs > 0 {
            writeln!(
                f,
                "{} lines contradict the clocks of their airports; the instant is the file's, and is shown by the clock known here:",
                self.other_clock_legs
            )?;
            for (airport, contradiction) in &self.other_clocks {
                writeln!(f, "  {airport}: {contradiction}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Time, date};

    use super::*;
    use crate::schedule::dates::{Days, Period};
    use crate::schedule::error::Source;
    use crate::schedule::fares;
    use crate::schedule::pattern::Designator;

    fn pattern(origin: &str, east: i32, until: Date) -> Pattern {
        let moment =
            |hour, east| Moment::new(0, Time::constant(hour, 0, 0, 0), Clock::Offset(east));
        Pattern {
            designator: Designator {
                carrier: "G3".into(),
                number: 1,
                suffix: None,
                leg: 1,
            },
            period: Period {
                first: date(2026, 10, 26),
                last: until,
                days: Days::ALL,
                every_weeks: 1,
            },
            origin: origin.into(),
            destination: "GRU".into(),
            departs: moment(1, east),
            arrives: moment(20, -3 * 3600),
            seats: 1,
            price: fares::price(origin, "GRU", 3600),
            equipment: String::new(),
            source: Source {
                file: "t".into(),
                line: 2,
            },
        }
    }

    #[test]
    fn a_clock_that_contradicts_the_airports_is_told_once() {
        let mut remarks = Remarks::default();
        let winter = date(2027, 3, 27);
        remarks.note_clocks(&pattern("LIS", 0, winter));
        assert_eq!(remarks, Remarks::default());
        remarks.note_clocks(&pattern("LIS", 3600, winter));
        remarks.note_clocks(&pattern("LIS", 3600, winter));
        assert_eq!(
            (remarks.other_clock_legs, remarks.other_clocks.len()),
            (2, 1)
        );
        assert_eq!(
            remarks.other_clocks["LIS"],
            "UTC+01 in the file, UTC+00 here, on 2026-10-26"
        );
        // right when it begins, and no more when clocks have changed
        let mut remarks = Remarks::default();
        remarks.note_clocks(&pattern("LIS", 0, date(2027, 4, 30)));
        assert_eq!(
            remarks.other_clocks["LIS"],
            "UTC+00 in the file, UTC+01 here, on 2027-04-30"
        );
    }

    #[test]
    fn airports_that_nobody_knows_are_named_up_to_a_limit() {
        let mut remarks = Remarks::default();
        for number in 0..AIRPORTS_LISTED + 5 {
            // no code of an airport has a digit
            remarks.note_clocks(&pattern(
                &format!("X{number:02}"),
                13 * 3600,
                date(2026, 10, 27),
            ));
        }
        assert_eq!(remarks.unknown_airport_legs, AIRPORTS_LISTED as u64 + 5);
        assert_eq!(remarks.unknown_airports.len(), AIRPORTS_LISTED);
        assert_eq!(remarks.other_clock_legs, 0);
        assert!(remarks.to_string().contains("shown in UTC: X00, X01,"));
    }
}
