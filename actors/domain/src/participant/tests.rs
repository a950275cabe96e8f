//! Every arrow of a leg, and that there is no other: whole rows before and after each message.

use LegState::{Cancelled, Committed, Prepared, Refused};

use std::sync::Arc;

use super::*;
use crate::ballot::{Acceptors, Register};
use crate::document::Document;
use crate::fixtures::*;
use crate::ids::SeatNumber;
use crate::papers::{Contact, Papers, Person, Seated};
use crate::rows::{RouteFacts, SeatRow};

/// Rows that a transaction committed: whatever changed before is as loaded.
fn reloaded(rows: &Rows) -> Rows {
    let mut fresh = crate::fixtures::rows();
    for (key, leg) in rows.legs.range(..) {
        fresh.legs.load(*key, *leg);
        if matches!(leg.state, Prepared | Committed) {
            fresh.load_owner(key.seat(), key.saga, leg.state);
        }
    }
    for (seat, row) in rows.seats.range(..) {
        fresh.seats.load(*seat, *row);
    }
    for (saga, row) in rows.sagas.range(..) {
        fresh.sagas.load(*saga, row.clone());
    }
    for (saga, ticket) in rows.tickets.range(..) {
        fresh.tickets.load(*saga, ticket.clone());
    }
    for (key, register) in rows.registers.range(..) {
        fresh.registers.load(key.clone(), register.clone());
    }
    fresh
}

/// Company a, where SAGA's legs on seats 1 and 2 are in this state.
fn with_legs(state: Option<LegState>) -> Rows {
    let mut rows = rows();
    let Some(state) = state else {
        return rows;
    };
    let saga_state = match state {
        Prepared => SagaState::Begun,
        Refused => SagaState::Aborted,
        Committed | Cancelled | LegState::Moved => SagaState::Committed,
    };
    for number in [1, 2] {
        rows.put_leg(leg_key(SAGA, number), leg(state));
    }
    remember(&mut rows, &two_seats(), saga_state);
    reloaded(&rows)
}

fn two_seats() -> Prepare {
    prepare(&[seat("a", 1), seat("b", 1), seat("a", 2)])
}

fn own_seats() -> [SeatRef; 2] {
    [seat("a", 1), seat("a", 2)]
}

fn states(rows: &Rows) -> Vec<LegState> {
    let legs = rows.legs_of(SAGA);
    legs.into_iter().map(|(_, leg)| leg.state).collect()
}

fn no(number: u16, reason: RefusalReason) -> Vote {
    let seat = seat("a", number);
    Vote::No(Refusal { seat, reason })
}

/// Posts a message and says what it came to: states, saga state, number of alarms.
fn after(
    before: Option<LegState>,
    message: impl Fn(&mut Rows),
) -> (Vec<LegState>, Option<SagaState>, usize) {
    let mut rows = with_legs(before);
    message(&mut rows);
    let once = reloaded(&rows);
    let mut twice = once.clone();
    message(&mut twice);
    assert_eq!(reloaded(&twice), once, "a message may come twice");
    let state = rows.saga(&SAGA).map(|row| row.state);
    (states(&rows), state, rows.alarms.len())
}

#[test]
fn a_sellable_prepare_keeps_every_seat_and_remembers_the_saga() {
    let mut rows = rows();
    let prepare = Prepare {
        fence: FencingToken(5),
        ..two_seats()
    };
    assert_eq!(on_prepare(&mut rows, &prepare, None), Vote::Yes);
    let kept = LegRow {
        fence: FencingToken(5),
        ..leg(Prepared)
    };
    let expected = [(leg_key(SAGA, 1), kept), (leg_key(SAGA, 2), kept)];
    assert_eq!(rows.legs_of(SAGA), expected);
    let fence = SeatRow {
        blocked: false,
        fence: FencingToken(5),
    };
    for number in [1, 2] {
        let seat = (ROUTE, SeatNumber(number));
        assert_eq!(rows.seat(&seat), Some(&fence));
        assert_eq!(rows.owner(&seat), Some((SAGA, Prepared)));
    }
    let saga = SagaRow {
        order: Some(prepare.order.clone()),
        hash: HASH,
        acceptors: acceptors(),
        driver: "a1".to_owned(),
        papers: None,
        state: SagaState::Begun,
        finished: false,
        hold_seconds: None,
        voted: false,
    };
    assert_eq!(rows.saga(&SAGA), Some(&saga));
    assert_eq!(rows.alarms, Vec::<String>::new());
}

#[test]
fn a_prepare_of_what_is_recorded_answers_what_is_recorded() {
    for state in [Prepared, Committed, Cancelled] {
        let mut rows = with_legs(Some(state));
        assert_eq!(on_prepare(&mut rows, &two_seats(), None), Vote::Yes);
        assert_eq!(rows, with_legs(Some(state)), "a replay changes nothing");
        let other = Prepare {
            hash: OTHER_HASH,
            ..two_seats()
        };
        let mismatch = Vote::Mismatch {
            order: two_seats().order,
            hash: HASH,
            acceptors: acceptors(),
        };
        assert_eq!(on_prepare(&mut rows, &other, None), mismatch);
        assert_eq!(rows, with_legs(Some(state)), "a mismatch is not a vote");
    }
    let mut rows = with_legs(Some(Refused));
    for hash in [HASH, OTHER_HASH] {
        let prepare = Prepare {
            hash,
            ..two_seats()
        };
        let vote = on_prepare(&mut rows, &prepare, None);
        assert_eq!(vote, no(1, RefusalReason::Released), "compares nothing");
    }
    assert_eq!(rows, with_legs(Some(Refused)));
}

#[test]
fn every_reason_refuses_all_legs_and_a_retry_hears_the_same() {
    let number_2 = (ROUTE, SeatNumber(2));
    type Spoil = fn(&mut Rows);
    let spoiled: [(Spoil, RefusalReason); 5] = [
        (
            |rows| rows.load_owner((ROUTE, SeatNumber(2)), OTHER, Committed),
            RefusalReason::Sold,
        ),
        (
            |rows| rows.load_owner((ROUTE, SeatNumber(2)), OTHER, Prepared),
            RefusalReason::Held,
        ),
        (
            |rows| {
                let row = SeatRow {
                    blocked: true,
                    ..SeatRow::default()
                };
                rows.seats.load((ROUTE, SeatNumber(2)), row);
            },
            RefusalReason::Blocked,
        ),
        (
            |rows| {
                let facts = RouteFacts { seats: 1, ..FACTS };
                rows.load_route(ROUTE, facts);
            },
            RefusalReason::Unknown,
        ),
        (|_| {}, RefusalReason::Held),
    ];
    for (index, (spoil, reason)) in spoiled.into_iter().enumerate() {
        let mut rows = rows();
        spoil(&mut rows);
        let owner = rows.owner(&number_2);
        // the last one: a route actor has promised the seat to another saga
        let lost = (index == 4).then_some(Refusal {
            seat: seat("a", 2),
            reason,
        });
        let vote = on_prepare(&mut rows, &two_seats(), lost);
        assert_eq!(vote, no(2, reason));
        assert_eq!(states(&rows), [Refused, Refused]);
        assert_eq!(rows.owner(&number_2), owner, "the owner is left alone");
        let state = rows.saga(&SAGA).map(|row| row.state);
        assert_eq!(state, Some(SagaState::Aborted));
        assert_eq!(on_prepare(&mut rows, &two_seats(), None), vote, "a retry");
    }
}

#[test]
fn a_route_off_sale_or_unknown_refuses() {
    let mut closed = rows();
    let on_sale = false;
    let facts = RouteFacts { on_sale, ..FACTS };
    closed.load_route(ROUTE, facts);
    let vote = on_prepare(&mut closed, &two_seats(), None);
    assert_eq!(vote, no(1, RefusalReason::Closed));
    let mut unknown = Rows::of_everything(company("a"));
    let vote = on_prepare(&mut unknown, &two_seats(), None);
    assert_eq!(vote, no(1, RefusalReason::Unknown));
}

#[test]
fn seat_numbers_are_checked_at_their_edges() {
    for (number, sellable) in [(0, false), (1, true), (SEATS, true), (SEATS + 1, false)] {
        let vote = on_prepare(&mut rows(), &prepare(&[seat("a", number)]), None);
        assert_eq!(vote == Vote::Yes, sellable, "seat {number}");
    }
}

#[test]
fn an_older_token_is_told_the_fence_and_no_token_is_not_compared() {
    let mut rows = rows();
    let row = SeatRow {
        blocked: false,
        fence: FencingToken(5),
    };
    rows.seats.load((ROUTE, SeatNumber(2)), row);
    let before = rows.clone();
    let with = |token| Prepare {
        fence: FencingToken(token),
        ..two_seats()
    };
    let vote = on_prepare(&mut rows, &with(4), None);
    assert_eq!(vote, Vote::Stale(FencingToken(5)));
    assert_eq!(rows, before, "nothing is inserted");
    for token in [0, 5, 6] {
        let mut rows = before.clone();
        assert_eq!(on_prepare(&mut rows, &with(token), None), Vote::Yes);
        let fence = rows.seat(&(ROUTE, SeatNumber(2))).unwrap().fence;
        assert_eq!(fence, FencingToken(token.max(5)));
    }
}

#[test]
fn commit_has_one_arrow() {
    let commit = |rows: &mut Rows| on_commit(rows, SAGA, HASH);
    let sold = (vec![Committed; 2], Some(SagaState::Committed), 0);
    assert_eq!(after(Some(Prepared), commit), sold);
    assert_eq!(after(Some(Committed), commit), sold);
    let cancelled = (vec![Cancelled; 2], Some(SagaState::Committed), 0);
    assert_eq!(after(Some(Cancelled), commit), cancelled);
    // two legs and the saga itself contradict it
    let refused = (vec![Refused; 2], Some(SagaState::Aborted), 3);
    assert_eq!(after(Some(Refused), commit), refused);
    let told = |rows: &mut Rows| alarm_without_vote(rows, SAGA);
    assert_eq!(after(None, told), (vec![], None, 1));
    assert_eq!(after(Some(Prepared), told).2, 0);
}

#[test]
fn commit_under_another_hash_releases_what_was_prepared_and_moves_nothing_else() {
    let commit = |rows: &mut Rows| on_commit(rows, SAGA, OTHER_HASH);
    let released = (vec![Refused; 2], Some(SagaState::Committed), 0);
    assert_eq!(after(Some(Prepared), commit), released);
    for state in [Committed, Cancelled] {
        let same = (vec![state; 2], Some(SagaState::Committed), 2);
        assert_eq!(after(Some(state), commit), same, "never repaired");
    }
}

#[test]
fn release_refuses_what_is_prepared_or_absent_and_nothing_else() {
    let release = |rows: &mut Rows| {
        on_release(rows, SAGA, &own_seats(), RefusalReason::NoVote);
    };
    let aborted = (vec![Refused; 2], Some(SagaState::Aborted), 0);
    assert_eq!(after(Some(Prepared), release), aborted);
    assert_eq!(after(Some(Refused), release), aborted);
    let tombstones = (vec![Refused; 2], None, 0);
    assert_eq!(after(None, release), tombstones);
    for state in [Committed, Cancelled] {
        let same = (vec![state; 2], Some(SagaState::Committed), 3);
        assert_eq!(after(Some(state), release), same, "no such arrow");
    }
}

#[test]
fn a_tombstone_refuses_the_prepare_that_comes_late() {
    let mut rows = rows();
    on_release(&mut rows, SAGA, &own_seats(), RefusalReason::Released);
    let tombstone = LegRow {
        hash: NO_ORDER,
        ..leg(Refused)
    };
    let expected = [(leg_key(SAGA, 1), tombstone), (leg_key(SAGA, 2), tombstone)];
    assert_eq!(rows.legs_of(SAGA), expected);
    let vote = on_prepare(&mut rows, &two_seats(), None);
    assert_eq!(vote, no(1, RefusalReason::Released));
}

#[test]
fn a_tombstone_leaves_the_owner_of_the_seat_alone() {
    let mut rows = rows();
    rows.load_owner((ROUTE, SeatNumber(1)), OTHER, Committed);
    on_release(&mut rows, SAGA, &own_seats(), RefusalReason::Released);
    let owner = rows.owner(&(ROUTE, SeatNumber(1)));
    assert_eq!(owner, Some((OTHER, Committed)));
}

#[test]
fn release_ends_legs_that_it_does_not_name() {
    let mut rows = with_legs(Some(Prepared));
    on_release(&mut rows, SAGA, &[seat("a", 2)], RefusalReason::Released);
    assert_eq!(states(&rows), [Refused, Refused]);
    assert_eq!(rows.owner(&(ROUTE, SeatNumber(1))), None);
}

#[test]
fn cancel_frees_what_is_prepared_or_committed_and_only_its_own() {
    let cancel = |rows: &mut Rows| on_cancel(rows, SAGA, &own_seats());
    for (before, state) in [
        (Prepared, SagaState::Begun),
        (Committed, SagaState::Committed),
        (Cancelled, SagaState::Committed),
    ] {
        assert_eq!(
            after(Some(before), cancel),
            (vec![Cancelled; 2], Some(state), 0)
        );
    }
    let refused = (vec![Refused; 2], Some(SagaState::Aborted), 2);
    assert_eq!(after(Some(Refused), cancel), refused);
    assert_eq!(after(None, cancel), (vec![], None, 2));

    let mut rows = with_legs(Some(Cancelled));
    rows.load_owner((ROUTE, SeatNumber(1)), OTHER, Committed);
    on_cancel(&mut rows, SAGA, &own_seats());
    let owner = rows.owner(&(ROUTE, SeatNumber(1)));
    assert_eq!(owner, Some((OTHER, Committed)), "sold again meanwhile");
}

fn alone() -> Prepare {
    Prepare {
        acceptors: Acceptors(vec![company("a")]),
        ..prepare(&own_seats())
    }
}

#[test]
fn book_prepares_decides_and_sells_in_one_step() {
    let mut rows = rows();
    assert_eq!(on_book(&mut rows, &alone(), None), Vote::Yes);
    assert_eq!(states(&rows), [Committed, Committed]);
    let register = Register {
        acceptors: alone().acceptors,
        promised: Ballot::ZERO,
        accepted: Some((
            Ballot::ZERO,
            Value::Commit {
                hash: HASH,
                order: alone().order,
            },
        )),
        chosen: true,
    };
    assert_eq!(rows.register(&Key::Saga(SAGA)), Some(&register));
    let before = reloaded(&rows);
    let mut again = before.clone();
    assert_eq!(on_book(&mut again, &alone(), None), Vote::Yes);
    assert_eq!(again, before, "a replay changes nothing");
}

#[test]
fn book_obeys_a_register_that_somebody_touched() {
    let mut rows = rows();
    let alone = alone();
    let key = Key::Saga(SAGA);
    register::on_promise(&mut rows, &key, &alone.acceptors, Ballot(4));
    let refusal = Refusal {
        seat: seat("a", 1),
        reason: RefusalReason::Released,
    };
    assert_eq!(on_book(&mut rows, &alone, None), Vote::No(refusal));
    assert_eq!(states(&rows), [Refused, Refused]);
    assert!(rows.ticket(&SAGA).is_none());
    assert_eq!(on_book(&mut rows, &alone, None), Vote::No(refusal));
}

#[test]
fn book_of_what_is_recorded_answers_what_is_recorded() {
    for state in [Committed, Cancelled] {
        let mut rows = with_legs(Some(state));
        assert_eq!(on_book(&mut rows, &alone(), None), Vote::Yes);
        let other = Prepare {
            hash: OTHER_HASH,
            ..alone()
        };
        let mismatch = Vote::Mismatch {
            order: two_seats().order,
            hash: HASH,
            acceptors: acceptors(),
        };
        assert_eq!(on_book(&mut rows, &other, None), mismatch);
        assert_eq!(rows, with_legs(Some(state)));
    }
    let mut rows = with_legs(Some(Refused));
    let refusal = Refusal {
        seat: seat("a", 1),
        reason: RefusalReason::Released,
    };
    assert_eq!(on_book(&mut rows, &alone(), None), Vote::No(refusal));
}

#[test]
fn an_order_that_is_not_for_us_is_neither_voted_on_nor_booked() {
    let elsewhere = prepare(&[seat("b", 1)]);
    let mut rows = rows();
    assert_eq!(on_prepare(&mut rows, &elsewhere, None), Vote::Later);
    assert_eq!(on_book(&mut rows, &elsewhere, None), Vote::Later);
    assert_eq!(on_book(&mut rows, &two_seats(), None), Vote::Later);
    assert_eq!(rows.alarms.len(), 3);
    assert_eq!(rows.legs_of(SAGA), []);
}

/// With a document for each seat.
fn with_papers(prepare: Prepare) -> Prepare {
    let people = prepare.order.seats().into_iter().map(|seat| Seated {
        seat,
        person: Person {
            document: Some(Document::of_text("123.456.789-09")),
            birth: None,
        },
    });
    Prepare {
        papers: Papers::new(people.collect(), Contact::default()).map(Arc::new),
        ..prepare
    }
}

fn papers(rows: &Rows) -> Option<&Papers> {
    rows.saga(&SAGA).and_then(|row| row.papers.as_deref())
}

#[test]
fn papers_are_kept_by_who_carries_somebody_and_go_with_what_comes_to_nothing() {
    let prepare = with_papers(two_seats());
    let mut rows = rows();
    assert_eq!(on_prepare(&mut rows, &prepare, None), Vote::Yes);
    assert_eq!(papers(&rows), prepare.papers.as_deref());
    let mut sold = reloaded(&rows);
    on_commit(&mut sold, SAGA, HASH);
    assert_eq!(papers(&sold), prepare.papers.as_deref());
    on_release(&mut rows, SAGA, &[], RefusalReason::Released);
    assert_eq!(papers(&rows), None, "it came to nothing");
    // refused at once: never written down
    let mut full = with_legs(None);
    let lost = Refusal {
        seat: seat("a", 1),
        reason: RefusalReason::Papers,
    };
    let vote = on_prepare(&mut full, &prepare, Some(lost));
    assert_eq!(vote, Vote::No(lost), "what a company asks for it is told");
    assert_eq!(papers(&full), None);
    // the company of the driver alone carries nobody
    let mut aside = Rows::of_everything(company("z"));
    remember(&mut aside, &prepare, SagaState::Begun);
    assert_eq!(papers(&aside), None);
}
