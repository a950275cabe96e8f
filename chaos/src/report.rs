//! What a run says when it ends.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use comfy_table::{Table, presets};

use crate::checker::Violation;
use crate::history::{Fault, Operation, Request};

/// Violations that are printed; the count is of all.
const SHOWN_MAX: usize = 20;

/// What became of a run.
#[derive(Debug)]
pub struct Verdict {
    /// Those of the load, then the keys that were asked for again.
    pub operations: Vec<Operation>,
    /// When customers were at work, by the clock of the history.
    pub load_us: Range<u64>,
    /// What was done to the cluster, and when.
    pub faults: Vec<Fault>,
    /// From the last fault, or the end of the load, until nothing was under way.
    pub healed_after: Duration,
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
        let booked = self
            .operations
            .iter()
            .filter(|operation| operation.is_booked());
        let mut ends: Vec<_> = booked.map(|operation| operation.end_us).collect();
        ends.retain(|end_us| self.load_us.contains(end_us));
        ends.extend([self.load_us.start, self.load_us.end]);
        ends.sort_unstable();
        let gaps = ends.windows(2).map(|pair| pair[1] - pair[0]);
        Duration::from_micros(gaps.max().unwrap_or_default())
    }

    fn answers(&self) -> Table {
        let mut rows: BTreeMap<(&str, String), Vec<Duration>> = BTreeMap::new();
        for operation in &self.operations {
            let row = rows.entry((request_name(&operation.request), operation.answer.name()));
            row.or_default().push(operation.took());
        }
        let mut table = table(&[
            "request",
            "answer",
            "count",
            "p50 ms",
            "p99 ms",
            "longest ms",
        ]);
        for ((request, answer), mut took) in rows {
            took.sort_unstable();
            table.add_row([
                request.to_owned(),
                answer,
                took.len().to_string(),
                millis(quantile(&took, 0.5)),
                millis(quantile(&took, 0.99)),
                millis(quantile(&took, 1.0)),
            ]);
        }
        table
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "faults: {}", self.faults.len())?;
        writeln!(f, "{}", self.answers())?;
        writeln!(
            f,
            "longest time without a booking: {:.1} s",
            self.longest_gap().as_secs_f32()
        )?;
        writeln!(f, "healed after: {:.1} s", self.healed_after.as_secs_f32())?;
        for violation in self.violations.iter().take(SHOWN_MAX) {
            writeln!(f, "{violation}")?;
        }
        match self.violations.len() {
            0 => write!(f, "no violation"),
            count => write!(f, "VIOLATIONS: {count}"),
        }
    }
}

fn request_name(request: &Request) -> &'static str {
    match request {
        Request::Book { .. } => "book",
        Request::Cancel { .. } => "cancel",
        Request::Browse => "browse",
    }
}

/// Of a sorted list; zero of an empty one.
pub fn quantile(sorted: &[Duration], q: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    // a list is far shorter than 2^52
    let place = (last as f64 * q).round() as usize;
    sorted.get(place).copied().unwrap_or_default()
}

pub fn millis(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
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
    use crate::history::Answer;

    fn browse(end_us: u64, answer: Answer) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us: 0,
            end_us,
            request: Request::Browse,
            answer,
        }
    }

    #[test]
    fn a_gap_is_measured_between_successes_and_to_the_end() {
        let booked = |end_us| {
            browse(
                end_us,
                Answer::Booked {
                    ticket: uuid::Uuid::nil(),
                },
            )
        };
        let verdict = Verdict {
            operations: vec![
                booked(9_000_000),
                booked(1_000_000),
                browse(5_000_000, Answer::Cancelled),
            ],
            load_us: 0..20_000_000,
            faults: Vec::new(),
            healed_after: Duration::ZERO,
            violations: Vec::new(),
        };
        assert_eq!(verdict.longest_gap(), Duration::from_secs(11));
        assert_eq!(verdict.booked(), 2);
    }

    #[test]
    fn quantiles_of_few_values() {
        let millis = [1, 2, 3].map(Duration::from_millis);
        assert_eq!(quantile(&millis, 0.5), millis[1]);
        assert_eq!(quantile(&millis, 1.0), millis[2]);
        assert_eq!(quantile(&[], 0.99), Duration::ZERO);
    }
}
