//! Everything that proves who somebody is, read anew while the node runs: certificates of mesh and ports, their keys, authorities, what is
//! revoked, keys that sign and prove users' tokens, operators' tokens.
//!
//! Invariants: all of it is read before any of it is used, so that a faulty file changes nothing; connections that are open go on, but for
//! those of members that are revoked.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use passcom_actors::domain::ids::CompanyId;
use passcom_http::{CertificateView, OperatorAccess, Operators, Tls, TokenIssuer, TokenVerifier};
use tokio::signal::unix::Signal;
use tokio_rustls::rustls::sign::CertifiedKey;
use tracing::{error, info, warn};

use crate::certificate::{Certificate, Revocation, read_pair};
use crate::cluster::{self, Peers, TlsFiles};
use crate::config::{Company, Config};

/// Certificates that end within so many days are to be renewed.
const RENEW_DAYS: i64 = 30;
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
const EXPIRES: &str = "passcom_certificate_expires_timestamp_seconds";
const DAY: i64 = 24 * 60 * 60;

/// What was read, and is good, beside what the mesh rests on.
pub struct Rest {
    http: Option<CertifiedKey>,
    admin: Option<CertifiedKey>,
    operators: Vec<OperatorAccess>,
    issuer: TokenIssuer,
    /// Of all companies.
    verifier: TokenVerifier,
    shown: Vec<Shown>,
}

/// All of it, or why not.
pub fn read(config: &Config, company: &Company) -> anyhow::Result<(cluster::Tls, Rest)> {
    let files = TlsFiles {
        ca: config.cluster.ca.clone(),
        cert: company.certificate.clone(),
        key: company.key.clone(),
    };
    let revoked: Vec<Revocation> = config.revoked()?;
    let pair = |of: Option<(&std::path::Path, &std::path::Path)>| {
        of.map(|(certificate, key)| read_pair(certificate, key))
            .transpose()
    };
    let bytes = |path: &PathBuf| {
        let read = std::fs::read(path);
        read.with_context(|| format!("read the token key {}", path.display()))
    };
    let path = &company.token_key;
    let issuer = TokenIssuer::from_pem(company.code, &bytes(path)?);
    let issuer = issuer.with_context(|| format!("use the token key {}", path.display()))?;
    let public = config.companies().iter().map(|company| {
        let keys = bytes(&company.token_public_key)?;
        anyhow::Ok((company.code, keys))
    });
    let verifier = TokenVerifier::new(public.collect::<anyhow::Result<_>>()?)?;
    verifier.proves(&issuer)?;
    let mesh = cluster::load(&files, company.code, revoked)?;
    let http = pair(company.http_tls.as_ref().map(|tls| tls.files()))?;
    let admin = pair(company.admin_tls.as_ref().map(|tls| tls.files()))?;
    let rest = Rest {
        shown: shown(&mesh, &http, &admin)?,
        http,
        admin,
        operators: config.operators(company)?,
        issuer,
        verifier,
    };
    Ok((mesh, rest))
}

/// Where it is used.
pub struct Keys {
    path: PathBuf,
    me: CompanyId,
    peers: Arc<Peers>,
    pub http: Option<Tls>,
    pub admin: Option<Tls>,
    pub operators: Operators,
    pub issuer: Arc<TokenIssuer>,
    pub verifier: Arc<TokenVerifier>,
    shown: Mutex<Vec<Shown>>,
}

/// One of our own certificates, or of those that we believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    used_for: &'static str,
    expires: i64,
}

fn shown(
    mesh: &cluster::Tls,
    http: &Option<CertifiedKey>,
    admin: &Option<CertifiedKey>,
) -> anyhow::Result<Vec<Shown>> {
    let of = |used_for, expires| Shown { used_for, expires };
    let mut shown = vec![of("mesh", mesh.own.expires)];
    // of two, the one that ends first is to go
    let authorities = mesh.authorities.iter().map(|one| one.expires);
    shown.extend(authorities.min().map(|expires| of("mesh-ca", expires)));
    for (used_for, pair) in [("http", http), ("admin", admin)] {
        let leaf = pair.as_ref().map(|pair| Certificate::of(&pair.cert[0]));
        shown.extend(leaf.transpose()?.map(|leaf| of(used_for, leaf.expires)));
    }
    Ok(shown)
}

impl Keys {
    /// What was read at the start; the mesh has taken its part of it.
    pub fn new(config: &Config, me: CompanyId, rest: Rest, peers: Arc<Peers>) -> Arc<Self> {
        Arc::new(Self {
            path: config.path().to_owned(),
            me,
            peers,
            http: rest.http.map(Tls::new),
            admin: rest.admin.map(Tls::new),
            operators: Operators::new(rest.operators),
            issuer: Arc::new(rest.issuer),
            verifier: Arc::new(rest.verifier),
            shown: Mutex::new(rest.shown),
        })
    }

    /// Reads all files anew, the configuration among them, and uses what they say from now on; or nothing, where one is faulty.
    pub fn renew(&self) -> anyhow::Result<()> {
        let renewed = self.read_and_take();
        match &renewed {
            Ok(()) => info!("keys and certificates were read anew"),
            Err(cause) => error!(
                cause = format!("{cause:#}"),
                "keys and certificates are faulty: the ones of before stay in use"
            ),
        }
        self.tell();
        renewed
    }

    fn read_and_take(&self) -> anyhow::Result<()> {
        let config = Config::load(&self.path)?;
        let company = config.company(self.me)?;
        let (mesh, rest) = read(&config, company)?;
        for (port, is, was) in [
            ("http_tls", rest.http.is_some(), self.http.is_some()),
            ("admin_tls", rest.admin.is_some(), self.admin.is_some()),
        ] {
            ensure!(
                is == was,
                "{port} comes or goes with a start of the node only"
            );
        }
        self.peers.renew(mesh);
        for (port, pair) in [(&self.http, rest.http), (&self.admin, rest.admin)] {
            if let (Some(port), Some(pair)) = (port, pair) {
                port.replace(pair);
            }
        }
        self.operators.replace(rest.operators);
        // whoever may hear of the new key first is to know it
        self.verifier.replace(&rest.verifier);
        self.issuer.replace(&rest.issuer);
        *self.shown() = rest.shown;
        Ok(())
    }

    /// Reads anew at each of these signals, and warns of what ends soon, until the node ends.
    pub async fn run(self: Arc<Self>, mut hangups: Signal) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = hangups.recv() => drop(self.renew_apart().await),
                _ = looks.tick() => self.tell(),
            }
        }
    }

    /// As [`Self::renew`], while others go on.
    pub async fn renew_apart(self: &Arc<Self>) -> anyhow::Result<()> {
        let this = self.clone();
        let renewed = tokio::task::spawn_blocking(move || this.renew());
        renewed.await.context("read keys and certificates")?
    }

    /// Ours, our authorities', and what the other companies have shown.
    pub fn certificates(&self) -> Vec<CertificateView> {
        let now = Timestamp::now().as_second();
        let view = |used_for, company, expires: i64| {
            let days_left = (expires - now).div_euclid(DAY);
            CertificateView {
                used_for,
                company,
                expires: Timestamp::from_second(expires).unwrap_or(Timestamp::MAX),
                days_left,
                renew: days_left < RENEW_DAYS,
            }
        };
        let own = self.shown().clone().into_iter();
        let own = own.map(|shown| view(shown.used_for, self.me, shown.expires));
        let peers = self.peers.status().into_iter().filter_map(|peer| {
            let certificate = peer.certificate?;
            Some(view("peer", peer.company, certificate.expires))
        });
        own.chain(peers).collect()
    }

    /// In numbers, and in the log where somebody has to do something.
    fn tell(&self) {
        self.gauge();
        for one in self.certificates().iter().filter(|one| one.renew) {
            warn!(
                company = %one.company,
                used_for = one.used_for,
                expires = %one.expires,
                days_left = one.days_left,
                "a certificate is to be renewed"
            );
        }
    }

    pub fn gauge(&self) {
        for one in self.certificates() {
            let company = one.company.to_string();
            metrics::gauge!(EXPIRES, "use" => one.used_for, "company" => company)
                .set(one.expires.as_second() as f64);
        }
    }

    fn shown(&self) -> MutexGuard<'_, Vec<Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::certs;

    const CONFIG: &str = r#"
        [cluster]
        ca = "ca.pem"
        cookie_file = "cookie"
        redis = "redis://127.0.0.1:6379"
        [[company]]
        code = "a"
        name = "Alfa"
        mesh = "node-a:7001"
        mesh_listen = "0.0.0.0:7001"
        http = "0.0.0.0:8082"
        admin = "127.0.0.1:9082"
        database_url = "postgres://a/passcom"
        certificate = "a.pem"
        key = "a.key"
        token_key = "a.token.key"
        token_public_key = "a.token.pem"
        admin_token_file = "cookie"
        http_tls = { certificate = "www.example.pem", key = "www.example.key" }
    "#;

    fn write(folder: &Path) {
        let validity = certs::Validity::default();
        certs::generate(folder, &["a".parse().unwrap()]).unwrap();
        certs::generate_for_servers(folder, &["www.example".to_owned()], validity).unwrap();
        fs::write(folder.join("cluster.toml"), CONFIG).unwrap();
    }

    fn read_all(folder: &Path) -> Result<Vec<&'static str>, String> {
        let config = Config::load(&folder.join("cluster.toml")).unwrap();
        let read = read(&config, &config.companies()[0]);
        read.map(|(_, rest)| rest.shown.iter().map(|one| one.used_for).collect())
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_faulty_file_is_named_and_nothing_is_used() {
        let temporary = std::env::temp_dir();
        let [folder, other] =
            [(); 2].map(|()| temporary.join(format!("passcom-keys-{}", uuid::Uuid::new_v4())));
        write(&folder);
        write(&other);
        assert_eq!(read_all(&folder), Ok(vec!["mesh", "mesh-ca", "http"]));
        let copy = |from: &Path, name: &str, to: &str| {
            fs::copy(from.join(name), folder.join(to)).unwrap();
        };
        for (name, with) in [
            ("a.key", "a.key"),
            ("a.token.key", "a.token.key"),
            ("www.example.key", "www.example.key"),
            ("a.pem", "www.example.pem"),
            ("a.token.pem", "a.pem"),
        ] {
            copy(&other, with, name);
            let fault = read_all(&folder).unwrap_err();
            let stem = name.trim_end_matches(".key").trim_end_matches(".pem");
            let named = fault.contains(stem) || fault.contains("company a");
            assert!(named, "{name}: {fault}");
            for (file, content) in [(name, ""), (name, "nothing")] {
                fs::write(folder.join(file), content).unwrap();
                let fault = read_all(&folder).unwrap_err();
                assert!(
                    fault.contains(name) || fault.contains("company a"),
                    "{name}: {fault}"
                );
            }
            fs::remove_file(folder.join(name)).unwrap();
            assert!(read_all(&folder).unwrap_err().contains(name));
            write(&other);
            // everything as it was, but for a pair of another time
            for file in [
                "ca.pem",
                "ca.key",
                "servers-ca.pem",
                "servers-ca.key",
                "a.pem",
                "a.key",
            ] {
                copy(&other, file, file);
            }
            for file in [
                "www.example.pem",
                "www.example.key",
                "a.token.pem",
                "a.token.key",
            ] {
                copy(&other, file, file);
            }
            assert!(read_all(&folder).is_ok());
            // so that the next one is of another time again
            fs::remove_dir_all(&other).unwrap();
            write(&other);
        }
        fs::remove_dir_all(&folder).unwrap();
        fs::remove_dir_all(&other).unwrap();
    }
}
