//! `chaos bench`: how fast the product is on this machine, told in units by which machines can be compared.
//!
//! * [`plan`]: what is to be measured;
//! * [`pg32`]: the unit; [`meter`]: what a booking costs; [`latency`]: how long it takes;
//! * [`bed`]: a cluster that is ready to be measured, [`seats`] that are free in it, a made-up [`schedule`] of any size;
//! * [`load`]: clients that wait for their answers; [`open_loop`]: a load that waits for nobody; both send [`requests`] as bytes over
//!   a [`connection`] that costs little;
//! * [`bookings`], [`overload`], [`growth`]: what is measured;
//! * [`sheets`]: the report as tables, as [`text`] and as a [`page`].
//!
//! Nothing of ours lies between the parts of the cluster, and the load runs on one thread, so that the machine is the product's.

pub mod bed;
pub mod bookings;
mod connection;
pub mod growth;
pub mod latency;
mod load;
pub mod meter;
mod open_loop;
pub mod overload;
pub mod page;
pub mod pg32;
pub mod plan;
mod progress;
mod requests;
mod schedule;
mod seats;
mod sheets;
mod text;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use jiff::Zoned;
use serde::Serialize;
use uuid::Uuid;

use crate::cluster::Options;
use bed::Bed;
use bookings::{Row, Shape, What};
use growth::Growth;
use overload::Overload;
use pg32::Pg32;
use plan::{Group, Plan, turns};
use progress::Progress;

/// So many days of the sample have [`bed::Terms::routes`] by default at the company that has the fewest.
const SAMPLE_DAYS: u16 = 160;
const READERS: usize = 8;

#[derive(Debug, Serialize)]
pub struct Report {
    pub about: About,
    pub bookings: Vec<Measured<Row>>,
    pub reads: Option<Measured<Row>>,
    pub overload: Option<Measured<Overload>>,
    /// Of each size.
    pub growth: Vec<Measured<Growth>>,
    pub memory: Vec<Memory>,
}

/// What was measured, and where.
#[derive(Debug, Serialize)]
pub struct About {
    pub at: jiff::Timestamp,
    pub builds: Vec<Build>,
    /// Of each measurement.
    pub seconds: u64,
    /// Whether bookings had idempotency keys.
    pub keys: bool,
    pub cores: usize,
    /// Of the last minute, before and after: others that use the machine are measured with it.
    pub load_average: [f64; 2],
}

#[derive(Debug, Clone, Serialize)]
pub struct Build {
    pub name: &'static str,
    pub program: String,
}

/// Measurements between two of the unit.
#[derive(Debug, Serialize)]
pub struct Measured<R> {
    pub name: String,
    pub pg32_before: Pg32,
    pub pg32_after: Pg32,
    pub rows: Vec<R>,
}

/// Resident MiB of each node.
#[derive(Debug, Serialize)]
pub struct Memory {
    pub build: &'static str,
    pub at_rest: Vec<u64>,
    pub after_load: Vec<u64>,
}

pub async fn run(options: &Options, plan: &Plan) -> anyhow::Result<Report> {
    open_files()?;
    let mut report = Report {
        about: About {
            at: jiff::Timestamp::now(),
            builds: plan
                .builds(options)
                .iter()
                .map(|(name, options)| Build::new(name, options))
                .collect(),
            seconds: plan.length.as_secs(),
            keys: plan.terms.keys,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load_average: [load_average()?; 2],
        },
        bookings: Vec::new(),
        reads: None,
        overload: None,
        growth: Vec::new(),
        memory: Vec::new(),
    };
    let progress = Progress::new(plan.steps(options));
    if plan.quick || plan.groups.iter().any(|group| *group != Group::Growth) {
        measure_one_cluster(options, plan, &progress, &mut report).await?;
    }
    if plan.measures(Group::Growth) {
        measure_growth(options, plan, &progress, &mut report).await?;
    }
    report.about.load_average[1] = load_average()?;
    Ok(report)
}

/// Everything for which one cluster of each build will do.
async fn measure_one_cluster(
    options: &Options,
    plan: &Plan,
    progress: &Progress,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut options = options.clone();
    if options.schedules.is_empty() {
        options.days = options.days.or(Some(SAMPLE_DAYS));
    }
    let mut beds = Vec::new();
    for (name, options) in plan.builds(&options) {
        progress.next(&format!("a cluster: {name}"));
        beds.push((name, Bed::start(&options, plan.terms).await?));
    }
    let first = &beds.first().context("there is no build")?.1;
    let mut before = unit(first, progress).await?;
    for (name, shapes) in plan.bookings() {
        let measured = measure_shapes(name, &shapes, &beds, plan.length, before, progress).await?;
        before = measured.pg32_after;
        report.bookings.push(measured);
    }
    if plan.measures(Group::Reads) {
        let shapes = [What::Page, What::Search, What::SeatMap].map(|what| Shape {
            what,
            clients: READERS,
        });
        let measured =
            measure_shapes("reads", &shapes, &beds, plan.length, before, progress).await?;
        before = measured.pg32_after;
        report.reads = Some(measured);
    }
    if plan.measures(Group::Overload) {
        let seen: Vec<_> = report
            .bookings
            .iter()
            .flat_map(|measured| &measured.rows)
            .cloned()
            .collect();
        let mut rows = Vec::new();
        for (build, bed) in &beds {
            progress.next(&format!("overload, {build}"));
            rows.push(Overload::measure(bed, build, &seen, plan.length).await?);
        }
        report.overload = Some(Measured {
            name: "overload".to_owned(),
            pg32_before: before,
            pg32_after: unit(first, progress).await?,
            rows,
        });
    }
    for (build, bed) in beds {
        report.memory.push(Memory {
            build,
            at_rest: mib(&bed.memory_at_rest),
            after_load: mib(&bed.memory()?),
        });
        bed.cluster.stop().await?;
    }
    Ok(())
}

/// Two builds are measured twice each, the first one first and last: what the machine does meanwhile hits both.
async fn measure_shapes(
    name: &str,
    shapes: &[Shape],
    beds: &[(&'static str, Bed)],
    length: Duration,
    before: Pg32,
    progress: &Progress,
) -> anyhow::Result<Measured<Row>> {
    let mut rows = Vec::new();
    for shape in shapes {
        let mut samples: Vec<_> = beds.iter().map(|_| Vec::new()).collect();
        for turn in turns(beds.len()) {
            let (build, bed) = &beds[turn];
            progress.next(&format!(
                "{}, {} clients, {build}",
                shape.what.name(),
                shape.clients
            ));
            samples[turn].push(shape.measure(bed, length).await?);
        }
        rows.extend(
            beds.iter()
                .zip(samples)
                .map(|((build, _), samples)| shape.row(build, samples)),
        );
    }
    let (_, first) = beds.first().context("there is no build")?;
    let after = unit(first, progress).await?;
    rows.iter_mut()
        .for_each(|row| row.compare(Pg32::mean(before, after)));
    Ok(Measured {
        name: name.to_owned(),
        pg32_before: before,
        pg32_after: after,
        rows,
    })
}

async fn measure_growth(
    options: &Options,
    plan: &Plan,
    progress: &Progress,
    report: &mut Report,
) -> anyhow::Result<()> {
    let made_up = MadeUp::default();
    let sizes: Vec<_> = match options.schedules.is_empty() {
        true => plan.sizes.iter().copied().map(Some).collect(),
        false => vec![None],
    };
    for legs in sizes {
        let mut options = options.clone();
        if let Some(legs) = legs {
            let folder = made_up.0.join(legs.to_string());
            options.days = Some(schedule::write(&folder, legs, Zoned::now().date())?);
            options.companies = schedule::COMPANIES.map(str::to_owned).into();
            options.schedules = vec![folder];
        }
        options.keep = options
            .keep
            .map(|keep| keep.join(format!("growth-{}", report.growth.len())));
        report
            .growth
            .push(measure_size(&options, plan, progress).await?);
    }
    Ok(())
}

/// A folder for schedules, which goes with this.
struct MadeUp(PathBuf);

impl Default for MadeUp {
    fn default() -> Self {
        let name = format!("passcom-schedules-{}", Uuid::new_v4().simple());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for MadeUp {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // there is none where schedules are given
    }
}

/// One cluster after the other: they would share the machine's memory.
async fn measure_size(
    options: &Options,
    plan: &Plan,
    progress: &Progress,
) -> anyhow::Result<Measured<Growth>> {
    let (mut rows, mut units) = (Vec::new(), Vec::new());
    for (build, options) in plan.builds(options) {
        progress.next(&format!("growth, {build}"));
        let bed = Bed::start(&options, plan.terms).await?;
        units.push(unit(&bed, progress).await?);
        rows.push(Growth::measure(&bed, build, plan.length).await?);
        units.push(unit(&bed, progress).await?);
        bed.cluster.stop().await?;
    }
    for (row, units) in rows.iter_mut().zip(units.chunks(2)) {
        row.compare(Pg32::mean(units[0], units[1]));
    }
    let (first, last) = units
        .first()
        .zip(units.last())
        .context("there is no build")?;
    Ok(Measured {
        name: rows
            .first()
            .map_or_else(String::new, |row: &Growth| format!("{} legs", row.legs)),
        pg32_before: *first,
        pg32_after: *last,
        rows,
    })
}

/// At the first company's server, which is configured as all of them are.
async fn unit(bed: &Bed, progress: &Progress) -> anyhow::Result<Pg32> {
    progress.next("PG32");
    let company = bed
        .cluster
        .companies()
        .first()
        .context("there is no company")?;
    pg32::measure(&company.postgres, bed.cluster.folder()).await
}

impl Build {
    fn new(name: &'static str, options: &Options) -> Self {
        let program = options
            .passcom
            .as_ref()
            .map(|program| program.display().to_string());
        Self {
            name,
            program: program.unwrap_or_else(|| "the passcom beside this program".to_owned()),
        }
    }
}

fn mib(bytes: &[u64]) -> Vec<u64> {
    bytes.iter().map(|bytes| bytes >> 20).collect()
}

fn load_average() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").context("read the load average")?;
    let first = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    first.context("/proc/loadavg does not begin with a number")
}

/// As many as we may have: under overload each request has a connection.
fn open_files() -> anyhow::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("read the limit of open files")?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).context("raise the limit of open files")
}

#[cfg(test)]
mod tests;
