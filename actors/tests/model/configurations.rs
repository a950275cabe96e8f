//! The configurations: small on purpose, each with what the others lack.

use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;

use crate::config::{
    Cancels, Cast, Config, Seats, client, confirm, expiry, recovery, release, retry,
};

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

const NO_BALLOTS: [i64; 3] = [0; 3];

pub fn named(name: &str) -> Config {
    let one = || Config::new(&[TWO], &[client(0, 0), recovery(1, 0)]);
    let rivals = || Config::new(&[TWO, OVERLAPPING], &[client(0, 0), client(2, 1)]);
    let retried = || Config::new(&[TWO_TWICE], &[client(0, 0), retry(1, 0)]);
    match name {
        "two" => Config {
            cancels: Cancels::Whole,
            ..one()
        },
        "refused" => Config {
            refusals: true,
            ..one()
        },
        "unkeyed" => Config {
            keys: false,
            ..one()
        },
        "three_legs" => Config {
            rounds: [0, 1, 0],
            ..Config::new(&[THREE], &[client(0, 0), recovery(1, 0)])
        },
        "pair" => Config {
            rounds: [0, 1, 0],
            refusals: true,
            ..Config::new(&[PAIR], &[client(0, 0), recovery(1, 0)])
        },
        "companies2" => Config {
            companies: 2,
            cancels: Cancels::Whole,
            ..one()
        },
        "retried" => Config {
            rounds: NO_BALLOTS,
            cancels: Cancels::Whole,
            ..retried()
        },
        "retried_ballot" => Config {
            rounds: [1, 0, 0],
            ..retried()
        },
        "contended" => Config {
            rounds: NO_BALLOTS,
            ..rivals()
        },
        "contended_ballot" => Config {
            rounds: [1, 0, 0],
            ..rivals()
        },
        "two_wide" => Config {
            rounds: NO_BALLOTS,
            ..Config::new(&[THREE, THREE], &[client(0, 0), client(2, 1)])
        },
        "resold" => Config {
            rounds: NO_BALLOTS,
            cancels: Cancels::Whole,
            replication: true,
            ..Config::new(&[TWO, ONE], &[client(0, 0), client(1, 1)])
        },
        "book" => Config {
            silences: 2,
            refusals: true,
            ..book(1)
        },
        "book_remote" => Config {
            silences: 2,
            refusals: true,
            ..book(0)
        },
        "book_retried" => Config {
            refusals: true,
            ..Config::new(&[ONE_TWICE], &[client(0, 0), retry(2, 0), recovery(1, 0)])
        },
        "book_vs" => Config {
            rounds: [1, 1, 0],
            ..Config::new(&[TWO, ONE], &[client(0, 0), client(2, 1), recovery(1, 0)])
        },
        "book_stale" => Config {
            rounds: [0, 0, 1],
            leases: vec![GRANTED, NEWER, AWAY, busy()],
            cancels: Cancels::Whole,
            ..Config::new(
                &[ONE_TWICE, ONE],
                &[client(0, 0), retry(2, 0), client(1, 1)],
            )
        },
        "stale" => Config {
            rounds: [1, 0, 0],
            leases: vec![GRANTED, NEWER, busy()],
            ..Config::new(&[TWO, ONE], &[client(0, 0), client(1, 1)])
        },
        "unleased" => Config {
            rounds: [1, 0, 0],
            leases: vec![AWAY],
            ..rivals()
        },
        "lying" => Config {
            rounds: NO_BALLOTS,
            leases: vec![GRANTED, NEWER, AWAY, busy()],
            ..rivals()
        },
        "zombie" => Config {
            rounds: [2, 0, 0],
            ..Config::new(&[TWO], &[client(0, 0), recovery(0, 0)])
        },
        "unknown" => Config {
            rounds: [1, 0, 0],
            silences: 1,
            ..Config::new(&[TWO], &[client(0, 0)])
        },
        "replicated" => Config {
            rounds: NO_BALLOTS,
            cancels: Cancels::Part,
            replication: true,
            ..Config::new(&[TWO], &[client(0, 0)])
        },
        "plain" => Config {
            rounds: [1, 0, 0],
            reduced: false,
            ..Config::new(&[TWO], &[client(0, 0)])
        },
        "plain_retried" => Config {
            rounds: NO_BALLOTS,
            reduced: false,
            ..retried()
        },
        "plain_contended" => Config {
            rounds: NO_BALLOTS,
            reduced: false,
            ..rivals()
        },
        "orders" => retried(),
        "three_drivers" => Config {
            rounds: [1, 1, 0],
            ..Config::new(&[TWO], &[client(0, 0), recovery(1, 0), recovery(0, 0)])
        },
        "unknown_recovered" => Config {
            rounds: [0, 1, 0],
            silences: 1,
            ..one()
        },
        "plain_recovered" => Config {
            rounds: [0, 1, 0],
            reduced: false,
            ..one()
        },
        "hold" => Config {
            holds: true,
            rounds: [0, 1, 0],
            ..Config::new(&[TWO], &[client(0, 0), confirm(2, 0), expiry(1, 0)])
        },
        "hold_confirmed_twice" => Config {
            holds: true,
            rounds: NO_BALLOTS,
            ..Config::new(&[TWO], &[client(0, 0), confirm(1, 0), confirm(2, 0)])
        },
        "hold_released" => Config {
            holds: true,
            refusals: true,
            rounds: [0, 1, 0],
            ..Config::new(&[ONE], &[client(0, 0), confirm(2, 0), release(1, 0)])
        },
        "hold_one" => Config {
            holds: true,
            rounds: [0, 1, 1],
            ..Config::new(&[ONE], &[client(0, 0), confirm(2, 0), expiry(1, 0)])
        },
        "hold_retried" => Config {
            holds: true,
            rounds: NO_BALLOTS,
            ..Config::new(&[TWO_TWICE], &[client(2, 0), retry(0, 0), confirm(1, 0)])
        },
        other => panic!("there is no configuration {other}"),
    }
}

/// A seat of the company in the middle alone, booked from this one.
fn book(at: usize) -> Config {
    Config::new(&[ONE], &[client(at, 0), recovery(1, 0)])
}

/// Redis says that another booking has the first seat of all.
fn busy() -> LeaseAnswer {
    let cast = Cast::new(&Config::new(&[TWO], &[]));
    let seat: SeatRef = cast.orders[0][0].order.seats()[0];
    LeaseAnswer::Busy(seat)
}
