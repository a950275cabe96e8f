//! The actor of one booking: shell of the [`Driver`]. Feeds it events, carries out its effects, decides nothing.
//!
//! No handler waits: a lease or a call runs as a task, a ledger entry is posted, and the answer comes back as a message.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use ractor_cluster::RactorMessage;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::AbortHandle;

use crate::booking::progress::{Happened, Narrator, Reporter};
use crate::company::Company;
use crate::company::lease::Leases;
use crate::company::owed::Debt;
use crate::company::running::RunningGuard;
use crate::domain::order::SeatRef;
use crate::domain::saga::{ClientAnswer, Driver, Effect, Event, LeaseAnswer, Start};
use crate::domain::time::Timestamp;
use crate::mesh::companies::Companies;
use crate::mesh::traceparent::Traceparent;

/// What every booking of a node shares.
pub struct Shared {
    pub company: Arc<Company>,
    pub companies: Companies,
    pub leases: Leases,
}

#[derive(RactorMessage)]
pub struct BookingMessage(Event);

pub struct BookingActor {
    pub shared: Arc<Shared>,
}

pub struct Arguments {
    pub start: Start,
    /// Who waits; dropped without a word if the actor ends without an answer.
    pub answer: oneshot::Sender<ClientAnswer>,
    pub reporter: Reporter,
    pub running: RunningGuard,
    /// What the lease table has answered already.
    pub leased: Option<LeaseAnswer>,
    /// The client's place among the bookings under way.
    pub place: Option<OwnedSemaphorePermit>,
    pub trace: Traceparent,
}

pub struct State {
    driver: Driver,
    narrator: Narrator,
    reporter: Reporter,
    answer: Option<oneshot::Sender<ClientAnswer>>,
    leased: Option<LeaseAnswer>,
    timer: Option<(Timestamp, AbortHandle)>,
    /// The ticket that the client was told of, until it is there.
    debt: Option<Debt>,
    /// Of the request that this booking began with, told to every node that it asks.
    trace: Traceparent,
    /// Says while it lives that this saga is driven here.
    _running: RunningGuard,
    _place: Option<OwnedSemaphorePermit>,
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some((_, timer)) = self.timer.take() {
            timer.abort();
        }
    }
}

impl Actor for BookingActor {
    type Msg = BookingMessage;
    type State = State;
    type Arguments = Arguments;

    async fn pre_start(
        &self,
        myself: ActorRef<BookingMessage>,
        arguments: Arguments,
    ) -> Result<State, ActorProcessingErr> {
        myself.cast(BookingMessage(Event::Started))?;
        let start = arguments.start;
        Ok(State {
            narrator: Narrator::new(start.me, start.order.companies()),
            reporter: arguments.reporter,
            driver: Driver::new(start),
            answer: Some(arguments.answer),
            leased: arguments.leased,
            timer: None,
            debt: None,
            trace: arguments.trace,
            _running: arguments.running,
            _place: arguments.place,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<BookingMessage>,
        BookingMessage(event): BookingMessage,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        if event == Event::Wake {
            state.timer = None; // it has gone off
            let now = self.shared.company.clock.now();
            if state.driver.next_wake().is_some_and(|at| at > now) {
                self.set_timer(&myself, state);
                return Ok(()); // the time to wake has been put off since
            }
        }
        let heard = state.narrator.hear(&event);
        self.report(state, heard);
        if Narrator::is_durable(&event) {
            state.reporter.is_durable();
        }
        let effects = state.driver.step(self.shared.company.clock.now(), event);
        self.owe(state);
        for effect in effects {
            let said = state.narrator.say(&effect);
            self.report(state, said);
            self.perform(&myself, state, effect);
        }
        self.set_timer(&myself, state);
        Ok(())
    }
}

impl BookingActor {
    /// Before the client is told of a ticket, readers are told to wait for it.
    fn owe(&self, state: &mut State) {
        if !state.driver.owes_ticket() {
            state.debt = None;
        } else if state.debt.is_none() {
            let owed = self.shared.company.archive.owed();
            state.debt = Some(owed.owe(state.driver.saga()));
        }
    }

    fn report(&self, state: &State, happened: impl IntoIterator<Item = Happened>) {
        for happened in happened {
            state
                .reporter
                .tell(self.shared.company.clock.wall_ms(), happened);
        }
    }

    fn perform(&self, myself: &ActorRef<BookingMessage>, state: &mut State, effect: Effect) {
        let saga = state.driver.saga();
        let shared = self.shared.clone();
        match effect {
            Effect::AcquireLease(seats) => match state.leased.take() {
                Some(answer) => {
                    let _ = myself.cast(BookingMessage(Event::Leased(answer))); // only to ourselves
                }
                None => tell(myself, async move {
                    Event::Leased(shared.leases.acquire(saga, &seats).await)
                }),
            },
            Effect::RaiseFence(fence) => {
                let seats: Vec<SeatRef> = state.driver.claims();
                tell(myself, async move {
                    shared.leases.raise(fence).await;
                    Event::Leased(shared.leases.acquire(saga, &seats).await)
                });
            }
            Effect::ReleaseLease(seats) => {
                tokio::spawn(async move { shared.leases.release(saga, &seats).await });
            }
            Effect::Send { to, tag, question } => {
                let key = state.driver.idempotency().cloned();
                let work = async move {
                    Event::Answered {
                        from: to,
                        tag,
                        answer: shared.companies.question(to, question, key).await,
                    }
                };
                tell(myself, state.trace.scope(work));
            }
            Effect::Post { tag, entry } => {
                let myself = myself.clone();
                shared.company.ledger.post_for(*entry, move |posted| {
                    let receipt = posted.ok();
                    let _ = myself.cast(BookingMessage(Event::Posted { tag, receipt })); // late
                });
            }
            Effect::Answer(answer) => {
                if let Some(waiting) = state.answer.take() {
                    let _ = waiting.send(answer); // the client may have gone; the answer is recorded
                }
            }
            Effect::Stop => myself.stop(None),
        }
    }

    fn set_timer(&self, myself: &ActorRef<BookingMessage>, state: &mut State) {
        let Some(at) = state.driver.next_wake() else {
            return; // the timer that may be set ends with the actor
        };
        // one that goes off too early is set anew then: most bookings are over before
        if state.timer.as_ref().is_some_and(|(set, _)| *set <= at) {
            return;
        }
        if let Some((_, timer)) = state.timer.take() {
            timer.abort();
        }
        let (clock, myself) = (self.shared.company.clock.clone(), myself.clone());
        let timer = tokio::spawn(async move {
            clock.sleep_until(at).await;
            let _ = myself.cast(BookingMessage(Event::Wake)); // it may have stopped meanwhile
        });
        state.timer = Some((at, timer.abort_handle()));
    }
}

/// Runs a task whose answer comes back as an event.
fn tell(myself: &ActorRef<BookingMessage>, task: impl Future<Output = Event> + Send + 'static) {
    let myself = myself.clone();
    tokio::spawn(async move {
        let event = task.await;
        let _ = myself.cast(BookingMessage(event)); // a late answer to a driver that is done
    });
}
