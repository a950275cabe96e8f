//! In what order itineraries are listed.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::fare::{CurrencyNumber, Fare};
use super::front::Merits;
use super::itinerary::Order;
use super::search::Path;

/// What a connection weighs, in percent of the shortest time or the lowest price.
const CONNECTION_PERCENT: i64 = 40;
/// Scores that differ by less are equal: nobody chooses by so little, and what is equal is listed by departure.
const STEP_PERCENT: i64 = 10;
/// Nothing weighs more than so many times the best. An itinerary without a price weighs that.
const PERCENT_MAX: i64 = 1_000;

/// Sorts a list. The best first ([`Order::Best`]) means: ascending by its time in percent of the shortest time, its
/// price in percent of the lowest one in its currency, and [`CONNECTION_PERCENT`] for each connection, added up and
/// rounded down to steps; equal ones by departure.
pub fn sort(paths: &mut [Path], order: Order) {
    let score = Score::of(paths);
    let by = |merits: &Merits| match order {
        Order::Best => (score.of_one(merits), i64::from(merits.departs)),
        Order::Departure => (i64::from(merits.departs), 0),
        Order::Arrival => (i64::from(merits.arrives), 0),
        Order::Price => (i64::from(merits.fare.currency.0), merits.fare.minor),
        Order::Legs => (i64::from(merits.legs), 0),
        Order::Duration => (i64::from(merits.duration()), 0),
    };
    paths.sort_by_cached_key(|path| (by(&path.merits), Rest(path.merits)));
}

/// How those are listed that are equal in what was asked for.
#[derive(PartialEq, Eq)]
struct Rest(Merits);

impl Ord for Rest {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |merits: &Merits| {
            let Fare { currency, minor } = merits.fare;
            let departs = Reverse(merits.departs);
            (merits.arrives, merits.legs, currency.0, minor, departs)
        };
        key(&self.0).cmp(&key(&other.0))
    }
}

impl PartialOrd for Rest {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What the itineraries of a list are measured by.
struct Score {
    shortest: i64,
    lowest: BTreeMap<u8, i64>,
}

impl Score {
    fn of(paths: &[Path]) -> Self {
        let mut lowest = BTreeMap::new();
        for Fare { currency, minor } in paths.iter().map(|path| path.merits.fare) {
            let known = lowest.entry(currency.0).or_insert(minor);
            *known = minor.min(*known);
        }
        lowest.remove(&CurrencyNumber::MIXED.0);
        let durations = paths.iter().map(|path| path.merits.duration());
        Self {
            shortest: i64::from(durations.min().unwrap_or(0)),
            lowest,
        }
    }

    fn of_one(&self, merits: &Merits) -> i64 {
        let time = percent(i64::from(merits.duration()), self.shortest);
        let lowest = self.lowest.get(&merits.fare.currency.0);
        let price = lowest.map_or(PERCENT_MAX, |lowest| percent(merits.fare.minor, *lowest));
        let connections = i64::from(merits.legs) - 1;
        (time + price + CONNECTION_PERCENT * connections) / STEP_PERCENT
    }
}

/// Of the least, which may be 0: then everything above it is out of proportion.
fn percent(amount: i64, least: i64) -> i64 {
    if amount == least {
        return 100;
    }
    let percent = amount.saturating_mul(100) / least.max(1);
    percent.min(PERCENT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours, legs and a price; -1 for none.
    fn path((departs, hours, legs, minor): (u32, u32, u8, i64)) -> Path {
        let departs = departs * 3600;
        let (currency, minor) = match minor {
            -1 => (CurrencyNumber::MIXED, 0),
            minor => (CurrencyNumber(0), minor),
        };
        Path {
            merits: Merits {
                departs,
                arrives: departs + hours * 3600,
                legs,
                fare: Fare { currency, minor },
            },
            departures: Vec::new(),
        }
    }

    fn sorted<const N: usize>(given: [(u32, u32, u8, i64); N], order: Order) -> Vec<usize> {
        let given = given.map(path);
        let mut paths = given.to_vec();
        sort(&mut paths, order);
        let place = |path| given.iter().position(|known| known == path);
        paths.iter().filter_map(place).collect()
    }

    #[test]
    fn the_best_are_short_and_cheap_and_direct_and_go_by_departure() {
        let list = [
            (20, 3, 1, 500),
            (6, 3, 1, 500),
            (12, 3, 1, 510),
            (5, 9, 3, 480),
            (7, 4, 2, 800),
            (8, 7, 2, 250),
            (1, 3, 2, -1),
        ];
        assert_eq!(sorted(list, Order::Best), [1, 2, 0, 5, 4, 3, 6]);
    }

    #[test]
    fn any_order_is_one_of_a_single_thing() {
        let list = [
            (6, 9, 1, 500),
            (5, 12, 2, 100),
            (12, 3, 3, 900),
            (7, 9, 2, -1),
        ];
        assert_eq!(sorted(list, Order::Departure), [1, 0, 3, 2]);
        assert_eq!(sorted(list, Order::Arrival), [0, 2, 3, 1]);
        assert_eq!(sorted(list, Order::Price), [1, 0, 2, 3]);
        assert_eq!(sorted(list, Order::Legs), [0, 3, 1, 2]);
        assert_eq!(sorted(list, Order::Duration), [2, 0, 3, 1]);
    }

    #[test]
    fn nothing_is_out_of_range() {
        let free = [
            (6, 0, 1, 0),
            (6, 0, 1, i64::MAX / 200),
            (0, 100_000, 6, i64::MAX),
        ];
        assert_eq!(sorted(free, Order::Best), [0, 1, 2]);
    }
}
