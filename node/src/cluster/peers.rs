//! The other companies as this node talks to them: calls, verdicts, status.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::BoxFuture;
use passcom_actors::catalogue::Reach;
use passcom_actors::company::refused::Refused;
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::ids::{CompanyId, Incarnation};
use passcom_actors::fail_point;
use passcom_actors::mesh::envelope::{
    Body, Envelope, Hello, PROTOCOL_MAX, PROTOCOL_MIN, Pong, Response, decode,
};
use passcom_actors::mesh::frame::PART_LEN_MAX;
use passcom_actors::mesh::gateway::{GatewayMessage, Presence};
use passcom_actors::mesh::messages::{Reply, Request};
use passcom_actors::mesh::peer::{CallError, Clock, PeerClient};
use passcom_actors::mesh::traceparent::Traceparent;
use ractor::rpc::CallResult;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tracing::{debug, error};
use uuid::Uuid;

use super::exchange::NoResponse;
use super::link::{Peer, Session};
use super::session::give_up;
use super::tls::Tls;
use crate::certificate::Certificate;

/// How often it is looked whether every peer has introduced itself.
const GREETING_POLL: Duration = Duration::from_millis(20);

/// Decides whether a company's database may be talked to: not one that lost its disk and came back under the old name.
/// Called once per session, with what the peer says of itself over its authenticated link; must not block.
pub type Admit = Arc<dyn Fn(CompanyId, Incarnation) -> Result<(), String> + Send + Sync>;

/// This node, as it introduces itself.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub company: CompanyId,
    pub version: String,
    pub membership: [u8; 32],
    pub run: Uuid,
}

/// The other companies. Calls them, and says how they are.
pub struct Peers {
    pub(super) me: Identity,
    pub(super) witness: Arc<Witness>,
    pub(super) clock: Clock,
    pub(super) admit: Admit,
    pub(super) all: BTreeMap<CompanyId, Arc<Peer>>,
    pub(super) tls: RwLock<Arc<Tls>>,
    pub(super) refused: Arc<Refused>,
    /// What was said of the first peer that has another membership list.
    pub(super) stranger: OnceLock<String>,
}

/// One peer, for operators.
#[derive(Debug, Clone)]
pub struct PeerStatus {
    pub company: CompanyId,
    pub address: String,
    pub calls_under_way: usize,
    /// Why there is no link, where a reason is known.
    pub obstacle: Option<String>,
    /// What it showed last.
    pub certificate: Option<Certificate>,
}

impl Peers {
    /// What peers asked and may not, to be added to by whoever answers them.
    pub fn refused(&self) -> Arc<Refused> {
        self.refused.clone()
    }

    /// Every other company, in the order of their codes.
    pub fn status(&self) -> Vec<PeerStatus> {
        let status = |peer: &Arc<Peer>| PeerStatus {
            company: peer.company,
            address: peer.address.clone(),
            calls_under_way: peer.calls_under_way(),
            obstacle: peer.obstacle(),
            certificate: peer.certificate(),
        };
        self.all.values().map(status).collect()
    }

    /// What links rest on.
    pub(super) fn tls(&self) -> Arc<Tls> {
        let tls = self.tls.read().unwrap_or_else(PoisonError::into_inner);
        tls.clone()
    }

    /// New links rest on this from now on, and those of members that it revokes end. The other ones go on.
    pub fn renew(&self, tls: Tls) {
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tls);
        for peer in self.all.values() {
            let link = peer.link();
            let Some(session) = link.session() else {
                continue;
            };
            if self.revocation(peer, peer.certificate().as_ref()).is_err() {
                give_up(peer, session, "revoked");
            }
        }
    }

    /// Lets a company in that has shown this chain, unless that is revoked.
    pub(super) fn welcome(
        &self,
        company: CompanyId,
        chain: &[CertificateDer<'_>],
    ) -> anyhow::Result<()> {
        let peer = self.all.get(&company).context("no member")?;
        let shown = Certificate::of(chain.first().context("no certificate")?)?;
        let revocation = self.revocation(peer, Some(&shown));
        revocation.map_err(anyhow::Error::msg)?;
        peer.shows(shown);
        Ok(())
    }

    /// Why the company must not be talked to; alarms when that is news.
    pub(super) fn revocation(
        &self,
        peer: &Peer,
        shown: Option<&Certificate>,
    ) -> Result<(), String> {
        if !self.tls().revokes(peer.company, shown) {
            return Ok(());
        }
        let reason = format!("{} is revoked here, or its certificate is", peer.company);
        if peer.note_obstacle(&reason) {
            error!(company = %peer.company, "a revoked member wants to talk, or did");
            metrics::counter!("passcom_alarms_total").increment(1);
        }
        Err(reason)
    }

    /// Says that a peer has another membership list than this node: they count majorities differently and must not meet.
    /// Waits for the peers to introduce themselves, at most `patience`.
    pub async fn stranger(&self, patience: Duration) -> Option<&str> {
        let greeted = |peer: &Arc<Peer>| peer.session().is_some() || peer.obstacle().is_some();
        let start = Instant::now();
        while !self.all.values().all(greeted) && start.elapsed() < patience {
            tokio::time::sleep(GREETING_POLL).await;
        }
        self.stranger.get().map(String::as_str)
    }

    /// Companies that can be called now.
    pub fn reachable(&self) -> Vec<CompanyId> {
        self.all
            .values()
            .filter(|peer| peer.session().is_some())
            .map(|peer| peer.company)
            .collect()
    }

    async fn request(
        &self,
        to: CompanyId,
        request: Request,
        timeout: Duration,
    ) -> Result<Reply, CallError> {
        let not_sent = |reason| CallError::NotSent {
            company: to,
            reason,
        };
        let unknown = |reason| CallError::Unknown {
            company: to,
            reason,
        };
        let peer = self.all.get(&to).ok_or(not_sent("no such company"))?;
        let session = peer.session().ok_or(not_sent("no link"))?;
        let _permit = peer
            .permits(&request)
            .try_acquire()
            .map_err(|_| CallError::Busy(to))?;
        let envelope = Envelope {
            deadline: session.deadline(self.clock.now(), timeout),
            ..self.envelope(Body::Request(request))
        };
        fail_point::before(&envelope.body);
        // a frame over the limit would end the session with all its calls, so it must not leave
        let bytes = envelope
            .seal()
            .ok()
            .filter(|bytes| bytes.len() <= PART_LEN_MAX)
            .ok_or(not_sent("it does not fit a frame"))?;
        let answer = session
            .exchange
            .call(envelope.request_id, bytes, timeout)
            .await;
        let bytes = answer.map_err(|why| match why {
            NoResponse::NotSent => not_sent("the link is closing"),
            NoResponse::Lost => unknown("the link was lost"),
            NoResponse::NotInTime => unknown("no answer in time"),
        })?;
        fail_point::after(&envelope.body);
        match decode(&bytes).map_err(|_| unknown("its answer cannot be read"))? {
            Response::Reply(reply) => Ok(*reply),
            Response::Overloaded => Err(CallError::Busy(to)),
            Response::Expired => Err(not_sent("it arrived after its deadline")),
            Response::BadRequest => Err(not_sent("the peer cannot read it")),
            Response::UnsupportedProtocol { .. } => {
                Err(not_sent("the peer speaks another protocol"))
            }
            Response::ReplyTooLong => Err(unknown("its reply does not fit a frame")),
            Response::Hello(_) | Response::Joined(_) | Response::Pong(_) => {
                Err(unknown("its answer belongs to another question"))
            }
        }
    }

    /// Of what waits for its answer as long as it takes.
    fn envelope(&self, body: Body) -> Envelope {
        Envelope {
            from: self.me.company,
            request_id: Uuid::new_v4(),
            traceparent: Traceparent::current().child(),
            deadline: None,
            body,
        }
    }

    /// What nodes ask each other before they talk, and whether they are still there.
    pub(super) async fn ask(
        &self,
        session: &Session,
        body: Body,
        timeout: Duration,
    ) -> Result<Response, CallError> {
        let company = session.company;
        let not_sent = |reason| CallError::NotSent { company, reason };
        let unknown = |reason| CallError::Unknown { company, reason };
        let envelope = self.envelope(body);
        fail_point::before(&envelope.body);
        let bytes = envelope.seal().map_err(|error| {
            debug!(%company, %error, "request not sent");
            not_sent("it does not fit a frame")
        })?;
        let call = session
            .gateway
            .call(|port| GatewayMessage::Call(bytes, port), Some(timeout));
        match call.await {
            Ok(CallResult::Success(bytes)) => {
                fail_point::after(&envelope.body);
                decode(&bytes).map_err(|_| unknown("its answer cannot be read"))
            }
            Ok(CallResult::Timeout) => Err(unknown("no answer in time")),
            // also what a timeout may look like: no proof that the link is gone
            Ok(CallResult::SenderError) => Err(unknown("the link was lost, or no answer in time")),
            Err(_) => Err(not_sent("the link is closing")),
        }
    }
}

impl PeerClient for Peers {
    fn call(
        &self,
        to: CompanyId,
        request: Request,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Reply, CallError>> {
        Box::pin(async move {
            let outcome = self.request(to, request, timeout).await;
            // other names would make labels without a bound
            if self.all.contains_key(&to) {
                count(to, &outcome);
            }
            outcome
        })
    }
}

impl Reach for Peers {
    fn is_up(&self, company: CompanyId) -> bool {
        self.all
            .get(&company)
            .is_some_and(|peer| peer.session().is_some())
    }
}

impl Presence for Peers {
    fn hello(&self) -> Hello {
        Hello {
            company: self.me.company,
            version: self.me.version.clone(),
            protocol_min: PROTOCOL_MIN,
            protocol_max: PROTOCOL_MAX,
            membership: self.me.membership,
            run: self.me.run,
            clock: self.clock.now(),
            lineage: self.witness.lineage(),
            seen: self.witness.seen(),
        }
    }

    fn pong(&self) -> Pong {
        Pong {
            clock: self.clock.now(),
            sees: self.reachable(),
            mark: self.witness.mark(),
        }
    }

    fn admits(&self, company: CompanyId, run: Uuid) -> BoxFuture<'static, Result<(), String>> {
        let peer = self.all.get(&company).cloned();
        Box::pin(async move {
            match peer {
                Some(peer) => peer.verdict(run).await,
                None => Err(format!("{company} is not a member here")),
            }
        })
    }

    fn respond(&self, to: CompanyId, call: Uuid, response: Vec<u8>) {
        if let Some(exchange) = self.all.get(&to).and_then(|peer| peer.exchange()) {
            exchange.respond(call, response);
        }
    }

    fn on_response(&self, from: CompanyId, call: Uuid, response: Vec<u8>) {
        if let Some(exchange) = self.all.get(&from).and_then(|peer| peer.exchange()) {
            exchange.on_response(call, response);
        }
    }

    fn on_handled(&self, from: CompanyId, len: usize) {
        if let Some(peer) = self.all.get(&from) {
            peer.backlog.handled(len);
        }
    }
}

fn count(to: CompanyId, outcome: &Result<Reply, CallError>) {
    let outcome = match outcome {
        Ok(_) => "reply",
        Err(CallError::NotSent { .. }) => "not_sent",
        Err(CallError::Busy(_)) => "busy",
        Err(CallError::Unknown { .. }) => "unknown",
    };
    metrics::counter!("passcom_peer_calls_total", "peer" => to.to_string(), "outcome" => outcome)
        .increment(1);
}
