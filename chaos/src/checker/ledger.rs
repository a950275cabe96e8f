//! A company's log against its tables, which are read apart.
//!
//! * LOG2: the log has no gap from the oldest row that is kept to its end, no row is of an earlier start than one before it, none is of
//!   a start that has not been, and every row is a record.
//! * LOG3: the tables come to where the log is, and say what the rows of the log come to: nothing else, and nothing less.
//! * LOG5: the seats that have an owner are those of prepared and committed legs and those off sale, and it is that owner.

use std::collections::BTreeMap;

use passcom_actors::company::log::said;
use uuid::Uuid;

use super::Violation;
use super::facts::{Company, Ledger};

pub fn check(companies: &[Company]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for company in companies {
        let (code, ledger) = (&company.code, &company.ledger);
        let mut add = |invariant, found: Vec<String>| {
            let named = found.into_iter().map(|what| format!("{code}: {what}"));
            violations.extend(named.map(|what| Violation::new(invariant, what)));
        };
        add("LOG2", damage(ledger));
        add("LOG3", differences(ledger));
        add("LOG5", owners(ledger));
    }
    violations
}

fn damage(ledger: &Ledger) -> Vec<String> {
    let (last, current) = (ledger.log.epoch, ledger.epoch);
    let unknown = (last > current)
        .then(|| format!("the log has rows of start {last}, and start {current} is the last one"));
    ledger.log.damage.iter().cloned().chain(unknown).collect()
}

fn differences(ledger: &Ledger) -> Vec<String> {
    let (log, tables) = (&ledger.log.projected_rows, &ledger.tables);
    let behind = ledger.behind.map(|behind| behind.to_string());
    let other = log
        .iter()
        .filter(|(name, says)| tables.get(name) != Some(says));
    let other = other.map(|(name, says)| {
        let found = tables.get(name);
        format!("of {name:?} the log says \"{says}\", and the tables {found:?}")
    });
    // rows that were dropped from the log may have said it
    let is_whole = ledger.log.first.is_none_or(|first| first == 1);
    let unsaid = tables
        .iter()
        .filter(|(name, _)| is_whole && !log.contains_key(name));
    let unsaid = unsaid.map(|(name, found)| {
        format!("of {name:?} the tables say \"{found}\", and the log nothing")
    });
    behind.into_iter().chain(other).chain(unsaid).collect()
}

fn owners(ledger: &Ledger) -> Vec<String> {
    let mut expected: BTreeMap<(i64, i32), Vec<Uuid>> = BTreeMap::new();
    let later = &ledger.log.later_rows;
    let unchanged = ledger
        .tables
        .iter()
        .filter(|(name, _)| !later.contains_key(name));
    for (name, says) in unchanged.chain(later) {
        if let Some((seat, owner)) = said::owner(name, says) {
            expected.entry(seat).or_default().push(owner);
        }
    }
    let mut found = Vec::new();
    for (seat, owner) in &ledger.owners {
        let legs = expected.remove(seat).unwrap_or_default();
        if legs != [*owner] {
            found.push(format!(
                "seat {seat:?} has the owner {owner}, and legs of {legs:?}"
            ));
        }
    }
    let unowned = expected.into_iter();
    found.extend(
        unowned.map(|(seat, legs)| format!("seat {seat:?} has no owner, and legs of {legs:?}")),
    );
    found
}

/// Rows that are compared.
pub fn count(company: &Company) -> usize {
    let Ledger { log, tables, .. } = &company.ledger;
    tables.len().max(log.projected_rows.len())
}

#[cfg(test)]
mod tests;
