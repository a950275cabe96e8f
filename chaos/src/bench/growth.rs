//! The same load while more and more legs are on sale: speed, memory, and how long a node takes to be ready.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::sleep;

use super::bed::Bed;
use super::bookings::{Shape, What};
use super::latency::Latency;
use super::load::Load;
use super::pg32::Pg32;
use crate::cluster::Part;

const CLIENTS: usize = 32;
/// Whose node is started again, and killed.
const NODE: usize = 0;
/// From the start of the load to the blow.
const LOAD_BEFORE_KILL: Duration = Duration::from_secs(2);

/// Of one build with so many legs on sale.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growth {
    pub build: &'static str,
    pub legs: usize,
    pub per_second: f64,
    pub of_pg32: f64,
    #[serde(flatten)]
    pub latency: Latency,
    pub failed: BTreeMap<u16, usize>,
    /// Resident MiB of each node.
    pub memory_at_rest: Vec<u64>,
    pub memory_after_load: Vec<u64>,
    /// From the start of a process until its node was ready: the slowest of all, which started together.
    pub start_s: f64,
    /// Of one node, stopped in order.
    pub restart_s: f64,
    /// Of one node, killed under load.
    pub restart_after_kill_s: f64,
    /// From that blow until the node was ready again, with what the local cluster waits before it starts the process.
    pub ready_after_kill_s: f64,
}

impl Growth {
    pub async fn measure(bed: &Bed, build: &'static str, length: Duration) -> anyhow::Result<Self> {
        let shape = Shape {
            what: What::Three,
            clients: CLIENTS,
        };
        let row = shape.row(build, vec![shape.measure(bed, length).await?]);
        let memory_after_load = bed.memory()?;
        let restart = bed.cluster.restart_node(NODE).await?;
        bed.cluster.wait_until_ready().await?;
        let (restart_after_kill, ready_after_kill) = kill_under_load(bed, &shape).await?;
        let started = bed.cluster.started().iter().max().copied();
        Ok(Self {
            build,
            legs: bed.legs_on_sale().await?,
            per_second: row.per_second,
            of_pg32: 0.0,
            latency: row.latency,
            failed: row.failed,
            memory_at_rest: super::mib(&bed.memory_at_rest),
            memory_after_load: super::mib(&memory_after_load),
            start_s: started.unwrap_or_default().as_secs_f64(),
            restart_s: restart.as_secs_f64(),
            restart_after_kill_s: restart_after_kill.as_secs_f64(),
            ready_after_kill_s: ready_after_kill.as_secs_f64(),
        })
    }

    pub fn compare(&mut self, unit: Pg32) {
        self.of_pg32 = self.per_second / unit.per_second;
    }
}

/// From the start of the process, and from the blow, until the node is ready.
async fn kill_under_load(bed: &Bed, shape: &Shape) -> anyhow::Result<(Duration, Duration)> {
    let load = Load::start(bed.requests().await?, shape.work(bed).await?, CLIENTS)?;
    sleep(LOAD_BEFORE_KILL).await;
    let blow = Instant::now();
    bed.cluster.kill(Part::Node(NODE)).await?;
    let restart = bed.cluster.until_ready(NODE).await?;
    let since = blow.elapsed();
    load.stop().await?;
    Ok((restart, since))
}
