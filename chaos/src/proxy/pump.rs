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
    let mut carried: usize = 0;
    let mut last_due = Instant::now();
    loop {
        let now = *weather.borrow_and_update();
        if now.silences(way) {
            if weather.changed().await.is_err() {
                return;
            }
            continue;
        }
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            changed = weather.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Ok(count @ 1..) = read else { return };
        let bytes = match now {
            Weather::HalfOpen => continue,
            Weather::Truncate(limit) if carried + count > limit => {
                let rest = &buffer[..limit.saturating_sub(carried)];
                // nobody is left to write it to, if it fails
                let _ = chunks.send(Chunk::at(last_due, rest)).await;
                return;
            }
            _ => &buffer[..count],
        };
        carried += count;
        // in order, whatever the jitter
        last_due = last_due.max(Instant::now() + delay(now));
        if chunks.send(Chunk::at(last_due, bytes)).await.is_err() {
            return;
        }
        if let Weather::Throttle(rate) = now {
            sleep(Duration::from_secs_f64(count as f64 / f64::from(rate))).await;
        }
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
