//! Faults under load, then the audit.
//!
//! A run goes: start, sign up, load, faults, stop the load, wait for everybody, heal, send keys again at every node, heal, audit.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use fastrand::Rng;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::checker::{self, Audit, Evidence, facts};
use crate::client::{Client, Session};
use crate::cluster::{Cluster, Options};
use crate::history::{FaultId, History, Meaning, Operation, Request, RunHeader, Seat};
use crate::progress::Progress;
use crate::report::figures::Figures;
use crate::report::{self, Verdict};
use crate::stock::{Size, Stock};
use crate::workload::{Load, Market, Mix, sign_up};

/// Keys that are asked for again at every node when all is over: those without a definite answer first.
const REPLAYED_MAX: usize = 200;
/// Requests with one of them at one node.
const REPLAYS_MAX: usize = 20;
const REPLAY_AGAIN: Duration = Duration::from_millis(250);
/// Between two faults, so that the load sees the cluster whole in between.
const CALM: Duration = Duration::from_secs(2);
/// How long a node of a mixed run stays frozen: shorter and longer than what its peers take to notice.
const NAP_SECONDS: std::ops::RangeInclusive<u64> = 1..=8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// `kill -9` of one node after the other.
    KillNode,
    /// `kill -9` of Redis, once.
    KillRedis,
    /// One company stands still for two thirds of the run.
    Freeze,
    /// Kills and short freezes, and Redis dies half-way.
    Mixed,
}

impl Fault {
    pub fn name(self) -> &'static str {
        match self {
            Self::KillNode => "kill-node",
            Self::KillRedis => "kill-redis",
            Self::Freeze => "freeze",
            Self::Mixed => "mixed",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub fault: Fault,
    pub seed: u64,
    /// Of the load.
    pub length: Duration,
    pub customers: usize,
    pub size: Size,
    /// Whether most bookings are for the hot stock.
    pub hot: bool,
}

impl Plan {
    fn command(&self) -> String {
        let Self {
            fault,
            seed,
            length,
            customers,
            hot,
            ..
        } = self;
        let hot = if *hot { " --hot" } else { "" };
        format!(
            "chaos run {} --seed {seed} --seconds {} --clients {customers}{hot}",
            fault.name(),
            length.as_secs()
        )
    }
}

/// A cluster with customers who have signed up.
pub struct Run {
    pub cluster: Cluster,
    pub market: Market,
    pub sessions: Vec<Session>,
    header: RunHeader,
    rng: Rng,
    /// Of the load, by the clock of the history.
    begin_us: u64,
}

/// Runs it from start to stop. The folder stays if the verdict is bad.
pub async fn run(options: &Options, plan: &Plan) -> anyhow::Result<Verdict> {
    let mut run = Run::start(options, plan).await?;
    let everybody: Vec<_> = (0..run.cluster.companies().len()).collect();
    let mix = match plan.hot {
        true => Mix::contended(&everybody),
        false => Mix::assorted(&everybody),
    };
    let progress = Progress::start(run.market.history.clone(), plan.length);
    let load = Load::start(&run.market, &mix, &run.sessions, plan.seed);
    let until = Instant::now() + plan.length;
    match plan.fault {
        Fault::KillNode => run.kill_nodes(until).await?,
        Fault::KillRedis => {
            sleep(plan.length / 3).await;
            run.kill_redis()?;
        }
        Fault::Freeze => {
            let node = run.rng.usize(..everybody.len());
            sleep(plan.length / 6).await;
            run.freeze(node, plan.length * 2 / 3).await?;
        }
        Fault::Mixed => run.mixed(until).await?,
    }
    sleep_until(until).await;
    load.stop().await?;
    drop(progress);
    run.finish().await
}

impl Run {
    pub async fn start(options: &Options, plan: &Plan) -> anyhow::Result<Self> {
        let cluster = Cluster::start(options).await?;
        let client = Client::new(cluster.companies())?;
        let sessions = sign_up(&client, plan.customers).await?;
        let first = sessions.first().context("a run needs a customer")?;
        let stock = Stock::fetch(&client, first, plan.size).await?;
        let history = History::create(&cluster.folder().join("history.jsonl"))?;
        let companies = cluster.companies().iter();
        let companies = companies.map(|running| running.company.clone()).collect();
        let header = RunHeader::new(
            plan.fault.name(),
            plan.seed,
            plan.command(),
            companies,
            plan.customers,
        );
        history.describe(header.clone())?;
        Ok(Self {
            cluster,
            begin_us: history.now_us(),
            market: Market {
                client,
                stock: Arc::new(stock),
                history: Arc::new(history),
            },
            sessions,
            header,
            rng: Rng::with_seed(plan.seed),
        })
    }

    /// Kills a node and waits until the demo has it back.
    pub async fn kill_node(&mut self, node: usize) -> anyhow::Result<()> {
        let fault = self.begins("kill-node", node)?;
        self.cluster.kill_node(node)?;
        self.cluster.wait_until_ready(&[node]).await?;
        self.market.history.end_fault(fault)
    }

    pub fn kill_redis(&mut self) -> anyhow::Result<()> {
        self.market.history.begin_fault("kill-redis", "redis")?;
        self.cluster.kill_redis()
    }

    pub async fn freeze(&mut self, node: usize, nap: Duration) -> anyhow::Result<()> {
        let fault = self.begins("freeze", node)?;
        self.cluster.freeze_node(node)?;
        sleep(nap).await;
        self.cluster.thaw_node(node)?;
        self.market.history.end_fault(fault)
    }

    /// Waits until all is quiet, asks everything again, and audits. The load has been stopped.
    pub async fn finish(mut self) -> anyhow::Result<Verdict> {
        let quiet = Instant::now();
        let load_us = self.begin_us..self.market.history.now_us();
        self.cluster.wait_until_ready(&[]).await?;
        let (_, left) = facts::heal(self.cluster.companies()).await?;
        let healed_after = quiet.elapsed();
        let mut found = left;
        if found.is_empty() {
            self.replay().await?;
            found.extend(facts::heal(self.cluster.companies()).await?.1);
        }
        let evidence = self.evidence().await?;
        let Audit {
            violations, judged, ..
        } = checker::audit(&evidence);
        found.extend(violations);
        if !found.is_empty() {
            self.cluster.keep();
        }
        let verdict = Verdict {
            run: self.header.clone(),
            operations: evidence.operations,
            load_us,
            faults: evidence.faults,
            healed_after,
            judged,
            violations: found,
        };
        let figures = Figures::new(&verdict);
        report::write(&figures, self.cluster.folder())?;
        self.cluster.stop()?;
        Ok(verdict)
    }

    async fn kill_nodes(&mut self, until: Instant) -> anyhow::Result<()> {
        let mut nodes: Vec<_> = (0..self.cluster.companies().len()).collect();
        self.rng.shuffle(&mut nodes);
        for node in nodes.into_iter().cycle() {
            sleep(CALM).await;
            if Instant::now() > until {
                break;
            }
            self.kill_node(node).await?;
        }
        Ok(())
    }

    async fn mixed(&mut self, until: Instant) -> anyhow::Result<()> {
        let half = Instant::now() + until.saturating_duration_since(Instant::now()) / 2;
        let mut redis_lives = true;
        while Instant::now() < until {
            let node = self.rng.usize(..self.cluster.companies().len());
            if redis_lives && Instant::now() > half {
                self.kill_redis()?;
                redis_lives = false;
            } else if self.rng.bool() {
                self.kill_node(node).await?;
            } else {
                let nap = Duration::from_secs(self.rng.u64(NAP_SECONDS));
                self.freeze(node, nap).await?;
            }
            sleep(CALM).await;
        }
        Ok(())
    }

    /// Sends keys again, at every node: each has to give the one answer of its key. Those that were left open get theirs now.
    async fn replay(&self) -> anyhow::Result<()> {
        let sessions: BTreeMap<_, _> = self.sessions.iter().map(|s| (s.user, s)).collect();
        let operations = self.market.history.operations()?;
        for (user, key, seats) in keys_to_replay(&operations) {
            let session = sessions[&user];
            for node in 0..self.market.client.nodes() {
                self.replay_at(node, session, key, seats).await?;
            }
        }
        Ok(())
    }

    async fn replay_at(
        &self,
        node: usize,
        session: &Session,
        key: &str,
        seats: &[Seat],
    ) -> anyhow::Result<()> {
        for _ in 0..REPLAYS_MAX {
            let answer = self.market.book(node, 0, session, key, seats).await?;
            if matches!(answer.meaning(), Meaning::Booked(_) | Meaning::Refused) {
                break;
            }
            sleep(REPLAY_AGAIN).await;
        }
        Ok(())
    }

    async fn evidence(&self) -> anyhow::Result<Evidence> {
        let first = self.sessions.first().context("a run needs a customer")?;
        let logs = self.cluster.folder().join("demo");
        let Market {
            client, history, ..
        } = &self.market;
        Evidence::gather(self.cluster.companies(), &logs, client, first, history).await
    }

    fn begins(&self, nemesis: &str, node: usize) -> anyhow::Result<FaultId> {
        let company = &self.cluster.companies()[node].company;
        self.market.history.begin_fault(nemesis, company)
    }
}

/// Keys whose booking was begun, as far as anybody knows: open ones first, then the latest.
fn keys_to_replay(operations: &[Operation]) -> Vec<(Uuid, &str, &[Seat])> {
    let mut keys: BTreeMap<(Uuid, &str), (bool, u64, &[Seat])> = BTreeMap::new();
    for operation in operations {
        let Request::Book { user, key, seats } = &operation.request else {
            continue;
        };
        let definite = match operation.answer.meaning() {
            Meaning::Booked(_) | Meaning::Refused => true,
            Meaning::Open => false,
            Meaning::NothingBegun => continue,
        };
        let known = keys.entry((*user, key)).or_insert((false, 0, seats));
        known.0 |= definite;
        known.1 = known.1.max(operation.end_us);
    }
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_by_key(|(_, (definite, end_us, _))| (*definite, Reverse(*end_us)));
    keys.truncate(REPLAYED_MAX);
    keys.into_iter()
        .map(|((user, key), (.., seats))| (user, key, seats))
        .collect()
}
