//! Writes a schedule into `route`: what is new, what changed, what is no longer flown.
//!
//! Everything is one transaction, and a constant number of statements however many routes there are: the routes are copied
//! into a temporary table and compared there.
//!
//! Invariants:
//! * `catalogue_version` rises first, and its row lock makes imports wait for each other;
//! * a route is never deleted, because a leg may have tickets: what a schedule lacks goes off sale;
//! * `seats` never falls below the highest seat that is prepared or sold;
//! * a row carries the version of the import that last changed it; an equal row is not written.

use std::ops::Range;
use std::pin::pin;

use jiff::Timestamp;
use passcom_actors::catalogue::Route;
use passcom_actors::domain::ids::RouteId;
use passcom_actors::fail_point::{self, Write};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Transaction};

use self::difference::examples;
pub use self::difference::{Change, FieldChange};

mod difference;

/// Changed routes that are shown field by field.
pub const EXAMPLES_MAX: i64 = 5;
/// Routes between two calls of the progress callback.
pub const PROGRESS_EVERY: u64 = 1000;

/// Long enough for the largest schedule on a slow disk; short enough that a lost client's lock goes.
const LIMITS: &str = "set local statement_timeout = '15min'; set local lock_timeout = '1min'";

// the first import of all makes the row
const ENSURE_VERSION: &str =
    "insert into catalogue_version (version) values (0) on conflict do nothing";

const BEGIN_VERSION: &str = "update catalogue_version set version = version + 1 returning version";

const CREATE_INCOMING: &str = "
    create temp table incoming (
        id bigint primary key,
        flight text not null,
        origin text not null,
        destination text not null,
        departs timestamptz not null,
        arrives timestamptz not null,
        seats int not null,
        price_minor bigint not null,
        currency text not null,
        equipment text not null,
        on_sale boolean not null
    ) on commit drop";

const COPY_INCOMING: &str = "
    copy incoming (id, flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale)
    from stdin (format binary)";

const COPY_TYPES: [Type; 11] = [
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TIMESTAMPTZ,
    Type::TIMESTAMPTZ,
    Type::INT4,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::BOOL,
];

// the planner knows nothing of a temporary table that was just filled
const ANALYZE_INCOMING: &str = "analyze incoming";

const SHRINKS: &str =
    "select exists (select from route r join incoming i using (id) where i.seats < r.seats)";

// whoever appends to the log after this waits for the commit, and finds the new version of the routes
const SHUT_LOG: &str = "lock table log in share row exclusive mode";

const KEEP_SEATS_IN_USE: &str = "
    with used as (
        select owner.route_id, max(owner.number) as highest
        from route r
        join incoming i using (id)
        join seat_owner owner on owner.route_id = r.id
        where i.seats < r.seats and owner.saga_id <> '00000000-0000-0000-0000-000000000000'
        group by owner.route_id
    )
    update incoming i set seats = used.highest
    from used
    where i.id = used.route_id and i.seats < used.highest";

const INSERT_NEW: &str = "
    insert into route (id, flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale, version)
    select i.id, i.flight, i.origin, i.destination, i.departs, i.arrives, i.seats, i.price_minor, i.currency, i.equipment,
        i.on_sale, $1
    from incoming i
    where not exists (select from route r where r.id = i.id)";

const UPDATE_CHANGED: &str = "
    update route r set
        (flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale, version)
        = (i.flight, i.origin, i.destination, i.departs, i.arrives, i.seats, i.price_minor, i.currency, i.equipment, i.on_sale, $1)
    from incoming i
    where r.id = i.id
        and (r.flight, r.origin, r.destination, r.departs, r.arrives, r.seats, r.price_minor, r.currency, r.equipment, r.on_sale)
        is distinct from
        (i.flight, i.origin, i.destination, i.departs, i.arrives, i.seats, i.price_minor, i.currency, i.equipment, i.on_sale)";

const WITHDRAW_MISSING: &str = "
    update route r set on_sale = false, version = $1
    where r.id >= $2 and r.id < $3 and r.on_sale
        and not exists (select from incoming i where i.id = r.id)";

const SUM_SEATS: &str = "select coalesce(sum(seats), 0)::bigint from incoming";

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {step}")]
    Database {
        /// What was being done.
        step: &'static str,
        source: tokio_postgres::Error,
    },
    #[error("route {0} departs or arrives outside of the years 1 to 9999")]
    Time(RouteId),
}

/// What to import, and whether to.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The schedule speaks for all of these: those that it lacks are withdrawn.
    pub ids: Range<RouteId>,
    /// Finds the difference and changes nothing.
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Of the catalogue, with this import.
    pub version: i64,
    pub added: u64,
    pub changed: u64,
    pub withdrawn: u64,
    pub unchanged: u64,
    /// Of all routes of the schedule.
    pub seats: u64,
    /// Routes that keep more seats than the schedule says, because they are sold.
    pub seats_kept: u64,
    /// Some of the changed routes, at most [`EXAMPLES_MAX`].
    pub examples: Vec<Change>,
}

/// A connection of an import's own: it is busy for seconds, and takes none from the pool of a node.
pub async fn connect(url: &str) -> Result<Client, Error> {
    let step = failed("connect to the database");
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(step)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection of an import ended");
        }
    });
    Ok(client)
}

/// Makes `route` what the schedule says for the ids of the scope. `progress` hears how many routes were sent.
pub async fn import(
    client: &mut Client,
    routes: impl Iterator<Item = Route>,
    scope: &Scope,
    progress: impl FnMut(u64),
) -> Result<Report, Error> {
    let transaction = client.transaction().await.map_err(failed("begin"))?;
    let version = begin_version(&transaction).await?;
    let copied = copy(&transaction, routes, progress).await?;
    let report = apply(&transaction, version, copied, scope).await?;
    if scope.dry_run {
        transaction.rollback().await.map_err(failed("roll back"))?;
    } else {
        fail_point::before(&Write::Schedule);
        transaction.commit().await.map_err(failed("commit"))?;
        fail_point::after(&Write::Schedule);
    }
    Ok(report)
}

async fn begin_version(transaction: &Transaction<'_>) -> Result<i64, Error> {
    let step = failed("take the next version of the catalogue");
    transaction.batch_execute(LIMITS).await.map_err(&step)?;
    transaction
        .execute(ENSURE_VERSION, &[])
        .await
        .map_err(&step)?;
    let row = transaction.query_one(BEGIN_VERSION, &[]).await;
    Ok(row.map_err(&step)?.get(0))
}

/// Sends the routes as they come, so that memory holds one of them and the socket's buffer.
async fn copy(
    transaction: &Transaction<'_>,
    routes: impl Iterator<Item = Route>,
    mut progress: impl FnMut(u64),
) -> Result<u64, Error> {
    let step = failed("copy the routes");
    transaction
        .batch_execute(CREATE_INCOMING)
        .await
        .map_err(&step)?;
    let sink = transaction.copy_in(COPY_INCOMING).await.map_err(&step)?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &COPY_TYPES));
    let mut sent = 0;
    for route in routes {
        let (departs, arrives) = (
            timestamp(route.id, route.departs)?,
            timestamp(route.id, route.arrives)?,
        );
        let row: [&(dyn ToSql + Sync); 11] = [
            &(route.id.0 as i64),
            &route.flight,
            &route.origin,
            &route.destination,
            &departs,
            &arrives,
            &i32::from(route.seats),
            &route.price.minor,
            &route.price.currency,
            &route.equipment,
            &route.on_sale,
        ];
        writer.as_mut().write(&row).await.map_err(&step)?;
        sent += 1;
        if sent % PROGRESS_EVERY == 0 {
            progress(sent);
        }
    }
    let copied = writer.finish().await.map_err(&step)?;
    progress(copied);
    transaction
        .batch_execute(ANALYZE_INCOMING)
        .await
        .map_err(&step)?;
    Ok(copied)
}

fn timestamp(route: RouteId, seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_second(seconds).map_err(|_| Error::Time(route))
}

async fn apply(
    transaction: &Transaction<'_>,
    version: i64,
    copied: u64,
    scope: &Scope,
) -> Result<Report, Error> {
    let seats_kept = keep_seats_in_use(transaction).await?;
    let step = failed("compare the routes");
    let examples = examples(transaction).await.map_err(&step)?;
    let seats: i64 = transaction
        .query_one(SUM_SEATS, &[])
        .await
        .map_err(&step)?
        .get(0);
    let step = failed("write the difference");
    let (first, end) = (scope.ids.start.0 as i64, scope.ids.end.0 as i64);
    let withdraw: [&(dyn ToSql + Sync); 3] = [&version, &first, &end];
    let withdrawn = transaction
        .execute(WITHDRAW_MISSING, &withdraw)
        .await
        .map_err(&step)?;
    let changed = transaction
        .execute(UPDATE_CHANGED, &[&version])
        .await
        .map_err(&step)?;
    let added = transaction
        .execute(INSERT_NEW, &[&version])
        .await
        .map_err(&step)?;
    Ok(Report {
        version,
        added,
        changed,
        withdrawn,
        unchanged: copied - changed - added,
        seats: seats as u64,
        seats_kept,
        examples,
    })
}

async fn keep_seats_in_use(transaction: &Transaction<'_>) -> Result<u64, Error> {
    let step = failed("keep the seats in use");
    let shrinks = transaction.query_one(SHRINKS, &[]).await.map_err(&step)?;
    if !shrinks.get::<_, bool>(0) {
        return Ok(0);
    }
    transaction.batch_execute(SHUT_LOG).await.map_err(&step)?;
    transaction
        .execute(KEEP_SEATS_IN_USE, &[])
        .await
        .map_err(&step)
}

fn failed(step: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |source| Error::Database { step, source }
}
