//! The route actors that are alive, by route: started on use, stopped when idle, a bounded number of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use metrics::gauge;
use ractor::{ActorCell, ActorRef, ActorRuntime, ActorStatus};
use tokio::time::Instant;

use crate::company::ledger::Ledger;
use crate::company::news::News;
use crate::company::route::{RouteActor, RouteMessage, RouteSeats};
use crate::domain::entry::Entry;
use crate::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber};
use crate::domain::rows::{SeatKey, SeatUse};
use crate::domain::vote::Refusal;

/// An actor that nobody used for this long is stopped.
const IDLE_AFTER: Duration = Duration::from_secs(120);
/// How often the idle ones are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How often a survey is tried while the database is away, and the pause between two tries.
const SURVEYS_MAX: u32 = 30;
const SURVEY_RETRY: Duration = Duration::from_secs(1);
/// A route actor answers from memory; longer means that it is gone.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(1);

struct Slot {
    actor: ActorRef<RouteMessage>,
    used: Instant,
}

#[derive(Clone)]
pub struct Directory {
    inner: Arc<Inner>,
}

struct Inner {
    me: CompanyId,
    ledger: Ledger,
    supervisor: ActorCell,
    /// Most actors alive for long; beyond, the one unused for longest is stopped first.
    routes_max: usize,
    slots: Mutex<HashMap<RouteId, Slot>>,
}

/// A route whose actor is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    pub id: RouteId,
    /// Since it was last used.
    pub idle: Duration,
    /// None if its actor did not answer.
    pub seats: Option<RouteSeats>,
}

/// Seats claimed for a saga; given back when this is dropped.
pub struct Claims {
    saga: SagaId,
    routes: Vec<ActorRef<RouteMessage>>,
}

impl Drop for Claims {
    fn drop(&mut self) {
        for route in &self.routes {
            // an actor that is gone has no claims
            let _ = route.cast(RouteMessage::Unclaim(self.saga));
        }
    }
}

impl Directory {
    pub fn new(me: CompanyId, ledger: Ledger, supervisor: ActorCell, routes_max: usize) -> Self {
        let inner = Inner {
            me,
            ledger,
            supervisor,
            routes_max,
            slots: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Claims the seats of a saga route by route, ascending, so that of two overlapping sagas one gets through.
    /// Stops at the first refusal. A route that cannot be asked is left to the ledger.
    pub async fn claim(&self, saga: SagaId, seats: &[SeatKey]) -> (Claims, Option<Refusal>) {
        let mut by_route: BTreeMap<RouteId, Vec<SeatNumber>> = BTreeMap::new();
        for (route, number) in seats {
            by_route.entry(*route).or_default().push(*number);
        }
        let mut claims = Claims {
            saga,
            routes: Vec::with_capacity(by_route.len()),
        };
        for (route, numbers) in by_route {
            let Some(actor) = self.route(route) else {
                continue;
            };
            claims.routes.push(actor.clone());
            let answer = actor
                .call(
                    |reply| RouteMessage::Claim {
                        saga,
                        seats: numbers,
                        reply,
                    },
                    Some(CLAIM_TIMEOUT),
                )
                .await;
            if let Ok(ractor::rpc::CallResult::Success(Err(refusal))) = answer {
                return (claims, Some(refusal));
            }
        }
        (claims, None)
    }

    /// Tells the route actors what the ledger committed. Called in the order of the commits.
    pub fn on_news(&self, news: &News) {
        let mut by_route: BTreeMap<RouteId, Vec<(SeatNumber, SeatUse)>> = BTreeMap::new();
        for ((route, number), now) in &news.seats {
            by_route.entry(*route).or_default().push((*number, *now));
        }
        let slots = self.lock();
        let tell = |route: &RouteId, message| {
            if let Some(slot) = slots.get(route) {
                let _ = slot.actor.cast(message); // one that is gone reads anew when it starts again
            }
        };
        // a survey reads what was before its batch, the changes are what is after it
        for (route, seats) in &news.surveyed {
            let seats = seats.iter().map(|((_, number), now)| (*number, *now));
            tell(route, RouteMessage::Surveyed(seats.collect()));
        }
        for (route, changes) in by_route {
            tell(&route, RouteMessage::Committed(changes));
        }
    }

    /// The routes whose actor is alive, those used last first, at most `limit`, with what each knows.
    pub async fn in_use(&self, limit: usize) -> Vec<InUse> {
        let now = Instant::now();
        let mut alive: Vec<(Instant, RouteId, ActorRef<RouteMessage>)> = self
            .lock()
            .iter()
            .map(|(id, slot)| (slot.used, *id, slot.actor.clone()))
            .collect();
        alive.sort_unstable_by_key(|(used, id, _)| (std::cmp::Reverse(*used), *id));
        alive.truncate(limit);
        let asked = alive.into_iter().map(|(used, id, actor)| async move {
            let count = actor.call(RouteMessage::Count, Some(CLAIM_TIMEOUT)).await;
            InUse {
                id,
                idle: now.saturating_duration_since(used),
                seats: match count {
                    Ok(ractor::rpc::CallResult::Success(seats)) => Some(seats),
                    _ => None, // it has just stopped
                },
            }
        });
        join_all(asked).await
    }

    /// How many route actors are alive.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Stops idle actors, for ever.
    pub async fn sweep(self) {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            self.stop_idle(Instant::now());
            gauge!("passcom_route_actors").set(self.len() as f64);
        }
    }

    fn stop_idle(&self, now: Instant) {
        let mut slots = self.lock();
        slots.retain(|_, slot| slot.actor.get_status() < ActorStatus::Stopping);
        let mut by_age: Vec<(Instant, RouteId)> =
            slots.iter().map(|(id, slot)| (slot.used, *id)).collect();
        by_age.sort_unstable();
        let too_many = by_age.len().saturating_sub(self.inner.routes_max);
        for (index, (used, id)) in by_age.into_iter().enumerate() {
            let idle = now.saturating_duration_since(used) > IDLE_AFTER;
            if !idle && index >= too_many {
                break;
            }
            // it stays in the map until it has stopped: a claim keeps it alive
            let _ = slots[&id].actor.cast(RouteMessage::StopIfIdle);
        }
    }

    /// The actor of a route, started if need be. None when there are too many.
    fn route(&self, route: RouteId) -> Option<ActorRef<RouteMessage>> {
        let mut slots = self.lock();
        if let Some(slot) = slots.get_mut(&route)
            && slot.actor.get_status() < ActorStatus::Stopping
        {
            slot.used = Instant::now();
            return Some(slot.actor.clone());
        }
        // between two sweeps there may be more, but not without end: the ledger decides without them, too
        if slots.len() >= 2 * self.inner.routes_max {
            return None;
        }
        let handler = RouteActor {
            company: self.inner.me,
            route,
        };
        let supervisor = self.inner.supervisor.clone();
        let (actor, _start) =
            ActorRuntime::spawn_linked_instant(None, handler, (), supervisor).ok()?;
        slots.insert(
            route,
            Slot {
                actor: actor.clone(),
                used: Instant::now(),
            },
        );
        drop(slots);
        self.survey(route);
        Some(actor)
    }

    /// The ledger refused what memory would have granted: memory is wrong.
    pub fn on_surprise(&self, seats: &[SeatKey]) {
        let routes: BTreeSet<RouteId> = seats.iter().map(|(route, _)| *route).collect();
        for route in routes {
            self.survey(route);
        }
    }

    /// Has the ledger read the route's seats; they arrive through [`Directory::on_news`], in the order of the commits.
    fn survey(&self, route: RouteId) {
        let ledger = self.inner.ledger.clone();
        tokio::spawn(async move {
            for _ in 0..SURVEYS_MAX {
                if ledger.post(Entry::Survey { route }).await.is_ok() {
                    return;
                }
                tokio::time::sleep(SURVEY_RETRY).await;
            }
            // without a survey the route knows of claims only, which is safe
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RouteId, Slot>> {
        self.inner
            .slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
