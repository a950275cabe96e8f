//! Flights that change under tickets.

use passcom_actors::company::store::NOBODY;
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::flight::{Flight, FlightChange, Place};
use passcom_actors::domain::ids::{RouteId, SeatNumber};
use passcom_actors::domain::order::Offsets;
use passcom_actors::domain::rows::{Replicated, SeatUse};
use passcom_actors::domain::ticket::{Accepted, Cancelled};

use super::bookings::settle;
use super::{Base, NOW, Node, post, prepare, route, seat, vote_on, yes};

/// Numbers of routes that no other part of the contract uses.
const FIRST: u64 = 36;

const OFFSETS: Option<Offsets> = Some(Offsets {
    departs: -180,
    arrives: 840,
});

fn moved(number: u16) -> Flight {
    let flown = route(FIRST);
    Flight {
        of: seat("a", FIRST, number),
        departs: flown.departs + 600,
        arrives: flown.arrives + 660,
        offsets: OFFSETS,
        withdrawn: false,
        seats: 2,
        label: None,
        instead: vec![Place {
            number: SeatNumber(2),
            label: Some("1B".to_owned()),
        }],
    }
}

pub async fn a_changed_flight_moves_the_leg_and_stays_changed(node: &Node) {
    let trip = prepare(&[seat("a", FIRST, 3), seat("a", FIRST, 4), seat("b", 9, 9)]);
    assert_eq!(post(node, vote_on(&trip)).await, yes());
    assert_eq!(post(node, settle(&trip)).await, Receipt::Done);
    let ticket = async || node.archive.ticket(trip.saga).await.unwrap().unwrap();
    let seat_use = async |number| {
        let seat = (RouteId(FIRST), SeatNumber(number));
        node.archive.seat(seat).await.unwrap()
    };

    let change = Entry::Change {
        ticket: trip.saga,
        flights: vec![moved(3), moved(4)],
        at: NOW * 1000 + 7,
    };
    assert_eq!(post(node, change).await, Receipt::Done);
    let told = ticket().await;
    let first = FlightChange {
        of: seat("a", FIRST, 3),
        sequence: 1,
        departs: moved(3).departs,
        arrives: moved(3).arrives,
        offsets: OFFSETS,
        withdrawn: false,
        number: SeatNumber(2),
        label: Some("1B".to_owned()),
        unseated: false,
        told_at: NOW * 1000 + 7,
        accepted: false,
    };
    let second = FlightChange {
        of: seat("a", FIRST, 4),
        number: SeatNumber(4),
        label: None,
        unseated: true,
        ..first.clone()
    };
    assert_eq!(told.changes, [first.clone(), second]);
    let to = trip.saga;
    assert_eq!(seat_use(2).await, Some(SeatUse::Sold { to }));
    assert_eq!(seat_use(3).await, Some(SeatUse::Free));
    assert_eq!(seat_use(4).await, Some(SeatUse::Sold { to }));
    let unseated = node.archive.unseated(1_000).await.unwrap();
    assert!(unseated.contains(&(trip.saga, seat("a", FIRST, 4))));

    let accept = Entry::Accept {
        ticket: trip.saga,
        agreed: vec![(first.of, 1)],
    };
    assert_eq!(post(node, accept).await, Receipt::Accepted(Accepted::Done));
    assert!(ticket().await.changes[0].accepted);

    // a copy from before that changes nothing, one that knows more does
    let mut theirs = told.clone();
    let rows = |copy| vec![Replicated::Ticket(copy)];
    let merge = |copy| Entry::Merge {
        rows: rows(copy),
        cursor: None,
    };
    post(node, merge(theirs.clone())).await;
    assert!(ticket().await.changes[0].accepted);
    theirs.changes.push(FlightChange {
        of: seat("b", 9, 9),
        withdrawn: true,
        ..first
    });
    post(node, merge(theirs.clone())).await;
    assert_eq!(ticket().await.changes[2], theirs.changes[2]);

    let cancel = Entry::Cancel {
        ticket: trip.saga,
        seats: trip.order.seats(),
        agreed: true,
        refunds: Vec::new(),
    };
    let receipt = post(node, cancel).await;
    assert!(matches!(receipt, Receipt::Cancelled(Cancelled::Done(_))));
    for number in [2, 4] {
        assert_eq!(seat_use(number).await, Some(SeatUse::Free));
    }
    let unseated = node.archive.unseated(1_000).await.unwrap();
    assert!(unseated.iter().all(|(ticket, _)| *ticket != trip.saga));
}

pub async fn changed_routes_are_told_in_the_order_of_their_changes<B: Base>(base: &B, node: &Node) {
    let archive = &node.archive;
    let trip = prepare(&[seat("a", FIRST + 1, 5)]);
    assert_eq!(post(node, vote_on(&trip)).await, yes());
    let block = Entry::Block {
        seat: (RouteId(FIRST + 1), SeatNumber(1)),
        blocked: true,
        reason: "wet".to_owned(),
    };
    post(node, block).await;
    let version = archive.catalogue_version().await.unwrap();
    let later = (version, RouteId(u64::MAX >> 1));
    assert_eq!(archive.kept(later, 10).await.unwrap(), []);
    for (id, seats) in [(FIRST + 1, 4), (FIRST, 3)] {
        let mut smaller = route(id);
        smaller.seats = seats;
        smaller.equipment = "AT7".to_owned();
        base.import(smaller).await;
    }
    let kept = archive.kept(later, 10).await.unwrap();
    let told: Vec<_> = kept
        .iter()
        .map(|kept| (kept.version, kept.route.id.0, kept.route.seats))
        .collect();
    let expected = [(version + 1, FIRST + 1, 4), (version + 2, FIRST, 3)];
    assert_eq!(told, expected);
    let owners = [(SeatNumber(1), NOBODY), (SeatNumber(5), trip.saga)];
    assert_eq!(kept[0].owners, owners);
    let before = (route(1).equipment, route(1).seats);
    assert_eq!(kept[0].aircraft_before, Some(before));
    let place = (version + 1, RouteId(FIRST + 1));
    assert_eq!(archive.kept(place, 1).await.unwrap(), kept[1..]);
    let of = archive.kept_of(vec![RouteId(FIRST + 1)]).await.unwrap();
    assert_eq!(of, kept[..1]);

    assert_eq!(archive.swept().await.unwrap(), 0);
    for (version, swept) in [(7, 7), (5, 7)] {
        archive.note_swept(version).await.unwrap();
        assert_eq!(archive.swept().await.unwrap(), swept);
    }
}
