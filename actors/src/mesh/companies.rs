//! Asks companies, one or all of them. Our own is asked as the others are; that it is answered here is known here only.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};

use crate::company::Company;
use crate::company::ledger::PostError;
use crate::domain::entry::Idempotency;
use crate::domain::ids::CompanyId;
use crate::domain::question::{CompanyAnswer, Question};
use crate::domain::saga::NoAnswer;
use crate::mesh::messages::{Reply, Request};
use crate::mesh::peer::{CallError, PeerClient};
use crate::mesh::service::Service;

/// How long one question of a driver may take before it is asked again.
const QUESTION_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long a peer has to say what it knows.
pub const ASK_TIMEOUT: Duration = Duration::from_millis(800);
/// How long a peer has to say what is to be copied, most of which it may wait for news.
const COPY_TIMEOUT: Duration = Duration::from_millis(3_500);

/// Cheap to clone.
#[derive(Clone)]
pub struct Companies {
    me: CompanyId,
    all: Arc<[CompanyId]>,
    /// Answers for our own.
    own: Service,
    peers: Arc<dyn PeerClient>,
}

impl Companies {
    pub fn new(company: Arc<Company>, peers: Arc<dyn PeerClient>) -> Self {
        Self {
            me: company.me,
            all: company.companies.clone(),
            own: Service::new(company),
            peers,
        }
    }

    /// Of the cluster, ascending, our own included.
    pub fn all(&self) -> &[CompanyId] {
        &self.all
    }

    /// All but our own, ascending.
    pub fn others(&self) -> impl Iterator<Item = CompanyId> + '_ {
        let all = self.all.iter().copied();
        all.filter(|company| *company != self.me)
    }

    /// Whether that company can be asked now, as far as this node knows; our own always.
    pub fn is_up(&self, company: CompanyId) -> bool {
        company == self.me || self.peers.is_up(company)
    }

    /// Those that can be asked now, ascending, our own included.
    pub fn up(&self) -> Vec<CompanyId> {
        let all = self.all.iter().copied();
        all.filter(|company| self.is_up(*company)).collect()
    }

    /// Asks one company one step of a saga, once. The key is the client's, where this node drives the saga: it stays
    /// here.
    pub async fn question(
        &self,
        to: CompanyId,
        question: Question,
        idempotency: Option<Idempotency>,
    ) -> Result<CompanyAnswer, NoAnswer> {
        if to == self.me {
            // apart, so that a call to a peer, which is what most wait for, does not carry its state
            let answer = Box::pin(self.own.ask(question, idempotency)).await;
            return answer.map_err(|error| match error {
                PostError::NotWritten => NoAnswer::NotNow,
                PostError::Unknown => NoAnswer::Silence,
            });
        }
        let request = Request::Ask(question);
        match self.call(to, request, QUESTION_TIMEOUT).await {
            Ok(Reply::Answer(answer)) => Ok(answer),
            Err(CallError::NotSent { .. }) => Err(NoAnswer::NotSent),
            Ok(Reply::Unavailable) | Err(CallError::Busy(_)) => Err(NoAnswer::NotNow),
            Ok(_) | Err(CallError::Unknown { .. }) => Err(NoAnswer::Silence),
        }
    }

    /// Asks one company once. Our own takes as long as its database does, a peer at most `timeout`.
    pub async fn ask(
        &self,
        to: CompanyId,
        request: Request,
        timeout: Duration,
    ) -> Result<Reply, CallError> {
        if to == self.me {
            return Ok(self.own.reply(request).await);
        }
        self.call(to, request, timeout).await
    }

    /// Whatever leaves this company says no more than the other may know, and of what comes back no more is believed.
    async fn call(
        &self,
        to: CompanyId,
        request: Request,
        timeout: Duration,
    ) -> Result<Reply, CallError> {
        let reply = self.peers.call(to, request.for_company(to), timeout).await;
        reply.map(|reply| reply.told_by(to))
    }

    /// Asks every company that is up, all at once; leaves out who does not answer. Our own answer is the last.
    pub async fn ask_all(&self, request: Request) -> Vec<(CompanyId, Reply)> {
        let others = self.ask_others(request.clone());
        let (mut replies, own) = join(others, self.own.reply(request)).await;
        replies.push((self.me, own));
        replies
    }

    /// The same but for our own.
    pub async fn ask_others(&self, request: Request) -> Vec<(CompanyId, Reply)> {
        let up = self.others().filter(|company| self.peers.is_up(*company));
        let asked = up.map(|company| {
            let call = self.call(company, request.clone(), ASK_TIMEOUT);
            async move { call.await.ok().map(|reply| (company, reply)) }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Asks a peer for what is to be copied. None if it is down or does not say.
    pub async fn copy(&self, from: CompanyId, request: Request) -> Option<Reply> {
        if !self.peers.is_up(from) {
            return None;
        }
        self.call(from, request, COPY_TIMEOUT).await.ok()
    }
}
