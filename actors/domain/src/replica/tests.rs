//! Copies in any order come to the same row; a cancellation is never lost.

use super::*;
use crate::entry::{Entry, Receipt};
use crate::fixtures::*;
use crate::ids::{SeatNumber, UserId};
use crate::order::Price;
use crate::refund::Ground;
use crate::vote::LegState::{self, Cancelled, Committed, Prepared};
use uuid::Uuid;

fn ticket(cancelled: &[SeatRef]) -> Ticket {
    Ticket {
        id: SAGA,
        order: order(&[seat("a", 1), seat("a", 2), seat("b", 1)]),
        cancelled: cancelled.to_vec(),
        changes: Vec::new(),
        refunds: Vec::new(),
        corrections: Vec::new(),
    }
}

/// What comes back for a seat, as this company decides it.
fn refund(seat: SeatRef, minor: i64, by: &str) -> Refunded {
    Refunded {
        seat,
        amount: Price {
            minor,
            currency: "BRL".to_owned(),
        },
        ground: Ground::Tariff,
        decided_at: 5,
        by: company(by),
    }
}

/// Company a with its two legs in this state and, if so, the ticket.
fn with_legs(state: LegState, ticket: Option<Ticket>) -> Rows {
    let mut rows = rows();
    for number in [1, 2] {
        rows.legs.load(leg_key(SAGA, number), leg(state));
        rows.load_owner((ROUTE, SeatNumber(number)), SAGA, state);
    }
    if let Some(ticket) = ticket {
        rows.tickets.load(SAGA, ticket);
    }
    rows
}

fn states(rows: &Rows) -> Vec<LegState> {
    let legs = rows.legs_of(SAGA);
    legs.into_iter().map(|(_, leg)| leg.state).collect()
}

fn user(version: i64, password_hash: &str) -> User {
    User {
        id: USER,
        login: "ana".to_owned(),
        password_hash: password_hash.to_owned(),
        version,
        mailbox: None,
    }
}

fn cancel(rows: &mut Rows, seats: &[SeatRef]) -> Receipt {
    let (ticket, seats) = (SAGA, seats.to_vec());
    Entry::Cancel {
        ticket,
        seats,
        agreed: false,
        refunds: Vec::new(),
    }
    .post(rows)
}

fn merge(rows: &mut Rows, copy: Replicated) {
    let merge = Entry::Merge {
        rows: vec![copy],
        cursor: None,
    };
    assert_eq!(merge.post(rows), Receipt::Done);
}

#[test]
fn a_ticket_is_issued_and_told_once() {
    let mut rows = rows();
    for _ in 0..2 {
        issue(&mut rows, SAGA, ticket(&[]).order);
    }
    assert_eq!(rows.ticket(&SAGA), Some(&ticket(&[])));
    assert_eq!(rows.outbox, [Replicated::Ticket(ticket(&[]))]);
}

#[test]
fn a_cancellation_frees_our_seats_and_is_told_once() {
    let mut rows = with_legs(Committed, Some(ticket(&[])));
    let seats = [seat("b", 1), seat("a", 2), seat("c", 1)];
    let cancelled = ticket(&[seat("a", 2), seat("b", 1)]);
    for _ in 0..2 {
        let done = crate::ticket::Cancelled::Done(cancelled.clone());
        assert_eq!(cancel(&mut rows, &seats), Receipt::Cancelled(done));
    }
    assert_eq!(rows.ticket(&SAGA), Some(&cancelled));
    assert_eq!(rows.outbox, [Replicated::Ticket(cancelled)]);
    assert_eq!(states(&rows), [Committed, Cancelled]);
    assert_eq!(rows.owner(&(ROUTE, SeatNumber(2))), None);
    assert_eq!(rows.alarms, Vec::<String>::new());
}

#[test]
fn what_was_agreed_to_together_is_cancelled_together_or_not_at_all() {
    let mut rows = with_legs(Committed, Some(ticket(&[])));
    let mut agree = |seats: &[SeatRef]| {
        let (ticket, seats) = (SAGA, seats.to_vec());
        let agreed = true;
        let cancel = Entry::Cancel {
            ticket,
            seats,
            agreed,
            refunds: Vec::new(),
        };
        (cancel.post(&mut rows), rows.ticket(&SAGA).cloned())
    };
    let first = ticket(&[seat("a", 2)]);
    let done = |ticket: &Ticket| {
        (
            Receipt::Cancelled(crate::ticket::Cancelled::Done(ticket.clone())),
            Some(ticket.clone()),
        )
    };
    assert_eq!(agree(&[seat("a", 2)]), done(&first));
    assert_eq!(agree(&[seat("a", 2)]), done(&first), "sent again");
    let changed = (
        Receipt::Cancelled(crate::ticket::Cancelled::Changed),
        Some(first),
    );
    assert_eq!(agree(&[seat("a", 2), seat("b", 1)]), changed);
    let both = ticket(&[seat("a", 2), seat("b", 1)]);
    assert_eq!(agree(&[seat("b", 1)]), done(&both));
}

#[test]
fn a_refund_is_what_the_cancelling_entry_changed_and_stays() {
    let mut rows = with_legs(Committed, Some(ticket(&[])));
    let mut agree = |seats: &[SeatRef], minor| {
        let refunds = [seats, &[seat("c", 9)]].concat().into_iter();
        let cancel = Entry::Cancel {
            ticket: SAGA,
            seats: seats.to_vec(),
            agreed: true,
            refunds: refunds.map(|seat| refund(seat, minor, "a")).collect(),
        };
        let Receipt::Cancelled(crate::ticket::Cancelled::Done(told)) = cancel.post(&mut rows)
        else {
            panic!("all of them are left, or none");
        };
        assert_eq!(rows.ticket(&SAGA), Some(&told), "what is told is recorded");
        let refunds = told.refunds.iter();
        let amounts = refunds.map(|refund| (refund.seat, refund.amount.minor));
        amounts.collect::<Vec<_>>()
    };
    let (one, two) = (seat("a", 2), seat("b", 1));
    assert_eq!(agree(&[one], 70), [(one, 70)]);
    for other_code in [70, 100, 0] {
        assert_eq!(agree(&[one], other_code), [(one, 70)], "{other_code}");
    }
    assert_eq!(agree(&[two], 30), [(one, 70), (two, 30)]);
    let told = [&rows.outbox[0], &rows.outbox[1]];
    let Replicated::Ticket(last) = told[1] else {
        panic!("a ticket is told");
    };
    assert_eq!(rows.outbox.len(), 2);
    assert_eq!(last.refunds.len(), 2);
}

#[test]
fn companies_that_decided_apart_come_to_the_greater_refund() {
    let (one, two) = (seat("a", 1), seat("b", 1));
    let copy = |cancelled: &[SeatRef], refunds: &[Refunded]| Ticket {
        refunds: refunds.to_vec(),
        ..ticket(cancelled)
    };
    let copies = [
        copy(&[one, two], &[refund(one, 70, "a"), refund(two, 30, "a")]),
        copy(&[one], &[refund(one, 100, "b")]),
        copy(&[two], &[]),
    ];
    let merged = copy(&[one, two], &[refund(one, 100, "b"), refund(two, 30, "a")]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
        let mut rows = with_legs(Committed, None);
        for index in order.into_iter().chain(order) {
            merge(&mut rows, Replicated::Ticket(copies[index].clone()));
        }
        assert_eq!(rows.ticket(&SAGA), Some(&merged), "{order:?}");
    }
}

#[test]
fn what_is_not_here_cannot_be_cancelled() {
    let mut rows = rows();
    let receipt = cancel(&mut rows, &[seat("a", 1)]);
    assert_eq!(
        receipt,
        Receipt::Cancelled(crate::ticket::Cancelled::NotHere)
    );
    assert_eq!(rows, super::super::fixtures::rows());
}

#[test]
fn copies_of_a_ticket_merge_to_the_same_in_any_order() {
    let copies = [
        ticket(&[seat("b", 1)]),
        ticket(&[]),
        ticket(&[seat("a", 1), seat("b", 1), seat("b", 1)]),
    ];
    let merged = ticket(&[seat("a", 1), seat("b", 1)]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
        let mut rows = with_legs(Prepared, None);
        for index in order.into_iter().chain(order) {
            merge(&mut rows, Replicated::Ticket(copies[index].clone()));
        }
        assert_eq!(rows.ticket(&SAGA), Some(&merged), "{order:?}");
        assert_eq!(states(&rows), [Cancelled, Prepared]);
        assert_eq!(
            rows.outbox,
            [],
            "the company that changed it tells the others"
        );
        assert_eq!(rows.alarms, Vec::<String>::new());
    }
}

#[test]
fn two_orders_on_one_ticket_are_an_alarm_and_change_nothing() {
    let mut rows = with_legs(Committed, Some(ticket(&[])));
    let copy = Ticket {
        order: order(&[seat("a", 1)]),
        ..ticket(&[seat("a", 1)])
    };
    merge(&mut rows, Replicated::Ticket(copy));
    assert_eq!(rows.ticket(&SAGA), Some(&ticket(&[])));
    assert_eq!(states(&rows), [Committed, Committed]);
    assert_eq!(rows.alarms.len(), 1);
}

#[test]
fn the_higher_version_of_a_user_stays() {
    for order in [[1, 2], [2, 1]] {
        let mut rows = rows();
        for version in order {
            let copy = user(version, &format!("hash {version}"));
            merge(&mut rows, Replicated::User(copy));
        }
        let expected = user(2, "hash 2");
        assert_eq!(rows.user(&"ana".to_owned()), Some(&expected));
        assert_eq!(rows.alarms, Vec::<String>::new());
    }
}

#[test]
fn a_user_that_is_renewed_is_told_and_an_older_one_changes_nothing() {
    let mut rows = rows();
    enrol(&mut rows, user(1, "old"));
    enrol(&mut rows, user(65, "new"));
    enrol(&mut rows, user(1, "old"));
    merge(&mut rows, Replicated::User(user(1, "old")));
    enrol(&mut rows, user(65, "of another who was slower"));
    assert_eq!(rows.user(&"ana".to_owned()), Some(&user(65, "new")));
    let told = [user(1, "old"), user(65, "new")].map(Replicated::User);
    assert_eq!(rows.outbox, told);
    assert_eq!(rows.alarms, Vec::<String>::new());
}

#[test]
fn users_that_contradict_each_other_are_an_alarm_and_change_nothing() {
    let other_id = User {
        id: UserId(Uuid::from_u128(77)),
        ..user(5, "hash")
    };
    let other_hash = user(1, "another");
    for copy in [other_id.clone(), other_hash] {
        let mut rows = rows();
        rows.users.load("ana".to_owned(), user(1, "hash"));
        merge(&mut rows, Replicated::User(copy));
        let stays = Some(&user(1, "hash")).cloned();
        assert_eq!(rows.user(&"ana".to_owned()).cloned(), stays);
        assert_eq!(rows.alarms.len(), 1);
    }
    let mut rows = rows();
    enrol(&mut rows, user(1, "hash"));
    enrol(&mut rows, user(1, "hash"));
    assert_eq!(rows.outbox, [Replicated::User(user(1, "hash"))]);
    enrol(&mut rows, other_id);
    assert_eq!(rows.alarms.len(), 1);
    assert_eq!(rows.outbox.len(), 1);
}
