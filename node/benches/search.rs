//! How long a search for itineraries takes, and what the catalogue costs in memory, on a network as large as a country's.
//!
//! ```sh
//! make search
//! PASSCOM_SCHEDULES=folder make search    # SSIM or CSV files named after companies: AD.ssim, G3.ssim
//! ```
//! Without a folder the network is made up, as large. What is printed before criterion's figures is over sampled trips of every kind.

#[path = "../../actors/tests/search/country.rs"]
#[expect(dead_code, reason = "the trips that the tests ask for")]
mod country;
#[path = "../../actors/tests/search/network.rs"]
#[expect(dead_code, reason = "the rules that the tests check")]
mod network;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::Criterion;
use passcom_actors::catalogue::{Catalogue, ConnectionTimes, LegFilter, Order, Trip};
use passcom_actors::domain::ids::CompanyId;
use passcom_node::schedule::{self, Options, Window};
use peak_alloc::PeakAlloc;

use self::network::{Leg, Network};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const DAYS: i64 = 30;
const DAY: i64 = 24 * 3600;
/// Trips over which the percentiles are taken.
const SAMPLE: usize = 5_000;
/// What a search may take at most, 99 times out of 100.
const P99_MAX: Duration = Duration::from_millis(5);
/// What a leg may cost, all in all.
const LEG_BYTES_MAX: usize = 200;

fn main() {
    let network = match std::env::var_os("PASSCOM_SCHEDULES") {
        Some(folder) => imported(Path::new(&folder)),
        None => country::network(&mut fastrand::Rng::with_seed(1), DAYS),
    };
    let catalogue = measure_memory(&network);
    measure_searches(&network, &catalogue);
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
            window: Window::new(from, DAYS as u32).expect("a month is a window"),
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
        let (mut times, mut found) = (Vec::with_capacity(SAMPLE), 0);
        let mut slowest = (Duration::ZERO, None);
        for _ in 0..SAMPLE {
            let trip = any_trip(&mut dice, network, catalogue, legs_max);
            let time = median_of_three(|| {
                found += catalogue.search(&trip).itineraries.len();
            });
            times.push(time);
            if time > slowest.0 {
                slowest = (time, Some(trip));
            }
        }
        times.sort_unstable();
        let at = |share: f64| times[((SAMPLE - 1) as f64 * share) as usize];
        println!(
            "at most {legs_max} legs: p50 {:?}, p90 {:?}, p99 {:?}, p99.9 {:?}, longest {:?} (aim: p99 below {P99_MAX:?}); {:.1} itineraries each",
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            slowest.0,
            found as f64 / SAMPLE as f64 / 3.0
        );
        if let (time, Some(trip)) = slowest {
            println!(
                "  longest: {} to {}, {time:?}",
                trip.origins.join(","),
                trip.destinations.join(",")
            );
        }
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

/// Between any two airports on any day.
fn any_trip(
    dice: &mut fastrand::Rng,
    network: &Network,
    catalogue: &Catalogue,
    legs_max: usize,
) -> Trip {
    let airports = catalogue.airports();
    let from = dice.usize(..airports.len());
    let to = (from + dice.usize(1..airports.len())) % airports.len();
    let day = dice.i64(0..DAYS);
    trip(network, &airports[from], &airports[to], day, legs_max)
}

fn trip(network: &Network, from: &str, to: &str, day: i64, legs_max: usize) -> Trip {
    let start = (network.now / DAY + 1 + day) * DAY + 3 * 3600;
    Trip {
        origins: vec![from.to_owned()],
        destinations: vec![to.to_owned()],
        departs: (start, start + DAY),
        passengers: 1,
        legs_max,
        order: Order::Arrival,
        limit: 20,
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
