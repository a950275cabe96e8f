//! What is to be measured, in which order.

use std::path::PathBuf;
use std::time::Duration;

use super::bed::Terms;
use super::bookings::{Shape, What};
use crate::cluster::Options;

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

impl Plan {
    pub fn measures(&self, group: Group) -> bool {
        !self.quick && self.groups.contains(&group)
    }

    pub fn bookings(&self) -> Vec<(&'static str, Vec<Shape>)> {
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
    pub fn builds(&self, options: &Options) -> Vec<(&'static str, Options)> {
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
    pub fn steps(&self, options: &Options) -> usize {
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

/// Which build is measured when.
pub fn turns(builds: usize) -> Vec<usize> {
    let there = 0..builds;
    match builds {
        1 => there.collect(),
        _ => there.clone().chain(there.rev()).collect(),
    }
}
