//! Writes of what other companies have a copy of, of the node's own counters, and, last of all locks, of the outbox.

use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{Replicated, Rows};
use passcom_actors::domain::ticket::Ticket;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::{Done, column, inserts, updates};
use crate::decode;
use crate::ledger_store::session::Session;
use crate::locks;

// a cancellation is never undone, so the flag is the only column that an update may find changed
pub(super) const UPDATE_TICKETS: &str = "
with done as (
    update ticket_leg set cancelled = true
    from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[]) as gone (ticket_id, company, route_id, number)
    where ticket_leg.ticket_id = gone.ticket_id and ticket_leg.company = gone.company
        and ticket_leg.route_id = gone.route_id and ticket_leg.number = gone.number
        and not ticket_leg.cancelled
    returning 1
)
select expect_rows(count(*), $5) from done
";

pub(super) const INSERT_TICKETS: &str = r#"
insert into ticket (id, user_id, "order", created_at)
select id, user_id, "order", timestamptz 'epoch' + created_at * interval '1 millisecond'
from unnest($1::uuid[], $2::uuid[], $3::json[], $4::bigint[]) as new (id, user_id, "order", created_at)
"#;

pub(super) const INSERT_TICKET_LEGS: &str = "
insert into ticket_leg (ticket_id, company, route_id, number, cancelled)
select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::boolean[])
";

pub(super) const UPDATE_USERS: &str = "
with done as (
    update user_account set pw_hash = new.pw_hash, version = new.version
    from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) as new (id, pw_hash, version, was_version)
    where user_account.id = new.id and user_account.version = new.was_version
    returning 1
)
select expect_rows(count(*), $5) from done
";

pub(super) const INSERT_USERS: &str = "
insert into user_account (id, login_norm, pw_hash, version)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[])
";

// no round is used twice
pub(super) const RAISE_ROUND: &str = "
with done as (update node_state set round = $1 where round < $1 returning 1)
select expect_rows(count(*), 1) from done
";

// what was read of a peer's former incarnation is of no use: if that comes back, it is read anew
pub(super) const PUT_CURSORS: &str = "
with new as (
    select * from unnest($1::text[], $2::uuid[], $3::bigint[]) as new (peer, incarnation, seq)
), gone as (
    delete from repl_cursor using new
    where repl_cursor.peer = new.peer and repl_cursor.incarnation <> new.incarnation
)
insert into repl_cursor (peer, incarnation, seq) select * from new
on conflict (peer, incarnation) do update set seq = greatest(repl_cursor.seq, excluded.seq)
";

pub(super) const INSERT_AUDIT: &str = "
insert into audit (action, subject, reason) select * from unnest($1::text[], $2::text[], $3::text[])
";

pub(super) const LOCK_OUTBOX: &str = "select pg_advisory_xact_lock($1)";

// a statement of its own after the lock: only then does it see what the one before us committed
pub(super) const INSERT_OUTBOX: &str = "
insert into outbox (seq, kind, id)
select last.seq + new.position, new.kind, new.id
from (select coalesce(max(seq), 0) as seq from outbox) as last,
     unnest($1::text[], $2::uuid[]) with ordinality as new (kind, id, position)
";

pub(super) async fn save(session: &Session, rows: &Rows) -> Done {
    tokio::try_join!(
        biased;
        update_tickets(session, rows),
        insert_tickets(session, rows),
        insert_ticket_legs(session, rows),
        update_users(session, rows),
        insert_users(session, rows),
        raise_round(session, rows),
        put_cursors(session, rows),
        insert_audit(session, rows),
        lock_outbox(session, rows),
        insert_outbox(session, rows),
    )?;
    Ok(())
}

async fn update_tickets(session: &Session, rows: &Rows) -> Done {
    let tickets = updates(rows.tickets.changes());
    let gone: Vec<(Uuid, SeatRef)> = tickets
        .into_iter()
        .flat_map(|(id, old, new)| {
            let newly = |seat: &&SeatRef| !old.cancelled.contains(seat);
            new.cancelled.iter().filter(newly).map(|seat| (id.0, *seat))
        })
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    session
        .execute(
            UPDATE_TICKETS,
            &[
                &column(&gone, |(id, _)| *id),
                &column(&gone, |(_, seat)| seat.company.to_string()),
                &column(&gone, |(_, seat)| decode::route_number(seat.route)),
                &column(&gone, |(_, seat)| i32::from(seat.number.0)),
                &(gone.len() as i64),
            ],
        )
        .await
}

async fn insert_tickets(session: &Session, rows: &Rows) -> Done {
    let rows = inserts(rows.tickets.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_TICKETS,
            &[
                &column(&rows, |(id, _)| id.0),
                &column(&rows, |(_, new)| new.order.user.0),
                &column(&rows, |(_, new)| Json(&*new.order)),
                &column(&rows, |(_, new)| new.order.created_at),
            ],
        )
        .await
}

async fn insert_ticket_legs(session: &Session, rows: &Rows) -> Done {
    let tickets: Vec<(_, &Ticket)> = inserts(rows.tickets.changes());
    let legs: Vec<(Uuid, SeatRef, bool)> = tickets
        .into_iter()
        .flat_map(|(id, new)| {
            let seats = new.order.seats().into_iter();
            seats.map(|seat| (id.0, seat, new.cancelled.contains(&seat)))
        })
        .collect();
    if legs.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_TICKET_LEGS,
            &[
                &column(&legs, |(id, ..)| *id),
                &column(&legs, |(_, seat, _)| seat.company.to_string()),
                &column(&legs, |(_, seat, _)| decode::route_number(seat.route)),
                &column(&legs, |(_, seat, _)| i32::from(seat.number.0)),
                &column(&legs, |(.., cancelled)| *cancelled),
            ],
        )
        .await
}

async fn update_users(session: &Session, rows: &Rows) -> Done {
    let rows = updates(rows.users.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            UPDATE_USERS,
            &[
                &column(&rows, |(.., new)| new.id.0),
                &column(&rows, |(.., new)| new.password_hash.as_str()),
                &column(&rows, |(.., new)| new.version),
                &column(&rows, |(_, old, _)| old.version),
                &(rows.len() as i64),
            ],
        )
        .await
}

async fn insert_users(session: &Session, rows: &Rows) -> Done {
    let rows = inserts(rows.users.changes());
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_USERS,
            &[
                &column(&rows, |(_, new)| new.id.0),
                &column(&rows, |(login, _)| login.as_str()),
                &column(&rows, |(_, new)| new.password_hash.as_str()),
                &column(&rows, |(_, new)| new.version),
            ],
        )
        .await
}

async fn raise_round(session: &Session, rows: &Rows) -> Done {
    if !rows.round_raised {
        return Ok(());
    }
    session.execute(RAISE_ROUND, &[&rows.round]).await
}

async fn put_cursors(session: &Session, rows: &Rows) -> Done {
    if rows.cursors.is_empty() {
        return Ok(());
    }
    let cursors: Vec<_> = rows.cursors.iter().collect();
    session
        .execute(
            PUT_CURSORS,
            &[
                &column(&cursors, |(peer, _)| peer.to_string()),
                &column(&cursors, |(_, cursor)| cursor.incarnation.0),
                &column(&cursors, |(_, cursor)| cursor.seq),
            ],
        )
        .await
}

async fn insert_audit(session: &Session, rows: &Rows) -> Done {
    if rows.audit.is_empty() {
        return Ok(());
    }
    session
        .execute(
            INSERT_AUDIT,
            &[
                &column(&rows.audit, |row| row.action.as_str()),
                &column(&rows.audit, |row| row.subject.as_str()),
                &column(&rows.audit, |row| row.reason.as_str()),
            ],
        )
        .await
}

async fn lock_outbox(session: &Session, rows: &Rows) -> Done {
    if rows.outbox.is_empty() {
        return Ok(());
    }
    session.execute(LOCK_OUTBOX, &[&locks::OUTBOX]).await
}

async fn insert_outbox(session: &Session, rows: &Rows) -> Done {
    if rows.outbox.is_empty() {
        return Ok(());
    }
    let kind_and_id = |row: &Replicated| match row {
        Replicated::User(user) => ("user", user.id.0),
        Replicated::Ticket(ticket) => ("ticket", ticket.id.0),
    };
    session
        .execute(
            INSERT_OUTBOX,
            &[
                &column(&rows.outbox, |row| kind_and_id(row).0),
                &column(&rows.outbox, |row| kind_and_id(row).1),
            ],
        )
        .await
}
