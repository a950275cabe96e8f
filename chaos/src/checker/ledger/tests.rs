use passcom_actors::company::log::record::{LegChange, LoginChange, Record, SagaChange};
use passcom_actors::company::log::record::{SagaPart, TicketPart};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::rows::SagaState;
use passcom_actors::domain::vote::LegState;

use super::super::facts::{Name, Replay};
use super::*;
use crate::cluster::Behind;

const SAGA: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const USER: Uuid = Uuid::from_u128(3);
const SEAT: (i64, i32) = (7, 4);

fn moved(state: LegState, saga: SagaState) -> Record {
    let seat = (RouteId(7), SeatNumber(4));
    let part = SagaPart::Moved {
        state: saga,
        finished: false,
        hold_seconds: None,
        voted: false,
    };
    let change = SagaChange {
        saga: Some(part),
        legs: vec![(
            seat,
            LegChange::Moved {
                state,
                reason: None,
            },
        )],
        ..SagaChange::default()
    };
    Record {
        sagas: [(SagaId(SAGA), change)].into(),
        ..Record::default()
    }
}

fn sold() -> Record {
    let mut record = moved(LegState::Committed, SagaState::Committed);
    let ticket = TicketPart {
        order: None,
        cancelled: Vec::new(),
        changes: Vec::new(),
        refunds: Vec::new(),
        corrections: Vec::new(),
    };
    record.sagas.get_mut(&SagaId(SAGA)).unwrap().ticket = Some(ticket);
    let user = User {
        id: UserId(USER),
        login: "ana".to_owned(),
        password_hash: String::new(),
        version: 1,
        mailbox: None,
    };
    let change = LoginChange {
        user: Some(user),
        register: None,
    };
    record.logins.insert("ana".to_owned(), change);
    record.blocked.insert((RouteId(8), SeatNumber(1)), true);
    record
}

/// Rows of the log at these places, the last of which is written by this start.
fn replay(projected: i64, records: &[(i64, i64, Record)]) -> Replay {
    let mut log = Replay::from(projected);
    for (seq, epoch, record) in records {
        log.push(*seq, *epoch, &record.encode());
    }
    log
}

/// A log of two rows, and the tables that follow them.
fn company() -> Company {
    let prepared = moved(LegState::Prepared, SagaState::Begun);
    let log = replay(2, &[(1, 1, prepared), (2, 1, sold())]);
    Company {
        code: "a".to_owned(),
        ledger: Ledger {
            epoch: 1,
            tables: log.projected_rows.clone(),
            owners: [(SEAT, SAGA), ((8, 1), Uuid::nil())].into(),
            log,
            ..Ledger::default()
        },
        ..Company::default()
    }
}

fn found(change: impl FnOnce(&mut Ledger)) -> Vec<&'static str> {
    let mut company = company();
    change(&mut company.ledger);
    let violations = check(&[company]);
    violations
        .iter()
        .map(|violation| violation.invariant)
        .collect()
}

#[test]
fn a_log_and_the_tables_that_follow_it_agree() {
    assert_eq!(found(|_| {}), [""; 0]);
    let company = company();
    assert_eq!(count(&company), 5);
    let says = |name: Name| company.ledger.tables[&name].clone();
    assert_eq!(
        says(Name::Saga(SAGA)),
        "committed, finished false, held for None s, voted false"
    );
    assert_eq!(says(Name::Leg(SAGA, 7, 4)), "committed");
    assert_eq!(says(Name::Seat(8, 1)), "off sale");
}

#[test]
fn a_row_that_was_changed_added_or_lost_is_found() {
    let names = [
        Name::Saga(SAGA),
        Name::Ticket(SAGA),
        Name::Login("ana".to_owned()),
    ];
    for name in names {
        let changed = found(|ledger| drop(ledger.tables.insert(name.clone(), "x".to_owned())));
        assert_eq!(changed, ["LOG3"], "{name:?}");
        let lost = found(|ledger| drop(ledger.tables.remove(&name)));
        assert_eq!(lost, ["LOG3"], "{name:?}");
    }
    let added = |ledger: &mut Ledger| {
        let name = Name::Ticket(OTHER);
        ledger.tables.insert(name, "without []".to_owned());
    };
    assert_eq!(found(added), ["LOG3"]);
    let of_before = found(|ledger| {
        added(ledger);
        ledger.log.first = Some(2);
    });
    assert_eq!(of_before, [""; 0], "older rows of the log may have said it");
}

#[test]
fn tables_that_do_not_follow_are_found_and_what_they_lack_is_known() {
    let behind = Behind { tables: 1, log: 2 };
    assert_eq!(found(|ledger| ledger.behind = Some(behind)), ["LOG3"]);

    let prepared = moved(LegState::Prepared, SagaState::Begun);
    let log = replay(1, &[(1, 1, prepared), (2, 1, sold())]);
    let between = |ledger: &mut Ledger| {
        ledger.tables = log.projected_rows.clone();
        ledger.log = log.clone();
    };
    assert_eq!(found(between), [""; 0]);
}

#[test]
fn a_log_with_a_gap_an_older_start_or_other_bytes_is_found() {
    let two = |first: (i64, i64), second: (i64, i64)| {
        let rows = [first, second].map(|(seq, epoch)| (seq, epoch, Record::default()));
        replay(0, &rows)
    };
    let damage = |log: Replay| found(|ledger| ledger.log.damage = log.damage);
    assert_eq!(
        damage(two((5, 1), (6, 1))),
        [""; 0],
        "older rows were dropped"
    );
    assert_eq!(damage(two((1, 1), (3, 1))), ["LOG2"]);
    assert_eq!(damage(two((1, 2), (2, 1))), ["LOG2"]);
    assert_eq!(found(|ledger| ledger.epoch = 0), ["LOG2"]);
    for bytes in [
        &[][..],
        &[9],
        &[1, 255],
        &[sold().encode(), vec![0]].concat(),
    ] {
        let mut log = Replay::from(0);
        log.push(1, 1, bytes);
        assert_eq!(damage(log), ["LOG2"], "{bytes:?}");
    }
}

#[test]
fn a_seat_with_another_owner_than_its_leg_has_is_found() {
    let with = |seat, owner: Option<Uuid>| {
        found(|ledger| {
            ledger.owners.remove(&seat);
            ledger.owners.extend(owner.map(|owner| (seat, owner)));
        })
    };
    assert_eq!(with(SEAT, Some(SAGA)), [""; 0]);
    assert_eq!(with(SEAT, Some(OTHER)), ["LOG5"]);
    assert_eq!(with(SEAT, None), ["LOG5"]);
    assert_eq!(with((7, 5), Some(OTHER)), ["LOG5"]);
    assert_eq!(with((8, 1), None), ["LOG5"], "off sale");
    let twice = found(|ledger| {
        let leg = (Name::Leg(OTHER, 7, 4), "prepared".to_owned());
        ledger.tables.extend([leg.clone()]);
        ledger.log.projected_rows.extend([leg]);
    });
    assert_eq!(twice, ["LOG5"]);
}
