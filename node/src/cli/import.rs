//! `passcom import`: makes a company's routes what schedule files say, or shows what that would change.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use passcom_actors::domain::ids::CompanyId;
use passcom_sql::Address;
use passcom_sql::schedule_store::{self, Error, Lacking, Report, Scope, TICKETS_LISTED};
use serde::Serialize;

use crate::config::Config;
use crate::migration;
use crate::schedule::{self, Options, Remarks, Schedule, Window};

/// A season and the next one.
pub const DAYS_DEFAULT: u32 = 365;
/// Whose today it is when no date is given.
const HOME_ZONE: &str = "America/Sao_Paulo";

const CSV_HELP: &str = "\
CSV files begin with a line that names their columns: flight, origin, destination, date, departs, arrives; and, where wanted, \
until, days, leg, seats, price, currency, equipment. Fields are separated by commas, or by semicolons; then a price may have a decimal comma.
Dates are 2026-10-25, days 12345 (1 = Monday), times 08:15, local at the airport, or 08:15-03:00. What has no price gets one by \
distance.";

/// Imports schedules (IATA SSIM chapter 7, or CSV) as the routes of a company.
#[derive(Debug, clap::Args)]
#[command(after_help = CSV_HELP)]
pub struct Args {
    /// Configuration of the cluster
    #[arg(long, value_name = "PATH")]
    pub config: PathBuf,
    /// Company whose routes these are
    #[arg(long, value_name = "CODE")]
    pub company: CompanyId,
    /// First flight date [default: today in São Paulo]
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Number of flight dates
    #[arg(long, value_name = "N", default_value_t = DAYS_DEFAULT)]
    pub days: u32,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The files are a change, and not all that flies on these dates: what they lack stays on sale
    #[arg(long, conflicts_with = "sample")]
    pub merge: bool,
    /// Withdraw what the files lack even if it is more than a tenth of what is on sale on these dates; audited
    #[arg(long, conflicts_with_all = ["merge", "sample"])]
    pub force: bool,
    /// Leave bad lines out instead of refusing the files
    #[arg(long)]
    pub skip_bad: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Schedules; of a folder, the files with this company's airline designator
    #[arg(value_name = "FILE", required_unless_present = "sample")]
    pub files: Vec<PathBuf>,
    /// The made-up network that comes with PassCom, instead of files; does nothing where other flights are on sale
    #[arg(long, conflicts_with = "files")]
    pub sample: bool,
}

/// Imports, and tells what came of it.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    match import(args).await? {
        Done::Imported(summary) if args.json => {
            println!("{}", serde_json::to_string(&summary)?);
        }
        Done::Imported(summary) => print!("{summary}"),
        Done::LeftAlone(company) if args.json => {
            let left_alone = serde_json::json!({"company": company, "left_alone": true});
            println!("{left_alone}");
        }
        left_alone @ Done::LeftAlone(_) => println!("{}", left_alone.headline()),
    }
    Ok(())
}

/// What became of an import.
pub enum Done {
    Imported(Box<Summary>),
    /// The company sells other flights, and the sample was not put beside them.
    LeftAlone(CompanyId),
}

impl Done {
    /// One line.
    pub fn headline(&self) -> String {
        match self {
            Self::Imported(summary) => summary.headline(),
            Self::LeftAlone(company) => {
                format!("{company} sells other flights than the sample: they are left as they are")
            }
        }
    }
}

/// Imports into the database of the company.
pub async fn import(args: &Args) -> anyhow::Result<Done> {
    let started = Instant::now();
    let config = Config::load(&args.config)?;
    let company = config.company(args.company)?;
    let address = config.database(company)?;
    let options = options(args)?;
    let companies: Vec<CompanyId> = config.members().collect();
    let (paths, sample) = (args.files.clone(), args.sample);
    let read = move || match sample {
        true => schedule::sample(options.company, &companies, options.window)
            .map_err(anyhow::Error::msg),
        false => Ok(schedule::read(&paths, &options)?),
    };
    let schedule = tokio::task::spawn_blocking(read)
        .await
        .context("read the schedules")??;
    let window = schedule.window();
    // it would take every route off sale, which nobody means who gives files
    ensure!(
        schedule.dated_legs() > 0,
        "no leg of these files is flown from {} to {}; nothing was imported",
        window.from(),
        window.last()
    );
    migration::ensure(&config, company).await?;
    Ok(match store(&schedule, &address, args).await? {
        Some(report) => {
            let summary = Summary::new(args, &schedule, report, started.elapsed());
            Done::Imported(Box::new(summary))
        }
        None => Done::LeftAlone(args.company),
    })
}

fn options(args: &Args) -> anyhow::Result<Options> {
    let from = match args.from {
        Some(date) => date,
        None => today()?,
    };
    let window = Window::new(from, args.days).map_err(|reason| anyhow::anyhow!("{reason}"))?;
    Ok(Options {
        window,
        company: args.company,
        skip_bad: args.skip_bad,
    })
}

/// Today in São Paulo.
pub fn today() -> anyhow::Result<Date> {
    let zone = TimeZone::get(HOME_ZONE).context("find the zone of São Paulo")?;
    Ok(Timestamp::now().to_zoned(zone).date())
}

/// Nothing if the sample found other flights on sale.
async fn store(
    schedule: &Schedule,
    address: &Address,
    args: &Args,
) -> anyhow::Result<Option<Report>> {
    let window = schedule.window();
    let dated_legs = schedule.dated_legs();
    let scope = Scope {
        ids: window.route_ids(),
        lacking: match (args.merge, args.force || args.sample) {
            (true, _) => Lacking::Stay,
            (false, false) => Lacking::Withdrawn,
            (false, true) => Lacking::WithdrawnByForce,
        },
        dry_run: args.dry_run,
        alone: args.sample,
    };
    let mut client = schedule_store::connect(address)
        .await
        .with_context(|| format!("the database of company {}", args.company))?;
    let bar = progress_bar(dated_legs);
    let report = schedule_store::import(&mut client, schedule.routes(), &scope, |sent| {
        bar.set_position(sent);
    })
    .await;
    bar.finish_and_clear();
    match report {
        Err(Error::SellsOthers) => Ok(None),
        report => report
            .map(Some)
            .with_context(|| format!("import the routes of company {}", args.company)),
    }
}

/// Draws on a terminal only; elsewhere it is silent.
fn progress_bar(routes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} routes, {eta} left")
        .expect("the template is a constant that the tests run");
    ProgressBar::new(routes).with_style(style)
}

/// What is told at the end.
#[derive(Debug, Serialize)]
pub struct Summary {
    company: CompanyId,
    from: String,
    until: String,
    dry_run: bool,
    /// As a change to what is on sale, or as all that is.
    merge: bool,
    files: Vec<PathBuf>,
    /// Lines with legs that are sold.
    legs: usize,
    #[serde(flatten)]
    remarks: Remarks,
    bad_lines: u64,
    /// The first of them.
    bad_lines_listed: Vec<String>,
    seconds: f64,
    #[serde(flatten)]
    report: Report,
}

impl Summary {
    /// One line.
    pub fn headline(&self) -> String {
        let routes = self.report.added + self.report.changed + self.report.unchanged;
        format!(
            "{}, {} to {}: {routes} dated legs of {} lines, {} seats, {:.1} s",
            self.company, self.from, self.until, self.legs, self.report.seats, self.seconds
        )
    }

    fn new(args: &Args, schedule: &Schedule, report: Report, took: Duration) -> Self {
        let window = schedule.window();
        Self {
            company: args.company,
            from: window.from().to_string(),
            until: window.last().to_string(),
            dry_run: args.dry_run,
            merge: args.merge,
            files: schedule.files.clone(),
            legs: schedule.legs(),
            remarks: schedule.remarks.clone(),
            bad_lines: schedule.bad.count,
            bad_lines_listed: schedule
                .bad
                .listed
                .iter()
                .map(ToString::to_string)
                .collect(),
            seconds: took.as_secs_f64(),
            report,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        writeln!(f, "{}", self.headline())?;
        writeln!(
            f,
            "{} added, {} changed, {} withdrawn, {} unchanged{}",
            report.added,
            report.changed,
            report.withdrawn,
            report.unchanged,
            if self.dry_run {
                " (dry run: nothing was written)"
            } else {
                ""
            }
        )?;
        if report.withdraws_much && self.dry_run {
            writeln!(
                f,
                "{} of the {} flights on sale on these dates would be withdrawn: that needs --force, unless --merge is meant",
                report.withdrawn, report.on_sale_before
            )?;
        }
        let touched = &report.touched;
        if touched.tickets > 0 {
            writeln!(
                f,
                "{} tickets or bookings under way have {} seats on flights that are changed or withdrawn ({} seats on withdrawn ones):",
                touched.tickets, touched.seats, touched.seats_withdrawn
            )?;
            if touched.seats_lost > 0 {
                writeln!(
                    f,
                    "  {} of the seats are not in the new aircraft: their owners are given others",
                    touched.seats_lost
                )?;
            }
            for ticket in &touched.listed {
                writeln!(f, "  {ticket}")?;
            }
            if touched.listed.len() as i64 == TICKETS_LISTED {
                writeln!(f, "  … the first {TICKETS_LISTED} by departure")?;
            }
        }
        for change in &report.examples {
            writeln!(f, "  {change}")?;
        }
        let unshown = report.changed.saturating_sub(report.examples.len() as u64);
        if unshown > 0 {
            writeln!(f, "  … and {unshown} more changed")?;
        }
        write!(f, "{}", self.remarks)?;
        if self.bad_lines > 0 {
            writeln!(f, "{} bad lines were let pass:", self.bad_lines)?;
            for line in &self.bad_lines_listed {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}
