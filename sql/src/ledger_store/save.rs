//! The second round trip: every write, then COMMIT, without waiting in between. This file has the rows of bookings,
//! [`registers`] their decisions, [`copies`] what other companies have a copy of.
//!
//! An insert must find nothing: the primary keys and the index on seat owners see to that. An update compares with what
//! was read, and the function `expect_rows` aborts the transaction where a row was missed, so that the COMMIT that is
//! already on its way becomes a ROLLBACK.
//!
//! Locks are taken table by table in one order, the outbox's last, so that two writers (a node and one that was believed
//! dead) seldom wait for each other in a circle. No statement says in which order it locks its rows: where there is a
//! circle, PostgreSQL ends one of the two, and its batch runs again as after any other conflict.

mod copies;
mod registers;

use passcom_actors::domain::rows::{Change, LegKey, LegRow, Rows, SagaRow, SeatKey, SeatRow};
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::session::Session;
use crate::decode;
use crate::error::{Failure, Stage};

const UPDATE_SAGAS: &str = "
with done as (
    update saga set state = new.state, finished = new.finished, hold_seconds = new.hold_seconds, voted = new.voted
    from unnest($1::uuid[], $2::text[], $3::boolean[], $4::int[], $5::boolean[], $6::text[], $7::boolean[], $8::int[])
        as new (id, state, finished, hold_seconds, voted, was_state, was_finished, was_hold_seconds)
    where saga.id = new.id and saga.state = new.was_state and saga.finished = new.was_finished
        and saga.hold_seconds is not distinct from new.was_hold_seconds
    returning 1
)
select expect_rows(count(*), $9) from done
";

const INSERT_SAGAS: &str = r#"
insert into saga (id, order_hash, "order", acceptors, driver, state, finished, hold_seconds, holder)
select id, order_hash, "order", string_to_array(acceptors, ','), driver, state, finished, hold_seconds, holder
from unnest($1::uuid[], $2::bytea[], $3::json[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::int[], $9::uuid[])
    as new (id, order_hash, "order", acceptors, driver, state, finished, hold_seconds, holder)
"#;

const UPDATE_LEGS: &str = "
with done as (
    update leg set state = new.state, reason = new.reason,
        committed_at = case when new.state = 'committed' then now() else committed_at end,
        ended_at = case when new.state in ('refused', 'cancelled') then now() else ended_at end
    from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[])
        as new (saga_id, route_id, number, state, reason, was_state)
    where leg.saga_id = new.saga_id and leg.route_id = new.route_id and leg.number = new.number
        and leg.state = new.was_state
    returning 1
)
select expect_rows(count(*), $7) from done
";

const INSERT_LEGS: &str = "
insert into leg (saga_id, route_id, number, order_hash, fence, state, reason, committed_at)
select new.*, case when new.state = 'committed' then now() end
from unnest($1::uuid[], $2::bigint[], $3::int[], $4::bytea[], $5::bigint[], $6::text[], $7::text[])
    as new (saga_id, route_id, number, order_hash, fence, state, reason)
";

// a fence never falls; and whoever only raises it must find the block as it was read, who changes the block must not
const PUT_SEATS: &str = "
with done as (
    insert into seat (route_id, number, blocked, fence)
    select * from unnest($1::bigint[], $2::int[], $3::boolean[], $4::bigint[])
    on conflict (route_id, number) do update set blocked = excluded.blocked, fence = excluded.fence
    where seat.fence <= excluded.fence and (seat.blocked <> excluded.blocked) = $5
    returning 1
)
select expect_rows(count(*), $6) from done
";

const UPDATE_KEYS: &str = "
with done as (
    update idem set answer = new.answer
    from unnest($1::uuid[], $2::text[], $3::json[]) as new (user_id, key, answer)
    where idem.user_id = new.user_id and idem.key = new.key and idem.answer is null
    returning 1
)
select expect_rows(count(*), $4) from done
";

const INSERT_KEYS: &str = "
insert into idem (user_id, key, fingerprint, saga_id, answer)
select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::json[])
";

pub(super) const STATEMENTS: [&str; 19] = [
    registers::UPDATE_REGISTERS,
    registers::INSERT_REGISTERS,
    UPDATE_SAGAS,
    INSERT_SAGAS,
    UPDATE_LEGS,
    INSERT_LEGS,
    PUT_SEATS,
    UPDATE_KEYS,
    INSERT_KEYS,
    copies::UPDATE_TICKETS,
    copies::INSERT_TICKETS,
    copies::INSERT_TICKET_LEGS,
    copies::UPDATE_USERS,
    copies::INSERT_USERS,
    copies::RAISE_ROUND,
    copies::PUT_CURSORS,
    copies::INSERT_AUDIT,
    copies::LOCK_OUTBOX,
    copies::INSERT_OUTBOX,
];

/// What came of the writes.
pub(super) enum Saved {
    Committed,
    /// A statement failed, and the transaction was rolled back for certain.
    RolledBack(Failure),
    /// The session cannot be used again.
    Broken(Failure, Stage),
}

type Done = Result<(), Failure>;

pub(super) async fn save(session: &Session, rows: &Rows) -> Saved {
    // polled, hence sent, in this order. Legs that free a seat come before legs that take it
    let written = tokio::join!(
        biased;
        registers::update(session, rows),
        registers::insert(session, rows),
        update_sagas(session, rows),
        insert_sagas(session, rows),
        update_legs(session, rows),
        insert_legs(session, rows),
        put_seats(session, rows, false),
        put_seats(session, rows, true),
        update_keys(session, rows),
        insert_keys(session, rows),
        copies::save(session, rows),
        session.end(),
    );
    let (a, b, c, d, e, f, g, h, i, j, copies, committed) = written;
    let first_error = [a, b, c, d, e, f, g, h, i, j, copies]
        .into_iter()
        .find_map(Result::err);
    match (first_error, committed) {
        (None, Ok(())) => Saved::Committed,
        (None, Err(failure)) => Saved::Broken(failure, Stage::Commit),
        // the end of a failed transaction succeeds, as a ROLLBACK
        (Some(failure), Ok(())) => Saved::RolledBack(failure),
        (Some(failure), Err(_)) => Saved::Broken(failure, Stage::AheadOfCommit),
    }
}

/// The rows that were there, and those that were not.
fn updates<'a, K, V>(
    changes: impl Iterator<Item = Change<'a, K, V>>,
) -> Vec<(&'a K, &'a V, &'a V)> {
    changes
        .filter_map(|change| Some((change.key, change.before?, change.after)))
        .collect()
}

fn inserts<'a, K, V>(changes: impl Iterator<Item = Change<'a, K, V>>) -> Vec<(&'a K, &'a V)> {
    changes
        .filter(|change| change.before.is_none())
        .map(|change| (change.key, change.after))
        .collect()
}

fn column<'r, R, T>(rows: &'r [R], value: impl FnMut(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

async fn update_sagas(session: &Session, rows: &Rows) -> Done {
    let rows = updates(rows.sagas.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            UPDATE_SAGAS,
            &[
                &column(&rows, |(saga, ..)| saga.0),
                &column(&rows, |(.., new)| decode::saga_state_text(new.state)),
                &column(&rows, |(.., new)| new.finished),
                &column(&rows, |(.., new)| seconds(new)),
                &column(&rows, |(.., new)| new.voted),
                &column(&rows, |(_, old, _)| decode::saga_state_text(old.state)),
                &column(&rows, |(_, old, _)| old.finished),
                &column(&rows, |(_, old, _)| seconds(old)),
                &(rows.len() as i64),
            ],
        )
        .await
}

async fn insert_sagas(session: &Session, rows: &Rows) -> Done {
    let rows = inserts(rows.sagas.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_SAGAS,
            &[
                &column(&rows, |(saga, _)| saga.0),
                &column(&rows, |(_, new)| new.hash.0.as_slice()),
                &column(&rows, |(_, new)| new.order.as_deref().map(Json)),
                &column(&rows, |(_, new)| decode::acceptors_text(&new.acceptors)),
                &column(&rows, |(_, new)| new.driver.as_str()),
                &column(&rows, |(_, new)| decode::saga_state_text(new.state)),
                &column(&rows, |(_, new)| new.finished),
                &column(&rows, |(_, new)| seconds(new)),
                &column(&rows, |(_, new)| holder(new)),
            ],
        )
        .await
}

fn seconds(saga: &SagaRow) -> Option<i32> {
    // at most two hours
    saga.hold_seconds
        .map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX))
}

/// Whose hold it is.
fn holder(saga: &SagaRow) -> Option<Uuid> {
    let order = saga
        .order
        .as_ref()
        .filter(|_| saga.hold_seconds.is_some())?;
    Some(order.user.0)
}

async fn update_legs(session: &Session, rows: &Rows) -> Done {
    let rows = updates(rows.legs.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            UPDATE_LEGS,
            &[
                &column(&rows, |(leg, ..)| leg.saga.0),
                &column(&rows, |(leg, ..)| decode::route_number(leg.route)),
                &column(&rows, |(leg, ..)| i32::from(leg.number.0)),
                &column(&rows, |(.., new)| decode::leg_state_text(new.state)),
                &column(&rows, |(.., new)| new.reason.map(decode::reason_text)),
                &column(&rows, |(_, old, _)| decode::leg_state_text(old.state)),
                &(rows.len() as i64),
            ],
        )
        .await
}

async fn insert_legs(session: &Session, rows: &Rows) -> Done {
    let rows: Vec<(&LegKey, &LegRow)> = inserts(rows.legs.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_LEGS,
            &[
                &column(&rows, |(leg, _)| leg.saga.0),
                &column(&rows, |(leg, _)| decode::route_number(leg.route)),
                &column(&rows, |(leg, _)| i32::from(leg.number.0)),
                &column(&rows, |(_, new)| new.hash.0.as_slice()),
                &column(&rows, |(_, new)| new.fence.0),
                &column(&rows, |(_, new)| decode::leg_state_text(new.state)),
                &column(&rows, |(_, new)| new.reason.map(decode::reason_text)),
            ],
        )
        .await
}

/// Seats whose block changes, or those whose fence only does.
async fn put_seats(session: &Session, rows: &Rows, block_changes: bool) -> Done {
    let was_blocked = |old: Option<&SeatRow>| old.is_some_and(|old| old.blocked);
    let rows: Vec<(&SeatKey, &SeatRow)> = rows
        .seats
        .changes()
        .filter(|seat| (was_blocked(seat.before) != seat.after.blocked) == block_changes)
        .map(|seat| (seat.key, seat.after))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            PUT_SEATS,
            &[
                &column(&rows, |(seat, _)| decode::route_number(seat.0)),
                &column(&rows, |(seat, _)| i32::from(seat.1.0)),
                &column(&rows, |(_, new)| new.blocked),
                &column(&rows, |(_, new)| new.fence.0),
                &block_changes,
                &(rows.len() as i64),
            ],
        )
        .await
}

async fn update_keys(session: &Session, rows: &Rows) -> Done {
    let rows = updates(rows.keys.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            UPDATE_KEYS,
            &[
                &column(&rows, |((user, _), ..)| user.0),
                &column(&rows, |((_, key), ..)| key.as_str()),
                &column(&rows, |(.., new)| new.answer.map(Json)),
                &(rows.len() as i64),
            ],
        )
        .await
}

async fn insert_keys(session: &Session, rows: &Rows) -> Done {
    let rows = inserts(rows.keys.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_KEYS,
            &[
                &column(&rows, |((user, _), _)| user.0),
                &column(&rows, |((_, key), _)| key.as_str()),
                &column(&rows, |(_, new)| new.fingerprint.as_slice()),
                &column(&rows, |(_, new)| new.saga.0),
                &column(&rows, |(_, new)| new.answer.map(Json)),
            ],
        )
        .await
}
