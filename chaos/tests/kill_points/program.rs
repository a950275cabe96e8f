//! The programs under test: built here, so that they are never older than their sources.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

/// What cargo tells a test about the test's own package would only make the inner build another one.
const OUTER: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

pub struct Program {
    pub path: PathBuf,
}

impl Program {
    /// With its fail points.
    pub fn with_points() -> anyhow::Result<Self> {
        Self::build(
            "passcom-failpoints",
            &["--features", "passcom-node/failpoints"],
        )
    }

    /// As it is released.
    pub fn released() -> anyhow::Result<Self> {
        Self::build("passcom", &[])
    }

    /// Whole-workspace, because cargo would choose other features of the dependencies otherwise.
    fn build(name: &str, features: &[&str]) -> anyhow::Result<Self> {
        let target = target_folder()?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args([
                "build",
                "--release",
                "--locked",
                "--workspace",
                "--bin",
                name,
            ])
            .args(features)
            .arg("--target-dir")
            .arg(&target)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let names = std::env::vars_os().map(|(name, _)| name);
        let is_outer = |name: &OsString| {
            OUTER
                .iter()
                .any(|outer| name.to_string_lossy().starts_with(outer))
        };
        for name in names.filter(is_outer) {
            command.env_remove(name);
        }
        let status = command.status().context("run cargo")?;
        ensure!(status.success(), "{command:?}: {status}");
        let path = target.join("release").join(name);
        Ok(Self { path })
    }

    /// Every point that it has, by its own word.
    pub fn points(&self) -> anyhow::Result<Vec<String>> {
        let output = Command::new(&self.path)
            .arg("list-fail-points")
            .output()
            .with_context(|| format!("run {}", self.path.display()))?;
        ensure!(
            output.status.success(),
            "list-fail-points: {}",
            output.status
        );
        let text = String::from_utf8(output.stdout).context("the list is not text")?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Those of the points whose names are somewhere in the program.
    pub fn carries(&self, points: &[String]) -> anyhow::Result<Vec<String>> {
        let bytes =
            std::fs::read(&self.path).with_context(|| format!("read {}", self.path.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(points
            .iter()
            .filter(|point| text.contains(point.as_str()))
            .cloned()
            .collect())
    }
}

/// Tests run in `release/deps`, or `debug/deps`, of it.
fn target_folder() -> anyhow::Result<PathBuf> {
    let us = std::env::current_exe().context("find our own program")?;
    let target = us.ancestors().nth(3);
    Ok(target
        .with_context(|| format!("{} is in no target folder", us.display()))?
        .to_owned())
}
