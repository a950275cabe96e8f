//! The bounds of a search: who books what, with how many drivers, and which faults may strike.

use std::collections::BTreeMap;
use std::sync::Arc;

use passcom_actors::domain::ballot::Acceptors;
use passcom_actors::domain::entry::Idempotency;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Leg, Order, OrderHash, Price, SeatRef};
use passcom_actors::domain::order_hash::{acceptors_of, order_hash, saga_id};
use passcom_actors::domain::rows::RouteFacts;
use passcom_actors::domain::saga::{LeaseAnswer, Origin, Start};
use passcom_actors::domain::vote::Prepare;
use uuid::Uuid;

/// Most companies and drivers of a configuration.
pub const COMPANIES: usize = 3;
pub const DRIVERS: usize = 4;

const ROUTE: RouteId = RouteId(1);
const SEATS: u16 = 2;
const HOLD_SECONDS: u32 = 1;
pub const USER: UserId = UserId(Uuid::from_u128(9));

/// Companies by their place in the membership list, and a seat's number there.
pub type Seats = &'static [(usize, u16)];

/// Who drives a saga, from which company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// A client's request, or its retry at another node, whose clock gives another order.
    Client {
        at: usize,
        saga: usize,
        order: usize,
    },
    /// The watcher of unfinished sagas.
    Recovery {
        at: usize,
        saga: usize,
    },
    /// The customer of a hold confirms it, or gives it up, as the records of any one company describe the hold.
    Confirm {
        at: usize,
        saga: usize,
    },
    Release {
        at: usize,
        saga: usize,
    },
    /// A company's watcher of holds, whose clock says that the time is over.
    Expiry {
        at: usize,
        saga: usize,
    },
}

/// What a client may do with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancels {
    None,
    Whole,
    /// The whole ticket, or its first seat alone.
    Part,
}

#[derive(Debug, Clone)]
pub struct Config {
    pub companies: usize,
    /// Per saga: the seats of each order that somebody may begin it with.
    pub sagas: Vec<Vec<Seats>>,
    /// The clients have their seats kept first.
    pub holds: bool,
    pub drivers: Vec<Plan>,
    /// Recovery ballots that each company may use.
    pub rounds: [i64; COMPANIES],
    /// What Redis may say to any driver, independent of its earlier answers.
    pub leases: Vec<LeaseAnswer>,
    /// A company may find any seat blocked or claimed.
    pub refusals: bool,
    pub cancels: Cancels,
    /// Outboxes are read.
    pub replication: bool,
    /// Calls and commits whose outcome the asker does not learn.
    pub silences: u8,
    /// The clients send idempotency keys.
    pub keys: bool,
    /// Steps that commute with all others are taken at once, and messages that can change nothing any more forgotten.
    pub reduced: bool,
}

impl Config {
    /// One saga over two of three companies, leases that are granted, one recovery ballot per company, no fault but
    /// what the network and the scheduler do.
    pub fn new(sagas: &[&[Seats]], drivers: &[Plan]) -> Self {
        Self {
            companies: COMPANIES,
            sagas: sagas.iter().map(|orders| orders.to_vec()).collect(),
            holds: false,
            drivers: drivers.to_vec(),
            rounds: [1; COMPANIES],
            leases: vec![LeaseAnswer::Granted(FencingToken(1))],
            refusals: false,
            cancels: Cancels::None,
            replication: false,
            silences: 0,
            keys: true,
            reduced: true,
        }
    }
}

/// The first request of a saga, at this company.
pub const fn client(at: usize, saga: usize) -> Plan {
    Plan::Client { at, saga, order: 0 }
}

/// Its retry at another company.
pub const fn retry(at: usize, saga: usize) -> Plan {
    Plan::Client { at, saga, order: 1 }
}

pub const fn recovery(at: usize, saga: usize) -> Plan {
    Plan::Recovery { at, saga }
}

pub const fn confirm(at: usize, saga: usize) -> Plan {
    Plan::Confirm { at, saga }
}

pub const fn release(at: usize, saga: usize) -> Plan {
    Plan::Release { at, saga }
}

pub const fn expiry(at: usize, saga: usize) -> Plan {
    Plan::Expiry { at, saga }
}

/// One order of a saga as everybody knows it.
#[derive(Debug, Clone)]
pub struct Known {
    pub order: Arc<Order>,
    pub hash: OrderHash,
    pub acceptors: Acceptors,
}

/// The names that a configuration's numbers stand for.
pub struct Cast {
    pub companies: Vec<CompanyId>,
    pub sagas: Vec<SagaId>,
    pub orders: Vec<Vec<Known>>,
}

impl Cast {
    pub fn new(config: &Config) -> Self {
        let codes = &["a", "b", "c"][..config.companies];
        let companies: Vec<CompanyId> = codes
            .iter()
            .map(|code| code.parse().expect("a company's code"))
            .collect();
        let sagas: Vec<SagaId> = (0..config.sagas.len())
            .map(|saga| saga_id(USER, &key(saga)))
            .collect();
        let known = |(index, orders): (usize, &Vec<Seats>)| {
            (0i64..)
                .zip(orders)
                .map(|(clock, seats)| {
                    let order = Order {
                        hold_seconds: config.holds.then_some(HOLD_SECONDS),
                        ..order(&companies, clock, seats)
                    };
                    let acceptors = acceptors_of(sagas[index], &order, &companies);
                    let hash = order_hash(&order, &acceptors);
                    Known {
                        order: Arc::new(order),
                        hash,
                        acceptors,
                    }
                })
                .collect()
        };
        let orders = config.sagas.iter().enumerate().map(known).collect();
        Self {
            companies,
            sagas,
            orders,
        }
    }

    pub fn company(&self, id: CompanyId) -> usize {
        let found = self.companies.iter().position(|company| *company == id);
        found.expect("a company of the membership list")
    }

    /// A client's start.
    pub fn start(&self, at: usize, saga: usize, order: usize, keys: bool) -> Start {
        let known = self.orders[saga][order].clone();
        Start {
            idempotency: keys.then(|| key(saga)),
            ..self.recovery(at, self.sagas[saga], known, Origin::Client)
        }
    }

    pub fn recovery(&self, at: usize, saga: SagaId, known: Known, origin: Origin) -> Start {
        Start {
            me: self.companies[at],
            node: node(self.companies[at]),
            companies: self.companies.clone(),
            saga,
            order: known.order,
            hash: known.hash,
            acceptors: known.acceptors,
            idempotency: None,
            papers: None,
            origin,
            seed: 1,
        }
    }

    /// A Prepare of this order without a lease.
    pub fn prepare(&self, saga: usize, known: &Known) -> Prepare {
        Prepare {
            saga: self.sagas[saga],
            order: known.order.clone(),
            hash: known.hash,
            acceptors: known.acceptors.clone(),
            fence: FencingToken::NONE,
            driver: node(self.companies[0]),
            papers: None,
        }
    }
}

pub fn node(company: CompanyId) -> String {
    format!("{company}1")
}

pub fn key(saga: usize) -> Idempotency {
    Idempotency {
        key: saga.to_string(),
        fingerprint: [0; 32],
    }
}

pub fn routes() -> BTreeMap<RouteId, RouteFacts> {
    let facts = RouteFacts {
        seats: SEATS,
        on_sale: true,
        departs: 0,
        arrives: 0,
    };
    BTreeMap::from([(ROUTE, facts)])
}

/// Two orders of one request differ in the clock of the node that took it.
fn order(companies: &[CompanyId], clock: i64, seats: Seats) -> Order {
    let leg = |(company, number): &(usize, u16)| Leg {
        seat: SeatRef {
            company: companies[*company],
            route: ROUTE,
            number: SeatNumber(*number),
        },
        flight: String::new(),
        origin: String::new(),
        destination: String::new(),
        origin_iata: String::new(),
        destination_iata: String::new(),
        departs: 0,
        arrives: 0,
        price: Price {
            minor: 0,
            currency: String::new(),
        },
        passenger: None,
        offsets: None,
        label: None,
    };
    Order {
        user: USER,
        created_at: clock,
        legs: seats.iter().map(leg).collect(),
        hold_seconds: None,
        seller: None,
        exchange: None,
    }
}
