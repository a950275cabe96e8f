use jiff::civil::date;

use super::*;

const HEADER: &str = "flight,origin,destination,date,departs,arrives,until,days,leg,seats,price,currency,equipment\n";

fn read_text(text: &str) -> (Vec<Pattern>, Vec<String>) {
    let mut findings = Findings::default();
    read(text.as_bytes(), &"t.csv".into(), &mut findings).unwrap();
    let bad = findings
        .bad
        .listed
        .iter()
        .map(ToString::to_string)
        .collect();
    (findings.patterns, bad)
}

fn one(line: &str) -> Pattern {
    let (mut patterns, bad) = read_text(&format!("{HEADER}{line}\n"));
    assert_eq!(bad, [""; 0]);
    patterns.pop().unwrap()
}

#[test]
fn a_line_becomes_a_pattern_with_local_times() {
    let pattern = one("G31234A,GRU,MAO,2026-10-26,22:30,01:30,2027-03-27,15,2,130,349.9,BRL,738");
    let route = pattern.route(date(2026, 10, 26));
    assert_eq!(
        (route.flight.as_str(), route.seats, route.equipment.as_str()),
        ("G31234A", 130, "738")
    );
    // 27 October 2026, 01:30 and 05:30 UTC
    assert_eq!(
        (route.departs, route.arrives),
        (1_793_064_600, 1_793_079_000)
    );
    assert_eq!(
        (route.price.minor, route.price.currency.as_str()),
        (34_990, "BRL")
    );
    assert_eq!(pattern.designator.leg, 2);
    assert_eq!(
        pattern.period,
        Period {
            first: date(2026, 10, 26),
            last: date(2027, 3, 27),
            days: Days::NONE.with(1).with(5),
            every_weeks: 1
        }
    );
}

#[test]
fn what_is_left_out_is_filled_in() {
    let text = "arrives,flight,origin,destination,date,departs,equipment\n09:15,AD7,VCP,SDU,2026-10-26,08:15,E95\n";
    let (patterns, bad) = read_text(text);
    assert_eq!(bad, [""; 0]);
    let pattern = &patterns[0];
    assert_eq!((pattern.seats, pattern.designator.leg), (118, 1));
    assert_eq!(pattern.price, fares::price("VCP", "SDU", 3600));
    assert_eq!(
        (pattern.period.first, pattern.period.last),
        (date(2026, 10, 26), date(2026, 10, 26))
    );
    assert_eq!(carrier(text.as_bytes()).unwrap(), Some("AD".into()));
}

#[test]
fn an_airport_out_of_the_table_needs_times_with_an_offset() {
    let pattern = one("ABC12,GRU,XYZ,2026-10-26,22:30,12:00+00:00,,,,250,,,");
    assert_eq!(
        block_seconds(&pattern.departs, &pattern.arrives, pattern.period.first),
        (10 * 60 + 30) * 60
    );
    let (_, bad) = read_text(&format!(
        "{HEADER}ABC12,GRU,XYZ,2026-10-26,22:30,12:00,,,,250,,,\n"
    ));
    assert_eq!(
        bad,
        [
            r#"t.csv:2: column arrives: expected a time with an offset such as 08:15-03:00, because the zone of XYZ is not known here, found "12:00""#
        ]
    );
}

#[test]
fn every_wrong_field_is_named_by_its_column() {
    let good = "G31234,GRU,MAO,2026-10-26,22:30,01:30,2027-03-27,12345,1,130,349.90,BRL,738";
    one(good);
    for (from, to, column) in [
        ("G31234", "31234", "flight"),
        ("G31234", "G30", "flight"),
        ("G31234", "G312345", "flight"),
        ("G31234", "Gé1234", "flight"),
        ("GRU", "Guarulhos", "origin"),
        ("MAO", "GRU", "destination"),
        ("2026-10-26", "26/10/2026", "date"),
        ("2026-10-26", "2026-02-30", "date"),
        ("2027-03-27", "2026-10-25", "until"),
        ("22:30", "24:30", "departs"),
        ("22:30", "9:30", "departs"),
        ("01:30", "01:30Z", "arrives"),
        ("12345", "8", "days"),
        (",1,", ",32,", "leg"),
        ("130", "1024", "seats"),
        ("130", "0", "seats"),
        ("349.90", "-1", "price"),
        ("349.90", "349.905", "price"),
        ("349.90", "99999999999.00", "price"),
        ("349.90", "1.349.90", "price"),
        ("BRL", "real", "currency"),
        ("BRL", "XAU", "currency"),
        ("BRL", "JPY", "price"),
        ("738", "B738", "equipment"),
        ("130,349.90,BRL,738", ",349.90,BRL,", "seats"),
    ] {
        let (patterns, bad) = read_text(&format!("{HEADER}{}\n", good.replacen(from, to, 1)));
        assert!(patterns.is_empty(), "{to}");
        let start = format!("t.csv:2: column {column}: expected ");
        assert!(bad[0].starts_with(&start), "{to}: {bad:?}");
    }
}

#[test]
fn lines_that_are_no_rows_are_named_and_the_rest_is_read() {
    let good = "G31234,GRU,MAO,2026-10-26,22:30,01:30,,,,130,,,";
    let (patterns, bad) = read_text(&format!("{HEADER}too,short\r\n\n{good}\n"));
    assert_eq!(patterns.len(), 1);
    assert_eq!(patterns[0].source.line, 4);
    assert_eq!(
        bad,
        [
            r#"t.csv:2: expected 13 fields as in the header, separated by ',' (a field with that mark in it is written in quotes), found "2 fields""#
        ]
    );
}

#[test]
fn a_spreadsheet_writes_semicolons_commas_quotes_and_ends_of_lines_of_its_own() {
    let text = "\"flight\";origin;destination;date;departs;arrives;price;currency;equipment\r\n\
                \"G31234\";GRU;MAO;2026-10-26;22:30;01:30;349,90;BRL;738\r\n\
                G31235;GRU;MAO;2026-10-27;22:30;01:30;\"349.9\";BRL;738\r\n\
                G31236;GRU;MAO;2026-10-28;22:30;01:30;1.349,90;BRL;738\r\n\
                G31237;GRU;MAO;2026-10-28;22:30;01:30;12,345;KWD;738\r\n";
    assert!(recognizes(text.as_bytes()));
    assert_eq!(carrier(text.as_bytes()).unwrap(), Some("G3".into()));
    let (patterns, bad) = read_text(text);
    let prices: Vec<_> = patterns.iter().map(|pattern| pattern.price.minor).collect();
    assert_eq!(prices, [34_990, 34_990, 12_345]);
    assert_eq!(
        bad,
        [
            "t.csv:4: column price: expected a price such as 349.90: BRL has 2 digits after the point, thousands are not \
             separated, and a decimal comma needs ';' between the fields, found \"1.349,90\""
        ]
    );
    // a comma between digits is a separator where commas are
    let (_, bad) = read_text(&format!(
        "{HEADER}G31234,GRU,MAO,2026-10-26,22:30,01:30,,,,130,349,90,BRL,738\n"
    ));
    assert!(bad[0].contains("13 fields as in the header"), "{bad:?}");
    let quoted = one("G31234,GRU,MAO,2026-10-26,22:30,01:30,,,,130,\"349.90\",BRL,738");
    assert_eq!(quoted.price.minor, 34_990);
}

#[test]
fn text_of_another_encoding_is_said_to_be_that() {
    let mut text = HEADER.as_bytes().to_vec();
    text.extend(b"G31234,S\xe3o,MAO,2026-10-26,22:30,01:30,,,,130,,,\n");
    let mut findings = Findings::default();
    read(text.as_slice(), &"t.csv".into(), &mut findings).unwrap();
    let bad = findings.bad.listed[0].to_string();
    assert!(
        bad.contains("t.csv:2: expected text of UTF-8 (a spreadsheet"),
        "{bad}"
    );
}

#[test]
fn a_header_has_all_required_columns_and_no_unknown_one() {
    let (_, bad) = read_text("flight,origin,destination,date,departs\n");
    assert!(
        bad[0].starts_with("t.csv:1: expected a header with the column arrives"),
        "{bad:?}"
    );
    let (_, bad) = read_text("flight,colour\n");
    assert!(bad[0].contains(r#"found "colour""#), "{bad:?}");
    let (_, bad) = read_text("flight,flight\n");
    assert!(bad[0].contains("each column once"), "{bad:?}");
    assert!(recognizes(b"\"flight\",origin\r\n"));
    assert!(!recognizes(b"# a README\nflight"));
}
