//! What a node has to know of a certificate beside its key: until when it is good, and which one it is.

use anyhow::{Context, bail, ensure};
use passcom_actors::domain::ids::CompanyId;
use sha2::{Digest, Sha256};
use std::path::Path;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_cert::der::Decode;

const PREFIX: &str = "sha256:";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// The last second at which it is good, since 1970.
    pub expires: i64,
    pub fingerprint: Fingerprint,
}

/// SHA-256 over the whole certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// What must not be believed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Every certificate of it.
    Company(CompanyId),
    Certificate(Fingerprint),
}

impl Certificate {
    pub fn of(der: &CertificateDer<'_>) -> anyhow::Result<Self> {
        let read = x509_cert::Certificate::from_der(der).context("read a certificate")?;
        let until = read.tbs_certificate.validity.not_after.to_unix_duration();
        Ok(Self {
            expires: i64::try_from(until.as_secs())?,
            fingerprint: Fingerprint(Sha256::digest(der).into()),
        })
    }

    /// All of a file; never none.
    pub fn of_all(chain: &[CertificateDer<'_>]) -> anyhow::Result<Vec<Self>> {
        chain.iter().map(Self::of).collect()
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(to, "{byte:02x}"))
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = anyhow::Error;

    /// Also as OpenSSL writes it, with capitals and colons.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let digits: String = text.chars().filter(|char| *char != ':').collect();
        let fault = || format!("{PREFIX}{text} has not 64 hexadecimal digits");
        ensure!(digits.len() == 64, fault());
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let two = digits.get(2 * at..2 * at + 2).unwrap_or_default();
            let read = u8::from_str_radix(two, 16);
            *byte = read.with_context(fault)?;
        }
        Ok(Self(bytes))
    }
}

impl std::str::FromStr for Revocation {
    type Err = anyhow::Error;

    /// A company's code, or `sha256:` and the fingerprint of a certificate.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text.strip_prefix(PREFIX) {
            Some(fingerprint) => fingerprint.parse().map(Self::Certificate),
            None => match text.parse() {
                Ok(company) => Ok(Self::Company(company)),
                Err(_) => bail!("{text} is neither a company nor {PREFIX} and a fingerprint"),
            },
        }
    }
}

/// The certificates of a PEM file; never none.
pub fn read_chain(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("read certificate {}", path.display()))?;
    if chain.is_empty() {
        bail!("{} holds no PEM certificate", path.display());
    }
    Ok(chain)
}

pub fn read_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path)
        .with_context(|| format!("read private key {}", path.display()))
}

/// A server's certificate with its issuers, and the key that belongs to it.
pub fn read_pair(certificate: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let (chain, private) = (read_chain(certificate)?, read_key(key)?);
    let pair = CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider());
    pair.with_context(|| {
        let (certificate, key) = (certificate.display(), key.display());
        format!("use {certificate} with the key {key}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_says_until_when_it_is_good_and_which_one_it_is() {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let read = Certificate::of(made.der()).unwrap();
        assert_eq!(read.expires, 1_893_456_000);
        let shown = read.fingerprint.to_string();
        let capitals = shown[PREFIX.len()..].to_uppercase();
        let pairs: Vec<_> = (0..32).map(|at| &capitals[2 * at..2 * at + 2]).collect();
        for written in [shown.clone(), format!("{PREFIX}{}", pairs.join(":"))] {
            let revoked: Revocation = written.parse().unwrap();
            assert_eq!(revoked, Revocation::Certificate(read.fingerprint));
        }
        assert!(matches!("b".parse(), Ok(Revocation::Company(_))));
        for bad in ["", "sha256:", "sha256:00", "b c", &format!("{shown}0")] {
            assert!(bad.parse::<Revocation>().is_err(), "{bad}");
        }
        assert!(Certificate::of(&CertificateDer::from(vec![1, 2, 3])).is_err());
    }
}
