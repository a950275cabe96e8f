//! TLS as the demo's Redis speaks it, for whoever asks Redis or comes between it and nodes: its certificate is shown, its authority
//! believed. Without TLS where the demo's Redis does without: its program cannot, or the build under test is of before.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const SCHEME: &str = "rediss://";

/// A connection, with TLS or without.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How Redis is dialled. Cheap to clone.
#[derive(Clone)]
pub struct Dial(Option<TlsConnector>);

/// How Redis is dialled, and played.
pub struct Ends {
    pub dial: Dial,
    acceptor: Option<TlsAcceptor>,
}

impl Dial {
    /// As this URL wants it, with who signed for it (PEM).
    pub fn new(url: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        if !url.starts_with(SCHEME) {
            return Ok(Self(None));
        }
        let mut roots = RootCertStore::empty();
        let ca = certificates(ca.context("Redis has TLS, and nobody says who signed for it")?)?;
        roots.add_parsable_certificates(ca);
        ensure!(!roots.is_empty(), "nobody signs for Redis");
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Some(Arc::new(config).into())))
    }

    pub async fn connect(&self, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(to).await?;
        let _ = stream.set_nodelay(true); // only slower without
        match &self.0 {
            Some(connector) => {
                let name = ServerName::from(to.ip());
                Ok(Box::new(connector.connect(name, stream).await?))
            }
            None => Ok(Box::new(stream)),
        }
    }
}

impl Ends {
    /// As the demo in this folder has its Redis, which it has started by now.
    pub fn of(demo: &Path) -> anyhow::Result<Self> {
        let url = fs::read_to_string(demo.join("redis.url")).context("read where Redis is")?;
        let file = |name: String| demo.join("certs").join(name);
        let dial = Dial::new(&url, Some(&file("servers-ca.pem".to_owned())))?;
        if dial.0.is_none() {
            let acceptor = None;
            return Ok(Self { dial, acceptor });
        }
        let own = |suffix| file(format!("{}{suffix}", Ipv4Addr::LOCALHOST));
        let key = PrivateKeyDer::from_pem_file(own(".key")).context("read the key of Redis")?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates(&own(".pem"))?, key)?;
        let acceptor = Some(Arc::new(config).into());
        Ok(Self { dial, acceptor })
    }

    pub async fn accept(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
        let _ = stream.set_nodelay(true); // only slower without
        match &self.acceptor {
            Some(acceptor) => Ok(Box::new(acceptor.accept(stream).await?)),
            None => Ok(Box::new(stream)),
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    read().with_context(|| format!("read {}", path.display()))
}
