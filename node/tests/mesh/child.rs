//! A node of the mesh without a product: it obeys commands on its input, one a line, and answers each on its output.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use passcom_actors::catalogue::Reach;
use passcom_actors::clock::Clock;
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::lineage::{Lineage, Start};
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::ids::{CompanyId, Incarnation, UserId};
use passcom_actors::domain::time::Timestamp;
use passcom_actors::mesh::envelope::{Body, Envelope};
use passcom_actors::mesh::frame::{Frame, Kind, Part};
use passcom_actors::mesh::gateway::{GatewayMessage, Presence, SCOPE};
use passcom_actors::mesh::messages::{Reply, Request, Whom};
use passcom_actors::mesh::peer::{CallError, PeerClient, Serve};
use passcom_actors::mesh::traceparent::Traceparent;
use passcom_node::certificate::Revocation;
use passcom_node::certs;
use passcom_node::cluster::{Admit, Cluster, Options, Peers, Tls, TlsFiles, load};
use ractor::{ActorRef, pg};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use uuid::Uuid;

pub const CONFIG_VARIABLE: &str = "PASSCOM_MESH_NODE";
/// What begins an answer: the test program prints words of its own on the same lines.
pub const MARK: &str = "@@";
/// Whoever is not released goes on after this.
const HELD_MAX: Duration = Duration::from_secs(10);

#[derive(Serialize, Deserialize)]
pub struct Config {
    pub company: String,
    pub folder: PathBuf,
    pub listen: SocketAddr,
    pub peers: BTreeMap<String, String>,
    pub membership: u8,
    pub incarnation: u128,
    /// Runs, each with the end of the log when it began; the last is this one.
    pub starts: Vec<(u128, i64)>,
    pub log_end: i64,
    /// Another one than the file's.
    pub cookie: Option<String>,
}

/// Answers every request with its own name, those for `sleep:<ms>` after that time; one for a key is not taken, and holds up all behind
/// it, until it is told to.
struct Service {
    company: String,
    served: AtomicU64,
    released: (Mutex<bool>, Condvar),
}

impl Service {
    fn wait_until_released(&self) {
        let (released, news) = &self.released;
        let released = released.lock().unwrap();
        let waited = news.wait_timeout_while(released, HELD_MAX, |released| !*released);
        drop(waited.unwrap());
    }

    fn release(&self) {
        *self.released.0.lock().unwrap() = true;
        self.released.1.notify_all();
    }
}

impl Serve for Service {
    fn serve(&self, _: CompanyId, request: Request) -> BoxFuture<'static, Reply> {
        self.served.fetch_add(1, Ordering::SeqCst);
        if matches!(request, Request::FindKey { .. }) {
            tokio::task::block_in_place(|| self.wait_until_released());
        }
        let company = self.company.clone();
        Box::pin(async move {
            if let Request::FindUser(Whom::Login(login)) = request
                && let Some(ms) = login.strip_prefix("sleep:")
            {
                tokio::time::sleep(Duration::from_millis(ms.parse().unwrap())).await;
            }
            let (version, reaches) = (company, Vec::new());
            Reply::Description { version, reaches }
        })
    }
}

#[test]
#[ignore = "a node that the other tests start"]
fn node() {
    let config = std::env::var(CONFIG_VARIABLE).expect("started by another test");
    tracing_subscriber::fmt()
        .with_env_filter("passcom=info")
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    run(&runtime, &serde_json::from_str(&config).unwrap());
}

fn run(runtime: &Runtime, config: &Config) {
    let service = Arc::new(Service {
        company: config.company.clone(),
        served: AtomicU64::new(0),
        released: Default::default(),
    });
    let options = options(config);
    let witness = options.witness.clone();
    let cluster = runtime
        .block_on(Cluster::start(options, service.clone()))
        .unwrap();
    let peers = cluster.peers();
    for line in std::io::stdin().lines() {
        let words: Vec<String> = line.unwrap().split(' ').map(str::to_owned).collect();
        if words[1] == "leave" {
            return runtime.block_on(cluster.leave());
        }
        if words[1] == "renew" {
            let revoked = words[2..].iter().map(|word| word.parse().unwrap());
            let me = config.company.parse().unwrap();
            peers.renew(tls(config, me, revoked.collect()));
            println!("{MARK}{} ok", words[0]);
            continue;
        }
        let (peers, service) = (peers.clone(), service.clone());
        runtime.spawn(obey(words, peers, service, witness.clone()));
    }
}

async fn obey(words: Vec<String>, peers: Arc<Peers>, service: Arc<Service>, witness: Arc<Witness>) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answer = match words[1..] {
        ["ready"] => "ok".to_owned(),
        ["flood", to, frames, len] => {
            flood(&peers, to, frames.parse().unwrap(), len.parse().unwrap());
            "ok".to_owned()
        }
        ["release"] => {
            service.release();
            "ok".to_owned()
        }
        ["served"] => service.served.load(Ordering::SeqCst).to_string(),
        ["lost"] => witness.lost().unwrap_or_default().to_owned(),
        ["refused", company] => {
            let (refused, alarmed) = peers.refused().of(company.parse().unwrap());
            format!("{refused} {alarmed}")
        }
        ["up", company] => peers.is_up(company.parse().unwrap()).to_string(),
        ["obstacle", company] => {
            let status = peers.status().into_iter();
            let mut status = status.filter(|peer| peer.company.as_str() == company);
            let obstacle = status.next().and_then(|peer| peer.obstacle);
            obstacle.unwrap_or_default()
        }
        ["call", to, login, timeout_ms] => call(&peers, to, login, timeout_ms).await,
        _ => panic!("no such command: {words:?}"),
    };
    println!("{MARK}{} {answer}", words[0]);
}

/// As no node does: a request that holds up whoever looks at it, and so many long ones behind it, whatever becomes of them.
fn flood(peers: &Peers, to: &str, frames: usize, len: usize) {
    let me: CompanyId = peers.hello().company;
    let gateways = pg::get_scoped_members(&SCOPE.to_owned(), &to.to_owned());
    let gateway: ActorRef<GatewayMessage> = gateways[0].clone().into();
    let send = |request| {
        let envelope = Envelope {
            from: me,
            request_id: Uuid::new_v4(),
            traceparent: Traceparent::generate(),
            deadline: Some(Timestamp(u64::MAX)),
            body: Body::Request(request),
        };
        let part = Part {
            kind: Kind::Request,
            call: Uuid::new_v4(),
            bytes: envelope.seal().unwrap(),
        };
        let frame = Frame::new(me, part).seal();
        gateway.cast(GatewayMessage::Frame(frame)).unwrap();
    };
    send(Request::FindKey {
        user: UserId(Uuid::nil()),
        key: String::new(),
    });
    for _ in 0..frames {
        send(Request::FindUser(Whom::Login("x".repeat(len))));
    }
}

async fn call(peers: &Peers, to: &str, login: &str, timeout_ms: &str) -> String {
    let login = match login.strip_prefix("size:") {
        Some(len) => "x".repeat(len.parse().unwrap()),
        None => login.to_owned(),
    };
    let timeout = Duration::from_millis(timeout_ms.parse().unwrap());
    let request = Request::FindUser(Whom::Login(login));
    match peers.call(to.parse().unwrap(), request, timeout).await {
        Ok(Reply::Description { version, .. }) => format!("ok {version}"),
        Ok(reply) => panic!("not what a node here answers: {reply:?}"),
        Err(CallError::NotSent { reason, .. }) => format!("not-sent {reason}"),
        Err(CallError::Busy(_)) => "busy".to_owned(),
        Err(CallError::Unknown { reason, .. }) => format!("unknown {reason}"),
    }
}

/// What lies in the folder now.
fn tls(config: &Config, me: CompanyId, revoked: Vec<Revocation>) -> Tls {
    let files = certs::files(&config.folder, me);
    let files = TlsFiles {
        ca: files.ca,
        cert: files.cert,
        key: files.key,
    };
    load(&files, me, revoked).unwrap()
}

fn options(config: &Config) -> Options {
    let me = config.company.parse().unwrap();
    let files = certs::files(&config.folder, me);
    let peers = config.peers.iter();
    Options {
        me,
        listen: config.listen,
        peers: peers
            .map(|(company, address)| (company.parse().unwrap(), address.clone()))
            .collect(),
        tls: tls(config, me, Vec::new()),
        cookie: match &config.cookie {
            Some(cookie) => cookie.clone(),
            None => std::fs::read_to_string(files.cookie).unwrap(),
        },
        membership: [config.membership; 32],
        witness: witness(me, config),
        clock: Clock::start(),
        version: "test".to_owned(),
        admit: remember_incarnations(),
    }
}

fn witness(me: CompanyId, config: &Config) -> Arc<Witness> {
    let start = |(run, after): &(u128, i64)| Start {
        run: Uuid::from_u128(*run),
        after: Seq(*after),
    };
    let mut starts: Vec<Start> = config.starts.iter().map(start).collect();
    let lineage = Lineage {
        incarnation: Incarnation(Uuid::from_u128(config.incarnation)),
        present: starts.pop().expect("a node has started"),
        earlier: starts,
        last: Seq(config.log_end),
    };
    Witness::new(me, lineage, BTreeMap::new())
}

/// An [`Admit`] that remembers while the process lives: the first incarnation seen of a company is the one it must keep.
fn remember_incarnations() -> Admit {
    let known = Mutex::new(HashMap::new());
    Arc::new(move |company, incarnation| {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match *known.entry(company).or_insert(incarnation) {
            kept if kept == incarnation => Ok(()),
            kept => Err(format!(
                "{company} came back with another database: incarnation {incarnation}, known is {kept}"
            )),
        }
    })
}
