use jiff::civil::{Date, date};

use super::*;
use crate::schedule::dates::Days;
use crate::schedule::error::Place;

/// A good record of a leg; `edits` are texts and the columns at which they begin.
fn line(edits: &[(usize, &str)]) -> Vec<u8> {
    let mut line = vec![b' '; 200];
    let base = [
        (1, "3"),
        (3, "G3 "),
        (6, "12340101J"),
        (15, "26OCT2627MAR27"),
        (29, "1234567"),
        (37, "GRU22302230-0300"),
        (55, "MAO01300130-0400"),
        (73, "738"),
        (173, "W18Y112"),
        (193, "01"),
        (195, "000003"),
    ];
    for (column, text) in base.iter().chain(edits) {
        line[column - 1..column - 1 + text.len()].copy_from_slice(text.as_bytes());
    }
    line
}

fn parse_with(edits: &[(usize, &str)], mode: TimeMode) -> Result<Leg, Fault> {
    let source = Source {
        file: "t".into(),
        line: 3,
    };
    let line = line(edits);
    parse(Record::new(&line).unwrap(), "G3", mode, source)
}

fn good(edits: &[(usize, &str)]) -> Leg {
    parse_with(edits, TimeMode::Local).unwrap()
}

/// Departure and arrival of the flight of 26 October 2026, in minutes since its first midnight, UTC.
fn minutes(leg: &Leg) -> (i64, i64) {
    let day: Date = date(2026, 10, 26);
    let midnight = 1_792_972_800;
    let route = leg.pattern.route(day);
    (
        (route.departs - midnight) / 60,
        (route.arrives - midnight) / 60,
    )
}

#[test]
fn a_whole_record_becomes_a_pattern() {
    let leg = good(&[(2, "A"), (128, "1")]);
    assert_eq!(
        leg.pattern,
        Pattern {
            designator: Designator {
                carrier: "G3".into(),
                number: 1234,
                suffix: Some('A'),
                leg: 1,
            },
            period: Period {
                first: date(2026, 10, 26),
                last: date(2027, 3, 27),
                days: Days::ALL,
                every_weeks: 1,
            },
            origin: "GRU".into(),
            destination: "MAO".into(),
            departs: Moment {
                minutes: 22 * 60 + 30,
                clock: Clock::Offset(-3 * 3600),
            },
            arrives: Moment {
                minutes: 24 * 60 + 90,
                clock: Clock::Offset(-4 * 3600),
            },
            seats: 130,
            price: fares::price("GRU", "MAO", 4 * 3600),
            equipment: "738".into(),
            source: Source {
                file: "t".into(),
                line: 3
            },
        }
    );
    assert_eq!(
        leg.variation,
        Variation {
            overflow: b'1',
            number: 1
        }
    );
    assert_eq!((leg.unsold, leg.next_day), (None, false));
}

#[test]
fn local_times_are_turned_by_their_variation_and_utc_times_are_not() {
    assert_eq!(minutes(&good(&[])), (25 * 60 + 30, 29 * 60 + 30));
    let utc = parse_with(&[], TimeMode::Utc).unwrap();
    assert_eq!(minutes(&utc), (22 * 60 + 30, 25 * 60 + 30));
}

#[test]
fn later_legs_count_their_days_from_the_flights_date() {
    let second = good(&[
        (12, "02"),
        (37, "GRU0100"),
        (44, "0100"),
        (193, "11"),
        (55, "MAO0400"),
        (62, "0400"),
    ]);
    assert_eq!(minutes(&second), (28 * 60, 32 * 60));
    let day = date(2026, 10, 26);
    assert_ne!(
        second.pattern.designator.route_id(day),
        good(&[]).pattern.designator.route_id(day)
    );
}

#[test]
fn passengers_times_lie_beside_the_aircrafts_also_across_midnight() {
    // doors close at 23:55, the aircraft leaves at 00:05 of the next day
    let leg = good(&[(40, "23550005"), (193, "11")]);
    assert_eq!(minutes(&leg).0, 23 * 60 + 55 + 180);
}

#[test]
fn a_blank_date_variation_is_the_day_that_makes_the_arrival_the_next() {
    let overnight = good(&[(193, "  ")]);
    assert_eq!(minutes(&overnight), minutes(&good(&[])));
    assert!(overnight.next_day);
    let by_day = [(40, "10001000"), (58, "12001200"), (193, "  ")];
    assert_eq!(minutes(&good(&by_day)), (13 * 60, 16 * 60));
    assert!(!good(&by_day).next_day);
    // eastwards over three hours, in UTC times too
    let utc = parse_with(&[(193, "  ")], TimeMode::Utc).unwrap();
    assert_eq!(minutes(&utc), (22 * 60 + 30, 25 * 60 + 30));
    // what is said is believed
    let said = parse_with(&[(193, " 0")], TimeMode::Local);
    assert_eq!(said.unwrap_err().place, Place::Columns(62, 65));
}

#[test]
fn midnight_at_the_end_of_a_day_is_the_standards_2400() {
    let leg = good(&[(58, "24002400"), (193, "00")]);
    assert_eq!(minutes(&leg).1, 24 * 60 + 240);
    // the aircraft is there before, the passengers at midnight
    let leg = good(&[(58, "23552400"), (193, "00")]);
    assert_eq!(minutes(&leg).1, 24 * 60 + 240);
}

#[test]
fn a_fortnightly_frequency_and_an_open_period_are_read() {
    let leg = good(&[(22, "00XXX00"), (36, "2")]);
    assert_eq!(leg.pattern.period.every_weeks, 2);
    assert_eq!(leg.pattern.period.last, date(2088, 12, 31));
}

#[test]
fn seats_are_the_sum_of_the_cabins_or_those_of_the_equipment() {
    for (configuration, seats) in [
        ("Y186                ", Some(186)),
        ("W18Y112             ", Some(130)),
        ("F008C030Y200LL12PP08", Some(238)),
        ("C12Y130VVXY7        ", Some(142)),
        ("                    ", Some(186)),
        ("Y1024               ", None),
        ("Y                   ", None),
        ("186                 ", None),
        ("Y186-               ", None),
    ] {
        let read = parse_with(&[(173, configuration)], TimeMode::Local);
        assert_eq!(
            read.ok().map(|leg| leg.pattern.seats),
            seats,
            "{configuration}"
        );
    }
    let unknown = parse_with(&[(73, "ZZZ"), (173, "       ")], TimeMode::Local);
    assert_eq!(unknown.err().unwrap().place, Place::Columns(173, 192));
}

#[test]
fn what_carries_no_passengers_is_read_and_not_sold() {
    let unsold = |edits: &[(usize, &str)]| good(edits).unsold;
    assert_eq!(
        unsold(&[(14, "F"), (173, "LL12PP4")]),
        Some(Unsold::Service)
    );
    assert_eq!(
        unsold(&[(14, "P"), (173, "       ")]),
        Some(Unsold::Service)
    );
    assert_eq!(unsold(&[(173, "Y000   ")]), Some(Unsold::NoSeats));
}

#[test]
fn a_commercial_duplicate_is_the_operators_to_sell() {
    for (disclosure, unsold) in [
        ("L", Some(Unsold::Codeshare)),
        ("Z", Some(Unsold::Codeshare)),
        ("S", None),
        ("X", None),
        (" ", None),
    ] {
        assert_eq!(good(&[(149, disclosure)]).unsold, unsold, "{disclosure:?}");
    }
    // nothing is asked of an aircraft that is another's
    let unknown = good(&[(149, "L"), (73, "ZZZ"), (173, "       ")]);
    assert_eq!(unknown.unsold, Some(Unsold::Codeshare));
}

#[test]
fn a_restriction_is_of_the_leg_in_whose_column_it_stands() {
    assert_eq!(good(&[(150, "A")]).unsold, Some(Unsold::Restricted));
    assert_eq!(good(&[(151, "A")]).unsold, None, "of the segment behind");
    let second = [(12, "02"), (193, "01")];
    let with = |column| good(&[&second[..], &[(column, "K")]].concat()).unsold;
    assert_eq!((with(150), with(151)), (None, Some(Unsold::Restricted)));
    let twelfth = good(&[(12, "12"), (161, "Z")]);
    assert_eq!(twelfth.unsold, Some(Unsold::Restricted));
    assert!(twelfth.mixed_restriction && !good(&[(150, "A")]).mixed_restriction);
}

#[test]
fn every_wrong_field_is_named_by_its_columns() {
    for (edit, columns) in [
        ((2, "1"), (2, 2)),
        ((3, "AD "), (3, 5)),
        ((6, "0000"), (6, 9)),
        ((10, "X1"), (10, 11)),
        ((12, "00"), (12, 13)),
        ((12, "32"), (12, 13)),
        ((14, "1"), (14, 14)),
        ((15, "31SEP26"), (15, 21)),
        ((22, "25OCT26"), (22, 28)),
        ((29, "7654321"), (29, 35)),
        ((36, "3"), (36, 36)),
        ((37, "gru"), (37, 39)),
        ((40, "2560"), (40, 43)),
        ((44, "    "), (44, 47)),
        ((48, "03:00"), (48, 52)),
        ((55, "GRU"), (55, 57)),
        ((58, "13O0"), (58, 61)),
        ((62, "2401"), (62, 65)),
        ((66, " 0400"), (66, 70)),
        ((73, "7-8"), (73, 75)),
        ((128, "-"), (128, 128)),
        ((149, "Q"), (149, 149)),
        ((150, "1"), (150, 150)),
        ((173, "Y18-6"), (173, 192)),
        ((193, "9"), (193, 193)),
        ((194, "X"), (194, 194)),
        // an arrival before the departure
        ((194, "0"), (62, 65)),
        // and one that is days later
        ((194, "3"), (62, 65)),
    ] {
        let fault = parse_with(&[edit], TimeMode::Local).err();
        let place = fault.map(|fault| fault.place);
        assert_eq!(
            place,
            Some(Place::Columns(columns.0, columns.1)),
            "{edit:?}"
        );
    }
}

#[test]
fn legs_of_one_itinerary_connect() {
    let first = good(&[]);
    let check = |edits: &[(usize, &str)]| {
        let line = line(edits);
        let leg = good(edits);
        assert!(leg.follows(&first));
        leg.check_connects(&first, Record::new(&line).unwrap())
    };
    let second = [(12, "02"), (37, "BEL"), (55, "STM"), (193, "01")];
    assert_eq!(check(&second).unwrap_err().place, Place::Columns(37, 39));
    assert!(check(&[(12, "02"), (37, "MAO"), (55, "STM")]).is_ok());
    let other_variation = [(10, "02"), (12, "02"), (37, "BEL"), (55, "STM")];
    assert!(!good(&other_variation).follows(&first));
}
