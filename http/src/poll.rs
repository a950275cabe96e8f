//! How long the handling of a request keeps its thread: whoever keeps one for long keeps bookings and peers waiting.
//!
//! What takes longer than a moment is done in turns elsewhere, so that a long poll is a fault of the program, or of a
//! machine that has no core to spare. It is counted, by endpoint.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use metrics::{counter, describe_counter};

/// From here on a poll is long: ten times what one may take by the rules.
const LONG: Duration = Duration::from_millis(10);

const LONG_POLLS: &str = "http_long_polls_total";

/// The longest poll of a port's requests.
#[derive(Default)]
pub(crate) struct Polls {
    longest_ns: AtomicU64,
}

impl Polls {
    pub fn new() -> Self {
        describe_counter!(
            LONG_POLLS,
            "requests that kept a thread for longer than 10 ms at a time"
        );
        Self::default()
    }

    pub async fn measure<F: Future>(&self, endpoint: &'static str, work: F) -> F::Output {
        let mut work = pin!(work);
        let mut longest = Duration::ZERO;
        let done = std::future::poll_fn(|cx| {
            let begun = Instant::now();
            let poll = work.as_mut().poll(cx);
            longest = longest.max(begun.elapsed());
            match poll {
                Poll::Ready(done) => Poll::Ready((done, longest)),
                Poll::Pending => Poll::Pending,
            }
        });
        let (done, longest) = done.await;
        if longest > LONG {
            counter!(LONG_POLLS, "endpoint" => endpoint).increment(1);
        }
        self.longest_ns
            .fetch_max(longest.as_nanos() as u64, Ordering::Relaxed);
        done
    }

    /// Since it was asked last.
    #[cfg(test)]
    pub fn take_longest(&self) -> Duration {
        Duration::from_nanos(self.longest_ns.swap(0, Ordering::Relaxed))
    }
}
