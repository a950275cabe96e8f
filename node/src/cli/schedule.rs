//! `passcom schedule check`: what is in schedule files and what an import would make of them. Needs no cluster and no database.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::PathBuf;

use anyhow::{Context, bail};
use jiff::civil::Date;
use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;

use super::import::{DAYS_DEFAULT, today};
use super::table;
use crate::schedule::{self, Contents, Options, Remarks, Window};

/// Looks at schedules without importing them.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what is in schedules, what of it would be sold, what not and why, and what is odd
    Check(CheckArgs),
}

/// What to look at.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// First flight date [default: today in São Paulo]
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Number of flight dates
    #[arg(long, value_name = "N", default_value_t = DAYS_DEFAULT)]
    pub days: u32,
    /// Print one JSON array, with an object for each company
    #[arg(long)]
    pub json: bool,
    /// Schedules; of a folder, every schedule in it
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Prints the findings; fails if an import would refuse one of the files.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let Command::Check(args) = &args.command;
    let found = check(args)?;
    if args.json {
        println!("{}", serde_json::to_string(&found)?);
    } else {
        for one in &found {
            print!("{one}");
        }
    }
    let bad: u64 = found.iter().map(|one| one.bad_lines).sum();
    if bad > 0 {
        bail!(
            "{bad} bad lines: an import refuses them (mend them, or leave them out with --skip-bad)"
        );
    }
    Ok(())
}

/// One finding for each airline of the files.
pub fn check(args: &CheckArgs) -> anyhow::Result<Vec<Finding>> {
    let from = args.from.map_or_else(today, Ok)?;
    let window = Window::new(from, args.days).map_err(anyhow::Error::msg)?;
    let carriers = schedule::carriers(&args.files)?;
    if carriers.is_empty() {
        bail!("there is no schedule in these folders");
    }
    let finding = |(carrier, files): (String, Vec<PathBuf>)| {
        let company: CompanyId = carrier
            .parse()
            .map_err(|reason| anyhow::anyhow!("airline {carrier}: {reason}"))?;
        let options = Options {
            window,
            company,
            skip_bad: true,
        };
        let schedule = schedule::read(&files, &options)
            .with_context(|| format!("read the schedules of {carrier}"))?;
        Ok(Finding {
            company,
            from: window.from(),
            until: window.last(),
            contents: Contents::of(&schedule),
            remarks: schedule.remarks,
            bad_lines: schedule.bad.count,
            bad_lines_listed: schedule
                .bad
                .listed
                .iter()
                .map(ToString::to_string)
                .collect(),
            files: schedule.files,
        })
    };
    carriers.into_iter().map(finding).collect()
}

/// What is in the files of one airline.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub company: CompanyId,
    pub files: Vec<PathBuf>,
    /// The dates that were looked at.
    pub from: Date,
    pub until: Date,
    #[serde(flatten)]
    pub contents: Contents,
    #[serde(flatten)]
    pub remarks: Remarks,
    pub bad_lines: u64,
    /// The first of them.
    pub bad_lines_listed: Vec<String>,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contents = &self.contents;
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let period = contents.period.map_or_else(
            || "none".to_owned(),
            |(first, last)| format!("{first} to {last}"),
        );
        let mut rows = table(["company", &self.company.to_string()]);
        rows.add_row(["files", &files.join("\n")]);
        rows.add_row([
            "airlines",
            &counts(contents.carriers.iter().map(|carrier| (carrier, None))),
        ]);
        rows.add_row(["flies", &period]);
        rows.add_row(["lines to sell", &contents.legs.to_string()]);
        rows.add_row([
            format!("on sale from {} to {}", self.from, self.until),
            format!(
                "{} flight legs, {} seats",
                contents.dated_legs, contents.seats
            ),
        ]);
        rows.add_row([
            "routes, airports",
            &format!("{}, {}", contents.routes, contents.airports),
        ]);
        rows.add_row(["aircraft (lines)", &numbers(&contents.aircraft)]);
        rows.add_row(["currency (lines)", &numbers(&contents.currencies)]);
        writeln!(f, "{rows}")?;
        write!(f, "{}", self.remarks)?;
        for oddity in &contents.odd {
            writeln!(f, "odd: {oddity}")?;
        }
        if self.bad_lines > 0 {
            writeln!(f, "{} bad lines:", self.bad_lines)?;
            for line in &self.bad_lines_listed {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

fn numbers(counted: &BTreeMap<String, u64>) -> String {
    counts(counted.iter().map(|(name, count)| (name, Some(*count))))
}

/// `738 (12), E95 (3)`; a name that is empty is not told in the file.
fn counts<'a>(counted: impl Iterator<Item = (&'a String, Option<u64>)>) -> String {
    let words = counted.map(|(name, count)| {
        let name = if name.is_empty() { "not told" } else { name };
        match count {
            Some(count) => format!("{name} ({count})"),
            None => name.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}
