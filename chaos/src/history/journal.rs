//! The history as it grows: in memory for the checker, on disk for people, counted for whoever watches.
//!
//! Encoding and writing are a thread's own work: a client only pushes. The file has one JSON object per line, told apart by `event`:
//! `run` first, then `operation`, `fault_begins` and `fault_ends` in the order in which they were noted.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::Serialize;

use super::{Fault, Meaning, Operation, RunHeader};

/// Lines on their way to the file; a disk that falls further behind slows the clients down.
const BACKLOG: usize = 65_536;

/// Shared by all clients of a run.
pub struct History {
    start: Instant,
    /// The same by the wall clock, for whoever compares it with logs.
    started: Timestamp,
    noted: Mutex<Noted>,
}

struct Noted {
    operations: Vec<Operation>,
    faults: Vec<Fault>,
    counts: Counts,
    writer: SyncSender<Line>,
}

/// How many answers there were so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub operations: u64,
    pub booked: u64,
    pub refused: u64,
    /// It is not known what became of them.
    pub open: u64,
}

/// A fault that was noted when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultId(usize);

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Run(RunHeader),
    Operation(Operation),
    FaultBegins(Fault),
    FaultEnds(Fault),
}

enum Line {
    Event(Box<Event>),
    /// Answered when everything before it is in the file, or could not be written.
    Flush(Sender<std::io::Result<()>>),
}

impl History {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        let (writer, lines) = sync_channel(BACKLOG);
        thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || write(file, &lines))
            .context("start the writer of the history")?;
        Ok(Self {
            start: Instant::now(),
            started: Timestamp::now(),
            noted: Mutex::new(Noted {
                operations: Vec::new(),
                faults: Vec::new(),
                counts: Counts::default(),
                writer,
            }),
        })
    }

    pub fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros())
            .expect("a run is shorter than 500,000 years")
    }

    /// When its clock stood at nothing.
    pub fn start(&self) -> Timestamp {
        self.started
    }

    /// What this is the history of. To be noted first.
    pub fn describe(&self, run: RunHeader) -> anyhow::Result<()> {
        self.lock().write(Event::Run(run))
    }

    pub fn record(&self, operation: Operation) -> anyhow::Result<()> {
        let line = Event::Operation(operation.clone());
        let mut noted = self.lock();
        noted.counts.add(&operation);
        noted.operations.push(operation);
        noted.write(line)
    }

    pub fn begin_fault(&self, nemesis: &str, target: &str) -> anyhow::Result<FaultId> {
        let fault = Fault {
            nemesis: nemesis.to_owned(),
            target: target.to_owned(),
            begin_us: self.now_us(),
            end_us: None,
        };
        let mut noted = self.lock();
        noted.faults.push(fault.clone());
        let id = FaultId(noted.faults.len() - 1);
        noted.write(Event::FaultBegins(fault))?;
        Ok(id)
    }

    pub fn end_fault(&self, id: FaultId) -> anyhow::Result<()> {
        let end_us = self.now_us();
        let mut noted = self.lock();
        let Some(fault) = noted.faults.get_mut(id.0) else {
            bail!("fault {} was never begun in this history", id.0);
        };
        fault.end_us = Some(end_us);
        let fault = fault.clone();
        noted.write(Event::FaultEnds(fault))
    }

    /// In the order of their beginnings.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// All operations so far, with the file brought up to date.
    pub fn operations(&self) -> anyhow::Result<Vec<Operation>> {
        let (done, flushed) = channel();
        let operations = {
            let noted = self.lock();
            noted.send(Line::Flush(done))?;
            noted.operations.clone()
        };
        flushed
            .recv()
            .context("the writer of the history has ended")?
            .context("write the history")?;
        Ok(operations)
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        // a poisoned lock: another client panicked between two pushes, and what is there is whole
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn write(&self, event: Event) -> anyhow::Result<()> {
        self.send(Line::Event(Box::new(event)))
    }

    fn send(&self, line: Line) -> anyhow::Result<()> {
        let sent = self.writer.send(line);
        sent.map_err(|_| anyhow::anyhow!("the writer of the history has ended"))
    }
}

impl Counts {
    fn add(&mut self, operation: &Operation) {
        self.operations += 1;
        if !matches!(operation.request, super::Request::Book { .. }) {
            return;
        }
        match operation.answer.meaning() {
            Meaning::Booked(_) => self.booked += 1,
            Meaning::Refused | Meaning::NothingBegun => self.refused += 1,
            Meaning::Held(_) | Meaning::Ended | Meaning::Open => self.open += 1,
        }
    }
}

/// Until the history is dropped. The first error is told at every flush from then on: a history with a hole is none.
fn write(file: File, lines: &Receiver<Line>) {
    let mut file = BufWriter::new(file);
    let mut state = Ok(());
    for line in lines {
        match line {
            Line::Event(event) if state.is_ok() => state = write_line(&mut file, &event),
            Line::Event(_) => {}
            Line::Flush(done) => {
                if state.is_ok() {
                    state = file.flush();
                }
                let told = match &state {
                    Ok(()) => Ok(()),
                    Err(error) => Err(std::io::Error::new(error.kind(), error.to_string())),
                };
                let _ = done.send(told); // whoever asked may have given up
            }
        }
    }
}

fn write_line(file: &mut impl Write, event: &Event) -> std::io::Result<()> {
    serde_json::to_writer(&mut *file, event)?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Request};
    use super::*;

    #[test]
    fn the_file_tells_the_run_its_operations_and_its_faults() {
        let path =
            std::env::temp_dir().join(format!("passcom-history-{}", uuid::Uuid::new_v4().simple()));
        let history = History::create(&path).unwrap();
        history
            .describe(RunHeader::new(
                "mixed",
                7,
                String::new(),
                vec!["a".to_owned()],
                2,
            ))
            .unwrap();
        let fault = history.begin_fault("freeze", "a").unwrap();
        history
            .record(Operation {
                client: 0,
                node: "a".into(),
                begin_us: 1,
                end_us: 2,
                request: Request::Browse,
                answer: Answer::Listed {
                    unreachable: Vec::new(),
                },
            })
            .unwrap();
        history.end_fault(fault).unwrap();
        assert_eq!(history.operations().unwrap().len(), 1);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let events: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let kinds: Vec<_> = events.iter().map(|event| &event["event"]).collect();
        assert_eq!(kinds, ["run", "fault_begins", "operation", "fault_ends"]);
        assert_eq!(events[0]["seed"], 7);
        assert_eq!(events[1]["end_us"], serde_json::Value::Null);
        assert!(events[3]["end_us"].is_u64());
        assert!(history.end_fault(FaultId(9)).is_err());
    }

    #[test]
    fn a_history_that_could_not_be_written_is_an_error() {
        let full = History::create(Path::new("/dev/full")).unwrap();
        full.describe(RunHeader::new("mixed", 7, String::new(), Vec::new(), 2))
            .unwrap();
        assert!(full.operations().is_err());
    }
}
