//! A company's database, as far as bookings need it, and what an auditor would write down beside it.
//!
//! Invariants, those that PostgreSQL keeps: an entry sees only the rows that its footprint names; a transaction is all
//! or nothing; at most one prepared or committed leg owns a seat, else nothing of the transaction is written.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ballot::{Ballot, Key, Register};
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, UserId};
use passcom_actors::domain::rows::{
    Footprint, KeyRow, LegKey, LegRow, Replicated, RouteFacts, Rows, SagaRow, SeatKey, SeatRow,
    Table,
};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState;

use crate::audit::{Breach, Decision};

/// Everything durable at one company.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Company {
    pub me: CompanyId,
    pub routes: BTreeMap<RouteId, RouteFacts>,
    pub sagas: BTreeMap<SagaId, SagaRow>,
    pub legs: BTreeMap<LegKey, LegRow>,
    pub seats: BTreeMap<SeatKey, SeatRow>,
    pub registers: BTreeMap<Key, Register>,
    pub tickets: BTreeMap<SagaId, Ticket>,
    pub keys: BTreeMap<(UserId, String), KeyRow>,
    /// Each row once: a peer may merge them in any order and any number of times.
    pub outbox: Vec<Replicated>,
    pub round: i64,
    pub audit: Audit,
}

/// What the tables forget and the properties speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Audit {
    /// What this acceptor accepted in each ballot, and how many acceptors make a majority of them.
    pub votes: BTreeMap<(SagaId, Ballot), (Decision, usize)>,
    /// Holds that their customers have asked to confirm.
    pub requested: BTreeSet<SagaId>,
    /// What must never have happened.
    pub breaches: BTreeSet<Breach>,
}

impl Company {
    pub fn new(me: CompanyId, routes: BTreeMap<RouteId, RouteFacts>) -> Self {
        Self {
            me,
            routes,
            sagas: BTreeMap::new(),
            legs: BTreeMap::new(),
            seats: BTreeMap::new(),
            registers: BTreeMap::new(),
            tickets: BTreeMap::new(),
            keys: BTreeMap::new(),
            outbox: Vec::new(),
            round: 0,
            audit: Audit::default(),
        }
    }

    /// One transaction with this one entry. None: the database refused it, and nothing is written.
    pub fn post(&self, entry: &Entry) -> Option<(Self, Receipt, Vec<String>)> {
        let mut footprint = Footprint::default();
        entry.footprint(self.me, &mut footprint);
        let mut rows = self.load(&footprint);
        let receipt = entry.post(&mut rows);
        rows.seat_changes(); // as the ledger, which tells the routes
        let after = self.saved(&rows)?;
        Some((after, receipt, rows.take_alarms()))
    }

    fn load(&self, footprint: &Footprint) -> Rows {
        let mut rows = Rows::new(self.me, footprint);
        for saga in &footprint.sagas {
            if let Some(row) = self.sagas.get(saga) {
                let asked_for = footprint.orders.contains(saga);
                let order = row.order.clone().filter(|_| asked_for);
                let row = row.clone();
                rows.sagas.load(*saga, SagaRow { order, ..row });
            }
            for (key, leg) in self.legs.iter().filter(|(key, _)| key.saga == *saga) {
                rows.load_leg(*key, *leg);
            }
        }
        for seat in &footprint.seats {
            self.load_seat(seat, &mut rows);
        }
        load(&self.registers, &footprint.registers, &mut rows.registers);
        load(&self.tickets, &footprint.tickets, &mut rows.tickets);
        load(&self.keys, &footprint.keys, &mut rows.keys);
        if footprint.round {
            rows.round = self.round;
        }
        rows
    }

    fn load_seat(&self, seat: &SeatKey, rows: &mut Rows) {
        if let Some(facts) = self.routes.get(&seat.0) {
            rows.load_route(seat.0, *facts);
        }
        if let Some(row) = self.seats.get(seat) {
            rows.seats.load(*seat, *row);
        }
        for (key, leg) in self.owners(*seat) {
            rows.load_owner(*seat, key.saga, leg.state);
        }
    }

    /// The legs that keep or have this seat.
    pub fn owners(&self, seat: SeatKey) -> impl Iterator<Item = (&LegKey, &LegRow)> {
        self.legs
            .iter()
            .filter(move |(key, leg)| key.seat() == seat && owns(leg.state))
    }

    /// Whether the partial unique index over seats holds.
    pub fn has_one_owner_per_seat(&self) -> bool {
        let mut owned: Vec<SeatKey> = self
            .legs
            .iter()
            .filter(|(_, leg)| owns(leg.state))
            .map(|(key, _)| key.seat())
            .collect();
        let legs = owned.len();
        owned.sort_unstable();
        owned.dedup();
        owned.len() == legs
    }

    fn saved(&self, rows: &Rows) -> Option<Self> {
        let mut after = self.clone();
        for change in rows.sagas.changes() {
            let order = self.sagas.get(change.key).and_then(|row| row.order.clone());
            let row = change.after.clone();
            let order = order.or(row.order);
            after.sagas.insert(*change.key, SagaRow { order, ..row });
        }
        save(&rows.legs, &mut after.legs);
        save(&rows.seats, &mut after.seats);
        save(&rows.registers, &mut after.registers);
        save(&rows.tickets, &mut after.tickets);
        save(&rows.keys, &mut after.keys);
        if rows.round_raised {
            after.round = rows.round;
        }
        for row in &rows.outbox {
            if !after.outbox.contains(row) {
                after.outbox.push(row.clone());
            }
        }
        after.has_one_owner_per_seat().then_some(after)
    }
}

pub fn owns(state: LegState) -> bool {
    matches!(state, LegState::Prepared | LegState::Committed)
}

pub fn is_sold(state: LegState) -> bool {
    matches!(state, LegState::Committed | LegState::Cancelled)
}

fn load<K: Ord + Clone, V: Clone + PartialEq>(
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

fn save<K: Ord + Clone, V: Clone + PartialEq>(from: &Table<K, V>, to: &mut BTreeMap<K, V>) {
    for change in from.changes() {
        to.insert(change.key.clone(), change.after.clone());
    }
}
