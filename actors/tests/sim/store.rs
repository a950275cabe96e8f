//! A company's database as its node sees it: tables that outlive the node, behind a connection that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::catalogue::{CloseOfSale, Published};
use passcom_actors::company::buckets::{Bucket, Digests, Slice};
use passcom_actors::company::history::Event;
use passcom_actors::company::store::{
    Archive, AuditView, KnownKey, LedgerStore, Read, ReadError, SagaRecord, SagaStatus, SagaView,
    Unfinished, WriteError,
};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use passcom_actors::domain::rows::{Footprint, OutboxCursor, Replicated, Rows, SeatKey, SeatUse};
use passcom_actors::domain::ticket::Ticket;
use passcom_memory::MemoryStore;
use uuid::Uuid;

use crate::hub::{LateCommit, Weather};
use crate::life::Life;

/// A transaction without a client commits within this, or never.
const LATE_MAX: u64 = 2_000;

#[derive(Clone)]
pub struct Database {
    pub life: Arc<Life>,
    pub tables: Arc<MemoryStore>,
    pub close: CloseOfSale,
}

/// What becomes of a COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Acknowledged,
    NotWritten,
    LostBefore,
    LostAfter,
    Late,
}

impl Database {
    fn fate(&self) -> Fate {
        let hub = &mut *self.life.hub.lock();
        let risks = hub.store_risks;
        if hub.weather[self.life.index] == Weather::Down {
            let fates = [Fate::NotWritten, Fate::LostBefore];
            return fates[hub.random.usize(0..fates.len())];
        }
        if hub.chance(risks.fails) {
            return Fate::NotWritten;
        }
        if hub.chance(risks.unknown) {
            let fates = [Fate::LostBefore, Fate::LostAfter, Fate::Late];
            return fates[hub.random.usize(0..fates.len())];
        }
        Fate::Acknowledged
    }

    async fn pause(&self) {
        let delay = {
            let hub = &mut *self.life.hub.lock();
            let most = match hub.weather[self.life.index] {
                Weather::Slow => 300,
                Weather::Fair | Weather::Down => 3,
            };
            hub.random.u64(1..=most)
        };
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }

    fn is_down(&self) -> bool {
        self.life.hub.lock().weather[self.life.index] == Weather::Down
    }

    fn commit(&self, rows: &Rows) -> Result<(), WriteError> {
        self.tables.commit(rows)?;
        let hub = &mut *self.life.hub.lock();
        hub.history.on_commit(rows, self.life.now(), &mut hub.seen);
        Ok(())
    }

    fn decided(&self, rows: &Rows) {
        let hub = &mut *self.life.hub.lock();
        let wall_ms = self.life.wall_ms();
        hub.history.on_decided(rows, wall_ms, &mut hub.seen);
    }

    async fn transaction(
        &self,
        footprint: &Footprint,
        decide: &mut (dyn FnMut(&mut Rows) + Send),
    ) -> Result<(), WriteError> {
        self.life.cross().await;
        self.pause().await;
        if self.is_down() {
            return Err(WriteError::NotWritten("connection refused".to_owned()));
        }
        let mut rows = self.tables.begin(footprint, &self.close);
        decide(&mut rows);
        self.decided(&rows);
        self.life.cross().await;
        let fate = self.fate();
        if matches!(fate, Fate::Acknowledged | Fate::LostAfter) {
            self.commit(&rows)?;
        }
        self.life.cross().await;
        self.pause().await;
        self.tell(fate);
        match fate {
            Fate::Acknowledged => Ok(()),
            Fate::NotWritten => Err(WriteError::NotWritten("rolled back".to_owned())),
            Fate::Late => {
                let hub = &mut *self.life.hub.lock();
                let at = self.life.now() + hub.random.u64(0..LATE_MAX);
                let life = self.life.clone();
                hub.late_commits.push(LateCommit { life, rows, at });
                Err(unknown())
            }
            Fate::LostBefore | Fate::LostAfter => Err(unknown()),
        }
    }

    fn tell(&self, fate: Fate) {
        let life = &self.life;
        let hub = &mut *life.hub.lock();
        let what = match fate {
            Fate::Acknowledged => return,
            Fate::NotWritten => "transactions not written",
            Fate::LostBefore => "unknown commits that were not",
            Fate::LostAfter => "unknown commits that were written",
            Fate::Late => "unknown commits without a client",
        };
        hub.seen.count(what);
        let who = life.hub.companies[life.index];
        hub.trace
            .line(life.now(), &who, format_args!("commit: {fate:?}"));
    }

    /// Reads, over the connection.
    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&'a MemoryStore) -> Read<'a, T> + Send + 'a,
    ) -> Read<'a, T> {
        async move {
            self.life.cross().await;
            self.pause().await;
            if self.is_down() {
                return Err(ReadError("connection refused".to_owned()));
            }
            read(&self.tables).await
        }
        .boxed()
    }
}

fn unknown() -> WriteError {
    WriteError::Unknown("connection reset".to_owned())
}

impl LedgerStore for Database {
    fn transact<'a>(
        &'a self,
        footprint: &'a Footprint,
        decide: &'a mut (dyn FnMut(&mut Rows) + Send),
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        self.transaction(footprint, decide).boxed()
    }
}

impl Archive for Database {
    fn ping(&self) -> Read<'_, ()> {
        self.read(|tables| tables.ping())
    }

    fn recorded(&self, saga: SagaId) -> Read<'_, SagaRecord> {
        self.read(move |tables| tables.recorded(saga))
    }

    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KnownKey>> {
        self.read(move |tables| tables.key(user, key))
    }

    fn user(&self, login: String) -> Read<'_, Option<User>> {
        self.read(move |tables| tables.user(login))
    }

    fn ticket(&self, id: SagaId) -> Read<'_, Option<Ticket>> {
        self.read(move |tables| tables.ticket(id))
    }

    fn tickets_of(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>> {
        self.read(move |tables| tables.tickets_of(user, after, limit))
    }

    fn history(&self, saga: SagaId) -> Read<'_, Vec<Event>> {
        self.read(move |tables| tables.history(saga))
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Read<'_, Vec<AuditView>> {
        self.read(move |tables| tables.audit(before, limit))
    }

    fn outbox(&self, after_seq: i64, limit: usize) -> Read<'_, Vec<(i64, Replicated)>> {
        self.read(move |tables| tables.outbox(after_seq, limit))
    }

    fn incarnation(&self) -> Incarnation {
        self.tables.incarnation()
    }

    fn cursors(&self) -> Read<'_, BTreeMap<CompanyId, OutboxCursor>> {
        self.read(|tables| tables.cursors())
    }

    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>> {
        self.read(move |tables| tables.open_logins(limit))
    }

    fn digests(&self, slice: Slice) -> Read<'_, Digests> {
        self.read(move |tables| tables.digests(slice))
    }

    fn copies(
        &self,
        bucket: Bucket,
        after: Option<Uuid>,
        limit: usize,
    ) -> Read<'_, Vec<Replicated>> {
        self.read(move |tables| tables.copies(bucket, after, limit))
    }

    fn undecided(&self, limit: usize) -> Read<'_, Vec<Unfinished>> {
        self.read(move |tables| tables.undecided(limit))
    }

    fn unfinished(&self, node: String, limit: usize) -> Read<'_, Vec<Unfinished>> {
        self.read(move |tables| tables.unfinished(node, limit))
    }

    fn held(&self, limit: usize) -> Read<'_, Vec<(SagaId, u32)>> {
        self.read(move |tables| tables.held(limit))
    }

    fn held_for(&self, user: UserId, limit: usize) -> Read<'_, Vec<SagaId>> {
        self.read(move |tables| tables.held_for(user, limit))
    }

    fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Read<'_, Vec<SagaView>> {
        self.read(move |tables| tables.sagas(id, state, older_than, limit))
    }

    fn seat(&self, seat: SeatKey) -> Read<'_, Option<SeatUse>> {
        self.read(move |tables| tables.seat(seat))
    }

    fn catalogue_version(&self) -> Read<'_, i64> {
        self.read(|tables| tables.catalogue_version())
    }

    fn routes(&self, changed_after: i64, after: RouteId, limit: usize) -> Read<'_, Vec<Published>> {
        self.read(move |tables| tables.routes(changed_after, after, limit))
    }
}
