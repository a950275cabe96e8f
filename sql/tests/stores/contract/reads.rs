//! What is read beside the ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use passcom_actors::catalogue::{Published, SeatState, SeatStates};
use passcom_actors::company::store::{SagaStatus, Unfinished, Which};
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::locator::Locator;
use passcom_actors::domain::rows::SeatUse;
use passcom_actors::domain::vote::Prepare;
use uuid::Uuid;

use super::bookings::settle;
use super::{Node, ROUTES, book, post, prepare, prepare_for, route, seat, vote_on};

const HOUR: Duration = Duration::from_secs(3600);

pub fn block(route: u64, number: u16, blocked: bool) -> Entry {
    Entry::Block {
        seat: (RouteId(route), SeatNumber(number)),
        blocked,
        reason: "inspection".to_owned(),
    }
}

pub async fn a_blocked_seat_is_surveyed(node: &Node) {
    let (held, sold) = (prepare(&[seat("a", 20, 1)]), prepare(&[seat("a", 20, 2)]));
    post(node, vote_on(&held)).await;
    post(node, book(&sold, None)).await;
    assert_eq!(post(node, block(20, 3, true)).await, Receipt::Blocked(true));
    assert_eq!(
        post(node, block(20, 2, true)).await,
        Receipt::Blocked(false)
    );
    let survey = async || post(node, Entry::Survey { route: RouteId(20) }).await;
    let key = |number| (RouteId(20), SeatNumber(number));
    let mut expected = BTreeMap::from([
        (key(1), SeatUse::Prepared { by: held.saga }),
        (key(2), SeatUse::Sold { to: sold.saga }),
        (key(3), SeatUse::Blocked),
    ]);
    assert_eq!(survey().await, Receipt::Surveyed(expected.clone()));
    post(node, block(20, 3, false)).await;
    expected.remove(&key(3));
    assert_eq!(survey().await, Receipt::Surveyed(expected));
}

pub async fn an_unfinished_saga_is_found(node: &Node) {
    let elsewhere = Prepare {
        driver: "node-b".to_owned(),
        ..prepare(&[seat("a", 21, 1), seat("b", 1, 1)])
    };
    let here = Prepare {
        driver: "node-x".to_owned(),
        ..prepare(&[seat("a", 21, 2), seat("b", 1, 1)])
    };
    post(node, vote_on(&elsewhere)).await;
    post(node, vote_on(&here)).await;
    let ours = |found: Vec<Unfinished>| -> Vec<SagaId> {
        let sagas = found.into_iter().map(|unfinished| unfinished.saga);
        let both = [elsewhere.saga, here.saga];
        let mut found: Vec<SagaId> = sagas.filter(|saga| both.contains(saga)).collect();
        found.sort();
        found
    };
    let undecided = async || ours(node.archive.undecided(1000).await.unwrap());
    let driven = async || {
        let found = node.archive.unfinished(1000);
        ours(found.await.unwrap())
    };
    let mut both = vec![elsewhere.saga, here.saga];
    both.sort();
    assert_eq!(undecided().await, both);
    assert_eq!(driven().await, [here.saga]);

    post(node, settle(&here)).await;
    assert_eq!(undecided().await, [elsewhere.saga]);
    assert_eq!(driven().await, [here.saga]);
    post(node, Entry::Finish { saga: here.saga }).await;
    assert_eq!(driven().await, []);

    let views = node
        .archive
        .sagas(None, Some(SagaStatus::Begun), None, 1000);
    let views = views.await.unwrap();
    let view = views.iter().find(|view| view.id == elsewhere.saga).unwrap();
    assert_eq!(view.seats, elsewhere.order.seats());
    let old = node.archive.sagas(None, None, Some(HOUR), 1000).await;
    assert_eq!(old.unwrap(), []);
}

pub async fn routes_come_in_order_with_their_taken_seats(node: &Node) {
    let trip = prepare(&[seat("a", 30, 1), seat("a", 30, 65)]);
    post(node, vote_on(&trip)).await;
    let sold = prepare(&[seat("a", 30, 3)]);
    post(node, book(&sold, None)).await;
    post(node, block(30, 2, true)).await;
    let changed_after = async |version| {
        let mut all: Vec<Published> = Vec::new();
        let read = node
            .archive
            .routes(version, &mut |routes| all.extend(routes))
            .await;
        read.unwrap();
        all
    };
    let all = changed_after(0).await;
    assert!(all.iter().map(|known| known.route.id.0).eq(1..=ROUTES));
    let first = &all[29..];
    assert_eq!((&first[0].route, &first[1].route), (&route(30), &route(31)));
    let states = [
        (1, SeatState::Held),
        (2, SeatState::Blocked),
        (3, SeatState::Sold),
        (65, SeatState::Held),
    ];
    let states = states.map(|(number, state)| (SeatNumber(number), state));
    assert_eq!(first[0].seats, states.into_iter().collect());
    assert_eq!(first[1].seats, SeatStates::default());
    let version = node.archive.catalogue_version().await.unwrap();
    assert_eq!(version, 1);
    assert_eq!(changed_after(version).await, []);
    let missing = node.archive.seat((RouteId(30), SeatNumber(101))).await;
    assert_eq!(missing.unwrap(), None);
}

pub async fn tickets_are_found_by_what_people_call_them(node: &Node) {
    let mut locators = Vec::new();
    for number in 1..=3 {
        let trip = prepare_for(UserId(Uuid::new_v4()), 1_000, &[seat("a", 35, number)]);
        post(node, book(&trip, None)).await;
        locators.push((trip.saga, Locator::of(trip.saga)));
    }
    for (saga, locator) in locators {
        let found = node.archive.tickets_among(locator.ids(), 10).await.unwrap();
        let ids: Vec<SagaId> = found.iter().map(|ticket| ticket.id).collect();
        assert_eq!(ids, [saga]);
        let none = node.archive.tickets_among(locator.ids(), 0).await;
        assert_eq!(none.unwrap(), []);
    }
}

pub async fn tickets_come_newest_first(node: &Node) {
    let user = UserId(Uuid::new_v4());
    let mut booked = Vec::new();
    for (number, created_at) in [(1, 1_000), (2, 3_001), (3, 3_001), (4, 2_000)] {
        let trip = prepare_for(user, created_at, &[seat("a", 31, number)]);
        post(node, book(&trip, None)).await;
        booked.push((-created_at, trip.saga));
    }
    booked.sort();
    let ids: Vec<SagaId> = booked.iter().map(|(_, saga)| *saga).collect();
    let page = async |after, limit| -> Vec<SagaId> {
        let which = Which::NotCancelled;
        let page = node.archive.tickets_of(user, which, after, limit).await;
        let page = page.unwrap();
        page.iter().map(|ticket| ticket.id).collect()
    };
    assert_eq!(page(None, 10).await, ids);
    assert_eq!(page(None, 1).await, ids[..1]);
    assert_eq!(page(Some((3_001, ids[0])), 2).await, ids[1..3]);
    let cancel = Entry::Cancel {
        ticket: ids[2],
        seats: vec![seat("a", 31, 4)],
        agreed: false,
        refunds: Vec::new(),
    };
    post(node, cancel).await;
    assert_eq!(page(Some((3_001, ids[1])), 9).await, ids[3..]);
    let all = node.archive.tickets_of(user, Which::All, None, 10).await;
    let all: Vec<SagaId> = all.unwrap().iter().map(|ticket| ticket.id).collect();
    assert_eq!(all, ids, "what is cancelled is his, too");
    let cancelled = async |after| -> Vec<SagaId> {
        let which = Which::Cancelled;
        let page = node.archive.tickets_of(user, which, after, 10).await;
        page.unwrap().iter().map(|ticket| ticket.id).collect()
    };
    assert_eq!(cancelled(None).await, ids[2..3]);
    assert_eq!(cancelled(Some((2_000, ids[2]))).await, []);
}
