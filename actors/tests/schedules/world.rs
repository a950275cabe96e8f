//! What happens when: a queue of happenings in the order of a false clock. What each does is told in [`driving`] and [`node`].

mod driving;
mod node;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::FutureExt;
use passcom_actors::catalogue::Route;
use passcom_actors::domain::entry::{Entry, Idempotency, Receipt};
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Leg, Order, Price, SeatRef};
use passcom_actors::domain::participant::{Booked, Vote};
use passcom_actors::domain::register::Key;
use passcom_actors::domain::rows::{Footprint, OutboxCursor, Replicated, Rows};
use passcom_actors::domain::saga::{
    CompanyAnswer, Driver, Effect, Event, NoAnswer, Origin, Question, Start,
};
use passcom_actors::domain::time::Timestamp;
use passcom_actors::memory::MemoryStore;
use passcom_actors::order_hash::{acceptors_of, order_hash};
use passcom_actors::store::{Archive, LedgerStore, Read, Unfinished, WriteError};
use uuid::Uuid;

use crate::checker::{Checker, Seen};
use crate::leases::Leases;
use crate::network::{PATIENCE, arrivals, chance};

const COMPANIES: [&str; 4] = ["a", "b", "c", "d"];
const ROUTE: RouteId = RouteId(1);
/// Few, so that bookings meet.
const SEATS: u16 = 3;
const SAGAS: u128 = 4;
/// Clients ask until then; nothing fails after it.
const FAULTS_UNTIL: u64 = 12_000;
/// By then everything has ended (T_heal is 30 s; the watcher waits up to 10 s between two tries).
const END: u64 = FAULTS_UNTIL + 45_000;
/// As in `recovery.rs`.
const LOOK_EVERY: u64 = 1_000;
const PULL_EVERY: u64 = 1_500;
const LIMIT: usize = 512;
/// Most times that a client sends one request.
const TRIES_MAX: u32 = 5;
const USER: UserId = UserId(Uuid::from_u128(9));

struct Company {
    id: CompanyId,
    store: MemoryStore,
    up: bool,
    /// Its node has looked after its own sagas.
    ready: bool,
    /// Until when time has passed in the store.
    passed: u64,
}

struct Running {
    driver: Driver,
    at: usize,
    /// A client waits for it.
    waited_for: bool,
    wake: Option<Timestamp>,
}

/// A call that waits for its first answer.
#[derive(Debug, Clone, Copy)]
struct Call {
    id: u64,
    driver: u64,
    to: usize,
    tag: u32,
}

enum Happening {
    Request {
        saga: SagaId,
        tries: u32,
    },
    Cancel(SagaId),
    Event {
        driver: u64,
        event: Event,
    },
    Wake {
        driver: u64,
        at: Timestamp,
    },
    Ask {
        call: Call,
        question: Question,
    },
    Answer {
        call: Call,
        answer: Result<CompanyAnswer, NoAnswer>,
    },
    Post {
        driver: u64,
        tag: u32,
        entry: Box<Entry>,
    },
    Crash(usize),
    Restart(usize),
    Ready(usize),
    Look(usize),
    Pull(usize),
    Leases(fn(&mut Leases)),
    Heal,
}

pub struct World {
    random: fastrand::Rng,
    now: u64,
    faulty: bool,
    /// By time and order of arrival.
    queue: BTreeMap<(u64, u64), Happening>,
    last_id: u64,
    companies: Vec<Company>,
    drivers: BTreeMap<u64, Running>,
    calls: BTreeSet<u64>,
    leases: Leases,
    seats: BTreeMap<SagaId, Vec<SeatRef>>,
    checker: Checker,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let many = random.usize(2..=COMPANIES.len());
        let companies = COMPANIES[..many].iter().map(|code| company(code)).collect();
        let mut world = Self {
            random,
            now: 0,
            faulty: true,
            queue: BTreeMap::new(),
            last_id: 0,
            companies,
            drivers: BTreeMap::new(),
            calls: BTreeSet::new(),
            leases: Leases::default(),
            seats: BTreeMap::new(),
            checker: Checker::default(),
        };
        world.plan();
        world
    }

    /// What clients, operators and fate will do.
    fn plan(&mut self) {
        for saga in (1..=SAGAS).map(|id| SagaId(Uuid::from_u128(id))) {
            let seats = self.some_seats();
            self.seats.insert(saga, seats);
            for _ in 0..self.random.u32(1..=2) {
                self.at_random(4_000, Happening::Request { saga, tries: 1 });
            }
            if self.random.bool() {
                self.at_random(FAULTS_UNTIL, Happening::Cancel(saga));
            }
        }
        for index in 0..self.companies.len() {
            for _ in 0..self.random.u32(0..=2) {
                self.at_random(FAULTS_UNTIL, Happening::Crash(index));
            }
            self.at_random(LOOK_EVERY, Happening::Look(index));
            self.at_random(PULL_EVERY, Happening::Pull(index));
        }
        let fates: [fn(&mut Leases); 4] = [
            |leases| leases.away = true,
            |leases| leases.away = false,
            Leases::forget,
            Leases::wipe,
        ];
        for fate in fates {
            self.at_random(FAULTS_UNTIL, Happening::Leases(fate));
        }
        self.after(FAULTS_UNTIL, Happening::Heal);
    }

    fn some_seats(&mut self) -> Vec<SeatRef> {
        let mut seats = BTreeSet::new();
        for _ in 0..self.random.u32(1..=4) {
            let index = self.random.usize(0..self.companies.len());
            seats.insert(SeatRef {
                company: self.companies[index].id,
                route: ROUTE,
                number: SeatNumber(self.random.u16(1..=SEATS)),
            });
        }
        seats.into_iter().collect()
    }

    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn after(&mut self, delay: u64, happening: Happening) {
        self.at(self.now + delay, happening);
    }

    fn at(&mut self, time: u64, happening: Happening) {
        let id = self.id();
        self.queue.insert((time, id), happening);
    }

    fn at_random(&mut self, before: u64, happening: Happening) {
        let delay = self.random.u64(1..before);
        self.after(delay, happening);
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.faulty && chance(&mut self.random, percent)
    }

    /// Lets everything happen, and checks the end.
    pub fn run(mut self) -> Seen {
        while let Some(((time, _), happening)) = self.queue.pop_first() {
            if time > END {
                break;
            }
            self.now = time;
            self.happen(happening);
        }
        let driver = self.drivers.values().next().map(|running| &running.driver);
        assert_eq!(driver, None, "a driver has not come to its end");
        for company in &self.companies {
            let left = read(company.store.unfinished(node_of(company.id), LIMIT));
            assert_eq!(left, [], "unfinished at {}", company.id);
            let left = read(company.store.undecided(LIMIT));
            assert_eq!(left, [], "undecided at {}", company.id);
        }
        for saga in self.seats.into_keys() {
            let tickets = self.companies.iter().map(|c| read(c.store.ticket(saga)));
            self.checker.at_end(saga, &tickets.collect::<Vec<_>>());
        }
        self.checker.seen
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Request { saga, tries } => self.on_request(saga, tries),
            Happening::Cancel(saga) => self.on_cancel(saga),
            Happening::Event { driver, event } => self.feed(driver, event),
            Happening::Wake { driver, at } => {
                if self
                    .drivers
                    .get(&driver)
                    .is_some_and(|running| running.wake == Some(at))
                {
                    self.feed(driver, Event::Wake);
                }
            }
            Happening::Ask { call, question } => self.on_ask(call, question),
            Happening::Answer { call, answer } => self.on_answer(call, answer),
            Happening::Post { driver, tag, entry } => self.on_post(driver, tag, &entry),
            Happening::Crash(index) => self.on_crash(index),
            Happening::Restart(index) => self.on_restart(index),
            Happening::Ready(index) => self.companies[index].ready = true,
            Happening::Look(index) => self.on_look(index),
            Happening::Pull(index) => self.on_pull(index),
            Happening::Leases(fate) => fate(&mut self.leases),
            Happening::Heal => self.on_heal(),
        }
    }
}

fn company(code: &str) -> Company {
    let id: CompanyId = code.parse().expect("a code of the list above");
    let store = MemoryStore::new(id, Incarnation(Uuid::nil()));
    store.import([Route {
        id: ROUTE,
        flight: "A1".to_owned(),
        origin: "CWB".to_owned(),
        destination: "GRU".to_owned(),
        departs: 0,
        arrives: 3_600,
        seats: SEATS,
        price: price(),
        equipment: String::new(),
        on_sale: true,
    }]);
    Company {
        id,
        store,
        up: true,
        ready: true,
        passed: 0,
    }
}

fn price() -> Price {
    Price {
        minor: 10_000,
        currency: "BRL".to_owned(),
    }
}

fn order(now: u64, seats: &[SeatRef]) -> Arc<Order> {
    let leg = |seat: &SeatRef| Leg {
        seat: *seat,
        flight: "A1".to_owned(),
        origin: "Curitiba".to_owned(),
        destination: "São Paulo".to_owned(),
        origin_iata: "CWB".to_owned(),
        destination_iata: "GRU".to_owned(),
        departs: 0,
        arrives: 3_600,
        price: price(),
        passenger: None,
    };
    Arc::new(Order {
        user: USER,
        created_at: now.cast_signed(),
        legs: seats.iter().map(leg).collect(),
        hold_seconds: None,
    })
}

fn node_of(company: CompanyId) -> String {
    format!("{company}1")
}

/// Memory answers at once.
fn read<T>(read: Read<'_, T>) -> T {
    let answer = read.now_or_never().expect("memory does not wait");
    answer.expect("memory does not fail")
}

fn key(saga: SagaId) -> Idempotency {
    Idempotency {
        key: saga.to_string(),
        fingerprint: [0; 32],
    }
}
