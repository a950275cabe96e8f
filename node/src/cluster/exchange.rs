//! What two nodes say to each other over one session: the calls that wait for their responses, and the frames in which both
//! travel.
//!
//! Invariants:
//! * whatever waits to be sent goes into one frame, and nothing waits for company: a frame leaves as soon as there is a part;
//! * a call ends with its response, at its timeout, or with the session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::frame::{Frame, Kind, Part};
use passcom_actors::mesh::gateway::GatewayMessage;
use ractor::ActorRef;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;
use tracing::debug;
use uuid::Uuid;

/// Parts that may wait to be sent: more than there are permits for calls of ours and for requests of the peer.
const WAITING_MAX: usize = 1_024;

/// Why a call has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoResponse {
    NotSent,
    /// The session has ended.
    Lost,
    NotInTime,
}

pub(super) struct Exchange {
    waiting: mpsc::Sender<Part>,
    /// None once the session has ended.
    calls: Mutex<Option<HashMap<Uuid, oneshot::Sender<Vec<u8>>>>>,
}

/// A call under way, forgotten when nobody waits for it any more.
struct Call<'e> {
    exchange: &'e Exchange,
    call: Uuid,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(calls) = self.exchange.calls().as_mut() {
            calls.remove(&self.call);
        }
    }
}

impl Exchange {
    /// Sends to this gateway from now on, until the last handle is gone.
    pub fn open(me: CompanyId, gateway: ActorRef<GatewayMessage>) -> Arc<Self> {
        let (waiting, parts) = mpsc::channel(WAITING_MAX);
        tokio::spawn(send(me, gateway, parts));
        Arc::new(Self {
            waiting,
            calls: Mutex::new(Some(HashMap::new())),
        })
    }

    /// Sends a request and waits for its response.
    pub async fn call(
        &self,
        call: Uuid,
        request: Vec<u8>,
        patience: Duration,
    ) -> Result<Vec<u8>, NoResponse> {
        let (sender, response) = oneshot::channel();
        match self.calls().as_mut() {
            Some(calls) => calls.insert(call, sender),
            None => return Err(NoResponse::NotSent),
        };
        let _call = Call {
            exchange: self,
            call,
        };
        let part = Part {
            kind: Kind::Request,
            call,
            bytes: request,
        };
        self.waiting
            .try_send(part)
            .map_err(|_| NoResponse::NotSent)?;
        match timeout(patience, response).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(_)) => Err(NoResponse::Lost),
            Err(_) => Err(NoResponse::NotInTime),
        }
    }

    /// Answers a call of the peer.
    pub fn respond(&self, call: Uuid, response: Vec<u8>) {
        let part = Part {
            kind: Kind::Response,
            call,
            bytes: response,
        };
        if self.waiting.try_send(part).is_err() {
            debug!("a response finds no place, or no session");
        }
    }

    /// The peer has answered; whoever asked may have given up.
    pub fn on_response(&self, call: Uuid, response: Vec<u8>) {
        let caller = self.calls().as_mut().and_then(|calls| calls.remove(&call));
        if let Some(caller) = caller {
            let _ = caller.send(response);
        }
    }

    /// The session has ended, and with it every call.
    pub fn close(&self) {
        self.calls().take();
    }

    /// What it guards is changed by calls that do not panic.
    fn calls(&self) -> MutexGuard<'_, Option<HashMap<Uuid, oneshot::Sender<Vec<u8>>>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(me: CompanyId, gateway: ActorRef<GatewayMessage>, mut parts: mpsc::Receiver<Part>) {
    let mut next = parts.recv().await;
    while let Some(first) = next.take() {
        yield_now().await; // those who are about to say something, too, come first
        let mut frame = Frame::new(me, first);
        let mut held_over = None;
        while let Ok(part) = parts.try_recv() {
            if !frame.has_room_for(&part) {
                held_over = Some(part);
                break;
            }
            frame.push(part);
        }
        if gateway.cast(GatewayMessage::Frame(frame.seal())).is_err() {
            return; // the session has ended
        }
        next = match held_over {
            Some(part) => Some(part),
            None => parts.recv().await,
        };
    }
}
