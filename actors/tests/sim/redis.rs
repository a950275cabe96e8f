//! Redis as the protocol distrusts it: away, slow, forgetful, or lying. One for all companies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::company::lease::{LEASE_TTL, LeaseTable};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;

use crate::hub::Inner;
use crate::life::Life;
use crate::trace::Short;

/// As the node's own client: slower than this is away.
const PATIENCE: u64 = 150;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Up,
    Away,
    /// Does what it is asked, too late for whoever asked.
    Slow,
    /// Grants everything, under tokens of any age.
    GrantsAll,
    GrantsNothing,
}

pub struct Redis {
    pub mode: Mode,
    held: BTreeMap<SeatRef, (SagaId, u64)>,
    last: FencingToken,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            mode: Mode::Up,
            held: BTreeMap::new(),
            last: FencingToken::new(1, 0),
        }
    }
}

impl Redis {
    /// Every key is gone; counting starts again.
    pub fn flush(&mut self) {
        self.held.clear();
        self.last = FencingToken::new(1, 0);
    }

    fn acquire(&mut self, saga: SagaId, seats: &[SeatRef], now: u64) -> LeaseAnswer {
        self.held.retain(|_, (_, until)| *until > now);
        let other = |seat: &&SeatRef| self.held.get(seat).is_some_and(|(by, _)| *by != saga);
        if let Some(seat) = seats.iter().find(other) {
            return LeaseAnswer::Busy(*seat);
        }
        let until = now + LEASE_TTL.as_millis() as u64;
        self.held
            .extend(seats.iter().map(|seat| (*seat, (saga, until))));
        self.last = FencingToken(self.last.0 + 1);
        LeaseAnswer::Granted(self.last)
    }
}

/// One node's client of it.
pub struct Leases {
    pub life: Arc<Life>,
}

impl Leases {
    async fn ask<T>(&self, answer: impl FnOnce(&mut Inner, u64) -> T) -> Option<T> {
        let life = &self.life;
        life.cross().await;
        let (mode, delay) = {
            let hub = &mut life.hub.lock();
            let delay = match hub.redis.mode {
                Mode::Slow => hub.random.u64(PATIENCE..4 * PATIENCE),
                _ => hub.random.u64(1..4),
            };
            (hub.redis.mode, delay)
        };
        if mode == Mode::Away {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            return None;
        }
        let answer = answer(&mut life.hub.lock(), life.now());
        tokio::time::sleep(Duration::from_millis(delay.min(PATIENCE))).await;
        life.cross().await;
        (delay < PATIENCE).then_some(answer)
    }
}

fn grant(hub: &mut Inner, saga: SagaId, seats: &[SeatRef], now: u64) -> LeaseAnswer {
    match hub.redis.mode {
        Mode::GrantsAll => {
            let token = hub.random.i64(1..hub.redis.last.0 + 1_000);
            LeaseAnswer::Granted(FencingToken(token))
        }
        Mode::GrantsNothing => LeaseAnswer::Busy(seats[0]),
        _ => hub.redis.acquire(saga, seats, now),
    }
}

impl LeaseTable for Leases {
    fn acquire<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer> {
        async move {
            let answer = self.ask(|hub, now| grant(hub, saga, seats, now)).await;
            let answer = answer.unwrap_or(LeaseAnswer::Away);
            let life = &self.life;
            let hub = &mut *life.hub.lock();
            hub.seen.on_lease(&answer);
            let who = life.hub.companies[life.index];
            let line = format_args!("lease of {}: {answer:?}", Short(saga));
            hub.trace.line(life.now(), &who, line);
            answer
        }
        .boxed()
    }

    fn release<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, ()> {
        let release = move |hub: &mut Inner, _| {
            let held = &mut hub.redis.held;
            held.retain(|seat, (by, _)| *by != saga || !seats.contains(seat));
        };
        async move { self.ask(release).await.unwrap_or_default() }.boxed()
    }

    fn raise<'a>(&'a self, fence: FencingToken) -> BoxFuture<'a, ()> {
        let raise = move |hub: &mut Inner, _| {
            hub.seen.count("fences raised");
            hub.redis.last = hub.redis.last.max(fence);
        };
        async move { self.ask(raise).await.unwrap_or_default() }.boxed()
    }
}
