//! The node of one company: starts everything in order, serves, stops in reverse order.
//!
//! 1. The database: settings that keep commits, the only node of this company, tables, the next epoch.
//! 2. The mesh: answers acceptors and participants, but says "later" to new votes.
//! 3. Our own unfinished sagas; then votes. 4. Following the peers. 5. The clients' port.
//!
//! Redis is no part of this: without it bookings are slower, with it they fail faster.

mod housekeeping;
mod incarnations;
mod late;
mod open_files;
mod stock;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use passcom_actors::booking::actor::Shared;
use passcom_actors::catalogue::Catalogue;
use passcom_actors::clock::Clock;
use passcom_actors::company::directory::Directory;
use passcom_actors::company::lease::Leases;
use passcom_actors::company::ledger::Ledger;
use passcom_actors::company::news::News;
use passcom_actors::company::running::Running;
use passcom_actors::company::supervisor::Supervisor;
use passcom_actors::copies::anti_entropy;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::fail_points;
use passcom_actors::mesh::service::Service;
use passcom_actors::people::accounts::Accounts;
use passcom_actors::people::accounts::logins::Logins;
use passcom_actors::people::desk::{self, Desk};
use passcom_actors::people::operations::{Link, Operations};
use passcom_actors::people::refund::Tariff;
use passcom_actors::watchers;

use passcom_actors::copies::replication;
use passcom_http::{Admin, App, Limits, Rate, TokenIssuer, TokenVerifier};
use passcom_sql::{Database, Identity, NodeLock, checks, migrate};
use ractor::Actor;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::cluster::{self, Admit, Cluster, TlsFiles};
use crate::config::{Company, Config};
use crate::lease::Lease;
use crate::telemetry;

use late::LateService;

/// How long a starting node waits for its predecessor's hold on the database to end.
const LOCK_PATIENCE: Duration = Duration::from_secs(15);
/// Pause between two tries for it.
const LOCK_RETRY: Duration = Duration::from_millis(200);
/// How long the peers have to say that their membership list is another one.
const GREETING_PATIENCE: Duration = Duration::from_millis(700);
/// How long bookings under way have to end when the node stops.
const DRAIN_PATIENCE: Duration = Duration::from_secs(8);
/// Files that a node has open beside its clients' connections: database, mesh, operators, and to spare.
const OTHER_FILES: u64 = 1_000;
/// How often the metrics recorder tidies up.
const UPKEEP: Duration = Duration::from_secs(5);

/// Runs until `shutdown`, or until this node may not go on.
pub async fn run(
    config: Config,
    me: CompanyId,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let company = config.company(me)?.clone();
    open_files::allow(client_port(&config).connections_max as u64 + OTHER_FILES);
    let metrics = telemetry::metrics()?;
    let database = passcom_sql::connect(passcom_sql::Options {
        connections: config.limits.database_connections as usize,
        sale_closes: config.timeouts.sale_closes(),
        ..passcom_sql::Options::new(config.database_url(&company)?, me)
    })
    .await
    .with_context(|| format!("the database of company {me}"))?;
    let (identity, lock) = claim(&database, &config).await?;
    info!(company = %me, epoch = identity.epoch, incarnation = %identity.incarnation, "database is ours");

    let mut node = Node::start(&config, &company, &database, &identity).await?;
    let admin = TcpListener::bind(company.admin)
        .await
        .with_context(|| format!("listen for operators at {}", company.admin))?;
    let (stopped, stop) = watch::channel(false);
    let admin_token = config.admin_token(&company)?;
    let operators = tokio::spawn(passcom_http::serve_admin(
        admin,
        node.admin(admin_token, metrics),
        until(stop.clone()),
    ));

    let peers = node.cluster.peers();
    if let Some(problem) = peers.stranger(GREETING_PATIENCE).await {
        bail!("{problem}");
    }
    let name = me.to_string();
    watchers::recovery::at_start(&node.desk, &node.service, &name).await;
    node.service.ready.store(true, Ordering::Release);
    let in_doubt_after = config.timeouts.in_doubt();
    let (desk, service) = (node.desk.clone(), node.service.clone());
    let watcher = node.tasks.spawn(watchers::recovery::watch(
        desk,
        service,
        name,
        in_doubt_after,
    ));
    let expiring = watchers::holds::watch(
        node.desk.clone(),
        node.service.archive.clone(),
        in_doubt_after,
    );
    node.tasks.spawn(expiring);
    replication::follow_all(&node.service, &mut node.tasks);
    let logins = Logins::new(node.shared.clone(), node.desk.clone());
    let registrations = watchers::logins::watch(logins, node.service.clone(), in_doubt_after);
    node.tasks.spawn(registrations);
    node.tasks.spawn(anti_entropy::run(node.service.clone()));
    let tidying = housekeeping::run(node.service.clone(), database.clone());
    node.tasks.spawn(tidying);

    let listener = TcpListener::bind(company.http)
        .await
        .with_context(|| format!("listen for clients at {}", company.http))?;
    let app = node.app(&config, &company)?;
    let clients = tokio::spawn(passcom_http::serve(listener, app, until(stop)));
    info!(company = %me, http = %company.http, admin = %company.admin, "serving");

    let result = tokio::select! {
        () = shutdown => Ok(()),
        error = keep(lock, &database) => Err(error),
        // none of them ends by itself: one has panicked, and the node is not whole any more
        _ = node.tasks.join_next() => Err(anyhow!("a task of this node ended; its panic is in the log")),
    };
    info!("stopping");
    // what is unfinished is left to the next start: nothing new is begun from here on
    watcher.abort();
    node.desk.drain();
    stopped.send_replace(true);
    // a panic of a server has been logged by its hook; stopping goes on
    let _ = clients.await;
    node.finish_bookings().await;
    node.cluster.leave().await;
    let _ = operators.await;
    result
}

async fn until(mut stop: watch::Receiver<bool>) {
    // the sender is gone only when the node is
    let _ = stop.wait_for(|stopped| *stopped).await;
}

async fn claim(database: &Database, config: &Config) -> anyhow::Result<(Identity, NodeLock)> {
    checks::settings(database).await?;
    let lock = lock(database).await?;
    migrate::migrate(database).await?;
    let companies: Vec<CompanyId> = config.members().collect();
    let identity = checks::identify(database, &companies).await?;
    Ok((identity, lock))
}

/// A killed predecessor's session may outlive it for a moment.
async fn lock(database: &Database) -> anyhow::Result<NodeLock> {
    let start = std::time::Instant::now();
    loop {
        match checks::lock_node(database).await {
            Ok(lock) => return Ok(lock),
            Err(error) if start.elapsed() > LOCK_PATIENCE => return Err(error),
            Err(_) => tokio::time::sleep(LOCK_RETRY).await,
        }
    }
}

/// Ends when this node is not the one of its company any more. A database that restarts takes the lock with it: it is taken
/// again, unless another node was faster.
async fn keep(mut lock: NodeLock, database: &Database) -> anyhow::Error {
    loop {
        lock.lost().await;
        warn!("lost the hold on the database; taking it again");
        lock = match self::lock(database).await {
            Ok(lock) => lock,
            Err(cause) => {
                error!(%cause, "cannot take the hold on the database again");
                return cause.context("this node lost its database");
            }
        };
    }
}

struct Node {
    service: Service,
    shared: Arc<Shared>,
    desk: Desk,
    catalogue: Catalogue,
    lease_table: Arc<Lease>,
    cluster: Cluster,
    /// What runs as long as the node does.
    tasks: JoinSet<()>,
}

impl Node {
    async fn start(
        config: &Config,
        company: &Company,
        database: &Database,
        identity: &Identity,
    ) -> anyhow::Result<Self> {
        let me = company.code;
        let companies: Arc<[CompanyId]> = config.members().collect();
        let late = Arc::new(LateService::default());
        let admit = incarnations::admit(database.clone()).await?;
        let mesh = mesh_options(config, company, identity, admit)?;
        let answers = fail_points::around_answers(late.clone());
        let cluster = Cluster::start(mesh, answers).await?;
        let peers = cluster.peers();
        let (supervisor, _) = Actor::spawn(None, Supervisor, ())
            .await
            .map_err(|error| anyhow!("start the supervisor: {error}"))?;

        let (ledger, ledger_task) = Ledger::new();
        let sale_closes = config.timeouts.sale_closes();
        let connections = config.connections.times();
        let catalogue = Catalogue::new(
            me,
            companies.clone(),
            peers.clone(),
            sale_closes,
            connections,
        );
        let routes_max = config.limits.route_actors as usize;
        let directory = Directory::new(me, ledger.clone(), supervisor.get_cell(), routes_max);
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
        let archive = Arc::new(database.archive(identity));
        let version = stock::load(archive.as_ref(), &catalogue).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(ledger_task.run(me, Arc::new(database.ledger_store()), listener));
        tasks.spawn(directory.clone().sweep());
        tasks.spawn(stock::watch(archive.clone(), catalogue.clone(), version));

        let service = Service {
            me,
            version: env!("CARGO_PKG_VERSION"),
            companies,
            ledger,
            directory,
            archive,
            catalogue: catalogue.clone(),
            running: Running::default(),
            peers: peers.clone(),
            outbox,
            ready: Arc::new(AtomicBool::new(false)),
        };
        late.set(service.clone());
        let lease_ttl = config.timeouts.lease();
        let lease_table =
            Arc::new(Lease::new(&config.redis_url()?, identity.epoch)?.with_ttl(lease_ttl));
        let shared = Arc::new(Shared {
            service: service.clone(),
            peers,
            leases: Leases::new(fail_points::around_leases(lease_table.clone()), lease_ttl),
            clock: Clock::start(),
        });
        let limits = desk::Limits {
            bookings_max: config.limits.bookings_at_once as usize,
            deadline: config.timeouts.booking(),
            hold_seconds: config.timeouts.hold_seconds,
        };
        let desk = Desk::new(shared.clone(), me.as_str(), supervisor.get_cell(), limits);
        Ok(Self {
            service,
            shared,
            desk,
            catalogue,
            lease_table,
            cluster,
            tasks,
        })
    }

    fn app(&self, config: &Config, company: &Company) -> anyhow::Result<App> {
        let private = std::fs::read(&company.token_key)
            .with_context(|| format!("read the token key {}", company.token_key.display()))?;
        let public = |company: &Company| {
            let path = &company.token_public_key;
            let key = std::fs::read(path);
            let key = key.with_context(|| format!("read the token key {}", path.display()))?;
            anyhow::Ok((company.code, key))
        };
        let keys = config.companies().iter().map(public);
        let rate = |per_second: u32| {
            std::num::NonZeroU32::new(per_second).map(|per_second| Rate {
                per_second,
                burst: per_second,
            })
        };
        Ok(App {
            desk: self.desk.clone(),
            accounts: Accounts::new(
                self.shared.clone(),
                self.desk.clone(),
                config.limits.password_hashes_at_once as usize,
            ),
            catalogue: self.catalogue.clone(),
            tariff: Tariff {
                refund_percent: config.tariff.refund_percent,
            },
            public_url: company.public_url.clone(),
            issuer: TokenIssuer::from_pem(company.code, &private)?,
            verifier: TokenVerifier::new(keys.collect::<anyhow::Result<_>>()?)?,
            limits: Limits {
                per_address: rate(config.limits.requests_per_second_per_address),
                per_user: rate(config.limits.requests_per_second_per_user),
            },
            options: client_port(config),
        })
    }

    fn admin(&self, token: String, metrics: PrometheusHandle) -> Admin {
        let peers = self.cluster.peers();
        let links = move || {
            let statuses = peers.status().into_iter();
            let link = statuses.map(|status| Link {
                company: status.company,
                address: status.address,
                calls_under_way: status.calls_under_way,
            });
            link.collect()
        };
        let upkeep = metrics.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkeep.run_upkeep();
            }
        });
        let lease_table = self.lease_table.clone();
        let lease_scan = move |limit| {
            let table = lease_table.clone();
            async move { table.list(limit).await }.boxed()
        };
        Admin {
            operations: Operations::new(
                self.shared.clone(),
                self.desk.clone(),
                Arc::new(links),
                Arc::new(lease_scan),
            ),
            token,
            metrics: Arc::new(move || metrics.render()),
            options: passcom_http::Options::default(),
        }
    }

    async fn finish_bookings(&self) {
        let start = std::time::Instant::now();
        while self.desk.under_way() > 0 && start.elapsed() < DRAIN_PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn client_port(config: &Config) -> passcom_http::Options {
    let limits = &config.limits;
    let defaults = passcom_http::Options::default();
    passcom_http::Options {
        // listeners take no connection away from those who ask
        connections_max: defaults.connections_max + limits.event_streams_at_once as usize,
        requests_max: limits.http_requests_at_once as usize,
        shutdown_timeout: config.timeouts.shutdown(),
        streams: passcom_http::StreamLimits {
            at_once: limits.event_streams_at_once as usize,
            per_address: limits.event_streams_per_address as usize,
        },
        ..defaults
    }
}

fn mesh_options(
    config: &Config,
    company: &Company,
    identity: &Identity,
    admit: Admit,
) -> anyhow::Result<cluster::Options> {
    let others = config.companies().iter();
    let others = others.filter(|other| other.code != company.code);
    Ok(cluster::Options {
        me: company.code,
        listen: company.mesh_listen,
        peers: others
            .map(|other| (other.code, other.mesh.clone()))
            .collect(),
        tls: TlsFiles {
            ca: config.cluster.ca.clone(),
            cert: company.certificate.clone(),
            key: company.key.clone(),
        },
        cookie: config.cookie()?,
        membership: config.membership_hash(),
        incarnation: identity.incarnation,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        admit,
    })
}
