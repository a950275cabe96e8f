//! `chaos bench`: how fast the product is, on this machine, told in units that other machines can be compared by.
//!
//! * [`pg32`]: the unit; [`meter`]: what a booking costs; [`latency`]: how long it takes;
//! * [`bed`]: a cluster that is ready to be measured, [`seats`] that are free in it;
//! * [`load`]: its clients, [`requests`] as bytes, over a [`connection`] that costs little;
//! * [`bookings`]: one group of measurements;
//! * [`text`]: the report for eyes.
//!
//! Nothing of ours lies between the parts of the cluster, and the load runs on one thread, so that the machine is the product's.

pub mod bed;
pub mod bookings;
mod connection;
pub mod latency;
pub mod load;
pub mod meter;
pub mod pg32;
mod progress;
mod requests;
mod seats;
mod text;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::cluster::Options;
use bed::{Bed, Terms};
use bookings::{Row, Shape};
use load::Work;
use pg32::Pg32;
use progress::Progress;

/// What is measured together, between two measurements of PG32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Bookings of one seat at the company that is asked.
    Own,
    /// Bookings of a seat of each of three companies.
    Three,
    /// Holds of a seat of each of three companies, and their confirmation.
    Hold,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub groups: Vec<Group>,
    /// A few measurements of the first two groups instead.
    pub quick: bool,
    /// Of each measurement.
    pub length: Duration,
    /// One measurement each, of own and three.
    pub clients: Vec<usize>,
    pub terms: Terms,
    /// Another build, to be measured in turn with the first one.
    pub against: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub about: About,
    pub bookings: Vec<Measured<Row>>,
    pub memory: Vec<Memory>,
}

/// What was measured, and where.
#[derive(Debug, Serialize)]
pub struct About {
    pub at: jiff::Timestamp,
    pub cores: usize,
    /// Of the last minute, before and after.
    pub load_average: [f64; 2],
    /// Names and programs.
    pub builds: Vec<(&'static str, String)>,
    pub seconds: u64,
    pub keys: bool,
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
    let load_before = load_average()?;
    let groups = plan.bookings();
    let shapes: usize = groups.iter().map(|(_, shapes)| shapes.len()).sum();
    let builds = plan.builds(options);
    let progress = Progress::new(builds.len() * (1 + shapes) + groups.len() + 1);
    let mut beds = Vec::with_capacity(builds.len());
    for (name, options) in &builds {
        progress.next(&format!("a cluster of {name}"));
        beds.push((*name, Bed::start(options, plan.terms).await?));
    }
    let mut bookings = Vec::new();
    let mut unit = measure_unit(&beds, &progress).await?;
    for (name, shapes) in groups {
        let mut rows = Vec::new();
        for (turn, shape) in shapes.iter().enumerate() {
            for (build, bed) in in_turn(&beds, turn) {
                progress.next(&format!(
                    "{}, {} clients, {build}",
                    shape.what(),
                    shape.clients
                ));
                rows.push(shape.measure(bed, build, plan.length).await?);
            }
        }
        let after = measure_unit(&beds, &progress).await?;
        rows.sort_by_key(|row| {
            shapes
                .iter()
                .position(|shape| (shape.what(), shape.clients) == (row.what, row.clients))
        });
        rows.iter_mut()
            .for_each(|row| row.compare(Pg32::mean(unit, after)));
        bookings.push(Measured {
            name: name.to_owned(),
            pg32_before: unit,
            pg32_after: after,
            rows,
        });
        unit = after;
    }
    let mut memory = Vec::new();
    for (build, bed) in beds {
        memory.push(Memory {
            build,
            at_rest: mib(&bed.memory_at_rest),
            after_load: mib(&bed.memory()?),
        });
        bed.cluster.stop().await?;
    }
    let program = |options: &Options| match &options.passcom {
        Some(path) => path.display().to_string(),
        None => "passcom beside this program".to_owned(),
    };
    Ok(Report {
        about: About {
            at: jiff::Timestamp::now(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load_average: [load_before, load_average()?],
            builds: builds
                .iter()
                .map(|(name, options)| (*name, program(options)))
                .collect(),
            seconds: plan.length.as_secs(),
            keys: plan.terms.keys,
        },
        bookings,
        memory,
    })
}

impl Plan {
    fn bookings(&self) -> Vec<(&'static str, Vec<Shape>)> {
        let shape = |work: &Work, clients| Shape {
            work: work.clone(),
            clients,
        };
        if self.quick {
            let shapes = [(Work::All, 1), (Work::All, 32), (Work::Own, 32)];
            return vec![(
                "bookings",
                shapes
                    .iter()
                    .map(|(work, clients)| shape(work, *clients))
                    .collect(),
            )];
        }
        let each = |work: Work| {
            self.clients
                .iter()
                .map(|clients| shape(&work, *clients))
                .collect()
        };
        let groups = self.groups.iter().map(|group| match group {
            Group::Own => ("own company", each(Work::Own)),
            Group::Three => ("three companies", each(Work::All)),
            Group::Hold => ("hold + confirm", vec![shape(&Work::Hold, 32)]),
        });
        groups.collect()
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
}

/// Whoever was first is last the next time.
fn in_turn<'a>(
    beds: &'a [(&'static str, Bed)],
    turn: usize,
) -> impl Iterator<Item = (&'static str, &'a Bed)> {
    let count = beds.len();
    (0..count).map(move |n| {
        let (name, bed) = &beds[if turn % 2 == 0 { n } else { count - 1 - n }];
        (*name, bed)
    })
}

/// At the first company's server, which is configured as all of them are.
async fn measure_unit(beds: &[(&'static str, Bed)], progress: &Progress) -> anyhow::Result<Pg32> {
    progress.next("PG32");
    let (_, bed) = beds.first().context("there is no cluster")?;
    let company = bed
        .cluster
        .companies()
        .first()
        .context("there is no company")?;
    pg32::measure(&company.postgres, &bed.folder()).await
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
