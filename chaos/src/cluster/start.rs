//! How a cluster is started: `passcom demo` as a child, in a folder of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use tokio::time::sleep;

use super::control::Control;
use super::process::Process;
use super::wiring::{Needs, Wiring};
use super::{Cluster, LOOK_AGAIN, PROBE_LIMIT, Program, Redis, RunningCompany};

/// First http ports to choose from; admin ports are 1000 above.
const PORTS: std::ops::Range<u16> = 12_000..17_000;
const ADMIN_OFFSET: u16 = 1000;
const PORT_ATTEMPTS: usize = 100;
/// Databases are made and schedules imported.
const START_LIMIT: Duration = Duration::from_secs(300);

/// What to start.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The program under test [default: `passcom` beside this one].
    #[arg(long, visible_alias = "bin", value_name = "PATH")]
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
    /// Keeps databases and logs in this new folder; otherwise they go when all is well.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            passcom: None,
            companies: ["a", "b", "c"].map(str::to_owned).into(),
            schedules: Vec::new(),
            days: None,
            keep: None,
        }
    }
}

impl Options {
    /// The arguments that say what is sold by whom.
    pub fn what_is_sold(&self) -> Vec<String> {
        let mut words = vec![format!("--companies {}", self.companies.join(","))];
        if let Some(days) = self.days {
            words.push(format!("--days {days}"));
        }
        if !self.schedules.is_empty() {
            let files = self.schedules.iter().map(|file| file.display().to_string());
            let files: Vec<_> = files.collect();
            words.push(format!("--schedules {}", files.join(" ")));
        }
        words
    }
}

/// The part of `cluster.json` that we use.
#[derive(Debug, Deserialize)]
struct RunFile {
    companies: Vec<RunningCompany>,
    redis: String,
    /// Builds of before there was TLS do not name it.
    #[serde(default)]
    redis_ca: Option<PathBuf>,
    config: PathBuf,
}

pub(super) async fn start(options: &Options, needs: Needs) -> anyhow::Result<Cluster> {
    let passcom = match &options.passcom {
        Some(passcom) => passcom.clone(),
        None => passcom_beside_us()?,
    };
    let folder = new_folder(options.keep.as_deref())?;
    // the demo sorts its companies, and so does everything that goes by index
    let mut codes = options.companies.clone();
    codes.sort();
    let wiring = Wiring::new(&folder, codes.len(), needs).await?;
    wiring.write(&folder.join("wiring.json"), &codes)?;
    let (control, stdin) = Control::pair()?;
    let http_port = free_port(codes.len())?;
    let demo = command(&passcom, &folder, options, http_port, stdin)?
        .spawn()
        .with_context(|| format!("cannot start {}", passcom.display()))?;
    let mut cluster = Cluster {
        folder,
        keep: options.keep.is_some(),
        demo,
        control,
        companies: Vec::new(),
        redis: None,
        program: Program {
            passcom,
            config: PathBuf::new(),
        },
        frozen: Mutex::new(BTreeMap::new()),
        probe: reqwest::Client::builder()
            .timeout(PROBE_LIMIT)
            .no_proxy()
            .build()
            .context("make an HTTP client")?,
        started: Vec::new(),
        wiring,
    };
    let run_file = wait_for_run_file(&mut cluster, &codes, http_port).await?;
    cluster.companies = run_file.companies;
    let redis_ca = run_file.redis_ca.as_deref();
    cluster.redis = Some(Redis::new(&run_file.redis, redis_ca)?);
    cluster.program.config = run_file.config;
    let started: Vec<_> = cluster
        .companies
        .iter()
        .map(|running| &running.company)
        .collect();
    ensure!(
        started == codes.iter().collect::<Vec<_>>(),
        "the demo runs {started:?}, not {codes:?}"
    );
    Ok(cluster)
}

/// The demo says `ready` last, when its own customers have signed up.
async fn wait_for_run_file(
    cluster: &mut Cluster,
    codes: &[String],
    http_port: u16,
) -> anyhow::Result<RunFile> {
    let log = cluster.folder.join("demo.log");
    let deadline = Instant::now() + START_LIMIT;
    let mut unseen: Vec<_> = codes.iter().zip(http_port + ADMIN_OFFSET..).collect();
    loop {
        let mut still_unseen = Vec::new();
        for (code, admin) in unseen {
            match ready_after(cluster, code, admin).await {
                Some(after) => cluster.started.push(after),
                None => still_unseen.push((code, admin)),
            }
        }
        unseen = still_unseen;
        let said = fs::read_to_string(&log).unwrap_or_default(); // it is not there at first
        if said.lines().any(|line| line == "ready") {
            break;
        }
        let ended = cluster.demo.try_wait().context("look at the demo")?;
        if ended.is_some() || Instant::now() > deadline {
            cluster.keep();
            bail!(
                "the cluster did not start ({}): {}",
                ended.map_or_else(|| "still trying".to_owned(), |status| status.to_string()),
                said.lines().last().unwrap_or("it said nothing")
            );
        }
        sleep(LOOK_AGAIN).await;
    }
    let path = cluster.folder.join("demo").join("cluster.json");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no run file", path.display()))
}

/// How long a node took to be ready, from the start of its process, once it is.
async fn ready_after(cluster: &Cluster, code: &str, admin: u16) -> Option<Duration> {
    let pid_file = cluster.folder.join("demo").join(code).join("node.pid");
    let process = Process::find(&pid_file).ok()??; // it is being written
    let url = format!("http://{}:{admin}/readyz", Ipv4Addr::LOCALHOST);
    let answer = cluster.probe.get(url).send().await.ok()?;
    answer.status().is_success().then(|| process.age().ok())?
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

fn command(
    passcom: &Path,
    folder: &Path,
    options: &Options,
    http_port: u16,
    stdin: OwnedFd,
) -> anyhow::Result<Command> {
    let log = File::create(folder.join("demo.log")).context("cannot make the log of the demo")?;
    let mut command = Command::new(passcom);
    command
        .args(["tether", "--parent", &std::process::id().to_string(), "--"])
        .arg(passcom)
        .arg("demo")
        .arg("--dir")
        .arg(folder.join("demo"))
        .args(["--http-port", &http_port.to_string()])
        .args(["--companies", &options.companies.join(",")])
        .arg("--wiring")
        .arg(folder.join("wiring.json"))
        .arg("--control");
    if let Some(days) = options.days {
        command.args(["--days", &days.to_string()]);
    }
    if !options.schedules.is_empty() {
        command.arg("--schedules").args(&options.schedules);
    }
    command
        .stdin(stdin)
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
