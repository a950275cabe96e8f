//! The values of a register, as its acceptors keep and tell them.

use std::sync::Arc;

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

impl Value {
    /// Whether the two decide the same: an order is told by its hash.
    pub fn decides_as(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Commit { hash: one, .. }, Value::Commit { hash: other, .. }) => one == other,
            _ => self == other,
        }
    }
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
