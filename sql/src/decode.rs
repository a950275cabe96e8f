//! Between rows and the domain's values. What is read is checked: a database can be edited by hand.

use std::sync::Arc;

use passcom_actors::domain::accounts::{Language, Mailbox, User};
use passcom_actors::domain::ballot::{Acceptors, Ballot, Key, Register, Value};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Order, OrderHash, SeatRef};
use passcom_actors::domain::rows::SagaState;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::{LegState, RefusalReason};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use crate::error::Failure;

pub(crate) type Decoded<T> = Result<T, Failure>;

fn corrupt(table: &'static str, column: &'static str, value: impl ToString) -> Failure {
    Failure::Corrupt {
        table,
        column,
        value: value.to_string(),
    }
}

pub(crate) fn leg_state(text: &str) -> Decoded<LegState> {
    match text {
        "prepared" => Ok(LegState::Prepared),
        "refused" => Ok(LegState::Refused),
        "committed" => Ok(LegState::Committed),
        "cancelled" => Ok(LegState::Cancelled),
        _ => Err(corrupt("leg", "state", text)),
    }
}

pub(crate) fn leg_state_text(state: LegState) -> &'static str {
    match state {
        LegState::Prepared => "prepared",
        LegState::Refused => "refused",
        LegState::Committed => "committed",
        LegState::Cancelled => "cancelled",
    }
}

pub(crate) fn reason(text: &str) -> Decoded<RefusalReason> {
    match text {
        "sold" => Ok(RefusalReason::Sold),
        "held" => Ok(RefusalReason::Held),
        "blocked" => Ok(RefusalReason::Blocked),
        "closed" => Ok(RefusalReason::Closed),
        "unknown" => Ok(RefusalReason::Unknown),
        "released" => Ok(RefusalReason::Released),
        "no_vote" => Ok(RefusalReason::NoVote),
        "changed" => Ok(RefusalReason::Changed),
        _ => Err(corrupt("leg", "reason", text)),
    }
}

pub(crate) fn reason_text(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Sold => "sold",
        RefusalReason::Held => "held",
        RefusalReason::Blocked => "blocked",
        RefusalReason::Closed => "closed",
        RefusalReason::Unknown => "unknown",
        RefusalReason::Released => "released",
        RefusalReason::NoVote => "no_vote",
        RefusalReason::Changed => "changed",
    }
}

pub(crate) fn saga_state(text: &str) -> Decoded<SagaState> {
    match text {
        "begun" => Ok(SagaState::Begun),
        "committed" => Ok(SagaState::Committed),
        "aborted" => Ok(SagaState::Aborted),
        _ => Err(corrupt("saga", "state", text)),
    }
}

pub(crate) fn saga_state_text(state: SagaState) -> &'static str {
    match state {
        SagaState::Begun => "begun",
        SagaState::Committed => "committed",
        SagaState::Aborted => "aborted",
    }
}

/// The column `hold_seconds`.
pub(crate) fn hold_seconds(row: &Row) -> Decoded<Option<u32>> {
    let seconds: Option<i32> = row.try_get("hold_seconds")?;
    let checked =
        |seconds| u32::try_from(seconds).map_err(|_| corrupt("saga", "hold_seconds", seconds));
    seconds.map(checked).transpose()
}

pub(crate) fn key_text(key: &Key) -> String {
    match key {
        Key::Saga(saga) => format!("saga/{saga}"),
        Key::Login(login) => format!("login/{login}"),
    }
}

pub(crate) fn key(text: &str) -> Decoded<Key> {
    let unknown = || corrupt("register", "key", text);
    match text.split_once('/').ok_or_else(unknown)? {
        ("saga", id) => Ok(Key::Saga(SagaId(id.parse().map_err(|_| unknown())?))),
        ("login", login) => Ok(Key::Login(login.to_owned())),
        _ => Err(unknown()),
    }
}

pub(crate) fn company(table: &'static str, text: &str) -> Decoded<CompanyId> {
    text.parse().map_err(|_| corrupt(table, "company", text))
}

pub(crate) fn acceptors(table: &'static str, texts: &[&str]) -> Decoded<Acceptors> {
    let companies = texts.iter().map(|text| company(table, text));
    Ok(Acceptors(companies.collect::<Decoded<_>>()?))
}

/// A company code has no comma in it.
pub(crate) fn acceptors_text(acceptors: &Acceptors) -> String {
    let codes: Vec<&str> = acceptors.0.iter().map(CompanyId::as_str).collect();
    codes.join(",")
}

pub(crate) fn hash(table: &'static str, bytes: &[u8]) -> Decoded<[u8; 32]> {
    let length = bytes.len();
    let wrong = |_| corrupt(table, "hash", format!("{length} bytes"));
    bytes.try_into().map_err(wrong)
}

pub(crate) fn order_hash(table: &'static str, row: &Row) -> Decoded<OrderHash> {
    Ok(OrderHash(hash(table, row.try_get("order_hash")?)?))
}

pub(crate) fn fence(row: &Row) -> Decoded<FencingToken> {
    Ok(FencingToken(row.try_get("fence")?))
}

/// PostgreSQL has no unsigned numbers. One to one, so that an id no route can have is still only itself.
pub(crate) fn route_id(number: i64) -> RouteId {
    RouteId(number.cast_unsigned())
}

pub(crate) fn route_number(id: RouteId) -> i64 {
    id.0.cast_signed()
}

pub(crate) fn seat_number(number: i32) -> Decoded<SeatNumber> {
    let number = u16::try_from(number).map_err(|_| corrupt("leg", "number", number))?;
    Ok(SeatNumber(number))
}

/// The columns `key`, `acceptors`, `promised`, `accepted`, `value`, `chosen`.
pub(crate) fn register(row: &Row) -> Decoded<(Key, Register)> {
    let accepted: Option<i64> = row.try_get("accepted")?;
    let value: Option<Json<Value>> = row.try_get("value")?;
    let texts: Vec<&str> = row.try_get("acceptors")?;
    let register = Register {
        acceptors: acceptors("register", &texts)?,
        promised: Ballot(row.try_get("promised")?),
        accepted: accepted
            .zip(value)
            .map(|(ballot, Json(value))| (Ballot(ballot), value)),
        chosen: row.try_get("chosen")?,
    };
    Ok((key(row.try_get("key")?)?, register))
}

/// The columns `id`, `order`, and the arrays `companies`, `routes`, `numbers` of its cancelled seats.
pub(crate) fn ticket(row: &Row) -> Decoded<Ticket> {
    let Json(order): Json<Order> = row.try_get("order")?;
    Ok(Ticket {
        id: SagaId(row.try_get("id")?),
        order: Arc::new(order),
        cancelled: cancelled(row)?,
    })
}

/// The arrays `companies`, `routes`, `numbers` of a ticket's cancelled seats.
pub(crate) fn cancelled(row: &Row) -> Decoded<Vec<SeatRef>> {
    let companies: Vec<&str> = row.try_get("companies")?;
    let routes: Vec<i64> = row.try_get("routes")?;
    let numbers: Vec<i32> = row.try_get("numbers")?;
    let mut cancelled = Vec::with_capacity(companies.len());
    for ((code, route), number) in companies.iter().zip(routes).zip(numbers) {
        cancelled.push(SeatRef {
            company: company("cancelled_leg", code)?,
            route: route_id(route),
            number: seat_number(number)?,
        });
    }
    // PostgreSQL sorts text by the database's collation, we by bytes
    cancelled.sort_unstable();
    Ok(cancelled)
}

/// The columns `user_id`, `login_norm`, `pw_hash`, `version`, `email`, `language`.
pub(crate) fn user(row: &Row) -> Decoded<User> {
    Ok(User {
        id: UserId(row.try_get("user_id")?),
        login: row.try_get("login_norm")?,
        password_hash: row.try_get("pw_hash")?,
        version: row.try_get("version")?,
        mailbox: mailbox(row)?,
    })
}

fn mailbox(row: &Row) -> Decoded<Option<Mailbox>> {
    let address: Option<String> = row.try_get("email")?;
    let tag: Option<&str> = row.try_get("language")?;
    let Some((address, tag)) = address.zip(tag) else {
        return Ok(None);
    };
    let language = language("user_account", tag)?;
    Ok(Some(Mailbox { address, language }))
}

pub(crate) fn language(table: &'static str, tag: &str) -> Decoded<Language> {
    Language::of_tag(tag).ok_or_else(|| corrupt(table, "language", tag))
}
