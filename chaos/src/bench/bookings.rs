//! What clients in a closed loop achieve: how many requests, how long each takes, and what it costs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::sleep;

use super::bed::Bed;
use super::latency::Latency;
use super::load::{Load, Record, Work};
use super::meter::{Costs, Reading};
use super::pg32::Pg32;

/// Before a measurement: connections, caches and prepared statements exist then.
const WARM_UP: Duration = Duration::from_secs(2);

/// What a client does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Own,
    Three,
    Hold,
    Page,
    Search,
    SeatMap,
}

impl What {
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "booking, own company",
            Self::Three => "booking, three companies",
            Self::Hold => "hold + confirm, three companies",
            Self::Page => "catalogue page of 20 legs",
            Self::Search => "search",
            Self::SeatMap => "seat map",
        }
    }
}

/// So many clients, and what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub what: What,
    pub clients: usize,
}

/// One measurement.
pub struct Sample {
    record: Record,
    length: Duration,
    costs: Costs,
}

/// All measurements of one shape and build.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub what: What,
    pub build: &'static str,
    pub clients: usize,
    pub per_second: f64,
    /// By the mean of both PG32s.
    pub of_pg32: f64,
    #[serde(flatten)]
    pub latency: Latency,
    /// Its p50 by what a lone client of PG32 waits on average; of one client only.
    pub of_alone: Option<f64>,
    pub costs: Costs,
    /// Other answers by their status; 0: none came.
    pub failed: BTreeMap<u16, usize>,
}

impl Shape {
    pub async fn work(&self, bed: &Bed) -> anyhow::Result<Work> {
        Ok(match self.what {
            What::Own => Work::Own,
            What::Three => Work::All,
            What::Hold => Work::Hold,
            What::Page | What::Search | What::SeatMap => {
                let requests = bed.requests().await?;
                let paths = bed.paths(self.what).await?;
                Work::Read(paths.iter().map(|path| requests.get(path, 0)).collect())
            }
        })
    }

    pub async fn measure(&self, bed: &Bed, length: Duration) -> anyhow::Result<Sample> {
        let load = Load::start(bed.requests().await?, self.work(bed).await?, self.clients)?;
        sleep(WARM_UP).await;
        let before = Reading::take(&bed.cluster, &bed.database, &load).await?;
        load.record(true);
        let begun = Instant::now();
        sleep(length).await;
        load.record(false);
        let length = begun.elapsed();
        let after = Reading::take(&bed.cluster, &bed.database, &load).await?;
        Ok(Sample {
            record: load.stop().await?,
            length,
            costs: before.costs(&after, self.what != What::Own),
        })
    }

    pub fn row(&self, build: &'static str, samples: Vec<Sample>) -> Row {
        let length: Duration = samples.iter().map(|sample| sample.length).sum();
        let costs = Costs::mean(samples.iter().map(|sample| &sample.costs));
        let record = Record::all(samples.into_iter().map(|sample| sample.record));
        Row {
            what: self.what,
            build,
            clients: self.clients,
            per_second: record.took_us.len() as f64 / length.as_secs_f64(),
            of_pg32: 0.0,
            latency: Latency::of(&record.took_us),
            of_alone: None,
            costs,
            failed: record.failed,
        }
    }
}

impl Row {
    /// Once PG32 has been measured after it, too.
    pub fn compare(&mut self, unit: Pg32) {
        self.of_pg32 = self.per_second / unit.per_second;
        self.of_alone = (self.clients == 1).then(|| self.latency.p50_ms / unit.alone_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_all_its_samples_in_the_unit() {
        let shape = Shape {
            what: What::Three,
            clients: 1,
        };
        let sample = |took_us: &[u32], wal_bytes| Sample {
            record: Record {
                took_us: took_us.to_vec(),
                failed: BTreeMap::from([(503, 1)]),
            },
            length: Duration::from_secs(2),
            costs: Costs {
                wal_bytes,
                ..Costs::default()
            },
        };
        let mut row = shape.row(
            "this",
            vec![sample(&[4_000, 9_000], 10.0), sample(&[6_000], 20.0)],
        );
        let unit = |per_second, alone_ms| Pg32 {
            per_second,
            alone_ms,
        };
        row.compare(Pg32::mean(unit(2.0, 1.0), unit(4.0, 2.0)));
        assert_eq!((row.per_second, row.of_pg32), (0.75, 0.25));
        assert_eq!((row.latency.p50_ms, row.of_alone), (6.0, Some(4.0)));
        assert_eq!(
            (row.costs.wal_bytes, &row.failed),
            (15.0, &BTreeMap::from([(503, 2)]))
        );
    }
}
