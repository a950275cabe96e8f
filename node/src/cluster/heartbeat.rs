//! Tells a silent peer from a slow one. A frozen or unplugged node closes no connection, so the link asks every second.

use std::sync::Arc;
use std::time::Duration;

use passcom_actors::mesh::envelope::{Body, Response};
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use super::link::{Link, Peer, Session};
use super::peers::Peers;
use super::session::give_up;

/// With these a frozen peer is down after at most 3.8 s: a beat just before it froze, then three that are missed.
const PERIOD: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(800);
const MISSES_MAX: u32 = 3;

/// Watches over the links to one peer, one after the other.
pub(super) async fn watch_over(peers: Arc<Peers>, peer: Arc<Peer>) {
    let mut link = peer.watch();
    loop {
        let session = match link.wait_for(Link::is_up).await.as_deref() {
            Ok(Link::Up(session, _)) => session.clone(),
            Ok(_) => continue,
            Err(_) => return,
        };
        beat_until_lost(&peers, &peer, &session).await;
        give_up(&peer, &session, "heartbeat missed");
    }
}

/// Returns when the link is not this session's any more, or the peer missed too many beats.
///
/// Beats go to the gateway itself and not by its group: a peer that leaves is out of the group, but still answers what it
/// has taken on, and must not be cut off while it does.
async fn beat_until_lost(peers: &Peers, peer: &Peer, session: &Session) {
    let mut misses = 0;
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while misses < MISSES_MAX {
        ticks.tick().await;
        if !is_current(peer, session) {
            return;
        }
        misses = if beat(peers, session).await {
            0
        } else {
            misses + 1
        };
    }
}

fn is_current(peer: &Peer, session: &Session) -> bool {
    matches!(peer.link(), Link::Up(current, _) if current.node_id == session.node_id)
}

async fn beat(peers: &Peers, session: &Session) -> bool {
    let sent = peers.clock.now();
    match peers.ask(session, Body::Ping, PATIENCE).await {
        Ok(Response::Pong(pong)) => {
            let received = peers.clock.now();
            session.vitals().hear_clock(sent, pong.clock, received);
            peers.witness.hear(session.company, pong.mark);
            true
        }
        Ok(_) => false,
        Err(error) => {
            debug!(company = %session.company, %error, "heartbeat missed");
            false
        }
    }
}
