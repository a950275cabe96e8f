//! The only door between nodes: [`PeerClient`] to call a company, [`Serve`] to be called.
//! What travels is in [`crate::mesh::envelope`]; who answers is in [`crate::mesh::gateway`].

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::catalogue::Reach;
pub use crate::clock::Clock;
use crate::domain::ids::CompanyId;
use crate::mesh::messages::{Reply, Request};

/// Why a call has no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Certainly not executed: the company is down, or the request was not sent.
    #[error("not sent to {company}: {reason}")]
    NotSent {
        company: CompanyId,
        reason: &'static str,
    },
    /// Certainly not executed: too many calls to this company are under way.
    #[error("too many calls to {0} under way")]
    Busy(CompanyId),
    /// Perhaps executed. Ask again with the same ids.
    #[error("no answer from {company}: {reason}")]
    Unknown {
        company: CompanyId,
        reason: &'static str,
    },
}

/// Calls other companies. Safety never depends on an answer.
pub trait PeerClient: Reach {
    /// Sends the request once and waits for the reply, at most `timeout`.
    fn call(
        &self,
        to: CompanyId,
        request: Request,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Reply, CallError>>;
}

/// Answers requests of other companies.
///
/// The future is dropped when the request's deadline passes: it waits for work that others do, it does not do it
/// itself.
pub trait Serve: Send + Sync + 'static {
    /// `from` is the company that the connection proves, whatever the request says.
    fn serve(&self, from: CompanyId, request: Request) -> BoxFuture<'static, Reply>;
}

/// Whether the answer may be made to wait on purpose. Such requests have permits of their own on both sides, so that
/// however many of them wait, a booking never waits for one.
pub fn is_long_poll(request: &Request) -> bool {
    matches!(
        request,
        Request::Pull { .. } | Request::PullCatalogue { .. }
    )
}
