//! Takes the people out of what is kept of deleted accounts, and the names out of copies of tickets that others sold and fly, which older
//! programs took over with them: a bounded number of tickets at a time, at each company by itself. Until a trip is over its company has to
//! know whom it carries.
//!
//! The order's hash stays: it is the hash of what was voted on. A copy that a company still has with its people is the same
//! order, and merging the two forgets them there, too ([`passcom_actors::domain::forgotten`]).

use passcom_actors::domain::ids::CompanyId;

use crate::Database;

/// From the last departure of a ticket until its people are forgotten: flights may be moved.
pub const AFTER_SECONDS: f64 = 7.0 * 86_400.0;
/// Tickets at a time.
pub const TICKETS_MAX: i64 = 500;

/// An order without its people.
macro_rules! bare {
    ($order:literal) => {
        concat!(
            "jsonb_set(",
            $order,
            "::jsonb, '{legs}', (
    select jsonb_agg(leg || '{\"passenger\": null}' order by place)
    from jsonb_array_elements(",
            $order,
            "::jsonb -> 'legs') with ordinality as leg (leg, place)
))::json"
        )
    };
}

const FORGET: &str = concat!(
    r#"
with due as materialized (
    select ticket.id from user_account
    join ticket on ticket.user_id = user_account.id
    where user_account.gone
        and (
            exists (
                select from json_array_elements(ticket."order" -> 'legs') as leg
                where json_typeof(leg -> 'passenger') = 'object'
            )
            or exists (select from corrected_name where ticket_id = ticket.id)
            or exists (select from saga where saga.id = ticket.id and papers is not null)
        )
        and (
            select max((leg ->> 'departs')::bigint) from json_array_elements(ticket."order" -> 'legs') as leg
        ) < extract(epoch from now())::float8 - $1
    limit $2
), names as (
    delete from corrected_name using due where ticket_id = due.id
), papers as (
    update saga set papers = null from due where saga.id = due.id and papers is not null and saga."order" is null
), sagas as (
    update saga set papers = null, "order" = "#,
    bare!(r#"saga."order""#),
    r#" from due where saga.id = due.id and saga."order" is not null
)
update ticket set "order" = "#,
    bare!(r#"ticket."order""#),
    r#" from due where ticket.id = due.id
"#
);

/// Whether this company ($1) may not know who travels by this order, and does.
macro_rules! strange {
    ($order:literal) => {
        concat!(
            $order,
            " ->> 'seller' is distinct from $1 and not exists (
    select from json_array_elements(",
            $order,
            " -> 'legs') as leg where leg -> 'seat' ->> 'company' = $1
) and exists (
    select from json_array_elements(",
            $order,
            " -> 'legs') as leg where leg -> 'passenger' ->> 'name' <> ''
)"
        )
    };
}

/// The legs of an order with somebody for everybody.
macro_rules! unnamed {
    ($order:literal) => {
        concat!(
            "(
    select jsonb_agg(
        case jsonb_typeof(leg -> 'passenger')
            when 'object' then leg || '{\"passenger\": {\"name\": \"\", \"document\": null}}' else leg
        end order by place
    )
    from jsonb_array_elements(",
            $order,
            "::jsonb -> 'legs') with ordinality as leg (leg, place)
)"
        )
    };
}

const WITHHOLD: &str = concat!(
    r#"
with place as (
    select after from names_to_withhold where kind = 'ticket' for update
), page as materialized (
    select ticket.id, ticket."order" from ticket, place where ticket.id > place.after order by ticket.id limit $2
), last as (
    select id from page order by id desc limit 1
), strange as materialized (
    select id from page where "#,
    strange!(r#"page."order""#),
    r#"
), names as (
    update corrected_name set name = '' from strange where ticket_id = strange.id and name <> ''
), bare as (
    update ticket set "order" = jsonb_set(ticket."order"::jsonb, '{legs}', "#,
    unnamed!(r#"ticket."order""#),
    r#")::json from strange where ticket.id = strange.id
), moved as (
    update names_to_withhold set after = last.id from last where kind = 'ticket'
), ended as (
    delete from names_to_withhold where kind = 'ticket' and not exists (select from last)
)
select (select count(*) from place) as places, (select count(*) from strange) as withheld
"#
);

/// The same of decisions on bookings in which this company carried nobody. One that is open is left as it is: its hash may have the names.
const WITHHOLD_DECIDED: &str = concat!(
    r#"
with place as (
    select after from names_to_withhold where kind = 'saga' for update
), page as materialized (
    select saga.id, saga.other_value #> '{Commit,order}' as "order" from saga, place
    where saga.id > place.after order by saga.id limit $2
), last as (
    select id from page order by id desc limit 1
), strange as materialized (
    select id from page where page."order" is not null and "#,
    strange!(r#"page."order""#),
    r#"
), bare as (
    update saga set other_value = jsonb_set(saga.other_value::jsonb, '{Commit,order,legs}', "#,
    unnamed!(r#"(saga.other_value #> '{Commit,order}')"#),
    r#")::json from strange where saga.id = strange.id and saga.chosen
), moved as (
    update names_to_withhold set after = last.id from last where kind = 'saga'
), ended as (
    delete from names_to_withhold where kind = 'saga' and not exists (select from last)
)
select (select count(*) from place) as places, (select count(*) from strange) as withheld
"#
);

const FORGET_SAVED: &str = "
delete from saved_passengers using user_account where user_account.id = user_id and user_account.gone
";

/// Answers with how many copies have no names any more that this company may not know. None: there are no more to be looked at.
pub async fn copied(database: &Database, me: CompanyId) -> anyhow::Result<Option<u64>> {
    let client = database.client().await?;
    let (mut places, mut withheld) = (0, 0);
    for step in [WITHHOLD, WITHHOLD_DECIDED] {
        let row = client
            .query_one(step, &[&me.as_str(), &TICKETS_MAX])
            .await?;
        places += row.try_get::<_, i64>("places")?;
        withheld += row.try_get::<_, i64>("withheld")?;
    }
    Ok((places > 0).then_some(withheld.unsigned_abs()))
}

/// Answers with how many tickets have nobody's name any more that had one. Passengers that a deleted account had saved here go at once.
pub async fn departed(database: &Database) -> anyhow::Result<u64> {
    let client = database.client().await?;
    client.execute(FORGET_SAVED, &[]).await?;
    Ok(client
        .execute(FORGET, &[&AFTER_SECONDS, &TICKETS_MAX])
        .await?)
}
