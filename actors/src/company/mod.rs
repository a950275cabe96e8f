//! One company: what is durable, the only way to change it, and who claims a seat meanwhile.
//!
//! * [`ledger`]: the only writer, one row of the [`log`] for all that waits; [`archive`]: all that is read; [`store`]:
//!   what both need of a database; [`news`]: what a batch has changed; [`pulse`]: whether the log takes anything;
//! * [`cancellation`]: seats of a ticket end; [`acceptance`]: a passenger agrees to what became of a flight; [`naming`]: a
//!   name was misspelt;
//! * [`verifier`]: whether log, memory and tables say the same;
//! * [`history`]: what is recorded of one booking; [`buckets`]: the parts that copies are compared by;
//! * [`directory`], [`route`]: who claims a route's seats right now; [`lease`]: who goes first, over all companies;
//! * [`running`]: which sagas are driven here; [`owed`]: which tickets are promised and not in the log yet;
//!   [`sessions`]: which tokens are good no more; [`credential`]: what a password proves to companies that never heard it; [`tokens`]: that a
//!   customer has come to one; [`guesses`], [`failures`]: how often passwords may be guessed; [`finding`]: a booking by its letters;
//! * [`stock`]: our own routes; [`supervisor`]: the root of the actors;
//! * [`witness`]: how far our log is durable, and how far the others' were.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use self::archive::Archive;
use self::directory::Directory;
use self::guesses::Guesses;
use self::ledger::Ledger;
use self::news::News;
use self::running::Running;
use self::sessions::Sessions;
use self::tokens::Tokens;
use self::witness::Witness;
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::company::refused::Refused;
use crate::domain::ids::CompanyId;
use crate::domain::papers::{self, Requires};
use crate::domain::vote::{Prepare, Refusal, RefusalReason};

pub mod acceptance;
pub mod archive;
pub mod buckets;
pub mod cancellation;
pub mod credential;
pub mod directory;
pub mod failures;
pub mod finding;
pub mod guesses;
pub mod history;
pub mod lease;
pub mod ledger;
pub mod log;
pub mod naming;
pub mod news;
pub mod owed;
pub mod pulse;
pub mod refused;
pub mod route;
pub mod running;
pub mod sessions;
pub mod stock;
pub mod store;
pub mod supervisor;
mod surname;
pub mod tokens;
pub mod verifier;
pub mod witness;

/// Our own company, as its node has it.
pub struct Company {
    pub me: CompanyId,
    /// Of the cluster, ascending, our own included.
    pub companies: Arc<[CompanyId]>,
    /// Of the program that the node runs.
    pub version: &'static str,
    pub ledger: Ledger,
    pub archive: Archive,
    pub directory: Directory,
    /// What is on sale at every company.
    pub catalogue: Catalogue,
    pub running: Running,
    pub sessions: Sessions,
    /// How often passwords may be guessed, here and at the others.
    pub guesses: Guesses,
    pub witness: Arc<Witness>,
    pub clock: Clock,
    /// What each company asks to be told of whoever it carries; of one that is not named, nothing.
    pub requires: BTreeMap<CompanyId, Requires>,
    /// What peers asked and may not.
    pub refused: Arc<Refused>,
    /// Told of every batch that left something for the peers. Wakes those who wait in the order of their waiting.
    pub outbox: Notify,
    /// What tokens say that other companies were shown; none until customers are served.
    pub tokens: OnceLock<Arc<dyn Tokens>>,
    /// See [`Company::is_ready`].
    pub ready: AtomicBool,
}

impl Company {
    /// Hears of every batch of the ledger, in the order of the commits.
    pub fn on_news(&self, news: &News) {
        self.catalogue.on_commit(&news.seats, &news.surveyed);
        self.directory.on_news(news);
        for (user, version) in &news.renewed {
            let now = self.clock.wall_seconds();
            self.sessions.note(*user, *version, now);
        }
        if news.outbox {
            self.outbox.notify_waiters();
        }
    }

    /// Why this company does not vote for a booking as it is told of it: somebody whom it is to carry is not known as it asks.
    pub fn lacking(&self, prepare: &Prepare) -> Option<Refusal> {
        let requires = self.requires.get(&self.me).copied().unwrap_or_default();
        let papers = prepare.papers.as_deref();
        let seat = papers::first_lacking(&prepare.order, papers, self.me, requires)?;
        Some(Refusal {
            seat,
            reason: RefusalReason::Papers,
        })
    }

    /// The name under which our node drives sagas.
    pub fn node(&self) -> String {
        self.me.to_string()
    }

    /// Whether it votes: not before the node has looked after its unfinished sagas.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}
