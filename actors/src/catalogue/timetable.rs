//! The legs on sale of all companies as arrays in the orders that searches and lists walk: by airport and by time.
//!
//! A timetable never changes, so that whoever reads it holds no lock and no sale waits for a search; a new one is made
//! when a schedule changes. The one thing in it that moves are the numbers of free seats, which it shares with the
//! indexes ([`FreeCounts`]).
//!
//! What is the same for every date of a flight stands once, as a service; a leg is its id, its time and two numbers.
//!
//! Invariants: departures ascend by (origin, time, company, route); a departure arrives after it leaves, somewhere
//! else.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::fare::{CurrencyNumber, Fare};
use super::free::FreeCounts;
use super::onward::Onward;
use super::pattern::{Currency, Dated, Iata, Pattern};
use crate::catalogue::connections::ConnectionTimes;
use crate::domain::ids::{CompanyId, RouteId};
use crate::domain::order::Price;

/// An airport by its place in [`Timetable::airports`].
pub type AirportNumber = u16;
/// A company by its place in the membership list.
pub type CompanyNumber = u8;
/// A departure by its place in [`Timetable::legs`].
pub type DepartureNumber = u32;

/// Seconds. A leg that takes longer is listed, but nothing is searched over it: no aircraft flies for so long.
pub const FLIGHT_MAX: u32 = 24 * 3600;

/// The best of everything that all departures of a company between two airports offer, each for itself.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    pub from: AirportNumber,
    pub to: AirportNumber,
    pub company: CompanyNumber,
    pub seconds: u32,
    pub price_minor: i64,
}

/// One leg on sale. Its origin is the airport in whose range it stands.
#[derive(Debug, Clone, Copy)]
pub struct Departure {
    pub route: RouteId,
    price_minor: i64,
    /// Seconds since 1970.
    pub departs: u32,
    pub arrives: u32,
    /// Of its company's index.
    pub slot: u32,
    pub to: AirportNumber,
    pub company: CompanyNumber,
    currency: CurrencyNumber,
}

impl Departure {
    /// From take-off to landing.
    pub fn seconds(&self) -> u32 {
        self.arrives.saturating_sub(self.departs)
    }

    pub fn fare(&self) -> Fare {
        Fare {
            currency: self.currency,
            minor: self.price_minor,
        }
    }
}

/// What is kept of a leg: the rest is the same for every date of its service. Packed, because there are hundreds of
/// thousands.
#[derive(Debug, Clone, Copy)]
#[repr(C, packed(4))]
struct Leg {
    route: RouteId,
    departs: u32,
    slot: u32,
    service: ServiceNumber,
}

impl Leg {
    /// To be overwritten.
    const NONE: Self = Self {
        route: RouteId(0),
        departs: 0,
        slot: 0,
        service: 0,
    };
}

/// What all departures of a company's pattern have in common.
#[derive(Debug, Clone, Copy)]
struct Service {
    price_minor: i64,
    seconds: u32,
    from: AirportNumber,
    to: AirportNumber,
    company: CompanyNumber,
    currency: CurrencyNumber,
}

/// A service by its place in [`Timetable::services`].
type ServiceNumber = u32;

#[derive(Debug, Default)]
pub struct Timetable {
    companies: Vec<Company>,
    /// Ascending.
    airports: Vec<Iata>,
    currencies: Vec<Currency>,
    services: Vec<Service>,
    legs: Vec<Leg>,
    /// Where each airport's departures begin, and at last where all end.
    starts: Vec<u32>,
    /// By (destination, time, company, route), and where each airport's begin.
    by_destination: Vec<DepartureNumber>,
    arrivals: Vec<u32>,
    edges: Vec<Edge>,
    /// By number of the departure that comes before.
    onward: Vec<Onward>,
    /// Least seconds between two legs of one company, by airport.
    connections: Vec<u32>,
    company_change: u32,
    longest_connection: u32,
    longest_flight: u32,
}

#[derive(Debug)]
struct Company {
    id: CompanyId,
    /// Its index is whole.
    whole: bool,
    free: FreeCounts,
}

/// What one company contributes: a copy, so that its index is free for others while the timetable is made.
pub struct Contribution {
    pub company: CompanyId,
    pub whole: bool,
    pub free: FreeCounts,
    /// By slot.
    pub legs: Vec<Dated>,
    /// By the numbers that the legs have.
    pub patterns: Vec<Pattern>,
}

impl Timetable {
    pub fn new(contributions: Vec<Contribution>, times: &ConnectionTimes) -> Self {
        let mut made = Self {
            airports: airports_of(&contributions),
            company_change: seconds(times.company_change),
            longest_connection: seconds(times.longest),
            ..Self::default()
        };
        let minimum = |iata: &Iata| seconds(times.minimum_at(iata.as_str()));
        made.connections = made.airports.iter().map(minimum).collect();
        made.take_departures(contributions);
        made.sort_departures();
        made.edges = made.best_edges();
        made.sort_by_destination();
        made.connect();
        made
    }

    /// Puts every leg where its airport's are. Legs that say more than fits (some 65,000 airports, 256 companies, 255
    /// currencies) are left out.
    fn take_departures(&mut self, contributions: Vec<Contribution>) {
        let contributions: Vec<_> = (0..=CompanyNumber::MAX).zip(contributions).collect();
        let numbers: Vec<_> = contributions
            .iter()
            .map(|(company, contribution)| self.take_services(*company, &contribution.patterns))
            .collect();
        let all = || {
            let companies = contributions.iter().zip(&numbers);
            companies.flat_map(|((_, contribution), numbers)| {
                let legs = (0..).zip(&contribution.legs);
                legs.filter_map(|(slot, leg)| {
                    let service = numbers[leg.pattern as usize]?;
                    Some(Leg {
                        route: leg.id,
                        departs: leg.departs,
                        slot,
                        service,
                    })
                })
            })
        };
        let services = &self.services;
        let from = |leg: &Leg| services[leg.service as usize].from;
        self.starts = starts(all().map(|leg| from(&leg)), self.airports.len());
        // in place, and not as a list with origins to be sorted: that would take twice the memory for a moment
        let count = self.starts[self.airports.len()] as usize;
        self.legs = vec![Leg::NONE; count];
        let mut next = self.starts.clone();
        for leg in all() {
            let place = &mut next[usize::from(from(&leg))];
            self.legs[*place as usize] = leg;
            *place += 1;
        }
        let companies = contributions.into_iter();
        self.companies = companies
            .map(|(_, contribution)| Company {
                id: contribution.company,
                whole: contribution.whole,
                free: contribution.free,
            })
            .collect();
    }

    /// By number of the pattern; none of one that nothing travels by.
    fn take_services(
        &mut self,
        company: CompanyNumber,
        patterns: &[Pattern],
    ) -> Vec<Option<ServiceNumber>> {
        let mut take = |pattern: &Pattern| {
            if !is_travel(pattern) {
                return None;
            }
            let service = Service {
                price_minor: pattern.price_minor,
                seconds: pattern.seconds,
                from: self.place(pattern.origin)?,
                to: self.place(pattern.destination)?,
                company,
                currency: self.currency(pattern.currency)?,
            };
            let number = ServiceNumber::try_from(self.services.len()).ok()?;
            self.services.push(service);
            Some(number)
        };
        patterns.iter().map(&mut take).collect()
    }

    fn sort_departures(&mut self) {
        let services = &self.services;
        let key = |leg: &Leg| {
            (
                leg.departs,
                services[leg.service as usize].company,
                leg.route,
            )
        };
        for own in self.starts.windows(2) {
            self.legs[own[0] as usize..own[1] as usize].sort_unstable_by_key(key);
        }
    }

    fn best_edges(&self) -> Vec<Edge> {
        let mut edges: HashMap<(AirportNumber, AirportNumber, CompanyNumber), Edge> =
            HashMap::new();
        let mut flown = vec![false; self.services.len()];
        for leg in &self.legs {
            flown[leg.service as usize] = true;
        }
        for (service, flown) in self.services.iter().zip(flown) {
            if !flown {
                continue;
            }
            let edge = Edge {
                from: service.from,
                to: service.to,
                company: service.company,
                seconds: service.seconds,
                price_minor: service.price_minor,
            };
            let best = edges
                .entry((edge.from, edge.to, edge.company))
                .or_insert(edge);
            best.seconds = best.seconds.min(edge.seconds);
            best.price_minor = best.price_minor.min(edge.price_minor);
        }
        edges.into_values().collect()
    }

    fn currency(&mut self, code: Currency) -> Option<CurrencyNumber> {
        let known = self.currencies.iter().position(|known| *known == code);
        let number = known.unwrap_or_else(|| {
            self.currencies.push(code);
            self.currencies.len() - 1
        });
        let number = CurrencyNumber(u8::try_from(number).ok()?);
        (number != CurrencyNumber::MIXED).then_some(number)
    }

    fn sort_by_destination(&mut self) {
        let to = |number: &DepartureNumber| self.departure(*number).to;
        let numbers = 0..self.legs.len() as DepartureNumber;
        let arrivals = starts(
            numbers.clone().map(|number| to(&number)),
            self.airports.len(),
        );
        let mut by_destination = vec![0; self.legs.len()];
        let mut next = arrivals.clone();
        for number in numbers {
            let place = &mut next[usize::from(to(&number))];
            by_destination[*place as usize] = number;
            *place += 1;
        }
        for own in arrivals.windows(2) {
            let own = &mut by_destination[own[0] as usize..own[1] as usize];
            own.sort_unstable_by_key(|number| key(&self.departure(*number)));
        }
        (self.by_destination, self.arrivals) = (by_destination, arrivals);
    }

    fn connect(&mut self) {
        let all = 0..self.legs.len() as DepartureNumber;
        let departures = all.map(|number| self.departure(number));
        let onward: Vec<Onward> = departures.map(|leg| Onward::after(&leg, self)).collect();
        self.onward = onward;
        let mut longest = 0;
        for leg in &self.legs {
            longest = longest.max(self.services[leg.service as usize].seconds);
        }
        self.longest_flight = longest.min(FLIGHT_MAX);
    }

    // ---- names --------------------------------------------------------------------------------------------------

    pub fn airports(&self) -> &[Iata] {
        &self.airports
    }

    /// None if no leg on sale touches it.
    pub fn airport(&self, iata: &str) -> Option<AirportNumber> {
        self.place(Iata::new(iata)?)
    }

    fn place(&self, iata: Iata) -> Option<AirportNumber> {
        let place = self.airports.binary_search(&iata).ok()?;
        AirportNumber::try_from(place).ok()
    }

    /// None of legs in several currencies.
    pub fn price(&self, fare: Fare) -> Option<Price> {
        let currency = self.currencies.get(usize::from(fare.currency.0))?;
        Some(Price {
            minor: fare.minor,
            currency: currency.as_str().to_owned(),
        })
    }

    pub fn company(&self, number: CompanyNumber) -> CompanyId {
        self.companies[usize::from(number)].id
    }

    /// Every company with whether it is in here whole, in the order of their numbers.
    pub fn companies(&self) -> impl Iterator<Item = (CompanyId, bool)> {
        self.companies.iter().map(|known| (known.id, known.whole))
    }

    // ---- departures ---------------------------------------------------------------------------------------------

    pub fn departure(&self, number: DepartureNumber) -> Departure {
        let leg = self.legs[number as usize];
        let service = &self.services[leg.service as usize];
        Departure {
            route: leg.route,
            price_minor: service.price_minor,
            departs: leg.departs,
            arrives: leg.departs + service.seconds,
            slot: leg.slot,
            to: service.to,
            company: service.company,
            currency: service.currency,
        }
    }

    pub fn free_seats(&self, departure: &Departure) -> u16 {
        let company = &self.companies[usize::from(departure.company)];
        company.free.get(departure.slot)
    }

    /// Departures of an airport in this time, ascending.
    pub fn departures_of(&self, from: AirportNumber, time: Range<u32>) -> Range<DepartureNumber> {
        let (start, end) = (
            self.starts[usize::from(from)],
            self.starts[usize::from(from) + 1],
        );
        let legs = &self.legs[start as usize..end as usize];
        let before = |time: u32| legs.partition_point(|leg| leg.departs < time) as u32;
        let first = before(time.start);
        start + first..start + before(time.end).max(first)
    }

    /// Departures to an airport from this time on, ascending.
    pub fn departures_to(&self, to: AirportNumber, from: u32) -> &[DepartureNumber] {
        let (start, end) = (
            self.arrivals[usize::from(to)],
            self.arrivals[usize::from(to) + 1],
        );
        let numbers = &self.by_destination[start as usize..end as usize];
        let first = numbers.partition_point(|number| self.legs[*number as usize].departs < from);
        &numbers[first..]
    }

    /// Which companies have departures between which two airports.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// What this departure connects to.
    pub fn onward(&self, number: DepartureNumber) -> Onward {
        self.onward[number as usize]
    }

    // ---- connections --------------------------------------------------------------------------------------------

    /// Least seconds between two legs of one company at this airport.
    pub fn connection_minimum(&self, airport: AirportNumber) -> u32 {
        self.connections[usize::from(airport)]
    }

    /// Seconds more where the company changes.
    pub fn company_change(&self) -> u32 {
        self.company_change
    }

    /// Most seconds between two legs.
    pub fn longest_connection(&self) -> u32 {
        self.longest_connection
    }

    /// Most seconds between a departure and its arrival, of those that are no longer than [`FLIGHT_MAX`].
    pub fn longest_flight(&self) -> u32 {
        self.longest_flight
    }
}

/// Order of lists, and of pages of them.
pub fn key(departure: &Departure) -> (u32, CompanyNumber, RouteId) {
    (departure.departs, departure.company, departure.route)
}

fn is_travel(pattern: &Pattern) -> bool {
    pattern.on_sale && pattern.origin != pattern.destination
}

fn airports_of(contributions: &[Contribution]) -> Vec<Iata> {
    let mut airports = BTreeSet::new();
    for contribution in contributions {
        let mut flown = vec![false; contribution.patterns.len()];
        for leg in &contribution.legs {
            flown[leg.pattern as usize] = true;
        }
        for (pattern, flown) in contribution.patterns.iter().zip(flown) {
            if flown && is_travel(pattern) {
                airports.extend([pattern.origin, pattern.destination]);
            }
        }
    }
    let first = airports.into_iter().take(usize::from(AirportNumber::MAX));
    first.collect()
}

/// Where each group begins if a sequence is sorted by them, and at last where all end.
fn starts(groups: impl Iterator<Item = AirportNumber>, count: usize) -> Vec<u32> {
    let mut starts = vec![0; count + 1];
    for group in groups {
        starts[usize::from(group) + 1] += 1;
    }
    for group in 0..count {
        starts[group + 1] += starts[group];
    }
    starts
}

fn seconds(time: std::time::Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}
