//! What a cluster has to bear.
//!
//! * [`Nemesis`]: the list, with what each does;
//! * [`draw`]: who strikes whom, and for how long, from a seed;
//! * [`strike`]: one blow: what is done, how long it lasts, how it is undone.
//!
//! A blow leaves the cluster with everything running again, though not yet well.

use std::fmt;
use std::ops::RangeInclusive;

use clap::ValueEnum;
use serde::Deserialize;

pub mod company_gone;
pub mod draw;
pub mod strike;

pub use draw::{Blow, Deck, Target};
pub use strike::Arena;

use crate::cluster::Needs;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nemesis {
    KillNode,
    KillAll,
    Freeze,
    Nap,
    Cut,
    OneWayCut,
    Delay,
    Throttle,
    Truncate,
    HalfOpen,
    Isolate,
    RedisKill,
    RedisFlush,
    RedisSleep,
    RedisLies,
    PostgresStop,
    PostgresKill,
    DiskFull,
    Clock,
    CompanyGone,
}

/// What a nemesis strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Cluster,
    Company,
    Link,
    Redis,
}

/// How long a blow may be told to last, in seconds.
pub const LASTS_MAX: f64 = 120.0;

impl Nemesis {
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::KillNode => "kill -9 of a node, which starts again at once",
            Self::KillAll => "kill -9 of all nodes at once",
            Self::Freeze => {
                "a node stands still (SIGSTOP) longer than a lease, then goes on where it was"
            }
            Self::Nap => {
                "a node stands still for moments, shorter and longer than its peers take to notice"
            }
            Self::Cut => "the link between two companies is closed and stays closed",
            Self::OneWayCut => {
                "nothing gets through between two companies one way; it arrives later"
            }
            Self::Delay => "everything between two companies takes longer, with jitter",
            Self::Throttle => "a few kilobytes a second between two companies",
            Self::Truncate => "connections between two companies end in the middle of a message",
            Self::HalfOpen => "connections between two companies are accepted, and never answered",
            Self::Isolate => "a company is cut off from all others",
            Self::RedisKill => "kill -9 of Redis, which comes back empty",
            Self::RedisFlush => "Redis forgets all leases and tokens, again and again",
            Self::RedisSleep => "Redis stands still (SIGSTOP)",
            Self::RedisLies => {
                "Redis grants everything with the same, old or absurd tokens, or grants nothing"
            }
            Self::PostgresStop => {
                "immediate stop of a company's PostgreSQL, which is started again later"
            }
            Self::PostgresKill => "kill -9 of a company's PostgreSQL with all its processes",
            Self::DiskFull => "no room is left on the disk of a company's database",
            Self::Clock => "the wall clock of a node jumps, by seconds or hours, and later back",
            Self::CompanyGone => {
                "node and PostgreSQL of a company are gone; the others are watched; it comes back"
            }
        }
    }

    /// How long a blow lasts unless a scenario says otherwise, in seconds.
    pub fn lasts(self) -> RangeInclusive<f64> {
        match self {
            Self::KillNode | Self::KillAll => 0.0..=0.0,
            Self::Freeze => 32.0..=38.0,
            Self::Nap => 0.5..=8.0,
            Self::Cut | Self::OneWayCut | Self::HalfOpen | Self::Isolate => 2.0..=15.0,
            Self::Delay | Self::Throttle | Self::Truncate => 5.0..=15.0,
            Self::RedisKill | Self::RedisSleep => 1.0..=10.0,
            Self::RedisFlush => 1.0..=5.0,
            Self::RedisLies => 5.0..=15.0,
            Self::PostgresStop | Self::PostgresKill => 0.0..=10.0,
            Self::DiskFull => 5.0..=15.0,
            Self::Clock => 5.0..=15.0,
            Self::CompanyGone => 11.0..=12.0,
        }
    }

    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::KillAll => Scope::Cluster,
            Self::Cut
            | Self::OneWayCut
            | Self::Delay
            | Self::Throttle
            | Self::Truncate
            | Self::HalfOpen => Scope::Link,
            Self::RedisKill | Self::RedisFlush | Self::RedisSleep | Self::RedisLies => Scope::Redis,
            Self::KillNode
            | Self::Freeze
            | Self::Nap
            | Self::Isolate
            | Self::PostgresStop
            | Self::PostgresKill
            | Self::DiskFull
            | Self::Clock
            | Self::CompanyGone => Scope::Company,
        }
    }

    pub fn needs(self) -> Needs {
        Needs {
            clocks: self == Self::Clock,
            small_disks: self == Self::DiskFull,
        }
    }
}

impl fmt::Display for Nemesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
