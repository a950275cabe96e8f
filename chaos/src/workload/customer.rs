//! One customer. It knows its own tickets and nothing else.
//!
//! Whoever waits longer than [`PATIENCE`] turns to another node and leaves the request to itself: its answer is written down when it comes.
//! So a frozen node has a few customers' requests, and not all of their time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use fastrand::Rng;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::market::{Caller, Market, Order};
use super::{Mix, RETRY_AFTER};
use crate::client::Session;
use crate::history::{Answer, Meaning, Seat};

/// Requests with one key before a customer gives up.
const ATTEMPTS_MAX: usize = 20;
/// Answers that nothing was begun, after which a customer wants something else.
const IN_VAIN_MAX: usize = 4;
const PATIENCE: Duration = Duration::from_millis(1500);
/// Requests of one customer that it has turned away from; with more it waits.
const LEFT_BEHIND_MAX: usize = 4;
/// A node that refuses connections answers at once: without a pause, its customers would only spin.
const PAUSE_AFTER_LOSS: Duration = Duration::from_millis(200);
/// Tickets that a customer looks at again now and then.
const REMEMBERED_MAX: usize = 32;
/// Random nodes that are tried before one is asked that is known to be silent.
const NODE_ATTEMPTS: usize = 4;

pub(super) struct Customer {
    pub number: usize,
    pub market: Market,
    pub mix: Mix,
    /// Of all customers of this load; a storm is sent by several.
    pub sessions: Arc<[Session]>,
    pub rng: Rng,
    seed: u64,
    bookings: u64,
    remembered: VecDeque<Kept>,
    left_behind: JoinSet<anyhow::Result<()>>,
    stop: Arc<AtomicBool>,
}

/// A ticket as its customer remembers it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub ticket: Uuid,
    pub seats: Arc<[Seat]>,
}

/// What a customer does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Browse,
    Read,
    Storm,
    RetryStorm,
    LoginStorm,
    Hold,
    Change,
    Book,
}

impl Customer {
    pub fn new(
        number: usize,
        market: Market,
        mix: Mix,
        sessions: Arc<[Session]>,
        (seed, rng): (u64, Rng),
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self {
            number,
            market,
            mix,
            sessions,
            rng,
            seed,
            bookings: 0,
            remembered: VecDeque::new(),
            left_behind: JoinSet::new(),
            stop,
        }
    }

    pub async fn run(mut self) -> anyhow::Result<()> {
        while !self.stopped() {
            match self.next_step() {
                Step::Browse => self.browse().await?,
                Step::Read => self.read().await?,
                Step::Storm => self.storm().await?,
                Step::RetryStorm => self.retry_storm().await?,
                Step::LoginStorm => self.login_storm().await?,
                Step::Hold => self.hold_trip().await?,
                Step::Change => self.change_trip().await?,
                Step::Book => self.trip().await?,
            }
        }
        while let Some(ended) = self.left_behind.join_next().await {
            ended.context("a request panicked")??;
        }
        Ok(())
    }

    fn next_step(&mut self) -> Step {
        let mix = &self.mix;
        let shares = [
            (mix.browses, Step::Browse),
            (mix.reads, Step::Read),
            (mix.storms, Step::Storm),
            (mix.retry_storms, Step::RetryStorm),
            (mix.login_storms, Step::LoginStorm),
            (mix.holds, Step::Hold),
            (mix.changes, Step::Change),
        ];
        let mut drawn = self.rng.u8(..100);
        for (share, step) in shares {
            if drawn < share {
                return step;
            }
            drawn -= share;
        }
        Step::Book
    }

    async fn browse(&mut self) -> anyhow::Result<()> {
        let (caller, market, session) = (self.caller(), self.market.clone(), self.session());
        self.ask(async move { market.browse(caller, &session).await })
            .await
            .map(drop)
    }

    pub async fn read(&mut self) -> anyhow::Result<()> {
        let (caller, market, session) = (self.caller(), self.market.clone(), self.session());
        let ticket = self.rng.choice(&self.remembered).map(|kept| kept.ticket);
        match ticket.filter(|_| self.rng.bool()) {
            Some(ticket) if self.rng.bool() => {
                let asked = async move { market.ticket(caller, &session, ticket).await };
                self.ask(asked).await.map(drop)
            }
            Some(ticket) => {
                let asked = async move { market.status(caller, &session, ticket).await };
                self.ask(asked).await.map(drop)
            }
            None => {
                let asked = async move { market.seat_map(caller, &session).await };
                self.ask(asked).await.map(drop)
            }
        }
    }

    /// Books, and perhaps cancels, and perhaps books the same again.
    async fn trip(&mut self) -> anyhow::Result<()> {
        let hot = self.wants_hot();
        let seats = self.choose(hot)?;
        let cancels = if hot { 100 } else { self.mix.cancels };
        let mut ticket = self.book(&seats).await?;
        while let Some(booked) = ticket
            && self.rng.u8(..100) < cancels
            && self.cancel(booked).await?
        {
            if self.rng.u8(..100) >= self.mix.rebooks {
                if !hot {
                    self.market.stock.give_back(&seats);
                }
                break;
            }
            ticket = self.book(&seats).await?;
        }
        Ok(())
    }

    pub fn wants_hot(&mut self) -> bool {
        self.market.stock.has_hot() && self.rng.u8(..100) < self.mix.hot
    }

    /// Seats of a trip; those that are not hot were never handed out before, or given back.
    pub fn choose(&mut self, hot: bool) -> anyhow::Result<Vec<Seat>> {
        let companies = self.itinerary();
        let stock = &self.market.stock;
        let seats = match hot {
            true => stock.hot(&companies, &mut self.rng),
            false => stock.take(&companies, &mut self.rng),
        };
        if seats.is_empty() {
            bail!("the seats of this run are sold out: more routes are needed for it");
        }
        Ok(seats)
    }

    /// The company of each leg: as often of one company as of all.
    fn itinerary(&mut self) -> Vec<usize> {
        let mut companies = self.mix.companies.clone();
        self.rng.shuffle(&mut companies);
        companies.truncate(self.rng.usize(1..=companies.len()));
        let most = self.mix.seats_max.max(companies.len());
        let legs = self.rng.usize(companies.len()..=most);
        companies.into_iter().cycle().take(legs).collect()
    }

    async fn book(&mut self, seats: &[Seat]) -> anyhow::Result<Option<Uuid>> {
        let answer = self.order(seats, Order::Booking).await?;
        Ok(match answer.map(|answer| answer.meaning()) {
            Some(Meaning::Booked(ticket)) => {
                self.remember(ticket, seats);
                Some(ticket)
            }
            _ => None,
        })
    }

    pub async fn order(&mut self, seats: &[Seat], order: Order) -> anyhow::Result<Option<Answer>> {
        let key: Arc<str> = self.new_key().into();
        let seats: Arc<[Seat]> = seats.into();
        self.insist(|caller, market, session| {
            let (key, seats) = (key.clone(), seats.clone());
            async move { market.order(caller, &session, &key, &seats, order).await }
        })
        .await
    }

    /// Asks until there is an answer that says what became of it, or it has not even begun for too often.
    pub async fn insist<R>(
        &mut self,
        request: impl Fn(Caller, Market, Session) -> R,
    ) -> anyhow::Result<Option<Answer>>
    where
        R: Future<Output = anyhow::Result<Answer>> + Send + 'static,
    {
        let mut in_vain = 0;
        for _ in 0..ATTEMPTS_MAX {
            let asked = request(self.caller(), self.market.clone(), self.session());
            let answer = self.ask(asked).await?;
            match answer.as_ref().map(Answer::meaning) {
                Some(Meaning::NothingBegun) => in_vain += 1,
                Some(Meaning::Open) | None => {}
                Some(_) => return Ok(answer),
            }
            if in_vain == IN_VAIN_MAX || self.stopped() {
                break;
            }
            sleep(RETRY_AFTER).await;
        }
        Ok(None)
    }

    /// True if it was answered that it is done.
    pub async fn cancel(&mut self, ticket: Uuid) -> anyhow::Result<bool> {
        for _ in 0..ATTEMPTS_MAX {
            let (caller, market, session) = (self.caller(), self.market.clone(), self.session());
            let agrees = self.rng.bool();
            let asked = async move {
                let Caller { customer, node } = caller;
                match agrees {
                    true => market.cancel_agreed(node, customer, &session, ticket).await,
                    false => market.cancel(node, customer, &session, ticket).await,
                }
            };
            if self.ask(asked).await? == Some(Answer::Cancelled) {
                return Ok(true);
            }
            if self.stopped() {
                break;
            }
        }
        Ok(false)
    }

    /// The answer, unless it takes too long.
    pub async fn ask(
        &mut self,
        request: impl Future<Output = anyhow::Result<Answer>> + Send + 'static,
    ) -> anyhow::Result<Option<Answer>> {
        let answer = self.wait_for(request).await?;
        if matches!(answer, Some(Answer::Lost { .. })) {
            sleep(PAUSE_AFTER_LOSS).await;
        }
        Ok(answer)
    }

    /// What comes of it, unless it takes too long: then it goes on by itself, and so does this customer.
    pub async fn wait_for<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<Option<T>> {
        self.look_back().await?;
        let (done, result) = oneshot::channel();
        self.left_behind.spawn(async move {
            let _ = done.send(work.await?); // nobody waits for it any more
            Ok(())
        });
        match timeout(PATIENCE, result).await {
            Ok(Ok(result)) => Ok(Some(result)),
            // it has failed, which `look_back` finds out
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// Ends what has ended, and waits while too much has not.
    async fn look_back(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.left_behind.try_join_next() {
            ended.context("a request panicked")??;
        }
        while self.left_behind.len() >= LEFT_BEHIND_MAX {
            if let Some(ended) = self.left_behind.join_next().await {
                ended.context("a request panicked")??;
            }
        }
        Ok(())
    }

    pub fn new_key(&mut self) -> String {
        self.bookings += 1;
        format!("{}-{}-{}", self.seed, self.number, self.bookings)
    }

    pub fn session(&self) -> Session {
        self.sessions[self.number].clone()
    }

    pub fn remember(&mut self, ticket: Uuid, seats: &[Seat]) {
        let seats = seats.into();
        self.remembered.push_back(Kept { ticket, seats });
        if self.remembered.len() > REMEMBERED_MAX {
            self.remembered.pop_front();
        }
    }

    /// A ticket with a flight that was changed.
    pub fn any_changed(&mut self) -> Option<Kept> {
        let stock = &self.market.stock;
        let is_changed = |kept: &&Kept| kept.seats.iter().any(|seat| stock.is_changed(seat));
        let changed: Vec<&Kept> = self.remembered.iter().filter(is_changed).collect();
        self.rng.choice(&changed).map(|kept| (*kept).clone())
    }

    /// Any node, rather one that answers.
    pub fn caller(&mut self) -> Caller {
        let mut node = self.any_node();
        for _ in 0..NODE_ATTEMPTS {
            if self.market.client.takes_more(node) {
                break;
            }
            node = self.any_node();
        }
        Caller {
            customer: self.number,
            node,
        }
    }

    fn any_node(&mut self) -> usize {
        self.mix.nodes[self.rng.usize(..self.mix.nodes.len())]
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
