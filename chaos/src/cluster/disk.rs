//! Small disks for databases: file systems in memory, of a size that can be filled.
//!
//! Invariant: a mount is seen by us and our children only, and goes with the last of us, however that one ends: none is ever left behind.
//! Nobody else sees it either: what is on it is lost with the run, also if its folder is kept.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::Uid;

/// Room for a database, its log and the bookings of a run.
const SIZE: &str = "size=640m";
const BALLAST: &str = "ballast";
const BLOCK: usize = 1024 * 1024;

/// Makes mounts of ours invisible to others. To be called before any thread is started, which would keep the old view.
pub fn own_mounts() -> anyhow::Result<()> {
    ensure!(
        Uid::effective().is_root(),
        "only root may mount file systems"
    );
    unshare(CloneFlags::CLONE_NEWNS).context("leave the mount namespace")?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .context("keep mounts to ourselves")
}

/// A file system that can be full.
#[derive(Debug, Clone)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one, after [`own_mounts`]. The folder must not exist.
    pub fn mount(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        mount(
            Some("tmpfs"),
            folder,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(SIZE),
        )
        .with_context(|| format!("mount a small disk at {}", folder.display()))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Leaves an empty folder, which can be removed. Whoever still has a file open there may go on with it.
    pub fn unmount(&self) -> anyhow::Result<()> {
        umount2(&self.folder, MntFlags::MNT_DETACH)
            .with_context(|| format!("unmount {}", self.folder.display()))
    }

    /// Where a database may make its home.
    pub fn home(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// Takes all room there is.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = File::create(self.ballast()).context("fill the disk")?;
        let block = vec![0x55; BLOCK];
        for length in [BLOCK, 4096, 1] {
            loop {
                match ballast.write(&block[..length]) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).context("fill the disk"),
                }
            }
        }
        Ok(())
    }

    /// Gives the room back.
    pub fn free(&self) -> anyhow::Result<()> {
        fs::remove_file(self.ballast()).context("free the disk")
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join(BALLAST)
    }
}
