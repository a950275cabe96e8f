//! What is true of a schedule, whatever the file and its format.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use passcom_actors::catalogue::Route;
use passcom_actors::domain::currency;
use passcom_actors::domain::ids::{CompanyId, RouteId, SEATS_MAX};
use passcom_node::schedule::{Contents, Error, Options, Schedule, Window, carriers, read};

const FROM: Date = date(2026, 10, 26);
const DAYS: u32 = 9;
/// Most legs of one flight that a file can tell apart on one day.
const LEGS_MAX: usize = 31;
/// A route's id is day, number and suffix, leg.
const LEG_BITS: u32 = 5;
const NUMBER_MASK: u64 = (1 << 19) - 1;

/// Where the files lie that are read, in memory where there is such a place.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = place.join(format!("passcom-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder of its own");
    folder
});

/// The bytes as a file of this name: read to its end, it says one thing, which can be written down and read again.
pub fn check(name: &str, bytes: &[u8]) {
    let file = FOLDER.join(name);
    fs::write(&file, bytes).expect("room for a file");
    let files = [file];
    let Ok(carriers) = carriers(&files) else {
        return;
    };
    for carrier in carriers.keys() {
        let company: CompanyId = carrier.parse().expect("an airline is a company");
        let window = Window::new(FROM, DAYS).expect("a window of some days");
        let options = |skip_bad| Options {
            window,
            company,
            skip_bad,
        };
        let schedule = read(&files, &options(true)).expect("what is bad is let pass");
        match read(&files, &options(false)) {
            Ok(strict) => {
                assert!(schedule.bad.is_empty());
                assert!(strict.routes().eq(schedule.routes()));
            }
            Err(Error::Bad(bad)) => assert_eq!(bad.count, schedule.bad.count),
            Err(other) => panic!("{other}"),
        }
        let routes: Vec<Route> = schedule.routes().collect();
        sound(&schedule, &routes, window);
        written_again(&routes, company);
    }
}

fn sound(schedule: &Schedule, routes: &[Route], window: Window) {
    assert_eq!(schedule.dated_legs(), routes.len() as u64);
    let contents = Contents::of(schedule);
    assert_eq!(contents.routes > 0, schedule.legs() > 0);
    let ids: HashSet<RouteId> = routes.iter().map(|route| route.id).collect();
    assert_eq!(ids.len(), routes.len(), "no two routes have one id");
    for route in routes {
        assert!(window.route_ids().contains(&route.id));
        assert!((1..=SEATS_MAX).contains(&route.seats), "{route:?}");
        assert_ne!(route.origin, route.destination);
        assert!(route.price.minor >= 0);
        assert!(route.flight.len() <= 8, "{route:?}");
    }
}

/// All of it as CSV, a line for each route, which leads to the same routes. They may be numbered in another way.
fn written_again(routes: &[Route], company: CompanyId) {
    let columns =
        "flight,leg,origin,destination,date,departs,arrives,seats,price,currency,equipment";
    let mut text = format!("{columns}\n");
    let mut legs: HashMap<(u64, Date), usize> = HashMap::new();
    let mut kept: Vec<&Route> = Vec::new();
    for route in routes {
        let Some(offsets) = route.offsets else {
            continue;
        };
        let local = |at: i64, minutes: i16| {
            let offset = Offset::from_seconds(i32::from(minutes) * 60).ok()?;
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
            let time = offset.to_datetime(Timestamp::from_second(at).ok()?);
            // a file has room for no more
            let fits = hours < 24 && time.second() == 0;
            let clock = format!("{}{sign}{hours:02}:{rest:02}", time.strftime("%H:%M"));
            fits.then_some((time.date(), clock))
        };
        let departs = local(route.departs, offsets.departs);
        let arrives = local(route.arrives, offsets.arrives);
        let (Some((day, departs)), Some((_, arrives))) = (departs, arrives) else {
            continue;
        };
        let block = SignedDuration::from_secs(route.arrives - route.departs);
        let fits = SignedDuration::ZERO < block && block <= SignedDuration::from_hours(24);
        // number and suffix: of whatever carrier, a company flies them once a day
        let number = route.id.0 >> LEG_BITS & NUMBER_MASK;
        let leg = legs.entry((number, day)).or_default();
        *leg += 1;
        if *leg > LEGS_MAX || !fits {
            continue;
        }
        let Route {
            flight,
            origin,
            destination,
            seats,
            price,
            equipment,
            ..
        } = route;
        let currency = &price.currency;
        let price = currency::decimal(price.minor, currency, '.');
        writeln!(
            text,
            "{flight},{leg},{origin},{destination},{day},{departs},{arrives},{seats},{price},{currency},{equipment}"
        )
        .expect("room for text");
        kept.push(route);
    }
    let file = FOLDER.join("again.csv");
    fs::write(&file, &text).expect("room for a file");
    let options = Options {
        window: Window::new(FROM.saturating_sub(jiff::Span::new().days(9)), DAYS + 18)
            .expect("a window of some days"),
        company,
        skip_bad: false,
    };
    let again = read(&[file], &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // numbers of legs, and with them ids and their order, are the file's
    let as_told = |route: Route| {
        format!(
            "{:?}",
            Route {
                id: RouteId(0),
                ..route
            }
        )
    };
    let mut again: Vec<String> = again.routes().map(as_told).collect();
    let mut kept: Vec<String> = kept.into_iter().cloned().map(as_told).collect();
    again.sort_unstable();
    kept.sort_unstable();
    assert_eq!(again, kept, "{text}");
}
