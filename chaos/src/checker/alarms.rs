//! No alarm: nothing that the protocol calls impossible happened, and nothing panicked.
//!
//! Read from the logs, not from the counters: a node that is killed takes its counters with it.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use anyhow::Context;

use super::Violation;

/// What a node logs with every alarm.
const ALARM: &str = "the protocol says this is impossible";
/// What a node logs when a thread or task panics.
const PANIC: &str = "\"panicked\"";
/// Of each node: enough to see what is wrong.
const LINES_MAX: usize = 20;

/// The alarming lines of one node's logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alarms {
    pub company: String,
    /// The first of them.
    pub lines: Vec<String>,
    pub count: usize,
}

impl Alarms {
    /// Of the log of a node, and the one before it, where there is one.
    pub fn read(company: &str, log: &Path) -> anyhow::Result<Self> {
        let mut alarms = Self {
            company: company.to_owned(),
            ..Self::default()
        };
        let current = File::open(log).with_context(|| format!("open {}", log.display()))?;
        let older = log.with_extension("log.old");
        match File::open(&older) {
            Ok(file) => alarms
                .scan(file)
                .with_context(|| format!("read {}", older.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("open {}", older.display())),
        }
        alarms
            .scan(current)
            .with_context(|| format!("read {}", log.display()))?;
        Ok(alarms)
    }

    fn scan(&mut self, log: File) -> std::io::Result<()> {
        for line in BufReader::new(log).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            if is_alarming(&line) {
                self.count += 1;
                if self.lines.len() < LINES_MAX {
                    self.lines.push(line.into_owned());
                }
            }
        }
        Ok(())
    }
}

fn is_alarming(line: &str) -> bool {
    line.contains(ALARM) || line.contains(PANIC)
}

/// More of them than a scenario has said it causes, at any one node.
pub fn check(logs: &[Alarms], allowed: usize) -> Vec<Violation> {
    let loud = logs.iter().filter(|log| log.count > allowed);
    loud.flat_map(|log| {
        let Alarms {
            company,
            lines,
            count,
        } = log;
        lines.iter().map(move |line| {
            let what = format!("one of {count} alarms of the node of {company}: {line}");
            Violation::new("alarm", what)
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(count: usize) -> Alarms {
        Alarms {
            company: "a".to_owned(),
            lines: vec!["two values chosen".to_owned(); count],
            count,
        }
    }

    #[test]
    fn an_alarm_is_found_unless_it_was_announced() {
        assert_eq!(check(&[log(0)], 0), []);
        assert_eq!(check(&[log(0), log(1)], 0).len(), 1);
        assert_eq!(check(&[log(1)], 1), []);
    }

    #[test]
    fn alarms_and_panics_are_found_in_logs_old_and_new() {
        let folder =
            std::env::temp_dir().join(format!("passcom-logs-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).unwrap();
        let log = folder.join("node.log");
        let calm = r#"{"level":"WARN","message":"a peer is away"}"#;
        let alarm = format!(r#"{{"level":"ERROR","message":"{ALARM}","alarm":"x"}}"#);
        let panic = r#"{"level":"ERROR","message":"panicked","location":"x.rs:1"}"#;
        std::fs::write(&log, format!("{calm}\n{panic}\n")).unwrap();
        std::fs::write(folder.join("node.log.old"), format!("{alarm}\n{calm}")).unwrap();
        let found = Alarms::read("a", &log).unwrap();
        let missing = Alarms::read("a", &folder.join("other.log"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.lines, [alarm, panic.to_owned()]);
        assert_eq!(found.count, 2);
        assert!(missing.is_err(), "a log that is not there says nothing");
    }
}
