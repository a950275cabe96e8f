//! The black-box tester: starts a real cluster, loads it, breaks it, and audits what is left.
//!
//! ```text
//! scenario ── cluster   `passcom demo` as a child process; kill, freeze, thaw
//!          ── workload  clients over HTTP; every request becomes a line of the history
//!          ── checker   the history and the companies' databases, held against the invariants
//! bench    ── the same cluster and workload, timed; pg32 is the unit
//! ```
//!
//! Invariants:
//! * nothing of the product is linked here: what it promises is read from its contract and its tables;
//! * the checker does not trust the workload: it sees only what was written down before it was known who is right;
//! * whatever happens, nothing is left running ([`cluster`]), and everything ends in bounded time.

pub mod bench;
pub mod checker;
pub mod client;
pub mod cluster;
pub mod history;
pub mod progress;
pub mod report;
pub mod scenario;
pub mod stock;
pub mod workload;
