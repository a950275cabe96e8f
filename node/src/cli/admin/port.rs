//! The admin port of a node, as a command reaches it: in the clear, or by TLS to who is in its certificate.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use reqwest::Url;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Request, detail};
use crate::certificate::read_chain;
use crate::config::{AdminTls, Company};
use crate::exchange::{connector, exchange};

const LIMIT: Duration = Duration::from_secs(15);
/// Longest answer that is read.
const ANSWER_LEN_MAX: usize = 64 * 1024 * 1024;

pub(super) struct Port {
    address: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    token: String,
}

impl Port {
    pub fn of(company: &Company, token: String) -> anyhow::Result<Self> {
        let mut address = company.admin;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into()); // it listens everywhere, so also here
        }
        let tls = company.admin_tls.as_ref();
        let tls = tls.map(|tls| believe(tls, address)).transpose()?;
        Ok(Self {
            address,
            tls,
            token,
        })
    }

    pub async fn ask(&self, request: Request) -> anyhow::Result<String> {
        let path = request.path.clone();
        let asked = timeout(LIMIT, self.exchange(request)).await;
        let asked = asked.unwrap_or_else(|_| Err(anyhow!("no answer within {LIMIT:?}")));
        let (status, body) =
            asked.with_context(|| format!("the node does not answer at {}", self.base()))?;
        let text = String::from_utf8(body.to_vec()).context("read the answer")?;
        if !(200..300).contains(&status) {
            bail!("{path} {status}: {}", detail(&text));
        }
        Ok(text)
    }

    async fn exchange(&self, request: Request) -> anyhow::Result<(u16, Bytes)> {
        let mut url = Url::parse(&self.base()).context("the admin address is not a URL")?;
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let body = request.body.as_ref().map(Value::to_string);
        let body = body.unwrap_or_default();
        let request = hyper::Request::builder()
            .method(request.method)
            .uri(target)
            .header(HOST, self.address.to_string())
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, body.len())
            .body(Full::new(Bytes::from(body)))?;
        let stream = TcpStream::connect(self.address).await.context("connect")?;
        match &self.tls {
            None => exchange(stream, request, ANSWER_LEN_MAX).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                exchange(stream.context("TLS")?, request, ANSWER_LEN_MAX).await
            }
        }
    }

    fn base(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}

/// By whom the port's certificate must be signed, and for whom.
fn believe(
    tls: &AdminTls,
    address: SocketAddr,
) -> anyhow::Result<(TlsConnector, ServerName<'static>)> {
    let name = match &tls.host {
        Some(host) => ServerName::try_from(host.clone())
            .with_context(|| format!("admin_tls.host: {host} is no name of a host"))?,
        None => ServerName::IpAddress(address.ip().into()),
    };
    let authorities = tls.ca.as_deref().map(|ca| {
        let mut roots = RootCertStore::empty();
        for certificate in read_chain(ca)? {
            let added = roots.add(certificate);
            added.with_context(|| format!("trust the authority in {}", ca.display()))?;
        }
        anyhow::Ok(roots)
    });
    Ok((connector(authorities.transpose()?)?, name))
}
