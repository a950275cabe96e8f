//! [`Archive`] over the pool: one query per read. What comes back is committed, and may be old a moment later.

mod catalogue;
mod copies;
mod history;
mod reader;
mod sagas;

use std::collections::BTreeMap;
use std::time::Duration;

use deadpool_postgres::Pool;
use passcom_actors::catalogue::Published;
use passcom_actors::company::buckets::{Bucket, Digests, Slice};
use passcom_actors::company::history::Event;
use passcom_actors::company::store::{
    Archive, AuditView, KnownKey, Read, SagaRecord, SagaStatus, SagaView, Unfinished,
};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use passcom_actors::domain::rows::{OutboxCursor, Replicated, SeatKey, SeatUse};
use passcom_actors::domain::ticket::Ticket;
use uuid::Uuid;

/// The reads over PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct PgArchive {
    pool: Pool,
    company: CompanyId,
    incarnation: Incarnation,
}

impl PgArchive {
    pub(crate) fn new(pool: Pool, company: CompanyId, incarnation: Incarnation) -> Self {
        Self {
            pool,
            company,
            incarnation,
        }
    }
}

impl Archive for PgArchive {
    fn ping(&self) -> Read<'_, ()> {
        Box::pin(async move {
            self.reader().await?.rows("select 1", &[]).await?;
            Ok(())
        })
    }

    fn recorded(&self, saga: SagaId) -> Read<'_, SagaRecord> {
        Box::pin(async move { Ok(self.read_recorded(saga).await?) })
    }

    fn key(&self, user: UserId, key: String) -> Read<'_, Option<KnownKey>> {
        Box::pin(async move { Ok(self.read_key(user, &key).await?) })
    }

    fn user(&self, login: String) -> Read<'_, Option<User>> {
        Box::pin(async move { Ok(self.read_user(&login).await?) })
    }

    fn open_logins(&self, limit: usize) -> Read<'_, Vec<User>> {
        Box::pin(async move { Ok(self.read_open_logins(limit).await?) })
    }

    fn ticket(&self, id: SagaId) -> Read<'_, Option<Ticket>> {
        Box::pin(async move { Ok(self.read_ticket(id).await?) })
    }

    fn tickets_of(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Read<'_, Vec<Ticket>> {
        Box::pin(async move { Ok(self.read_tickets_of(user, after, limit).await?) })
    }

    fn history(&self, saga: SagaId) -> Read<'_, Vec<Event>> {
        Box::pin(async move { Ok(self.read_history(saga).await?) })
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

    fn cursors(&self) -> Read<'_, BTreeMap<CompanyId, OutboxCursor>> {
        Box::pin(async move { Ok(self.read_cursors().await?) })
    }

    fn undecided(&self, limit: usize) -> Read<'_, Vec<Unfinished>> {
        Box::pin(async move { Ok(self.read_undecided(limit).await?) })
    }

    fn unfinished(&self, node: String, limit: usize) -> Read<'_, Vec<Unfinished>> {
        Box::pin(async move { Ok(self.read_unfinished(&node, limit).await?) })
    }

    fn held(&self, limit: usize) -> Read<'_, Vec<(SagaId, u32)>> {
        Box::pin(async move { Ok(self.read_held(limit).await?) })
    }

    fn held_for(&self, user: UserId, limit: usize) -> Read<'_, Vec<SagaId>> {
        Box::pin(async move { Ok(self.read_held_for(user, limit).await?) })
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

    fn routes(&self, changed_after: i64, after: RouteId, limit: usize) -> Read<'_, Vec<Published>> {
        Box::pin(async move { Ok(self.read_routes(changed_after, after, limit).await?) })
    }
}
