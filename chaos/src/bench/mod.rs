//! The end-to-end benchmark: three-company bookings over HTTP, against a real cluster on this machine.

pub mod pg32;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use tokio::time::sleep;

use crate::client::Client;
use crate::cluster::{Cluster, Needs, Options};
use crate::history::{Answer, History};
use crate::report::{quantile, table};
use crate::stock::{Size, Stock};
use crate::workload::{Load, Market, Mix, sign_up};

/// Before a measurement: connections, caches and prepared statements exist then.
const WARM_UP: Duration = Duration::from_secs(2);
/// After the start, until nodes are at rest.
const SETTLE: Duration = Duration::from_secs(3);
/// Bookings at once while routes are touched.
const TOUCHES_AT_ONCE: usize = 16;

#[derive(Debug, Clone)]
pub struct Plan {
    pub length: Duration,
    /// One measurement each.
    pub clients: Vec<usize>,
    /// Touched at each node; as many are on sale to the clients.
    pub routes: usize,
    pub seed: u64,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub pg32_before: f64,
    pub pg32_after: f64,
    pub rates: Vec<Rate>,
    /// Of each node, in MiB.
    pub memory_at_rest: Vec<u64>,
    pub memory_after_load: Vec<u64>,
    pub memory_after_touching: Vec<u64>,
    pub routes_touched: usize,
    /// Of the last minute, before and after.
    pub load_average: [f64; 2],
}

/// What some clients in a closed loop achieved.
#[derive(Debug, Serialize)]
pub struct Rate {
    pub clients: usize,
    pub bookings_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Bookings that were answered otherwise than by success.
    pub failed: usize,
}

pub async fn run(options: &Options, plan: &Plan) -> anyhow::Result<Report> {
    let load_before = load_average()?;
    let cluster = Cluster::start(options, Needs::default()).await?;
    sleep(SETTLE).await;
    let memory_at_rest = memory(&cluster)?;
    let database = &cluster
        .companies()
        .first()
        .context("there is no company")?
        .postgres;
    let pg32_before = pg32::measure(database, cluster.folder()).await?;

    let most = plan
        .clients
        .iter()
        .copied()
        .max()
        .context("--clients names none")?;
    let client = Client::new(cluster.companies())?;
    let sessions = sign_up(&client, most.max(TOUCHES_AT_ONCE)).await?;
    let stock = Arc::new(Stock::fetch(&client, &sessions[0], Size::spread(plan.routes)).await?);
    let market = |name: String| -> anyhow::Result<Market> {
        Ok(Market {
            client: client.clone(),
            stock: stock.clone(),
            history: Arc::new(History::create(&cluster.folder().join(name))?),
        })
    };
    let mut rates = Vec::with_capacity(plan.clients.len());
    for (round, clients) in plan.clients.iter().enumerate() {
        let market = market(format!("history-{clients}.jsonl"))?;
        let mix = Mix::every_company(client.nodes());
        let seed = plan.seed.wrapping_add(round as u64);
        let load = Load::start(&market, &mix, &sessions[..*clients], seed);
        sleep(WARM_UP).await;
        let from = market.history.now_us();
        sleep(plan.length).await;
        let window = from..market.history.now_us();
        load.stop().await?;
        rates.push(Rate::of(*clients, &market.history, window)?);
    }
    let pg32_after = pg32::measure(database, cluster.folder()).await?;
    let memory_after_load = memory(&cluster)?;
    touch(
        &market("history-touch.jsonl".to_owned())?,
        &sessions,
        plan.routes,
    )
    .await?;
    let memory_after_touching = memory(&cluster)?;
    cluster.stop().await?;
    Ok(Report {
        pg32_before,
        pg32_after,
        rates,
        memory_at_rest,
        memory_after_load,
        memory_after_touching,
        routes_touched: plan.routes,
        load_average: [load_before, load_average()?],
    })
}

/// Books one seat of every route.
async fn touch(
    market: &Market,
    sessions: &[crate::client::Session],
    routes: usize,
) -> anyhow::Result<()> {
    let booked = stream::iter(0..routes).map(|n| async move {
        let (node, customer) = (n % market.client.nodes(), n % sessions.len());
        let seats = market.stock.take_of_route(n);
        ensure!(
            !seats.is_empty(),
            "the load has sold out the routes to touch: raise --routes"
        );
        let key = format!("touch-{n}");
        let answer = market
            .book(node, customer, &sessions[customer], &key, &seats)
            .await?;
        Ok(usize::from(matches!(answer, Answer::Booked { .. })))
    });
    let booked: Vec<usize> = booked
        .buffer_unordered(TOUCHES_AT_ONCE)
        .try_collect()
        .await?;
    let booked: usize = booked.iter().sum();
    ensure!(
        booked == routes,
        "only {booked} of {routes} routes could be booked: the memory would be of another number"
    );
    Ok(())
}

impl Rate {
    fn of(clients: usize, history: &History, window: std::ops::Range<u64>) -> anyhow::Result<Self> {
        let mut operations = history.operations()?;
        operations.retain(|operation| window.contains(&operation.end_us));
        let booked = operations.iter().filter(|operation| operation.is_booked());
        let mut took: Vec<_> = booked.map(|operation| operation.took()).collect();
        took.sort_unstable();
        let seconds = Duration::from_micros(window.end - window.start).as_secs_f64();
        Ok(Self {
            clients,
            bookings_per_second: took.len() as f64 / seconds,
            p50_ms: quantile(&took, 0.5).as_secs_f64() * 1000.0,
            p99_ms: quantile(&took, 0.99).as_secs_f64() * 1000.0,
            failed: operations.len() - took.len(),
        })
    }
}

impl Report {
    pub fn pg32(&self) -> f64 {
        (self.pg32_before + self.pg32_after) / 2.0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rates = table(&[
            "clients",
            "bookings/s",
            "÷ PG32",
            "p50 ms",
            "p99 ms",
            "failed",
        ]);
        for rate in &self.rates {
            rates.add_row([
                rate.clients.to_string(),
                format!("{:.0}", rate.bookings_per_second),
                format!("{:.3}", rate.bookings_per_second / self.pg32()),
                format!("{:.1}", rate.p50_ms),
                format!("{:.1}", rate.p99_ms),
                rate.failed.to_string(),
            ]);
        }
        writeln!(f, "{rates}")?;
        writeln!(
            f,
            "PG32: {:.0} before, {:.0} after",
            self.pg32_before, self.pg32_after
        )?;
        writeln!(
            f,
            "memory of the nodes in MiB: {:?} at rest, {:?} after the load",
            self.memory_at_rest, self.memory_after_load
        )?;
        writeln!(
            f,
            "  {:?} after a booking on each of {} routes",
            self.memory_after_touching, self.routes_touched
        )?;
        let [before, after] = self.load_average;
        write!(f, "load average: {before} before, {after} after")
    }
}

fn memory(cluster: &Cluster) -> anyhow::Result<Vec<u64>> {
    let mib = |index| Ok(cluster.memory(index)? >> 20);
    (0..cluster.companies().len()).map(mib).collect()
}

fn load_average() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").context("read the load average")?;
    let first = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    first.context("/proc/loadavg does not begin with a number")
}
