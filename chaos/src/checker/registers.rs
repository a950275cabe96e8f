//! P1: at most one value is ever chosen per register, and what is done is what was chosen.
//!
//! A row is one acceptor's last word, so a snapshot of all companies proves less than the registers' whole past would. What it must
//! still show: in one ballot one value; whatever is chosen (by a flag, or by a majority in one ballot) is the only such value, and nothing else
//! was accepted in a later ballot; ballot 0 carries only a Commit; a ticket stands exactly where Commit is chosen, a user where its
//! login's register chose it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use super::facts::{Company, RegisterRow, Subject, Value};

type Rows<'a> = Vec<(&'a str, &'a RegisterRow)>;

pub fn check(companies: &[Company]) -> Vec<Violation> {
    let mut registers: BTreeMap<&Subject, Rows> = BTreeMap::new();
    for company in companies {
        for row in &company.registers {
            let rows = registers.entry(&row.subject).or_default();
            rows.push((&company.code, row));
        }
    }
    let mut violations = Vec::new();
    let mut chosen: HashMap<&Subject, &Value> = HashMap::new();
    for (subject, rows) in &registers {
        let problems = one_acceptor(rows)
            .into_iter()
            .chain(one_ballot(subject, rows))
            .chain(one_choice(rows));
        violations.extend(problems.map(|what| violation(subject, &what)));
        if let Some((_, value)) = choices(rows).first() {
            chosen.insert(subject, value);
        }
    }
    violations.extend(tickets(companies, &chosen));
    violations.extend(users(companies, &chosen));
    violations
}

fn violation(subject: &Subject, what: &str) -> Violation {
    let name = match subject {
        Subject::Saga(saga) => format!("register of saga {saga}"),
        Subject::Login(login) => format!("register of login {login}"),
    };
    Violation::new("P1", format!("{name}: {what}"))
}

/// What must hold of each row, and of who keeps one.
fn one_acceptor(rows: &Rows) -> Vec<String> {
    let first = &rows[0].1.acceptors;
    let mut problems = Vec::new();
    for (company, row) in rows {
        if row.acceptors != *first {
            problems.push(format!(
                "acceptors {:?} at {company}, elsewhere {first:?}",
                row.acceptors
            ));
        }
        if !row.acceptors.iter().any(|acceptor| acceptor == company) {
            problems.push(format!("{company} keeps it and is no acceptor"));
        }
        if let Some((ballot, _)) = &row.accepted
            && *ballot > row.promised
        {
            problems.push(format!(
                "{company} accepted ballot {ballot} above its promise {}",
                row.promised
            ));
        }
        if row.chosen && row.accepted.is_none() {
            problems.push(format!("{company} has it chosen without a value"));
        }
    }
    problems
}

/// Every ballot carries one value, and only such as it may.
fn one_ballot(subject: &Subject, rows: &Rows) -> Vec<String> {
    let mut ballots: BTreeMap<i64, BTreeSet<&Value>> = BTreeMap::new();
    for (ballot, value) in rows.iter().filter_map(|(_, row)| row.accepted.as_ref()) {
        ballots.entry(*ballot).or_default().insert(value);
    }
    let mut problems = Vec::new();
    for (ballot, values) in ballots {
        if values.len() > 1 {
            problems.push(format!(
                "ballot {ballot} carries several values: {values:?}"
            ));
        }
        for value in values {
            let may = match (subject, value) {
                (Subject::Saga(_), Value::Commit(_)) => true,
                (Subject::Saga(_), Value::Abort) | (Subject::Login(_), Value::User(_)) => {
                    ballot > 0
                }
                (Subject::Saga(_), Value::User(_))
                | (Subject::Login(_), Value::Commit(_) | Value::Abort) => false,
            };
            if !may {
                problems.push(format!("ballot {ballot} must not carry {value:?}"));
            }
        }
    }
    problems
}

/// Ballots in which a value is known to be chosen, or to have been before.
fn choices<'a>(rows: &Rows<'a>) -> Vec<(i64, &'a Value)> {
    let accepted = |row: &'a RegisterRow| row.accepted.as_ref();
    let mut choices = Vec::new();
    for (_, row) in rows {
        let Some((ballot, value)) = accepted(row) else {
            continue;
        };
        let alike = rows.iter().filter_map(|(_, other)| accepted(other));
        let alike = alike.filter(|(other, _)| other == ballot).count();
        if row.chosen || alike > row.acceptors.len() / 2 {
            choices.push((*ballot, value));
        }
    }
    choices.sort_unstable();
    choices.dedup();
    choices
}

fn one_choice(rows: &Rows) -> Vec<String> {
    let choices = choices(rows);
    let Some((first, value)) = choices.first() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    if choices.iter().any(|(_, other)| other != value) {
        problems.push(format!("several values are chosen: {choices:?}"));
        return problems;
    }
    for (company, row) in rows {
        if let Some((ballot, other)) = &row.accepted
            && ballot >= first
            && other != *value
        {
            problems.push(format!(
                "{company} accepted {other:?} in ballot {ballot}, after {value:?} was chosen in {first}"
            ));
        }
    }
    problems
}

/// Commit is chosen exactly where there is a ticket.
fn tickets(companies: &[Company], chosen: &HashMap<&Subject, &Value>) -> Vec<Violation> {
    let tickets = companies.iter().flat_map(|company| &company.tickets);
    let tickets: HashSet<Uuid> = tickets.map(|(id, _)| *id).collect();
    let mut committed: HashSet<Uuid> = HashSet::new();
    for (subject, value) in chosen {
        if let (Subject::Saga(saga), Value::Commit(_)) = (subject, value) {
            committed.insert(*saga);
        }
    }
    let mut problems: Vec<_> = tickets
        .symmetric_difference(&committed)
        .map(|saga| {
            let what = match tickets.contains(saga) {
                true => "there is a ticket, and Commit is not chosen",
                false => "Commit is chosen, and there is no ticket",
            };
            violation(&Subject::Saga(*saga), what)
        })
        .collect();
    problems.sort_unstable();
    problems
}

/// A user has the login that the register gave it.
fn users(companies: &[Company], chosen: &HashMap<&Subject, &Value>) -> Vec<Violation> {
    let users = companies.iter().flat_map(|company| &company.users);
    let users: BTreeSet<(&str, Uuid)> = users.map(|user| (&*user.login, user.id)).collect();
    let mut given: BTreeSet<(&str, Uuid)> = BTreeSet::new();
    for (subject, value) in chosen {
        if let (Subject::Login(login), Value::User(id)) = (subject, value) {
            given.insert((login, *id));
        }
    }
    let apart = users.symmetric_difference(&given);
    apart
        .map(|(login, id)| {
            let what = match users.contains(&(*login, *id)) {
                true => format!("user {id} has it without having been chosen"),
                false => format!("user {id} was chosen and does not exist"),
            };
            violation(&Subject::Login((*login).to_owned()), &what)
        })
        .collect()
}

#[cfg(test)]
mod tests;
