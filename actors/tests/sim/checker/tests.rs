//! Every check rejects a doctored piece of evidence, and accepts the one before it was doctored.

use std::sync::Arc;

use passcom_actors::domain::ballot::{Key, Value};
use passcom_actors::domain::ids::{SagaId, SeatNumber};
use passcom_actors::domain::order::{Order, Price};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::{LegKey, LegRow, Rows, SagaRow, SagaState, SeatRow};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState::{Cancelled, Committed, Prepared, Refused};
use passcom_actors::domain::vote::{Refusal, RefusalReason};
use passcom_actors::people::refund::{Ground, Refund, Refunded};
use uuid::Uuid;

use super::departures::SALE_CLOSES;
use super::sound::{
    DEPARTS, HASH, OTHER, SAGA, SEAT, USER, commit, company, exchanged, key_row, leg, leg_key,
    order, price, register, seat_of, sound, user,
};
use super::{Decision, Evidence, History, Told, judge};
use crate::clients::Deed;
use crate::seen::Seen;

/// The sound evidence is accepted, and the doctored one is objected to by this check.
fn rejects(name: &str, doctor: impl FnOnce(&mut Evidence)) {
    rejects_of(sound(), name, doctor);
}

/// As [`rejects`], where an exchange has taken place.
fn rejects_exchanged(name: &str, doctor: impl FnOnce(&mut Evidence)) {
    rejects_of(exchanged(), name, doctor);
}

fn rejects_of(mut evidence: Evidence, name: &str, doctor: impl FnOnce(&mut Evidence)) {
    assert_eq!(judge(&evidence), []);
    doctor(&mut evidence);
    let objections = judge(&evidence);
    let named = objections.iter().any(|(check, _)| *check == name);
    assert!(named, "{name} does not object, only {objections:?}");
}

#[test]
fn i1_a_seat_in_two_legs() {
    rejects("I1", |evidence| {
        evidence.at("A").legs.insert(leg_key(OTHER), leg(Prepared));
    });
}

#[test]
fn f1_a_flight_that_was_moved_and_a_seat_that_is_none() {
    rejects("F1", |evidence| {
        for (_, route) in evidence.at("A").routes.values_mut() {
            route.departs += 60;
        }
    });
    rejects("F1", |evidence| {
        let number = SeatNumber(3);
        let key = LegKey {
            number,
            ..leg_key(OTHER)
        };
        evidence.at("A").legs.insert(key, leg(Committed));
    });
}

#[test]
fn x1_both_trips_at_one_company() {
    rejects_exchanged("X1", |evidence| {
        evidence.at("A").tickets.get_mut(&SAGA).unwrap().cancelled = Vec::new();
    });
    rejects_exchanged("X1", |evidence| {
        let legs = evidence.at("B").legs.iter_mut();
        for (_, leg) in legs.filter(|(key, _)| key.route.is_claim()) {
            leg.state = Committed;
        }
    });
    rejects_exchanged("X1", |evidence| {
        evidence.at("A").tickets.remove(&OTHER);
    });
}

#[test]
fn x2_a_seat_given_for_two() {
    rejects_exchanged("X2", |evidence| {
        let third = SagaId(Uuid::from_u128(77));
        let order = evidence.at("C").tickets[&OTHER].order.clone();
        evidence
            .at("C")
            .tickets
            .insert(third, Ticket::new(third, order));
    });
}

#[test]
fn x4_another_flight_and_the_money() {
    rejects_exchanged("X4", |evidence| {
        let paid = Refunded {
            seat: seat_of("A"),
            amount: price(),
            ground: Ground::Tariff,
            decided_at: 5,
            by: company("A"),
        };
        let ticket = evidence.at("A").tickets.get_mut(&SAGA).unwrap();
        ticket.refunds = vec![paid];
    });
}

#[test]
fn x3_a_copy_that_kept_what_was_given_and_one_that_lost_more() {
    rejects_exchanged("X3", |evidence| {
        evidence.at("C").tickets.get_mut(&SAGA).unwrap().cancelled = Vec::new();
    });
    rejects_exchanged("X3", |evidence| {
        let ticket = evidence.at("C").tickets.get_mut(&SAGA).unwrap();
        ticket.cancelled.push(seat_of("B"));
    });
}

#[test]
fn i2_sold_here_and_refused_there() {
    rejects("I2", |evidence| {
        evidence.at("B").legs.insert(leg_key(SAGA), leg(Refused));
    });
}

#[test]
fn i3_sold_and_not_there() {
    rejects("I3", |evidence| {
        evidence.at("B").legs.insert(leg_key(SAGA), leg(Cancelled));
    });
    rejects("I3", |evidence| {
        evidence.chosen.insert(SAGA, Decision::Abort);
    });
    rejects("I3", |evidence| evidence.told.push((OTHER, Told::Booked)));
}

#[test]
fn i4_refused_and_sold() {
    rejects("I4", |evidence| evidence.told = vec![(SAGA, Told::Refused)]);
    rejects("I4", |evidence| evidence.not_begun = [SAGA].into());
}

#[test]
fn i5_two_answers_to_one_key() {
    let refused = Outcome::Refused(Refusal {
        seat: seat_of("A"),
        reason: RefusalReason::Sold,
    });
    rejects("I5", |evidence| {
        let key = (USER, "k".to_owned());
        evidence.at("B").keys.insert(key, key_row(refused));
    });
    rejects("I5", |evidence| evidence.told.push((SAGA, Told::Refused)));
}

#[test]
fn i6_a_seat_freed_without_its_ticket_and_one_kept_in_spite_of_it() {
    rejects("I6", |evidence| {
        evidence.at("A").legs.insert(leg_key(OTHER), leg(Cancelled));
    });
    rejects("I6", |evidence| {
        let ticket = evidence.at("A").tickets.get_mut(&SAGA).unwrap();
        ticket.cancelled.push(seat_of("A"));
    });
}

#[test]
fn i7_a_leg_kept_and_a_saga_without_an_end() {
    rejects("I7", |evidence| {
        evidence.at("A").legs.insert(leg_key(SAGA), leg(Prepared));
    });
    for (state, finished) in [(SagaState::Begun, false), (SagaState::Committed, false)] {
        rejects("I7", |evidence| {
            let (_, row) = evidence.at("A").sagas.get_mut(&SAGA).unwrap();
            row.state = state;
            row.finished = finished;
        });
    }
}

#[test]
fn n1_the_living_end_what_the_dead_one_took_part_in() {
    let mut evidence = sound();
    evidence.dead = [company("B")].into();
    evidence.at("B").legs.insert(leg_key(SAGA), leg(Prepared));
    let (_, row) = evidence.at("A").sagas.get_mut(&SAGA).unwrap();
    row.finished = false;
    assert_eq!(judge(&evidence), [], "it may wait for the dead one");
    evidence.at("A").legs.insert(leg_key(SAGA), leg(Prepared));
    let objections = judge(&evidence);
    assert_eq!(objections.len(), 1, "and keeps no seat: {objections:?}");
    assert_eq!(objections[0].0, "I7");
}

#[test]
fn p1_two_values() {
    rejects("P1", |evidence| {
        let key = Key::Saga(SAGA);
        evidence
            .at("C")
            .registers
            .insert(key, register(0, Value::Abort, false));
    });
    rejects("P1", |evidence| {
        let key = Key::Saga(SAGA);
        evidence
            .at("C")
            .registers
            .insert(key, register(4, Value::Abort, true));
    });
}

#[test]
fn r1_a_ticket_and_a_user_that_differ() {
    rejects("R1", |evidence| {
        evidence.at("C").tickets.remove(&SAGA);
    });
    rejects("R1", |evidence| {
        evidence.at("C").users.clear();
    });
}

#[test]
fn n2_a_name_at_who_has_no_need_of_it_and_none_at_who_carries() {
    rejects("N2", |evidence| {
        evidence
            .at("C")
            .tickets
            .insert(SAGA, Ticket::new(SAGA, order()));
    });
    rejects("N2", |evidence| {
        let told = Ticket::new(SAGA, order()).for_company(company("C"));
        evidence.at("A").tickets.insert(SAGA, told);
    });
    rejects("N2", |evidence| {
        let key = Key::Saga(SAGA);
        evidence
            .at("C")
            .registers
            .insert(key, register(0, commit(), true));
    });
}

#[test]
fn r2_two_people_with_one_login_and_two_logins_of_one() {
    rejects("R2", |evidence| {
        evidence.claimed.push(("ana".to_owned(), user(8, "ana").id))
    });
    rejects("R2", |evidence| {
        evidence
            .at("A")
            .users
            .insert("eva".to_owned(), user(7, "eva"));
    });
}

#[test]
fn b1_a_sale_without_a_ticket_a_ticket_without_a_sale_and_too_many() {
    rejects("B1", |evidence| {
        let number = SeatNumber(2);
        let key = LegKey {
            number,
            ..leg_key(OTHER)
        };
        evidence.at("A").legs.insert(key, leg(Committed));
    });
    rejects("B1", |evidence| {
        evidence.at("A").legs.clear();
    });
    rejects("B1", |evidence| {
        for number in 1..=2 {
            let row = SeatRow {
                blocked: true,
                ..SeatRow::default()
            };
            evidence
                .at("A")
                .seats
                .insert((SEAT.0, SeatNumber(number)), row);
        }
    });
}

#[test]
fn c1_a_sold_seat_shown_as_free() {
    rejects("C1", |evidence| evidence.shown[0].free.push(SeatNumber(1)));
}

/// What a transaction at A changes: the register's acceptance, then a leg.
fn told(history: &mut History, change: impl FnOnce(&mut Rows)) -> Vec<String> {
    let mut rows = Rows::of_everything(company("A"));
    change(&mut rows);
    history.on_commit(&rows, 0, &mut Seen::default());
    std::mem::take(&mut history.objections)
}

#[test]
fn history_a_sale_before_its_decision_and_an_arrow_that_is_none() {
    let mut history = History::default();
    let sold = told(&mut history, |rows| {
        rows.legs.put(leg_key(SAGA), leg(Committed))
    });
    assert_eq!(sold.len(), 1, "{sold:?}");
    let mut history = History::default();
    let kept = told(&mut history, |rows| {
        rows.legs.put(leg_key(SAGA), leg(Prepared))
    });
    assert_eq!(kept, Vec::<String>::new());
    let other = told(&mut history, |rows| {
        rows.legs.put(leg_key(OTHER), leg(Prepared))
    });
    assert_eq!(other.len(), 1, "the seat has an owner: {other:?}");
    let back = told(&mut history, |rows| {
        rows.legs.load(leg_key(OTHER), leg(Prepared));
        rows.legs.put(leg_key(OTHER), leg(Cancelled));
    });
    assert!(!back.is_empty(), "nobody cancelled it");
}

#[test]
fn history_a_decision_that_no_majority_took() {
    let mut history = History::default();
    let accepted = told(&mut history, |rows| {
        rows.registers
            .put(Key::Saga(SAGA), register(0, commit(), false));
    });
    assert_eq!(accepted, Vec::<String>::new());
    let learnt = told(&mut history, |rows| {
        let before = register(0, commit(), false);
        rows.registers.load(Key::Saga(SAGA), before);
        rows.registers
            .put(Key::Saga(SAGA), register(0, commit(), true));
    });
    assert_eq!(learnt.len(), 1, "{learnt:?}");
    history.on_told(SAGA, Told::Booked);
    assert_eq!(std::mem::take(&mut history.objections).len(), 1);
    history.on_told(SAGA, Told::Refused);
    assert_eq!(std::mem::take(&mut history.objections).len(), 1);
    history.on_claimed("ana", USER);
    assert_eq!(history.objections.len(), 1);
}

/// What a company has of a hold of five seconds that is waited for, or not any more.
fn hold_row(hold_seconds: Option<u32>) -> SagaRow {
    let order = Order {
        hold_seconds: Some(5),
        ..(*order()).clone()
    };
    SagaRow {
        order: Some(Arc::new(order)),
        hash: HASH,
        acceptors: register(0, commit(), false).acceptors,
        driver: "A".to_owned(),
        papers: None,
        state: SagaState::Begun,
        finished: false,
        hold_seconds,
        voted: false,
    }
}

/// A history in which company A has prepared its seat of a hold.
fn with_hold() -> History {
    let mut history = History::default();
    let kept = told(&mut history, |rows| {
        rows.sagas.put(SAGA, hold_row(Some(5)));
        rows.legs.put(leg_key(SAGA), leg(Prepared));
    });
    assert_eq!(kept, Vec::<String>::new());
    history
}

/// The customer asks for a ticket so many seconds after the beginning.
fn confirm(history: &mut History, at: i64) {
    let seen = &mut Seen::default();
    history.holds.on_confirm(SAGA, at * 1000, seen);
}

fn accept_commit(rows: &mut Rows) {
    let key = Key::Saga(SAGA);
    rows.registers.put(key, register(0, commit(), false));
}

fn request(rows: &mut Rows) {
    rows.sagas.load(SAGA, hold_row(Some(5)));
    rows.sagas.put(SAGA, hold_row(None));
}

#[test]
fn h1_a_hold_sold_before_its_customers_request_is_durable() {
    let mut history = with_hold();
    confirm(&mut history, 0);
    let unasked = told(&mut history, accept_commit);
    assert_eq!(unasked.len(), 1, "{unasked:?}");
    let mut history = with_hold();
    confirm(&mut history, 0);
    let too_late = told(&mut history, |rows| {
        request(rows);
        accept_commit(rows);
    });
    assert_eq!(too_late.len(), 1, "{too_late:?}");
    let mut history = with_hold();
    confirm(&mut history, DEPARTS - SALE_CLOSES);
    assert_eq!(told(&mut history, request), Vec::<String>::new());
    let left = told(&mut history, accept_commit);
    assert_eq!(left.len(), 1, "its sale has closed: {left:?}");
    let mut history = with_hold();
    confirm(&mut history, DEPARTS - SALE_CLOSES - 1);
    assert_eq!(told(&mut history, request), Vec::<String>::new());
    assert_eq!(told(&mut history, accept_commit), Vec::<String>::new());
}

#[test]
fn h2_a_hold_given_up_before_its_time_and_unasked() {
    let give_up = |rows: &mut Rows| {
        rows.legs.load(leg_key(SAGA), leg(Prepared));
        rows.legs.put(leg_key(SAGA), leg(Refused));
    };
    let mut history = with_hold();
    history.holds.promise(SAGA, 5, &mut Seen::default());
    assert_eq!(told(&mut history, give_up).len(), 1);
    let mut history = with_hold();
    history.holds.promise(SAGA, 5, &mut Seen::default());
    history.holds.on_deed(SAGA, Deed::Release);
    assert_eq!(told(&mut history, give_up), Vec::<String>::new());
}

#[test]
fn h3_a_hold_told_as_kept_that_one_company_never_prepared() {
    let mut history = with_hold();
    history.on_told(SAGA, Told::Held);
    assert_eq!(history.objections.len(), 1, "B was never asked");
}

#[test]
fn h4_a_hold_that_lasts_until_after_the_close_of_sale() {
    let extend_to = |seconds: i64| {
        let mut history = with_hold();
        told(&mut history, |rows| {
            rows.sagas.load(SAGA, hold_row(Some(5)));
            rows.sagas.put(SAGA, hold_row(Some(seconds as u32)));
        })
    };
    assert_eq!(extend_to(DEPARTS - SALE_CLOSES), Vec::<String>::new());
    assert_eq!(extend_to(DEPARTS - SALE_CLOSES + 1).len(), 1);
    let begin_with = |seconds: i64| {
        told(&mut History::default(), |rows| {
            rows.sagas.put(SAGA, hold_row(Some(seconds as u32)));
        })
    };
    assert_eq!(begin_with(DEPARTS - SALE_CLOSES), Vec::<String>::new());
    assert_eq!(begin_with(DEPARTS - SALE_CLOSES + 1).len(), 1);
}

#[test]
fn d1_a_seat_given_away_after_the_close_of_sale_and_one_refused_before() {
    let decided = |at_ms: i64, before: Option<LegRow>, after: LegRow| {
        let mut rows = Rows::of_everything(company("A"));
        if let Some(before) = before {
            rows.legs.load(leg_key(SAGA), before);
        }
        rows.legs.put(leg_key(SAGA), after);
        let mut history = History::default();
        history.departures.add(company("A"), SEAT.0, DEPARTS);
        history.on_decided(&rows, at_ms, &mut Seen::default());
        history.objections.len()
    };
    let closes = (DEPARTS - SALE_CLOSES) * 1000;
    let refused = LegRow {
        reason: Some(RefusalReason::Closed),
        ..leg(Refused)
    };
    for begun in [leg(Prepared), leg(Committed)] {
        assert_eq!(decided(closes - 1, None, begun), 0);
        assert_eq!(decided(closes, None, begun), 1);
    }
    assert_eq!(decided(closes, None, refused), 0);
    assert_eq!(decided(closes - 1, None, refused), 1);
    let sold_later = decided(closes, Some(leg(Prepared)), leg(Committed));
    assert_eq!(sold_later, 0, "it was begun in time");
}

/// The ticket of the evidence with the seat of B given back for everything, at each company; in its books, too.
fn with_refund(evidence: &mut Evidence) -> Refunded {
    let refund = Refunded {
        seat: seat_of("B"),
        amount: price(),
        ground: Ground::Tariff,
        decided_at: 5,
        by: company("A"),
    };
    evidence.cancels.insert(SAGA);
    let b = evidence.at("B");
    b.legs.insert(leg_key(SAGA), leg(Cancelled));
    b.owners.clear();
    evidence.shown.clear();
    for code in ["A", "B", "C"] {
        let tables = evidence.at(code);
        let ticket = tables.tickets.get_mut(&SAGA).unwrap();
        ticket.cancelled.push(refund.seat);
        ticket.refunds.push(refund.clone());
        let books = tables.sums.iter_mut();
        let books = books.filter(|(account, _)| account.owner == company("B"));
        for (_, sum) in books {
            sum.seats_refunded += 1;
            sum.refunded += 1;
        }
    }
    evidence.refunded.push((SAGA, refund.clone()));
    assert_eq!(judge(evidence), []);
    refund
}

#[test]
fn s1_books_that_are_not_what_the_tickets_come_to() {
    rejects("S1", |evidence| {
        for code in ["A", "B", "C"] {
            let mut sums = evidence.at(code).sums.values_mut();
            sums.next().unwrap().sold += 1;
        }
    });
    rejects("S1", |evidence| {
        with_refund(evidence);
        let mut sums = evidence.at("A").sums.values_mut();
        sums.next_back().unwrap().refunded = 0;
    });
    rejects("S1", |evidence| {
        // more than it cost
        with_refund(evidence);
        let ticket = evidence.at("A").tickets.get_mut(&SAGA).unwrap();
        ticket.refunds[0].amount.minor = 2;
    });
    rejects("S1", |evidence| {
        // of a seat that is not cancelled
        with_refund(evidence);
        let ticket = evidence.at("A").tickets.get_mut(&SAGA).unwrap();
        ticket.cancelled.clear();
    });
}

#[test]
fn s2_books_that_differ_on_one_day_only() {
    rejects("S2", |evidence| {
        let sums = &mut evidence.at("B").sums;
        let (mut account, sum) = sums.pop_first().unwrap();
        account.day += 1;
        sums.insert(account, sum);
    });
}

#[test]
fn s3_something_else_came_back_than_was_told() {
    rejects("S3", |evidence| {
        with_refund(evidence);
        let ticket = evidence.at("C").tickets.get_mut(&SAGA).unwrap();
        ticket.refunds.clear();
    });
    for (minor, by) in [(0, "B"), (1, "A")] {
        rejects("S3", |evidence| {
            let told = with_refund(evidence);
            let other = Refunded {
                amount: Price { minor, ..price() },
                decided_at: told.decided_at + 1,
                by: company(by),
                ..told
            };
            let ticket = evidence.at("C").tickets.get_mut(&SAGA).unwrap();
            ticket.refunds = vec![other];
        });
    }
    let mut evidence = sound();
    let told = with_refund(&mut evidence);
    let apart = Refunded {
        by: company("B"),
        ..told
    };
    for code in ["A", "B", "C"] {
        let ticket = evidence.at(code).tickets.get_mut(&SAGA).unwrap();
        ticket.refunds = vec![apart.clone()];
    }
    assert_eq!(judge(&evidence), [], "it was decided apart, and is no less");
}

#[test]
fn d2_money_back_for_a_flight_that_has_left_and_none_for_one_that_has_not() {
    let order = order();
    let told = |at_ms, minor| {
        let refunds = order.legs.iter().map(|leg| Refund {
            seat: leg.seat,
            price: price(),
            amount: Price { minor, ..price() },
            ground: Ground::Tariff,
        });
        let refunds: Vec<Refund> = refunds.collect();
        let mut history = History::default();
        history.on_refunds(&order, &refunds, at_ms, &mut Seen::default());
        history.objections.len()
    };
    let departs = DEPARTS * 1000;
    assert_eq!((told(departs - 1, 1), told(departs, 0)), (0, 0));
    assert_eq!((told(departs - 1, 0), told(departs, 1)), (2, 2));
}
