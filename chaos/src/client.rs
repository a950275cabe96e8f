//! The cluster as its customers see it: HTTP on the client ports, by the names of the contract.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::LINK;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::cluster::RunningCompany;
use crate::history::{Answer, Seat};

/// Longer than a node takes to say that it does not know yet.
const LIMIT: Duration = Duration::from_secs(12);
const UNREACHABLE: &str = "X-Companhias-Indisponiveis";

/// All nodes of a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    nodes: Arc<[Node]>,
}

struct Node {
    company: Arc<str>,
    base: Url,
}

/// A user who has logged in; every node accepts the token for fifteen minutes, which no run exceeds.
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    #[serde(rename = "access_token")]
    pub token: String,
    #[serde(rename = "user_uuid")]
    pub user: Uuid,
}

/// A leg on sale, as much of it as a buyer needs.
#[derive(Debug, Deserialize)]
pub struct Leg {
    pub id: u64,
    #[serde(rename = "assentos")]
    pub seats: Vec<FreeSeat>,
}

#[derive(Debug, Deserialize)]
pub struct FreeSeat {
    pub id: u64,
    #[serde(rename = "numero")]
    pub number: u16,
}

pub struct Page {
    pub legs: Vec<Leg>,
    pub next: Option<Url>,
    /// Companies whose legs are left out.
    pub unreachable: Vec<String>,
}

#[derive(Deserialize)]
struct Booked {
    #[serde(rename = "uuid_passagem")]
    ticket: Uuid,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
}

impl Client {
    pub fn new(companies: &[RunningCompany]) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(LIMIT)
            .no_proxy()
            .build()
            .context("make an HTTP client")?;
        let node = |running: &RunningCompany| {
            let base = Url::parse(&running.http)
                .with_context(|| format!("the run file has no URL: {}", running.http))?;
            anyhow::Ok(Node {
                company: running.company.as_str().into(),
                base,
            })
        };
        let nodes: anyhow::Result<Vec<_>> = companies.iter().map(node).collect();
        Ok(Self {
            http,
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

    pub async fn register(&self, node: usize, login: &str, password: &str) -> anyhow::Result<()> {
        let body = json!({"login": login, "password": password});
        let request = self.http.post(self.url(node, "register-all")?).json(&body);
        expect(request, "POST /register-all").await.map(drop)
    }

    pub async fn login(&self, node: usize, login: &str, password: &str) -> anyhow::Result<Session> {
        let body = json!({"login": login, "password": password});
        let request = self.http.post(self.url(node, "login")?).json(&body);
        let response = expect(request, "POST /login").await?;
        response.json().await.context("read a session")
    }

    /// The first page of a company's legs.
    pub fn catalogue(&self, node: usize, company: &str, limit: usize) -> anyhow::Result<Url> {
        let mut url = self.url(node, "all-trechos")?;
        url.query_pairs_mut()
            .append_pair("company", company)
            .append_pair("limite", &limit.to_string());
        Ok(url)
    }

    pub async fn page(&self, token: &str, url: Url) -> anyhow::Result<Page> {
        let request = self.http.get(url.clone()).bearer_auth(token);
        let response = expect(request, "GET /all-trechos").await?;
        let unreachable = unreachable(&response);
        let next = match next_link(&response) {
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
        token: &str,
        key: &str,
        seats: &[Seat],
    ) -> anyhow::Result<Answer> {
        let wanted = |seat: &Seat| json!({"id_trecho": seat.route, "id_assento": seat.id, "company": seat.company});
        let body = json!({"trechos": seats.iter().map(wanted).collect::<Vec<_>>()});
        let request = self
            .http
            .post(self.url(node, "reservar")?)
            .bearer_auth(token)
            .header("Idempotency-Key", key)
            .json(&body);
        Ok(answered(request, async |response| {
            let Booked { ticket } = response.json().await?;
            Ok(Answer::Booked { ticket })
        })
        .await)
    }

    pub async fn cancel(
        &self,
        node: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let path = format!("passagem-all/{}/{ticket}", session.user);
        let request = self
            .http
            .delete(self.url(node, &path)?)
            .bearer_auth(&session.token);
        Ok(answered(request, async |_| Ok(Answer::Cancelled)).await)
    }

    /// Asks for the first leg on sale.
    pub async fn browse(&self, node: usize, token: &str) -> anyhow::Result<Answer> {
        let mut url = self.url(node, "all-trechos")?;
        url.query_pairs_mut().append_pair("limite", "1");
        let request = self.http.get(url).bearer_auth(token);
        Ok(answered(request, async |response| {
            let unreachable = unreachable(&response);
            let _: Vec<Leg> = response.json().await?;
            Ok(Answer::Listed { unreachable })
        })
        .await)
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
    let status = response.status();
    if !status.is_success() {
        // the status alone is an error, too
        let body = response.text().await.unwrap_or_default();
        bail!("{what}: {status} {body}");
    }
    Ok(response)
}

/// A request whose every outcome is an answer.
async fn answered(
    request: RequestBuilder,
    read: impl AsyncFnOnce(Response) -> reqwest::Result<Answer>,
) -> Answer {
    let answer = async {
        let response = request.send().await?;
        match response.status() {
            StatusCode::OK => read(response).await,
            status => {
                let problem: Problem = response.json().await?;
                Ok(Answer::Problem {
                    status: status.as_u16(),
                    kind: problem.kind.trim_start_matches("/problems/").to_owned(),
                })
            }
        }
    };
    answer.await.unwrap_or_else(|error| Answer::Lost {
        why: in_full(&error),
    })
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

fn unreachable(response: &Response) -> Vec<String> {
    let header = response.headers().get(UNREACHABLE);
    let names = header.and_then(|value| value.to_str().ok());
    names.map_or_else(Vec::new, |names| {
        names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect()
    })
}

/// The target of `<target>; rel="next"`.
fn next_link(response: &Response) -> Option<String> {
    let link = response.headers().get(LINK)?.to_str().ok()?;
    let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
    parameters
        .contains("rel=\"next\"")
        .then(|| target.to_owned())
}
