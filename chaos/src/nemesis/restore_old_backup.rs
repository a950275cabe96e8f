//! A company's database is put back to a backup of some seconds before: what it has sold since then is not in it. Its
//! node must serve nothing, and the others must say why. Then what it had comes back.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::try_join;
use tokio::time::{Instant, sleep};

use super::{Arena, Nemesis};
use crate::checker::Violation;
use crate::cluster::{Part, connect};

/// For so long its node tries to start on the old backup, again and again.
const REFUSED_FOR: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(super) async fn strike(
    arena: &Arena,
    n: usize,
    lasts: Duration,
) -> anyhow::Result<Vec<Violation>> {
    let data = data_folder(arena, n).await?;
    let beside = |name: &str| data.with_file_name(name);
    let (backup, newest) = (beside("backup"), beside("newest"));
    let fault = arena.begin(Nemesis::RestoreOldBackup, arena.code(n))?;
    stop(arena, n).await?;
    files("cp", &["-a"], &[&data, &backup]).await?;
    start(arena, n).await?;
    arena.cluster.until_ready(n).await?;
    arena.say("a backup was made, and is soon an old one");
    sleep(lasts).await;

    let others = (0..arena.cluster.companies().len()).filter(|other| *other != n);
    let mut before = Vec::new();
    for other in others {
        before.push((other, alarms(arena, other).await?));
    }
    stop(arena, n).await?;
    files("mv", &[], &[&data, &newest]).await?;
    files("mv", &[], &[&backup, &data]).await?;
    start(arena, n).await?;
    let found = watch(arena, n, &before).await;

    stop(arena, n).await?;
    files("rm", &["-r"], &[&data]).await?;
    files("mv", &[], &[&newest, &data]).await?;
    start(arena, n).await?;
    arena.end(fault)?;
    found
}

/// Whether the node serves, and whether nobody says anything.
async fn watch(arena: &Arena, n: usize, before: &[(usize, f64)]) -> anyhow::Result<Vec<Violation>> {
    let code = arena.code(n);
    let begun = Instant::now();
    while begun.elapsed() < REFUSED_FOR {
        if arena.cluster.is_ready(n).await {
            let what = format!("{code} serves on a database that has lost what it had sold");
            return Ok(vec![Violation::new("L7", what)]);
        }
        sleep(LOOK_AGAIN).await;
    }
    let mut found = Vec::new();
    for (other, before) in before {
        let raised = alarms(arena, *other).await? - before;
        let other = arena.code(*other);
        arena.say(&format!("{other} has raised {raised} alarms"));
        if raised == 0.0 {
            let what = format!("{other} has not noticed that the log of {code} went back");
            found.push(Violation::new("L7", what));
        }
    }
    Ok(found)
}

/// Alarms of a node since its start.
async fn alarms(arena: &Arena, n: usize) -> anyhow::Result<f64> {
    let metrics = arena.cluster.metrics(n).await?;
    let mut lines = metrics.lines();
    let alarms = lines.find_map(|line| line.strip_prefix("passcom_alarms_total "));
    let alarms = alarms.context("a node counts its alarms")?;
    alarms.parse().context("alarms are counted in numbers")
}

async fn data_folder(arena: &Arena, n: usize) -> anyhow::Result<PathBuf> {
    let database = connect(&arena.cluster.companies()[n]).await?;
    let row = database.query_one("select current_setting('data_directory')", &[]);
    let folder: String = row.await.context("ask where the data are")?.try_get(0)?;
    Ok(folder.into())
}

async fn stop(arena: &Arena, n: usize) -> anyhow::Result<()> {
    let cluster = &arena.cluster;
    cluster.hold_node(n).await?;
    let node = cluster.kill(Part::Node(n));
    try_join(node, cluster.stop_immediately(n)).await?;
    Ok(())
}

async fn start(arena: &Arena, n: usize) -> anyhow::Result<()> {
    arena.cluster.start_postgres(n).await?;
    arena.cluster.start_node(n).await
}

/// Of the system's programs for files: they keep owners and modes.
async fn files(program: &str, options: &[&str], paths: &[&Path]) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command.args(options).args(paths);
    // tens of megabytes: not for a thread that has others to serve
    let done = tokio::task::spawn_blocking(move || command.status()).await?;
    let status = done.with_context(|| format!("start {program}"))?;
    ensure!(status.success(), "{program} of {paths:?} failed");
    Ok(())
}
