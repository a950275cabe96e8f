//! Memory that was needed for a moment goes back to the system, and is taken from it in small pieces.

use std::hint::black_box;
use std::time::Duration;

use tokio::time::interval;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// More than the allocator keeps for its threads.
const BLOCK: usize = 1 << 20;

/// Memory comes in pages of 4 kB from here on, not of 2 MB: what is given back is taken again soon, and the kernel cleared
/// whole huge pages each time, which was a twelfth of what a node under load did. A node at rest is a third smaller, too.
pub fn use_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true); // a kernel that has no huge pages gives none
}

/// mimalloc gives back what has been free for a second, but looks only when it frees more. A node at rest would keep
/// what it took to read all catalogues at start; so a block is freed now and then.
pub async fn give_back() {
    let mut tick = interval(EVERY);
    loop {
        tick.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(BLOCK)));
    }
}
