//! One run: start, sign up, load; rounds of blows, each followed by healing; stop the load, heal, send keys again at every node, audit.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep, sleep_until};

use super::replay::replay;
use super::{Load as Demand, Scenario};
use crate::checker::facts::{self, Company};
use crate::checker::{self, Violation};
use crate::client::{Client, Session};
use crate::cluster::{Cluster, Options};
use crate::heal::heal;
use crate::history::{History, Operation};
use crate::nemesis::strike::strike;
use crate::nemesis::{Arena, Blow, Deck};
use crate::probe::Probe;
use crate::report::Verdict;
use crate::stock::{Size, Stock};
use crate::workload::{Load, Market, Mix, sign_up};

/// On sale to customers who are not after the same seats.
const ROUTES: usize = 300;

#[derive(Debug, Clone)]
pub struct Plan {
    pub scenario: Scenario,
    pub seed: u64,
    /// Ends the run before its time, if it is fast enough.
    pub rounds_max: Option<usize>,
}

/// A round of blows, and how long the cluster took to be well again.
#[derive(Debug, Clone)]
pub struct Healing {
    /// Those that overlapped.
    pub nemeses: Vec<String>,
    pub took: Duration,
}

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    pub scenario: String,
    pub seed: u64,
    pub verdict: Verdict,
    pub healings: Vec<Healing>,
}

/// A cluster with customers who have signed up.
pub struct Run {
    pub arena: Arena,
    pub market: Market,
    pub sessions: Vec<Session>,
    healings: Vec<Healing>,
    found: Vec<Violation>,
    /// Of the load, by the clock of the history.
    begin_us: u64,
}

/// Runs it from start to stop. The folder stays if the verdict is bad.
pub async fn run(options: &Options, plan: &Plan) -> anyhow::Result<Outcome> {
    let scenario = &plan.scenario;
    let mut run = Run::start(options, scenario).await?;
    let everybody: Vec<_> = (0..run.arena.cluster.companies().len()).collect();
    let mix = match scenario.load {
        Demand::Hot => Mix::contended(&everybody),
        Demand::Spread => Mix::assorted(&everybody),
    };
    let mut deck = Deck::new(
        &scenario.nemeses,
        scenario.at_once,
        everybody.len(),
        plan.seed,
    );
    let load = Load::start(&run.market, &mix, &run.sessions, plan.seed);
    let until = Instant::now() + scenario.length;
    let mut rounds = 0;
    sleep(scenario.calm).await;
    while Instant::now() < until && plan.rounds_max.is_none_or(|most| rounds < most) {
        run.round(&deck.round()).await?;
        rounds += 1;
        sleep(scenario.calm).await;
    }
    if plan.rounds_max.is_none() {
        sleep_until(until).await;
    }
    load.stop().await?;
    let healings = std::mem::take(&mut run.healings);
    Ok(Outcome {
        scenario: scenario.name.clone(),
        seed: plan.seed,
        verdict: run.finish().await?,
        healings,
    })
}

impl Run {
    pub async fn start(options: &Options, scenario: &Scenario) -> anyhow::Result<Self> {
        let cluster = Cluster::start(options, scenario.needs()).await?;
        let client = Client::new(cluster.companies())?;
        let sessions = sign_up(&client, scenario.clients).await?;
        let first = sessions.first().context("a run needs a customer")?;
        let size = match scenario.load {
            Demand::Hot => Size::hot(),
            Demand::Spread => Size::spread(ROUTES),
        };
        let stock = Stock::fetch(&client, first, size).await?;
        let history = History::create(&cluster.folder().join("history.jsonl"))?;
        let market = Market {
            client,
            stock: Arc::new(stock),
            history: Arc::new(history),
        };
        let probe = Probe::new(&market, size.routes, sessions.len()).await?;
        Ok(Self {
            begin_us: market.history.now_us(),
            arena: Arena { cluster, probe },
            market,
            sessions,
            healings: Vec::new(),
            found: Vec::new(),
        })
    }

    /// Deals blows, and waits until the cluster is well again.
    pub async fn round(&mut self, blows: &[Blow]) -> anyhow::Result<()> {
        let found = try_join_all(blows.iter().map(|blow| strike(&self.arena, blow))).await?;
        let (took, late) = heal(&self.arena).await?;
        self.arena
            .say(&format!("well after {:.1} s", took.as_secs_f32()));
        self.found.extend(found.into_iter().flatten().chain(late));
        self.healings.push(Healing {
            nemeses: blows.iter().map(|blow| blow.nemesis.to_string()).collect(),
            took,
        });
        Ok(())
    }

    /// Waits until all is quiet, asks everything again, and audits. The load has been stopped.
    pub async fn finish(mut self) -> anyhow::Result<Verdict> {
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
        let operations = self.market.history.operations()?;
        violations.extend(self.audit(&operations).await?);
        if !violations.is_empty() {
            self.arena.cluster.keep();
        }
        let faults = self.market.history.faults();
        self.arena.cluster.stop().await?;
        Ok(Verdict {
            operations,
            load_us,
            faults,
            healed_after,
            violations,
        })
    }

    async fn audit(&self, operations: &[Operation]) -> anyhow::Result<Vec<Violation>> {
        let mut companies = Vec::new();
        for company in self.arena.cluster.companies() {
            companies.push(Company::load(company).await?);
        }
        Ok(checker::audit(&companies, operations))
    }
}
