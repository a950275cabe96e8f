//! A company's node: the real shells in a runtime of their own, whose clock stands still unless it is let run.
//!
//! Dropping the runtime is the death of the process: whatever task it was, it ends where it waits.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use passcom_actors::assembly::{self, Seams, Settings};
use passcom_actors::catalogue::{Catalogue, CloseOfSale, ConnectionTimes};
use passcom_actors::clock::Clock;
use passcom_actors::company::lease::LEASE_TTL;
use passcom_actors::company::log::lineage::Mark;
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::late::LateService;
use passcom_actors::mesh::messages::Request;
use passcom_actors::mesh::peer::Serve;
use passcom_actors::people::accounts::logins::Logins;
use passcom_actors::people::desk::{Desk, Limits};
use passcom_actors::people::operations::Operations;
use passcom_actors::people::payment::Terms;
use passcom_actors::people::refund::Tariff;
use passcom_memory::MemoryStore;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::hub::Hub;
use crate::life::Life;
use crate::network::{Content, Packet, Peers};
use crate::redis::Leases;
use crate::store::Database;
use crate::wall::Wall;

/// What comes back for a cancelled seat, as in the node's configuration.
pub const TARIFF: Tariff = Tariff { refund_percent: 70 };
/// A leg is on sale until so long before its departure.
pub const SALE_CLOSES: Duration = Duration::from_secs(3);

/// A start that takes so long has asked its database more than once.
const READ_AGAIN: Duration = Duration::from_millis(500);
/// How long a node waits for the others as it starts, and how often it looks.
const GREETING: Duration = Duration::from_millis(1_300);
const GREETING_POLL: Duration = Duration::from_millis(20);

/// As in the node's configuration, but for what is few here.
fn settings() -> Settings {
    Settings {
        desk: Limits {
            bookings_max: 64,
            deadline: Duration::from_secs(8),
            hold_seconds: passcom_actors::domain::order::HOLD_SECONDS,
            tariff: TARIFF,
        },
        payment: Terms::default(),
        // so that they are stopped and started again
        route_actors_max: 2,
        lease_ttl: LEASE_TTL,
        connections: ConnectionTimes::default(),
        requires: Default::default(),
        in_doubt_after: Duration::from_secs(5),
        wrong_passwords: 5,
    }
}

/// What clients reach.
#[derive(Clone)]
pub struct Door {
    pub desk: Desk,
    pub logins: Logins,
    pub catalogue: Catalogue,
    pub operations: Operations,
}

/// What the world shares with the node's own task.
#[derive(Default)]
struct Started {
    answers: Arc<LateService>,
    door: OnceLock<Door>,
    stop: Notify,
}

pub struct Node {
    pub life: Arc<Life>,
    pub witness: Arc<Witness>,
    started: Arc<Started>,
    runtime: Runtime,
}

impl Node {
    pub fn start(
        index: usize,
        hub: Arc<Hub>,
        tables: &Arc<MemoryStore>,
        seen: BTreeMap<CompanyId, Mark>,
        wall: Arc<Wall>,
        now: u64,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O takes nothing that could be missing");
        let entered = runtime.enter();
        let me = hub.companies[index];
        let run = Uuid::from_u128(hub.lock().random.u128(..));
        let epoch = tables.start(run);
        let witness = Witness::new(me, epoch.lineage.clone(), seen);
        let life = Life::new(index, hub, wall, now);
        let showing = life.clone();
        let clock = Clock::with_wall(move || showing.wall_ms());
        drop(entered);
        let started = Arc::new(Started::default());
        let database = Database {
            life: life.clone(),
            epoch,
            close: CloseOfSale::new(clock.clone(), SALE_CLOSES),
        };
        let (living, seen) = (life.clone(), witness.clone());
        runtime.spawn(run_node(living, clock, database, seen, started.clone()));
        Self {
            life,
            witness,
            started,
            runtime,
        }
    }

    /// Lets it run until its clock shows this, or until it dies.
    pub fn run_until(&self, world: u64) {
        let life = &self.life;
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = life.died() => {}
                () = tokio::time::sleep_until(life.instant(world)) => {}
            }
        });
    }

    /// It was frozen until now: its clock jumps, and whatever was due is due at once.
    pub fn thaw(&self, world: u64) {
        let life = &self.life;
        self.runtime.block_on(async {
            let frozen = world.saturating_sub(life.now());
            tokio::time::advance(Duration::from_millis(frozen)).await;
        });
    }

    /// What clients reach, once it serves, and until it stops.
    pub fn door(&self) -> Option<&Door> {
        let door = self.started.door.get();
        door.filter(|door| !door.desk.is_draining())
    }

    /// Tells it to stop when it has ended what is under way.
    pub fn stop(&self) {
        self.started.stop.notify_one();
    }

    /// Runs a client's request in the node, which takes it to its grave if it dies.
    pub fn spawn(&self, request: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(request);
    }

    /// A request has arrived from another node.
    pub fn serve(&self, from: usize, call: u64, request: Request, patience: Duration) {
        let (life, started) = (self.life.clone(), self.started.clone());
        self.runtime.spawn(async move {
            let reply = started.answers.serve(life.hub.companies[from], request);
            let Ok(reply) = tokio::time::timeout(patience, reply).await else {
                return; // the caller has given up
            };
            if life.crosses() {
                let packet = Packet {
                    from: life.index,
                    to: from,
                    call,
                    content: Content::Reply(reply),
                };
                let at = life.now();
                life.hub.lock().wire.sent.push((at, packet));
            }
        });
    }
}

/// Waits for the others to say how far they have seen our log, for as long as a real node does.
async fn greet(life: &Life) {
    let until = tokio::time::Instant::now() + GREETING;
    let everybody = || {
        let hub = life.hub.lock();
        let mut others = (0..life.hub.companies.len()).filter(|other| *other != life.index);
        others.all(|other| hub.wire.is_up(life.index, other))
    };
    while !everybody() && tokio::time::Instant::now() < until {
        tokio::time::sleep(GREETING_POLL).await;
    }
}

/// A node's life, in the order of the real one's.
async fn run_node(
    life: Arc<Life>,
    clock: Clock,
    database: Database,
    witness: Arc<Witness>,
    started: Arc<Started>,
) {
    let companies = life.hub.companies.clone();
    let close_of_sale = database.close.clone();
    let database = Arc::new(database);
    let seams = Seams {
        me: companies[life.index],
        companies,
        version: "simulated",
        clock,
        close_of_sale,
        store: database.clone(),
        tables: database,
        witness: witness.clone(),
        peers: Arc::new(Peers { life: life.clone() }),
        answers: started.answers.clone(),
        refused: Arc::default(),
        leases: Arc::new(Leases { life: life.clone() }),
        settings: settings(),
    };
    let begun = tokio::time::Instant::now();
    let Ok(mut node) = assembly::start(seams).await else {
        return life.exit("starts that failed"); // as a process does whose database is away
    };
    if begun.elapsed() >= READ_AGAIN {
        let seen = &mut life.hub.lock().seen;
        seen.count("starts that waited for their database");
    }
    greet(&life).await;
    if witness.lost().is_some() {
        return life.exit("starts that failed");
    }
    node.answer();
    node.serve().await;
    let door = Door {
        operations: Operations::new(
            node.company.clone(),
            node.companies.clone(),
            node.drivers.clone(),
            node.desk.clone(),
            Arc::new(Vec::new),
            Arc::new(|_| async { None }.boxed()),
        ),
        logins: node.logins.clone(),
        desk: node.desk.clone(),
        catalogue: node.company.catalogue.clone(),
    };
    let first = started.door.set(door).is_ok();
    assert!(first, "a node starts once");
    life.hub
        .trace(life.now(), life.index, format_args!("serves"));
    tokio::select! {
        biased;
        _ = witness.until_lost() => return life.exit("starts that failed"),
        () = node.task_ended() => panic!("a task of a node ends only with it"),
        () = started.stop.notified() => {}
    }
    node.drain();
    node.finish().await;
    life.exit("orderly stops");
}
