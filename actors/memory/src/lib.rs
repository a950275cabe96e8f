//! The stores over memory, for tests and the simulation: the same rules as over PostgreSQL, none of its durability.
//!
//! Invariants, those that the tables of `passcom-sql` keep:
//! * an insert finds no row of its key, and no other owner of its seat;
//! * an update finds what its transaction read, else nothing of the transaction is written;
//! * `seq` of the outbox rises by one with every row, in the order of the transactions.

mod archive;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use passcom_actors::catalogue::{CloseOfSale, Route};
use passcom_actors::company::store::{LedgerStore, Read, ReadError, WriteError};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::{Key, Register};
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::rows::{
    AuditRow, Footprint, KeyRow, LegKey, LegRow, OutboxCursor, Replicated, RouteFacts, Rows,
    SagaRow, SagaState, SeatKey, SeatRow, SeatUse, Table,
};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState;

pub use times::Times;

/// A company's database in memory. Time stands still until [`MemoryStore::pass`] is called.
pub struct MemoryStore {
    me: CompanyId,
    incarnation: Incarnation,
    tables: Mutex<Tables>,
}

/// The writer of a [`MemoryStore`].
pub struct MemoryLedgerStore {
    pub store: Arc<MemoryStore>,
    /// When it refuses to sell a leg.
    pub close: CloseOfSale,
}

/// The rows of every table.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// How much time has passed.
    pub now: Duration,
    /// With the time at which each was begun.
    pub sagas: BTreeMap<SagaId, (Duration, SagaRow)>,
    pub legs: BTreeMap<LegKey, LegRow>,
    /// The prepared or committed leg on a seat.
    pub owners: BTreeMap<SeatKey, SagaId>,
    pub seats: BTreeMap<SeatKey, SeatRow>,
    /// With the version that changed each last.
    pub routes: BTreeMap<RouteId, (i64, Route)>,
    pub registers: BTreeMap<Key, Register>,
    pub tickets: BTreeMap<SagaId, Ticket>,
    pub users: BTreeMap<String, User>,
    pub keys: BTreeMap<(UserId, String), KeyRow>,
    pub cursors: BTreeMap<CompanyId, OutboxCursor>,
    pub outbox: Vec<Replicated>,
    pub audit: Vec<AuditRow>,
    pub times: Times,
    pub round: i64,
    pub version: i64,
}

impl MemoryStore {
    pub fn new(me: CompanyId, incarnation: Incarnation) -> Self {
        Self {
            me,
            incarnation,
            tables: Mutex::default(),
        }
    }

    /// Puts routes on sale, as an import does: the version of the catalogue rises by one.
    pub fn import(&self, routes: impl IntoIterator<Item = Route>) {
        let mut tables = self.tables();
        tables.version += 1;
        let version = tables.version;
        let rows = routes.into_iter().map(|route| (route.id, (version, route)));
        tables.routes.extend(rows);
    }

    /// Lets time pass, which the age of a saga is measured by and everything recorded is noted with.
    pub fn pass(&self, time: Duration) {
        self.tables().now += time;
    }

    /// All that is durable, as it is now.
    pub fn snapshot(&self) -> Tables {
        self.tables().clone()
    }

    /// Begins a transaction: what the footprint names, as it is now.
    pub fn begin(&self, footprint: &Footprint, close: &CloseOfSale) -> Rows {
        let first_departure = close.first_departure();
        self.tables().load(self.me, footprint, first_departure)
    }

    /// Ends a transaction: writes what has changed, unless another one was faster.
    pub fn commit(&self, rows: &Rows) -> Result<(), WriteError> {
        let mut tables = self.tables();
        *tables = tables.clone().saved(rows)?;
        Ok(())
    }

    /// A panic of a `decide` leaves the tables as they were: it works on rows of its own.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<'a, T: Send + 'a>(&'a self, read: impl FnOnce(&Tables) -> T) -> Read<'a, T> {
        let answer: Result<T, ReadError> = Ok(read(&self.tables()));
        Box::pin(std::future::ready(answer))
    }
}

impl LedgerStore for MemoryLedgerStore {
    fn transact<'a>(
        &'a self,
        footprint: &'a Footprint,
        decide: &'a mut (dyn FnMut(&mut Rows) + Send),
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        // no lock is held: another writer may come in between, as over PostgreSQL
        let mut rows = self.store.begin(footprint, &self.close);
        decide(&mut rows);
        Box::pin(std::future::ready(self.store.commit(&rows)))
    }
}

impl Tables {
    fn load(&self, me: CompanyId, footprint: &Footprint, first_departure: i64) -> Rows {
        let mut rows = Rows::new(me, footprint);
        for saga in &footprint.sagas {
            self.load_saga(*saga, footprint.orders.contains(saga), &mut rows);
        }
        for seat in &footprint.seats {
            self.load_seat(*seat, first_departure, &mut rows);
        }
        for route in &footprint.seat_maps {
            for seat in self.taken(*route) {
                self.load_seat_use(seat, &mut rows);
            }
        }
        copy(&self.registers, &footprint.registers, &mut rows.registers);
        copy(&self.tickets, &footprint.tickets, &mut rows.tickets);
        copy(&self.users, &footprint.users, &mut rows.users);
        copy(&self.keys, &footprint.keys, &mut rows.keys);
        if footprint.round {
            rows.round = self.round;
        }
        rows
    }

    fn load_saga(&self, saga: SagaId, with_order: bool, rows: &mut Rows) {
        if let Some((_, row)) = self.sagas.get(&saga) {
            let order = row.order.clone().filter(|_| with_order);
            rows.sagas.load(
                saga,
                SagaRow {
                    order,
                    ..row.clone()
                },
            );
        }
        for (key, leg) in self.legs_of(saga) {
            rows.load_leg(key, leg);
        }
    }

    fn load_seat(&self, seat: SeatKey, first_departure: i64, rows: &mut Rows) {
        if let Some((_, route)) = self.routes.get(&seat.0) {
            let facts = RouteFacts {
                seats: route.seats,
                on_sale: route.on_sale && route.departs >= first_departure,
            };
            rows.load_route(seat.0, facts);
        }
        self.load_seat_use(seat, rows);
    }

    fn load_seat_use(&self, seat: SeatKey, rows: &mut Rows) {
        if let Some(row) = self.seats.get(&seat) {
            rows.seats.load(seat, *row);
        }
        if let Some((saga, state)) = self.owner(seat) {
            rows.load_owner(seat, saga, state);
        }
    }

    fn legs_of(&self, saga: SagaId) -> impl Iterator<Item = (LegKey, LegRow)> {
        let key = |route, number| LegKey {
            saga,
            route,
            number,
        };
        let first = key(RouteId(0), SeatNumber(0));
        let last = key(RouteId(u64::MAX), SeatNumber(u16::MAX));
        let legs = self.legs.range(first..=last);
        legs.map(|(key, leg)| (*key, *leg))
    }

    fn owner(&self, seat: SeatKey) -> Option<(SagaId, LegState)> {
        let saga = *self.owners.get(&seat)?;
        let (route, number) = seat;
        let key = LegKey {
            saga,
            route,
            number,
        };
        Some((saga, self.legs[&key].state))
    }

    /// Seats of a route that are owned or blocked.
    fn taken(&self, route: RouteId) -> BTreeSet<SeatKey> {
        let range = (route, SeatNumber(0))..=(route, SeatNumber(u16::MAX));
        let owned = self.owners.range(range.clone()).map(|(seat, _)| *seat);
        let rows = self.seats.range(range);
        let blocked = rows.filter(|(_, row)| row.blocked).map(|(seat, _)| *seat);
        owned.chain(blocked).collect()
    }

    fn seat_use(&self, seat: SeatKey) -> SeatUse {
        match self.owner(seat) {
            Some((to, LegState::Committed)) => SeatUse::Sold { to },
            Some((by, _)) => SeatUse::Prepared { by },
            None if self.seats.get(&seat).is_some_and(|row| row.blocked) => SeatUse::Blocked,
            None => SeatUse::Free,
        }
    }

    /// The tables with these changes, or what stands against them.
    fn saved(mut self, rows: &Rows) -> Result<Self, WriteError> {
        self.save_sagas(rows)?;
        self.save_legs(rows)?;
        self.save_seats(rows)?;
        put(&rows.registers, &mut self.registers)?;
        put(&rows.tickets, &mut self.tickets)?;
        put(&rows.users, &mut self.users)?;
        put(&rows.keys, &mut self.keys)?;
        if rows.round_raised {
            expect(self.round < rows.round)?;
            self.round = rows.round;
        }
        for (peer, new) in &rows.cursors {
            let row = self.cursors.entry(*peer).or_insert(*new);
            let higher = row.incarnation != new.incarnation || row.seq < new.seq;
            *row = if higher { *new } else { *row };
        }
        self.outbox.extend(rows.outbox.iter().cloned());
        self.audit.extend(rows.audit.iter().cloned());
        self.times.note(rows, self.now);
        Ok(self)
    }

    fn save_sagas(&mut self, rows: &Rows) -> Result<(), WriteError> {
        for change in rows.sagas.changes() {
            let now = self.now;
            match (self.sagas.get_mut(change.key), change.before) {
                (None, None) => {
                    let row = (now, change.after.clone());
                    self.sagas.insert(*change.key, row);
                }
                // the order is not always loaded, and never changes
                (Some((_, row)), Some(before)) if progress(row) == progress(before) => {
                    let order = row.order.take();
                    let after = change.after.clone();
                    *row = SagaRow { order, ..after };
                }
                _ => return Err(WriteError::Conflict),
            }
        }
        Ok(())
    }

    /// Seats are freed first, so that a batch may sell again what it frees.
    fn save_legs(&mut self, rows: &Rows) -> Result<(), WriteError> {
        let (updates, inserts): (Vec<_>, Vec<_>) = rows
            .legs
            .changes()
            .partition(|change| change.before.is_some());
        for change in updates.into_iter().chain(inserts) {
            let found = self.legs.get(change.key).map(|leg| leg.state);
            expect(found == change.before.map(|leg| leg.state))?;
            let seat = change.key.seat();
            if matches!(change.after.state, LegState::Prepared | LegState::Committed) {
                let owner = self.owners.entry(seat).or_insert(change.key.saga);
                expect(*owner == change.key.saga)?;
            } else if self.owners.get(&seat) == Some(&change.key.saga) {
                self.owners.remove(&seat);
            }
            self.legs.insert(*change.key, *change.after);
        }
        Ok(())
    }

    fn save_seats(&mut self, rows: &Rows) -> Result<(), WriteError> {
        for change in rows.seats.changes() {
            let found = self.seats.get(change.key).copied();
            let was_blocked = change.before.is_some_and(|seat| seat.blocked);
            if let Some(found) = found {
                expect(found.fence <= change.after.fence && found.blocked == was_blocked)?;
            }
            self.seats.insert(*change.key, *change.after);
        }
        Ok(())
    }
}

/// What of a saga's row ever changes.
fn progress(row: &SagaRow) -> (SagaState, bool, Option<u32>) {
    (row.state, row.finished, row.hold_seconds)
}

fn copy<K: Ord + Clone, V: Clone + PartialEq>(
    from: &BTreeMap<K, V>,
    keys: &BTreeSet<K>,
    to: &mut Table<K, V>,
) {
    for key in keys {
        if let Some(row) = from.get(key) {
            to.load(key.clone(), row.clone());
        }
    }
}

fn put<K: Ord + Clone, V: Clone + PartialEq>(
    from: &Table<K, V>,
    to: &mut BTreeMap<K, V>,
) -> Result<(), WriteError> {
    for change in from.changes() {
        expect(to.get(change.key) == change.before)?;
        to.insert(change.key.clone(), change.after.clone());
    }
    Ok(())
}

fn expect(as_read: bool) -> Result<(), WriteError> {
    as_read.then_some(()).ok_or(WriteError::Conflict)
}
