//! What happens when: a queue of happenings in the order of the world's clock.
//!
//! A node's clock follows the world's at some distance: a node is let run up to now when something arrives there, and
//! every few milliseconds. What it sends meanwhile is on its way from then on, so that no message arrives before it was
//! sent.
//!
//! * `faults`: what goes wrong; * `mail`: messages on their way; * `customers`, `holders`: what clients do; *
//!   `verdict`: the end.

mod customers;
mod faults;
mod holders;
mod mail;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use passcom_actors::catalogue::Route;
use passcom_actors::company::log::lineage::Mark;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId};
use passcom_actors::domain::order::{Price, SeatRef};
use passcom_memory::MemoryStore;
use uuid::Uuid;

use crate::checker::History;
use crate::clients::{About, Deed, Errand};
use crate::hub::{Hub, Inner, LateCommit, StoreRisks, Weather};
use crate::network::{Packet, Wire};
use crate::node::Node;
use crate::plan::Plan;
use crate::redis::{Mode, Redis};
use crate::seen::Seen;
use crate::trace::Trace;
use crate::wall::{self, Wall};
use crate::{alarms, panics};

/// Routes that everybody wants a seat of; the one after them is for those who try whether anything can be booked at
/// all.
pub const HOT_ROUTES: u64 = 2;
pub const HOT_SEATS: u16 = 3;
const QUIET_SEATS: u16 = 8;
/// Farthest that a node's clock stays behind the world's.
const LAG_MAX: u64 = 20;
/// The same while nothing happens but that time passes.
const QUIET_LAG_MAX: u64 = 250;
/// The route that leaves while the run lasts.
pub const LEAVING_ROUTE: RouteId = RouteId(HOT_ROUTES + 2);
/// The others leave so long after the beginning, in seconds: later than any clock is wrong.
const FAR: i64 = 10 * 86_400;

pub enum Happening {
    /// Every node runs up to now.
    Follow,
    Arrive(Packet),
    Book(usize),
    Cancel(usize),
    Claim(usize),
    /// A client wants this done with its hold.
    Do(usize, Deed),
    /// A client's patience with this request is over.
    Impatient(u64),
    Crash(usize),
    /// Dies, and comes back only when the others have shown that they can do without it.
    Gone(usize),
    /// Dies at the crossing after this many more.
    Light(usize, u32),
    /// The same, and its company is gone for good.
    Doom(usize, u32),
    /// Is told to stop.
    Stop(usize),
    Restart(usize),
    Freeze(usize, u64),
    Thaw(usize),
    Cut(usize, usize, u64),
    Mend(usize, usize),
    /// A node sees whether its link to another is up.
    Notice(usize, usize),
    Storm(usize, Weather),
    Redis(Mode),
    Flush,
    LateCommit(Box<LateCommit>),
    /// A node's wall clock is wrong by so much from now on.
    Wall(usize, i64),
    /// An operator takes a seat off sale, or puts it back.
    Block(usize, SeatRef, bool),
    /// An import changes a flight.
    Fly(usize, RouteId, Flown),
    /// By now nothing is kept that was kept when a company died.
    Bereaved(u64),
    /// A backup is made of a company's database.
    Backup(usize),
    /// The company's node dies, and its database comes back as that backup.
    Restore(usize),
    Heal,
    Examine,
}

/// What becomes of a flight.
#[derive(Debug, Clone, Copy)]
pub enum Flown {
    /// It leaves so many minutes later than it was sold at first.
    Later(i64),
    /// It is not flown, or it is.
    Withdrawn(bool),
    /// By an aircraft of so many seats.
    Seats(u16),
}

impl Happening {
    fn is_a_clients(&self) -> bool {
        matches!(
            self,
            Self::Book(_) | Self::Cancel(_) | Self::Claim(_) | Self::Do(..)
        )
    }
}

/// A company: its tables, and its node if it lives.
struct Company {
    tables: Arc<MemoryStore>,
    node: Option<Node>,
    frozen: bool,
    /// How far its node has seen the logs of the others: written down while it lived.
    seen: BTreeMap<CompanyId, Mark>,
    /// Its tables as they were at some moment; or as they are, while its node runs on those.
    backup: Option<Arc<MemoryStore>>,
    restored: bool,
    /// When its node dies, it does not come back until the others have shown that they can do without it.
    doomed: bool,
    gone: bool,
    wall: Arc<Wall>,
    /// Until when time has passed in its tables.
    passed: u64,
}

struct Open {
    about: About,
    at: usize,
}

pub struct World {
    now: u64,
    plan: Plan,
    hub: Arc<Hub>,
    /// By time and order of arrival.
    queue: BTreeMap<(u64, u64), Happening>,
    last_id: u64,
    companies: Vec<Company>,
    errands: Vec<Errand>,
    open: BTreeMap<u64, Open>,
    healed_at: Option<u64>,
    /// Clients ask again until then.
    patience_until: Option<u64>,
    verdict: Option<Result<(), String>>,
    probes: Vec<usize>,
    /// Alarms about a log that went back, where one did.
    noticed: usize,
}

/// How a run ended.
pub struct Run {
    pub seen: Seen,
    pub hash: u64,
    /// From the last fault to the end of everything, in milliseconds.
    pub heal_ms: u64,
    pub sold: usize,
    /// Alarms about a log that went back, where one did.
    pub noticed: usize,
    pub result: Result<(), String>,
}

impl World {
    pub fn new(plan: Plan, random: fastrand::Rng, print: bool) -> Self {
        let ids = plan.companies.clone();
        let companies = ids.iter().zip(&plan.leaves);
        let companies: Vec<Company> = companies.map(|(id, at)| company(*id, *at)).collect();
        let inner = Inner {
            random,
            trace: Trace::new(print),
            seen: Seen::default(),
            history: history(&ids, &plan.leaves),
            wire: Wire::default(),
            redis: Redis::default(),
            weather: vec![Weather::Fair; ids.len()],
            store_risks: StoreRisks::default(),
            late_commits: Vec::new(),
            shown_is_stale: false,
            heard: Vec::new(),
        };
        let mut world = Self {
            now: 0,
            plan,
            hub: Hub::new(ids.into(), inner),
            queue: BTreeMap::new(),
            last_id: 0,
            companies,
            errands: Vec::new(),
            open: BTreeMap::new(),
            healed_at: None,
            patience_until: None,
            verdict: None,
            probes: Vec::new(),
            noticed: 0,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for index in 0..self.companies.len() {
            self.start_node(index);
        }
        self.at(0, Happening::Follow);
        for (at, happening) in std::mem::take(&mut self.plan.happenings) {
            self.at(at, happening);
        }
        for (at, errand) in std::mem::take(&mut self.plan.errands) {
            self.errands.push(errand);
            self.at(at, Happening::Book(self.errands.len() - 1));
        }
        self.at(self.plan.faults_until, Happening::Heal);
        self.risk();
    }

    fn at(&mut self, time: u64, happening: Happening) {
        self.last_id += 1;
        self.queue.insert((time, self.last_id), happening);
    }

    fn after(&mut self, delay: u64, happening: Happening) {
        self.at(self.now + delay, happening);
    }

    fn random(&self, range: std::ops::Range<u64>) -> u64 {
        self.hub.lock().random.u64(range)
    }

    fn chance(&self, percent: u8) -> bool {
        self.hub.lock().chance(percent)
    }

    fn tell(&self, index: usize, what: std::fmt::Arguments<'_>) {
        self.hub.trace(self.now, index, what);
    }

    /// Lets everything happen until the verdict.
    pub fn run(mut self) -> Run {
        while self.verdict.is_none() {
            let ((time, _), happening) = self.queue.pop_first().expect("nodes always follow");
            self.now = self.now.max(time);
            self.happen(happening);
            self.check();
        }
        let hub = &mut *self.hub.lock();
        Run {
            seen: std::mem::take(&mut hub.seen),
            hash: hub.trace.hash(),
            heal_ms: self.now - self.healed_at.unwrap_or(self.now),
            sold: self
                .errands
                .iter()
                .filter(|errand| errand.is_sold())
                .count(),
            noticed: self.noticed,
            result: self.verdict.expect("the loop ends with it"),
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Follow => self.on_follow(),
            Happening::Arrive(packet) => self.on_arrive(packet),
            Happening::Book(errand) => self.on_book(errand),
            Happening::Cancel(errand) => self.on_cancel(errand),
            Happening::Claim(login) => self.on_claim(login),
            Happening::Do(errand, deed) => self.on_deed(errand, deed),
            Happening::Impatient(request) => self.on_impatient(request),
            Happening::Crash(index) => self.on_crash(index),
            Happening::Gone(index) => self.on_gone(index),
            Happening::Light(index, crossings) => self.on_light(index, crossings),
            Happening::Doom(index, crossings) => self.on_doom(index, crossings),
            Happening::Stop(index) => self.on_stop(index),
            Happening::Restart(index) => self.on_restart(index),
            Happening::Freeze(index, time) => self.on_freeze(index, time),
            Happening::Thaw(index) => self.on_thaw(index),
            Happening::Cut(from, to, time) => self.on_cut(from, to, time),
            Happening::Mend(from, to) => self.on_mend(from, to),
            Happening::Notice(from, to) => self.on_notice(from, to),
            Happening::Storm(index, weather) => self.on_storm(index, weather),
            Happening::Redis(mode) => self.hub.lock().redis.mode = mode,
            Happening::Flush => self.hub.lock().redis.flush(),
            Happening::LateCommit(late) => self.on_late_commit(&late),
            Happening::Wall(index, wrong_by) => self.on_wall(index, wrong_by),
            Happening::Block(index, seat, blocked) => self.on_block(index, seat, blocked),
            Happening::Fly(index, route, flown) => self.on_fly(index, route, flown),
            Happening::Bereaved(died) => self.on_bereaved(died),
            Happening::Backup(index) => self.on_backup(index),
            Happening::Restore(index) => self.on_restore(index),
            Happening::Heal => self.on_heal(),
            Happening::Examine => self.on_examine(),
        }
    }

    fn on_follow(&mut self) {
        for index in 0..self.companies.len() {
            self.run_node(index);
        }
        let most = if self.is_quiet() {
            QUIET_LAG_MAX
        } else {
            LAG_MAX
        };
        let lag = self.random(1..most);
        self.after(lag, Happening::Follow);
    }

    /// Lets a node run up to now, and takes over what it has sent and told.
    fn run_node(&mut self, index: usize) {
        let company = &mut self.companies[index];
        let passed = Duration::from_millis(self.now - company.passed);
        company.tables.pass(passed);
        company.passed = self.now;
        if company.frozen {
            return;
        }
        let Some(node) = &company.node else {
            return;
        };
        node.run_until(self.now);
        if node.life.is_dead() {
            if !node.life.has_exited() {
                self.hub.lock().seen.count("crashes at a crossing");
            }
            self.bury(index);
        }
        self.collect();
    }

    /// Anything that must not be ends the run.
    fn check(&mut self) {
        let objections = std::mem::take(&mut self.hub.lock().history.objections);
        let mut alarms = alarms::take();
        if self.companies.iter().any(|company| company.restored) {
            let others = alarms.len();
            alarms.retain(|alarm| !alarm.contains("went back"));
            self.noticed += others - alarms.len();
        }
        let heard = panics::take().into_iter().chain(alarms);
        if let Some(objection) = objections.into_iter().chain(heard).next() {
            self.verdict = Some(Err(format!("at {} ms: {objection}", self.now)));
        }
    }
}

/// It knows when flights leave.
fn history(ids: &[CompanyId], leaves: &[i64]) -> History {
    let mut history = History::default();
    for (id, leaves) in ids.iter().zip(leaves) {
        for route in 1..LEAVING_ROUTE.0 {
            history
                .departures
                .add(*id, RouteId(route), wall::seconds(FAR));
        }
        let departs = wall::seconds(*leaves);
        history.departures.add(*id, LEAVING_ROUTE, departs);
    }
    history
}

fn company(id: CompanyId, leaves: i64) -> Company {
    let tables = MemoryStore::new(id, Incarnation(Uuid::from_u128(7)));
    let route = |number: u64, seats: u16, leaves: i64| Route {
        id: RouteId(number),
        flight: format!("{id}{number}"),
        origin: "CWB".to_owned(),
        destination: "GRU".to_owned(),
        departs: wall::seconds(leaves),
        arrives: wall::seconds(leaves) + 3_600,
        offsets: None,
        seats,
        price: Price {
            minor: 10_000,
            currency: "BRL".to_owned(),
        },
        equipment: String::new(),
        on_sale: true,
    };
    let hot = (1..=HOT_ROUTES).map(|number| route(number, HOT_SEATS, FAR));
    let quiet = route(HOT_ROUTES + 1, QUIET_SEATS, FAR);
    let leaving = route(LEAVING_ROUTE.0, HOT_SEATS, leaves);
    tables.import(hot.chain([quiet, leaving]));
    Company {
        tables: Arc::new(tables),
        node: None,
        frozen: false,
        seen: BTreeMap::new(),
        backup: None,
        restored: false,
        doomed: false,
        gone: false,
        wall: Arc::default(),
        passed: 0,
    }
}
