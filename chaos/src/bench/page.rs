//! The report as one page that needs nothing from elsewhere: the tables, and what is in them as bars.

use maud::{Markup, html};

use super::Report;
use super::bookings::Row;
use super::sheets::{Sheet, sheets};
use crate::report::page::frame;

/// All lengths are of the drawing; the page scales it.
const WIDTH: f64 = 1000.0;
/// Left of the bars, for their names.
const LEFT: f64 = 330.0;
/// Right of them, for their values.
const RIGHT: f64 = 190.0;
const BAR: f64 = 16.0;
const STEP: f64 = 22.0;

/// Bars of one unit below each other, each a row of parts.
struct Chart {
    title: &'static str,
    /// Of the parts, in the order of their colours; none where there is but one.
    parts: Vec<&'static str>,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    parts: Vec<f64>,
    /// What is written at its end.
    value: String,
}

pub fn page(report: &Report) -> Markup {
    let about = &report.about;
    let body = html! {
        h1 { "How fast it is" }
        p.quiet { (about.at.strftime("%Y-%m-%d %H:%M UTC")) " · " (about) }
        @for chart in charts(report) { (draw(&chart)) }
        @for sheet in sheets(report) { (table(&sheet)) }
        h2 { "Words" }
        p.quiet {
            "PG32: bookings a second of one seat at one PostgreSQL of this machine, by 32 clients of pgbench, right before and after. "
            "Alone: the mean time of one of them when there is one client. "
            "A batch: one transaction of a company's ledger, for all entries that wait."
        }
    };
    frame("How fast it is", &body)
}

fn charts(report: &Report) -> Vec<Chart> {
    let rows: Vec<&Row> = report
        .bookings
        .iter()
        .flat_map(|measured| &measured.rows)
        .collect();
    let bar = |row: &&Row, parts: Vec<f64>, value: String| Bar {
        name: format!(
            "{}, {}, {}",
            row.what.name(),
            clients(row.clients),
            row.build
        ),
        parts,
        value,
    };
    let speed = rows.iter().map(|row| {
        bar(
            row,
            vec![row.of_pg32],
            format!("{:.3} ({:.0}/s)", row.of_pg32, row.per_second),
        )
    });
    let latency = rows.iter().map(|row| {
        let latency = row.latency;
        let parts = vec![
            latency.p50_ms,
            latency.p99_ms - latency.p50_ms,
            latency.p999_ms - latency.p99_ms,
        ];
        bar(
            row,
            parts,
            format!(
                "{:.1} / {:.1} / {:.1}",
                latency.p50_ms, latency.p99_ms, latency.p999_ms
            ),
        )
    });
    let cpu = rows.iter().map(|row| {
        let cpu = &row.costs.cpu_ms;
        bar(
            row,
            vec![cpu.nodes, cpu.postgres, cpu.redis, cpu.load],
            format!("{:.2}", cpu.all()),
        )
    });
    let growth: Vec<_> = report
        .growth
        .iter()
        .flat_map(|measured| &measured.rows)
        .collect();
    let grown = |parts: fn(&super::growth::Growth) -> (Vec<f64>, String)| {
        let bars = growth.iter().map(|row| {
            let (parts, value) = parts(row);
            Bar {
                name: format!("{} legs, {}", row.legs, row.build),
                parts,
                value,
            }
        });
        bars.collect()
    };
    let charts = vec![
        Chart {
            title: "Bookings a second ÷ PG32",
            parts: Vec::new(),
            bars: speed.collect(),
        },
        Chart {
            title: "Milliseconds until the answer",
            parts: vec!["half", "99 %", "99.9 %"],
            bars: latency.collect(),
        },
        Chart {
            title: "CPU milliseconds of one booking",
            parts: vec!["nodes", "PostgreSQL", "Redis", "load generator"],
            bars: cpu.collect(),
        },
        Chart {
            title: "Bookings over three companies ÷ PG32, by legs on sale",
            parts: Vec::new(),
            bars: grown(|row| {
                (
                    vec![row.of_pg32],
                    format!("{:.3} ({:.0}/s)", row.of_pg32, row.per_second),
                )
            }),
        },
        Chart {
            title: "MiB of the largest node, by legs on sale",
            parts: vec!["at rest", "more after the load"],
            bars: grown(|row| {
                let most = |memory: &[u64]| memory.iter().copied().max().unwrap_or_default() as f64;
                let (rest, load) = (most(&row.memory_at_rest), most(&row.memory_after_load));
                (
                    vec![rest, (load - rest).max(0.0)],
                    format!("{rest:.0}, then {load:.0}"),
                )
            }),
        },
        Chart {
            title: "Seconds until a killed node is ready again under load, by legs on sale",
            parts: Vec::new(),
            bars: grown(|row| {
                (
                    vec![row.ready_after_kill_s],
                    format!("{:.2}", row.ready_after_kill_s),
                )
            }),
        },
    ];
    charts
        .into_iter()
        .filter(|chart| !chart.bars.is_empty())
        .collect()
}

fn clients(count: usize) -> String {
    if count == 1 {
        "1 client".to_owned()
    } else {
        format!("{count} clients")
    }
}

fn draw(chart: &Chart) -> Markup {
    let longest = chart
        .bars
        .iter()
        .map(|bar| bar.parts.iter().sum())
        .fold(0.0, f64::max);
    let scale = if longest > 0.0 {
        (WIDTH - LEFT - RIGHT) / longest
    } else {
        0.0
    };
    let height = STEP * chart.bars.len() as f64 + 4.0;
    html! {
        h2 { (chart.title) }
        @if !chart.parts.is_empty() {
            ul.legend { @for (colour, part) in chart.parts.iter().enumerate() { li { i class=(format!("c{colour}")) {} (part) } } }
        }
        div.wide.timeline {
            svg viewBox=(format!("0 0 {WIDTH} {height:.0}")) role="img" aria-label=(chart.title) {
                @for (place, bar) in chart.bars.iter().enumerate() {
                    @let top = STEP * place as f64;
                    text.tick.end x=(px(LEFT - 10.0)) y=(px(top + 13.0)) { (bar.name) }
                    @for (colour, (start, part)) in stacked(&bar.parts).into_iter().enumerate() {
                        rect class=(format!("fault c{colour}")) x=(px(LEFT + start * scale)) y=(px(top + 1.0))
                            width=(px(part * scale)) height=(px(BAR)) {}
                    }
                    text.head x=(px(LEFT + bar.parts.iter().sum::<f64>() * scale + 8.0)) y=(px(top + 13.0)) { (bar.value) }
                }
            }
        }
    }
}

/// Where each part begins, and how long it is.
fn stacked(parts: &[f64]) -> Vec<(f64, f64)> {
    let mut end = 0.0;
    let part = |part: &f64| {
        let start = end;
        end += part;
        (start, *part)
    };
    parts.iter().map(part).collect()
}

fn table(sheet: &Sheet) -> Markup {
    html! {
        h2 { (sheet.title) }
        div.wide { table {
            thead { tr { @for header in &sheet.headers { th { (header) } } } }
            tbody { @for row in &sheet.rows { tr { @for cell in row { td { (cell) } } } } }
        } }
        @for line in sheet.note.lines() { p.quiet { (line) } }
    }
}

fn px(length: f64) -> String {
    format!("{length:.1}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn a_page_tells_all_and_needs_nothing_from_elsewhere() {
        let page = page(&report()).into_string();
        for told in [
            "0.250 (500/s)",
            "booking, three companies, 32 clients, this",
            "219432 legs",
            "Retry-After",
            "1.25",
            "5 × 504",
        ] {
            assert!(page.contains(told), "{told}");
        }
        for foreign in ["<script", "http://", "https://", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn parts_of_a_bar_follow_each_other() {
        assert_eq!(
            stacked(&[1.0, 2.0, 0.5]),
            [(0.0, 1.0), (1.0, 2.0), (3.0, 0.5)]
        );
    }
}
