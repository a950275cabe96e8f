//! The companies' nodes as child processes: started, watched, started again with backoff, stopped.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::future::{join_all, select_all, try_join_all};
use passcom_actors::domain::ids::CompanyId;
use reqwest::StatusCode;
use tokio::time::{Instant, sleep, sleep_until};

use super::process::{Process, Spec};
use crate::config::{Company, Config};

const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A node that lived this long starts again with the shortest backoff.
const STEADY: Duration = Duration::from_secs(10);
/// A start reads the whole catalogue and finishes what an earlier one left.
const READY_LIMIT: Duration = Duration::from_secs(180);
const PROBE_LIMIT: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Beyond the node's own limit, which it needs in full when it is busy.
const STOP_MARGIN: Duration = Duration::from_secs(5);

pub struct Nodes {
    passcom: PathBuf,
    nodes: Vec<Node>,
}

/// What is particular to one company's node.
#[derive(Debug, Clone)]
pub struct Place {
    pub config: PathBuf,
    pub log: PathBuf,
    /// A program and arguments that run it, if any.
    pub run_with: Vec<String>,
}

pub struct Node {
    company: CompanyId,
    /// Of its process, or of its last one.
    pid: i32,
    spec: Spec,
    state: State,
    backoff: Duration,
    /// Not to be started again.
    held: bool,
}

enum State {
    Running {
        process: Box<Process>,
        since: Instant,
    },
    /// Waits to be started again; for ever if there is no instant.
    Down { until: Option<Instant> },
}

/// What [`Nodes::next`] saw.
#[derive(Debug)]
pub enum Event {
    /// A node ended by itself.
    Ended {
        company: CompanyId,
        how: ExitStatus,
        again_in: Option<Duration>,
    },
    /// A node was started again, with a new pid.
    Started { company: CompanyId },
}

impl Nodes {
    /// Starts all of them; none is ready yet.
    pub fn start(
        passcom: &Path,
        config: &Config,
        place: impl Fn(CompanyId) -> Place,
    ) -> anyhow::Result<Self> {
        let start = |company: &Company| {
            let spec = spec(passcom, config, company.code, place(company.code));
            let process = Box::new(spec.clone().start(passcom)?);
            let pid = process.pid();
            let state = State::Running {
                process,
                since: Instant::now(),
            };
            Ok(Node {
                company: company.code,
                pid,
                spec,
                state,
                backoff: BACKOFF_MIN,
                held: false,
            })
        };
        let nodes: anyhow::Result<Vec<_>> = config.companies().iter().map(start).collect();
        Ok(Self {
            passcom: passcom.to_owned(),
            nodes: nodes?,
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// Waits until every node says that it serves. One that ends before is an error, which shows the end of its log.
    pub async fn wait_until_ready(
        &mut self,
        config: &Config,
        seen: impl Fn(CompanyId),
    ) -> anyhow::Result<()> {
        let client = reqwest::Client::builder()
            .timeout(PROBE_LIMIT)
            .no_proxy()
            .build()
            .context("make an HTTP client")?;
        let waits = self
            .nodes
            .iter_mut()
            .zip(config.companies())
            .map(|(node, company)| {
                let (client, seen) = (&client, &seen);
                async move {
                    node.wait_until_ready(client, company).await?;
                    seen(company.code);
                    anyhow::Ok(())
                }
            });
        try_join_all(waits).await.map(drop)
    }

    /// Waits for the next event. A node that ended is started again in its time if `restart`. May be dropped and called again.
    pub async fn next(&mut self, restart: bool) -> anyhow::Result<Event> {
        let passcom = &self.passcom;
        let events = self
            .nodes
            .iter_mut()
            .map(|node| Box::pin(node.next(passcom, restart)));
        select_all(events).await.0
    }

    /// From now on it is left alone when it ends.
    pub fn hold(&mut self, company: CompanyId) -> anyhow::Result<()> {
        let node = self.find(company)?;
        node.held = true;
        if let State::Down { until } = &mut node.state {
            *until = None;
        }
        Ok(())
    }

    /// Starts one that is down, at once; whatever held it does no longer.
    pub fn start_again(&mut self, company: CompanyId) -> anyhow::Result<()> {
        let passcom = self.passcom.clone();
        let node = self.find(company)?;
        node.held = false;
        match node.state {
            State::Down { .. } => node.launch(&passcom),
            State::Running { .. } => Ok(()),
        }
    }

    fn find(&mut self, company: CompanyId) -> anyhow::Result<&mut Node> {
        let mut nodes = self.nodes.iter_mut();
        let found = nodes.find(|node| node.company == company);
        found.with_context(|| format!("there is no node of {company}"))
    }

    pub async fn stop(&mut self) {
        join_all(self.nodes.iter_mut().map(Node::stop)).await;
    }
}

impl Node {
    pub fn pid(&self) -> i32 {
        self.pid
    }

    pub fn log(&self) -> &Path {
        &self.spec.log
    }

    async fn next(&mut self, passcom: &Path, restart: bool) -> anyhow::Result<Event> {
        match &mut self.state {
            State::Running { process, since } => {
                let how = process
                    .wait()
                    .await
                    .with_context(|| format!("wait for {}", self.spec.name))?;
                if since.elapsed() >= STEADY {
                    self.backoff = BACKOFF_MIN;
                }
                let again_in = (restart && !self.held).then_some(self.backoff);
                self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
                self.state = State::Down {
                    until: again_in.map(|pause| Instant::now() + pause),
                };
                Ok(Event::Ended {
                    company: self.company,
                    how,
                    again_in,
                })
            }
            State::Down { until: Some(until) } => {
                sleep_until(*until).await;
                self.launch(passcom)?;
                Ok(Event::Started {
                    company: self.company,
                })
            }
            State::Down { until: None } => std::future::pending().await,
        }
    }

    fn launch(&mut self, passcom: &Path) -> anyhow::Result<()> {
        let process = Box::new(self.spec.clone().start(passcom)?);
        self.pid = process.pid();
        self.state = State::Running {
            process,
            since: Instant::now(),
        };
        Ok(())
    }

    async fn wait_until_ready(
        &mut self,
        client: &reqwest::Client,
        company: &Company,
    ) -> anyhow::Result<()> {
        let State::Running { process, .. } = &mut self.state else {
            bail!("{} is not running", self.spec.name);
        };
        let url = format!("http://{}/readyz", company.admin);
        let deadline = Instant::now() + READY_LIMIT;
        while process.ended().is_none() && Instant::now() < deadline {
            // until it listens there is no answer, which is no error yet
            let answer = client.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return Ok(());
            }
            sleep(LOOK_AGAIN).await;
        }
        bail!("{}", process.failure())
    }

    async fn stop(&mut self) {
        if let State::Running { process, .. } = &mut self.state {
            process.stop().await;
        }
        self.state = State::Down { until: None };
    }
}

/// The nodes share this machine.
fn threads_each(config: &Config) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / config.companies().len()).max(1)
}

fn spec(passcom: &Path, config: &Config, company: CompanyId, place: Place) -> Spec {
    let mut command: Vec<OsString> = place.run_with.into_iter().map(OsString::from).collect();
    command.extend([
        passcom.into(),
        "node".into(),
        "--config".into(),
        place.config.into(),
        "--company".into(),
        company.as_str().into(),
        "--worker-threads".into(),
        threads_each(config).to_string().into(),
    ]);
    let arguments = command.split_off(1);
    Spec {
        name: format!("node of {company}"),
        program: command.remove(0).into(),
        arguments,
        user: None,
        patience: config.timeouts.shutdown() + STOP_MARGIN,
        log: place.log,
    }
}
