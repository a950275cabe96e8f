use super::*;

const HEADER: &str = "1AIRLINE STANDARD SCHEDULE DATA SET     1";
const CARRIER: &str = "2LG3      W26 25OCT2627MAR2714SEP26";
const LEG: &str = "3 G3 10010101J25OCT2627MAR271234567 AJU08150815-0300  GIG10401040-0300  738";
const SEGMENT: &str = "4 G3 10010101J              AB101AJUGIG";

/// A record with this text in front, this one at its configuration's columns, and its serial number.
fn record(text: &str, serial: u32) -> String {
    let configuration = if text.starts_with('3') { "Y186" } else { "" };
    format!("{text:<172}{configuration:<20}  {serial:06}")
}

fn trailer(serial: u32, end: char) -> String {
    format!("{:<187}{:06}{end}{serial:06}", "5 G3 14SEP26", serial - 1)
}

fn findings(lines: &[String], line_end: &str) -> Findings {
    let text: String = lines
        .iter()
        .flat_map(|line| [line.as_str(), line_end])
        .collect();
    let mut findings = Findings::default();
    read(text.as_bytes(), &"t.ssim".into(), &mut findings).unwrap();
    findings
}

/// The legs found, and the bad lines as they are shown.
fn read_lines(lines: &[String], line_end: &str) -> (Vec<String>, Vec<String>) {
    let findings = findings(lines, line_end);
    let legs = findings
        .patterns
        .iter()
        .map(|pattern| pattern.designator.flight());
    let bad = findings.bad.listed.iter().map(ToString::to_string);
    (legs.collect(), bad.collect())
}

fn good_file() -> Vec<String> {
    let zeros = "0".repeat(200);
    vec![
        record(HEADER, 1),
        zeros.clone(),
        record(CARRIER, 2),
        zeros.clone(),
        record(LEG, 3),
        record(SEGMENT, 4),
        record(&LEG.replace("1001", "1002"), 5),
        trailer(6, 'E'),
        zeros,
    ]
}

#[test]
fn a_file_is_read_with_either_line_end() {
    for line_end in ["\n", "\r\n"] {
        let (legs, bad) = read_lines(&good_file(), line_end);
        assert_eq!(legs, ["G31001", "G31002"]);
        assert_eq!(bad, [""; 0]);
    }
}

#[test]
fn segment_data_say_whose_leg_it_is_to_sell() {
    let read = |elements: &[&str], restriction: &str| {
        let mut file = good_file();
        let leg = format!("{LEG:<149}{restriction}");
        file[4] = record(&leg, 3);
        file.truncate(5);
        for (element, serial) in elements.iter().zip(4..) {
            file.push(record(
                &SEGMENT.replace("AB101", &format!("AB{element}")),
                serial,
            ));
        }
        let next = 4 + elements.len() as u32;
        // meals of the flight after it, which is sold
        file.push(record(&LEG.replace("1001", "1002"), next));
        file.push(record(&SEGMENT.replace("1001", "1002"), next + 1));
        file.push(trailer(next + 2, 'E'));
        let findings = findings(&file, "\n");
        assert!(findings.bad.is_empty(), "{}", findings.bad);
        let unsold = findings.remarks.unsold_legs;
        (findings.patterns.len(), unsold.codeshare, unsold.restricted)
    };
    assert_eq!(read(&["101"], " "), (2, 0, 0), "a class");
    assert_eq!(read(&["010"], " "), (2, 0, 0), "others sell what we fly");
    assert_eq!(
        read(&["101", "050"], " "),
        (1, 1, 0),
        "we sell what others fly"
    );
    assert_eq!(read(&[], "A"), (1, 0, 1));
    assert_eq!(read(&[], "Z"), (1, 0, 1), "nobody says of what");
    assert_eq!(read(&["172"], "Z"), (2, 0, 0), "of cargo");
    assert_eq!(read(&["172", "170"], "Z"), (1, 0, 1), "of passengers, too");
    assert_eq!(read(&["170", "171"], "Z"), (1, 0, 1), "in either order");
    assert_eq!(read(&["172"], "A"), (1, 0, 1), "of all");
}

#[test]
fn segment_data_of_all_legs_may_follow_the_last() {
    let mut file = good_file();
    let second = "3 G3 10010102J25OCT2627MAR271234567 GIG11301130-0300  POA13401340-0300  738";
    file[5] = record(second, 4);
    file[6] = record(&SEGMENT.replace("AB101", "AB050"), 5);
    let findings = findings(&file, "\n");
    assert_eq!(findings.patterns.len(), 1);
    assert_eq!(findings.patterns[0].designator.leg, 2);
}

#[test]
fn segment_data_of_another_flight_are_bad_unless_its_own_record_was() {
    let mut file = good_file();
    file[5] = record(&SEGMENT.replace("1001", "1009"), 4);
    let (legs, bad) = read_lines(&file, "\n");
    assert_eq!(legs, ["G31001", "G31002"]);
    assert!(
        bad[0].starts_with("t.ssim:6: columns 2-13: expected flight and leg of a record 3"),
        "{bad:?}"
    );
    let mut file = good_file();
    file[4] = record(&LEG.replace("AJU0815", "AJU0875"), 3);
    let (legs, bad) = read_lines(&file, "\n");
    assert_eq!((legs.len(), bad.len()), (1, 1), "{bad:?}");
}

#[test]
fn overnight_legs_without_a_day_are_counted_and_not_listed() {
    let mut file = good_file();
    let overnight = LEG.replace("GIG10401040", "GIG00100010");
    file[4] = record(&overnight, 3);
    file[6] = record(&overnight.replace("1001", "1002"), 5);
    let findings = findings(&file, "\n");
    assert_eq!(
        (findings.patterns.len(), findings.remarks.next_day_legs),
        (2, 2)
    );
    let told = findings.remarks.to_string();
    assert_eq!(
        told,
        "2 lines arrive before they depart and leave the date variation blank: taken as the next day\n"
    );
}

#[test]
fn the_carrier_of_a_file_is_known_without_reading_all_of_it() {
    let text = good_file().join("\r\n");
    assert_eq!(carrier(text.as_bytes(), 50).unwrap(), Some("G3".into()));
    assert_eq!(carrier(text.as_bytes(), 2).unwrap(), None);
    assert!(recognizes(text.as_bytes()));
    assert!(!recognizes(b"flight,origin"));
}

#[test]
fn a_lost_line_is_noticed_by_the_serial_numbers() {
    let mut file = good_file();
    file.remove(4);
    let (_, bad) = read_lines(&file, "\n");
    assert_eq!(
        bad,
        [
            r#"t.ssim:5: columns 195-200: expected serial number 000003; records are missing or out of order, found "000004""#
        ]
    );
}

#[test]
fn a_lost_end_is_noticed_by_the_trailer() {
    let mut file = good_file();
    file.truncate(7);
    let (_, bad) = read_lines(&file, "\n");
    assert_eq!(bad.len(), 1);
    assert!(
        bad[0].starts_with("t.ssim:7: expected a trailer"),
        "{bad:?}"
    );
    file.push(trailer(6, 'C'));
    assert_eq!(read_lines(&file, "\n").1.len(), 1, "to be continued");
    *file.last_mut().unwrap() = trailer(6, 'E').replace("000005", "000009");
    assert!(read_lines(&file, "\n").1[0].contains("columns 188-193"));
}

#[test]
fn a_bad_line_leaves_the_others_good() {
    let mut file = good_file();
    file[4] = record(&LEG.replace("0815", "0875"), 3);
    let (legs, bad) = read_lines(&file, "\n");
    assert_eq!(legs, ["G31002"]);
    assert_eq!(
        bad,
        [r#"t.ssim:5: columns 40-43: expected a time HHMM, found "0875""#]
    );
}

#[test]
fn records_out_of_place_and_of_other_lengths_are_bad() {
    let mut file = good_file();
    file[2] = record(&CARRIER.replace("2L", "2X"), 2);
    let (legs, bad) = read_lines(&file, "\n");
    assert!(legs.is_empty());
    assert!(
        bad[0].starts_with("t.ssim:3: column 2: expected time mode"),
        "{bad:?}"
    );
    assert!(
        bad[1].starts_with("t.ssim:5: column 1: expected a carrier"),
        "{bad:?}"
    );
    let mut file = good_file();
    file[5] = "x".repeat(5000);
    let (_, bad) = read_lines(&file, "\n");
    assert!(bad[0].contains("a record of 200 columns"), "{bad:?}");
    assert!(
        bad[1].starts_with("t.ssim:7: columns 195-200"),
        "the serial after it: {bad:?}"
    );
    let mut file = good_file();
    file[5] = record("6", 4);
    assert!(read_lines(&file, "\n").1[0].contains("a record type 1 to 5"));
    file[0] = record("1SOMETHING ELSE", 1);
    assert!(read_lines(&file, "\n").1[0].starts_with("t.ssim:1: columns 1-35"));
}
