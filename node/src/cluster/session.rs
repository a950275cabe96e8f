//! From an authenticated session to a link in use: greeting and verdict.
//!
//! A session proves which company is at its other end; whether the two may talk is a question of its own. Each side asks
//! the other `Hello` and judges the answer, then asks `Join`, which the other answers with its verdict. Only after a yes on
//! both sides does either send a request, so a node that one side must not listen to never gets a word in.

use std::sync::Arc;
use std::time::Duration;

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::envelope::{Body, Hello, PROTOCOL_MAX, PROTOCOL_MIN, Response};
use passcom_actors::mesh::gateway::JOIN_PATIENCE;
use ractor_cluster::NodeEventSubscription;
use ractor_cluster::node::NodeServerSessionInformation;
use tokio::time::sleep;
use tracing::debug;

use super::link::{Peer, Session};
use super::peers::Peers;

const HELLO_PATIENCE: Duration = Duration::from_secs(1);
/// A session that we refuse lives on for this long, so that its other end hears why.
const REFUSAL_LINGER: Duration = Duration::from_millis(500);

/// Feeds session events into the links.
pub(super) struct Sessions {
    pub peers: Arc<Peers>,
}

/// Why a session does not become a link.
enum GreetError {
    /// A rule says no, with the sentence that says which.
    Refused(String),
    /// The session broke, or the peer answers nonsense; it is worth trying again.
    Failed(String),
}

impl Sessions {
    fn peer(&self, session: &NodeServerSessionInformation) -> Option<&Arc<Peer>> {
        // the label that the transport gave: the company that the certificate proves
        let company: CompanyId = session.peer_addr.parse().ok()?;
        self.peers.all.get(&company)
    }
}

impl NodeEventSubscription for Sessions {
    fn node_session_opened(&self, _: NodeServerSessionInformation) {}

    fn node_session_authenticated(&self, _: NodeServerSessionInformation) {}

    fn node_session_ready(&self, event: NodeServerSessionInformation) {
        let Some(peer) = self.peer(&event) else {
            event.actor.stop(Some("not a member".to_owned()));
            return;
        };
        match Session::open(
            self.peers.me.company,
            peer.company,
            event.node_id,
            event.actor.clone(),
        ) {
            Some(session) => {
                peer.begin(session.clone());
                tokio::spawn(greet(self.peers.clone(), peer.clone(), session));
            }
            None => {
                peer.note_obstacle("the peer is leaving, or has no gateway");
                event.actor.stop(Some("no gateway".to_owned()));
            }
        }
    }

    fn node_session_disconnected(&self, event: NodeServerSessionInformation) {
        if let Some(peer) = self.peer(&event) {
            peer.on_session_closed(event.node_id);
        }
    }
}

async fn greet(peers: Arc<Peers>, peer: Arc<Peer>, session: Session) {
    match introduce(&peers, &peer, &session).await {
        Ok(hello) => peer.raise(&session, hello),
        Err(GreetError::Refused(reason)) => {
            peer.note_obstacle(&reason);
            sleep(REFUSAL_LINGER).await;
            give_up(&peer, &session, "refused");
        }
        Err(GreetError::Failed(error)) => {
            debug!(company = %peer.company, error, "greeting failed");
            give_up(&peer, &session, "greeting failed");
        }
    }
}

/// Ends the link at once and the session with it, and so every call that waits on it.
pub(super) fn give_up(peer: &Peer, session: &Session, why: &str) {
    peer.end(session.node_id, why);
    session.actor.stop(Some(why.to_owned()));
}

async fn introduce(
    peers: &Peers,
    peer: &Peer,
    session: &Session,
) -> Result<Arc<Hello>, GreetError> {
    let hello = Arc::new(ask_hello(peers, session).await?);
    let judged = judge(peers, peer.company, &hello);
    // it may have been revoked since its handshake
    let judged = judged.and_then(|()| peers.revocation(peer, peer.certificate().as_ref()));
    if let Err(reason) = judged {
        peer.refuse(session, hello, &reason);
        return Err(GreetError::Refused(reason));
    }
    if !peer.admit(session, hello.clone()) {
        return Err(GreetError::Failed(
            "another session took its place".to_owned(),
        ));
    }
    ask_join(peers, session).await?;
    Ok(hello)
}

async fn ask_hello(peers: &Peers, session: &Session) -> Result<Hello, GreetError> {
    let sent = peers.clock.now();
    match peers.ask(session, Body::Hello, HELLO_PATIENCE).await {
        Ok(Response::Hello(hello)) => {
            session
                .vitals()
                .hear_clock(sent, hello.clock, peers.clock.now());
            Ok(*hello)
        }
        Ok(Response::UnsupportedProtocol { min, max }) => {
            Err(GreetError::Refused(other_protocols(min, max)))
        }
        Ok(_) => Err(GreetError::Failed("no Hello to our Hello".to_owned())),
        Err(error) => Err(GreetError::Failed(error.to_string())),
    }
}

async fn ask_join(peers: &Peers, session: &Session) -> Result<(), GreetError> {
    // our patience covers the peer's
    let patience = JOIN_PATIENCE + HELLO_PATIENCE;
    let run = peers.me.run;
    match peers.ask(session, Body::Join { run }, patience).await {
        Ok(Response::Joined(Ok(()))) => Ok(()),
        Ok(Response::Joined(Err(reason))) => Err(GreetError::Refused(format!(
            "{} refuses this node: {reason}",
            session.company
        ))),
        Ok(_) => Err(GreetError::Failed("no verdict to our Join".to_owned())),
        Err(error) => Err(GreetError::Failed(error.to_string())),
    }
}

/// Whether this node may talk to the one that introduced itself so.
fn judge(peers: &Peers, company: CompanyId, hello: &Hello) -> Result<(), String> {
    if hello.company != company {
        return Err(format!("it calls itself {}", hello.company));
    }
    if hello.protocol_max < PROTOCOL_MIN || hello.protocol_min > PROTOCOL_MAX {
        return Err(other_protocols(hello.protocol_min, hello.protocol_max));
    }
    if hello.membership != peers.me.membership {
        let problem = format!(
            "{company} has another membership list than {}: make the [[company]] tables of both cluster.toml name the same companies",
            peers.me.company
        );
        return Err(peers.stranger.get_or_init(|| problem).clone());
    }
    (peers.admit)(company, hello.lineage.incarnation)?;
    // ours first: where both logs went back, each node is to know of its own
    if let Some(mark) = hello.seen.get(&peers.me.company) {
        peers.witness.on_seen(company, mark)?;
    }
    peers.witness.judge(company, &hello.lineage)
}

fn other_protocols(min: u16, max: u16) -> String {
    format!(
        "it speaks protocols {min} to {max}, this node {PROTOCOL_MIN} to {PROTOCOL_MAX}: upgrade the older one"
    )
}
