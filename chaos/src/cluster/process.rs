//! Processes of a cluster, found by the pid files that the demo writes: pid and start, so that a number that was given to somebody else is
//! never signalled.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use nix::errno::Errno;
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// `/proc` counts CPU time in these, on every architecture that we run on.
const TICKS_PER_SECOND: u64 = 100;

/// One process, as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pid: Pid,
    /// Clock ticks from boot to its start.
    start: String,
}

impl Process {
    /// Whom a pid file names, if that one still runs.
    pub fn find(pid_file: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(pid_file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => bail!("cannot read {}: {error}", pid_file.display()),
        };
        let Some((pid, start)) = text.trim().split_once(' ') else {
            return Ok(None); // it was written for a process that had already ended
        };
        let pid: i32 = pid
            .parse()
            .with_context(|| format!("{} names no process", pid_file.display()))?;
        ensure!(pid > 1, "{} names process {pid}", pid_file.display());
        let process = Self {
            pid: Pid::from_raw(pid),
            start: start.to_owned(),
        };
        Ok(process.runs().then_some(process))
    }

    pub fn runs(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.start == self.start && stat.state != "Z")
    }

    /// Nothing, if it has ended.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        if !self.runs() {
            return Ok(());
        }
        match signal::kill(self.pid, signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => bail!("cannot send {signal} to process {}: {error}", self.pid),
        }
    }

    /// `kill -9` of it and of its children, which could otherwise end in order.
    pub fn kill_with_children(&self) -> anyhow::Result<()> {
        let children = children(self.pid)?;
        self.signal(Signal::SIGKILL)?;
        for child in children {
            child.signal(Signal::SIGKILL)?;
        }
        Ok(())
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.pid);
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .and_then(|kib| kib.trim().parse().ok())
            .with_context(|| format!("{path} has no VmRSS"))?;
        Ok(kib * 1024)
    }

    /// CPU time, in user and kernel mode, of it and of its children: those that run, and those that have ended and were waited for.
    pub fn cpu_with_children(&self) -> anyhow::Result<Duration> {
        let own = stat(self.pid).context("a process has ended while it was measured")?;
        let children = children(self.pid)?;
        let children = children.iter().filter_map(|child| stat(child.pid));
        let ticks = own.ticks + own.ended_ticks + children.map(|child| child.ticks).sum::<u64>();
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// How long ago it was started.
    pub fn age(&self) -> anyhow::Result<Duration> {
        let uptime = fs::read_to_string("/proc/uptime").context("read the time since boot")?;
        let uptime = uptime
            .split(' ')
            .next()
            .and_then(|seconds| seconds.parse().ok());
        let uptime = Duration::from_secs_f64(uptime.context("/proc/uptime has no number")?);
        let start: u64 = self
            .start
            .parse()
            .context("the start of a process is no number")?;
        Ok(uptime.saturating_sub(Duration::from_millis(start * 1000 / TICKS_PER_SECOND)))
    }
}

struct Stat {
    state: String,
    parent: String,
    start: String,
    /// CPU time of its own.
    ticks: u64,
    /// CPU time of children that it has waited for.
    ended_ticks: u64,
}

/// What follows the parenthesised name, which may contain anything, in `/proc/PID/stat`.
fn stat(pid: Pid) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<_> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |n: usize| fields.get(n).map(|field| (*field).to_owned());
    let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Stat {
        state: field(0)?,
        parent: field(1)?,
        start: field(19)?,
        ticks: number(11)? + number(12)?,
        ended_ticks: number(13)? + number(14)?,
    })
}

fn children(parent: Pid) -> anyhow::Result<Vec<Process>> {
    let entries = fs::read_dir("/proc").context("list processes")?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let children = pids.filter_map(|pid| {
        let pid = Pid::from_raw(pid);
        let stat = stat(pid)?;
        (stat.parent == parent.to_string()).then_some(Process {
            pid,
            start: stat.start,
        })
    });
    Ok(children.collect())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn only_the_process_that_was_meant_is_signalled() {
        let mut child = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        let file = std::env::temp_dir().join(format!("passcom-chaos-{pid}.pid"));
        let start = stat(pid).unwrap().start;

        fs::write(&file, format!("{pid} {start}0")).unwrap();
        assert_eq!(Process::find(&file).unwrap(), None, "another one's number");
        fs::write(&file, format!("{pid} {start}")).unwrap();
        let found = Process::find(&file).unwrap().unwrap();
        fs::remove_file(&file).unwrap();
        assert_eq!(Process::find(&file).unwrap(), None);

        let us = Pid::from_raw(std::process::id().cast_signed());
        assert!(children(us).unwrap().contains(&found));
        found.signal(Signal::SIGKILL).unwrap();
        child.wait().unwrap();
        assert!(!found.runs());
        found.signal(Signal::SIGKILL).unwrap();
    }
}
