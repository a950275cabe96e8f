//! Bookings by clients in a closed loop: how many, how long each takes, and what it costs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::sleep;

use super::bed::Bed;
use super::latency::Latency;
use super::load::{Load, Work};
use super::meter::{Costs, Reading};
use super::pg32::Pg32;

/// Before a measurement: connections, caches and prepared statements exist then.
const WARM_UP: Duration = Duration::from_secs(2);

/// What is booked, by how many clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub work: Work,
    pub clients: usize,
}

/// Of one shape at one build.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub what: &'static str,
    pub build: &'static str,
    pub clients: usize,
    pub per_second: f64,
    /// By the mean of both PG32s.
    pub of_pg32: f64,
    #[serde(flatten)]
    pub latency: Latency,
    /// Its p50 by what a lone client of PG32 waits for one; of one client only.
    pub of_alone: Option<f64>,
    pub costs: Costs,
    /// Other answers by their status; 0: none came.
    pub failed: BTreeMap<u16, usize>,
}

impl Shape {
    pub fn what(&self) -> &'static str {
        match self.work {
            Work::Own => "own company",
            Work::All => "three companies",
            Work::Hold => "hold + confirm",
            Work::Read(_) => "read",
        }
    }

    pub async fn measure(
        &self,
        bed: &Bed,
        build: &'static str,
        length: Duration,
    ) -> anyhow::Result<Row> {
        let load = Load::start(bed.requests().await?, self.work.clone(), self.clients)?;
        sleep(WARM_UP).await;
        let before = Reading::take(&bed.cluster, &bed.database, &load.tally).await?;
        load.record(true);
        let begun = Instant::now();
        sleep(length).await;
        load.record(false);
        let took = begun.elapsed();
        let after = Reading::take(&bed.cluster, &bed.database, &load.tally).await?;
        let record = load.stop().await?;
        Ok(Row {
            what: self.what(),
            build,
            clients: self.clients,
            per_second: record.took_us.len() as f64 / took.as_secs_f64(),
            of_pg32: 0.0,
            latency: Latency::of(&record.took_us),
            of_alone: None,
            costs: before.costs(&after, self.work != Work::Own),
            failed: record.failed,
        })
    }
}

impl Row {
    /// Once PG32 has been measured after it, too.
    pub fn compare(&mut self, unit: Pg32) {
        self.of_pg32 = self.per_second / unit.per_second;
        self.of_alone = (self.clients == 1).then(|| self.latency.p50_ms / unit.alone_ms);
    }

    pub fn failures(&self) -> usize {
        self.failed.values().sum()
    }
}
