//! What a story needs of Redis and of the companies' databases.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use passcom_chaos::cluster::{Redis, RunningCompany, follow};
use tokio::time::{Instant, sleep};
use tokio_postgres::NoTls;
use uuid::Uuid;

/// The lowest ids are compared within seconds of a start.
const COPY_LIMIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// As a Redis that comes back with an old snapshot: its tokens are older than those on the seats.
pub async fn forget_tokens(redis: &Redis) -> anyhow::Result<()> {
    redis.set("fence:counter", "0").await
}

/// The company has never met the others, as an operator has it after one of them has lost its disk.
pub async fn forget_peers(company: &RunningCompany) -> anyhow::Result<()> {
    let database = connect(company).await?;
    match database.execute("delete from peer", &[]).await? {
        0 => bail!("company {} had met nobody", company.company),
        _ => Ok(()),
    }
}

/// As an import that moves the company's flight of this ticket, by so much that another one is owed. Its tables have the ticket.
pub async fn retime(company: &RunningCompany, ticket: Uuid) -> anyhow::Result<()> {
    let mut database = connect(company).await?;
    let transaction = database.transaction().await?;
    let moved = "
        with newer as (update catalogue_version set version = version + 1 returning version)
        update route set departs = departs + interval '2 hours', arrives = arrives + interval '2 hours', version = newer.version
        from newer where id in (select route_id from ticket_leg where ticket_id = $1 and company = $2)";
    let code = company.company.to_string();
    let moved = transaction.execute(moved, &[&ticket, &code]).await?;
    ensure!(moved == 1, "{moved} flights of ticket {ticket} were moved");
    let shut = "lock table log in share row exclusive mode";
    transaction.batch_execute(shut).await?;
    Ok(transaction.commit().await?)
}

/// The ticket that is compared first.
pub async fn first_ticket(company: &RunningCompany) -> anyhow::Result<Uuid> {
    let database = connect(company).await?;
    let row = database
        .query_one("select id from ticket order by id limit 1", &[])
        .await
        .context("there are tickets by now")?;
    Ok(row.try_get(0)?)
}

/// The books go with it, as they were written with it.
const LOSE_TICKET: &str = r#"
with leg as (
    select (created_at at time zone 'UTC')::date as day, leg -> 'seat' ->> 'company' as owner,
           coalesce("order" ->> 'seller', leg -> 'seat' ->> 'company') as seller, leg -> 'price' ->> 'currency' as currency,
           (leg -> 'price' ->> 'minor')::numeric as minor, (leg -> 'seat' ->> 'route')::bigint as route_id,
           (leg -> 'seat' ->> 'number')::int as number
    from ticket cross join json_array_elements("order" -> 'legs') as leg where id = $1
), entry as (
    select day, seller, owner, currency, 1 as seats_sold, minor as sold, 0 as seats_refunded, 0 as refunded from leg
    union all
    select (gone.refunded_at at time zone 'UTC')::date, seller, owner, gone.refund_currency, 0, 0, 1, gone.refund_minor
    from leg join cancelled_leg as gone
        on (gone.ticket_id, gone.company, gone.route_id, gone.number) = ($1, leg.owner, leg.route_id, leg.number)
    where gone.refund_minor is not null
), account as (
    select day, seller, owner, currency, sum(seats_sold) as seats_sold, sum(sold) as sold,
           sum(seats_refunded) as seats_refunded, sum(refunded) as refunded
    from entry group by day, seller, owner, currency
), books as (
    update settlement as book
    set seats_sold = book.seats_sold - account.seats_sold, sold = book.sold - account.sold,
        seats_refunded = book.seats_refunded - account.seats_refunded, refunded = book.refunded - account.refunded
    from account
    where (book.day, book.seller, book.owner, book.currency) = (account.day, account.seller, account.owner, account.currency)
), seats as (delete from cancelled_leg where ticket_id = $1), flights as (delete from changed_leg where ticket_id = $1),
    names as (delete from corrected_name where ticket_id = $1)
delete from ticket where id = $1"#;

/// As a backup that was restored, or an outbox that was cut: the company does not know this ticket of others any more. Its node
/// is dead, and its tables had followed its log before.
pub async fn lose_ticket(company: &RunningCompany, ticket: Uuid) -> anyhow::Result<()> {
    let database = connect(company).await?;
    match database.execute(LOSE_TICKET, &[&ticket]).await? {
        0 => bail!("company {} had no ticket {ticket}", company.company),
        _ => Ok(()),
    }
}

/// Until the company has the ticket again.
pub async fn wait_for_ticket(company: &RunningCompany, ticket: Uuid) -> anyhow::Result<()> {
    let database = connect(company).await?;
    let found = "select from ticket where id = $1";
    let deadline = Instant::now() + COPY_LIMIT;
    while database.query_opt(found, &[&ticket]).await?.is_none() {
        ensure!(
            Instant::now() < deadline,
            "company {} does not get ticket {ticket} back",
            company.company
        );
        sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Until the tables have what the log has now: a node that starts takes the rest from the log, whatever they say.
pub async fn settled(company: &RunningCompany) -> anyhow::Result<()> {
    let behind = follow(&connect(company).await?).await?;
    behind.with_context(|| format!("company {}", company.company))
}

/// As if the time of every open hold were over. Its node is dead, and learns of it when it starts.
pub async fn end_holds(company: &RunningCompany) -> anyhow::Result<()> {
    let database = connect(company).await?;
    let over =
        "update saga set hold_seconds = 1 where state = 'begun' and hold_seconds is not null";
    database.execute(over, &[]).await?;
    Ok(())
}

/// Legs that wait for a decision.
pub async fn prepared(company: &RunningCompany) -> anyhow::Result<i64> {
    let database = connect(company).await?;
    follow(&database).await??;
    let row = database
        .query_one("select count(*) from leg where state = 'prepared'", &[])
        .await?;
    Ok(row.try_get(0)?)
}

/// How many routes there are, and a sum over what they are.
pub async fn routes(company: &RunningCompany) -> anyhow::Result<(i64, i64)> {
    let database = connect(company).await?;
    let row = database
        .query_one(
            "select count(*), coalesce(sum(hashtext(route::text)), 0)::bigint from route",
            &[],
        )
        .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

async fn connect(company: &RunningCompany) -> anyhow::Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(&company.postgres, NoTls).await?;
    tokio::spawn(connection); // its end is the client's next error
    Ok(client)
}
