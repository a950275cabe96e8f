//! The gateway: the one actor of a node that other nodes can reach.
//!
//! Invariants:
//! - It is the only actor whose messages cross nodes; bytes in, bytes out, so that what cannot be decoded is answered
//!   instead of dropped. It has no name: names of remote actors can take those of local ones out of the registry.
//! - Its handler never waits, which those rely on who read no more until it has come round. What takes time runs in a task of its own,
//!   which holds a permit and ends at the deadline.
//! - Every call that still has a caller is answered: executed, or with the reason why it was not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, pg};
use ractor_cluster::RactorClusterMessage;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, debug, debug_span, warn};
use uuid::Uuid;

use crate::company::refused::{Reason, Refused};
use crate::domain::ids::CompanyId;
use crate::domain::time::Timestamp;
use crate::mesh::envelope::{
    Body, Envelope, Hello, OpenError, PROTOCOL_MAX, PROTOCOL_MIN, Pong, Response, encode,
};
use crate::mesh::frame::{self, Kind, PART_LEN_MAX, Part};
use crate::mesh::messages::Request;
use crate::mesh::peer::{Clock, Serve, is_long_poll};

/// The scope of process groups in which a node's gateway is found, in the group of its company.
pub const SCOPE: &str = "passcom/gateway";
/// Requests being served at a time, long polls apart.
pub const REQUESTS_MAX: usize = 512;
/// Of these, those of one peer: some more than an honest one has under way, so that none takes the place of another.
pub const REQUESTS_OF_PEER_MAX: usize = 160;
/// Long polls waiting at a time, and those of one peer.
pub const LONG_POLLS_MAX: usize = 64;
pub const LONG_POLLS_OF_PEER_MAX: usize = 8;
/// Peers waiting for our verdict on them at a time, and how often one peer may.
const JOINS_MAX: usize = 16;
const JOINS_OF_PEER_MAX: usize = 4;
/// Longest that a request is served, whatever its deadline says.
const PATIENCE_MAX: Duration = Duration::from_secs(60);
/// Longest that a peer is kept waiting for our verdict on it.
pub const JOIN_PATIENCE: Duration = Duration::from_secs(2);

/// The only messages that cross nodes.
#[derive(RactorClusterMessage)]
pub enum GatewayMessage {
    /// What nodes say before they talk, and heartbeats: a sealed [`Envelope`], answered by an encoded [`Response`].
    #[rpc]
    Call(Vec<u8>, RpcReplyPort<Vec<u8>>),
    /// Requests and responses, gathered: a [`frame`].
    Frame(Vec<u8>),
}

/// What the node says of itself and of its peers, and what passes between them.
pub trait Presence: Send + Sync + 'static {
    fn hello(&self) -> Hello;
    fn pong(&self) -> Pong;
    /// Waits for this node's verdict on that run of a peer.
    fn admits(&self, company: CompanyId, run: Uuid) -> BoxFuture<'static, Result<(), String>>;
    /// Sends the response to a call of that peer, if there is a link to it.
    fn respond(&self, to: CompanyId, call: Uuid, response: Vec<u8>);
    /// A peer has answered a call of ours.
    fn on_response(&self, from: CompanyId, call: Uuid, response: Vec<u8>);
    /// A message of so many bytes from that peer waits for the gateway no more: more may be read.
    fn on_handled(&self, from: CompanyId, len: usize);
}

/// Where the response to a request goes.
struct Caller {
    presence: Arc<dyn Presence>,
    company: CompanyId,
    call: Uuid,
}

/// The permits of the three kinds of work, so that none can starve another; and each peer has a share of each, so that no peer can
/// starve another either.
#[derive(Clone)]
pub struct Permits {
    all: Kinds,
    /// As many as there are members: who sends is proven.
    shares: Arc<Mutex<BTreeMap<CompanyId, Kinds>>>,
}

#[derive(Clone)]
struct Kinds {
    requests: Arc<Semaphore>,
    long_polls: Arc<Semaphore>,
    joins: Arc<Semaphore>,
}

/// A place in a peer's share, and in the whole.
struct Permit {
    _share: OwnedSemaphorePermit,
    _whole: OwnedSemaphorePermit,
}

impl Kinds {
    fn new(requests: usize, long_polls: usize, joins: usize) -> Self {
        Self {
            requests: Arc::new(Semaphore::new(requests)),
            long_polls: Arc::new(Semaphore::new(long_polls)),
            joins: Arc::new(Semaphore::new(joins)),
        }
    }

    fn of(&self, request: &Request) -> &Arc<Semaphore> {
        if is_long_poll(request) {
            &self.long_polls
        } else {
            &self.requests
        }
    }
}

impl Default for Permits {
    fn default() -> Self {
        Self {
            all: Kinds::new(REQUESTS_MAX, LONG_POLLS_MAX, JOINS_MAX),
            shares: Arc::default(),
        }
    }
}

impl Permits {
    /// None where the peer has its share under way, or all are taken.
    fn take(&self, peer: CompanyId, kind: impl Fn(&Kinds) -> &Arc<Semaphore>) -> Option<Permit> {
        let share = {
            let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || {
                Kinds::new(
                    REQUESTS_OF_PEER_MAX,
                    LONG_POLLS_OF_PEER_MAX,
                    JOINS_OF_PEER_MAX,
                )
            };
            kind(shares.entry(peer).or_insert_with(new)).clone()
        };
        Some(Permit {
            _share: share.try_acquire_owned().ok()?,
            _whole: kind(&self.all).clone().try_acquire_owned().ok()?,
        })
    }

    /// Waits until no request is being served. Long polls do not count: they only wait, and their callers ask again.
    pub async fn idle(&self) {
        let all = u32::try_from(REQUESTS_MAX).expect("a small constant");
        // an error would say that the semaphore was closed, which nobody does
        let _ = self.all.requests.acquire_many(all).await;
    }
}

pub struct Gateway {
    company: CompanyId,
    clock: Clock,
    service: Arc<dyn Serve>,
    presence: Arc<dyn Presence>,
    permits: Permits,
    refused: Arc<Refused>,
}

impl Gateway {
    pub fn new(
        company: CompanyId,
        clock: Clock,
        service: Arc<dyn Serve>,
        presence: Arc<dyn Presence>,
        permits: Permits,
        refused: Arc<Refused>,
    ) -> Self {
        Self {
            company,
            clock,
            service,
            presence,
            permits,
            refused,
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

    /// Who sent it, if that can be read; of whoever has given up, too.
    fn on_call(&self, bytes: &[u8], port: RpcReplyPort<Vec<u8>>) -> Option<CompanyId> {
        let envelope = match Envelope::open(bytes) {
            Ok(envelope) => envelope,
            Err(error) => {
                let response = match error {
                    OpenError::Malformed => Response::BadRequest,
                    OpenError::UnsupportedProtocol => unsupported(),
                };
                respond(port, &response);
                return None;
            }
        };
        let from = envelope.from;
        if port.is_closed() {
            return Some(from);
        }
        match envelope.body {
            Body::Hello => respond(port, &Response::Hello(Box::new(self.presence.hello()))),
            Body::Ping => respond(port, &Response::Pong(self.presence.pong())),
            Body::Join { run } => self.on_join(envelope.from, run, port),
            Body::Request(_) => respond(port, &Response::BadRequest), // it travels in a frame
        }
        Some(from)
    }

    /// Who sent it, if that can be read.
    fn on_frame(&self, bytes: &[u8]) -> Option<CompanyId> {
        let (from, parts) = match frame::open(bytes) {
            Ok(opened) => opened,
            Err(error) => {
                // its calls end at their timeouts
                warn!(?error, "a frame cannot be read");
                return frame::sender(bytes).ok();
            }
        };
        for Part { kind, call, bytes } in parts {
            match kind {
                Kind::Response => self.presence.on_response(from, call, bytes),
                Kind::Request => {
                    let caller = Caller {
                        presence: self.presence.clone(),
                        company: from,
                        call,
                    };
                    match Envelope::open(&bytes) {
                        Ok(envelope) => self.on_request(envelope, caller),
                        Err(OpenError::Malformed) => caller.respond(&Response::BadRequest),
                        Err(OpenError::UnsupportedProtocol) => caller.respond(&unsupported()),
                    }
                }
            }
        }
        Some(from)
    }

    fn on_join(&self, company: CompanyId, run: Uuid, port: RpcReplyPort<Vec<u8>>) {
        let Some(permit) = self.permits.take(company, |kinds| &kinds.joins) else {
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

    fn on_request(&self, envelope: Envelope, caller: Caller) {
        let (Body::Request(request), Some(deadline)) = (envelope.body, envelope.deadline) else {
            return caller.respond(&Response::BadRequest);
        };
        if envelope.from != caller.company {
            self.refused
                .note(caller.company, request.kind(), Reason::AnothersName);
            return caller.respond(&Response::BadRequest);
        }
        // a node that was frozen finds old requests in its sockets, whose callers have long decided otherwise
        let Some(patience) = remaining(self.clock.now(), deadline) else {
            debug!(request_id = %envelope.request_id, peer = %envelope.from, "request expired on arrival");
            return caller.respond(&Response::Expired);
        };
        let Some(permit) = self
            .permits
            .take(caller.company, |kinds| kinds.of(&request))
        else {
            self.refused
                .note(caller.company, request.kind(), Reason::TooMany);
            return caller.respond(&Response::Overloaded);
        };
        let span = debug_span!(
            "request",
            request_id = %envelope.request_id,
            peer = %envelope.from,
            traceparent = %envelope.traceparent,
        );
        // asked for every booking, and nearly always known in memory; what takes long, or could fail, has a task of its own
        let is_at_hand = matches!(request, Request::FindKey { .. });
        let work = serve(self.service.clone(), request, patience, permit, caller);
        let mut work = envelope.traceparent.scope(work).instrument(span).boxed();
        if !is_at_hand || work.as_mut().now_or_never().is_none() {
            tokio::spawn(work);
        }
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
        message: GatewayMessage,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let (from, len) = match message {
            GatewayMessage::Call(bytes, port) => (self.on_call(&bytes, port), bytes.len()),
            GatewayMessage::Frame(bytes) => (self.on_frame(&bytes), bytes.len()),
        };
        if let Some(from) = from {
            self.presence.on_handled(from, len);
        }
        Ok(())
    }
}

async fn serve(
    service: Arc<dyn Serve>,
    request: Request,
    patience: Duration,
    _permit: Permit,
    caller: Caller,
) {
    match tokio::time::timeout(patience, service.serve(caller.company, request)).await {
        Ok(reply) => caller.respond(&Response::Reply(Box::new(reply))),
        // the caller has given up at the same instant
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

impl Caller {
    fn respond(self, response: &Response) {
        self.presence
            .respond(self.company, self.call, encoded(response));
    }
}

fn respond(port: RpcReplyPort<Vec<u8>>, response: &Response) {
    // an error says that the caller is gone, which is its right
    drop(port.send(encoded(response)));
}

fn encoded(response: &Response) -> Vec<u8> {
    match encode(response) {
        Ok(bytes) if bytes.len() <= PART_LEN_MAX => return bytes,
        Ok(bytes) => warn!(len = bytes.len(), "a reply is too long to be sent"),
        Err(error) => warn!(%error, "a reply cannot be sent"),
    }
    encode(&Response::ReplyTooLong).expect("a response without content is encoded")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::sync::Mutex;

    use tokio::sync::oneshot;

    use super::*;
    use crate::company::log::Seq;
    use crate::company::log::lineage::{Lineage, Start};
    use crate::domain::ids::Incarnation;
    use crate::mesh::envelope::decode;
    use crate::mesh::messages::{Reply, Whom};
    use crate::mesh::traceparent::Traceparent;

    /// Answers everything at once, except long polls and the user `slow`: never.
    struct Service;

    impl Serve for Service {
        fn serve(&self, _: CompanyId, request: Request) -> BoxFuture<'static, Reply> {
            Box::pin(async move {
                match request {
                    Request::FindUser(Whom::Login(login)) if login == "slow" => {
                        std::future::pending().await
                    }
                    Request::FindUser(Whom::Login(login)) if login == "huge" => {
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

    /// Keeps those who wait for a response.
    #[derive(Default)]
    struct Alone(Mutex<HashMap<Uuid, oneshot::Sender<Vec<u8>>>>);

    impl Presence for Alone {
        fn hello(&self) -> Hello {
            Hello {
                company: company(),
                version: "test".into(),
                protocol_min: PROTOCOL_MIN,
                protocol_max: PROTOCOL_MAX,
                membership: [0; 32],
                run: Uuid::nil(),
                clock: Timestamp(0),
                lineage: lineage(),
                seen: BTreeMap::new(),
            }
        }

        fn pong(&self) -> Pong {
            Pong {
                clock: Timestamp(0),
                sees: Vec::new(),
                mark: lineage().mark(),
            }
        }

        fn admits(&self, _: CompanyId, _: Uuid) -> BoxFuture<'static, Result<(), String>> {
            Box::pin(async { Err("a stranger".to_owned()) })
        }

        fn respond(&self, to: CompanyId, call: Uuid, response: Vec<u8>) {
            assert!([peer(), other()].contains(&to));
            let caller = self.0.lock().unwrap().remove(&call);
            let _ = caller.expect("one response to each call").send(response);
        }

        fn on_response(&self, _: CompanyId, call: Uuid, response: Vec<u8>) {
            self.respond(peer(), call, response);
        }

        fn on_handled(&self, _: CompanyId, _: usize) {}
    }

    fn peer() -> CompanyId {
        "b".parse().unwrap()
    }

    fn other() -> CompanyId {
        "c".parse().unwrap()
    }

    fn lineage() -> Lineage {
        Lineage {
            incarnation: Incarnation(Uuid::nil()),
            earlier: Vec::new(),
            present: Start {
                run: Uuid::nil(),
                after: Seq::NONE,
            },
            last: Seq::NONE,
        }
    }

    fn company() -> CompanyId {
        "a".parse().unwrap()
    }

    struct Tested {
        gateway: Gateway,
        alone: Arc<Alone>,
    }

    fn gateway() -> Tested {
        let alone = Arc::new(Alone::default());
        let gateway = Gateway::new(
            company(),
            Clock::start(),
            Arc::new(Service),
            alone.clone(),
            Permits::default(),
            Arc::default(),
        );
        Tested { gateway, alone }
    }

    fn sealed(deadline: Option<Timestamp>, body: Body) -> Vec<u8> {
        sealed_by(peer(), deadline, body)
    }

    fn sealed_by(from: CompanyId, deadline: Option<Timestamp>, body: Body) -> Vec<u8> {
        Envelope {
            from,
            request_id: Uuid::nil(),
            traceparent: Traceparent::generate(),
            deadline,
            body,
        }
        .seal()
        .unwrap()
    }

    fn find(login: &str) -> Body {
        Body::Request(Request::FindUser(Whom::Login(login.to_owned())))
    }

    fn pull() -> Body {
        Body::Request(Request::Pull {
            after: None,
            wait_ms: 1000,
        })
    }

    /// Calls that arrive in one frame.
    fn send_all(tested: &Tested, requests: &[&[u8]]) -> Vec<oneshot::Receiver<Vec<u8>>> {
        send_all_from(peer(), tested, requests)
    }

    fn send_all_from(
        from: CompanyId,
        tested: &Tested,
        requests: &[&[u8]],
    ) -> Vec<oneshot::Receiver<Vec<u8>>> {
        let mut answers = Vec::new();
        let mut parts = requests.iter().map(|bytes| {
            let (caller, answer) = oneshot::channel();
            answers.push(answer);
            let call = Uuid::new_v4();
            tested.alone.0.lock().unwrap().insert(call, caller);
            Part {
                kind: Kind::Request,
                call,
                bytes: bytes.to_vec(),
            }
        });
        let mut frame = frame::Frame::new(from, parts.next().unwrap());
        parts.for_each(|part| frame.push(part));
        tested.gateway.on_frame(&frame.seal());
        answers
    }

    fn send(tested: &Tested, bytes: &[u8]) -> oneshot::Receiver<Vec<u8>> {
        send_all(tested, &[bytes]).remove(0)
    }

    async fn ask(tested: &Tested, bytes: &[u8]) -> Response {
        decode(&send(tested, bytes).await.expect("an answer")).unwrap()
    }

    /// Asks what is asked before nodes talk.
    async fn greet(tested: &Tested, bytes: &[u8]) -> Response {
        let (port, answer) = oneshot::channel();
        tested.gateway.on_call(bytes, port.into());
        decode(&answer.await.expect("an answer")).unwrap()
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
    }

    #[tokio::test]
    async fn what_is_said_before_nodes_talk_is_answered_and_nothing_else_by_that_door() {
        let gateway = gateway();
        assert_eq!(greet(&gateway, b"junk of no protocol").await, unsupported());
        let join = sealed(None, Body::Join { run: Uuid::nil() });
        let refused = Response::Joined(Err("a stranger".to_owned()));
        assert_eq!(greet(&gateway, &join).await, refused);
        assert_eq!(ask(&gateway, &join).await, Response::BadRequest);
        let good = sealed(LATER, find("ana"));
        assert_eq!(greet(&gateway, &good).await, Response::BadRequest);
    }

    #[tokio::test]
    async fn each_part_of_a_frame_has_its_own_answer() {
        let gateway = gateway();
        let (good, slow) = (sealed(LATER, find("ana")), sealed(LATER, find("slow")));
        let mut answers = send_all(&gateway, &[&slow, b"junk", &good]);
        let done = Response::Reply(Box::new(Reply::Merged));
        assert_eq!(
            decode::<Response>(&answers.remove(2).await.unwrap()).unwrap(),
            done
        );
        let junk = answers.remove(1).await.unwrap();
        assert_eq!(decode::<Response>(&junk).unwrap(), unsupported());
        assert!(answers.remove(0).try_recv().is_err(), "it waits");
        gateway.gateway.on_frame(b"junk");
    }

    #[tokio::test]
    async fn a_request_in_the_name_of_another_is_refused_and_counted() {
        let gateway = gateway();
        let forged = sealed_by(other(), LATER, find("ana"));
        assert_eq!(ask(&gateway, &forged).await, Response::BadRequest);
        assert_eq!(gateway.gateway.refused.of(peer()), (1, 1));
        assert_eq!(gateway.gateway.refused.of(other()), (0, 0));
    }

    #[tokio::test]
    async fn a_peer_that_floods_takes_no_place_of_another() {
        let gateway = gateway();
        let slow = sealed(LATER, find("slow"));
        let under_way: Vec<_> = (0..REQUESTS_OF_PEER_MAX)
            .map(|_| send(&gateway, &slow))
            .collect();
        assert_eq!(ask(&gateway, &slow).await, Response::Overloaded);
        assert_eq!(gateway.gateway.refused.of(peer()), (1, 0));
        let honest = sealed_by(other(), LATER, find("ana"));
        let answer = send_all_from(other(), &gateway, &[&honest]).remove(0);
        let done = Response::Reply(Box::new(Reply::Merged));
        assert_eq!(decode::<Response>(&answer.await.unwrap()).unwrap(), done);
        drop(under_way);
    }

    #[tokio::test]
    async fn a_response_finds_who_called() {
        let gateway = gateway();
        let (caller, answer) = oneshot::channel();
        let call = Uuid::from_u128(3);
        gateway.alone.0.lock().unwrap().insert(call, caller);
        let part = Part {
            kind: Kind::Response,
            call,
            bytes: vec![1, 2, 3],
        };
        gateway
            .gateway
            .on_frame(&frame::Frame::new(peer(), part).seal());
        assert_eq!(answer.await.unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn long_polls_never_take_the_place_of_a_request_nor_the_other_way_round() {
        let gateway = gateway();
        let polls: Vec<_> = (0..LONG_POLLS_OF_PEER_MAX)
            .map(|_| send(&gateway, &sealed(LATER, pull())))
            .collect();
        assert_eq!(
            ask(&gateway, &sealed(LATER, pull())).await,
            Response::Overloaded
        );
        let done = Response::Reply(Box::new(Reply::Merged));
        assert_eq!(ask(&gateway, &sealed(LATER, find("ana"))).await, done);

        let requests: Vec<_> = (0..REQUESTS_OF_PEER_MAX)
            .map(|_| send(&gateway, &sealed(LATER, find("slow"))))
            .collect();
        assert_eq!(
            ask(&gateway, &sealed(LATER, find("ana"))).await,
            Response::Overloaded
        );
        assert!(matches!(
            greet(&gateway, &sealed(None, Body::Ping)).await,
            Response::Pong(_)
        ));
        drop((polls, requests));
    }

    #[tokio::test]
    async fn a_request_gives_its_permit_back_at_its_deadline() {
        let gateway = gateway();
        let soon = Timestamp(gateway.gateway.clock.now().0 + 100);
        let slow: Vec<_> = (0..REQUESTS_OF_PEER_MAX)
            .map(|_| send(&gateway, &sealed(Some(soon), find("slow"))))
            .collect();
        gateway.gateway.permits.idle().await;
        for mut answer in slow {
            assert!(answer.try_recv().is_err(), "nobody waits for it");
        }
        let done = Response::Reply(Box::new(Reply::Merged));
        assert_eq!(ask(&gateway, &sealed(LATER, find("ana"))).await, done);
        gateway.gateway.permits.idle().await;
    }
}
