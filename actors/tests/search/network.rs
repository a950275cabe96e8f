//! A network as plain legs, what is asked of it, and the rules of an itinerary as a person would check them.

use std::sync::Arc;
use std::time::Duration;

use passcom_actors::catalogue::{
    Catalogue, CatalogueCursor, CataloguePage, CloseOfSale, ConnectionTimes, Filter, Itinerary,
    Order, Published, Reach, Route, SeatState, Trip,
};
use passcom_actors::clock::Clock;
use passcom_actors::domain::ids::{CompanyId, SeatNumber};

/// A day in 2026, in seconds since 1970.
pub const NOW: i64 = 1_780_000_000;

#[derive(Debug, Clone)]
pub struct Leg {
    pub company: CompanyId,
    pub route: Route,
    /// The first so many of its seats are taken.
    pub taken: u16,
}

#[derive(Debug, Clone)]
pub struct Network {
    pub companies: Vec<CompanyId>,
    pub down: Vec<CompanyId>,
    pub legs: Vec<Leg>,
    pub connections: ConnectionTimes,
    pub sale_closes: Duration,
    /// What the clock shows, in seconds since 1970; it stands still.
    pub now: i64,
}

#[derive(Debug, Clone)]
pub struct Question {
    pub origins: Vec<String>,
    pub destinations: Vec<String>,
    pub departs: (i64, i64),
    pub passengers: u16,
    pub legs_max: usize,
    pub filter: Filter,
}

/// Ascending by departure, arrival, legs, price. Currencies that differ have no price.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merits {
    pub departs: i64,
    pub arrives: i64,
    pub legs: usize,
    pub price: Option<(String, i64)>,
}

impl Question {
    pub fn trip(&self, order: Order) -> Trip {
        Trip {
            origins: self.origins.clone(),
            destinations: self.destinations.clone(),
            departs: self.departs,
            passengers: self.passengers,
            legs_max: self.legs_max,
            filter: self.filter.clone(),
            slack: 0,
            order,
            skip: 0,
            limit: usize::MAX,
            count_by: None,
        }
    }
}

impl Network {
    /// What the first company's node knows once it has read everybody's legs.
    pub fn catalogue(&self) -> Catalogue {
        let me = self.companies[0];
        let companies = self.companies.clone().into();
        let reach = Arc::new(AllBut(self.down.clone()));
        let connections = self.connections.clone();
        let now_ms = self.now * 1000;
        let close = CloseOfSale::new(Clock::with_wall(move || now_ms), self.sale_closes);
        let catalogue = Catalogue::new(me, companies, reach, close, connections);
        for company in &self.companies {
            let legs = self.legs.iter().filter(|leg| leg.company == *company);
            let changes: Vec<Published> = legs.map(Leg::published).collect();
            if *company == me {
                catalogue.load_own(changes);
                catalogue.own_is_complete();
            } else {
                let page = CataloguePage {
                    reset: true,
                    changes: (1..).zip(changes).collect(),
                    next: CatalogueCursor { epoch: 1, seq: 1 },
                    more: false,
                };
                catalogue.follow(*company, page);
            }
        }
        catalogue
    }

    /// The itinerary as places in `legs`.
    pub fn path_of(&self, itinerary: &Itinerary) -> Vec<usize> {
        let place = |company: CompanyId, route: &Route| {
            let mut legs = self.legs.iter();
            legs.position(|leg| leg.company == company && leg.route == *route)
        };
        let legs = itinerary.legs.iter();
        legs.map(|leg| place(leg.company, &leg.route).expect("a leg of the network"))
            .collect()
    }

    pub fn is_itinerary(&self, path: &[usize], question: &Question) -> bool {
        let is_any = |codes: &[String], code: &String| codes.contains(code);
        let Some(first) = path.first().map(|leg| &self.legs[*leg].route) else {
            return false;
        };
        let stops = path.iter().map(|leg| &self.legs[*leg].route.destination);
        let stops: Vec<&String> = stops.collect();
        let (last, between) = stops.split_last().expect("a leg");
        path.len() <= question.legs_max
            && is_any(&question.origins, &first.origin)
            && is_any(&question.destinations, last)
            && !is_any(&question.origins, last)
            && between.iter().all(|stop| {
                !is_any(&question.origins, stop) && !is_any(&question.destinations, stop)
            })
            && (0..stops.len()).all(|place| !stops[..place].contains(&stops[place]))
            && (question.departs.0..question.departs.1).contains(&first.departs)
            && path
                .iter()
                .all(|leg| self.is_sold(&self.legs[*leg], question))
            && path.windows(2).all(|pair| self.connects(pair[0], pair[1]))
            && self.is_wanted(path, &question.filter)
    }

    fn is_wanted(&self, path: &[usize], filter: &Filter) -> bool {
        let merits = self.merits(path);
        let within = |(from, to): (i64, i64), time: i64| from <= time && time < to;
        let by = |companies: &Vec<CompanyId>| {
            path.iter()
                .all(|leg| companies.contains(&self.legs[*leg].company))
        };
        let cheap = |most: i64| {
            let price = merits.price.as_ref();
            price.is_some_and(|(_, minor)| *minor <= most)
        };
        filter
            .departs
            .is_none_or(|window| within(window, merits.departs))
            && filter
                .arrives
                .is_none_or(|window| within(window, merits.arrives))
            && filter.companies.as_ref().is_none_or(by)
            && filter
                .connections_max
                .is_none_or(|most| path.len() - 1 <= most)
            && filter.price_max_minor.is_none_or(cheap)
            && filter
                .seconds_max
                .is_none_or(|most| merits.arrives - merits.departs <= i64::from(most))
    }

    pub fn is_sold(&self, leg: &Leg, question: &Question) -> bool {
        leg.route.on_sale
            && !self.down.contains(&leg.company)
            && leg.route.seats - leg.taken >= question.passengers
            && leg.route.departs > self.now + self.sale_closes.as_secs() as i64
    }

    pub fn connects(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.legs[one], &self.legs[other]);
        let wait = other.route.departs - one.route.arrives;
        let mut least = self.connections.minimum_at(&other.route.origin);
        if one.company != other.company {
            least += self.connections.company_change;
        }
        one.route.destination == other.route.origin
            && wait >= least.as_secs() as i64
            && wait <= self.connections.longest.as_secs() as i64
    }

    pub fn merits(&self, path: &[usize]) -> Merits {
        let legs: Vec<&Leg> = path.iter().map(|leg| &self.legs[*leg]).collect();
        let (first, last) = (legs[0], legs[legs.len() - 1]);
        let currency = &first.route.price.currency;
        let has_price = legs.iter().all(|leg| leg.route.price.currency == *currency);
        let sum = legs.iter().map(|leg| leg.route.price.minor).sum();
        Merits {
            arrives: last.route.arrives,
            legs: legs.len(),
            price: has_price.then(|| (currency.clone(), sum)),
            departs: first.route.departs,
        }
    }
}

impl Leg {
    fn published(&self) -> Published {
        let taken = (1..=self.taken).map(|number| (SeatNumber(number), SeatState::Sold));
        Published {
            route: self.route.clone(),
            seats: taken.collect(),
        }
    }
}

impl Merits {
    fn is_as_good_as(&self, other: &Self) -> bool {
        let price = match (&self.price, &other.price) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some((one, less)), Some((other, more))) => one == other && less <= more,
        };
        self.departs >= other.departs
            && self.arrives <= other.arrives
            && self.legs <= other.legs
            && price
    }

    fn beats(&self, other: &Self) -> bool {
        self.is_as_good_as(other) && !other.is_as_good_as(self)
    }
}

/// Those that none of the others beats, ascending; of equal ones with several legs one.
pub fn pareto(mut all: Vec<Merits>) -> Vec<Merits> {
    all.sort();
    all.dedup_by(|one, other| one == other && one.legs > 1);
    let is_best = |one: &&Merits| !all.iter().any(|other| other.beats(one));
    all.iter().filter(is_best).cloned().collect()
}

/// Companies that are up but for these.
struct AllBut(Vec<CompanyId>);

impl Reach for AllBut {
    fn is_up(&self, company: CompanyId) -> bool {
        !self.0.contains(&company)
    }
}
