//! Customers in a closed loop: each sends its next request when the last one is answered, or when it has waited long enough.
//!
//! * [`customer`]: one of them: books, cancels, books again, looks; [`holds`]: what it does with a hold; [`changes`]: what about a flight that
//!   was changed under a ticket of its own;
//! * [`operator`]: who changes flights meanwhile;
//! * [`market`]: every request that there is, written down with its answer;
//! * [`storms`]: what several do at once: the same seats, the same key everywhere, the same login everywhere.
//!
//! What a customer does is drawn from the run's seed. An answer that does not say what became of a booking is followed by the same request
//! with the same key at another node, as the contract asks.

mod changes;
mod customer;
mod holds;
mod market;
mod operator;
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
use customer::Customer;
pub use market::Market;
pub use operator::Operator;

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
    /// Seats are held, and the hold is confirmed, extended, given up, or left to itself.
    pub holds: u8,
    /// Something is done about a ticket whose flight was changed, where the customer has one.
    pub changes: u8,
    /// Of bookings: those that want the seats everybody wants, where the stock has such, and always give them back.
    pub hot: u8,
    /// Of other booked tickets: those that are cancelled again.
    pub cancels: u8,
    /// Of cancelled tickets: those whose seats are wanted again at once.
    pub rebooks: u8,
    /// Of one booking.
    pub seats_max: usize,
    /// By index.
    pub companies: Vec<usize>,
    /// Nodes that are asked, by index.
    pub nodes: Vec<usize>,
}

impl Mix {
    /// What a day brings, among these companies and their nodes.
    pub fn assorted(companies: &[usize]) -> Self {
        Self {
            browses: 8,
            reads: 10,
            storms: 3,
            retry_storms: 4,
            login_storms: 1,
            holds: 10,
            changes: 10,
            hot: 25,
            cancels: 20,
            rebooks: 30,
            seats_max: 6,
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

    /// The same with mostly holds.
    pub fn hesitant(companies: &[usize]) -> Self {
        Self {
            holds: 60,
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
