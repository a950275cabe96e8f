//! That a search finds the same with a profile as without, and what bounds it.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;

use super::*;
use crate::catalogue::ConnectionTimes;
use crate::catalogue::free::FreeCounts;
use crate::catalogue::pattern::{Dated, Pattern, Patterns};
use crate::catalogue::tests::route;
use crate::catalogue::timetable::Contribution;

const HOUR: i64 = 3600;
const NETWORKS: u64 = 20_000;

/// A leg of company 0, 1 or 2 with so many free seats; its ends are letters.
#[derive(Clone, Copy)]
struct Given {
    company: usize,
    free: u16,
    ends: (u8, u8),
    times: (i64, i64),
    price: i64,
}

fn code(letter: u8) -> String {
    format!("{}AA", char::from(b'A' + letter))
}

fn timetable(legs: &[Given], longest: Duration) -> Timetable {
    let contribution = |company: usize| {
        let (mut free, mut dated) = (FreeCounts::default(), Vec::new());
        let mut patterns = Patterns::default();
        for (id, leg) in (1..).zip(legs) {
            if leg.company != company {
                continue;
            }
            let (from, to) = (code(leg.ends.0), code(leg.ends.1));
            let mut route = route(id, &from, &to, leg.times.0, leg.times.1);
            route.price.minor = leg.price;
            free.set(dated.len() as u32, leg.free);
            let (pattern, departs) = Pattern::of(&route).expect("a leg");
            dated.push(Dated {
                id: route.id,
                departs,
                pattern: patterns.intern(pattern).expect("few patterns"),
            });
        }
        Contribution {
            company: ["a", "b", "c"][company].parse().unwrap(),
            whole: true,
            free,
            legs: dated,
            patterns: patterns.all().to_vec(),
        }
    };
    let times = ConnectionTimes {
        airports: BTreeMap::from([(code(1), Duration::from_secs(600))]),
        longest,
        ..ConnectionTimes::default()
    };
    Timetable::new((0..3).map(contribution).collect(), &times)
}

fn query(timetable: &Timetable, from: u8, to: u8, legs_max: usize) -> Query {
    let airports = |letter| timetable.airport(&code(letter)).into_iter().collect();
    Query {
        origins: airports(from),
        destinations: airports(to),
        departs: 0..(12 * HOUR) as u32,
        arrives: 0..u32::MAX,
        seats: 1,
        legs_max,
        companies: vec![true; 3],
        aim: Aim::Best,
        work_max: WORK_MAX,
        profile_after: PROFILE_AFTER,
    }
}

fn merits(timetable: &Timetable, query: &Query) -> Vec<(u32, u8, i64, u32)> {
    let outcome = search(timetable, query);
    assert!(!outcome.cut_short);
    let merits = outcome.found.iter().map(|path| path.merits);
    let mut merits: Vec<_> = merits
        .map(|one| (one.arrives, one.legs, one.fare.minor, one.departs))
        .collect();
    merits.sort_unstable();
    merits
}

#[test]
fn a_profile_loses_nothing() {
    let mut connecting = 0;
    for seed in 0..NETWORKS {
        let mut dice = Rng::with_seed(seed);
        let airports = dice.u8(3..=8);
        let longest = HOUR as u64 * dice.u64(1..=24);
        let leg = |dice: &mut Rng| {
            let from = dice.u8(..airports);
            let departs = 600 * dice.i64(0..300);
            Given {
                company: dice.usize(..3),
                free: dice.u16(..4),
                ends: (from, (from + dice.u8(1..airports)) % airports),
                times: (departs, departs + 600 * dice.i64(1..20)),
                price: 100 * dice.i64(1..8),
            }
        };
        let legs: Vec<Given> = (0..dice.usize(10..150)).map(|_| leg(&mut dice)).collect();
        let timetable = timetable(&legs, Duration::from_secs(longest));
        let mut query = query(&timetable, 0, 1, dice.usize(2..=LEGS_MAX));
        query.seats = dice.u16(1..=2);
        query.companies = (0..3).map(|_| dice.u8(..8) > 0).collect();
        let by_airport = merits(&timetable, &query);
        for profile_after in [0, 20] {
            query.profile_after = profile_after;
            assert_eq!(
                merits(&timetable, &query),
                by_airport,
                "seed {seed}: {query:?}"
            );
        }
        connecting += by_airport.iter().filter(|(_, legs, ..)| *legs > 2).count();
    }
    assert!(connecting > 500, "{connecting}");
}

/// The one leg to the destination leaves when nobody can have changed the company, which no bound knows.
fn hopeless(dice: &mut Rng, airports: u8, legs: usize) -> Timetable {
    let last = 50 * HOUR;
    let mut given = vec![Given {
        company: 1,
        free: 9,
        ends: (2, 1),
        times: (last + 50 * 60, last + 2 * HOUR),
        price: 1,
    }];
    given.extend((0..legs).map(|_| {
        let from = dice.u8(..airports);
        let from = if from == 1 { 0 } else { from };
        let to = 2 + dice.u8(..airports - 2);
        let departs = 60 * dice.i64(0..40 * 60);
        let arrives = if to == 2 { last } else { departs + HOUR };
        Given {
            company: 0,
            free: 9,
            ends: (from, if to == from { 3 } else { to }),
            times: (departs, arrives),
            price: dice.i64(1..10_000),
        }
    }));
    given.retain(|leg| leg.ends.0 != leg.ends.1);
    timetable(&given, Duration::from_secs(24 * 3600))
}

#[test]
fn a_search_that_does_too_much_is_cut_short_and_keeps_what_it_has() {
    let timetable = hopeless(&mut Rng::with_seed(1), 24, 12_000);
    let query = query(&timetable, 0, 1, LEGS_MAX);
    let outcome = search(&timetable, &query);
    assert!(outcome.cut_short && outcome.found.is_empty());
    let mut to_three = Query {
        destinations: vec![timetable.airport(&code(3)).unwrap()],
        ..query
    };
    let whole = search(&timetable, &to_three).found;
    to_three.work_max = 2_000;
    let some = search(&timetable, &to_three);
    assert!(some.cut_short && !some.found.is_empty() && some.found != whole);
}

#[test]
fn where_nothing_goes_a_profile_ends_the_search() {
    let mut legs: Vec<Given> = (0..200_i64)
        .map(|id| Given {
            company: 0,
            free: 9,
            ends: ((id % 5) as u8 + 2, ((id + 1 + id / 9 % 4) % 5) as u8 + 2),
            times: (id * 600, id * 600 + HOUR),
            price: 1,
        })
        .collect();
    legs[0].ends = (0, 2);
    legs.push(Given {
        free: 1,
        ends: (3, 1),
        ..legs[150]
    });
    let timetable = timetable(&legs, Duration::from_secs(24 * 3600));
    let mut query = query(&timetable, 0, 1, LEGS_MAX);
    assert_ne!(merits(&timetable, &query), []);
    query.seats = 2;
    (query.profile_after, query.work_max) = (0, 40);
    assert_eq!(merits(&timetable, &query), []);
}
