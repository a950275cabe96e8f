//! What the nodes themselves have noticed. No alarm: nothing that the protocol calls impossible happened, and nothing panicked. And when a
//! node had to do without leases: what only they promise is not judged then.
//!
//! Read from the logs, not from the counters: a node that is killed takes its counters with it.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;

use super::Violation;

/// What a node logs with an alarm about what was asked for, about the log of another company, and about its own.
const ALARM: &str = "the protocol says this is impossible";
const OTHERS_LOST: &str = "a company has lost what it was seen to have";
const WE_LOST: &str = "this node serves nothing any more";
/// What a node logs when a thread or task panics.
const PANIC: &str = "\"panicked\"";
/// What a node logs when it stops asking for leases, and when it asks again.
const LEASES: &str = "lease table is ";
const LEASES_AWAY: &str = "lease table is away";
const LEASES_BACK: &str = "lease table is back";
/// Of each node: enough to see what is wrong.
const LINES_MAX: usize = 20;

/// What one node's logs say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeLog {
    pub company: String,
    /// The first alarming lines.
    pub alarms: Vec<String>,
    pub alarm_count: usize,
    /// When it was without leases; to the end of the log if it did not say that they are back.
    pub without_leases: Vec<(Timestamp, Option<Timestamp>)>,
}

#[derive(Deserialize)]
struct Line {
    timestamp: Timestamp,
}

impl NodeLog {
    /// Of the log of a node, and the one before it, where there is one.
    pub fn read(company: &str, log: &Path) -> anyhow::Result<Self> {
        let mut found = Self {
            company: company.to_owned(),
            ..Self::default()
        };
        let current = File::open(log).with_context(|| format!("open {}", log.display()))?;
        let older = log.with_extension("log.old");
        match File::open(&older) {
            Ok(file) => found
                .scan(file)
                .with_context(|| format!("read {}", older.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("open {}", older.display())),
        }
        found
            .scan(current)
            .with_context(|| format!("read {}", log.display()))?;
        Ok(found)
    }

    fn scan(&mut self, log: File) -> std::io::Result<()> {
        for line in BufReader::new(log).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            if is_alarming(&line) {
                self.alarm_count += 1;
                if self.alarms.len() < LINES_MAX {
                    self.alarms.push(line.into_owned());
                }
            } else if line.contains(LEASES)
                && let Some(at) = timestamp(&line)
            {
                self.note_leases(&line, at);
            }
        }
        Ok(())
    }

    fn note_leases(&mut self, line: &str, at: Timestamp) {
        if line.contains(LEASES_AWAY) {
            self.without_leases.push((at, None));
        } else if line.contains(LEASES_BACK)
            && let Some((_, back)) = self.without_leases.last_mut()
        {
            back.get_or_insert(at);
        }
    }
}

/// None of a line that is not whole: the node was killed over it.
fn timestamp(line: &str) -> Option<Timestamp> {
    let Line { timestamp } = serde_json::from_str(line).ok()?;
    Some(timestamp)
}

fn is_alarming(line: &str) -> bool {
    let alarms = [ALARM, OTHERS_LOST, WE_LOST, PANIC];
    alarms.iter().any(|alarm| line.contains(alarm))
}

/// More alarms than a scenario has said it causes, at any one node.
pub fn check(logs: &[NodeLog], allowed: usize) -> Vec<Violation> {
    let loud = logs.iter().filter(|log| log.alarm_count > allowed);
    loud.flat_map(|log| {
        let (company, count) = (&log.company, log.alarm_count);
        log.alarms.iter().map(move |line| {
            let what = format!("one of {count} alarms of the node of {company}: {line}");
            Violation::new("alarm", what)
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(count: usize) -> NodeLog {
        NodeLog {
            company: "a".to_owned(),
            alarms: vec!["two values chosen".to_owned(); count],
            alarm_count: count,
            ..NodeLog::default()
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
        let at = |second: u8, what: &str| {
            format!(r#"{{"timestamp":"2026-11-23T09:16:{second:02}Z","message":"{what}"}}"#)
        };
        let leases = [
            at(1, LEASES_AWAY),
            at(3, LEASES_BACK),
            at(5, LEASES_BACK),
            at(7, LEASES_AWAY),
        ];
        let leases = leases.join("\n");
        std::fs::write(&log, format!("{calm}\n{panic}\n{leases}\n")).unwrap();
        std::fs::write(folder.join("node.log.old"), format!("{alarm}\n{calm}")).unwrap();
        let found = NodeLog::read("a", &log).unwrap();
        let missing = NodeLog::read("a", &folder.join("other.log"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.alarms, [alarm, panic.to_owned()]);
        assert_eq!(found.alarm_count, 2);
        let second = |of: Timestamp| of.as_second() % 60;
        let without = found.without_leases.into_iter();
        let without: Vec<_> = without
            .map(|(from, to)| (second(from), to.map(second)))
            .collect();
        assert_eq!(without, [(1, Some(3)), (7, None)]);
        assert!(missing.is_err(), "a log that is not there says nothing");
    }
}
