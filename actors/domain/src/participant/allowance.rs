//! How much a customer may keep of a company without buying it.
//!
//! Decided here, where the seats are, by the very vote that keeps them: however many nodes a customer asks at once, a leg
//! belongs to one company, and its votes come one after another. Bookings are not counted: who buys may buy all there is.

use std::collections::BTreeMap;

use crate::ids::RouteId;
use crate::order::SeatRef;
use crate::rows::Rows;
#[cfg(doc)]
use crate::unbought::COOL_DOWN_MS;
use crate::vote::{Prepare, Refusal, RefusalReason};

/// Open holds of one user that keep seats of this company.
pub const HOLDS_MAX: usize = 8;
/// Seats that the open holds of one user keep of one route: a family, or the most that one search is for.
pub const SEATS_MAX: u32 = 9;
/// Who has kept seats of a route for so long without buying them, each seat for itself, keeps no more of it until that is a
/// while ago ([`COOL_DOWN_MS`]): as many as may be, for half an hour. Who changes their mind may, as often as they like.
pub const SEAT_SECONDS_MAX: u32 = SEATS_MAX * 30 * 60;
/// Of the seats of a route one in so many may be kept by holds, of whomever; never fewer than [`SEATS_MAX`].
pub const ON_HOLD_OF: u32 = 2;

/// Why these seats are not kept for a customer, if they are asked to be held and that would be too much.
pub(super) fn refusal(rows: &Rows, prepare: &Prepare, seats: &[SeatRef]) -> Option<Refusal> {
    prepare.order.hold_seconds?;
    let user = prepare.order.user;
    let of_routes = by_route(seats);
    let kept = &rows.unbought;
    let refusal = |route: &RouteId| Refusal {
        seat: *seats
            .iter()
            .find(|seat| seat.route == *route)
            .expect("a route of these seats"),
        reason: RefusalReason::Limit,
    };
    let (first, _) = of_routes.first_key_value()?;
    let holds = kept.open.get(&user).map_or(0, BTreeMap::len);
    if holds >= HOLDS_MAX {
        return Some(refusal(first));
    }
    let too_much = of_routes.iter().find(|(route, wanted)| {
        let open = kept.open_on(user, **route) + **wanted;
        let on_route = kept.on_route.get(route).copied().unwrap_or(0) + **wanted;
        let capacity = rows.route(route).map_or(0, |facts| u32::from(facts.seats));
        open > SEATS_MAX
            || kept.seat_seconds_on(user, **route) >= SEAT_SECONDS_MAX
            || on_route > (capacity / ON_HOLD_OF).max(SEATS_MAX)
    });
    too_much.map(|(route, _)| refusal(route))
}

/// These seats are kept for a customer from now on, as far as the rest of the batch is concerned.
pub(super) fn note(rows: &mut Rows, prepare: &Prepare, seats: &[SeatRef]) {
    if prepare.order.hold_seconds.is_none() {
        return;
    }
    for (route, count) in by_route(seats) {
        *rows.unbought.on_route.entry(route).or_default() += count;
    }
    for seat in seats.iter().filter(|seat| !seat.route.is_claim()) {
        rows.unbought
            .note_open(prepare.order.user, prepare.saga, seat.route);
    }
}

fn by_route(seats: &[SeatRef]) -> BTreeMap<RouteId, u32> {
    let mut routes = BTreeMap::new();
    for seat in seats.iter().filter(|seat| !seat.route.is_claim()) {
        *routes.entry(seat.route).or_default() += 1;
    }
    routes
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Vote, on_book, on_prepare};
    use super::*;
    use crate::fixtures::*;
    use crate::ids::{SagaId, SeatNumber};
    use crate::order::Order;
    use crate::rows::RouteFacts;
    use crate::unbought::Unbought;

    const SEATS: u16 = 60;

    /// A route of so many seats, of which `on_hold` are kept by others.
    fn rows_with(on_hold: u32) -> Rows {
        let mut rows = rows();
        let route = seat("a", 1).route;
        let facts = *rows.route(&route).unwrap();
        rows.load_route(
            route,
            RouteFacts {
                seats: SEATS,
                ..facts
            },
        );
        rows.unbought.on_route.insert(route, on_hold);
        rows
    }

    fn wanted(saga: u128, numbers: impl IntoIterator<Item = u16>, hold: bool) -> Prepare {
        let seats: Vec<_> = numbers
            .into_iter()
            .map(|number| SeatRef {
                number: SeatNumber(number),
                ..seat("a", 1)
            })
            .collect();
        let prepare = prepare(&seats);
        let order = Order {
            hold_seconds: hold.then_some(900),
            ..(*prepare.order).clone()
        };
        Prepare {
            saga: SagaId(uuid::Uuid::from_u128(saga)),
            order: Arc::new(order),
            ..prepare
        }
    }

    fn vote(rows: &mut Rows, prepare: &Prepare) -> Option<RefusalReason> {
        match on_prepare(rows, prepare, None) {
            Vote::Yes => None,
            Vote::No(refusal) => Some(refusal.reason),
            other => panic!("{other:?}"),
        }
    }

    const LIMIT: Option<RefusalReason> = Some(RefusalReason::Limit);

    #[test]
    fn a_user_keeps_so_many_seats_of_a_route_however_many_holds_they_are_in() {
        let mut rows = rows_with(0);
        assert_eq!(vote(&mut rows, &wanted(1, 1..=10, true)), LIMIT);
        assert_eq!(vote(&mut rows, &wanted(2, 1..=5, true)), None);
        assert_eq!(
            vote(&mut rows, &wanted(2, 1..=5, true)),
            None,
            "asked again"
        );
        assert_eq!(vote(&mut rows, &wanted(3, 6..=10, true)), LIMIT);
        assert_eq!(vote(&mut rows, &wanted(4, 6..=9, true)), None);
        assert_eq!(vote(&mut rows, &wanted(5, 11..=11, true)), LIMIT);
        // the answer is on record, whatever is free by then
        rows.unbought = Unbought::default();
        assert_eq!(vote(&mut rows, &wanted(5, 11..=11, true)), LIMIT);
    }

    #[test]
    fn who_buys_may_buy_all_there_is() {
        let mut rows = rows_with(SEATS.into());
        let book = wanted(1, 1..=16, false);
        assert_eq!(vote(&mut rows, &book), None);
        let book = wanted(2, 17..=32, false);
        let companies = book.order.companies();
        assert_eq!(companies.len(), 1);
        assert_eq!(on_book(&mut rows, &book, None), Vote::Yes);
    }

    #[test]
    fn a_user_has_so_many_holds() {
        let mut rows = rows_with(0);
        for hold in 1..=HOLDS_MAX as u16 {
            assert_eq!(vote(&mut rows, &wanted(hold.into(), [hold], true)), None);
        }
        assert_eq!(vote(&mut rows, &wanted(100, [9], true)), LIMIT);
    }

    #[test]
    fn what_was_kept_for_nothing_counts_for_a_while() {
        let (user, route) = (wanted(1, [1], true).order.user, seat("a", 1).route);
        for (seat_seconds, refused) in [(SEAT_SECONDS_MAX - 1, None), (SEAT_SECONDS_MAX, LIMIT)] {
            let mut rows = rows_with(0);
            rows.unbought.note_ended(user, route, seat_seconds);
            assert_eq!(vote(&mut rows, &wanted(1, 1..=9, true)), refused);
            assert_eq!(vote(&mut rows, &wanted(2, 10..=12, false)), None, "bought");
        }
    }

    #[test]
    fn holds_never_keep_more_than_a_part_of_an_aircraft() {
        let half = u32::from(SEATS) / ON_HOLD_OF;
        let mut rows = rows_with(half - 3);
        assert_eq!(vote(&mut rows, &wanted(1, 1..=4, true)), LIMIT);
        assert_eq!(vote(&mut rows, &wanted(2, 1..=3, true)), None);
        assert_eq!(vote(&mut rows, &wanted(3, [5], true)), LIMIT);
    }
}
