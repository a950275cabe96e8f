//! The report as tables.

use std::fmt;

use super::bookings::Row;
use super::{Measured, Memory, Report};
use crate::report::table;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for measured in &self.bookings {
            writeln!(f, "{measured}")?;
        }
        for Memory {
            build,
            at_rest,
            after_load,
        } in &self.memory
        {
            writeln!(
                f,
                "memory of the nodes in MiB, {build}: {at_rest:?} at rest, {after_load:?} after the load"
            )?;
        }
        let [before, after] = self.about.load_average;
        let keys = if self.about.keys { "with" } else { "without" };
        writeln!(
            f,
            "bookings {keys} idempotency keys; {} s each; {} cores",
            self.about.seconds, self.about.cores
        )?;
        for (name, program) in &self.about.builds {
            writeln!(f, "{name}: {program}")?;
        }
        write!(
            f,
            "load average of the machine: {before} before, {after} after"
        )
    }
}

impl fmt::Display for Measured<Row> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", speed(self))?;
        writeln!(f, "{}", costs(self))?;
        let (before, after) = (self.pg32_before, self.pg32_after);
        writeln!(
            f,
            "PG32: {:.0}/s before, {:.0}/s after; one client alone waits {:.2} ms, then {:.2} ms",
            before.per_second, after.per_second, before.alone_ms, after.alone_ms
        )
    }
}

fn speed(measured: &Measured<Row>) -> comfy_table::Table {
    let mut table = table(&[
        "bookings",
        "build",
        "clients",
        "per s",
        "÷ PG32",
        "p50 ms",
        "p99",
        "p99.9",
        "p50 ÷ alone",
        "failed",
    ]);
    for row in &measured.rows {
        table.add_row([
            row.what.to_owned(),
            row.build.to_owned(),
            row.clients.to_string(),
            format!("{:.0}", row.per_second),
            format!("{:.3}", row.of_pg32),
            format!("{:.1}", row.latency.p50_ms),
            format!("{:.1}", row.latency.p99_ms),
            format!("{:.1}", row.latency.p999_ms),
            row.of_alone
                .map_or_else(String::new, |ratio| format!("{ratio:.1}")),
            failed(row),
        ]);
        if let Some(ratio) = ratio(measured, row) {
            table.add_row([
                row.what.to_owned(),
                "this ÷ against".to_owned(),
                row.clients.to_string(),
                format!("{ratio:.2}"),
            ]);
        }
    }
    table
}

fn costs(measured: &Measured<Row>) -> comfy_table::Table {
    let mut table = table(&[
        "of one booking",
        "build",
        "clients",
        "CPU ms",
        "nodes",
        "PostgreSQL",
        "Redis",
        "load",
        "entries a batch",
        "batches",
        "table bytes",
        "log bytes",
        "WAL bytes",
    ]);
    for row in &measured.rows {
        let costs = &row.costs;
        let cpu = costs.cpu_ms;
        table.add_row([
            row.what.to_owned(),
            row.build.to_owned(),
            row.clients.to_string(),
            format!("{:.2}", cpu.all()),
            format!("{:.2}", cpu.nodes),
            format!("{:.2}", cpu.postgres),
            format!("{:.2}", cpu.redis),
            format!("{:.3}", cpu.load),
            format!("{:.1}", costs.entries_a_batch),
            format!("{:.2}", costs.batches),
            format!("{:.0}", costs.tables_but_log()),
            costs
                .log_table()
                .map_or_else(|| "–".to_owned(), |bytes| format!("{bytes:.0}")),
            format!("{:.0}", costs.wal_bytes),
        ]);
    }
    table
}

/// The statuses of other answers with their numbers.
fn failed(row: &Row) -> String {
    let each = row.failed.iter().map(|(status, count)| match status {
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

/// Below the second of two rows of the same shape: how much faster the first build is.
fn ratio(measured: &Measured<Row>, row: &Row) -> Option<f64> {
    let same = |other: &&Row| (other.what, other.clients) == (row.what, row.clients);
    let rows: Vec<_> = measured.rows.iter().filter(same).collect();
    let of = |build| {
        rows.iter()
            .find(|row| row.build == build)
            .map(|row| row.per_second)
    };
    let last = rows.last().is_some_and(|last| last.build == row.build);
    last.then(|| Some(of("this")? / of("against")?))?
}
