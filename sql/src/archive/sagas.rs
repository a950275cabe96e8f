//! Reads of what is recorded of bookings here.

use std::sync::Arc;
use std::time::Duration;

use passcom_actors::company::store::{
    Held, KnownKey, SagaRecord, SagaStatus, SagaView, Unfinished,
};
use passcom_actors::domain::ballot::Key;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::{Order, SeatRef};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::SagaState;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use super::PgArchive;
use super::reader::limit as row_limit;
use crate::decode::{self, Decoded};
use crate::error::Failure;

const REGISTER: &str = "
select key, acceptors, promised, accepted, value, chosen from register where key = $1
";

const ORDER: &str = r#"
select "order", order_hash, acceptors, case when state = 'begun' then hold_seconds end as hold_seconds, voted,
       (extract(epoch from now() - created_at) * 1000)::bigint as passed_ms
from saga where id = $1 and "order" is not null
"#;

const LEGS: &str = "
select route_id, number, state, reason from leg where saga_id = $1 order by route_id, number
";

const KEY: &str = "
select fingerprint, saga_id, answer from idem where user_id = $1 and key = $2
";

// each of the two has an index that holds little else than its answer
const UNDECIDED: &str = r#"
select id, "order", order_hash, acceptors, driver from saga
where state = 'begun' and hold_seconds is null and "order" is not null
order by created_at limit $1
"#;

const UNFINISHED: &str = r#"
select id, "order", order_hash, acceptors, driver from saga
where driver = $1 and not finished and not (state = 'begun' and hold_seconds is not null) and "order" is not null
order by created_at limit $2
"#;

const HELD: &str = "
select id, hold_seconds from saga where state = 'begun' and hold_seconds is not null order by created_at limit $1
";

// whoever only drove the hold hears late of its end: the companies that keep its seats tell
const HELD_FOR: &str = "
select id from saga where holder = $1 and state = 'begun' and hold_seconds is not null
    and exists (select from leg where leg.saga_id = saga.id and leg.state = 'prepared')
order by created_at, id limit $2
";

/// What [`SAGA`] and [`SAGAS`] call one that waits for its customer.
const HELD_STATE: &str = "held";

const SAGA: &str = r#"
select id, case when state = 'begun' and hold_seconds is not null then 'held' else state end as state,
       driver, finished, "order", extract(epoch from now() - created_at)::bigint as age
from saga
where id = $1 and ($2::text is null or $2 = case when state = 'begun' and hold_seconds is not null then 'held' else state end)
    and created_at <= now() - $3 * interval '1 millisecond'
limit $4
"#;

const SAGAS: &str = r#"
select id, case when state = 'begun' and hold_seconds is not null then 'held' else state end as state,
       driver, finished, "order", extract(epoch from now() - created_at)::bigint as age
from saga
where ($1::text is null or $1 = case when state = 'begun' and hold_seconds is not null then 'held' else state end)
    and created_at <= now() - $2 * interval '1 millisecond'
order by created_at desc, id limit $3
"#;

impl PgArchive {
    pub(super) async fn read_recorded(&self, saga: SagaId) -> Result<SagaRecord, Failure> {
        let reader = self.reader().await?;
        let key = decode::key_text(&Key::Saga(saga));
        let (by_key, by_saga): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) =
            ([&key], [&saga.0]);
        let (register, order, legs) = tokio::try_join!(
            reader.row(REGISTER, &by_key),
            reader.row(ORDER, &by_saga),
            reader.rows(LEGS, &by_saga),
        )?;
        let register = register.as_ref().map(decode::register).transpose()?;
        let reasons = legs
            .iter()
            .filter_map(|row| row.try_get("reason").ok().flatten());
        let reason = reasons.map(decode::reason).next().transpose()?;
        let voted = order.as_ref().map(|row| row.try_get("voted"));
        let voted: Option<bool> = voted.transpose()?;
        let held = order.as_ref().map(held).transpose()?;
        Ok(SagaRecord {
            register: register.map(|(_, register)| register),
            held: held.flatten(),
            voted: voted.unwrap_or_default(),
            reason,
            order: order.as_ref().map(order_of).transpose()?,
            legs: legs
                .iter()
                .map(|row| self.leg(row))
                .collect::<Decoded<_>>()?,
            running: false,
        })
    }

    fn leg(&self, row: &Row) -> Decoded<(SeatRef, passcom_actors::domain::vote::LegState)> {
        let seat = SeatRef {
            company: self.company,
            route: decode::route_id(row.try_get("route_id")?),
            number: decode::seat_number(row.try_get("number")?)?,
        };
        Ok((seat, decode::leg_state(row.try_get("state")?)?))
    }

    pub(super) async fn read_key(
        &self,
        user: UserId,
        key: &str,
    ) -> Result<Option<KnownKey>, Failure> {
        let row = self.reader().await?.row(KEY, &[&user.0, &key]).await?;
        row.as_ref().map(known_key).transpose()
    }

    pub(super) async fn read_undecided(&self, limit: usize) -> Result<Vec<Unfinished>, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(UNDECIDED, &[&row_limit(limit)]).await?;
        rows.iter().map(unfinished).collect()
    }

    pub(super) async fn read_unfinished(
        &self,
        node: &str,
        limit: usize,
    ) -> Result<Vec<Unfinished>, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(UNFINISHED, &[&node, &row_limit(limit)]).await?;
        rows.iter().map(unfinished).collect()
    }

    pub(super) async fn read_held(&self, limit: usize) -> Result<Vec<(SagaId, u32)>, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(HELD, &[&row_limit(limit)]).await?;
        let held = |row: &Row| -> Decoded<(SagaId, u32)> {
            let seconds = decode::hold_seconds(row)?.unwrap_or_default();
            Ok((SagaId(row.try_get("id")?), seconds))
        };
        rows.iter().map(held).collect()
    }

    pub(super) async fn read_held_for(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<Vec<SagaId>, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(HELD_FOR, &[&user.0, &row_limit(limit)]).await?;
        let id = |row: &Row| Ok(SagaId(row.try_get("id")?));
        rows.iter().map(id).collect()
    }

    pub(super) async fn read_sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Result<Vec<SagaView>, Failure> {
        let reader = self.reader().await?;
        let state = state.map(saga_status_text);
        let age = millis(older_than.unwrap_or_default());
        let limit = row_limit(limit);
        let rows = match id {
            Some(id) => reader.rows(SAGA, &[&id.0, &state, &age, &limit]).await?,
            None => reader.rows(SAGAS, &[&state, &age, &limit]).await?,
        };
        rows.iter().map(saga_view).collect()
    }
}

fn held(row: &Row) -> Decoded<Option<Held>> {
    let passed_ms = row.try_get("passed_ms")?;
    let seconds = decode::hold_seconds(row)?;
    Ok(seconds.map(|seconds| Held { seconds, passed_ms }))
}

type OrderOf = (
    Arc<Order>,
    passcom_actors::domain::order::OrderHash,
    passcom_actors::domain::ballot::Acceptors,
);

fn order_of(row: &Row) -> Decoded<OrderOf> {
    let Json(order): Json<Order> = row.try_get("order")?;
    let acceptors: Vec<&str> = row.try_get("acceptors")?;
    Ok((
        Arc::new(order),
        decode::order_hash("saga", row)?,
        decode::acceptors("saga", &acceptors)?,
    ))
}

fn known_key(row: &Row) -> Decoded<KnownKey> {
    let answer: Option<Json<Outcome>> = row.try_get("answer")?;
    Ok(KnownKey {
        fingerprint: decode::hash("idem", row.try_get("fingerprint")?)?,
        saga: SagaId(row.try_get("saga_id")?),
        answer: answer.map(|Json(answer)| answer),
        running: false,
    })
}

fn unfinished(row: &Row) -> Decoded<Unfinished> {
    let (order, hash, acceptors) = order_of(row)?;
    Ok(Unfinished {
        saga: SagaId(row.try_get("id")?),
        order,
        hash,
        acceptors,
        driver: row.try_get("driver")?,
    })
}

fn saga_view(row: &Row) -> Decoded<SagaView> {
    let id: Uuid = row.try_get("id")?;
    let order: Option<Json<Order>> = row.try_get("order")?;
    let order = order.as_ref().map(|Json(order)| order);
    Ok(SagaView {
        id: SagaId(id),
        state: saga_status(row.try_get("state")?)?,
        driver: row.try_get("driver")?,
        age_seconds: row.try_get("age")?,
        finished: row.try_get("finished")?,
        companies: order.map(Order::companies).unwrap_or_default(),
        seats: order.map(Order::seats).unwrap_or_default(),
    })
}

fn saga_status(text: &str) -> Decoded<SagaStatus> {
    match text {
        HELD_STATE => Ok(SagaStatus::Held),
        text => decode::saga_state(text).map(|state| match state {
            SagaState::Begun => SagaStatus::Begun,
            SagaState::Committed => SagaStatus::Committed,
            SagaState::Aborted => SagaStatus::Aborted,
        }),
    }
}

fn saga_status_text(state: SagaStatus) -> &'static str {
    match state {
        SagaStatus::Begun => decode::saga_state_text(SagaState::Begun),
        SagaStatus::Held => HELD_STATE,
        SagaStatus::Committed => decode::saga_state_text(SagaState::Committed),
        SagaStatus::Aborted => decode::saga_state_text(SagaState::Aborted),
    }
}

/// As a factor of `interval '1 millisecond'`.
fn millis(age: Duration) -> f64 {
    age.as_secs_f64() * 1000.0
}
