//! A run as it goes, for whoever watches: one line that is redrawn on a terminal, a line each few seconds elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::history::{Counts, Fault, History};

const REDRAWN_EACH: Duration = Duration::from_millis(500);
/// Where nobody can redraw: as often as a log can bear.
const PRINTED_EACH: Duration = Duration::from_secs(5);

/// Tells of the history until it is dropped.
pub struct Progress {
    watcher: JoinHandle<()>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `length` is the load's.
    pub fn start(history: Arc<History>, length: Duration) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(length));
        let watcher = tokio::spawn(watch(history, length, bar.clone()));
        Self { watcher, bar }
    }

    /// A line that stays, above the one that is redrawn.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.watcher.abort();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: Duration) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24} {msg}");
    ProgressBar::new(length.as_secs()).with_style(style.expect("the template is sound"))
}

async fn watch(history: Arc<History>, length: Duration, bar: Option<ProgressBar>) {
    let each = if bar.is_some() {
        REDRAWN_EACH
    } else {
        PRINTED_EACH
    };
    let mut ticks = interval(each);
    ticks.tick().await; // the first one is at once
    let mut last = (history.now_us(), history.counts());
    loop {
        ticks.tick().await;
        let now = (history.now_us(), history.counts());
        let line = line(now, last, &history.faults(), length);
        last = now;
        match &bar {
            Some(bar) => {
                bar.set_position(now.0 / 1_000_000);
                bar.set_message(line);
            }
            None => eprintln!("{line}"),
        }
    }
}

/// Microseconds of the history, and what had been counted by then.
type Moment = (u64, Counts);

fn line(
    (now_us, now): Moment,
    (last_us, last): Moment,
    faults: &[Fault],
    length: Duration,
) -> String {
    let seconds = Duration::from_micros(now_us).as_secs();
    let since = Duration::from_micros(now_us - last_us)
        .as_secs_f64()
        .max(0.001);
    let rate = (now.operations - last.operations) as f64 / since;
    let Counts {
        booked,
        refused,
        open,
        ..
    } = now;
    let mut line = format!(
        "{seconds:>4}/{} s  {rate:>5.0} ops/s  {booked} booked, {refused} refused, {open} open  {} faults",
        length.as_secs(),
        faults.len()
    );
    let current = faults.iter().filter(|fault| fault.end_us.is_none());
    for Fault {
        nemesis, target, ..
    } in current
    {
        line.push_str(&format!("  [{nemesis} {target}]"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_rate_the_answers_and_what_is_broken() {
        let counts = |operations| Counts {
            operations,
            booked: 3,
            refused: 2,
            open: 1,
        };
        let fault = |end_us| Fault {
            nemesis: "freeze".to_owned(),
            target: "b".to_owned(),
            begin_us: 1,
            end_us,
        };
        let line = line(
            (12_000_000, counts(300)),
            (10_000_000, counts(100)),
            &[fault(Some(2)), fault(None)],
            Duration::from_secs(60),
        );
        assert_eq!(
            line,
            "  12/60 s    100 ops/s  3 booked, 2 refused, 1 open  2 faults  [freeze b]"
        );
    }
}
