//! `passcom tether`: becomes another program that ends when its parent does, under another user if asked.
//!
//! A hidden command rather than code between fork and exec, which would need `unsafe`. It runs before any thread is started.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, bail};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid, Uid};

/// Ends every program that is started here in an orderly way: it is PostgreSQL's fast shutdown, and Redis and our nodes obey it, too.
pub const STOP: Signal = Signal::SIGINT;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Process whose end is ours.
    #[arg(long)]
    parent: i32,
    /// User and group to become, as numbers.
    #[arg(long, requires = "gid")]
    uid: Option<u32>,
    #[arg(long, requires = "uid")]
    gid: Option<u32>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Args {
    /// Returns only if the program could not be started.
    pub fn exec(self) -> anyhow::Result<()> {
        if let (Some(uid), Some(gid)) = (self.uid, self.gid) {
            become_user(Uid::from_raw(uid), Gid::from_raw(gid))?;
        }
        end_with_parent(Pid::from_raw(self.parent))?;
        let (program, arguments) = self.command.split_first().context("no program given")?;
        let error = Command::new(program).args(arguments).exec();
        bail!("cannot start {}: {error}", program.display())
    }
}

fn become_user(uid: Uid, gid: Gid) -> anyhow::Result<()> {
    nix::unistd::setgroups(&[gid]).context("drop supplementary groups")?;
    nix::unistd::setgid(gid).context("change group")?;
    nix::unistd::setuid(uid).context("change user")
}

/// Only after the change of user, which clears the wish.
#[cfg(target_os = "linux")]
fn end_with_parent(parent: Pid) -> anyhow::Result<()> {
    nix::sys::prctl::set_pdeathsig(STOP).context("tie to the parent process")?;
    // it may have died before the kernel knew of the wish
    if nix::unistd::getppid() != parent {
        bail!("the parent process has ended");
    }
    Ok(())
}

/// Elsewhere only the next start stops leftovers.
#[cfg(not(target_os = "linux"))]
fn end_with_parent(_: Pid) -> anyhow::Result<()> {
    Ok(())
}
