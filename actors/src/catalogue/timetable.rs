//! The legs on sale of all companies as arrays in the orders that searches and lists walk: by airport and by time.
//!
//! A timetable never changes, so that whoever reads it holds no lock and no sale waits for a search; a new one is made when a schedule
//! changes. The one thing in it that moves are the numbers of free seats, which it shares with the indexes ([`FreeCounts`]).
//!
//! Invariants: departures ascend by (origin, time, company, route); a departure arrives after it leaves, somewhere else.

use std::collections::HashMap;
use std::ops::Range;

use super::fare::{CurrencyNumber, Fare};
use super::free::FreeCounts;
use super::onward::Onward;
use super::slot::{Currency, Facts, Iata};
use crate::catalogue::connections::ConnectionTimes;
use crate::domain::ids::{CompanyId, RouteId};

/// An airport by its place in [`Timetable::airports`].
pub type AirportNumber = u16;
/// A company by its place in the membership list.
pub type CompanyNumber = u8;
/// A departure by its place in [`Timetable::departures`].
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
    slot: u32,
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

#[derive(Debug, Default)]
pub struct Timetable {
    companies: Vec<Company>,
    /// Ascending.
    airports: Vec<Iata>,
    currencies: Vec<Currency>,
    departures: Vec<Departure>,
    /// Where each airport's departures begin, and at last where all end.
    starts: Vec<u32>,
    /// By (time, company, route).
    by_time: Vec<DepartureNumber>,
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
    pub legs: Vec<Facts>,
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
        let mut departures = made.take_departures(contributions);
        departures.sort_unstable_by_key(|(from, leg)| (*from, leg.departs, leg.company, leg.route));
        let airports = made.airports.len();
        made.starts = starts(departures.iter().map(|(from, _)| *from), airports);
        made.edges = edges(&departures);
        made.departures = departures.into_iter().map(|(_, leg)| leg).collect();
        made.departures.shrink_to_fit();
        made.sort_other_orders();
        made.connect();
        made
    }

    /// Legs that say more than fits (some 65,000 airports, 256 companies, 255 currencies) are left out.
    fn take_departures(
        &mut self,
        contributions: Vec<Contribution>,
    ) -> Vec<(AirportNumber, Departure)> {
        let numbers: HashMap<Iata, AirportNumber> =
            (0..).zip(&self.airports).map(|(n, i)| (*i, n)).collect();
        let mut departures = Vec::new();
        for (company, contribution) in (0..=CompanyNumber::MAX).zip(contributions) {
            for (slot, leg) in (0..).zip(&contribution.legs) {
                if !is_travel(leg) {
                    continue;
                }
                let ends = [leg.origin, leg.destination].map(|iata| numbers.get(&iata).copied());
                let ([Some(from), Some(to)], Some(currency)) = (ends, self.currency(leg.currency))
                else {
                    continue;
                };
                let departure = Departure {
                    route: leg.id,
                    price_minor: leg.price_minor,
                    departs: leg.departs,
                    arrives: leg.arrives,
                    slot,
                    to,
                    company,
                    currency,
                };
                departures.push((from, departure));
            }
            self.companies.push(Company {
                id: contribution.company,
                whole: contribution.whole,
                free: contribution.free,
            });
        }
        departures
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

    fn sort_other_orders(&mut self) {
        let departures = &self.departures;
        let time = |number: &DepartureNumber| key(&departures[*number as usize]);
        self.by_time = (0..departures.len() as u32).collect();
        self.by_time.sort_unstable_by_key(time);
        let to = |number: &DepartureNumber| departures[*number as usize].to;
        self.by_destination = self.by_time.clone();
        self.by_destination.sort_by_key(to); // stable: the time stays the second key
        self.arrivals = starts(self.by_destination.iter().map(to), self.airports.len());
    }

    fn connect(&mut self) {
        let departures = self.departures.iter();
        let onward: Vec<Onward> = departures.map(|leg| Onward::after(leg, self)).collect();
        self.onward = onward;
        let flights = self.departures.iter().map(Departure::seconds);
        self.longest_flight = flights.max().unwrap_or(0).min(FLIGHT_MAX);
    }

    // ---- names --------------------------------------------------------------------------------------------------

    pub fn airports(&self) -> &[Iata] {
        &self.airports
    }

    /// None if no leg on sale touches it.
    pub fn airport(&self, iata: &str) -> Option<AirportNumber> {
        let place = self.airports.binary_search(&Iata::new(iata)?).ok()?;
        AirportNumber::try_from(place).ok()
    }

    pub fn company(&self, number: CompanyNumber) -> CompanyId {
        self.companies[usize::from(number)].id
    }

    /// Every company with whether it is in here whole, in the order of their numbers.
    pub fn companies(&self) -> impl Iterator<Item = (CompanyId, bool)> {
        self.companies.iter().map(|known| (known.id, known.whole))
    }

    // ---- departures ---------------------------------------------------------------------------------------------

    pub fn departure(&self, number: DepartureNumber) -> &Departure {
        &self.departures[number as usize]
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
        let departures = &self.departures[start as usize..end as usize];
        let before = |time: u32| departures.partition_point(|leg| leg.departs < time) as u32;
        let first = before(time.start);
        start + first..start + before(time.end).max(first)
    }

    /// Departures to an airport from this time on, ascending.
    pub fn departures_to(&self, to: AirportNumber, from: u32) -> &[DepartureNumber] {
        let (start, end) = (
            self.arrivals[usize::from(to)],
            self.arrivals[usize::from(to) + 1],
        );
        self.starting(&self.by_destination[start as usize..end as usize], from)
    }

    /// All departures from this time on, ascending.
    pub fn departures_after(&self, from: u32) -> &[DepartureNumber] {
        self.starting(&self.by_time, from)
    }

    fn starting<'a>(&self, numbers: &'a [DepartureNumber], from: u32) -> &'a [DepartureNumber] {
        let first = numbers.partition_point(|number| self.departure(*number).departs < from);
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

fn is_travel(leg: &Facts) -> bool {
    leg.on_sale && leg.origin != leg.destination
}

fn airports_of(contributions: &[Contribution]) -> Vec<Iata> {
    let legs = contributions.iter().flat_map(|company| &company.legs);
    let ends = legs
        .filter(|leg| is_travel(leg))
        .flat_map(|leg| [leg.origin, leg.destination]);
    let distinct: std::collections::HashSet<Iata> = ends.collect();
    let mut airports: Vec<Iata> = distinct.into_iter().collect();
    airports.sort_unstable();
    airports.truncate(usize::from(AirportNumber::MAX));
    airports
}

/// Where each group of an ascending sequence begins, and at last where all end.
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

fn edges(departures: &[(AirportNumber, Departure)]) -> Vec<Edge> {
    let mut edges: HashMap<(AirportNumber, AirportNumber, CompanyNumber), Edge> = HashMap::new();
    for (from, leg) in departures {
        let edge = Edge {
            from: *from,
            to: leg.to,
            company: leg.company,
            seconds: leg.seconds(),
            price_minor: leg.price_minor,
        };
        let best = edges
            .entry((edge.from, edge.to, edge.company))
            .or_insert(edge);
        best.seconds = best.seconds.min(edge.seconds);
        best.price_minor = best.price_minor.min(edge.price_minor);
    }
    edges.into_values().collect()
}

fn seconds(time: std::time::Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}
