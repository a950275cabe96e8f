//! Instants as clients read them. Inside, an instant is a number of UTC.

use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

use passcom_actors::catalogue::{Route, airports};

/// Zone of a place that says none: most of what is on sale leaves by Brasília's clock.
const DEFAULT_ZONE: &str = "America/Sao_Paulo";

/// RFC 3339 with the offset that the schedule tells, in minutes east of UTC; where it tells none, with that of the airport at
/// that instant, or in UTC if nobody knows.
pub(crate) fn local(seconds: i64, iata: &str, told: Option<i16>) -> String {
    let at = clamped(Timestamp::from_second(seconds), seconds);
    let told = told.and_then(|minutes| Offset::from_seconds(i32::from(minutes) * 60).ok());
    let offset = told.unwrap_or_else(|| {
        let zone = airports::find(iata).map_or(TimeZone::UTC, |airport| zone(airport.zone));
        zone.to_offset(at)
    });
    at.display_with_offset(offset).to_string()
}

/// As [`local`], of the departure of a route.
pub(crate) fn departure(route: &Route) -> String {
    let told = route.offsets.map(|told| told.departs);
    local(route.departs, &route.origin, told)
}

/// As [`local`], of the arrival of a route.
pub(crate) fn arrival(route: &Route) -> String {
    let told = route.offsets.map(|told| told.arrives);
    local(route.arrives, &route.destination, told)
}

/// `Wed, 30 Oct 2024 20:22:37 GMT`.
pub(crate) fn http_date(milliseconds: i64) -> String {
    let at = clamped(Timestamp::from_millisecond(milliseconds), milliseconds);
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_else(|_| at.to_string())
}

/// RFC 3339 in UTC.
pub(crate) fn utc(milliseconds: i64) -> String {
    clamped(Timestamp::from_millisecond(milliseconds), milliseconds).to_string()
}

/// First second of that local day and of the next one; none past the end of the calendar.
pub(crate) fn day(date: Date, zone_name: Option<&str>) -> Option<(i64, i64)> {
    let zone = zone(zone_name.unwrap_or(DEFAULT_ZONE));
    let next = date.checked_add(1.day()).ok()?;
    let start = date.to_zoned(zone.clone()).ok()?;
    let end = next.to_zoned(zone).ok()?;
    Some((start.timestamp().as_second(), end.timestamp().as_second()))
}

/// The instant at which that zone's clock shows this; the first one if it does twice.
pub(crate) fn instant(time: DateTime, zone_name: Option<&str>) -> i64 {
    let zone = zone(zone_name.unwrap_or(DEFAULT_ZONE));
    let at = time.to_zoned(zone).map(|at| at.timestamp());
    clamped(at, i64::from(time.year())).as_second()
}

/// The date by that zone's clock at an instant.
pub(crate) fn date(seconds: i64, zone_name: Option<&str>) -> Date {
    let zone = zone(zone_name.unwrap_or(DEFAULT_ZONE));
    let at = clamped(Timestamp::from_second(seconds), seconds);
    at.to_zoned(zone).date()
}

/// The time zones are bundled, so a name that is not among them is a wrong one in our table; UTC is then the honest answer.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// An instant outside the calendar (years −9999 to 9999) becomes its end.
fn clamped(at: Result<Timestamp, jiff::Error>, number: i64) -> Timestamp {
    at.unwrap_or(if number < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_by_the_clock_of_its_airport() {
        let by_table = |seconds, iata| local(seconds, iata, None);
        assert_eq!(by_table(1_730_319_757, "GRU"), "2024-10-30T17:22:37-03:00");
        assert_eq!(by_table(1_730_319_757, "MAO"), "2024-10-30T16:22:37-04:00");
        assert_eq!(by_table(1_730_319_757, "???"), "2024-10-30T20:22:37+00:00");
        assert_eq!(by_table(0, "GRU"), "1969-12-31T21:00:00-03:00");
    }

    #[test]
    fn what_the_schedule_tells_is_the_local_time() {
        let at = 1_730_319_757;
        assert_eq!(local(at, "???", Some(13 * 60)), "2024-10-31T09:22:37+13:00");
        assert_eq!(local(at, "GRU", Some(-120)), "2024-10-30T18:22:37-02:00");
        assert_eq!(local(at, "DEL", Some(330)), "2024-10-31T01:52:37+05:30");
    }

    #[test]
    fn a_ticket_has_the_date_of_the_old_contract() {
        assert_eq!(
            http_date(1_730_319_757_999),
            "Wed, 30 Oct 2024 20:22:37 GMT"
        );
        assert_eq!(
            http_date(1_730_000_000_000 - 1_730_000_000_000),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    #[test]
    fn no_number_is_out_of_the_calendar() {
        for number in [i64::MIN, i64::MAX] {
            assert!(!local(number, "GRU", None).is_empty());
            assert!(!http_date(number).is_empty());
        }
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let date = Date::constant(2026, 11, 23);
        let midnight_utc = 1_795_392_000;
        assert_eq!(
            day(date, None),
            Some((midnight_utc + 3 * 3600, midnight_utc + 27 * 3600))
        );
        assert_eq!(
            day(date, Some("America/Manaus")),
            Some((midnight_utc + 4 * 3600, midnight_utc + 28 * 3600))
        );
        assert_eq!(day(Date::MAX, None), None);
    }
}
