//! The durable rows that a batch of ledger entries touches, as read in its transaction, with what the entries changed.
//!
//! A store loads what a [`Footprint`] names, the pure functions of this folder change the rows, the store writes the
//! changes back: inserts must find nothing, updates must find what was loaded ([`Change::before`]). So the code that
//! decides is the same over PostgreSQL, over the memory of a simulation and inside a model.
//!
//! A row that was not loaded looks like one that does not exist, and a rule that reads it decides wrongly. So a read of
//! a row that is missing and that the footprint does not name is an alarm, and a panic in the unit tests of this
//! package.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::accounts::User;
use super::ballot::{Acceptors, Key, Register};
use super::fencing::FencingToken;
use super::ids::{CompanyId, Incarnation, RouteId, SagaId, SeatNumber, UserId};
use super::order::{Order, OrderHash, SeatRef};
use super::papers::Papers;
use super::ticket::Ticket;
use super::unbought::Unbought;
use super::vote::{LegState, RefusalReason};

/// A seat of this company.
pub type SeatKey = (RouteId, SeatNumber);

/// A leg of a saga at this company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LegRow {
    pub state: LegState,
    pub hash: OrderHash,
    pub fence: FencingToken,
    /// Why it was refused.
    pub reason: Option<RefusalReason>,
}

impl LegRow {
    /// Whether the seat is this leg's.
    pub fn owns(&self) -> bool {
        matches!(self.state, LegState::Prepared | LegState::Committed)
    }
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
    /// Seconds since 1970.
    pub departs: i64,
    pub arrives: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SagaState {
    Begun,
    Committed,
    Aborted,
}

/// This company's copy of a saga.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SagaRow {
    /// Loaded only where the footprint asked for it: to be read by [`Rows::order_of`].
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
    /// Only where this company carries somebody, and never of a saga that is aborted.
    pub papers: Option<Arc<Papers>>,
}

impl SagaRow {
    /// The row in another state. What comes to nothing carries nobody: its papers go.
    pub fn moved_to(&self, state: SagaState) -> Self {
        let mut row = self.clone();
        row.state = state;
        row.papers = row.papers.filter(|_| state != SagaState::Aborted);
        row
    }

    /// How long its seats are kept for a customer; none if no customer is waited for (any more).
    pub fn held_for(&self) -> Option<u32> {
        self.hold_seconds.filter(|_| self.state == SagaState::Begun)
    }
}

/// A client's key, the saga that it began, and the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyRow {
    pub fingerprint: [u8; 32],
    pub saga: SagaId,
    pub answer: Option<super::outcome::Outcome>,
}

/// A replicated row in the order of its commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Replicated {
    User(User),
    Ticket(Ticket),
}

/// Where a replica has read a peer's outbox up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutboxCursor {
    pub incarnation: Incarnation,
    pub seq: i64,
}

impl OutboxCursor {
    /// Where the replica is, once it has this one, too: an older page does not move it back, another incarnation
    /// begins anew.
    #[must_use]
    pub fn after(self, known: Self) -> Self {
        match self.incarnation == known.incarnation {
            true => Self {
                seq: self.seq.max(known.seq),
                ..self
            },
            false => self,
        }
    }
}

/// An operator's act.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// Those of `sagas` and `tickets` of which most probably nothing is recorded yet: a store may take them for new, as long as
    /// what is decided on that fails to be written where it is wrong.
    pub fresh: BTreeSet<SagaId>,
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
    /// Users of whom it is needed what they keep without having bought it. Always in memory: nothing is read for it.
    pub holders: BTreeSet<UserId>,
}

impl Footprint {
    fn names_seat(&self, seat: &SeatKey) -> bool {
        self.seats.contains(seat) || self.seat_maps.contains(&seat.0)
    }

    /// A route is loaded with its seats.
    fn names_route(&self, route: RouteId) -> bool {
        self.seats.range(seats_of(route)).next().is_some()
    }
}

/// All seats that a route could have.
fn seats_of(route: RouteId) -> RangeInclusive<SeatKey> {
    (route, SeatNumber(0))..=(route, SeatNumber(u16::MAX))
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

    /// A row, whether or not the footprint names it: for stores.
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    pub(crate) fn range<R: std::ops::RangeBounds<K>>(
        &self,
        range: R,
    ) -> impl Iterator<Item = (&K, &V)> {
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
    /// Of the holders that the footprint names, and of the routes that it names with them.
    pub unbought: Unbought,
    /// Records or messages that contradict each other, which the rules make impossible. Never repaired silently.
    pub alarms: Vec<String>,
    routes: BTreeMap<RouteId, RouteFacts>,
    /// Who keeps or has a seat, none for a seat that its owner gave up in this batch.
    owners: BTreeMap<SeatKey, Option<(SagaId, LegState)>>,
    /// None: everything that exists is loaded.
    footprint: Option<Footprint>,
    /// The first row that was read though the footprint does not name it.
    stray: OnceLock<String>,
}

impl Rows {
    /// Rows to be loaded with what this footprint names.
    pub fn new(me: CompanyId, footprint: &Footprint) -> Self {
        Self {
            footprint: Some(footprint.clone()),
            ..Self::of_everything(me)
        }
    }

    /// Rows that are all there is, as tests of single rules have them.
    pub fn of_everything(me: CompanyId) -> Self {
        Self {
            me,
            sagas: Table::default(),
            legs: Table::default(),
            seats: Table::default(),
            registers: Table::default(),
            tickets: Table::default(),
            users: Table::default(),
            keys: Table::default(),
            cursors: BTreeMap::new(),
            outbox: Vec::new(),
            audit: Vec::new(),
            round: 0,
            round_raised: false,
            unbought: Unbought::default(),
            alarms: Vec::new(),
            routes: BTreeMap::new(),
            owners: BTreeMap::new(),
            footprint: None,
            stray: OnceLock::new(),
        }
    }

    pub fn load_route(&mut self, route: RouteId, facts: RouteFacts) {
        self.routes.insert(route, facts);
    }

    /// The prepared or committed leg on a seat, as the store has it.
    pub fn load_owner(&mut self, seat: SeatKey, saga: SagaId, state: LegState) {
        self.owners.insert(seat, Some((saga, state)));
    }

    /// A leg as the store has it.
    pub fn load_leg(&mut self, key: LegKey, row: LegRow) {
        if row.owns() {
            self.load_owner(key.seat(), key.saga, row.state);
        }
        self.legs.load(key, row);
    }

    pub fn saga(&self, saga: &SagaId) -> Option<&SagaRow> {
        let found = self.sagas.rows.get(saga);
        self.read(
            found,
            |named| named.sagas.contains(saga),
            || format!("saga {saga}"),
        )
    }

    /// The order of a saga that is recorded here.
    pub fn order_of(&self, saga: &SagaId) -> Option<Arc<Order>> {
        let found = self.saga(saga)?.order.as_ref();
        let named = |named: &Footprint| named.orders.contains(saga);
        self.read(found, named, || format!("order of saga {saga}"))
            .cloned()
    }

    pub fn leg(&self, key: &LegKey) -> Option<&LegRow> {
        let found = self.legs.rows.get(key);
        self.read(
            found,
            |named| named.sagas.contains(&key.saga),
            || format!("{key:?}"),
        )
    }

    pub fn seat(&self, seat: &SeatKey) -> Option<&SeatRow> {
        let found = self.seats.rows.get(seat);
        self.read(
            found,
            |named| named.names_seat(seat),
            || format!("seat {seat:?}"),
        )
    }

    pub fn route(&self, route: &RouteId) -> Option<&RouteFacts> {
        let found = self.routes.get(route);
        self.read(
            found,
            |named| named.names_route(*route),
            || format!("route {route}"),
        )
    }

    pub fn register(&self, key: &Key) -> Option<&Register> {
        let found = self.registers.rows.get(key);
        self.read(
            found,
            |named| named.registers.contains(key),
            || format!("register {key:?}"),
        )
    }

    pub fn ticket(&self, ticket: &SagaId) -> Option<&Ticket> {
        let found = self.tickets.rows.get(ticket);
        self.read(
            found,
            |named| named.tickets.contains(ticket),
            || format!("ticket {ticket}"),
        )
    }

    /// By normalised login.
    pub fn user(&self, login: &String) -> Option<&User> {
        let found = self.users.rows.get(login);
        self.read(
            found,
            |named| named.users.contains(login),
            || format!("user {login}"),
        )
    }

    pub fn key(&self, key: &(UserId, String)) -> Option<&KeyRow> {
        let found = self.keys.rows.get(key);
        self.read(
            found,
            |named| named.keys.contains(key),
            || format!("key {key:?}"),
        )
    }

    /// A missing row must be named, or nobody knows whether it exists. A row that was found may be read.
    fn read<'a, V>(
        &self,
        found: Option<&'a V>,
        is_named: impl FnOnce(&Footprint) -> bool,
        what: impl FnOnce() -> String,
    ) -> Option<&'a V> {
        if found.is_none() {
            self.expect_named(is_named, what);
        }
        found
    }

    fn expect_named(
        &self,
        is_named: impl FnOnce(&Footprint) -> bool,
        what: impl FnOnce() -> String,
    ) {
        if self.footprint.as_ref().is_none_or(is_named) {
            return;
        }
        let stray = format!(
            "{} is read and was not loaded: the footprint does not name it",
            what()
        );
        if cfg!(test) {
            panic!("{stray}");
        }
        self.stray.get_or_init(|| stray);
    }

    /// Who keeps or has this seat: at most one leg, prepared or committed.
    pub fn owner(&self, seat: &SeatKey) -> Option<(SagaId, LegState)> {
        let found = self.owners.get(seat);
        let found = self.read(
            found,
            |named| named.names_seat(seat),
            || format!("owner of {seat:?}"),
        );
        found.copied().flatten()
    }

    /// The legs of a saga at this company, ascending.
    pub fn legs_of(&self, saga: SagaId) -> Vec<(LegKey, LegRow)> {
        self.expect_named(
            |named| named.sagas.contains(&saga),
            || format!("legs of saga {saga}"),
        );
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
        match self.owner(&key.seat()) {
            Some((other, _)) if other != key.saga => {
                assert!(!row.owns(), "seat {:?} would have two owners", key.seat());
            }
            _ if row.owns() => self.load_owner(key.seat(), key.saga, row.state),
            Some(_) => _ = self.owners.insert(key.seat(), None),
            None => {}
        }
        self.legs.put(key, row);
    }

    pub fn put_seat_fence(&mut self, seat: SeatKey, token: FencingToken) {
        let mut row = self.seat(&seat).copied().unwrap_or_default();
        row.fence = row.fence.max(token);
        self.seats.put(seat, row);
    }

    /// Raises this company's ballot round above this one, and says to what.
    pub fn raise_round(&mut self, above: i64) -> i64 {
        self.expect_named(|named| named.round, || "ballot round".to_owned());
        self.round = self.round.max(above).saturating_add(1);
        self.round_raised = true;
        self.round
    }

    pub fn alarm(&mut self, what: String) {
        self.alarms.push(what);
    }

    /// The alarms until now, reads of rows that were not loaded among them.
    pub fn take_alarms(&mut self) -> Vec<String> {
        let mut alarms = std::mem::take(&mut self.alarms);
        alarms.extend(self.stray.take());
        alarms
    }

    /// The seats whose owner or block this batch changed, with what they are now. Of a seat that was only refused nothing is
    /// told: who keeps it need not be known here.
    pub fn seat_changes(&self) -> BTreeMap<SeatKey, SeatUse> {
        let legs = self.legs.changes();
        let legs = legs.filter(|leg| leg.after.owns() || leg.before.is_some_and(LegRow::owns));
        let legs = legs.map(|leg| leg.key.seat());
        let blocked = |row: Option<&SeatRow>| row.is_some_and(|row| row.blocked);
        let seats = self.seats.changes();
        let seats = seats.filter(|seat| blocked(seat.before) != seat.after.blocked);
        let seats = seats.map(|seat| *seat.key);
        legs.chain(seats)
            .map(|seat| (seat, self.seat_use(&seat)))
            .collect()
    }

    pub fn seat_use(&self, seat: &SeatKey) -> SeatUse {
        match self.owner(seat) {
            Some((by, LegState::Committed)) => SeatUse::Sold { to: by },
            Some((by, _)) => SeatUse::Prepared { by },
            // the row may be missing where the owner is known by a loaded leg; a seat that had an owner was not blocked
            None if self.seats.rows.get(seat).is_some_and(|row| row.blocked) => SeatUse::Blocked,
            None => SeatUse::Free,
        }
    }

    /// Seats of this route that are owned or have a row.
    pub fn touched_seats(&self, route: RouteId) -> impl Iterator<Item = SeatKey> {
        let is_named = |named: &Footprint| named.seat_maps.contains(&route);
        self.expect_named(is_named, || format!("seat map of route {route}"));
        let owners = self.owners.range(seats_of(route));
        let owned = owners.filter(|(_, owner)| owner.is_some());
        let owned = owned.map(|(seat, _)| *seat);
        let rows = self.seats.range(seats_of(route)).map(|(seat, _)| *seat);
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

/// The durable use of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeatUse {
    Free,
    Blocked,
    Prepared { by: SagaId },
    Sold { to: SagaId },
}

#[cfg(test)]
impl Rows {
    /// The same rows as if only these had been asked for.
    pub(crate) fn named_by(self, footprint: Option<Footprint>) -> Self {
        Self { footprint, ..self }
    }
}

#[cfg(test)]
mod tests;
