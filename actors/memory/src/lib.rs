//! A company's database in memory, for tests and the simulation: the same rules as over PostgreSQL, none of its durability.
//!
//! Beside log and tables it keeps the state as the decided batches left it, row by row, and holds what the ledger does against that.
//!
//! Invariants:
//! * a row of the log has the next place, or nothing is written; a seat is taken by one saga;
//! * a batch finds every row as the log has it: else memory was ahead of the log or behind it, and the test panics;
//! * tables + rest of the log = state, whenever that is [asked](MemoryStore::snapshot).

mod cells;
mod ledger;
mod state;
mod tables;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use passcom_actors::catalogue::Route;
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::lineage::Start;
use passcom_actors::company::store::{Logged, Read, ReadError};
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId};
use passcom_actors::domain::rows::SeatKey;

use cells::Cells;

pub use ledger::Epoch;
pub use state::State;

/// A company's database in memory. Time stands still until [`MemoryStore::pass`] is called.
pub struct MemoryStore {
    me: CompanyId,
    incarnation: Incarnation,
    database: Mutex<Database>,
}

#[derive(Default, Clone)]
struct Database {
    /// How much time has passed.
    now: Duration,
    epoch: i64,
    starts: Vec<Start>,
    log: Vec<Logged>,
    /// Who keeps a seat; nil for a seat that is off sale.
    owners: BTreeMap<SeatKey, SagaId>,
    /// What is projected.
    cells: Cells,
    version: i64,
    /// The version up to which tickets are told of every change.
    swept: i64,
    /// Type and seats of the aircraft that a route had before the one it has.
    aircraft_before: BTreeMap<RouteId, (String, u16)>,
    /// What the log says, as the batches had it when they were decided.
    state: State,
}

impl MemoryStore {
    pub fn new(me: CompanyId, incarnation: Incarnation) -> Self {
        Self {
            me,
            incarnation,
            database: Mutex::default(),
        }
    }

    /// Puts routes on sale, as an import does: the version of the catalogue rises by one.
    pub fn import(&self, routes: impl IntoIterator<Item = Route>) {
        let mut database = self.database();
        database.version += 1;
        let version = database.version;
        for route in routes {
            let id = route.id;
            let now = (route.equipment.clone(), route.seats);
            let known = database.state.routes.insert(id, (version, route));
            let before = known.map(|(_, known)| (known.equipment, known.seats));
            if let Some(before) = before.filter(|before| *before != now) {
                database.aircraft_before.insert(id, before);
            }
        }
    }

    /// A route as it is now.
    pub fn route(&self, id: RouteId) -> Option<Route> {
        let database = self.database();
        database
            .state
            .routes
            .get(&id)
            .map(|(_, route)| route.clone())
    }

    /// Lets time pass, which everything recorded is noted with.
    pub fn pass(&self, time: Duration) {
        self.database().now += time;
    }

    /// A backup: the same as it is now, in a database of its own.
    pub fn backup(&self) -> Self {
        Self {
            me: self.me,
            incarnation: self.incarnation,
            database: Mutex::new(self.database().clone()),
        }
    }

    /// The last row of the log.
    pub fn log_end(&self) -> Seq {
        self.database().log.last().map_or(Seq::NONE, |row| row.seq)
    }

    /// All that is durable, as it is now.
    ///
    /// # Panics
    /// If tables and log do not say the same.
    pub fn snapshot(&self) -> State {
        let database = self.database();
        database.verify(self.me);
        database.state.clone()
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        // a panic ends the test that it is found in
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<'a, T: Send + 'a>(&'a self, read: impl FnOnce(&Database) -> T) -> Read<'a, T> {
        let answer: Result<T, ReadError> = Ok(read(&self.database()));
        Box::pin(std::future::ready(answer))
    }
}

impl Database {
    /// Milliseconds.
    fn now_ms(&self) -> i64 {
        i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX)
    }
}
