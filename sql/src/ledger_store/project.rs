//! The projection: every row that the log has changed, as it is by then, in one transaction and one round trip.
//!
//! Projecting again writes the same. Times are kept as they were written first: memory does not know those of rows that it has
//! read back.

use passcom_actors::company::log::cell::{Cell, Leg};
use passcom_actors::company::log::hot::Projection;
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::{Key, Register, Value};
use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::refund::Refunded;
use passcom_actors::domain::rows::{KeyRow, Replicated, SagaRow};
use passcom_actors::domain::settlement::{Account, Sum};
use passcom_actors::domain::ticket::{Correction, Ticket};
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::session::Session;
use crate::decode;
use crate::error::{Failure, Stage};
use crate::{mail, payments};

/// Milliseconds since 1970 as an instant.
macro_rules! instant {
    ($column:literal) => {
        concat!(
            "timestamptz 'epoch' + ",
            $column,
            " * interval '1 millisecond'"
        )
    };
}

const MOVE: &str = "select move_tables($1, $2, $3, $4, $5)";

const SAGAS: &str = concat!(
    r#"
insert into saga (id, order_hash, "order", acceptors, driver, state, finished, hold_seconds, voted, holder, open, created_at,
                  promised, accepted, decision, other_value, other_acceptors, chosen, promised_at, accepted_at, chosen_at,
                  papers)
select id, order_hash, "order", string_to_array(acceptors, ','), driver, state, finished, hold_seconds, voted, holder, open, "#,
    instant!("created_at"),
    ", promised, accepted, decision, other_value, string_to_array(other_acceptors, ','), chosen, ",
    instant!("promised_at"),
    ", ",
    instant!("accepted_at"),
    ", ",
    instant!("chosen_at"),
    r#", papers
from unnest($1::uuid[], $2::bytea[], $3::json[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::int[], $9::boolean[],
            $10::uuid[], $11::boolean[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::json[], $17::text[],
            $18::boolean[], $19::bigint[], $20::bigint[], $21::bigint[], $22::json[])
    as new (id, order_hash, "order", acceptors, driver, state, finished, hold_seconds, voted, holder, open, created_at,
            promised, accepted, decision, other_value, other_acceptors, chosen, promised_at, accepted_at, chosen_at, papers)
on conflict (id) do update set
    order_hash = coalesce(saga.order_hash, excluded.order_hash), "order" = coalesce(saga."order", excluded."order"),
    acceptors = excluded.acceptors, driver = coalesce(saga.driver, excluded.driver),
    -- a row that was only decided here begins when it gets a state
    created_at = case when saga.state is null and excluded.state is not null then excluded.created_at else saga.created_at end,
    state = excluded.state, finished = excluded.finished, hold_seconds = excluded.hold_seconds, voted = excluded.voted,
    holder = excluded.holder, open = excluded.open,
    promised = excluded.promised, accepted = excluded.accepted, decision = excluded.decision,
    other_value = excluded.other_value, other_acceptors = excluded.other_acceptors, chosen = excluded.chosen,
    promised_at = coalesce(excluded.promised_at, saga.promised_at),
    accepted_at = coalesce(excluded.accepted_at, saga.accepted_at),
    chosen_at = coalesce(saga.chosen_at, excluded.chosen_at),
    -- what comes to nothing carries nobody
    papers = case when excluded.state = 'aborted' then null else coalesce(saga.papers, excluded.papers) end
"#
);

const LEGS: &str = concat!(
    "
insert into leg (saga_id, route_id, number, order_hash, fence, state, reason, prepared_at, committed_at, ended_at)
select saga_id, route_id, number, order_hash, fence, state, reason, ",
    instant!("prepared_at"),
    ", ",
    instant!("committed_at"),
    ", ",
    instant!("ended_at"),
    "
from unnest($1::uuid[], $2::bigint[], $3::int[], $4::bytea[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
            $10::bigint[])
    as new (saga_id, route_id, number, order_hash, fence, state, reason, prepared_at, committed_at, ended_at)
on conflict (saga_id, route_id, number) do update set
    state = excluded.state, reason = excluded.reason,
    committed_at = coalesce(leg.committed_at, excluded.committed_at), ended_at = coalesce(leg.ended_at, excluded.ended_at)
"
);

// of an order nothing changes but names, which are told later
const TICKETS: &str = concat!(
    r#"
insert into ticket (id, user_id, "order", created_at, recorded_at)
select new.id, new.user_id, new."order", "#,
    instant!("new.created_at"),
    ", ",
    instant!("new.recorded_at"),
    r#"
from unnest($1::uuid[], $2::uuid[], $3::json[], $4::bigint[], $5::bigint[]) as new (id, user_id, "order", created_at, recorded_at)
on conflict (id) do update set "order" = excluded."order" where exists (
    select from json_array_elements(ticket."order" -> 'legs') as leg where leg -> 'passenger' ->> 'name' = ''
) and not exists (
    select from json_array_elements(excluded."order" -> 'legs') as leg where leg -> 'passenger' ->> 'name' = ''
)
"#
);

// a cancellation is never undone; what came back for it is another only where two companies decided it apart
const CANCELLED_LEGS: &str = concat!(
    "
insert into cancelled_leg (ticket_id, company, route_id, number, refund_minor, refund_currency, refund_ground, refunded_at, refunded_by)
select ticket_id, company, route_id, number, minor, currency, ground, ",
    instant!("decided_at"),
    ", decided_by
from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::text[])
    as new (ticket_id, company, route_id, number, minor, currency, ground, decided_at, decided_by)
on conflict (ticket_id, company, route_id, number) do update set
    refund_minor = excluded.refund_minor, refund_currency = excluded.refund_currency, refund_ground = excluded.refund_ground,
    refunded_at = excluded.refunded_at, refunded_by = excluded.refunded_by
where (cancelled_leg.refund_minor, cancelled_leg.refund_ground, cancelled_leg.refunded_at, cancelled_leg.refunded_by)
    is distinct from (excluded.refund_minor, excluded.refund_ground, excluded.refunded_at, excluded.refunded_by)
"
);

// sums are added to: this is done once for each row of the log, because the tables move from where it begins in the same transaction
const SETTLEMENT: &str = "
insert into settlement (day, seller, owner, currency, seats_sold, sold, seats_refunded, refunded)
select date '1970-01-01' + day, seller, owner, currency, seats_sold, sold::numeric, seats_refunded, refunded::numeric
from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[])
    as new (day, seller, owner, currency, seats_sold, sold, seats_refunded, refunded)
on conflict (day, seller, owner, currency) do update set
    seats_sold = settlement.seats_sold + excluded.seats_sold, sold = settlement.sold + excluded.sold,
    seats_refunded = settlement.seats_refunded + excluded.seats_refunded, refunded = settlement.refunded + excluded.refunded
";

const CHANGED_LEGS: &str = concat!(
    "
insert into changed_leg (ticket_id, company, route_id, number, sequence, departs, arrives, departs_offset, arrives_offset, withdrawn,
                         number_now, label, unseated, told_at, accepted)
select ticket_id, company, route_id, number, sequence, to_timestamp(departs), to_timestamp(arrives), departs_offset, arrives_offset,
       withdrawn, number_now, label, unseated, ",
    instant!("told_at"),
    ", accepted
from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::smallint[], $9::smallint[],
            $10::boolean[], $11::int[], $12::text[], $13::boolean[], $14::bigint[], $15::boolean[])
    as new (ticket_id, company, route_id, number, sequence, departs, arrives, departs_offset, arrives_offset, withdrawn, number_now,
            label, unseated, told_at, accepted)
on conflict (ticket_id, company, route_id, number) do update set
    sequence = excluded.sequence, departs = excluded.departs, arrives = excluded.arrives,
    departs_offset = excluded.departs_offset, arrives_offset = excluded.arrives_offset, withdrawn = excluded.withdrawn,
    number_now = excluded.number_now, label = excluded.label, unseated = excluded.unseated, told_at = excluded.told_at,
    accepted = excluded.accepted
"
);

const CORRECTED_NAMES: &str = concat!(
    "
insert into corrected_name (ticket_id, company, route_id, number, sequence, corrected_at, name)
select ticket_id, company, route_id, number, sequence, ",
    instant!("corrected_at"),
    ", name
from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::int[], $6::bigint[], $7::text[])
    as new (ticket_id, company, route_id, number, sequence, corrected_at, name)
on conflict (ticket_id, company, route_id, number) do update set
    sequence = excluded.sequence, corrected_at = excluded.corrected_at, name = excluded.name
"
);

const KEYS: &str = "
insert into idem (user_id, key, fingerprint, saga_id, answer)
select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::json[])
on conflict (user_id, key) do update set answer = excluded.answer where idem.answer is null
";

const USERS: &str = "
insert into user_account (id, login_norm, pw_hash, version, email, language)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
on conflict (id) do update set pw_hash = excluded.pw_hash, version = excluded.version, email = excluded.email,
    language = excluded.language
where user_account.version < excluded.version
";

const LOGINS: &str = "
insert into login_register (key, acceptors, promised, accepted, value, chosen, promised_at, accepted_at, chosen_at)
select key, string_to_array(acceptors, ','), promised, accepted, value, chosen,
       case when accepted is null then now() end, case when accepted is not null then now() end, case when chosen then now() end
from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::json[], $6::boolean[])
    as new (key, acceptors, promised, accepted, value, chosen)
on conflict (key) do update set promised = excluded.promised, accepted = excluded.accepted, value = excluded.value,
    chosen = excluded.chosen,
    promised_at = coalesce(login_register.promised_at, excluded.promised_at),
    accepted_at = case when login_register.accepted is distinct from excluded.accepted then excluded.accepted_at
                       else login_register.accepted_at end,
    chosen_at = coalesce(login_register.chosen_at, excluded.chosen_at)
";

const SEATS: &str = "
insert into seat (route_id, number, blocked)
select * from unnest($1::bigint[], $2::int[], $3::boolean[])
on conflict (route_id, number) do update set blocked = excluded.blocked
";

// what was read of a peer's former incarnation is of no use: if that comes back, it is read anew
const CURSORS: &str = "
with new as (
    select * from unnest($1::text[], $2::uuid[], $3::bigint[]) as new (peer, incarnation, seq)
), gone as (
    delete from repl_cursor using new
    where repl_cursor.peer = new.peer and repl_cursor.incarnation <> new.incarnation
)
insert into repl_cursor (peer, incarnation, seq) select * from new
on conflict (peer, incarnation) do update set seq = greatest(repl_cursor.seq, excluded.seq)
";

const AUDIT: &str = concat!(
    "
insert into audit (at, action, subject, reason)
select ",
    instant!("at"),
    ", action, subject, reason
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as new (at, action, subject, reason)
"
);

const OUTBOX: &str = "
insert into outbox (seq, kind, id) select * from unnest($1::bigint[], $2::text[], $3::uuid[])
on conflict (seq) do nothing
";

pub(super) const STATEMENTS: [&str; 18] = [
    MOVE,
    SAGAS,
    LEGS,
    TICKETS,
    CANCELLED_LEGS,
    payments::NOTE_CANCELLED,
    CHANGED_LEGS,
    CORRECTED_NAMES,
    SETTLEMENT,
    KEYS,
    USERS,
    mail::NOTE_SOLD,
    mail::NOTE_CHANGED,
    LOGINS,
    SEATS,
    CURSORS,
    AUDIT,
    OUTBOX,
];

/// What came of the writes.
pub(super) enum Outcome {
    Committed,
    /// A statement failed, and the transaction was rolled back for certain.
    RolledBack(Failure),
    /// The session cannot be used again.
    Broken(Failure, Stage),
}

type Done = Result<(), Failure>;

/// `mails`: what is sold may have to be mailed.
pub(super) async fn project(
    session: &Session,
    epoch: i64,
    what: &Projection,
    mails: bool,
) -> Outcome {
    // polled, hence sent, in this order
    let (
        begun,
        moved,
        sagas,
        legs,
        tickets,
        cancelled_legs,
        payments,
        changed_legs,
        corrected_names,
        sums,
        keys,
        logins,
        users,
        sold,
        changed,
        seats,
        cursors,
        audit,
        outbox,
        committed,
    ) = tokio::join!(
        biased;
        session.begin(),
        move_tables(session, epoch, what),
        sagas(session, what),
        legs(session, what),
        tickets(session, what),
        cancelled_legs(session, what),
        note_cancelled(session, what),
        changed_legs(session, what),
        corrected_names(session, what),
        settlement(session, what),
        keys(session, what),
        logins(session, what),
        users(session, what),
        mail_sold(session, what, mails),
        mail_changed(session, what, mails),
        seats(session, what),
        cursors(session, what),
        audit(session, what),
        outbox(session, what),
        session.end(),
    );
    let done = [
        begun,
        moved,
        sagas,
        legs,
        tickets,
        cancelled_legs,
        payments,
        changed_legs,
        corrected_names,
        sums,
        keys,
        logins,
        users,
        sold,
        changed,
        seats,
        cursors,
        audit,
        outbox,
    ];
    let first_error = done.into_iter().find_map(Result::err);
    match (first_error, committed) {
        (None, Ok(())) => Outcome::Committed,
        (None, Err(failure)) => Outcome::Broken(failure, Stage::Commit),
        // the end of a failed transaction succeeds, as a ROLLBACK
        (Some(failure), Ok(())) => Outcome::RolledBack(failure),
        (Some(failure), Err(_)) => Outcome::Broken(failure, Stage::AheadOfCommit),
    }
}

fn column<'r, R, T>(rows: &'r [R], value: impl FnMut(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

async fn move_tables(session: &Session, epoch: i64, what: &Projection) -> Done {
    let told = what.outbox.last().map_or(0, |(number, _)| *number);
    session
        .execute(
            MOVE,
            &[&epoch, &what.from.0, &what.upto.0, &told, &what.round],
        )
        .await
}

async fn sagas(session: &Session, what: &Projection) -> Done {
    let rows: Vec<&(SagaId, Cell)> = what
        .sagas
        .iter()
        .filter(|(_, cell)| {
            cell.unprojected.row && (cell.saga.is_some() || cell.register.is_some())
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            SAGAS,
            &[
                &column(&rows, |(id, _)| id.0),
                &column(&rows, |(_, cell)| {
                    row(cell).map(|row| row.hash.0.as_slice())
                }),
                &column(&rows, |(_, cell)| {
                    let own = row(cell).and_then(|row| row.order.as_deref());
                    own.filter(|_| !is_in_ticket(cell)).map(Json)
                }),
                &column(&rows, |(_, cell)| acceptors(cell)),
                &column(&rows, |(_, cell)| row(cell).map(|row| row.driver.as_str())),
                &column(&rows, |(_, cell)| {
                    row(cell).map(|row| decode::saga_state_text(row.state))
                }),
                &column(&rows, |(_, cell)| row(cell).is_some_and(|row| row.finished)),
                &column(&rows, |(_, cell)| row(cell).and_then(seconds)),
                &column(&rows, |(_, cell)| row(cell).is_some_and(|row| row.voted)),
                &column(&rows, |(_, cell)| row(cell).and_then(holder)),
                &column(&rows, |(_, cell)| cell.is_open(&what.node)),
                &column(&rows, |(_, cell)| begun_at(cell)),
                &column(&rows, |(_, cell)| {
                    decision(cell).map(|register| register.promised.0)
                }),
                &column(&rows, |(_, cell)| accepted(cell).map(|(ballot, _)| ballot)),
                &column(&rows, |(_, cell)| {
                    accepted(cell).map(|(_, value)| decision_text(value))
                }),
                &column(&rows, |(_, cell)| other_value(cell).map(Json)),
                &column(&rows, |(_, cell)| other_acceptors(cell)),
                &column(&rows, |(_, cell)| {
                    decision(cell).is_some_and(|register| register.chosen)
                }),
                &column(&rows, |(_, cell)| {
                    cell.register.as_ref().and_then(|(_, times)| times.promised)
                }),
                &column(&rows, |(_, cell)| {
                    cell.register.as_ref().and_then(|(_, times)| times.accepted)
                }),
                &column(&rows, |(_, cell)| {
                    cell.register.as_ref().and_then(|(_, times)| times.chosen)
                }),
                &column(&rows, |(_, cell)| {
                    row(cell).and_then(|row| row.papers.as_deref()).map(Json)
                }),
            ],
        )
        .await
}

fn row(cell: &Cell) -> Option<&SagaRow> {
    cell.saga.as_ref()
}

fn decision(cell: &Cell) -> Option<&Register> {
    cell.register.as_ref().map(|(register, _)| register)
}

fn accepted(cell: &Cell) -> Option<(i64, &Value)> {
    let (ballot, value) = decision(cell)?.accepted.as_ref()?;
    Some((ballot.0, value))
}

fn decision_text(value: &Value) -> &'static str {
    match value {
        Value::Abort => "abort",
        Value::Commit { .. } | Value::Account(_) => "commit",
    }
}

/// A commit of another order than the row's, or of the same one without its names.
fn other_value(cell: &Cell) -> Option<&Value> {
    let (_, value) = accepted(cell)?;
    match (value, row(cell)) {
        (Value::Abort, _) => None,
        (Value::Commit { hash, order }, Some(row))
            if row.hash == *hash && row.order.as_ref() == Some(order) =>
        {
            None
        }
        _ => Some(value),
    }
}

fn acceptors(cell: &Cell) -> Option<String> {
    let own = row(cell).map(|row| &row.acceptors);
    let acceptors = own.or_else(|| decision(cell).map(|register| &register.acceptors));
    acceptors.map(decode::acceptors_text)
}

fn other_acceptors(cell: &Cell) -> Option<String> {
    let register = decision(cell)?;
    let own = row(cell)?;
    (own.acceptors != register.acceptors).then(|| decode::acceptors_text(&register.acceptors))
}

/// Of a saga that is only decided here, when that began.
fn begun_at(cell: &Cell) -> i64 {
    let times = cell.register.as_ref().map(|(_, times)| times);
    let decided = times.and_then(|times| times.promised.or(times.accepted).or(times.chosen));
    match cell.saga {
        Some(_) => cell.begun_at,
        None => decided.unwrap_or_default(),
    }
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

async fn legs(session: &Session, what: &Projection) -> Done {
    let changed = what.sagas.iter().filter(|(_, cell)| cell.unprojected.legs);
    let legs: Vec<(SagaId, &Leg, Option<&SagaRow>)> = changed
        .flat_map(|(saga, cell)| cell.legs.iter().map(|leg| (*saga, leg, row(cell))))
        .collect();
    if legs.is_empty() {
        return Ok(());
    }
    let own_hash =
        |row: Option<&SagaRow>, leg: &Leg| row.is_some_and(|row| row.hash == leg.row.hash);
    session
        .execute(
            LEGS,
            &[
                &column(&legs, |(saga, ..)| saga.0),
                &column(&legs, |(_, leg, _)| decode::route_number(leg.seat.0)),
                &column(&legs, |(_, leg, _)| i32::from(leg.seat.1.0)),
                &column(&legs, |(_, leg, row)| {
                    (!own_hash(*row, leg)).then_some(leg.row.hash.0.as_slice())
                }),
                &column(&legs, |(_, leg, _)| leg.row.fence.0),
                &column(&legs, |(_, leg, _)| decode::leg_state_text(leg.row.state)),
                &column(&legs, |(_, leg, _)| leg.row.reason.map(decode::reason_text)),
                &column(&legs, |(_, leg, _)| leg.recorded),
                &column(&legs, |(_, leg, _)| leg.committed),
                &column(&legs, |(_, leg, _)| leg.ended),
            ],
        )
        .await
}

/// Tickets that the tables do not have as they are, with when each was recorded.
fn changed_tickets(what: &Projection) -> Vec<(&Ticket, Option<i64>)> {
    let changed = what
        .sagas
        .iter()
        .filter(|(_, cell)| cell.unprojected.ticket);
    let tickets = changed.filter_map(|(_, cell)| {
        let (ticket, recorded) = cell.ticket.as_ref()?;
        Some((ticket, *recorded))
    });
    tickets.collect()
}

/// The order of the saga is the one on its ticket, where it stands alone.
fn is_in_ticket(cell: &Cell) -> bool {
    let own = row(cell).and_then(|row| row.order.as_ref());
    let ticket = cell.ticket.as_ref().map(|(ticket, _)| &ticket.order);
    own.is_some() && own == ticket
}

async fn tickets(session: &Session, what: &Projection) -> Done {
    let tickets = changed_tickets(what);
    if tickets.is_empty() {
        return Ok(());
    }
    session
        .execute(
            TICKETS,
            &[
                &column(&tickets, |(ticket, ..)| ticket.id.0),
                &column(&tickets, |(ticket, ..)| ticket.order.user.0),
                &column(&tickets, |(ticket, _)| Json(&*ticket.order)),
                &column(&tickets, |(ticket, ..)| ticket.order.created_at),
                &column(&tickets, |(_, recorded)| *recorded),
            ],
        )
        .await
}

async fn cancelled_legs(session: &Session, what: &Projection) -> Done {
    let tickets = changed_tickets(what).into_iter();
    let legs: Vec<(Uuid, SeatRef, Option<&Refunded>)> = tickets
        .flat_map(|(ticket, ..)| {
            let seats = ticket.cancelled.iter();
            seats.map(|seat| (ticket.id.0, *seat, ticket.refund_of(*seat)))
        })
        .collect();
    if legs.is_empty() {
        return Ok(());
    }
    session
        .execute(
            CANCELLED_LEGS,
            &[
                &column(&legs, |(id, ..)| *id),
                &column(&legs, |(_, seat, _)| seat.company.to_string()),
                &column(&legs, |(_, seat, _)| decode::route_number(seat.route)),
                &column(&legs, |(_, seat, _)| i32::from(seat.number.0)),
                &column(&legs, |(.., refund)| {
                    refund.map(|refund| refund.amount.minor)
                }),
                &column(&legs, |(.., refund)| {
                    refund.map(|refund| refund.amount.currency.as_str())
                }),
                &column(&legs, |(.., refund)| {
                    refund.map(|refund| refund.ground.name())
                }),
                &column(&legs, |(.., refund)| refund.map(|refund| refund.decided_at)),
                &column(&legs, |(.., refund)| {
                    refund.map(|refund| refund.by.to_string())
                }),
            ],
        )
        .await
}

/// What came back for their seats may have to go back of a payment.
async fn note_cancelled(session: &Session, what: &Projection) -> Done {
    let tickets = changed_tickets(what).into_iter();
    let cancelled = tickets.filter(|(ticket, ..)| !ticket.cancelled.is_empty());
    let cancelled: Vec<Uuid> = cancelled.map(|(ticket, ..)| ticket.id.0).collect();
    if cancelled.is_empty() {
        return Ok(());
    }
    session
        .execute(payments::NOTE_CANCELLED, &[&cancelled])
        .await
}

async fn settlement(session: &Session, what: &Projection) -> Done {
    let sums: Vec<(&Account, &Sum)> = what.sums.iter().collect();
    if sums.is_empty() {
        return Ok(());
    }
    session
        .execute(
            SETTLEMENT,
            &[
                &column(&sums, |(account, _)| account.day),
                &column(&sums, |(account, _)| account.seller.to_string()),
                &column(&sums, |(account, _)| account.owner.to_string()),
                &column(&sums, |(account, _)| account.currency.as_str()),
                &column(&sums, |(_, sum)| sum.seats_sold),
                &column(&sums, |(_, sum)| sum.sold.to_string()),
                &column(&sums, |(_, sum)| sum.seats_refunded),
                &column(&sums, |(_, sum)| sum.refunded.to_string()),
            ],
        )
        .await
}

async fn changed_legs(session: &Session, what: &Projection) -> Done {
    let tickets = changed_tickets(what).into_iter();
    let changes: Vec<(Uuid, &FlightChange)> = tickets
        .flat_map(|(ticket, ..)| ticket.changes.iter().map(|change| (ticket.id.0, change)))
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    session
        .execute(
            CHANGED_LEGS,
            &[
                &column(&changes, |(id, _)| *id),
                &column(&changes, |(_, change)| change.of.company.to_string()),
                &column(&changes, |(_, change)| {
                    decode::route_number(change.of.route)
                }),
                &column(&changes, |(_, change)| i32::from(change.of.number.0)),
                &column(&changes, |(_, change)| {
                    i32::try_from(change.sequence).unwrap_or(i32::MAX)
                }),
                &column(&changes, |(_, change)| change.departs),
                &column(&changes, |(_, change)| change.arrives),
                &column(&changes, |(_, change)| {
                    change.offsets.map(|told| told.departs)
                }),
                &column(&changes, |(_, change)| {
                    change.offsets.map(|told| told.arrives)
                }),
                &column(&changes, |(_, change)| change.withdrawn),
                &column(&changes, |(_, change)| i32::from(change.number.0)),
                &column(&changes, |(_, change)| change.label.as_deref()),
                &column(&changes, |(_, change)| change.unseated),
                &column(&changes, |(_, change)| change.told_at),
                &column(&changes, |(_, change)| change.accepted),
            ],
        )
        .await
}

async fn corrected_names(session: &Session, what: &Projection) -> Done {
    let tickets = changed_tickets(what).into_iter();
    let names: Vec<(Uuid, &Correction)> = tickets
        .flat_map(|(ticket, ..)| {
            let corrections = ticket.corrections.iter();
            corrections.map(|correction| (ticket.id.0, correction))
        })
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    session
        .execute(
            CORRECTED_NAMES,
            &[
                &column(&names, |(id, _)| *id),
                &column(&names, |(_, name)| name.of.company.to_string()),
                &column(&names, |(_, name)| decode::route_number(name.of.route)),
                &column(&names, |(_, name)| i32::from(name.of.number.0)),
                &column(&names, |(_, name)| {
                    i32::try_from(name.sequence).unwrap_or(i32::MAX)
                }),
                &column(&names, |(_, name)| name.at),
                &column(&names, |(_, name)| name.name.as_str()),
            ],
        )
        .await
}

async fn keys(session: &Session, what: &Projection) -> Done {
    let keys = what.keys.iter();
    let used: Vec<(Uuid, &str, &KeyRow)> = keys
        .filter_map(|((user, key), row)| Some((user.0, key.as_str(), row.as_ref()?)))
        .collect();
    if used.is_empty() {
        return Ok(());
    }
    session
        .execute(
            KEYS,
            &[
                &column(&used, |(user, ..)| *user),
                &column(&used, |(_, key, _)| *key),
                &column(&used, |(.., row)| row.fingerprint.as_slice()),
                &column(&used, |(.., row)| row.saga.0),
                &column(&used, |(.., row)| row.answer.map(Json)),
            ],
        )
        .await
}

async fn users(session: &Session, what: &Projection) -> Done {
    let logins = what.logins.iter();
    let users: Vec<&User> = logins
        .filter_map(|(_, login)| login.user.as_ref())
        .collect();
    if users.is_empty() {
        return Ok(());
    }
    session
        .execute(
            USERS,
            &[
                &column(&users, |user| user.id.0),
                &column(&users, |user| user.login.as_str()),
                &column(&users, |user| user.password_hash.as_str()),
                &column(&users, |user| user.version),
                &column(&users, |user| {
                    user.mailbox.as_ref().map(|mailbox| &*mailbox.address)
                }),
                &column(&users, |user| {
                    user.mailbox.as_ref().map(|mailbox| mailbox.language.tag())
                }),
            ],
        )
        .await
}

/// After the tickets and their users.
async fn mail_sold(session: &Session, what: &Projection, mails: bool) -> Done {
    note(session, what, mails, mail::NOTE_SOLD, |_| true).await
}

/// After the changes of their flights, too.
async fn mail_changed(session: &Session, what: &Projection, mails: bool) -> Done {
    let is_changed = |ticket: &Ticket| !ticket.changes.is_empty() && !ticket.is_cancelled();
    note(session, what, mails, mail::NOTE_CHANGED, is_changed).await
}

async fn note(
    session: &Session,
    what: &Projection,
    mails: bool,
    statement: &'static str,
    of: impl Fn(&Ticket) -> bool,
) -> Done {
    let tickets = changed_tickets(what).into_iter();
    let tickets = tickets.filter(|(ticket, ..)| mails && of(ticket));
    let sold: Vec<(Uuid, CompanyId)> = tickets
        .filter_map(|(ticket, ..)| Some((ticket.id.0, ticket.order.seller?)))
        .collect();
    if sold.is_empty() {
        return Ok(());
    }
    session
        .execute(
            statement,
            &[
                &column(&sold, |(id, _)| *id),
                &column(&sold, |(_, seller)| seller.to_string()),
                &mail::NEWS_SECONDS,
                &mail::WAITING_MAX,
            ],
        )
        .await
}

async fn logins(session: &Session, what: &Projection) -> Done {
    let logins = what.logins.iter();
    let registers: Vec<(&str, &Register)> = logins
        .filter_map(|(login, cell)| Some((login.as_str(), cell.register.as_ref()?)))
        .collect();
    if registers.is_empty() {
        return Ok(());
    }
    session
        .execute(
            LOGINS,
            &[
                &column(&registers, |(login, _)| {
                    decode::key_text(&Key::Login((*login).to_owned()))
                }),
                &column(&registers, |(_, register)| {
                    decode::acceptors_text(&register.acceptors)
                }),
                &column(&registers, |(_, register)| register.promised.0),
                &column(&registers, |(_, register)| {
                    register.accepted.as_ref().map(|(ballot, _)| ballot.0)
                }),
                &column(&registers, |(_, register)| {
                    register.accepted.as_ref().map(|(_, value)| Json(value))
                }),
                &column(&registers, |(_, register)| register.chosen),
            ],
        )
        .await
}

async fn seats(session: &Session, what: &Projection) -> Done {
    let seats = &what.blocked;
    if seats.is_empty() {
        return Ok(());
    }
    session
        .execute(
            SEATS,
            &[
                &column(seats, |(seat, _)| decode::route_number(seat.0)),
                &column(seats, |(seat, _)| i32::from(seat.1.0)),
                &column(seats, |(_, blocked)| *blocked),
            ],
        )
        .await
}

async fn cursors(session: &Session, what: &Projection) -> Done {
    let cursors = &what.cursors;
    if cursors.is_empty() {
        return Ok(());
    }
    session
        .execute(
            CURSORS,
            &[
                &column(cursors, |(peer, _)| peer.to_string()),
                &column(cursors, |(_, cursor)| cursor.incarnation.0),
                &column(cursors, |(_, cursor)| cursor.seq),
            ],
        )
        .await
}

async fn audit(session: &Session, what: &Projection) -> Done {
    let rows = &what.audit;
    if rows.is_empty() {
        return Ok(());
    }
    session
        .execute(
            AUDIT,
            &[
                &column(rows, |(at, _)| *at),
                &column(rows, |(_, row)| row.action.as_str()),
                &column(rows, |(_, row)| row.subject.as_str()),
                &column(rows, |(_, row)| row.reason.as_str()),
            ],
        )
        .await
}

async fn outbox(session: &Session, what: &Projection) -> Done {
    let rows = &what.outbox;
    if rows.is_empty() {
        return Ok(());
    }
    let kind_and_id = |row: &Replicated| match row {
        Replicated::User(user) => ("user", user.id.0),
        Replicated::Ticket(ticket) => ("ticket", ticket.id.0),
    };
    session
        .execute(
            OUTBOX,
            &[
                &column(rows, |(number, _)| *number),
                &column(rows, |(_, row)| kind_and_id(row).0),
                &column(rows, |(_, row)| kind_and_id(row).1),
            ],
        )
        .await
}
