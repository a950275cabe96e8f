//! What a run says when it ends: as text here, as numbers for programs in [`figures`], as a page in [`page`]; many runs in [`summary`].

pub mod figures;
pub mod page;
pub mod summary;
mod timeline;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use comfy_table::{Table, presets};

use crate::checker::{Judged, Violation};
use crate::history::{Fault, Operation, RunHeader};
use figures::Figures;

/// Violations that are printed; the count is of all.
const SHOWN_MAX: usize = 20;

/// What became of a run.
#[derive(Debug)]
pub struct Verdict {
    pub run: RunHeader,
    /// Those of the load, then the keys that were asked for again.
    pub operations: Vec<Operation>,
    /// When customers were at work, by the clock of the history.
    pub load_us: Range<u64>,
    /// What was done to the cluster, and when.
    pub faults: Vec<Fault>,
    /// From the last fault, or the end of the load, until nothing was under way.
    pub healed_after: Duration,
    /// What the checks looked at.
    pub judged: Vec<Judged>,
    pub violations: Vec<Violation>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    pub fn booked(&self) -> usize {
        self.operations
            .iter()
            .filter(|operation| operation.is_booked())
            .count()
    }

    /// The longest time without a booking while customers were at work.
    pub fn longest_gap(&self) -> Duration {
        let gaps = figures::gaps(self).into_iter();
        let longest = gaps.map(|gap| gap.end - gap.start).max();
        Duration::from_micros(longest.unwrap_or_default())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = Figures::new(self);
        writeln!(f, "{}", answers(&figures))?;
        if !figures.nemeses.is_empty() {
            writeln!(f, "{}", nemeses(&figures))?;
        }
        writeln!(f, "{}", judged(&figures))?;
        writeln!(
            f,
            "longest time without a booking: {:.1} s",
            figures.longest_gap_s
        )?;
        writeln!(f, "healed after: {:.1} s", figures.healed_after_s)?;
        for violation in self.violations.iter().take(SHOWN_MAX) {
            writeln!(f, "{violation}")?;
        }
        match self.violations.len() {
            0 => write!(f, "no violation"),
            count => write!(f, "VIOLATIONS: {count}"),
        }
    }
}

/// Writes `report.json` and `report.html` into this folder.
pub fn write(figures: &Figures, folder: &Path) -> anyhow::Result<()> {
    let json = serde_json::to_vec_pretty(figures).context("encode the report")?;
    let page = page::page(figures).into_string();
    for (name, content) in [("report.json", json), ("report.html", page.into_bytes())] {
        let path = folder.join(name);
        std::fs::write(&path, content)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn answers(figures: &Figures) -> Table {
    let mut table = table(&[
        "request",
        "answer",
        "count",
        "p50 ms",
        "p99 ms",
        "longest ms",
    ]);
    for row in &figures.answers {
        table.add_row([
            row.request.to_owned(),
            row.answer.clone(),
            row.count.to_string(),
            format!("{:.1}", row.p50_ms),
            format!("{:.1}", row.p99_ms),
            format!("{:.1}", row.longest_ms),
        ]);
    }
    table
}

fn nemeses(figures: &Figures) -> Table {
    let mut table = table(&["nemesis", "faults", "longest gap s", "back p50 s", "max s"]);
    for row in &figures.nemeses {
        table.add_row([
            row.nemesis.clone(),
            row.faults.to_string(),
            format!("{:.1}", row.longest_gap_s),
            seconds(row.back_p50_s),
            seconds(row.back_max_s),
        ]);
    }
    table
}

fn judged(figures: &Figures) -> Table {
    let mut table = table(&["invariants", "what", "judged", "violations"]);
    for row in &figures.judged {
        table.add_row([
            row.invariants.to_owned(),
            row.what.to_owned(),
            row.count.to_string(),
            row.violations.to_string(),
        ]);
    }
    table
}

/// A dash where there was nothing to measure.
fn seconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.1}"))
}

/// Of a sorted list; zero of an empty one.
pub fn quantile(sorted: &[Duration], q: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    // a list is far shorter than 2^52
    let place = (last as f64 * q).round() as usize;
    sorted.get(place).copied().unwrap_or_default()
}

pub fn table(headers: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_FULL_CONDENSED)
        .set_header(headers);
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answer, Request};

    /// Answered at this second, in one millisecond.
    pub fn booked(second: u64) -> Operation {
        let end_us = second * 1_000_000;
        Operation {
            client: 0,
            node: "a".into(),
            begin_us: end_us - 1_000,
            end_us,
            request: Request::Book {
                user: uuid::Uuid::nil(),
                key: String::new(),
                seats: Vec::new(),
            },
            answer: Answer::Booked {
                ticket: uuid::Uuid::nil(),
            },
        }
    }

    pub fn verdict(operations: Vec<Operation>, seconds: u64) -> Verdict {
        Verdict {
            run: RunHeader::new(
                "mixed",
                42,
                "chaos run mixed --seed 42".to_owned(),
                vec!["a".to_owned(), "b".to_owned()],
                32,
            ),
            operations,
            load_us: 0..seconds * 1_000_000,
            faults: Vec::new(),
            healed_after: Duration::ZERO,
            judged: Vec::new(),
            violations: Vec::new(),
        }
    }

    #[test]
    fn a_gap_is_measured_between_successes_and_to_the_end() {
        let cancelled = Operation {
            answer: Answer::Cancelled,
            ..booked(15)
        };
        let verdict = verdict(vec![booked(9), booked(1), cancelled], 20);
        assert_eq!(verdict.longest_gap(), Duration::from_secs(11));
        assert_eq!(verdict.booked(), 2);
        assert!(verdict.to_string().ends_with("no violation"));
    }

    #[test]
    fn quantiles_of_few_values() {
        let millis = [1, 2, 3].map(Duration::from_millis);
        assert_eq!(quantile(&millis, 0.5), millis[1]);
        assert_eq!(quantile(&millis, 1.0), millis[2]);
        assert_eq!(quantile(&[], 0.99), Duration::ZERO);
    }
}
