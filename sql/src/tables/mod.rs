//! [`Tables`] over the pool: one query per read.

mod audit;
mod catalogue;
mod comparison;
mod copies;
mod flights;
mod money;
mod reader;
mod sagas;

pub(crate) use self::catalogue::route;

use std::ops::RangeInclusive;
use std::time::Duration;

use deadpool_postgres::Pool;
use passcom_actors::catalogue::Published;
use passcom_actors::company::buckets::{Bucket, Digests, Slice};
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::cell::Cell;
use passcom_actors::company::log::comparison::Claim;
use passcom_actors::company::log::hot::ClientKey;
use passcom_actors::company::store::{
    AsOf, AuditView, Books, Claims, Kept, Logged, Read, RefundPlace, RefundView, SagaStatus,
    SagaView, Tables, Which,
};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::{Footprint, KeyRow, Replicated, SeatKey, SeatUse};
use passcom_actors::domain::ticket::Ticket;
use uuid::Uuid;

/// Writes to the write-ahead log and to no table.
const PROBE: &str = "select pg_logical_emit_message(true, 'passcom', '')";

/// The reads over PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct PgTables {
    pool: Pool,
    incarnation: Incarnation,
}

impl PgTables {
    pub(crate) fn new(pool: Pool, incarnation: Incarnation) -> Self {
        Self { pool, incarnation }
    }
}

impl Tables for PgTables {
    fn ping(&self) -> Read<'_, ()> {
        Box::pin(async move {
            // a commit like any other, which waits for the disk and for whom the settings name
            let reader = self.reader().await?;
            reader.rows(PROBE, &[]).await?;
            Ok(())
        })
    }

    fn cell(&self, saga: SagaId) -> Read<'_, Cell> {
        Box::pin(async move { Ok(self.read_cell(saga).await?) })
    }

    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KeyRow>> {
        Box::pin(async move { Ok(self.read_key(user, &key).await?) })
    }

    fn keys(&self, after: Option<ClientKey>, limit: usize) -> Read<'_, Vec<ClientKey>> {
        Box::pin(async move { Ok(self.read_keys(after, limit).await?) })
    }

    fn user(&self, login: String) -> Read<'_, Option<User>> {
        Box::pin(async move { Ok(self.read_user(&login).await?) })
    }

    fn users(&self, logins: Vec<String>, ids: Vec<UserId>) -> Read<'_, Vec<User>> {
        Box::pin(async move { Ok(self.read_users(&logins, &ids).await?) })
    }

    fn renewed_users(&self, after: i64, limit: usize) -> Read<'_, Vec<(UserId, i64)>> {
        Box::pin(async move { Ok(self.read_renewed_users(after, limit).await?) })
    }

    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>> {
        Box::pin(async move { Ok(self.read_open_logins(limit).await?) })
    }

    fn tickets_of(
        &self,
        user: UserId,
        which: Which,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>> {
        Box::pin(async move { Ok(self.read_tickets_of(user, which, after, limit).await?) })
    }

    fn tickets_among(&self, ids: RangeInclusive<Uuid>, limit: usize) -> Read<'_, Vec<Ticket>> {
        Box::pin(async move { Ok(self.read_tickets_among(ids, limit).await?) })
    }

    fn tickets(&self, ids: Vec<SagaId>) -> Read<'_, Vec<Ticket>> {
        Box::pin(async move { Ok(self.read_tickets(&ids).await?) })
    }

    fn books(&self, from: i32, to: i32) -> Read<'_, Books> {
        Box::pin(async move { Ok(self.read_books(from, to).await?) })
    }

    fn refunds(
        &self,
        from_ms: i64,
        to_ms: i64,
        before: Option<RefundPlace>,
        limit: usize,
    ) -> Read<'_, Vec<RefundView>> {
        Box::pin(async move {
            let page = self.read_refunds(from_ms, to_ms, before, limit);
            Ok(page.await?)
        })
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Read<'_, Vec<AuditView>> {
        Box::pin(async move { Ok(self.read_audit(before, limit).await?) })
    }

    fn outbox(&self, after_seq: i64, limit: usize) -> Read<'_, Vec<(i64, Replicated)>> {
        Box::pin(async move { Ok(self.read_outbox(after_seq, limit).await?) })
    }

    fn digests(&self, slice: Slice) -> Read<'_, Digests> {
        Box::pin(async move { Ok(self.read_digests(slice).await?) })
    }

    fn copies(
        &self,
        bucket: Bucket,
        after: Option<Uuid>,
        limit: usize,
    ) -> Read<'_, Vec<Replicated>> {
        Box::pin(async move { Ok(self.read_copies(bucket, after, limit).await?) })
    }

    fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    fn sagas(
        &self,
        id: Option<SagaId>,
        state: Option<SagaStatus>,
        older_than: Option<Duration>,
        limit: usize,
    ) -> Read<'_, Vec<SagaView>> {
        Box::pin(async move { Ok(self.read_sagas(id, state, older_than, limit).await?) })
    }

    fn seat(&self, seat: SeatKey) -> Read<'_, Option<SeatUse>> {
        Box::pin(async move { Ok(self.read_seat(seat).await?) })
    }

    fn catalogue_version(&self) -> Read<'_, i64> {
        Box::pin(async move { Ok(self.read_catalogue_version().await?) })
    }

    fn routes<'a>(
        &'a self,
        changed_after: i64,
        take: &'a mut (dyn FnMut(Vec<Published>) + Send),
    ) -> Read<'a, ()> {
        Box::pin(async move { Ok(self.read_routes(changed_after, take).await?) })
    }

    fn kept(&self, after: (i64, RouteId), limit: usize) -> Read<'_, Vec<Kept>> {
        Box::pin(async move { Ok(self.read_kept(after, limit).await?) })
    }

    fn kept_of(&self, routes: Vec<RouteId>) -> Read<'_, Vec<Kept>> {
        Box::pin(async move { Ok(self.read_kept_of(&routes).await?) })
    }

    fn swept(&self) -> Read<'_, i64> {
        Box::pin(async move { Ok(self.read_swept().await?) })
    }

    fn note_swept(&self, version: i64) -> Read<'_, ()> {
        Box::pin(async move { Ok(self.write_swept(version).await?) })
    }

    fn unseated(&self, company: CompanyId, limit: usize) -> Read<'_, Vec<(SagaId, SeatRef)>> {
        Box::pin(async move { Ok(self.read_unseated(company, limit).await?) })
    }

    fn logged(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>> {
        Box::pin(async move { Ok(self.read_logged(after, limit).await?) })
    }

    fn as_of<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, AsOf> {
        Box::pin(async move { Ok(self.read_as_of(footprint).await?) })
    }

    fn claims(
        &self,
        of: Claims,
        after: Option<Claim>,
        limit: usize,
    ) -> Read<'_, Vec<(Claim, bool)>> {
        Box::pin(async move { Ok(self.read_claims(of, after, limit).await?) })
    }
}
