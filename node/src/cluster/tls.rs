//! Who may be at the other end: mutual TLS 1.3 under the cluster's own authority.
//!
//! Invariants:
//! - A connection has an identity or does not exist: each side shows a certificate that the authority signed and that
//!   proves exactly one member.
//! - The name in a certificate keeps apart what company codes keep apart. DNS names know no capitals, so the positions of
//!   the capitals are a label of their own: `a` is `a.passcom.internal`, `A` is `a.caps-1.passcom.internal`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use passcom_actors::domain::ids::CompanyId;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::{
    ClientHello, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier,
};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::certificate::{Certificate, Revocation, read_chain, read_key};

/// PEM files of one node.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The cluster's authority.
    pub ca: PathBuf,
    /// This company's certificate, and its issuers up to the authority.
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// Both ends of the transport, and what it rests on.
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) connector: TlsConnector,
    /// This company's own.
    pub own: Certificate,
    /// One, or two while one takes the other's place.
    pub authorities: Vec<Certificate>,
    pub revoked: Vec<Revocation>,
}

impl Tls {
    /// Whether what this company shows must not be believed.
    pub(super) fn revokes(&self, company: CompanyId, shown: Option<&Certificate>) -> bool {
        self.revoked.iter().any(|revoked| match revoked {
            Revocation::Company(revoked) => *revoked == company,
            Revocation::Certificate(revoked) => {
                shown.is_some_and(|shown| shown.fingerprint == *revoked)
            }
        })
    }
}

/// The DNS name that stands for the company in certificates. Different companies have different names.
pub fn dns_name(company: CompanyId) -> String {
    let capitals = company
        .as_str()
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_uppercase())
        .fold(0u32, |mask, (position, _)| mask | 1 << position);
    let label = company.as_str().to_ascii_lowercase();
    match capitals {
        0 => format!("{label}.passcom.internal"),
        mask => format!("{label}.caps-{mask:x}.passcom.internal"),
    }
}

/// The full name of a company's node in `ractor_cluster`.
pub(super) fn node_name(company: CompanyId) -> String {
    format!("{company}@{}", dns_name(company))
}

/// Whether certificates can name the company.
pub fn check_name(company: CompanyId) -> anyhow::Result<()> {
    server_name(company).map(drop)
}

pub(super) fn server_name(company: CompanyId) -> anyhow::Result<ServerName<'static>> {
    let name = dns_name(company);
    ServerName::try_from(name.clone()).map_err(|_| {
        anyhow!("company {company} cannot have a certificate: {name} is no DNS name (a company code must not begin or end with a hyphen)")
    })
}

/// Reads this node's files and checks that its certificate proves `me`.
pub fn load(files: &TlsFiles, me: CompanyId, revoked: Vec<Revocation>) -> anyhow::Result<Tls> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let authorities = read_chain(&files.ca)?;
    let roots = Arc::new(trust(&authorities, &files.ca)?);
    let chain = read_chain(&files.cert)?;
    let key = read_key(&files.key)?;
    ensure!(
        proven_by(&chain, &[me]).is_some(),
        "certificate {} does not prove company {me}: it needs the name {}",
        files.cert.display(),
        dns_name(me),
    );
    let read = |chain: &[_], path: &Path| {
        let read = Certificate::of_all(chain);
        read.with_context(|| format!("read certificate {}", path.display()))
    };
    Ok(Tls {
        own: read(&chain[..1], &files.cert)?[0],
        authorities: read(&authorities, &files.ca)?,
        revoked,
        acceptor: acceptor(&provider, &roots, chain.clone(), key.clone_key())
            .with_context(|| format!("serve with certificate {}", files.cert.display()))?,
        connector: connector(&provider, &roots, chain, key)
            .with_context(|| format!("dial with certificate {}", files.cert.display()))?,
    })
}

/// The one member that the certificate proves; none when it proves several, as one with a wildcard would.
pub(super) fn proven_by(chain: &[CertificateDer<'_>], members: &[CompanyId]) -> Option<CompanyId> {
    let leaf = ParsedCertificate::try_from(chain.first()?).ok()?;
    let mut proven = members.iter().copied().filter(|member| {
        server_name(*member).is_ok_and(|name| verify_server_name(&leaf, &name).is_ok())
    });
    let company = proven.next()?;
    proven.next().is_none().then_some(company)
}

/// An acceptor that completes no handshake: for the listener that `NodeServer` opens whether wanted or not.
pub(super) fn closed_door() -> anyhow::Result<TlsAcceptor> {
    #[derive(Debug)]
    struct NoCertificate;
    impl ResolvesServerCert for NoCertificate {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            None
        }
    }
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(NoCertificate));
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn acceptor(
    provider: &Arc<CryptoProvider>,
    roots: &Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<TlsAcceptor> {
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build()?;
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn connector(
    provider: &Arc<CryptoProvider>,
    roots: &Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<TlsConnector> {
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots.clone())
        .with_client_auth_cert(chain, key)?;
    Ok(TlsConnector::from(Arc::new(config)))
}

fn trust(authorities: &[CertificateDer<'static>], path: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities {
        roots
            .add(certificate.clone())
            .with_context(|| format!("trust the authority in {}", path.display()))?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(code: &str) -> CompanyId {
        code.parse().expect("a company code")
    }

    #[test]
    fn companies_that_differ_by_case_have_different_names() {
        assert_eq!(dns_name(id("a")), "a.passcom.internal");
        assert_eq!(dns_name(id("A")), "a.caps-1.passcom.internal");
        assert_eq!(dns_name(id("aB")), "ab.caps-2.passcom.internal");
        assert_eq!(dns_name(id("G3")), "g3.caps-1.passcom.internal");
    }

    #[test]
    fn a_code_that_no_certificate_can_name_is_refused() {
        assert!(server_name(id("latam-2")).is_ok());
        assert!(server_name(id("-a")).is_err());
        assert!(server_name(id("a-")).is_err());
    }
}
