//! A leg that repeats: one line of a schedule, and its expansion into dated legs.
//!
//! Invariants:
//! * a leg is dated by its flight's date: the day on which the flight leaves its first airport, in the schedule's time mode;
//!   its own departure and arrival are days relative to that date;
//! * the route id is made of date, number, suffix and leg only, so a later schedule meets the same row.

use std::ops::Range;

use jiff::civil::{Date, DateTime, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use passcom_actors::catalogue::Route;
use passcom_actors::domain::ids::RouteId;
use passcom_actors::domain::order::Price;

use super::error::Source;

/// Highest flight number.
pub const FLIGHT_NUMBER_MAX: u16 = 9999;
/// Most legs of one flight number on one day, so that the leg fits its bits of the route id.
pub const LEG_SEQUENCE_MAX: u8 = 31;
/// First and last date of a flight, so that the day fits its bits of the route id.
pub const DATE_MIN: Date = date(2000, 1, 1);
pub const DATE_MAX: Date = date(2088, 12, 31);
/// Most days that one import looks at.
pub const WINDOW_DAYS_MAX: u32 = 1000;
/// Longest leg; the longest flight in the world takes nineteen hours.
pub const LEG_SECONDS_MAX: i64 = 24 * 3600;

const LEG_BITS: u32 = 5;
const SUFFIX_BITS: u32 = 5;
const NUMBER_BITS: u32 = 14;
const MINUTES_PER_DAY: i64 = 24 * 60;
const SECONDS_PER_DAY: i64 = MINUTES_PER_DAY * 60;
const SECONDS_1970_TO_2000: i64 = 946_684_800;

/// The flight dates to import: `days` days from `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: Date,
    days: u32,
}

impl Window {
    pub fn new(from: Date, days: u32) -> Result<Self, String> {
        if days == 0 || days > WINDOW_DAYS_MAX {
            return Err(format!(
                "the number of days must be between 1 and {WINDOW_DAYS_MAX}, not {days}"
            ));
        }
        let end = from.checked_add(i64::from(days).days());
        if from < DATE_MIN || end.is_err() || end.is_ok_and(|end| end > DATE_MAX) {
            return Err(format!(
                "the dates must lie between {DATE_MIN} and {DATE_MAX}"
            ));
        }
        Ok(Self { from, days })
    }

    pub fn from(self) -> Date {
        self.from
    }

    /// The last date within.
    pub fn last(self) -> Date {
        self.from.saturating_add((i64::from(self.days) - 1).days())
    }

    /// The ids of all routes whose flight date lies in the window.
    pub fn route_ids(self) -> Range<RouteId> {
        let first = day_number(self.from);
        let id = |day: i64| RouteId((day as u64) << (NUMBER_BITS + SUFFIX_BITS + LEG_BITS));
        // day 0 leaves no other id below this, and 0 itself is no id
        id(first)..id(first + i64::from(self.days))
    }
}

/// Days since 1 January 2000.
fn day_number(date: Date) -> i64 {
    date.duration_since(DATE_MIN).as_secs() / SECONDS_PER_DAY
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

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(u8);

impl Days {
    pub const ALL: Self = Self(0b111_1111);
    pub const NONE: Self = Self(0);

    /// With this day too, 1 = Monday to 7 = Sunday.
    pub fn with(self, day: u8) -> Self {
        debug_assert!((1..=7).contains(&day));
        Self(self.0 | 1 << (day - 1))
    }

    fn contains(self, day: Weekday) -> bool {
        self.0 & 1 << day.to_monday_zero_offset() != 0
    }
}

/// When a flight operates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub first: Date,
    pub last: Date,
    pub days: Days,
    /// 1 = every week, 2 = every second one, counted from the week (Monday to Sunday) of `first`.
    pub every_weeks: u8,
}

impl Period {
    /// Every date of the period that lies in the window, ascending.
    pub fn dates(&self, window: Window) -> impl Iterator<Item = Date> + '_ {
        let first = self.first.max(window.from());
        self.between(first, self.last.min(window.last()))
    }

    /// The first date that both have.
    pub fn common_date(&self, other: &Period) -> Option<Date> {
        // days of the week and fortnights both repeat after this
        const CYCLE_DAYS: i64 = 14;
        let first = self.first.max(other.first);
        let last = self.last.min(other.last);
        let cycle_end = first.saturating_add((CYCLE_DAYS - 1).days());
        self.between(first, last.min(cycle_end))
            .find(|date| other.operates(*date))
    }

    fn between(&self, first: Date, last: Date) -> impl Iterator<Item = Date> + '_ {
        first
            .series(1.day())
            .take_while(move |date| *date <= last)
            .filter(|date| self.operates(*date))
    }

    /// Whether a date between first and last is one.
    fn operates(&self, date: Date) -> bool {
        let weeks = week_number(date) - week_number(self.first);
        self.days.contains(date.weekday()) && weeks % i64::from(self.every_weeks) == 0
    }
}

/// Weeks since the one that had 1 January 2000, a Saturday, in it.
fn week_number(date: Date) -> i64 {
    (day_number(date) + 5) / 7
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

#[cfg(test)]
mod tests {
    use super::*;

    fn period(first: Date, last: Date, days: &[u8], every_weeks: u8) -> Period {
        Period {
            first,
            last,
            days: days.iter().fold(Days::NONE, |days, day| days.with(*day)),
            every_weeks,
        }
    }

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
    fn days_of_the_week_and_the_window_cut_a_period() {
        // 26 October 2026 is a Monday
        let period = period(date(2026, 10, 26), date(2026, 12, 31), &[1, 7], 1);
        let window = Window::new(date(2026, 10, 20), 14).unwrap();
        let dates: Vec<Date> = period.dates(window).collect();
        assert_eq!(
            dates,
            [date(2026, 10, 26), date(2026, 11, 1), date(2026, 11, 2)]
        );
    }

    #[test]
    fn a_fortnightly_flight_skips_whole_weeks() {
        // from a Thursday: its Monday is the one after the week that is skipped
        let period = period(date(2026, 10, 29), date(2026, 11, 30), &[1, 4], 2);
        let window = Window::new(date(2026, 10, 1), 90).unwrap();
        let dates: Vec<Date> = period.dates(window).collect();
        assert_eq!(
            dates,
            [
                date(2026, 10, 29),
                date(2026, 11, 9),
                date(2026, 11, 12),
                date(2026, 11, 23),
                date(2026, 11, 26)
            ]
        );
    }

    #[test]
    fn periods_collide_only_on_a_date_that_both_fly() {
        let mondays = period(date(2026, 10, 26), date(2027, 3, 27), &[1], 1);
        let tuesdays = period(date(2026, 10, 26), date(2027, 3, 27), &[2], 1);
        let later = period(date(2027, 3, 1), date(2027, 6, 1), &[1, 2], 1);
        assert_eq!(mondays.common_date(&tuesdays), None);
        assert_eq!(mondays.common_date(&later), Some(date(2027, 3, 1)));
        let even = period(date(2026, 10, 26), date(2027, 3, 27), &[1], 2);
        let odd = period(date(2026, 11, 2), date(2027, 3, 27), &[1], 2);
        assert_eq!(even.common_date(&odd), None);
        assert_eq!(even.common_date(&mondays), Some(date(2026, 10, 26)));
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
