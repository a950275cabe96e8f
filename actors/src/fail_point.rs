//! Fail points: named places at which a test may end this process, around every durable write and every message that
//! leaves it.
//!
//! A name is `role::step::moment`. `before`: the step is decided, and nothing of it has happened; `after`: it has
//! happened, and nobody who acts on it knows yet. `steps` has the names of those that write,
//! [`crate::mesh::fail_points`] of those that ask and answer.
//!
//! Invariants:
//! * without the feature `failpoints` nothing of this is in the program;
//! * what is written and sent is named by matches without a wildcard: a new kind of entry, message or lease call does
//!   not compile until its step has a name.

#[cfg(feature = "failpoints")]
pub mod steps;

/// A durable write that is no ledger entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The tables are brought up to date.
    Migration,
    /// The database becomes a member, and this start is counted.
    Identity,
    /// Another company's database is met for the first time.
    PeerIdentity,
    /// It is kept how far the logs of the others were seen.
    SeenLogs,
    /// A schedule is put on sale.
    Schedule,
    /// Rows that nobody needs any more go.
    Pruning,
    /// Old rows of the log go.
    Trimming,
    /// The tables are brought after the log.
    Projection,
}

/// Nothing of the step has happened yet.
#[cfg(feature = "failpoints")]
pub fn before(step: &impl steps::Step) {
    fail::fail_point!(step.points().before);
}

/// The step has happened.
#[cfg(feature = "failpoints")]
pub fn after(step: &impl steps::Step) {
    fail::fail_point!(step.points().after);
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn before<T>(_: &T) {}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn after<T>(_: &T) {}
