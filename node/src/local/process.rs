//! A child process with a name, a log and a pid file.
//!
//! The pid file holds the pid and the instant at which that process started, so that a later start tells a leftover of ours from a stranger
//! who got the same number.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::tether::STOP;
use super::user::User;

/// Lines of a log that an error shows.
const TAIL_LINES: usize = 6;
/// Bytes of a log that are read for them.
const TAIL_BYTES: u64 = 8 * 1024;
/// PostgreSQL may have to write a checkpoint first.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(30);
/// A killed process is gone by then, or stuck in the kernel.
const KILL_PATIENCE: Duration = Duration::from_secs(5);
/// A log that is longer when its process starts becomes `<log>.old`, in place of the one before.
const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How to start a process and how to stop it.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What messages call it: `redis`, `postgres of a`.
    pub name: String,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// Whom to run as; `None`: as we are.
    pub user: Option<User>,
    /// How long it may take to stop before it is killed.
    pub patience: Duration,
    /// Where its output goes, and its pid (`<log>` with extension `pid`).
    pub log: PathBuf,
}

#[derive(Debug)]
pub struct Process {
    spec: Spec,
    child: Child,
    pid: Pid,
}

impl Spec {
    /// Starts it tied to us by `passcom tether`.
    ///
    /// To be called from a thread that lives as long as the cluster: the kernel ties a child to the thread that made it.
    pub fn start(self, passcom: &Path) -> anyhow::Result<Process> {
        let log =
            open_log(&self.log).with_context(|| format!("cannot open {}", self.log.display()))?;
        let child = self
            .command(passcom)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let pid = Pid::from_raw(
            child
                .id()
                .context("it has not been waited for")?
                .cast_signed(),
        );
        let process = Process {
            spec: self,
            child,
            pid,
        };
        fs::write(process.spec.pid_file(), pid_record(pid)).context("cannot write a pid file")?;
        Ok(process)
    }

    /// Runs it to its end; an error carries what it wrote.
    pub async fn run(self, passcom: &Path, limit: Duration) -> anyhow::Result<()> {
        let mut process = self.start(passcom)?;
        let Ok(status) = timeout(limit, process.child.wait()).await else {
            process.stop().await;
            bail!("{} took more than {} s", process.spec.name, limit.as_secs());
        };
        remove_stale(&process.spec.pid_file());
        if !status?.success() {
            bail!("{}", process.failure());
        }
        Ok(())
    }

    fn command(&self, passcom: &Path) -> Command {
        let mut command = Command::new(passcom);
        command
            .arg("tether")
            .arg("--parent")
            .arg(std::process::id().to_string());
        if let Some(user) = &self.user {
            command.arg("--uid").arg(user.uid.to_string());
            command.arg("--gid").arg(user.gid.to_string());
        }
        command.arg("--").arg(&self.program).args(&self.arguments);
        command.stdin(Stdio::null());
        command.process_group(0); // Ctrl-C is for us: we stop the others in order
        if self.user.is_some() {
            command.current_dir("/"); // where that user may be
        }
        command
    }

    fn pid_file(&self) -> PathBuf {
        self.log.with_extension("pid")
    }
}

impl Process {
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub fn name(&self) -> &str {
        &self.spec.name
    }

    pub fn log(&self) -> &Path {
        &self.spec.log
    }

    /// Waits until it ends by itself. May be dropped and called again.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to stop, waits as long as its kind deserves, then kills it. Returns when it is gone.
    pub async fn stop(&mut self) {
        if self.ended().is_none() {
            // a process that has just ended is no error: it is waited for below
            let _ = kill(self.pid, STOP);
            if timeout(self.spec.patience, self.child.wait())
                .await
                .is_err()
            {
                eprintln!(
                    "{} did not stop within {} s: killed",
                    self.spec.name,
                    self.spec.patience.as_secs()
                );
                let _ = self.child.kill().await;
            }
        }
        remove_stale(&self.spec.pid_file());
    }

    /// One sentence on how it ended, with the last lines of its log.
    pub fn failure(&mut self) -> String {
        let end = match self.ended() {
            Some(status) => format!("ended ({status})"),
            None => "does not answer".to_owned(),
        };
        format!(
            "{} {end}; see {}{}",
            self.spec.name,
            self.spec.log.display(),
            tail(&self.spec.log)
        )
    }
}

/// Stops every process that a pid file under `root` names: what a start that was itself killed, or interrupted half-way, left running.
pub async fn stop_leftovers(root: &Path) -> anyhow::Result<usize> {
    let mut leftovers = Vec::new();
    for pid_file in pid_files(root)? {
        let record = fs::read_to_string(&pid_file).unwrap_or_default();
        match parse_pid_record(&record).filter(|pid| pid_record(*pid) == record) {
            Some(pid) => leftovers.push((pid, record, pid_file)),
            None => remove_stale(&pid_file),
        }
    }
    for (pid, ..) in &leftovers {
        let _ = kill(*pid, STOP); // one that has just ended is seen below
    }
    for (pid, record, pid_file) in &leftovers {
        if !gone(*pid, record, LEFTOVER_PATIENCE).await {
            let _ = kill(*pid, Signal::SIGKILL);
            if !gone(*pid, record, KILL_PATIENCE).await {
                bail!(
                    "process {pid} ({}) is left from an earlier start and does not stop: stop it first",
                    pid_file.display()
                );
            }
        }
        remove_stale(pid_file);
    }
    Ok(leftovers.len())
}

fn remove_stale(pid_file: &Path) {
    let _ = fs::remove_file(pid_file); // it does no harm: the next reader finds it stale, too
}

fn pid_files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = |folder: &Path| -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut files = list(root).with_context(|| format!("cannot list {}", root.display()))?;
    for folder in files.clone().iter().filter(|path| path.is_dir()) {
        files.extend(list(folder).unwrap_or_default()); // a folder of another user has none of ours
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "pid"));
    Ok(files)
}

async fn gone(pid: Pid, record: &str, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while pid_record(pid) == record {
        if Instant::now() > deadline {
            return false;
        }
        sleep(LOOK_AGAIN).await;
    }
    true
}

/// `pid start`; the start is empty where there is no `/proc`, or no such process, which makes every record there a stale one.
fn pid_record(pid: Pid) -> String {
    format!("{pid} {}", start_of(pid).unwrap_or_default())
}

fn parse_pid_record(record: &str) -> Option<Pid> {
    let (pid, start) = record.split_once(' ')?;
    let pid: i32 = pid.parse().ok()?;
    (pid > 1 && !start.is_empty()).then(|| Pid::from_raw(pid))
}

/// Clock ticks from boot to the start of a process that runs: field 22 of its stat, the 20th after the parenthesised name.
fn start_of(pid: Pid) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None; // ended, only not waited for yet
    }
    fields.nth(18).map(str::to_owned)
}

fn open_log(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    File::options().create(true).append(true).open(path)
}

/// The last lines of a log, indented, each on a line of its own.
fn tail(log: &Path) -> String {
    let read = || {
        use io::{Read, Seek, SeekFrom};
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        io::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default(); // an aid to an error that is reported anyway
    let lines: Vec<_> = text.lines().rev().take(TAIL_LINES).collect();
    lines
        .iter()
        .rev()
        .map(|line| format!("\n    {line}"))
        .collect()
}
