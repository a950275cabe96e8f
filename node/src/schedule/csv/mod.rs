//! Schedules as CSV, for companies without SSIM.
//!
//! Fields are separated by commas, or by semicolons as spreadsheets write them where the comma is the decimal mark; the first
//! line says which. With semicolons a price may have either mark. Fields may be quoted, lines end with LF or CRLF.
//!
//! The first line names the columns, in any order:
//!
//! | column | holds | when absent or empty |
//! |---|---|---|
//! | `flight` | airline designator, number, operational suffix: `G31234`, `G31234A` | required |
//! | `origin`, `destination` | airport codes | required |
//! | `date` | first (or only) date of departure, `2026-10-25`, local at the origin | required |
//! | `departs`, `arrives` | `08:15`, local at the airport; or with an offset, `08:15-03:00` | required |
//! | `until` | last date | `date` |
//! | `days` | days of the week, 1 = Monday: `12345` | every day |
//! | `leg` | leg sequence, of a flight with several legs: 1 to 31 | 1 |
//! | `seats` | 1 to 1023 | by `equipment` |
//! | `price` | `349.90`, with no more digits than its currency has | by distance (`fares.rs`) |
//! | `currency` | of the price: one of ISO 4217 | `BRL` |
//! | `equipment` | IATA aircraft type, `738` | unknown |
//!
//! A leg arrives at the first such time after its departure. An airport that is not in the table needs times with an offset.

mod values;

use std::io::BufRead;
use std::sync::Arc;

use ::csv::{ReaderBuilder, StringRecord, Trim};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use passcom_actors::catalogue::airports;
use passcom_actors::domain::currency;
use passcom_actors::domain::ids::SEATS_MAX;
use passcom_actors::domain::order::Price;

use self::values::{minor_units, split_flight, split_time};
use super::dates::{DATE_MAX, DATE_MIN, Days, Period};
use super::error::{Fault, Place, Source};
use super::files::next_line;
use super::pattern::{
    Clock, Designator, LEG_SEQUENCE_MAX, Moment, Pattern, block_seconds, first_after,
};
use super::{Findings, equipment, fares};

const REQUIRED: [&str; 6] = [
    "flight",
    "origin",
    "destination",
    "date",
    "departs",
    "arrives",
];
const OPTIONAL: [&str; 7] = [
    "until",
    "days",
    "leg",
    "seats",
    "price",
    "currency",
    "equipment",
];
const COMMA: u8 = b',';
const SEMICOLON: u8 = b';';
/// Of a price that shows how one is written.
const EXAMPLE_MINOR: i64 = 34_990;
const DEFAULT_CURRENCY: &str = "BRL";

/// Whether a file that begins like this is one.
pub fn recognizes(beginning: &[u8]) -> bool {
    let line = beginning
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let header = String::from_utf8_lossy(line);
    header
        .split([COMMA as char, SEMICOLON as char])
        .any(|name| name.trim().trim_matches('"') == "flight")
}

/// The separator of a file with this header. No column has either in its name.
fn separator(header: &[u8]) -> u8 {
    match header.contains(&SEMICOLON) {
        true => SEMICOLON,
        false => COMMA,
    }
}

/// The airline of the first flight.
pub fn carrier(mut reader: impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    if !next_line(&mut reader, &mut line)? {
        return Ok(None);
    }
    let header = Header::of(&line);
    if !next_line(&mut reader, &mut line)? {
        return Ok(None);
    }
    let designator = header.and_then(|header| {
        let row = Row {
            header: &header,
            record: &split(&line, header.separator)?,
        };
        row.designator()
    });
    Ok(designator.ok().map(|designator| designator.carrier))
}

/// Reads a file: legs and bad lines go to the findings, and only a file that cannot be read is an error.
pub fn read(
    mut reader: impl BufRead,
    file: &Arc<str>,
    findings: &mut Findings,
) -> std::io::Result<()> {
    let mut header = None;
    let mut number = 0;
    let mut line = Vec::new();
    while next_line(&mut reader, &mut line)? {
        number += 1;
        let source = Source {
            file: file.clone(),
            line: number,
        };
        if line.is_empty() {
            continue;
        }
        let Some(header) = &header else {
            match Header::of(&line) {
                Ok(names) => header = Some(names),
                Err(fault) => {
                    findings.bad.push(source, fault);
                    // no line can be read without it
                    return Ok(());
                }
            }
            continue;
        };
        match pattern(header, &line, source.clone()) {
            Ok(pattern) => {
                findings.remarks.note_clocks(&pattern);
                findings.add(pattern);
            }
            Err(fault) => findings.bad.push(source, fault),
        }
    }
    Ok(())
}

fn pattern(header: &Header, line: &[u8], source: Source) -> Result<Pattern, Fault> {
    let record = &split(line, header.separator)?;
    if record.len() != header.fields.len() {
        let expected = format!(
            "{} fields as in the header, separated by {:?} (a field with that mark in it is written in quotes)",
            header.fields.len(),
            char::from(header.separator)
        );
        let found = format!("{} fields", record.len());
        return Err(Fault::new(Place::Line, expected, found.as_bytes()));
    }
    Row { header, record }.pattern(source)
}

/// The fields of one line. Line by line, because no field has a line end in it, and a quote that is not closed would
/// otherwise swallow the rest of the file.
fn split(line: &[u8], separator: u8) -> Result<StringRecord, Fault> {
    let mut record = StringRecord::new();
    ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .trim(Trim::All)
        .buffer_capacity(line.len())
        .from_reader(line)
        .read_record(&mut record)
        .map_err(|_| {
            let expected = "text of UTF-8 (a spreadsheet saves it as “CSV UTF-8”)";
            Fault::new(Place::Line, expected, line)
        })?;
    Ok(record)
}

/// Which field holds which column.
struct Header {
    fields: Vec<(&'static str, usize)>,
    separator: u8,
}

impl Header {
    /// Of the first line of a file.
    fn of(line: &[u8]) -> Result<Self, Fault> {
        let separator = separator(line);
        Self::new(&split(line, separator)?, separator)
    }

    fn new(names: &StringRecord, separator: u8) -> Result<Self, Fault> {
        let mut fields: Vec<(&'static str, usize)> = Vec::with_capacity(names.len());
        for (field, name) in names.iter().enumerate() {
            let known = REQUIRED
                .iter()
                .chain(&OPTIONAL)
                .find(|known| **known == name);
            let fault = |expected: String| Fault::new(Place::Line, expected, name.as_bytes());
            let Some(known) = known else {
                return Err(fault(format!("columns of {REQUIRED:?} and {OPTIONAL:?}")));
            };
            if fields.iter().any(|(earlier, _)| earlier == known) {
                return Err(fault("each column once".into()));
            }
            fields.push((known, field));
        }
        for required in REQUIRED {
            if !fields.iter().any(|(name, _)| *name == required) {
                let expected = format!("a header with the column {required} in the first line");
                let found: Vec<&str> = names.iter().collect();
                return Err(Fault::new(
                    Place::Line,
                    expected,
                    found.join(",").as_bytes(),
                ));
            }
        }
        Ok(Self { fields, separator })
    }
}

/// A line with its header.
struct Row<'a> {
    header: &'a Header,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn pattern(&self, source: Source) -> Result<Pattern, Fault> {
        let designator = self.designator()?;
        let period = self.period()?;
        let (origin, destination) = (self.station("origin")?, self.station("destination")?);
        if origin == destination {
            return Err(self.fault("destination", "another airport than the origin"));
        }
        let departs = self.moment("departs", &origin)?;
        let arrives = self.moment("arrives", &destination)?;
        let arrives = first_after(&departs, arrives, period.first);
        let equipment = self.equipment()?;
        let seats = self.seats(&equipment)?;
        let block_seconds = block_seconds(&departs, &arrives, period.first);
        let price = match self.price()? {
            Some(price) => price,
            None => fares::price(&origin, &destination, block_seconds),
        };
        Ok(Pattern {
            designator,
            period,
            origin,
            destination,
            departs,
            arrives,
            seats,
            price,
            equipment,
            source,
        })
    }

    /// The field, empty if the file has no such column.
    fn get(&self, name: &'static str) -> &str {
        let field = self.header.fields.iter().find(|(known, _)| *known == name);
        field
            .and_then(|(_, field)| self.record.get(*field))
            .unwrap_or_default()
    }

    fn fault(&self, name: &'static str, expected: impl Into<String>) -> Fault {
        Fault::new(Place::Field(name), expected, self.get(name).as_bytes())
    }

    fn designator(&self) -> Result<Designator, Fault> {
        let expected = "a flight such as G31234, with a number between 1 and 9999";
        let (carrier, number, suffix) =
            split_flight(self.get("flight")).ok_or_else(|| self.fault("flight", expected))?;
        let leg = match self.get("leg") {
            "" => Some(1),
            text => text.parse().ok(),
        };
        let leg = leg
            .filter(|leg| (1..=LEG_SEQUENCE_MAX).contains(leg))
            .ok_or_else(|| self.fault("leg", "a leg sequence between 1 and 31"))?;
        Ok(Designator {
            carrier,
            number,
            suffix,
            leg,
        })
    }

    fn period(&self) -> Result<Period, Fault> {
        let first = self.date("date")?;
        let last = match self.get("until") {
            "" => first,
            _ => self.date("until")?,
        };
        if last < first {
            return Err(self.fault("until", "a date that is not before the column date"));
        }
        let mut days = Days::NONE;
        for digit in self.get("days").bytes() {
            if !(b'1'..=b'7').contains(&digit) {
                return Err(self.fault("days", "days of the week such as 12345, 1 = Monday"));
            }
            days = days.with(digit - b'0');
        }
        if days == Days::NONE {
            days = Days::ALL;
        }
        Ok(Period {
            first,
            last,
            days,
            every_weeks: 1,
        })
    }

    fn date(&self, name: &'static str) -> Result<Date, Fault> {
        let text = self.get(name);
        Date::strptime("%Y-%m-%d", text)
            .ok()
            .filter(|date| (DATE_MIN..=DATE_MAX).contains(date))
            .ok_or_else(|| self.fault(name, format!("a date YYYY-MM-DD until {DATE_MAX}")))
    }

    fn station(&self, name: &'static str) -> Result<String, Fault> {
        let text = self.get(name);
        if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            return Ok(text.to_owned());
        }
        Err(self.fault(name, "an airport code of three capital letters"))
    }

    /// The time on the flight's date.
    fn moment(&self, name: &'static str, airport: &str) -> Result<Moment, Fault> {
        let expected = "a time such as 08:15 or 08:15-03:00";
        let (time, offset) =
            split_time(self.get(name)).ok_or_else(|| self.fault(name, expected))?;
        let clock = match offset {
            Some(offset) => Clock::Offset(offset),
            None => Clock::Zone(zone_of(airport).ok_or_else(|| {
                let expected = format!(
                    "a time with an offset such as 08:15-03:00, because the zone of {airport} is not known here"
                );
                self.fault(name, expected)
            })?),
        };
        Ok(Moment::new(0, time, clock))
    }

    fn equipment(&self) -> Result<String, Fault> {
        let text = self.get("equipment");
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if text.is_empty() || (text.len() == 3 && text.bytes().all(plain)) {
            return Ok(text.to_owned());
        }
        Err(self.fault("equipment", "an aircraft type of three capitals or digits"))
    }

    fn seats(&self, equipment: &str) -> Result<u16, Fault> {
        let text = self.get("seats");
        if text.is_empty() {
            let expected = "a number of seats, because the equipment is not known here";
            return equipment::seats(equipment).ok_or_else(|| self.fault("seats", expected));
        }
        text.parse()
            .ok()
            .filter(|seats| (1..=SEATS_MAX).contains(seats))
            .ok_or_else(|| self.fault("seats", "a number of seats between 1 and 1023"))
    }

    fn price(&self) -> Result<Option<Price>, Fault> {
        let currency = match self.get("currency") {
            "" => DEFAULT_CURRENCY,
            code => code,
        };
        let digits = currency::digits(currency)
            .ok_or_else(|| self.fault("currency", "a currency of ISO 4217 such as BRL or USD"))?;
        let text = self.get("price");
        if text.is_empty() {
            return Ok(None);
        }
        let minor = minor_units(text, self.decimal_mark(text), digits).ok_or_else(|| {
            let example = currency::decimal(EXAMPLE_MINOR, currency, '.');
            let expected = format!(
                "a price such as {example}: {currency} has {digits} digits after the point, thousands are not separated, \
                 and a decimal comma needs {:?} between the fields",
                char::from(SEMICOLON)
            );
            self.fault("price", expected)
        })?;
        Ok(Some(Price {
            minor,
            currency: currency.to_owned(),
        }))
    }

    /// Where semicolons separate fields, whichever mark the price has; else a point, because a comma may be a lost quote.
    fn decimal_mark(&self, price: &str) -> char {
        match self.header.separator == SEMICOLON && price.contains(',') {
            true => ',',
            false => '.',
        }
    }
}

fn zone_of(airport: &str) -> Option<TimeZone> {
    TimeZone::get(airports::find(airport)?.zone).ok()
}

#[cfg(test)]
mod tests;
