//! What this node knows of one company: the link to it, its clock, and why they do not talk.
//!
//! ```text
//!  Down ──session ready──> Greeting ──its Hello is good──> Admitted ──it admits us──> Up
//!    ^                        └──────its Hello is bad────> Refused                    │
//!    └──────────────the session ended, or was given up (from any state)──────────────┘
//! ```
//!
//! Invariant: only an `Up` link is used for calls. A link belongs to one session; news of an older session change nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::time::Timestamp;
use passcom_actors::mesh::envelope::Hello;
use passcom_actors::mesh::gateway::{GatewayMessage, SCOPE};
use passcom_actors::mesh::messages::Request;
use passcom_actors::mesh::peer::is_long_poll;
use ractor::{ActorId, ActorRef, ActorStatus, pg};
use ractor_cluster::{NodeId, NodeSessionMessage};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, Semaphore, watch};
use tracing::{info, warn};
use uuid::Uuid;

use super::backlog::Backlog;
use super::exchange::Exchange;
use crate::certificate::Certificate;

/// Requests under way to one company, long polls apart.
pub(super) const CALLS_MAX: usize = 128;
/// Long polls under way to one company: the cursors of replication and of the catalogue, and one to spare of each.
const LONG_POLLS_MAX: usize = 4;
/// Clock samples kept: the one with the shortest round trip counts, for its error is the smallest.
const SAMPLES_MAX: usize = 8;

pub(super) struct Peer {
    pub company: CompanyId,
    pub address: String,
    link: watch::Sender<Link>,
    closed: Notify,
    calls: Semaphore,
    long_polls: Semaphore,
    /// Why there is no link, as last logged.
    obstacle: Mutex<Option<String>>,
    /// What it showed last.
    certificate: Mutex<Option<Certificate>>,
    /// What it has sent and our gateway has not looked at.
    pub backlog: Arc<Backlog>,
}

#[derive(Clone)]
pub(super) enum Link {
    Down,
    Greeting(Session),
    Refused(Session, Arc<Hello>, Arc<str>),
    Admitted(Session, Arc<Hello>),
    Up(Session, Arc<Hello>),
}

/// An authenticated session with the company's node.
#[derive(Clone)]
pub(super) struct Session {
    pub company: CompanyId,
    pub node_id: NodeId,
    pub actor: ActorRef<NodeSessionMessage>,
    /// The gateway of that node, also once it has left its group.
    pub gateway: ActorRef<GatewayMessage>,
    /// Requests and responses.
    pub exchange: Arc<Exchange>,
    vitals: Arc<Mutex<Vitals>>,
}

/// What heartbeats teach.
#[derive(Default)]
pub(super) struct Vitals {
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy)]
struct Sample {
    round_trip_ms: u64,
    /// The peer's clock minus ours.
    offset_ms: i128,
}

impl Peer {
    pub fn new(company: CompanyId, address: String) -> Self {
        Self {
            company,
            address,
            link: watch::channel(Link::Down).0,
            closed: Notify::new(),
            calls: Semaphore::new(CALLS_MAX),
            long_polls: Semaphore::new(LONG_POLLS_MAX),
            obstacle: Mutex::default(),
            certificate: Mutex::default(),
            backlog: Arc::default(),
        }
    }

    pub fn link(&self) -> Link {
        self.link.borrow().clone()
    }

    pub fn watch(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    /// What passes between this node and one that may ask it: it is admitted, and perhaps about to be called itself.
    pub fn exchange(&self) -> Option<Arc<Exchange>> {
        match &*self.link.borrow() {
            Link::Admitted(session, _) | Link::Up(session, _) => Some(session.exchange.clone()),
            _ => None,
        }
    }

    /// The session to call through.
    pub fn session(&self) -> Option<Session> {
        match &*self.link.borrow() {
            Link::Up(session, _) if session.gateway_in_group() => Some(session.clone()),
            _ => None,
        }
    }

    pub fn permits(&self, request: &Request) -> &Semaphore {
        if is_long_poll(request) {
            &self.long_polls
        } else {
            &self.calls
        }
    }

    pub fn calls_under_way(&self) -> usize {
        (CALLS_MAX - self.calls.available_permits())
            + (LONG_POLLS_MAX - self.long_polls.available_permits())
    }

    pub fn obstacle(&self) -> Option<String> {
        lock(&self.obstacle).clone()
    }

    /// Begins with a new session, in place of any older one.
    pub fn begin(&self, session: Session) {
        let before = self.link.send_replace(Link::Greeting(session));
        if let Some(session) = before.session() {
            session.exchange.close();
        }
    }

    pub fn admit(&self, session: &Session, hello: Arc<Hello>) -> bool {
        self.advance(session, |session| Link::Admitted(session, hello))
    }

    pub fn refuse(&self, session: &Session, hello: Arc<Hello>, reason: &str) -> bool {
        self.advance(session, |session| {
            Link::Refused(session, hello, reason.into())
        })
    }

    pub fn raise(&self, session: &Session, hello: Arc<Hello>) {
        let version = hello.version.clone();
        if self.advance(session, |session| Link::Up(session, hello)) {
            *lock(&self.obstacle) = None;
            info!(company = %self.company, %version, "peer is up");
            self.gauge_up(true);
        }
    }

    /// Ends the link if it is of this session.
    pub fn end(&self, node_id: NodeId, why: &str) {
        let mut was_up = false;
        self.link.send_if_modified(|link| {
            let ours = link.session().is_some_and(|s| s.node_id == node_id);
            if ours {
                was_up = matches!(link, Link::Up(..));
                let ended = std::mem::replace(link, Link::Down);
                if let Some(session) = ended.session() {
                    session.exchange.close();
                }
            }
            ours
        });
        if was_up {
            warn!(company = %self.company, why, "peer is down");
            self.gauge_up(false);
        }
    }

    /// Tells that a session with the company closed, be it one that never became a link.
    pub fn on_session_closed(&self, node_id: NodeId) {
        self.end(node_id, "session closed");
        self.closed.notify_waiters();
    }

    /// Completes when a session closes from now on, also before it is first polled.
    pub fn session_closed(&self) -> Notified<'_> {
        self.closed.notified()
    }

    /// What it showed when it last came, or was found.
    pub fn certificate(&self) -> Option<Certificate> {
        *lock(&self.certificate)
    }

    pub fn shows(&self, certificate: Certificate) {
        *lock(&self.certificate) = Some(certificate);
    }

    /// Keeps, and logs once, why there is no link; whether that is news.
    pub fn note_obstacle(&self, reason: &str) -> bool {
        let mut obstacle = lock(&self.obstacle);
        let is_news = obstacle.as_deref() != Some(reason);
        if is_news {
            warn!(company = %self.company, reason, "no link to peer");
            *obstacle = Some(reason.to_owned());
        }
        is_news
    }

    /// Waits for the verdict on that run of the company.
    pub async fn verdict(&self, run: Uuid) -> Result<(), String> {
        let decided = |link: &Link| match link {
            Link::Refused(_, hello, _) | Link::Admitted(_, hello) | Link::Up(_, hello) => {
                hello.run == run
            }
            Link::Down | Link::Greeting(_) => false,
        };
        let mut watch = self.watch();
        match watch.wait_for(decided).await.as_deref() {
            Ok(Link::Refused(_, _, reason)) => Err(reason.to_string()),
            Ok(_) => Ok(()),
            Err(_) => Err("the node is stopping".to_owned()),
        }
    }

    fn gauge_up(&self, up: bool) {
        let company = self.company.to_string();
        metrics::gauge!("passcom_peer_up", "peer" => company).set(if up { 1.0 } else { 0.0 });
    }

    fn advance(&self, session: &Session, to: impl FnOnce(Session) -> Link) -> bool {
        self.link.send_if_modified(|link| {
            let ours = link.session().is_some_and(|s| s.node_id == session.node_id);
            if ours {
                *link = to(session.clone());
            }
            ours
        })
    }
}

impl Link {
    pub fn session(&self) -> Option<&Session> {
        match self {
            Link::Down => None,
            Link::Greeting(session)
            | Link::Refused(session, ..)
            | Link::Admitted(session, _)
            | Link::Up(session, _) => Some(session),
        }
    }

    pub fn is_down(&self) -> bool {
        matches!(self, Link::Down)
    }

    pub fn is_up(&self) -> bool {
        matches!(self, Link::Up(..))
    }
}

impl Session {
    /// The session's gateway is the group member that bears the session's number: anyone may join a group.
    pub fn open(
        me: CompanyId,
        company: CompanyId,
        node_id: NodeId,
        actor: ActorRef<NodeSessionMessage>,
    ) -> Option<Self> {
        let gateway = gateway_of(company, node_id)?;
        Some(Self {
            company,
            node_id,
            actor,
            exchange: Exchange::open(me, gateway.clone()),
            gateway,
            vitals: Arc::default(),
        })
    }

    /// Whether the node takes new requests. One that leaves takes its gateway out of the group first.
    fn gateway_in_group(&self) -> bool {
        gateway_of(self.company, self.node_id).is_some()
    }

    pub fn vitals(&self) -> MutexGuard<'_, Vitals> {
        lock(&self.vitals)
    }

    /// The deadline on the peer's clock of a call that begins now on ours; none before its clock was heard.
    pub fn deadline(&self, now: Timestamp, timeout: Duration) -> Option<Timestamp> {
        self.vitals().deadline(now, timeout)
    }
}

impl Vitals {
    /// Takes in the peer's clock, read at some instant between `sent` and `received` on ours.
    pub fn hear_clock(&mut self, sent: Timestamp, peer: Timestamp, received: Timestamp) {
        let midpoint = (i128::from(sent.0) + i128::from(received.0)) / 2;
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            round_trip_ms: received.0.saturating_sub(sent.0),
            offset_ms: i128::from(peer.0) - midpoint,
        });
    }

    fn deadline(&self, now: Timestamp, timeout: Duration) -> Option<Timestamp> {
        let best = self.samples.iter().min_by_key(|s| s.round_trip_ms)?;
        // the offset may be wrong by half a round trip: rather late than refused in vain
        let slack_ms = best.round_trip_ms.div_ceil(2) + 1;
        let at = i128::from(now.0)
            + best.offset_ms
            + i128::from(slack_ms)
            + i128::try_from(timeout.as_millis()).unwrap_or(i128::MAX / 2);
        Some(Timestamp(u64::try_from(at.max(0)).unwrap_or(u64::MAX)))
    }
}

fn gateway_of(company: CompanyId, session: NodeId) -> Option<ActorRef<GatewayMessage>> {
    pg::get_scoped_members(&SCOPE.to_owned(), &company.to_string())
        .into_iter()
        .find(|cell| {
            matches!(cell.get_id(), ActorId::Remote { node_id, .. } if node_id == session)
                && cell.get_status() <= ActorStatus::Running
        })
        .map(ActorRef::from)
}

/// What these locks guard is replaced whole: a panic of another holder leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp(ms)
    }

    #[test]
    fn a_deadline_is_on_the_peers_clock_by_its_best_sample() {
        let mut vitals = Vitals::default();
        let second = Duration::from_secs(1);
        assert_eq!(vitals.deadline(at(0), second), None);
        // the peer started 1000 ms before us; the slow sample misjudges that by 150 ms
        vitals.hear_clock(at(100), at(1105), at(110));
        vitals.hear_clock(at(1000), at(2000), at(1300));
        assert_eq!(
            vitals.deadline(at(5000), second),
            Some(at(5000 + 1000 + 1000 + 6))
        );
        // a peer that started after us has the smaller clock
        let mut vitals = Vitals::default();
        vitals.hear_clock(at(9000), at(1), at(9000));
        assert_eq!(vitals.deadline(at(9000), second), Some(at(1 + 1000 + 1)));
        assert_eq!(vitals.deadline(at(0), second), Some(at(0)));
    }

    #[test]
    fn old_samples_give_way() {
        let mut vitals = Vitals::default();
        vitals.hear_clock(at(0), at(500), at(0));
        for n in 1..=SAMPLES_MAX as u64 {
            vitals.hear_clock(at(n), at(n + 700), at(n));
        }
        assert_eq!(vitals.deadline(at(0), Duration::ZERO), Some(at(701)));
    }

    #[test]
    fn a_clock_at_the_end_of_its_range_does_no_harm() {
        let mut vitals = Vitals::default();
        vitals.hear_clock(at(0), at(u64::MAX), at(0));
        assert_eq!(vitals.deadline(at(1), Duration::MAX), Some(at(u64::MAX)));
    }
}
