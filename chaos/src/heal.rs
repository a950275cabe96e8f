//! How long a cluster takes to be well again after a fault: until every node has sold a seat of every company, every booking that was
//! under way when the fault ended has ended everywhere, and every company knows what the others had told by then.
//!
//! Which bookings were under way is read from the databases, by id, and what was told by number: no clock is asked. Tables that
//! are behind their log are asked again: they may not say yet that something had begun.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::{join_all, join3};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::checker::Violation;
use crate::checker::facts::HEAL_LIMIT;
use crate::cluster::{RunningCompany, connect, follow};
use crate::nemesis::Arena;

mod copies;

/// Then nobody waits any longer.
const GIVE_UP: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Waits until the cluster is well. Returns how long that took; more than [`HEAL_LIMIT`] is a violation.
pub async fn heal(arena: &Arena) -> anyhow::Result<(Duration, Vec<Violation>)> {
    let start = Instant::now();
    let companies = arena.cluster.companies();
    let everybody: Vec<_> = (0..companies.len()).collect();
    let sells = everybody.iter().map(|node| sells(arena, *node, &everybody));
    let ends = companies.iter().map(old_ones_end);
    let all = join3(join_all(sells), join_all(ends), copies::arrive(companies));
    let Ok((sold, ended, ())) = timeout(GIVE_UP, all).await else {
        return Ok((GIVE_UP, vec![late(arena, "is not well", GIVE_UP).await]));
    };
    for outcome in sold.into_iter().chain(ended) {
        outcome?;
    }
    let took = start.elapsed();
    let late = match took > HEAL_LIMIT {
        true => vec![late(arena, "was not well before", took).await],
        false => Vec::new(),
    };
    Ok((took, late))
}

async fn late(arena: &Arena, what: &str, took: Duration) -> Violation {
    let mut not_ready = Vec::new();
    for n in 0..arena.cluster.companies().len() {
        if !arena.cluster.is_ready(n).await {
            not_ready.push(arena.code(n));
        }
    }
    let seconds = took.as_secs_f32();
    Violation::new(
        "I7",
        format!(
            "the cluster {what} {seconds:.1} s after a fault; nodes not ready now: {not_ready:?}"
        ),
    )
}

async fn sells(arena: &Arena, node: usize, everybody: &[usize]) -> anyhow::Result<()> {
    while !arena.probe.books(node, everybody).await? {
        sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Returns when none of the sagas that are under way at the first look is any more.
async fn old_ones_end(company: &RunningCompany) -> anyhow::Result<()> {
    let mut old: Option<BTreeSet<Uuid>> = None;
    loop {
        // a database that is not back yet, goes away again or waits for its node is asked again
        if let Ok(database) = connect(company).await {
            while let Ok(now) = under_way(&database, &company.company).await {
                let left = match old {
                    Some(old) => &old & &now,
                    None => now,
                };
                if left.is_empty() {
                    return Ok(());
                }
                old = Some(left);
                sleep(LOOK_AGAIN).await;
            }
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Sagas that have a prepared leg here, or are driven here and not finished, but for holds that wait for their customer.
pub async fn under_way(database: &Client, company: &str) -> anyhow::Result<BTreeSet<Uuid>> {
    follow(database).await??;
    let rows = database
        .query(
            "select saga_id from leg where state = 'prepared'
             union select id from saga where not finished and driver = $1
             except select id from saga where state = 'begun' and hold_seconds is not null",
            &[&company],
        )
        .await
        .with_context(|| format!("ask {company} what is under way"))?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
