//! The durable rows that a batch of ledger entries touches, as read in its transaction, with what the entries changed.
//!
//! A store loads what a [`Footprint`] names, the pure functions of this folder change the rows, the store writes the
//! changes back: inserts must find nothing, updates must find what was loaded ([`Change::before`]). So the code that
//! decides is the same over PostgreSQL, over the memory of a simulation and inside a model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::accounts::User;
use super::ballot::{Acceptors, Key, Register};
use super::fencing::FencingToken;
use super::ids::{CompanyId, Incarnation, RouteId, SagaId, SeatNumber, UserId};
use super::order::{Order, OrderHash, SeatRef};
use super::ticket::Ticket;
use super::vote::{LegState, RefusalReason};

/// A seat of this company.
pub type SeatKey = (RouteId, SeatNumber);

/// A leg of a saga at this company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegKey {
    pub saga: SagaId,
    pub route: RouteId,
    pub number: SeatNumber,
}

impl LegKey {
    pub fn seat(&self) -> SeatKey {
        (self.route, self.number)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LegRow {
    pub state: LegState,
    pub hash: OrderHash,
    pub fence: FencingToken,
    /// Why it was refused.
    pub reason: Option<RefusalReason>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SeatRow {
    pub blocked: bool,
    /// The highest token that ever prepared this seat.
    pub fence: FencingToken,
}

/// What a vote needs to know of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteFacts {
    pub seats: u16,
    pub on_sale: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SagaState {
    Begun,
    Committed,
    Aborted,
}

/// This company's copy of a saga.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SagaRow {
    /// Loaded only where the footprint asked for it.
    pub order: Option<Arc<Order>>,
    pub hash: OrderHash,
    pub acceptors: Acceptors,
    /// Name of the node that began it.
    pub driver: String,
    pub state: SagaState,
    /// The driver has every company's acknowledgement.
    pub finished: bool,
    /// A customer's hold: this company waits for so long before it asks for an end. None for other sagas, and from the
    /// moment on at which somebody asked for an end: such a saga is in doubt like any other.
    pub hold_seconds: Option<u32>,
    /// Of a hold: every company of its order has voted Yes, as a driver here has seen.
    pub voted: bool,
}

impl SagaRow {
    /// How long its seats are kept for a customer; none if no customer is waited for (any more).
    pub fn held_for(&self) -> Option<u32> {
        self.hold_seconds.filter(|_| self.state == SagaState::Begun)
    }
}

/// A client's key and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyRow {
    pub fingerprint: [u8; 32],
    pub saga: SagaId,
    pub answer: Option<super::outcome::Outcome>,
}

/// A replicated row in the order of its commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Replicated {
    User(User),
    Ticket(Ticket),
}

/// Where a replica has read a peer's outbox up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct OutboxCursor {
    pub incarnation: Incarnation,
    pub seq: i64,
}

/// An operator's act.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuditRow {
    pub action: String,
    pub subject: String,
    pub reason: String,
}

/// What a batch needs loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Sagas with all their legs here.
    pub sagas: BTreeSet<SagaId>,
    /// Those of `sagas` whose order is needed too.
    pub orders: BTreeSet<SagaId>,
    /// Seats with their owner and route.
    pub seats: BTreeSet<SeatKey>,
    pub registers: BTreeSet<Key>,
    pub tickets: BTreeSet<SagaId>,
    /// By normalised login.
    pub users: BTreeSet<String>,
    pub keys: BTreeSet<(UserId, String)>,
    /// Routes whose every owned or blocked seat is needed.
    pub seat_maps: BTreeSet<RouteId>,
    /// This company's ballot round.
    pub round: bool,
}

/// Rows of one table: what was loaded, and what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<K, V> {
    rows: BTreeMap<K, V>,
    before: BTreeMap<K, Option<V>>,
}

/// One row to write.
pub struct Change<'a, K, V> {
    pub key: &'a K,
    /// As loaded; none = the row must not exist yet.
    pub before: Option<&'a V>,
    pub after: &'a V,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            before: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Clone, V: Clone + PartialEq> Table<K, V> {
    /// A row as the store has it.
    pub fn load(&mut self, key: K, row: V) {
        self.rows.insert(key, row);
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    pub fn range<R: std::ops::RangeBounds<K>>(&self, range: R) -> impl Iterator<Item = (&K, &V)> {
        self.rows.range(range)
    }

    pub fn put(&mut self, key: K, row: V) {
        let old = self.rows.insert(key.clone(), row);
        self.before.entry(key).or_insert(old);
    }

    /// Rows that differ from what was loaded, in key order.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_, K, V>> {
        self.before.iter().filter_map(|(key, before)| {
            let after = &self.rows[key];
            (before.as_ref() != Some(after)).then_some(Change {
                key,
                before: before.as_ref(),
                after,
            })
        })
    }
}

/// All rows of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    pub me: CompanyId,
    pub sagas: Table<SagaId, SagaRow>,
    pub legs: Table<LegKey, LegRow>,
    pub seats: Table<SeatKey, SeatRow>,
    pub routes: BTreeMap<RouteId, RouteFacts>,
    pub registers: Table<Key, Register>,
    pub tickets: Table<SagaId, Ticket>,
    pub users: Table<String, User>,
    pub keys: Table<(UserId, String), KeyRow>,
    pub cursors: BTreeMap<CompanyId, OutboxCursor>,
    pub outbox: Vec<Replicated>,
    pub audit: Vec<AuditRow>,
    /// The last round of ballots that this company used; written if raised.
    pub round: i64,
    pub round_raised: bool,
    /// Things the lattice says are impossible. Never repaired silently.
    pub alarms: Vec<String>,
    owners: BTreeMap<SeatKey, (SagaId, LegState)>,
}

impl Rows {
    pub fn new(me: CompanyId) -> Self {
        Self {
            me,
            sagas: Table::default(),
            legs: Table::default(),
            seats: Table::default(),
            routes: BTreeMap::new(),
            registers: Table::default(),
            tickets: Table::default(),
            users: Table::default(),
            keys: Table::default(),
            cursors: BTreeMap::new(),
            outbox: Vec::new(),
            audit: Vec::new(),
            round: 0,
            round_raised: false,
            alarms: Vec::new(),
            owners: BTreeMap::new(),
        }
    }

    /// The prepared or committed leg on a seat, as the store has it.
    pub fn load_owner(&mut self, seat: SeatKey, saga: SagaId, state: LegState) {
        self.owners.insert(seat, (saga, state));
    }

    /// Who keeps or has this seat: at most one leg, prepared or committed.
    pub fn owner(&self, seat: &SeatKey) -> Option<(SagaId, LegState)> {
        self.owners.get(seat).copied()
    }

    /// The legs of a saga at this company, ascending.
    pub fn legs_of(&self, saga: SagaId) -> Vec<(LegKey, LegRow)> {
        let key = |route, number| LegKey {
            saga,
            route,
            number,
        };
        let first = key(RouteId(0), SeatNumber(0));
        let last = key(RouteId(u64::MAX), SeatNumber(u16::MAX));
        self.legs
            .range(first..=last)
            .map(|(key, row)| (*key, *row))
            .collect()
    }

    /// Writes a leg and keeps the owner of its seat true.
    ///
    /// # Panics
    /// If the seat has another owner and this leg would own it too: the callers check first.
    pub fn put_leg(&mut self, key: LegKey, row: LegRow) {
        let owns = matches!(row.state, LegState::Prepared | LegState::Committed);
        match self.owners.get(&key.seat()) {
            Some((other, _)) if *other != key.saga => {
                assert!(!owns, "seat {:?} would have two owners", key.seat());
            }
            _ if owns => {
                self.owners.insert(key.seat(), (key.saga, row.state));
            }
            _ => {
                self.owners.remove(&key.seat());
            }
        }
        self.legs.put(key, row);
    }

    pub fn put_seat_fence(&mut self, seat: SeatKey, token: FencingToken) {
        let mut row = self.seats.get(&seat).copied().unwrap_or_default();
        row.fence = row.fence.max(token);
        self.seats.put(seat, row);
    }

    /// Raises this company's ballot round above this one, and says to what.
    pub fn raise_round(&mut self, above: i64) -> i64 {
        self.round = self.round.max(above).saturating_add(1);
        self.round_raised = true;
        self.round
    }

    pub fn alarm(&mut self, what: String) {
        self.alarms.push(what);
    }

    /// The seats whose owner or block this batch changed, with what they are now.
    pub fn seat_changes(&self) -> BTreeMap<SeatKey, SeatUse> {
        let legs = self.legs.changes().map(|change| change.key.seat());
        let seats = self.seats.changes().map(|change| *change.key);
        legs.chain(seats)
            .map(|seat| (seat, self.seat_use(&seat)))
            .collect()
    }

    pub fn seat_use(&self, seat: &SeatKey) -> SeatUse {
        match self.owner(seat) {
            Some((by, LegState::Committed)) => SeatUse::Sold { to: by },
            Some((by, _)) => SeatUse::Prepared { by },
            None if self.seats.get(seat).is_some_and(|row| row.blocked) => SeatUse::Blocked,
            None => SeatUse::Free,
        }
    }

    /// Seats of this route that are owned or have a row.
    pub fn touched_seats(&self, route: RouteId) -> impl Iterator<Item = SeatKey> {
        let range = (route, SeatNumber(0))..=(route, SeatNumber(u16::MAX));
        let owned = self.owners.range(range.clone()).map(|(seat, _)| *seat);
        let rows = self.seats.range(range).map(|(seat, _)| *seat);
        let seats: BTreeSet<SeatKey> = owned.chain(rows).collect();
        seats.into_iter()
    }

    pub fn seat_ref(&self, seat: SeatKey) -> SeatRef {
        SeatRef {
            company: self.me,
            route: seat.0,
            number: seat.1,
        }
    }
}

/// What durably keeps a seat, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeatUse {
    Free,
    Blocked,
    Prepared { by: SagaId },
    Sold { to: SagaId },
}

#[cfg(test)]
mod tests;
