//! How long a search for itineraries takes, and what the catalogue costs in memory, on a network as large as a
//! country's.
//!
//! ```sh
//! make search
//! PASSCOM_SCHEDULES=folder make search    # SSIM or CSV files named after companies: AD.ssim, G3.ssim
//! ```
//! Without a folder the network is made up, as large. What is printed before criterion's figures is over sampled trips
//! of every kind.

#[path = "../../actors/tests/search/country.rs"]
#[expect(dead_code, reason = "the trips that the tests ask for")]
mod country;
#[path = "../../actors/tests/search/network.rs"]
#[expect(dead_code, reason = "the rules that the tests check")]
mod network;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::Criterion;
use passcom_actors::catalogue::{Catalogue, ConnectionTimes, Filter, LegFilter, Order, Trip};
use passcom_actors::domain::ids::CompanyId;
use passcom_node::schedule::{self, Options, Window};
use peak_alloc::PeakAlloc;

use self::network::{Leg, Network};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const DAYS: i64 = 60;
const DAY: i64 = 24 * 3600;
/// What `GET /rotas` leaves out if it is not told otherwise, in seconds.
const SLACK: u32 = 3600;
/// Trips over which the percentiles are taken.
const SAMPLE: usize = 5_000;
/// What a search may take at most, 99 times out of 100.
const P99_MAX: Duration = Duration::from_millis(5);
/// Calendars over which the percentiles are taken, and their days.
const CALENDARS: usize = 500;
const CALENDAR_DAYS: i64 = 60;
/// What a calendar may take at most, 99 times out of 100.
const CALENDAR_MAX: Duration = Duration::from_millis(20);
/// Trips that lead nowhere, of each kind.
const DEAD_ENDS: usize = 500;
/// What one of those may take at most.
const DEAD_END_MAX: Duration = Duration::from_millis(50);
/// What a leg may cost, all in all.
const LEG_BYTES_MAX: usize = 160;

fn main() {
    let network = match std::env::var_os("PASSCOM_SCHEDULES") {
        Some(folder) => imported(Path::new(&folder)),
        None => country::network(&mut fastrand::Rng::with_seed(1), DAYS),
    };
    let catalogue = measure_memory(&network);
    measure_searches(&network, &catalogue);
    measure_calendars(&network, &catalogue);
    measure_dead_ends(&network);
    let mut criterion = Criterion::default().configure_from_args();
    single_trips(&mut criterion, &network, &catalogue);
    upkeep(&mut criterion, &network, &catalogue);
    criterion.final_summary();
}

/// Every company's file of the folder, for the next days.
fn imported(folder: &Path) -> Network {
    let entries = std::fs::read_dir(folder).expect("PASSCOM_SCHEDULES is a folder");
    let files = entries.map(|entry| entry.expect("an entry of the folder").path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    let from = jiff::Zoned::now()
        .date()
        .tomorrow()
        .expect("a day of this age");
    let mut companies = Vec::new();
    let mut legs = Vec::new();
    for file in files {
        let name = file
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let company: CompanyId = name.parse().expect("files are named after companies");
        let options = Options {
            window: Window::new(from, DAYS as u32).expect("two months are a window"),
            company,
            skip_bad: false,
        };
        let schedule = schedule::read(&[file], &options).expect("a schedule");
        let leg = |route| Leg {
            company,
            route,
            taken: 0,
        };
        legs.extend(schedule.routes().map(leg));
        companies.push(company);
    }
    Network {
        companies,
        down: Vec::new(),
        legs,
        connections: ConnectionTimes::default(),
        sale_closes: Duration::from_secs(30 * 60),
        now: jiff::Timestamp::now().as_second(),
    }
}

fn measure_memory(network: &Network) -> Catalogue {
    let legs = network.legs.len();
    let measured = |taken: u16| {
        let mut sold = network.clone();
        sold.legs.iter_mut().for_each(|leg| leg.taken = taken);
        let before = ALLOCATOR.current_usage();
        let catalogue = sold.catalogue();
        let bytes = ALLOCATOR.current_usage().saturating_sub(before) / legs;
        (catalogue, bytes)
    };
    let (catalogue, unsold) = measured(0);
    let (_, nearly_full) = measured(60);
    println!("{legs} legs, {} airports", catalogue.airports().len());
    println!(
        "bytes a leg: {unsold}, with seats sold on every leg {nearly_full} (aim: below {LEG_BYTES_MAX})"
    );
    catalogue
}

fn measure_searches(network: &Network, catalogue: &Catalogue) {
    for legs_max in [4, 6] {
        let mut dice = fastrand::Rng::with_seed(1);
        let airports = catalogue.airports();
        let trips = std::iter::repeat_with(|| {
            let day = dice.i64(0..DAYS);
            any_trip(&mut dice, network, (&airports, &airports), day, legs_max)
        });
        let times = Times::of(catalogue, trips.take(SAMPLE));
        println!("at most {legs_max} legs: {times} (aim: p99 below {P99_MAX:?})");
    }
}

/// The lowest price of each day.
fn measure_calendars(network: &Network, catalogue: &Catalogue) {
    let mut dice = fastrand::Rng::with_seed(1);
    let airports = catalogue.airports();
    let mut sorted: Vec<Duration> = (0..CALENDARS)
        .map(|_| {
            let first = any_trip(&mut dice, network, (&airports, &airports), 0, 4);
            let (from, to) = first.departs;
            let day = |day: i64| (from + day * DAY, to + day * DAY);
            let days: Vec<_> = (0..CALENDAR_DAYS).map(day).collect();
            median_of_three(|| drop(black_box(catalogue.lowest_prices(&first, &days))))
        })
        .collect();
    sorted.sort_unstable();
    let (p50, p99) = (sorted[CALENDARS / 2], sorted[CALENDARS * 99 / 100]);
    println!(
        "lowest prices of {CALENDAR_DAYS} days: p50 {p50:.2?}, p99 {p99:.2?} (aim: p99 below {CALENDAR_MAX:?})"
    );
}

/// Where there is nothing to find: nothing that is found ends such a search early.
fn measure_dead_ends(network: &Network) {
    for (name, network, ends, passengers) in [company_down(network), sold_out(network)] {
        let catalogue = network.catalogue();
        for legs_max in [4, 6] {
            let mut dice = fastrand::Rng::with_seed(1);
            let trips = std::iter::repeat_with(|| {
                let day = dice.i64(0..DAYS - 7);
                let trip = any_trip(&mut dice, &network, (&ends.0, &ends.1), day, legs_max);
                Trip { passengers, ..trip }
            });
            let times = Times::of(&catalogue, trips.take(DEAD_ENDS));
            println!(
                "{name}, at most {legs_max} legs: {times} (aim: longest below {DEAD_END_MAX:?})"
            );
        }
    }
}

/// Origins and destinations.
type Ends = (Vec<String>, Vec<String>);

/// The company that alone serves most towns is down, and the trips go there.
fn company_down(network: &Network) -> (&'static str, Network, Ends, u16) {
    let mut serving: BTreeMap<&String, BTreeSet<CompanyId>> = BTreeMap::new();
    for leg in &network.legs {
        let serving = serving.entry(&leg.route.destination).or_default();
        serving.insert(leg.company);
    }
    let only = |company: CompanyId| {
        let towns = serving.iter();
        let towns = towns.filter(move |(_, by)| by.len() == 1 && by.contains(&company));
        towns.map(|(town, _)| (*town).clone()).collect::<Vec<_>>()
    };
    let mut companies = network.companies.clone();
    companies.sort_by_key(|company| only(*company).len());
    let down = *companies.last().expect("some company");
    let towns = only(down);
    let origins = serving.keys().filter(|town| !towns.contains(town));
    let ends = (origins.map(|town| (*town).clone()).collect(), towns);
    let network = Network {
        companies,
        down: vec![down],
        ..network.clone()
    };
    ("the only company that goes there is down", network, ends, 1)
}

/// Every leg to some towns has a last seat, and two travel there.
fn sold_out(network: &Network) -> (&'static str, Network, Ends, u16) {
    let towns: BTreeSet<&String> = network.legs.iter().map(|leg| &leg.route.origin).collect();
    let (full, others): (Vec<_>, Vec<_>) = (0..).zip(towns).partition(|(place, _)| place % 5 == 0);
    let names = |towns: Vec<(i32, &String)>| {
        let names = towns.into_iter().map(|(_, town)| town.clone());
        names.collect::<Vec<_>>()
    };
    let ends = (names(others), names(full));
    let mut network = network.clone();
    for leg in &mut network.legs {
        if ends.1.contains(&leg.route.destination) {
            leg.taken = leg.route.seats.saturating_sub(1);
        }
    }
    (
        "one seat left to the destination, two travel",
        network,
        ends,
        2,
    )
}

/// How long the searches of a sample took, ascending.
struct Times {
    sorted: Vec<Duration>,
    found: usize,
    cut_short: usize,
    longest: Option<Trip>,
}

impl Times {
    fn of(catalogue: &Catalogue, trips: impl Iterator<Item = Trip>) -> Self {
        let mut times = Self {
            sorted: Vec::new(),
            found: 0,
            cut_short: 0,
            longest: None,
        };
        let mut longest = Duration::ZERO;
        for trip in trips {
            let mut found = None;
            let time = median_of_three(|| found = Some(catalogue.search(&trip)));
            let found = found.expect("it was searched");
            times.sorted.push(time);
            times.found += found.total;
            times.cut_short += usize::from(found.cut_short);
            if time > longest {
                (longest, times.longest) = (time, Some(trip));
            }
        }
        times.sorted.sort_unstable();
        times
    }

    fn at(&self, share: f64) -> Duration {
        self.sorted[((self.sorted.len() - 1) as f64 * share) as usize]
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];
        for (name, share) in shares {
            write!(f, "{name} {:.2?}, ", self.at(share))?;
        }
        write!(f, "longest {:.2?}", self.at(1.0))?;
        if let Some(trip) = &self.longest {
            let (from, to) = (trip.origins.join(","), trip.destinations.join(","));
            write!(f, " from {from} to {to}")?;
        }
        let each = self.found as f64 / self.sorted.len() as f64;
        write!(
            f,
            "; {each:.1} itineraries each, {} cut short",
            self.cut_short
        )
    }
}

/// So that what else the machine does is not counted as the search's.
fn median_of_three(mut run: impl FnMut()) -> Duration {
    let mut times = [(); 3].map(|()| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.sort_unstable();
    times[1]
}

/// From one of these airports to another one of those.
fn any_trip(
    dice: &mut fastrand::Rng,
    network: &Network,
    (origins, destinations): (&[String], &[String]),
    day: i64,
    legs_max: usize,
) -> Trip {
    let from = &origins[dice.usize(..origins.len())];
    let others = destinations.iter().filter(|to| *to != from);
    let others: Vec<&String> = others.collect();
    let to = others[dice.usize(..others.len())];
    trip(network, from, to, day, legs_max)
}

fn trip(network: &Network, from: &str, to: &str, day: i64, legs_max: usize) -> Trip {
    let start = (network.now / DAY + 1 + day) * DAY + 3 * 3600;
    Trip {
        origins: vec![from.to_owned()],
        destinations: vec![to.to_owned()],
        departs: (start, start + DAY),
        passengers: 1,
        legs_max,
        filter: Filter::default(),
        slack: SLACK,
        order: Order::Best,
        skip: 0,
        limit: 20,
        count_by: None,
    }
}

fn single_trips(criterion: &mut Criterion, network: &Network, catalogue: &Catalogue) {
    let mut group = criterion.benchmark_group("search");
    for (name, from, to) in [
        ("between hubs", "GRU", "BSB"),
        ("hub to far away", "GRU", "TBT"),
        ("coast to a small town", "FLN", "AQA"),
    ] {
        let trip = trip(network, from, to, 3, 4);
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(catalogue.search(&trip)))
        });
    }
    group.finish();
}

/// What else readers and writers wait for.
fn upkeep(criterion: &mut Criterion, network: &Network, catalogue: &Catalogue) {
    let to_one = LegFilter {
        destinations: Some(vec!["CGB".to_owned()]),
        ..LegFilter::default()
    };
    criterion.bench_function("a page of 100 legs to a destination", |bencher| {
        bencher.iter(|| black_box(catalogue.page(&to_one, None, 100)));
    });
    let another = network.catalogue();
    criterion.bench_function("a new timetable", |bencher| {
        bencher.iter(|| another.own_is_complete());
    });
}
