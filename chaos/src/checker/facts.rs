//! The rows that the checks are about.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::Violation;
use crate::cluster::RunningCompany;

/// After the last fault everything ends within this.
pub const HEAL_LIMIT: Duration = Duration::from_secs(30);
/// Of one statement, also one that reads all legs of a long run.
const STATEMENT_LIMIT: &str = "set statement_timeout = '60s'";
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegState {
    Prepared,
    Refused,
    Committed,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRow {
    pub saga: Uuid,
    pub route: i64,
    pub number: i32,
    pub state: LegState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketLegRow {
    pub ticket: Uuid,
    pub company: String,
    pub route: i64,
    pub number: i32,
    pub cancelled: bool,
}

/// A client's key as the company that took the request keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    pub user: Uuid,
    pub key: String,
    pub saga: Uuid,
}

/// A row that every company has a copy of: what it is called, and its whole content.
pub type Copied = (Uuid, String);

/// What one company's database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    pub code: String,
    pub legs: Vec<LegRow>,
    /// Routes with their seats.
    pub routes: Vec<(i64, i32)>,
    pub tickets: Vec<Copied>,
    pub ticket_legs: Vec<TicketLegRow>,
    pub users: Vec<Copied>,
    pub keys: Vec<KeyRow>,
    /// Sagas that this company drives and has not finished.
    pub unfinished: Vec<Uuid>,
}

/// Waits until nothing is under way at any company and all have the same copies. Returns how long that took, and what is left at the limit.
pub async fn heal(companies: &[RunningCompany]) -> anyhow::Result<(Duration, Vec<Violation>)> {
    let start = Instant::now();
    let mut databases = Vec::with_capacity(companies.len());
    for company in companies {
        databases.push((company.company.as_str(), connect(company).await?));
    }
    loop {
        let mut progress = Vec::with_capacity(databases.len());
        for (company, database) in &databases {
            progress.push(Progress::load(company, database).await?);
        }
        let left = unhealed(&progress);
        if left.is_empty() || start.elapsed() > HEAL_LIMIT {
            return Ok((start.elapsed(), left));
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// How far a company is from rest.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Progress {
    company: String,
    prepared: i64,
    unfinished: i64,
    /// Users, tickets and cancelled seats. They only grow, so that equal numbers mean that nothing is on its way.
    copies: [i64; 3],
}

impl Progress {
    async fn load(company: &str, database: &Client) -> anyhow::Result<Self> {
        let row = database
            .query_one(
                "select (select count(*) from leg where state = 'prepared'),
                        (select count(*) from saga where not finished and driver = $1),
                        (select count(*) from user_account),
                        (select count(*) from ticket),
                        (select count(*) from ticket_leg where cancelled)",
                &[&company],
            )
            .await
            .with_context(|| format!("ask {company} what is under way"))?;
        Ok(Self {
            company: company.to_owned(),
            prepared: row.try_get(0)?,
            unfinished: row.try_get(1)?,
            copies: [row.try_get(2)?, row.try_get(3)?, row.try_get(4)?],
        })
    }
}

fn unhealed(companies: &[Progress]) -> Vec<Violation> {
    let limit = HEAL_LIMIT.as_secs();
    let busy = companies
        .iter()
        .filter(|at| at.prepared + at.unfinished > 0);
    let busy = busy.map(|at| {
        let what = format!(
            "company {} has {} prepared legs and {} unfinished sagas {limit} s after the last fault",
            at.company, at.prepared, at.unfinished
        );
        Violation::new("I7", what)
    });
    let first = companies.first().map(|at| at.copies);
    let apart = companies.iter().filter(|at| Some(at.copies) != first);
    let apart = apart.map(|at| {
        let what = format!(
            "company {} has other numbers of users, tickets and cancelled seats ({:?}) than the first one ({first:?}) \
             {limit} s after the last fault",
            at.company, at.copies
        );
        Violation::new("R1", what)
    });
    busy.chain(apart).collect()
}

impl Company {
    pub async fn load(company: &RunningCompany) -> anyhow::Result<Self> {
        let database = connect(company).await?;
        let code = company.company.clone();
        let loaded = async {
            anyhow::Ok(Self {
                legs: legs(&database).await?,
                routes: pairs(&database, "select id, seats from route").await?,
                tickets: pairs(
                    &database,
                    r#"select id, format('user %s, made %s, order %s', user_id, created_at, md5("order"::text)) from ticket"#,
                )
                .await?,
                ticket_legs: ticket_legs(&database).await?,
                users: pairs(
                    &database,
                    "select id, format('login %s, version %s, password %s', login_norm, version, md5(pw_hash)) from user_account",
                )
                .await?,
                keys: keys(&database).await?,
                unfinished: unfinished(&database, &code).await?,
                code,
            })
        };
        loaded
            .await
            .with_context(|| format!("read the database of {}", company.company))
    }
}

async fn connect(company: &RunningCompany) -> anyhow::Result<Client> {
    let unreachable = || format!("cannot reach the database of {}", company.company);
    let (client, connection) = tokio_postgres::connect(&company.postgres, NoTls)
        .await
        .with_context(unreachable)?;
    // its end is the client's next error
    tokio::spawn(connection);
    client
        .batch_execute(STATEMENT_LIMIT)
        .await
        .with_context(unreachable)?;
    Ok(client)
}

async fn legs(database: &Client) -> anyhow::Result<Vec<LegRow>> {
    let rows = database
        .query("select saga_id, route_id, number, state from leg", &[])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LegRow {
                saga: row.try_get(0)?,
                route: row.try_get(1)?,
                number: row.try_get(2)?,
                state: state(row.try_get(3)?)?,
            })
        })
        .collect()
}

fn state(text: &str) -> anyhow::Result<LegState> {
    match text {
        "prepared" => Ok(LegState::Prepared),
        "refused" => Ok(LegState::Refused),
        "committed" => Ok(LegState::Committed),
        "cancelled" => Ok(LegState::Cancelled),
        other => anyhow::bail!("a leg has state \"{other}\", which the checker does not know"),
    }
}

async fn ticket_legs(database: &Client) -> anyhow::Result<Vec<TicketLegRow>> {
    let rows = database
        .query(
            "select ticket_id, company, route_id, number, cancelled from ticket_leg",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(TicketLegRow {
                ticket: row.try_get(0)?,
                company: row.try_get(1)?,
                route: row.try_get(2)?,
                number: row.try_get(3)?,
                cancelled: row.try_get(4)?,
            })
        })
        .collect()
}

async fn keys(database: &Client) -> anyhow::Result<Vec<KeyRow>> {
    let rows = database
        .query("select user_id, key, saga_id from idem", &[])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(KeyRow {
                user: row.try_get(0)?,
                key: row.try_get(1)?,
                saga: row.try_get(2)?,
            })
        })
        .collect()
}

async fn unfinished(database: &Client, code: &str) -> anyhow::Result<Vec<Uuid>> {
    let rows = database
        .query(
            "select id from saga where not finished and driver = $1",
            &[&code],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn pairs<A, B>(database: &Client, statement: &str) -> anyhow::Result<Vec<(A, B)>>
where
    A: for<'a> tokio_postgres::types::FromSql<'a>,
    B: for<'a> tokio_postgres::types::FromSql<'a>,
{
    let rows = database.query(statement, &[]).await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(change: impl Fn(&mut Progress)) -> Vec<&'static str> {
        let at = |company: &str| Progress {
            company: company.to_owned(),
            prepared: 0,
            unfinished: 0,
            copies: [1, 2, 3],
        };
        let mut companies = ["a", "b", "c"].map(at);
        change(&mut companies[1]);
        let violations = unhealed(&companies);
        violations
            .iter()
            .map(|violation| violation.invariant)
            .collect()
    }

    #[test]
    fn whatever_is_on_its_way_is_seen() {
        assert_eq!(found(|_| {}), [""; 0]);
        assert_eq!(found(|b| b.prepared = 1), ["I7"]);
        assert_eq!(found(|b| b.unfinished = 1), ["I7"]);
        assert_eq!(found(|b| b.copies[2] = 4), ["R1"]);
    }
}
