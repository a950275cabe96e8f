//! A company is gone, node and database, and the others have to do without: what it had begun ends among them, and they go on selling,
//! cancelling and registering. Then it comes back.

use std::time::Duration;

use anyhow::Context;
use futures_util::future::{join_all, try_join};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_postgres::Client;

use super::{Arena, Nemesis};
use crate::checker::Violation;
use crate::cluster::{Part, connect, follow};

/// After this no leg is left prepared at the others, and they have sold, cancelled and registered.
const GOES_ON_WITHIN: Duration = Duration::from_secs(10);
/// A younger leg belongs to a booking of the moment, not to one that waits for the dead.
const YOUNG: &str = "2 seconds";
/// A hold waits for its customer for so long at most in a run, and is then ended by the company itself.
const YOUNG_HOLD: &str = "25 seconds";
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(super) async fn strike(
    arena: &Arena,
    gone: usize,
    lasts: Duration,
) -> anyhow::Result<Vec<Violation>> {
    let fault = arena.begin(Nemesis::CompanyGone, arena.code(gone))?;
    let cluster = &arena.cluster;
    let others: Vec<_> = (0..cluster.companies().len())
        .filter(|n| *n != gone)
        .collect();
    cluster.hold_node(gone).await?;
    try_join(
        cluster.kill(Part::Node(gone)),
        cluster.kill(Part::Postgres(gone)),
    )
    .await?;
    let killed = Instant::now();

    let legs = join_all(others.iter().map(|n| old_legs_end(arena, *n, killed)));
    let alive = join_all(others.iter().map(|n| goes_on(arena, *n, &others, killed)));
    let (legs, alive) = futures_util::future::join(legs, alive).await;
    let found: anyhow::Result<Vec<_>> = legs.into_iter().chain(alive).collect();
    sleep_until(killed + lasts).await;

    cluster.start_postgres(gone).await?;
    cluster.start_node(gone).await?;
    arena.end(fault)?;
    Ok(found?.into_iter().flatten().collect())
}

/// Watches until the limit, because a booking may also begin to hang after the kill.
async fn old_legs_end(
    arena: &Arena,
    n: usize,
    killed: Instant,
) -> anyhow::Result<Option<Violation>> {
    let database = connect(&arena.cluster.companies()[n]).await?;
    let mut last_seen = Duration::ZERO;
    loop {
        let old = old_legs(&database).await?;
        let elapsed = killed.elapsed();
        if old > 0 {
            last_seen = elapsed;
        }
        if elapsed >= GOES_ON_WITHIN {
            let seconds = last_seen.as_secs_f32();
            arena.say(&format!(
                "the last old leg at {} ended {seconds:.1} s after the kill",
                arena.code(n)
            ));
            return Ok((old > 0).then(|| {
                let what = format!(
                    "{} has {old} legs that are prepared for more than {YOUNG}, {:.1} s after a company died",
                    arena.code(n),
                    elapsed.as_secs_f32()
                );
                Violation::new("N1", what)
            }));
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn old_legs(database: &Client) -> anyhow::Result<i64> {
    follow(database).await??;
    let row = database
        .query_one(
            "select count(*) from leg join saga on saga.id = leg.saga_id
             where leg.state = 'prepared'
                 and prepared_at < now() - (case when holder is null then $1::text else $2::text end)::interval",
            &[&YOUNG, &YOUNG_HOLD],
        )
        .await
        .context("count prepared legs")?;
    Ok(row.try_get(0)?)
}

/// A real customer's day at one of the others.
async fn goes_on(
    arena: &Arena,
    node: usize,
    others: &[usize],
    killed: Instant,
) -> anyhow::Result<Option<Violation>> {
    let (mut traded, mut registered) = (false, false);
    while killed.elapsed() < GOES_ON_WITHIN {
        traded = traded || arena.probe.books_and_cancels(node, others).await?;
        registered = registered || arena.probe.registers(node).await;
        if traded && registered {
            let seconds = killed.elapsed().as_secs_f32();
            arena.say(&format!(
                "{} sold, cancelled and registered {seconds:.1} s after the kill",
                arena.code(node)
            ));
            return Ok(None);
        }
        sleep(LOOK_AGAIN).await;
    }
    let what = format!(
        "{} s after a company died, {} {} and {}",
        GOES_ON_WITHIN.as_secs(),
        arena.code(node),
        if traded {
            "trades"
        } else {
            "does not sell or not cancel"
        },
        if registered {
            "registers"
        } else {
            "does not register"
        },
    );
    Ok(Some(Violation::new("N1", what)))
}
