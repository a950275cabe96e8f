//! An index against plain maps, in whatever order things come.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::super::tests::route;
use super::*;

const STATES: [SeatState; 4] = [
    SeatState::Free,
    SeatState::Held,
    SeatState::Sold,
    SeatState::Blocked,
];

/// What an index should know, as a person would keep it.
#[derive(Default)]
struct Expected {
    routes: BTreeMap<RouteId, Published>,
    changed: BTreeMap<RouteId, u64>,
    seq: u64,
}

impl Expected {
    fn touch(&mut self, id: RouteId) {
        self.seq += 1;
        self.changed.insert(id, self.seq);
    }

    fn load(&mut self, route: Route) {
        let id = route.id;
        let known = self.routes.get(&id);
        let seats = known.map_or_else(SeatStates::default, |known| known.seats.clone());
        self.routes.insert(id, Published { route, seats });
        self.touch(id);
    }

    fn set(&mut self, id: RouteId, number: SeatNumber, state: SeatState) {
        let Some(known) = self.routes.get_mut(&id) else {
            return;
        };
        if known.seats.get(number) != state {
            known.seats.set(number, state);
            self.touch(id);
        }
    }

    fn changes(&self, from: u64) -> Vec<(u64, Published)> {
        let changed = self.changed.iter().filter(|(_, seq)| **seq > from);
        let changed = changed.map(|(id, seq)| (*seq, self.routes[id].clone()));
        let mut changes: Vec<_> = changed.collect();
        changes.sort_by_key(|(seq, _)| *seq);
        changes
    }
}

fn some_route(dice: &mut Rng, id: u64) -> Route {
    let mut route = route(id, "GRU", "MAO", dice.i64(0..9) * 100, 1_000);
    route.price.minor = dice.i64(0..3);
    route.seats = dice.u16(1..=90);
    route
}

/// Reads on from a cursor, page by page.
fn read(index: &Index, mut from: u64, limit: usize) -> Vec<(u64, Published)> {
    let mut all = Vec::new();
    loop {
        let (page, reached, more) = index.changes(from, limit);
        assert!(page.len() == limit || !more);
        all.extend(page);
        from = reached;
        if !more {
            return all;
        }
    }
}

#[test]
fn whatever_the_order_everything_is_known_and_published_once() {
    for seed in 0..300 {
        let mut dice = Rng::with_seed(seed);
        let (mut index, mut expected) = (Index::default(), Expected::default());
        let mut ids: Vec<u64> = (1..=40).filter(|_| dice.bool()).collect();
        if dice.bool() {
            dice.shuffle(&mut ids);
        }
        for id in ids {
            let route = some_route(&mut dice, id);
            index.load_own(Published {
                route: route.clone(),
                seats: SeatStates::default(),
            });
            expected.load(route);
        }
        index.complete();
        for _ in 0..dice.usize(..60) {
            let id = dice.u64(1..=40);
            if dice.u8(..4) == 0 {
                let route = some_route(&mut dice, id);
                index.load_own(Published {
                    route: route.clone(),
                    seats: SeatStates::default(),
                });
                expected.load(route);
                index.complete();
            } else {
                let (number, state) = (SeatNumber(dice.u16(1..=90)), dice.choice(STATES).unwrap());
                index.set_seat(RouteId(id), number, state);
                expected.set(RouteId(id), number, state);
            }
        }
        for id in (0..=41).map(RouteId) {
            let known = expected.routes.get(&id);
            assert_eq!(
                index.route(id),
                known.map(|known| known.route.clone()),
                "{seed}"
            );
            let free = known.map(|known| known.seats.free_of(known.route.seats));
            let leg = index.leg("a".parse().unwrap(), id);
            assert_eq!(leg.map(|leg| leg.free), free, "{seed}");
            let leg = index.leg_at(dice.u32(..41), "a".parse().unwrap(), id);
            assert_eq!(leg.map(|leg| leg.route.id), known.map(|_| id), "{seed}");
            let states = index.seats(id).map(|seats| seats.states);
            assert_eq!(states, known.map(|known| known.seats.clone()), "{seed}");
        }
        for from in [0, dice.u64(..=expected.seq), expected.seq, u64::MAX] {
            let limit = dice.usize(1..20);
            assert_eq!(read(&index, from, limit), expected.changes(from), "{seed}");
        }
        for (slot, leg) in (0..).zip(index.legs()) {
            let known = &expected.routes[&leg.id];
            let free = known.seats.count_free_of(known.route.seats);
            assert_eq!(index.free().get(slot), free, "{seed}");
        }
    }
}

#[test]
fn imports_leave_no_patterns_behind() {
    let mut index = Index::default();
    for price in 0..5_000 {
        let mut route = route(1, "GRU", "MAO", 1_000, 5_000);
        route.price.minor = price;
        index.load_own(Published {
            route,
            seats: SeatStates::default(),
        });
        index.complete();
        assert_eq!(index.route(RouteId(1)).unwrap().price.minor, price);
        assert!(index.patterns().len() <= PATTERNS_TO_SPARE + 3);
    }
}

#[test]
fn a_season_of_legs_takes_a_few_bytes_each() {
    assert!(size_of::<Dated>() <= 16);
}
