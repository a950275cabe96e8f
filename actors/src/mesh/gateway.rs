//! The gateway: the one actor of a node that other nodes can reach.
//!
//! Invariants:
//! - It is the only actor whose messages cross nodes; bytes in, bytes out, so that what cannot be decoded is answered
//!   instead of dropped. It has no name: names of remote actors can take those of local ones out of the registry.
//! - Its handler never waits. What takes time runs in a task of its own, which holds a permit and ends at the deadline.
//! - Every call that still has a caller is answered: executed, or with the reason why it was not.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, pg};
use ractor_cluster::RactorClusterMessage;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, debug, info_span, warn};
use uuid::Uuid;

use crate::domain::ids::CompanyId;
use crate::domain::time::Timestamp;
use crate::mesh::envelope::{
    Body, Envelope, Hello, OpenError, PROTOCOL_MAX, PROTOCOL_MIN, Pong, Response, encode,
};
use crate::mesh::messages::Request;
use crate::mesh::peer::{Clock, Serve, is_long_poll};

/// The scope of process groups in which a node's gateway is found, in the group of its company.
pub const SCOPE: &str = "passcom/gateway";
/// Requests being served at a time, long polls apart.
pub const REQUESTS_MAX: usize = 512;
/// Long polls waiting at a time.
pub const LONG_POLLS_MAX: usize = 64;
/// Peers waiting for our verdict on them at a time.
const JOINS_MAX: usize = 16;
/// Longest that a request is served, whatever its deadline says.
const PATIENCE_MAX: Duration = Duration::from_secs(60);
/// Longest that a peer is kept waiting for our verdict on it.
pub const JOIN_PATIENCE: Duration = Duration::from_secs(2);

/// The only message that crosses nodes: a sealed [`Envelope`], answered by an encoded [`Response`].
#[derive(RactorClusterMessage)]
pub enum GatewayMessage {
    #[rpc]
    Call(Vec<u8>, RpcReplyPort<Vec<u8>>),
}

/// What the node says of itself and of its peers.
pub trait Presence: Send + Sync + 'static {
    fn hello(&self) -> Hello;
    fn pong(&self) -> Pong;
    /// Waits for this node's verdict on that run of a peer.
    fn admits(&self, company: CompanyId, run: Uuid) -> BoxFuture<'static, Result<(), String>>;
}

/// The permits of the three kinds of work, so that none can starve another.
#[derive(Clone)]
pub struct Permits {
    requests: Arc<Semaphore>,
    long_polls: Arc<Semaphore>,
    joins: Arc<Semaphore>,
}

impl Default for Permits {
    fn default() -> Self {
        Self {
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            long_polls: Arc::new(Semaphore::new(LONG_POLLS_MAX)),
            joins: Arc::new(Semaphore::new(JOINS_MAX)),
        }
    }
}

impl Permits {
    fn of(&self, request: &Request) -> &Arc<Semaphore> {
        if is_long_poll(request) {
            &self.long_polls
        } else {
            &self.requests
        }
    }

    /// Waits until no request is being served. Long polls do not count: they only wait, and their callers ask again.
    pub async fn idle(&self) {
        let all = u32::try_from(REQUESTS_MAX).expect("a small constant");
        // an error would say that the semaphore was closed, which nobody does
        let _ = self.requests.acquire_many(all).await;
    }
}

pub struct Gateway {
    company: CompanyId,
    clock: Clock,
    service: Arc<dyn Serve>,
    presence: Arc<dyn Presence>,
    permits: Permits,
}

impl Gateway {
    pub fn new(
        company: CompanyId,
        clock: Clock,
        service: Arc<dyn Serve>,
        presence: Arc<dyn Presence>,
        permits: Permits,
    ) -> Self {
        Self {
            company,
            clock,
            service,
            presence,
            permits,
        }
    }

    /// Takes the gateway out of its group: peers find it no more, and what they have sent is still answered.
    pub fn leave(company: CompanyId, gateway: &ActorRef<GatewayMessage>) {
        pg::leave_scoped(
            SCOPE.to_owned(),
            company.to_string(),
            vec![gateway.get_cell()],
        );
    }

    fn on_call(&self, bytes: &[u8], port: RpcReplyPort<Vec<u8>>) {
        let envelope = match Envelope::open(bytes) {
            Ok(envelope) => envelope,
            Err(OpenError::Malformed) => return respond(port, &Response::BadRequest),
            Err(OpenError::UnsupportedProtocol) => return respond(port, &unsupported()),
        };
        match envelope.body {
            Body::Hello => respond(port, &Response::Hello(Box::new(self.presence.hello()))),
            Body::Ping => respond(port, &Response::Pong(self.presence.pong())),
            Body::Join { run } => self.on_join(envelope.from, run, port),
            Body::Request(_) => self.on_request(envelope, port),
        }
    }

    fn on_join(&self, company: CompanyId, run: Uuid, port: RpcReplyPort<Vec<u8>>) {
        let Ok(permit) = self.permits.joins.clone().try_acquire_owned() else {
            return respond(port, &Response::Overloaded);
        };
        let verdict = self.presence.admits(company, run);
        tokio::spawn(async move {
            let _permit = permit;
            if let Ok(verdict) = tokio::time::timeout(JOIN_PATIENCE, verdict).await {
                respond(port, &Response::Joined(verdict));
            }
        });
    }

    fn on_request(&self, envelope: Envelope, port: RpcReplyPort<Vec<u8>>) {
        let (Body::Request(request), Some(deadline)) = (envelope.body, envelope.deadline) else {
            return respond(port, &Response::BadRequest);
        };
        // a node that was frozen finds old requests in its sockets, whose callers have long decided otherwise
        let Some(patience) = remaining(self.clock.now(), deadline) else {
            debug!(request_id = %envelope.request_id, peer = %envelope.from, "request expired on arrival");
            return respond(port, &Response::Expired);
        };
        let Ok(permit) = self.permits.of(&request).clone().try_acquire_owned() else {
            warn!(peer = %envelope.from, "too many requests under way, one is refused");
            return respond(port, &Response::Overloaded);
        };
        let span = info_span!(
            "request",
            request_id = %envelope.request_id,
            peer = %envelope.from,
            traceparent = %envelope.traceparent,
        );
        let work = serve(self.service.clone(), request, patience, permit, port);
        tokio::spawn(envelope.traceparent.scope(work).instrument(span));
    }
}

impl Actor for Gateway {
    type Msg = GatewayMessage;
    type State = ();
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<GatewayMessage>,
        (): (),
    ) -> Result<(), ActorProcessingErr> {
        pg::join_scoped(
            SCOPE.to_owned(),
            self.company.to_string(),
            vec![myself.get_cell()],
        );
        Ok(())
    }

    async fn handle(
        &self,
        _myself: ActorRef<GatewayMessage>,
        GatewayMessage::Call(bytes, port): GatewayMessage,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if !port.is_closed() {
            self.on_call(&bytes, port);
        }
        Ok(())
    }
}

async fn serve(
    service: Arc<dyn Serve>,
    request: Request,
    patience: Duration,
    _permit: OwnedSemaphorePermit,
    port: RpcReplyPort<Vec<u8>>,
) {
    match tokio::time::timeout(patience, service.serve(request)).await {
        Ok(reply) => respond(port, &Response::Reply(Box::new(reply))),
        // the caller has given up at the same instant: dropping the port is all that is left to do
        Err(_) => debug!("deadline passed before the reply"),
    }
}

fn remaining(now: Timestamp, deadline: Timestamp) -> Option<Duration> {
    let left = deadline.0.checked_sub(now.0).filter(|left| *left > 0)?;
    Some(Duration::from_millis(left).min(PATIENCE_MAX))
}

fn unsupported() -> Response {
    Response::UnsupportedProtocol {
        min: PROTOCOL_MIN,
        max: PROTOCOL_MAX,
    }
}

fn respond(port: RpcReplyPort<Vec<u8>>, response: &Response) {
    let bytes = encode(response).or_else(|error| {
        warn!(%error, "a reply cannot be sent");
        encode(&Response::ReplyTooLong)
    });
    match bytes {
        // an error says that the caller is gone, which is its right
        Ok(bytes) => drop(port.send(bytes)),
        Err(error) => warn!(%error, "a response without content cannot be encoded"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Incarnation;
    use crate::mesh::envelope::decode;
    use crate::mesh::messages::Reply;
    use crate::mesh::traceparent::Traceparent;

    /// Answers everything at once, except long polls and the user `slow`: never.
    struct Service;

    impl Serve for Service {
        fn serve(&self, request: Request) -> BoxFuture<'static, Reply> {
            Box::pin(async move {
                match request {
                    Request::FindUser { login } if login == "slow" => std::future::pending().await,
                    Request::FindUser { login } if login == "huge" => {
                        let version = "x".repeat(crate::mesh::envelope::MESSAGE_LEN_MAX);
                        let reaches = Vec::new();
                        Reply::Description { version, reaches }
                    }
                    Request::Pull { .. } => std::future::pending().await,
                    _ => Reply::Merged,
                }
            })
        }
    }

    struct Alone;

    impl Presence for Alone {
        fn hello(&self) -> Hello {
            Hello {
                company: company(),
                version: "test".into(),
                protocol_min: PROTOCOL_MIN,
                protocol_max: PROTOCOL_MAX,
                membership: [0; 32],
                incarnation: Incarnation(Uuid::nil()),
                run: Uuid::nil(),
                clock: Timestamp(0),
            }
        }

        fn pong(&self) -> Pong {
            Pong {
                clock: Timestamp(0),
                sees: Vec::new(),
            }
        }

        fn admits(&self, _: CompanyId, _: Uuid) -> BoxFuture<'static, Result<(), String>> {
            Box::pin(async { Err("a stranger".to_owned()) })
        }
    }

    fn company() -> CompanyId {
        "a".parse().unwrap()
    }

    fn gateway() -> Gateway {
        Gateway::new(
            company(),
            Clock::start(),
            Arc::new(Service),
            Arc::new(Alone),
            Permits::default(),
        )
    }

    fn sealed(deadline: Option<Timestamp>, body: Body) -> Vec<u8> {
        Envelope {
            from: company(),
            request_id: Uuid::nil(),
            traceparent: Traceparent::generate(),
            deadline,
            body,
        }
        .seal()
        .unwrap()
    }

    fn find(login: &str) -> Body {
        Body::Request(Request::FindUser {
            login: login.to_owned(),
        })
    }

    fn pull() -> Body {
        Body::Request(Request::Pull {
            after: None,
            wait_ms: 1000,
        })
    }

    fn send(gateway: &Gateway, bytes: &[u8]) -> tokio::sync::oneshot::Receiver<Vec<u8>> {
        let (port, answer) = tokio::sync::oneshot::channel();
        gateway.on_call(bytes, port.into());
        answer
    }

    async fn ask(gateway: &Gateway, bytes: &[u8]) -> Response {
        decode(&send(gateway, bytes).await.expect("an answer")).unwrap()
    }

    const LATER: Option<Timestamp> = Some(Timestamp(1 << 40));

    #[tokio::test]
    async fn every_call_is_answered() {
        let gateway = gateway();
        assert_eq!(ask(&gateway, b"junk of no protocol").await, unsupported());
        let malformed = [&PROTOCOL_MAX.to_be_bytes()[..], b"junk"].concat();
        assert_eq!(ask(&gateway, &malformed).await, Response::BadRequest);
        assert_eq!(
            ask(&gateway, &sealed(None, find("ana"))).await,
            Response::BadRequest
        );
        let expired = sealed(Some(Timestamp(0)), find("ana"));
        assert_eq!(ask(&gateway, &expired).await, Response::Expired);
        let good = sealed(LATER, find("ana"));
        assert_eq!(
            ask(&gateway, &good).await,
            Response::Reply(Box::new(Reply::Merged))
        );
        let huge = sealed(LATER, find("huge"));
        assert_eq!(ask(&gateway, &huge).await, Response::ReplyTooLong);
        let join = sealed(None, Body::Join { run: Uuid::nil() });
        let refused = Response::Joined(Err("a stranger".to_owned()));
        assert_eq!(ask(&gateway, &join).await, refused);
    }

    #[tokio::test]
    async fn long_polls_never_take_the_place_of_a_request_nor_the_other_way_round() {
        let gateway = gateway();
        let polls: Vec<_> = (0..LONG_POLLS_MAX)
            .map(|_| send(&gateway, &sealed(LATER, pull())))
            .collect();
        assert_eq!(
            ask(&gateway, &sealed(LATER, pull())).await,
            Response::Overloaded
        );
        let done = Response::Reply(Box::new(Reply::Merged));
        assert_eq!(ask(&gateway, &sealed(LATER, find("ana"))).await, done);

        let requests: Vec<_> = (0..REQUESTS_MAX)
            .map(|_| send(&gateway, &sealed(LATER, find("slow"))))
            .collect();
        assert_eq!(
            ask(&gateway, &sealed(LATER, find("ana"))).await,
            Response::Overloaded
        );
        assert!(matches!(
            ask(&gateway, &sealed(None, Body::Ping)).await,
            Response::Pong(_)
        ));
        drop((polls, requests));
    }

    #[tokio::test]
    async fn a_request_gives_its_permit_back_at_its_deadline() {
        let gateway = gateway();
        let soon = Timestamp(gateway.clock.now().0 + 100);
        let slow: Vec<_> = (0..REQUESTS_MAX)
            .map(|_| send(&gateway, &sealed(Some(soon), find("slow"))))
            .collect();
        for answer in slow {
            assert!(answer.await.is_err(), "its port is dropped");
        }
        let done = Response::Reply(Box::new(Reply::Merged));
        assert_eq!(ask(&gateway, &sealed(LATER, find("ana"))).await, done);
        gateway.permits.idle().await;
    }
}
