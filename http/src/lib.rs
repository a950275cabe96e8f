//! The two HTTP ports of a node: clients (`api`) and operators (`admin`).
//!
//! ```text
//! server  connections ─▶ edge  id, language, rate, body, deadline ─▶ router ─▶ api/*, admin/*  handlers
//!                                                                                 │ wire   Portuguese ⇄ our words
//!                                                                                 │ error  refusal ─▶ problem
//!                                                                                 ▼
//!                                                                 Desk, Accounts, Catalogue, Operations
//! ```
//!
//! Nobody takes more than a share: of connections (`connections`), of requests and new accounts (`limits`), of threads
//! (`rendering`, and the turns of `passcom_actors`), of memory for what is not read yet (`unread`), of the log (`gathered`).
//! Who asks is an address, that of the connection or the one that a proxy of ours names (`proxies`).
//!
//! A handler reads a [`call::Call`], asks one handle of `passcom_actors`, and answers with wire types or a problem. It
//! holds no rule of the business and no state. The contract in words is `docs/api.md`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use passcom_actors::catalogue::Catalogue;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::people::accounts::Accounts;
use passcom_actors::people::accounts::codes::Codes;
use passcom_actors::people::desk::Desk;
use passcom_actors::people::operations::Operations;
use passcom_actors::people::saved::SavedPassengers;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use self::admin::{CertificateView, OperatorAccess, Operators, Role};
pub use self::airlines::{Airline, Airlines, Conditions, Sentence};
pub use self::events::StreamLimits;
pub use self::gathered::Gathered;
pub use self::letter::Origins;
pub use self::limits::{Limits, Rate};
pub use self::proxies::{Proxies, ProxyHeader};
pub use self::server::Options;
pub use self::tls::Tls;
pub use self::token::{KeyError, TokenDesk, TokenIssuer, TokenVerifier};
pub use self::unread::UnreadLimits;

mod admin;
mod airlines;
mod answer;
mod api;
mod call;
mod clock;
mod connections;
mod cursor;
mod edge;
mod error;
mod events;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod gathered;
mod language;
mod letter;
mod limits;
mod live;
pub mod mail;
mod misses;
mod money;
pub mod payment;
mod poll;
mod proxies;
mod refusals;
mod rendering;
mod request_id;
mod router;
mod server;
mod session;
mod streams;
mod ticket;
mod tls;
mod token;
mod unasked;
mod unread;
#[cfg(test)]
mod whole;
mod wire;

/// What the client port needs.
pub struct App {
    /// Whose node this is.
    pub me: CompanyId,
    pub desk: Desk,
    pub accounts: Accounts,
    pub catalogue: Catalogue,
    pub issuer: Arc<TokenIssuer>,
    pub verifier: Arc<TokenVerifier>,
    pub airlines: Airlines,
    /// The codes that are mailed to who has forgotten a password; none where this node sends no mail.
    pub codes: Option<Arc<dyn Codes>>,
    /// None where this company takes no payments.
    pub payments: Option<Arc<dyn payment::Till>>,
    /// Passengers that users have asked this company to keep.
    pub saved: Arc<dyn SavedPassengers>,
    /// Where customers find this node's page; e-tickets lead there.
    pub public_url: Option<String>,
    pub limits: Limits,
    pub options: Options,
}

/// What the admin port needs.
pub struct Admin {
    pub operations: Operations,
    pub operators: Operators,
    /// Those that this node shows, believes or has seen.
    pub certificates: Arc<dyn Fn() -> Vec<CertificateView> + Send + Sync>,
    /// Reads keys and certificates anew; else what is wrong with them.
    pub renew: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
    /// The text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub options: Options,
}

/// Serves clients until `shutdown`; returns when what was under way has ended or its time is up.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) {
    let options = app.options.clone();
    let (close, closing) = watch::channel(false);
    let edge = api::edge(app, closing);
    api::prepare().await;
    let shutdown = closing_first(shutdown, close);
    server::run("client", listener, edge.into_filter(), &options, shutdown).await;
}

/// Serves operators until `shutdown`; returns when what was under way has ended or its time is up.
pub async fn serve_admin(listener: TcpListener, admin: Admin, shutdown: impl Future<Output = ()>) {
    let options = admin.options.clone();
    let (close, closing) = watch::channel(false);
    let edge = admin::edge(admin, closing);
    let shutdown = closing_first(shutdown, close);
    server::run("admin", listener, edge.into_filter(), &options, shutdown).await;
}

/// A port that stops ends the answers that go on: nothing else would end them.
async fn closing_first(shutdown: impl Future<Output = ()>, close: watch::Sender<bool>) {
    shutdown.await;
    close.send_replace(true);
}
