//! Clients: what they want, and what they have been told.

use std::collections::BTreeMap;

use passcom_actors::domain::entry::Idempotency;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::{Exchange, SeatRef};
use passcom_actors::domain::order_hash::saga_id;
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::people::accounts::logins::Claimed;
use passcom_actors::people::desk::{
    BookAnswer, CancelAnswer, ConfirmAnswer, ExtendAnswer, ReleaseAnswer,
};
use uuid::Uuid;

use crate::world::LEAVING_ROUTE;

/// A client that wants these seats, and asks under one key until it knows.
pub struct Errand {
    pub user: UserId,
    pub idempotency: Idempotency,
    pub saga: SagaId,
    pub seats: Vec<SeatRef>,
    pub tries: u32,
    /// Requests that have no answer, or none that says what is so.
    pub unanswered: u32,
    pub outcome: Option<Outcome>,
    /// Though it knows, as after an answer that got lost.
    pub asks_once_more: bool,
    /// Where the outcome was told first.
    pub told_at: Option<usize>,
    /// Wants the ticket cancelled as soon as it has it.
    pub cancels: bool,
    pub cancel_tries: u32,
    pub cancelled: bool,
    /// Of a ticket that it has, which these seats are to take the place of.
    pub exchange: Option<Exchange>,
    /// It has its seats kept before it decides.
    pub hold: Option<Hold>,
}

/// What a client does with a hold once it has been told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Confirm,
    Release,
    Extend,
}

pub struct Hold {
    pub seconds: u32,
    /// When it asks for what, in milliseconds after it was told that its seats are kept.
    pub deeds: Vec<(u64, Deed)>,
    /// It asks for everything but an extension once more when it knows, as after an answer that got lost.
    pub asks_twice: bool,
    pub tries: u32,
    /// How often it was told how a deed ended.
    done: BTreeMap<Deed, u32>,
}

impl Hold {
    pub fn new(seconds: u32, deeds: Vec<(u64, Deed)>, asks_twice: bool) -> Self {
        Self {
            seconds,
            deeds,
            asks_twice,
            tries: 0,
            done: BTreeMap::new(),
        }
    }

    pub fn wants(&self, deed: Deed) -> bool {
        self.deeds.iter().any(|(_, wanted)| *wanted == deed)
    }

    pub fn done(&self, deed: Deed) -> u32 {
        self.done.get(&deed).copied().unwrap_or_default()
    }

    pub fn is_done(&self, deed: Deed) -> bool {
        let twice = self.asks_twice && deed != Deed::Extend;
        self.done(deed) > u32::from(twice)
    }

    /// It was told how the deed ended. Whether it asks again all the same.
    pub fn once_more(&mut self, deed: Deed) -> bool {
        *self.done.entry(deed).or_default() += 1;
        !self.is_done(deed)
    }
}

impl Errand {
    pub fn new(number: u128, seats: Vec<SeatRef>, cancels: bool) -> Self {
        let user = UserId(Uuid::from_u128(1_000 + number % 4));
        let idempotency = Idempotency {
            key: format!("k{number}"),
            fingerprint: [number as u8; 32],
        };
        Self {
            user,
            saga: saga_id(user, &idempotency),
            idempotency,
            seats,
            tries: 0,
            unanswered: 0,
            outcome: None,
            asks_once_more: false,
            told_at: None,
            cancels,
            cancel_tries: 0,
            cancelled: false,
            exchange: None,
            hold: None,
        }
    }

    /// Somebody who has the ticket of an errand wants these seats in place of some of its own.
    pub fn instead(number: u128, of: &Self, seats: Vec<SeatRef>, given: Vec<SeatRef>) -> Self {
        let mut companies: Vec<_> = of.seats.iter().map(|seat| seat.company).collect();
        companies.sort_unstable();
        companies.dedup();
        let errand = Self::new(number, seats, false);
        Self {
            user: of.user,
            saga: saga_id(of.user, &errand.idempotency),
            exchange: Some(Exchange {
                ticket: of.saga,
                seats: given,
                companies,
            }),
            ..errand
        }
    }

    /// It wants a seat of a flight that leaves while the run lasts.
    pub fn leaves(&self) -> bool {
        self.seats.iter().any(|seat| seat.route == LEAVING_ROUTE)
    }

    pub fn is_sold(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Booked { .. }))
    }
}

/// What a request was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Booking(usize),
    Cancelling(usize),
    /// What a client wants of its hold.
    Holding(usize, Deed),
    /// A login, for this user.
    Claiming(usize, UserId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Booking(BookAnswer),
    Cancelling(CancelAnswer),
    Confirming(ConfirmAnswer),
    Releasing(ReleaseAnswer),
    Extending(ExtendAnswer),
    Claiming(Claimed),
    /// The node died, or none was there.
    Nothing,
}

/// A client hears something of a request.
pub struct Heard {
    pub request: u64,
    pub answer: Answer,
}
