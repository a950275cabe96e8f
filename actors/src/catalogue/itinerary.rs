//! Itineraries as they are asked for and shown.

use super::LegView;
use super::choices::Choices;
use crate::domain::ids::CompanyId;
use crate::domain::order::Price;

/// Instants from the first to before the second, in seconds since 1970.
pub type Window = (i64, i64);

/// What to look for. Places are IATA codes (resolve cities with [`crate::catalogue::airports`]); a code that no leg touches leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    pub origins: Vec<String>,
    pub destinations: Vec<String>,
    /// When the first leg leaves.
    pub departs: Window,
    pub passengers: u16,
    pub legs_max: usize,
    pub filter: Filter,
    /// What is hardly better than something else is left out ([`crate::catalogue::Catalogue::search`]); 0 leaves out nothing. Seconds.
    pub slack: u32,
    pub order: Order,
    /// Of the list in that order, from this place on.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
    /// What else could be chosen is counted by these times of day.
    pub count_by: Option<DayParts>,
}

/// What is wanted only; the best of that is found, also if something else is better.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub departs: Option<Window>,
    pub arrives: Option<Window>,
    /// All legs are of these.
    pub companies: Option<Vec<CompanyId>>,
    pub connections_max: Option<usize>,
    /// From the first take-off to the last landing.
    pub seconds_max: Option<u32>,
    /// For one passenger, in whatever currency. What has no price is more.
    pub price_max_minor: Option<i64>,
}

/// Windows to count departures and arrivals in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayParts {
    pub departs: Vec<Window>,
    pub arrives: Vec<Window>,
}

/// How itineraries are listed. Whatever is equal in that goes by arrival, legs, price and the later departure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// A short time, a low price and few connections, weighed against each other.
    #[default]
    Best,
    Departure,
    Arrival,
    Price,
    Legs,
    Duration,
}

/// Legs that connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Itinerary {
    /// In the order they are flown; at least one.
    pub legs: Vec<LegView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub itineraries: Vec<Itinerary>,
    /// How many there are in all, before [`Trip::skip`] and [`Trip::limit`].
    pub total: usize,
    /// Asked for with [`Trip::count_by`].
    pub choices: Option<Choices>,
    /// Companies that cannot be reached; their legs are left out.
    pub unreachable: Vec<CompanyId>,
    /// The search was given up: these are itineraries, but better ones may be missing.
    pub cut_short: bool,
}

/// What a trip costs at least, day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LowestPrices {
    /// Of each day in order, for one passenger: one price of each currency that something is sold in, ascending by its
    /// code; none if nothing is sold in a single currency.
    pub days: Vec<Vec<Price>>,
    /// Companies that cannot be reached; their legs are left out.
    pub unreachable: Vec<CompanyId>,
    /// The search was given up: lower prices may be missing.
    pub cut_short: bool,
}

impl Itinerary {
    pub fn departs(&self) -> i64 {
        self.legs.first().map_or(0, |leg| leg.route.departs)
    }

    pub fn arrives(&self) -> i64 {
        self.legs.last().map_or(0, |leg| leg.route.arrives)
    }

    /// For one passenger; none if the legs are sold in different currencies.
    pub fn price(&self) -> Option<Price> {
        let mut prices = self.legs.iter().map(|leg| &leg.route.price);
        let first = prices.next()?.clone();
        prices.try_fold(first, |sum, price| {
            let minor = sum.minor.saturating_add(price.minor);
            (sum.currency == price.currency).then_some(Price { minor, ..sum })
        })
    }

    /// Seats that are free on every leg.
    pub fn free(&self) -> usize {
        self.legs
            .iter()
            .map(|leg| leg.free.len())
            .min()
            .unwrap_or(0)
    }
}
