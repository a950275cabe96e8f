//! Records of format 1, which programs before this one wrote, as they lie in a log that is read at a start or verified. Nothing
//! writes them any more. Types that are not here were the same then.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::{
    Decided, LegChange, LoginChange, Record, RegisterPart, SagaChange, SagaPart, TicketPart, Told,
};
use crate::domain::accounts;
use crate::domain::ballot::{self, Acceptors, Ballot};
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{self, OrderHash, Passenger, Price, SeatRef};
use crate::domain::rows::{self, AuditRow, KeyRow, OutboxCursor, SagaState, SeatKey};

#[derive(Deserialize)]
pub(super) struct RecordOf1 {
    sagas: BTreeMap<SagaId, Saga>,
    logins: BTreeMap<String, Login>,
    keys: BTreeMap<(UserId, String), KeyRow>,
    blocked: BTreeMap<SeatKey, bool>,
    cursors: BTreeMap<CompanyId, OutboxCursor>,
    outbox: Vec<Told>,
    audit: Vec<AuditRow>,
    round: Option<i64>,
}

#[derive(Deserialize)]
struct Saga {
    saga: Option<Part>,
    legs: Vec<(SeatKey, LegChange)>,
    register: Option<PartOfRegister>,
    ticket: Option<PartOfTicket>,
}

#[derive(Deserialize)]
enum Part {
    Begun(SagaRow),
    Moved {
        state: SagaState,
        finished: bool,
        hold_seconds: Option<u32>,
        voted: bool,
    },
}

#[derive(Deserialize)]
struct SagaRow {
    order: Option<Order>,
    hash: OrderHash,
    acceptors: Acceptors,
    driver: String,
    state: SagaState,
    finished: bool,
    hold_seconds: Option<u32>,
    voted: bool,
}

#[derive(Deserialize)]
struct PartOfRegister {
    acceptors: Option<Acceptors>,
    promised: Ballot,
    accepted: Option<(Ballot, Decision)>,
    chosen: bool,
}

#[derive(Deserialize)]
enum Decision {
    Commit,
    Other(Value),
}

#[derive(Deserialize)]
enum Value {
    Commit { hash: OrderHash, order: Order },
    Abort,
    Account(User),
}

#[derive(Deserialize)]
struct PartOfTicket {
    order: Option<Order>,
    cancelled: Vec<SeatRef>,
}

#[derive(Deserialize)]
struct Login {
    user: Option<User>,
    register: Option<Register>,
}

#[derive(Deserialize)]
struct Register {
    acceptors: Acceptors,
    promised: Ballot,
    accepted: Option<(Ballot, Value)>,
    chosen: bool,
}

#[derive(Deserialize)]
struct User {
    id: UserId,
    login: String,
    password_hash: String,
    version: i64,
}

#[derive(Deserialize)]
struct Order {
    user: UserId,
    created_at: i64,
    legs: Vec<Leg>,
    hold_seconds: Option<u32>,
}

#[derive(Deserialize)]
struct Leg {
    seat: SeatRef,
    flight: String,
    origin: String,
    destination: String,
    origin_iata: String,
    destination_iata: String,
    departs: i64,
    arrives: i64,
    price: Price,
    passenger: Option<Passenger>,
}

impl From<RecordOf1> for Record {
    fn from(old: RecordOf1) -> Self {
        let sagas = old.sagas.into_iter();
        let logins = old.logins.into_iter();
        Self {
            sagas: sagas.map(|(id, saga)| (id, saga.into())).collect(),
            logins: logins.map(|(login, user)| (login, user.into())).collect(),
            keys: old.keys,
            blocked: old.blocked,
            cursors: old.cursors,
            outbox: old.outbox,
            audit: old.audit,
            round: old.round,
        }
    }
}

impl From<Saga> for SagaChange {
    fn from(old: Saga) -> Self {
        Self {
            saga: old.saga.map(Into::into),
            legs: old.legs,
            register: old.register.map(Into::into),
            ticket: old.ticket.map(Into::into),
        }
    }
}

impl From<Part> for SagaPart {
    fn from(old: Part) -> Self {
        match old {
            Part::Begun(row) => Self::Begun(row.into()),
            Part::Moved {
                state,
                finished,
                hold_seconds,
                voted,
            } => Self::Moved {
                state,
                finished,
                hold_seconds,
                voted,
            },
        }
    }
}

impl From<SagaRow> for rows::SagaRow {
    fn from(old: SagaRow) -> Self {
        Self {
            order: old.order.map(|order| Arc::new(order.into())),
            hash: old.hash,
            acceptors: old.acceptors,
            driver: old.driver,
            state: old.state,
            finished: old.finished,
            hold_seconds: old.hold_seconds,
            voted: old.voted,
            papers: None,
        }
    }
}

impl From<PartOfRegister> for RegisterPart {
    fn from(old: PartOfRegister) -> Self {
        let decided = |value| match value {
            Decision::Commit => Decided::Commit,
            Decision::Other(value) => Decided::Other(value.into()),
        };
        Self {
            acceptors: old.acceptors,
            promised: old.promised,
            accepted: old.accepted.map(|(ballot, value)| (ballot, decided(value))),
            chosen: old.chosen,
        }
    }
}

impl From<Value> for ballot::Value {
    fn from(old: Value) -> Self {
        match old {
            Value::Commit { hash, order } => Self::Commit {
                hash,
                order: Arc::new(order.into()),
            },
            Value::Abort => Self::Abort,
            Value::Account(user) => Self::Account(user.into()),
        }
    }
}

impl From<PartOfTicket> for TicketPart {
    fn from(old: PartOfTicket) -> Self {
        Self {
            order: old.order.map(|order| Arc::new(order.into())),
            cancelled: old.cancelled,
            changes: Vec::new(),
            refunds: Vec::new(),
            corrections: Vec::new(),
        }
    }
}

impl From<Login> for LoginChange {
    fn from(old: Login) -> Self {
        Self {
            user: old.user.map(Into::into),
            register: old.register.map(Into::into),
        }
    }
}

impl From<Register> for ballot::Register {
    fn from(old: Register) -> Self {
        Self {
            acceptors: old.acceptors,
            promised: old.promised,
            accepted: old.accepted.map(|(ballot, value)| (ballot, value.into())),
            chosen: old.chosen,
        }
    }
}

impl From<User> for accounts::User {
    fn from(old: User) -> Self {
        Self {
            id: old.id,
            login: old.login,
            password_hash: old.password_hash,
            version: old.version,
            mailbox: None,
        }
    }
}

impl From<Order> for order::Order {
    fn from(old: Order) -> Self {
        Self {
            user: old.user,
            created_at: old.created_at,
            legs: old.legs.into_iter().map(Into::into).collect(),
            hold_seconds: old.hold_seconds,
            seller: None,
            exchange: None,
        }
    }
}

impl From<Leg> for order::Leg {
    fn from(old: Leg) -> Self {
        Self {
            seat: old.seat,
            flight: old.flight,
            origin: old.origin,
            destination: old.destination,
            origin_iata: old.origin_iata,
            destination_iata: old.destination_iata,
            departs: old.departs,
            arrives: old.arrives,
            offsets: None,
            price: old.price,
            label: None,
            passenger: old.passenger,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order_hash::is_hash_of;

    /// The log of a company, a row a line, as the last program that wrote format 1 left it: users who registered, a booking of
    /// three companies with passengers, one that was cancelled, a hold that stands, and a booking of one company.
    const LOG: &str = include_str!("format_1.hex");

    fn records() -> Vec<Record> {
        let byte = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).unwrap();
            u8::from_str_radix(digits, 16).unwrap()
        };
        let bytes = LOG
            .lines()
            .map(|line| line.as_bytes().chunks(2).map(byte).collect::<Vec<_>>());
        bytes.map(|bytes| Record::decode(&bytes).unwrap()).collect()
    }

    #[test]
    fn a_log_of_the_former_format_says_all_that_it_said() {
        let records = records();
        let sagas: Vec<_> = records.iter().flat_map(|record| &record.sagas).collect();
        let mut orders = 0;
        for (_, change) in &sagas {
            if let Some(SagaPart::Begun(row)) = &change.saga {
                let order = row.order.as_ref().unwrap();
                // nothing of an order was lost or put elsewhere, or its hash would be another
                assert!(is_hash_of(row.hash, order, &row.acceptors));
                assert_eq!(order.seller, None);
                orders += 1;
            }
        }
        assert_eq!(orders, 4);
        let tickets = sagas
            .iter()
            .filter_map(|(_, change)| change.ticket.as_ref());
        let cancelled: Vec<_> = tickets.map(|ticket| ticket.cancelled.len()).collect();
        assert_eq!(cancelled.iter().max(), Some(&3));
        let logins = records.iter().flat_map(|record| &record.logins);
        let users: Vec<_> = logins
            .filter_map(|(_, login)| login.user.as_ref())
            .collect();
        let names: Vec<_> = users.iter().map(|user| &*user.login).collect();
        assert_eq!(names, ["ana", "bruno", "upgrade"]);
        assert!(
            users
                .iter()
                .all(|user| user.password_hash.starts_with("$argon2id$"))
        );
    }

    #[test]
    fn a_record_that_was_read_is_written_in_the_new_format() {
        for record in records() {
            let again = record.encode();
            assert_eq!(again.first(), Some(&super::super::FORMAT));
            assert_eq!(Record::decode(&again).unwrap(), record);
        }
    }
}
