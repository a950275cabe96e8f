//! A real cluster as a child process, and what may happen to its parts.
//!
//! Invariant: it ends with us. It is stopped when this is dropped, frozen processes first woken so that they can obey; and should we be
//! killed ourselves, `passcom tether` has the kernel interrupt it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tokio::time::sleep;

/// First http ports to choose from; admin ports are 1000 above. Below the demo's own choices for the other servers.
const PORTS: std::ops::Range<u16> = 12_000..18_000;
const ADMIN_OFFSET: u16 = 1000;
const PORT_ATTEMPTS: usize = 100;
/// Databases are made and schedules imported.
const START_LIMIT: Duration = Duration::from_secs(300);
/// A node that was killed is up again by then.
const READY_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);
const PROBE_LIMIT: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What to start.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The program under test [default: `passcom` beside this one].
    #[arg(long, value_name = "PATH")]
    pub passcom: Option<PathBuf>,
    /// Companies to run.
    #[arg(long, value_delimiter = ',', default_value = "a,b,c")]
    pub companies: Vec<String>,
    /// Schedules to sell (SSIM or CSV) instead of the sample.
    #[arg(long, value_name = "FILE_OR_DIR", num_args = 1..)]
    pub schedules: Vec<PathBuf>,
    /// Days on sale [default: what the demo chooses, or what a benchmark of the sample needs].
    #[arg(long)]
    pub days: Option<u16>,
    /// Keeps databases, logs and history in this new folder; otherwise they go when all is well.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Leaves a node that died alone, for whoever starts nodes of its own.
    #[arg(skip)]
    pub no_restart: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            passcom: None,
            companies: ["a", "b", "c"].map(str::to_owned).into(),
            schedules: Vec::new(),
            days: None,
            keep: None,
            no_restart: false,
        }
    }
}

/// The part of `cluster.json` that we use.
#[derive(Debug, Deserialize)]
struct RunFile {
    companies: Vec<RunningCompany>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RunningCompany {
    pub company: String,
    pub http: String,
    pub admin: String,
    pub pid: i32,
    pub postgres: String,
}

pub struct Cluster {
    folder: PathBuf,
    keep: bool,
    demo: Child,
    companies: Vec<RunningCompany>,
    /// Processes that were stopped and not woken, by company.
    frozen: BTreeMap<String, Pid>,
    probe: reqwest::Client,
}

impl Cluster {
    /// Returns when every node is ready.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let passcom = match &options.passcom {
            Some(passcom) => passcom.clone(),
            None => passcom_beside_us()?,
        };
        let folder = new_folder(options.keep.as_deref())?;
        let demo = command(&passcom, &folder, options)?
            .spawn()
            .with_context(|| format!("cannot start {}", passcom.display()))?;
        let mut cluster = Self {
            folder,
            keep: options.keep.is_some(),
            demo,
            companies: Vec::new(),
            frozen: BTreeMap::new(),
            probe: reqwest::Client::builder()
                .timeout(PROBE_LIMIT)
                .no_proxy()
                .build()
                .context("make an HTTP client")?,
        };
        cluster.wait_for_run_file().await?;
        Ok(cluster)
    }

    /// Of databases, logs and the history.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn companies(&self) -> &[RunningCompany] {
        &self.companies
    }

    /// Leaves the folder behind for whoever looks into what went wrong.
    pub fn keep(&mut self) {
        self.keep = true;
    }

    /// `kill -9` of a node, which the demo will start again.
    pub fn kill_node(&self, index: usize) -> anyhow::Result<()> {
        let node = &self.companies[index];
        kill(Pid::from_raw(node.pid), Signal::SIGKILL)
            .with_context(|| format!("kill the node of {}", node.company))
    }

    /// Waits until every node is ready, those that were killed with a new process. A frozen one has to be woken first.
    pub async fn wait_until_ready(&mut self, killed: &[usize]) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        let old: Vec<_> = killed.iter().map(|i| self.companies[*i].pid).collect();
        loop {
            let companies = self.read_run_file()?;
            let restarted = killed
                .iter()
                .zip(&old)
                .all(|(i, pid)| companies[*i].pid != *pid);
            self.companies = companies;
            if restarted && self.all_ready().await {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "a node is not ready {} s after a fault; see {}",
                READY_LIMIT.as_secs(),
                self.folder.display()
            );
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Nobody starts it again.
    pub fn kill_redis(&self) -> anyhow::Result<()> {
        let file = self.demo_folder().join("redis.pid");
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let pid = text.split(' ').next().and_then(|pid| pid.parse().ok());
        let pid: i32 = pid.with_context(|| format!("no pid in {}", file.display()))?;
        ensure!(pid > 1, "{} names process {pid}", file.display());
        kill(Pid::from_raw(pid), Signal::SIGKILL).context("kill Redis")
    }

    pub fn freeze_node(&mut self, index: usize) -> anyhow::Result<()> {
        let node = &self.companies[index];
        let pid = Pid::from_raw(node.pid);
        kill(pid, Signal::SIGSTOP)
            .with_context(|| format!("freeze the node of {}", node.company))?;
        self.frozen.insert(node.company.clone(), pid);
        Ok(())
    }

    pub fn thaw_node(&mut self, index: usize) -> anyhow::Result<()> {
        let company = &self.companies[index].company;
        let Some(pid) = self.frozen.remove(company) else {
            bail!("the node of {company} is not frozen");
        };
        kill(pid, Signal::SIGCONT).with_context(|| format!("wake the node of {company}"))
    }

    /// Resident memory of a node, in bytes.
    pub fn memory(&self, index: usize) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.companies[index].pid);
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .and_then(|kib| kib.trim().parse().ok())
            .with_context(|| format!("{path} has no VmRSS"))?;
        Ok(kib * 1024)
    }

    /// Stops everything in order. An error says that something did not end by itself.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.end()
    }

    fn end(&mut self) -> anyhow::Result<()> {
        for pid in std::mem::take(&mut self.frozen).into_values() {
            let _ = kill(pid, Signal::SIGCONT); // it may have died meanwhile
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

    fn demo_folder(&self) -> PathBuf {
        self.folder.join("demo")
    }

    fn read_run_file(&self) -> anyhow::Result<Vec<RunningCompany>> {
        let path = self.demo_folder().join("cluster.json");
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let run_file: RunFile = serde_json::from_slice(&text)
            .with_context(|| format!("{} is not a run file", path.display()))?;
        Ok(run_file.companies)
    }

    async fn wait_for_run_file(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while !self.demo_folder().join("cluster.json").exists() {
            let log = self.folder.join("demo.log");
            if let Some(status) = self.demo.try_wait().context("look at the demo")? {
                let text = fs::read_to_string(&log).unwrap_or_default(); // an aid only
                bail!("the demo ended ({status}) before it was ready:\n{text}");
            }
            ensure!(
                Instant::now() < deadline,
                "the demo is not ready after {} s; see {}",
                START_LIMIT.as_secs(),
                log.display()
            );
            sleep(LOOK_AGAIN).await;
        }
        self.companies = self.read_run_file()?;
        Ok(())
    }

    async fn all_ready(&self) -> bool {
        for node in &self.companies {
            let answer = self
                .probe
                .get(format!("{}/readyz", node.admin))
                .send()
                .await;
            if !answer.is_ok_and(|answer| answer.status().is_success()) {
                return false;
            }
        }
        true
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("{error:#}");
        }
        if self.keep || std::thread::panicking() {
            eprintln!("databases and logs are kept in {}", self.folder.display());
        } else {
            let _ = fs::remove_dir_all(&self.folder); // what is left in a temporary folder does no harm
        }
    }
}

/// Tests run one folder below the programs.
fn passcom_beside_us() -> anyhow::Result<PathBuf> {
    let us = std::env::current_exe().context("find our own program")?;
    let found = us
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("passcom"))
        .find(|passcom| passcom.is_file());
    found.with_context(|| {
        format!(
            "no passcom beside {}: build it (cargo build --release --package passcom-node) or name it with --passcom",
            us.display()
        )
    })
}

/// The servers' user must be able to get there.
fn new_folder(keep: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = match keep {
        Some(folder) => std::path::absolute(folder)?,
        None => {
            std::env::temp_dir().join(format!("passcom-chaos-{}", uuid::Uuid::new_v4().simple()))
        }
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    ensure!(
        !folder.join("demo").exists(),
        "{} has been used before: name a new folder",
        folder.display()
    );
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot open {} to the servers", folder.display()))?;
    Ok(folder)
}

fn command(passcom: &Path, folder: &Path, options: &Options) -> anyhow::Result<Command> {
    let log = File::create(folder.join("demo.log")).context("cannot make the log of the demo")?;
    let mut command = Command::new(passcom);
    command
        .args(["tether", "--parent", &std::process::id().to_string(), "--"])
        .arg(passcom)
        .arg("demo")
        .arg("--dir")
        .arg(folder.join("demo"))
        .args([
            "--http-port",
            &free_port(options.companies.len())?.to_string(),
        ])
        .args(["--companies", &options.companies.join(",")]);
    if let Some(days) = options.days {
        command.args(["--days", &days.to_string()]);
    }
    if !options.schedules.is_empty() {
        command.arg("--schedules").args(&options.schedules);
    }
    if options.no_restart {
        command.arg("--no-restart");
    }
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot share a log")?)
        .stderr(log)
        .process_group(0); // Ctrl-C is for us: we stop it in order
    Ok(command)
}

/// The first of as many ports as there are companies, free together with their admin ports.
fn free_port(companies: usize) -> anyhow::Result<u16> {
    let count = u16::try_from(companies).context("too many companies")?;
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    for _ in 0..PORT_ATTEMPTS {
        let first = fastrand::u16(PORTS);
        if (first..first + count).all(|port| is_free(port) && is_free(port + ADMIN_OFFSET)) {
            return Ok(first);
        }
    }
    bail!(
        "found no {companies} free ports in a row between {} and {}",
        PORTS.start,
        PORTS.end
    )
}
