//! Every configuration, searched to its end.

use std::time::Instant;

use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;
use stateright::{Checker, Expectation, Model};

use crate::bookings::Bookings;
use crate::config::{Cancels, Config, Seats, client, recovery, retry};
use crate::properties::*;
use crate::rules::Rules;

const GRANTED: LeaseAnswer = LeaseAnswer::Granted(FencingToken(1));
const NEWER: LeaseAnswer = LeaseAnswer::Granted(FencingToken(2));
const AWAY: LeaseAnswer = LeaseAnswer::Away;

/// One seat at each of two companies, of all three, or of one; in two orders of one request.
const TWO: &[Seats] = &[&[(0, 1), (1, 1)]];
const TWO_TWICE: &[Seats] = &[&[(0, 1), (1, 1)], &[(0, 1), (1, 1)]];
const OVERLAPPING: &[Seats] = &[&[(1, 1), (2, 1)]];
const THREE: &[Seats] = &[&[(0, 1), (1, 1), (2, 1)]];
const ONE: &[Seats] = &[&[(1, 1)]];
const ONE_TWICE: &[Seats] = &[&[(1, 1)], &[(1, 1)]];
/// Two seats at one company and one at another.
const PAIR: &[Seats] = &[&[(0, 1), (0, 2), (1, 1)]];

fn busy(config: &Config) -> LeaseAnswer {
    let cast = crate::config::Cast::new(config);
    let seat: SeatRef = cast.orders[0][0].order.seats()[0];
    LeaseAnswer::Busy(seat)
}

pub fn named(name: &str) -> Config {
    match name {
        "two" => Config {
            cancels: Cancels::Whole,
            ..Config::new(&[TWO], &[client(0, 0), recovery(1, 0)])
        },
        "refused" => Config {
            refusals: true,
            ..Config::new(&[TWO], &[client(0, 0), recovery(1, 0)])
        },
        "orders" => Config {
            ..Config::new(&[TWO_TWICE], &[client(0, 0), retry(1, 0)])
        },
        "contended" => Config {
            rounds: 0,
            ..Config::new(&[TWO, OVERLAPPING], &[client(0, 0), client(2, 1)])
        },
        "book" => Config {
            silences: 2,
            ..Config::new(&[ONE], &[client(1, 0), recovery(1, 0)])
        },
        "stale" => Config {
            rounds: 1,
            leases: vec![GRANTED, NEWER],
            ..Config::new(&[TWO, ONE], &[client(0, 0), client(1, 1)])
        },
        other => panic!("there is no configuration {other}"),
    }
}

/// Searches to the end: every property holds, and everything on the list was reached.
pub fn search(name: &str, reached: &[&str]) {
    let start = Instant::now();
    let model = Bookings::new(named(name), Rules::new(None));
    let checker = model.checker().spawn_bfs().join();
    let model = checker.model();
    println!(
        "{name}: {} states, {} steps, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        start.elapsed().as_secs_f64()
    );
    for property in model.properties() {
        let found = checker.discovery(property.name);
        match (&property.expectation, found) {
            (Expectation::Always, Some(path)) => {
                println!("broken: {}", property.name);
                model.tell_path(path);
            }
            (Expectation::Sometimes, Some(path)) => {
                println!(
                    "reached: {} in {} steps",
                    property.name,
                    path.into_actions().len()
                );
            }
            _ => {}
        }
    }
    let broken = model.properties().into_iter().find(|property| {
        let found = checker.discovery(property.name).is_some();
        let wanted = match property.expectation {
            Expectation::Always => false,
            _ if reached.contains(&property.name) => true,
            _ => found,
        };
        found != wanted
    });
    assert_eq!(broken.map(|property| property.name), None, "in {name}");
}

macro_rules! configurations {
    ($($name:ident $reached:expr;)*) => {$(
        #[test]
        fn $name() {
            search(stringify!($name), &$reached);
        }
    )*};
}

configurations! {
    two [COMMITTED];
    refused [COMMITTED];
    orders [COMMITTED];
    contended [COMMITTED];
    book [BOOKED];
    stale [STALE];
}
