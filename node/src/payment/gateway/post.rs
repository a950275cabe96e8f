//! One POST to a gateway, over a connection of its own: TLS to a certificate of a public authority, or in the clear on this machine.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::exchange::{connector, exchange};

/// How long a gateway has to take a request and answer it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

pub(super) struct Post {
    host: String,
    port: u16,
    /// What the request is for, and whose server it names.
    path: String,
    authority: String,
    /// None: in the clear.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Post {
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().context("the address of the gateway")?;
        let authority = uri.authority().context("the gateway has no host")?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let tls = match uri.scheme_str() {
            Some("https") => Some((connector(None)?, ServerName::try_from(host.clone())?)),
            Some("http") => None,
            _ => bail!("the gateway is reached by https or http"),
        };
        let port = authority.port_u16();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            port: port.unwrap_or(if tls.is_some() { 443 } else { 80 }),
            path: path.to_owned(),
            authority: authority.to_string(),
            host,
            tls,
        })
    }

    /// JSON there, status and body back. An error may have come after it was read there.
    pub async fn send(
        &self,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> anyhow::Result<(u16, Bytes)> {
        let sent = timeout(PATIENCE, self.connect_and_send(headers, body));
        let sent = sent.await;
        sent.map_err(|_| anyhow!("no answer within {PATIENCE:?}"))?
    }

    async fn connect_and_send(
        &self,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> anyhow::Result<(u16, Bytes)> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.context("connect")?;
        match &self.tls {
            None => self.exchange(stream, headers, body).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                self.exchange(stream.context("TLS")?, headers, body).await
            }
        }
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> anyhow::Result<(u16, Bytes)> {
        let mut request = Request::post(&self.path)
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, body.len());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        exchange(stream, request, ANSWER_BYTES_MAX).await
    }
}
