//! Time to heal: when nothing is under way any more, and the tables say so as well as the logs.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::time::sleep;
use tokio_postgres::Client;

use crate::checker::Violation;
use crate::cluster::{Behind, RunningCompany, connect, follow};

/// After the last fault everything ends within this.
pub const HEAL_LIMIT: Duration = Duration::from_secs(30);
/// The end of a hold of so many seconds is waited for, from the last restart of a node on; longer ones may stay.
pub const HOLD_AWAITED_MAX: i64 = 60;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Waits until nothing is under way at any company, no short hold is open, every ticket is told of its flights, and all have the same copies. Returns how long that took, and what is left at
/// the limit, which is later by the longest of these holds.
pub async fn heal(companies: &[RunningCompany]) -> anyhow::Result<(Duration, Vec<Violation>)> {
    let start = Instant::now();
    let mut databases = Vec::with_capacity(companies.len());
    for company in companies {
        databases.push((company.company.as_str(), connect(company).await?));
    }
    let mut longest_hold = None;
    loop {
        let mut progress = Vec::with_capacity(databases.len());
        for (company, database) in &databases {
            progress.push(Progress::load(company, database).await?);
        }
        let left = unhealed(&progress);
        longest_hold = longest_hold.max(progress.iter().map(|at| at.longest_hold).max());
        let holds = Duration::from_secs(longest_hold.unwrap_or_default());
        if left.is_empty() || start.elapsed() > HEAL_LIMIT + holds {
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
    /// In seconds, of those that are waited for.
    longest_hold: u64,
    /// What is said here is older than that.
    behind: Option<Behind>,
    /// Changed flights of which not every ticket is told.
    untold: bool,
    /// Users, tickets, cancelled seats, corrections of names, changes of flights and those agreed to. They only grow, but for the last where a flight is changed
    /// again, so that equal numbers mean that nothing is on its way.
    copies: [i64; 6],
}

impl Progress {
    async fn load(company: &str, database: &Client) -> anyhow::Result<Self> {
        let behind = follow(database).await?.err();
        let row = database
            .query_one(
                "with hold as (select id, hold_seconds from saga where state = 'begun' and hold_seconds is not null)
                 select (select count(*) from leg where state = 'prepared'
                             and saga_id not in (select id from hold where hold_seconds > $2)),
                        (select count(*) from saga where not finished and driver = $1
                             and id not in (select id from hold where hold_seconds > $2)),
                        (select coalesce(max(hold_seconds), 0)::bigint from hold where hold_seconds <= $2),
                        (select count(*) from user_account),
                        (select count(*) from ticket),
                        (select count(*) from cancelled_leg),
                        (select coalesce(sum(sequence), 0)::bigint from changed_leg),
                        (select count(*) from changed_leg where accepted),
                        (select coalesce(sum(sequence), 0)::bigint from corrected_name),
                        (select coalesce(max(version), 0) from route) > (select swept from node_state)",
                &[&company, &i32::try_from(HOLD_AWAITED_MAX)?],
            )
            .await
            .with_context(|| format!("ask {company} what is under way"))?;
        Ok(Self {
            company: company.to_owned(),
            prepared: row.try_get(0)?,
            unfinished: row.try_get(1)?,
            longest_hold: row.try_get::<_, i64>(2)?.try_into()?,
            behind,
            copies: [
                row.try_get(3)?,
                row.try_get(4)?,
                row.try_get(5)?,
                row.try_get(6)?,
                row.try_get(7)?,
                row.try_get(8)?,
            ],
            untold: row.try_get(9)?,
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
    let behind = companies.iter().filter_map(|at| {
        let behind = at.behind?;
        let what = format!(
            "company {}: {behind}, {limit} s after the last fault",
            at.company
        );
        Some(Violation::new("LOG3", what))
    });
    let untold = companies.iter().filter(|at| at.untold).map(|at| {
        let what = format!(
            "company {} has not told every ticket of its changed flights {limit} s after the last fault",
            at.company
        );
        Violation::new("F1", what)
    });
    let first = companies.first().map(|at| at.copies);
    let apart = companies.iter().filter(|at| Some(at.copies) != first);
    let apart = apart.map(|at| {
        let what = format!(
            "company {} has other numbers of users, tickets, cancelled seats and changes ({:?}) than the first one ({first:?}) \
             {limit} s after the last fault",
            at.company, at.copies
        );
        Violation::new("R1", what)
    });
    busy.chain(behind).chain(untold).chain(apart).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(change: impl Fn(&mut Progress)) -> Vec<&'static str> {
        let at = |company: &str| Progress {
            company: company.to_owned(),
            prepared: 0,
            unfinished: 0,
            longest_hold: 0,
            behind: None,
            untold: false,
            copies: [1, 2, 3, 4, 5, 6],
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
        let behind = Behind { tables: 1, log: 2 };
        assert_eq!(found(|b| b.behind = Some(behind)), ["LOG3"]);
        assert_eq!(found(|b| b.untold = true), ["F1"]);
        for copies in 0..6 {
            assert_eq!(found(|b| b.copies[copies] = 9), ["R1"]);
        }
    }
}
