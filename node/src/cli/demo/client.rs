//! The client port as the demo uses it: the wire's own names, over HTTP like everybody else.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

/// Longer than a node takes to say that it does not know yet.
const LIMIT: Duration = Duration::from_secs(15);

/// One node, for one user once logged in.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: String,
}

#[derive(Debug, Deserialize)]
pub struct Session {
    pub access_token: String,
    pub user_uuid: Uuid,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Leg {
    pub id: u64,
    pub company: String,
    pub origem: String,
    pub destino: String,
    #[serde(default)]
    pub voo: String,
    #[serde(default)]
    pub partida: String,
    #[serde(default)]
    pub chegada: String,
    pub assentos: Vec<Seat>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Seat {
    pub id: u64,
    pub numero: u16,
}

#[derive(Debug, Deserialize)]
pub struct Booked {
    pub message: String,
    pub uuid_passagem: Uuid,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    pub uuid: Uuid,
    pub trechos_reservados: Vec<serde_json::Value>,
}

/// What a problem says of itself.
#[derive(Debug, Deserialize)]
struct Problem {
    message: String,
}

impl Client {
    pub fn new(base: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(LIMIT)
            .no_proxy()
            .build()
            .context("make an HTTP client")?;
        let base = Url::parse(base).with_context(|| format!("{base} is not a URL"))?;
        Ok(Self {
            http,
            base,
            token: String::new(),
        })
    }

    pub fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// `None`: unknown login or wrong password.
    pub async fn login(&self, login: &str, password: &str) -> anyhow::Result<Option<Session>> {
        let request = self
            .http
            .post(self.url("login")?)
            .json(&json!({"login": login, "password": password}));
        match call(request).await? {
            Answer::Done(session) => Ok(Some(session)),
            Answer::Refused(StatusCode::UNAUTHORIZED, _) => Ok(None),
            Answer::Refused(status, why) => bail!("POST /login of {login}: {status} {why}"),
        }
    }

    /// `Some`: not now, and why; too few companies may be in touch yet.
    pub async fn register(&self, login: &str, password: &str) -> anyhow::Result<Option<String>> {
        let request = self
            .http
            .post(self.url("register-all")?)
            .json(&json!({"login": login, "password": password}));
        match call::<serde_json::Value>(request).await? {
            Answer::Done(_) => Ok(None),
            Answer::Refused(StatusCode::SERVICE_UNAVAILABLE, why) => Ok(Some(why)),
            Answer::Refused(status, why) => bail!("POST /register-all of {login}: {status} {why}"),
        }
    }

    /// Legs with free seats, earliest first.
    pub async fn legs(
        &self,
        company: &str,
        origin: Option<&str>,
        limit: usize,
    ) -> anyhow::Result<Vec<Leg>> {
        let mut url = self.url("all-trechos")?;
        url.query_pairs_mut()
            .append_pair("company", company)
            .append_pair("limite", &limit.to_string());
        if let Some(origin) = origin {
            url.query_pairs_mut().append_pair("origem", origin);
        }
        call(self.http.get(url).bearer_auth(&self.token))
            .await?
            .done("GET /all-trechos")
    }

    pub async fn book(&self, order: &serde_json::Value) -> anyhow::Result<Booked> {
        let request = self
            .http
            .post(self.url("reservar")?)
            .bearer_auth(&self.token)
            .json(order);
        call(request).await?.done("POST /reservar")
    }

    pub async fn tickets(&self, user: Uuid) -> anyhow::Result<Vec<Ticket>> {
        let request = self
            .http
            .get(self.url(&format!("passagens-all/{user}"))?)
            .bearer_auth(&self.token);
        call(request).await?.done("GET /passagens-all")
    }

    fn url(&self, path: &str) -> anyhow::Result<Url> {
        self.base
            .join(path)
            .with_context(|| format!("no address for {path}"))
    }
}

enum Answer<T> {
    Done(T),
    Refused(StatusCode, String),
}

impl<T> Answer<T> {
    fn done(self, what: &str) -> anyhow::Result<T> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused(status, why) => bail!("{what}: {status} {why}"),
        }
    }
}

async fn call<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<Answer<T>> {
    let response = request.send().await.context("ask a node")?;
    let (status, url) = (response.status(), response.url().clone());
    if status.is_success() {
        let value = response
            .json()
            .await
            .with_context(|| format!("read the answer of {url}"))?;
        return Ok(Answer::Done(value));
    }
    // an error without a body is still an error: its status says enough
    let why = response
        .json::<Problem>()
        .await
        .map(|problem| problem.message)
        .unwrap_or_default();
    Ok(Answer::Refused(status, why))
}
