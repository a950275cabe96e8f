//! What companies know of each other's logs: how far ours is durable, for whoever asks; and how far those of the others
//! were, by their word. A log that went back is found out by whoever has heard more of it, and its node serves nothing
//! from then on.
//!
//! Invariants:
//! * nothing is told that is not durable: a node that merely starts again has all that it ever told;
//! * nothing is believed of an incarnation but the one that was heard of first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use metrics::counter;
use tokio::sync::Notify;
use tracing::error;
use uuid::Uuid;

use super::log::Seq;
use super::log::lineage::{Lineage, Mark};
use crate::domain::ids::CompanyId;

/// Shared by reference.
pub struct Witness {
    me: CompanyId,
    /// As it was when the node started.
    lineage: Lineage,
    /// The last durable row of our log.
    last: AtomicI64,
    seen: Mutex<BTreeMap<CompanyId, Mark>>,
    /// The run of each peer that an alarm was last raised about: one that comes back every second is one fault.
    alarmed: Mutex<BTreeMap<CompanyId, Uuid>>,
    /// Why this node must not serve.
    lost: OnceLock<String>,
    news: Notify,
}

impl Witness {
    /// Our own log as it is, and what is remembered of the others'.
    pub fn new(me: CompanyId, lineage: Lineage, seen: BTreeMap<CompanyId, Mark>) -> Arc<Self> {
        Arc::new(Self {
            me,
            last: AtomicI64::new(lineage.last.0),
            lineage,
            seen: Mutex::new(seen),
            alarmed: Mutex::default(),
            lost: OnceLock::new(),
            news: Notify::new(),
        })
    }

    /// How far our log is durable.
    pub fn mark(&self) -> Mark {
        Mark {
            seq: self.last(),
            ..self.lineage.mark()
        }
    }

    /// The starts of our log, and how far it is durable.
    pub fn lineage(&self) -> Lineage {
        Lineage {
            last: self.last(),
            ..self.lineage.clone()
        }
    }

    fn last(&self) -> Seq {
        Seq(self.last.load(Ordering::Acquire))
    }

    /// Our log is durable up to this row.
    pub(crate) fn on_durable(&self, seq: Seq) {
        self.last.fetch_max(seq.0, Ordering::AcqRel);
    }

    /// How far each peer's log was seen.
    pub fn seen(&self) -> BTreeMap<CompanyId, Mark> {
        lock(&self.seen).clone()
    }

    /// A peer has said how far its log is durable. For peers that were [judged](Self::judge) only.
    pub fn hear(&self, peer: CompanyId, mark: Mark) {
        let mut seen = lock(&self.seen);
        let known = seen.entry(peer).or_insert(mark);
        if known.incarnation == mark.incarnation && known.seq < mark.seq {
            *known = mark;
        }
    }

    /// Whether a peer's log has all that was seen of it here; keeps how far it goes. An error says what to do.
    pub fn judge(&self, peer: CompanyId, lineage: &Lineage) -> Result<(), String> {
        let seen = lock(&self.seen).get(&peer).copied();
        let judged = seen.map_or(Ok(()), |seen| lineage.must_have(&seen));
        if let Err(went_back) = judged {
            let problem = format!(
                "the log of {peer} went back: {went_back}. See \"A log that went back\" in docs/operations.md"
            );
            let run = lineage.mark().run;
            if lock(&self.alarmed).insert(peer, run) != Some(run) {
                counter!("passcom_alarms_total").increment(1);
                error!(
                    alarm = problem,
                    "a company has lost what it was seen to have"
                );
            }
            return Err(problem);
        }
        self.hear(peer, lineage.mark());
        Ok(())
    }

    /// A peer says how far it has seen our log. Where that is farther than it goes, this node serves nothing any more,
    /// and the error says what to do.
    pub fn on_seen(&self, peer: CompanyId, mark: &Mark) -> Result<(), String> {
        let went_back = match self.lineage().must_have(mark) {
            Ok(()) => return Ok(()),
            Err(went_back) => went_back,
        };
        let problem = format!(
            "the log of {} went back, as {peer} has seen: {went_back}. Seats may have been sold that this database does not know of: \
             restore a newer backup, or promote the standby that has everything. \
             See \"A log that went back\" in docs/operations.md",
            self.me
        );
        self.lose(problem.clone());
        Err(problem)
    }

    /// This node must not serve any more, and here is why.
    pub fn lose(&self, problem: String) {
        if self.lost.set(problem.clone()).is_ok() {
            counter!("passcom_alarms_total").increment(1);
            error!(alarm = problem, "this node serves nothing any more");
        }
        self.news.notify_waiters();
    }

    /// Why this node must not serve, where there is a reason.
    pub fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// Waits until there is a reason.
    pub async fn until_lost(&self) -> &str {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable(); // from here on no news is missed
            if let Some(problem) = self.lost() {
                return problem;
            }
            news.await;
        }
    }
}

/// What these locks guard is changed by single steps: a panic of another holder leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::log::lineage::Start;
    use super::*;
    use crate::domain::ids::Incarnation;

    fn company(code: &str) -> CompanyId {
        code.parse().unwrap()
    }

    fn lineage(starts: &[(u128, i64)], last: i64) -> Lineage {
        let start = |(number, after): &(u128, i64)| Start {
            run: Uuid::from_u128(*number),
            after: Seq(*after),
        };
        let mut starts: Vec<Start> = starts.iter().map(start).collect();
        Lineage {
            incarnation: Incarnation(Uuid::nil()),
            present: starts.pop().unwrap(),
            earlier: starts,
            last: Seq(last),
        }
    }

    fn witness(lineage: Lineage) -> Arc<Witness> {
        Witness::new(company("b"), lineage, BTreeMap::new())
    }

    #[test]
    fn the_highest_is_remembered_and_none_of_another_incarnation() {
        let peer = company("a");
        let witness = witness(lineage(&[(1, 0)], 0));
        let mark = |seq| lineage(&[(7, 0)], seq).mark();
        for seq in [5, 9, 7] {
            witness.hear(peer, mark(seq));
        }
        assert_eq!(witness.seen()[&peer], mark(9));
        let other = Mark {
            incarnation: Incarnation(Uuid::max()),
            ..mark(1_000)
        };
        witness.hear(peer, other);
        assert_eq!(witness.seen()[&peer], mark(9));
    }

    #[test]
    fn a_peer_that_went_back_is_refused_until_it_has_everything_again() {
        let peer = company("a");
        let witness = witness(lineage(&[(1, 0)], 0));
        assert_eq!(witness.judge(peer, &lineage(&[(7, 0)], 40)), Ok(()));
        let refused = witness.judge(peer, &lineage(&[(7, 0), (8, 30)], 60));
        assert!(refused.unwrap_err().contains("went back"));
        assert_eq!(
            witness.seen()[&peer].seq,
            Seq(40),
            "what it says is not believed"
        );
        assert_eq!(
            witness.judge(peer, &lineage(&[(7, 0), (9, 45)], 45)),
            Ok(())
        );
        assert_eq!(witness.lost(), None, "it is the peer's fault, not ours");
    }

    #[tokio::test]
    async fn a_node_that_hears_of_more_than_it_has_is_lost_for_good() {
        let before = witness(lineage(&[(1, 0), (2, 3)], 3));
        before.on_durable(Seq(8));
        let (mark, log) = (before.mark(), before.lineage());
        assert_eq!(
            (mark.seq, before.on_seen(company("a"), &mark)),
            (Seq(8), Ok(()))
        );
        assert_eq!(before.lost(), None);

        assert_eq!(log.must_have(&mark), Ok(()));
        let restarted = witness(lineage(&[(1, 0), (2, 3), (3, 8)], 8));
        assert_eq!(restarted.on_seen(company("a"), &mark), Ok(()));

        let restored = witness(lineage(&[(1, 0), (2, 3), (4, 5)], 5));
        let waiting = tokio::spawn({
            let restored = restored.clone();
            async move { restored.until_lost().await.to_owned() }
        });
        tokio::task::yield_now().await;
        let problem = restored.on_seen(company("a"), &mark).unwrap_err();
        assert_eq!(waiting.await.unwrap(), problem);
        assert_eq!(restored.until_lost().await, problem);
        restored.on_durable(Seq(100));
        assert!(
            restored.on_seen(company("c"), &mark).is_err(),
            "it grows, and still lacks it"
        );
    }
}
