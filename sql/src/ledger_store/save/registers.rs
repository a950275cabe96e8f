//! Writes of registers: this company's part in every decision.

use passcom_actors::domain::ballot::Value;
use passcom_actors::domain::rows::Rows;
use tokio_postgres::types::Json;

use super::{Done, column, inserts, updates};
use crate::decode;
use crate::ledger_store::session::Session;

pub(super) const UPDATE_REGISTERS: &str = "
with done as (
    update register set promised = new.promised, accepted = new.accepted, chosen = new.chosen,
                        value = coalesce(new.value, register.value),
        promised_at = case when new.promised <> new.was_promised and new.accepted is not distinct from new.was_accepted
                           then now() else promised_at end,
        accepted_at = case when new.accepted is distinct from new.was_accepted then now() else accepted_at end,
        chosen_at = case when new.chosen and not new.was_chosen then now() else chosen_at end
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::json[], $5::boolean[], $6::bigint[], $7::bigint[], $8::boolean[])
        as new (key, promised, accepted, value, chosen, was_promised, was_accepted, was_chosen)
    where register.key = new.key and register.promised = new.was_promised
        and register.accepted is not distinct from new.was_accepted and register.chosen = new.was_chosen
    returning 1
)
select expect_rows(count(*), $9) from done
";

pub(super) const INSERT_REGISTERS: &str = "
insert into register (key, acceptors, promised, accepted, value, chosen, promised_at, accepted_at, chosen_at)
select key, string_to_array(acceptors, ','), promised, accepted, value, chosen,
       case when accepted is null then now() end, case when accepted is not null then now() end,
       case when chosen then now() end
from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::json[], $6::boolean[])
    as new (key, acceptors, promised, accepted, value, chosen)
";

pub(super) async fn update(session: &Session, rows: &Rows) -> Done {
    let rows = updates(rows.registers.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            UPDATE_REGISTERS,
            &[
                &column(&rows, |(key, ..)| decode::key_text(key)),
                &column(&rows, |(.., new)| new.promised.0),
                &column(&rows, |(.., new)| {
                    new.accepted.as_ref().map(|(ballot, _)| ballot.0)
                }),
                // orders are long: one that is there already does not travel again
                &column(&rows, |(_, old, new)| {
                    value_of(&new.accepted)
                        .filter(|value| value_of(&old.accepted) != Some(value))
                        .map(Json)
                }),
                &column(&rows, |(.., new)| new.chosen),
                &column(&rows, |(_, old, _)| old.promised.0),
                &column(&rows, |(_, old, _)| {
                    old.accepted.as_ref().map(|(ballot, _)| ballot.0)
                }),
                &column(&rows, |(_, old, _)| old.chosen),
                &(rows.len() as i64),
            ],
        )
        .await
}

fn value_of<B>(accepted: &Option<(B, Value)>) -> Option<&Value> {
    accepted.as_ref().map(|(_, value)| value)
}

pub(super) async fn insert(session: &Session, rows: &Rows) -> Done {
    let rows = inserts(rows.registers.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_REGISTERS,
            &[
                &column(&rows, |(key, _)| decode::key_text(key)),
                &column(&rows, |(_, new)| decode::acceptors_text(&new.acceptors)),
                &column(&rows, |(_, new)| new.promised.0),
                &column(&rows, |(_, new)| {
                    new.accepted.as_ref().map(|(ballot, _)| ballot.0)
                }),
                &column(&rows, |(_, new)| value_of(&new.accepted).map(Json)),
                &column(&rows, |(_, new)| new.chosen),
            ],
        )
        .await
}
