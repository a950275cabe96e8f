//! What a booking costs: CPU time of every process, rows and log of a database, entries a transaction.
//!
//! Everything is read twice while the load runs, each part together with the number of bookings by then; the differences are divided.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Serialize;

use super::load::Load;
use crate::cluster::{Cluster, Part};

const BATCH_SUM: &str = "passcom_ledger_batch_entries_sum";
const BATCH_COUNT: &str = "passcom_ledger_batch_entries_count";
/// Of the first company: indexes and what lies outside of rows count as well.
const TABLES: &str = "select relname::text, pg_total_relation_size(oid) from pg_class
    where relkind in ('r', 'm') and relnamespace = 'public'::regnamespace";
const WAL: &str = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";

/// CPU milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Cpu {
    pub nodes: f64,
    /// The servers and their children.
    pub postgres: f64,
    pub redis: f64,
    /// The clients.
    pub load: f64,
}

/// What one booking costs, on average.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Costs {
    pub cpu_ms: Cpu,
    /// Entries that share a transaction of a ledger.
    pub entries_a_batch: f64,
    /// Transactions of all ledgers.
    pub batches: f64,
    /// Bytes by which the first company's tables grow with each booking that has a seat there; tables that do not grow are left out.
    pub table_bytes: BTreeMap<String, f64>,
    /// Bytes of the write-ahead log of the first company's database.
    pub wal_bytes: f64,
}

/// A part of a reading, and the successes of each node by then.
struct By<T> {
    done: Vec<u64>,
    value: T,
}

pub struct Reading {
    cpu: By<Cpu>,
    /// Entries and transactions of all ledgers.
    batches: By<[f64; 2]>,
    tables: By<BTreeMap<String, i64>>,
    wal: By<f64>,
}

impl Reading {
    /// `database` is the first company's.
    pub async fn take(
        cluster: &Cluster,
        database: &tokio_postgres::Client,
        load: &Load,
    ) -> anyhow::Result<Self> {
        let cpu = By {
            done: load.tally.done(),
            value: cpu(cluster, load)?,
        };
        let mut batches = [0.0; 2];
        for company in 0..cluster.companies().len() {
            let metrics = cluster.metrics(company).await?;
            batches[0] += value_of(&metrics, BATCH_SUM);
            batches[1] += value_of(&metrics, BATCH_COUNT);
        }
        let batches = By {
            done: load.tally.done(),
            value: batches,
        };
        let wal = database
            .query_one(WAL, &[])
            .await
            .context("read the length of the log")?;
        let wal = By {
            done: load.tally.done(),
            value: wal.get(0),
        };
        let tables = database
            .query(TABLES, &[])
            .await
            .context("read the sizes of tables")?;
        let tables = By {
            done: load.tally.done(),
            value: tables.iter().map(|row| (row.get(0), row.get(1))).collect(),
        };
        Ok(Self {
            cpu,
            batches,
            tables,
            wal,
        })
    }

    /// What each booking between two readings has cost. `everywhere`: every booking has a seat of the first company, whichever node sold it.
    pub fn costs(&self, later: &Self, everywhere: bool) -> Costs {
        let all =
            |before: &[u64], after: &[u64]| after.iter().sum::<u64>() - before.iter().sum::<u64>();
        let there = |before: &[u64], after: &[u64]| match everywhere {
            true => all(before, after),
            false => after[0] - before[0],
        };
        let bookings = all(&self.cpu.done, &later.cpu.done);
        let cpu = |of: fn(&Cpu) -> f64| each(of(&later.cpu.value) - of(&self.cpu.value), bookings);
        let entries = later.batches.value[0] - self.batches.value[0];
        let batches = later.batches.value[1] - self.batches.value[1];
        let rows_of = there(&self.tables.done, &later.tables.done);
        let grown = later.tables.value.iter().filter_map(|(table, bytes)| {
            let grown = bytes - self.tables.value.get(table).copied().unwrap_or_default();
            (grown > 0).then(|| (table.clone(), each(grown as f64, rows_of)))
        });
        Costs {
            cpu_ms: Cpu {
                nodes: cpu(|cpu| cpu.nodes),
                postgres: cpu(|cpu| cpu.postgres),
                redis: cpu(|cpu| cpu.redis),
                load: cpu(|cpu| cpu.load),
            },
            entries_a_batch: if batches > 0.0 {
                entries / batches
            } else {
                0.0
            },
            batches: each(batches, all(&self.batches.done, &later.batches.done)),
            table_bytes: grown.collect(),
            wal_bytes: each(
                later.wal.value - self.wal.value,
                there(&self.wal.done, &later.wal.done),
            ),
        }
    }
}

impl Costs {
    /// Of measurements that are alike; nothing of none.
    pub fn mean<'a>(all: impl ExactSizeIterator<Item = &'a Self>) -> Self {
        let share = 1.0 / all.len().max(1) as f64;
        let mut mean = Self::default();
        for costs in all {
            let (sum, cpu) = (&mut mean.cpu_ms, &costs.cpu_ms);
            sum.nodes += cpu.nodes * share;
            sum.postgres += cpu.postgres * share;
            sum.redis += cpu.redis * share;
            sum.load += cpu.load * share;
            mean.entries_a_batch += costs.entries_a_batch * share;
            mean.batches += costs.batches * share;
            mean.wal_bytes += costs.wal_bytes * share;
            for (table, bytes) in &costs.table_bytes {
                *mean.table_bytes.entry(table.clone()).or_default() += bytes * share;
            }
        }
        mean
    }

    /// Of every table but the log.
    pub fn tables_but_log(&self) -> f64 {
        self.table_bytes
            .iter()
            .filter(|(name, _)| !is_log(name))
            .map(|(_, bytes)| bytes)
            .sum()
    }

    /// Of the table called `log` and its parts; none where there is no such table.
    pub fn log_table(&self) -> Option<f64> {
        let logs = self.table_bytes.iter().filter(|(name, _)| is_log(name));
        logs.map(|(_, bytes)| *bytes)
            .reduce(|sum, bytes| sum + bytes)
    }
}

impl Cpu {
    pub fn all(&self) -> f64 {
        self.nodes + self.postgres + self.redis + self.load
    }
}

fn is_log(table: &str) -> bool {
    table == "log" || table.starts_with("log_")
}

fn each(whole: f64, bookings: u64) -> f64 {
    if bookings == 0 {
        0.0
    } else {
        whole / bookings as f64
    }
}

/// Since the processes were started.
fn cpu(cluster: &Cluster, load: &Load) -> anyhow::Result<Cpu> {
    let millis = |part| Ok::<_, anyhow::Error>(cluster.cpu(part)?.as_secs_f64() * 1000.0);
    let mut cpu = Cpu {
        redis: millis(Part::Redis)?,
        load: load.cpu()?.as_secs_f64() * 1000.0,
        ..Cpu::default()
    };
    for company in 0..cluster.companies().len() {
        cpu.nodes += millis(Part::Node(company))?;
        cpu.postgres += millis(Part::Postgres(company))?;
    }
    Ok(cpu)
}

/// Zero where a metric has not been touched yet.
fn value_of(metrics: &str, name: &str) -> f64 {
    let values = metrics.lines().filter_map(|line| {
        let (found, value) = line.rsplit_once(' ')?;
        let found = found.split('{').next()?;
        (found == name).then(|| value.parse::<f64>().ok())?
    });
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(
        done: [u64; 2],
        nodes: f64,
        batches: [f64; 2],
        tables: &[(&str, i64)],
        wal: f64,
    ) -> Reading {
        let done = done.to_vec();
        let cpu = Cpu {
            nodes,
            ..Cpu::default()
        };
        Reading {
            cpu: By {
                done: done.clone(),
                value: cpu,
            },
            batches: By {
                done: done.clone(),
                value: batches,
            },
            tables: By {
                done: done.clone(),
                value: tables
                    .iter()
                    .map(|(name, bytes)| ((*name).to_owned(), *bytes))
                    .collect(),
            },
            wal: By { done, value: wal },
        }
    }

    #[test]
    fn costs_are_differences_by_the_bookings_between() {
        let before = reading(
            [100, 100],
            50.0,
            [10.0, 10.0],
            &[("leg", 8192), ("seat", 8192)],
            1_000.0,
        );
        let after = reading(
            [110, 130],
            90.0,
            [90.0, 20.0],
            &[("leg", 16384), ("log_1", 400), ("seat", 8192)],
            5_000.0,
        );
        let own = before.costs(&after, false);
        assert_eq!(own.cpu_ms.nodes, 1.0);
        assert_eq!((own.entries_a_batch, own.batches), (8.0, 0.25));
        assert_eq!(
            (own.tables_but_log(), own.log_table()),
            (819.2, Some(40.0)),
            "ten of them were sold there"
        );
        assert_eq!(own.wal_bytes, 400.0);
        let everywhere = before.costs(&after, true);
        assert_eq!(
            (everywhere.tables_but_log(), everywhere.wal_bytes),
            (204.8, 100.0)
        );
        assert_eq!(
            before.costs(&before, true),
            Costs::default(),
            "nothing was sold"
        );
    }

    #[test]
    fn a_metric_is_found_by_its_whole_name_and_summed_over_its_labels() {
        let metrics = "# TYPE a_sum summary\na_sum{x=\"1\"} 2\na_sum 3.5\na_sum_b 100\n";
        assert_eq!(value_of(metrics, "a_sum"), 5.5);
        assert_eq!(value_of(metrics, "b"), 0.0);
    }
}
