//! A whole cluster on one machine: private PostgreSQL servers, a Redis and the companies' nodes, all under one folder.
//!
//! ```text
//! demo process ── postgres × companies   stopped last, fast shutdown
//!              ── redis                  no persistence: leases only
//!              ── node × companies       stopped first; restarted when they die
//! ```
//!
//! Invariants: every process listens on 127.0.0.1 only. None of them outlives the process that started it: what it cannot stop itself,
//! because it was killed, the kernel does ([`tether`]), and what the kernel could not, the next start does ([`process`]).

mod airlines;
pub mod cluster;
pub mod control;
pub mod folder;
pub mod nodes;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod redis;
pub mod run_file;
pub mod servers;
pub mod tether;
pub mod user;
pub mod wiring;
