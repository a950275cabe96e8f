//! The fields of a fixed-width record: text in named columns, and what each kind of field may hold.
//!
//! Columns count from 1 and include the last one, as the standard prints them.

use jiff::civil::Date;

use crate::schedule::dates::{DATE_MAX, DATE_MIN, Days};
use crate::schedule::error::{Fault, Place};
use crate::schedule::pattern::FLIGHT_NUMBER_MAX;

/// Length of every record without its line end.
pub const RECORD_COLUMNS: usize = 200;
/// How an open end of a period is written.
const OPEN_DATE: &[u8] = b"00XXX00";
const MONTHS: [&[u8; 3]; 12] = [
    b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC",
];
/// Zones of the Earth lie between -12:00 and +14:00.
const UTC_VARIATION_HOURS_MAX: u32 = 14;

/// A record of exactly [`RECORD_COLUMNS`] bytes.
#[derive(Clone, Copy)]
pub struct Record<'a>(&'a [u8]);

/// Columns `.0` to `.1`.
pub type Columns = (usize, usize);

impl<'a> Record<'a> {
    pub fn new(line: &'a [u8]) -> Result<Self, Fault> {
        if line.len() == RECORD_COLUMNS {
            return Ok(Self(line));
        }
        let length = format!("{} columns", line.len());
        Err(Fault::new(
            Place::Line,
            format!("a record of {RECORD_COLUMNS} columns"),
            length.as_bytes(),
        ))
    }

    /// What pads a block of five records.
    pub fn is_padding(self) -> bool {
        self.0.iter().all(|byte| *byte == b'0')
    }

    pub fn bytes(self, columns: Columns) -> &'a [u8] {
        &self.0[columns.0 - 1..columns.1]
    }

    pub fn byte(self, column: usize) -> u8 {
        self.0[column - 1]
    }

    pub fn is_blank(self, columns: Columns) -> bool {
        self.bytes(columns).iter().all(|byte| *byte == b' ')
    }

    /// The fault of a field that holds something else than expected.
    pub fn fault(self, columns: Columns, expected: impl Into<String>) -> Fault {
        let place = Place::Columns(columns.0, columns.1);
        Fault::new(place, expected, self.bytes(columns))
    }

    /// Digits, padded with blanks or zeros.
    pub fn number(self, columns: Columns, expected: &str) -> Result<u32, Fault> {
        digits(self.bytes(columns).trim_ascii()).ok_or_else(|| self.fault(columns, expected))
    }

    /// Two or three letters and digits, at least one of them a letter.
    pub fn airline(self, columns: Columns) -> Result<String, Fault> {
        let text = self.bytes(columns).trim_ascii_end();
        let plain = text
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let letters = text.iter().any(u8::is_ascii_uppercase);
        if text.len() < 2 || !plain || !letters {
            return Err(self.fault(columns, "an airline designator of two or three characters"));
        }
        Ok(ascii(text))
    }

    pub fn flight_number(self, columns: Columns) -> Result<u16, Fault> {
        let expected = "a flight number between 1 and 9999";
        let number = self.number(columns, expected)?;
        u16::try_from(number)
            .ok()
            .filter(|number| (1..=FLIGHT_NUMBER_MAX).contains(number))
            .ok_or_else(|| self.fault(columns, expected))
    }

    /// A capital letter or nothing.
    pub fn suffix(self, column: usize) -> Result<Option<char>, Fault> {
        match self.byte(column) {
            b' ' => Ok(None),
            letter if letter.is_ascii_uppercase() => Ok(Some(char::from(letter))),
            _ => Err(self.fault((column, column), "a capital letter or a blank")),
        }
    }

    pub fn station(self, columns: Columns) -> Result<String, Fault> {
        let text = self.bytes(columns);
        if text.iter().all(u8::is_ascii_uppercase) {
            return Ok(ascii(text));
        }
        Err(self.fault(columns, "an airport code of three capital letters"))
    }

    pub fn date(self, columns: Columns) -> Result<Date, Fault> {
        parse_date(self.bytes(columns))
            .ok_or_else(|| self.fault(columns, format!("a date DDMMMYY until {DATE_MAX}")))
    }

    /// A date, or the last one of all where the period is open.
    pub fn last_date(self, columns: Columns) -> Result<Date, Fault> {
        if self.bytes(columns) == OPEN_DATE {
            return Ok(DATE_MAX);
        }
        self.date(columns)
    }

    /// Seven columns, one for each day from Monday on: its number or a blank.
    pub fn days(self, columns: Columns) -> Result<Days, Fault> {
        let expected = "days of operation 1234567 in their columns, blank where there is none";
        let mut days = Days::NONE;
        for (day, byte) in (1..=7).zip(self.bytes(columns)) {
            match byte {
                b' ' => {}
                digit if *digit == b'0' + day => days = days.with(day),
                _ => return Err(self.fault(columns, expected)),
            }
        }
        if days == Days::NONE {
            return Err(self.fault(columns, expected));
        }
        Ok(days)
    }

    /// Minutes of the day; midnight at the end of a day is 2400, as the standard writes arrivals.
    pub fn time(self, columns: Columns) -> Result<i64, Fault> {
        parse_time(self.bytes(columns)).ok_or_else(|| self.fault(columns, "a time HHMM"))
    }

    /// Seconds east of UTC, from `+HHMM` or `-HHMM`.
    pub fn utc_variation(self, columns: Columns) -> Result<i32, Fault> {
        parse_utc_variation(self.bytes(columns))
            .ok_or_else(|| self.fault(columns, "a UTC variation +HHMM or -HHMM"))
    }

    /// Days after the flight's date, a digit; `A` and `J` are the day before. Nothing where it is blank.
    pub fn date_variation(self, column: usize) -> Result<Option<i64>, Fault> {
        match self.byte(column) {
            b' ' => Ok(None),
            digit @ b'0'..=b'7' => Ok(Some(i64::from(digit - b'0'))),
            b'A' | b'J' => Ok(Some(-1)),
            _ => Err(self.fault((column, column), "a date variation 0 to 7, A or a blank")),
        }
    }
}

fn ascii(text: &[u8]) -> String {
    text.iter().copied().map(char::from).collect()
}

fn digits(text: &[u8]) -> Option<u32> {
    // parse alone would let a sign pass
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn parse_date(text: &[u8]) -> Option<Date> {
    let (day, month, year) = (digits(&text[..2])?, &text[2..5], digits(&text[5..])?);
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    let date = Date::new(2000 + year as i16, month as i8, day as i8).ok()?;
    (DATE_MIN..=DATE_MAX).contains(&date).then_some(date)
}

fn parse_time(text: &[u8]) -> Option<i64> {
    let (hour, minute) = (digits(&text[..2])?, digits(&text[2..])?);
    let valid = hour < 24 && minute < 60 || (hour, minute) == (24, 0);
    valid.then_some(i64::from(hour) * 60 + i64::from(minute))
}

fn parse_utc_variation(text: &[u8]) -> Option<i32> {
    let sign = match text[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (digits(&text[1..3])?, digits(&text[3..])?);
    let within = hours <= UTC_VARIATION_HOURS_MAX && minutes < 60;
    within.then_some(sign * (hours as i32 * 3600 + minutes as i32 * 60))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// A record with this text in its first columns.
    fn with(text: &str, check: impl FnOnce(Record<'_>)) {
        let line = format!("{text:<RECORD_COLUMNS$}");
        check(Record::new(line.as_bytes()).unwrap());
    }

    #[test]
    fn a_record_has_two_hundred_columns() {
        assert!(Record::new(&[b'0'; RECORD_COLUMNS]).unwrap().is_padding());
        let fault = Record::new(&[b'0'; 199]).err().unwrap();
        assert_eq!(
            (fault.expected.as_str(), fault.found.as_str()),
            ("a record of 200 columns", "199 columns")
        );
    }

    #[test]
    fn dates_are_real_days_and_may_be_open() {
        for (text, expected) in [
            ("25OCT26", Some(date(2026, 10, 25))),
            ("29FEB28", Some(date(2028, 2, 29))),
            ("29FEB27", None),
            ("25oct26", None),
            ("5 OCT26", None),
            ("25OCT89", None),
            ("00XXX00", None),
        ] {
            with(text, |r| {
                assert_eq!(r.date((1, 7)).ok(), expected, "{text}");
            });
        }
        with("00XXX00", |r| {
            assert_eq!(r.last_date((1, 7)), Ok(DATE_MAX));
        });
    }

    #[test]
    fn times_and_variations_are_checked_to_the_minute() {
        for (text, valid) in [
            ("0000", true),
            ("2359", true),
            ("2400", true),
            ("2401", false),
            ("0960", false),
            ("9:30", false),
        ] {
            with(text, |r| {
                assert_eq!(r.time((1, 4)).is_ok(), valid, "{text}")
            });
        }
        for (text, seconds) in [
            ("-0300", Some(-10_800)),
            ("+0545", Some(20_700)),
            ("+1500", None),
            ("+0060", None),
            ("00300", None),
            ("+-300", None),
        ] {
            with(text, |r| {
                assert_eq!(r.utc_variation((1, 5)).ok(), seconds, "{text}");
            });
        }
    }

    #[test]
    fn days_stand_in_their_columns() {
        with("1234567", |r| assert_eq!(r.days((1, 7)), Ok(Days::ALL)));
        with("  3   7", |r| {
            assert_eq!(r.days((1, 7)), Ok(Days::NONE.with(3).with(7)));
        });
        for wrong in ["37     ", "       ", "1234568", "X234567"] {
            with(wrong, |r| assert!(r.days((1, 7)).is_err(), "{wrong}"));
        }
    }

    #[test]
    fn designators_and_stations_are_capitals() {
        for (text, valid) in [
            ("G3 ", true),
            ("3K ", true),
            ("TAM", true),
            ("33 ", false),
            ("G  ", false),
            ("g3 ", false),
        ] {
            with(text, |r| {
                assert_eq!(r.airline((1, 3)).is_ok(), valid, "{text}")
            });
        }
        for (text, number) in [
            ("   7", Some(7)),
            ("0007", Some(7)),
            ("9999", Some(9999)),
            ("0000", None),
            ("+123", None),
            ("    ", None),
        ] {
            with(text, |r| {
                assert_eq!(r.flight_number((1, 4)).ok(), number, "{text}");
            });
        }
        with("GRU", |r| assert_eq!(r.station((1, 3)), Ok("GRU".into())));
        with("Gru", |r| assert!(r.station((1, 3)).is_err()));
        with(" Ax", |r| {
            assert_eq!(r.suffix(1), Ok(None));
            assert_eq!(r.suffix(2), Ok(Some('A')));
            assert!(r.suffix(3).is_err());
        });
    }

    #[test]
    fn date_variations_count_days_from_the_flights_date() {
        with(" 07AJ8", |r| {
            let days: Vec<_> = (1..=6)
                .map(|column| r.date_variation(column).ok())
                .collect();
            let good = [None, Some(0), Some(7), Some(-1), Some(-1)].map(Some);
            assert_eq!(days, [&good[..], &[None]].concat());
        });
    }
}
