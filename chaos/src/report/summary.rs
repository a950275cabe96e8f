//! Many runs in one table: as text, for programs, and as a page.

use std::collections::BTreeMap;
use std::fmt;

use maud::{Markup, html};
use serde::Serialize;

use super::page::{frame, verdict};
use super::{Verdict, quantile, table};

const HEADERS: [&str; 9] = [
    "scenario",
    "faults",
    "operations",
    "booked",
    "violations",
    "heal p50 s",
    "heal max s",
    "longest gap s",
    "seed",
];

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub scenario: String,
    pub seed: u64,
    /// How often each nemesis struck.
    pub faults: BTreeMap<String, usize>,
    pub operations: usize,
    pub booked: usize,
    pub violations: usize,
    /// Times that the cluster had to heal.
    pub rounds: usize,
    pub heal_p50_s: f64,
    pub heal_max_s: f64,
    pub longest_gap_s: f64,
}

impl Row {
    pub fn new(verdict: &Verdict) -> Self {
        let mut faults = BTreeMap::new();
        for fault in &verdict.faults {
            *faults.entry(fault.nemesis.clone()).or_default() += 1;
        }
        let mut heals = verdict.heals.clone();
        heals.sort_unstable();
        Self {
            scenario: verdict.run.scenario.clone(),
            seed: verdict.run.seed,
            faults,
            operations: verdict.operations.len(),
            booked: verdict.booked(),
            violations: verdict.violations.len(),
            rounds: heals.len(),
            heal_p50_s: quantile(&heals, 0.5).as_secs_f64(),
            heal_max_s: quantile(&heals, 1.0).as_secs_f64(),
            longest_gap_s: verdict.longest_gap().as_secs_f64(),
        }
    }

    fn cells(&self) -> [String; 9] {
        [
            self.scenario.clone(),
            self.faults.values().sum::<usize>().to_string(),
            self.operations.to_string(),
            self.booked.to_string(),
            self.violations.to_string(),
            format!("{:.1}", self.heal_p50_s),
            format!("{:.1}", self.heal_max_s),
            format!("{:.1}", self.longest_gap_s),
            self.seed.to_string(),
        ]
    }
}

/// A run's own folder, beside those of the others.
pub fn folder(scenario: &str, seed: u64) -> String {
    format!("{scenario}-{seed}")
}

/// What all runs say together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    pub rows: Vec<Row>,
    /// Scenarios or nemeses that this machine could not do, and why.
    pub missing: Vec<(String, String)>,
    /// Scenarios that came to no verdict, and why: the tester's own failures.
    pub failed: Vec<(String, String)>,
}

impl Summary {
    /// Something ran, everything came to a verdict, and no verdict names a violation.
    pub fn is_clean(&self) -> bool {
        !self.rows.is_empty() && self.failed.is_empty() && self.violations() == 0
    }

    /// `reports` says where the page of a row's own report is, seen from this one.
    pub fn page(&self, reports: impl Fn(&Row) -> Option<String>) -> Markup {
        let body = html! {
            h1 { "All scenarios" }
            p.quiet {
                (self.rows.len()) " runs · " (self.total(|row| row.operations)) " operations · "
                (self.total(|row| row.booked)) " booked · " (self.total(|row| row.faults.values().sum())) " faults"
            }
            (self.verdict())
            div.wide { table {
                thead { tr { @for (index, header) in HEADERS.iter().enumerate() {
                    th.name[index == 0] { (header) }
                } } }
                tbody { @for row in &self.rows { (line(row, reports(row))) } }
            } }
            (list("Came to no verdict", &self.failed))
            (list("Not done on this machine", &self.missing))
        };
        frame("All scenarios", &body)
    }

    fn verdict(&self) -> Markup {
        html! {
            @if self.rows.is_empty() || !self.failed.is_empty() {
                p.verdict.broken { "Not everything came to a verdict" }
            }
            @if !self.rows.is_empty() { (verdict(self.violations())) }
        }
    }

    fn violations(&self) -> usize {
        self.total(|row| row.violations)
    }

    fn total(&self, count: fn(&Row) -> usize) -> usize {
        self.rows.iter().map(count).sum()
    }
}

fn line(row: &Row, report: Option<String>) -> Markup {
    let [scenario, cells @ ..] = row.cells();
    let struck = row.faults.iter();
    let struck: Vec<_> = struck
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    html! {
        tr {
            td.name title=(struck.join(", ")) {
                @match report {
                    Some(report) => a href=(report) { (scenario) },
                    None => (scenario),
                }
            }
            @for (index, cell) in cells.into_iter().enumerate() {
                td.bad[HEADERS[index + 1] == "violations" && row.violations > 0] { (cell) }
            }
        }
    }
}

fn list(title: &str, lines: &[(String, String)]) -> Markup {
    html! {
        @if !lines.is_empty() {
            h2 { (title) }
            ul.plain { @for (what, why) in lines { li { (what) ": " (why) } } }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(&HEADERS);
        for row in &self.rows {
            table.add_row(row.cells());
        }
        writeln!(f, "{table}")?;
        for (what, why) in &self.missing {
            writeln!(f, "NOT DONE: {what}: {why}")?;
        }
        for (scenario, why) in &self.failed {
            writeln!(f, "FAILED: {scenario}: {why}")?;
        }
        write!(
            f,
            "{}",
            if self.is_clean() {
                "clean"
            } else {
                "NOT CLEAN"
            }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{booked, verdict as run};
    use std::time::Duration;

    use super::*;
    use crate::checker::Violation;

    fn summary() -> Summary {
        let mut verdict = run(vec![booked(1)], 4);
        verdict.run.scenario = "freeze".to_owned();
        verdict.heals = [3, 1, 2].map(Duration::from_secs).into();
        Summary {
            rows: vec![Row::new(&verdict)],
            ..Summary::default()
        }
    }

    #[test]
    fn a_row_is_reckoned_from_its_verdict() {
        let row = &summary().rows[0];
        assert_eq!((row.heal_p50_s, row.heal_max_s, row.rounds), (2.0, 3.0, 3));
        assert_eq!((row.operations, row.booked, row.longest_gap_s), (1, 1, 3.0));
    }

    #[test]
    fn only_a_summary_that_proves_something_is_clean() {
        assert!(summary().is_clean());
        assert!(!Summary::default().is_clean(), "nothing ran");
        let mut failed = summary();
        failed
            .failed
            .push(("x".to_owned(), "no servers".to_owned()));
        assert!(!failed.is_clean());
        let mut broken = run(vec![booked(1)], 4);
        broken.violations = vec![Violation::new("I1", "x".to_owned())];
        let mut with_broken = summary();
        with_broken.rows.push(Row::new(&broken));
        assert!(!with_broken.is_clean());
        let page = with_broken.page(|row| Some(format!("{}.html", row.scenario)));
        let page = page.into_string();
        for told in ["1 violation", "<a href=\"freeze.html\">", "class=\"bad\""] {
            assert!(page.contains(told), "{told}");
        }
    }
}
