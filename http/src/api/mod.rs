//! The client port: one module per resource, each with its endpoints, handlers and tests.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use passcom_actors::catalogue::{Catalogue, airports};
use passcom_actors::domain::ids::{CompanyId, UserId};
use passcom_actors::mesh::messages::ShownUser;
use passcom_actors::people::accounts::codes::Codes;
use passcom_actors::people::accounts::{Accounts, Known};
use passcom_actors::people::desk::{Caller, Desk, NotShown, Unavailable};
use passcom_actors::people::saved::SavedPassengers;
use passcom_actors::turns::fair::{Bounds, FairTurns, Whence};
use tokio::sync::watch;
use tracing::debug;

use crate::App;
use crate::airlines::Airlines;
use crate::call::Call;
use crate::edge::Edge;
use crate::error::{Kind, Problem};
use crate::language::Language;
use crate::limits::Limiter;
use crate::live::Feeds;
use crate::misses::{Look, Misses};
use crate::payment::Till;
use crate::rendering::Rendering;
use crate::router::Router;
use crate::session::SessionCookie;
use crate::ticket::printer::Printer;
use crate::token::{Shown, TokenIssuer, TokenVerifier};
use crate::wire::Teller;

mod accounts;
pub(crate) mod bookings;
pub(crate) mod catalogue;
mod contact;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod history;
mod holds;
mod itineraries;
mod passengers;
mod payments;
mod places;
mod recovery;
mod saved;
mod seats;
pub(crate) mod tickets;
mod ui;

/// When to ask again where waiting may help and nothing better is known.
pub(crate) const RETRY: Duration = Duration::from_secs(1);
/// When to try for another hold: one of those that are open may have ended by then.
const RETRY_HOLDS: Duration = Duration::from_secs(60);
/// When to ask again for a company or a majority: redial and heartbeats take about this long.
const RETRY_COMPANY: Duration = Duration::from_secs(5);

/// A customer who has mistyped a place waits a moment for others to choose from, a booking does not.
const SUGGESTING: Bounds = Bounds {
    at_once: 1,
    waiting: 64,
    of_one: 16,
};

/// What the handlers act on.
struct Client {
    /// Whose node this is.
    me: CompanyId,
    desk: Desk,
    accounts: Accounts,
    catalogue: Catalogue,
    feeds: Feeds,
    issuer: Arc<TokenIssuer>,
    verifier: Arc<TokenVerifier>,
    airlines: Airlines,
    cookie: SessionCookie,
    users: Arc<Limiter<UserId>>,
    misses: Misses,
    /// Who looks for a booking without a login.
    finders: Limiter<IpAddr>,
    registrations: Limiter<IpAddr>,
    /// None where this node sends no mail.
    codes: Option<Arc<dyn Codes>>,
    /// None where this company takes no payments.
    payments: Option<Arc<dyn Till>>,
    saved: Arc<dyn SavedPassengers>,
    printer: Printer,
    rendering: Rendering,
    /// Looks for places that are spelled like one that nobody knows.
    suggesting: FairTurns<Whence>,
    /// Where customers find this node's page.
    public_url: Option<String>,
}

/// The client port, ready to be served.
pub(crate) fn edge(app: App, closing: watch::Receiver<bool>) -> Edge<impl Send + Sync + 'static> {
    let client = Client {
        me: app.me,
        desk: app.desk,
        accounts: app.accounts,
        feeds: Feeds::new(app.catalogue.clone()),
        catalogue: app.catalogue,
        issuer: app.issuer,
        verifier: app.verifier,
        airlines: app.airlines,
        cookie: SessionCookie::new(app.me, app.public_url.as_deref()),
        users: Arc::new(Limiter::new(app.limits.per_user)),
        misses: Misses::new(app.limits.misses),
        finders: Limiter::per_minute(Some(tickets::finding::TRIES_PER_MINUTE)),
        registrations: Limiter::per_hour(app.limits.registrations),
        codes: app.codes,
        payments: app.payments,
        saved: app.saved,
        printer: Printer::new(prints_at_once()),
        rendering: Rendering::new(),
        suggesting: FairTurns::new(SUGGESTING),
        public_url: app.public_url,
    };
    Edge::new("client", router(), client, app.options, closing)
        .limited(Limiter::new(app.limits.per_address))
}

/// Ask again after so long.
fn too_many(wait: Duration) -> Problem {
    Problem::from(Kind::TooManyRequests).retry_after(wait)
}

/// Makes what every node has to give out, before it is asked for.
pub(crate) async fn prepare() {
    ui::prepare().await;
    // the table of airports is read when the first one is looked for; a panic there is met again by whoever asks
    let read = tokio::task::spawn_blocking(|| airports::find("GRU"));
    drop(read.await);
}

/// A quarter of the cores, rounded up: a customer waits a moment for a document, not for a booking.
fn prints_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(4))
}

fn router() -> Router<Client> {
    Router::new(&[
        accounts::ENDPOINTS,
        recovery::ENDPOINTS,
        saved::ENDPOINTS,
        catalogue::ENDPOINTS,
        itineraries::ENDPOINTS,
        seats::ENDPOINTS,
        bookings::ENDPOINTS,
        holds::ENDPOINTS,
        payments::ENDPOINTS,
        history::ENDPOINTS,
        tickets::ENDPOINTS,
        // before whatever takes any name at its place
        tickets::finding::ENDPOINTS,
        tickets::view::ENDPOINTS,
        tickets::cancellation::ENDPOINTS,
        tickets::rebooking::ENDPOINTS,
        tickets::names::ENDPOINTS,
        tickets::documents::ENDPOINTS,
        ui::ENDPOINTS,
    ])
}

impl Client {
    /// Tells companies in this language.
    fn teller(&self, language: Language) -> Teller<'_> {
        Teller {
            airlines: &self.airlines,
            language,
        }
    }

    /// The user whose token, or whose page's session, came with the call, counted against that user's rate.
    async fn user(&self, call: &Call) -> Result<UserId, Problem> {
        Ok(self.caller(call).await?.user)
    }

    /// The user, and the version that the token is for; with the consent to us, if the token was ours.
    async fn caller(&self, call: &Call) -> Result<Known, Problem> {
        let Shown { known, issuer, .. } = self.show_token(call).await?;
        // another consent is for another company
        let consent = known.consent.filter(|_| issuer == self.issuer.company());
        Ok(Known { consent, ..known })
    }

    /// The user, and what shows to other companies that it has come here.
    async fn with_proof(&self, call: &Call) -> Result<(UserId, Caller), Problem> {
        let Shown { known, issuer, .. } = self.show_token(call).await?;
        let token = self.cookie.token(call).ok_or(Kind::InvalidToken)?;
        let shown = ShownUser {
            user: known.user,
            version: known.version,
            issuer,
            consent: known.consent.map(|consent| consent.to_string()),
            voucher: None,
        };
        let token = token.to_owned();
        Ok((known.user, Caller { shown, token }))
    }

    /// Before a booking, a hold or a ticket is looked for that the client names.
    fn look(&self, user: UserId) -> Result<Look<'_>, Problem> {
        self.misses.look(user).map_err(too_many)
    }

    /// What a look came to; `missing` if no company has it.
    fn shown<T>(
        &self,
        look: Look<'_>,
        found: Result<T, NotShown>,
        missing: Kind,
    ) -> Result<T, Problem> {
        found.map_err(|why| match why {
            NotShown::NotFound => {
                look.missed();
                missing.into()
            }
            NotShown::CompanyDown(company) if company == self.me => Unavailable.into(),
            NotShown::CompanyDown(company) => bookings::company_down(company),
        })
    }

    async fn show_token(&self, call: &Call) -> Result<Shown, Problem> {
        let token = self.cookie.token(call).ok_or(Kind::InvalidToken)?;
        let now = self.desk.clock().wall_seconds();
        let shown = self.verifier.verify(token, now).map_err(|fault| {
            debug!(%fault, "token refused");
            Kind::InvalidToken
        })?;
        self.check_vouched(token, shown).await?;
        let known = shown.known;
        if !self.accounts.is_current(known) {
            debug!("token refused: its user has a newer version");
            return Err(Kind::InvalidToken.into());
        }
        let check = self.users.check_n(&known.user, call.cost);
        check.map_err(too_many)?;
        Ok(shown)
    }

    /// Whether whoever signed a token may speak for its user.
    async fn check_vouched(&self, token: &str, shown: Shown) -> Result<(), Problem> {
        if shown.issuer == self.issuer.company() {
            return Ok(());
        }
        if !shown.is_vouched {
            let speaks = self.accounts.speaks_for(shown.issuer, shown.known);
            if !speaks.await? {
                debug!(issuer = %shown.issuer, "token refused: its user has not consented to it");
                return Err(Kind::InvalidToken.into());
            }
            self.verifier.vouched(token);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_documented() {
        let contract = include_str!("../../../docs/api.md");
        for (method, path) in router().list() {
            let heading = format!("`{method} {path}`");
            assert!(contract.contains(&heading), "docs/api.md lacks {heading}");
        }
    }
}
