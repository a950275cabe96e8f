//! `chaos bench`: how fast the product is on this machine, told in units by which machines can be compared.
//!
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
use bed::{Bed, Terms};
use bookings::{Row, Shape, What};
use growth::Growth;
use overload::Overload;
use pg32::Pg32;
use progress::Progress;

/// So many days of the sample have [`Terms::routes`] by default at the company that has the fewest.
const SAMPLE_DAYS: u16 = 160;
const READERS: usize = 8;
const HOLDERS: usize = 32;

/// What is measured together, between two measurements of PG32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Group {
    /// Bookings of a seat at the company that is asked.
    Own,
    /// Bookings of a seat of each of three companies.
    Three,
    /// Holds of a seat of each of three companies, each confirmed.
    Hold,
    /// Pages of the catalogue, searches, seat maps.
    Reads,
    /// Twice the most bookings that it can do.
    Overload,
    /// Bookings and restarts with more and more legs on sale.
    Growth,
}

#[derive(Debug, Clone)]
pub struct Plan {
    /// In the order in which they are named here.
    pub groups: Vec<Group>,
    /// The three measurements that tell the most, instead.
    pub quick: bool,
    /// Of each measurement.
    pub length: Duration,
    /// One measurement each, of [`Group::Own`] and [`Group::Three`].
    pub clients: Vec<usize>,
    /// Legs on sale, of [`Group::Growth`]. Where schedules are given there is but one size: theirs.
    pub sizes: Vec<usize>,
    pub terms: Terms,
    /// Another build, to be measured in turn with the first one.
    pub against: Option<PathBuf>,
}

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

/// Which build is measured when.
fn turns(builds: usize) -> Vec<usize> {
    let there = 0..builds;
    match builds {
        1 => there.collect(),
        _ => there.clone().chain(there.rev()).collect(),
    }
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

impl Plan {
    fn measures(&self, group: Group) -> bool {
        !self.quick && self.groups.contains(&group)
    }

    fn bookings(&self) -> Vec<(&'static str, Vec<Shape>)> {
        let each = |what| {
            self.clients.iter().map(move |clients| Shape {
                what,
                clients: *clients,
            })
        };
        if self.quick {
            let shapes = [(What::Three, 1), (What::Three, 32), (What::Own, 32)];
            return vec![(
                "bookings",
                shapes.map(|(what, clients)| Shape { what, clients }).into(),
            )];
        }
        let groups = [
            (Group::Own, "own company", each(What::Own).collect()),
            (Group::Three, "three companies", each(What::Three).collect()),
            (
                Group::Hold,
                "hold and confirm",
                vec![Shape {
                    what: What::Hold,
                    clients: HOLDERS,
                }],
            ),
        ];
        let groups = groups
            .into_iter()
            .filter(|(group, ..)| self.measures(*group));
        groups.map(|(_, name, shapes)| (name, shapes)).collect()
    }

    /// Each with what it takes to start it.
    fn builds(&self, options: &Options) -> Vec<(&'static str, Options)> {
        let mut builds = vec![("this", options.clone())];
        if let Some(against) = &self.against {
            let other = Options {
                passcom: Some(against.clone()),
                keep: options.keep.as_ref().map(|keep| keep.join("against")),
                ..options.clone()
            };
            builds.push(("against", other));
        }
        builds
    }

    /// What [`Progress`] will be told.
    fn steps(&self, options: &Options) -> usize {
        let builds = self.builds(options).len();
        let turns = turns(builds).len();
        let groups = self.bookings();
        let mut shapes: usize = groups.iter().map(|(_, shapes)| shapes.len()).sum();
        let mut units = groups.len();
        if self.measures(Group::Reads) {
            shapes += 3;
            units += 1;
        }
        let mut steps = shapes * turns + units;
        if self.measures(Group::Overload) {
            steps += builds + 1;
        }
        if steps > 0 {
            steps += builds + 1;
        }
        if self.measures(Group::Growth) {
            let sizes = if options.schedules.is_empty() {
                self.sizes.len()
            } else {
                1
            };
            steps += 3 * builds * sizes;
        }
        steps
    }
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
mod tests {
    use std::collections::BTreeMap;

    use super::latency::Latency;
    use super::meter::{Costs, Cpu};
    use super::*;

    fn plan(groups: &[Group], quick: bool, against: bool) -> Plan {
        Plan {
            groups: groups.to_vec(),
            quick,
            length: Duration::from_secs(8),
            clients: vec![1, 32],
            sizes: vec![1_000, 10_000],
            terms: Terms {
                routes: 10,
                keys: true,
                seed: 1,
            },
            against: against.then(|| "old/passcom".into()),
        }
    }

    /// Of two builds.
    pub fn report() -> Report {
        let unit = |per_second| Pg32 {
            per_second,
            alone_ms: 2.0,
        };
        let latency = Latency {
            p50_ms: 10.0,
            p99_ms: 20.0,
            p999_ms: 30.0,
        };
        let row = |build, per_second| {
            let costs = Costs {
                cpu_ms: Cpu {
                    nodes: 1.0,
                    postgres: 0.5,
                    redis: 0.1,
                    load: 0.03,
                },
                table_bytes: BTreeMap::from([("leg".to_owned(), 300.0), ("log".to_owned(), 200.0)]),
                ..Costs::default()
            };
            let mut row = Row {
                what: What::Three,
                build,
                clients: 32,
                per_second,
                of_pg32: 0.0,
                latency,
                of_alone: None,
                costs,
                failed: BTreeMap::from([(504, 5)]),
            };
            row.compare(Pg32::mean(unit(1_900.0), unit(2_100.0)));
            row
        };
        let growth = Growth {
            build: "this",
            legs: 219_432,
            per_second: 450.0,
            of_pg32: 0.225,
            latency,
            failed: BTreeMap::new(),
            memory_at_rest: vec![100, 101],
            memory_after_load: vec![120, 99],
            start_s: 1.0,
            restart_s: 0.5,
            restart_after_kill_s: 0.75,
            ready_after_kill_s: 0.98,
        };
        let overload = Overload {
            build: "this",
            peak_per_second: 500.0,
            offered_per_second: 1_000.0,
            per_second: 480.0,
            of_peak: 0.96,
            done: latency,
            refused: 0.5,
            refusal: latency,
            retry_after: 1.0,
            failed: BTreeMap::new(),
            unsent: 0,
        };
        fn measured<R>(name: &str, before: Pg32, after: Pg32, rows: Vec<R>) -> Measured<R> {
            Measured {
                name: name.to_owned(),
                pg32_before: before,
                pg32_after: after,
                rows,
            }
        }
        let (before, after) = (unit(1_900.0), unit(2_100.0));
        Report {
            about: About {
                at: jiff::Timestamp::UNIX_EPOCH,
                builds: vec![Build {
                    name: "this",
                    program: "passcom".to_owned(),
                }],
                seconds: 8,
                keys: true,
                cores: 2,
                load_average: [0.5, 2.5],
            },
            bookings: vec![measured(
                "three companies",
                before,
                after,
                vec![row("this", 500.0), row("against", 400.0)],
            )],
            reads: None,
            overload: Some(measured("overload", before, after, vec![overload])),
            growth: vec![measured("219432 legs", before, after, vec![growth])],
            memory: vec![Memory {
                build: "this",
                at_rest: vec![50],
                after_load: vec![60],
            }],
        }
    }

    #[test]
    fn the_text_tells_both_builds_and_their_ratio() {
        let text = report().to_string();
        let told = [
            "0.250",
            "this ÷ against",
            "1.25",
            "5 × 504",
            "PG32: 1900/s before, 2100/s after",
            "leg 300",
            "with idempotency keys",
            "load average of the machine 0.5 before and 2.5 after",
            "96",
            "219432",
        ];
        for told in told {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    #[test]
    fn two_builds_take_turns_and_one_does_not() {
        assert_eq!(turns(1), [0]);
        assert_eq!(turns(2), [0, 1, 1, 0]);
    }

    #[test]
    fn a_quick_run_is_one_group_of_three() {
        let all = [
            Group::Own,
            Group::Three,
            Group::Hold,
            Group::Reads,
            Group::Overload,
            Group::Growth,
        ];
        let options = Options::default();
        let quick = plan(&all, true, false);
        assert_eq!(quick.bookings()[0].1.len(), 3);
        // a cluster, PG32, three shapes, PG32
        assert_eq!(quick.steps(&options), 6);
        let whole = plan(&all, false, true);
        let names: Vec<_> = whole
            .bookings()
            .iter()
            .map(|(name, shapes)| (*name, shapes.len()))
            .collect();
        assert_eq!(
            names,
            [
                ("own company", 2),
                ("three companies", 2),
                ("hold and confirm", 1)
            ]
        );
        assert_eq!(whole.steps(&options), 2 + 1 + 4 * 8 + 4 + 3 + 12);
        assert_eq!(plan(&[Group::Growth], false, false).steps(&options), 6);
    }
}
