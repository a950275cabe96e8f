//! Memory that was needed for a moment goes back to the system.

use std::hint::black_box;
use std::time::Duration;

use tokio::time::interval;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// More than the allocator keeps for its threads.
const BLOCK: usize = 1 << 20;

/// mimalloc gives back what has been free for a second, but looks only when it frees more. A node at rest would keep
/// what it took to read all catalogues at start; so a block is freed now and then.
pub async fn give_back() {
    let mut tick = interval(EVERY);
    loop {
        tick.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(BLOCK)));
    }
}
