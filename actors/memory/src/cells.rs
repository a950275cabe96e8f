//! What the tables have: every row as it was projected last.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::company::log::Seq;
use passcom_actors::company::log::cell::{Cell, Login, Parts};
use passcom_actors::company::log::hot::{ClientKey, Hot, Loaded, Projection, Standing};
use passcom_actors::company::log::record::Record;
use passcom_actors::domain::ballot::Key;
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::rows::{
    AuditRow, Footprint, KeyRow, LegKey, OutboxCursor, Replicated, SeatKey, SeatRow,
};

use passcom_actors::domain::settlement::{self, Sums};

use super::{Database, State};

#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    pub sagas: BTreeMap<SagaId, Cell>,
    pub logins: BTreeMap<String, Login>,
    pub keys: BTreeMap<ClientKey, KeyRow>,
    pub blocked: BTreeSet<SeatKey>,
    pub cursors: BTreeMap<CompanyId, OutboxCursor>,
    /// By number.
    pub outbox: BTreeMap<i64, Replicated>,
    /// With the time.
    pub audit: Vec<(i64, AuditRow)>,
    pub round: i64,
    /// What companies owe each other.
    pub sums: Sums,
    pub projected: Seq,
}

impl Cells {
    pub fn project(&mut self, projection: &Projection) {
        for (saga, cell) in &projection.sagas {
            let unprojected = Parts::default();
            let cell = cell.clone();
            let booked = cell.ticket.as_ref().map(|(ticket, _)| ticket.clone());
            self.sagas.insert(
                *saga,
                Cell {
                    unprojected,
                    booked,
                    ..cell
                },
            );
        }
        self.logins.extend(projection.logins.iter().cloned());
        for (key, row) in &projection.keys {
            if let Some(row) = row {
                self.keys.insert(key.clone(), row.clone());
            }
        }
        for (seat, blocked) in &projection.blocked {
            if *blocked {
                self.blocked.insert(*seat);
            } else {
                self.blocked.remove(seat);
            }
        }
        self.cursors.extend(projection.cursors.iter().copied());
        self.outbox.extend(projection.outbox.iter().cloned());
        self.audit.extend(projection.audit.iter().cloned());
        self.round = self.round.max(projection.round);
        for (account, sum) in &projection.sums {
            settlement::add(&mut self.sums, account.clone(), *sum);
        }
        self.projected = projection.upto;
    }

    pub fn standing(&self, node: &str) -> Standing {
        let open = self.sagas.iter().filter(|(_, cell)| cell.is_open(node));
        Standing {
            projected: self.projected,
            round: self.round,
            told: self.outbox.keys().next_back().copied().unwrap_or_default(),
            cursors: self.cursors.clone(),
            open: open.map(|(saga, cell)| (*saga, cell.clone())).collect(),
        }
    }

    pub fn load(&self, footprint: &Footprint) -> Loaded {
        let cell = |saga: &SagaId| self.sagas.get(saga).cloned().unwrap_or_default();
        let login = |login: &String| self.logins.get(login).cloned().unwrap_or_default();
        let (sagas, logins, keys) = (&footprint.sagas, &footprint.users, &footprint.keys);
        Loaded {
            sagas: sagas.iter().map(|saga| (*saga, cell(saga))).collect(),
            logins: logins
                .iter()
                .map(|name| (name.clone(), login(name)))
                .collect(),
            keys: keys
                .iter()
                .map(|key| (key.clone(), self.keys.get(key).cloned()))
                .collect(),
            ..Loaded::default()
        }
    }
}

impl Database {
    /// Brings a copy of the tables to the end of the log, as a start does, and compares it with the state.
    pub(super) fn verify(&self, me: CompanyId) {
        let mut cells = self.cells.clone();
        let mut hot = Hot::new(me, me.as_str(), cells.standing(me.as_str()));
        let rest = usize::try_from(cells.projected.0).expect("places are counted from 1");
        for row in &self.log[rest..] {
            let record = Record::decode(&row.body).expect("the log holds records");
            let mut loaded = cells.load(&hot.unknown(&record));
            hot.load(&mut loaded);
            let applied = hot.apply(row.seq, row.at, row.body.len(), record);
            applied.expect("the log can be replayed");
        }
        if let Some(projection) = hot.projection() {
            cells.project(&projection);
        }
        let replayed = cells.state(&self.state);
        let differences = replayed.differences(&self.state);
        assert!(
            differences.is_empty(),
            "tables and rest of the log are not the state: {differences:?}"
        );
        let mut owners = self.state.owners.clone();
        let nobody = SagaId(uuid::Uuid::nil());
        owners.extend(self.state.seats.keys().map(|seat| (*seat, nobody)));
        assert_eq!(
            owners, self.owners,
            "seats are owned otherwise than the legs say"
        );
    }
}

impl Cells {
    /// The rows; who owns a seat is for others to know.
    fn state(&self, other: &State) -> State {
        let mut state = State {
            owners: other.owners.clone(),
            cursors: self.cursors.clone(),
            routes: other.routes.clone(),
            outbox: self.outbox.values().cloned().collect(),
            audit: self.audit.iter().map(|(_, row)| row.clone()).collect(),
            keys: self.keys.clone(),
            round: self.round,
            sums: self.sums.clone(),
            ..State::default()
        };
        for (saga, cell) in &self.sagas {
            let row = cell.saga.as_ref().map(|row| (cell.begun_at, row.clone()));
            state.sagas.extend(row.map(|row| (*saga, row)));
            for leg in &cell.legs {
                let (route, number) = leg.seat;
                let key = LegKey {
                    saga: *saga,
                    route,
                    number,
                };
                state.legs.insert(key, leg.row);
            }
            if let Some((register, _)) = &cell.register {
                state.registers.insert(Key::Saga(*saga), register.clone());
            }
            if let Some((ticket, _)) = &cell.ticket {
                state.tickets.insert(*saga, ticket.clone());
            }
        }
        for (login, cell) in &self.logins {
            if let Some(user) = &cell.user {
                state.users.insert(login.clone(), user.clone());
            }
            if let Some(register) = &cell.register {
                state
                    .registers
                    .insert(Key::Login(login.clone()), register.clone());
            }
        }
        let blocked = SeatRow {
            blocked: true,
            ..SeatRow::default()
        };
        state.seats = self.blocked.iter().map(|seat| (*seat, blocked)).collect();
        state
    }
}
