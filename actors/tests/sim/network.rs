//! The links between nodes: a client of them for each node, and what becomes of a message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::catalogue::Reach;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::question::Question;
use passcom_actors::mesh::messages::{Reply, Request};
use passcom_actors::mesh::peer::{CallError, PeerClient};
use tokio::sync::oneshot;

use crate::life::Life;
use crate::trace::Brief;

/// A message that got lost in a queue somewhere still arrives, long after everybody gave up on it.
const LATE_MAX: u64 = 9_000;

/// What goes wrong with a message, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub struct WireRisks {
    pub lost: u8,
    pub twice: u8,
    pub late: u8,
    /// The caller has too many calls under way.
    pub busy: u8,
}

pub struct Packet {
    pub from: usize,
    pub to: usize,
    pub call: u64,
    pub content: Content,
}

#[derive(Clone)]
pub enum Content {
    Request(Request, Duration),
    Reply(Reply),
    /// The other end is certainly not there.
    Refused,
    /// The connection broke.
    Reset,
}

impl Content {
    pub fn brief(&self) -> String {
        match self {
            Content::Request(request, _) => Brief(request).to_string(),
            Content::Reply(reply) => Brief(reply).to_string(),
            Content::Refused => "refused".to_owned(),
            Content::Reset => "reset".to_owned(),
        }
    }
}

type Answer = Result<Reply, CallError>;

#[derive(Default)]
pub struct Wire {
    pub risks: WireRisks,
    /// (from, to): nothing gets through in this direction.
    cuts: BTreeMap<(usize, usize), u64>,
    /// (from, to): whether `from` believes that it can talk to `to`.
    up: BTreeMap<(usize, usize), bool>,
    waiting: BTreeMap<u64, (usize, usize, oneshot::Sender<Answer>)>,
    last_call: u64,
    /// Sent, and not yet on its way; with the sender's time.
    pub sent: Vec<(u64, Packet)>,
}

impl Wire {
    /// Two cuts of one direction overlap: it is whole again when both are mended.
    pub fn cut(&mut self, from: usize, to: usize) {
        *self.cuts.entry((from, to)).or_default() += 1;
    }

    pub fn mend(&mut self, from: usize, to: usize) {
        if let Some(cuts) = self.cuts.get_mut(&(from, to)) {
            *cuts = cuts.saturating_sub(1);
        }
    }

    pub fn mend_all(&mut self) {
        self.cuts.clear();
    }

    pub fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cuts.get(&(from, to)).is_some_and(|cuts| *cuts > 0)
    }

    pub fn set_up(&mut self, from: usize, to: usize, up: bool) {
        self.up.insert((from, to), up);
    }

    pub fn is_up(&self, from: usize, to: usize) -> bool {
        self.up.get(&(from, to)).copied().unwrap_or(false)
    }

    /// When the copies of a message arrive: none, one or two of them.
    pub fn arrivals(&self, random: &mut fastrand::Rng, packet: &Packet, at: u64) -> Vec<u64> {
        let mut chance = |percent: u8| random.u8(0..100) < percent;
        if self.is_cut(packet.from, packet.to) || chance(self.risks.lost) {
            return Vec::new();
        }
        // "not now" proves that a Book was not executed only over a transport that repeats nothing by itself, as TCP
        // does
        let book = matches!(
            packet.content,
            Content::Request(Request::Ask(Question::Book(_)), _)
        );
        let twice = chance(self.risks.twice) && !book;
        let late = chance(self.risks.late);
        let mut delay = || random.u64(1..if late { LATE_MAX } else { 30 });
        (0..=usize::from(twice)).map(|_| at + delay()).collect()
    }

    /// Ends a call. An answer that nobody waits for any more is dropped.
    pub fn answer(&mut self, call: u64, companies: &[CompanyId], content: Content) {
        let Some((_, to, waiting)) = self.waiting.remove(&call) else {
            return;
        };
        let company = companies[to];
        let answer = match content {
            Content::Reply(reply) => Ok(reply),
            Content::Refused => Err(CallError::NotSent {
                company,
                reason: "connection refused",
            }),
            Content::Reset | Content::Request(..) => Err(CallError::Unknown {
                company,
                reason: "connection reset",
            }),
        };
        let _ = waiting.send(answer); // the caller may have given up
    }

    /// Who waits for the answer to this call.
    pub fn caller(&self, call: u64) -> Option<usize> {
        self.waiting.get(&call).map(|(from, _, _)| *from)
    }

    /// The calls under way to a node that has died, whose connections break; those from it end with it.
    pub fn broken_by(&mut self, node: usize) -> Vec<u64> {
        self.waiting.retain(|_, (from, _, _)| *from != node);
        let to_it = self.waiting.iter().filter(|(_, (_, to, _))| *to == node);
        to_it.map(|(call, _)| *call).collect()
    }
}

/// One node's way to the others.
pub struct Peers {
    pub life: Arc<Life>,
}

impl Peers {
    fn index_of(&self, company: CompanyId) -> Option<usize> {
        self.life.hub.companies.binary_search(&company).ok()
    }

    /// Puts the request on the wire, or says why it certainly does not go there.
    fn send(
        &self,
        company: CompanyId,
        request: Request,
        timeout: Duration,
    ) -> Result<(u64, oneshot::Receiver<Answer>), CallError> {
        let not_sent = CallError::NotSent {
            company,
            reason: "the link is down",
        };
        let to = self.index_of(company).ok_or(not_sent.clone())?;
        let from = self.life.index;
        let hub = &mut *self.life.hub.lock();
        let at = self.life.now();
        let who = self.life.hub.companies[from];
        if !hub.wire.is_up(from, to) {
            return Err(not_sent);
        }
        if hub.random.u8(0..100) < hub.wire.risks.busy {
            return Err(CallError::Busy(company));
        }
        if matches!(request, Request::Copies { .. }) {
            hub.seen.count("buckets taken over");
        }
        let wire = &mut hub.wire;
        wire.last_call += 1;
        let call = wire.last_call;
        let line = format_args!("→ {company} #{call} {}", Brief(&request));
        hub.trace.line(at, &who, line);
        let (sender, receiver) = oneshot::channel();
        wire.waiting.insert(call, (from, to, sender));
        let content = Content::Request(request, timeout);
        let packet = Packet {
            from,
            to,
            call,
            content,
        };
        wire.sent.push((at, packet));
        Ok((call, receiver))
    }
}

impl PeerClient for Peers {
    fn call(
        &self,
        to: CompanyId,
        request: Request,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Reply, CallError>> {
        async move {
            self.life.cross().await;
            let (call, answer) = self.send(to, request, timeout)?;
            self.life.cross().await;
            let answer = tokio::time::timeout(timeout, answer).await;
            self.life.cross().await;
            self.life.hub.lock().wire.waiting.remove(&call);
            match answer {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) | Err(_) => Err(CallError::Unknown {
                    company: to,
                    reason: "no answer in time",
                }),
            }
        }
        .boxed()
    }
}

impl Reach for Peers {
    fn is_up(&self, company: CompanyId) -> bool {
        let to = self.index_of(company);
        to.is_some_and(|to| self.life.hub.lock().wire.is_up(self.life.index, to))
    }
}
