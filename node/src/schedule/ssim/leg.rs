//! Record type 3, a flight leg: its columns, and what they make of one [`Pattern`].
//!
//! Times: passengers' times are sold. The period, the days and the date variations speak of the aircraft's times, which may
//! be minutes away on the other side of midnight. A blank date variation is the day of the flight; an arrival that would so
//! lie before the departure is the first such time after it, because carriers leave the field blank for overnight flights.
//!
//! Whose leg it is to sell: byte 149 (operating airline disclosure) is L or Z where another carrier flies it and this one
//! sells it under a number of its own, a commercial duplicate; S and X are a shared designator or a wet lease, whose seats
//! nobody else sells. Bytes 150 to 160 restrict traffic, one byte for each point at which the flight may be left: that of
//! this leg is 149 + its sequence number. SSIM, chapter 2 (operating airline disclosure, traffic restriction code), chapter
//! 7 (record type 3) and appendix G. Every restriction is one on local or on connecting passengers, and here each leg is
//! sold for both.

use passcom_actors::domain::ids::SEATS_MAX;

use super::fields::{Columns, Record};
use crate::schedule::dates::Period;
use crate::schedule::error::{Fault, Source};
use crate::schedule::pattern::{
    Clock, Designator, LEG_SECONDS_MAX, LEG_SEQUENCE_MAX, Moment, Pattern, block_seconds,
    first_after,
};
use crate::schedule::remarks::Unsold;
use crate::schedule::{equipment, fares};

const SUFFIX: usize = 2;
const AIRLINE: Columns = (3, 5);
const FLIGHT_NUMBER: Columns = (6, 9);
const ITINERARY_VARIATION: Columns = (10, 11);
const LEG_SEQUENCE: Columns = (12, 13);
const SERVICE_TYPE: usize = 14;
const PERIOD_FIRST: Columns = (15, 21);
const PERIOD_LAST: Columns = (22, 28);
const DAYS: Columns = (29, 35);
const FREQUENCY_RATE: usize = 36;
const AIRCRAFT_TYPE: Columns = (73, 75);
const ITINERARY_VARIATION_OVERFLOW: usize = 128;
const OPERATING_AIRLINE_DISCLOSURE: usize = 149;
/// Of the first leg; those of the next ten follow.
const TRAFFIC_RESTRICTION: usize = 150;
const RESTRICTED_LEGS: u8 = 11;
/// Tells that a restriction of a later leg is in segment data.
const TRAFFIC_RESTRICTION_OVERFLOW: usize = 161;
const CONFIGURATION: Columns = (173, 192);

const DEPARTURE: Movement = Movement {
    station: (37, 39),
    passenger: (40, 43),
    aircraft: (44, 47),
    utc_variation: (48, 52),
    date_variation: 193,
};
const ARRIVAL: Movement = Movement {
    station: (55, 57),
    passenger: (62, 65),
    aircraft: (58, 61),
    utc_variation: (66, 70),
    date_variation: 194,
};

/// Services that passengers buy: scheduled and additional flights, shuttles, surface vehicles.
const SOLD_SERVICES: &[u8] = b"JSUQVGBR";
/// All others: cargo, mail, charter, military, positioning, training, technical.
const UNSOLD_SERVICES: &[u8] = b"ACDEFHIKLMNOPTWX";
/// Doubled letters of a configuration that count no seats: pallets, containers, bulk, version.
const UNSEATED: &[u8] = b"PLBV";
/// Disclosures of a commercial duplicate: the operator is the aircraft's owner, or is named in segment data.
const COMMERCIAL_DUPLICATES: &[u8] = b"LZ";
/// All others: none, and a shared designator or a wet lease.
const OWN_FLIGHTS: &[u8] = b" SX";
/// Restricts some of passengers, cargo and mail; segment data say which.
const MIXED_RESTRICTION: u8 = b'Z';
const MINUTES_PER_DAY: i64 = 24 * 60;

/// In whose hands the times of a carrier's records are (record type 2, column 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeMode {
    Local,
    Utc,
}

/// Columns of a departure or of an arrival.
struct Movement {
    station: Columns,
    passenger: Columns,
    aircraft: Columns,
    utc_variation: Columns,
    date_variation: usize,
}

/// One of a flight's itineraries: the same number may fly another way in another period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variation {
    overflow: u8,
    number: u32,
}

/// A record type 3.
#[derive(Debug, PartialEq)]
pub struct Leg {
    pub pattern: Pattern,
    pub variation: Variation,
    /// Why nobody can buy it here; nothing if they can, as far as this record says.
    pub unsold: Option<Unsold>,
    /// Passengers, cargo or mail are restricted: segment data may say that it is not passengers.
    pub mixed_restriction: bool,
    /// The arrival's day was not said, and is the one after the departure.
    pub next_day: bool,
}

impl Leg {
    /// Whether both are of one itinerary, and this one comes right after the other.
    pub fn follows(&self, previous: &Leg) -> bool {
        let (flight, before) = (&self.pattern.designator, &previous.pattern.designator);
        flight.number == before.number
            && flight.suffix == before.suffix
            && self.variation == previous.variation
            && flight.leg == before.leg + 1
    }

    /// Consecutive legs of one itinerary begin where the one before ended.
    pub fn check_connects(&self, previous: &Leg, record: Record<'_>) -> Result<(), Fault> {
        if self.pattern.origin == previous.pattern.destination {
            return Ok(());
        }
        let expected = format!(
            "{}, where leg {} of this itinerary ends",
            previous.pattern.destination, previous.pattern.designator.leg
        );
        Err(record.fault(DEPARTURE.station, expected))
    }
}

/// Reads one record of the carrier.
pub fn parse(
    record: Record<'_>,
    carrier: &str,
    mode: TimeMode,
    source: Source,
) -> Result<Leg, Fault> {
    let designator = designator(record, carrier)?;
    let variation = variation(record, ITINERARY_VARIATION_OVERFLOW)?;
    let restriction = restriction(record, designator.leg)?;
    let unsold = unsold(record, restriction)?;
    let period = period(record)?;
    let origin = record.station(DEPARTURE.station)?;
    let destination = record.station(ARRIVAL.station)?;
    if origin == destination {
        return Err(record.fault(ARRIVAL.station, "another airport than that of departure"));
    }
    let (departs, _) = moment(record, &DEPARTURE, mode)?;
    let (mut arrives, arrival_day) = moment(record, &ARRIVAL, mode)?;
    let next_day = arrival_day.is_none() && block_seconds(&departs, &arrives, period.first) <= 0;
    if next_day {
        arrives = first_after(&departs, arrives, period.first);
    }
    let block_seconds = block_seconds(&departs, &arrives, period.first);
    if !(1..=LEG_SECONDS_MAX).contains(&block_seconds) {
        let expected =
            "an arrival within 24 hours after the departure (times, UTC and date variations)";
        return Err(record.fault(ARRIVAL.passenger, expected));
    }
    let equipment = equipment(record)?;
    let seats = seats(record, &equipment, unsold.is_none())?;
    let price = fares::price(&origin, &destination, block_seconds);
    let pattern = Pattern {
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
    };
    Ok(Leg {
        pattern,
        variation,
        unsold: unsold.or((seats == 0).then_some(Unsold::NoSeats)),
        mixed_restriction: restriction == MIXED_RESTRICTION,
        next_day,
    })
}

/// Flight and leg, which stand in the same columns of segment data.
pub fn designator(record: Record<'_>, carrier: &str) -> Result<Designator, Fault> {
    let airline = record.airline(AIRLINE)?;
    if airline != carrier {
        return Err(record.fault(AIRLINE, format!("{carrier} as in the carrier's record 2")));
    }
    let expected = "a leg sequence number 01 to 31";
    let leg = record.number(LEG_SEQUENCE, expected)?;
    let leg = u8::try_from(leg)
        .ok()
        .filter(|leg| (1..=LEG_SEQUENCE_MAX).contains(leg))
        .ok_or_else(|| record.fault(LEG_SEQUENCE, expected))?;
    Ok(Designator {
        carrier: airline,
        number: record.flight_number(FLIGHT_NUMBER)?,
        suffix: record.suffix(SUFFIX)?,
        leg,
    })
}

/// The itinerary variation, whose overflow is in this column.
pub fn variation(record: Record<'_>, overflow_column: usize) -> Result<Variation, Fault> {
    let overflow = record.byte(overflow_column);
    if overflow != b' ' && !overflow.is_ascii_alphanumeric() {
        let columns = (overflow_column, overflow_column);
        return Err(record.fault(columns, "an itinerary variation overflow or a blank"));
    }
    let number = record.number(ITINERARY_VARIATION, "an itinerary variation 01 to 99")?;
    Ok(Variation { overflow, number })
}

/// Why this record says that nobody can buy the leg here.
fn unsold(record: Record<'_>, restriction: u8) -> Result<Option<Unsold>, Fault> {
    let service = record.byte(SERVICE_TYPE);
    let disclosure = record.byte(OPERATING_AIRLINE_DISCLOSURE);
    if !SOLD_SERVICES.contains(&service) && !UNSOLD_SERVICES.contains(&service) {
        let expected = "a service type, J for a scheduled flight";
        return Err(record.fault((SERVICE_TYPE, SERVICE_TYPE), expected));
    }
    if !COMMERCIAL_DUPLICATES.contains(&disclosure) && !OWN_FLIGHTS.contains(&disclosure) {
        let columns = (OPERATING_AIRLINE_DISCLOSURE, OPERATING_AIRLINE_DISCLOSURE);
        let expected = "L or Z (another airline flies it), S or X (shared or leased), or a blank";
        return Err(record.fault(columns, expected));
    }
    Ok(if UNSOLD_SERVICES.contains(&service) {
        Some(Unsold::Service)
    } else if COMMERCIAL_DUPLICATES.contains(&disclosure) {
        Some(Unsold::Codeshare)
    } else if restriction != b' ' {
        Some(Unsold::Restricted)
    } else {
        None
    })
}

/// The traffic restriction code of this leg, a blank where there is none.
fn restriction(record: Record<'_>, leg: u8) -> Result<u8, Fault> {
    let column = match leg {
        1..=RESTRICTED_LEGS => TRAFFIC_RESTRICTION + usize::from(leg) - 1,
        _ => TRAFFIC_RESTRICTION_OVERFLOW,
    };
    match record.byte(column) {
        code if code == b' ' || code.is_ascii_uppercase() => Ok(code),
        _ => Err(record.fault((column, column), "a traffic restriction code or a blank")),
    }
}

fn period(record: Record<'_>) -> Result<Period, Fault> {
    let first = record.date(PERIOD_FIRST)?;
    let last = record.last_date(PERIOD_LAST)?;
    if last < first {
        return Err(record.fault(PERIOD_LAST, "a last date that is not before the first"));
    }
    let every_weeks = match record.byte(FREQUENCY_RATE) {
        b' ' | b'1' => 1,
        b'2' => 2,
        _ => {
            let columns = (FREQUENCY_RATE, FREQUENCY_RATE);
            return Err(record.fault(columns, "a frequency rate 1 (or blank) or 2"));
        }
    };
    Ok(Period {
        first,
        last,
        days: record.days(DAYS)?,
        every_weeks,
    })
}

/// The passengers' time, on the side of the aircraft's that is nearer, and the day if the record says one.
fn moment(
    record: Record<'_>,
    movement: &Movement,
    mode: TimeMode,
) -> Result<(Moment, Option<i64>), Fault> {
    let clock = match mode {
        TimeMode::Local => Clock::Offset(record.utc_variation(movement.utc_variation)?),
        TimeMode::Utc => Clock::Offset(0),
    };
    let day = record.date_variation(movement.date_variation)?;
    let passenger = record.time(movement.passenger)?;
    let aircraft = record.time(movement.aircraft)?;
    let half_day = MINUTES_PER_DAY / 2;
    let apart = (passenger - aircraft + half_day).rem_euclid(MINUTES_PER_DAY) - half_day;
    let minutes = day.unwrap_or_default() * MINUTES_PER_DAY + aircraft + apart;
    Ok((Moment { minutes, clock }, day))
}

fn equipment(record: Record<'_>) -> Result<String, Fault> {
    let text = record.bytes(AIRCRAFT_TYPE);
    let plain = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    if !text.iter().all(plain) {
        return Err(record.fault(
            AIRCRAFT_TYPE,
            "an aircraft type of three capitals or digits",
        ));
    }
    Ok(text.iter().copied().map(char::from).collect())
}

/// What the configuration says, or else the table of equipment; nothing is asked of a flight that is not sold.
fn seats(record: Record<'_>, equipment: &str, sold: bool) -> Result<u16, Fault> {
    if !sold {
        return Ok(0);
    }
    if record.is_blank(CONFIGURATION) {
        let expected = "a configuration such as Y186, because the aircraft type is not known here";
        return equipment::seats(equipment).ok_or_else(|| record.fault(CONFIGURATION, expected));
    }
    let expected = format!("a configuration such as W18Y112, at most {SEATS_MAX} seats");
    sum_of_cabins(record.bytes(CONFIGURATION))
        .filter(|seats| *seats <= u32::from(SEATS_MAX))
        .map(|seats| seats as u16)
        .ok_or_else(|| record.fault(CONFIGURATION, expected))
}

/// Sums `W18Y112`: cabins are one letter and a number. What follows a doubled letter (`LL12PP08`, `VVABC`) is no seats.
fn sum_of_cabins(configuration: &[u8]) -> Option<u32> {
    let mut rest = configuration.trim_ascii();
    let mut seats = 0;
    while let [letter, ..] = rest {
        if !letter.is_ascii_uppercase() {
            return None;
        }
        if rest.get(1) == Some(letter) && UNSEATED.contains(letter) {
            break;
        }
        let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        // three digits are the most the standard has; an unbounded number would not fit
        let number = std::str::from_utf8(&rest[1..=digits]).ok()?;
        seats += number.parse::<u32>().ok().filter(|_| digits <= 3)?;
        rest = rest[1 + digits..].trim_ascii_start();
    }
    Some(seats)
}

#[cfg(test)]
mod tests;
