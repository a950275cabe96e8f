//! Free seats to book, as the catalogues told them at the start: a spread stock and a hot one, of each company.
//!
//! The spread stock hands out each seat once, so that a refusal is the product's doing; the hot one hands out the same few seats to everybody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::ensure;
use fastrand::Rng;
use jiff::SignedDuration;

use crate::client::{Client, Leg, Session};
use crate::history::Seat;

const PAGE: usize = 100;
/// Sales close by the clock of the node that sells, which a run may put forward by a day: no leg of the run closes by that.
const DEPARTS_AFTER: SignedDuration = SignedDuration::from_hours(24 + 3);
/// Of each company, and of each such route.
const HOT_ROUTES: usize = 2;
const HOT_SEATS: usize = 10;
const ROUTES_BESIDE_HOT: usize = 60;
/// Seats kept of a route: more than a run sells of it.
const SEATS_KEPT: usize = 64;
/// Random routes that are tried before a shelf counts as sold out.
const ATTEMPTS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Of each company.
    pub routes: usize,
    /// Those of them whose seats are the hot stock.
    pub hot_routes: usize,
}

impl Size {
    /// Seats enough that customers rarely meet.
    pub fn spread(routes: usize) -> Self {
        Self {
            routes,
            hot_routes: 0,
        }
    }

    /// Also seats so few that customers meet all the time.
    pub fn both(routes: usize) -> Self {
        Self {
            routes,
            hot_routes: HOT_ROUTES,
        }
    }

    /// Hot seats, and no more others than fresh ones are needed beside.
    pub fn hot() -> Self {
        Self::both(ROUTES_BESIDE_HOT)
    }
}

/// Shared by all clients of a run.
pub struct Stock {
    /// In the order of the companies.
    shelves: Mutex<Vec<Shelf>>,
}

struct Shelf {
    company: Arc<str>,
    spread: Vec<Route>,
    hot: Vec<Route>,
    /// So many legs from the start of the catalogue are looked at to see the hot routes.
    window: usize,
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
            shelves: Mutex::new(shelves),
        })
    }

    /// A seat of a random spread route for each of these; fewer where one is sold out.
    pub fn take(&self, companies: &[usize], rng: &mut Rng) -> Vec<Seat> {
        let mut shelves = self.lock();
        let seat = |company: &usize| shelves[*company].take(rng);
        companies.iter().filter_map(seat).collect()
    }

    /// A hot seat for each of these, none twice; fewer where the same one comes up again.
    pub fn hot(&self, companies: &[usize], rng: &mut Rng) -> Vec<Seat> {
        let shelves = self.lock();
        let seat = |company: &usize| shelves[*company].hot(rng);
        let mut seats: Vec<_> = companies.iter().filter_map(seat).collect();
        seats.sort_unstable();
        seats.dedup();
        seats
    }

    pub fn has_hot(&self) -> bool {
        self.lock().iter().all(|shelf| !shelf.hot.is_empty())
    }

    /// A seat of the n-th spread route of every company.
    pub fn take_of_route(&self, n: usize) -> Vec<Seat> {
        let mut shelves = self.lock();
        let seat = |shelf: &mut Shelf| {
            let route = shelf.spread.get_mut(n)?;
            let seat = route.seats.pop()?;
            Some(route.seat(&shelf.company, seat))
        };
        shelves.iter_mut().filter_map(seat).collect()
    }

    /// Seats of a cancelled ticket. Hot ones never left.
    pub fn give_back(&self, seats: &[Seat]) {
        let mut shelves = self.lock();
        for seat in seats {
            let shelf = shelves
                .iter_mut()
                .find(|shelf| shelf.company == seat.company);
            let route = shelf
                .and_then(|shelf| shelf.spread.iter_mut().find(|route| route.id == seat.route));
            if let Some(route) = route {
                route.seats.push((seat.number, seat.id));
            }
        }
    }

    /// How many legs of a company's catalogue to ask for to see its hot routes, or else its first ones.
    pub fn window(&self, company: usize) -> usize {
        self.lock()[company].window
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Shelf>> {
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
        let wanted = size.routes;
        let opens = jiff::Timestamp::now() + DEPARTS_AFTER;
        let mut next = Some(client.catalogue(node, &company, PAGE)?);
        let mut skipped = 0;
        let mut legs: Vec<Leg> = Vec::new();
        while let Some(url) = next
            && legs.len() < wanted
        {
            let page = client.page(session, url).await?;
            skipped += page.legs.iter().filter(|leg| leg.departs < opens).count();
            legs.extend(page.legs.into_iter().filter(|leg| leg.departs >= opens));
            next = page.next;
        }
        ensure!(
            legs.len() >= wanted,
            "company {company} has {} routes on sale, this run needs {wanted}: raise --days or lower --routes",
            legs.len(),
        );
        legs.truncate(wanted);
        let mut hot: Vec<_> = legs.into_iter().map(Route::new).collect();
        let spread = hot.split_off(size.hot_routes.min(wanted));
        for route in &mut hot {
            route.seats.truncate(HOT_SEATS);
        }
        Ok(Self {
            company,
            spread,
            hot,
            window: skipped + HOT_ROUTES,
        })
    }

    fn take(&mut self, rng: &mut Rng) -> Option<Seat> {
        if self.spread.is_empty() {
            return None;
        }
        for _ in 0..ATTEMPTS {
            let index = rng.usize(..self.spread.len());
            let route = &mut self.spread[index];
            if route.seats.is_empty() {
                continue;
            }
            let place = rng.usize(..route.seats.len());
            let seat = route.seats.swap_remove(place);
            return Some(route.seat(&self.company, seat));
        }
        None
    }

    fn hot(&self, rng: &mut Rng) -> Option<Seat> {
        let route = rng.choice(&self.hot)?;
        let seat = rng.choice(&route.seats)?;
        Some(route.seat(&self.company, *seat))
    }
}

impl Route {
    fn new(leg: Leg) -> Self {
        let seats = leg.seats.iter().map(|seat| (seat.number, seat.id));
        Self {
            id: leg.id,
            seats: seats.take(SEATS_KEPT).collect(),
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

    fn stock() -> Stock {
        let route = |id| Route {
            id,
            seats: vec![(1, id * 1024 + 1), (2, id * 1024 + 2)],
        };
        let shelf = |company: &str| Shelf {
            company: company.into(),
            spread: vec![route(7), route(8)],
            hot: vec![route(9)],
            window: 2,
        };
        Stock {
            shelves: Mutex::new(vec![shelf("a"), shelf("b")]),
        }
    }

    #[test]
    fn a_spread_stock_hands_out_each_seat_once_and_takes_it_back() {
        let (stock, mut rng) = (stock(), Rng::with_seed(1));
        let mut taken: Vec<_> = (0..4).flat_map(|_| stock.take(&[0, 1], &mut rng)).collect();
        taken.sort();
        taken.dedup();
        assert_eq!(taken.len(), 8);
        assert_eq!(stock.take(&[0, 1], &mut rng), []);
        stock.give_back(&taken[..1]);
        assert_eq!(stock.take(&[0, 1], &mut rng), taken[..1]);
    }

    #[test]
    fn a_hot_one_never_runs_out_and_names_no_seat_twice() {
        let (stock, mut rng) = (stock(), Rng::with_seed(1));
        for _ in 0..100 {
            assert_eq!(stock.hot(&[1], &mut rng).len(), 1);
            let seats = stock.hot(&[1, 1, 1], &mut rng);
            assert!((1..=2).contains(&seats.len()), "{seats:?}");
        }
        let hot = stock.hot(&[0], &mut rng);
        stock.give_back(&hot);
        assert_eq!(stock.take(&[0; 9], &mut rng).len(), 4, "it never left");
    }
}
