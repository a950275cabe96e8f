//! The watcher of unfinished sagas: whatever was begun and has no driver any more is driven to its end from here.
//!
//! It does not matter who began a saga. A participant that has kept seats for too long finds out the decision, or has
//! Abort decided; nobody waits for a dead driver.
//!
//! How long a saga has been open is counted from when the watcher saw it first, by its own monotonic clock: no wall
//! clock, the database's least of all, starts a recovery or keeps one from starting.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::booking::drivers::Drivers;
use crate::company::Company;
use crate::company::store::Unfinished;
use crate::domain::ids::SagaId;

/// How often the watcher looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// First and longest pause before the same saga is driven again.
const AGAIN_MIN: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// Most sagas of either kind looked at, and most driven, at a time. Those that wait for a company that is away are of
/// one kind, those that keep seats of the other: the first never crowd out the second.
const LOOK_MAX: usize = 512;
const DRIVE_MAX: usize = 64;
/// A saga undecided for longer is told to the operators: it should have ended long ago.
const OVERDUE_AFTER: Duration = Duration::from_secs(30);
/// How long a starting node looks after its own sagas before it serves all the same: without a majority none can end.
const START_PATIENCE: Duration = Duration::from_secs(5);

/// Sagas of one kind that are open at this company.
#[derive(Default)]
struct Open {
    sagas: HashMap<SagaId, Seen>,
}

struct Seen {
    first: Instant,
    /// When it may be driven next, and the pause after that.
    due: Instant,
    pause: Duration,
    overdue: bool,
}

/// Drives what this node left unfinished when it stopped. Ends when all are driven to their end, or after a bounded
/// time.
pub async fn at_start(company: &Company, drivers: &Drivers) {
    let unfinished = company.archive.unfinished(LOOK_MAX);
    let unfinished = match unfinished.await {
        Ok(unfinished) => unfinished,
        Err(error) => {
            warn!(%error, "cannot read unfinished sagas; the watcher goes on trying");
            return;
        }
    };
    if unfinished.is_empty() {
        return;
    }
    info!(sagas = unfinished.len(), "recovering unfinished sagas");
    let answers: Vec<_> = unfinished
        .into_iter()
        .filter_map(|saga| drivers.recover(saga))
        .collect();
    let all = futures_util::future::join_all(answers);
    if tokio::time::timeout(START_PATIENCE, all).await.is_err() {
        warn!("some sagas cannot end yet: their companies cannot be reached");
    }
}

/// Watches for ever. A saga seen undecided here for longer than `in_doubt_after` is in doubt.
pub async fn watch(company: Arc<Company>, drivers: Drivers, in_doubt_after: Duration) {
    let (mut undecided, mut unfinished) = (Open::default(), Open::default());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let archive = &company.archive;
        let (Ok(without_decision), Ok(without_end)) = (
            archive.undecided(LOOK_MAX).await,
            archive.unfinished(LOOK_MAX).await,
        ) else {
            continue; // the ledger says that the database is away
        };
        let now = Instant::now();
        undecided.look(&without_decision, now, in_doubt_after);
        unfinished.look(&without_end, now, in_doubt_after);
        undecided.tell_operators(now, in_doubt_after);
        gauge!("passcom_sagas_unfinished").set(unfinished.older_than(now, in_doubt_after) as f64);
        undecided.drive_due(now, &company, &drivers, without_decision);
        unfinished.drive_due(now, &company, &drivers, without_end);
    }
}

impl Open {
    /// Takes note of what is open now, and forgets what is not any more.
    fn look(&mut self, open: &[Unfinished], now: Instant, in_doubt_after: Duration) {
        let still: HashSet<SagaId> = open.iter().map(|saga| saga.saga).collect();
        self.sagas.retain(|saga, _| still.contains(saga));
        for saga in still {
            self.sagas.entry(saga).or_insert(Seen {
                first: now,
                due: now + in_doubt_after,
                pause: AGAIN_MIN,
                overdue: false,
            });
        }
    }

    fn older_than(&self, now: Instant, age: Duration) -> usize {
        let old = |seen: &&Seen| now.duration_since(seen.first) >= age;
        self.sagas.values().filter(old).count()
    }

    fn tell_operators(&mut self, now: Instant, in_doubt_after: Duration) {
        let oldest = self
            .sagas
            .values()
            .map(|seen| now.duration_since(seen.first));
        let oldest = oldest.max().unwrap_or_default();
        gauge!("passcom_leg_in_doubt_age_seconds").set(oldest.as_secs_f64());
        gauge!("passcom_sagas_in_doubt").set(self.older_than(now, in_doubt_after) as f64);
        for (saga, seen) in &mut self.sagas {
            if !seen.overdue && now.duration_since(seen.first) > OVERDUE_AFTER {
                seen.overdue = true;
                counter!("passcom_sagas_overdue_total").increment(1);
                error!(%saga, "undecided for too long: no majority of its companies answers");
            }
        }
    }

    /// Drives those whose turn it is, each after a longer pause than before.
    fn drive_due(
        &mut self,
        now: Instant,
        company: &Company,
        drivers: &Drivers,
        open: Vec<Unfinished>,
    ) {
        let mut driven = 0;
        for saga in open {
            let Some(seen) = self.sagas.get_mut(&saga.saga) else {
                continue;
            };
            if seen.due > now || company.running.contains(saga.saga) {
                continue;
            }
            if driven == DRIVE_MAX {
                return;
            }
            driven += 1;
            seen.due = now + seen.pause;
            let jitter = 0.75 + fastrand::f64() / 2.0;
            seen.pause = (seen.pause * 2).min(AGAIN_MAX).mul_f64(jitter);
            info!(saga = %saga.saga, driver = saga.driver, "driving an unfinished saga to its end");
            drop(drivers.recover(saga));
        }
    }
}
