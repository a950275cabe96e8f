use super::*;

const HEADER: &str = "1AIRLINE STANDARD SCHEDULE DATA SET     1";
const CARRIER: &str = "2LG3      W26 25OCT2627MAR2714SEP26";
const LEG: &str = "3 G3 10010101J25OCT2627MAR271234567 AJU08150815-0300  GIG10401040-0300  738";
const SEGMENT: &str = "4 G3 10010101J              AB050AJUGIG";

/// A record with this text in front, this one at its configuration's columns, and its serial number.
fn record(text: &str, serial: u32) -> String {
    let configuration = if text.starts_with('3') { "Y186" } else { "" };
    format!("{text:<172}{configuration:<20}  {serial:06}")
}

fn trailer(serial: u32, end: char) -> String {
    format!("{:<187}{:06}{end}{serial:06}", "5 G3 14SEP26", serial - 1)
}

/// The legs found, and the bad lines as they are shown.
fn read_lines(lines: &[String], line_end: &str) -> (Vec<String>, Vec<String>) {
    let text: String = lines
        .iter()
        .flat_map(|line| [line.as_str(), line_end])
        .collect();
    let mut findings = Findings::default();
    read(text.as_bytes(), &"t.ssim".into(), &mut findings).unwrap();
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
