//! Log lines that anybody can cause: some of each second are written, of the others their number. A log that whoever floods
//! a node can fill is one in which nothing is found.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

/// Lines of a second.
const LINES_MAX: u32 = 10;

/// What is written of one kind of line, and what is left out.
pub struct Gathered {
    begun: Instant,
    /// The second that is counted.
    second: AtomicU64,
    lines: AtomicU32,
    left_out: AtomicU32,
}

impl Default for Gathered {
    fn default() -> Self {
        Self::new()
    }
}

impl Gathered {
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            second: AtomicU64::new(0),
            lines: AtomicU32::new(0),
            left_out: AtomicU32::new(0),
        }
    }

    /// Whether this line is written; if so, how many were not since the last one that was.
    pub fn next(&self) -> Option<u32> {
        self.next_at(self.begun.elapsed().as_secs())
    }

    fn next_at(&self, second: u64) -> Option<u32> {
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.lines.store(0, Ordering::Relaxed);
        }
        if self.lines.fetch_add(1, Ordering::Relaxed) < LINES_MAX {
            return Some(self.left_out.swap(0, Ordering::Relaxed));
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_lines_of_a_second_are_written_and_the_others_counted() {
        let gathered = Gathered::new();
        let written = (0..1_000).filter(|_| gathered.next_at(7).is_some());
        assert_eq!(written.count(), LINES_MAX as usize);
        assert_eq!(gathered.next_at(8), Some(1_000 - LINES_MAX));
        assert_eq!(gathered.next_at(8), Some(0));
    }
}
