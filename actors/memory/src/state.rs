//! The state as the decided batches left it: independent of what the log says in bytes, and of how tables follow it.

use std::collections::BTreeMap;

use passcom_actors::catalogue::Route;
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::{Key, Register};
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, UserId};
use passcom_actors::domain::rows::{
    AuditRow, KeyRow, LegKey, LegRow, OutboxCursor, Replicated, Rows, SagaRow, SeatKey, SeatRow,
    Table,
};
use passcom_actors::domain::settlement::{self, Sums};
use passcom_actors::domain::ticket::Ticket;

/// The rows of every table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// With the time at which each was begun, in milliseconds.
    pub sagas: BTreeMap<SagaId, (i64, SagaRow)>,
    pub legs: BTreeMap<LegKey, LegRow>,
    /// The prepared or committed leg on a seat.
    pub owners: BTreeMap<SeatKey, SagaId>,
    /// Those off sale.
    pub seats: BTreeMap<SeatKey, SeatRow>,
    pub registers: BTreeMap<Key, Register>,
    pub tickets: BTreeMap<SagaId, Ticket>,
    pub users: BTreeMap<String, User>,
    pub keys: BTreeMap<(UserId, String), KeyRow>,
    pub cursors: BTreeMap<CompanyId, OutboxCursor>,
    pub outbox: Vec<Replicated>,
    pub audit: Vec<AuditRow>,
    /// With the version that changed each last.
    pub routes: BTreeMap<RouteId, (i64, Route)>,
    pub round: i64,
    /// What companies owe each other.
    pub sums: Sums,
}

impl State {
    /// Kinds of rows that are others there, with those.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        fn differ<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
            kind: &str,
            ours: &BTreeMap<K, V>,
            theirs: &BTreeMap<K, V>,
            found: &mut Vec<String>,
        ) {
            let keys: std::collections::BTreeSet<&K> = ours.keys().chain(theirs.keys()).collect();
            for key in keys {
                let (one, other) = (ours.get(key), theirs.get(key));
                if one != other {
                    found.push(format!("{kind} {key:?}: {one:?} / {other:?}"));
                }
            }
        }
        let mut found = Vec::new();
        differ("saga", &self.sagas, &other.sagas, &mut found);
        differ("leg", &self.legs, &other.legs, &mut found);
        differ("seat", &self.seats, &other.seats, &mut found);
        differ("register", &self.registers, &other.registers, &mut found);
        differ("ticket", &self.tickets, &other.tickets, &mut found);
        differ("user", &self.users, &other.users, &mut found);
        differ("key", &self.keys, &other.keys, &mut found);
        differ("cursor", &self.cursors, &other.cursors, &mut found);
        differ("sum", &self.sums, &other.sums, &mut found);
        if self.outbox != other.outbox {
            found.push(format!("outbox: {:?} / {:?}", self.outbox, other.outbox));
        }
        if (&self.audit, self.round) != (&other.audit, other.round) {
            found.push("audit or round".to_owned());
        }
        found
    }

    /// Takes over what a batch changed.
    ///
    /// # Panics
    /// If the batch was decided on rows that are not these.
    pub(super) fn take_over(&mut self, rows: &Rows, now: i64) {
        for change in rows.sagas.changes() {
            let found = self.sagas.get(change.key).map(|(_, row)| row);
            assert_eq!(
                found, change.before,
                "saga {} was decided on another row",
                change.key
            );
            let begun_at = self.sagas.get(change.key).map_or(now, |(at, _)| *at);
            self.sagas
                .insert(*change.key, (begun_at, change.after.clone()));
        }
        // seats are freed first: a batch may sell again what it frees
        let (freeing, taking): (Vec<_>, Vec<_>) =
            rows.legs.changes().partition(|leg| !leg.after.owns());
        for change in freeing.into_iter().chain(taking) {
            let found = self.legs.get(change.key);
            assert_eq!(
                found, change.before,
                "leg {:?} was decided on another row",
                change.key
            );
            let seat = change.key.seat();
            if change.after.owns() {
                let owner = *self.owners.entry(seat).or_insert(change.key.saga);
                assert_eq!(owner, change.key.saga, "seat {seat:?} has two owners");
            } else if self.owners.get(&seat) == Some(&change.key.saga) {
                self.owners.remove(&seat);
            }
            self.legs.insert(*change.key, *change.after);
        }
        // fences are remembered in memory only
        let was_blocked = |row: Option<&SeatRow>| row.is_some_and(|row| row.blocked);
        let seats = rows.seats.changes();
        for change in seats.filter(|seat| was_blocked(seat.before) != seat.after.blocked) {
            if change.after.blocked {
                let row = SeatRow {
                    blocked: true,
                    ..SeatRow::default()
                };
                self.seats.insert(*change.key, row);
            } else {
                self.seats.remove(change.key);
            }
        }
        put(&rows.registers, &mut self.registers);
        for change in rows.tickets.changes() {
            settlement::enter(&mut self.sums, change.before, change.after);
        }
        put(&rows.tickets, &mut self.tickets);
        put(&rows.users, &mut self.users);
        put(&rows.keys, &mut self.keys);
        if rows.round_raised {
            assert!(self.round < rows.round, "a round of ballots is used twice");
            self.round = rows.round;
        }
        for (peer, cursor) in &rows.cursors {
            let known = self.cursors.entry(*peer).or_insert(*cursor);
            *known = cursor.after(*known);
        }
        // the log names a ticket that is told, and what it then says is that of the end of the batch
        self.outbox.extend(rows.outbox.iter().map(|row| match row {
            Replicated::Ticket(told) => {
                let now = rows.tickets.peek(&told.id).unwrap_or(told);
                Replicated::Ticket(now.clone())
            }
            Replicated::User(_) => row.clone(),
        }));
        self.audit.extend(rows.audit.iter().cloned());
    }
}

fn put<K: Ord + Clone + std::fmt::Debug, V: Clone + PartialEq + std::fmt::Debug>(
    from: &Table<K, V>,
    to: &mut BTreeMap<K, V>,
) {
    for change in from.changes() {
        let found = to.get(change.key);
        assert_eq!(
            found, change.before,
            "{:?} was decided on another row",
            change.key
        );
        to.insert(change.key.clone(), change.after.clone());
    }
}
