//! What changed, and who owns a seat, after any number of writes.

use super::*;
use crate::fixtures::*;
use LegState::{Cancelled, Committed, Prepared, Refused};

fn seat_1() -> SeatKey {
    (ROUTE, SeatNumber(1))
}

fn changes(table: &Table<u8, &'static str>) -> Vec<(u8, Option<&'static str>, &'static str)> {
    let changes = table.changes();
    changes
        .map(|change| (*change.key, change.before.copied(), *change.after))
        .collect()
}

#[test]
fn a_change_is_told_against_what_was_loaded() {
    let mut table = Table::default();
    table.load(1, "loaded");
    table.load(2, "same");
    table.load(3, "untouched");
    table.put(1, "once");
    table.put(1, "twice");
    table.put(2, "other");
    table.put(2, "same");
    table.put(4, "new");
    let expected = [(1, Some("loaded"), "twice"), (4, None, "new")];
    assert_eq!(changes(&table), expected);
    assert_eq!(table.rows.get(&1), Some(&"twice"));
}

#[test]
fn a_leg_owns_its_seat_while_it_is_prepared_or_committed() {
    let uses = [
        (Prepared, SeatUse::Prepared { by: SAGA }),
        (Committed, SeatUse::Sold { to: SAGA }),
        (Cancelled, SeatUse::Free),
    ];
    let mut rows = rows();
    rows.load_owner(seat_1(), SAGA, Prepared);
    rows.legs.load(leg_key(SAGA, 1), leg(Prepared));
    for (state, expected) in uses {
        rows.put_leg(leg_key(SAGA, 1), leg(state));
        assert_eq!(rows.seat_use(&seat_1()), expected);
    }
    assert_eq!(
        rows.seat_changes(),
        BTreeMap::from([(seat_1(), SeatUse::Free)])
    );
    rows.put_leg(leg_key(OTHER, 1), leg(Committed));
    rows.put_leg(leg_key(SAGA, 1), leg(Refused));
    assert_eq!(rows.owner(&seat_1()), Some((OTHER, Committed)));
}

#[test]
fn a_seat_that_had_no_owner_and_has_none_now_did_not_change() {
    let mut rows = rows();
    rows.put_leg(leg_key(SAGA, 1), leg(Prepared));
    let prepared = SeatUse::Prepared { by: SAGA };
    assert_eq!(rows.seat_changes(), BTreeMap::from([(seat_1(), prepared)]));
    for ended in [Cancelled, Refused] {
        rows.put_leg(leg_key(SAGA, 1), leg(ended));
        assert_eq!(rows.seat_changes(), BTreeMap::new());
    }
}

#[test]
#[should_panic(expected = "two owners")]
fn a_second_owner_is_refused() {
    let mut rows = rows();
    rows.load_owner(seat_1(), OTHER, Prepared);
    rows.put_leg(leg_key(SAGA, 1), leg(Prepared));
}

#[test]
fn legs_of_a_saga_come_ascending_and_alone() {
    let mut rows = rows();
    for (saga, number) in [(OTHER, 3), (SAGA, 2), (SAGA, 1)] {
        rows.legs.load(leg_key(saga, number), leg(Prepared));
    }
    let expected = [1, 2].map(|number| (leg_key(SAGA, number), leg(Prepared)));
    assert_eq!(rows.legs_of(SAGA), expected);
}

#[test]
fn a_fence_never_falls_and_leaves_the_block_alone() {
    let mut rows = rows();
    let blocked = true;
    let row = |fence| SeatRow {
        blocked,
        fence: FencingToken(fence),
    };
    rows.seats.load(seat_1(), row(5));
    for (token, fence) in [(0, 5), (4, 5), (6, 6)] {
        rows.put_seat_fence(seat_1(), FencingToken(token));
        assert_eq!(rows.seat(&seat_1()), Some(&row(fence)));
    }
    assert_eq!(rows.seat_use(&seat_1()), SeatUse::Blocked);
}

#[test]
fn touched_seats_are_those_of_the_route_with_an_owner_or_a_row() {
    let mut rows = rows();
    let on = |route, number| (RouteId(route), SeatNumber(number));
    rows.load_owner(on(ROUTE.0, 2), SAGA, Prepared);
    rows.load_owner(on(ROUTE.0 + 1, 1), SAGA, Prepared);
    rows.seats.load(on(ROUTE.0, 1), SeatRow::default());
    rows.seats.load(on(ROUTE.0, 2), SeatRow::default());
    let touched: Vec<SeatKey> = rows.touched_seats(ROUTE).collect();
    assert_eq!(touched, [on(ROUTE.0, 1), on(ROUTE.0, 2)]);
}
