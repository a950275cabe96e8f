//! A customer of the tester's own, who finds out whether the cluster works: with seats that nobody else wants, so that every refusal is a
//! fault's doing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use uuid::Uuid;

use crate::client::{Client, Session};
use crate::history::{Answer, Meaning, Seat};
use crate::stock::{Size, Stock};
use crate::workload::{Market, sign_up};

/// Kept back for it, of each company, behind those of the load.
const ROUTES: usize = 30;

pub struct Probe {
    pub market: Market,
    stock: Stock,
    /// Routes of the load.
    skipped: usize,
    session: Session,
    /// Its number in the history.
    customer: usize,
    asked: AtomicUsize,
    /// By node: what it was asked for and has not answered. It is asked for that again before anything new, so that an outage
    /// takes no more seats the longer it lasts.
    open: Mutex<HashMap<usize, Wish>>,
}

struct Wish {
    key: String,
    seats: Vec<Seat>,
}

impl Probe {
    /// `skipped` routes of each company are the load's; `customer` is a number that no other customer has.
    pub async fn new(market: &Market, skipped: usize, customer: usize) -> anyhow::Result<Self> {
        let mut sessions = sign_up(&market.client, 1).await?;
        let session = sessions.pop().context("one has signed up")?;
        let size = Size::spread(skipped + ROUTES);
        let stock = Stock::fetch(&market.client, &session, size)
            .await
            .context("keep some routes back for the tester")?;
        Ok(Self {
            market: market.clone(),
            stock,
            skipped,
            session,
            customer,
            asked: AtomicUsize::new(0),
            open: Mutex::default(),
        })
    }

    /// Its number in the history.
    pub fn customer(&self) -> usize {
        self.customer
    }

    pub fn login(&self) -> &str {
        self.session.login()
    }

    /// A seat of each of these companies that nobody else wants.
    pub fn take(&self, companies: &[usize]) -> anyhow::Result<Vec<Seat>> {
        self.seats(companies)
    }

    /// So many seats of one leg of the first company that nobody else wants, until they are given back.
    pub fn hoard(&self, count: usize) -> anyhow::Result<Vec<Seat>> {
        let last = self.skipped + ROUTES - 1;
        let taken = std::iter::from_fn(|| self.stock.take_of_route(last).into_iter().next());
        let mut seats: Vec<Seat> = taken.take(count).collect();
        let first = seats.first().context("the tester has a leg")?.route;
        seats.retain(|seat| seat.route == first);
        Ok(seats)
    }

    /// Nobody has these seats any more.
    pub fn give_back(&self, seats: &[Seat]) {
        self.stock.give_back(seats);
    }

    /// Asks a node once for seats of these companies that nobody has. Whether it sold them.
    pub async fn books(&self, node: usize, companies: &[usize]) -> anyhow::Result<bool> {
        if !self.has_answered(node).await? {
            return Ok(false);
        }
        let seats = self.seats(companies)?;
        Ok(self.book(node, &seats).await?.is_some())
    }

    /// Books and cancels again. Whether both were done.
    pub async fn books_and_cancels(
        &self,
        node: usize,
        companies: &[usize],
    ) -> anyhow::Result<bool> {
        if !self.has_answered(node).await? {
            return Ok(false);
        }
        let seats = self.seats(companies)?;
        let Some(ticket) = self.book(node, &seats).await? else {
            return Ok(false);
        };
        let answer = self
            .market
            .cancel(node, self.customer, &self.session, ticket)
            .await?;
        let cancelled = answer == Answer::Cancelled;
        if cancelled {
            self.stock.give_back(&seats);
        }
        Ok(cancelled)
    }

    /// Registers somebody new at a node, and logs in there. Whether both were done.
    pub async fn registers(&self, node: usize) -> bool {
        let client: &Client = &self.market.client;
        let login = format!("probe-{}", Uuid::new_v4().simple());
        let password = "battery staple";
        client.register(node, &login, password).await.is_ok()
            && client.login(node, &login, password).await.is_ok()
    }

    /// Whether the node has answered all that it was asked for: what is open is asked for once more.
    async fn has_answered(&self, node: usize) -> anyhow::Result<bool> {
        let open = self.open().remove(&node);
        let Some(wish) = open else {
            return Ok(true);
        };
        self.ask(node, wish).await?;
        Ok(!self.open().contains_key(&node))
    }

    async fn book(&self, node: usize, seats: &[Seat]) -> anyhow::Result<Option<Uuid>> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let wish = Wish {
            key: format!("probe-{number}"),
            seats: seats.to_vec(),
        };
        self.ask(node, wish).await
    }

    async fn ask(&self, node: usize, wish: Wish) -> anyhow::Result<Option<Uuid>> {
        let answer = self
            .market
            .book(node, self.customer, &self.session, &wish.key, &wish.seats)
            .await?;
        Ok(match answer.meaning() {
            Meaning::Booked(ticket) => Some(ticket),
            Meaning::Refused | Meaning::NothingBegun => {
                self.stock.give_back(&wish.seats);
                None
            }
            Meaning::Held(_) | Meaning::Ended => None,
            Meaning::Open => {
                self.open().insert(node, wish);
                None
            }
        })
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Wish>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of any of its routes that is not sold out.
    fn seats(&self, companies: &[usize]) -> anyhow::Result<Vec<Seat>> {
        let first = fastrand::usize(..ROUTES);
        for n in 0..ROUTES {
            let route = self.skipped + (first + n) % ROUTES;
            let (seats, spare): (Vec<_>, Vec<_>) = self
                .stock
                .take_of_route(route)
                .into_iter()
                .partition(|seat| self.is_of(seat, companies));
            self.stock.give_back(&spare);
            if seats.len() == companies.len() {
                return Ok(seats);
            }
            self.stock.give_back(&seats);
        }
        bail!("the tester's own seats are sold out: a shorter run is needed, or more days on sale")
    }

    fn is_of(&self, seat: &Seat, companies: &[usize]) -> bool {
        let mut codes = companies.iter().map(|n| self.market.client.company(*n));
        codes.any(|code| *code == seat.company)
    }
}
