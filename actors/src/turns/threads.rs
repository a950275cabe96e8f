//! The threads of turns: of lower priority than those that answer bookings and peers.
//!
//! The kernel gives them what the others leave, and of a machine on which everybody wants to work a small part, so that
//! logins go on there too. Linux has a priority of each thread; elsewhere all threads are alike, and only the number of turns
//! bounds what they take.

use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// By so much these threads are nicer than those of the program: where both want to work, they get a tenth of a core.
#[cfg(target_os = "linux")]
const NICER: i32 = 10;
/// The least priority that there is.
#[cfg(target_os = "linux")]
const NICEST: i32 = 19;
/// More than all kinds of turns have at once.
const THREADS_MAX: usize = 64;

/// Only its threads are used, none of which runs before there is work.
static THREADS: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Builder::new_current_thread();
    runtime
        .thread_name("turns")
        .max_blocking_threads(THREADS_MAX)
        .on_thread_start(give_way);
    let runtime = runtime.build();
    runtime.expect("a runtime without I/O and timers asks nothing of the kernel")
});

/// How many turns of one kind there are at once, unless a kind says otherwise: half of the cores, and one at least.
pub fn half_of_cores() -> usize {
    available_parallelism().map_or(1, NonZero::get).div_ceil(2)
}

pub(super) fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    THREADS.spawn_blocking(work)
}

/// The thread that calls it.
#[cfg(target_os = "linux")]
fn give_way() {
    use rustix::process::{getpriority_process, setpriority_process};

    // without an id it is of the calling thread, though POSIX has it of the process
    let priority = getpriority_process(None).map_or(NICER, |now| (now + NICER).min(NICEST));
    if let Err(cause) = setpriority_process(None, priority) {
        tracing::warn!(%cause, "a thread for long work keeps the priority of the others");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_works_in_a_turn_gives_way_to_whoever_answers() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let own = priority();
        let in_turn = run(priority).await.unwrap();
        assert_eq!(in_turn, (own + NICER).min(NICEST));
        assert_eq!(priority(), own, "nobody else does");
    }
}
