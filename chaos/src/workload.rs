//! Customers in a closed loop: each sends its next request when the last one is answered, or when it has waited long enough.
//!
//! * [`customer`]: one of them: books, cancels, books again, looks;
//! * [`storms`]: what several do at once: the same seats, the same key everywhere, the same login everywhere.
//!
//! What a customer does is drawn from the run's seed. An answer that does not say what became of a booking is followed by the same request
//! with the same key at another node, as the contract asks.

mod customer;
mod storms;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::client::{Client, Session};
use crate::history::{Answer, History, Operation, Request, Seat};
use crate::stock::Stock;
use customer::Customer;

const RETRY_AFTER: Duration = Duration::from_millis(100);
/// Users are agreed upon by a majority, whose nodes may have met only just now.
const REGISTER_LIMIT: Duration = Duration::from_secs(30);
/// Of users who exist as long as a run.
const PASSWORD: &str = "correct horse";

/// What customers want. Numbers are percent.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Of what customers do; the rest are bookings.
    pub browses: u8,
    /// Looks at a booking of one's own, or at the seats of the hot routes.
    pub reads: u8,
    /// Several customers want the same fresh seats at the same moment.
    pub storms: u8,
    /// One booking is sent to every node at once, and again when it is over.
    pub retry_storms: u8,
    /// One login is registered at every node at once.
    pub login_storms: u8,
    /// Of bookings: those that want the seats everybody wants, where the stock has such, and always give them back.
    pub hot: u8,
    /// Of other booked tickets: those that are cancelled again.
    pub cancels: u8,
    /// Of cancelled tickets: those whose seats are wanted again at once.
    pub rebooks: u8,
    /// Of one booking; one for each of `companies` if `all_companies`.
    pub seats_max: usize,
    /// Whether a booking always needs every one of `companies`.
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
            browses: 0,
            reads: 0,
            storms: 0,
            retry_storms: 0,
            login_storms: 0,
            hot: 0,
            cancels: 0,
            rebooks: 0,
            seats_max: count,
            all_companies: true,
            companies: (0..count).collect(),
            nodes: (0..count).collect(),
        }
    }

    /// What a day brings, among these companies and their nodes.
    pub fn assorted(companies: &[usize]) -> Self {
        Self {
            browses: 8,
            reads: 10,
            storms: 3,
            retry_storms: 4,
            login_storms: 1,
            hot: 25,
            cancels: 20,
            rebooks: 30,
            seats_max: 6,
            all_companies: false,
            companies: companies.to_vec(),
            nodes: companies.to_vec(),
        }
    }

    /// The same with most bookings on the hot stock.
    pub fn contended(companies: &[usize]) -> Self {
        Self {
            hot: 75,
            reads: 20,
            ..Self::assorted(companies)
        }
    }

    /// The same with most requests at one moment with others.
    pub fn stormy(companies: &[usize]) -> Self {
        Self {
            storms: 30,
            retry_storms: 30,
            login_storms: 5,
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
        let sessions: Arc<[Session]> = sessions.into();
        let mut customers = JoinSet::new();
        for number in 0..sessions.len() {
            let rng = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
            let customer = Customer::new(
                number,
                market.clone(),
                mix.clone(),
                sessions.clone(),
                (seed, rng),
                stop.clone(),
            );
            customers.spawn(customer.run());
        }
        Self { customers, stop }
    }

    /// Lets everybody finish the requests under way. An error is a fault of the tester itself.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.customers.join_next().await {
            ended.context("a customer panicked")??;
        }
        Ok(())
    }
}

/// Who asks which node: of every request.
#[derive(Debug, Clone, Copy)]
struct Caller {
    customer: usize,
    node: usize,
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
        let request = Request::Book {
            user: session.user,
            key: key.to_owned(),
            seats: seats.to_vec(),
        };
        let caller = Caller { customer, node };
        let asked = self.client.book(node, session, key, seats);
        self.recorded(caller, request, asked).await
    }

    /// Cancels once, at this node, and writes it down.
    pub async fn cancel(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let request = Request::Cancel { user, ticket };
        let asked = self.client.cancel(node, session, ticket);
        self.recorded(Caller { customer, node }, request, asked)
            .await
    }

    async fn status(
        &self,
        caller: Caller,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let request = Request::Status { user, ticket };
        let asked = self.client.status(caller.node, session, ticket);
        self.recorded(caller, request, asked).await
    }

    async fn browse(&self, caller: Caller, session: &Session) -> anyhow::Result<Answer> {
        let asked = self.client.browse(caller.node, session);
        self.recorded(caller, Request::Browse, asked).await
    }

    /// Of the company of the node that is asked.
    async fn seat_map(&self, caller: Caller, session: &Session) -> anyhow::Result<Answer> {
        let company = self.client.company(caller.node).clone();
        let window = self.stock.window(caller.node);
        let asked = self.client.seat_map(caller.node, session, window);
        self.recorded(caller, Request::SeatMap { company }, asked)
            .await
    }

    async fn register(&self, caller: Caller, login: &str) -> anyhow::Result<Answer> {
        let login = login.to_owned();
        let asked = self.client.try_register(caller.node, &login, PASSWORD);
        let request = Request::Register {
            login: login.clone(),
        };
        self.recorded(caller, request, asked).await
    }

    async fn login(&self, caller: Caller, login: &str) -> anyhow::Result<Answer> {
        let login = login.to_owned();
        let asked = self.client.try_login(caller.node, &login, PASSWORD);
        let request = Request::Login {
            login: login.clone(),
        };
        self.recorded(caller, request, asked).await
    }

    async fn recorded(
        &self,
        caller: Caller,
        request: Request,
        asked: impl Future<Output = anyhow::Result<Answer>>,
    ) -> anyhow::Result<Answer> {
        let begin_us = self.history.now_us();
        let answer = asked.await?;
        self.history.record(Operation {
            client: caller.customer,
            node: self.client.company(caller.node).clone(),
            begin_us,
            end_us: self.history.now_us(),
            request,
            answer: answer.clone(),
        })?;
        Ok(answer)
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
