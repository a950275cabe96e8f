//! Log and tables over memory, as one start of a node writes them.

use std::sync::Arc;

use super::{Database, MemoryStore};
use futures_util::future::{BoxFuture, ready};
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::hot::{Fact, Facts, Loaded, Projection, Standing};
use passcom_actors::company::log::lineage::{Lineage, Start};
use passcom_actors::company::store::{Append, AppendError, LedgerStore, Logged, Read, WriteError};
use passcom_actors::domain::ids::{RouteId, SagaId};
use passcom_actors::domain::rows::{Footprint, SeatKey};
use passcom_actors::domain::vote::LegState;
use uuid::Uuid;

/// One start of a node on a database: another start ends it.
#[derive(Clone)]
pub struct Epoch {
    pub store: Arc<MemoryStore>,
    number: i64,
    /// As it was at that start.
    pub lineage: Lineage,
}

impl MemoryStore {
    /// Counts a start, by the name of its run.
    pub fn start(self: &Arc<Self>, run: Uuid) -> Epoch {
        let mut database = self.database();
        database.epoch += 1;
        let last = database.log.last().map_or(Seq::NONE, |row| row.seq);
        let present = Start { run, after: last };
        let lineage = Lineage {
            incarnation: self.incarnation,
            earlier: database.starts.clone(),
            present,
            last,
        };
        database.starts.push(present);
        let number = database.epoch;
        drop(database);
        Epoch {
            store: self.clone(),
            number,
            lineage,
        }
    }
}

impl Epoch {
    /// Appends a row; answers with its time.
    pub fn append_now(&self, row: Append<'_>) -> Result<i64, AppendError> {
        self.store.database().append(self.number, row)
    }

    /// There was another start since.
    pub fn is_over(&self) -> bool {
        self.store.database().epoch != self.number
    }

    pub fn project_now(&self, projection: &Projection) -> Result<(), WriteError> {
        let mut database = self.store.database();
        if database.epoch != self.number || database.cells.projected != projection.from {
            return Err(WriteError::Conflict);
        }
        database.cells.project(projection);
        Ok(())
    }
}

impl LedgerStore for Epoch {
    fn standing<'a>(&'a self, node: &'a str) -> Read<'a, (Standing, i64)> {
        self.store
            .read(|database| (database.cells.standing(node), database.now_ms()))
    }

    fn projected(&self) -> Read<'_, Seq> {
        self.store.read(|database| database.cells.projected)
    }

    fn log(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>> {
        self.store.read(|database| {
            let rows = database.log.iter().filter(|row| row.seq > after);
            rows.take(limit).cloned().collect()
        })
    }

    fn facts(&self, after_version: i64) -> Read<'_, Facts> {
        self.store.read(|database| database.facts(after_version))
    }

    fn load<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, Loaded> {
        self.store.read(|database| database.load(footprint))
    }

    fn append<'a>(&'a self, row: Append<'a>) -> BoxFuture<'a, Result<i64, AppendError>> {
        Box::pin(ready(self.append_now(row)))
    }

    fn project<'a>(&'a self, projection: &'a Projection) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(ready(self.project_now(projection)))
    }
}

impl Database {
    fn append(&mut self, epoch: i64, row: Append<'_>) -> Result<i64, AppendError> {
        let place = Seq(self.log.len() as i64 + 1);
        if row.seq < place {
            return Err(AppendError::Taken);
        }
        assert_eq!(row.seq, place, "a row of the log is skipped");
        if epoch != self.epoch {
            return Err(AppendError::Superseded);
        }
        if row.version != self.version {
            return Err(AppendError::Outdated);
        }
        let recorded = |saga: &SagaId| self.cells.sagas.contains_key(saga);
        let used = |key: &_| self.cells.keys.contains_key(key);
        if row.assumed.sagas.iter().any(recorded) || row.assumed.keys.iter().any(used) {
            return Err(AppendError::Surprise);
        }
        let (freed, taken) = row.handed_over();
        let mut owners = self.owners.clone();
        for (seat, saga) in freed {
            if owners.remove(&seat) != Some(saga) {
                return Err(AppendError::Surprise);
            }
        }
        for (seat, saga) in taken {
            if owners.insert(seat, saga).is_some() {
                return Err(AppendError::Surprise);
            }
        }
        self.owners = owners;
        let at = self.now_ms();
        self.state.take_over(row.rows, at);
        self.log.push(Logged {
            seq: row.seq,
            epoch,
            at,
            body: row.body.to_vec(),
        });
        Ok(at)
    }

    fn facts(&self, after_version: i64) -> Facts {
        let changed = self
            .state
            .routes
            .iter()
            .filter(|(_, (version, _))| *version > after_version);
        let fact = |(id, (_, route)): (&RouteId, &(i64, passcom_actors::catalogue::Route))| {
            let fact = Fact {
                seats: route.seats,
                on_sale: route.on_sale,
                departs: route.departs,
                arrives: route.arrives,
            };
            (*id, fact)
        };
        Facts {
            version: self.version,
            routes: changed.map(fact).collect(),
        }
    }

    pub(super) fn load(&self, footprint: &Footprint) -> Loaded {
        let mut loaded = self.cells.load(footprint);
        let wanted = |seat: &SeatKey| {
            footprint.seats.contains(seat) || footprint.seat_maps.contains(&seat.0)
        };
        for (seat, owner) in self.owners.iter().filter(|(seat, _)| wanted(seat)) {
            if owner.0.is_nil() {
                loaded.blocked.insert(*seat);
                continue;
            }
            let cell = self.cells.sagas.get(owner);
            let leg = cell.and_then(|cell| cell.leg(*seat));
            let state = leg.map_or(LegState::Prepared, |leg| leg.row.state);
            loaded.owners.insert(*seat, (*owner, state));
        }
        loaded
    }
}
