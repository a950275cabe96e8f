//! Where a company's database is, and how the way there is encrypted: TLS by rustls, with the provider that everything else has.

use std::sync::Arc;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    Disable,
    /// TLS where the server has it; whoever sits between reads along.
    Prefer,
    /// TLS or nothing, whosever certificate it is: keeps out who listens, and nobody who answers in the server's place.
    Require,
    /// The certificate is of our authority and for this host.
    VerifyFull,
}

/// A database as somebody reaches it.
#[derive(Debug, Clone)]
pub struct Address {
    /// libpq string or URL: `host=/run/postgresql dbname=passcom_a user=passcom_node`.
    pub url: String,
    /// What the URL says, or [`SslMode::Prefer`], where it is not given.
    pub sslmode: Option<SslMode>,
    /// Certificate (PEM) of the authority behind the server's. For [`SslMode::VerifyFull`], which needs it.
    pub ca: Option<Vec<u8>>,
}

impl From<String> for Address {
    fn from(url: String) -> Self {
        Self {
            url,
            sslmode: None,
            ca: None,
        }
    }
}

/// Opens connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connector {
    pub config: Config,
    pub tls: MakeRustlsConnect,
}

impl Address {
    /// Whom the database takes us for.
    pub fn role(&self) -> anyhow::Result<String> {
        let user = self.parse()?.get_user().map(str::to_owned);
        user.context("the database URL names no user")
    }

    fn parse(&self) -> anyhow::Result<Config> {
        self.url.parse().context(
            "the database URL is neither a URL nor key=value pairs (verify-full is no part of it: database_sslmode)",
        )
    }

    pub(crate) fn connector(&self) -> anyhow::Result<Connector> {
        let mut config = self.parse()?;
        let mode = self.sslmode.map(|mode| match mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
        });
        if let Some(mode) = mode {
            config.ssl_mode(mode);
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .context("TLS for the database")?;
        let client = match self.sslmode {
            Some(SslMode::VerifyFull) => builder.with_root_certificates(self.authority()?),
            _ => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider))),
        };
        Ok(Connector {
            config,
            tls: MakeRustlsConnect::new(client.with_no_client_auth()),
        })
    }

    fn authority(&self) -> anyhow::Result<RootCertStore> {
        let pem = self
            .ca
            .as_deref()
            .context("verify-full needs the certificate of the database's authority")?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.context("read the database's authority")?;
            roots
                .add(certificate)
                .context("use the database's authority")?;
        }
        ensure!(
            !roots.is_empty(),
            "the file of the database's authority has no certificate"
        );
        Ok(roots)
    }
}

impl Connector {
    /// The client, and what it needs to be polled.
    pub async fn connect(
        &self,
    ) -> Result<
        (
            Client,
            impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
        ),
        tokio_postgres::Error,
    > {
        self.config.connect(self.tls.clone()).await
    }
}

/// Takes every certificate, as libpq does below `verify-ca`. Who shows it must have its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_that_cannot_be_kept_is_refused() {
        let problem = |url: &str, sslmode, ca: Option<&[u8]>| {
            let address = Address {
                url: url.to_owned(),
                sslmode,
                ca: ca.map(<[u8]>::to_vec),
            };
            format!("{:#}", address.connector().err().unwrap())
        };
        let full = Some(SslMode::VerifyFull);
        assert!(problem("host=x user=n", full, None).contains("verify-full needs"));
        assert!(problem("host=x user=n", full, Some(b"nothing")).contains("has no certificate"));
        assert!(
            problem("host=x user=n sslmode=verify-full", None, None).contains("database_sslmode")
        );
        let address = Address::from("postgres://node:x@h/d".to_owned());
        assert_eq!(address.role().unwrap(), "node");
    }
}
