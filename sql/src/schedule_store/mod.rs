//! Writes a schedule into `route`: what is new, what changed, what is no longer flown.
//!
//! Everything is one transaction, and a constant number of statements however many routes there are: the routes are copied
//! into a temporary table and compared there.
//!
//! Invariants:
//! * `catalogue_version` rises first, and its row lock makes imports wait for each other;
//! * a route is never deleted, because a leg may have tickets: what a schedule lacks goes off sale;
//! * whoever has a seat keeps it, also one that the new aircraft lacks: that is off sale at once, and the node gives its owner another one
//!   ([`watchers::flights`](passcom_actors::watchers::flights));
//! * a flight on which somebody has a seat keeps its number and its airports, also when it is withdrawn: a ticket is for these;
//! * who withdraws much says that it is meant: more than [`WITHDRAWN_PART_MAX`] of what is on sale only by force, which the
//!   table `audit` remembers;
//! * the sample takes nothing off sale but a sample;
//! * a row carries the version of the import that last changed it; an equal row is not written.

use std::ops::Range;
use std::pin::pin;

use anyhow::Context;
use jiff::Timestamp;
use passcom_actors::catalogue::Route;
use passcom_actors::domain::ids::RouteId;
use passcom_actors::fail_point::{self, Write};
pub use tokio_postgres::Client;
use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use crate::address::Address;

use self::difference::examples;
pub use self::difference::{Change, FieldChange};
use self::flight::Act;

pub use self::tickets::{TICKETS_LISTED, Touched, TouchedTicket};

mod difference;
pub mod flight;
mod tickets;

/// Changed routes that are shown field by field.
pub const EXAMPLES_MAX: i64 = 5;
/// One in so many of the routes on sale in the scope may be withdrawn without force.
pub const WITHDRAWN_PART_MAX: u64 = 10;
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
        on_sale boolean not null,
        departs_offset smallint,
        arrives_offset smallint
    ) on commit drop";

const COPY_INCOMING: &str = "
    copy incoming (id, flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale,
        departs_offset, arrives_offset)
    from stdin (format binary)";

const COPY_TYPES: [Type; 13] = [
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
    Type::INT2,
    Type::INT2,
];

// the planner knows nothing of a temporary table that was just filled
const ANALYZE_INCOMING: &str = "analyze incoming";

// at the very end: whoever appended before has committed then, so that who looks through the changed routes after this import finds every
// seat that was taken on what they were; whoever appends after it finds the new version
const SHUT_LOG: &str = "select shut_log()";

const INSERT_NEW: &str = "
    insert into route (id, flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale,
        departs_offset, arrives_offset, version)
    select i.id, i.flight, i.origin, i.destination, i.departs, i.arrives, i.seats, i.price_minor, i.currency, i.equipment,
        i.on_sale, i.departs_offset, i.arrives_offset, $1
    from incoming i
    where not exists (select from route r where r.id = i.id)";

const UPDATE_CHANGED: &str = "
    update route r set
        (flight, origin, destination, departs, arrives, seats, price_minor, currency, equipment, on_sale, departs_offset,
        arrives_offset, version)
        = (i.flight, i.origin, i.destination, i.departs, i.arrives, i.seats, i.price_minor, i.currency, i.equipment, i.on_sale,
        i.departs_offset, i.arrives_offset, $1),
        (equipment_before, seats_before) = (
            select r.equipment, r.seats where (r.equipment, r.seats) <> (i.equipment, i.seats)
            union all
            select r.equipment_before, r.seats_before where (r.equipment, r.seats) = (i.equipment, i.seats)
        )
    from incoming i
    where r.id = i.id
        and (r.flight, r.origin, r.destination, r.departs, r.arrives, r.seats, r.price_minor, r.currency, r.equipment, r.on_sale,
            r.departs_offset, r.arrives_offset)
        is distinct from
        (i.flight, i.origin, i.destination, i.departs, i.arrives, i.seats, i.price_minor, i.currency, i.equipment, i.on_sale,
            i.departs_offset, i.arrives_offset)";

const WITHDRAW_MISSING: &str = "
    update route r set on_sale = false, version = $1
    where r.id >= $2 and r.id < $3 and r.on_sale
        and not exists (select from incoming i where i.id = r.id)";

const ON_SALE: &str = "select count(*) from route where id >= $1 and id < $2 and on_sale";

// whatever the dates: a flight of the sample is one every day. Not `not exists`: before there are statistics of `route`, each of its rows
// would be compared with each that comes in
const SELLS_OTHERS: &str = "
    select exists (
        select flight, origin, destination from route where on_sale and departs > now()
        except
        select flight, origin, destination from incoming
    )";

const BECOME_OTHERS: &str = "
    select r.flight || ' ' || r.origin || '-' || r.destination || ' ' || to_char(r.departs at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC',
        i.flight || ' ' || i.origin || '-' || i.destination, count(*)
    from route r
    join incoming i using (id)
    join seat_owner owner on owner.route_id = r.id
    where (r.flight, r.origin, r.destination) is distinct from (i.flight, i.origin, i.destination) and r.departs > now()
        and owner.saga_id <> '00000000-0000-0000-0000-000000000000'
    group by r.id, r.flight, r.origin, r.destination, r.departs, i.flight, i.origin, i.destination
    order by r.departs, r.id";

const AUDIT: &str = "
    insert into audit (at, action, subject, reason) values (now(), $1, $2, $3)";

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
    #[error(
        "{withdrawn} of the {on_sale} flights that are on sale on these dates would be withdrawn, {seats} sold seats on \
         them; nothing was changed. Is a file or a company missing? --merge only adds and changes, --force withdraws"
    )]
    Withdraws {
        withdrawn: u64,
        on_sale: u64,
        /// Sold, on those flights.
        seats: u64,
    },
    #[error(
        "{flight} would become {becomes} for {seats} seats that are sold ({routes} flights in all); nothing was changed. A ticket is for a \
         flight number and its airports: withdraw that flight, and give the new one another number"
    )]
    BecomesAnother {
        /// Number, airports and departure, as it was sold.
        flight: String,
        becomes: String,
        /// Sold, on all such flights.
        seats: u64,
        routes: u64,
    },
    #[error("a row that cannot be read: {0}")]
    Unreadable(String),
    #[error("the company sells other flights than the sample; nothing was changed")]
    SellsOthers,
}

/// What to import, and whether to.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The schedule speaks for these, all or some.
    pub ids: Range<RouteId>,
    /// What becomes of those that the schedule lacks.
    pub lacking: Lacking,
    /// Finds the difference and changes nothing.
    pub dry_run: bool,
    /// Refused where the company sells anything else: for the sample, which nobody asked for.
    pub alone: bool,
}

impl Scope {
    /// A schedule that is all there is of these.
    pub fn of(ids: Range<RouteId>) -> Self {
        Self {
            ids,
            lacking: Lacking::Withdrawn,
            dry_run: false,
            alone: false,
        }
    }
}

/// What becomes of routes on sale that a schedule does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The schedule is a change: they stay.
    Stay,
    /// The schedule is all there is: they are withdrawn, unless they are too many.
    Withdrawn,
    /// They are withdrawn, however many they are.
    WithdrawnByForce,
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
    /// Some of the changed routes, at most [`EXAMPLES_MAX`].
    pub examples: Vec<Change>,
    /// Routes on sale in the scope, before.
    pub on_sale_before: u64,
    /// More were withdrawn than go without force.
    pub withdraws_much: bool,
    pub touched: Touched,
}

/// A connection of an import's own: it is busy for seconds, and takes none from the pool of a node.
pub async fn connect(address: &Address) -> anyhow::Result<Client> {
    let connector = address.connector()?;
    let connecting = connector.connect().await;
    let (client, connection) = connecting.context("cannot connect to the database")?;
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
    import_audited(client, routes, scope, None, progress).await
}

async fn import_audited(
    client: &mut Client,
    routes: impl Iterator<Item = Route>,
    scope: &Scope,
    act: Option<&Act>,
    progress: impl FnMut(u64),
) -> Result<Report, Error> {
    let transaction = client.transaction().await.map_err(failed("begin"))?;
    let version = begin_version(&transaction).await?;
    let copied = copy(&transaction, routes, progress).await?;
    let report = apply(&transaction, version, copied, scope).await?;
    if let Some(act) = act {
        let step = failed("write the audit");
        let row: [&(dyn ToSql + Sync); 3] = [&act.action, &act.subject, &act.reason];
        transaction.execute(AUDIT, &row).await.map_err(step)?;
    }
    if scope.dry_run {
        transaction.rollback().await.map_err(failed("roll back"))?;
    } else {
        let step = failed("wait for what is being appended to the log");
        transaction.batch_execute(SHUT_LOG).await.map_err(step)?;
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
        let departs_offset = route.offsets.map(|offsets| offsets.departs);
        let arrives_offset = route.offsets.map(|offsets| offsets.arrives);
        let row: [&(dyn ToSql + Sync); 13] = [
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
            &departs_offset,
            &arrives_offset,
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
    let (first, end) = (scope.ids.start.0 as i64, scope.ids.end.0 as i64);
    if scope.alone {
        let step = failed("look for other flights");
        let others = transaction.query_one(SELLS_OTHERS, &[]).await;
        if others.map_err(step)?.get(0) {
            return Err(Error::SellsOthers);
        }
    }
    refuse_another(transaction).await?;
    let step = failed("compare the routes");
    let withdraws = scope.lacking != Lacking::Stay;
    let touched = tickets::touched(transaction, (first, end), withdraws)
        .await
        .map_err(&step)?;
    let on_sale_before: i64 = transaction
        .query_one(ON_SALE, &[&first, &end])
        .await
        .map_err(&step)?
        .get(0);
    let examples = examples(transaction).await.map_err(&step)?;
    let seats: i64 = transaction
        .query_one(SUM_SEATS, &[])
        .await
        .map_err(&step)?
        .get(0);
    let step = failed("write the difference");
    let withdraw: [&(dyn ToSql + Sync); 3] = [&version, &first, &end];
    let withdrawn = match scope.lacking {
        Lacking::Stay => 0,
        _ => transaction
            .execute(WITHDRAW_MISSING, &withdraw)
            .await
            .map_err(&step)?,
    };
    let changed = transaction
        .execute(UPDATE_CHANGED, &[&version])
        .await
        .map_err(&step)?;
    let added = transaction
        .execute(INSERT_NEW, &[&version])
        .await
        .map_err(&step)?;
    let report = Report {
        version,
        added,
        changed,
        withdrawn,
        unchanged: copied - changed - added,
        seats: seats as u64,
        examples,
        on_sale_before: on_sale_before as u64,
        withdraws_much: withdrawn * WITHDRAWN_PART_MAX > on_sale_before as u64,
        touched,
    };
    if report.withdraws_much && !scope.dry_run {
        confirm_withdrawal(transaction, &report, scope.lacking).await?;
    }
    Ok(report)
}

/// Refuses to make another flight of one on which somebody has a seat, as the tables have it, and which has not left.
async fn refuse_another(transaction: &Transaction<'_>) -> Result<(), Error> {
    let step = failed("look for flights that become others");
    let rows = transaction.query(BECOME_OTHERS, &[]).await;
    let rows = rows.map_err(&step)?;
    let Some(first) = rows.first() else {
        return Ok(());
    };
    let seats = rows.iter().map(|row| row.get::<_, i64>(2));
    Err(Error::BecomesAnother {
        flight: first.get(0),
        becomes: first.get(1),
        seats: seats.sum::<i64>() as u64,
        routes: rows.len() as u64,
    })
}

/// Refuses it, or remembers that it was forced. A dry run only tells.
async fn confirm_withdrawal(
    transaction: &Transaction<'_>,
    report: &Report,
    lacking: Lacking,
) -> Result<(), Error> {
    let (withdrawn, on_sale) = (report.withdrawn, report.on_sale_before);
    let seats = report.touched.seats_withdrawn;
    if lacking != Lacking::WithdrawnByForce {
        return Err(Error::Withdraws {
            withdrawn,
            on_sale,
            seats,
        });
    }
    let reason = format!(
        "version {}: {withdrawn} of {on_sale} flights withdrawn, {seats} sold seats on them",
        report.version
    );
    let step = failed("write the audit");
    let row: [&(dyn ToSql + Sync); 3] = [&"import-force", &"schedule", &reason];
    transaction.execute(AUDIT, &row).await.map_err(step)?;
    Ok(())
}

fn failed(step: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |source| Error::Database { step, source }
}
