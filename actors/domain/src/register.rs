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

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts::User;
use super::ids::{CompanyId, SagaId};
use super::order::{Order, OrderHash};
use super::rows::Rows;

/// round × companies + index of the proposing company; 0 is the saga's own first ballot.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Ballot(pub i64);

impl Ballot {
    pub const ZERO: Self = Self(0);

    /// The ballot of this company in this round ≥ 1.
    pub fn new(round: i64, company_index: usize, companies: usize) -> Self {
        assert!(round >= 1 && company_index < companies);
        // a peer may name any ballot; above the highest number there is none, and the register stays as it is
        let first = round.saturating_mul(companies as i64);
        Self(first.saturating_add(company_index as i64))
    }

    /// The round that this ballot belongs to.
    pub fn round(self, companies: usize) -> i64 {
        self.0 / companies as i64
    }
}

/// What a register decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    Saga(SagaId),
    /// A login, normalised.
    Login(String),
}

/// What a register can hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    Commit {
        hash: OrderHash,
        order: Arc<Order>,
    },
    Abort,
    /// The whole user, so that any company can finish what another began.
    Account(User),
}

/// The companies that hold a register, ascending, each once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Acceptors(pub Vec<CompanyId>);

impl Acceptors {
    /// Most companies that hold one register.
    pub const MAX: usize = 5;

    pub fn majority(&self) -> usize {
        self.0.len() / 2 + 1
    }

    pub fn contains(&self, company: CompanyId) -> bool {
        self.0.binary_search(&company).is_ok()
    }
}

/// One acceptor's durable state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Register {
    pub acceptors: Acceptors,
    pub promised: Ballot,
    pub accepted: Option<(Ballot, Value)>,
    /// The accepted value is known to be the chosen one.
    pub chosen: bool,
}

/// Answer of an acceptor in phase 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Promise {
    Promised {
        accepted: Option<(Ballot, Value)>,
        chosen: bool,
    },
    /// A higher ballot was promised.
    Higher(Ballot),
}

/// Answer of an acceptor in phase 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Accept {
    Accepted,
    Higher(Ballot),
}

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
        if clash && !same(other, value) {
            let what = format!("two values for {key:?} in {accepted:?} and {ballot:?}");
            rows.alarm(what);
            return Accept::Higher(row.promised);
        }
    }
    row.promised = ballot;
    row.accepted = Some((ballot, value.clone()));
    rows.registers.put(key.clone(), row);
    Accept::Accepted
}

/// Records that this value, accepted by a majority in this ballot, is the chosen one.
///
/// False, and nothing recorded, where that contradicts what is accepted here: a value chosen before, another value in
/// the same ballot, or one in a later ballot, which could only have repeated the chosen one.
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
    if settled.is_some_and(|(_, other)| !same(other, &value)) {
        rows.alarm(format!("two values chosen for {key:?}"));
        return false;
    }
    if row.accepted.as_ref().is_none_or(|(own, _)| *own <= ballot) {
        row.accepted = Some((ballot, value));
    }
    row.chosen = true;
    row.promised = row.promised.max(ballot);
    rows.registers.put(key, row);
    true
}

/// This user exists, so it is who the register of its login chose: nobody has to find that out any more.
pub fn close_login(rows: &mut Rows, user: &User) {
    let key = Key::Login(user.login.clone());
    let Some(row) = rows.registers.get(&key).filter(|row| !row.chosen) else {
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

/// Two values decide the same: an order is told by its hash.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Commit { hash: one, .. }, Value::Commit { hash: other, .. }) => one == other,
        _ => one == other,
    }
}

fn row_of(rows: &Rows, key: &Key, acceptors: &Acceptors) -> Register {
    rows.registers.get(key).cloned().unwrap_or(Register {
        acceptors: acceptors.clone(),
        promised: Ballot::ZERO,
        accepted: None,
        chosen: false,
    })
}

/// One run of a ballot ≥ 1: phase 1 to a majority, phase 2 with what it found, else with what we propose.
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

/// What a proposer has come to after a reply.
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
