//! Dates of flights: the periods in which they operate, and the window that is imported.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

/// First and last date of a flight, so that the day fits its bits of the route id.
pub const DATE_MIN: Date = date(2000, 1, 1);
pub const DATE_MAX: Date = date(2088, 12, 31);
/// Most days that one import looks at.
pub const WINDOW_DAYS_MAX: u32 = 1000;

const SECONDS_PER_DAY: i64 = 24 * 3600;

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

    pub fn days(self) -> u32 {
        self.days
    }

    /// The last date within.
    pub fn last(self) -> Date {
        self.from.saturating_add((i64::from(self.days) - 1).days())
    }
}

/// Days since 1 January 2000.
pub fn day_number(date: Date) -> i64 {
    date.duration_since(DATE_MIN).as_secs() / SECONDS_PER_DAY
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
}
