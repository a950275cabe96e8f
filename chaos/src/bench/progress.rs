//! How far a benchmark is: one bar on a terminal, a line for each step elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const REDRAWN_EACH: Duration = Duration::from_millis(500);

/// Is gone from the terminal when it is dropped.
pub struct Progress {
    bar: ProgressBar,
    terminal: bool,
}

impl Progress {
    pub fn new(steps: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed:>5} {msg}");
        let bar = match terminal {
            true => {
                ProgressBar::new(steps as u64).with_style(style.expect("the template is sound"))
            }
            false => ProgressBar::hidden(),
        };
        bar.set_length(steps as u64);
        if terminal {
            bar.enable_steady_tick(REDRAWN_EACH);
        }
        Self { bar, terminal }
    }

    /// The step before is done, and this one begins.
    pub fn next(&self, what: &str) {
        self.bar.inc(1);
        self.bar.set_message(what.to_owned());
        if !self.terminal {
            let (step, steps) = (self.bar.position(), self.bar.length().unwrap_or_default());
            eprintln!("{step}/{steps} {what}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
