//! The companies' nodes as children of the test: each is told by a file where to die.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use nix::sys::signal::Signal;
use passcom_chaos::cluster::RunningCompany;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A step that is part of the story comes within this.
const DEATH_LIMIT: Duration = Duration::from_secs(20);
/// Named in the program's own words (node/src/bin).
const ARMED: &str = "PASSCOM_KILL_AT";

pub struct Nodes {
    program: PathBuf,
    config: PathBuf,
    nodes: Vec<Node>,
}

struct Node {
    company: String,
    armed: PathBuf,
    log: PathBuf,
    child: Option<Child>,
}

impl Node {
    /// It is gone; an error unless it died where it was told to.
    fn bury(&mut self, status: ExitStatus) -> anyhow::Result<()> {
        let Self {
            company,
            child,
            armed,
            log,
        } = self;
        *child = None;
        ensure_killed(status)
            .with_context(|| format!("node of {company}; see {}", log.display()))?;
        ensure!(
            !armed.exists(),
            "the node of {company} was killed, but not where it was told to"
        );
        Ok(())
    }
}

impl Nodes {
    /// None runs yet.
    pub fn new(program: &Path, config: &Path, folder: &Path, companies: &[RunningCompany]) -> Self {
        let node = |company: &RunningCompany| Node {
            company: company.company.clone(),
            armed: folder.join(format!("{}.armed", company.company)),
            log: folder.join(format!("{}.log", company.company)),
            child: None,
        };
        Self {
            program: program.to_owned(),
            config: config.to_owned(),
            nodes: companies.iter().map(node).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn logs(&self) -> impl Iterator<Item = &Path> {
        self.nodes.iter().map(|node| node.log.as_path())
    }

    /// From now on this node dies at this point, once.
    pub fn arm(&self, node: usize, point: &str) -> anyhow::Result<()> {
        // whole or not at all: the node reads it at every point that it comes to
        let armed = &self.nodes[node].armed;
        let new = armed.with_extension("new");
        fs::write(&new, point).context("write where to die")?;
        fs::rename(&new, armed).context("arm a node")
    }

    pub fn start(&mut self, node: usize) -> anyhow::Result<()> {
        let company = self.nodes[node].company.clone();
        let arguments = ["node", "--company", &company, "--worker-threads", "1"];
        let child = self.spawn(node, &arguments)?;
        self.nodes[node].child = Some(child);
        Ok(())
    }

    /// Runs another command for the company of this node, to its end; it is armed as the node is.
    pub async fn command(
        &self,
        node: usize,
        name: &str,
        arguments: &[&str],
    ) -> anyhow::Result<ExitStatus> {
        let company = &self.nodes[node].company;
        let all = [&[name, "--company", company], arguments].concat();
        Ok(self.spawn(node, &all)?.wait().await?)
    }

    fn spawn(&self, node: usize, arguments: &[&str]) -> anyhow::Result<Child> {
        let Node { armed, log, .. } = &self.nodes[node];
        let log = File::options()
            .create(true)
            .append(true)
            .open(log)
            .context("open a log")?;
        // it ends with us, whatever happens to us
        let mut command = Command::new(&self.program);
        command
            .args(["tether", "--parent", &std::process::id().to_string(), "--"])
            .arg(&self.program)
            .args(arguments)
            .arg("--config")
            .arg(&self.config)
            .env(ARMED, armed)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("share a log")?)
            .stderr(log)
            .kill_on_drop(true);
        command
            .spawn()
            .with_context(|| format!("start {}", self.program.display()))
    }

    /// Waits until the node has died where it was told to, and nowhere else.
    pub async fn death(&mut self, node: usize) -> anyhow::Result<()> {
        let Node {
            company,
            child,
            armed,
            ..
        } = &mut self.nodes[node];
        let process = child
            .as_mut()
            .with_context(|| format!("no node of {company} runs"))?;
        let Ok(status) = timeout(DEATH_LIMIT, process.wait()).await else {
            let point = fs::read_to_string(&*armed).unwrap_or_default();
            fs::remove_file(armed).context("disarm a node")?;
            bail!(
                "the node of {company} did not come to {point} within {} s",
                DEATH_LIMIT.as_secs()
            );
        };
        let status = status.context("wait for a node")?;
        self.nodes[node].bury(status)
    }

    /// Whether the node has died where it was told to; an error if it ended otherwise.
    pub fn has_died(&mut self, node: usize) -> anyhow::Result<bool> {
        let Some(child) = self.nodes[node].child.as_mut() else {
            return Ok(false);
        };
        match child.try_wait().context("look at a node")? {
            None => Ok(false),
            Some(status) => self.nodes[node].bury(status).map(|()| true),
        }
    }

    /// The command for this company died where it was told to.
    pub fn ensure_died_where_told(&self, node: usize, status: ExitStatus) -> anyhow::Result<()> {
        ensure_killed(status).context("the command")?;
        ensure!(
            !self.nodes[node].armed.exists(),
            "the command was killed, but not where it was told to"
        );
        Ok(())
    }

    /// `kill -9`, wherever it is.
    pub async fn kill(&mut self, node: usize) -> anyhow::Result<()> {
        if let Some(mut child) = self.nodes[node].child.take() {
            child.kill().await.context("kill a node")?;
        }
        Ok(())
    }

    /// After a story that went wrong: nothing is armed, and everybody runs.
    pub fn restore(&mut self) -> anyhow::Result<()> {
        for node in 0..self.nodes.len() {
            let Node { child, armed, .. } = &mut self.nodes[node];
            let _ = fs::remove_file(armed); // most are not armed
            let runs = child
                .as_mut()
                .is_some_and(|child| matches!(child.try_wait(), Ok(None)));
            if !runs {
                self.start(node)?;
            }
        }
        Ok(())
    }

    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for node in 0..self.nodes.len() {
            self.kill(node).await?;
        }
        Ok(())
    }
}

fn ensure_killed(status: ExitStatus) -> anyhow::Result<()> {
    ensure!(
        status.signal() == Some(Signal::SIGKILL as i32),
        "it ended by itself: {status}"
    );
    Ok(())
}
