//! `passcom schedule check`, without a cluster and without a database.

use std::path::{Path, PathBuf};

use jiff::civil::date;
use passcom_node::cli::schedule::{CheckArgs, Finding, check};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/schedules")
        .join(name)
}

fn found(files: Vec<PathBuf>) -> anyhow::Result<Vec<Finding>> {
    check(&CheckArgs {
        from: Some(date(2026, 10, 26)),
        days: 7,
        json: false,
        files,
    })
}

#[test]
fn every_airline_of_a_folder_is_told_with_what_would_be_sold() {
    let found = found(vec![fixture("")]).unwrap();
    let companies: Vec<_> = found.iter().map(|one| one.company.to_string()).collect();
    assert_eq!(companies, ["XA", "XB"]);
    for one in &found {
        let contents = &one.contents;
        assert_eq!((contents.legs, contents.dated_legs), (4, 26));
        assert_eq!(contents.seats, 5 * 186 + 7 * (174 + 2 * 118));
        assert_eq!((contents.routes, contents.airports), (4, 5));
        assert_eq!(
            contents.period,
            Some((date(2026, 10, 26), date(2027, 3, 27)))
        );
        assert_eq!(contents.currencies["BRL"], 4);
        assert_eq!(contents.aircraft["E95"], 2);
        assert_eq!(one.bad_lines, 0);
        assert!(contents.odd.is_empty(), "{:?}", contents.odd);
    }
    let shown = found[0].to_string();
    assert!(shown.contains("26 flight legs, 3800 seats"), "{shown}");
}

#[test]
fn what_is_not_sold_what_is_bad_and_what_is_odd_is_told() {
    let folder = std::env::temp_dir().join(format!("passcom-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = std::fs::read_to_string(fixture("XA.ssim")).unwrap();
    // GRU-SDU is another's, GRU-MAO takes minutes, BSB-REC has no such month
    let codeshare = text.lines().nth(2).unwrap();
    let mut another = codeshare.to_owned();
    another.replace_range(148..149, "Z");
    let text = text
        .replace(codeshare, &another)
        .replace("MAO01300130-0400", "MAO22502250-0300")
        .replace("01000004", "00000004")
        .replace("3000102J26OCT26", "3000102J26OKT26");
    std::fs::write(folder.join("XA.ssim"), text).unwrap();
    std::fs::write(folder.join("README"), "no schedule").unwrap();
    let one = found(vec![folder.clone()]).unwrap().remove(0);
    let unread = found(vec![folder.join("README")]).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(one.contents.legs, 2);
    assert_eq!(one.remarks.unsold_legs.codeshare, 1);
    assert_eq!(one.bad_lines, 1);
    let shown = one.to_string();
    for expected in [
        "1 lines are not sold: codeshares",
        "odd: 1 lines are too slow or too fast for their distance",
        "MAO: UTC-03 in the file, UTC-04 here, on 2026-10-26",
        "columns 15-21: expected a date DDMMMYY",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let json = serde_json::to_value(&one).unwrap();
    assert_eq!(json["unsold_legs"]["codeshare"], 1);
    assert_eq!(json["bad_lines"], 1);
    assert!(unread.contains("neither SSIM"), "{unread}");
}
