//! More than a cluster can do: requests leave at a fixed rate, whether or not earlier ones have been answered.
//!
//! A latency counts from the instant at which the request was due, so that a load that falls behind does not hide what its clients would have
//! waited.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::connection::Connection;
use super::requests::Requests;

/// Queues are as long as they get when the first request has been refused, and a moment has passed; or after so long.
const WARM_UP: Duration = Duration::from_secs(2);
const WARM_UP_MAX: Duration = Duration::from_secs(20);
pub const BUSY: u16 = 503;
const TICK: Duration = Duration::from_millis(1);
/// Longer than a node takes to say that it does not know yet.
const LIMIT: Duration = Duration::from_secs(15);
/// Requests under way; beyond, they are counted and not sent.
pub const UNDER_WAY_MAX: usize = 9_000;

/// One answer.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// 0: none came.
    pub status: u16,
    pub retry_after: bool,
    pub took_us: u32,
}

/// Of the time after the warm-up.
#[derive(Debug, Default)]
pub struct Record {
    pub answers: Vec<Answered>,
    pub unsent: usize,
}

/// Books a seat of each company at this rate for so long, at one node after the other.
pub async fn run(
    requests: Arc<Requests>,
    per_second: f64,
    length: Duration,
) -> anyhow::Result<Record> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime of the load")?;
    let thread = std::thread::Builder::new()
        .name("load".to_owned())
        .spawn(move || runtime.block_on(send_all(requests, per_second, length)))
        .context("start the thread of the load")?;
    match tokio::task::spawn_blocking(move || thread.join()).await? {
        Ok(record) => record,
        Err(_) => bail!("the load panicked"),
    }
}

struct Shared {
    requests: Arc<Requests>,
    /// Connections that nobody uses, of each node.
    idle: Vec<Mutex<Vec<Connection>>>,
    under_way: AtomicUsize,
    refused: AtomicBool,
}

async fn send_all(
    requests: Arc<Requests>,
    per_second: f64,
    length: Duration,
) -> anyhow::Result<Record> {
    let shared = Arc::new(Shared {
        idle: requests.nodes.iter().map(|_| Mutex::default()).collect(),
        requests,
        under_way: AtomicUsize::new(0),
        refused: AtomicBool::new(false),
    });
    let mut record = Record::default();
    let mut sent = JoinSet::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let begun = Instant::now();
    let mut measured = begun + WARM_UP_MAX..begun + WARM_UP_MAX + length;
    let mut next = 0_u64;
    while Instant::now() < measured.end {
        ticks.tick().await;
        let full = Instant::now() + WARM_UP;
        if shared.refused.load(Ordering::Relaxed) && full < measured.start {
            measured = full..full + length;
        }
        loop {
            let due = begun + Duration::from_secs_f64(next as f64 / per_second);
            if due > Instant::now() {
                break;
            }
            if shared.under_way.fetch_add(1, Ordering::Relaxed) < UNDER_WAY_MAX {
                sent.spawn(send(shared.clone(), next, due));
            } else {
                shared.under_way.fetch_sub(1, Ordering::Relaxed);
                record.unsent += usize::from(measured.contains(&due));
            }
            next += 1;
        }
    }
    while let Some(ended) = sent.join_next().await {
        let (at, answered) = ended.context("a request panicked")??;
        if measured.contains(&at) {
            record.answers.push(answered);
        }
    }
    Ok(record)
}

/// When the answer came, and what it was.
async fn send(
    shared: Arc<Shared>,
    number: u64,
    due: Instant,
) -> anyhow::Result<(Instant, Answered)> {
    let node = number as usize % shared.idle.len();
    let mut bytes = Vec::with_capacity(1024);
    let companies = 0..shared.requests.nodes.len();
    shared
        .requests
        .book(&mut bytes, number as usize, number, companies)?;
    let idle = || {
        shared.idle[node]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    };
    let exchange = async {
        let kept = idle().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(shared.requests.nodes[node]).await?,
        };
        let answer = connection.ask(&bytes).await?;
        let answer = (answer.status, answer.retry_after);
        idle().push(connection);
        anyhow::Ok(answer)
    };
    let (status, retry_after) = match timeout(LIMIT, exchange).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => (0, false),
    };
    shared.under_way.fetch_sub(1, Ordering::Relaxed);
    if status == BUSY {
        shared.refused.store(true, Ordering::Relaxed);
    }
    let now = Instant::now();
    let answered = Answered {
        status,
        retry_after,
        // an answer takes seconds, not hours
        took_us: now.duration_since(due).as_micros() as u32,
    };
    Ok((now, answered))
}
