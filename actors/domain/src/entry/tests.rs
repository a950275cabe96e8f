//! Posting an entry again answers what is recorded, and changes nothing.

mod exchange;

use super::*;
use crate::accounts::User;
use crate::fixtures::*;
use crate::ids::{Incarnation, SeatNumber};
use crate::rows::{Footprint, SeatRow};
use crate::ticket::Ticket;
use crate::vote::{RefusalReason, Vote};
use uuid::Uuid;

/// Posts an entry that may miss no row but those that its footprint names.
trait Posted {
    fn posted(&self, rows: &mut Rows) -> Receipt;
}

impl Posted for Entry {
    fn posted(&self, rows: &mut Rows) -> Receipt {
        let mut footprint = Footprint::default();
        self.footprint(rows.me, &mut footprint);
        *rows = rows.clone().named_by(Some(footprint));
        let receipt = self.post(rows);
        rows.seat_changes();
        *rows = rows.clone().named_by(None);
        receipt
    }
}

fn key(fingerprint: u8) -> Idempotency {
    Idempotency {
        key: "once".to_owned(),
        fingerprint: [fingerprint; 32],
    }
}

fn trip() -> Prepare {
    prepare(&[seat("a", 1), seat("b", 1)])
}

fn alone() -> Prepare {
    Prepare {
        acceptors: Acceptors(vec![company("a")]),
        ..prepare(&[seat("a", 1)])
    }
}

fn decision(value: Value) -> Box<Decision> {
    Box::new(Decision {
        saga: SAGA,
        acceptors: acceptors(),
        ballot: Ballot::ZERO,
        value,
    })
}

fn commit() -> Value {
    let order = trip().order;
    Value::Commit { hash: HASH, order }
}

fn prepare_entry() -> Entry {
    Entry::asked(Question::Prepare(Box::new(trip())), None, Some(key(1)))
}

fn book_entry() -> Entry {
    Entry::asked(Question::Book(Box::new(alone())), None, Some(key(1)))
}

fn settle_entry() -> Entry {
    Entry::Settle(decision(commit()), Some((USER, key(1))))
}

fn refuse_entry() -> Entry {
    Entry::Refuse {
        saga: SAGA,
        user: USER,
        idempotency: key(1),
        refusal: refusal(),
    }
}

fn refusal() -> Refusal {
    Refusal {
        seat: seat("b", 1),
        reason: RefusalReason::Sold,
    }
}

fn release_entry() -> Entry {
    Entry::from(Question::Release {
        saga: SAGA,
        seats: vec![seat("a", 1)],
        reason: RefusalReason::Sold,
    })
}

fn commit_entry() -> Entry {
    Entry::from(Question::Commit {
        saga: SAGA,
        hash: HASH,
        exchanged: None,
    })
}

fn cancel_entry() -> Entry {
    Entry::Cancel {
        ticket: SAGA,
        seats: vec![seat("a", 1)],
        agreed: false,
        refunds: Vec::new(),
    }
}

fn answer(rows: &Rows) -> Option<Outcome> {
    let key = (USER, "once".to_owned());
    rows.key(&key).and_then(|row| row.answer)
}

/// The state without what only this batch knows: news for the peers and the loaded rows.
fn durable(mut rows: Rows) -> Rows {
    rows.outbox.clear();
    rows.audit.clear();
    rows
}

#[test]
fn an_entry_posted_twice_answers_the_same_and_changes_nothing_more() {
    let after: [(&[Entry], Entry); 12] = [
        (&[], Entry::Begin(Box::new(trip()), Some(key(1)))),
        (&[], prepare_entry()),
        (&[], book_entry()),
        (&[], release_entry()),
        (&[], refuse_entry()),
        (&[prepare_entry()], commit_entry()),
        (&[prepare_entry()], release_entry()),
        (&[prepare_entry()], settle_entry()),
        (&[prepare_entry()], Entry::Finish { saga: SAGA }),
        (&[prepare_entry(), settle_entry()], cancel_entry()),
        (
            &[],
            Entry::Adopt {
                saga: SAGA,
                order: trip().order,
                idempotency: Some(key(1)),
            },
        ),
        (
            &[],
            Entry::from(Question::Promise {
                key: Key::Saga(SAGA),
                acceptors: acceptors(),
                ballot: Ballot(4),
            }),
        ),
    ];
    for (before, entry) in after {
        let mut rows = rows();
        for entry in before {
            entry.posted(&mut rows);
        }
        let first = entry.posted(&mut rows);
        let once = rows.clone();
        assert_eq!(entry.posted(&mut rows), first, "{entry:?}");
        assert_eq!(rows, once, "{entry:?}");
        assert_eq!(rows.alarms, Vec::<String>::new(), "{entry:?}");
    }
}

#[test]
fn a_key_keeps_its_first_answer_and_another_request_has_none() {
    let mut rows = rows();
    prepare_entry().posted(&mut rows);
    assert_eq!(answer(&rows), None);
    settle_entry().posted(&mut rows);
    let booked = Some(Outcome::Booked { ticket: SAGA });
    assert_eq!(answer(&rows), booked);
    refuse_entry().posted(&mut rows);
    assert_eq!(answer(&rows), booked, "once and for ever");

    let mut rows = super::super::fixtures::rows();
    prepare_entry().posted(&mut rows);
    Entry::Refuse {
        saga: OTHER,
        user: USER,
        idempotency: key(2),
        refusal: refusal(),
    }
    .posted(&mut rows);
    assert_eq!(answer(&rows), None, "the key is of another request");
    refuse_entry().posted(&mut rows);
    assert_eq!(answer(&rows), Some(Outcome::Refused(refusal())));
}

#[test]
fn a_book_is_finished_and_answered_in_the_same_step() {
    let mut rows = rows();
    let booked = Receipt::Answer(CompanyAnswer::Vote(Vote::Yes));
    assert_eq!(book_entry().posted(&mut rows), booked);
    let saga = rows.saga(&SAGA).unwrap();
    assert_eq!((saga.state, saga.finished), (SagaState::Committed, true));
    assert_eq!(answer(&rows), Some(Outcome::Booked { ticket: SAGA }));
    let ticket = Ticket::new(SAGA, alone().order);
    assert_eq!(rows.ticket(&SAGA), Some(&ticket));
    assert_eq!(rows.outbox, [Replicated::Ticket(ticket)]);
}

#[test]
fn a_settle_that_contradicts_the_register_issues_nothing() {
    let mut rows = rows();
    prepare_entry().posted(&mut rows);
    let abort = Value::Abort;
    register::learn(&mut rows, Key::Saga(SAGA), &acceptors(), Ballot(4), abort);
    let before = durable(rows.clone());
    assert_eq!(settle_entry().posted(&mut rows), Receipt::Contradicted);
    assert_eq!(rows.alarms.len(), 1);
    rows.alarms.clear();
    assert_eq!(durable(rows.clone()), before);
    let aborted = Entry::Settle(decision(Value::Abort), None);
    assert_eq!(aborted.posted(&mut rows), Receipt::Contradicted);
}

#[test]
fn whoever_has_sold_a_leg_has_the_ticket_and_tells_nobody() {
    let mut rows = rows();
    prepare_entry().posted(&mut rows);
    let done = Receipt::Answer(CompanyAnswer::Done);
    assert_eq!(commit_entry().posted(&mut rows), done);
    let ticket = rows.ticket(&SAGA).expect("its ticket");
    assert_eq!(ticket.order, trip().order);
    assert_eq!(rows.outbox, []);

    // a leg of another order of this saga is none of this ticket
    let mut rows = crate::fixtures::rows();
    prepare_entry().posted(&mut rows);
    let other = Entry::from(Question::Commit {
        saga: SAGA,
        hash: OrderHash([9; 32]),
        exchanged: None,
    });
    other.posted(&mut rows);
    assert_eq!(rows.ticket(&SAGA), None);
}

#[test]
fn a_commit_without_our_vote_is_an_alarm() {
    for entry in [commit_entry(), settle_entry()] {
        let mut rows = rows();
        entry.posted(&mut rows);
        assert_eq!(rows.alarms.len(), 1, "{entry:?}");
    }
    // a driver's company without a leg settles like any other
    let order = order(&[seat("b", 1), seat("c", 1)]);
    let mut rows = rows();
    let value = Value::Commit { hash: HASH, order };
    let settle = Entry::Settle(decision(value), None);
    assert_eq!(settle.posted(&mut rows), Receipt::Done);
    assert_eq!(rows.alarms, Vec::<String>::new());
}

#[test]
fn another_order_is_not_adopted_over_a_ticket() {
    let mut rows = rows();
    prepare_entry().posted(&mut rows);
    settle_entry().posted(&mut rows);
    let other = Entry::Adopt {
        saga: SAGA,
        order: order(&[seat("b", 1)]),
        idempotency: None,
    };
    assert_eq!(other.posted(&mut rows), Receipt::Contradicted);
    assert_eq!(rows.ticket(&SAGA).unwrap().order, trip().order);
}

#[test]
fn a_round_rises_above_what_was_seen_and_is_never_used_twice() {
    let mut rows = rows();
    for (above, round) in [(0, 1), (0, 2), (10, 11), (4, 12)] {
        let receipt = Entry::NextRound { above }.posted(&mut rows);
        assert_eq!(receipt, Receipt::Round(round));
    }
    assert!(rows.round_raised);
}

#[test]
fn a_seat_that_somebody_has_is_not_blocked() {
    let seat = (ROUTE, SeatNumber(1));
    let block = |blocked| Entry::Block {
        seat,
        blocked,
        reason: "broken".to_owned(),
    };
    let mut rows = rows();
    assert_eq!(block(true).posted(&mut rows), Receipt::Blocked(true));
    let blocked = SeatRow {
        blocked: true,
        ..SeatRow::default()
    };
    assert_eq!(rows.seat(&seat), Some(&blocked));
    let survey = Entry::Survey { route: ROUTE };
    let expected = BTreeMap::from([(seat, SeatUse::Blocked)]);
    assert_eq!(survey.posted(&mut rows), Receipt::Surveyed(expected));
    assert_eq!(block(false).posted(&mut rows), Receipt::Blocked(true));
    assert_eq!(survey.posted(&mut rows), Receipt::Surveyed(BTreeMap::new()));
    assert_eq!(rows.audit.len(), 2);
    prepare_entry().posted(&mut rows);
    assert_eq!(block(true).posted(&mut rows), Receipt::Blocked(false));
    assert_eq!(rows.audit.len(), 2);
    let expected = BTreeMap::from([(seat, SeatUse::Prepared { by: SAGA })]);
    assert_eq!(survey.posted(&mut rows), Receipt::Surveyed(expected));
}

#[test]
fn a_merge_takes_copies_and_moves_the_cursor() {
    let user = User {
        id: USER,
        login: "ana".to_owned(),
        password_hash: "hash".to_owned(),
        version: 1,
        mailbox: None,
    };
    let cursor = OutboxCursor {
        incarnation: Incarnation(Uuid::nil()),
        seq: 3,
    };
    let merge = Entry::Merge {
        rows: vec![Replicated::User(user.clone())],
        cursor: Some((company("b"), cursor)),
    };
    let mut rows = rows();
    assert_eq!(merge.posted(&mut rows), Receipt::Done);
    assert_eq!(rows.user(&"ana".to_owned()), Some(&user));
    assert_eq!(rows.cursors, BTreeMap::from([(company("b"), cursor)]));
}

#[test]
#[should_panic(expected = "the footprint does not name it")]
fn an_entry_that_reads_beside_its_footprint_is_found() {
    let mut footprint = Footprint::default();
    release_entry().footprint(company("a"), &mut footprint);
    settle_entry().post(&mut rows().named_by(Some(footprint)));
}

#[test]
fn a_footprint_names_our_rows_only() {
    let mut footprint = Footprint::default();
    for entry in [prepare_entry(), release_entry(), settle_entry()] {
        entry.footprint(company("a"), &mut footprint);
    }
    let expected = Footprint {
        sagas: [SAGA].into(),
        fresh: [SAGA].into(),
        orders: [SAGA].into(),
        seats: [(ROUTE, SeatNumber(1))].into(),
        registers: [Key::Saga(SAGA)].into(),
        tickets: [SAGA].into(),
        keys: [(USER, "once".to_owned())].into(),
        ..Footprint::default()
    };
    assert_eq!(footprint, expected);
}
