//! The mesh's own front door: accepts, proves who dials, hands over.
//!
//! Invariants:
//! - One connection that does nothing holds up nobody: handshakes run in tasks of their own, with a deadline, and those of
//!   strangers in places that members do not need ([`super::slots`]).
//! - A company that has proven itself has [`AUTHENTICATING_MAX`] connections that have yet to authenticate, one more is
//!   closed at once: another company cannot take those, nor a stranger.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use passcom_actors::domain::ids::CompanyId;
use passcom_http::Gathered;
use ractor::ActorRef;
use ractor_cluster::NodeServerMessage;
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use tracing::{debug, info, warn};

use super::gate::Proven;
use super::peers::Peers;
use super::slots::{Slot, Slots};
use super::tls::proven_by;

const TLS_PATIENCE: Duration = Duration::from_secs(3);
const AUTHENTICATING_MAX: usize = 4;
/// After a failure of `accept` itself, which says that this process is short of something.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often it is looked where the members are.
const LOOK_UP_EVERY: Duration = Duration::from_secs(60);
const REFUSED: &str = "passcom_mesh_connections_refused_total";

pub(super) struct Door {
    peers: Arc<Peers>,
    node_server: ActorRef<NodeServerMessage>,
    /// Everyone in the cluster, us included.
    members: Vec<CompanyId>,
    slots: Slots,
    authenticating: HashMap<CompanyId, Arc<Semaphore>>,
    /// In the log, which strangers must not fill.
    refusals: Gathered,
}

impl Door {
    pub fn new(
        peers: Arc<Peers>,
        node_server: ActorRef<NodeServerMessage>,
        members: Vec<CompanyId>,
    ) -> Self {
        let place = |company: &CompanyId| (*company, Arc::new(Semaphore::new(AUTHENTICATING_MAX)));
        Self {
            authenticating: members.iter().map(place).collect(),
            peers,
            node_server,
            members,
            slots: Slots::default(),
            refusals: Gathered::new(),
        }
    }

    pub async fn run(self, listener: TcpListener) {
        let door = Arc::new(self);
        let look_up = look_up_members(door.peers.clone(), door.slots.clone());
        tokio::join!(door.accept(listener), look_up);
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (stream, from) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "accepting a connection failed");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let slot = self.slots.take(from.ip());
            tokio::spawn(self.clone().greet(stream, from, slot));
        }
    }

    async fn greet(self: Arc<Self>, stream: TcpStream, from: SocketAddr, slot: Slot) {
        let shaken = tokio::select! {
            shaken = self.shake_hands(stream) => shaken,
            () = slot.gives_way() => {
                refused("crowded");
                return debug!(%from, "connection closed: others came");
            }
        };
        drop(slot);
        let handed_over = shaken.and_then(|stream| self.hand_over(stream, from));
        if let Err(error) = handed_over
            && let Some(left_out) = self.refusals.next()
        {
            info!(%from, error = format!("{error:#}"), left_out, "connection refused");
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        stream.set_nodelay(true)?;
        let acceptor = self.peers.tls().acceptor.clone();
        let shaken = timeout(TLS_PATIENCE, acceptor.accept(stream)).await;
        let shaken = shaken
            .context("no TLS handshake in time")
            .and_then(|shaken| shaken.context("TLS handshake"));
        shaken.inspect_err(|_| refused("handshake"))
    }

    fn hand_over(&self, stream: TlsStream<TcpStream>, from: SocketAddr) -> anyhow::Result<()> {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let company = proven_by(chain, &self.members)
            .filter(|company| *company != self.peers.me.company)
            .ok_or_else(|| anyhow!("the certificate proves no single other member"))
            .inspect_err(|_| refused("certificate"))?;
        let welcome = self.peers.welcome(company, chain);
        welcome.inspect_err(|_| refused("revoked"))?;
        self.slots.know(company, from.ip());
        let place = self.authenticating[&company].clone().try_acquire_owned();
        let place = place.map_err(|_| {
            refused("authenticating");
            anyhow!("{AUTHENTICATING_MAX} connections of {company} have yet to authenticate")
        })?;
        let stream = Box::new(Proven {
            stream,
            company,
            we_were_dialled: true,
            place: Some(place),
            backlog: self.peers.all[&company].backlog.clone(),
            refused: self.peers.refused.clone(),
        });
        let message = NodeServerMessage::ConnectionOpenedExternal {
            stream,
            is_server: true,
        };
        self.node_server
            .cast(message)
            .map_err(|_| anyhow!("the node is stopping"))
    }
}

/// Tells where the members are by their names, for ever.
async fn look_up_members(peers: Arc<Peers>, slots: Slots) {
    loop {
        for peer in peers.all.values() {
            match lookup_host(&peer.address).await {
                Ok(found) => found.for_each(|found| slots.know(peer.company, found.ip())),
                Err(error) => debug!(company = %peer.company, %error, "name not found"),
            }
        }
        sleep(LOOK_UP_EVERY).await;
    }
}

fn refused(why: &'static str) {
    metrics::counter!(REFUSED, "why" => why).increment(1);
}
