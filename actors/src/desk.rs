//! The handle that the HTTP layer holds: book, cancel, look up. Hides actors, peers and timeouts.

use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::SeatRef;
use crate::domain::participant::LegState;
use crate::domain::replica::Ticket;
pub use crate::domain::saga::Outcome;
use crate::messages::Idempotency;

/// A booking as a client asks for it: 1 to [`crate::domain::order::LEGS_MAX`] seats, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookRequest {
    pub user: UserId,
    pub seats: Vec<SeatRef>,
    pub idempotency: Option<Idempotency>,
}

/// What the desk says to a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookAnswer {
    Definite(Outcome),
    /// Another booking's lease is on this seat; nothing was begun.
    SeatBusy(SeatRef),
    /// The same key is being worked on.
    StillRunning(SagaId),
    /// The key was used for another request.
    KeyReused,
    UnknownCompany(CompanyId),
    /// No such route, or no such seat on it.
    UnknownSeat(SeatRef),
    /// A company that is needed is down; nothing was begun.
    CompanyDown(CompanyId),
    /// The outcome will be found under this id.
    NotKnownInTime(SagaId),
    /// Too much under way at this node, or it is draining; nothing was begun.
    Overloaded,
}

/// State of a booking as `GET /reservas/{uuid}` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingState {
    Running,
    Held,
    Confirmed,
    Refused,
    Cancelled,
}

/// What is known of a booking, over all companies that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingStatus {
    pub saga: SagaId,
    pub user: UserId,
    pub state: BookingState,
    /// Per company of the order: its legs' states, or nothing if it did not answer.
    pub companies: Vec<(CompanyId, Option<Vec<(SeatRef, LegState)>>)>,
}

/// Answer to a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Cancelled now or before.
    Done,
    /// No such ticket of this user, as far as the reachable companies know.
    NotFound,
    /// The database of this node did not confirm in time; ask again.
    NotKnownInTime,
}

/// One page of a user's tickets, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketPage {
    /// Without those whose every seat is cancelled.
    pub tickets: Vec<Ticket>,
    /// (created_at, id) to go on after.
    pub next: Option<(i64, SagaId)>,
}

/// This node could not look: its database is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database of this node is away")]
pub struct Unavailable;

/// Cheap to clone; every method ends within its own deadline.
#[derive(Clone)]
pub struct Desk {}

impl Desk {
    /// Books all seats or none. Ends within 10 s.
    pub async fn book(&self, _request: BookRequest) -> BookAnswer {
        unreachable!("next commit")
    }

    /// What is known of a booking of this user, over all reachable companies.
    pub async fn booking(&self, _user: UserId, _saga: SagaId) -> Option<BookingStatus> {
        unreachable!("next commit")
    }

    /// Cancels a whole ticket of this user at every company.
    pub async fn cancel(&self, _user: UserId, _ticket: SagaId) -> CancelAnswer {
        unreachable!("next commit")
    }

    /// The user's tickets, newest first, at most `limit`.
    pub async fn tickets(
        &self,
        _user: UserId,
        _after: Option<(i64, SagaId)>,
        _limit: usize,
    ) -> Result<TicketPage, Unavailable> {
        unreachable!("next commit")
    }
}
