//! Keeps a link dialled, for ever.
//!
//! Only the node whose full name sorts last dials: of two connections between the same nodes `ractor_cluster` keeps the one
//! dialled from there, so nothing that another node dials could ever replace a link in use.
//!
//! Invariant: success is a link that is up, not a connection: a dying node's kernel still completes connections.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use passcom_actors::domain::ids::CompanyId;
use ractor::ActorRef;
use ractor_cluster::NodeServerMessage;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::gate::Proven;
use super::link::{Link, Peer};
use super::peers::Peers;
use super::tls::{proven_by, server_name};

/// A restarted peer must be in use within two seconds: the longest pause plus the longest connecting stay below that.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(1);
const CONNECT_PATIENCE: Duration = Duration::from_millis(800);
/// A frozen peer's kernel accepts and then says nothing. When it thaws it goes on with this very handshake.
const TLS_PATIENCE: Duration = Duration::from_secs(3);
/// From a connection to a session.
const SESSION_PATIENCE: Duration = Duration::from_secs(4);

pub(super) struct Dialler {
    pub peer: Arc<Peer>,
    pub peers: Arc<Peers>,
    pub node_server: ActorRef<NodeServerMessage>,
    pub members: Vec<CompanyId>,
}

impl Dialler {
    pub async fn run(self) {
        let mut link = self.peer.watch();
        let mut backoff = BACKOFF_MIN;
        loop {
            if link
                .wait_for(|link| link.is_up() || link.is_down())
                .await
                .is_err()
            {
                return;
            }
            if link.borrow().is_up() {
                backoff = BACKOFF_MIN;
                if link.wait_for(Link::is_down).await.is_err() {
                    return;
                }
            }
            if self.attempt().await {
                continue;
            }
            sleep(jittered(backoff)).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }

    /// Whether the link came up.
    async fn attempt(&self) -> bool {
        let mut link = self.peer.watch();
        let closed = self.peer.session_closed();
        if let Err(error) = self.dial().await {
            self.peer.note_obstacle(&format!("{error:#}"));
            return false;
        }
        let begun = tokio::select! {
            link = link.wait_for(|link| !link.is_down()) => link.is_ok(),
            () = closed => false,
            () = sleep(SESSION_PATIENCE) => false,
        };
        if !begun {
            self.peer
                .note_obstacle("the peer dropped the connection: is the cookie the same?");
            return false;
        }
        // the greeting has a patience of its own, and ends one way or the other
        let ended = link.wait_for(|link| link.is_up() || link.is_down()).await;
        ended.is_ok_and(|link| link.is_up())
    }

    async fn dial(&self) -> anyhow::Result<()> {
        let company = self.peer.company;
        let address = &self.peer.address;
        let tcp = timeout(CONNECT_PATIENCE, TcpStream::connect(address.as_str()))
            .await
            .with_context(|| format!("connect to {address}: no answer"))?
            .with_context(|| format!("connect to {address}"))?;
        tcp.set_nodelay(true)?;
        let connector = self.peers.tls().connector.clone();
        let handshake = connector.connect(server_name(company)?, tcp);
        let stream = timeout(TLS_PATIENCE, handshake)
            .await
            .with_context(|| format!("TLS handshake with {address}: no answer"))?
            .with_context(|| format!("TLS handshake with {address}"))?;
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        ensure!(
            proven_by(chain, &self.members) == Some(company),
            "the certificate at {address} proves more than {company}"
        );
        self.peers.welcome(company, chain)?;
        let stream = Box::new(Proven {
            stream,
            company,
            we_were_dialled: false,
            place: None,
            backlog: self.peer.backlog.clone(),
            refused: self.peers.refused.clone(),
        });
        let message = NodeServerMessage::ConnectionOpenedExternal {
            stream,
            is_server: false,
        };
        self.node_server
            .cast(message)
            .map_err(|_| anyhow!("the node is stopping"))
    }
}

/// Nodes that lost a peer together do not come back together.
fn jittered(backoff: Duration) -> Duration {
    backoff.mul_f64(0.8 + 0.2 * fastrand::f64())
}
