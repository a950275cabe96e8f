//! Every check is asked: evidence against all of them must be told by each.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::facts::{
    Account, Company, ExchangeRow, KeyRow, Ledger, LegRow, LegState, Name, RegisterRow, Replay,
    SoldSeat, Subject, Sum, TicketLegRow, UserRow, Value,
};
use super::frees::Offer;
use super::logs::NodeLog;
use super::*;
use crate::history::{Answer, Operation, ReadRefund, Request, Seat, SeatName};

const USER: Uuid = Uuid::from_u128(9);
const SOLD: Uuid = Uuid::from_u128(1);
const HELD: Uuid = Uuid::from_u128(3);
const CODES: [&str; 2] = ["a", "b"];

fn seat(company: &str, number: u16) -> Seat {
    Seat {
        company: company.into(),
        route: 7,
        number,
        id: (7 << 10) | u64::from(number),
    }
}

fn asked(begin_us: u64, request: Request, answer: Answer) -> Operation {
    Operation {
        client: 0,
        node: "a".into(),
        begin_us,
        end_us: begin_us + 10,
        request,
        answer,
    }
}

fn book(begin_us: u64, key: &str, answer: Answer) -> Operation {
    let request = Request::Book {
        user: USER,
        key: key.to_owned(),
        seats: CODES.map(|company| seat(company, 1)).into(),
    };
    asked(begin_us, request, answer)
}

/// Seat 3 of both, for nine seconds; forgotten.
fn hold() -> Operation {
    let request = Request::Hold {
        user: USER,
        key: "h".to_owned(),
        seats: CODES.map(|company| seat(company, 3)).into(),
    };
    let answer = Answer::Hold {
        hold: HELD,
        state: "retida".to_owned(),
        left_ms: 9000,
    };
    asked(0, request, answer)
}

fn refused() -> Answer {
    Answer::Problem {
        status: 409,
        kind: "seat-taken".to_owned(),
        seat: None,
    }
}

fn company(code: &str) -> Company {
    let acceptors = || CODES.map(str::to_owned).to_vec();
    let register = |subject, ballot, value| RegisterRow {
        subject,
        acceptors: acceptors(),
        promised: ballot,
        accepted: Some((ballot, value)),
        chosen: true,
    };
    let ticket_leg = |company: &str| TicketLegRow {
        ticket: SOLD,
        company: company.to_owned(),
        route: 7,
        number: 1,
        sold_as: 1,
        cancelled: false,
    };
    Company {
        code: code.to_owned(),
        legs: vec![
            LegRow {
                saga: SOLD,
                route: 7,
                number: 1,
                state: LegState::Committed,
            },
            LegRow {
                saga: HELD,
                route: 7,
                number: 3,
                state: LegState::Refused,
            },
        ],
        routes: vec![(7, 3)],
        flights: [(7, flights::FLOWN)].into(),
        tickets: vec![(SOLD, String::new())],
        ticket_legs: CODES.map(ticket_leg).into(),
        entries: CODES.map(|owner| money::entry(SOLD, owner, None)).into(),
        books: CODES.map(sold).into(),
        users: vec![UserRow {
            id: USER,
            login: "x".to_owned(),
            content: String::new(),
        }],
        keys: vec![KeyRow {
            user: USER,
            key: "k".to_owned(),
            saga: SOLD,
        }],
        registers: vec![
            register(Subject::Saga(SOLD), 0, Value::Commit("h".to_owned())),
            register(Subject::Login("x".to_owned()), 2, Value::User(USER)),
        ],
        ledger: ledger(),
        ..Company::default()
    }
}

/// In the books: the seat of this company that a sold.
fn sold(owner: &str) -> (Account, Sum) {
    let entry = money::entry(SOLD, owner, None);
    let account = Account {
        day: entry.sold_on,
        seller: entry.seller,
        owner: entry.owner,
        currency: entry.currency,
    };
    let sum = Sum {
        seats_sold: 1,
        sold: entry.price.into(),
        ..Sum::default()
    };
    (account, sum)
}

/// Log and tables that have the sold seat.
fn ledger() -> Ledger {
    let leg = (Name::Leg(SOLD, 7, 1), "committed".to_owned());
    let mut log = Replay::default();
    log.projected_rows.extend([leg.clone()]);
    Ledger {
        log,
        tables: [leg].into(),
        owners: [((7, 1), SOLD)].into(),
        ..Ledger::default()
    }
}

/// One booking over both companies, which another customer was refused, and which was looked at; and one hold.
fn sound() -> Evidence {
    let status = Request::Status {
        user: USER,
        ticket: SOLD,
    };
    let confirmed = Answer::Status {
        state: "confirmada".to_owned(),
        legs: Vec::new(),
    };
    let offer = |code: &str| Offer {
        company: code.to_owned(),
        routes: BTreeMap::from([(7, [2, 3].into())]),
    };
    Evidence {
        companies: CODES.map(company).into(),
        offers: CODES.map(offer).into(),
        logs: vec![NodeLog::default()],
        operations: vec![
            book(0, "k", Answer::Booked { ticket: SOLD }),
            book(5, "other", refused()),
            asked(20, status, confirmed),
            hold(),
        ],
        ..Evidence::default()
    }
}

fn found(change: impl FnOnce(&mut Evidence)) -> Vec<&'static str> {
    let mut evidence = sound();
    change(&mut evidence);
    let violations = audit(&evidence).violations.into_iter();
    let mut names: Vec<_> = violations.map(|violation| violation.invariant).collect();
    names.dedup();
    names
}

#[test]
fn sound_evidence_passes_and_every_check_has_something_to_judge() {
    let audit = audit(&sound());
    assert_eq!(audit.violations, []);
    for judged in audit.judged {
        assert!(judged.count > 0, "{judged:?}");
    }
}

#[test]
fn every_invariant_is_asked_for() {
    let second = |state| LegRow {
        saga: Uuid::from_u128(2),
        route: 7,
        number: 1,
        state,
    };
    let told = |invariant: &str, change: &dyn Fn(&mut Evidence)| {
        let found = found(change);
        assert!(found.contains(&invariant), "{invariant}: {found:?}");
    };
    told("H1", &|all| {
        all.companies[0].tickets.push((HELD, String::new()))
    });
    told("H2", &|all| {
        let (user, hold) = (USER, HELD);
        let confirm = Request::Confirm { user, hold };
        let answer = Answer::Problem {
            status: 410,
            kind: "hold-expired".to_owned(),
            seat: None,
        };
        all.operations.push(asked(5_000_000, confirm, answer));
    });
    told("I1", &|all| {
        all.companies[0].legs.push(second(LegState::Committed));
    });
    told("I2", &|all| {
        all.companies[1].legs[0].state = LegState::Refused
    });
    told("I3", &|all| all.companies[1].tickets.clear());
    told("I4", &|all| all.operations[0].answer = refused());
    told("I5", &|all| all.operations.push(book(30, "k", refused())));
    told("I6", &|all| {
        all.offers[0].routes.insert(7, [1, 2, 3].into());
    });
    told("I7", &|all| all.companies[0].unfinished.push(SOLD));
    told("P1", &|all| {
        all.companies[0].registers[0].accepted = Some((0, Value::Abort));
    });
    told("R1", &|all| all.companies[0].users[0].content.push('z'));
    told("N2", &|all| {
        all.companies[0]
            .misnamed
            .push((SOLD, "it knows".to_owned()));
    });
    told("R2", &|all| all.companies[0].users[0].login.push('z'));
    told("B1", &|all| all.companies[0].ticket_legs.clear());
    told("S1", &|all| all.companies[0].books.clear());
    told("S2", &|all| all.companies[0].books.clear());
    told("S3", &|all| {
        let (user, ticket) = (USER, SOLD);
        let refunds = vec![ReadRefund {
            seat: SeatName {
                company: "a".to_owned(),
                id: (7 << 10) | 1,
            },
            amount: 1,
            currency: "BRL".to_owned(),
            by: "a".to_owned(),
        }];
        let read = Request::Ticket { user, ticket };
        let shown = Answer::Ticket {
            refunds,
            changes: 0,
            owed: Vec::new(),
        };
        all.operations.push(asked(40, read, shown));
    });
    told("F1", &|all| {
        all.companies[0].flights.get_mut(&7).unwrap().departs += 60
    });
    let given = || SoldSeat {
        ticket: SOLD,
        company: "a".to_owned(),
        route: 7,
        number: 1,
    };
    let exchange = |new: u128| ExchangeRow {
        new: Uuid::from_u128(new),
        old: given(),
    };
    told("X1", &|all| {
        all.companies[0].claims = vec![second(LegState::Committed)];
    });
    told("X2", &|all| {
        all.companies[0].exchanges = vec![exchange(2), exchange(4)];
    });
    told("X3", &|all| all.companies[0].exchanges = vec![exchange(2)]);
    told("X4", &|all| {
        all.companies[0].exchanges = vec![exchange(2)];
        all.companies[0].entries = vec![money::entry(SOLD, "a", Some(1))];
    });
    told("L1", &|all| {
        let ticket = Uuid::from_u128(2);
        all.operations[1].answer = Answer::Booked { ticket };
    });
    told("LIN", &|all| {
        let ticket = Uuid::from_u128(2);
        all.operations
            .push(book(90, "late", Answer::Booked { ticket }));
    });
    told("LOG2", &|all| {
        all.companies[0].ledger.log.push(1, 1, &[]);
    });
    told("LOG3", &|all| all.companies[0].ledger.tables.clear());
    told("LOG5", &|all| all.companies[0].ledger.owners.clear());
    told("alarm", &|all| {
        all.logs[0].alarms.push("two values".to_owned());
        all.logs[0].alarm_count = 1;
    });
}

#[test]
fn a_storm_without_leases_is_not_judged() {
    let away = |evidence: &mut Evidence| {
        let ticket = Uuid::from_u128(2);
        evidence.operations[1].answer = Answer::Booked { ticket };
        evidence.logs[0].without_leases = vec![(evidence.start, None)];
    };
    let found = found(away);
    assert!(!found.contains(&"L1"), "{found:?}");
    assert!(found.contains(&"LIN"), "that holds without them: {found:?}");
}
