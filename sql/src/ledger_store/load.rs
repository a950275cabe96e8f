//! Reads of log and tables on the connection of the appends. One round trip, a statement per table.

use passcom_actors::company::log::Seq;
use passcom_actors::company::log::cell::Login;
use passcom_actors::company::log::hot::{Fact, Facts, Loaded, Standing};
use passcom_actors::company::store::Logged;
use passcom_actors::domain::ids::{Incarnation, SagaId, UserId};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::{Footprint, KeyRow, OutboxCursor};
use passcom_actors::domain::vote::LegState;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use super::session::Session;
use crate::cells::{self, cells, seat_key};
use crate::decode::{self, Decoded};
use crate::error::Failure;

pub(crate) const SEATS: &str = "
select seat_owner.route_id, seat_owner.number, seat_owner.saga_id, leg.state
from unnest($1::bigint[], $2::int[]) as asked (route_id, number)
join seat_owner on seat_owner.route_id = asked.route_id and seat_owner.number = asked.number
left join leg on leg.saga_id = seat_owner.saga_id and leg.route_id = seat_owner.route_id and leg.number = seat_owner.number
";

const SEAT_MAPS: &str = "
select seat_owner.route_id, seat_owner.number, seat_owner.saga_id, leg.state
from unnest($1::bigint[]) as asked (id)
join seat_owner on seat_owner.route_id = asked.id
left join leg on leg.saga_id = seat_owner.saga_id and leg.route_id = seat_owner.route_id and leg.number = seat_owner.number
";

pub(crate) const LOGINS: &str = "
select asked.login_norm, user_account.id as user_id, user_account.pw_hash, user_account.version,
       user_account.email, user_account.language,
       login_register.key, login_register.acceptors, login_register.promised, login_register.accepted, login_register.value,
       login_register.chosen
from unnest($1::text[]) as asked (login_norm)
left join user_account on user_account.login_norm = asked.login_norm
left join login_register on login_register.key = 'login/' || asked.login_norm
";

pub(crate) const KEYS: &str = "
select asked.user_id, asked.key, idem.fingerprint, idem.saga_id, idem.answer
from unnest($1::uuid[], $2::text[]) as asked (user_id, key)
left join idem on idem.user_id = asked.user_id and idem.key = asked.key
";

const STANDING: &str = "
select projected, round, told, (extract(epoch from now()) * 1000)::bigint as now from node_state
";
const PROJECTED: &str = "select projected from node_state";
const CURSORS: &str = "select peer, incarnation, seq from repl_cursor";
pub(crate) const LOG: &str = "
select seq, epoch, (extract(epoch from at) * 1000)::bigint as at, body from log where seq > $1 order by seq limit $2
";
// the version is of the same snapshot as the routes
const FACTS: &str = "
select (select version from catalogue_version) as version, id, seats, on_sale, extract(epoch from departs)::bigint as departs,
       extract(epoch from arrives)::bigint as arrives
from (select) as one
left join route on route.version > $1
";

pub(super) const STATEMENTS: [&str; 12] = [
    cells::SAGAS,
    cells::OPEN,
    cells::LEGS,
    SEATS,
    SEAT_MAPS,
    LOGINS,
    KEYS,
    STANDING,
    PROJECTED,
    CURSORS,
    LOG,
    FACTS,
];

pub(super) async fn projected(session: &Session) -> Result<Seq, Failure> {
    let rows = session.query(PROJECTED, &[]).await?;
    Ok(Seq(rows[0].try_get("projected")?))
}

pub(super) async fn standing(session: &Session, node: &str) -> Result<(Standing, i64), Failure> {
    let of_node: [&(dyn ToSql + Sync); 1] = [&node];
    let (node, cursors, open) = tokio::try_join!(
        biased;
        session.query(STANDING, &[]),
        session.query(CURSORS, &[]),
        session.query(cells::OPEN, &of_node),
    )?;
    let ids = open.iter().map(|row| row.try_get("id"));
    let ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;
    let legs = session.query(cells::LEGS, &[&ids]).await?;
    let standing = Standing {
        projected: Seq(node[0].try_get("projected")?),
        round: node[0].try_get("round")?,
        told: node[0].try_get("told")?,
        cursors: cursors.iter().map(cursor).collect::<Decoded<_>>()?,
        open: cells(&open, &legs)?,
    };
    Ok((standing, node[0].try_get("now")?))
}

pub(super) async fn log(
    session: &Session,
    after: Seq,
    limit: usize,
) -> Result<Vec<Logged>, Failure> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = session.query(LOG, &[&after.0, &limit]).await?;
    rows.iter().map(logged).collect()
}

/// Of a row of [`LOG`].
pub(crate) fn logged(row: &Row) -> Decoded<Logged> {
    Ok(Logged {
        seq: Seq(row.try_get("seq")?),
        epoch: row.try_get("epoch")?,
        at: row.try_get("at")?,
        body: row.try_get("body")?,
    })
}

pub(super) async fn facts(session: &Session, after_version: i64) -> Result<Facts, Failure> {
    let rows = session.query(FACTS, &[&after_version]).await?;
    let mut facts = Facts {
        version: rows[0].try_get("version")?,
        routes: Vec::with_capacity(rows.len()),
    };
    for row in &rows {
        // one row without a route where none has changed
        let Some(id) = row.try_get("id")? else {
            continue;
        };
        let fact = Fact {
            seats: decode::seat_number(row.try_get("seats")?)?.0,
            on_sale: row.try_get("on_sale")?,
            departs: row.try_get("departs")?,
            arrives: row.try_get("arrives")?,
        };
        facts.routes.push((decode::route_id(id), fact));
    }
    Ok(facts)
}

/// What the tables have of what the footprint names.
pub(super) async fn load(session: &Session, footprint: &Footprint) -> Result<Loaded, Failure> {
    let ids: Vec<Uuid> = footprint.sagas.iter().map(|saga| saga.0).collect();
    let seats = footprint.seats.iter();
    let (routes, numbers): (Vec<i64>, Vec<i32>) = seats
        .map(|(route, number)| (decode::route_number(*route), i32::from(number.0)))
        .unzip();
    let maps = footprint.seat_maps.iter().copied();
    let maps: Vec<i64> = maps.map(decode::route_number).collect();
    let logins: Vec<&str> = footprint.users.iter().map(String::as_str).collect();
    let keys = footprint.keys.iter();
    let (users, keys): (Vec<Uuid>, Vec<&str>) =
        keys.map(|(user, key)| (user.0, key.as_str())).unzip();
    type One<'p> = [&'p (dyn ToSql + Sync); 1];
    type Two<'p> = [&'p (dyn ToSql + Sync); 2];
    let (by_id, by_route, by_login): (One<'_>, One<'_>, One<'_>) = ([&ids], [&maps], [&logins]);
    let (by_seat, by_key): (Two<'_>, Two<'_>) = ([&routes, &numbers], [&users, &keys]);
    let (saga_rows, leg_rows, seat_rows, map_rows, login_rows, key_rows) = tokio::try_join!(
        biased;
        session.query_if(!ids.is_empty(), cells::SAGAS, &by_id),
        session.query_if(!ids.is_empty(), cells::LEGS, &by_id),
        session.query_if(!routes.is_empty(), SEATS, &by_seat),
        session.query_if(!maps.is_empty(), SEAT_MAPS, &by_route),
        session.query_if(!logins.is_empty(), LOGINS, &by_login),
        session.query_if(!keys.is_empty(), KEYS, &by_key),
    )?;
    let mut loaded = Loaded {
        sagas: cells(&saga_rows, &leg_rows)?,
        logins: login_rows.iter().map(login).collect::<Decoded<_>>()?,
        keys: key_rows.iter().map(key).collect::<Decoded<_>>()?,
        ..Loaded::default()
    };
    for row in seat_rows.iter().chain(&map_rows) {
        owner(row, &mut loaded)?;
    }
    Ok(loaded)
}

/// Who keeps a seat, of a row of [`SEATS`].
pub(crate) fn owner(row: &Row, loaded: &mut Loaded) -> Decoded<()> {
    let (seat, owner) = (seat_key(row)?, row.try_get::<_, Uuid>("saga_id")?);
    let state: Option<&str> = row.try_get("state")?;
    if owner.is_nil() {
        loaded.blocked.insert(seat);
    } else {
        // a leg that the tables do not have yet is in memory, which knows better
        let state = state.map_or(Ok(LegState::Prepared), decode::leg_state)?;
        loaded.owners.insert(seat, (SagaId(owner), state));
    }
    Ok(())
}

/// Of a row of [`LOGINS`].
pub(crate) fn login(row: &Row) -> Decoded<(String, Login)> {
    let user: Option<Uuid> = row.try_get("user_id")?;
    let key: Option<&str> = row.try_get("key")?;
    let user = user.map(|_| decode::user(row)).transpose()?;
    let register = key.map(|_| decode::register(row)).transpose()?;
    let register = register.map(|(_, register)| register);
    Ok((row.try_get("login_norm")?, Login { user, register }))
}

/// Of a row of [`KEYS`].
pub(crate) fn key(row: &Row) -> Decoded<((UserId, String), Option<KeyRow>)> {
    let key = (UserId(row.try_get("user_id")?), row.try_get("key")?);
    let Some(fingerprint) = row.try_get::<_, Option<&[u8]>>("fingerprint")? else {
        return Ok((key, None));
    };
    let answer: Option<Json<Outcome>> = row.try_get("answer")?;
    let used = KeyRow {
        fingerprint: decode::hash("idem", fingerprint)?,
        saga: SagaId(row.try_get("saga_id")?),
        answer: answer.map(|Json(answer)| answer),
    };
    Ok((key, Some(used)))
}

fn cursor(row: &Row) -> Decoded<(passcom_actors::domain::ids::CompanyId, OutboxCursor)> {
    let cursor = OutboxCursor {
        incarnation: Incarnation(row.try_get("incarnation")?),
        seq: row.try_get("seq")?,
    };
    Ok((
        decode::company("repl_cursor", row.try_get("peer")?)?,
        cursor,
    ))
}
