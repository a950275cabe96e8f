//! A company's database as its node sees it: log and tables that outlive the node, behind a connection that fails.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::catalogue::{CloseOfSale, Published};
use passcom_actors::company::buckets::{Bucket, Digests, Slice};
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::cell::Cell;
use passcom_actors::company::log::comparison::Claim;
use passcom_actors::company::log::hot::{Assumed, ClientKey, Facts, Loaded, Projection, Standing};
use passcom_actors::company::store::{
    Append, AppendError, AsOf, AuditView, Books, Claims, Kept, LedgerStore, Logged, Read,
    ReadError, RefundPlace, RefundView, SagaStatus, SagaView, Tables, Which, WriteError,
};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{Footprint, KeyRow, Replicated, Rows, SeatKey, SeatUse};
use passcom_actors::domain::ticket::Ticket;
use passcom_memory::{Epoch, MemoryStore};
use uuid::Uuid;

use crate::hub::{LateCommit, Weather};
use crate::life::Life;

/// A transaction without a client commits within this, or never.
const LATE_MAX: u64 = 2_000;

#[derive(Clone)]
pub struct Database {
    pub life: Arc<Life>,
    pub epoch: Epoch,
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

/// A transaction that a session may finish without its client.
#[derive(Clone)]
pub enum Transaction {
    Append {
        seq: Seq,
        body: Vec<u8>,
        rows: Box<Rows>,
        assumed: Assumed,
        version: i64,
    },
    Project(Box<Projection>),
}

/// Why a transaction was rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolledBack {
    Append(AppendError),
    Project(WriteError),
}

impl Transaction {
    /// Commits, unless something stands against it; answers with its time.
    pub fn commit(&self, epoch: &Epoch) -> Result<i64, RolledBack> {
        match self {
            Self::Append {
                seq,
                body,
                rows,
                assumed,
                version,
            } => {
                let row = Append {
                    seq: *seq,
                    body,
                    rows,
                    assumed,
                    version: *version,
                };
                epoch.append_now(row).map_err(RolledBack::Append)
            }
            Self::Project(projection) => {
                let projected = epoch.project_now(projection).map_err(RolledBack::Project);
                projected.map(|()| 0)
            }
        }
    }

    /// What it appended.
    pub fn rows(&self) -> Option<&Rows> {
        match self {
            Self::Append { rows, .. } => Some(rows),
            Self::Project(_) => None,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Append { .. } => "append",
            Self::Project(_) => "projection",
        }
    }
}

/// How a transaction ended, when not well.
enum Ended {
    RolledBack(RolledBack),
    NotWritten,
    Unknown,
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

    fn commit(&self, transaction: &Transaction) -> Result<i64, RolledBack> {
        let at = transaction.commit(&self.epoch)?;
        if let Some(rows) = transaction.rows() {
            let hub = &mut *self.life.hub.lock();
            hub.history.on_commit(rows, self.life.now(), &mut hub.seen);
        }
        Ok(at)
    }

    fn decided(&self, rows: &Rows) {
        let hub = &mut *self.life.hub.lock();
        let wall_ms = self.life.wall_ms();
        hub.history.on_decided(rows, wall_ms, &mut hub.seen);
    }

    async fn transact(&self, transaction: Transaction) -> Result<i64, Ended> {
        self.life.cross().await;
        self.pause().await;
        if self.is_down() {
            return Err(Ended::NotWritten);
        }
        self.life.cross().await;
        let fate = self.fate();
        let mut at = 0;
        if matches!(fate, Fate::Acknowledged | Fate::LostAfter) {
            at = self.commit(&transaction).map_err(Ended::RolledBack)?;
        }
        self.life.cross().await;
        self.pause().await;
        self.tell(fate, transaction.name());
        match fate {
            Fate::Acknowledged => Ok(at),
            Fate::NotWritten => Err(Ended::NotWritten),
            Fate::Late => {
                let hub = &mut *self.life.hub.lock();
                let at = self.life.now() + hub.random.u64(0..LATE_MAX);
                hub.late_commits.push(LateCommit {
                    life: self.life.clone(),
                    epoch: self.epoch.clone(),
                    transaction,
                    at,
                });
                Err(Ended::Unknown)
            }
            Fate::LostBefore | Fate::LostAfter => Err(Ended::Unknown),
        }
    }

    fn tell(&self, fate: Fate, transaction: &'static str) {
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
            .line(life.now(), &who, format_args!("{transaction}: {fate:?}"));
    }

    /// Reads, over the connection.
    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&'a Self) -> Read<'a, T> + Send + 'a,
    ) -> Read<'a, T> {
        async move {
            self.life.cross().await;
            self.pause().await;
            if self.is_down() {
                return Err(ReadError("connection refused".to_owned()));
            }
            read(self).await
        }
        .boxed()
    }

    fn tables(&self) -> &MemoryStore {
        &self.epoch.store
    }
}

impl LedgerStore for Database {
    fn standing<'a>(&'a self, node: &'a str) -> Read<'a, (Standing, i64)> {
        self.read(move |this| this.epoch.standing(node))
    }

    fn projected(&self) -> Read<'_, Seq> {
        self.read(|this| this.epoch.projected())
    }

    fn log(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>> {
        self.read(move |this| this.epoch.log(after, limit))
    }

    fn facts(&self, after_version: i64) -> Read<'_, Facts> {
        self.read(move |this| this.epoch.facts(after_version))
    }

    fn load<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, Loaded> {
        self.read(|this| this.epoch.load(footprint))
    }

    fn append<'a>(&'a self, row: Append<'a>) -> BoxFuture<'a, Result<i64, AppendError>> {
        self.decided(row.rows);
        let transaction = Transaction::Append {
            seq: row.seq,
            body: row.body.to_vec(),
            rows: Box::new(row.rows.clone()),
            assumed: row.assumed.clone(),
            version: row.version,
        };
        async move {
            self.transact(transaction)
                .await
                .map_err(|ended| match ended {
                    Ended::RolledBack(RolledBack::Append(error)) => {
                        self.life.hub.lock().seen.count(match error {
                            AppendError::Taken => "appends whose place was taken",
                            AppendError::Surprise => "appends that took something recorded for new",
                            AppendError::Superseded => "appends of an epoch that was over",
                            _ => "transactions not written",
                        });
                        error
                    }
                    Ended::RolledBack(RolledBack::Project(error)) => unreachable!("{error}"),
                    Ended::NotWritten => AppendError::NotWritten("rolled back".to_owned()),
                    Ended::Unknown => AppendError::Unknown("connection reset".to_owned()),
                })
        }
        .boxed()
    }

    fn project<'a>(&'a self, projection: &'a Projection) -> BoxFuture<'a, Result<(), WriteError>> {
        let transaction = Transaction::Project(Box::new(projection.clone()));
        async move {
            match self.transact(transaction).await {
                Ok(_) => Ok(()),
                Err(Ended::RolledBack(RolledBack::Project(error))) => Err(error),
                Err(Ended::RolledBack(RolledBack::Append(error))) => unreachable!("{error}"),
                Err(Ended::NotWritten) => Err(WriteError::NotWritten("rolled back".to_owned())),
                Err(Ended::Unknown) => Err(WriteError::Unknown("connection reset".to_owned())),
            }
        }
        .boxed()
    }
}

impl Tables for Database {
    fn ping(&self) -> Read<'_, ()> {
        self.read(|this| this.tables().ping())
    }

    fn cell(&self, saga: SagaId) -> Read<'_, Cell> {
        self.read(move |this| this.tables().cell(saga))
    }

    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KeyRow>> {
        self.read(move |this| this.tables().key(user, key))
    }

    fn keys(&self, after: Option<ClientKey>, limit: usize) -> Read<'_, Vec<ClientKey>> {
        self.read(move |this| this.tables().keys(after, limit))
    }

    fn user(&self, login: String) -> Read<'_, Option<User>> {
        self.read(move |this| this.tables().user(login))
    }

    fn users(&self, logins: Vec<String>, ids: Vec<UserId>) -> Read<'_, Vec<User>> {
        self.read(move |this| this.tables().users(logins, ids))
    }

    fn renewed_users(&self, after: i64, limit: usize) -> Read<'_, Vec<(UserId, i64)>> {
        self.read(move |this| this.tables().renewed_users(after, limit))
    }

    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>> {
        self.read(move |this| this.tables().open_logins(limit))
    }

    fn tickets_of(
        &self,
        user: UserId,
        which: Which,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>> {
        self.read(move |this| this.tables().tickets_of(user, which, after, limit))
    }

    fn tickets_among(&self, ids: RangeInclusive<Uuid>, limit: usize) -> Read<'_, Vec<Ticket>> {
        self.read(move |this| this.tables().tickets_among(ids, limit))
    }

    fn tickets(&self, ids: Vec<SagaId>) -> Read<'_, Vec<Ticket>> {
        self.read(move |this| this.tables().tickets(ids))
    }

    fn books(&self, from: i32, to: i32) -> Read<'_, Books> {
        self.read(move |this| this.tables().books(from, to))
    }

    fn refunds(
        &self,
        from_ms: i64,
        to_ms: i64,
        before: Option<RefundPlace>,
        limit: usize,
    ) -> Read<'_, Vec<RefundView>> {
        self.read(move |this| this.tables().refunds(from_ms, to_ms, before, limit))
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Read<'_, Vec<AuditView>> {
        self.read(move |this| this.tables().audit(before, limit))
    }

    fn outbox(&self, after: i64, limit: usize) -> Read<'_, Vec<(i64, Replicated)>> {
        self.read(move |this| this.tables().outbox(after, limit))
    }

    fn digests(&self, slice: Slice) -> Read<'_, Digests> {
        self.read(move |this| this.tables().digests(slice))
    }

    fn copies(
        &self,
        bucket: Bucket,
        after: Option<Uuid>,
        limit: usize,
    ) -> Read<'_, Vec<Replicated>> {
        self.read(move |this| this.tables().copies(bucket, after, limit))
    }

    fn incarnation(&self) -> Incarnation {
        self.tables().incarnation()
    }

    fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Read<'_, Vec<SagaView>> {
        self.read(move |this| this.tables().sagas(id, state, older_than, limit))
    }

    fn seat(&self, seat: SeatKey) -> Read<'_, Option<SeatUse>> {
        self.read(move |this| this.tables().seat(seat))
    }

    fn catalogue_version(&self) -> Read<'_, i64> {
        self.read(|this| this.tables().catalogue_version())
    }

    fn routes<'a>(
        &'a self,
        changed_after: i64,
        take: &'a mut (dyn FnMut(Vec<Published>) + Send),
    ) -> Read<'a, ()> {
        self.read(move |this| this.tables().routes(changed_after, take))
    }

    fn kept(&self, after: (i64, RouteId), limit: usize) -> Read<'_, Vec<Kept>> {
        self.read(move |this| this.tables().kept(after, limit))
    }

    fn kept_of(&self, routes: Vec<RouteId>) -> Read<'_, Vec<Kept>> {
        self.read(move |this| this.tables().kept_of(routes))
    }

    fn swept(&self) -> Read<'_, i64> {
        self.read(|this| this.tables().swept())
    }

    fn note_swept(&self, version: i64) -> Read<'_, ()> {
        self.read(move |this| this.tables().note_swept(version))
    }

    fn unseated(&self, company: CompanyId, limit: usize) -> Read<'_, Vec<(SagaId, SeatRef)>> {
        self.read(move |this| this.tables().unseated(company, limit))
    }

    fn logged(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>> {
        self.read(move |this| this.tables().logged(after, limit))
    }

    fn as_of<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, AsOf> {
        self.read(move |this| this.tables().as_of(footprint))
    }

    fn claims(
        &self,
        of: Claims,
        after: Option<Claim>,
        limit: usize,
    ) -> Read<'_, Vec<(Claim, bool)>> {
        self.read(move |this| this.tables().claims(of, after, limit))
    }
}
