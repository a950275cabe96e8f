//! Between rows and the domain's values. What is read is checked: a database can be edited by hand.

use std::sync::Arc;

use passcom_actors::domain::accounts::{Language, Mailbox, User};
use passcom_actors::domain::ballot::{Acceptors, Ballot, Key, Register, Value};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Offsets, Order, OrderHash, Price, SeatRef};
use passcom_actors::domain::refund::{Ground, Refunded};
use passcom_actors::domain::rows::SagaState;
use passcom_actors::domain::ticket::{Correction, Ticket};
use passcom_actors::domain::vote::{LegState, RefusalReason};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use crate::error::Failure;

pub(crate) type Decoded<T> = Result<T, Failure>;

pub(crate) fn corrupt(table: &'static str, column: &'static str, value: impl ToString) -> Failure {
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
        "moved" => Ok(LegState::Moved),
        _ => Err(corrupt("leg", "state", text)),
    }
}

pub(crate) fn leg_state_text(state: LegState) -> &'static str {
    match state {
        LegState::Prepared => "prepared",
        LegState::Refused => "refused",
        LegState::Committed => "committed",
        LegState::Cancelled => "cancelled",
        LegState::Moved => "moved",
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
        "limit" => Ok(RefusalReason::Limit),
        "papers" => Ok(RefusalReason::Papers),
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
        RefusalReason::Limit => "limit",
        RefusalReason::Papers => "papers",
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

/// The cancelled seats of `ticket` as the row `gone` of arrays, for [`cancelled`], and the changes of its flights, and the corrections of
/// its names.
macro_rules! gone {
    () => {
        "cross join lateral (
    select coalesce(array_agg(company), '{}') as companies,
           coalesce(array_agg(route_id), '{}') as routes,
           coalesce(array_agg(number), '{}') as numbers,
           coalesce(array_agg(refund_minor), '{}') as amounts,
           coalesce(array_agg(refund_currency), '{}') as currencies,
           coalesce(array_agg(refund_ground), '{}') as grounds,
           coalesce(array_agg((extract(epoch from refunded_at) * 1000)::bigint), '{}') as refunded_at,
           coalesce(array_agg(refunded_by), '{}') as refunded_by
    from cancelled_leg where ticket_id = ticket.id
) as gone
cross join lateral (
    select coalesce(json_agg(changed_leg), '[]') as changes from changed_leg where ticket_id = ticket.id
) as news
cross join lateral (
    select coalesce(json_agg(corrected_name), '[]') as corrections from corrected_name where ticket_id = ticket.id
) as named
"
    };
}
/// The columns of `gone`.
macro_rules! gone_columns {
    () => {
        "gone.companies, gone.routes, gone.numbers, gone.amounts, gone.currencies, gone.grounds, gone.refunded_at, gone.refunded_by,
       news.changes, named.corrections"
    };
}
pub(crate) use {gone, gone_columns};

/// The columns `id`, `order`, those of its cancelled seats, `changes` and `corrections`.
pub(crate) fn ticket(row: &Row) -> Decoded<Ticket> {
    let Json(order): Json<Order> = row.try_get("order")?;
    let (cancelled, refunds) = cancelled(row)?;
    Ok(Ticket {
        id: SagaId(row.try_get("id")?),
        order: Arc::new(order),
        cancelled,
        changes: changes(row)?,
        refunds,
        corrections: corrections(row)?,
    })
}

/// A ticket's cancelled seats, and what came back for them: the arrays of `gone`.
pub(crate) fn cancelled(row: &Row) -> Decoded<(Vec<SeatRef>, Vec<Refunded>)> {
    let companies: Vec<&str> = row.try_get("companies")?;
    if companies.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let routes: Vec<i64> = row.try_get("routes")?;
    let numbers: Vec<i32> = row.try_get("numbers")?;
    let amounts: Vec<Option<i64>> = row.try_get("amounts")?;
    let currencies: Vec<Option<&str>> = row.try_get("currencies")?;
    let grounds: Vec<Option<&str>> = row.try_get("grounds")?;
    let times: Vec<Option<i64>> = row.try_get("refunded_at")?;
    let deciders: Vec<Option<&str>> = row.try_get("refunded_by")?;
    let (mut cancelled, mut refunds) = (Vec::with_capacity(companies.len()), Vec::new());
    for at in 0..companies.len() {
        let seat = SeatRef {
            company: company("cancelled_leg", companies[at])?,
            route: route_id(routes[at]),
            number: seat_number(numbers[at])?,
        };
        cancelled.push(seat);
        let refund = (
            amounts[at],
            currencies[at],
            grounds[at],
            times[at],
            deciders[at],
        );
        if let (Some(minor), Some(currency), Some(ground), Some(decided_at), Some(by)) = refund {
            refunds.push(refunded(seat, minor, currency, ground, decided_at, by)?);
        }
    }
    // PostgreSQL sorts text by the database's collation, we by bytes
    cancelled.sort_unstable();
    refunds.sort_unstable_by_key(|refund| refund.seat);
    Ok((cancelled, refunds))
}

pub(crate) fn refunded(
    seat: SeatRef,
    minor: i64,
    currency: &str,
    ground: &str,
    decided_at: i64,
    by: &str,
) -> Decoded<Refunded> {
    let unknown = || corrupt("cancelled_leg", "refund_ground", ground);
    Ok(Refunded {
        seat,
        amount: Price {
            minor,
            currency: currency.to_owned(),
        },
        ground: Ground::named(ground).ok_or_else(unknown)?,
        decided_at,
        by: company("cancelled_leg", by)?,
    })
}

/// A row of `changed_leg`, as PostgreSQL writes it in JSON.
#[derive(serde::Deserialize)]
struct ChangedLeg {
    company: String,
    route_id: i64,
    number: i32,
    sequence: u32,
    departs: jiff::Timestamp,
    arrives: jiff::Timestamp,
    departs_offset: Option<i16>,
    arrives_offset: Option<i16>,
    withdrawn: bool,
    number_now: i32,
    label: Option<String>,
    unseated: bool,
    told_at: jiff::Timestamp,
    accepted: bool,
}

/// The column `changes`, an array of rows of `changed_leg`.
pub(crate) fn changes(row: &Row) -> Decoded<Vec<FlightChange>> {
    let Json(rows): Json<Vec<ChangedLeg>> = row.try_get("changes")?;
    let change = |row: ChangedLeg| {
        Ok(FlightChange {
            of: SeatRef {
                company: company("changed_leg", &row.company)?,
                route: route_id(row.route_id),
                number: seat_number(row.number)?,
            },
            sequence: row.sequence,
            departs: row.departs.as_second(),
            arrives: row.arrives.as_second(),
            offsets: row
                .departs_offset
                .zip(row.arrives_offset)
                .map(|(departs, arrives)| Offsets { departs, arrives }),
            withdrawn: row.withdrawn,
            number: seat_number(row.number_now)?,
            label: row.label,
            unseated: row.unseated,
            told_at: row.told_at.as_millisecond(),
            accepted: row.accepted,
        })
    };
    let mut changes: Vec<FlightChange> = rows.into_iter().map(change).collect::<Decoded<_>>()?;
    // as with the cancelled seats
    changes.sort_unstable();
    Ok(changes)
}

/// A row of `corrected_name`, as PostgreSQL writes it in JSON.
#[derive(serde::Deserialize)]
struct CorrectedName {
    company: String,
    route_id: i64,
    number: i32,
    sequence: u32,
    corrected_at: jiff::Timestamp,
    name: String,
}

/// The column `corrections`, an array of rows of `corrected_name`.
pub(crate) fn corrections(row: &Row) -> Decoded<Vec<Correction>> {
    let Json(rows): Json<Vec<CorrectedName>> = row.try_get("corrections")?;
    let correction = |row: CorrectedName| {
        Ok(Correction {
            of: SeatRef {
                company: company("corrected_name", &row.company)?,
                route: route_id(row.route_id),
                number: seat_number(row.number)?,
            },
            sequence: row.sequence,
            at: row.corrected_at.as_millisecond(),
            name: row.name,
        })
    };
    let corrections = rows.into_iter().map(correction);
    let mut corrections: Vec<Correction> = corrections.collect::<Decoded<_>>()?;
    // as with the cancelled seats
    corrections.sort_unstable();
    Ok(corrections)
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
