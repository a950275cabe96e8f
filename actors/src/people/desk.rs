//! The handle that the HTTP layer holds: what customers ask of a node. Hides actors, peers and timeouts.
//!
//! * `book`: begin a booking, or a hold, and wait for it; `holds`: confirm, extend, release what is held;
//! * `tickets`: list, look at, cancel, correct the names; `people`: who travels; `finding`: by what people call them; `lookup`: what is
//!   known of a booking; `history`: what happened to it.

mod book;
mod finding;
mod history;
mod holds;
mod lookup;
mod people;
mod state;
mod tickets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::book::{BookAnswer, BookRequest, Lack, Wait, WantedSeat};
pub use self::finding::{Checked, Unchecked};
pub use self::history::BookingHistory;
use self::holds::HoldsBegun;
pub use self::holds::{ConfirmAnswer, ExtendAnswer, HoldTerms, Holds, ReleaseAnswer};
pub use self::lookup::{BookingStatus, CompanyLegs};
pub use self::people::Caller;
pub use self::state::BookingState;
pub use self::tickets::{CancelAnswer, NotAgreed, NotCorrected, TicketPage};
use crate::booking::drivers::Drivers;
use crate::booking::progress::Follower;
use crate::clock::Clock;
use crate::company::Company;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::Order;
pub use crate::domain::outcome::Outcome;
use crate::mesh::companies::Companies;
use crate::people::payment::Terms;
use crate::people::refund::Tariff;

/// What a desk takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bookings of clients under way at a node.
    pub bookings_max: u32,
    /// A booking is answered within this, or with "not known in time".
    pub deadline: Duration,
    /// Of a customer's hold as it begins, and of each extension.
    pub hold_seconds: u32,
    /// What comes back for a cancelled seat.
    pub tariff: Tariff,
}

/// Why a ticket, a booking or a hold is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotShown {
    /// No company has it, or it is another user's.
    NotFound,
    /// Nobody who answered has it, and this company, which may have it, could not be asked.
    CompanyDown(CompanyId),
}

/// This node could not look: its database is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database of this node is away")]
pub struct Unavailable;

/// Cheap to clone; every method ends within its own deadline.
#[derive(Clone)]
pub struct Desk {
    company: Arc<Company>,
    companies: Companies,
    drivers: Drivers,
    /// A place for every booking of a client that may be under way.
    places: Arc<Semaphore>,
    limits: Limits,
    payment: Terms,
    draining: Arc<AtomicBool>,
    holds_begun: HoldsBegun,
}

impl Desk {
    pub fn new(
        company: Arc<Company>,
        companies: Companies,
        drivers: Drivers,
        limits: Limits,
        payment: Terms,
    ) -> Self {
        Self {
            company,
            companies,
            drivers,
            places: Arc::new(Semaphore::new(limits.bookings_max as usize)),
            limits,
            payment,
            draining: Arc::default(),
            holds_begun: HoldsBegun::default(),
        }
    }

    /// Whether this order has to be paid before there is a ticket.
    pub fn wants_payment(&self, order: &Order) -> bool {
        let seller = order.seller;
        seller.is_some_and(|seller| self.payment.require(seller, order))
    }

    /// The clocks of this node.
    pub fn clock(&self) -> &Clock {
        &self.company.clock
    }

    /// The steps of a booking of this user after the first `seen`; none if it is not driven here, nor was a moment ago.
    pub fn follow(&self, user: UserId, saga: SagaId, seen: usize) -> Option<Follower> {
        self.drivers.follow(user, saga, seen)
    }

    /// Takes no new bookings any more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Takes new bookings again.
    pub fn resume(&self) {
        self.draining.store(false, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits until no client's booking is under way any more, at most for so long. To be called once new ones are
    /// refused.
    pub async fn finish(&self, patience: Duration) {
        let all = self.places.acquire_many(self.limits.bookings_max);
        // what is unfinished then is left to the next start
        let _ = tokio::time::timeout(patience, all).await;
    }

    /// A place for one more booking of a client.
    fn place(&self) -> Result<OwnedSemaphorePermit, BookAnswer> {
        if self.is_draining() {
            return Err(BookAnswer::Overloaded);
        }
        let place = self.places.clone().try_acquire_owned();
        place.map_err(|_| BookAnswer::Overloaded)
    }
}
