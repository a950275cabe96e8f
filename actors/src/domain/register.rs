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

use serde::{Deserialize, Serialize};

use super::accounts::User;
use super::ids::{CompanyId, SagaId};
use super::order::{Order, OrderHash};

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
        Self(round * companies as i64 + company_index as i64)
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
        order: Order,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    pub acceptors: Acceptors,
    pub promised: Ballot,
    pub accepted: Option<(Ballot, Value)>,
    /// The accepted value is known to be the chosen one.
    pub chosen: bool,
}
