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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::aws_lc_rs;

    use super::*;
    use crate::certificate::read_key;
    use crate::certs;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready";

    /// A node that is ready, behind a certificate of this folder for this host.
    async fn node(folder: &Path, host: &str) -> SocketAddr {
        let hosts = [host.to_owned()];
        certs::generate_for_servers(folder, &hosts, certs::Validity::default()).unwrap();
        let chain = read_chain(&folder.join(format!("{host}.pem"))).unwrap();
        let key = read_key(&folder.join(format!("{host}.key"))).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut request = [0; 1024];
                    drop(stream.read(&mut request).await);
                    drop(stream.write_all(ANSWER).await);
                }
            }
        });
        address
    }

    async fn ask(
        address: SocketAddr,
        ca: Option<PathBuf>,
        host: Option<&str>,
    ) -> Result<(), String> {
        let tls = AdminTls {
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            ca,
            host: host.map(str::to_owned),
        };
        let port = Port {
            address,
            tls: Some(believe(&tls, address).unwrap()),
            token: "secret".to_owned(),
        };
        let answer = port.ask(super::super::get("/readyz")).await;
        answer
            .map(|answer| assert_eq!(answer, "ready"))
            .map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn a_node_is_asked_by_tls_if_it_is_who_it_should_be() {
        let name = format!("passcom-admin-tls-{}", uuid::Uuid::new_v4());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let ca = Some(folder.join("servers-ca.pem"));
        let by_name = node(&folder, "node-a.example").await;
        let by_address = node(&folder, "127.0.0.1").await;
        let asked = [
            ask(by_name, ca.clone(), Some("node-a.example")).await,
            ask(by_address, ca.clone(), None).await,
            ask(by_name, ca.clone(), Some("node-b.example")).await,
            ask(by_name, ca, None).await,
            ask(by_name, None, Some("node-a.example")).await,
        ];
        std::fs::remove_dir_all(&folder).unwrap();
        let [good, also_good, other_name, no_name, other_authority] = asked;
        assert_eq!((good, also_good), (Ok(()), Ok(())));
        for refused in [other_name, no_name, other_authority] {
            let error = refused.unwrap_err();
            assert!(
                error.contains("does not answer at https://127.0.0.1"),
                "{error}"
            );
        }
    }
}
