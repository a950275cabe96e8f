//! Brings the tables after the log: many bookings a transaction, each row once, as it is by then.
//!
//! It runs when enough has gathered, soon after things go quiet, and at once where somebody waits for it.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, warn};

use super::Log;
use crate::company::store::{LedgerStore, WriteError};
use crate::fail_point::{self, Write};

/// How long rows gather. What lives for moments is then written once, as it ended; but all that has gathered takes a core for its time,
/// and whoever books meanwhile waits.
const GATHER: Duration = Duration::from_millis(120);
/// Rows that are enough to be written at once.
const ENOUGH: usize = 800;
/// How often the projector looks whether there are as many.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Pause after a projection that failed.
const RETRY: Duration = Duration::from_millis(200);

/// Projects until another node has this database.
pub async fn run(log: Arc<Log>, store: Arc<dyn LedgerStore>) {
    loop {
        gather(&log).await;
        if project(&log, store.as_ref()).await.is_err() {
            error!("another node has brought the tables of this database up to date");
            return;
        }
    }
}

/// Waits until it is time.
async fn gather(log: &Log) {
    let until = Instant::now() + GATHER;
    while Instant::now() < until && log.hot().waiting() < ENOUGH {
        if timeout(LOOK_EVERY, log.wanted.notified()).await.is_ok() {
            return;
        }
    }
}

/// Somebody else has moved the tables on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded;

/// Brings the tables to the end of the log, however long that takes.
///
/// A projection whose outcome is not known is tried again as it is: it begins where the tables are, so of all its tries one is
/// written.
pub async fn project(log: &Log, store: &dyn LedgerStore) -> Result<(), Superseded> {
    let Some(projection) = log.hot().projection() else {
        return Ok(());
    };
    let begun = Instant::now();
    loop {
        fail_point::before(&Write::Projection);
        match store.project(&projection).await {
            Ok(()) => break,
            Err(WriteError::Conflict) => match store.projected().await {
                Ok(projected) if projected == projection.upto => break,
                Ok(_) => return Err(Superseded),
                Err(error) => warn!(%error, "cannot find out where the tables are"),
            },
            Err(error) => warn!(%error, "the tables are not brought up to date"),
        }
        sleep(RETRY).await;
    }
    fail_point::after(&Write::Projection);
    histogram!("passcom_projection_seconds").record(begun.elapsed());
    counter!("passcom_projections_total").increment(1);
    counter!("passcom_projected_sagas_total").increment(projection.sagas.len() as u64);
    let (waiting, (rows, open)) = {
        let mut hot = log.hot();
        hot.on_projected(&projection);
        (hot.waiting(), hot.sizes())
    };
    gauge!("passcom_log_unprojected_rows").set(waiting as f64);
    gauge!("passcom_hot_rows").set(rows as f64);
    gauge!("passcom_open_sagas").set(open as f64);
    log.on_projected();
    Ok(())
}
