//! What can be wrong with a schedule, said so that a person can mend the file: file, line, column, what was expected.
//!
//! Invariant: however many lines are bad, at most [`BAD_LINES_LISTED`] are kept; all are counted.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Bad lines that are kept to be shown.
pub const BAD_LINES_LISTED: usize = 50;
/// Characters of a wrong text that are shown.
const FOUND_CHARS_MAX: usize = 40;

/// Where in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// First and last column, from 1, as the standard counts them.
    Columns(usize, usize),
    /// A column of a CSV file by its name.
    Field(&'static str),
    Line,
}

/// What is wrong with a line that the reader has in its hand; the reader knows which line it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub place: Place,
    pub expected: String,
    pub found: String,
}

impl Fault {
    pub fn new(place: Place, expected: impl Into<String>, found: &[u8]) -> Self {
        let found = String::from_utf8_lossy(found);
        Self {
            place,
            expected: expected.into(),
            found: found.chars().take(FOUND_CHARS_MAX).collect(),
        }
    }
}

/// A file and a line in it, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub file: Arc<str>,
    pub line: u64,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A line that cannot be imported, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    pub source: Source,
    pub fault: Fault,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        match &self.fault.place {
            Place::Columns(first, last) if first == last => write!(f, "column {first}: ")?,
            Place::Columns(first, last) => write!(f, "columns {first}-{last}: ")?,
            Place::Field(name) => write!(f, "column {name}: ")?,
            Place::Line => {}
        }
        write!(
            f,
            "expected {}, found {:?}",
            self.fault.expected, self.fault.found
        )
    }
}

/// The bad lines of all files of one reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BadLines {
    /// The first of them, in the order of the files.
    pub listed: Vec<BadLine>,
    pub count: u64,
}

impl BadLines {
    pub fn push(&mut self, source: Source, fault: Fault) {
        self.count += 1;
        if self.listed.len() < BAD_LINES_LISTED {
            self.listed.push(BadLine { source, fault });
        }
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for BadLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for bad in &self.listed {
            writeln!(f, "  {bad}")?;
        }
        let unlisted = self.count - self.listed.len() as u64;
        if unlisted > 0 {
            writeln!(f, "  … and {unlisted} more")?;
        }
        Ok(())
    }
}

/// Why there is no schedule.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error(
        "{} bad line(s); nothing was imported (mend them, or leave them out with --skip-bad):\n{_0}", _0.count
    )]
    Bad(BadLines),
}

impl Error {
    pub fn file(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::File {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_says_where_and_what_and_many_stay_few() {
        let source = Source {
            file: "G3.ssim".into(),
            line: 17,
        };
        let fault = Fault::new(Place::Columns(40, 43), "a time HHMM", b"2560");
        let mut bad = BadLines::default();
        for _ in 0..BAD_LINES_LISTED + 3 {
            bad.push(source.clone(), fault.clone());
        }
        let shown = bad.to_string();
        let mut lines = shown.lines();
        assert_eq!(
            lines.next(),
            Some(r#"  G3.ssim:17: columns 40-43: expected a time HHMM, found "2560""#)
        );
        assert_eq!(lines.last(), Some("  … and 3 more"));
    }
}
