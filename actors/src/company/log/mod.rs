//! The ledger's log: a company's durable state is a log, its tables are a view of the log that is at most a moment old.
//!
//! ```text
//! entries ──▶ ledger ── one row a batch ──▶ log         durable: receipts leave
//!               │                            │ the same rows, in bulk, a moment later
//!               ▼                            ▼
//!              hot   ───── projector ─────▶ tables      lists, reports, people with SQL
//! ```
//! * [`record`]: what a row of the log says; [`hot`], [`cell`]: what the log says and the tables may not say yet, pure;
//!   `unused`: what neither says, known without asking; `kept`: what customers keep without having bought it;
//! * [`lineage`]: whether the log still has what it once had;
//! * [`projector`]: brings the tables after. Who reads asks the [archive](super::archive).
//! * [`said`], [`comparison`]: whether log, memory and tables say the same, for the [verifier](super::verifier); pure.
//!
//! Invariants:
//! * L1 A receipt leaves after its append is acknowledged. An append whose outcome is not known is found out before anything
//!   else is decided: memory is never ahead of the log, nor behind it while something is decided.
//! * L2 One writer: a row's place is the last one + 1 or it is refused, and the epoch is compared in the same statement. Who
//!   loses ends itself.
//! * L3 Tables + rest of the log = state, whenever and wherever the projector may have stopped. Projecting again changes nothing.
//! * L5 No seat has two owners in `seat_owner`, whatever the code does; it is written with the append.
//! * L6 Nothing that writes tables directly passes a vote: facts of a route are versioned, and the append compares the version.
//! * L7 A node whose log went back, as far as anybody has heard, serves nothing: see the [witness](super::witness).

pub mod cell;
pub mod comparison;
mod database_time;
pub mod hot;
mod kept;
pub mod lineage;
pub mod projector;
pub mod record;
pub mod said;
mod shared;
mod shelf;
pub(super) mod unused;

pub use shared::{Log, OpenError};

use serde::{Deserialize, Serialize};

/// Place of a row in the log, from 1, without gaps.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Seq(pub i64);

impl Seq {
    /// Before the first row.
    pub const NONE: Self = Self(0);

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
