//! A sound piece of evidence, to be doctored.

use std::sync::Arc;

use passcom_actors::catalogue::Route;
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::{Acceptors, Ballot, Key, Register, Value};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{
    Exchange, Leg, Order, OrderHash, Passenger, Price, SeatRef, claim,
};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::{KeyRow, LegKey, LegRow, SagaRow, SagaState, SeatKey};
use passcom_actors::domain::settlement::{Account, Sum};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState::{self, Cancelled, Committed};
use passcom_memory::State;
use uuid::Uuid;

use super::{Decision, Evidence, Shown, Told};

pub const SAGA: SagaId = SagaId(Uuid::from_u128(1));
pub const OTHER: SagaId = SagaId(Uuid::from_u128(2));
pub const HASH: OrderHash = OrderHash([1; 32]);
pub const USER: UserId = UserId(Uuid::from_u128(9));
/// In seconds; everything else happens at zero.
pub const DEPARTS: i64 = 100;
pub const SEAT: SeatKey = (RouteId(1), SeatNumber(1));

pub fn company(code: &str) -> CompanyId {
    code.parse().unwrap()
}

pub fn price() -> Price {
    Price {
        minor: 1,
        currency: "BRL".to_owned(),
    }
}

pub fn seat_of(code: &str) -> SeatRef {
    SeatRef {
        company: company(code),
        route: SEAT.0,
        number: SEAT.1,
    }
}

pub fn order() -> Arc<Order> {
    let leg = |code| Leg {
        seat: seat_of(code),
        flight: "A1".to_owned(),
        origin: "Curitiba".to_owned(),
        destination: "Recife".to_owned(),
        origin_iata: "CWB".to_owned(),
        destination_iata: "REC".to_owned(),
        departs: DEPARTS,
        arrives: DEPARTS + 1,
        price: price(),
        passenger: Some(Passenger::named("Ana Souza")),
        offsets: None,
        label: None,
    };
    Arc::new(Order {
        user: USER,
        created_at: 0,
        legs: vec![leg("A"), leg("B")],
        hold_seconds: None,
        seller: None,
        exchange: None,
    })
}

pub fn leg_key(saga: SagaId) -> LegKey {
    LegKey {
        saga,
        route: SEAT.0,
        number: SEAT.1,
    }
}

pub fn leg(state: LegState) -> LegRow {
    LegRow {
        state,
        hash: HASH,
        fence: FencingToken::NONE,
        reason: None,
    }
}

pub fn commit() -> Value {
    Value::Commit {
        hash: HASH,
        order: order(),
    }
}

/// As that company keeps it.
fn commit_at(code: &str) -> Value {
    commit().for_company(company(code), None)
}

pub fn register(ballot: i64, value: Value, chosen: bool) -> Register {
    Register {
        acceptors: Acceptors(vec![company("A"), company("B"), company("C")]),
        promised: Ballot(ballot),
        accepted: Some((Ballot(ballot), value)),
        chosen,
    }
}

pub fn key_row(answer: Outcome) -> KeyRow {
    KeyRow {
        fingerprint: [0; 32],
        saga: SAGA,
        answer: Some(answer),
    }
}

pub fn user(id: u128, login: &str) -> User {
    User {
        id: UserId(Uuid::from_u128(id)),
        login: login.to_owned(),
        password_hash: String::new(),
        version: 1,
        mailbox: None,
    }
}

pub fn route() -> Route {
    Route {
        id: SEAT.0,
        flight: "A1".to_owned(),
        origin: "CWB".to_owned(),
        destination: "REC".to_owned(),
        departs: DEPARTS,
        arrives: DEPARTS + 1,
        offsets: None,
        seats: 2,
        price: price(),
        equipment: String::new(),
        on_sale: true,
    }
}

/// Three companies; a booking of a seat of A and one of B, sold and answered.
pub fn sound() -> Evidence {
    let mut evidence = Evidence::default();
    for code in ["A", "B", "C"] {
        let mut tables = State::default();
        tables.routes.insert(SEAT.0, (1, route()));
        let ticket = Ticket {
            id: SAGA,
            order: order(),
            cancelled: Vec::new(),
            changes: Vec::new(),
            refunds: Vec::new(),
            corrections: Vec::new(),
        };
        let ticket = ticket.for_company(company(code));
        tables.tickets.insert(SAGA, ticket);
        for owner in ["A", "B"] {
            enter(&mut tables, owner);
        }
        tables.users.insert("ana".to_owned(), user(7, "ana"));
        let key = Key::Saga(SAGA);
        tables
            .registers
            .insert(key, register(0, commit_at(code), code == "A"));
        if code != "C" {
            tables.legs.insert(leg_key(SAGA), leg(Committed));
            tables.owners.insert(SEAT, SAGA);
            let row = SagaRow {
                order: Some(order()),
                hash: HASH,
                acceptors: Acceptors(vec![company("A"), company("B"), company("C")]),
                driver: "A".to_owned(),
                papers: None,
                state: SagaState::Committed,
                finished: true,
                hold_seconds: None,
                voted: false,
            };
            tables.sagas.insert(SAGA, (Default::default(), row));
        }
        evidence.tables.insert(company(code), tables);
    }
    let key = (USER, "k".to_owned());
    let answer = key_row(Outcome::Booked { ticket: SAGA });
    evidence.at("A").keys.insert(key, answer);
    evidence.told.push((SAGA, Told::Booked));
    evidence.claimed.push(("ana".to_owned(), user(7, "ana").id));
    evidence.chosen.insert(SAGA, Decision::Commit(HASH));
    evidence.shown.push(Shown {
        at: company("C"),
        of: company("A"),
        route: SEAT.0,
        free: vec![SeatNumber(2)],
    });
    evidence
}

/// In the books: a seat of this company was sold.
fn enter(tables: &mut State, owner: &str) {
    let owner = company(owner);
    let account = Account {
        day: 0,
        seller: owner,
        owner,
        currency: price().currency,
    };
    let sum = Sum {
        seats_sold: 1,
        sold: price().minor.into(),
        ..Sum::default()
    };
    tables.sums.insert(account, sum);
}

/// [`sound`], after [`OTHER`], of a seat of C, has taken the place of the seat of A.
pub fn exchanged() -> Evidence {
    let mut evidence = sound();
    let mut new = (*order()).clone();
    new.legs.truncate(1);
    new.legs[0].seat = seat_of("C");
    new.exchange = Some(Exchange {
        ticket: SAGA,
        seats: vec![seat_of("A")],
        companies: vec![company("A"), company("B")],
    });
    let new = Ticket::new(OTHER, Arc::new(new));
    for code in ["A", "B", "C"] {
        let claim = claim(company(code), SAGA);
        let tables = evidence.at(code);
        let old = tables.tickets.get_mut(&SAGA).unwrap();
        old.cancelled = vec![seat_of("A")];
        let told = new.clone().for_company(company(code));
        tables.tickets.insert(OTHER, told);
        enter(tables, "C");
        if code == "C" {
            tables.legs.insert(leg_key(OTHER), leg(Committed));
            tables.owners.insert(SEAT, OTHER);
        } else {
            let key = LegKey {
                saga: OTHER,
                route: claim.route,
                number: claim.number,
            };
            tables.legs.insert(key, leg(Cancelled));
        }
    }
    let a = evidence.at("A");
    a.legs.insert(leg_key(SAGA), leg(Cancelled));
    a.owners.clear();
    evidence.chosen.insert(OTHER, Decision::Commit(HASH));
    evidence.shown[0].free.insert(0, SeatNumber(1));
    evidence
}

impl Evidence {
    pub fn at(&mut self, code: &str) -> &mut State {
        self.tables.get_mut(&company(code)).unwrap()
    }
}
