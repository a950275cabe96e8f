//! Whether the log takes what is appended to it, for whoever must know before a customer does: what waits, since when,
//! and when it last worked. An idle ledger appends nothing; then somebody has to try.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::store::ReadError;

/// For so long nothing need be appended before anybody doubts that it could be, and so long an entry may wait.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// How long a try may take.
const TRY_TIMEOUT: Duration = Duration::from_millis(1_500);
/// So long a try that failed is the answer, however many ask.
const TRY_AGAIN: Duration = Duration::from_secs(1);

#[derive(Default)]
pub struct Pulse {
    state: Mutex<State>,
    /// One try at a time.
    trying: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Since when the oldest entry in the writer's hands has waited.
    waiting: Option<Instant>,
    /// When something was made durable last.
    worked: Option<Instant>,
    /// When a try failed last, and why.
    failed: Option<(Instant, String)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Works,
    Stuck(String),
    /// Nothing tells.
    Unknown,
}

impl State {
    fn verdict(&self, now: Instant) -> Verdict {
        let within = |at: Instant, time| now.saturating_duration_since(at) < time;
        if self.worked.is_some_and(|at| within(at, PATIENCE)) {
            return Verdict::Works;
        }
        match (self.waiting, &self.failed) {
            (Some(since), _) if within(since, PATIENCE) => Verdict::Works,
            (Some(since), _) => {
                let seconds = now.saturating_duration_since(since).as_secs();
                Verdict::Stuck(format!(
                    "nothing could be appended to the log for {seconds} s, and something waits"
                ))
            }
            (None, Some((at, why))) if within(*at, TRY_AGAIN) => Verdict::Stuck(why.clone()),
            (None, _) => Verdict::Unknown,
        }
    }
}

impl Pulse {
    /// Entries are in the writer's hands, the oldest of which has waited since then.
    pub(crate) fn begun(&self, since: Instant) {
        self.state().waiting = Some(since);
    }

    /// They are not any more, whatever came of them.
    pub(crate) fn ended(&self) {
        self.state().waiting = None;
    }

    /// Something was made durable.
    pub(crate) fn worked(&self) {
        self.state().worked = Some(Instant::now());
    }

    /// For how long the oldest entry that waits has waited; zero where none does.
    pub fn oldest_waiting(&self) -> Duration {
        let since = self.state().waiting;
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether the log takes what is appended, or why it is not believed to; tries it where nothing else tells.
    pub async fn check<T>(&self, attempt: T) -> Result<(), String>
    where
        T: Future<Output = Result<(), ReadError>>,
    {
        if let Some(known) = self.known() {
            return known;
        }
        let _one = self.trying.lock().await;
        // somebody else's try may have told
        if let Some(known) = self.known() {
            return known;
        }
        let why = match timeout(TRY_TIMEOUT, attempt).await {
            Ok(Ok(())) => {
                self.worked();
                return Ok(());
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the database made nothing durable within {TRY_TIMEOUT:?}"),
        };
        self.state().failed = Some((Instant::now(), why.clone()));
        Err(why)
    }

    fn known(&self) -> Option<Result<(), String>> {
        match self.state().verdict(Instant::now()) {
            Verdict::Works => Some(Ok(())),
            Verdict::Stuck(why) => Some(Err(why)),
            Verdict::Unknown => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // every change is one assignment
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn away() -> Result<(), ReadError> {
        Err(ReadError("away".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_log_is_tried_and_not_more_often_than_needed() {
        let (pulse, tries) = (Pulse::default(), Cell::new(0));
        let check = async || {
            let attempt = async {
                tries.set(tries.get() + 1);
                Ok(())
            };
            pulse.check(attempt).await
        };
        for _ in 0..30 {
            assert_eq!(check().await, Ok(()));
            advance(SECOND).await;
        }
        assert_eq!(tries.get(), 10);
        for _ in 0..30 {
            pulse.worked();
            assert_eq!(check().await, Ok(()));
            advance(SECOND).await;
        }
        assert_eq!(tries.get(), 10, "appends tell as much");
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_takes_nothing_is_told_of_after_three_seconds() {
        let pulse = Pulse::default();
        pulse.worked();
        advance(60 * SECOND).await;
        pulse.begun(Instant::now());
        assert_eq!(pulse.check(pending()).await, Ok(()));
        advance(PATIENCE).await;
        let why = pulse.check(pending()).await.unwrap_err();
        assert!(why.contains("for 3 s"), "{why}");
        assert_eq!(pulse.oldest_waiting(), PATIENCE);
        // refused at once from now on: whether it works again is found out by trying
        pulse.ended();
        assert_eq!(pulse.oldest_waiting(), Duration::ZERO);
        assert_eq!(
            pulse.check(ready(away())).await,
            Err("database: away".into())
        );
        assert!(pulse.check(ready(Ok(()))).await.is_err(), "as the last try");
        advance(TRY_AGAIN).await;
        assert_eq!(pulse.check(ready(Ok(()))).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_without_an_answer_ends() {
        let pulse = Pulse::default();
        let why = pulse.check(pending()).await.unwrap_err();
        assert!(why.contains("made nothing durable"), "{why}");
    }
}
