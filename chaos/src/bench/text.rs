//! The report for eyes on a terminal.

use std::fmt;

use super::sheets::sheets;
use super::{About, Report};
use crate::report::table;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sheet in sheets(self) {
            let mut table = table(&sheet.headers);
            table.add_rows(sheet.rows);
            writeln!(f, "{}\n{table}", sheet.title)?;
            if !sheet.note.is_empty() {
                writeln!(f, "{}", sheet.note)?;
            }
            writeln!(f)?;
        }
        write!(f, "{}", self.about)
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for build in &self.builds {
            writeln!(f, "{}: {}", build.name, build.program)?;
        }
        let keys = if self.keys { "with" } else { "without" };
        let [before, after] = self.load_average;
        write!(
            f,
            "bookings {keys} idempotency keys, {} s each measurement, {} cores, load average of the machine {before} before and {after} after",
            self.seconds, self.cores
        )
    }
}
