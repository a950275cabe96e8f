//! PG32, the unit of speed: bookings a second of one seat at one PostgreSQL, by 32 clients of `pgbench`; and what one client waits for one.
//!
//! Machines differ, and so does one machine from minute to minute; a rate is told as a share of what the same machine did just before and after.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use tokio::process::Command;
use tokio_postgres::NoTls;

const SCHEMA: &str = include_str!("../../bench/schema.sql");
const BOOK: &str = include_str!("../../bench/book.sql");
const SECONDS: &str = "6";
const SECONDS_ALONE: &str = "2";

/// What one PostgreSQL does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pg32 {
    /// Bookings a second of 32 clients.
    pub per_second: f64,
    /// Mean milliseconds of a booking while there is one client.
    pub alone_ms: f64,
}

impl Pg32 {
    pub fn mean(one: Self, other: Self) -> Self {
        Self {
            per_second: f64::midpoint(one.per_second, other.per_second),
            alone_ms: f64::midpoint(one.alone_ms, other.alone_ms),
        }
    }
}

/// Measures with a schema of its own, which it removes.
pub async fn measure(url: &str, scratch: &Path) -> anyhow::Result<Pg32> {
    let script = scratch.join("book.sql");
    std::fs::write(&script, BOOK).context("write the script of pgbench")?;
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("connect for PG32")?;
    // its end is the client's next error
    tokio::spawn(connection);
    let prepare = [
        "drop schema if exists pg32 cascade",
        "create schema pg32",
        SCHEMA,
        "vacuum analyze pg32.seat",
        "checkpoint",
    ];
    for statement in prepare {
        client
            .batch_execute(statement)
            .await
            .context("prepare PG32")?;
    }
    let measured = async {
        let many = ["-c", "32", "-j", "2", "-T", SECONDS];
        let alone = ["-c", "1", "-j", "1", "-T", SECONDS_ALONE];
        Ok(Pg32 {
            per_second: pgbench(url, &script, &many, "tps = ").await?,
            alone_ms: pgbench(url, &script, &alone, "latency average = ").await?,
        })
    };
    let measured = measured.await;
    // what it has written is on disk before anything else is measured
    for statement in ["drop schema pg32 cascade", "checkpoint"] {
        client
            .batch_execute(statement)
            .await
            .context("remove what PG32 made")?;
    }
    measured
}

async fn pgbench(url: &str, script: &Path, load: &[&str], wanted: &str) -> anyhow::Result<f64> {
    let output = Command::new(program()?)
        .args(["-n", "-M", "prepared"])
        .args(load)
        .arg("-f")
        .arg(script)
        .arg(url)
        .kill_on_drop(true)
        .output()
        .await
        .context("run pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout);
    match number(&text, wanted) {
        Some(number) if output.status.success() => Ok(number),
        _ => bail!(
            "pgbench ended with {}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// Of `tps = 2345.67 (without initial connection time)`, for example.
fn number(output: &str, name: &str) -> Option<f64> {
    let line = output.lines().find_map(|line| line.strip_prefix(name))?;
    line.split(' ').next()?.parse().ok()
}

/// On PATH, or in the newest version's folder of Debian and Ubuntu.
fn program() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("pgbench"));
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<_> = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin/pgbench")))
        })
        .collect();
    versions.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    on_path
        .chain(versions.into_iter().map(|(_, program)| program))
        .find(|program| program.is_file())
        .context("pgbench is neither on PATH nor under /usr/lib/postgresql: install PostgreSQL's contrib programs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_numbers_are_found_in_what_pgbench_prints() {
        let output =
            "latency average = 13.1 ms\ntps = 2431.504121 (without initial connection time)\n";
        assert_eq!(number(output, "tps = "), Some(2431.504121));
        assert_eq!(number(output, "latency average = "), Some(13.1));
        assert_eq!(number("pgbench: error", "tps = "), None);
    }
}
