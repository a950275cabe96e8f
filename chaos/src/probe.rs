//! A customer of the tester's own, who finds out whether the cluster works: with seats that nobody else wants, so that every refusal is a
//! fault's doing.

use std::sync::atomic::{AtomicUsize, Ordering};

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
        })
    }

    /// Asks a node once for seats of these companies that nobody has. Whether it sold them.
    pub async fn books(&self, node: usize, companies: &[usize]) -> anyhow::Result<bool> {
        let seats = self.seats(companies)?;
        Ok(self.book(node, &seats).await?.is_some())
    }

    /// Books and cancels again. Whether both were done.
    pub async fn books_and_cancels(
        &self,
        node: usize,
        companies: &[usize],
    ) -> anyhow::Result<bool> {
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

    async fn book(&self, node: usize, seats: &[Seat]) -> anyhow::Result<Option<Uuid>> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let key = format!("probe-{number}");
        let answer = self
            .market
            .book(node, self.customer, &self.session, &key, seats)
            .await?;
        Ok(match answer.meaning() {
            Meaning::Booked(ticket) => Some(ticket),
            Meaning::Refused | Meaning::NothingBegun => {
                self.stock.give_back(seats);
                None
            }
            Meaning::Held(_) | Meaning::Ended | Meaning::Open => None,
        })
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
