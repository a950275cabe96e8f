//! A leg that repeats: one line of a schedule, and its expansion into dated legs.
//!
//! Invariants:
//! * a leg is dated by its flight's date: the day on which the flight leaves its first airport, in the schedule's time mode;
//!   its own departure and arrival are days relative to that date;
//! * the route id is made of date, number, suffix and leg only, so a later schedule meets the same row.

use std::ops::Range;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use passcom_actors::catalogue::Route;
use passcom_actors::domain::ids::RouteId;
use passcom_actors::domain::order::{Offsets, Price};

use super::dates::{Period, Window, day_number};
use super::error::Source;

/// Highest flight number.
pub const FLIGHT_NUMBER_MAX: u16 = 9999;
/// Most legs of one flight number on one day, so that the leg fits its bits of the route id.
pub const LEG_SEQUENCE_MAX: u8 = 31;
/// Longest leg; the longest flight in the world takes nineteen hours.
pub const LEG_SECONDS_MAX: i64 = 24 * 3600;

const LEG_BITS: u32 = 5;
const SUFFIX_BITS: u32 = 5;
const NUMBER_BITS: u32 = 14;
const MINUTES_PER_DAY: i64 = 24 * 60;
const SECONDS_PER_DAY: i64 = MINUTES_PER_DAY * 60;
const SECONDS_1970_TO_2000: i64 = 946_684_800;

impl Window {
    /// The ids of all routes whose flight date lies in the window.
    pub fn route_ids(self) -> Range<RouteId> {
        let first = day_number(self.from());
        let id = |day: i64| RouteId((day as u64) << (NUMBER_BITS + SUFFIX_BITS + LEG_BITS));
        // no flight has number 0, so no id lies on a border
        id(first)..id(first + i64::from(self.days()))
    }
}

/// Which flight, and which of its legs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Designator {
    /// Airline, `G3`.
    pub carrier: String,
    /// 1 to [`FLIGHT_NUMBER_MAX`].
    pub number: u16,
    /// Operational suffix, a capital letter: tells apart two flights of one number and date.
    pub suffix: Option<char>,
    /// Leg sequence, 1 to [`LEG_SEQUENCE_MAX`].
    pub leg: u8,
}

impl Designator {
    /// What a passenger reads, `G31234`.
    pub fn flight(&self) -> String {
        match self.suffix {
            Some(suffix) => format!("{}{}{suffix}", self.carrier, self.number),
            None => format!("{}{}", self.carrier, self.number),
        }
    }

    /// Day | number | suffix | leg; the carrier is not in it, because a company flies a number once a day.
    pub fn route_id(&self, date: Date) -> RouteId {
        RouteId((day_number(date) as u64) << (NUMBER_BITS + SUFFIX_BITS + LEG_BITS) | self.key())
    }

    /// The part of the id that does not depend on the date: legs with different keys never meet.
    pub fn key(&self) -> u64 {
        let suffix = self.suffix.map_or(0, |c| c as u64 - 'A' as u64 + 1);
        u64::from(self.number) << (SUFFIX_BITS + LEG_BITS)
            | suffix << LEG_BITS
            | u64::from(self.leg)
    }
}

/// Whose hands a clock time is of.
#[derive(Debug, Clone, PartialEq)]
pub enum Clock {
    /// Seconds east of UTC.
    Offset(i32),
    Zone(TimeZone),
}

/// A time of the day relative to a flight's date.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Minutes since the midnight with which the flight's date begins; may lie before it or days after.
    pub minutes: i64,
    pub clock: Clock,
}

impl Moment {
    pub fn new(day: i64, time: Time, clock: Clock) -> Self {
        let minutes =
            day * MINUTES_PER_DAY + i64::from(time.hour()) * 60 + i64::from(time.minute());
        Self { minutes, clock }
    }

    /// Minutes east of UTC that the clock shows then.
    pub fn offset(&self, date: Date) -> i16 {
        let local = day_number(date) * MINUTES_PER_DAY + self.minutes + SECONDS_1970_TO_2000 / 60;
        (local - self.at(date) / 60) as i16
    }

    /// Seconds since 1970, UTC.
    pub fn at(&self, date: Date) -> i64 {
        match &self.clock {
            Clock::Offset(east) => {
                SECONDS_1970_TO_2000 + day_number(date) * SECONDS_PER_DAY + self.minutes * 60
                    - i64::from(*east)
            }
            Clock::Zone(zone) => {
                let local = DateTime::from_parts(date, Time::midnight())
                    .saturating_add(SignedDuration::from_mins(self.minutes));
                zone.to_ambiguous_timestamp(local)
                    .compatible()
                    .expect("flight dates end in 2088, timestamps in 9999")
                    .as_second()
            }
        }
    }
}

/// A leg that repeats.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub designator: Designator,
    pub period: Period,
    pub origin: String,
    pub destination: String,
    pub departs: Moment,
    pub arrives: Moment,
    /// 1 to [`passcom_actors::domain::ids::SEATS_MAX`].
    pub seats: u16,
    pub price: Price,
    /// IATA aircraft type; empty if unknown.
    pub equipment: String,
    pub source: Source,
}

impl Pattern {
    /// The leg of the flight of this date.
    pub fn route(&self, date: Date) -> Route {
        Route {
            id: self.designator.route_id(date),
            flight: self.designator.flight(),
            origin: self.origin.clone(),
            destination: self.destination.clone(),
            departs: self.departs.at(date),
            arrives: self.arrives.at(date),
            offsets: Some(Offsets {
                departs: self.departs.offset(date),
                arrives: self.arrives.offset(date),
            }),
            seats: self.seats,
            price: self.price.clone(),
            equipment: self.equipment.clone(),
            on_sale: true,
        }
    }
}

/// How long a leg takes; on the day given, where clocks change in between.
pub fn block_seconds(departs: &Moment, arrives: &Moment, date: Date) -> i64 {
    arrives.at(date) - departs.at(date)
}

/// The arrival on the day that makes it the first one after the departure, on the date given.
pub fn first_after(departs: &Moment, arrives: Moment, date: Date) -> Moment {
    let early = block_seconds(departs, &arrives, date);
    let days = (-early).div_euclid(SECONDS_PER_DAY) + 1;
    Moment {
        minutes: arrives.minutes + days * MINUTES_PER_DAY,
        clock: arrives.clock,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::dates::{DATE_MAX, DATE_MIN, WINDOW_DAYS_MAX};
    use super::*;

    fn designator(number: u16, suffix: Option<char>, leg: u8) -> Designator {
        Designator {
            carrier: "G3".into(),
            number,
            suffix,
            leg,
        }
    }

    #[test]
    fn a_window_is_checked_and_knows_its_ids() {
        assert!(Window::new(date(2026, 10, 25), 0).is_err());
        assert!(Window::new(date(2026, 10, 25), WINDOW_DAYS_MAX + 1).is_err());
        assert!(Window::new(date(1999, 12, 31), 1).is_err());
        assert!(Window::new(date(2088, 12, 31), 2).is_err());
        let window = Window::new(date(2026, 10, 25), 7).unwrap();
        assert_eq!(window.last(), date(2026, 10, 31));
        let ids = window.route_ids();
        let first = designator(1, None, 1);
        let last = designator(FLIGHT_NUMBER_MAX, Some('Z'), LEG_SEQUENCE_MAX);
        assert!(ids.contains(&first.route_id(date(2026, 10, 25))));
        assert!(ids.contains(&last.route_id(date(2026, 10, 31))));
        assert!(!ids.contains(&last.route_id(date(2026, 10, 24))));
        assert!(!ids.contains(&first.route_id(date(2026, 11, 1))));
    }

    #[test]
    fn every_part_of_a_designator_is_in_the_id_and_the_largest_is_valid() {
        let day = date(2026, 10, 25);
        let base = designator(1000, None, 1);
        for other in [
            designator(1001, None, 1),
            designator(1000, Some('A'), 1),
            designator(1000, None, 2),
        ] {
            assert_ne!(base.route_id(day), other.route_id(day));
        }
        assert_ne!(base.route_id(day), base.route_id(date(2026, 10, 26)));
        let last = designator(FLIGHT_NUMBER_MAX, Some('Z'), LEG_SEQUENCE_MAX);
        assert!(RouteId::new(last.route_id(DATE_MAX).0).is_ok());
        assert!(RouteId::new(designator(1, None, 1).route_id(DATE_MIN).0).is_ok());
    }

    #[test]
    fn a_moment_is_the_same_instant_by_offset_and_by_zone() {
        let day = date(2026, 10, 25);
        let time = Time::constant(23, 30, 0, 0);
        let zone = TimeZone::get("America/Manaus").unwrap();
        let by_zone = Moment::new(1, time, Clock::Zone(zone));
        let by_offset = Moment::new(1, time, Clock::Offset(-4 * 3600));
        // 27 October 2026, 03:30 UTC
        assert_eq!(by_zone.at(day), 1_793_071_800);
        assert_eq!(by_offset.at(day), 1_793_071_800);
    }
}
