//! Whether a log still has what it once had. Pure.
//!
//! A log goes back where its database is restored from a backup, or where a standby takes over that was behind. It may
//! have grown since, so its length alone tells nothing. So each start of a node leaves a name of its own, its run, with
//! the end of the log at that moment. Who has once heard that the log had come to some place in some run asks whether
//! that run is there, and whether the log went on to that place before the next one.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Seq;
use crate::domain::ids::Incarnation;

/// Most earlier starts that are remembered and told, the last ones: some 25 bytes each.
pub const STARTS_MAX: usize = 1_000;

/// How far a log is durable, by the word of the node that writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub incarnation: Incarnation,
    /// Of the node, since its start.
    pub run: Uuid,
    pub seq: Seq,
}

/// A start of a node on a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub run: Uuid,
    /// The last row of the log at that moment.
    pub after: Seq,
}

/// The starts that a log has seen, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    pub incarnation: Incarnation,
    /// Ascending; the last [`STARTS_MAX`] of them.
    pub earlier: Vec<Start>,
    /// Of the node that runs.
    pub present: Start,
    /// The last durable row.
    pub last: Seq,
}

/// A log does not have what it once had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WentBack {
    #[error("it had come to row {}, and the database has of that no more than the rows up to {}", seen.0, kept.0)]
    Short { seen: Seq, kept: Seq },
    #[error("it had come to row {} after a start of its node that the database knows nothing of", seen.0)]
    StartLost { seen: Seq },
}

impl Lineage {
    /// How far it goes now.
    pub fn mark(&self) -> Mark {
        Mark {
            incarnation: self.incarnation,
            run: self.present.run,
            seq: self.last,
        }
    }

    /// Whether this log has what the mark says, as far as can be told: of another incarnation it says nothing, and what
    /// was seen before the oldest start that is remembered counts as had.
    pub fn must_have(&self, mark: &Mark) -> Result<(), WentBack> {
        if mark.incarnation != self.incarnation {
            return Ok(());
        }
        let mut starts = self.earlier.iter().chain([&self.present]);
        let oldest = self.earlier.first().unwrap_or(&self.present);
        let seen = mark.seq;
        if starts.any(|start| start.run == mark.run) {
            // the end of that run is where the next one began
            let kept = starts.next().map_or(self.last, |next| next.after);
            return match seen <= kept {
                true => Ok(()),
                false => Err(WentBack::Short { seen, kept }),
            };
        }
        // that run is forgotten, or its start was among what is lost
        match seen <= oldest.after {
            true => Ok(()),
            false => Err(WentBack::StartLost { seen }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Incarnation = Incarnation(Uuid::from_u128(1));

    fn run(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn lineage(starts: &[(u128, i64)], last: i64) -> Lineage {
        let start = |(number, after): &(u128, i64)| Start {
            run: run(*number),
            after: Seq(*after),
        };
        let mut starts: Vec<Start> = starts.iter().map(start).collect();
        Lineage {
            incarnation: LIFE,
            present: starts.pop().unwrap(),
            earlier: starts,
            last: Seq(last),
        }
    }

    fn seen(number: u128, seq: i64) -> Mark {
        Mark {
            incarnation: LIFE,
            run: run(number),
            seq: Seq(seq),
        }
    }

    #[test]
    fn a_log_that_only_grows_has_whatever_was_seen_of_it() {
        let mut told = Vec::new();
        let mut log = lineage(&[(1, 0)], 0);
        for number in 2..6 {
            for _ in 0..3 {
                told.push(log.mark());
                log.last = log.last.next();
            }
            log.earlier.push(log.present);
            log.present = Start {
                run: run(number),
                after: log.last,
            };
            for mark in &told {
                assert_eq!(log.must_have(mark), Ok(()), "{mark:?}");
            }
        }
    }

    #[test]
    fn a_log_that_ends_before_what_was_seen_went_back() {
        // seen at 40 in run 2; restored as of row 30, of the same run
        let restored = lineage(&[(1, 0), (2, 10), (3, 30)], 30);
        for further in [40, 31] {
            let went_back = WentBack::Short {
                seen: Seq(further),
                kept: Seq(30),
            };
            assert_eq!(restored.must_have(&seen(2, further)), Err(went_back));
        }
        assert_eq!(restored.must_have(&seen(2, 30)), Ok(()));
        // the same while its run goes on: a standby took over
        assert!(
            lineage(&[(1, 0), (2, 10)], 30)
                .must_have(&seen(2, 31))
                .is_err()
        );
    }

    #[test]
    fn a_log_that_went_back_is_found_out_also_once_it_is_longer_than_it_was() {
        let grown = lineage(&[(1, 0), (2, 10), (3, 30)], 500);
        assert!(grown.must_have(&seen(2, 40)).is_err());
        let again = lineage(&[(1, 0), (2, 10), (3, 30), (4, 500)], 900);
        assert!(again.must_have(&seen(2, 40)).is_err());
    }

    #[test]
    fn a_log_that_lost_the_very_start_went_back() {
        // restored as of before run 2 began
        let restored = lineage(&[(1, 0), (9, 5)], 70);
        let went_back = WentBack::StartLost { seen: Seq(12) };
        assert_eq!(restored.must_have(&seen(2, 12)), Err(went_back));
        assert!(restored.must_have(&seen(2, 70)).is_err());
        assert_eq!(restored.must_have(&seen(9, 70)), Ok(()));
    }

    #[test]
    fn what_was_seen_before_the_oldest_start_remembered_counts_as_had() {
        let log = lineage(&[(8, 100), (9, 200)], 300);
        assert_eq!(log.must_have(&seen(1, 100)), Ok(()));
        assert!(log.must_have(&seen(1, 101)).is_err());
    }

    #[test]
    fn another_incarnation_is_not_judged() {
        let mark = Mark {
            incarnation: Incarnation(Uuid::from_u128(2)),
            ..seen(2, 1_000)
        };
        assert_eq!(lineage(&[(1, 0)], 3).must_have(&mark), Ok(()));
    }
}
