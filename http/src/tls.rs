//! TLS of a port: one certificate, which can be changed while connections are open.
//!
//! Invariants: a handshake ends within [`HANDSHAKE_MAX`] and keeps no other connection from being accepted; until it has
//! ended, its connection is an idle one (`connections`), so that it gives way as those do and the same bounds hold. A
//! session that is open goes on with the certificate that it began with.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;

/// For a whole handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// What a port needs to speak TLS 1.2 and 1.3, with HTTP/2 or HTTP/1.1 as the client likes. Cheap to clone; whatever takes
/// the certificate's place does so in all clones.
#[derive(Debug, Clone)]
pub struct Tls {
    certificate: Arc<Current>,
    config: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Tls {
    pub fn new(certificate: CertifiedKey) -> Self {
        let certificate = Arc::new(Current(RwLock::new(Arc::new(certificate))));
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("the provider has suites of both versions")
                .with_no_client_auth()
                .with_cert_resolver(certificate.clone());
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
        Self {
            certificate,
            config: Arc::new(config),
        }
    }

    /// Handshakes from now on show this one.
    pub fn replace(&self, certificate: CertifiedKey) {
        let current = &self.certificate.0;
        *current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.config.clone());
        timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await?
    }
}

/// Whether client and port have agreed on HTTP/2.
pub(crate) fn is_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP_2)
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(current.clone())
    }
}
