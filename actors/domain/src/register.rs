//! A write-once register held by a majority of companies: single-decree Paxos
//! (Lamport, "Paxos Made Simple", 2001), with ballot 0 skipping phase 1.
//!
//! [`Register`] is one acceptor's durable row, [`Proposer`] one run of a recovery ballot.
//!
//! Invariants:
//! * an acceptor's promise never falls, and it accepts nothing below its promise;
//! * in one ballot at most one value is proposed: ballot 0 is fixed by the saga's order, a ballot ≥ 1 belongs to one
//!   company and is used once;
//! * hence at most one value is ever accepted by a majority in one ballot or in different ones ("chosen").

use super::accounts::User;
use super::ballot::{Accept, Acceptors, Ballot, Key, Promise, Register, Value};
use super::ids::CompanyId;
use super::rows::Rows;

/// Phase 1: promises to take part in no lower ballot, and tells what was accepted.
pub fn on_promise(rows: &mut Rows, key: &Key, acceptors: &Acceptors, ballot: Ballot) -> Promise {
    let mut row = row_of(rows, key, acceptors);
    if ballot < row.promised {
        return Promise::Higher(row.promised);
    }
    row.promised = ballot;
    let answer = Promise::Promised {
        accepted: row.accepted.clone(),
        chosen: row.chosen,
    };
    rows.registers.put(key.clone(), row);
    answer
}

/// Phase 2: accepts, unless a higher ballot was promised.
pub fn on_accept(
    rows: &mut Rows,
    key: &Key,
    acceptors: &Acceptors,
    ballot: Ballot,
    value: &Value,
) -> Accept {
    let mut row = row_of(rows, key, acceptors);
    if ballot < row.promised {
        return Accept::Higher(row.promised);
    }
    if let Some((accepted, other)) = &row.accepted {
        let clash = *accepted == ballot || row.chosen;
        if clash && !other.decides_as(value) {
            let what = format!("two values for {key:?} in {accepted:?} and {ballot:?}");
            rows.alarm(what);
            return Accept::Higher(row.promised);
        }
    }
    let value = value.clone().for_company(rows.me, Some(&row.acceptors));
    row.promised = ballot;
    row.accepted = Some((ballot, value));
    rows.registers.put(key.clone(), row);
    Accept::Accepted
}

/// Records that this value, accepted by a majority in this ballot, is the chosen one.
///
/// False, and nothing recorded, where that contradicts the value accepted here: another one was chosen before, or
/// accepted in the same ballot or in a later one, which could only have repeated the chosen value.
pub fn learn(
    rows: &mut Rows,
    key: Key,
    acceptors: &Acceptors,
    ballot: Ballot,
    value: Value,
) -> bool {
    let mut row = row_of(rows, &key, acceptors);
    let settled = row
        .accepted
        .as_ref()
        .filter(|(own, _)| row.chosen || *own >= ballot);
    if settled.is_some_and(|(_, other)| !other.decides_as(&value)) {
        rows.alarm(format!("two values chosen for {key:?}"));
        return false;
    }
    if row.accepted.as_ref().is_none_or(|(own, _)| *own <= ballot) {
        let value = value.for_company(rows.me, Some(&row.acceptors));
        row.accepted = Some((ballot, value));
    }
    row.chosen = true;
    row.promised = row.promised.max(ballot);
    rows.registers.put(key, row);
    true
}

/// This user exists, so the register of its login has chosen it: nobody has to find that out any more.
pub fn close_login(rows: &mut Rows, user: &User) {
    let key = Key::Login(user.login.clone());
    let Some(row) = rows.register(&key).filter(|row| !row.chosen) else {
        return;
    };
    let accepted = row.accepted.as_ref().map(|(_, value)| value);
    if matches!(accepted, Some(Value::Account(accepted)) if accepted.id == user.id) {
        let row = Register {
            chosen: true,
            ..row.clone()
        };
        rows.registers.put(key, row);
    }
}

fn row_of(rows: &Rows, key: &Key, acceptors: &Acceptors) -> Register {
    rows.register(key).cloned().unwrap_or(Register {
        acceptors: acceptors.clone(),
        promised: Ballot::ZERO,
        accepted: None,
        chosen: false,
    })
}

/// One run of a ballot ≥ 1: phase 1 to a majority, phase 2 with the value that it found, else with our own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proposer {
    acceptors: Acceptors,
    ballot: Ballot,
    /// Proposed where no acceptor reports a value.
    fallback: Value,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    Promising {
        promised: Vec<CompanyId>,
        highest: Option<(Ballot, Value)>,
    },
    Accepting {
        value: Value,
        accepted: Vec<CompanyId>,
    },
}

/// The state of a proposer after a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Waiting,
    /// Phase 1 is over: send this to every acceptor.
    SendAccept(Value),
    /// Known chosen, in this ballot.
    Chosen(Ballot, Value),
    /// Another ballot is under way: try again above this one, later.
    Preempted(Ballot),
}

impl Proposer {
    pub fn new(acceptors: Acceptors, ballot: Ballot, fallback: Value) -> Self {
        let phase = Phase::Promising {
            promised: Vec::new(),
            highest: None,
        };
        Self {
            acceptors,
            ballot,
            fallback,
            phase,
        }
    }

    pub fn ballot(&self) -> Ballot {
        self.ballot
    }

    pub fn on_promise(&mut self, from: CompanyId, answer: Promise) -> Progress {
        let Phase::Promising { promised, highest } = &mut self.phase else {
            return Progress::Waiting;
        };
        match answer {
            Promise::Higher(other) => return Progress::Preempted(other),
            Promise::Promised {
                accepted: Some((ballot, value)),
                chosen: true,
            } => return Progress::Chosen(ballot, value),
            Promise::Promised { accepted, .. } => {
                if !promised.contains(&from) {
                    promised.push(from);
                }
                let found = accepted.as_ref().map(|(ballot, _)| *ballot);
                if found > highest.as_ref().map(|(ballot, _)| *ballot) {
                    *highest = accepted;
                }
            }
        }
        if promised.len() < self.acceptors.majority() {
            return Progress::Waiting;
        }
        let value = match highest.take() {
            Some((_, value)) => value,
            None => self.fallback.clone(),
        };
        self.phase = Phase::Accepting {
            value: value.clone(),
            accepted: Vec::new(),
        };
        Progress::SendAccept(value)
    }

    pub fn on_accept(&mut self, from: CompanyId, answer: Accept) -> Progress {
        let Phase::Accepting { value, accepted } = &mut self.phase else {
            return Progress::Waiting;
        };
        match answer {
            Accept::Higher(other) => return Progress::Preempted(other),
            Accept::Accepted if !accepted.contains(&from) => accepted.push(from),
            Accept::Accepted => {}
        }
        if accepted.len() < self.acceptors.majority() {
            return Progress::Waiting;
        }
        Progress::Chosen(self.ballot, value.clone())
    }
}

#[cfg(test)]
mod tests;
