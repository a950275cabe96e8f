//! Free seats to book, as the catalogues told them at the start.
//!
//! A spread stock hands out each seat once, so that a refusal is the product's doing; a hot one hands out the same few seats to everybody.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use fastrand::Rng;

use crate::client::{Client, Leg, Session};
use crate::history::Seat;

const PAGE: usize = 100;
/// Seats kept of a route: more than a run sells of it.
const SEATS_KEPT: usize = 64;
/// Random routes that are tried before a shelf counts as sold out.
const ATTEMPTS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Of each company.
    pub routes: usize,
    /// Of each route.
    pub seats: usize,
    /// Whether a seat may be handed out again and again.
    pub hot: bool,
}

impl Size {
    pub fn spread(routes: usize) -> Self {
        Self {
            routes,
            seats: SEATS_KEPT,
            hot: false,
        }
    }

    /// So few that customers meet all the time.
    pub fn hot() -> Self {
        Self {
            routes: 2,
            seats: 10,
            hot: true,
        }
    }
}

/// Shared by all clients of a run.
pub struct Stock {
    hot: bool,
    /// In the order of the companies.
    shelves: Mutex<Vec<Shelf>>,
}

struct Shelf {
    company: Arc<str>,
    routes: Vec<Route>,
}

struct Route {
    id: u64,
    /// Numbers with their ids on the wire.
    seats: Vec<(u16, u64)>,
}

impl Stock {
    /// Asks each company's own node, which knows its legs first.
    pub async fn fetch(client: &Client, session: &Session, size: Size) -> anyhow::Result<Self> {
        let mut shelves = Vec::with_capacity(client.nodes());
        for node in 0..client.nodes() {
            shelves.push(Shelf::fetch(client, session, node, size).await?);
        }
        Ok(Self {
            hot: size.hot,
            shelves: Mutex::new(shelves),
        })
    }

    /// A seat of a random route of each of these companies; fewer where one is sold out.
    pub fn take(&self, companies: &[usize], rng: &mut Rng) -> Vec<Seat> {
        let mut shelves = self.lock();
        let seat = |company: &usize| shelves[*company].take(self.hot, rng);
        companies.iter().filter_map(seat).collect()
    }

    /// A seat of the n-th route of every company.
    pub fn take_of_route(&self, n: usize) -> Vec<Seat> {
        let mut shelves = self.lock();
        let seat = |shelf: &mut Shelf| {
            let Shelf { company, routes } = shelf;
            let route = routes.get_mut(n)?;
            let seat = route.seats.pop()?;
            Some(route.seat(company, seat))
        };
        shelves.iter_mut().filter_map(seat).collect()
    }

    /// Seats of a cancelled ticket.
    pub fn give_back(&self, seats: &[Seat]) {
        if self.hot {
            return; // they never left
        }
        let mut shelves = self.lock();
        for seat in seats {
            let shelf = shelves
                .iter_mut()
                .find(|shelf| shelf.company == seat.company);
            let route = shelf
                .and_then(|shelf| shelf.routes.iter_mut().find(|route| route.id == seat.route));
            if let Some(route) = route {
                route.seats.push((seat.number, seat.id));
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Shelf>> {
        // a client that panicked has ended its run; what is on the shelves is whole
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    async fn fetch(
        client: &Client,
        session: &Session,
        node: usize,
        size: Size,
    ) -> anyhow::Result<Self> {
        let company = client.company(node).clone();
        let page_size = PAGE.min(size.routes);
        let mut next = Some(client.catalogue(node, &company, page_size)?);
        let mut routes: Vec<Route> = Vec::new();
        while let Some(url) = next
            && routes.len() < size.routes
        {
            let page = client.page(&session.token, url).await?;
            routes.extend(page.legs.into_iter().map(|leg| Route::new(leg, size.seats)));
            next = page.next;
        }
        routes.truncate(size.routes);
        ensure!(
            routes.len() == size.routes,
            "company {company} has {} routes on sale, this run needs {}: raise --days or lower --routes",
            routes.len(),
            size.routes
        );
        Ok(Self { company, routes })
    }

    fn take(&mut self, hot: bool, rng: &mut Rng) -> Option<Seat> {
        for _ in 0..ATTEMPTS {
            let index = rng.usize(..self.routes.len());
            let route = &mut self.routes[index];
            if route.seats.is_empty() {
                continue;
            }
            let place = rng.usize(..route.seats.len());
            let seat = match hot {
                true => route.seats[place],
                false => route.seats.swap_remove(place),
            };
            return Some(route.seat(&self.company, seat));
        }
        None
    }
}

impl Route {
    fn new(leg: Leg, seats_max: usize) -> Self {
        let seats = leg.seats.iter().map(|seat| (seat.number, seat.id));
        Self {
            id: leg.id,
            seats: seats.take(seats_max).collect(),
        }
    }

    fn seat(&self, company: &Arc<str>, (number, id): (u16, u64)) -> Seat {
        Seat {
            company: company.clone(),
            route: self.id,
            number,
            id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock(hot: bool) -> Stock {
        let route = |id| Route {
            id,
            seats: vec![(1, id * 1024 + 1), (2, id * 1024 + 2)],
        };
        let shelf = |company: &str| Shelf {
            company: company.into(),
            routes: vec![route(7), route(8)],
        };
        Stock {
            hot,
            shelves: Mutex::new(vec![shelf("a"), shelf("b")]),
        }
    }

    #[test]
    fn a_spread_stock_hands_out_each_seat_once_and_takes_it_back() {
        let (stock, mut rng) = (stock(false), Rng::with_seed(1));
        let mut taken: Vec<_> = (0..4).flat_map(|_| stock.take(&[0, 1], &mut rng)).collect();
        taken.sort();
        taken.dedup();
        assert_eq!(taken.len(), 8);
        assert_eq!(stock.take(&[0, 1], &mut rng), []);
        stock.give_back(&taken[..1]);
        assert_eq!(stock.take(&[0, 1], &mut rng), taken[..1]);
    }

    #[test]
    fn a_hot_one_never_runs_out() {
        let (stock, mut rng) = (stock(true), Rng::with_seed(1));
        for _ in 0..100 {
            assert_eq!(stock.take(&[1], &mut rng).len(), 1);
        }
    }
}
