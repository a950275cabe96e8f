//! The black-box tester: starts a real cluster, loads it, breaks it, and audits what is left.
//!
//! ```text
//! scenario ── cluster   `passcom demo` as a child process; its processes, links, clocks and disks
//!          ── nemesis   what is done to it, drawn from a seed; proxy: what links can suffer
//!          ── workload  clients over HTTP; every request becomes a line of the history
//!          ── heal      how long it takes to be well again; probe: a customer who finds out
//!          ── checker   the history, the companies' databases and logs, held against the invariants
//!          ── progress  for whoever watches; report: for whoever asks afterwards
//! bench    ── the same cluster and workload, timed; pg32 is the unit
//! ```
//!
//! Invariants:
//! * nothing of the product is used here but the form of a row of its log: what it promises is read from its contract and its tables;
//! * the checker does not trust the workload: it sees only what was written down before it was known who is right;
//! * whatever happens, nothing is left running or mounted ([`cluster`]), and everything ends in bounded time.

pub mod bench;
pub mod checker;
pub mod client;
pub mod cluster;
pub mod heal;
pub mod history;
pub mod nemesis;
pub mod probe;
pub mod progress;
pub mod proxy;
pub mod report;
pub mod scenario;
pub mod stock;
pub mod workload;
