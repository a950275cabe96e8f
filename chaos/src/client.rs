//! The cluster as its customers see it: HTTP on the client ports, by the names of the contract.

mod pulse;
mod session;
mod wire;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::json;
use uuid::Uuid;

use crate::cluster::RunningCompany;
use crate::history::{Answer, Seat, SeatName};
use pulse::Pulse;

pub use session::Session;
pub use wire::{Departure, FreeSeat, Leg, Page};

/// Longer than a node takes to say that it does not know yet.
const LIMIT: Duration = Duration::from_secs(12);
/// A page of the catalogue that is told to wait is asked for again after so long, so many times.
const PAGE_AGAIN: Duration = Duration::from_millis(500);
const PAGE_TRIES: u32 = 20;

/// What may be asked of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAction {
    Confirm,
    Extend,
    Release,
}

/// All nodes of a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    /// Each from an address of its own, where there is more than one.
    http: Arc<[reqwest::Client]>,
    nodes: Arc<[Node]>,
}

struct Node {
    company: Arc<str>,
    base: Url,
    pulse: Pulse,
}

impl Client {
    /// All customers are at one address.
    pub fn new(companies: &[RunningCompany]) -> anyhow::Result<Self> {
        Self::among(companies, &[IpAddr::from(Ipv4Addr::LOCALHOST)])
    }

    /// Customers are at so many addresses of this machine.
    pub fn of_addresses(companies: &[RunningCompany], count: usize) -> anyhow::Result<Self> {
        let address = |n: u8| IpAddr::from(Ipv4Addr::new(127, 77, 0, n));
        let addresses: Vec<_> = (1..=u8::MAX - 1).take(count).map(address).collect();
        Self::among(companies, &addresses)
    }

    fn among(companies: &[RunningCompany], addresses: &[IpAddr]) -> anyhow::Result<Self> {
        let http = |address: &IpAddr| {
            reqwest::Client::builder()
                .local_address(*address)
                .timeout(LIMIT)
                .no_proxy()
                .build()
                .context("make an HTTP client")
        };
        let http: anyhow::Result<Vec<_>> = addresses.iter().map(http).collect();
        let node = |running: &RunningCompany| {
            let base = Url::parse(&running.http)
                .with_context(|| format!("the run file has no URL: {}", running.http))?;
            anyhow::Ok(Node {
                company: running.company.as_str().into(),
                base,
                pulse: Pulse::new(),
            })
        };
        let nodes: anyhow::Result<Vec<_>> = companies.iter().map(node).collect();
        Ok(Self {
            http: http?.into(),
            nodes: nodes?.into(),
        })
    }

    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Whose node this is.
    pub fn company(&self, node: usize) -> &Arc<str> {
        &self.nodes[node].company
    }

    /// False while a node has been silent for some time and enough requests wait for it.
    pub fn takes_more(&self, node: usize) -> bool {
        self.nodes[node].pulse.takes_more()
    }

    pub async fn register(&self, node: usize, login: &str, password: &str) -> anyhow::Result<()> {
        let request = self.credentials(node, "register-all", login, password)?;
        expect(request, "POST /register-all").await.map(drop)
    }

    pub async fn login(&self, node: usize, login: &str, password: &str) -> anyhow::Result<Session> {
        let request = self.credentials(node, "login", login, password)?;
        let response = expect(request, "POST /login").await?;
        let wire::Token { token, user } = response.json().await.context("read a session")?;
        Ok(Session::new(user, login, password, token))
    }

    /// A registration whose every outcome is an answer.
    pub async fn try_register(
        &self,
        node: usize,
        login: &str,
        password: &str,
    ) -> anyhow::Result<Answer> {
        let request = self.credentials(node, "register-all", login, password)?;
        Ok(self.answered(node, request, wire::registered).await)
    }

    /// A login whose every outcome is an answer.
    pub async fn try_login(
        &self,
        node: usize,
        login: &str,
        password: &str,
    ) -> anyhow::Result<Answer> {
        let request = self.credentials(node, "login", login, password)?;
        Ok(self.answered(node, request, wire::logged_in).await)
    }

    /// The first page of a company's legs.
    pub fn catalogue(&self, node: usize, company: &str, limit: usize) -> anyhow::Result<Url> {
        let mut url = self.url(node, "all-trechos")?;
        url.query_pairs_mut()
            .append_pair("company", company)
            .append_pair("limite", &limit.to_string());
        Ok(url)
    }

    pub async fn page(&self, session: &Session, url: Url) -> anyhow::Result<Page> {
        let mut tries = 0;
        let response = loop {
            let request = self
                .of(session.user)
                .get(url.clone())
                .bearer_auth(session.token(self).await);
            let response = request.send().await.context("GET /all-trechos")?;
            tries += 1;
            if response.status() != StatusCode::TOO_MANY_REQUESTS || tries == PAGE_TRIES {
                break succeeded(response, "GET /all-trechos").await?;
            }
            // whoever reads all that is on sale reads it as fast as public nodes tell it
            tokio::time::sleep(PAGE_AGAIN).await;
        };
        let unreachable = wire::unreachable(&response);
        let next = match wire::next_link(&response) {
            Some(link) => Some(url.join(&link).context("the link to the next page")?),
            None => None,
        };
        Ok(Page {
            legs: response.json().await.context("read a page of legs")?,
            next,
            unreachable,
        })
    }

    pub async fn book(
        &self,
        node: usize,
        session: &Session,
        key: &str,
        seats: &[Seat],
    ) -> anyhow::Result<Answer> {
        let request = self
            .request(node, Method::POST, "reservar", session)
            .await?;
        let request = request.header("Idempotency-Key", key);
        let request = request.json(&wire::wanted(seats));
        Ok(self.answered(node, request, wire::booked).await)
    }

    /// Keeps seats until they are confirmed, given up, or their time is over.
    pub async fn hold(
        &self,
        node: usize,
        session: &Session,
        key: &str,
        seats: &[Seat],
    ) -> anyhow::Result<Answer> {
        let request = self
            .request(node, Method::POST, "retencoes", session)
            .await?;
        let request = request.header("Idempotency-Key", key);
        let request = request.json(&wire::held(seats));
        Ok(self.answered(node, request, wire::hold).await)
    }

    /// Asks something of a hold.
    pub async fn act(
        &self,
        node: usize,
        session: &Session,
        hold: Uuid,
        action: HoldAction,
    ) -> anyhow::Result<Answer> {
        let (method, path) = match action {
            HoldAction::Confirm => (Method::POST, format!("retencoes/{hold}/confirmar")),
            HoldAction::Extend => (Method::POST, format!("retencoes/{hold}/estender")),
            HoldAction::Release => (Method::DELETE, format!("retencoes/{hold}")),
        };
        let request = self.request(node, method, &path, session).await?;
        Ok(match action {
            HoldAction::Confirm => self.answered(node, request, wire::booked).await,
            HoldAction::Extend => self.answered(node, request, wire::hold).await,
            HoldAction::Release => {
                let released = async |_| Ok(Answer::Released);
                self.answered(node, request, released).await
            }
        })
    }

    pub async fn cancel(
        &self,
        node: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let path = format!("passagem-all/{}/{ticket}", session.user);
        let request = self.request(node, Method::DELETE, &path, session).await?;
        Ok(self
            .answered(node, request, async |_| Ok(Answer::Cancelled))
            .await)
    }

    /// Cancels what is left of a ticket on the terms that are shown; answers with what came back, as the ticket then says.
    pub async fn cancel_agreed(
        &self,
        node: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let path = format!("passagens/{ticket}/cancelamento");
        let quote = self.request(node, Method::GET, &path, session).await?;
        let mut code = None;
        let quoted = async |response| {
            code = Some(wire::code(response).await?);
            Ok(Answer::Cancelled)
        };
        let answer = self.answered(node, quote, quoted).await;
        let Some(code) = code else {
            return Ok(answer);
        };
        let request = self.request(node, Method::POST, &path, session).await?;
        let request = request.json(&json!({"codigo": code}));
        Ok(self.answered(node, request, wire::cancelled).await)
    }

    /// Other seats in the place of these of a ticket.
    pub async fn rebook(
        &self,
        node: usize,
        session: &Session,
        key: &str,
        ticket: Uuid,
        (given, seats): (&[SeatName], &[Seat]),
    ) -> anyhow::Result<Answer> {
        let path = format!("passagens/{ticket}/remarcacao");
        let request = self.request(node, Method::POST, &path, session).await?;
        let request = request.header("Idempotency-Key", key);
        let request = request.json(&wire::instead(given, seats));
        Ok(self.answered(node, request, wire::booked).await)
    }

    /// Agrees to what became of the flights of a ticket, as they were counted.
    pub async fn accept(
        &self,
        node: usize,
        session: &Session,
        ticket: Uuid,
        changes: u32,
    ) -> anyhow::Result<Answer> {
        let path = format!("passagens/{ticket}/aceite");
        let request = self.request(node, Method::POST, &path, session).await?;
        let request = request.json(&json!({"alteracoes": changes}));
        let accepted = async |_| Ok(Answer::Accepted);
        Ok(self.answered(node, request, accepted).await)
    }

    /// A ticket as it is shown.
    pub async fn ticket(
        &self,
        node: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let path = format!("passagens/{ticket}");
        let request = self.request(node, Method::GET, &path, session).await?;
        Ok(self.answered(node, request, wire::ticket).await)
    }

    /// What became of a booking.
    pub async fn status(
        &self,
        node: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let path = format!("reservas/{ticket}");
        let request = self.request(node, Method::GET, &path, session).await?;
        Ok(self.answered(node, request, wire::status).await)
    }

    /// Asks for the first leg on sale.
    pub async fn browse(&self, node: usize, session: &Session) -> anyhow::Result<Answer> {
        let path = "all-trechos?limite=1";
        let request = self.request(node, Method::GET, path, session).await?;
        Ok(self.answered(node, request, wire::listed).await)
    }

    /// Asks a node for the free seats of its own company's first legs on sale.
    pub async fn seat_map(
        &self,
        node: usize,
        session: &Session,
        limit: usize,
    ) -> anyhow::Result<Answer> {
        let path = format!(
            "all-trechos?company={}&limite={limit}",
            self.nodes[node].company
        );
        let request = self.request(node, Method::GET, &path, session).await?;
        Ok(self.answered(node, request, wire::seat_map).await)
    }

    /// A user is always at the same address.
    fn of(&self, user: Uuid) -> &reqwest::Client {
        &self.http[user.as_u128() as usize % self.http.len()]
    }

    fn credentials(
        &self,
        node: usize,
        path: &str,
        login: &str,
        password: &str,
    ) -> anyhow::Result<RequestBuilder> {
        let body = json!({"login": login, "password": password});
        let anybody = &self.http[fastrand::usize(..self.http.len())];
        Ok(anybody.post(self.url(node, path)?).json(&body))
    }

    async fn request(
        &self,
        node: usize,
        method: Method,
        path: &str,
        session: &Session,
    ) -> anyhow::Result<RequestBuilder> {
        let url = self.url(node, path)?;
        let token = session.token(self).await;
        Ok(self
            .of(session.user)
            .request(method, url)
            .bearer_auth(token))
    }

    /// A request whose every outcome is an answer.
    async fn answered(
        &self,
        node: usize,
        request: RequestBuilder,
        read: impl AsyncFnOnce(Response) -> reqwest::Result<Answer>,
    ) -> Answer {
        let waiting = self.nodes[node].pulse.ask();
        let answer = async {
            let response = request.send().await?;
            waiting.heard();
            match response.status() {
                StatusCode::OK | StatusCode::CREATED => read(response).await,
                _ => wire::problem(response).await,
            }
        };
        answer.await.unwrap_or_else(|error| Answer::Lost {
            why: in_full(&error),
        })
    }

    fn url(&self, node: usize, path: &str) -> anyhow::Result<Url> {
        let base = &self.nodes[node].base;
        base.join(path)
            .with_context(|| format!("no address for {path}"))
    }
}

/// A request that has to succeed.
async fn expect(request: RequestBuilder, what: &str) -> anyhow::Result<Response> {
    let response = request.send().await.with_context(|| what.to_owned())?;
    succeeded(response, what).await
}

async fn succeeded(response: Response, what: &str) -> anyhow::Result<Response> {
    let status = response.status();
    if !status.is_success() {
        // the status alone is an error, too
        let body = response.text().await.unwrap_or_default();
        bail!("{what}: {status} {body}");
    }
    Ok(response)
}

/// reqwest keeps the interesting half in the sources.
fn in_full(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
