//! The handle that the HTTP layer holds: book, cancel, look up. Hides actors, peers and timeouts.

mod history;
mod holds;
mod lookup;
mod tickets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::{counter, histogram};
use ractor::{ActorCell, ActorRuntime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use self::holds::HoldsBegun;
pub use self::holds::{ConfirmAnswer, ExtendAnswer, HoldTerms, Holds, ReleaseAnswer};
use crate::booking::actor::{Arguments, BookingActor, Shared};
use crate::booking::progress::{Board, Follower};
use crate::company::store::Unfinished;
use crate::domain::ballot::Acceptors;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{Leg, Order, Passenger, SeatRef};
use crate::domain::order_hash::{acceptors_of, order_hash, saga_id};
pub use crate::domain::outcome::Outcome;
use crate::domain::saga::{ClientAnswer, Origin, Start};
use crate::domain::ticket::Ticket;
use crate::domain::vote::{LegState, RefusalReason};
use crate::mesh::messages::Idempotency;
use crate::mesh::traceparent::Traceparent;
use crate::people::history::Event;

/// What a desk takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bookings of clients under way at a node.
    pub bookings_max: usize,
    /// A booking is answered within this, or with "not known in time".
    pub deadline: Duration,
    /// Of a customer's hold as it begins, and of each extension.
    pub hold_seconds: u32,
}

/// A booking as a client asks for it: 1 to [`crate::domain::order::LEGS_MAX`] seats, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookRequest {
    pub user: UserId,
    pub seats: Vec<WantedSeat>,
    pub idempotency: Option<Idempotency>,
    /// Only keep the seats, for so long: the customer confirms later.
    pub hold_seconds: Option<u32>,
}

/// A seat with who is to sit there, if the client says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSeat {
    pub seat: SeatRef,
    pub passenger: Option<Passenger>,
}

impl From<SeatRef> for WantedSeat {
    fn from(seat: SeatRef) -> Self {
        Self {
            seat,
            passenger: None,
        }
    }
}

/// How long a client waits for its booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until there is an answer, or the deadline.
    ForAnswer,
    /// Until it is on record, or refused before that: the client follows it from there on.
    UntilBegun,
}

/// What the desk says to a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookAnswer {
    Definite(Outcome),
    /// Whoever waits only for this follows the booking under this id.
    Begun(SagaId),
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
    /// The user has as many open holds as one may have; nothing was begun.
    TooManyHolds,
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
    /// As far as a company that has it answered.
    pub order: Option<Arc<Order>>,
    /// Of a hold that every company which answered keeps; its time may be over.
    pub hold: Option<HoldTerms>,
    /// Why, of a booking that was refused.
    pub reason: Option<RefusalReason>,
    /// Per company of the order: its legs' states, or nothing if it did not answer.
    pub companies: Vec<CompanyLegs>,
}

impl Wait {
    /// Who waits only until a booking is begun is told no more of one that stands already, or is under way.
    fn for_client(self, answer: BookAnswer) -> BookAnswer {
        match (self, answer) {
            (
                Self::UntilBegun,
                BookAnswer::Definite(Outcome::Booked { ticket: saga })
                | BookAnswer::StillRunning(saga),
            ) => BookAnswer::Begun(saga),
            (_, answer) => answer,
        }
    }
}

/// A company with the states of its legs, if it answered.
pub type CompanyLegs = (CompanyId, Option<Vec<(SeatRef, LegState)>>);

/// Answer to a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Cancelled now or before.
    Done,
    /// No such ticket of this user, as far as the reachable companies know.
    NotFound,
    /// The ticket is not known here, and this company, which may know it, could not be asked.
    CompanyDown(CompanyId),
    /// The database of this node did not confirm in time; ask again.
    NotKnownInTime,
}

/// Why a ticket, a booking or a hold is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotShown {
    /// No company has it, or it is another user's.
    NotFound,
    /// Nobody who answered has it, and this company, which may have it, could not be asked.
    CompanyDown(CompanyId),
}

/// The database of this node did not confirm a cancellation in time; ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKnownInTime;

/// What happened to a booking, over all companies that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingHistory {
    pub status: BookingStatus,
    /// By time, of whom it is.
    pub events: Vec<(CompanyId, Event)>,
    /// Companies that did not say what they have recorded.
    pub unreachable: Vec<CompanyId>,
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
pub struct Desk {
    shared: Arc<Shared>,
    /// Name of this node.
    node: Arc<str>,
    supervisor: ActorCell,
    slots: Arc<Semaphore>,
    bookings_max: usize,
    deadline: Duration,
    hold_seconds: u32,
    draining: Arc<AtomicBool>,
    holds_begun: HoldsBegun,
    progress: Board,
}

impl Desk {
    pub fn new(shared: Arc<Shared>, node: &str, supervisor: ActorCell, limits: Limits) -> Self {
        Self {
            shared,
            node: node.into(),
            supervisor,
            slots: Arc::new(Semaphore::new(limits.bookings_max)),
            bookings_max: limits.bookings_max,
            deadline: limits.deadline,
            hold_seconds: limits.hold_seconds,
            draining: Arc::default(),
            holds_begun: HoldsBegun::default(),
            progress: Board::default(),
        }
    }

    /// Books all seats or none. Ends soon after the deadline at the latest.
    pub async fn book(&self, request: BookRequest, wait: Wait) -> BookAnswer {
        let begun = Instant::now();
        let answer = self.try_book(request, begun + self.deadline, wait).await;
        let answer = wait.for_client(answer.unwrap_or_else(|answer| answer));
        let label = match &answer {
            BookAnswer::Definite(Outcome::Booked { .. }) => "booked",
            BookAnswer::Definite(Outcome::Held { .. }) => "held",
            BookAnswer::Definite(Outcome::Refused(_)) => "refused",
            BookAnswer::Begun(_) => "begun",
            BookAnswer::SeatBusy(_) => "busy",
            BookAnswer::NotKnownInTime(_) => "unknown",
            _ => "rejected",
        };
        counter!("passcom_bookings_total", "answer" => label).increment(1);
        histogram!("passcom_booking_seconds", "answer" => label).record(begun.elapsed());
        answer
    }

    async fn try_book(
        &self,
        request: BookRequest,
        deadline: Instant,
        wait: Wait,
    ) -> Result<BookAnswer, BookAnswer> {
        let place = self.place()?;
        let saga = match &request.idempotency {
            None => SagaId(Uuid::new_v4()),
            Some(idempotency) => {
                let saga = saga_id(request.user, idempotency);
                self.replay(request.user, saga, idempotency).await?;
                saga
            }
        };
        let order = self.order(&request)?;
        if let Err(down) = self.check_companies(&order) {
            return Err(match request.idempotency {
                Some(_) => self.known_without(request.user, saga, down).await,
                None => down,
            });
        }
        let _begun = match request.hold_seconds {
            Some(_) => Some(self.begin_hold(request.user, saga).await?),
            None => None,
        };
        let start = self.start(saga, order, request.idempotency);
        self.drive_for_client(start, place, deadline, wait).await
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, BookAnswer> {
        if self.is_draining() {
            return Err(BookAnswer::Overloaded);
        }
        let place = self.slots.clone().try_acquire_owned();
        place.map_err(|_| BookAnswer::Overloaded)
    }

    async fn drive_for_client(
        &self,
        start: Start,
        place: OwnedSemaphorePermit,
        deadline: Instant,
        wait: Wait,
    ) -> Result<BookAnswer, BookAnswer> {
        let (saga, user) = (start.saga, start.order.user);
        let answer = self
            .drive(start, Some(place))
            .ok_or(BookAnswer::StillRunning(saga))?;
        let begun = async {
            match (wait == Wait::UntilBegun).then(|| self.follow(user, saga, 0)) {
                Some(Some(mut steps)) => steps.durable().await,
                _ => false,
            }
        };
        let answer = tokio::time::timeout_at(deadline, answer);
        tokio::pin!(answer);
        let answer = tokio::select! {
            biased; // a refusal that is known already says more
            answer = &mut answer => answer,
            true = begun => return Ok(BookAnswer::Begun(saga)),
        };
        match answer {
            Ok(Ok(ClientAnswer::Definite(outcome))) => Ok(BookAnswer::Definite(outcome)),
            Ok(Ok(ClientAnswer::SeatBusy(seat))) => Ok(BookAnswer::SeatBusy(seat)),
            Ok(Ok(ClientAnswer::CompanyDown(company))) => Ok(BookAnswer::CompanyDown(company)),
            Ok(Err(_)) | Err(_) => Ok(BookAnswer::NotKnownInTime(saga)),
        }
    }

    fn order(&self, request: &BookRequest) -> Result<Arc<Order>, BookAnswer> {
        let catalogue = &self.shared.service.catalogue;
        let leg = |WantedSeat { seat, passenger }: &WantedSeat| -> Result<Leg, BookAnswer> {
            if !self.shared.service.companies.contains(&seat.company) {
                return Err(BookAnswer::UnknownCompany(seat.company));
            }
            let Some(route) = catalogue.route(seat.company, seat.route) else {
                return Err(if catalogue.knows(seat.company) {
                    BookAnswer::UnknownSeat(*seat)
                } else {
                    BookAnswer::CompanyDown(seat.company)
                });
            };
            if seat.number.0 > route.seats {
                return Err(BookAnswer::UnknownSeat(*seat));
            }
            Ok(Leg {
                seat: *seat,
                origin: crate::catalogue::airports::city(&route.origin).to_owned(),
                destination: crate::catalogue::airports::city(&route.destination).to_owned(),
                flight: route.flight,
                origin_iata: route.origin,
                destination_iata: route.destination,
                departs: route.departs,
                arrives: route.arrives,
                price: route.price,
                passenger: passenger.clone(),
            })
        };
        let mut order = Order {
            user: request.user,
            created_at: self.shared.clock.wall_ms(),
            legs: request.seats.iter().map(leg).collect::<Result<_, _>>()?,
            hold_seconds: None,
        };
        // no seat is held for a flight that has left
        let longest = order.longest_hold(0).max(1);
        order.hold_seconds = request.hold_seconds.map(|seconds| seconds.min(longest));
        Ok(Arc::new(order))
    }

    fn check_companies(&self, order: &Order) -> Result<(), BookAnswer> {
        let companies = order.companies();
        match companies.iter().find(|company| !self.reaches(**company)) {
            Some(company) => Err(BookAnswer::CompanyDown(*company)),
            None => Ok(()),
        }
    }

    /// The companies that this node can talk to now, its own included.
    pub(crate) fn reached(&self) -> Vec<CompanyId> {
        let companies = self.shared.service.companies.iter().copied();
        companies.filter(|company| self.reaches(*company)).collect()
    }

    fn reaches(&self, company: CompanyId) -> bool {
        company == self.shared.service.me || self.shared.peers.is_up(company)
    }

    fn start(&self, saga: SagaId, order: Arc<Order>, idempotency: Option<Idempotency>) -> Start {
        let acceptors = acceptors_of(saga, &order, &self.shared.service.companies);
        self.start_of(
            Unfinished {
                saga,
                hash: order_hash(&order, &acceptors),
                order,
                acceptors,
                driver: self.node.to_string(),
            },
            idempotency,
            Origin::Client,
        )
    }

    fn start_of(
        &self,
        saga: Unfinished,
        idempotency: Option<Idempotency>,
        origin: Origin,
    ) -> Start {
        Start {
            me: self.shared.service.me,
            node: saga.driver,
            companies: self.shared.service.companies.to_vec(),
            saga: saga.saga,
            order: saga.order,
            hash: saga.hash,
            acceptors: saga.acceptors,
            idempotency,
            origin,
            seed: fastrand::u64(..),
        }
    }

    /// Brings somebody's unfinished saga to its end. None if it is driven here already.
    pub fn recover(&self, saga: Unfinished) -> Option<oneshot::Receiver<ClientAnswer>> {
        let Acceptors(acceptors) = &saga.acceptors;
        assert!(!acceptors.is_empty(), "a recorded saga names its acceptors");
        self.drive(self.start_of(saga, None, Origin::Recovery), None)
    }

    fn drive(
        &self,
        start: Start,
        place: Option<OwnedSemaphorePermit>,
    ) -> Option<oneshot::Receiver<ClientAnswer>> {
        let running = &self.shared.service.running;
        let running = running.enter(start.saga, start.order.user)?;
        let reporter = self.progress.begin(start.saga, start.order.user);
        let (answer, waiting) = oneshot::channel();
        let handler = BookingActor {
            shared: self.shared.clone(),
        };
        let arguments = Arguments {
            start,
            answer,
            reporter,
            running,
            place,
            trace: Traceparent::current(),
        };
        // an actor that does not start drops its sender, which is "not known in time"
        let supervisor = self.supervisor.clone();
        let _ = ActorRuntime::spawn_linked_instant(None, handler, arguments, supervisor);
        Some(waiting)
    }

    /// The steps of a booking of this user after the first `seen`; none if it is not driven here, nor was a moment ago.
    pub fn follow(&self, user: UserId, saga: SagaId, seen: usize) -> Option<Follower> {
        self.progress.follow(user, saga, seen)
    }

    /// Takes no new bookings any more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Takes new bookings again.
    pub fn resume(&self) {
        self.draining.store(false, Ordering::Relaxed);
    }

    /// Bookings of clients that are being driven.
    pub fn under_way(&self) -> usize {
        self.bookings_max - self.slots.available_permits()
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
