//! Reads of what is durable: from memory where that is newer than the tables, else from the tables; lists once the tables have what
//! they list.
//!
//! Invariant: what was answered is found by everybody who reads after that.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use uuid::Uuid;

use super::buckets::{Bucket, Digests, Slice};
use super::history::Event;
use super::log::Log;
use super::log::cell::{Cell, seat_of};
use super::log::unused::KEYS_MAX;
use super::owed::Owed;
use super::store::{
    AuditView, Books, Held, Kept, KnownKey, ReadError, RefundPlace, RefundView, SagaRecord,
    SagaStatus, SagaView, Tables, Unfinished, Which,
};
use crate::catalogue::Published;
use crate::domain::accounts::User;
use crate::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use crate::domain::order::SeatRef;
use crate::domain::papers::Papers;
use crate::domain::rows::{OutboxCursor, Replicated, SagaRow, SagaState, SeatKey, SeatUse};
use crate::domain::ticket::Ticket;
use crate::domain::vote::LegState;

type Read<T> = Result<T, ReadError>;

/// Keys read at a time, and the pause after a read that failed.
const KEYS_PAGE: usize = 2_000;
const KEYS_RETRY: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone)]
pub struct Archive {
    me: CompanyId,
    pub(super) log: Arc<Log>,
    pub(super) tables: Arc<dyn Tables>,
    owed: Owed,
}

impl Archive {
    pub fn new(me: CompanyId, log: Arc<Log>, tables: Arc<dyn Tables>) -> Self {
        Self {
            me,
            log,
            tables,
            owed: Owed::default(),
        }
    }

    /// The tickets that readers wait for.
    pub fn owed(&self) -> &Owed {
        &self.owed
    }

    /// The tables, once they have all that the log has now, and what is promised now.
    async fn caught_up(&self) -> Read<&dyn Tables> {
        self.owed.all_paid().await?;
        self.log.catch_up().await?;
        Ok(self.tables.as_ref())
    }

    /// Reads all that is recorded of a saga.
    async fn cell<T>(&self, saga: SagaId, read: impl Fn(&Cell) -> T) -> Read<T> {
        self.owed.paid(saga).await?;
        self.cell_so_far(saga, read).await
    }

    /// The same, of which something may be owed.
    async fn cell_so_far<T>(&self, saga: SagaId, read: impl Fn(&Cell) -> T) -> Read<T> {
        if let Some(known) = self.log.read(|hot| hot.saga(saga).map(&read))? {
            return Ok(known);
        }
        self.tables.cell(saga).await.map(|cell| read(&cell))
    }

    /// The database answers, and makes something durable that leaves no row.
    pub async fn ping(&self) -> Read<()> {
        self.tables.ping().await
    }

    /// Everything recorded of a saga; empty if nothing (`running` is not for the archive to know).
    pub async fn recorded(&self, saga: SagaId) -> Read<SagaRecord> {
        let now = self.log.now();
        self.cell(saga, |cell| recorded(self.me, cell, now)).await
    }

    /// Whether all that this company knows of a booking says that it is another user's. Whose it is never changes.
    pub async fn is_of_another(&self, saga: SagaId, user: UserId) -> Read<bool> {
        let is_of_another = |cell: &Cell| {
            let ordered = cell.saga.as_ref().and_then(|row| row.order.as_ref());
            let sold = cell.ticket.as_ref().map(|(ticket, _)| &ticket.order);
            let mut known = [sold, ordered].into_iter().flatten().peekable();
            known.peek().is_some() && known.all(|order| order.user != user)
        };
        self.cell_so_far(saga, is_of_another).await
    }

    /// What a client's key was used for.
    pub async fn key(&self, user: UserId, key: String) -> Read<Option<KnownKey>> {
        let known = self.log.read(|hot| hot.key(user, &key).cloned())?;
        let row = match known {
            Some(row) => row,
            None => self.tables.key(user, key).await?,
        };
        Ok(row.map(|row| KnownKey {
            fingerprint: row.fingerprint,
            saga: row.saga,
            answer: row.answer,
            running: false,
        }))
    }

    /// By normalised login.
    pub async fn user(&self, login: String) -> Read<Option<User>> {
        let known = self
            .log
            .read(|hot| hot.login(&login).map(|login| login.user.clone()))?;
        match known {
            Some(user) => Ok(user),
            None => self.tables.user(login).await,
        }
    }

    pub async fn user_by_id(&self, id: UserId) -> Read<Option<User>> {
        let users = self.caught_up().await?.users(Vec::new(), vec![id]).await?;
        Ok(users.into_iter().next())
    }

    /// All users with the login or the id of one of these.
    pub async fn users_like(&self, users: &[&User]) -> Read<Vec<User>> {
        let logins: Vec<String> = users.iter().map(|user| user.login.clone()).collect();
        let ids = users.iter().map(|user| user.id).collect();
        let mut known: Vec<User> = self.log.read(|hot| {
            let hot = logins.iter().filter_map(|login| hot.login(login));
            hot.filter_map(|login| login.user.clone()).collect()
        })?;
        let told = self.tables.users(logins, ids).await?.into_iter();
        let is_new = |user: &User| known.iter().all(|known| known.login != user.login);
        let told: Vec<User> = told.filter(is_new).collect();
        known.extend(told);
        Ok(known)
    }

    /// Users of versions above this one, at most `limit`, newest first.
    pub async fn renewed_users(&self, after: i64, limit: usize) -> Read<Vec<(UserId, i64)>> {
        self.caught_up().await?.renewed_users(after, limit).await
    }

    /// Users whose claim to a login was accepted here, and whose register is not closed.
    pub async fn open_logins(&self, limit: usize) -> Read<Vec<User>> {
        self.caught_up().await?.open_logins(limit).await
    }

    pub async fn ticket(&self, id: SagaId) -> Read<Option<Ticket>> {
        let ticket = |cell: &Cell| cell.ticket.as_ref().map(|(ticket, _)| ticket.clone());
        self.cell(id, ticket).await
    }

    /// What this company was told of those whom it carries by this ticket, beside their names.
    pub async fn papers(&self, ticket: SagaId) -> Read<Option<Arc<Papers>>> {
        let papers = |cell: &Cell| cell.saga.as_ref().and_then(|row| row.papers.clone());
        self.cell(ticket, papers).await
    }

    /// A user's tickets, newest first, after (created_at, id).
    pub async fn tickets_of(
        &self,
        user: UserId,
        which: Which,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<Vec<Ticket>> {
        let tables = self.caught_up().await?;
        tables.tickets_of(user, which, after, limit).await
    }

    /// Tickets of these ids, ascending.
    pub async fn tickets_among(
        &self,
        ids: RangeInclusive<Uuid>,
        limit: usize,
    ) -> Read<Vec<Ticket>> {
        self.caught_up().await?.tickets_among(ids, limit).await
    }

    /// Those of these tickets that are here; in no order.
    pub async fn tickets(&self, ids: Vec<SagaId>) -> Read<Vec<Ticket>> {
        self.caught_up().await?.tickets(ids).await
    }

    /// What is recorded of a saga, with the times; in no order.
    pub async fn history(&self, saga: SagaId) -> Read<Vec<Event>> {
        self.cell(saga, |cell| cell.events(self.me)).await
    }

    /// What companies owe each other of these days, both included: all that the log has now.
    pub async fn books(&self, from: i32, to: i32) -> Read<Books> {
        self.caught_up().await?.books(from, to).await
    }

    /// What came back for cancelled seats, decided from this instant on and before that one (milliseconds since 1970), newest
    /// first, before this one.
    pub async fn refunds(
        &self,
        (from_ms, to_ms): (i64, i64),
        before: Option<RefundPlace>,
        limit: usize,
    ) -> Read<Vec<RefundView>> {
        let tables = self.caught_up().await?;
        tables.refunds(from_ms, to_ms, before, limit).await
    }

    /// What operators did, newest first, before this one.
    pub async fn audit(&self, before: Option<i64>, limit: usize) -> Read<Vec<AuditView>> {
        self.caught_up().await?.audit(before, limit).await
    }

    /// Rows for the peers with a higher number, ascending.
    pub async fn outbox(&self, after: i64, limit: usize) -> Read<Vec<(i64, Replicated)>> {
        match self.log.read(|hot| hot.outbox(after, limit))? {
            Some(rows) => Ok(rows),
            None => self.caught_up().await?.outbox(after, limit).await,
        }
    }

    /// A hash over the users and tickets in each bucket of the slice that has any, the same wherever the rows are.
    pub async fn digests(&self, slice: Slice) -> Read<Digests> {
        self.caught_up().await?.digests(slice).await
    }

    /// Users and tickets in this bucket, ascending by id after this one.
    pub async fn copies(
        &self,
        bucket: Bucket,
        after: Option<Uuid>,
        limit: usize,
    ) -> Read<Vec<Replicated>> {
        self.caught_up().await?.copies(bucket, after, limit).await
    }

    /// This database's incarnation.
    pub fn incarnation(&self) -> Incarnation {
        self.tables.incarnation()
    }

    /// How far each peer's outbox was read, per the incarnation read last.
    pub async fn cursors(&self) -> Read<BTreeMap<CompanyId, OutboxCursor>> {
        self.log.read(|hot| hot.cursors().clone())
    }

    /// Sagas begun and undecided here, open holds apart, oldest first. How long ago is for the caller to know: the database's
    /// clock may jump.
    pub async fn undecided(&self, limit: usize) -> Read<Vec<Unfinished>> {
        self.open_where(limit, |row| row.state == SagaState::Begun)
    }

    /// Sagas that this company's node began and that are not finished, open holds apart, oldest first.
    pub async fn unfinished(&self, limit: usize) -> Read<Vec<Unfinished>> {
        let node = self.log.read(|hot| hot.node().to_owned())?;
        self.open_where(limit, |row| row.driver == node && !row.finished)
    }

    fn open_where(&self, limit: usize, wanted: impl Fn(&SagaRow) -> bool) -> Read<Vec<Unfinished>> {
        self.log.read(|hot| {
            let open = hot.open().filter_map(|(saga, cell)| {
                let row = cell.saga.as_ref()?;
                let wanted = row.held_for().is_none() && wanted(row);
                wanted.then(|| unfinished(saga, row)).flatten()
            });
            open.take(limit).collect()
        })
    }

    /// Open holds, oldest first, with how long each is kept, in seconds from its beginning.
    pub async fn held(&self, limit: usize) -> Read<Vec<(SagaId, u32)>> {
        self.log.read(|hot| {
            let held = hot.open().filter_map(|(saga, cell)| {
                let seconds = cell.saga.as_ref()?.held_for()?;
                Some((saga, seconds))
            });
            held.take(limit).collect()
        })
    }

    /// This user's open holds of which this company keeps seats, ascending by id.
    pub async fn held_for(&self, user: UserId, limit: usize) -> Read<Vec<SagaId>> {
        self.log.read(|hot| {
            let held = hot.holds_of(user).filter(|(_, cell)| {
                let row = cell.saga.as_ref().filter(|row| row.held_for().is_some());
                // a company that only drove the hold hears late of its end: those that keep its seats tell
                let prepared = |leg: &super::log::cell::Leg| leg.row.state == LegState::Prepared;
                row.is_some() && cell.legs.iter().any(prepared)
            });
            held.map(|(saga, _)| saga).take(limit).collect()
        })
    }

    /// For operators: newest first, of those in this state only.
    pub async fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Read<Vec<SagaView>> {
        let tables = self.caught_up().await?;
        tables.sagas(id, state, older_than, limit).await
    }

    /// What keeps a seat, or none if there is no such seat.
    pub async fn seat(&self, seat: SeatKey) -> Read<Option<SeatUse>> {
        self.caught_up().await?.seat(seat).await
    }

    /// Routes with their keepers in the order of their changes, after this version and, within it, after this route.
    pub async fn kept(&self, after: (i64, RouteId), limit: usize) -> Read<Vec<Kept>> {
        self.tables.kept(after, limit).await
    }

    /// These routes with their keepers, in no order.
    pub async fn kept_of(&self, routes: Vec<RouteId>) -> Read<Vec<Kept>> {
        self.tables.kept_of(routes).await
    }

    /// The version of the catalogue up to which tickets are known to be told of every change.
    pub async fn swept(&self) -> Read<i64> {
        self.tables.swept().await
    }

    /// Notes that, unless a higher version is noted.
    pub async fn note_swept(&self, version: i64) -> Read<()> {
        self.tables.note_swept(version).await
    }

    /// Seats of tickets, as those name them, that are left without one at this company, ascending.
    pub async fn unseated(&self, limit: usize) -> Read<Vec<(SagaId, SeatRef)>> {
        self.caught_up().await?.unseated(self.me, limit).await
    }

    /// Version of the route table: rises with every import.
    pub async fn catalogue_version(&self) -> Read<i64> {
        self.tables.catalogue_version().await
    }

    /// Routes changed after this version, all of them after -1, ascending by id, with their taken seats; `take` is handed some
    /// of them at a time.
    pub async fn routes(
        &self,
        changed_after: i64,
        take: &mut (dyn FnMut(Vec<Published>) + Send),
    ) -> Read<()> {
        let log = &self.log;
        let mut noted = |page: Vec<Published>| {
            let taken = page.iter().filter(|published| !published.seats.is_empty());
            log.hot()
                .note_routes(taken.map(|published| published.route.id), false);
            take(page);
        };
        let tables = self.caught_up().await?;
        tables.routes(changed_after, &mut noted).await?;
        if changed_after < 0 {
            log.hot().note_routes([], true);
        }
        Ok(())
    }

    /// Reads which keys were used, so that a new one need not be looked up; ends when it has read them all, or knows that
    /// there are too many.
    pub async fn learn_keys(self) {
        let (mut after, mut count) = (None, 0);
        while count < KEYS_MAX {
            match self.tables.keys(after.clone(), KEYS_PAGE).await {
                Ok(page) => {
                    let is_last = page.len() < KEYS_PAGE;
                    self.log.hot().note_keys(&page, is_last);
                    if is_last {
                        return;
                    }
                    count += page.len();
                    after = page.into_iter().last();
                }
                Err(_) => sleep(KEYS_RETRY).await, // the database is away, which the ledger says
            }
        }
    }
}

fn unfinished(saga: SagaId, row: &SagaRow) -> Option<Unfinished> {
    Some(Unfinished {
        saga,
        order: row.order.clone()?,
        hash: row.hash,
        acceptors: row.acceptors.clone(),
        driver: row.driver.clone(),
    })
}

fn recorded(me: CompanyId, cell: &Cell, now: i64) -> SagaRecord {
    let row = cell.saga.as_ref();
    let order = row.and_then(|row| Some((row.order.clone()?, row.hash, row.acceptors.clone())));
    let legs = cell.legs.iter();
    SagaRecord {
        register: cell.register.as_ref().map(|(register, _)| register.clone()),
        order,
        legs: legs
            .map(|leg| (seat_of(me, leg.seat), leg.row.state))
            .collect(),
        running: false,
        held: row.and_then(SagaRow::held_for).map(|seconds| Held {
            seconds,
            passed_ms: now.saturating_sub(cell.begun_at),
        }),
        voted: row.is_some_and(|row| row.voted),
        reason: cell.legs.iter().find_map(|leg| leg.row.reason),
    }
}
