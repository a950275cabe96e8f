//! Reads of when what was recorded: of one booking, and of what operators did.

use jiff::Timestamp;
use passcom_actors::company::history::{Decided, Event, LegTimes, RegisterTimes, Step};
use passcom_actors::company::store::AuditView;
use passcom_actors::domain::ballot::{Key, Value};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

use super::PgArchive;
use super::reader::limit as row_limit;
use crate::decode::{self, Decoded};
use crate::error::Failure;

/// An instant in milliseconds since 1970.
macro_rules! ms {
    ($column:literal) => {
        concat!(
            "(extract(epoch from ",
            $column,
            ") * 1000)::bigint as ",
            $column
        )
    };
}

const SAGA: &str = concat!(
    "select driver, ",
    ms!("created_at"),
    " from saga where id = $1"
);

const LEGS: &str = concat!(
    "select route_id, number, fence, reason, ",
    ms!("prepared_at"),
    ", ",
    ms!("committed_at"),
    ", ",
    ms!("ended_at"),
    " from leg where saga_id = $1 order by route_id, number"
);

const REGISTER: &str = concat!(
    "select value, ",
    ms!("promised_at"),
    ", ",
    ms!("accepted_at"),
    ", ",
    ms!("chosen_at"),
    " from register where key = $1"
);

const TICKET: &str = concat!("select ", ms!("recorded_at"), " from ticket where id = $1");

const AUDIT: &str = "
select id, at, action, subject, reason from audit
where $1::bigint is null or id < $1
order by id desc limit $2
";

impl PgArchive {
    pub(super) async fn read_history(&self, saga: SagaId) -> Result<Vec<Event>, Failure> {
        let reader = self.reader().await?;
        let key = decode::key_text(&Key::Saga(saga));
        let (by_key, by_saga): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) =
            ([&key], [&saga.0]);
        let (begun, legs, register, ticket) = tokio::try_join!(
            reader.row(SAGA, &by_saga),
            reader.rows(LEGS, &by_saga),
            reader.row(REGISTER, &by_key),
            reader.row(TICKET, &by_saga),
        )?;
        let mut events = Vec::new();
        if let Some(row) = &begun {
            let driver = row.try_get("driver")?;
            let step = Step::Begun { driver };
            events.push(Event {
                at: row.try_get("created_at")?,
                step,
            });
        }
        for row in &legs {
            events.extend(self.leg_times(row)?.events());
        }
        if let Some(row) = &register {
            events.extend(register_times(row)?.events());
        }
        if let Some(row) = &ticket {
            let at: Option<i64> = row.try_get("recorded_at")?;
            let step = Step::Ticket;
            events.extend(at.map(|at| Event { at, step }));
        }
        Ok(events)
    }

    fn leg_times(&self, row: &Row) -> Decoded<LegTimes> {
        let reason: Option<&str> = row.try_get("reason")?;
        Ok(LegTimes {
            seat: SeatRef {
                company: self.company,
                route: decode::route_id(row.try_get("route_id")?),
                number: decode::seat_number(row.try_get("number")?)?,
            },
            fence: decode::fence(row)?,
            reason: reason.map(decode::reason).transpose()?,
            recorded: row.try_get("prepared_at")?,
            committed: row.try_get("committed_at")?,
            ended: row.try_get("ended_at")?,
        })
    }

    pub(super) async fn read_audit(
        &self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditView>, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(AUDIT, &[&before, &row_limit(limit)]).await?;
        rows.iter().map(audit_view).collect()
    }
}

fn register_times(row: &Row) -> Decoded<RegisterTimes> {
    let value: Option<Json<Value>> = row.try_get("value")?;
    let accepted: Option<i64> = row.try_get("accepted_at")?;
    let decided = value.map(|Json(value)| Decided::from(&value));
    Ok(RegisterTimes {
        promised: row.try_get("promised_at")?,
        accepted: accepted.zip(decided),
        chosen: row.try_get("chosen_at")?,
    })
}

fn audit_view(row: &Row) -> Decoded<AuditView> {
    let at: Timestamp = row.try_get("at")?;
    Ok(AuditView {
        id: row.try_get("id")?,
        at,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        reason: row.try_get("reason")?,
    })
}
