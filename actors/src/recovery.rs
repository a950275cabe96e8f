//! The watcher of unfinished sagas: whatever was begun and has no driver any more is driven to its end from here.
//!
//! It does not matter who began a saga. A participant that has kept seats for too long finds out the decision, or has Abort
//! decided; nobody waits for a dead driver.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use metrics::gauge;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::desk::Desk;
use crate::domain::ids::SagaId;
use crate::service::Service;
use crate::store::Unfinished;

/// How often the watcher looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// First and longest pause before the same saga is driven again.
const AGAIN_MIN: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// Most sagas of either kind looked at, and most driven, at a time. Those that wait for a company that is away are of one
/// kind, those that keep seats of the other: the first never crowd out the second.
const LOOK_MAX: usize = 512;
const DRIVE_MAX: usize = 64;
/// How long a starting node looks after its own sagas before it serves all the same: without a majority none can end.
const START_PATIENCE: Duration = Duration::from_secs(5);

/// When a saga was driven last, and how long to leave it alone.
struct Tried {
    at: Instant,
    pause: Duration,
}

/// Drives what this node left unfinished when it stopped. Ends when all are driven to their end, or after a bounded time.
pub async fn at_start(desk: &Desk, service: &Service, node: &str) {
    let unfinished = service
        .archive
        .unfinished(node.to_owned(), Duration::ZERO, LOOK_MAX);
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
    let drivers: Vec<_> = unfinished
        .into_iter()
        .filter_map(|saga| desk.recover(saga))
        .collect();
    let all = futures_util::future::join_all(drivers);
    if tokio::time::timeout(START_PATIENCE, all).await.is_err() {
        warn!("some sagas cannot end yet: their companies cannot be reached");
    }
}

/// Watches for ever. A saga undecided here for longer than `in_doubt_after` is in doubt.
pub async fn watch(desk: Desk, service: Service, node: String, in_doubt_after: Duration) {
    let mut undecided_tried = HashMap::new();
    let mut unfinished_tried = HashMap::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let archive = &service.archive;
        let undecided = archive.undecided(in_doubt_after, LOOK_MAX).await;
        let unfinished = archive.unfinished(node.clone(), in_doubt_after, LOOK_MAX);
        let (Ok(undecided), Ok(unfinished)) = (undecided, unfinished.await) else {
            continue; // the ledger says that the database is away
        };
        gauge!("passcom_sagas_in_doubt").set(undecided.len() as f64);
        gauge!("passcom_sagas_unfinished").set(unfinished.len() as f64);
        drive_due(&desk, &service, undecided, &mut undecided_tried);
        drive_due(&desk, &service, unfinished, &mut unfinished_tried);
    }
}

/// Drives those whose turn it is, each after a longer pause than before.
fn drive_due(
    desk: &Desk,
    service: &Service,
    sagas: Vec<Unfinished>,
    tried: &mut HashMap<SagaId, Tried>,
) {
    let open: HashSet<SagaId> = sagas.iter().map(|saga| saga.saga).collect();
    tried.retain(|saga, _| open.contains(saga));
    let now = Instant::now();
    let due: Vec<Unfinished> = sagas
        .into_iter()
        .filter(|saga| {
            let last = tried.get(&saga.saga);
            last.is_none_or(|last| now.saturating_duration_since(last.at) >= last.pause)
                && !service.running.contains(saga.saga)
        })
        .take(DRIVE_MAX)
        .collect();
    for saga in due {
        let pause = tried.get(&saga.saga).map_or(AGAIN_MIN, |last| {
            let jitter = 0.75 + fastrand::f64() / 2.0;
            (last.pause * 2).min(AGAIN_MAX).mul_f64(jitter)
        });
        tried.insert(saga.saga, Tried { at: now, pause });
        info!(saga = %saga.saga, driver = saga.driver, "driving an unfinished saga to its end");
        drop(desk.recover(saga));
    }
}
