//! All that the tables have of a saga: its row with the decision, its legs, its ticket, with the times.

use std::collections::BTreeMap;
use std::sync::Arc;

use passcom_actors::company::log::cell::{Cell, Leg, Parts, RegisterTimes};
use passcom_actors::domain::ballot::{Ballot, Register, Value};
use passcom_actors::domain::ids::{RouteId, SagaId};
use passcom_actors::domain::order::{Order, OrderHash};
use passcom_actors::domain::papers::Papers;
use passcom_actors::domain::rows::{LegRow, SagaRow, SeatKey};
use passcom_actors::domain::ticket::Ticket;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use crate::decode::{self, Decoded, gone, gone_columns};

/// The columns of a saga with its decision, and its ticket.
macro_rules! sagas {
    ($which:literal) => {
        concat!(
            r#"
select asked.id, saga.order_hash, saga."order", saga.acceptors, saga.driver, saga.state, saga.finished, saga.hold_seconds, saga.voted, saga.papers,
       (extract(epoch from saga.created_at) * 1000)::bigint as begun_at,
       saga.promised, saga.accepted, saga.decision, saga.other_value, saga.other_acceptors, saga.chosen,
       (extract(epoch from saga.promised_at) * 1000)::bigint as promised_at,
       (extract(epoch from saga.accepted_at) * 1000)::bigint as accepted_at,
       (extract(epoch from saga.chosen_at) * 1000)::bigint as chosen_at,
       ticket."order" as ticket_order, (extract(epoch from ticket.recorded_at) * 1000)::bigint as recorded_at,
       "#,
            gone_columns!(),
            "
from ",
            $which,
            r#" as asked (id)
left join saga on saga.id = asked.id
left join ticket on ticket.id = asked.id
"#,
            gone!()
        )
    };
}

/// Each saga that is asked for, by id; nothing but its id where nothing is recorded.
pub(crate) const SAGAS: &str = sagas!("unnest($1::uuid[])");
/// The sagas that this node must bring to their end. What was not finished elsewhere is of no concern here, and there may be
/// much of it from before there was a log.
pub(crate) const OPEN: &str = sagas!(
    "(
    select id from saga where open and state = 'begun'
    union all
    select id from saga where open and state in ('committed', 'aborted') and driver = $1::text
)"
);

/// The legs of sagas, by id.
pub(crate) const LEGS: &str = "
select leg.saga_id, leg.route_id, leg.number, leg.order_hash, leg.fence, leg.state, leg.reason,
       (extract(epoch from leg.prepared_at) * 1000)::bigint as prepared_at,
       (extract(epoch from leg.committed_at) * 1000)::bigint as committed_at,
       (extract(epoch from leg.ended_at) * 1000)::bigint as ended_at
from unnest($1::uuid[]) as asked (id)
join leg on leg.saga_id = asked.id
";

/// Of rows of [`SAGAS`] or [`OPEN`], and of [`LEGS`].
pub(crate) fn cells(sagas: &[Row], legs: &[Row]) -> Decoded<Vec<(SagaId, Cell)>> {
    let mut by_saga: BTreeMap<SagaId, Vec<(Leg, bool)>> = BTreeMap::new();
    for row in legs {
        let saga = SagaId(row.try_get("saga_id")?);
        by_saga.entry(saga).or_default().push(leg(row)?);
    }
    let mut cells = Vec::with_capacity(sagas.len());
    for row in sagas {
        let id = SagaId(row.try_get("id")?);
        let legs = by_saga.remove(&id).unwrap_or_default();
        cells.push((id, cell(id, row, legs)?));
    }
    Ok(cells)
}

fn cell(id: SagaId, row: &Row, legs: Vec<(Leg, bool)>) -> Decoded<Cell> {
    let ticket_order: Option<Json<Order>> = row.try_get("ticket_order")?;
    let ticket_order = ticket_order.map(|Json(order)| Arc::new(order));
    let saga = saga(row, ticket_order.as_ref())?;
    let register = register(row, saga.as_ref())?;
    let ticket = match ticket_order {
        None => None,
        Some(order) => {
            // one order in memory, where both say the same
            let known = saga.as_ref().and_then(|saga| saga.order.clone());
            let order = known.filter(|known| *known == order).unwrap_or(order);
            let (cancelled, refunds) = decode::cancelled(row)?;
            let changes = decode::changes(row)?;
            let ticket = Ticket {
                id,
                order,
                cancelled,
                changes,
                refunds,
                corrections: decode::corrections(row)?,
            };
            Some((ticket, row.try_get("recorded_at")?))
        }
    };
    let own = saga.as_ref().map(|saga| saga.hash);
    let mut legs: Vec<Leg> = legs
        .into_iter()
        .map(|(mut leg, of_saga)| {
            if of_saga && let Some(own) = own {
                leg.row.hash = own;
            }
            leg
        })
        .collect();
    legs.sort_unstable_by_key(|leg| leg.seat);
    // the row of a saga that was only decided here has a time as well
    let begun_at = saga.as_ref().map(|_| row.try_get("begun_at")).transpose()?;
    Ok(Cell {
        saga,
        begun_at: begun_at.unwrap_or_default(),
        legs,
        register,
        booked: ticket.as_ref().map(|(ticket, _)| Ticket::clone(ticket)),
        ticket,
        unprojected: Parts::default(),
    })
}

/// An order stands in the ticket alone, where it is the same.
fn saga(row: &Row, ticket_order: Option<&Arc<Order>>) -> Decoded<Option<SagaRow>> {
    let Some(state) = row.try_get::<_, Option<&str>>("state")? else {
        return Ok(None);
    };
    let order: Option<Json<Order>> = row.try_get("order")?;
    let papers: Option<Json<Papers>> = row.try_get("papers")?;
    let acceptors: Vec<&str> = row.try_get("acceptors")?;
    Ok(Some(SagaRow {
        order: match order {
            Some(Json(order)) => Some(Arc::new(order)),
            None => ticket_order.cloned(),
        },
        hash: decode::order_hash("saga", row)?,
        acceptors: decode::acceptors("saga", &acceptors)?,
        driver: row.try_get("driver")?,
        state: decode::saga_state(state)?,
        finished: row.try_get("finished")?,
        hold_seconds: decode::hold_seconds(row)?,
        voted: row.try_get("voted")?,
        papers: papers.map(|Json(papers)| Arc::new(papers)),
    }))
}

fn register(row: &Row, saga: Option<&SagaRow>) -> Decoded<Option<(Register, RegisterTimes)>> {
    let Some(promised) = row.try_get("promised")? else {
        return Ok(None);
    };
    let other: Option<Json<Value>> = row.try_get("other_value")?;
    let decision: Option<&str> = row.try_get("decision")?;
    let value = match (decision, other) {
        (None, _) => None,
        (Some("abort"), _) => Some(Value::Abort),
        (Some(_), Some(Json(value))) => Some(value),
        (Some(_), None) => saga.and_then(|saga| {
            let order = saga.order.clone()?;
            let hash = saga.hash;
            Some(Value::Commit { hash, order })
        }),
    };
    let accepted: Option<i64> = row.try_get("accepted")?;
    let others: Option<Vec<&str>> = row.try_get("other_acceptors")?;
    let acceptors = match others {
        Some(others) => others,
        None => row.try_get("acceptors")?,
    };
    let register = Register {
        acceptors: decode::acceptors("saga", &acceptors)?,
        promised: Ballot(promised),
        accepted: accepted.map(Ballot).zip(value),
        chosen: row.try_get("chosen")?,
    };
    let times = RegisterTimes {
        promised: row.try_get("promised_at")?,
        accepted: row.try_get("accepted_at")?,
        chosen: row.try_get("chosen_at")?,
    };
    Ok(Some((register, times)))
}

/// A leg, and whether it is of its saga's order.
fn leg(row: &Row) -> Decoded<(Leg, bool)> {
    let hash: Option<&[u8]> = row.try_get("order_hash")?;
    let of_saga = hash.is_none();
    let hash = hash.map_or(Ok([0; 32]), |bytes| decode::hash("leg", bytes))?;
    let reason: Option<&str> = row.try_get("reason")?;
    let leg = Leg {
        seat: seat_key(row)?,
        row: LegRow {
            state: decode::leg_state(row.try_get("state")?)?,
            hash: OrderHash(hash),
            fence: decode::fence(row)?,
            reason: reason.map(decode::reason).transpose()?,
        },
        recorded: row.try_get("prepared_at")?,
        committed: row.try_get("committed_at")?,
        ended: row.try_get("ended_at")?,
    };
    Ok((leg, of_saga))
}

pub(crate) fn seat_key(row: &Row) -> Decoded<SeatKey> {
    let number = decode::seat_number(row.try_get("number")?)?;
    let route: RouteId = decode::route_id(row.try_get("route_id")?);
    Ok((route, number))
}
