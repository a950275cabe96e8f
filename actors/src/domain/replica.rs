//! What every company keeps a copy of, and how two copies merge.

use serde::{Deserialize, Serialize};

use super::ids::SagaId;
use super::order::{Order, SeatRef};

/// A confirmed booking. Its existence is proof that Commit was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub id: SagaId,
    pub order: Order,
    /// Cancelled seats, ascending. Only ever grows.
    pub cancelled: Vec<SeatRef>,
}
