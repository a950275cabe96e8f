//! Mail that this company owes its customers, and the codes by which they choose another password.
//!
//! A ticket that was sold at this company's node is noted in the transaction that brings it to the tables, by whichever
//! company it came to its end: bookings do not wait for that. So is a change of its flights. From then on it is tried until it is sent,
//! for a bounded number of times. What it says is made when it is sent.
//!
//! Invariants: at most [`WAITING_MAX`] mails wait; a try is written down before it is made, so that whatever ends the process
//! there does not begin anew with it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use passcom_actors::company::credential;
use passcom_actors::domain::accounts::{Language, Mailbox};
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::people::accounts::codes::{
    ASKED_MAX, ASKED_WITHIN, Asked, CODES_MAX, Codes, GOOD_FOR, TRIES_MAX,
};
use passcom_actors::people::desk::Unavailable;
use tokio_postgres::Row;
use tracing::warn;
use uuid::Uuid;

use crate::Database;
use crate::decode;

/// Mails that wait at a time. A booking beyond that is not mailed; its ticket is where it always is.
pub const WAITING_MAX: i64 = 20_000;
/// A ticket that is older is not told to have been booked.
pub(crate) const NEWS_SECONDS: f64 = 2.0 * 86_400.0;
/// How long it is remembered that a mail was sent. Longer than [`NEWS_SECONDS`]: nobody is told twice.
const KEPT_SECONDS: f64 = 30.0 * 86_400.0;
/// Rows that are removed at a time.
const REMOVED_MAX: i64 = 10_000;

/// In whole milliseconds, as the times of tickets and changes are: what is sold in the millisecond of the beginning is told.
const BEGIN: &str = "
update mail_since set company = $1, since = date_trunc('milliseconds', now()) where company is null
";

const END: &str = "update mail_since set company = null, since = null";

/// With the tickets of a projection, in its transaction: those that were sold here, are news, and whose users have a mailbox.
pub(crate) const NOTE_SOLD: &str = "
insert into mail (occasion, about)
select 'booked', sold.id from unnest($1::uuid[], $2::text[]) as sold (id, seller)
join mail_since on mail_since.company = sold.seller
join ticket on ticket.id = sold.id and ticket.created_at >= greatest(since, now() - $3 * interval '1 second')
join user_account on user_account.id = ticket.user_id and user_account.email is not null
where (select count(*) from mail where ended_at is null) < $4
on conflict (occasion, about, change) do nothing
";

/// The same of those whose flights have changed, after the changes: each number of changes is told once.
pub(crate) const NOTE_CHANGED: &str = "
insert into mail (occasion, about, change)
select 'changed', news.id, news.changes
from (
    select sold.id, sold.seller, sum(sequence)::int as changes, max(told_at) as told_at
    from unnest($1::uuid[], $2::text[]) as sold (id, seller) join changed_leg on changed_leg.ticket_id = sold.id
    group by sold.id, sold.seller
) as news
join mail_since on mail_since.company = news.seller and news.told_at >= greatest(since, now() - $3 * interval '1 second')
join ticket on ticket.id = news.id
join user_account on user_account.id = ticket.user_id and user_account.email is not null
where (select count(*) from mail where ended_at is null) < $4
on conflict (occasion, about, change) do nothing
";

const DUE: &str = "
select mail.id, mail.occasion, mail.about, mail.change, mail.tries, password_code.login_norm as login, password_code.language as asked_in,
       forgetful.pw_hash, coalesce(buyer.email, forgetful.email) as email, coalesce(buyer.language, forgetful.language) as language,
       password_code.asked_at <= now() - $2 * interval '1 second' or password_code.used as late
from mail
left join ticket on mail.occasion in ('booked', 'changed') and ticket.id = mail.about
left join user_account as buyer on buyer.id = ticket.user_id
left join password_code on mail.occasion = 'code' and password_code.id = mail.about
left join user_account as forgetful on forgetful.login_norm = password_code.login_norm
where mail.ended_at is null and mail.due_at <= now()
order by mail.due_at, mail.id
limit $1
";

const TRY: &str = "
update mail set tries = tries + 1, due_at = now() + $2 * interval '1 second' where id = $1 and ended_at is null
";

const ENDED: &str =
    "update mail set ended_at = now(), outcome = $2 where id = $1 and ended_at is null";

const WAITING: &str = "
select count(*) as waiting, coalesce(extract(epoch from now() - min(made_at)), 0)::float8 as oldest
from mail where ended_at is null
";

const REMOVE_MAILS: &str = "
delete from mail where id in (select id from mail where ended_at < now() - $1 * interval '1 second' limit $2)
";
const REMOVE_CODES: &str = "
with old as (
    delete from password_code where id in (
        select id from password_code where asked_at < now() - $1 * interval '1 second' limit $2
    ) returning id
)
delete from mail using old where occasion = 'code' and about = old.id
";

const ASK: &str = "
with kept as (
    select count(*) as all_logins,
           count(*) filter (where login_norm = $2 and asked_at > now() - $4 * interval '1 second') as of_login
    from password_code
), made as (
    insert into password_code (id, login_norm, language) select $1, $2, $3 from kept where of_login < $5 and all_logins < $6
    returning id
), noted as (
    insert into mail (occasion, about) select 'code', id from made
)
select of_login >= $5 as too_many, all_logins >= $6 as is_full from kept
";

const ATTEMPT: &str = "
update password_code set tries = tries + 1
where id = (select id from password_code where login_norm = $1 order by asked_at desc, id limit 1)
    and not used and tries < $2 and asked_at > now() - $3 * interval '1 second'
returning id
";

const REDEEM: &str = "
update password_code set used = true
where id = $1 and not used and asked_at > now() - $2 * interval '1 second'
returning id
";

/// What a mail is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// A trip is booked.
    Booked(SagaId),
    /// Flights of a trip have changed; so often by then.
    Changed { ticket: SagaId, changes: u32 },
    /// Somebody wants another password for this login.
    Code {
        id: Uuid,
        login: String,
        /// The company that can give this user another one, where only one can.
        home: Option<CompanyId>,
    },
}

/// A mail whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub id: i64,
    pub occasion: Occasion,
    /// Where it goes, by what is known now. None: nowhere any more.
    pub to: Option<Mailbox>,
    /// Tries before this one.
    pub tries: i32,
    /// It would come too late.
    pub late: bool,
}

/// How a mail ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it.
    Sent,
    /// Nobody is to have it any more.
    NotWanted,
    /// It was refused, or tried often enough.
    GivenUp,
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    pub count: i64,
    /// Seconds since the oldest was made.
    pub oldest: f64,
}

/// The mail of one company. Cheap to clone.
#[derive(Clone)]
pub struct Mail {
    database: Database,
}

impl Mail {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// From now on what is sold here is mailed. What was sold while no mail was set up is not.
    pub async fn begin(&self) -> anyhow::Result<()> {
        let client = self.database.client().await?;
        let me = self.database.company();
        client.execute(BEGIN, &[&me.as_str()]).await?;
        self.database.note_mail(true);
        Ok(())
    }

    /// From now on nothing is mailed.
    pub async fn end(&self) -> anyhow::Result<()> {
        let client = self.database.client().await?;
        client.execute(END, &[]).await?;
        self.database.note_mail(false);
        Ok(())
    }

    /// Mails whose time has come, longest due first.
    pub async fn due(&self, limit: i64) -> anyhow::Result<Vec<Owed>> {
        let client = self.database.client().await?;
        let rows = client
            .query(DUE, &[&limit, &GOOD_FOR.as_secs_f64()])
            .await?;
        rows.iter().map(owed).collect()
    }

    /// A try is about to be made; unless that ends it, the next one is after this pause.
    pub async fn note_try(&self, mail: i64, pause: Duration) -> anyhow::Result<()> {
        let client = self.database.client().await?;
        client.execute(TRY, &[&mail, &pause.as_secs_f64()]).await?;
        Ok(())
    }

    pub async fn note_end(&self, mail: i64, outcome: Outcome) -> anyhow::Result<()> {
        let outcome = match outcome {
            Outcome::Sent => "sent",
            Outcome::NotWanted => "not_wanted",
            Outcome::GivenUp => "given_up",
        };
        let client = self.database.client().await?;
        client.execute(ENDED, &[&mail, &outcome]).await?;
        Ok(())
    }

    pub async fn waiting(&self) -> anyhow::Result<Waiting> {
        let client = self.database.client().await?;
        let row = client.query_one(WAITING, &[]).await?;
        Ok(Waiting {
            count: row.try_get("waiting")?,
            oldest: row.try_get("oldest")?,
        })
    }

    /// Removes what nobody asks for any more; answers with how many rows.
    pub async fn tidy_up(&self) -> anyhow::Result<u64> {
        let client = self.database.client().await?;
        let mails = client
            .execute(REMOVE_MAILS, &[&KEPT_SECONDS, &REMOVED_MAX])
            .await?;
        let within = ASKED_WITHIN.as_secs_f64();
        let codes = client
            .execute(REMOVE_CODES, &[&within, &REMOVED_MAX])
            .await?;
        Ok(mails + codes)
    }

    async fn asked(&self, login: &str, language: Language) -> anyhow::Result<Asked> {
        let client = self.database.client().await?;
        let row = client
            .query_one(
                ASK,
                &[
                    &Uuid::new_v4(),
                    &login,
                    &language.tag(),
                    &ASKED_WITHIN.as_secs_f64(),
                    &ASKED_MAX,
                    &CODES_MAX,
                ],
            )
            .await?;
        Ok(match (row.try_get("too_many")?, row.try_get("is_full")?) {
            (true, _) => Asked::TooMany,
            (false, true) => Asked::Full,
            (false, false) => Asked::Noted,
        })
    }

    async fn attempted(&self, login: &str) -> anyhow::Result<Option<Uuid>> {
        let client = self.database.client().await?;
        let row = client
            .query_opt(ATTEMPT, &[&login, &TRIES_MAX, &GOOD_FOR.as_secs_f64()])
            .await?;
        row.map(|row| Ok(row.try_get("id")?)).transpose()
    }

    async fn redeemed(&self, code: Uuid) -> anyhow::Result<bool> {
        let client = self.database.client().await?;
        let row = client
            .query_opt(REDEEM, &[&code, &GOOD_FOR.as_secs_f64()])
            .await?;
        Ok(row.is_some())
    }
}

impl Codes for Mail {
    fn ask(&self, login: String, language: Language) -> BoxFuture<'_, Result<Asked, Unavailable>> {
        Box::pin(async move { self.asked(&login, language).await.map_err(unavailable) })
    }

    fn attempt(&self, login: String) -> BoxFuture<'_, Result<Option<Uuid>, Unavailable>> {
        Box::pin(async move { self.attempted(&login).await.map_err(unavailable) })
    }

    fn redeem(&self, code: Uuid) -> BoxFuture<'_, Result<bool, Unavailable>> {
        Box::pin(async move { self.redeemed(code).await.map_err(unavailable) })
    }
}

fn unavailable(error: anyhow::Error) -> Unavailable {
    warn!(%error, "codes for passwords cannot be read or written");
    Unavailable
}

fn owed(row: &Row) -> anyhow::Result<Owed> {
    let about: Uuid = row.try_get("about")?;
    let login: Option<String> = row.try_get("login")?;
    let address: Option<String> = row.try_get("email")?;
    let password_hash: Option<&str> = row.try_get("pw_hash")?;
    // who asks is answered in the language of asking
    let asked_in: Option<&str> = row.try_get("asked_in")?;
    let tag = asked_in.map_or_else(|| row.try_get("language"), |tag| Ok(Some(tag)))?;
    let to = match address.zip(tag) {
        None => None,
        Some((address, tag)) => Some(Mailbox {
            address,
            language: decode::language("mail", tag)?,
        }),
    };
    Ok(Owed {
        id: row.try_get("id")?,
        occasion: match login {
            Some(login) => Occasion::Code {
                id: about,
                login,
                home: password_hash.and_then(credential::home),
            },
            None => match row.try_get("occasion")? {
                "changed" => Occasion::Changed {
                    ticket: SagaId(about),
                    changes: u32::try_from(row.try_get::<_, i32>("change")?)?,
                },
                _ => Occasion::Booked(SagaId(about)),
            },
        },
        to,
        tries: row.try_get("tries")?,
        late: row.try_get::<_, Option<bool>>("late")?.unwrap_or(false),
    })
}
