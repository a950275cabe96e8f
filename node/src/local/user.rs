//! Whom servers run as. PostgreSQL refuses to run as root, so root hands its servers to an unprivileged user.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use nix::unistd::{Gid, Uid};

/// Tried in this order.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: Uid,
    pub gid: Gid,
}

impl User {
    /// The user for servers; `None`: the one we are.
    pub fn for_servers() -> anyhow::Result<Option<Self>> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        for name in UNPRIVILEGED {
            let entry = nix::unistd::User::from_name(name).context("look up a user")?;
            if let Some(entry) = entry {
                return Ok(Some(Self {
                    name: entry.name,
                    uid: entry.uid,
                    gid: entry.gid,
                }));
            }
        }
        bail!(
            "PostgreSQL does not run as root, and there is no user {} to run it as: run this as an ordinary user",
            UNPRIVILEGED.join(" or ")
        )
    }

    /// Makes a file or folder theirs.
    pub fn own(&self, path: &Path) -> anyhow::Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
            .with_context(|| format!("cannot give {} to user {}", path.display(), self.name))
    }

    /// Whether they can go into this folder of theirs. Asked of the kernel: every folder above it has a say.
    pub fn reaches(&self, folder: &Path) -> anyhow::Result<bool> {
        let status = Command::new("test")
            .arg("-w")
            .arg(folder)
            .uid(self.uid.as_raw())
            .gid(self.gid.as_raw())
            .current_dir("/")
            .stdin(Stdio::null())
            .status()
            .context("cannot run `test`")?;
        Ok(status.success())
    }
}
