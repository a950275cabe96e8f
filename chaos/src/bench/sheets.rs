//! The tables of a report, which are the same on a terminal and on a page.

use std::collections::BTreeMap;

use super::bookings::{Row, What};
use super::growth::Growth;
use super::overload::Overload;
use super::{Measured, Memory, Report};

const DASH: &str = "–";

pub struct Sheet {
    pub title: String,
    pub headers: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
    pub note: String,
}

pub fn sheets(report: &Report) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for measured in &report.bookings {
        sheets.push(speed(measured));
        sheets.push(costs(measured));
    }
    sheets.extend(report.reads.as_ref().map(speed));
    sheets.extend(report.overload.as_ref().map(overload));
    if !report.growth.is_empty() {
        sheets.push(growth(&report.growth));
        sheets.push(readiness(&report.growth));
    }
    if !report.memory.is_empty() {
        sheets.push(memory(&report.memory));
    }
    sheets
}

fn speed(measured: &Measured<Row>) -> Sheet {
    let mut rows = Vec::new();
    for (place, row) in measured.rows.iter().enumerate() {
        rows.push(vec![
            row.what.name().to_owned(),
            row.clients.to_string(),
            row.build.to_owned(),
            format!("{:.0}", row.per_second),
            format!("{:.3}", row.of_pg32),
            format!("{:.1}", row.latency.p50_ms),
            format!("{:.1}", row.latency.p99_ms),
            format!("{:.1}", row.latency.p999_ms),
            row.of_alone
                .map_or_else(String::new, |ratio| format!("{ratio:.1}")),
            failures(&row.failed),
        ]);
        if let Some(before) = place.checked_sub(1).map(|before| &measured.rows[before])
            && (before.what, before.clients) == (row.what, row.clients)
        {
            let mut ratio = vec![String::new(); 10];
            ratio[2] = format!("{} ÷ {}", before.build, row.build);
            ratio[3] = format!("{:.2}", before.per_second / row.per_second);
            ratio[5] = format!("{:.2}", before.latency.p50_ms / row.latency.p50_ms);
            ratio[6] = format!("{:.2}", before.latency.p99_ms / row.latency.p99_ms);
            ratio[7] = format!("{:.2}", before.latency.p999_ms / row.latency.p999_ms);
            rows.push(ratio);
        }
    }
    Sheet {
        title: format!("speed: {}", measured.name),
        headers: vec![
            "what",
            "clients",
            "build",
            "per s",
            "÷ PG32",
            "p50 ms",
            "p99",
            "p99.9",
            "p50 ÷ alone",
            "failed",
        ],
        rows,
        note: unit(measured),
    }
}

fn costs(measured: &Measured<Row>) -> Sheet {
    let rows = measured.rows.iter().map(|row| {
        let (costs, cpu) = (&row.costs, &row.costs.cpu_ms);
        vec![
            row.what.name().to_owned(),
            row.clients.to_string(),
            row.build.to_owned(),
            format!("{:.2}", cpu.all()),
            format!("{:.2}", cpu.nodes),
            format!("{:.2}", cpu.postgres),
            format!("{:.3}", cpu.redis),
            format!("{:.3}", cpu.load),
            format!("{:.1}", costs.entries_a_batch),
            format!("{:.2}", costs.batches),
            format!("{:.0}", costs.tables_but_log()),
            costs
                .log_table()
                .map_or_else(|| DASH.to_owned(), |bytes| format!("{bytes:.0}")),
            format!("{:.0}", costs.wal_bytes),
        ]
    });
    Sheet {
        title: format!("cost of each: {}", measured.name),
        headers: vec![
            "what",
            "clients",
            "build",
            "CPU ms",
            "nodes",
            "PostgreSQL",
            "Redis",
            "load",
            "entries a batch",
            "batches",
            "table bytes",
            "log table",
            "WAL bytes",
        ],
        rows: rows.collect(),
        note: tables(&measured.rows),
    }
}

/// Which tables grow, of the row that sold the most.
fn tables(rows: &[Row]) -> String {
    let Some(row) = rows
        .iter()
        .filter(|row| row.what != What::Own)
        .max_by(|a, b| a.per_second.total_cmp(&b.per_second))
    else {
        return String::new();
    };
    let mut tables: Vec<_> = row.costs.table_bytes.iter().collect();
    tables.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let tables: Vec<_> = tables
        .iter()
        .map(|(name, bytes)| format!("{name} {bytes:.0}"))
        .collect();
    format!(
        "bytes at one company, {} clients, {}: {}",
        row.clients,
        row.build,
        tables.join(", ")
    )
}

fn overload(measured: &Measured<Overload>) -> Sheet {
    let rows = measured.rows.iter().map(|row| {
        vec![
            row.build.to_owned(),
            format!("{:.0}", row.peak_per_second),
            format!("{:.0}", row.offered_per_second),
            format!("{:.0}", row.per_second),
            format!("{:.2}", row.of_peak),
            format!("{:.0} / {:.0}", row.done.p50_ms, row.done.p99_ms),
            percent(row.refused),
            format!("{:.0} / {:.0}", row.refusal.p50_ms, row.refusal.p99_ms),
            percent(row.retry_after),
            failures(&row.failed),
            row.unsent.to_string(),
        ]
    });
    Sheet {
        title: "overload: twice the peak, at a fixed rate".to_owned(),
        headers: vec![
            "build",
            "peak per s",
            "offered",
            "done",
            "÷ peak",
            "p50 / p99 ms",
            "503",
            "503 p50 / p99 ms",
            "with Retry-After",
            "failed",
            "unsent",
        ],
        rows: rows.collect(),
        note: unit(measured),
    }
}

fn growth(sizes: &[Measured<Growth>]) -> Sheet {
    let rows = sizes.iter().flat_map(|measured| &measured.rows).map(|row| {
        vec![
            row.legs.to_string(),
            row.build.to_owned(),
            format!("{:.0}", row.per_second),
            format!("{:.3}", row.of_pg32),
            format!("{:.1}", row.latency.p50_ms),
            format!("{:.1}", row.latency.p99_ms),
            failures(&row.failed),
            list(&row.memory_at_rest),
            list(&row.memory_after_load),
        ]
    });
    let units: Vec<_> = sizes.iter().map(unit).collect();
    Sheet {
        title: "growth: three companies, 32 clients".to_owned(),
        headers: vec![
            "legs on sale",
            "build",
            "per s",
            "÷ PG32",
            "p50 ms",
            "p99",
            "failed",
            "MiB of each node at rest",
            "after load",
        ],
        rows: rows.collect(),
        note: units.join("\n"),
    }
}

fn readiness(sizes: &[Measured<Growth>]) -> Sheet {
    let rows = sizes.iter().flat_map(|measured| &measured.rows).map(|row| {
        vec![
            row.legs.to_string(),
            row.build.to_owned(),
            format!("{:.2}", row.start_s),
            format!("{:.2}", row.restart_s),
            format!("{:.2}", row.restart_after_kill_s),
            format!("{:.2}", row.ready_after_kill_s),
        ]
    });
    Sheet {
        title: "growth: seconds until a node is ready".to_owned(),
        headers: vec![
            "legs on sale", "build", "all start", "one restarts", "one restarts, killed under load", "the same, from the blow",
        ],
        rows: rows.collect(),
        note: "from the start of the process; from the blow, with the pause before the process is started again".to_owned(),
    }
}

fn memory(memory: &[Memory]) -> Sheet {
    let rows = memory.iter().map(|row| {
        vec![
            row.build.to_owned(),
            list(&row.at_rest),
            list(&row.after_load),
        ]
    });
    Sheet {
        title: "memory".to_owned(),
        headers: vec!["build", "MiB of each node at rest", "after all loads"],
        rows: rows.collect(),
        note: String::new(),
    }
}

fn unit<R>(measured: &Measured<R>) -> String {
    let (before, after) = (measured.pg32_before, measured.pg32_after);
    format!(
        "PG32: {:.0}/s before, {:.0}/s after; one client alone waits {:.2} ms before, {:.2} ms after",
        before.per_second, after.per_second, before.alone_ms, after.alone_ms
    )
}

/// The statuses of other answers with their numbers.
fn failures(failed: &BTreeMap<u16, usize>) -> String {
    let each = failed.iter().map(|(status, count)| match status {
        0 => format!("{count} lost"),
        status => format!("{count} × {status}"),
    });
    let each: Vec<_> = each.collect();
    if each.is_empty() {
        "0".to_owned()
    } else {
        each.join(", ")
    }
}

fn list(numbers: &[u64]) -> String {
    let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
    numbers.join(", ")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
