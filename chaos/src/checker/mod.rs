//! Holds what the databases have, and what the customers were told, against the invariants.
//!
//! * [`facts`]: rows of every company's database, read by SQL of its own;
//! * [`legs`]: I1, I2, I7, B1: what must hold of the rows alone;
//! * [`answers`]: I3, I4, I5: what must hold between answers and rows;
//! * [`replicas`]: R1: copies are equal.
//!
//! Knows neither the workload nor a line of the product: tables, contract and history are all it sees. Every check is a pure function, and
//! tested with rows that it must reject.

pub mod answers;
pub mod facts;
pub mod legs;
pub mod replicas;

use std::fmt;

use crate::history::Operation;
use facts::Company;

/// Something that must never be, or not any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Its name in the protocol's list.
    pub invariant: &'static str,
    pub what: String,
}

impl Violation {
    pub fn new(invariant: &'static str, what: String) -> Self {
        Self { invariant, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Everything that does not hold, sorted. To be asked when the cluster has healed.
pub fn audit(companies: &[Company], history: &[Operation]) -> Vec<Violation> {
    let mut violations = legs::check(companies);
    violations.extend(answers::check(companies, history));
    violations.extend(replicas::check(companies));
    violations.sort_unstable();
    violations
}
