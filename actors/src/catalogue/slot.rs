//! What the index keeps of a leg: facts inline, so that a season of hundreds of thousands costs tens of megabytes.

use super::Route;
use super::code::Code;
use super::seats::SeatStates;
use crate::domain::ids::{RouteId, SEATS_MAX};
use crate::domain::order::Price;

/// IATA code of an airport.
pub type Iata = Code<3>;
/// ISO 4217 code of a currency.
pub type Currency = Code<3>;

/// Highest price of a leg: sums of an itinerary stay far below the largest number, and JSON's clients read it exactly.
const PRICE_MAX: i64 = 1 << 53;

#[derive(Debug, Clone)]
pub struct Slot {
    pub facts: Facts,
    pub seats: SeatStates,
    /// The publisher's number of the latest change, 0 before the first one.
    pub changed: u64,
}

/// A route as [`Route`] has it. Seconds since 1970 in 32 bits last until 2106.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub id: RouteId,
    flight: Code<8>,
    pub price_minor: i64,
    pub departs: u32,
    pub arrives: u32,
    pub origin: Iata,
    pub destination: Iata,
    pub equipment: Code<4>,
    pub currency: Currency,
    pub on_sale: bool,
    pub seats: u16,
}

impl Facts {
    /// None if the route says what no leg can say.
    pub fn new(route: &Route) -> Option<Self> {
        let facts = Self {
            id: route.id,
            flight: Code::new(&route.flight)?,
            price_minor: route.price.minor,
            departs: u32::try_from(route.departs).ok()?,
            arrives: u32::try_from(route.arrives).ok()?,
            origin: Code::new(&route.origin)?,
            destination: Code::new(&route.destination)?,
            equipment: Code::new(&route.equipment)?,
            currency: Code::new(&route.price.currency)?,
            on_sale: route.on_sale,
            seats: route.seats,
        };
        let sound = facts.departs < facts.arrives
            && (0..=PRICE_MAX).contains(&facts.price_minor)
            && facts.seats <= SEATS_MAX;
        sound.then_some(facts)
    }

    pub fn route(&self) -> Route {
        Route {
            id: self.id,
            flight: self.flight.as_str().to_owned(),
            origin: self.origin.as_str().to_owned(),
            destination: self.destination.as_str().to_owned(),
            departs: i64::from(self.departs),
            arrives: i64::from(self.arrives),
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

#[cfg(test)]
mod tests {
    use super::super::tests::route;
    use super::*;

    #[test]
    fn a_leg_is_kept_as_it_was_published() {
        let route = route(7, "GRU", "MAO", 1_000, 5_000);
        assert_eq!(Facts::new(&route).unwrap().route(), route);
        assert!(std::mem::size_of::<Slot>() <= 80);
    }

    #[test]
    fn what_no_leg_can_say_is_left_out() {
        let broken: [fn(&mut Route); 9] = [
            |route| route.origin = "GRUX".to_owned(),
            |route| route.flight = "G3\0".to_owned(),
            |route| route.equipment = "Boeing".to_owned(),
            |route| route.price.currency = "reais".to_owned(),
            |route| route.price.minor = -1,
            |route| route.price.minor = i64::MAX,
            |route| route.departs = -1,
            |route| route.arrives = route.departs,
            |route| route.seats = u16::MAX,
        ];
        for break_it in broken {
            let mut route = route(7, "GRU", "MAO", 1_000, 5_000);
            break_it(&mut route);
            assert_eq!(Facts::new(&route), None, "{route:?}");
        }
    }
}
