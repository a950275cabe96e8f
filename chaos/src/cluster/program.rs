//! The program under test as its operators use it: one command at a time, against the cluster's configuration.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::process::Command;
use tokio::time::timeout;

/// An operator whose database does not answer gives up.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub struct Program {
    pub(super) passcom: PathBuf,
    pub(super) config: PathBuf,
}

impl Program {
    /// Runs a command (`flight`) with its arguments to its end. What it said, if it was not done, or nobody knows whether it was.
    pub async fn run(
        &self,
        command: &str,
        arguments: &[&str],
    ) -> anyhow::Result<Result<(), String>> {
        let mut program = Command::new(&self.passcom);
        program
            .arg(command)
            .arg("--config")
            .arg(&self.config)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let Ok(ended) = timeout(LIMIT, program.output()).await else {
            return Ok(Err(format!("no end within {} s", LIMIT.as_secs())));
        };
        let ended = ended.with_context(|| format!("run {}", self.passcom.display()))?;
        Ok(match ended.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&ended.stderr).trim().to_owned()),
        })
    }
}
