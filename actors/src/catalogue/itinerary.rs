//! Itineraries as they are asked for and shown.

use std::cmp::Ordering;

use super::LegView;
use super::search::Path;
use crate::domain::ids::CompanyId;
use crate::domain::order::Price;

/// What to look for. Places are IATA codes (resolve cities with [`crate::catalogue::airports`]); a code that no leg touches leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    pub origins: Vec<String>,
    pub destinations: Vec<String>,
    /// The first leg leaves within [from, to), seconds since 1970.
    pub departs: (i64, i64),
    pub passengers: u16,
    pub legs_max: usize,
    pub order: Order,
    /// The first so many in that order.
    pub limit: usize,
}

/// How itineraries are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
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
    /// Companies that cannot be reached; their legs are left out.
    pub unreachable: Vec<CompanyId>,
    /// The search was given up: these are itineraries, but better ones may be missing.
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

impl Order {
    /// Which of two stands first. Whatever is equal in what was asked for goes by arrival, legs, price and the later departure.
    pub(super) fn compare(self, one: &Path, other: &Path) -> Ordering {
        let (one, other) = (&one.merits, &other.merits);
        let arrival = one.arrives.cmp(&other.arrives);
        let legs = one.legs.cmp(&other.legs);
        let price = one.fare.listed_before(other.fare);
        let first = match self {
            Self::Arrival => arrival,
            Self::Price => price,
            Self::Legs => legs,
            Self::Duration => {
                let (one, other) = (one.arrives - one.departs, other.arrives - other.departs);
                one.cmp(&other)
            }
        };
        let departure = other.departs.cmp(&one.departs);
        first.then(arrival).then(legs).then(price).then(departure)
    }
}
