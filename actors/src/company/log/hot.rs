//! What the log says and the tables may not say yet, in memory; and every saga that is still open. Pure: it is told what was
//! appended, what was read and what was projected.
//!
//! Invariants:
//! * what is here of a row is what the log says of it at [`Hot::last`];
//! * what is neither here nor assumed to be new is read from the tables before anything is decided on it;
//! * the seats that the sagas here keep are known here, too.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::Seq;
use super::cell::{Cell, Login};
use super::kept::Kept;
use super::record::{Record, Told};
use super::shelf::Shelf;
use super::unused::{EmptyRoutes, UnusedKeys};
use crate::domain::ballot::Key;
use crate::domain::fencing::FencingToken;
use crate::domain::ids::{CompanyId, RouteId, SagaId, UserId};
use crate::domain::rows::{
    AuditRow, Footprint, KeyRow, OutboxCursor, Replicated, RouteFacts, Rows, SagaRow, SagaState,
    SeatKey, SeatRow,
};
use crate::domain::settlement::{self, Sums};
use crate::domain::unbought::Unbought;
use crate::domain::vote::LegState;

/// Rows kept in memory although the tables have them: late answers, repeated requests and peers ask for what was just written.
const SAGAS_KEPT_MAX: usize = 4_096;
const LOGINS_KEPT_MAX: usize = 1_024;
const KEYS_KEPT_MAX: usize = 4_096;
const BLOCKED_KEPT_MAX: usize = 4_096;
/// Rows for the peers kept in memory; who is further behind reads them from the tables.
const OUTBOX_KEPT_MAX: usize = 4_096;
/// How long a fence is remembered, in milliseconds: leases live for a fraction of that.
const FENCE_KEPT_MS: i64 = 120_000;

/// A client's key; nothing where it was not used.
pub type KeyCell = Option<KeyRow>;
/// By user.
pub type ClientKey = (UserId, String);

/// A route as this company sells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    pub seats: u16,
    pub on_sale: bool,
    /// Seconds since 1970.
    pub departs: i64,
    pub arrives: i64,
}

/// The routes of this company, as of a version of its catalogue.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub version: i64,
    pub routes: Vec<(RouteId, Fact)>,
}

/// What was read from the tables, none of it newer than what is here.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Each saga that was asked for; an empty cell where nothing is recorded.
    pub sagas: Vec<(SagaId, Cell)>,
    pub logins: Vec<(String, Login)>,
    pub keys: Vec<(ClientKey, KeyCell)>,
    /// Of the seats and routes that were asked for, those that are kept, with the state of that leg in the tables.
    pub owners: BTreeMap<SeatKey, (SagaId, LegState)>,
    /// Of the seats and routes that were asked for, those that are off sale.
    pub blocked: BTreeSet<SeatKey>,
}

/// What a batch was decided on without having been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assumed {
    /// Nothing is recorded of them.
    pub sagas: Vec<SagaId>,
    /// They were not used.
    pub keys: Vec<ClientKey>,
}

/// What the tables are to be told: each row once, as it is at `upto`.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    /// Where the tables are.
    pub from: Seq,
    pub upto: Seq,
    /// Name of the node: it brings its own sagas to an end.
    pub node: String,
    pub sagas: Vec<(SagaId, Cell)>,
    pub logins: Vec<(String, Login)>,
    pub keys: Vec<(ClientKey, KeyCell)>,
    pub blocked: Vec<(SeatKey, bool)>,
    pub cursors: Vec<(CompanyId, OutboxCursor)>,
    /// With the time, milliseconds since 1970.
    pub audit: Vec<(i64, AuditRow)>,
    /// Numbered.
    pub outbox: Vec<(i64, Replicated)>,
    pub round: i64,
    /// What is added to the sums of what companies owe each other.
    pub sums: Sums,
}

/// The log and the tables do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("row {found:?} of the log stands where {expected:?} must")]
    Gap { expected: Seq, found: Seq },
    #[error("row {0:?} of the log changes saga {1}, of which nothing is recorded")]
    Rootless(Seq, SagaId),
}

/// A row for the peers.
#[derive(Debug, Clone)]
struct Outboxed {
    number: i64,
    seq: Seq,
    row: Replicated,
}

/// One company's rows in memory.
#[derive(Debug)]
pub struct Hot {
    me: CompanyId,
    /// Name of the node, as sagas name their driver.
    node: String,
    sagas: Shelf<SagaId, Cell>,
    logins: Shelf<String, Login>,
    keys: Shelf<ClientKey, KeyCell>,
    unused_keys: UnusedKeys,
    blocked: Shelf<SeatKey, bool>,
    empty_routes: EmptyRoutes,
    owners: HashMap<SeatKey, SagaId>,
    /// With the time at which each was raised.
    fences: HashMap<SeatKey, (FencingToken, i64)>,
    /// The same times, oldest first.
    fenced_at: VecDeque<(i64, SeatKey)>,
    kept: Kept,
    /// Sagas that are not over, by the time they began.
    open: BTreeSet<(i64, SagaId)>,
    facts: HashMap<RouteId, Fact>,
    version: i64,
    cursors: BTreeMap<CompanyId, OutboxCursor>,
    cursors_changed: bool,
    audit: Vec<(i64, AuditRow)>,
    outbox: VecDeque<Outboxed>,
    /// Number of the last row for the peers.
    told: i64,
    round: i64,
    last: Seq,
    projected: Seq,
    /// Encoded bytes that are not projected.
    waiting_bytes: usize,
}

/// Where log and tables of a database stand.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub projected: Seq,
    pub round: i64,
    /// Number of the last row for the peers that the tables have.
    pub told: i64,
    pub cursors: BTreeMap<CompanyId, OutboxCursor>,
    /// Every saga that is not over, as the tables have it.
    pub open: Vec<(SagaId, Cell)>,
}

impl Hot {
    pub fn new(me: CompanyId, node: &str, standing: Standing) -> Self {
        let mut hot = Self {
            me,
            node: node.to_owned(),
            sagas: Shelf::new(SAGAS_KEPT_MAX),
            logins: Shelf::new(LOGINS_KEPT_MAX),
            keys: Shelf::new(KEYS_KEPT_MAX),
            unused_keys: UnusedKeys::default(),
            blocked: Shelf::new(BLOCKED_KEPT_MAX),
            empty_routes: EmptyRoutes::default(),
            owners: HashMap::new(),
            fences: HashMap::new(),
            fenced_at: VecDeque::new(),
            kept: Kept::default(),
            open: BTreeSet::new(),
            facts: HashMap::new(),
            version: 0,
            cursors: standing.cursors,
            cursors_changed: false,
            audit: Vec::new(),
            outbox: VecDeque::new(),
            told: standing.told,
            round: standing.round,
            last: standing.projected,
            projected: standing.projected,
            waiting_bytes: 0,
        };
        for (saga, cell) in standing.open {
            hot.load_saga(saga, cell);
        }
        hot
    }

    /// Name of this company's node.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The last row of the log that is applied here.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// The last row of the log that the tables have.
    pub fn in_tables(&self) -> Seq {
        self.projected
    }

    /// Rows that wait to be projected.
    pub fn waiting(&self) -> usize {
        self.sagas.dirty() + self.logins.dirty() + self.keys.dirty() + self.audit.len()
    }

    /// Bytes of the log that wait to be projected.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Rows in memory, and sagas among them that are not over.
    pub fn sizes(&self) -> (usize, usize) {
        let rows = self.sagas.len() + self.logins.len() + self.keys.len() + self.blocked.len();
        (rows, self.open.len())
    }

    /// Version of the catalogue that routes are judged by.
    pub fn facts_version(&self) -> i64 {
        self.version
    }

    pub fn learn(&mut self, facts: Facts) {
        self.version = self.version.max(facts.version);
        self.facts.extend(facts.routes);
    }

    /// What must be read before a batch with this footprint is decided. With `trust`, what the footprint calls fresh is taken
    /// for new, a key for unused and a seat for free, unless it is known here: the append finds out otherwise.
    pub fn missing(&self, footprint: &Footprint, trust: bool) -> Footprint {
        let seat_maps = footprint.seat_maps.iter().copied();
        let mut missing = Footprint {
            seat_maps: seat_maps
                .filter(|route| !self.empty_routes.contains(*route))
                .collect(),
            ..Footprint::default()
        };
        for saga in sagas_of(footprint) {
            let assumed = trust && footprint.fresh.contains(&saga);
            if !assumed && self.sagas.get(&saga).is_none() {
                missing.sagas.insert(saga);
            }
        }
        for login in logins_of(footprint) {
            if self.logins.get(login).is_none() {
                missing.users.insert(login.clone());
            }
        }
        if !trust {
            let unknown = |key: &&ClientKey| self.keys.get(key).is_none();
            missing.keys = footprint.keys.iter().filter(unknown).cloned().collect();
            missing.seats.clone_from(&footprint.seats);
        }
        missing
    }

    /// What a batch with this footprint is decided on without having been read.
    pub fn assumed(&self, footprint: &Footprint) -> Assumed {
        let sagas = sagas_of(footprint).filter(|saga| self.sagas.get(saga).is_none());
        let keys = footprint
            .keys
            .iter()
            .filter(|key| self.keys.get(key).is_none());
        Assumed {
            sagas: sagas.collect(),
            keys: keys.cloned().collect(),
        }
    }

    /// Keeps what was read. What is here already is newer.
    pub fn load(&mut self, loaded: &mut Loaded) {
        for (saga, cell) in loaded.sagas.drain(..) {
            self.load_saga(saga, cell);
        }
        for (login, cell) in loaded.logins.drain(..) {
            self.logins.load(login, cell);
        }
        for (key, cell) in loaded.keys.drain(..) {
            self.keys.load(key, cell);
        }
        for seat in &loaded.blocked {
            self.blocked.load(*seat, true);
        }
    }

    fn load_saga(&mut self, saga: SagaId, cell: Cell) {
        if self.sagas.get(&saga).is_some() {
            return;
        }
        for seat in cell.keeps() {
            self.owners.insert(seat, saga);
        }
        if cell.is_open(&self.node) {
            self.open.insert((cell.begun_at, saga));
        }
        self.kept.change(saga, None, cell.hold().as_ref());
        self.sagas.load(saga, cell);
    }

    /// The rows that a batch is decided on. A route is on sale if it departs at `first_departure` (seconds since 1970) or later.
    pub fn rows(&self, footprint: &Footprint, loaded: &Loaded, first_departure: i64) -> Rows {
        let mut rows = Rows::new(self.me, footprint);
        if !footprint.holders.is_empty() {
            rows.unbought = self.unbought(footprint);
        }
        for saga in sagas_of(footprint) {
            if let Some(cell) = self.sagas.get(&saga) {
                cell.fill(saga, &mut rows);
            }
        }
        for login in logins_of(footprint) {
            if let Some(cell) = self.logins.get(login) {
                cell.fill(login, &mut rows);
            }
        }
        for key in &footprint.keys {
            if let Some(Some(row)) = self.keys.get(key) {
                rows.keys.load(key.clone(), row.clone());
            }
        }
        for seat in &footprint.seats {
            if let Some(fact) = self.facts.get(&seat.0) {
                let facts = RouteFacts {
                    seats: fact.seats,
                    on_sale: fact.on_sale && fact.departs >= first_departure,
                    departs: fact.departs,
                    arrives: fact.arrives,
                };
                rows.load_route(seat.0, facts);
            }
            self.fill_seat(*seat, loaded, &mut rows);
        }
        for route in &footprint.seat_maps {
            let seats = (*route, crate::domain::ids::SeatNumber(0))
                ..=(*route, crate::domain::ids::SeatNumber(u16::MAX));
            let owned = loaded.owners.range(seats.clone()).map(|(seat, _)| *seat);
            for seat in owned.chain(loaded.blocked.range(seats).copied()) {
                self.fill_seat(seat, loaded, &mut rows);
            }
        }
        rows.round = self.round;
        rows
    }

    /// What customers keep and kept without buying it, as far as the footprint names them.
    fn unbought(&self, footprint: &Footprint) -> Unbought {
        let routes = footprint.seats.iter().map(|(route, _)| *route);
        self.kept.of(&footprint.holders, &routes.collect())
    }

    fn fill_seat(&self, seat: SeatKey, loaded: &Loaded, rows: &mut Rows) {
        let blocked = self.blocked.get(&seat).copied().unwrap_or_default();
        let fence = self
            .fences
            .get(&seat)
            .map_or(FencingToken::NONE, |(fence, _)| *fence);
        if blocked || fence != FencingToken::NONE {
            rows.seats.load(seat, SeatRow { blocked, fence });
        }
        let known = self.owners.get(&seat).copied();
        let read = loaded.owners.get(&seat);
        let owner = match (known, read) {
            (Some(saga), _) => self.leg_state(saga, seat).map(|state| (saga, state)),
            // the tables may be behind with this saga, and it is here then
            (None, Some((saga, state))) => {
                let state = self.leg_state(*saga, seat).unwrap_or(*state);
                Some((*saga, state))
            }
            (None, None) => None,
        };
        if let Some((saga, state)) = owner {
            rows.load_owner(seat, saga, state);
        }
    }

    fn leg_state(&self, saga: SagaId, seat: SeatKey) -> Option<LegState> {
        self.sagas.get(&saga)?.leg(seat).map(|leg| leg.row.state)
    }

    /// Takes over what was appended at this place and time; the record has so many bytes.
    pub fn apply(&mut self, seq: Seq, at: i64, bytes: usize, record: Record) -> Result<(), Broken> {
        let expected = self.last.next();
        if seq != expected {
            return Err(Broken::Gap {
                expected,
                found: seq,
            });
        }
        for (saga, change) in record.sagas {
            let cell = self.sagas.change(&saga, seq);
            let was_open = cell.is_open(&self.node);
            let begun_at = cell.begun_at;
            let held = cell.hold();
            let changed = cell.apply(saga, at, change);
            let changed = changed.ok_or(Broken::Rootless(seq, saga))?;
            for (seat, keeps, fence) in changed {
                if keeps {
                    self.empty_routes.note_taken(seat.0);
                    self.owners.insert(seat, saga);
                } else if self.owners.get(&seat) == Some(&saga) {
                    self.owners.remove(&seat);
                }
                if let Some(fence) = fence {
                    let known = self.fences.entry(seat).or_default();
                    if fence > known.0 {
                        *known = (fence, at);
                        self.fenced_at.push_back((at, seat));
                    }
                }
            }
            if was_open {
                self.open.remove(&(begun_at, saga));
            }
            self.kept.change(saga, held.as_ref(), cell.hold().as_ref());
            let is_aborted = |row: &SagaRow| row.state == SagaState::Aborted;
            if let Some(hold) = held
                && cell.saga.as_ref().is_some_and(is_aborted)
            {
                let seconds = at.saturating_sub(begun_at).div_euclid(1_000);
                let seconds = u32::try_from(seconds).unwrap_or(0);
                self.kept.note_ended(at, &hold, seconds);
            }
            if cell.is_open(&self.node) {
                self.open.insert((cell.begun_at, saga));
            }
        }
        for (login, change) in record.logins {
            self.logins.change(&login, seq).apply(change);
        }
        for (key, row) in record.keys {
            self.unused_keys.note_used(&key);
            *self.keys.change(&key, seq) = Some(row);
        }
        for (seat, blocked) in record.blocked {
            self.empty_routes.note_taken(seat.0);
            *self.blocked.change(&seat, seq) = blocked;
        }
        self.cursors_changed |= !record.cursors.is_empty();
        for (peer, cursor) in record.cursors {
            let known = self.cursors.entry(peer).or_insert(cursor);
            *known = cursor.after(*known);
        }
        let audit = record.audit.into_iter().map(|row| (at, row));
        self.audit.extend(audit);
        for told in record.outbox {
            self.told += 1;
            let row = match told {
                Told::Ticket(saga) => {
                    let ticket = self.sagas.get(&saga).and_then(|cell| cell.ticket.as_ref());
                    let (ticket, _) = ticket.ok_or(Broken::Rootless(seq, saga))?;
                    Replicated::Ticket(ticket.clone())
                }
                Told::User { login } => {
                    let user = self.logins.get(&login).and_then(|cell| cell.user.clone());
                    Replicated::User(user.ok_or(Broken::Rootless(seq, SagaId(uuid::Uuid::nil())))?)
                }
            };
            let number = self.told;
            self.outbox.push_back(Outboxed { number, seq, row });
        }
        self.round = self.round.max(record.round.unwrap_or_default());
        self.last = seq;
        self.waiting_bytes += bytes;
        self.forget_fences(at);
        self.kept.forget(at);
        Ok(())
    }

    fn forget_fences(&mut self, now: i64) {
        while let Some((at, seat)) = self.fenced_at.front().copied() {
            if at.saturating_add(FENCE_KEPT_MS) > now {
                return;
            }
            self.fenced_at.pop_front();
            // one that was raised again stands further back, too
            if self
                .fences
                .get(&seat)
                .is_some_and(|(_, raised)| *raised == at)
            {
                self.fences.remove(&seat);
            }
        }
    }

    /// What the tables do not have yet. None: they have everything.
    pub fn projection(&mut self) -> Option<Projection> {
        if self.projected == self.last {
            return None;
        }
        let cursors = std::mem::take(&mut self.cursors_changed).then(|| self.cursors.clone());
        self.waiting_bytes = 0;
        let outbox = self.outbox.iter().filter(|told| told.seq > self.projected);
        let sagas = self.sagas.take_dirty(Cell::taken);
        let mut sums = Sums::new();
        for (_, cell) in &sagas {
            if let Some((ticket, _)) = &cell.ticket {
                settlement::enter(&mut sums, cell.booked.as_ref(), ticket);
            }
        }
        Some(Projection {
            from: self.projected,
            upto: self.last,
            node: self.node.clone(),
            sagas,
            sums,
            logins: self.logins.take_dirty(|row| row.clone()),
            keys: self.keys.take_dirty(|row| row.clone()),
            blocked: self.blocked.take_dirty(|row| *row),
            cursors: cursors.unwrap_or_default().into_iter().collect(),
            audit: self.audit.clone(),
            outbox: outbox.map(|told| (told.number, told.row.clone())).collect(),
            round: self.round,
        })
    }

    /// The tables have this.
    pub fn on_projected(&mut self, done: &Projection) {
        self.projected = done.upto;
        self.sagas.projected(&done.sagas, done.upto);
        self.logins.projected(&done.logins, done.upto);
        self.keys.projected(&done.keys, done.upto);
        self.blocked.projected(&done.blocked, done.upto);
        self.audit.drain(..done.audit.len());
        let projected = self.projected;
        let surplus = self.outbox.len().saturating_sub(OUTBOX_KEPT_MAX);
        let surplus = self.outbox.iter().take(surplus);
        let surplus = surplus.take_while(|told| told.seq <= projected).count();
        self.outbox.drain(..surplus);
    }

    /// Forgets rows beyond the bounds that the tables have as they are. Not while a batch is on its way that was loaded or
    /// decided: it rests on rows that are here.
    pub fn trim(&mut self) {
        let node = &self.node;
        for (saga, cell) in self.sagas.trim(self.projected, |cell| cell.is_open(node)) {
            for seat in cell.keeps() {
                if self.owners.get(&seat) == Some(&saga) {
                    self.owners.remove(&seat);
                }
            }
        }
        self.logins.trim(self.projected, |_| false);
        self.keys.trim(self.projected, |_| false);
        self.blocked.trim(self.projected, |_| false);
    }

    /// What is recorded of a saga. None: the tables say.
    pub fn saga(&self, saga: SagaId) -> Option<&Cell> {
        self.sagas.get(&saga)
    }

    pub fn login(&self, login: &str) -> Option<&Login> {
        self.logins.get(&login.to_owned())
    }

    pub fn key(&self, user: UserId, key: &str) -> Option<&KeyCell> {
        let key = (user, key.to_owned());
        let unused = || self.unused_keys.contains(&key).then_some(&None);
        self.keys.get(&key).or_else(unused)
    }

    /// Keys that the tables have. `complete`: these were the last.
    pub fn note_keys(&mut self, used: &[ClientKey], complete: bool) {
        used.iter().for_each(|key| self.unused_keys.note_used(key));
        if complete {
            self.unused_keys.complete();
        }
    }

    /// Routes of which the tables have a seat as taken or off sale. `complete`: there are no more.
    pub fn note_routes(&mut self, taken: impl IntoIterator<Item = RouteId>, complete: bool) {
        taken
            .into_iter()
            .for_each(|route| self.empty_routes.note_taken(route));
        if complete {
            self.empty_routes.complete();
        }
    }

    /// Whether a seat is off sale. None: the tables say.
    pub fn blocked(&self, seat: SeatKey) -> Option<bool> {
        self.blocked.get(&seat).copied()
    }

    pub fn cursors(&self) -> &BTreeMap<CompanyId, OutboxCursor> {
        &self.cursors
    }

    /// Sagas that are not over, the oldest first.
    pub fn open(&self) -> impl Iterator<Item = (SagaId, &Cell)> {
        let open = self.open.iter();
        open.filter_map(|(_, saga)| Some((*saga, self.sagas.get(saga)?)))
    }

    /// Holds of this user that are not over, ascending by id; perhaps somebody has asked for their end.
    pub fn holds_of(&self, user: UserId) -> impl Iterator<Item = (SagaId, &Cell)> {
        let holds = self.kept.holds_of(user);
        holds.filter_map(|saga| Some((saga, self.sagas.get(&saga)?)))
    }

    /// Rows for the peers after this number, ascending. None: the tables say.
    pub fn outbox(&self, after: i64, limit: usize) -> Option<Vec<(i64, Replicated)>> {
        if after >= self.told {
            return Some(Vec::new());
        }
        let first = self.outbox.front()?.number;
        let skipped = usize::try_from(after + 1 - first).ok()?;
        let rows = self.outbox.iter().skip(skipped).take(limit);
        Some(rows.map(|told| (told.number, told.row.clone())).collect())
    }

    /// Sagas that a record changes and of which nothing is here.
    pub fn unknown(&self, record: &Record) -> Footprint {
        let sagas = record.sagas.keys();
        let sagas = sagas.filter(|saga| self.sagas.get(saga).is_none());
        let logins = record.logins.keys();
        let logins = logins.filter(|login| self.logins.get(login).is_none());
        Footprint {
            sagas: sagas.copied().collect(),
            users: logins.cloned().collect(),
            ..Footprint::default()
        }
    }
}

fn sagas_of(footprint: &Footprint) -> impl Iterator<Item = SagaId> {
    let registers = footprint.registers.iter().filter_map(|key| match key {
        Key::Saga(saga) => Some(*saga),
        Key::Login(_) => None,
    });
    let sagas: BTreeSet<SagaId> = footprint
        .sagas
        .iter()
        .chain(&footprint.tickets)
        .copied()
        .chain(registers)
        .collect();
    sagas.into_iter()
}

fn logins_of(footprint: &Footprint) -> impl Iterator<Item = &String> {
    let registers = footprint.registers.iter().filter_map(|key| match key {
        Key::Login(login) => Some(login),
        Key::Saga(_) => None,
    });
    footprint.users.iter().chain(registers)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::record::{LegChange, SagaChange, SagaPart};
    use super::*;
    use crate::domain::ballot::Acceptors;
    use crate::domain::fixtures::{HASH, ROUTE, SAGA, USER, company, order, seat};
    use crate::domain::ids::SeatNumber;
    use crate::domain::order::Order;
    use crate::domain::unbought::COOL_DOWN_MS;
    use crate::domain::vote::RefusalReason;

    const NODE: &str = "node-a";

    fn row(finished: bool) -> SagaRow {
        SagaRow {
            order: None,
            hash: HASH,
            acceptors: Acceptors(vec![company("a")]),
            driver: NODE.to_owned(),
            papers: None,
            state: SagaState::Committed,
            finished,
            hold_seconds: None,
            voted: false,
        }
    }

    fn record(sagas: impl Iterator<Item = (SagaId, SagaPart)>) -> Record {
        let change = |(id, saga)| {
            let saga = Some(saga);
            (
                id,
                SagaChange {
                    saga,
                    ..SagaChange::default()
                },
            )
        };
        Record {
            sagas: sagas.map(change).collect(),
            ..Record::default()
        }
    }

    /// A projection may end between the moment at which a batch was loaded and the one at which it is applied.
    #[test]
    fn what_a_batch_was_loaded_with_stays_until_it_is_applied() {
        let mut hot = Hot::new(company("a"), NODE, Standing::default());
        let id = |number: usize| SagaId(uuid::Uuid::from_u128(number as u128));
        let begun = (1..=2 * SAGAS_KEPT_MAX).map(|number| (id(number), SagaPart::Begun(row(true))));
        hot.apply(Seq(1), 0, 1, record(begun)).unwrap();
        let old = id(0);
        let cell = Cell {
            saga: Some(row(true)),
            ..Cell::default()
        };
        hot.load(&mut Loaded {
            sagas: vec![(old, cell)],
            ..Loaded::default()
        });
        let projection = hot.projection().unwrap();
        hot.on_projected(&projection);
        let moved = SagaPart::Moved {
            state: SagaState::Committed,
            finished: false,
            hold_seconds: None,
            voted: true,
        };
        let applied = hot.apply(Seq(2), 0, 1, record([(old, moved)].into_iter()));
        assert_eq!(applied, Ok(()));
        hot.trim();
        // what the tables do not have as it is stays beyond the bound
        assert!(hot.saga(old).is_some());
        assert_eq!(hot.sizes(), (SAGAS_KEPT_MAX + 1, 1));
    }

    /// What a vote on a hold rests on: what is open, and for how long what has ended was kept.
    #[test]
    fn what_is_held_and_was_held_for_nothing_is_known() {
        let mut hot = Hot::new(company("a"), NODE, Standing::default());
        let order = Order {
            hold_seconds: Some(900),
            ..(*order(&[seat("a", 1), seat("a", 2)])).clone()
        };
        let held = SagaRow {
            order: Some(Arc::new(order)),
            state: SagaState::Begun,
            hold_seconds: Some(900),
            ..row(false)
        };
        let leg = |number, change: &LegChange| ((ROUTE, SeatNumber(number)), change.clone());
        let change = |saga, legs: &LegChange| Record {
            sagas: [(
                SAGA,
                SagaChange {
                    saga: Some(saga),
                    legs: vec![leg(1, legs), leg(2, legs)],
                    ..SagaChange::default()
                },
            )]
            .into(),
            ..Record::default()
        };
        let prepared = LegChange::New {
            state: LegState::Prepared,
            hash: None,
            fence: FencingToken::NONE,
            reason: None,
        };
        let begun = change(SagaPart::Begun(held), &prepared);
        hot.apply(Seq(1), 5_000, 1, begun).unwrap();
        let footprint = Footprint {
            holders: [USER].into(),
            seats: [(ROUTE, SeatNumber(9))].into(),
            ..Footprint::default()
        };
        let known = hot.unbought(&footprint);
        assert_eq!((known.open_on(USER, ROUTE), known.on_route[&ROUTE]), (2, 2));
        assert_eq!(known.seat_seconds_on(USER, ROUTE), 0);
        let aborted = SagaPart::Moved {
            state: SagaState::Aborted,
            finished: true,
            hold_seconds: None,
            voted: false,
        };
        let released = LegChange::Moved {
            state: LegState::Refused,
            reason: Some(RefusalReason::Released),
        };
        hot.apply(Seq(2), 65_000, 1, change(aborted, &released))
            .unwrap();
        let known = hot.unbought(&footprint);
        assert_eq!(known.open_on(USER, ROUTE), 0);
        assert_eq!(known.seat_seconds_on(USER, ROUTE), 2 * 60);
        hot.apply(Seq(3), 65_000 + COOL_DOWN_MS, 1, Record::default())
            .unwrap();
        assert_eq!(hot.unbought(&footprint), Unbought::default());
    }
}
