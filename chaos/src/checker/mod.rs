//! Holds what the databases have, and what the customers were told, against the invariants.
//!
//! * [`facts`]: rows of every company's database, read by SQL of its own; [`evidence`] has all that a run left behind;
//! * [`legs`]: I1, I2, I7, B1: what must hold of the rows alone;
//! * [`answers`]: I3, I4, I5: what must hold between answers and rows; [`reads`]: I3 as customers read it back; [`holds`]: H1, H2, and what
//!   becomes of customers' holds;
//! * [`frees`]: I6: cancellations, and what is on offer;
//! * [`money`]: S1, S2, S3: what companies owe each other, and what came back to customers;
//! * [`flights`]: F1: tickets tell how their flights are flown; [`exchanges`]: X1 to X4: who exchanges seats has the old ones or the new;
//! * [`registers`]: P1; [`replicas`]: R1: copies are equal, N2: with names where they are needed; [`logins`]: R2;
//! * [`storms`]: L1, where [`calm`] says that nothing was wrong;
//! * [`linear`]: every seat's bookings, cancellations and reads have an order;
//! * [`ledger`]: LOG2, LOG3, LOG5: each company's log, tables and owners of seats say the same;
//! * [`logs`]: no node has called anything impossible.
//!
//! I7 while a company is dead (N1) is the scenario's to time: [`facts::heal`] waits for it.
//!
//! Knows neither the workload nor a line of the product, but for the form of a row of the log: tables, contract, logs and history are
//! all it sees. Every check is a pure function, and
//! tested with rows and histories that it must reject.

pub mod answers;
pub mod calm;
mod databases;
pub mod evidence;
pub mod exchanges;
pub mod facts;
pub mod flights;
pub mod frees;
pub mod holds;
pub mod ledger;
pub mod legs;
pub mod linear;
pub mod logins;
pub mod logs;
pub mod money;
pub mod reads;
pub mod registers;
pub mod replicas;
pub mod storms;

use std::fmt;

use serde::Serialize;

use calm::Calm;
pub use evidence::Evidence;

/// Something that must never be, or not any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// What one check has looked at. A check that has judged nothing has proved nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    pub invariants: &'static str,
    pub what: &'static str,
    pub count: usize,
    pub violations: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    pub judged: Vec<Judged>,
    /// Sorted.
    pub violations: Vec<Violation>,
}

impl Audit {
    fn add(
        &mut self,
        invariants: &'static str,
        what: &'static str,
        (count, violations): (usize, Vec<Violation>),
    ) {
        self.judged.push(Judged {
            invariants,
            what,
            count,
            violations: violations.len(),
        });
        self.violations.extend(violations);
        self.violations.sort_unstable();
    }
}

/// Everything that does not hold. To be asked when the cluster has healed.
pub fn audit(evidence: &Evidence) -> Audit {
    let Evidence {
        companies,
        offers,
        logs,
        alarms_allowed,
        operations,
        faults,
        ..
    } = evidence;
    let calm = Calm::new(faults, &evidence.complaints());
    let sum = |count: fn(&facts::Company) -> usize| companies.iter().map(count).sum::<usize>();
    let legs = sum(|company| company.legs.len());
    let registers = sum(|company| company.registers.len());
    let users = sum(|company| company.users.len());
    let copies = users + sum(|company| company.tickets.len() + company.ticket_legs.len());
    let offered = offers.iter().map(|offer| offer.routes.len()).sum();
    let keys = answers::keys(operations);

    let mut audit = Audit::default();
    audit.add("I1 I2 I7 B1", "legs", (legs, legs::check(companies)));
    let answered = answers::check(companies, operations);
    audit.add("I3 I4 I5", "keys", (keys, answered));
    let held = holds::check(companies, operations, faults);
    audit.add("H1 H2", "holds", held);
    let reads = reads::check(operations, &calm);
    audit.add("I3", "reads and cancels", reads);
    let freed = frees::check(companies, offers, operations);
    audit.add("I6", "routes on offer", (offered, freed));
    let chosen = registers::check(companies);
    audit.add("P1", "registers", (registers, chosen));
    audit.add("R1", "copies", (copies, replicas::check(companies)));
    audit.add("N2", "copies", (copies, replicas::check_names(companies)));
    let owed = money::check(companies, operations);
    audit.add("S1 S2 S3", "entries", owed);
    let told = flights::check(companies, operations);
    audit.add("F1", "seats of tickets", told);
    let exchanged = exchanges::check(companies, operations);
    audit.add("X1 X2 X3 X4", "tickets", exchanged);
    let logins = logins::check(companies, operations, &calm);
    audit.add("R2", "users", (users, logins));
    let storms = storms::check(operations, &calm);
    audit.add("L1", "storms without a fault", storms);
    let orders = linear::check(companies, operations, faults);
    audit.add("LIN", "seats", orders);
    let rows = sum(ledger::count);
    audit.add("LOG2 LOG3 LOG5", "rows", (rows, ledger::check(companies)));
    let loud = logs::check(logs, *alarms_allowed);
    audit.add("alarm", "logs", (logs.len(), loud));
    audit
}

#[cfg(test)]
mod tests;
