//! One company's legs in memory, by route, and the order of their changes.
//!
//! Invariants: a slot never moves and never goes away; its number of free seats in `free` follows their states; `version` rises whenever
//! something that a timetable is made of does.

use std::collections::{BTreeMap, HashMap};

use super::free::FreeCounts;
use super::seats::{SeatState, SeatStates};
use super::slot::{Facts, Slot};
use super::{CatalogueCursor, CataloguePage, LegSeats, LegView, Published, Route};
use crate::catalogue::cabin::Layout;
use crate::domain::ids::{CompanyId, RouteId, SeatNumber};

#[derive(Debug, Default)]
pub struct Index {
    slots: Vec<Slot>,
    numbers: HashMap<RouteId, u32>,
    free: FreeCounts,
    version: u64,
    /// Which start of the publisher its numbers of changes are of.
    epoch: u64,
    /// Own index only: the slot of each route's latest change, to be published in order.
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
        self.slots.shrink_to_fit();
        self.numbers.shrink_to_fit();
    }

    /// Rises with every change of the schedule; seats are followed through [`Index::free`].
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Every leg, by slot.
    pub fn facts(&self) -> impl Iterator<Item = &Facts> {
        self.slots.iter().map(|slot| &slot.facts)
    }

    /// Free seats by slot, shared with whoever keeps a clone.
    pub fn free(&self) -> &FreeCounts {
        &self.free
    }

    pub fn route(&self, id: RouteId) -> Option<Route> {
        self.slot(id).map(|slot| slot.facts.route())
    }

    pub fn leg(&self, company: CompanyId, id: RouteId) -> Option<LegView> {
        let slot = self.slot(id)?;
        Some(LegView {
            company,
            route: slot.facts.route(),
            free: slot.seats.free_of(slot.facts.seats),
        })
    }

    /// The seats of a leg, with the number of the change that made them so.
    pub fn seats(&self, id: RouteId) -> Option<LegSeats> {
        let slot = self.slot(id)?;
        Some(LegSeats {
            version: CatalogueCursor {
                epoch: self.epoch,
                seq: slot.changed,
            },
            layout: Layout::of(slot.facts.equipment.as_str(), slot.facts.seats),
            seats: slot.facts.seats,
            states: slot.seats.clone(),
        })
    }

    fn slot(&self, id: RouteId) -> Option<&Slot> {
        self.slots.get(*self.numbers.get(&id)? as usize)
    }

    /// A route of our own as the database has it. Seats of a known one are followed through the ledger, not from here.
    pub fn load_own(&mut self, mut published: Published) {
        let id = published.route.id;
        if let Some(old) = self.slot(id) {
            published.seats = old.seats.clone();
        }
        if let Some(number) = self.put(published) {
            self.touch(number);
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
        let Some(number) = self.numbers.get(&id).copied() else {
            return;
        };
        let slot = &mut self.slots[number as usize];
        let before = slot.seats.clone();
        change(&mut slot.seats);
        if slot.seats != before {
            let free = slot.seats.count_free_of(slot.facts.seats);
            self.free.set(number, free);
            self.touch(number);
        }
    }

    fn touch(&mut self, number: u32) {
        let slot = &mut self.slots[number as usize];
        self.seq += 1;
        self.changes.remove(&slot.changed);
        slot.changed = self.seq;
        self.changes.insert(self.seq, number);
    }

    /// Changes after `from`, at most `limit`, with the sequence number they reach and whether there are more.
    pub fn changes(&self, from: u64, limit: usize) -> (Vec<(u64, Published)>, u64, bool) {
        let mut changes = Vec::new();
        let mut reached = from;
        for (seq, number) in self.changes.range(from + 1..) {
            if changes.len() == limit {
                return (changes, reached, true);
            }
            let slot = &self.slots[*number as usize];
            let published = Published {
                route: slot.facts.route(),
                seats: slot.seats.clone(),
            };
            changes.push((*seq, published));
            reached = *seq;
        }
        (changes, reached, false)
    }

    /// Takes over what the publisher says. A new start is staged until it is whole, so that readers never see half of it.
    /// Answers with the index that was replaced, if any.
    pub fn follow(&mut self, page: CataloguePage) -> Option<Index> {
        if page.reset {
            self.staged = Some(Box::new(Self::new(page.next.epoch)));
        }
        for (seq, published) in page.changes {
            let index = match &mut self.staged {
                Some(staged) => staged.as_mut(),
                None => &mut *self,
            };
            if let Some(number) = index.put(published) {
                index.slots[number as usize].changed = seq;
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
        replaced
    }

    /// The slot of the route; none if it says what no leg can say: it is left out then.
    fn put(&mut self, published: Published) -> Option<u32> {
        let id = published.route.id;
        let Some(facts) = Facts::new(&published.route) else {
            tracing::warn!(route = %id, "route that no leg can be left out of the catalogue");
            return None;
        };
        let free = published.seats.count_free_of(facts.seats);
        let number = match self.numbers.get(&id) {
            Some(number) => *number,
            None => self.add(facts)?,
        };
        let slot = &mut self.slots[number as usize];
        if slot.facts != facts {
            slot.facts = facts;
            self.version += 1;
        }
        slot.seats = published.seats;
        self.free.set(number, free);
        Some(number)
    }

    /// None beyond the 2^32 routes that slots are numbered for.
    fn add(&mut self, facts: Facts) -> Option<u32> {
        let number = u32::try_from(self.slots.len()).ok()?;
        self.slots.push(Slot {
            facts,
            seats: SeatStates::default(),
            changed: 0,
        });
        self.numbers.insert(facts.id, number);
        self.version += 1;
        Some(number)
    }
}
