//! The mesh between the companies' nodes.
//!
//! ```text
//!  accept ──┐ a company,                    session     Hello, Join      Peers: calls
//!           ├─proven by──> gate ──> NodeServer ──> greeting ──> link ──> heartbeats
//!  dial  ───┘ certificate   the name it claims      verdict              status
//! ```
//!
//! `ractor_cluster` carries the messages; everything it leaves open is closed here: who may connect ([`tls`], [`accept`],
//! [`gate`]), in whose name ([`speech`]), how fast ([`backlog`]), who may talk ([`session`]), whether anyone listens ([`heartbeat`]), coming back
//! ([`dial`]), and bounds.
//!
//! Invariants:
//! - A company is whom its certificate proves, never whom a message or a group claims.
//! - Between two nodes one link at most is in use; a request leaves only on a link that both sides agreed to.
//! - No call waits without an end, none leaves that could not be received, and whoever calls is told whether it was
//!   certainly not executed.

mod accept;
mod backlog;
mod dial;
mod exchange;
mod first_frames;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod gate;
mod heartbeat;
mod link;
mod peers;
mod session;
mod slots;
mod speech;
mod tls;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::envelope::FRAME_LEN_MAX;
use passcom_actors::mesh::gateway::{Gateway, GatewayMessage, Permits};
use passcom_actors::mesh::peer::{Clock, Serve};
use ractor::{Actor, ActorRef};
use ractor_cluster::node::NodeConnectionMode;
use ractor_cluster::{IncomingEncryptionMode, NodeServer, NodeServerMessage};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

pub use peers::{Admit, PeerStatus, Peers};
pub use tls::{Tls, TlsFiles, check_name, dns_name, load};

use accept::Door;
use dial::Dialler;
use link::Peer;
use peers::Identity;
use session::Sessions;

/// Shortest cookie. It guards against wrong wiring; the certificates are the security.
const COOKIE_LEN_MIN: usize = 32;
/// Leaving: until the news that we left has reached the peers.
const LEAVE_NOTICE: Duration = Duration::from_millis(200);
/// Leaving: for the requests that are being served.
const LEAVE_PATIENCE: Duration = Duration::from_secs(10);
/// Leaving: for the links to close.
const STOP_PATIENCE: Duration = Duration::from_secs(2);
/// Leaving: until the last replies are out of the sockets' queues, which nothing reports.
const LEAVE_FLUSH: Duration = Duration::from_millis(100);

pub struct Options {
    pub me: CompanyId,
    pub listen: SocketAddr,
    /// Every other company, with the `host:port` at which its node listens.
    pub peers: Vec<(CompanyId, String)>,
    pub tls: Tls,
    /// The same random text at every node.
    pub cookie: String,
    /// Hash of the membership list; nodes whose hashes differ do not talk.
    pub membership: [u8; 32],
    /// What this node tells of its log, and hears of the others'.
    pub witness: Arc<Witness>,
    pub clock: Clock,
    /// Product version, for operators.
    pub version: String,
    pub admit: Admit,
}

/// A node's place in the mesh.
pub struct Cluster {
    peers: Arc<Peers>,
    address: SocketAddr,
    permits: Permits,
    gateway: ActorRef<GatewayMessage>,
    node_server: ActorRef<NodeServerMessage>,
    node_server_end: JoinHandle<()>,
    /// The door, the diallers and the heartbeats; they end when this is dropped.
    tasks: JoinSet<()>,
}

impl Cluster {
    /// Joins the mesh. Peers' requests go to `service` from now on, which answers that it is not ready while it is not.
    pub async fn start(options: Options, service: Arc<dyn Serve>) -> anyhow::Result<Self> {
        check(&options)?;
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("listen for peers at {}", options.listen))?;
        let address = listener.local_addr()?;

        let (me, cookie) = (options.me, options.cookie.clone());
        let peers = Arc::new(peers_of(options));
        let permits = Permits::default();
        let gateway = start_gateway(me, service, &peers, &permits).await?;
        let (node_server, node_server_end) = start_node_server(me, cookie).await?;
        let subscription = Box::new(Sessions {
            peers: peers.clone(),
        });
        node_server
            .cast(NodeServerMessage::SubscribeToEvents {
                id: "cluster".to_owned(),
                subscription,
            })
            .map_err(|_| anyhow!("the node server ended as it started"))?;

        let tasks = start_tasks(me, listener, &peers, &node_server);
        info!(company = %me, %address, peers = peers.all.len(), "listening for peers");
        Ok(Self {
            peers,
            address,
            permits,
            gateway,
            node_server,
            node_server_end,
            tasks,
        })
    }

    /// The other companies, to call them.
    pub fn peers(&self) -> Arc<Peers> {
        self.peers.clone()
    }

    /// Where this node listens for peers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leaves without leaving anyone in doubt: no new requests, then the answers to those in hand, then the links.
    pub async fn leave(mut self) {
        Gateway::leave(self.peers.me.company, &self.gateway);
        sleep(LEAVE_NOTICE).await;
        if timeout(LEAVE_PATIENCE, self.permits.idle()).await.is_err() {
            warn!("leaving although requests of peers are still being served");
        }
        sleep(LEAVE_FLUSH).await;
        // the links go before the gateway: its end would take back the answers that are still in their queues
        self.tasks.shutdown().await;
        self.node_server.stop(Some("leave".to_owned()));
        if timeout(STOP_PATIENCE, self.node_server_end).await.is_err() {
            warn!("the node server did not end in time");
        }
        self.gateway.stop(Some("leave".to_owned()));
        info!("left the mesh");
    }
}

fn check(options: &Options) -> anyhow::Result<()> {
    let me = options.me;
    let mut seen = vec![me];
    for (company, _) in &options.peers {
        ensure!(!seen.contains(company), "company {company} is listed twice");
        seen.push(*company);
    }
    for company in &seen {
        check_name(*company)?;
    }
    ensure!(
        options.cookie.len() >= COOKIE_LEN_MIN,
        "the cookie has {} characters, fewer than {COOKIE_LEN_MIN}: make one with `passcom certs`",
        options.cookie.len()
    );
    Ok(())
}

fn peers_of(options: Options) -> Peers {
    let all = options.peers.iter().map(|(company, address)| {
        let peer = Arc::new(Peer::new(*company, address.clone()));
        (*company, peer)
    });
    Peers {
        me: Identity {
            company: options.me,
            version: options.version.clone(),
            membership: options.membership,
            run: options.witness.mark().run,
        },
        witness: options.witness.clone(),
        clock: options.clock.clone(),
        admit: options.admit.clone(),
        all: all.collect::<BTreeMap<_, _>>(),
        tls: RwLock::new(Arc::new(options.tls)),
        refused: Arc::default(),
        stranger: OnceLock::new(),
    }
}

async fn start_gateway(
    me: CompanyId,
    service: Arc<dyn Serve>,
    peers: &Arc<Peers>,
    permits: &Permits,
) -> anyhow::Result<ActorRef<GatewayMessage>> {
    let gateway = Gateway::new(
        me,
        peers.clock.clone(),
        service,
        peers.clone(),
        permits.clone(),
        peers.refused.clone(),
    );
    // without a name: names of actors that others see can take those of local ones out of the registry
    let (gateway, _) = Actor::spawn(None, gateway, ())
        .await
        .map_err(|error| anyhow!("start the gateway: {error}"))?;
    Ok(gateway)
}

async fn start_node_server(
    me: CompanyId,
    cookie: String,
) -> anyhow::Result<(ActorRef<NodeServerMessage>, JoinHandle<()>)> {
    // its own listener cannot be switched off: one that nobody reaches from outside, and that lets nobody in
    let server = NodeServer::new(
        0,
        cookie,
        me.to_string(),
        dns_name(me),
        Some(IncomingEncryptionMode::Tls(tls::closed_door()?)),
        Some(NodeConnectionMode::Isolated),
    )
    .with_listen_addr(Ipv4Addr::LOCALHOST.into())
    .with_max_inbound_frame_size(u64::try_from(FRAME_LEN_MAX)?);
    Actor::spawn(None, server, ())
        .await
        .map_err(|error| anyhow!("start the node server: {error}"))
}

fn start_tasks(
    me: CompanyId,
    listener: TcpListener,
    peers: &Arc<Peers>,
    node_server: &ActorRef<NodeServerMessage>,
) -> JoinSet<()> {
    let members: Vec<CompanyId> = peers.all.keys().copied().chain([me]).collect();
    let mut tasks = JoinSet::new();
    for peer in peers.all.values() {
        tasks.spawn(heartbeat::watch_over(peers.clone(), peer.clone()));
        if tls::node_name(me) > tls::node_name(peer.company) {
            let dialler = Dialler {
                peer: peer.clone(),
                peers: peers.clone(),
                node_server: node_server.clone(),
                members: members.clone(),
            };
            tasks.spawn(dialler.run());
        }
    }
    let door = Door::new(peers.clone(), node_server.clone(), members);
    tasks.spawn(door.run(listener));
    tasks
}
