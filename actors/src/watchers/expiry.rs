//! The watcher of customers' holds: asks for the end of those whose time is over.
//!
//! How long a hold has been open is counted from when the watcher first saw it, by the node's own monotonic clock, and
//! anew after a restart. So a hold may last longer than its customer was told. No hold ends under a confirmation: its
//! end is asked of its register, as every other end is.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use metrics::gauge;
use tokio::time::Instant;

use crate::company::Company;
use crate::domain::ids::{CompanyId, SagaId};
use crate::mesh::companies::Companies;
use crate::people::desk::Desk;

/// How often the watcher looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Most holds watched, and most ended, at a time. Those beyond are seen when older ones are gone, and last longer.
const WATCHED_MAX: usize = 10_000;
const END_MAX: usize = 64;
/// Pause before the end of the same hold is asked for again.
const AGAIN: Duration = Duration::from_secs(10);

/// A hold that may have ended without us, and who has said so.
type Missed = (SagaId, Option<CompanyId>);

#[derive(Default)]
struct Holds {
    open: BTreeMap<SagaId, Seen>,
}

struct Seen {
    first: Instant,
    seconds: u32,
    /// When its end was asked for.
    asked: Option<Instant>,
}

/// Watches for ever. `grace` is how much longer than promised a hold is kept.
pub async fn watch(company: Arc<Company>, companies: Companies, desk: Desk, grace: Duration) {
    let mut holds = Holds::default();
    let (mut reached, mut missed) = (Vec::new(), Vec::new());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Ok(open) = company.archive.held(WATCHED_MAX).await else {
            continue; // the ledger says that the database is away
        };
        // whoever was away, and that is we at our start, may have decided what nobody has told us
        let up = companies.up();
        if up != reached {
            missed = open.iter().map(|(saga, _)| (*saga, None)).collect();
            reached = up;
        }
        // so may who has told an outcome that is shown by nothing here
        for (saga, told_by) in company.refused.take_doubts() {
            if missed.iter().all(|(missed, _)| *missed != saga) {
                missed.push((saga, Some(told_by)));
            }
        }
        let now = Instant::now();
        holds.look(&open, now);
        missed.retain(|(saga, _)| holds.open.contains_key(saga));
        if reached.len() > 1 {
            missed = catch_up(&desk, missed).await;
        }
        gauge!("passcom_holds_open").set(open.len() as f64);
        let over = holds.take_over(now, grace);
        join_all(
            over.into_iter()
                .map(|(saga, seconds)| desk.end_hold(saga, seconds)),
        )
        .await;
    }
}

/// Ends those that others have decided meanwhile. What is left are those of which nobody else could be asked, or whose end could not be
/// written down.
async fn catch_up(desk: &Desk, mut asked: Vec<Missed>) -> Vec<Missed> {
    let later = asked.split_off(asked.len().min(END_MAX));
    let ask = |missed: Missed| async move {
        let (saga, told_by) = missed;
        (!desk.end_decided(saga, told_by).await).then_some(missed)
    };
    let unanswered = join_all(asked.into_iter().map(ask)).await;
    later
        .into_iter()
        .chain(unanswered.into_iter().flatten())
        .collect()
}

impl Holds {
    fn look(&mut self, open: &[(SagaId, u32)], now: Instant) {
        let still: HashSet<SagaId> = open.iter().map(|(saga, _)| *saga).collect();
        self.open.retain(|saga, _| still.contains(saga));
        for (saga, seconds) in open {
            let seen = self.open.entry(*saga).or_insert(Seen {
                first: now,
                seconds: *seconds,
                asked: None,
            });
            seen.seconds = *seconds;
        }
    }

    /// Those whose end is to be asked for now.
    fn take_over(&mut self, now: Instant, grace: Duration) -> Vec<(SagaId, u32)> {
        let is_over = |seen: &Seen| {
            let kept = Duration::from_secs(seen.seconds.into()) + grace;
            now.duration_since(seen.first) >= kept
                && seen
                    .asked
                    .is_none_or(|asked| now.duration_since(asked) >= AGAIN)
        };
        let over = self.open.iter_mut().filter(|(_, seen)| is_over(seen));
        let over = over.take(END_MAX).map(|(saga, seen)| {
            seen.asked = Some(now);
            (*saga, seen.seconds)
        });
        over.collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const HOLD: SagaId = SagaId(Uuid::from_u128(1));
    const GRACE: Duration = Duration::from_secs(5);

    #[test]
    fn a_hold_is_over_when_its_time_and_the_grace_have_passed_here() {
        let mut holds = Holds::default();
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        holds.look(&[(HOLD, 900)], begun);
        assert_eq!(holds.take_over(after(904), GRACE), []);
        holds.look(&[(HOLD, 1800)], after(904));
        assert_eq!(holds.take_over(after(905), GRACE), [], "extended");
        assert_eq!(holds.take_over(after(1805), GRACE), [(HOLD, 1800)]);
        assert_eq!(holds.take_over(after(1806), GRACE), [], "not at once again");
        assert_eq!(holds.take_over(after(1815), GRACE), [(HOLD, 1800)]);
        holds.look(&[], after(1816));
        assert_eq!(holds.take_over(after(9000), GRACE), []);
    }
}
