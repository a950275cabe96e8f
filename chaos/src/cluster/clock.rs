//! Wall clocks of nodes, which libfaketime shifts: it reads the shift from a file, so that it changes while the node runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Where distributions put it.
const LIBRARIES: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
];

/// The clock of one node. The monotonic one stays as it is.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
    library: &'static str,
}

impl Clock {
    /// A right one.
    pub fn new(file: PathBuf) -> anyhow::Result<Self> {
        let clock = Self {
            library: library()?,
            file,
        };
        clock.shift(0)?;
        Ok(clock)
    }

    /// A program with arguments, under which a node has this clock.
    pub fn run_with(&self) -> Vec<String> {
        vec![
            "env".to_owned(),
            format!("LD_PRELOAD={}", self.library),
            format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display()),
            "FAKETIME_CACHE_DURATION=1".to_owned(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
            "NO_FAKE_STAT=1".to_owned(),
        ]
    }

    /// Seen by the node within a second.
    pub fn shift(&self, seconds: i64) -> anyhow::Result<()> {
        let new = self.file.with_extension("new");
        let text = format!("{seconds:+}\n");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.file))
            .with_context(|| format!("set the clock in {}", self.file.display()))
    }
}

/// The library that shifts clocks, if it is installed.
pub fn library() -> anyhow::Result<&'static str> {
    match LIBRARIES.iter().find(|path| Path::new(path).exists()) {
        Some(path) => Ok(path),
        None => bail!("libfaketime is not installed (Debian, Ubuntu: apt-get install faketime)"),
    }
}
