//! The mesh's own front door: accepts, proves who dials, hands over.
//!
//! Invariants:
//! - One connection that does nothing holds up nobody: handshakes run in tasks of their own, with a deadline.
//! - At most [`SLOTS_MAX`] connections are on this side of authentication, at most [`SLOTS_PER_IP_MAX`] of one address;
//!   one more is closed at once.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::refused::Refused;
use ractor::ActorRef;
use ractor_cluster::NodeServerMessage;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

use super::gate::Proven;
use super::tls::proven_by;

const SLOTS_MAX: usize = 64;
const SLOTS_PER_IP_MAX: usize = 16;
const TLS_PATIENCE: Duration = Duration::from_secs(3);
/// After a failure of `accept` itself, which says that this process is short of something.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Door {
    pub acceptor: TlsAcceptor,
    pub node_server: ActorRef<NodeServerMessage>,
    /// Everyone in the cluster, us included.
    pub members: Vec<CompanyId>,
    pub me: CompanyId,
    pub refused: Arc<Refused>,
}

impl Door {
    pub async fn run(self, listener: TcpListener) {
        let door = Arc::new(self);
        let slots = Slots::default();
        loop {
            let (stream, from) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "accepting a connection failed");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(slot) = slots.take(from.ip()) else {
                debug!(%from, "connection closed: too many handshakes under way");
                continue;
            };
            tokio::spawn(door.clone().greet(stream, from, slot));
        }
    }

    async fn greet(self: Arc<Self>, stream: TcpStream, from: SocketAddr, slot: Slot) {
        if let Err(error) = self.hand_over(stream, slot).await {
            info!(%from, error = format!("{error:#}"), "connection refused");
        }
    }

    async fn hand_over(&self, stream: TcpStream, slot: Slot) -> anyhow::Result<()> {
        stream.set_nodelay(true)?;
        let stream = timeout(TLS_PATIENCE, self.acceptor.accept(stream))
            .await
            .context("no TLS handshake in time")?
            .context("TLS handshake")?;
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let company = proven_by(chain, &self.members)
            .filter(|company| *company != self.me)
            .ok_or_else(|| anyhow!("the certificate proves no single other member"))?;
        let stream = Box::new(Proven {
            stream,
            company,
            we_were_dialled: true,
            refused: self.refused.clone(),
            slot: Some(slot),
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

/// Places for connections that have yet to authenticate.
struct Slots {
    all: Arc<Semaphore>,
    by_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// Given back when dropped.
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    ip: IpAddr,
    by_ip: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(SLOTS_MAX)),
            by_ip: Arc::default(),
        }
    }
}

impl Slots {
    fn take(&self, ip: IpAddr) -> Option<Slot> {
        let permit = self.all.clone().try_acquire_owned().ok()?;
        let mut by_ip = self.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = by_ip.entry(ip).or_default();
        if *taken == SLOTS_PER_IP_MAX {
            return None;
        }
        *taken += 1;
        Some(Slot {
            _permit: permit,
            ip,
            by_ip: self.by_ip.clone(),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut by_ip = self.by_ip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = by_ip.get_mut(&self.ip) {
            *taken -= 1;
            if *taken == 0 {
                by_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_bounded_in_all_and_per_address_and_come_back() {
        let slots = Slots::default();
        let ip =
            |last: usize| IpAddr::from([10, 0, 0, u8::try_from(last).expect("a small number")]);
        let mut held: Vec<Slot> = (0..SLOTS_PER_IP_MAX)
            .map(|_| slots.take(ip(0)).expect("a free slot"))
            .collect();
        assert!(slots.take(ip(0)).is_none(), "this address has its share");
        held.extend((SLOTS_PER_IP_MAX..SLOTS_MAX).map(|n| slots.take(ip(n)).expect("a free slot")));
        assert!(slots.take(ip(255)).is_none(), "all are taken");
        drop(held);
        assert!(slots.take(ip(0)).is_some());
        assert!(
            slots.by_ip.lock().unwrap().is_empty(),
            "nothing is kept of an address that left"
        );
    }
}
