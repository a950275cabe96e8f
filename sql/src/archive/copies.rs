//! Reads of users and tickets, and of what other companies take over.

use std::collections::BTreeMap;

use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{CompanyId, Incarnation, SagaId, UserId};
use passcom_actors::domain::replica::Ticket;
use passcom_actors::domain::rows::{OutboxCursor, Replicated};
use uuid::Uuid;

use super::PgArchive;
use super::reader::limit as row_limit;
use crate::decode;
use crate::error::Failure;

const USER: &str = "
select id as user_id, login_norm, pw_hash, version from user_account where login_norm = $1
";

const TICKET: &str = r#"
select ticket.id, ticket."order", gone.companies, gone.routes, gone.numbers
from ticket
cross join lateral (
    select coalesce(array_agg(company), '{}') as companies,
           coalesce(array_agg(route_id), '{}') as routes,
           coalesce(array_agg(number), '{}') as numbers
    from ticket_leg where ticket_id = ticket.id and cancelled
) as gone
where ticket.id = $1
"#;

// the index has this order; a page begins after the last row of the one before it
const TICKETS_OF: &str = r#"
select ticket.id, ticket."order", gone.companies, gone.routes, gone.numbers
from ticket
cross join lateral (
    select coalesce(array_agg(company), '{}') as companies,
           coalesce(array_agg(route_id), '{}') as routes,
           coalesce(array_agg(number), '{}') as numbers
    from ticket_leg where ticket_id = ticket.id and cancelled
) as gone
where ticket.user_id = $1
    and ($2::bigint is null or ticket.created_at <= timestamptz 'epoch' + $2 * interval '1 millisecond')
    and ($2::bigint is null or ticket.created_at < timestamptz 'epoch' + $2 * interval '1 millisecond' or ticket.id > $3)
    and exists (select from ticket_leg where ticket_id = ticket.id and not cancelled)
order by ticket.created_at desc, ticket.id
limit $4
"#;

// a row of one kind has nothing of the other
const OUTBOX: &str = r#"
select news.seq,
       ticket.id, ticket."order", gone.companies, gone.routes, gone.numbers,
       user_account.id as user_id, login_norm, pw_hash, version
from (select seq, kind, id from outbox where seq > $1 order by seq limit $2) as news
left join ticket on news.kind = 'ticket' and ticket.id = news.id
left join user_account on news.kind = 'user' and user_account.id = news.id
cross join lateral (
    select coalesce(array_agg(company), '{}') as companies,
           coalesce(array_agg(route_id), '{}') as routes,
           coalesce(array_agg(number), '{}') as numbers
    from ticket_leg where ticket_id = ticket.id and cancelled
) as gone
order by news.seq
"#;

const CURSORS: &str = "select peer, incarnation, seq from repl_cursor";

impl PgArchive {
    pub(super) async fn read_user(&self, login: &str) -> Result<Option<User>, Failure> {
        let row = self.reader().await?.row(USER, &[&login]).await?;
        row.as_ref().map(decode::user).transpose()
    }

    pub(super) async fn read_ticket(&self, id: SagaId) -> Result<Option<Ticket>, Failure> {
        let row = self.reader().await?.row(TICKET, &[&id.0]).await?;
        row.as_ref().map(decode::ticket).transpose()
    }

    pub(super) async fn read_tickets_of(
        &self,
        user: UserId,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<Vec<Ticket>, Failure> {
        let created_at = after.map(|(created_at, _)| created_at);
        let id: Option<Uuid> = after.map(|(_, id)| id.0);
        let reader = self.reader().await?;
        let rows = reader
            .rows(TICKETS_OF, &[&user.0, &created_at, &id, &row_limit(limit)])
            .await?;
        rows.iter().map(decode::ticket).collect()
    }

    pub(super) async fn read_outbox(
        &self,
        after_seq: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Replicated)>, Failure> {
        let reader = self.reader().await?;
        let rows = reader
            .rows(OUTBOX, &[&after_seq, &row_limit(limit)])
            .await?;
        rows.iter()
            .map(|row| {
                let user: Option<Uuid> = row.try_get("user_id")?;
                let replicated = match user {
                    Some(_) => Replicated::User(decode::user(row)?),
                    None => Replicated::Ticket(decode::ticket(row)?),
                };
                Ok((row.try_get("seq")?, replicated))
            })
            .collect()
    }

    pub(super) async fn read_cursors(&self) -> Result<BTreeMap<CompanyId, OutboxCursor>, Failure> {
        let rows = self.reader().await?.rows(CURSORS, &[]).await?;
        rows.iter()
            .map(|row| {
                let cursor = OutboxCursor {
                    incarnation: Incarnation(row.try_get("incarnation")?),
                    seq: row.try_get("seq")?,
                };
                let peer = decode::company("repl_cursor", row.try_get("peer")?)?;
                Ok((peer, cursor))
            })
            .collect()
    }
}
