//! Free seats to book, as the catalogues told them at the start: a spread stock and a hot one, of each company.
//!
//! The spread stock hands out each seat once, so that a refusal is the product's doing; the hot one hands out the same few seats to everybody.
//! Flights that are changed are of the spread stock; of those that are withdrawn or have another aircraft nothing more is handed out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::ensure;
use fastrand::Rng;
use jiff::SignedDuration;

use crate::client::{Client, Departure, Leg, Session};
use crate::history::{Seat, SeatName};

const PAGE: usize = 100;
/// Sales close by the clock of the node that sells, which a run may put forward by a day: no leg of the run closes by that.
const DEPARTS_AFTER: SignedDuration = SignedDuration::from_hours(24 + 3);
/// Of each company, and of each such route.
const HOT_ROUTES: usize = 2;
const HOT_SEATS: usize = 10;
const ROUTES_BESIDE_HOT: usize = 60;
/// Seats kept of a route: more than a run sells of it.
const SEATS_KEPT: usize = 64;
/// Below a route's id in that of a seat.
pub(crate) const SEAT_BITS: u32 = 10;
/// Random routes that are tried before a shelf counts as sold out.
const ATTEMPTS: usize = 32;
/// Of another company a flight is owed that leaves within seven days; a day less, as flights are also moved.
const INSTEAD_WITHIN: SignedDuration = SignedDuration::from_hours(6 * 24);

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
    flight: Flight,
    /// Its company has changed it.
    is_changed: bool,
    /// It is withdrawn, or has another aircraft.
    is_closed: bool,
    /// Numbers with their ids on the wire.
    seats: Vec<(u16, u64)>,
}

/// As a company calls it, and as it was flown at the start.
#[derive(Debug, Clone)]
pub struct Flight {
    pub number: String,
    pub origin: String,
    pub destination: String,
    pub departs: Departure,
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

    /// A spread flight of this company, to be changed: none was closed before.
    pub fn any_flight(&self, company: usize, rng: &mut Rng) -> Option<(u64, Flight)> {
        let shelves = self.lock();
        let shelf = &shelves[company];
        for _ in 0..ATTEMPTS {
            let route = rng.choice(&shelf.spread)?;
            if !route.is_closed {
                return Some((route.id, route.flight.clone()));
            }
        }
        None
    }

    /// Its company is about to change a flight, and if `closes`, in a way after which nobody is to want seats of it.
    pub fn change(&self, company: usize, route: u64, closes: bool) {
        let mut shelves = self.lock();
        let mut spread = shelves[company].spread.iter_mut();
        if let Some(route) = spread.find(|known| known.id == route) {
            route.is_changed = true;
            route.is_closed |= closes;
        }
    }

    pub fn is_changed(&self, seat: &Seat) -> bool {
        let shelves = self.lock();
        let mut spread = shelves.iter().filter(|shelf| shelf.company == seat.company);
        spread.any(|shelf| {
            let mut routes = shelf.spread.iter();
            routes.any(|route| route.id == seat.route && route.is_changed)
        })
    }

    /// As many seats of another flight with the same ends as this one: one that may take its place.
    pub fn instead(&self, of: &SeatName, count: usize, rng: &mut Rng) -> Option<Vec<Seat>> {
        let mut shelves = self.lock();
        let given = shelves.iter().find(|shelf| *shelf.company == *of.company)?;
        let given = given.spread.iter().find(|route| route.has(of.id))?;
        let (given, flight) = (given.id, given.flight.clone());
        let fits = |shelf: &Shelf, route: &Route| {
            let ours = *shelf.company == *of.company;
            let later = route.flight.departs.at.duration_since(flight.departs.at);
            !(route.is_closed || (ours && route.id == given))
                && route.seats.len() >= count
                && route.flight.origin == flight.origin
                && route.flight.destination == flight.destination
                && (ours || later <= INSTEAD_WITHIN)
        };
        let all = shelves.iter_mut().flat_map(|shelf| {
            let routes = 0..shelf.spread.len();
            let fitting = routes.filter(|at| fits(shelf, &shelf.spread[*at]));
            let fitting: Vec<_> = fitting.collect();
            fitting
                .into_iter()
                .map(|at| (shelf.company.clone(), at))
                .collect::<Vec<_>>()
        });
        let all: Vec<_> = all.collect();
        let (company, at) = rng.choice(&all)?.clone();
        let shelf = shelves.iter_mut().find(|shelf| shelf.company == company)?;
        let route = &mut shelf.spread[at];
        let taken: Vec<_> = route.seats.drain(..count).collect();
        Some(
            taken
                .into_iter()
                .map(|seat| route.seat(&company, seat))
                .collect(),
        )
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
            skipped += page
                .legs
                .iter()
                .filter(|leg| leg.departs.at < opens)
                .count();
            legs.extend(page.legs.into_iter().filter(|leg| leg.departs.at >= opens));
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
            if route.is_closed || route.seats.is_empty() {
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
            flight: Flight {
                number: leg.flight,
                origin: leg.origin,
                destination: leg.destination,
                departs: leg.departs,
            },
            is_changed: false,
            is_closed: false,
        }
    }

    /// Whether a seat is one of this flight's, as the wire numbers them.
    fn has(&self, seat: u64) -> bool {
        seat >> SEAT_BITS == self.id
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
            flight: Flight {
                number: format!("X{id}"),
                origin: "CWB".to_owned(),
                destination: "GRU".to_owned(),
                departs: "2026-12-01T10:00:00-03:00".to_owned().try_into().unwrap(),
            },
            is_changed: false,
            is_closed: false,
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
    fn a_flight_that_was_changed_has_another_in_its_place() {
        let (stock, mut rng) = (stock(), Rng::with_seed(1));
        let seat = stock.take(&[0], &mut rng).remove(0);
        assert!(!stock.is_changed(&seat));
        stock.change(0, seat.route, true);
        assert!(stock.is_changed(&seat));
        let of = SeatName {
            company: "a".to_owned(),
            id: seat.id,
        };
        let place = |seat: &Seat| (seat.company.clone(), seat.route);
        let gone = place(&seat);
        for _ in 0..3 {
            let seats = stock.instead(&of, 2, &mut rng).unwrap();
            assert_eq!((seats.len(), place(&seats[0])), (2, place(&seats[1])));
            assert_ne!(place(&seats[0]), gone);
        }
        assert_eq!(stock.instead(&of, 2, &mut rng), None, "sold out");
        assert_eq!(stock.take(&[0; 9], &mut rng), [], "nothing of it is sold");
        assert_ne!(stock.any_flight(0, &mut rng).unwrap().0, seat.route);
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
