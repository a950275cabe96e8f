//! IATA SSIM chapter 7: files of fixed-width records.
//!
//! ```text
//! 1 header · 2 carrier · (3 flight leg · 4 segment data*)* · 5 trailer      blocks of five, padded with zero records
//! ```
//! Columns are in `leg.rs`, `segment.rs` and below; what a field may hold is in `fields.rs`.
//!
//! The legs of an itinerary wait for its segment data (record 4), which may say that a leg is not this company's to sell.
//!
//! Invariants: records come in this order, their serial numbers rise by one, and a file ends with a trailer that says so; a
//! file that lost lines is noticed even when each line that is left is good.

mod fields;
mod leg;
mod segment;

use std::io::BufRead;
use std::sync::Arc;

use self::fields::{Columns, Record};
use self::leg::{Leg, TimeMode};
use super::Findings;
use super::error::{Fault, Place, Source};
use super::files::next_line;

/// Serial numbers have six digits and begin again.
const SERIAL_MAX: u32 = 999_999;

const TITLE: Columns = (1, 35);
const TITLE_TEXT: &[u8] = b"1AIRLINE STANDARD SCHEDULE DATA SET";
const TIME_MODE: usize = 2;
const AIRLINE: Columns = (3, 5);
const SERIAL_CHECK: Columns = (188, 193);
const END_CODE: usize = 194;
const SERIAL: Columns = (195, 200);

/// Whether a file that begins like this is one.
pub fn recognizes(beginning: &[u8]) -> bool {
    beginning.starts_with(TITLE_TEXT)
}

/// The airline of the first carrier record, if the file has one among its first lines.
pub fn carrier(mut reader: impl BufRead, lines_max: usize) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    for _ in 0..lines_max {
        if !next_line(&mut reader, &mut line)? {
            break;
        }
        if line.first() == Some(&b'2') {
            let airline = Record::new(&line).and_then(|record| record.airline(AIRLINE));
            return Ok(airline.ok());
        }
    }
    Ok(None)
}

/// Reads a file: legs and bad lines go to the findings, and only a file that cannot be read is an error.
pub fn read(
    mut reader: impl BufRead,
    file: &Arc<str>,
    findings: &mut Findings,
) -> std::io::Result<()> {
    let mut state = State::default();
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
        if let Err(fault) = state.on_line(&line, &source, findings) {
            findings.bad.push(source, fault);
        }
    }
    state.settle(findings);
    if !state.ended {
        let expected = "a trailer (record 5) with E in column 194 at the end of the file";
        let fault = Fault::new(Place::Line, expected, b"the end");
        let source = Source {
            file: file.clone(),
            line: number,
        };
        findings.bad.push(source, fault);
    }
    Ok(())
}

/// What came before the record at hand.
#[derive(Default)]
struct State {
    carrier: Option<Carrier>,
    serial: Option<u32>,
    /// The legs of the itinerary read last whose records were good, in their order.
    itinerary: Vec<Leg>,
    /// The last record of a leg was bad: nobody knows of which leg the segment data after it are.
    lost_leg: bool,
    /// The last record was a trailer that ends the file.
    ended: bool,
}

struct Carrier {
    airline: String,
    mode: TimeMode,
}

impl State {
    fn on_line(
        &mut self,
        line: &[u8],
        source: &Source,
        findings: &mut Findings,
    ) -> Result<(), Fault> {
        let record = Record::new(line)?;
        if record.is_padding() {
            return Ok(());
        }
        if !matches!(record.byte(1), b'3' | b'4') {
            self.settle(findings);
        }
        let read = match record.byte(1) {
            b'1' => self.on_header(record),
            b'2' => self.on_carrier(record),
            b'3' => self.on_leg(record, source, findings),
            b'4' => self.on_segment(record),
            b'5' => self.on_trailer(record),
            _ => Err(record.fault((1, 1), "a record type 1 to 5, or a record of zeros")),
        };
        // also after a fault, so that one bad line does not make the next one bad
        let serial = self.check_serial(record);
        match record.byte(1) {
            // segment data without their leg are what a lost line leaves
            b'4' => serial.and(read),
            _ => read.and(serial),
        }
    }

    fn check_serial(&mut self, record: Record<'_>) -> Result<(), Fault> {
        let number = record.number(SERIAL, "a record serial number")?;
        let expected = self.serial.map_or(number, |last| last % SERIAL_MAX + 1);
        self.serial = Some(number);
        if number == expected {
            return Ok(());
        }
        let expected = format!("serial number {expected:06}; records are missing or out of order");
        Err(record.fault(SERIAL, expected))
    }

    fn on_header(&mut self, record: Record<'_>) -> Result<(), Fault> {
        if record.bytes(TITLE) != TITLE_TEXT {
            return Err(record.fault(TITLE, "1AIRLINE STANDARD SCHEDULE DATA SET"));
        }
        self.ended = false;
        self.carrier = None;
        Ok(())
    }

    fn on_carrier(&mut self, record: Record<'_>) -> Result<(), Fault> {
        self.ended = false;
        self.carrier = None;
        let mode = match record.byte(TIME_MODE) {
            b'L' => TimeMode::Local,
            b'U' => TimeMode::Utc,
            _ => {
                let expected = "time mode L (local) or U (UTC)";
                return Err(record.fault((TIME_MODE, TIME_MODE), expected));
            }
        };
        let airline = record.airline(AIRLINE)?;
        self.carrier = Some(Carrier { airline, mode });
        Ok(())
    }

    fn carrier_of(&self, record: Record<'_>) -> Result<&Carrier, Fault> {
        let expected = "a carrier (good record 2) before this record";
        self.carrier
            .as_ref()
            .ok_or_else(|| record.fault((1, 1), expected))
    }

    fn on_leg(
        &mut self,
        record: Record<'_>,
        source: &Source,
        findings: &mut Findings,
    ) -> Result<(), Fault> {
        self.lost_leg = true;
        let carrier = self.carrier_of(record)?;
        let parsed = leg::parse(record, &carrier.airline, carrier.mode, source.clone());
        let follows = match (&parsed, self.itinerary.last()) {
            (Ok(leg), Some(previous)) => leg.follows(previous),
            _ => false,
        };
        // a bad record does not end the itinerary, of which more legs may come
        if parsed.is_ok() && !follows {
            self.settle(findings);
        }
        let leg = parsed?;
        if let Some(previous) = self.itinerary.last() {
            leg.check_connects(previous, record)?;
        }
        self.lost_leg = false;
        self.itinerary.push(leg);
        Ok(())
    }

    fn on_segment(&mut self, record: Record<'_>) -> Result<(), Fault> {
        let airline = &self.carrier_of(record)?.airline;
        let segment = segment::parse(record, airline)?;
        let leg = self.itinerary.iter_mut().find(|leg| segment.is_of(leg));
        match leg {
            Some(leg) => segment.tell(leg),
            None if self.lost_leg => {}
            None => return Err(segment::without_leg(record)),
        }
        Ok(())
    }

    /// Hands over the legs that waited: nothing more is said of them.
    fn settle(&mut self, findings: &mut Findings) {
        // with times in UTC the file says nothing of clocks
        let local = |carrier: &Carrier| carrier.mode == TimeMode::Local;
        let has_clocks = self.carrier.as_ref().is_some_and(local);
        for leg in self.itinerary.drain(..) {
            match leg.unsold {
                Some(reason) => findings.remarks.unsold_legs.add(reason),
                None => {
                    if has_clocks {
                        findings.remarks.note_clocks(&leg.pattern);
                    }
                    findings.remarks.next_day_legs += u64::from(leg.next_day);
                    findings.add(leg.pattern);
                }
            }
        }
    }

    fn on_trailer(&mut self, record: Record<'_>) -> Result<(), Fault> {
        self.carrier = None;
        match record.byte(END_CODE) {
            b'E' => self.ended = true,
            b'C' => self.ended = false,
            _ => return Err(record.fault((END_CODE, END_CODE), "E (end) or C (continued)")),
        }
        let check = record.number(SERIAL_CHECK, "the serial number of the record before")?;
        if self.serial.is_some_and(|last| last != check) {
            let expected = "the serial number of the record before; records are missing";
            return Err(record.fault(SERIAL_CHECK, expected));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
