//! Reads of users and tickets, and of what other companies take over.

use std::ops::RangeInclusive;

use passcom_actors::company::buckets::{Bucket, Digests, Slice};
use passcom_actors::company::store::Which;
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::Value;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::rows::Replicated;
use passcom_actors::domain::ticket::Ticket;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PgTables;
use super::reader::limit as row_limit;
use crate::decode::{self, Decoded, gone, gone_columns};
use crate::error::Failure;

const USER: &str = "
select id as user_id, login_norm, pw_hash, version, email, language from user_account where login_norm = $1
";

const USERS: &str = "
select id as user_id, login_norm, pw_hash, version, email, language from user_account
where login_norm = any($1::text[]) or id = any($2::uuid[])
";

/// What these rows (seq, kind, id) say is read where it stands; a row of one kind has nothing of the other.
macro_rules! replicated {
    ($told:literal) => {
        concat!(
            r#"
select told.seq,
       ticket.id, ticket."order", "#,
            gone_columns!(),
            r#",
       user_account.id as user_id, login_norm, pw_hash, version, email, language
from ("#,
            $told,
            ") as told
left join ticket on told.kind = 'ticket' and ticket.id = told.id
left join user_account on told.kind = 'user' and user_account.id = told.id
",
            gone!(),
            "order by told.seq, told.id"
        )
    };
}

// once, when a node starts
const RENEWED_USERS: &str = "
select id, version from user_account where version > $1
order by version desc, id
limit $2
";

// as the index has it
const OPEN_LOGINS: &str = "
select key, acceptors, promised, accepted, value, chosen from login_register
where key like 'login/%' and accepted is not null and not chosen
limit $1
";

// the index has this order; a page begins after the last row of the one before it
const TICKETS_OF: &str = concat!(
    r#"
select ticket.id, ticket."order", "#,
    gone_columns!(),
    "
from ticket
",
    gone!(),
    r#"where ticket.user_id = $1
    and ($2::bigint is null or ticket.created_at <= timestamptz 'epoch' + $2 * interval '1 millisecond')
    and ($2::bigint is null or ticket.created_at < timestamptz 'epoch' + $2 * interval '1 millisecond' or ticket.id > $3)
    and ($5::boolean is null or $5 = (json_array_length(ticket."order" -> 'legs') <= cardinality(gone.numbers)))
order by ticket.created_at desc, ticket.id
limit $4"#
);

const TICKETS_AMONG: &str = concat!(
    r#"
select ticket.id, ticket."order", "#,
    gone_columns!(),
    "
from ticket
",
    gone!(),
    "where ticket.id between $1 and $2 order by ticket.id limit $3"
);

const TICKETS: &str = concat!(
    r#"
select ticket.id, ticket."order", "#,
    gone_columns!(),
    "
from ticket
",
    gone!(),
    "where ticket.id = any($1::uuid[])"
);

const OUTBOX: &str =
    replicated!("select seq, kind, id from outbox where seq > $1 order by seq limit $2");

const COPIES: &str = replicated!(
    "select 0::bigint as seq, kind, id from (
    select 'ticket' as kind, id from ticket where id between $1 and $2
    union all
    select 'user', id from user_account where id between $1 and $2
) as bucket where $3::uuid is null or id > $3 order by id limit $4"
);

// hashes of single facts, so that their order does not matter and no join is needed; md5 is the same in every PostgreSQL; without names, which
// not every company is told
const DIGESTS: &str = "
select (get_byte(uuid_send(id), 0) << 4) | (get_byte(uuid_send(id), 1) >> 4) as bucket,
       bit_xor(('x' || left(md5(fact), 16))::bit(64)::bigint) as digest
from (
    select id, id::text as fact from ticket where id between $1 and $2
    union all
    select ticket_id, concat_ws('/', ticket_id, company, route_id, number, refund_minor, refund_currency, refund_ground,
                                (extract(epoch from refunded_at) * 1000)::bigint, refunded_by) from cancelled_leg
    where ticket_id between $1 and $2
    union all
    select ticket_id, concat_ws('/', ticket_id, company, route_id, number, sequence, extract(epoch from departs),
                                extract(epoch from arrives), departs_offset, arrives_offset, withdrawn, number_now, label,
                                unseated, extract(epoch from told_at), accepted)
    from changed_leg where ticket_id between $1 and $2
    union all
    select ticket_id, concat_ws('/', ticket_id, company, route_id, number, sequence, extract(epoch from corrected_at))
    from corrected_name where ticket_id between $1 and $2
    union all
    select id, concat_ws('/', id, version, pw_hash, email, language) from user_account where id between $1 and $2
) as facts
group by bucket
";

impl PgTables {
    pub(super) async fn read_user(&self, login: &str) -> Result<Option<User>, Failure> {
        let row = self.reader().await?.row(USER, &[&login]).await?;
        row.as_ref().map(decode::user).transpose()
    }

    pub(super) async fn read_users(
        &self,
        logins: &[String],
        ids: &[UserId],
    ) -> Result<Vec<User>, Failure> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = self.reader().await?.rows(USERS, &[&logins, &ids]).await?;
        rows.iter().map(decode::user).collect()
    }

    pub(super) async fn read_renewed_users(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(UserId, i64)>, Failure> {
        let reader = self.reader().await?;
        let rows = reader
            .rows(RENEWED_USERS, &[&after, &row_limit(limit)])
            .await?;
        let read = |row: &Row| Ok((UserId(row.try_get("id")?), row.try_get("version")?));
        rows.iter().map(read).collect()
    }

    pub(super) async fn read_open_logins(&self, limit: usize) -> Result<Vec<User>, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(OPEN_LOGINS, &[&row_limit(limit)]).await?;
        let mut users = Vec::new();
        for row in &rows {
            let (_, register) = decode::register(row)?;
            if let Some((_, Value::Account(user))) = register.accepted {
                users.push(user);
            }
        }
        Ok(users)
    }

    pub(super) async fn read_tickets_of(
        &self,
        user: UserId,
        which: Which,
        after: Option<(i64, SagaId)>,
        limit: usize,
    ) -> Result<Vec<Ticket>, Failure> {
        let cancelled = match which {
            Which::NotCancelled => Some(false),
            Which::Cancelled => Some(true),
            Which::All => None,
        };
        let created_at = after.map(|(created_at, _)| created_at);
        let id: Option<Uuid> = after.map(|(_, id)| id.0);
        let reader = self.reader().await?;
        let rows = reader
            .rows(
                TICKETS_OF,
                &[&user.0, &created_at, &id, &row_limit(limit), &cancelled],
            )
            .await?;
        rows.iter().map(decode::ticket).collect()
    }

    pub(super) async fn read_tickets_among(
        &self,
        ids: RangeInclusive<Uuid>,
        limit: usize,
    ) -> Result<Vec<Ticket>, Failure> {
        let (first, last) = ids.into_inner();
        let reader = self.reader().await?;
        let rows = reader
            .rows(TICKETS_AMONG, &[&first, &last, &row_limit(limit)])
            .await?;
        rows.iter().map(decode::ticket).collect()
    }

    pub(super) async fn read_tickets(&self, ids: &[SagaId]) -> Result<Vec<Ticket>, Failure> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = self.reader().await?.rows(TICKETS, &[&ids]).await?;
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
            .map(|row| Ok((row.try_get("seq")?, replicated(row)?)))
            .collect()
    }

    pub(super) async fn read_copies(
        &self,
        bucket: Bucket,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Replicated>, Failure> {
        let (first, last) = bucket.range();
        let reader = self.reader().await?;
        let rows = reader
            .rows(COPIES, &[&first, &last, &after, &row_limit(limit)])
            .await?;
        rows.iter().map(replicated).collect()
    }

    pub(super) async fn read_digests(&self, slice: Slice) -> Result<Digests, Failure> {
        let (first, last) = slice.range();
        let reader = self.reader().await?;
        let rows = reader.rows(DIGESTS, &[&first, &last]).await?;
        rows.iter()
            .map(|row| {
                let bucket: i32 = row.try_get("bucket")?;
                let bucket = u16::try_from(bucket).expect("twelve bits, by the statement");
                Ok((Bucket(bucket), row.try_get("digest")?))
            })
            .collect()
    }
}

fn replicated(row: &Row) -> Decoded<Replicated> {
    let user: Option<Uuid> = row.try_get("user_id")?;
    Ok(match user {
        Some(_) => Replicated::User(decode::user(row)?),
        None => Replicated::Ticket(decode::ticket(row)?),
    })
}
