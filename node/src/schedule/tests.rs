use std::collections::HashSet;
use std::path::Path;

use jiff::civil::date;

use super::*;

/// Names a folder with one file per carrier: the real winter season of 2026.
const SEASON_ENV: &str = "PASSCOM_SCHEDULES";
const SEASON: [(&str, usize); 3] = [("AD", 945), ("G3", 633), ("JJ", 520)];

fn options(company: &str, window: Window) -> Options {
    Options {
        window,
        company: company.parse().unwrap(),
        skip_bad: false,
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/schedules")
        .join(name)
}

#[test]
fn a_folder_gives_the_files_of_the_company_and_each_format_the_same_routes() {
    let window = Window::new(date(2026, 10, 26), 14).unwrap();
    let folder = fixture("");
    let ssim = read(std::slice::from_ref(&folder), &options("XA", window)).unwrap();
    let csv = read(std::slice::from_ref(&folder), &options("XB", window)).unwrap();
    assert_eq!(ssim.files, [fixture("XA.ssim")]);
    assert_eq!(csv.files, [fixture("XB.csv")]);
    let but_names = |schedule: &Schedule| -> Vec<Route> {
        let rename = |route: Route| Route {
            flight: route.flight[2..].to_owned(),
            ..route
        };
        schedule.routes().map(rename).collect()
    };
    assert_eq!(but_names(&ssim), but_names(&csv));
    assert_eq!(ssim.dated_legs(), ssim.routes().count() as u64);
    let missing = read(&[folder], &options("XC", window))
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("designator XC, only those of XA, XB"),
        "{missing}"
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_schedule() {
    let window = Window::new(date(2026, 10, 26), 14).unwrap();
    let folder = std::env::temp_dir().join(format!("passcom-bom-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["XA.ssim", "XB.csv"] {
        let text = std::fs::read_to_string(fixture(name)).unwrap();
        std::fs::write(folder.join(name), format!("\u{feff}{text}")).unwrap();
    }
    let read = |company| read(std::slice::from_ref(&folder), &options(company, window));
    let legs = ["XA", "XB"].map(|company| read(company).map(|schedule| schedule.legs()).ok());
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(legs, [Some(4), Some(4)]);
}

#[test]
fn two_lines_that_make_one_route_are_refused_and_named() {
    let window = Window::new(date(2026, 10, 26), 14).unwrap();
    let both = [fixture("XA.ssim"), fixture("XB.csv")];
    let Err(Error::Bad(bad)) = read(&both, &options("XA", window)) else {
        panic!("the numbers of both files are the same");
    };
    let first = bad.listed[0].to_string();
    assert!(
        first.contains("XB.csv:2: expected no second leg"),
        "{first}"
    );
    assert!(first.contains("XA.ssim:3 on 2026-10-26 (XA100: a company flies a number once a day, whatever the carrier)"), "{first}");
    let lenient = Options {
        skip_bad: true,
        ..options("XA", window)
    };
    let schedule = read(&both, &lenient).unwrap();
    assert_eq!(schedule.bad.count, bad.count);
    let ids: HashSet<_> = schedule.routes().map(|route| route.id).collect();
    assert_eq!(ids.len() as u64, schedule.dated_legs());
}

#[test]
fn a_file_that_is_no_schedule_is_refused_with_a_reason() {
    let window = Window::new(date(2026, 10, 26), 14).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = read(&[source], &options("XA", window))
        .unwrap_err()
        .to_string();
    assert!(error.contains("neither SSIM"), "{error}");
    let error = read(&[fixture("none")], &options("XA", window))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cannot read"), "{error}");
}

#[test]
fn the_whole_season_is_read() {
    let Some(folder) = std::env::var_os(SEASON_ENV).map(PathBuf::from) else {
        eprintln!(
            "SKIPPED: {SEASON_ENV} does not name the folder of the season's schedules; nothing was tested"
        );
        return;
    };
    let window = Window::new(date(2026, 10, 1), 200).unwrap();
    let (mut dated, mut seats) = (0, 0);
    for (carrier, legs) in SEASON {
        let schedule = read(std::slice::from_ref(&folder), &options(carrier, window)).unwrap();
        assert_eq!(schedule.legs(), legs, "{carrier}");
        assert!(schedule.bad.is_empty());
        let mut ids = HashSet::new();
        for route in schedule.routes() {
            assert!(ids.insert(route.id), "{route:?}");
            assert!(route.departs < route.arrives, "{route:?}");
            dated += 1;
            seats += u64::from(route.seats);
        }
    }
    assert_eq!((dated, seats), (277_046, 36_658_644));
}
