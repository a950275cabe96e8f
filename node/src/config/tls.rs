//! `[company.http_tls]`, `[company.admin_tls]`: certificates of a company's ports. Without them a port speaks in the clear, for a proxy
//! before it that speaks TLS.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Certificate with its issuers, and its private key (PEM). Both are read anew on SIGHUP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminTls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Certificate (PEM) of the authority that `passcom admin` believes. Without it, the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The name that `passcom admin` wants to see in the certificate. Without it, the address of `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

impl HttpTls {
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.certificate, &mut self.key].into_iter()
    }
}

impl AdminTls {
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let own = [&mut self.certificate, &mut self.key];
        own.into_iter().chain(&mut self.ca)
    }

    pub fn files(&self) -> (&Path, &Path) {
        (&self.certificate, &self.key)
    }
}

impl HttpTls {
    pub fn files(&self) -> (&Path, &Path) {
        (&self.certificate, &self.key)
    }
}
