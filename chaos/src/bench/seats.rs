//! Free seats, each of which is handed out once: a booking that is refused is the product's doing.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};
use fastrand::Rng;
use jiff::SignedDuration;

use crate::client::{Client, Leg, Session};

const PAGE: usize = 500;
/// Sale of a leg closes some time before it leaves; what is on sale to a measurement is on sale until its end.
const DEPARTS_AFTER: SignedDuration = SignedDuration::from_hours(3);

/// A seat as the contract names it, of the company that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    pub route: u64,
    pub id: u64,
}

/// Of all companies, in their order.
pub struct Seats(Vec<Mutex<Shelf>>);

struct Shelf {
    routes: Vec<Route>,
    rng: Rng,
}

struct Route {
    id: u64,
    seats: Vec<u64>,
}

impl Seats {
    /// Of as many routes of each company as there are, but `most` at most. Each company's own node is asked.
    pub async fn fetch(
        client: &Client,
        session: &Session,
        most: usize,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut shelves = Vec::with_capacity(client.nodes());
        for company in 0..client.nodes() {
            let legs = legs(client, session, company, most).await?;
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(company as u64);
            shelves.push(Mutex::new(Shelf {
                routes: legs.iter().map(Route::new).collect(),
                rng: Rng::with_seed(seed),
            }));
        }
        Ok(Self(shelves))
    }

    /// A seat of a random route of this company. An error if all are sold.
    pub fn take(&self, company: usize) -> anyhow::Result<Seat> {
        // a client that panicked has left a whole shelf
        let mut shelf = self.0[company]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        shelf
            .take()
            .context("all seats of a company are sold: put more on sale (--days)")
    }

    /// Some route of this company, whether or not it has a seat left.
    pub fn routes(&self, company: usize) -> Vec<u64> {
        let shelf = self.0[company]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        shelf.routes.iter().map(|route| route.id).collect()
    }
}

impl Shelf {
    fn take(&mut self) -> Option<Seat> {
        loop {
            if self.routes.is_empty() {
                return None;
            }
            let index = self.rng.usize(..self.routes.len());
            let route = &mut self.routes[index];
            match route.seats.pop() {
                Some(id) => {
                    return Some(Seat {
                        route: route.id,
                        id,
                    });
                }
                None => drop(self.routes.swap_remove(index)),
            }
        }
    }
}

impl Route {
    fn new(leg: &Leg) -> Self {
        Self {
            id: leg.id,
            seats: leg.seats.iter().map(|seat| seat.id).collect(),
        }
    }
}

async fn legs(
    client: &Client,
    session: &Session,
    company: usize,
    most: usize,
) -> anyhow::Result<Vec<Leg>> {
    let code = client.company(company);
    let opens = jiff::Timestamp::now() + DEPARTS_AFTER;
    let mut next = Some(client.catalogue(company, code, PAGE)?);
    let mut legs: Vec<Leg> = Vec::new();
    while let Some(url) = next
        && legs.len() < most
    {
        let page = client.page(session, url).await?;
        legs.extend(page.legs.into_iter().filter(|leg| leg.departs.at >= opens));
        next = page.next;
    }
    legs.truncate(most);
    ensure!(
        !legs.is_empty(),
        "company {code} has nothing on sale: raise --days"
    );
    Ok(legs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seat_is_handed_out_once() {
        let route = |id| Route {
            id,
            seats: vec![id * 1024 + 1, id * 1024 + 2],
        };
        let shelf = Shelf {
            routes: vec![route(7), route(8)],
            rng: Rng::with_seed(1),
        };
        let seats = Seats(vec![Mutex::new(shelf)]);
        let mut taken: Vec<_> = (0..4).map(|_| seats.take(0).unwrap()).collect();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), 4);
        assert!(taken.iter().all(|seat| seat.id / 1024 == seat.route));
        assert!(seats.take(0).is_err());
    }
}
