//! Reads of what is recorded of bookings here.

use std::time::Duration;

use passcom_actors::company::log::cell::Cell;
use passcom_actors::company::log::hot::ClientKey;
use passcom_actors::company::store::{SagaStatus, SagaView};
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::Order;
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::{KeyRow, SagaState};
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use super::PgTables;
use super::reader::limit as row_limit;
use crate::cells;
use crate::decode::{self, Decoded};
use crate::error::Failure;

const KEY: &str = "
select fingerprint, saga_id, answer from idem where user_id = $1 and key = $2
";

const KEYS: &str = "
select user_id, key from idem where (user_id, key) > ($1, $2) order by user_id, key limit $3
";

/// What [`SAGA`] and [`SAGAS`] call one that waits for its customer.
const HELD_STATE: &str = "held";

const SAGA: &str = r#"
select id, case when state = 'begun' and hold_seconds is not null then 'held' else state end as state,
       driver, finished, coalesce("order", (select "order" from ticket where ticket.id = saga.id)) as "order",
       extract(epoch from now() - created_at)::bigint as age
from saga
where id = $1 and state is not null and ($2::text is null or $2 = case when state = 'begun' and hold_seconds is not null then 'held' else state end)
    and created_at <= now() - $3 * interval '1 millisecond'
limit $4
"#;

const SAGAS: &str = r#"
select id, case when state = 'begun' and hold_seconds is not null then 'held' else state end as state,
       driver, finished, coalesce("order", (select "order" from ticket where ticket.id = saga.id)) as "order",
       extract(epoch from now() - created_at)::bigint as age
from saga
where state is not null and ($1::text is null or $1 = case when state = 'begun' and hold_seconds is not null then 'held' else state end)
    and created_at <= now() - $2 * interval '1 millisecond'
order by created_at desc, id limit $3
"#;

impl PgTables {
    pub(super) async fn read_cell(&self, saga: SagaId) -> Result<Cell, Failure> {
        let reader = self.reader().await?;
        let ids = vec![saga.0];
        let by_id: [&(dyn ToSql + Sync); 1] = [&ids];
        let (sagas, legs) = tokio::try_join!(
            reader.rows(cells::SAGAS, &by_id),
            reader.rows(cells::LEGS, &by_id),
        )?;
        let found = cells::cells(&sagas, &legs)?.pop();
        Ok(found.map(|(_, cell)| cell).unwrap_or_default())
    }

    pub(super) async fn read_key(
        &self,
        user: UserId,
        key: &str,
    ) -> Result<Option<KeyRow>, Failure> {
        let row = self.reader().await?.row(KEY, &[&user.0, &key]).await?;
        row.as_ref().map(known_key).transpose()
    }

    pub(super) async fn read_keys(
        &self,
        after: Option<ClientKey>,
        limit: usize,
    ) -> Result<Vec<ClientKey>, Failure> {
        let (user, key) = after.map_or((Uuid::nil(), String::new()), |(user, key)| (user.0, key));
        let reader = self.reader().await?;
        let rows = reader.rows(KEYS, &[&user, &key, &row_limit(limit)]).await?;
        let used = |row: &Row| Ok((UserId(row.try_get("user_id")?), row.try_get("key")?));
        rows.iter().map(used).collect()
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

fn known_key(row: &Row) -> Decoded<KeyRow> {
    let answer: Option<Json<Outcome>> = row.try_get("answer")?;
    Ok(KeyRow {
        fingerprint: decode::hash("idem", row.try_get("fingerprint")?)?,
        saga: SagaId(row.try_get("saga_id")?),
        answer: answer.map(|Json(answer)| answer),
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
