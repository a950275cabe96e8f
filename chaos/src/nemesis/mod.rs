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
mod hostile;
mod restore_old_backup;
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
    RedisSlow,
    RedisLies,
    PostgresStop,
    PostgresKill,
    DiskFull,
    Clock,
    CompanyGone,
    RestoreOldBackup,
    Hostile,
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
        self.kind().2
    }

    /// How long a blow lasts unless a scenario says otherwise, in seconds.
    pub fn lasts(self) -> RangeInclusive<f64> {
        self.kind().1
    }

    pub(crate) fn scope(self) -> Scope {
        self.kind().0
    }

    /// Whom it strikes, how long, and what it is.
    #[rustfmt::skip] // a table
    fn kind(self) -> (Scope, RangeInclusive<f64>, &'static str) {
        use Scope::{Cluster, Company, Link, Redis};
        match self {
            Self::KillNode => (Company, 0.0..=0.0, "kill -9 of a node, which starts again at once"),
            Self::KillAll => (Cluster, 0.0..=0.0, "kill -9 of all nodes at once"),
            Self::Freeze => (Company, 32.0..=38.0, "a node stands still (SIGSTOP) longer than a lease, then goes on where it was"),
            Self::Nap => (Company, 0.5..=8.0, "a node stands still for less or more than its peers take to notice"),
            Self::Cut => (Link, 2.0..=15.0, "the link between two companies is closed and stays closed"),
            Self::OneWayCut => (Link, 2.0..=15.0, "nothing gets through between two companies one way; it arrives later"),
            Self::Delay => (Link, 5.0..=15.0, "everything between two companies takes longer, with jitter"),
            Self::Throttle => (Link, 5.0..=15.0, "a few kilobytes a second between two companies"),
            Self::Truncate => (Link, 5.0..=15.0, "connections between two companies end in the middle of a message"),
            Self::HalfOpen => (Link, 2.0..=15.0, "connections between two companies are accepted, and never answered"),
            Self::Isolate => (Company, 2.0..=15.0, "a company is cut off from all others"),
            Self::RedisKill => (Redis, 1.0..=10.0, "kill -9 of Redis, which comes back empty"),
            Self::RedisFlush => (Redis, 1.0..=5.0, "Redis forgets all leases and tokens, again and again"),
            Self::RedisSleep => (Redis, 1.0..=10.0, "Redis stands still (SIGSTOP)"),
            Self::RedisSlow => (Redis, 5.0..=15.0, "answers of Redis are late, often later than nodes wait"),
            Self::RedisLies => (Redis, 5.0..=15.0, "Redis grants everything, with the same, old or absurd tokens, or nothing"),
            Self::PostgresStop => (Company, 0.0..=10.0, "immediate stop of a company's PostgreSQL, which is started again"),
            Self::PostgresKill => (Company, 0.0..=10.0, "kill -9 of a company's PostgreSQL with all its processes"),
            Self::DiskFull => (Company, 5.0..=15.0, "no room is left on the disk of a company's database"),
            Self::Clock => (Company, 5.0..=15.0, "the wall clock of a node jumps, by seconds, hours or a day, and back"),
            Self::CompanyGone => (Company, 11.0..=12.0, "node and PostgreSQL of a company are gone, and come back"),
            Self::RestoreOldBackup => (Company, 5.0..=15.0, "a company's database comes back as an old backup; later what it had comes back"),
            Self::Hostile => (Cluster, 30.0..=30.0, "strangers guess, flood, hoard, spy and write into Redis, all at once"),
        }
    }

    /// Whether nothing else may be wrong meanwhile: what the others cannot see nobody can notice, and what is served under attack is
    /// told apart from what a fault costs.
    pub fn is_alone(self) -> bool {
        matches!(self, Self::RestoreOldBackup | Self::Hostile)
    }

    pub fn needs(self) -> Needs {
        Needs {
            clocks: self == Self::Clock,
            small_disks: self == Self::DiskFull,
            public: self == Self::Hostile,
            ..Needs::default()
        }
    }
}

impl fmt::Display for Nemesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
