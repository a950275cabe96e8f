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

const WITHHOLD: &str = r#"
with place as (
    select after from names_to_withhold for update
), page as materialized (
    select ticket.id, ticket."order" from ticket, place where ticket.id > place.after order by ticket.id limit $2
), last as (
    select id from page order by id desc limit 1
), strange as materialized (
    select id from page
    where "order" ->> 'seller' is distinct from $1
        and not exists (
            select from json_array_elements("order" -> 'legs') as leg where leg -> 'seat' ->> 'company' = $1
        )
), names as (
    update corrected_name set name = '' from strange where ticket_id = strange.id and name <> ''
), bare as (
    update ticket set "order" = jsonb_set(ticket."order"::jsonb, '{legs}', (
        select jsonb_agg(
            case jsonb_typeof(leg -> 'passenger')
                when 'object' then leg || '{"passenger": {"name": "", "document": null}}' else leg
            end order by place
        )
        from jsonb_array_elements(ticket."order"::jsonb -> 'legs') with ordinality as leg (leg, place)
    ))::json
    from strange where ticket.id = strange.id
), moved as (
    update names_to_withhold set after = last.id from last
), ended as (
    delete from names_to_withhold where not exists (select from last)
)
select (select count(*) from place) as places, (select count(*) from strange) as tickets
"#;

const FORGET_SAVED: &str = "
delete from saved_passengers using user_account where user_account.id = user_id and user_account.gone
";

/// Answers with how many copies have no names any more that this company may not know. None: there are no more to be looked at.
pub async fn copied(database: &Database, me: CompanyId) -> anyhow::Result<Option<u64>> {
    let client = database.client().await?;
    let row = client
        .query_one(WITHHOLD, &[&me.as_str(), &TICKETS_MAX])
        .await?;
    let (places, tickets): (i64, i64) = (row.try_get("places")?, row.try_get("tickets")?);
    Ok((places > 0).then_some(tickets.unsigned_abs()))
}

/// Answers with how many tickets have nobody's name any more that had one. Passengers that a deleted account had saved here go at once.
pub async fn departed(database: &Database) -> anyhow::Result<u64> {
    let client = database.client().await?;
    client.execute(FORGET_SAVED, &[]).await?;
    Ok(client
        .execute(FORGET, &[&AFTER_SECONDS, &TICKETS_MAX])
        .await?)
}
