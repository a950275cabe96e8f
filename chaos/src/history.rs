//! What the clients asked and what they were told: the only memory of a run that is not the cluster's own.
//!
//! One line of JSON per request, written when its answer, or the lack of one, is known.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use uuid::Uuid;

/// Answers of a booking after which this key is spent: it was refused for good.
const DEFINITE: [&str; 3] = ["seat-held", "seat-taken", "company-silent"];
/// Answers that promise that nothing was begun.
const NOTHING_BEGUN: [&str; 5] = [
    "seat-busy",
    "company-down",
    "overloaded",
    "too-many-requests",
    "unknown-seat",
];

/// Something that was done to the cluster, by the clock of the history. One that is over at once ends when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub nemesis: String,
    pub target: String,
    pub begin_us: u64,
    /// None: it was still going on when the run ended.
    pub end_us: Option<u64>,
}

/// A fault that was noted when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultId(usize);

/// A seat as the workload names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Seat {
    pub company: Arc<str>,
    pub route: u64,
    pub number: u16,
    /// On the wire.
    pub id: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    Book {
        user: Uuid,
        key: String,
        seats: Vec<Seat>,
    },
    Cancel {
        user: Uuid,
        ticket: Uuid,
    },
    /// The first leg on sale.
    Browse,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Booked {
        ticket: Uuid,
    },
    Cancelled,
    Listed {
        unreachable: Vec<String>,
    },
    /// A problem of the contract.
    Problem {
        status: u16,
        kind: String,
    },
    /// No answer, or none that makes sense.
    Lost {
        why: String,
    },
}

/// What an answer says about the booking behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Booked(Uuid),
    Refused,
    NothingBegun,
    /// It may or may not have happened.
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    pub client: usize,
    /// Company whose node was asked.
    pub node: Arc<str>,
    /// Microseconds since the start of the run.
    pub begin_us: u64,
    pub end_us: u64,
    #[serde(flatten)]
    pub request: Request,
    #[serde(flatten)]
    pub answer: Answer,
}

impl Answer {
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Booked { ticket } => Meaning::Booked(*ticket),
            Self::Problem { kind, .. } if DEFINITE.contains(&kind.as_str()) => Meaning::Refused,
            Self::Problem { kind, .. } if NOTHING_BEGUN.contains(&kind.as_str()) => {
                Meaning::NothingBegun
            }
            Self::Problem { .. } | Self::Lost { .. } | Self::Cancelled | Self::Listed { .. } => {
                Meaning::Open
            }
        }
    }

    /// How tables name it.
    pub fn name(&self) -> String {
        match self {
            Self::Booked { .. } => "200 booked".to_owned(),
            Self::Cancelled => "200 cancelled".to_owned(),
            Self::Listed { .. } => "200 listed".to_owned(),
            Self::Problem { status, kind } => format!("{status} {kind}"),
            Self::Lost { .. } => "no answer".to_owned(),
        }
    }
}

impl Operation {
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.end_us - self.begin_us)
    }

    pub fn is_booked(&self) -> bool {
        matches!(self.answer, Answer::Booked { .. })
    }
}

/// Shared by all clients of a run.
pub struct History {
    start: Instant,
    written: Mutex<Written>,
}

struct Written {
    file: BufWriter<File>,
    operations: Vec<Operation>,
    faults: Vec<Fault>,
}

impl History {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self {
            start: Instant::now(),
            written: Mutex::new(Written {
                file: BufWriter::new(file),
                operations: Vec::new(),
                faults: Vec::new(),
            }),
        })
    }

    pub fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros())
            .expect("a run is shorter than 500,000 years")
    }

    pub fn record(&self, operation: Operation) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&operation).context("encode an operation")?;
        line.push(b'\n');
        // a poisoned lock: another client panicked between two pushes, and what is there is whole
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.file.write_all(&line).context("write the history")?;
        written.operations.push(operation);
        Ok(())
    }

    pub fn begin_fault(&self, nemesis: &str, target: &str) -> anyhow::Result<FaultId> {
        let begin_us = self.now_us();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.faults.push(Fault {
            nemesis: nemesis.to_owned(),
            target: target.to_owned(),
            begin_us,
            end_us: None,
        });
        Ok(FaultId(written.faults.len() - 1))
    }

    pub fn end_fault(&self, id: FaultId) -> anyhow::Result<()> {
        let end_us = self.now_us();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = written
            .faults
            .get_mut(id.0)
            .with_context(|| format!("fault {} was never begun in this history", id.0))?;
        fault.end_us = Some(end_us);
        Ok(())
    }

    pub fn faults(&self) -> Vec<Fault> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.faults.clone()
    }

    /// All operations so far, with the file brought up to date.
    pub fn operations(&self) -> anyhow::Result<Vec<Operation>> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.file.flush().context("write the history")?;
        Ok(written.operations.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, kind: &str) -> Answer {
        Answer::Problem {
            status,
            kind: kind.to_owned(),
        }
    }

    #[test]
    fn only_what_the_contract_calls_definite_is() {
        assert_eq!(problem(409, "seat-taken").meaning(), Meaning::Refused);
        assert_eq!(problem(409, "seat-busy").meaning(), Meaning::NothingBegun);
        assert_eq!(problem(409, "still-running").meaning(), Meaning::Open);
        assert_eq!(problem(504, "outcome-unknown").meaning(), Meaning::Open);
        assert_eq!(problem(500, "internal").meaning(), Meaning::Open);
    }

    #[test]
    fn an_operation_is_one_line() {
        let operation = Operation {
            client: 3,
            node: "a".into(),
            begin_us: 5,
            end_us: 9,
            request: Request::Book {
                user: Uuid::nil(),
                key: "k".to_owned(),
                seats: vec![Seat {
                    company: "b".into(),
                    route: 7,
                    number: 1,
                    id: 7169,
                }],
            },
            answer: problem(409, "seat-taken"),
        };
        assert_eq!(
            serde_json::to_string(&operation).unwrap(),
            r#"{"client":3,"node":"a","begin_us":5,"end_us":9,"request":"book","user":"00000000-0000-0000-0000-000000000000","key":"k","seats":[{"company":"b","route":7,"number":1,"id":7169}],"answer":"problem","status":409,"kind":"seat-taken"}"#
        );
    }
}
