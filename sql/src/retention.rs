//! What is left of bookings that came to nothing, a bounded number of them at a time.
//!
//! 1. After some days, more than clients' keys are kept: the order goes, with its names and documents, and the refused legs but
//!    the one that a company answers with. Whatever comes late, a request sent again or a message of a driver that stood still,
//!    is told the same refusal by what stays.
//! 2. After years: what stays, too, and the audit trail of then.
//!
//! What the log that is kept still tells of stays: `passcom admin verify` finds it. So does whatever somebody has yet to bring
//! to its end, and every ticket with all that belongs to it.

use passcom_actors::fail_point::{self, Write};

use crate::Database;

/// Bookings at a time, and lines of the audit trail: a step is over in a moment.
pub const STEP_MAX: i64 = 500;

/// From when on everything is still told by the log, or is younger than so many days.
macro_rules! oldest {
    () => {
        "oldest as (
    select least(now() - $1 * interval '1 day', (select at from log order by seq limit 1)) as at
)"
    };
}

/// The leg that stays is the one that [`participant`](passcom_actors::domain::participant) answers with: the first that names a
/// reason. Ids of routes are without a sign there.
const THIN: &str = concat!(
    "with ",
    oldest!(),
    r#", due as materialized (
    select id from saga cross join oldest
    where state = 'aborted' and "order" is not null and not open and created_at < oldest.at
        and not exists (
            select from leg
            where saga_id = saga.id
                and (state <> 'refused' or greatest(prepared_at, committed_at, ended_at) >= oldest.at)
        )
        and not exists (select from ticket where ticket.id = saga.id)
    order by created_at limit $2
), answers as materialized (
    select distinct on (saga_id) saga_id, route_id, number from leg join due on due.id = saga_id
    order by saga_id, reason = 'released', route_id < 0, route_id, number
), legs as (
    delete from leg using answers
    where leg.saga_id = answers.saga_id and (leg.route_id, leg.number) <> (answers.route_id, answers.number)
)
update saga set "order" = null from due where saga.id = due.id"#
);

/// Nobody drives a booking for a month: what is as old was ended before the log that is kept begins.
const FORGET: &str = concat!(
    "with ",
    oldest!(),
    r#", due as materialized (
    select id from saga cross join oldest
    where "order" is null and not open and coalesce(state, 'aborted') = 'aborted' and coalesce(decision, 'abort') = 'abort'
        and (state is not null or chosen)
        and created_at < oldest.at - interval '35 days'
        and not exists (select from leg where saga_id = saga.id and state <> 'refused')
        and not exists (select from ticket where ticket.id = saga.id)
    order by created_at limit $2
), legs as (
    delete from leg using due where saga_id = due.id
)
delete from saga using due where saga.id = due.id"#
);

const AUDIT: &str = "
delete from audit where id in (
    select id from audit where at < now() - $1 * interval '1 day' order by id limit $2
)";

/// Bookings that were refused, released or ran out before so many days, and were not thinned yet; how many were now.
pub async fn thin_refused(database: &Database, days: u16) -> anyhow::Result<u64> {
    step(database, THIN, days).await
}

/// What is left of them after so many days; how many went.
pub async fn forget_refused(database: &Database, days: u16) -> anyhow::Result<u64> {
    step(database, FORGET, days).await
}

/// What operators did so many days ago; how many lines went.
pub async fn forget_audit(database: &Database, days: u16) -> anyhow::Result<u64> {
    step(database, AUDIT, days).await
}

async fn step(database: &Database, statement: &str, days: u16) -> anyhow::Result<u64> {
    let client = database.client().await?;
    fail_point::before(&Write::Pruning);
    let gone = client
        .execute(statement, &[&f64::from(days), &STEP_MAX])
        .await?;
    fail_point::after(&Write::Pruning);
    Ok(gone)
}
