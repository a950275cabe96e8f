//! One company's legs in memory: facts inline, taken seats as a sparse bitmap, orders of departure over all and per origin.
//!
//! Invariant: the orders hold exactly the routes that are on sale.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::code::Code;
use super::{CataloguePage, LegView, Published, Route};
use crate::domain::ids::{CompanyId, RouteId, SeatNumber};
use crate::domain::order::Price;

/// IATA code of an airport.
pub type Iata = Code<3>;

#[derive(Debug, Clone)]
pub struct Slot {
    pub flight: Code<8>,
    pub origin: Iata,
    pub destination: Iata,
    equipment: Code<4>,
    currency: Code<3>,
    on_sale: bool,
    seats: u16,
    pub departs: i64,
    pub arrives: i64,
    price_minor: i64,
    changed: u64,
    /// Bit n-1 set = seat n is taken; no allocation while every seat is free.
    taken: Vec<u64>,
}

/// Departures in order: (time, route).
pub type Departure = (i64, RouteId);

#[derive(Debug, Default)]
pub struct Index {
    slots: HashMap<RouteId, Slot>,
    by_departure: BTreeSet<Departure>,
    by_origin: BTreeSet<(Iata, i64, RouteId)>,
    /// Own index only: the latest change of each route, to be published in order.
    changes: BTreeMap<u64, RouteId>,
    seq: u64,
    /// A peer's new start being read, until it is whole.
    staged: Option<Box<Index>>,
    complete: bool,
}

impl Slot {
    fn new(published: &Published) -> Option<Self> {
        let route = &published.route;
        Some(Self {
            flight: Code::new(&route.flight)?,
            origin: Code::new(&route.origin)?,
            destination: Code::new(&route.destination)?,
            equipment: Code::new(&route.equipment)?,
            currency: Code::new(&route.price.currency)?,
            on_sale: route.on_sale,
            seats: route.seats,
            departs: route.departs,
            arrives: route.arrives,
            price_minor: route.price.minor,
            changed: 0,
            taken: published.taken.clone(),
        })
    }

    fn route(&self, id: RouteId) -> Route {
        Route {
            id,
            flight: self.flight.as_str().to_owned(),
            origin: self.origin.as_str().to_owned(),
            destination: self.destination.as_str().to_owned(),
            departs: self.departs,
            arrives: self.arrives,
            seats: self.seats,
            price: Price {
                minor: self.price_minor,
                currency: self.currency.as_str().to_owned(),
            },
            equipment: self.equipment.as_str().to_owned(),
            on_sale: self.on_sale,
        }
    }

    fn is_taken(&self, number: u16) -> bool {
        let bit = usize::from(number.saturating_sub(1));
        let word = self.taken.get(bit / 64).copied().unwrap_or(0);
        word >> (bit % 64) & 1 == 1
    }

    fn set_taken(&mut self, number: SeatNumber, taken: bool) {
        let Some(bit) = usize::from(number.0).checked_sub(1) else {
            return;
        };
        if self.taken.len() <= bit / 64 {
            self.taken.resize(bit / 64 + 1, 0);
        }
        let mask = 1 << (bit % 64);
        if taken {
            self.taken[bit / 64] |= mask;
        } else {
            self.taken[bit / 64] &= !mask;
        }
        while self.taken.last() == Some(&0) {
            self.taken.pop();
        }
    }

    fn free(&self) -> Vec<SeatNumber> {
        let numbers = 1..=self.seats;
        let free = numbers.filter(|number| !self.is_taken(*number));
        free.map(SeatNumber).collect()
    }

    /// Whether a seat is left.
    pub fn has_free_seats(&self) -> bool {
        let taken: u32 = self.taken.iter().map(|word| word.count_ones()).sum();
        taken < u32::from(self.seats)
    }
}

impl Index {
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub fn complete(&mut self) {
        self.complete = true;
    }

    pub fn route(&self, id: RouteId) -> Option<Route> {
        self.slots.get(&id).map(|slot| slot.route(id))
    }

    pub fn leg(&self, company: CompanyId, id: RouteId) -> Option<LegView> {
        let slot = self.slots.get(&id)?;
        Some(LegView {
            company,
            route: slot.route(id),
            free: slot.free(),
        })
    }

    /// The leg as it is listed: on sale, with a free seat, to one of the destinations.
    pub fn shown(
        &self,
        company: CompanyId,
        id: RouteId,
        destinations: Option<&[String]>,
    ) -> Option<LegView> {
        let slot = self.slots.get(&id)?;
        let there = |places: &[String]| {
            places
                .iter()
                .any(|place| place == slot.destination.as_str())
        };
        let wanted = slot.on_sale && destinations.is_none_or(there) && slot.has_free_seats();
        wanted.then(|| self.leg(company, id)).flatten()
    }

    /// Departures within [from, to), ascending: one stream, or one per origin.
    pub fn departures(
        &self,
        origins: Option<&[String]>,
        from: i64,
        to: i64,
    ) -> Vec<Box<dyn Iterator<Item = Departure> + '_>> {
        if from >= to {
            return Vec::new();
        }
        let Some(origins) = origins else {
            let all = self
                .by_departure
                .range((from, RouteId(0))..(to, RouteId(0)));
            return vec![Box::new(all.copied())];
        };
        let mut origins: Vec<Iata> = origins.iter().filter_map(|code| Code::new(code)).collect();
        origins.sort_unstable();
        origins.dedup();
        origins
            .into_iter()
            .map(|origin| {
                Box::new(self.departures_of(origin, from, to))
                    as Box<dyn Iterator<Item = Departure>>
            })
            .collect()
    }

    /// Departures of one airport within [from, to), ascending.
    pub fn departures_of(
        &self,
        origin: Iata,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = Departure> + '_ {
        let range = (origin, from, RouteId(0))..(origin, to.max(from), RouteId(0));
        let departures = self.by_origin.range(range);
        departures.map(|(_, departs, id)| (*departs, *id))
    }

    pub fn slot(&self, id: RouteId) -> Option<&Slot> {
        self.slots.get(&id)
    }

    /// A route of our own as the database has it. Seats of a known one are followed through the ledger, not from here.
    pub fn load_own(&mut self, mut published: Published) {
        let id = published.route.id;
        if let Some(old) = self.slots.get(&id) {
            published.taken.clone_from(&old.taken);
        }
        if self.put(published) {
            self.touch(id);
        }
    }

    pub fn set_taken(&mut self, id: RouteId, number: SeatNumber, taken: bool) {
        if let Some(slot) = self.slots.get_mut(&id)
            && slot.is_taken(number.0) != taken
        {
            slot.set_taken(number, taken);
            self.touch(id);
        }
    }

    /// Every taken seat of a route, as the ledger found it.
    pub fn survey(&mut self, id: RouteId, taken: impl Iterator<Item = SeatNumber>) {
        let Some(slot) = self.slots.get_mut(&id) else {
            return;
        };
        let before = std::mem::take(&mut slot.taken);
        taken.for_each(|number| slot.set_taken(number, true));
        if slot.taken != before {
            self.touch(id);
        }
    }

    fn touch(&mut self, id: RouteId) {
        let Some(slot) = self.slots.get_mut(&id) else {
            return;
        };
        self.seq += 1;
        self.changes.remove(&slot.changed);
        slot.changed = self.seq;
        self.changes.insert(self.seq, id);
    }

    /// Changes after `from`, at most `limit`, with the sequence number they reach and whether there are more.
    pub fn changes(&self, from: u64, limit: usize) -> (Vec<Published>, u64, bool) {
        let mut changes = Vec::new();
        let mut reached = from;
        for (seq, id) in self.changes.range(from + 1..) {
            if changes.len() == limit {
                return (changes, reached, true);
            }
            let slot = &self.slots[id];
            changes.push(Published {
                route: slot.route(*id),
                taken: slot.taken.clone(),
            });
            reached = *seq;
        }
        (changes, reached, false)
    }

    /// Takes over what the publisher says. A new start is staged until it is whole, so that readers never see half of it.
    /// Answers with the index that was replaced, if any.
    pub fn follow(&mut self, page: CataloguePage) -> Option<Index> {
        if page.reset {
            self.staged = Some(Box::default());
        }
        for published in page.changes {
            match &mut self.staged {
                Some(staged) => staged.put(published),
                None => self.put(published),
            };
        }
        if page.more {
            return None;
        }
        let replaced = self
            .staged
            .take()
            .map(|whole| std::mem::replace(self, *whole));
        self.complete = true;
        replaced
    }

    /// False if the route says what no leg can say; it is left out then.
    fn put(&mut self, published: Published) -> bool {
        let id = published.route.id;
        let Some(mut slot) = Slot::new(&published) else {
            tracing::warn!(route = %id, "route with an overlong code left out of the catalogue");
            return false;
        };
        if let Some(old) = self.slots.get(&id) {
            self.by_departure.remove(&(old.departs, id));
            self.by_origin.remove(&(old.origin, old.departs, id));
            slot.changed = old.changed;
        }
        if slot.on_sale {
            self.by_departure.insert((slot.departs, id));
            self.by_origin.insert((slot.origin, slot.departs, id));
        }
        self.slots.insert(id, slot);
        true
    }
}
