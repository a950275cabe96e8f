//! What a company has sent and our gateway has not looked at yet. While there is too much of it, nothing more is read from its connection
//! ([`super::gate`]), so that TCP slows down who sends faster than we look. Between the two lie mailboxes, which have no bound of their own.
//!
//! Invariant: the gateway waits for nobody, so that there is room again as soon as it has come round, whatever the network does: two nodes
//! that both do not read for a moment do not wait for each other. What lies behind on the connection, be it answers to our own requests or
//! heartbeats, waits as long as the gateway needs for a backlog, and no longer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use passcom_actors::mesh::envelope::FRAME_LEN_MAX;

/// Nothing is read while so many bytes wait: two of the longest frames, or as many short ones as an honest node has calls under way.
const BYTES_MAX: usize = 2 * FRAME_LEN_MAX;
/// What a message counts at least: a short one costs more than its bytes.
const WEIGHT_MIN: usize = 1024;

/// One for each company: whichever connection it is that it uses.
#[derive(Default)]
pub(super) struct Backlog(Mutex<State>);

#[derive(Default)]
struct State {
    bytes: usize,
    /// Connections that are not read; more than one only while one takes the place of another.
    waiting: Vec<Waker>,
}

impl Backlog {
    /// A connection begins: what was read from the one before may have gone with its session, and may never come to the gateway.
    pub fn begin(&self) {
        self.change(|_| 0);
    }

    /// Ready when more may be read.
    pub fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.bytes < BYTES_MAX {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|one| one.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// A message of so many bytes goes to the gateway.
    pub fn sent(&self, len: usize) {
        self.change(|bytes| bytes + weight(len));
    }

    /// The gateway has looked at a message of so many bytes.
    pub fn handled(&self, len: usize) {
        self.change(|bytes| bytes.saturating_sub(weight(len)));
    }

    fn change(&self, to: impl FnOnce(usize) -> usize) {
        let mut state = self.state();
        state.bytes = to(state.bytes);
        if state.bytes < BYTES_MAX {
            state.waiting.drain(..).for_each(Waker::wake);
        }
    }

    /// Nothing that holds it panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(len: usize) -> usize {
    len.max(WEIGHT_MIN)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_connection_is_not_read_while_too_much_waits_and_is_told_when_there_is_room() {
        let (backlog, woken) = (Backlog::default(), Arc::<Woken>::default());
        let waker = Waker::from(woken.clone());
        let has_room = || backlog.poll_room(&Context::from_waker(&waker)).is_ready();
        for _ in 0..2 * FRAME_LEN_MAX / WEIGHT_MIN {
            assert!(has_room());
            backlog.sent(1);
        }
        backlog.sent(FRAME_LEN_MAX); // that was read already
        assert!(!has_room() && !has_room());
        backlog.handled(1);
        assert!(!has_room());
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        backlog.handled(FRAME_LEN_MAX);
        assert_eq!(
            woken.0.load(Ordering::Relaxed),
            1,
            "once for each that waits"
        );
        assert!(has_room());
    }

    #[test]
    fn a_connection_does_not_wait_for_what_went_with_the_one_before() {
        let backlog = Backlog::default();
        for _ in 0..3 {
            backlog.sent(FRAME_LEN_MAX);
        }
        let has_room = || {
            let waker = Waker::noop();
            backlog.poll_room(&Context::from_waker(waker)).is_ready()
        };
        assert!(!has_room());
        backlog.begin();
        assert!(has_room());
        backlog.handled(FRAME_LEN_MAX); // it came through after all
        backlog.sent(BYTES_MAX - 1);
        assert!(has_room());
        backlog.sent(1);
        assert!(!has_room());
    }
}
