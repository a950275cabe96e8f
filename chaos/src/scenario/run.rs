//! One run: start, sign up, load; rounds of blows, each followed by healing; stop the load, heal, send keys again at every node, audit.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep, sleep_until};

use super::Scenario;
use super::replay::replay;
use crate::checker::{self, Audit, Evidence, Violation, facts};
use crate::client::{Client, Session};
use crate::cluster::{Cluster, Options};
use crate::heal::heal;
use crate::history::{History, RunHeader};
use crate::nemesis::strike::strike;
use crate::nemesis::{Arena, Blow, Deck};
use crate::probe::Probe;
use crate::progress::Progress;
use crate::report::{self, Verdict};
use crate::stock::{Size, Stock};
use crate::workload::{Load, Market, Operator, sign_up};

/// Of each company, on sale to the customers of a run: at least, and for each second of it.
const ROUTES_MIN: u64 = 300;
const ROUTES_PER_SECOND: u64 = 3;

#[derive(Debug, Clone)]
pub struct Plan {
    pub scenario: Scenario,
    pub seed: u64,
    /// Ends the run before its time, if it is fast enough.
    pub rounds_max: Option<usize>,
    /// Does it again.
    pub command: String,
    /// Of history and report; none: they are beside the databases, and go with them.
    pub folder: Option<PathBuf>,
}

/// A cluster with customers who have signed up.
pub struct Run {
    pub arena: Arena,
    pub market: Market,
    pub sessions: Vec<Session>,
    header: RunHeader,
    folder: PathBuf,
    alarms_allowed: usize,
    heals: Vec<Duration>,
    found: Vec<Violation>,
    /// Of the load, by the clock of the history.
    begin_us: u64,
}

/// Runs it from start to stop. The databases and logs stay if the verdict is bad, or there is none.
pub async fn run(options: &Options, plan: &Plan) -> anyhow::Result<Verdict> {
    let mut run = Run::start(options, plan).await?;
    if let Err(error) = run.load_and_strike(plan).await {
        run.arena.cluster.keep();
        return Err(error);
    }
    run.finish().await
}

impl Run {
    pub async fn start(options: &Options, plan: &Plan) -> anyhow::Result<Self> {
        let mut cluster = Cluster::start(options, plan.scenario.needs()).await?;
        match Self::open(&cluster, plan).await {
            Ok(opened) => {
                let history = opened.market.history.clone();
                let progress = Progress::start(history, plan.scenario.length);
                Ok(opened.with(cluster, progress, plan))
            }
            Err(error) => {
                cluster.keep();
                Err(error)
            }
        }
    }

    async fn open(cluster: &Cluster, plan: &Plan) -> anyhow::Result<Opened> {
        let client = match plan.scenario.needs().public {
            true => Client::of_addresses(cluster.companies(), plan.scenario.clients)?,
            false => Client::new(cluster.companies())?,
        };
        let sessions = sign_up(&client, plan.scenario.clients).await?;
        let first = sessions.first().context("a run needs a customer")?;
        let size = size(plan.scenario.length)?;
        let stock = Stock::fetch(&client, first, size).await?;
        let folder = plan.folder.as_deref().unwrap_or(cluster.folder());
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        let history = History::create(&folder.join("history.jsonl"))?;
        let header = header(cluster, plan);
        history.describe(header.clone())?;
        let market = Market {
            client,
            stock: Arc::new(stock),
            history: Arc::new(history),
        };
        let probe = Probe::new(&market, size.routes, sessions.len()).await?;
        Ok(Opened {
            market,
            sessions,
            probe,
            header,
            folder: folder.to_owned(),
        })
    }

    /// Customers at work, and rounds of blows, until the time is over.
    async fn load_and_strike(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let scenario = &plan.scenario;
        let everybody: Vec<_> = (0..self.arena.cluster.companies().len()).collect();
        let mix = scenario.load.mix(&everybody);
        let companies = everybody.len();
        let mut deck = Deck::new(&scenario.nemeses, scenario.at_once, companies, plan.seed);
        let load = Load::start(&self.market, &mix, &self.sessions, plan.seed);
        let program = self.arena.cluster.program();
        // behind the customers and the probe
        let operator = Operator::start(&self.market, program, self.sessions.len() + 1, plan.seed);
        let until = Instant::now() + scenario.length;
        let mut rounds = 0;
        sleep(scenario.calm).await;
        while Instant::now() < until && plan.rounds_max.is_none_or(|most| rounds < most) {
            self.round(&deck.round()).await?;
            rounds += 1;
            sleep(scenario.calm).await;
        }
        if plan.rounds_max.is_none() {
            sleep_until(until).await;
        }
        operator.stop().await?;
        load.stop().await
    }

    /// Deals blows, and waits until the cluster is well again.
    pub async fn round(&mut self, blows: &[Blow]) -> anyhow::Result<()> {
        let found = try_join_all(blows.iter().map(|blow| strike(&self.arena, blow))).await?;
        let (took, late) = heal(&self.arena).await?;
        self.arena
            .say(&format!("well after {:.1} s", took.as_secs_f32()));
        self.found.extend(found.into_iter().flatten().chain(late));
        self.heals.push(took);
        Ok(())
    }

    /// Waits until all is quiet, asks everything again, audits, reports, and stops the cluster. The load has been stopped.
    pub async fn finish(mut self) -> anyhow::Result<Verdict> {
        // before the cluster goes, and with it its folder
        let verdict = self.judge().await.and_then(|verdict| {
            report::write(&verdict, &self.folder)?;
            Ok(verdict)
        });
        let is_clean = verdict.as_ref().is_ok_and(Verdict::is_clean);
        if !is_clean {
            self.arena.cluster.keep();
        }
        let stopped = self.arena.cluster.stop().await;
        let verdict = verdict?;
        stopped?;
        Ok(verdict)
    }

    async fn judge(&mut self) -> anyhow::Result<Verdict> {
        let quiet = Instant::now();
        let load_us = self.begin_us..self.market.history.now_us();
        let cluster = &self.arena.cluster;
        cluster.wait_until_ready().await?;
        let (_, left) = facts::heal(cluster.companies()).await?;
        let healed_after = quiet.elapsed();
        let mut violations = std::mem::take(&mut self.found);
        let healed = left.is_empty();
        violations.extend(left);
        if healed {
            violations.extend(replay(&self.market, &self.sessions).await?);
            violations.extend(facts::heal(cluster.companies()).await?.1);
        }
        let (evidence, audit) = self.audit().await?;
        violations.extend(audit.violations);
        Ok(Verdict {
            run: self.header.clone(),
            operations: evidence.operations,
            load_us,
            faults: evidence.faults,
            heals: std::mem::take(&mut self.heals),
            healed_after,
            judged: audit.judged,
            violations,
        })
    }

    async fn audit(&self) -> anyhow::Result<(Evidence, Audit)> {
        let first = self.sessions.first().context("a run needs a customer")?;
        let logs = self.arena.cluster.folder().join("demo");
        let companies = self.arena.cluster.companies();
        let Market {
            client, history, ..
        } = &self.market;
        let mut evidence = Evidence::gather(companies, &logs, client, first, history).await?;
        evidence.alarms_allowed = self.alarms_allowed;
        // seconds of reckoning: not for a thread that has proxies to serve
        let audited = tokio::task::spawn_blocking(move || {
            let audit = checker::audit(&evidence);
            (evidence, audit)
        });
        audited.await.context("the audit panicked")
    }
}

/// All of a run but its cluster.
struct Opened {
    market: Market,
    sessions: Vec<Session>,
    probe: Probe,
    header: RunHeader,
    folder: PathBuf,
}

impl Opened {
    fn with(self, cluster: Cluster, progress: Progress, plan: &Plan) -> Run {
        Run {
            begin_us: self.market.history.now_us(),
            arena: Arena {
                cluster,
                probe: self.probe,
                progress,
            },
            market: self.market,
            sessions: self.sessions,
            header: self.header,
            folder: self.folder,
            alarms_allowed: plan.scenario.alarms,
            heals: Vec::new(),
            found: Vec::new(),
        }
    }
}

/// Enough that the fresh seats of a run are not sold out, and some that everybody wants.
fn size(length: Duration) -> anyhow::Result<Size> {
    let routes = ROUTES_MIN.max(length.as_secs() * ROUTES_PER_SECOND);
    Ok(Size::both(usize::try_from(routes)?))
}

fn header(cluster: &Cluster, plan: &Plan) -> RunHeader {
    let companies = cluster.companies().iter();
    RunHeader::new(
        &plan.scenario.name,
        plan.seed,
        plan.command.clone(),
        companies.map(|running| running.company.clone()).collect(),
        plan.scenario.clients,
    )
}
