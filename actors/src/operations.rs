//! What operators ask of a node: the handle that the admin endpoints hold.

use std::time::Duration;

use serde::Serialize;

use crate::catalogue::{LegPage, PageCursor};
use crate::desk::{CancelAnswer, TicketPage, Unavailable};
use crate::domain::ids::{CompanyId, SagaId, SeatId, UserId};
use crate::domain::order::SeatRef;

/// A company as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    pub company: CompanyId,
    pub up: bool,
    /// Product version; absent while it was never met.
    pub version: Option<String>,
    /// Companies that this member reaches, by its own word; absent while it is down.
    pub sees: Option<Vec<CompanyId>>,
}

/// The link to one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peer {
    pub company: CompanyId,
    pub address: String,
    pub up: bool,
    pub calls_under_way: usize,
    /// Outbox row of that company read so far.
    pub replicated_seq: Option<i64>,
    /// Routes of it in the catalogue.
    pub routes: usize,
}

/// A saga as this company has it recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SagaView {
    pub id: SagaId,
    /// `begun`, `committed` or `aborted`.
    pub state: String,
    /// Node that drives or drove it.
    pub driver: String,
    pub age_seconds: i64,
    pub finished: bool,
    pub companies: Vec<CompanyId>,
    pub seats: Vec<SeatRef>,
}

/// One seat by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SeatView {
    pub id: SeatId,
    pub free: bool,
}

/// Answer to (un)blocking a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    Done,
    /// The seat is sold or held.
    InUse,
    Unknown,
    Unavailable,
}

#[derive(Clone)]
pub struct Operations {}

impl Operations {
    /// Whether this node serves, or why not. Depends on no peer and not on Redis.
    pub async fn ready(&self) -> Result<(), String> {
        unreachable!("next commit")
    }

    pub async fn members(&self) -> Vec<Member> {
        unreachable!("next commit")
    }

    pub async fn peers(&self) -> Vec<Peer> {
        unreachable!("next commit")
    }

    /// Newest first, at most `limit`; `state` as in [`SagaView::state`].
    pub async fn sagas(
        &self,
        _state: Option<String>,
        _older_than: Option<Duration>,
        _limit: usize,
    ) -> Result<Vec<SagaView>, Unavailable> {
        unreachable!("next commit")
    }

    pub async fn saga(&self, _id: SagaId) -> Result<Option<SagaView>, Unavailable> {
        unreachable!("next commit")
    }

    /// Takes no new bookings from clients any more; what is under way is finished.
    pub async fn drain(&self, _reason: &str) {
        unreachable!("next commit")
    }

    /// This company's own legs.
    pub fn own_legs(&self, _after: Option<PageCursor>, _limit: usize) -> LegPage {
        unreachable!("next commit")
    }

    pub async fn seat(&self, _id: SeatId) -> Result<Option<SeatView>, Unavailable> {
        unreachable!("next commit")
    }

    /// Takes a free seat off sale or puts it back; audited with the reason.
    pub async fn block(&self, _id: SeatId, _blocked: bool, _reason: &str) -> Blocked {
        unreachable!("next commit")
    }

    /// A user's tickets as this company has them.
    pub async fn tickets_here(&self, _user: UserId) -> Result<TicketPage, Unavailable> {
        unreachable!("next commit")
    }

    /// Cancels a whole ticket on the user's behalf; audited with the reason.
    pub async fn cancel_for(&self, _user: UserId, _ticket: SagaId, _reason: &str) -> CancelAnswer {
        unreachable!("next commit")
    }
}
