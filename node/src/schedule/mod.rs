//! Schedules: what a company flies, read from files or made up, expanded into dated routes.
//!
//! ```text
//! files.rs     which files: a folder means the file of this company
//! ssim/, csv.rs   lines -> patterns, or what is wrong with them (error.rs)
//! fares.rs, equipment.rs   what the lines do not say
//! collision.rs   no two patterns make one route
//! contents.rs  what is in a schedule, and what is odd
//! remarks.rs   what is told of good files: what is not sold, what was guessed
//! dates.rs     flight dates: periods and windows of them
//! pattern.rs   a pattern -> dated routes
//! sample.rs    a network for those who have no schedule
//! ```
//!
//! Invariants: memory is proportional to the lines of the files, not to the dated routes; no two routes of a schedule have
//! one id.

mod collision;
mod contents;
mod csv;
mod dates;
mod equipment;
mod error;
mod fares;
mod files;
mod pattern;
mod remarks;
mod sample;
mod ssim;

use std::collections::BTreeMap;
use std::path::PathBuf;

use passcom_actors::catalogue::Route;
use passcom_actors::domain::ids::CompanyId;

pub use self::contents::{Contents, Oddity};
pub use self::dates::{WINDOW_DAYS_MAX, Window};
pub use self::error::{BAD_LINES_LISTED, BadLine, BadLines, Error, Fault, Place, Source};
use self::pattern::Pattern;
pub use self::remarks::{Remarks, Unsold, UnsoldLegs};
pub use self::sample::sample;

/// Most lines with legs of one reading: some 200 MB.
const PATTERNS_MAX: usize = 500_000;

/// What to read, and how strictly.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub window: Window,
    /// Of a folder, the files of this company are taken.
    pub company: CompanyId,
    /// Lets bad lines pass instead of refusing the files: what they say of a leg is not imported.
    pub skip_bad: bool,
}

/// Legs that repeat, and the window of dates for which they are wanted.
#[derive(Debug)]
pub struct Schedule {
    patterns: Vec<Pattern>,
    window: Window,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// What was wrong with the files and was let pass.
    pub bad: BadLines,
    /// What is told once of the good lines.
    pub remarks: Remarks,
}

impl Schedule {
    /// Every dated leg of the window.
    pub fn routes(&self) -> impl Iterator<Item = Route> + Send + '_ {
        self.patterns.iter().flat_map(|pattern| {
            let dates = pattern.period.dates(self.window);
            dates.map(|date| pattern.route(date))
        })
    }

    /// Lines with legs, whatever the window.
    pub fn legs(&self) -> usize {
        self.patterns.len()
    }

    /// How many dated legs the window has, without making them.
    pub fn dated_legs(&self) -> u64 {
        let dated = |pattern: &Pattern| pattern.period.dates(self.window).count() as u64;
        self.patterns.iter().map(dated).sum()
    }

    pub fn window(&self) -> Window {
        self.window
    }
}

/// What the readers of the formats hand over.
#[derive(Debug, Default)]
struct Findings {
    patterns: Vec<Pattern>,
    bad: BadLines,
    remarks: Remarks,
}

impl Findings {
    fn add(&mut self, pattern: Pattern) {
        if self.patterns.len() < PATTERNS_MAX {
            self.patterns.push(pattern);
            return;
        }
        let expected = format!("at most {PATTERNS_MAX} legs in one import");
        let fault = Fault::new(Place::Line, expected, b"one more");
        self.bad.push(pattern.source, fault);
    }
}

/// The files of each airline among these files and folders.
pub fn carriers(paths: &[PathBuf]) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    files::carriers(paths)
}

/// Reads the schedules in these files and folders.
pub fn read(paths: &[PathBuf], options: &Options) -> Result<Schedule, Error> {
    let files = files::choose(paths, options.company)?;
    let mut findings = Findings::default();
    for file in &files {
        files::read(file, &mut findings)?;
    }
    let Findings {
        patterns,
        mut bad,
        remarks,
    } = findings;
    let patterns = collision::without_collisions(patterns, &mut bad);
    if !bad.is_empty() && !options.skip_bad {
        return Err(Error::Bad(bad));
    }
    Ok(Schedule {
        patterns,
        window: options.window,
        files,
        bad,
        remarks,
    })
}

#[cfg(test)]
mod tests;
