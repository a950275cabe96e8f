//! Legs and seats.

use passcom_actors::company::store::SagaStatus;
use passcom_actors::domain::ballot::{Ballot, Value};
use passcom_actors::domain::entry::{Decision, Entry, Receipt};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{ROUTE_ID_MAX, RouteId, SeatNumber};
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::rows::SeatUse;
use passcom_actors::domain::ticket::Cancelled;
use passcom_actors::domain::vote::{LegState, Prepare, Refusal, RefusalReason, Vote};

use super::{
    NOW, Node, ROUTES, SALE_CLOSES, book, departs, done, post, prepare, refund, seat, try_post,
    vote_on, yes,
};

pub fn settle(prepare: &Prepare) -> Entry {
    let value = Value::Commit {
        hash: prepare.hash,
        order: prepare.order.clone(),
    };
    let decision = Decision {
        saga: prepare.saga,
        acceptors: prepare.acceptors.clone(),
        ballot: Ballot::ZERO,
        value,
    };
    Entry::Settle(Box::new(decision), None)
}

pub fn release(prepare: &Prepare) -> Entry {
    Entry::from(Question::Release {
        saga: prepare.saga,
        seats: prepare.order.seats(),
        reason: RefusalReason::Released,
    })
}

pub fn no(prepare: &Prepare, reason: RefusalReason) -> Receipt {
    let seat = prepare.order.seats()[0];
    Receipt::Answer(CompanyAnswer::Vote(Vote::No(Refusal { seat, reason })))
}

pub async fn a_leg_is_prepared_sold_and_cancelled(node: &Node) {
    let (ledger, archive) = (node, &node.archive);
    let trip = prepare(&[seat("a", 1, 1), seat("a", 1, 2), seat("b", 9, 9)]);
    let seat_use = async || archive.seat((RouteId(1), SeatNumber(2))).await.unwrap();
    assert_eq!(seat_use().await, Some(SeatUse::Free));

    assert_eq!(post(ledger, vote_on(&trip)).await, yes());
    let by = trip.saga;
    assert_eq!(seat_use().await, Some(SeatUse::Prepared { by }));
    let recorded = archive.recorded(trip.saga).await.unwrap();
    let own = [seat("a", 1, 1), seat("a", 1, 2)];
    assert_eq!(recorded.legs, own.map(|seat| (seat, LegState::Prepared)));
    let order = (trip.order.clone(), trip.hash, trip.acceptors.clone());
    assert_eq!(recorded.order, Some(order));
    assert_eq!(recorded.register, None);

    assert_eq!(post(ledger, settle(&trip)).await, Receipt::Done);
    assert_eq!(seat_use().await, Some(SeatUse::Sold { to: trip.saga }));
    let ticket = archive.ticket(trip.saga).await.unwrap().unwrap();
    assert_eq!((&ticket.order, ticket.cancelled.len()), (&trip.order, 0));
    let register = archive.recorded(trip.saga).await.unwrap().register.unwrap();
    assert!(register.chosen);

    let cancel = Entry::Cancel {
        ticket: trip.saga,
        seats: vec![seat("a", 1, 2), seat("b", 9, 9)],
        agreed: false,
        refunds: vec![refund(seat("a", 1, 2), 7_000, "a")],
    };
    let cancelled = post(ledger, cancel.clone()).await;
    assert_eq!(seat_use().await, Some(SeatUse::Free));
    let ticket = archive.ticket(trip.saga).await.unwrap().unwrap();
    let done = Receipt::Cancelled(Cancelled::Done(ticket.clone()));
    assert_eq!(cancelled, done);
    assert_eq!(ticket.refunds, [refund(seat("a", 1, 2), 7_000, "a")]);
    assert_eq!(ticket.cancelled, [seat("a", 1, 2), seat("b", 9, 9)]);
    let next = prepare(&[seat("a", 1, 2)]);
    assert_eq!(post(ledger, vote_on(&next)).await, yes());
}

pub async fn a_refusal_names_its_reason(node: &Node) {
    let ledger = node;
    let sold = prepare(&[seat("a", 2, 1)]);
    assert_eq!(
        post(ledger, book(&sold, None)).await,
        Receipt::Answer(CompanyAnswer::Vote(Vote::Yes))
    );
    let held = prepare(&[seat("a", 2, 2)]);
    assert_eq!(post(ledger, vote_on(&held)).await, yes());
    let block = Entry::Block {
        seat: (RouteId(2), SeatNumber(3)),
        blocked: true,
        reason: "broken belt".to_owned(),
    };
    assert_eq!(post(ledger, block).await, Receipt::Blocked(true));

    for (route, number, reason) in [
        (2, 1, RefusalReason::Sold),
        (2, 2, RefusalReason::Held),
        (2, 3, RefusalReason::Blocked),
        (2, 101, RefusalReason::Unknown),
        (999, 1, RefusalReason::Unknown),
        (ROUTE_ID_MAX, 1, RefusalReason::Unknown),
    ] {
        let refused = prepare(&[seat("a", route, number)]);
        let vote = post(ledger, vote_on(&refused)).await;
        assert_eq!(vote, no(&refused, reason), "seat {number} of route {route}");
    }
}

pub async fn of_two_sagas_in_one_batch_one_gets_the_seat(node: &Node) {
    let (first, second) = (prepare(&[seat("a", 3, 1)]), prepare(&[seat("a", 3, 1)]));
    let batch = [vote_on(&first), vote_on(&second)];
    let expected = vec![yes(), no(&second, RefusalReason::Held)];
    assert_eq!(try_post(node, &batch).await.unwrap(), expected);
    assert_eq!(try_post(node, &batch).await.unwrap(), expected);
}

pub async fn a_seat_freed_in_a_batch_is_sold_in_it(node: &Node) {
    let (first, second) = (prepare(&[seat("a", 4, 1)]), prepare(&[seat("a", 4, 1)]));
    assert_eq!(post(node, vote_on(&first)).await, yes());
    let batch = [release(&first), vote_on(&second)];
    let receipts = try_post(node, &batch).await.unwrap();
    assert_eq!(receipts, [done(), yes()]);
    let by = second.saga;
    let seat = (RouteId(4), SeatNumber(1));
    let found = node.archive.seat(seat).await.unwrap();
    assert_eq!(found, Some(SeatUse::Prepared { by }));
    // a released leg stays released, also where it was never prepared
    let never = prepare(&[seat_of(4, 2)]);
    assert_eq!(post(node, release(&never)).await, done());
    let vote = post(node, vote_on(&never)).await;
    assert_eq!(vote, no(&never, RefusalReason::Released));
}

fn seat_of(route: u64, number: u16) -> passcom_actors::domain::order::SeatRef {
    seat("a", route, number)
}

pub async fn a_single_company_books_in_one_step(node: &Node) {
    let trip = prepare(&[seat("a", 5, 2), seat("a", 5, 1)]);
    let booked = post(node, book(&trip, None)).await;
    assert_eq!(booked, Receipt::Answer(CompanyAnswer::Vote(Vote::Yes)));
    let recorded = node.archive.recorded(trip.saga).await.unwrap();
    let states: Vec<LegState> = recorded.legs.iter().map(|(_, state)| *state).collect();
    assert_eq!(states, [LegState::Committed; 2]);
    assert!(recorded.register.unwrap().chosen);
    let ticket = node.archive.ticket(trip.saga).await.unwrap().unwrap();
    assert_eq!(ticket.order, trip.order);
    let view = node.archive.sagas(Some(trip.saga), None, None, 1).await;
    let view = view.unwrap().remove(0);
    assert_eq!((view.state, view.finished), (SagaStatus::Committed, true));
}

pub async fn a_stale_token_is_told_the_fence(node: &Node) {
    let with_token = |counter: i64| Prepare {
        fence: FencingToken::new(3, counter),
        ..prepare(&[seat("a", 7, 1)])
    };
    let newer = with_token(8);
    assert_eq!(post(node, vote_on(&newer)).await, yes());
    post(node, release(&newer)).await;
    let stale = Receipt::Answer(CompanyAnswer::Vote(Vote::Stale(newer.fence)));
    assert_eq!(post(node, vote_on(&with_token(7))).await, stale);
    assert_eq!(post(node, vote_on(&with_token(9))).await, yes());
}

/// The last route to leave, so that the others are on sale meanwhile.
pub async fn a_sale_closes_by_the_clock_that_is_handed_in(node: &Node) {
    let closes_ms = (departs(ROUTES) - SALE_CLOSES) * 1000;
    node.wall.set(closes_ms - 1);
    let in_time = prepare(&[seat("a", ROUTES, 1)]);
    assert_eq!(post(node, vote_on(&in_time)).await, yes());
    node.wall.set(closes_ms);
    let late = prepare(&[seat("a", ROUTES, 2)]);
    let closed = no(&late, RefusalReason::Closed);
    assert_eq!(post(node, vote_on(&late)).await, closed);
    // what was begun in time is sold
    assert_eq!(post(node, settle(&in_time)).await, Receipt::Done);
    node.wall.set(NOW * 1000);
}
