//! What is the same for every date of a flight, kept once: a season has hundreds of thousands of legs, and a few
//! thousand flights.

use std::collections::HashMap;

use super::Route;
use super::code::Code;
use crate::domain::ids::{RouteId, SEATS_MAX};
use crate::domain::order::{Offsets, Price};

/// IATA code of an airport.
pub type Iata = Code<3>;
/// ISO 4217 code of a currency.
pub type Currency = Code<3>;

/// Highest price of a leg: sums of an itinerary stay far below the largest number, and JSON's clients read it exactly.
const PRICE_MAX: i64 = 1 << 53;

/// A pattern by its place in its [`Patterns`].
pub type PatternNumber = u32;

/// A route as [`Route`] has it, but for its id and its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern {
    flight: Code<8>,
    pub price_minor: i64,
    /// From take-off to landing.
    pub seconds: u32,
    offsets: Option<Offsets>,
    pub origin: Iata,
    pub destination: Iata,
    pub equipment: Code<4>,
    pub currency: Currency,
    pub on_sale: bool,
    pub seats: u16,
}

/// A leg of one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    pub id: RouteId,
    /// Seconds since 1970; in 32 bits they last until 2106.
    pub departs: u32,
    pub pattern: PatternNumber,
}

/// Every pattern once. A number stays good until [`Patterns::keep`].
#[derive(Debug, Default)]
pub struct Patterns {
    all: Vec<Pattern>,
    numbers: HashMap<Pattern, PatternNumber>,
}

impl Pattern {
    /// The pattern of a route, and when it departs; none if it says what no leg can say.
    pub fn of(route: &Route) -> Option<(Self, u32)> {
        let departs = u32::try_from(route.departs).ok()?;
        let arrives = u32::try_from(route.arrives).ok()?;
        let pattern = Self {
            flight: Code::new(&route.flight)?,
            price_minor: route.price.minor,
            seconds: arrives.checked_sub(departs)?,
            offsets: route.offsets,
            origin: Code::new(&route.origin)?,
            destination: Code::new(&route.destination)?,
            equipment: Code::new(&route.equipment)?,
            currency: Code::new(&route.price.currency)?,
            on_sale: route.on_sale,
            seats: route.seats,
        };
        let sound = pattern.seconds > 0
            && (0..=PRICE_MAX).contains(&pattern.price_minor)
            && pattern.seats <= SEATS_MAX;
        sound.then_some((pattern, departs))
    }

    /// The route of this pattern that departs then.
    pub fn route(&self, id: RouteId, departs: u32) -> Route {
        let departs = i64::from(departs);
        Route {
            id,
            flight: self.flight.as_str().to_owned(),
            origin: self.origin.as_str().to_owned(),
            destination: self.destination.as_str().to_owned(),
            departs,
            arrives: departs + i64::from(self.seconds),
            offsets: self.offsets,
            seats: self.seats,
            price: Price {
                minor: self.price_minor,
                currency: self.currency.as_str().to_owned(),
            },
            equipment: self.equipment.as_str().to_owned(),
            on_sale: self.on_sale,
        }
    }
}

impl Patterns {
    pub fn get(&self, number: PatternNumber) -> &Pattern {
        &self.all[number as usize]
    }

    /// By number.
    pub fn all(&self) -> &[Pattern] {
        &self.all
    }

    /// The number of this pattern, a new one if there is none. None beyond the 2^32 that there are.
    pub fn intern(&mut self, pattern: Pattern) -> Option<PatternNumber> {
        if let Some(number) = self.numbers.get(&pattern) {
            return Some(*number);
        }
        let number = PatternNumber::try_from(self.all.len()).ok()?;
        self.all.push(pattern);
        self.numbers.insert(pattern, number);
        Some(number)
    }

    /// Forgets those that none of the legs has, and gives the legs the numbers that the others have from then on.
    pub fn keep<'a>(&mut self, legs: impl Iterator<Item = &'a mut Dated>) {
        let mut kept = Self::default();
        for leg in legs {
            let number = kept.intern(*self.get(leg.pattern));
            leg.pattern = number.expect("no more than there were");
        }
        kept.all.shrink_to_fit();
        *self = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::route;
    use super::*;

    #[test]
    fn a_leg_is_kept_as_it_was_published() {
        let route = route(7, "GRU", "MAO", 1_000, 5_000);
        let (pattern, departs) = Pattern::of(&route).unwrap();
        assert_eq!(pattern.route(route.id, departs), route);
    }

    #[test]
    fn what_no_leg_can_say_is_left_out() {
        let broken: [fn(&mut Route); 10] = [
            |route| route.origin = "GRUX".to_owned(),
            |route| route.flight = "G3\0".to_owned(),
            |route| route.equipment = "Boeing".to_owned(),
            |route| route.price.currency = "reais".to_owned(),
            |route| route.price.minor = -1,
            |route| route.price.minor = i64::MAX,
            |route| route.departs = -1,
            |route| route.arrives = route.departs,
            |route| route.arrives = route.departs - 1,
            |route| route.seats = u16::MAX,
        ];
        for break_it in broken {
            let mut route = route(7, "GRU", "MAO", 1_000, 5_000);
            break_it(&mut route);
            assert_eq!(Pattern::of(&route), None, "{route:?}");
        }
    }

    #[test]
    fn dates_of_a_flight_share_a_pattern_and_nothing_else_does() {
        let mut patterns = Patterns::default();
        let mut number = |route: &Route| patterns.intern(Pattern::of(route).unwrap().0);
        let first = route(7, "GRU", "MAO", 1_000, 5_000);
        let mut another_date = first.clone();
        (another_date.id, another_date.departs, another_date.arrives) =
            (RouteId(8), 87_400, 91_400);
        assert_eq!(number(&first), Some(0));
        assert_eq!(number(&another_date), Some(0));
        let differ: [fn(&mut Route); 10] = [
            |route| {
                route.offsets = Some(Offsets {
                    departs: -180,
                    arrives: -240,
                });
            },
            |route| route.flight.push('1'),
            |route| route.origin = "CGH".to_owned(),
            |route| route.destination = "REC".to_owned(),
            |route| route.arrives += 1,
            |route| route.seats += 1,
            |route| route.price.minor += 1,
            |route| route.price.currency = "USD".to_owned(),
            |route| route.equipment = String::new(),
            |route| route.on_sale = false,
        ];
        for (expected, differ) in (1..).zip(differ) {
            let mut other = first.clone();
            differ(&mut other);
            assert_eq!(number(&other), Some(expected), "{other:?}");
            let (pattern, departs) = Pattern::of(&other).unwrap();
            assert_eq!(pattern.route(other.id, departs), other);
        }
    }

    #[test]
    fn patterns_without_legs_are_forgotten() {
        let mut patterns = Patterns::default();
        let flights = ["GRU", "CGH", "GIG"].map(|origin| route(7, origin, "MAO", 1_000, 5_000));
        let [_, second, third] =
            flights.map(|route| patterns.intern(Pattern::of(&route).unwrap().0).unwrap());
        let origins = |patterns: &Patterns, legs: &[Dated]| -> Vec<String> {
            let of = legs.iter().map(|leg| patterns.get(leg.pattern).origin);
            of.map(|origin| origin.as_str().to_owned()).collect()
        };
        let mut legs = [third, second, third].map(|pattern| Dated {
            id: RouteId(1),
            departs: 0,
            pattern,
        });
        let before = origins(&patterns, &legs);
        patterns.keep(legs.iter_mut());
        assert_eq!(origins(&patterns, &legs), before);
        assert_eq!(patterns.all().len(), 2);
        let again = patterns.intern(*patterns.get(0));
        assert_eq!(again, Some(0), "known by its new number");
    }
}
