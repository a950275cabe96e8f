//! Customers in a closed loop: each sends its next request when the last one is answered.
//!
//! What a customer does is drawn from the run's seed. An answer that does not say what became of a booking is followed by the same request
//! with the same key at the next node, as the contract asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::client::{Client, Session};
use crate::history::{Answer, History, Meaning, Operation, Request, Seat};
use crate::stock::Stock;

/// Requests with one key before a customer gives up.
const ATTEMPTS_MAX: usize = 20;
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// A node that refuses connections answers at once: without a pause, its customers would only spin.
const PAUSE_AFTER_LOSS: Duration = Duration::from_millis(200);
/// Users are agreed upon by a majority, whose nodes may have met only just now.
const REGISTER_LIMIT: Duration = Duration::from_secs(30);

/// What customers want, in percent of their operations; the rest are bookings.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Booked seats that are cancelled again.
    pub cancels: u8,
    /// Looks at what is on sale.
    pub browses: u8,
    /// Whether a booking always needs every one of `companies`, or one to all of them.
    pub all_companies: bool,
    /// By index.
    pub companies: Vec<usize>,
    /// Nodes that are asked, by index.
    pub nodes: Vec<usize>,
}

impl Mix {
    /// Bookings of one seat at each company, and nothing else.
    pub fn every_company(count: usize) -> Self {
        Self {
            cancels: 0,
            browses: 0,
            all_companies: true,
            companies: (0..count).collect(),
            nodes: (0..count).collect(),
        }
    }

    /// What a day brings, among these companies and their nodes.
    pub fn assorted(companies: &[usize]) -> Self {
        Self {
            cancels: 20,
            browses: 10,
            all_companies: false,
            companies: companies.to_vec(),
            nodes: companies.to_vec(),
        }
    }

    /// The same on a hot stock: what is booked is given back, or there would soon be nothing left to fight for.
    pub fn contended(companies: &[usize]) -> Self {
        Self {
            cancels: 100,
            ..Self::assorted(companies)
        }
    }
}

/// What the customers of a run have in common.
#[derive(Clone)]
pub struct Market {
    pub client: Client,
    pub stock: Arc<Stock>,
    pub history: Arc<History>,
}

/// Customers who are at work.
pub struct Load {
    customers: JoinSet<anyhow::Result<()>>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// One customer per session. `seed` tells apart loads of one run: it begins their keys.
    pub fn start(market: &Market, mix: &Mix, sessions: &[Session], seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut customers = JoinSet::new();
        for (number, session) in sessions.iter().enumerate() {
            let customer = Customer {
                number,
                market: market.clone(),
                mix: mix.clone(),
                session: session.clone(),
                rng: Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number as u64)),
                seed,
                bookings: 0,
                stop: stop.clone(),
            };
            customers.spawn(customer.run());
        }
        Self { customers, stop }
    }

    /// Lets everybody finish the request under way. An error is a fault of the tester itself.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.customers.join_next().await {
            ended.context("a customer panicked")??;
        }
        Ok(())
    }
}

struct Customer {
    number: usize,
    market: Market,
    mix: Mix,
    session: Session,
    rng: Rng,
    seed: u64,
    bookings: u64,
    stop: Arc<AtomicBool>,
}

impl Customer {
    async fn run(mut self) -> anyhow::Result<()> {
        while !self.stopped() {
            let node = self.any_node();
            if self.rng.u8(..100) < self.mix.browses {
                let begin_us = self.market.history.now_us();
                let answer = self.market.client.browse(node, &self.session.token).await?;
                self.record(node, begin_us, Request::Browse, &answer)?;
                pause_if_lost(&answer).await;
                continue;
            }
            let seats = self.choose();
            if seats.is_empty() {
                bail!("the seats of this run are sold out: more routes are needed for it");
            }
            if let Some(ticket) = self.book(node, &seats).await?
                && self.rng.u8(..100) < self.mix.cancels
            {
                self.cancel(ticket, &seats).await?;
            }
        }
        Ok(())
    }

    fn choose(&mut self) -> Vec<Seat> {
        let mut companies = self.mix.companies.clone();
        if !self.mix.all_companies {
            self.rng.shuffle(&mut companies);
            companies.truncate(self.rng.usize(1..=companies.len()));
        }
        self.market.stock.take(&companies, &mut self.rng)
    }

    async fn book(&mut self, mut node: usize, seats: &[Seat]) -> anyhow::Result<Option<Uuid>> {
        self.bookings += 1;
        let key = format!("{}-{}-{}", self.seed, self.number, self.bookings);
        for _ in 0..ATTEMPTS_MAX {
            let answer = self
                .market
                .book(node, self.number, &self.session, &key, seats)
                .await?;
            match answer.meaning() {
                Meaning::Booked(ticket) => return Ok(Some(ticket)),
                Meaning::Refused => return Ok(None),
                Meaning::NothingBegun | Meaning::Open => {}
            }
            if self.stopped() {
                break;
            }
            sleep(RETRY_AFTER).await;
            node = self.any_node();
        }
        Ok(None)
    }

    async fn cancel(&mut self, ticket: Uuid, seats: &[Seat]) -> anyhow::Result<()> {
        let request = Request::Cancel {
            user: self.session.user,
            ticket,
        };
        for _ in 0..ATTEMPTS_MAX {
            let node = self.any_node();
            let begin_us = self.market.history.now_us();
            let answer = self
                .market
                .client
                .cancel(node, &self.session, ticket)
                .await?;
            self.record(node, begin_us, request.clone(), &answer)?;
            if answer == Answer::Cancelled {
                self.market.stock.give_back(seats);
                break;
            }
            if self.stopped() {
                break;
            }
            pause_if_lost(&answer).await;
        }
        Ok(())
    }

    fn any_node(&mut self) -> usize {
        self.mix.nodes[self.rng.usize(..self.mix.nodes.len())]
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn record(
        &self,
        node: usize,
        begin_us: u64,
        request: Request,
        answer: &Answer,
    ) -> anyhow::Result<()> {
        self.market
            .record(node, self.number, begin_us, request, answer)
    }
}

impl Market {
    /// Books once, at this node, and writes it down.
    pub async fn book(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        key: &str,
        seats: &[Seat],
    ) -> anyhow::Result<Answer> {
        let begin_us = self.history.now_us();
        let answer = self.client.book(node, &session.token, key, seats).await?;
        let request = Request::Book {
            user: session.user,
            key: key.to_owned(),
            seats: seats.to_vec(),
        };
        self.record(node, customer, begin_us, request, &answer)?;
        Ok(answer)
    }

    /// Cancels once, at this node, and writes it down.
    pub async fn cancel(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let begin_us = self.history.now_us();
        let answer = self.client.cancel(node, session, ticket).await?;
        let user = session.user;
        let request = Request::Cancel { user, ticket };
        self.record(node, customer, begin_us, request, &answer)?;
        Ok(answer)
    }

    fn record(
        &self,
        node: usize,
        client: usize,
        begin_us: u64,
        request: Request,
        answer: &Answer,
    ) -> anyhow::Result<()> {
        self.history.record(Operation {
            client,
            node: self.client.company(node).clone(),
            begin_us,
            end_us: self.history.now_us(),
            request,
            answer: answer.clone(),
        })
    }
}

async fn pause_if_lost(answer: &Answer) {
    if matches!(answer, Answer::Lost { .. }) {
        sleep(PAUSE_AFTER_LOSS).await;
    }
}

/// Users with names of their own, registered at one node after the other.
pub async fn sign_up(client: &Client, count: usize) -> anyhow::Result<Vec<Session>> {
    let run = Uuid::new_v4().simple();
    let mut sessions = Vec::with_capacity(count);
    for number in 0..count {
        let (node, login) = (number % client.nodes(), format!("chaos-{run}-{number}"));
        register(client, node, &login).await?;
        sessions.push(client.login(node, &login, PASSWORD).await?);
    }
    Ok(sessions)
}

/// Of users who exist as long as a run.
const PASSWORD: &str = "correct horse";

async fn register(client: &Client, node: usize, login: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + REGISTER_LIMIT;
    loop {
        match client.register(node, login, PASSWORD).await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => sleep(RETRY_AFTER).await,
        }
    }
}
