//! The first round trip: BEGIN and every read that the footprint asks for, one statement per table.

use std::sync::Arc;

use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{CompanyId, SagaId, UserId};
use passcom_actors::domain::order::Order;
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::{
    Footprint, KeyRow, LegKey, LegRow, RouteFacts, Rows, SagaRow, SeatKey, SeatRow,
};
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::session::Session;
use crate::decode::{self, Decoded};
use crate::error::Failure;
use crate::locks;

const SAGAS: &str = r#"
select saga.id, saga.order_hash, saga.acceptors, saga.driver, saga.state, saga.finished, saga.hold_seconds, saga.voted,
       case when asked.with_order then saga."order" end as "order"
from unnest($1::uuid[], $2::boolean[]) as asked (id, with_order)
join saga on saga.id = asked.id
"#;

const LEGS: &str = "
select leg.saga_id, leg.route_id, leg.number, leg.order_hash, leg.fence, leg.state, leg.reason
from unnest($1::uuid[]) as asked (id)
join leg on leg.saga_id = asked.id
";

const SEATS: &str = "
select asked.route_id, asked.number, route.seats,
       route.on_sale and route.departs >= to_timestamp($3::bigint) as on_sale,
       seat.blocked, seat.fence, leg.saga_id, leg.state
from unnest($1::bigint[], $2::int[]) as asked (route_id, number)
left join route on route.id = asked.route_id
left join seat on seat.route_id = asked.route_id and seat.number = asked.number
left join leg on leg.route_id = asked.route_id and leg.number = asked.number
    and leg.state in ('prepared', 'committed')
";

// a statement of its own ahead of the seats: only then do they show what the import before us committed
const LOCK_SEATS: &str = "select pg_advisory_xact_lock_shared($1)";

const SEAT_MAPS: &str = "
select leg.route_id, leg.number, null::boolean as blocked, null::bigint as fence, leg.saga_id, leg.state
from unnest($1::bigint[]) as asked (id)
join leg on leg.route_id = asked.id and leg.state in ('prepared', 'committed')
union all
select seat.route_id, seat.number, seat.blocked, seat.fence, null, null
from unnest($1::bigint[]) as asked (id)
join seat on seat.route_id = asked.id and seat.blocked
";

const REGISTERS: &str = "
select register.key, register.acceptors, register.promised, register.accepted, register.value, register.chosen
from unnest($1::text[]) as asked (key)
join register on register.key = asked.key
";

const TICKETS: &str = r#"
select ticket.id, ticket."order", gone.companies, gone.routes, gone.numbers
from unnest($1::uuid[]) as asked (id)
join ticket on ticket.id = asked.id
cross join lateral (
    select coalesce(array_agg(company), '{}') as companies,
           coalesce(array_agg(route_id), '{}') as routes,
           coalesce(array_agg(number), '{}') as numbers
    from ticket_leg where ticket_id = ticket.id and cancelled
) as gone
"#;

const USERS: &str = "
select user_account.id as user_id, user_account.login_norm, user_account.pw_hash, user_account.version
from unnest($1::text[]) as asked (login_norm)
join user_account on user_account.login_norm = asked.login_norm
";

const KEYS: &str = "
select idem.user_id, idem.key, idem.fingerprint, idem.saga_id, idem.answer
from unnest($1::uuid[], $2::text[]) as asked (user_id, key)
join idem on idem.user_id = asked.user_id and idem.key = asked.key
";

const ROUND: &str = "select round from node_state";

pub(super) const STATEMENTS: [&str; 10] = [
    SAGAS, LEGS, LOCK_SEATS, SEATS, SEAT_MAPS, REGISTERS, TICKETS, USERS, KEYS, ROUND,
];

/// Loads what the footprint names. A seat or route that has no row stays absent. A route that leaves before
/// `first_departure`, in seconds since 1970, is not on sale.
pub(super) async fn load(
    session: &Session,
    footprint: &Footprint,
    me: CompanyId,
    first_departure: i64,
) -> Result<Rows, Failure> {
    // polled, hence sent, in this order; nobody waits for an answer in between
    let (_, _, sagas, legs, seats, seat_maps, registers, tickets, users, keys, round) = tokio::try_join!(
        biased;
        session.begin(),
        lock_seats(session, footprint),
        sagas(session, footprint),
        legs(session, footprint),
        seats(session, footprint, first_departure),
        seat_maps(session, footprint),
        registers(session, footprint),
        tickets(session, footprint),
        users(session, footprint),
        keys(session, footprint),
        round(session, footprint),
    )?;
    let mut rows = Rows::new(me, footprint);
    each(&sagas, |row| load_saga(row, &mut rows))?;
    each(&legs, |row| load_leg(row, &mut rows))?;
    each(&seats, |row| load_seat(row, &mut rows))?;
    each(&seat_maps, |row| load_seat_use(row, &mut rows))?;
    each(&registers, |row| load_register(row, &mut rows))?;
    each(&tickets, |row| load_ticket(row, &mut rows))?;
    each(&users, |row| load_user(row, &mut rows))?;
    each(&keys, |row| load_key(row, &mut rows))?;
    each(&round, |row| load_round(row, &mut rows))?;
    Ok(rows)
}

fn each(rows: &[Row], mut load: impl FnMut(&Row) -> Decoded<()>) -> Decoded<()> {
    rows.iter().try_for_each(&mut load)
}

type Fetched = Result<Vec<Row>, Failure>;

async fn sagas(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.sagas.is_empty() {
        return Ok(Vec::new());
    }
    let (ids, with_order): (Vec<Uuid>, Vec<bool>) = footprint
        .sagas
        .iter()
        .map(|saga| (saga.0, footprint.orders.contains(saga)))
        .unzip();
    session.query(SAGAS, &[&ids, &with_order]).await
}

async fn legs(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.sagas.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = footprint.sagas.iter().map(|saga| saga.0).collect();
    session.query(LEGS, &[&ids]).await
}

async fn lock_seats(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.seats.is_empty() {
        return Ok(Vec::new());
    }
    session.query(LOCK_SEATS, &[&locks::SEATS]).await
}

async fn seats(session: &Session, footprint: &Footprint, first_departure: i64) -> Fetched {
    if footprint.seats.is_empty() {
        return Ok(Vec::new());
    }
    let (routes, numbers): (Vec<i64>, Vec<i32>) = footprint
        .seats
        .iter()
        .map(|(route, number)| (decode::route_number(*route), i32::from(number.0)))
        .unzip();
    session
        .query(SEATS, &[&routes, &numbers, &first_departure])
        .await
}

async fn seat_maps(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.seat_maps.is_empty() {
        return Ok(Vec::new());
    }
    let routes = footprint.seat_maps.iter().copied();
    let routes: Vec<i64> = routes.map(decode::route_number).collect();
    session.query(SEAT_MAPS, &[&routes]).await
}

async fn registers(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.registers.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<String> = footprint.registers.iter().map(decode::key_text).collect();
    session.query(REGISTERS, &[&keys]).await
}

async fn tickets(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.tickets.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = footprint.tickets.iter().map(|ticket| ticket.0).collect();
    session.query(TICKETS, &[&ids]).await
}

async fn users(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.users.is_empty() {
        return Ok(Vec::new());
    }
    let logins: Vec<&str> = footprint.users.iter().map(String::as_str).collect();
    session.query(USERS, &[&logins]).await
}

async fn keys(session: &Session, footprint: &Footprint) -> Fetched {
    if footprint.keys.is_empty() {
        return Ok(Vec::new());
    }
    let (users, keys): (Vec<Uuid>, Vec<&str>) = footprint
        .keys
        .iter()
        .map(|(user, key)| (user.0, key.as_str()))
        .unzip();
    session.query(KEYS, &[&users, &keys]).await
}

async fn round(session: &Session, footprint: &Footprint) -> Fetched {
    if !footprint.round {
        return Ok(Vec::new());
    }
    session.query(ROUND, &[]).await
}

fn load_saga(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let order: Option<Json<Order>> = row.try_get("order")?;
    let acceptors: Vec<&str> = row.try_get("acceptors")?;
    let saga = SagaRow {
        order: order.map(|Json(order)| Arc::new(order)),
        hash: decode::order_hash("saga", row)?,
        acceptors: decode::acceptors("saga", &acceptors)?,
        driver: row.try_get("driver")?,
        state: decode::saga_state(row.try_get("state")?)?,
        finished: row.try_get("finished")?,
        hold_seconds: decode::hold_seconds(row)?,
        voted: row.try_get("voted")?,
    };
    rows.sagas.load(SagaId(row.try_get("id")?), saga);
    Ok(())
}

fn load_leg(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let (route, number) = seat_key(row)?;
    let key = LegKey {
        saga: SagaId(row.try_get("saga_id")?),
        route,
        number,
    };
    let reason: Option<&str> = row.try_get("reason")?;
    let leg = LegRow {
        state: decode::leg_state(row.try_get("state")?)?,
        hash: decode::order_hash("leg", row)?,
        fence: decode::fence(row)?,
        reason: reason.map(decode::reason).transpose()?,
    };
    rows.load_leg(key, leg);
    Ok(())
}

fn load_seat(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let (route, _) = seat_key(row)?;
    let seats: Option<i32> = row.try_get("seats")?;
    if let Some(seats) = seats {
        let facts = RouteFacts {
            seats: decode::seat_number(seats)?.0,
            on_sale: row.try_get("on_sale")?,
        };
        rows.load_route(route, facts);
    }
    load_seat_use(row, rows)
}

/// A seat's own row and its owner, where there are such.
fn load_seat_use(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let seat = seat_key(row)?;
    let blocked: Option<bool> = row.try_get("blocked")?;
    if let Some(blocked) = blocked {
        let fence = decode::fence(row)?;
        rows.seats.load(seat, SeatRow { blocked, fence });
    }
    let owner: Option<Uuid> = row.try_get("saga_id")?;
    if let Some(owner) = owner {
        let state = decode::leg_state(row.try_get("state")?)?;
        rows.load_owner(seat, SagaId(owner), state);
    }
    Ok(())
}

fn load_register(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let (key, register) = decode::register(row)?;
    rows.registers.load(key, register);
    Ok(())
}

fn load_ticket(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let ticket = decode::ticket(row)?;
    rows.tickets.load(ticket.id, ticket);
    Ok(())
}

fn load_user(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let user: User = decode::user(row)?;
    rows.users.load(user.login.clone(), user);
    Ok(())
}

fn load_key(row: &Row, rows: &mut Rows) -> Decoded<()> {
    let answer: Option<Json<Outcome>> = row.try_get("answer")?;
    let key = KeyRow {
        fingerprint: decode::hash("idem", row.try_get("fingerprint")?)?,
        saga: SagaId(row.try_get("saga_id")?),
        answer: answer.map(|Json(answer)| answer),
    };
    let user = UserId(row.try_get("user_id")?);
    rows.keys.load((user, row.try_get("key")?), key);
    Ok(())
}

fn load_round(row: &Row, rows: &mut Rows) -> Decoded<()> {
    rows.round = row.try_get("round")?;
    Ok(())
}

fn seat_key(row: &Row) -> Decoded<SeatKey> {
    let number = decode::seat_number(row.try_get("number")?)?;
    Ok((decode::route_id(row.try_get("route_id")?), number))
}
