//! One direction of a connection through a proxy.
//!
//! A reader gives each chunk the instant at which it is due, a writer waits for it: what is delayed is delayed once, however much there is.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Way, Weather};

const CHUNK: usize = 16 * 1024;
/// Chunks that may wait; beyond, the sender feels it.
const CHUNKS_MAX: usize = 256;

struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
}

/// Returns when the connection is to be closed.
pub(super) async fn pump(
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    way: Way,
    weather: watch::Receiver<Weather>,
) {
    let (chunks, due) = mpsc::channel(CHUNKS_MAX);
    let write = write(due, to, way, weather.clone());
    // when the reader ends, the writer has the rest to write yet
    tokio::join!(read(from, chunks, way, weather), write);
}

async fn read(
    mut from: OwnedReadHalf,
    chunks: mpsc::Sender<Chunk>,
    way: Way,
    mut weather: watch::Receiver<Weather>,
) {
    let mut buffer = vec![0; CHUNK];
    let mut carried = 0;
    let mut last_due = Instant::now();
    loop {
        let now = *weather.borrow_and_update();
        let read = tokio::select! {
            read = from.read(&mut buffer), if !now.silences(way) => read,
            changed = weather.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Ok(count @ 1..) = read else { return };
        let passed = passed(now, carried, count);
        carried += passed;
        // in order, whatever the jitter
        last_due = last_due.max(Instant::now() + delay(now));
        let chunk = Chunk::at(last_due, &buffer[..passed]);
        let ends = matches!(now, Weather::Truncate(_)) && passed < count;
        if chunks.send(chunk).await.is_err() || ends {
            return;
        }
        if let Weather::Throttle(rate) = now {
            sleep(Duration::from_secs_f64(count as f64 / f64::from(rate))).await;
        }
    }
}

/// How many of `count` bytes go on, on a connection that has carried so many.
fn passed(weather: Weather, carried: usize, count: usize) -> usize {
    match weather {
        Weather::HalfOpen => 0,
        Weather::Truncate(limit) => count.min(limit.saturating_sub(carried)),
        _ => count,
    }
}

async fn write(
    mut chunks: mpsc::Receiver<Chunk>,
    mut to: OwnedWriteHalf,
    way: Way,
    mut weather: watch::Receiver<Weather>,
) {
    while let Some(chunk) = chunks.recv().await {
        sleep_until(chunk.due).await;
        // what was read before the cut is under way, too
        let open = weather.wait_for(|weather| !weather.silences(way));
        if open.await.is_err() || to.write_all(&chunk.bytes).await.is_err() {
            return;
        }
    }
}

fn delay(weather: Weather) -> Duration {
    match weather {
        Weather::Delay { least, jitter } => least + jitter.mul_f64(fastrand::f64()),
        _ => Duration::ZERO,
    }
}

impl Chunk {
    fn at(due: Instant, bytes: &[u8]) -> Self {
        Self {
            due,
            bytes: bytes.to_vec(),
        }
    }
}
