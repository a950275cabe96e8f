//! What every seam of every node shares with the world: chance, the weather, the trace, what was committed, and the
//! mail.
//!
//! Everything runs on one thread; the lock is for the compiler.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use passcom_actors::domain::ids::CompanyId;
use passcom_memory::Epoch;

use crate::checker::History;
use crate::clients::Heard;
use crate::life::Life;
use crate::network::Wire;
use crate::redis::Redis;
use crate::seen::Seen;
use crate::store::Transaction;
use crate::trace::Trace;

/// What a database does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// Answers take a hundred times as long.
    Slow,
    /// Refuses connections; what is under way breaks off.
    Down,
}

/// What goes wrong with a transaction, in percent, where anything may.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreRisks {
    /// Certainly not written.
    pub fails: u8,
    /// Nobody knows; not written, written, or written later.
    pub unknown: u8,
}

/// A transaction whose session has lost its client and commits all the same, later.
pub struct LateCommit {
    pub life: Arc<Life>,
    pub epoch: Epoch,
    pub transaction: Transaction,
    pub at: u64,
}

pub struct Inner {
    pub random: fastrand::Rng,
    pub trace: Trace,
    pub seen: Seen,
    pub history: History,
    pub wire: Wire,
    pub redis: Redis,
    pub weather: Vec<Weather>,
    pub store_risks: StoreRisks,
    pub late_commits: Vec<LateCommit>,
    /// A session of a dead node has committed after the next one had read what is on sale: what nodes show is wrong
    /// until the seat is touched again.
    pub shown_is_stale: bool,
    /// What clients were told, to be dealt with by the world.
    pub heard: Vec<Heard>,
}

impl Inner {
    pub fn chance(&mut self, percent: u8) -> bool {
        self.random.u8(0..100) < percent
    }
}

pub struct Hub {
    pub companies: Arc<[CompanyId]>,
    inner: Mutex<Inner>,
}

impl Hub {
    pub fn new(companies: Arc<[CompanyId]>, inner: Inner) -> Arc<Self> {
        Arc::new(Self {
            companies,
            inner: Mutex::new(inner),
        })
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn trace(&self, at: u64, index: usize, what: fmt::Arguments<'_>) {
        self.lock().trace.line(at, &self.companies[index], what);
    }
}
