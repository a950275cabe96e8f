//! Starts the drivers of sagas at this node, one for each.

use std::sync::Arc;

use ractor::{ActorCell, ActorRuntime};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::booking::actor::{Arguments, BookingActor, Shared};
use crate::booking::progress::{Board, Follower};
use crate::company::Company;
use crate::company::lease::Leases;
use crate::company::store::Unfinished;
use crate::domain::ballot::Acceptors;
use crate::domain::entry::Idempotency;
use crate::domain::ids::{SagaId, UserId};
use crate::domain::order::{Order, SeatRef};
use crate::domain::order_hash::{acceptors_of, order_hash};
use crate::domain::papers::Papers;
use crate::domain::saga::{ClientAnswer, LeaseAnswer, Origin, Start};
use crate::mesh::companies::Companies;
use crate::mesh::traceparent::Traceparent;

/// Cheap to clone.
#[derive(Clone)]
pub struct Drivers {
    shared: Arc<Shared>,
    supervisor: ActorCell,
    progress: Board,
}

/// What the lease table answered of the seats of a saga that is not driven yet. Dropped, at any moment, it is given back.
pub struct Lease {
    shared: Arc<Shared>,
    saga: SagaId,
    seats: Vec<SeatRef>,
    /// None: perhaps granted.
    answer: Option<LeaseAnswer>,
}

impl Lease {
    /// From here on the driver gives it back.
    fn into_answer(mut self) -> Option<LeaseAnswer> {
        self.seats.clear();
        self.answer.take()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (shared, saga, seats) = (
            self.shared.clone(),
            self.saga,
            std::mem::take(&mut self.seats),
        );
        let is_refused = matches!(self.answer, Some(LeaseAnswer::Busy(_)));
        // without a runtime the node has ended, and the lease ends by itself
        if let Ok(runtime) = Handle::try_current()
            && !is_refused
            && !seats.is_empty()
        {
            runtime.spawn(async move { shared.leases.release(saga, &seats).await });
        }
    }
}

impl Drivers {
    pub fn new(
        company: Arc<Company>,
        companies: Companies,
        leases: Leases,
        supervisor: ActorCell,
    ) -> Self {
        let shared = Shared {
            company,
            companies,
            leases,
        };
        Self {
            shared: Arc::new(shared),
            supervisor,
            progress: Board::default(),
        }
    }

    /// A saga that begins here, of a client's order.
    pub fn new_saga(
        &self,
        saga: SagaId,
        order: Arc<Order>,
        papers: Option<Arc<Papers>>,
        idempotency: Option<Idempotency>,
    ) -> Start {
        let company = &self.shared.company;
        let acceptors = acceptors_of(saga, &order, &company.companies);
        Start {
            me: company.me,
            node: company.node(),
            companies: company.companies.to_vec(),
            saga,
            hash: order_hash(&order, &acceptors),
            order,
            acceptors,
            idempotency,
            papers,
            origin: Origin::Client,
            seed: fastrand::u64(..),
        }
    }

    /// A saga that somebody has begun, taken up here.
    pub fn known_saga(&self, saga: Unfinished, origin: Origin) -> Start {
        let company = &self.shared.company;
        let Acceptors(acceptors) = &saga.acceptors;
        assert!(!acceptors.is_empty(), "a recorded saga names its acceptors");
        Start {
            me: company.me,
            node: saga.driver,
            companies: company.companies.to_vec(),
            saga: saga.saga,
            order: saga.order,
            hash: saga.hash,
            acceptors: saga.acceptors,
            idempotency: None,
            papers: None,
            origin,
            seed: fastrand::u64(..),
        }
    }

    /// Asks for a lease on these seats, ascending, before the saga is driven: what else has to be known by then is asked meanwhile.
    pub async fn lease(&self, saga: SagaId, seats: Vec<SeatRef>) -> Lease {
        let mut lease = Lease {
            shared: self.shared.clone(),
            saga,
            seats,
            answer: None,
        };
        lease.answer = Some(self.shared.leases.acquire(saga, &lease.seats).await);
        lease
    }

    /// Drives a saga to its end; its answer is what the client is told. None if it is driven here already. `lease`: what was answered
    /// of its seats, if that was asked. `place`: the client's among the bookings under way, kept as long as the driver lives.
    pub fn drive(
        &self,
        start: Start,
        lease: Option<Lease>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Option<oneshot::Receiver<ClientAnswer>> {
        let running = &self.shared.company.running;
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
            leased: lease.and_then(Lease::into_answer),
            place,
            trace: Traceparent::current(),
        };
        // an actor that does not start drops its sender, which is "not known in time"
        let supervisor = self.supervisor.clone();
        let _ = ActorRuntime::spawn_linked_instant(None, handler, arguments, supervisor);
        Some(waiting)
    }

    /// Brings somebody's unfinished saga to its end. None if it is driven here already.
    pub fn recover(&self, saga: Unfinished) -> Option<oneshot::Receiver<ClientAnswer>> {
        self.drive(self.known_saga(saga, Origin::Recovery), None, None)
    }

    /// The steps of a booking of this user after the first `seen`; none if it is not driven here, nor was a moment ago.
    pub fn follow(&self, user: UserId, saga: SagaId, seen: usize) -> Option<Follower> {
        self.progress.follow(user, saga, seen)
    }
}
