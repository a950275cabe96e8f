//! What customers pay this company, and what of it goes back: beside the log, because no vote and no other company depends on it.
//!
//! Whatever is told of a payment goes through [`Payment::step`] in one transaction with what follows from it: a part that must go back
//! is written down with what it is owed for, once, and asked of the provider under a key of its own until that has done it. A ticket
//! whose refunds change has its payment looked at again, by the transaction that brings them to the tables.

use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::Price;
use passcom_actors::domain::payment::{ATTEMPTS_MAX, Event, Fate, Next, Payment, Standing};
use passcom_actors::people::desk::Unavailable;
use passcom_actors::people::payment::Paid;
use tokio_postgres::{Row, Transaction};
use tracing::{error, warn};
use uuid::Uuid;

use crate::Database;
use crate::decode::{self, Decoded};

/// Until whoever has begun a payment has asked its provider; then somebody else does.
const FIRST_TRY_SECONDS: f64 = 10.0;
/// How long refused payments are kept.
const KEPT_SECONDS: f64 = 35.0 * 86_400.0;
/// Rows that are removed at a time.
const REMOVED_MAX: i64 = 10_000;

/// With the tickets of a projection whose seats were cancelled, in its transaction: what came back for them, or for seats that they were
/// exchanged for, is looked up for the payment.
pub(crate) const NOTE_CANCELLED: &str = r#"
with recursive chain (id) as (
    select unnest($1::uuid[])
    union select ("order" -> 'exchange' ->> 'ticket')::uuid from ticket join chain using (id)
    where "order" -> 'exchange' ->> 'ticket' is not null
)
update payment set due_at = now(), tries = 0 from chain where payment.hold = chain.id and standing = 'paid' and fate = 'sold'
"#;

/// A ticket and those that its seats were exchanged for. What was given for another flight came back to no customer.
const CAME_BACK: &str = r#"
with recursive chain (id) as (
    select $1::uuid
    union select ticket.id from chain join ticket on ticket."order" -> 'exchange' ->> 'ticket' = chain.id::text
    where "order" -> 'exchange' ->> 'ticket' is not null
)
select least(coalesce(sum(refund_minor), 0), 9223372036854775807)::bigint as came_back
from chain join cancelled_leg on ticket_id = chain.id
where refund_currency = $2 and refund_ground <> 'exchanged'
"#;

const NEWEST: &str = "select * from payment where hold = $1 order by attempt desc limit 1";

const FIND: &str = "select * from payment where id = $1";

const BEGIN: &str = "
insert into payment (id, hold, attempt, user_id, provider, means, minor, currency, due_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 second')
on conflict (hold, attempt) do nothing
";

// what is told anew is acted on at once, a mere repetition changes nothing
const STEP: &str = "
update payment set standing = $2, fate = $3, came_back = $4, owed = $5,
    means = case when $2 in ('refused', 'paid') then '' else means end,
    paid_at = case when $2 = 'paid' then coalesce(paid_at, now()) end,
    due_at = case when $6 then now() when $7 then due_at end, tries = case when $6 then 0 else tries end
where id = $1
";

const OWE: &str = "
insert into payment_refund (payment, number, minor)
select $1::uuid, count(*) + 1, $2::bigint - coalesce(sum(minor), 0)::bigint from payment_refund where payment = $1
";

const DUE: &str = "select * from payment where due_at <= now() order by due_at, id limit $1";

const TRY: &str = "
update payment set tries = tries + 1, due_at = now() + $3 * interval '1 second' where id = $1 and tries = $2
";

/// Unless something new was told since that try.
const REST: &str = "update payment set due_at = null where id = $1 and tries = $2";

const REFUNDS_DUE: &str = "
select payment_refund.payment, number, payment_refund.minor, payment_refund.tries, currency, provider
from payment_refund join payment on payment.id = payment_refund.payment
where payment_refund.due_at <= now() order by payment_refund.due_at limit $1
";

const TRY_REFUND: &str = "
update payment_refund set tries = tries + 1, due_at = now() + $3 * interval '1 second'
where payment = $1 and number = $2 and done_at is null
";

const REFUNDED: &str = "
update payment_refund set done_at = now(), due_at = null where payment = $1 and number = $2 and done_at is null
";

const GIVEN_BACK: &str = "
select coalesce(sum(minor), 0)::bigint as minor from payment_refund where payment = $1 and done_at is not null
";

const WAITING: &str = "
select count(*) as refunds, coalesce(extract(epoch from now() - min(owed_at)), 0)::float8 as oldest
from payment_refund where done_at is null
";

const REMOVE_REFUSED: &str = "
delete from payment where id in (
    select id from payment where standing = 'refused' and begun_at < now() - $1 * interval '1 second' limit $2
)
";

/// A payment as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub id: Uuid,
    pub hold: SagaId,
    pub attempt: u32,
    pub user: UserId,
    pub provider: String,
    /// Empty once the provider has decided.
    pub means: String,
    pub payment: Payment,
    pub begun_at: jiff::Timestamp,
    pub tries: i32,
}

/// A payment that is to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub hold: SagaId,
    pub user: UserId,
    pub attempt: u32,
    pub provider: String,
    pub means: String,
    pub amount: Price,
}

/// A part of a payment that must go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub payment: Uuid,
    pub number: i32,
    pub amount: Price,
    pub provider: String,
    pub tries: i32,
}

/// Answer to who begins a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is durable, and nobody has asked the provider yet.
    New(Recorded),
    /// The newest one of this hold, begun before.
    Known(Recorded),
    /// The one before it does not exist, or there were as many as may be.
    OutOfTurn,
}

/// What waits to go back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    pub refunds: i64,
    /// Seconds since the oldest is owed.
    pub oldest: f64,
}

/// The payments of one company. Cheap to clone.
#[derive(Clone)]
pub struct Payments {
    database: Database,
}

impl Payments {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Writes the intention down. Again: the newest payment of the hold.
    pub async fn begin(&self, wanted: &Wanted) -> anyhow::Result<Begun> {
        let mut client = self.database.client().await?;
        let transaction = client.transaction().await?;
        let newest = transaction
            .query_opt(&format!("{NEWEST} for update"), &[&wanted.hold.0])
            .await?;
        let newest = newest.as_ref().map(recorded).transpose()?;
        let attempts = newest.as_ref().map_or(0, |newest| newest.attempt);
        if wanted.attempt > ATTEMPTS_MAX || wanted.attempt > attempts + 1 || wanted.attempt == 0 {
            return Ok(Begun::OutOfTurn);
        }
        if let Some(newest) = newest {
            if wanted.attempt <= attempts || newest.payment.standing != Standing::Refused {
                return Ok(Begun::Known(newest));
            }
            // should it be paid after all, it goes back: this one takes its place
            apply(&transaction, newest, Event::Lost).await?;
        }
        let id = Uuid::new_v4();
        let attempt = i32::try_from(wanted.attempt)?;
        let (provider, means) = (&wanted.provider, &wanted.means);
        let Price { minor, currency } = &wanted.amount;
        let written = transaction
            .execute(
                BEGIN,
                &[
                    &id,
                    &wanted.hold.0,
                    &attempt,
                    &wanted.user.0,
                    provider,
                    means,
                    minor,
                    currency,
                    &FIRST_TRY_SECONDS,
                ],
            )
            .await?;
        let newest = transaction.query_one(NEWEST, &[&wanted.hold.0]).await?;
        let newest = recorded(&newest)?;
        transaction.commit().await?;
        Ok(match written {
            1 => Begun::New(newest),
            _ => Begun::Known(newest),
        })
    }

    pub async fn newest(&self, hold: SagaId) -> anyhow::Result<Option<Recorded>> {
        let client = self.database.client().await?;
        let row = client.query_opt(NEWEST, &[&hold.0]).await?;
        Ok(row.as_ref().map(recorded).transpose()?)
    }

    pub async fn find(&self, id: Uuid) -> anyhow::Result<Option<Recorded>> {
        let client = self.database.client().await?;
        let row = client.query_opt(FIND, &[&id]).await?;
        Ok(row.as_ref().map(recorded).transpose()?)
    }

    /// Writes down what was told of a payment, with what goes back for it. None: there is no such payment.
    pub async fn tell(&self, id: Uuid, event: Event) -> anyhow::Result<Option<Recorded>> {
        let mut client = self.database.client().await?;
        let transaction = client.transaction().await?;
        let row = transaction
            .query_opt(&format!("{FIND} for update"), &[&id])
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let told = apply(&transaction, recorded(&row)?, event).await?;
        transaction.commit().await?;
        Ok(Some(told))
    }

    /// Those about which something is to be done now, longest due first.
    pub async fn due(&self, limit: i64) -> anyhow::Result<Vec<Recorded>> {
        let client = self.database.client().await?;
        let rows = client.query(DUE, &[&limit]).await?;
        let rows = rows.iter().map(recorded);
        Ok(rows.collect::<Decoded<_>>()?)
    }

    /// A try is about to be made; unless something is told of the payment, the next one is after this pause. False: somebody else was
    /// faster.
    pub async fn note_try(&self, of: &Recorded, pause: Duration) -> anyhow::Result<bool> {
        let client = self.database.client().await?;
        let noted = client
            .execute(TRY, &[&of.id, &of.tries, &pause.as_secs_f64()])
            .await?;
        Ok(noted == 1)
    }

    /// Nothing more is to be done about a payment of which this try was noted, unless something was told of it since.
    pub async fn rest(&self, of: &Recorded) -> anyhow::Result<()> {
        let client = self.database.client().await?;
        client.execute(REST, &[&of.id, &(of.tries + 1)]).await?;
        Ok(())
    }

    /// What came back in all for the seats that were paid by it, as tickets have it.
    pub async fn came_back(&self, of: &Recorded) -> anyhow::Result<i64> {
        let client = self.database.client().await?;
        let currency = &of.payment.amount.currency;
        let row = client.query_one(CAME_BACK, &[&of.hold.0, currency]).await?;
        Ok(row.try_get("came_back")?)
    }

    pub async fn refunds_due(&self, limit: i64) -> anyhow::Result<Vec<Refund>> {
        let client = self.database.client().await?;
        let rows = client.query(REFUNDS_DUE, &[&limit]).await?;
        let refund = |row: &Row| {
            Ok(Refund {
                payment: row.try_get("payment")?,
                number: row.try_get("number")?,
                amount: Price {
                    minor: row.try_get("minor")?,
                    currency: row.try_get("currency")?,
                },
                provider: row.try_get("provider")?,
                tries: row.try_get("tries")?,
            })
        };
        rows.iter().map(refund).collect()
    }

    pub async fn note_refund_try(&self, of: &Refund, pause: Duration) -> anyhow::Result<()> {
        let client = self.database.client().await?;
        let pause = pause.as_secs_f64();
        client
            .execute(TRY_REFUND, &[&of.payment, &of.number, &pause])
            .await?;
        Ok(())
    }

    /// The customer has it. False: it was known, or there is no such part.
    pub async fn refunded(&self, payment: Uuid, number: i32) -> anyhow::Result<bool> {
        let client = self.database.client().await?;
        let done = client.execute(REFUNDED, &[&payment, &number]).await?;
        Ok(done == 1)
    }

    /// How much of a payment is with the customer again.
    pub async fn given_back(&self, payment: Uuid) -> anyhow::Result<i64> {
        let client = self.database.client().await?;
        let row = client.query_one(GIVEN_BACK, &[&payment]).await?;
        Ok(row.try_get("minor")?)
    }

    pub async fn waiting(&self) -> anyhow::Result<Waiting> {
        let client = self.database.client().await?;
        let row = client.query_one(WAITING, &[]).await?;
        Ok(Waiting {
            refunds: row.try_get("refunds")?,
            oldest: row.try_get("oldest")?,
        })
    }

    /// Removes what nobody asks for any more; answers with how many rows.
    pub async fn tidy_up(&self) -> anyhow::Result<u64> {
        let client = self.database.client().await?;
        let removed = client
            .execute(REMOVE_REFUSED, &[&KEPT_SECONDS, &REMOVED_MAX])
            .await?;
        Ok(removed)
    }
}

impl Paid for Payments {
    fn is_paid<'a>(
        &'a self,
        hold: SagaId,
        price: &'a Price,
    ) -> BoxFuture<'a, Result<bool, Unavailable>> {
        async move {
            let newest = self.newest(hold).await.map_err(|error| {
                warn!(%hold, error = format!("{error:#}"), "cannot see whether a hold is paid");
                Unavailable
            })?;
            Ok(newest.is_some_and(|newest| newest.payment.pays(price)))
        }
        .boxed()
    }
}

/// One step of a payment whose row is locked.
async fn apply(
    transaction: &Transaction<'_>,
    before: Recorded,
    event: Event,
) -> anyhow::Result<Recorded> {
    let Ok(payment) = before.payment.step(event) else {
        error!(payment = %before.id, hold = %before.hold, ?event, "a paid hold has both a ticket and an end without one");
        return Ok(before);
    };
    let (owed, owed_before) = (payment.owed(), before.payment.owed());
    let next = payment.next();
    let is_new = payment != before.payment && matches!(next, Next::Follow | Next::LookUp);
    let goes_on = next != Next::Nothing;
    transaction
        .execute(
            STEP,
            &[
                &before.id,
                &standing_text(payment.standing),
                &fate_text(payment.fate),
                &payment.came_back,
                &owed,
                &is_new,
                &goes_on,
            ],
        )
        .await?;
    if owed > owed_before {
        transaction
            .execute(OWE, &[&before.id, &owed])
            .await
            .context("write down what goes back")?;
    }
    let row = transaction.query_one(FIND, &[&before.id]).await?;
    Ok(recorded(&row)?)
}

fn recorded(row: &Row) -> Decoded<Recorded> {
    let attempt: i32 = row.try_get("attempt")?;
    Ok(Recorded {
        id: row.try_get("id")?,
        hold: SagaId(row.try_get("hold")?),
        attempt: u32::try_from(attempt)
            .map_err(|_| decode::corrupt("payment", "attempt", attempt))?,
        user: UserId(row.try_get("user_id")?),
        provider: row.try_get("provider")?,
        means: row.try_get("means")?,
        payment: Payment {
            amount: Price {
                minor: row.try_get("minor")?,
                currency: row.try_get("currency")?,
            },
            standing: standing(row.try_get("standing")?)?,
            fate: fate(row.try_get("fate")?)?,
            came_back: row.try_get("came_back")?,
        },
        begun_at: row.try_get("begun_at")?,
        tries: row.try_get("tries")?,
    })
}

fn standing(text: &str) -> Decoded<Standing> {
    match text {
        "asked" => Ok(Standing::Asked),
        "pending" => Ok(Standing::Pending),
        "refused" => Ok(Standing::Refused),
        "paid" => Ok(Standing::Paid),
        _ => Err(decode::corrupt("payment", "standing", text)),
    }
}

fn standing_text(standing: Standing) -> &'static str {
    match standing {
        Standing::Asked => "asked",
        Standing::Pending => "pending",
        Standing::Refused => "refused",
        Standing::Paid => "paid",
    }
}

fn fate(text: &str) -> Decoded<Fate> {
    match text {
        "open" => Ok(Fate::Open),
        "lost" => Ok(Fate::Lost),
        "sold" => Ok(Fate::Sold),
        _ => Err(decode::corrupt("payment", "fate", text)),
    }
}

fn fate_text(fate: Fate) -> &'static str {
    match fate {
        Fate::Open => "open",
        Fate::Lost => "lost",
        Fate::Sold => "sold",
    }
}
