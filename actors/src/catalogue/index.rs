//! One company's legs in memory, by route, and the order of their changes.
//!
//! Invariants: a slot never moves and never goes away; its number of free seats in `free` follows their states;
//! `version` rises whenever something that a timetable is made of does.

use std::collections::{BTreeMap, HashMap};

use super::free::FreeCounts;
use super::pattern::{Dated, Pattern, Patterns};
use super::seats::{SeatState, SeatStates};
use super::{CatalogueCursor, CataloguePage, LegSeats, LegView, Published, Route};
use crate::catalogue::cabin::Layout;
use crate::domain::ids::{CompanyId, RouteId, SeatNumber};

/// Patterns are tidied up once there are twice as many as after the last time, and this many more.
const PATTERNS_TO_SPARE: usize = 1_000;

/// What is kept of a leg beside what a schedule says of it.
#[derive(Debug)]
struct Touched {
    seats: SeatStates,
    /// The publisher's number of the latest change.
    changed: u64,
}

#[derive(Debug, Default)]
pub struct Index {
    /// By number of the slot. A season has hundreds of thousands.
    slots: Vec<Dated>,
    patterns: Patterns,
    /// How many there were when those without legs were forgotten last.
    patterns_kept: usize,
    /// The first so many slots ascend by route: publishers tell their routes in this order.
    ascending: usize,
    /// The slots after those: what came later.
    later: HashMap<RouteId, u32>,
    /// By slot. Not those whose seats are free and whose latest change is their first, if they came before any leg
    /// changed: the number of that change is the slot's, and one.
    touched: HashMap<u32, Touched>,
    free: FreeCounts,
    version: u64,
    /// Which start of the publisher its numbers of changes are of.
    epoch: u64,
    /// Own index only: the slot of each route's latest change, to be published in order. Not of changes whose number is
    /// the slot's, and one.
    changes: BTreeMap<u64, u32>,
    seq: u64,
    /// A peer's new start being read, until it is whole.
    staged: Option<Box<Index>>,
    complete: bool,
}

impl Index {
    /// Of one start of its publisher.
    pub fn new(epoch: u64) -> Self {
        Self {
            epoch,
            ..Self::default()
        }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Every route has been read, at the start or after a change of the schedule.
    pub fn complete(&mut self) {
        self.complete = true;
        self.version += 1;
        // a copy: allocators shrink in place, and what was too much stays
        if self.slots.capacity() > self.slots.len() {
            self.slots = self.slots.as_slice().to_vec();
        }
        self.later.shrink_to_fit();
        self.tidy_patterns();
    }

    fn tidy_patterns(&mut self) {
        if self.patterns.all().len() > 2 * self.patterns_kept + PATTERNS_TO_SPARE {
            self.patterns.keep(self.slots.iter_mut());
            self.patterns_kept = self.patterns.all().len();
        }
    }

    /// Rises with every change of the schedule; seats are followed through [`Index::free`].
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Every leg, by slot.
    pub fn legs(&self) -> &[Dated] {
        &self.slots
    }

    /// By the numbers that the legs have.
    pub fn patterns(&self) -> &[Pattern] {
        self.patterns.all()
    }

    /// Free seats by slot, shared with whoever keeps a clone.
    pub fn free(&self) -> &FreeCounts {
        &self.free
    }

    pub fn route(&self, id: RouteId) -> Option<Route> {
        self.number(id).map(|number| self.route_of(number))
    }

    pub fn leg(&self, company: CompanyId, id: RouteId) -> Option<LegView> {
        self.leg_at(self.number(id)?, company, id)
    }

    /// As [`Index::leg`], of which it is known in what slot it was when some timetable was made.
    pub fn leg_at(&self, slot: u32, company: CompanyId, id: RouteId) -> Option<LegView> {
        let number = match self.slots.get(slot as usize) {
            Some(leg) if leg.id == id => slot,
            // a new start of its company
            _ => self.number(id)?,
        };
        let route = self.route_of(number);
        let seats = route.seats;
        Some(LegView {
            company,
            route,
            free: match self.touched.get(&number) {
                Some(touched) => touched.seats.free_of(seats),
                None => (1..=seats).map(SeatNumber).collect(),
            },
        })
    }

    /// The seats of a leg, with the number of the change that made them so.
    pub fn seats(&self, id: RouteId) -> Option<LegSeats> {
        let number = self.number(id)?;
        let pattern = self.patterns.get(self.slots[number as usize].pattern);
        Some(LegSeats {
            version: CatalogueCursor {
                epoch: self.epoch,
                seq: self.changed(number),
            },
            layout: Layout::of(pattern.equipment.as_str(), pattern.seats),
            seats: pattern.seats,
            states: self.states(number),
        })
    }

    fn number(&self, id: RouteId) -> Option<u32> {
        if self.slots[..self.ascending].last()?.id < id {
            return self.later.get(&id).copied();
        }
        let ascending = &self.slots[..self.ascending];
        match ascending.binary_search_by_key(&id, |leg| leg.id) {
            Ok(place) => Some(place as u32),
            Err(_) => self.later.get(&id).copied(),
        }
    }

    fn route_of(&self, number: u32) -> Route {
        let leg = self.slots[number as usize];
        self.patterns.get(leg.pattern).route(leg.id, leg.departs)
    }

    fn states(&self, number: u32) -> SeatStates {
        let touched = self.touched.get(&number);
        touched.map_or_else(SeatStates::default, |touched| touched.seats.clone())
    }

    fn changed(&self, number: u32) -> u64 {
        let touched = self.touched.get(&number);
        touched.map_or(first_change(number), |touched| touched.changed)
    }

    /// Keeps the states of a slot's seats and how many are free, and the number of the change that made them so.
    fn put_seats(&mut self, number: u32, seats: SeatStates, changed: u64) {
        let pattern = self.patterns.get(self.slots[number as usize].pattern);
        self.free.set(number, seats.count_free_of(pattern.seats));
        if seats == SeatStates::default() && changed == first_change(number) {
            self.touched.remove(&number);
        } else {
            self.touched.insert(number, Touched { seats, changed });
        }
    }

    /// A route of our own as the database has it. Seats of a known one are followed through the ledger, not from here.
    pub fn load_own(&mut self, published: Published) {
        let known = self.number(published.route.id);
        let states = match known {
            Some(number) => self.states(number),
            None => published.seats,
        };
        if let Some(number) = self.put(&published.route) {
            self.touch(number, states, known.is_some());
        }
    }

    pub fn set_seat(&mut self, id: RouteId, number: SeatNumber, state: SeatState) {
        self.change_seats(id, |seats| seats.set(number, state));
    }

    /// Every seat of a route that is not free, as the ledger found it.
    pub fn survey(&mut self, id: RouteId, found: impl Iterator<Item = (SeatNumber, SeatState)>) {
        self.change_seats(id, |seats| *seats = found.collect());
    }

    fn change_seats(&mut self, id: RouteId, change: impl FnOnce(&mut SeatStates)) {
        let Some(number) = self.number(id) else {
            return;
        };
        let before = self.states(number);
        let mut states = before.clone();
        change(&mut states);
        if states != before {
            self.touch(number, states, true);
        }
    }

    /// A change of our own. `again`: it is not the slot's first.
    fn touch(&mut self, number: u32, seats: SeatStates, again: bool) {
        if again {
            self.changes.remove(&self.changed(number));
        }
        self.seq += 1;
        self.put_seats(number, seats, self.seq);
        if self.seq != first_change(number) {
            self.changes.insert(self.seq, number);
        }
    }

    /// Changes after `from`, at most `limit`, with the sequence number they reach and whether there are more.
    pub fn changes(&self, from: u64, limit: usize) -> (Vec<(u64, Published)>, u64, bool) {
        let slots = self.slots.len() as u32;
        let after = u32::try_from(from).unwrap_or(slots).min(slots);
        let unchanged = (after..slots)
            .map(|number| (self.changed(number), number))
            .filter(|(seq, number)| *seq == first_change(*number));
        let later = self.changes.range(from.saturating_add(1)..);
        let later = later.map(|(seq, number)| (*seq, *number));
        let mut all = unchanged.chain(later);
        let published = |(seq, number)| {
            let published = Published {
                route: self.route_of(number),
                seats: self.states(number),
            };
            (seq, published)
        };
        let changes: Vec<_> = all.by_ref().take(limit).map(published).collect();
        let reached = changes.last().map_or(from, |(seq, _)| *seq);
        (changes, reached, all.next().is_some())
    }

    /// Takes over what the publisher says. A new start is staged until it is whole, so that readers never see half of
    /// it. Answers with the index that was replaced, if any.
    pub fn follow(&mut self, page: CataloguePage) -> Option<Index> {
        if page.reset {
            self.staged = Some(Box::new(Self::new(page.next.epoch)));
        }
        for (seq, published) in page.changes {
            let index = match &mut self.staged {
                Some(staged) => staged.as_mut(),
                None => &mut *self,
            };
            if let Some(number) = index.put(&published.route) {
                index.put_seats(number, published.seats, seq);
            }
        }
        if page.more {
            return None;
        }
        let replaced = self.staged.take().map(|mut whole| {
            whole.version += self.version;
            std::mem::replace(self, *whole)
        });
        if !self.complete {
            self.complete();
        }
        self.tidy_patterns();
        replaced
    }

    /// The slot of the route, whose seats are to be put next; none if it says what no leg can say: it is left out then.
    fn put(&mut self, route: &Route) -> Option<u32> {
        let Some((pattern, departs)) = Pattern::of(route) else {
            tracing::warn!(route = %route.id, "route that no leg can be left out of the catalogue");
            return None;
        };
        let leg = Dated {
            id: route.id,
            departs,
            pattern: self.patterns.intern(pattern)?,
        };
        let number = match self.number(leg.id) {
            Some(number) => number,
            None => self.add(leg)?,
        };
        let slot = &mut self.slots[number as usize];
        if *slot != leg {
            *slot = leg;
            self.version += 1;
        }
        Some(number)
    }

    /// None beyond the 2^32 routes that slots are numbered for.
    fn add(&mut self, leg: Dated) -> Option<u32> {
        let number = u32::try_from(self.slots.len()).ok()?;
        let last = self.slots.last();
        if self.later.is_empty() && last.is_none_or(|last| last.id < leg.id) {
            self.ascending += 1;
        } else {
            self.later.insert(leg.id, number);
        }
        self.slots.push(leg);
        self.version += 1;
        Some(number)
    }
}

/// The number of a slot's first change, if it came before any leg changed.
fn first_change(number: u32) -> u64 {
    u64::from(number) + 1
}

#[cfg(test)]
mod tests;
