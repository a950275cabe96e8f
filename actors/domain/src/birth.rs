//! The day on which somebody was born, as far as that can be told from any other day.

use serde::{Deserialize, Serialize};

/// Nobody has ever become older.
pub const AGE_MAX: u16 = 122;

/// A day of the calendar. Its `Debug` does not say which.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Birth {
    year: u16,
    month: u8,
    day: u8,
}

/// Why nobody was born then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBirth {
    /// Not `YYYY-MM-DD`, or no such day.
    NoDay,
    Future,
    /// More than [`AGE_MAX`] years ago.
    TooLongAgo,
}

impl Birth {
    /// `YYYY-MM-DD`, as of this second since 1970. Where the day has begun already, it is today: the sun rises in Kiribati fourteen hours
    /// before it does in London.
    pub fn new(text: &str, now: i64) -> Result<Self, NoBirth> {
        let birth = Self::read(text).ok_or(NoBirth::NoDay)?;
        let today = Self::of_second(now.saturating_add(14 * 3600));
        if birth > today {
            return Err(NoBirth::Future);
        }
        if today.year - birth.year > AGE_MAX {
            return Err(NoBirth::TooLongAgo);
        }
        Ok(birth)
    }

    fn read(text: &str) -> Option<Self> {
        let digits = |text: &str, len| {
            let fits = text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| text.parse::<u16>().ok()).flatten()
        };
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let birth = Self {
            year: digits(year, 4)?,
            month: u8::try_from(digits(month, 2)?).ok()?,
            day: u8::try_from(digits(day, 2)?).ok()?,
        };
        (1..=birth.days_of_month())
            .contains(&birth.day)
            .then_some(birth)
    }

    /// 0: there is no such month.
    fn days_of_month(self) -> u8 {
        let is_leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => 0,
        }
    }

    /// The day of this second since 1970, UTC (Hinnant, days to civil).
    fn of_second(second: i64) -> Self {
        let days = second.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: month as u8,
            day: day as u8,
        }
    }
}

impl std::fmt::Display for Birth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl std::fmt::Debug for Birth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Birth")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 27 November 2026, noon.
    const NOW: i64 = 1_795_780_800;

    #[test]
    fn days_that_there_were_are_read_and_others_are_not() {
        for text in [
            "1990-05-17",
            "2000-02-29",
            "2026-11-27",
            "1904-01-01",
            "1999-12-31",
        ] {
            assert_eq!(Birth::new(text, NOW).unwrap().to_string(), text);
        }
        for text in [
            "",
            "1990",
            "1990-05",
            "1990-5-17",
            "17/05/1990",
            "1990-13-01",
            "1990-00-10",
            "1990-04-31",
            "1900-02-29",
            "2001-02-29",
            "1990-05-00",
            "+990-05-17",
            "1990-05-17T",
            "1990-05-1 ",
        ] {
            assert_eq!(Birth::new(text, NOW), Err(NoBirth::NoDay), "{text}");
        }
        assert_eq!(Birth::new("2026-11-29", NOW), Err(NoBirth::Future));
        assert_eq!(Birth::new("1903-12-31", NOW), Err(NoBirth::TooLongAgo));
        assert_eq!(format!("{:?}", Birth::new("1990-05-17", NOW)), "Ok(Birth)");
    }

    #[test]
    fn every_day_of_two_centuries_follows_the_one_before() {
        let mut before = Birth::of_second(-86_400);
        assert_eq!(before.to_string(), "1969-12-31");
        for day in 0..73_000 {
            let next = Birth::of_second(day * 86_400 + 86_399);
            let expected = match (before.day == before.days_of_month(), before.month) {
                (true, 12) => (before.year + 1, 1, 1),
                (true, month) => (before.year, month + 1, 1),
                (false, month) => (before.year, month, before.day + 1),
            };
            assert_eq!((next.year, next.month, next.day), expected);
            before = next;
        }
        assert_eq!(Birth::of_second(NOW).to_string(), "2026-11-27");
    }
}
