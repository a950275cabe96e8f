//! Several runs, one after the other, and their table.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Outcome;
use crate::report::{quantile, table};

/// A scenario in the table.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub scenario: String,
    pub seed: u64,
    /// How often each nemesis struck.
    pub faults: BTreeMap<String, usize>,
    pub operations: usize,
    pub booked: usize,
    pub violations: usize,
    /// Rounds of blows that were followed by healing.
    pub rounds: usize,
    pub heal_p50_s: f64,
    pub heal_max_s: f64,
    pub longest_gap_s: f64,
}

impl Row {
    pub fn new(outcome: &Outcome) -> Self {
        let verdict = &outcome.verdict;
        let mut faults = BTreeMap::new();
        for fault in &verdict.faults {
            *faults.entry(fault.nemesis.clone()).or_default() += 1;
        }
        let mut healed: Vec<_> = outcome
            .healings
            .iter()
            .map(|healing| healing.took)
            .collect();
        healed.sort_unstable();
        Self {
            scenario: outcome.scenario.clone(),
            seed: outcome.seed,
            faults,
            operations: verdict.operations.len(),
            booked: verdict.booked(),
            violations: verdict.violations.len(),
            rounds: healed.len(),
            heal_p50_s: quantile(&healed, 0.5).as_secs_f64(),
            heal_max_s: quantile(&healed, 1.0).as_secs_f64(),
            longest_gap_s: verdict.longest_gap().as_secs_f64(),
        }
    }
}

/// What all runs say together.
#[derive(Debug, Default, Serialize)]
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
        !self.rows.is_empty()
            && self.failed.is_empty()
            && self.rows.iter().all(|row| row.violations == 0)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(&[
            "scenario",
            "faults",
            "operations",
            "booked",
            "violations",
            "heal p50 s",
            "heal max s",
            "longest gap s",
            "seed",
        ]);
        for row in &self.rows {
            let faults: usize = row.faults.values().sum();
            table.add_row([
                row.scenario.clone(),
                faults.to_string(),
                row.operations.to_string(),
                row.booked.to_string(),
                row.violations.to_string(),
                format!("{:.1}", row.heal_p50_s),
                format!("{:.1}", row.heal_max_s),
                format!("{:.1}", row.longest_gap_s),
                row.seed.to_string(),
            ]);
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
