//! One company's database, read whole: when its tables have what its log had, and as of one moment.

use anyhow::{Context, bail};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::{
    Account, ChangeRow, Company, EntryRow, ExchangeRow, Flown, HoldRow, KeyRow, Ledger, LegRow,
    LegState, RefundRow, RegisterRow, SoldSeat, Subject, Sum, TicketLegRow, UserRow, Value,
};
use crate::cluster::{RunningCompany, connect, follow};

const SNAPSHOT: &str = "begin isolation level repeatable read read only";
/// A seat that was given up for another one is no leg of its ticket any more.
const LEGS: &str = "
select saga_id, route_id, number, state from leg where state <> 'moved' and route_id & (1::bigint << 42) = 0";
/// No flight has such a number.
const CLAIMS: &str = "
select saga_id, route_id, number, state from leg where route_id & (1::bigint << 42) <> 0";
const HOLDS: &str = "
select id, hold_seconds, extract(epoch from now() - created_at)::bigint
from saga where state = 'begun' and hold_seconds is not null";
const ROUTES: &str = "select id, seats from route";
const FLIGHTS: &str = "
select id, extract(epoch from departs)::bigint, extract(epoch from arrives)::bigint, not on_sale from route";
const BLOCKED: &str = "select route_id, number from seat where blocked";
/// But for names, which not every company has.
const TICKETS: &str = r#"
select id, format('user %s, made %s, order %s, named %s', user_id, created_at,
       md5(("order"::jsonb - 'legs')::text || (
           select jsonb_agg(leg - 'passenger' order by place)
           from jsonb_array_elements("order"::jsonb -> 'legs') with ordinality as leg (leg, place)
       )::text),
       (select string_agg(concat_ws('/', company, route_id, number, sequence), ', ' order by company, route_id, number)
        from corrected_name where ticket_id = ticket.id))
from ticket"#;
const MISNAMED: &str = r#"
select id, case when carries then 'it carries somebody and knows not whom' else 'it knows who travels with others' end
from (
    select ticket.id, "order" ->> 'seller' is not distinct from $1 as sold,
           bool_or(leg -> 'seat' ->> 'company' = $1) as carries,
           bool_or(leg -> 'passenger' ->> 'name' <> '') as named,
           bool_or(leg -> 'passenger' ->> 'name' = '') as withheld
    from ticket, json_array_elements("order" -> 'legs') as leg
    group by ticket.id
) as known
where carries and withheld or named and not carries and not sold"#;
/// By the seat that the company keeps for it now.
const TICKET_LEGS: &str =
    "select ticket_id, company, route_id, number_now, number, cancelled from ticket_leg";
const CHANGES: &str = "
select ticket_id, company, route_id, number, sequence, extract(epoch from departs)::bigint,
       extract(epoch from arrives)::bigint, withdrawn, unseated, accepted,
       concat_ws(' ', departs_offset, arrives_offset, number_now, label, told_at)
from changed_leg";
const EXCHANGES: &str = r#"
select ticket.id, ("order" -> 'exchange' ->> 'ticket')::uuid, seat ->> 'company', (seat ->> 'route')::bigint,
       (seat ->> 'number')::int
from ticket cross join json_array_elements("order" -> 'exchange' -> 'seats') as seat
where json_typeof("order" -> 'exchange') = 'object'"#;
/// From the order of each ticket itself, and what is recorded that came back.
const ENTRIES: &str = r#"
select ticket.id, leg -> 'seat' ->> 'company', coalesce(gone.route_id, (leg -> 'seat' ->> 'route')::bigint),
       (leg -> 'seat' ->> 'number')::int, (ticket.created_at at time zone 'UTC')::date::text,
       coalesce(ticket."order" ->> 'seller', leg -> 'seat' ->> 'company'), leg -> 'price' ->> 'currency',
       (leg -> 'price' ->> 'minor')::bigint,
       refund_minor, refund_currency, refund_ground, (extract(epoch from refunded_at) * 1000)::bigint,
       (refunded_at at time zone 'UTC')::date::text, refunded_by,
       (leg ->> 'departs')::bigint, (leg ->> 'arrives')::bigint
from ticket
cross join json_array_elements(ticket."order" -> 'legs') as leg
left join cancelled_leg as gone on gone.ticket_id = ticket.id and gone.company = leg -> 'seat' ->> 'company'
    and gone.route_id = (leg -> 'seat' ->> 'route')::bigint and gone.number = (leg -> 'seat' ->> 'number')::int"#;
const BOOKS: &str = "
select day::text, seller, owner, currency, seats_sold, sold::text, seats_refunded, refunded::text from settlement
where (seats_sold, sold, seats_refunded, refunded) <> (0, 0, 0, 0)";
const USERS: &str = "
select id, login_norm, format('version %s, password %s, mail %s', version, md5(pw_hash), concat_ws(' ', language, email)) from user_account";
const KEYS: &str = "select user_id, key, saga_id from idem";
/// An order is told by its hash, as jsonb spells it, a user by its id.
const REGISTERS: &str = "
select key, acceptors, promised, accepted, chosen,
       (value #> '{Commit,hash}')::jsonb::text, value #>> '{Account,id}', value #>> '{}' = 'Abort'
from register";
const UNFINISHED: &str = "
select id from saga
where not finished and driver = $1 and not (state = 'begun' and hold_seconds is not null)";

impl Company {
    pub async fn load(company: &RunningCompany) -> anyhow::Result<Self> {
        let database = connect(company).await?;
        let code = company.company.clone();
        let loaded = async {
            let behind = follow(&database).await?.err();
            database.batch_execute(SNAPSHOT).await?;
            anyhow::Ok(Self {
                legs: rows(&database, LEGS, leg).await?,
                claims: rows(&database, CLAIMS, leg).await?,
                holds: rows(&database, HOLDS, hold).await?,
                routes: rows(&database, ROUTES, pair).await?,
                flights: rows(&database, FLIGHTS, flight)
                    .await?
                    .into_iter()
                    .collect(),
                blocked: rows(&database, BLOCKED, pair).await?,
                tickets: rows(&database, TICKETS, pair).await?,
                ticket_legs: rows(&database, TICKET_LEGS, ticket_leg).await?,
                entries: rows(&database, ENTRIES, entry).await?,
                changes: rows(&database, CHANGES, change).await?,
                exchanges: rows(&database, EXCHANGES, exchange).await?,
                books: rows(&database, BOOKS, book).await?.into_iter().collect(),
                users: rows(&database, USERS, user).await?,
                keys: rows(&database, KEYS, key).await?,
                registers: rows(&database, REGISTERS, register).await?,
                unfinished: unfinished(&database, &code).await?,
                misnamed: misnamed(&database, &code).await?,
                ledger: Ledger::load(&database, behind).await?,
                code,
            })
        };
        loaded
            .await
            .with_context(|| format!("read the database of {}", company.company))
    }
}

async fn rows<T>(
    database: &Client,
    statement: &str,
    read: fn(&Row) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let rows = database.query(statement, &[]).await?;
    rows.iter().map(read).collect()
}

fn leg(row: &Row) -> anyhow::Result<LegRow> {
    Ok(LegRow {
        saga: row.try_get(0)?,
        route: row.try_get(1)?,
        number: row.try_get(2)?,
        state: state(row.try_get(3)?)?,
    })
}

fn hold(row: &Row) -> anyhow::Result<HoldRow> {
    Ok(HoldRow {
        saga: row.try_get(0)?,
        seconds: row.try_get(1)?,
        age: row.try_get(2)?,
    })
}

fn state(text: &str) -> anyhow::Result<LegState> {
    match text {
        "prepared" => Ok(LegState::Prepared),
        "refused" => Ok(LegState::Refused),
        "committed" => Ok(LegState::Committed),
        "cancelled" => Ok(LegState::Cancelled),
        other => bail!("a leg has state \"{other}\", which the checker does not know"),
    }
}

fn ticket_leg(row: &Row) -> anyhow::Result<TicketLegRow> {
    Ok(TicketLegRow {
        ticket: row.try_get(0)?,
        company: row.try_get(1)?,
        route: row.try_get(2)?,
        number: row.try_get(3)?,
        sold_as: row.try_get(4)?,
        cancelled: row.try_get(5)?,
    })
}

fn flight(row: &Row) -> anyhow::Result<(i64, Flown)> {
    Ok((row.try_get(0)?, flown(row, 1, row.try_get(3)?)?))
}

/// Departure and arrival from this column on.
fn flown(row: &Row, first: usize, withdrawn: bool) -> anyhow::Result<Flown> {
    Ok(Flown {
        departs: row.try_get(first)?,
        arrives: row.try_get(first + 1)?,
        withdrawn,
    })
}

/// From this column on.
fn sold_seat(row: &Row, first: usize) -> anyhow::Result<SoldSeat> {
    Ok(SoldSeat {
        ticket: row.try_get(first)?,
        company: row.try_get(first + 1)?,
        route: row.try_get(first + 2)?,
        number: row.try_get(first + 3)?,
    })
}

fn change(row: &Row) -> anyhow::Result<ChangeRow> {
    Ok(ChangeRow {
        of: sold_seat(row, 0)?,
        sequence: row.try_get(4)?,
        flown: flown(row, 5, row.try_get(7)?)?,
        unseated: row.try_get(8)?,
        accepted: row.try_get(9)?,
        content: row.try_get(10)?,
    })
}

fn exchange(row: &Row) -> anyhow::Result<ExchangeRow> {
    Ok(ExchangeRow {
        new: row.try_get(0)?,
        old: sold_seat(row, 1)?,
    })
}

fn entry(row: &Row) -> anyhow::Result<EntryRow> {
    let amount: Option<i64> = row.try_get(8)?;
    let refund = |amount| {
        anyhow::Ok(RefundRow {
            amount,
            currency: row.try_get(9)?,
            ground: row.try_get(10)?,
            at_ms: row.try_get(11)?,
            day: row.try_get(12)?,
            by: row.try_get(13)?,
        })
    };
    Ok(EntryRow {
        ticket: row.try_get(0)?,
        owner: row.try_get(1)?,
        route: row.try_get(2)?,
        number: row.try_get(3)?,
        sold_on: row.try_get(4)?,
        seller: row.try_get(5)?,
        currency: row.try_get(6)?,
        price: row.try_get(7)?,
        flown: flown(row, 14, false)?,
        refund: amount.map(refund).transpose()?,
    })
}

fn book(row: &Row) -> anyhow::Result<(Account, Sum)> {
    let account = Account {
        day: row.try_get(0)?,
        seller: row.try_get(1)?,
        owner: row.try_get(2)?,
        currency: row.try_get(3)?,
    };
    let sum = Sum {
        seats_sold: row.try_get(4)?,
        sold: row.try_get::<_, &str>(5)?.parse()?,
        seats_refunded: row.try_get(6)?,
        refunded: row.try_get::<_, &str>(7)?.parse()?,
    };
    Ok((account, sum))
}

fn user(row: &Row) -> anyhow::Result<UserRow> {
    Ok(UserRow {
        id: row.try_get(0)?,
        login: row.try_get(1)?,
        content: row.try_get(2)?,
    })
}

fn key(row: &Row) -> anyhow::Result<KeyRow> {
    Ok(KeyRow {
        user: row.try_get(0)?,
        key: row.try_get(1)?,
        saga: row.try_get(2)?,
    })
}

fn register(row: &Row) -> anyhow::Result<RegisterRow> {
    let key: &str = row.try_get(0)?;
    let accepted: Option<i64> = row.try_get(3)?;
    let accepted = match accepted {
        None => None,
        Some(ballot) => {
            let value = value(row).with_context(|| format!("the value of register {key}"))?;
            Some((ballot, value))
        }
    };
    Ok(RegisterRow {
        subject: subject(key)?,
        acceptors: row.try_get(1)?,
        promised: row.try_get(2)?,
        accepted,
        chosen: row.try_get(4)?,
    })
}

fn subject(key: &str) -> anyhow::Result<Subject> {
    match key.split_once('/') {
        Some(("saga", id)) => {
            let id = id.parse();
            Ok(Subject::Saga(id.with_context(|| {
                format!("register {key} names no saga")
            })?))
        }
        Some(("login", login)) => Ok(Subject::Login(login.to_owned())),
        _ => bail!("a register has key \"{key}\", which the checker does not know"),
    }
}

fn value(row: &Row) -> anyhow::Result<Value> {
    let commit: Option<String> = row.try_get(5)?;
    let user: Option<&str> = row.try_get(6)?;
    let abort: Option<bool> = row.try_get(7)?;
    match (commit, user, abort) {
        (Some(hash), None, _) => Ok(Value::Commit(hash)),
        (None, Some(id), _) => Ok(Value::User(id.parse().context("a user's id")?)),
        (None, None, Some(true)) => Ok(Value::Abort),
        _ => bail!("neither a Commit nor a user nor Abort"),
    }
}

async fn misnamed(database: &Client, code: &str) -> anyhow::Result<Vec<super::Copied>> {
    let rows = database.query(MISNAMED, &[&code]).await?;
    let read = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(read).collect()
}

async fn unfinished(database: &Client, code: &str) -> anyhow::Result<Vec<Uuid>> {
    let rows = database.query(UNFINISHED, &[&code]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn pair<A, B>(row: &Row) -> anyhow::Result<(A, B)>
where
    A: for<'a> tokio_postgres::types::FromSql<'a>,
    B: for<'a> tokio_postgres::types::FromSql<'a>,
{
    Ok((row.try_get(0)?, row.try_get(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_told_apart_by_their_keys() {
        let saga = Uuid::from_u128(7);
        assert_eq!(
            subject(&format!("saga/{saga}")).unwrap(),
            Subject::Saga(saga)
        );
        assert_eq!(
            subject("login/a/b").unwrap(),
            Subject::Login("a/b".to_owned())
        );
        for unknown in ["saga/7", "other/1", "saga"] {
            assert!(subject(unknown).is_err(), "{unknown}");
        }
        assert!(state("lost").is_err());
    }
}
