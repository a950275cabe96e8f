//! A real cluster as a child process, and what may happen to its parts.
//!
//! * [`start`]: how it is started;
//! * [`process`]: its processes, to be signalled; [`control`]: what is to stay down, or to come back;
//! * [`program`]: its program, for operators' commands;
//! * [`wiring`]: links, Redis, clocks and disks that are ours.
//!
//! Invariant: it ends with us. It is stopped when this is dropped, frozen processes first woken so that they can obey; and should we be
//! killed ourselves, `passcom tether` has the kernel interrupt it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tokio::time::sleep;

mod clock;
mod control;
mod database;
pub mod disk;
mod process;
mod program;
mod redis;
mod start;
mod wiring;

pub use clock::library as clock_library;
pub use database::{Behind, connect, follow};
pub use program::Program;
pub use redis::Redis;
pub use start::Options;
pub use wiring::{Needs, Wiring};

use control::Control;
use process::Process;

/// A server or a node that was started is up by then.
pub const READY_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);
const PROBE_LIMIT: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Where it is measured how long something takes.
const LOOK_CLOSELY: Duration = Duration::from_millis(10);
/// Between attempts to start a server whose predecessor is not quite gone.
const START_AGAIN: Duration = Duration::from_millis(200);
/// Until the kernel has taken away a process that was killed.
const DEATH_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Deserialize)]
pub struct RunningCompany {
    pub company: String,
    pub http: String,
    pub admin: String,
    pub postgres: String,
    pub admin_token_file: PathBuf,
}

/// A process of the cluster, by the index of its company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Node(usize),
    Postgres(usize),
    Redis,
}

pub struct Cluster {
    folder: PathBuf,
    keep: bool,
    demo: Child,
    control: Control,
    companies: Vec<RunningCompany>,
    /// Known when it has started.
    redis: Option<Redis>,
    program: Program,
    /// Processes that were stopped and not woken.
    frozen: Mutex<BTreeMap<Part, Process>>,
    probe: reqwest::Client,
    /// How long each node took to be ready, from the start of its process.
    started: Vec<Duration>,
    /// Outlives the nodes, which say good-bye over it.
    pub wiring: Wiring,
}

impl Cluster {
    /// Returns when every node is ready.
    pub async fn start(options: &Options, needs: Needs) -> anyhow::Result<Self> {
        start::start(options, needs).await
    }

    /// Of databases, logs and the history.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn companies(&self) -> &[RunningCompany] {
        &self.companies
    }

    /// For commands of its operators.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// How long each node took to be ready when the cluster started, from the start of its process.
    pub fn started(&self) -> &[Duration] {
        &self.started
    }

    /// Leaves the folder behind for whoever looks into what went wrong.
    pub fn keep(&mut self) {
        self.keep = true;
    }

    /// `kill -9`. The demo starts a node again unless it is held; others stay down.
    pub async fn kill(&self, part: Part) -> anyhow::Result<()> {
        let Some(process) = self.find(part)? else {
            return Ok(()); // it has just died of something else
        };
        process.kill_with_children()?;
        self.gone(part, &process).await
    }

    /// PostgreSQL's immediate shutdown: what a crash leaves, without a crash.
    pub async fn stop_immediately(&self, company: usize) -> anyhow::Result<()> {
        let part = Part::Postgres(company);
        let Some(process) = self.find(part)? else {
            return Ok(());
        };
        process.signal(Signal::SIGQUIT)?;
        self.gone(part, &process).await
    }

    pub fn freeze(&self, part: Part) -> anyhow::Result<()> {
        let Some(process) = self.find(part)? else {
            return Ok(());
        };
        process.signal(Signal::SIGSTOP)?;
        self.frozen().insert(part, process);
        Ok(())
    }

    /// Nothing, if it was killed meanwhile.
    pub fn thaw(&self, part: Part) -> anyhow::Result<()> {
        match self.frozen().remove(&part) {
            Some(process) => process.signal(Signal::SIGCONT),
            None => Ok(()),
        }
    }

    /// A node that ends is left alone from now on.
    pub async fn hold_node(&self, company: usize) -> anyhow::Result<()> {
        let code = &self.companies[company].company;
        self.control.order(&format!("hold node {code}")).await
    }

    /// A node, if it is down, and whatever held it does no longer. It need not be ready yet.
    pub async fn start_node(&self, company: usize) -> anyhow::Result<()> {
        let code = &self.companies[company].company;
        self.control.order(&format!("start node {code}")).await
    }

    /// Starts a PostgreSQL that is down, and waits until it answers.
    pub async fn start_postgres(&self, company: usize) -> anyhow::Result<()> {
        let running = &self.companies[company];
        let order = format!("start postgres {}", running.company);
        self.start_server(Part::Postgres(company), &order, async || {
            connect(running).await.is_ok()
        })
        .await
    }

    /// Starts a Redis that is down, and waits until it answers. It is empty.
    pub async fn start_redis(&self) -> anyhow::Result<()> {
        let redis = self.redis()?;
        self.start_server(Part::Redis, "start redis", async || redis.answers().await)
            .await
    }

    /// Redis forgets everything.
    pub async fn flush_redis(&self) -> anyhow::Result<()> {
        self.redis()?.flush().await
    }

    /// For whoever writes there and is no node.
    pub fn redis(&self) -> anyhow::Result<&Redis> {
        self.redis.as_ref().context("the cluster has not started")
    }

    pub fn is_running(&self, part: Part) -> anyhow::Result<bool> {
        Ok(self.find(part)?.is_some())
    }

    /// Whether a node says that it serves.
    pub async fn is_ready(&self, company: usize) -> bool {
        let url = format!("{}/readyz", self.companies[company].admin);
        let answer = self.probe.get(url).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until every node is ready. A frozen one has to be woken first, a held one started.
    pub async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        for (index, running) in self.companies.iter().enumerate() {
            while !self.is_ready(index).await {
                ensure!(
                    Instant::now() < deadline,
                    "the node of {} is not ready after {} s; see {}",
                    running.company,
                    READY_LIMIT.as_secs(),
                    self.folder.display()
                );
                sleep(LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    /// Stops a node in order and starts it again. Returns how long it took to be ready, from the start of its process.
    pub async fn restart_node(&self, company: usize) -> anyhow::Result<Duration> {
        let part = Part::Node(company);
        self.hold_node(company).await?;
        let process = self.running(part)?;
        process.signal(Signal::SIGTERM)?;
        self.gone(part, &process).await?;
        self.start_node(company).await?;
        self.until_ready(company).await
    }

    /// Waits for a node that was started, or will be. Returns how long it took to be ready, from the start of its process.
    pub async fn until_ready(&self, company: usize) -> anyhow::Result<Duration> {
        let deadline = Instant::now() + READY_LIMIT;
        while !self.is_ready(company).await {
            ensure!(
                Instant::now() < deadline,
                "a node is not ready after {} s",
                READY_LIMIT.as_secs()
            );
            sleep(LOOK_CLOSELY).await;
        }
        self.running(Part::Node(company))?.age()
    }

    /// Resident memory of a node, in bytes.
    pub fn memory(&self, company: usize) -> anyhow::Result<u64> {
        self.running(Part::Node(company))?.memory()
    }

    /// CPU time that a part has used since it was started, its children with it.
    pub fn cpu(&self, part: Part) -> anyhow::Result<Duration> {
        self.running(part)?.cpu_with_children()
    }

    /// What a node tells to Prometheus.
    pub async fn metrics(&self, company: usize) -> anyhow::Result<String> {
        let running = &self.companies[company];
        let token = fs::read_to_string(&running.admin_token_file)
            .context("read the token of an operator")?;
        let url = format!("{}/metrics", running.admin);
        let answer = self.probe.get(url).bearer_auth(token.trim()).send().await;
        let answer = answer
            .and_then(reqwest::Response::error_for_status)
            .context("GET /metrics")?;
        answer.text().await.context("read metrics")
    }

    /// Stops everything in order. An error says that something did not end by itself.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        // the nodes say good-bye over our proxies, which must not wait for us meanwhile
        tokio::task::spawn_blocking(move || self.end())
            .await
            .context("stop the demo")?
    }

    async fn start_server(
        &self,
        part: Part,
        order: &str,
        answers: impl AsyncFn() -> bool,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            if !self.is_running(part)? {
                self.control.order(order).await?;
            }
            while self.is_running(part)? && Instant::now() < deadline {
                if answers().await {
                    return Ok(());
                }
                sleep(LOOK_AGAIN).await;
            }
            ensure!(
                Instant::now() < deadline,
                "{part:?} does not answer {} s after it was started; see {}",
                READY_LIMIT.as_secs(),
                self.folder.display()
            );
            sleep(START_AGAIN).await;
        }
    }

    /// Waits for the end of a process, which the demo must have seen, too.
    async fn gone(&self, part: Part, process: &Process) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEATH_LIMIT;
        while process.runs() {
            ensure!(
                Instant::now() < deadline,
                "{part:?} still runs {} s after it was killed",
                DEATH_LIMIT.as_secs()
            );
            sleep(LOOK_AGAIN).await;
        }
        self.frozen().remove(&part);
        Ok(())
    }

    fn running(&self, part: Part) -> anyhow::Result<Process> {
        let process = self.find(part)?;
        process.with_context(|| format!("{part:?} does not run"))
    }

    fn find(&self, part: Part) -> anyhow::Result<Option<Process>> {
        let demo = self.folder.join("demo");
        let of = |company: usize| demo.join(&self.companies[company].company);
        Process::find(&match part {
            Part::Node(company) => of(company).join("node.pid"),
            Part::Postgres(company) => of(company).join("postgres.pid"),
            Part::Redis => demo.join("redis.pid"),
        })
    }

    fn frozen(&self) -> std::sync::MutexGuard<'_, BTreeMap<Part, Process>> {
        // a thread that panicked has left a whole map
        self.frozen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&mut self) -> anyhow::Result<()> {
        for process in std::mem::take(&mut *self.frozen()).into_values() {
            process.signal(Signal::SIGCONT)?;
        }
        if self.demo.try_wait().context("look at the demo")?.is_some() {
            return Ok(());
        }
        let pid = Pid::from_raw(self.demo.id().cast_signed());
        kill(pid, Signal::SIGTERM).context("stop the demo")?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.demo.try_wait().context("wait for the demo")? {
                ensure!(status.success(), "the demo ended with {status}");
                return Ok(());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        self.demo.kill().context("kill the demo")?;
        self.demo.wait().context("wait for the demo")?;
        bail!(
            "the demo did not stop within {} s: killed",
            STOP_LIMIT.as_secs()
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let ended = self.end();
        for outcome in [ended, self.wiring.unmount_disks()] {
            if let Err(error) = outcome {
                eprintln!("{error:#}");
            }
        }
        if self.keep || std::thread::panicking() {
            eprintln!("databases and logs are kept in {}", self.folder.display());
        } else {
            let _ = fs::remove_dir_all(&self.folder); // what is left in a temporary folder does no harm
        }
    }
}
