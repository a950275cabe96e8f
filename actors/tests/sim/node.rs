//! A company's node: the real shells in a runtime of their own, whose clock stands still unless it is let run.
//!
//! Dropping the runtime is the death of the process: whatever task it was, it ends where it waits.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use passcom_actors::booking::actor::Shared;
use passcom_actors::catalogue::{Catalogue, ConnectionTimes};
use passcom_actors::clock::Clock;
use passcom_actors::company::directory::Directory;
use passcom_actors::company::lease::{self, LEASE_TTL};
use passcom_actors::company::ledger::Ledger;
use passcom_actors::company::news::News;
use passcom_actors::company::running::Running;
use passcom_actors::company::store::{Archive, ReadError};
use passcom_actors::company::supervisor::Supervisor;
use passcom_actors::domain::ids::RouteId;
use passcom_actors::mesh::messages::{Reply, Request};
use passcom_actors::mesh::peer::{PeerClient, Serve};
use passcom_actors::mesh::service::Service;
use passcom_actors::people::accounts::logins::Logins;
use passcom_actors::people::desk::{Desk, Limits};
use passcom_actors::people::operations::Operations;
use passcom_actors::watchers;
use passcom_memory::MemoryStore;

use passcom_actors::copies::replication;
use ractor::Actor;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::hub::Hub;
use crate::life::Life;
use crate::network::{Content, Packet, Peers};
use crate::redis::Leases;
use crate::store::Database;
use crate::wall;

/// As in the node's configuration.
const IN_DOUBT_AFTER: Duration = Duration::from_secs(5);
const LIMITS: Limits = Limits {
    bookings_max: 64,
    deadline: Duration::from_secs(8),
    hold_seconds: passcom_actors::domain::order::HOLD_SECONDS,
};
/// Few, so that route actors are stopped and started again.
const ROUTE_ACTORS_MAX: usize = 2;
const ROUTES_PAGE: usize = 100;
const START_RETRY: Duration = Duration::from_millis(200);

/// What clients reach.
#[derive(Clone)]
pub struct Door {
    pub desk: Desk,
    pub logins: Logins,
    pub catalogue: Catalogue,
    pub operations: Operations,
}

/// Filled in as the node starts.
#[derive(Default)]
struct Started {
    service: OnceLock<Service>,
    door: OnceLock<Door>,
}

pub struct Node {
    pub life: Arc<Life>,
    started: Arc<Started>,
    runtime: Runtime,
}

impl Node {
    pub fn start(index: usize, hub: Arc<Hub>, tables: Arc<MemoryStore>, now: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O takes nothing that could be missing");
        let entered = runtime.enter();
        let life = Life::new(index, hub, now);
        drop(entered);
        let started = Arc::new(Started::default());
        let database = Database {
            life: life.clone(),
            tables,
        };
        runtime.spawn(run(life.clone(), database, started.clone()));
        Self {
            life,
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

    /// What clients reach, once it serves.
    pub fn door(&self) -> Option<&Door> {
        self.started.door.get()
    }

    /// Runs a client's request in the node, which takes it to its grave if it dies.
    pub fn spawn(&self, request: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(request);
    }

    /// A request has arrived from another node.
    pub fn serve(&self, from: usize, call: u64, request: Request, patience: Duration) {
        let (life, started) = (self.life.clone(), self.started.clone());
        self.runtime.spawn(async move {
            let reply = match started.service.get() {
                Some(service) => tokio::time::timeout(patience, service.serve(request)).await,
                None => Ok(Reply::Unavailable),
            };
            let Ok(reply) = reply else {
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

/// A node's start, in the order of the real one, and then its tasks for as long as it lives.
async fn run(life: Arc<Life>, database: Database, started: Arc<Started>) {
    let mut tasks = JoinSet::new();
    let (service, shared, desk) = build(&life, database, &mut tasks).await;
    let first = started.service.set(service.clone()).is_ok();
    assert!(first, "a node starts once");
    let name = service.me.to_string();
    watchers::recovery::at_start(&desk, &service, &name).await;
    service.ready.store(true, Ordering::Release);
    tasks.spawn(watchers::recovery::watch(
        desk.clone(),
        service.clone(),
        name,
        IN_DOUBT_AFTER,
    ));
    tasks.spawn(watchers::holds::watch(
        desk.clone(),
        service.archive.clone(),
        IN_DOUBT_AFTER,
    ));
    replication::follow_all(&service, &mut tasks);
    let logins = Logins::new(shared.clone(), desk.clone());
    tasks.spawn(watchers::logins::watch(
        logins.clone(),
        service.clone(),
        IN_DOUBT_AFTER,
    ));
    let door = Door {
        logins,
        operations: Operations::new(
            shared,
            desk.clone(),
            Arc::new(Vec::new),
            Arc::new(|_| async { None }.boxed()),
        ),
        desk,
        catalogue: service.catalogue.clone(),
    };
    let first = started.door.set(door).is_ok();
    assert!(first, "a node starts once");
    life.hub
        .trace(life.now(), life.index, format_args!("serves"));
    while tasks.join_next().await.is_some() {}
}

async fn build(
    life: &Arc<Life>,
    database: Database,
    tasks: &mut JoinSet<()>,
) -> (Service, Arc<Shared>, Desk) {
    let companies = life.hub.companies.clone();
    let me = companies[life.index];
    let peers: Arc<dyn PeerClient> = Arc::new(Peers { life: life.clone() });
    let (supervisor, _) = Actor::spawn(None, Supervisor, ())
        .await
        .expect("an actor without state starts");
    let (ledger, ledger_task) = Ledger::new();
    let catalogue = Catalogue::new(
        me,
        companies.clone(),
        peers.clone(),
        Duration::ZERO,
        ConnectionTimes::default(),
    );
    let directory = Directory::new(me, ledger.clone(), supervisor.get_cell(), ROUTE_ACTORS_MAX);
    let outbox = Arc::new(Notify::new());
    let listening_outbox = outbox.clone();
    let (listening_catalogue, listening_directory) = (catalogue.clone(), directory.clone());
    let listener = Arc::new(move |news: &News| {
        listening_catalogue.on_commit(&news.seats, &news.surveyed);
        listening_directory.on_news(news);
        if news.outbox {
            listening_outbox.notify_waiters();
        }
    });
    while load_routes(&database, &catalogue).await.is_err() {
        tokio::time::sleep(START_RETRY).await;
    }
    tasks.spawn(ledger_task.run(me, Arc::new(database.clone()), listener));
    tasks.spawn(directory.clone().sweep());
    let service = Service {
        me,
        version: "simulated",
        companies,
        ledger,
        directory,
        archive: Arc::new(database),
        catalogue,
        running: Running::default(),
        peers: peers.clone(),
        outbox,
        ready: Arc::new(AtomicBool::new(false)),
    };
    let shared = Arc::new(Shared {
        service: service.clone(),
        peers,
        leases: lease::Leases::new(Arc::new(Leases { life: life.clone() }), LEASE_TTL),
        clock: Clock::with_wall(wall::now_ms),
    });
    let desk = Desk::new(shared.clone(), me.as_str(), supervisor.get_cell(), LIMITS);
    (service, shared, desk)
}

async fn load_routes(database: &Database, catalogue: &Catalogue) -> Result<(), ReadError> {
    catalogue.load_own(database.routes(-1, RouteId(0), ROUTES_PAGE).await?);
    catalogue.own_is_complete();
    Ok(())
}
