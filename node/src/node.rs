//! The process of one company's node: its database, mesh, ports and certificates around what [`assembly`] puts
//! together.
//!
//! 1. The database: settings that keep commits, the only node of this company, tables, the next epoch.
//! 2. The mesh: greetings, in which a peer may say that our log went back. The operators' port. Then acceptors and
//!    participants are answered, but new votes hear "later".
//! 3. Our own unfinished sagas; then votes, and following the peers. 4. The clients' port.
//!
//! It stops in reverse order. Redis is no part of this: without it bookings are slower, with it they fail faster.

mod housekeeping;
mod incarnations;
mod memory;
mod open_files;

pub use memory::use_small_pages;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use passcom_actors::assembly::{self, Assembly, Seams, Settings};
use passcom_actors::catalogue::CloseOfSale;
use passcom_actors::clock::Clock;
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::fail_points;
use passcom_actors::mesh::late::LateService;
use passcom_actors::people::accounts::Accounts;
use passcom_actors::people::accounts::codes::Codes;
use passcom_actors::people::desk;
use passcom_actors::people::operations::{Link, Operations};
use passcom_actors::people::payment::Terms;
use passcom_actors::people::refund::Tariff;
use passcom_http::mail::Letters;
use passcom_http::payment::Till;
use passcom_http::{Admin, Airline, Airlines, App, Conditions, Limits, Rate, Sentence, TokenDesk};
use passcom_sql::mail::Mail;
use passcom_sql::payments::Payments;
use passcom_sql::saved::Saved;
use passcom_sql::{Database, Identity, NodeLock, Unfit, checks};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::cluster::{self, Admit, Cluster, Peers};
use crate::config::{self, Company, Config};
use crate::keys::{self, Keys};
use crate::lease::Lease;
use crate::mail::Post;
use crate::migration;
use crate::payment::Cashier;
use crate::telemetry;

/// How long a starting node waits for its predecessor's hold on the database to end.
const LOCK_PATIENCE: Duration = Duration::from_secs(15);
/// Pause between two tries for it.
const LOCK_RETRY: Duration = Duration::from_millis(200);
/// How long the peers have to say that their membership list is another one, or that they have seen more of our log
/// than there is. Those that dial us do so within a second and a little.
const GREETING_PATIENCE: Duration = Duration::from_millis(1_300);
/// From our verdict on the last peer until it has ours.
const LOST_LINGER: Duration = Duration::from_millis(300);
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
    // from here on it does not end the process; what comes during the start is heard after it
    let hangups = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
    let company = config.company(me)?.clone();
    open_files::allow(client_port(&config, &company).connections_max as u64 + OTHER_FILES);
    let metrics = telemetry::metrics()?;
    let database = passcom_sql::connect(passcom_sql::Options {
        connections: config.limits.database_connections as usize,
        ..passcom_sql::Options::new(config.database(&company)?, me)
    })
    .await
    .with_context(|| format!("the database of company {me}"))?;
    let (identity, lock) = claim(&database, &config, &company).await?;
    info!(company = %me, epoch = identity.epoch, incarnation = %identity.incarnation, "database is ours");

    let late = Arc::new(LateService::default());
    let witness = incarnations::witness(me, &database, &identity).await?;
    let admit = incarnations::admit(database.clone()).await?;
    let clock = Clock::start();
    let (tls, keys) = keys::read(&config, &company)?;
    let mesh = mesh_options(
        &config,
        &company,
        tls,
        witness.clone(),
        admit,
        clock.clone(),
    )?;
    let cluster = Cluster::start(mesh, fail_points::around_answers(late.clone())).await?;
    let lease_table = Lease::new(&config.redis_url()?, config.redis_ca()?, identity.epoch)?;
    let lease_table = Arc::new(lease_table.with_ttl(config.timeouts.lease()));
    let close_of_sale = CloseOfSale::new(clock.clone(), config.timeouts.sale_closes());
    let seams = Seams {
        me,
        companies: config.members().collect(),
        version: env!("CARGO_PKG_VERSION"),
        clock,
        close_of_sale,
        store: Arc::new(database.ledger_store(&identity)),
        tables: Arc::new(database.tables(&identity)),
        witness: witness.clone(),
        peers: cluster.peers(),
        answers: late,
        refused: cluster.peers().refused(),
        leases: fail_points::around_leases(lease_table.clone()),
        settings: settings(&config, &database),
    };
    let peers = cluster.peers();
    tokio::pin!(shutdown);
    let started = tokio::select! {
        started = assembly::start(seams) => started,
        () = &mut shutdown => {
            cluster.leave().await;
            return Ok(());
        }
    };
    let node = match started {
        Ok(node) => node,
        Err(error) => {
            end_if_lost(&witness, &peers).await?;
            return Err(error).context("read what is durable");
        }
    };
    let mut node = Node {
        assembly: node,
        lease_table,
        cluster,
    };

    let admin = TcpListener::bind(company.admin)
        .await
        .with_context(|| format!("listen for operators at {}", company.admin))?;
    let (stopped, stop) = watch::channel(false);
    let keys = Keys::new(&config, me, keys, peers.clone());
    // nobody else sets it
    let tokens = TokenDesk {
        issuer: keys.issuer.clone(),
        verifier: keys.verifier.clone(),
    };
    let _ = node.assembly.company.tokens.set(Arc::new(tokens));
    node.assembly.spawn(keys.clone().run(hangups));
    let operators = tokio::spawn(passcom_http::serve_admin(
        admin,
        node.admin(&config.limits, &keys, metrics),
        until(stop.clone()),
    ));
    // whoever asks first is to find the others, and they may know that our log went back; where they are away, the node
    // serves without them
    if let Some(problem) = peers.stranger(GREETING_PATIENCE).await {
        bail!("{problem}");
    }
    end_if_lost(&witness, &peers).await?;
    node.assembly.learn_sessions();
    node.assembly.answer();
    node.assembly.serve().await;
    let (own, companies) = (&node.assembly.company, &node.assembly.companies);
    let tidying = housekeeping::run(
        own.clone(),
        companies.clone(),
        database.clone(),
        config.retention.clone(),
    );
    node.assembly.spawn(tidying);
    node.assembly
        .spawn(incarnations::keep_seen(database.clone(), witness.clone()));
    node.assembly.spawn(memory::give_back());

    let listener = TcpListener::bind(company.http)
        .await
        .with_context(|| format!("listen for clients at {}", company.http))?;
    let codes = node.mail(&config, &company, &keys, &database).await?;
    let payments = node.payments(&config, &company, &database)?;
    let app = node.app(&config, &company, &keys, codes, payments, &database);
    let clients = tokio::spawn(passcom_http::serve(listener, app, until(stop)));
    info!(company = %me, http = %company.http, admin = %company.admin, "serving");

    let result = tokio::select! {
        () = &mut shutdown => Ok(()),
        error = keep(lock, &database, &witness) => Err(error),
        problem = witness.until_lost() => Err(anyhow!("{problem}")),
        () = node.assembly.task_ended() => Err(anyhow!("a task of this node ended; its panic is in the log")),
    };
    info!("stopping");
    node.assembly.drain();
    stopped.send_replace(true);
    // a panic of a server has been logged by its hook; stopping goes on
    let _ = clients.await;
    node.assembly.finish().await;
    node.cluster.leave().await;
    let _ = operators.await;
    result
}

/// A log that went back is told to every peer before this node ends, so that operators hear of it at all of them.
async fn end_if_lost(witness: &Witness, peers: &Peers) -> anyhow::Result<()> {
    let Some(problem) = witness.lost() else {
        return Ok(());
    };
    peers.stranger(GREETING_PATIENCE).await;
    tokio::time::sleep(LOST_LINGER).await;
    bail!("{problem}")
}

async fn until(mut stop: watch::Receiver<bool>) {
    // the sender is gone only when the node is
    let _ = stop.wait_for(|stopped| *stopped).await;
}

async fn claim(
    database: &Database,
    config: &Config,
    company: &Company,
) -> anyhow::Result<(Identity, NodeLock)> {
    checks::settings(database).await?;
    let lock = lock(database).await?;
    migration::at_start(database, company).await?;
    let companies: Vec<CompanyId> = config.members().collect();
    let identity = checks::identify(database, &companies).await?;
    database.expect(&identity);
    Ok((identity, lock))
}

/// A killed predecessor's session may outlive it for a moment.
async fn lock(database: &Database) -> anyhow::Result<NodeLock> {
    let start = std::time::Instant::now();
    loop {
        match checks::lock_node(database).await {
            Ok(lock) => return Ok(lock),
            Err(error) if start.elapsed() > LOCK_PATIENCE || is_final(&error) => return Err(error),
            Err(_) => tokio::time::sleep(LOCK_RETRY).await,
        }
    }
}

/// Waiting does not help.
fn is_final(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(Unfit::Superseded | Unfit::Lost(_))
    )
}

/// Ends when this node is not the one of its company any more. A database that restarts takes the lock with it: it is
/// taken again, unless another node was faster.
async fn keep(mut lock: NodeLock, database: &Database, witness: &Witness) -> anyhow::Error {
    loop {
        lock.lost().await;
        warn!("lost the hold on the database; taking it again");
        lock = match self::lock(database).await {
            Ok(lock) => lock,
            Err(cause) => {
                error!(%cause, "cannot take the hold on the database again");
                if let Some(Unfit::Lost(problem)) = cause.downcast_ref() {
                    witness.lose(problem.clone());
                }
                return cause.context("this node lost its database");
            }
        };
    }
}

fn settings(config: &Config, database: &Database) -> Settings {
    let Config {
        limits,
        timeouts,
        tariff,
        ..
    } = config;
    Settings {
        desk: desk::Limits {
            bookings_max: limits.bookings_at_once,
            deadline: timeouts.booking(),
            hold_seconds: timeouts.hold_seconds,
            tariff: Tariff {
                refund_percent: tariff.refund_percent,
            },
        },
        payment: terms(config, database),
        route_actors_max: limits.route_actors as usize,
        lease_ttl: timeouts.lease(),
        connections: config.connections.times(),
        requires: config
            .companies()
            .iter()
            .map(|company| (company.code, company.requires.into()))
            .collect(),
        in_doubt_after: timeouts.in_doubt(),
        wrong_passwords: limits.wrong_passwords,
    }
}

/// Who wants to be paid first, of all companies.
fn terms(config: &Config, database: &Database) -> Terms {
    let wants = |company: &&Company| {
        let payment = company.payment.as_ref();
        payment.is_some_and(|payment| payment.required)
    };
    let required_by = config.companies().iter().filter(wants);
    Terms {
        required_by: required_by.map(|company| company.code).collect(),
        paid: Some(Arc::new(Payments::new(database.clone()))),
    }
}

struct Node {
    assembly: Assembly,
    lease_table: Arc<Lease>,
    cluster: Cluster,
}

impl Node {
    /// Begins to send mail, where the company has a server for it. The codes that can be mailed then.
    async fn mail(
        &mut self,
        config: &Config,
        company: &Company,
        keys: &Keys,
        database: &Database,
    ) -> anyhow::Result<Option<Arc<dyn Codes>>> {
        let mail = Mail::new(database.clone());
        let Some(server) = &company.mail else {
            mail.end().await?;
            return Ok(None);
        };
        mail.begin().await?;
        let own = self.assembly.company.clone();
        let letters = Letters {
            issuer: keys.issuer.clone(),
            catalogue: own.catalogue.clone(),
            name: company.name.clone(),
            airlines: airlines(config),
            public_url: company.public_url.clone(),
        };
        let credentials = config.mail_credentials(company)?;
        let companies = self.assembly.companies.clone();
        let post = Post::new(mail.clone(), letters, (own, companies), server, credentials)?;
        self.assembly.spawn(post.run());
        Ok(Some(Arc::new(mail)))
    }

    /// Begins to take payments, where the company has a provider.
    fn payments(
        &mut self,
        config: &Config,
        company: &Company,
        database: &Database,
    ) -> anyhow::Result<Option<Arc<dyn Till>>> {
        let Some(payment) = &company.payment else {
            return Ok(None);
        };
        if payment.provider == config::Provider::Test {
            warn!("payments are tried only: no money is taken");
        }
        let secrets = config.payment_secrets(payment, company.code)?;
        let payments = Payments::new(database.clone());
        let desk = self.assembly.desk.clone();
        let cashier = Cashier::new(payments, desk, payment, &secrets)?;
        self.assembly.spawn(cashier.clone().run());
        Ok(Some(Arc::new(cashier)))
    }

    fn app(
        &self,
        config: &Config,
        company: &Company,
        keys: &Keys,
        codes: Option<Arc<dyn Codes>>,
        payments: Option<Arc<dyn Till>>,
        database: &Database,
    ) -> App {
        let rate = |per_second: u32| {
            NonZeroU32::new(per_second).map(|per_second| Rate {
                per_second,
                burst: per_second,
            })
        };
        App {
            me: company.code,
            desk: self.assembly.desk.clone(),
            accounts: Accounts::new(
                self.assembly.logins.clone(),
                config.limits.password_hashes_at_once as usize,
            ),
            catalogue: self.assembly.company.catalogue.clone(),
            public_url: company.public_url.clone(),
            issuer: keys.issuer.clone(),
            codes,
            payments,
            saved: Arc::new(Saved::new(database.clone())),
            airlines: airlines(config),
            verifier: keys.verifier.clone(),
            limits: Limits {
                per_address: rate(config.limits.requests_per_second_per_address),
                per_user: rate(config.limits.requests_per_second_per_user),
                misses: NonZeroU32::new(config.limits.misses_per_user),
                registrations: NonZeroU32::new(config.limits.registrations_per_hour_per_address),
            },
            options: passcom_http::Options {
                tls: keys.http.clone(),
                ..client_port(config, company)
            },
        }
    }

    fn admin(
        &self,
        limits: &config::Limits,
        keys: &Arc<Keys>,
        recorder: PrometheusHandle,
    ) -> Admin {
        let peers = self.cluster.peers();
        let links = move || {
            let statuses = peers.status().into_iter();
            let link = statuses.map(|status| Link {
                company: status.company,
                address: status.address,
                calls_under_way: status.calls_under_way,
                obstacle: status.obstacle,
            });
            link.collect()
        };
        let upkeep = recorder.clone();
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
        let operations = Operations::new(
            self.assembly.company.clone(),
            self.assembly.companies.clone(),
            self.assembly.drivers.clone(),
            self.assembly.desk.clone(),
            Arc::new(links),
            Arc::new(lease_scan),
        );
        let asked = operations.clone();
        let (told, renewed, gauged) = (keys.clone(), keys.clone(), keys.clone());
        let renew = move || {
            let keys = renewed.clone();
            async move {
                let renewed = keys.renew_apart().await;
                renewed.map_err(|cause| format!("{cause:#}"))
            }
            .boxed()
        };
        let metrics = move || {
            gauged.gauge();
            let waiting = asked.oldest_waiting().as_secs_f64();
            metrics::gauge!("passcom_ledger_oldest_waiting_seconds").set(waiting);
            recorder.render()
        };
        Admin {
            operations,
            operators: keys.operators.clone(),
            certificates: Arc::new(move || told.certificates()),
            renew: Arc::new(renew),
            metrics: Arc::new(metrics),
            options: passcom_http::Options {
                tls: keys.admin.clone(),
                refusals: refusals(limits),
                ..passcom_http::Options::default()
            },
        }
    }
}

/// Who the companies are to customers.
fn airlines(config: &Config) -> Airlines {
    let sentence = |said: &config::Sentence| Sentence {
        portuguese: said.pt.clone(),
        english: said.en.clone(),
    };
    let conditions = |of: &config::Conditions| Conditions {
        baggage: sentence(&of.baggage),
        refund: sentence(&of.refund),
        change: sentence(&of.change),
    };
    let airline = |company: &Company| {
        let airline = Airline {
            name: company.name.clone(),
            page: company.public_url.clone(),
            conditions: company.conditions.as_ref().map(conditions),
            requires: company.requires.into(),
        };
        (company.code, airline)
    };
    Airlines::new(config.companies().iter().map(airline))
}

fn client_port(config: &Config, company: &Company) -> passcom_http::Options {
    const MEGABYTE: usize = 1024 * 1024;
    let limits = &config.limits;
    let defaults = passcom_http::Options::default();
    passcom_http::Options {
        // listeners take no connection away from those who ask
        connections_max: defaults.connections_max + limits.event_streams_at_once as usize,
        connections_per_address: limits.connections_per_address as usize,
        refusals: refusals(limits),
        proxies: company.proxies().expect("checked when it was loaded"),
        origins: passcom_http::Origins(company.cors_origins.clone()),
        requests_max: limits.http_requests_at_once as usize,
        shutdown_timeout: config.timeouts.shutdown(),
        streams: passcom_http::StreamLimits {
            at_once: limits.event_streams_at_once as usize,
            per_address: limits.event_streams_per_address as usize,
        },
        unread: passcom_http::UnreadLimits {
            in_all: limits.unread_megabytes as usize * MEGABYTE,
            per_address: limits.unread_megabytes_per_address as usize * MEGABYTE,
        },
        ..defaults
    }
}

/// Of one address, at either port. Half a minute's worth come at once: pages that are opened anew, a program that is being tried.
fn refusals(limits: &config::Limits) -> Option<Rate> {
    const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(30).expect("it is not zero");
    let per_second = NonZeroU32::new(limits.refusals_per_second_per_address)?;
    Some(Rate {
        per_second,
        burst: per_second.saturating_mul(BURST_SECONDS),
    })
}

fn mesh_options(
    config: &Config,
    company: &Company,
    tls: cluster::Tls,
    witness: Arc<Witness>,
    admit: Admit,
    clock: Clock,
) -> anyhow::Result<cluster::Options> {
    let others = config.companies().iter();
    let others = others.filter(|other| other.code != company.code);
    Ok(cluster::Options {
        me: company.code,
        listen: company.mesh_listen,
        peers: others
            .map(|other| (other.code, other.mesh.clone()))
            .collect(),
        tls,
        cookie: config.cookie()?,
        membership: config.membership_hash(),
        witness,
        clock,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        admit,
    })
}
