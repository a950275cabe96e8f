//! The model: every schedule of a configuration, one step at a time.
//!
//! * **Network.** A message stays for ever once it was sent, and arrives whenever the schedule says: lost, late, twice
//!   and in any order. An answer stays until its driver asks something else.
//! * **Crash and pause.** A driver that takes no further step has crashed; one that takes its next step late was
//!   paused. Every schedule contains both, so neither is a step of its own. A recovery takes up the sagas of a crashed
//!   driver.
//! * **Time.** A timer may go off at any moment. Everything else reaches a driver at instant 0: its deadlines are then
//!   the same numbers on every path, and nothing else in a driver depends on the clock.
//! * **Redis** may say anything that the configuration lists, whatever it said before: it forgets, lies, counts from
//!   the start.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::rows::{SagaRow, SagaState};
use passcom_actors::domain::saga::{Driver, Effect, Event, Origin, Start};
use passcom_actors::domain::time::Timestamp;

use crate::company::Company;
use crate::config::{COMPANIES, Cast, Config, DRIVERS, Known, node, routes};
use crate::ending::Healed;
use crate::intern::{Id, Memo, Pool};
use crate::rules::Rules;
use crate::verdict::Verdict;
use crate::world::{Companies, Network, Replies, Said, Slot, World};

/// When a driver hears everything but its timer.
pub const START: Timestamp = Timestamp(0);
/// A timer that goes off when all patience of the driver is over.
pub const LATE: Timestamp = Timestamp(5_000);

/// The tables after an entry, and its receipt unless the database refused it.
type Posted = (Id<Company>, Option<Receipt>);
/// A driver after an event, and its effects.
pub type Step = (Id<Driver>, Arc<Vec<Effect>>);

pub struct Bookings {
    pub config: Config,
    pub cast: Cast,
    pub rules: Rules,
    pub companies: Pool<Company>,
    pub entries: Pool<Entry>,
    pub drivers: Pool<Driver>,
    pub events: Pool<Event>,
    pub networks: Pool<Network>,
    pub replies: Pool<Replies>,
    posts: Memo<(Id<Company>, Id<Entry>), Posted>,
    steps: Memo<(Id<Driver>, Timestamp, Id<Event>), Step>,
    pub verdicts: Memo<Companies, Arc<Verdict>>,
    pub healed: Memo<(Companies, Option<usize>), Healed>,
    pub whatever: Memo<Id<Company>, bool>,
    /// The one property to be checked, until it is first found broken: else all, to the end.
    pub only: Option<&'static str>,
    pub broken: AtomicBool,
    /// No timer of a driver goes off later than this, but the one that ends it.
    pub end_of_life: Timestamp,
}

impl Bookings {
    pub fn new(config: Config, rules: Rules) -> Self {
        let cast = Cast::new(&config);
        let life = Driver::new(cast.start(0, 0, 0, false)).next_wake();
        Self {
            config,
            cast,
            rules,
            companies: Pool::default(),
            entries: Pool::default(),
            drivers: Pool::default(),
            events: Pool::default(),
            networks: Pool::default(),
            replies: Pool::default(),
            posts: Memo::default(),
            steps: Memo::default(),
            verdicts: Memo::default(),
            healed: Memo::default(),
            whatever: Memo::default(),
            only: None,
            broken: AtomicBool::new(false),
            end_of_life: life.expect("a driver that has not begun will end"),
        }
    }

    pub fn initial(&self) -> World {
        let mut companies = self.cast.companies.iter().copied();
        let nobody = self.cast.companies[0];
        let companies = std::array::from_fn::<_, COMPANIES, _>(|_| {
            let me = companies.next().unwrap_or(nobody);
            self.companies.id(Company::new(me, routes()))
        });
        let slot = Slot {
            started: false,
            driver: None,
            tag: 0,
            leasing: None,
            replies: self.replies.id(Replies::new()),
            said: Said::Nothing,
        };
        let mut world = World {
            companies,
            slots: [slot; DRIVERS],
            network: self.networks.id(Network::new()),
            silences: self.config.silences,
        };
        for slot in 0..self.config.drivers.len() {
            if self.config.reduced && self.is_only_client(slot) {
                self.start(&mut world, slot);
            }
        }
        world
    }

    /// One transaction at a company.
    pub fn post(&self, companies: &mut Companies, at: usize, entry: Entry) -> Option<Receipt> {
        let entry = self.entries.id(entry);
        self.post_known(companies, at, entry)
    }

    pub fn post_known(
        &self,
        companies: &mut Companies,
        at: usize,
        entry: Id<Entry>,
    ) -> Option<Receipt> {
        let company = companies[at];
        let (after, receipt) = self.posts.get((company, entry), || {
            let (company, entry) = (self.companies.get(company), self.entries.get(entry));
            let (after, receipt) = self.rules.post(&company, &entry);
            (self.companies.id(after), receipt)
        });
        companies[at] = after;
        receipt
    }

    /// A driver's step on an event. A timer goes off at the one instant that its driver has set.
    pub fn step(&self, driver: Id<Driver>, at: Timestamp, event: Id<Event>) -> Step {
        self.steps.get((driver, at, event), || {
            let (mut driver, event) = ((*self.drivers.get(driver)).clone(), self.events.get(event));
            let timer = driver.next_wake().filter(|_| *event == Event::Wake);
            let now = timer.map_or(at, |timer| timer.max(at));
            let effects = self.rules.step(&mut driver, now, &event);
            (self.drivers.id(driver), Arc::new(effects))
        })
    }

    /// Whether the watcher of this company drives the saga: it is in doubt here, or this node's own and not finished.
    pub fn is_open(&self, at: usize, row: &SagaRow) -> bool {
        let own = row.driver == node(self.cast.companies[at]);
        row.held_for().is_none() && (row.state == SagaState::Begun || own && !row.finished)
    }

    /// The start of a driver that takes up a recorded saga.
    pub fn recovery(&self, at: usize, saga: SagaId, row: &SagaRow) -> Start {
        let order = row
            .order
            .clone()
            .expect("a saga's row is written with its order");
        let known = Known {
            order,
            hash: row.hash,
            acceptors: row.acceptors.clone(),
        };
        self.cast.recovery(at, saga, known, Origin::Recovery)
    }
}
