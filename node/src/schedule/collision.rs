//! Two lines that make one route: the second one is bad, and the fault names the first.

use super::error::{BadLines, Fault, Place};
use super::pattern::Pattern;

/// Most periods of one flight number, suffix and leg: each is compared with each.
const PERIODS_PER_LEG_MAX: usize = 1000;

/// The patterns, ascending by flight, without those that share a date with an earlier line of the same number.
pub fn without_collisions(mut patterns: Vec<Pattern>, bad: &mut BadLines) -> Vec<Pattern> {
    // stable: lines of one key stay in the order of the files
    patterns.sort_by_key(|pattern| pattern.designator.key());
    let mut kept: Vec<Pattern> = Vec::with_capacity(patterns.len());
    let mut same_key_from = 0;
    for pattern in patterns {
        let key = pattern.designator.key();
        if kept.last().is_some_and(|last| last.designator.key() != key) {
            same_key_from = kept.len();
        }
        match fault(&kept[same_key_from..], &pattern) {
            None => kept.push(pattern),
            Some(fault) => bad.push(pattern.source, fault),
        }
    }
    kept
}

fn fault(earlier: &[Pattern], pattern: &Pattern) -> Option<Fault> {
    let flight = format!(
        "{} leg {}",
        pattern.designator.flight(),
        pattern.designator.leg
    );
    if earlier.len() >= PERIODS_PER_LEG_MAX {
        let expected = format!("at most {PERIODS_PER_LEG_MAX} periods of one flight and leg");
        return Some(Fault::new(Place::Line, expected, flight.as_bytes()));
    }
    let (other, date) = earlier.iter().find_map(|other| {
        let date = other.period.common_date(&pattern.period)?;
        Some((other, date))
    })?;
    let mut expected = format!(
        "no second leg with the number and sequence of {} on {date}",
        other.source
    );
    if other.designator.carrier != pattern.designator.carrier {
        expected.push_str(&format!(
            " ({}: a company flies a number once a day, whatever the carrier)",
            other.designator.flight()
        ));
    }
    Some(Fault::new(Place::Line, expected, flight.as_bytes()))
}
