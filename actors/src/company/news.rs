//! What a batch of the ledger changed, as the catalogue, the route actors and the peers are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::ids::{RouteId, UserId};
use crate::domain::rows::{SeatKey, SeatUse};

/// What a batch changed, told in the order of the commits.
#[derive(Debug, Default)]
pub struct News {
    pub seats: BTreeMap<SeatKey, SeatUse>,
    /// Seat maps read by this batch.
    pub surveyed: Vec<(RouteId, BTreeMap<SeatKey, SeatUse>)>,
    /// Users of whom a newer version came, with it.
    pub renewed: Vec<(UserId, i64)>,
    /// There are new rows for the peers.
    pub outbox: bool,
}

/// Hears of every batch, before its receipts leave. Must not block.
pub type Listener = Arc<dyn Fn(&News) + Send + Sync>;
