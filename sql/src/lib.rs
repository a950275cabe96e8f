//! A company's PostgreSQL: the durable half of the product.
//!
//! * [`Database`]: how to reach it; [`checks`] says whether it may be trusted, [`migrate`] brings its tables up to date, by
//!   the one of its two [`roles`] that may;
//! * [`PgLedgerStore`]: the only writer of bookings: one round trip per batch, and the tables follow;
//! * [`PgTables`]: everything that is read beside it;
//! * [`schedule_store`]: the routes that an import puts on sale; [`peers`]: whose databases were met;
//! * [`mail`]: what is owed to customers' mailboxes; [`payments`]: what they pay, and get back; [`saved`]: passengers that are kept for the
//!   next booking; [`forget`]: people who want to be forgotten; [`prune`] and [`retention`]: what nobody needs any more.
//!
//! Invariants:
//! * a commit that was acknowledged survives a crash: a server that is set up otherwise is refused at start, and at
//!   every connection after it ([`guard`]);
//! * one node of a company at a time: it holds [`checks::NodeLock`] as long as it lives;
//! * nothing waits for ever: every connect, statement and answer has a bound ([`pool`]).

mod address;
mod cells;
pub mod checks;
mod decode;
mod error;
pub mod forget;
pub mod guard;
mod ledger_store;
mod locks;
pub mod mail;
pub mod migrate;
pub mod payments;
pub mod peers;
pub mod pool;
pub mod prune;
pub mod retention;
pub mod roles;
pub mod saved;
pub mod schedule_store;
mod tables;

pub use address::{Address, SslMode};
pub use checks::{Identity, NodeLock};
pub use guard::Unfit;
pub use ledger_store::PgLedgerStore;
pub use pool::{Database, Options, connect};
pub use tables::PgTables;
