//! `cluster.toml` -> [`Config`]: parsed once, checked once, then immutable.
//!
//! One file describes the whole cluster and is the same at every company. Secrets are not in it: it names the files that hold them, and a
//! node reads only its own, so that the other companies' private files need not exist on its machine.
//!
//! Invariants of a loaded `Config`: companies ascend by code and differ in more than case; every path is absolute; every number lies within
//! the bounds named here.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use passcom_actors::domain::ids::CompanyId;
use passcom_sql::SslMode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::certificate::Revocation;

mod conditions;
mod connections;
mod database;
mod limits;
mod mail;
mod operators;
mod payment;
mod proxies;
mod requires;
mod secret;
mod tls;

pub use conditions::{Conditions, Sentence};
pub use connections::Connections;
pub use limits::{Limits, Retention, Tariff, Timeouts};
pub use mail::{Mail, Tls};
pub use operators::{Operator, OperatorRole, read_token};
pub use payment::{Payment, Provider};
pub use proxies::ProxyHeader;
pub use requires::Requires;
pub use tls::{AdminTls, HttpTls};

/// Most companies of one cluster: every decision asks a majority of them.
pub const COMPANIES_MAX: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("{} is not a cluster configuration: {cause}", path.display())]
    Syntax {
        path: PathBuf,
        cause: Box<toml::de::Error>,
    },
    #[error("{}: {field}: {problem}", path.display())]
    Field {
        path: PathBuf,
        field: String,
        problem: String,
    },
}

/// A field and what is wrong with it, before the file's name is known.
type Fault = (String, String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it was read from.
    #[serde(skip)]
    path: PathBuf,
    pub cluster: Cluster,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub timeouts: Timeouts,
    #[serde(default)]
    pub connections: Connections,
    #[serde(default)]
    pub tariff: Tariff,
    #[serde(default)]
    pub retention: Retention,
    #[serde(rename = "company")]
    companies: Vec<Company>,
}

/// What all companies have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Certificate (PEM) of the authority that signed every company's certificate.
    pub ca: PathBuf,
    /// The mesh cookie, a wiring guard: a node of another cluster is turned away early. Mutual TLS is the security.
    pub cookie_file: PathBuf,
    /// Leases. One of the two; the file where the URL carries a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_file: Option<PathBuf>,
    /// Certificate (PEM) of the authority that signed that of a Redis behind TLS (`rediss://`), if it is no public one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis_ca: Option<PathBuf>,
    /// Members, or fingerprints of certificates (`sha256:…`), that must not be believed any more. Read anew on SIGHUP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<String>,
}

/// One company: where its node is found, and where that node finds its own things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    pub code: CompanyId,
    /// As customers read it, at every company.
    pub name: String,
    /// `host:port` that the other companies dial.
    pub mesh: String,
    pub mesh_listen: SocketAddr,
    pub http: SocketAddr,
    pub admin: SocketAddr,
    /// One of the two; the file where the URL carries a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url_file: Option<PathBuf>,
    /// Of the role that has the tables, for `passcom migrate`. Without it the node's role has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_owner_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_owner_url_file: Option<PathBuf>,
    /// How the way to the database is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_sslmode: Option<SslMode>,
    /// Certificate (PEM) of the authority that signed the database's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_ca: Option<PathBuf>,
    /// Certificate and private key (PEM) of this company on the mesh.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Ed25519 key (PEM) that signs this company's tokens. Only its own node has it.
    pub token_key: PathBuf,
    /// The public half (PEM). Every node has every company's.
    pub token_public_key: PathBuf,
    /// Of the operator "admin", who may do everything.
    pub admin_token_file: PathBuf,
    /// Where customers find this company's page (`https://host`); e-tickets lead there. Without it their codes are bare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Pages of other sites (`https://host`) that may ask its client port from a browser.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cors_origins: Vec<String>,
    /// Proxies before its client port (`10.0.0.0/8`, `192.0.2.7/32`): they say who asks. Without them, whoever connects does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<String>,
    /// In which header they say it; the other one is a client's.
    #[serde(default, skip_serializing_if = "ProxyHeader::is_default")]
    pub proxy_header: ProxyHeader,
    /// Through which it sends mail. Without it, it sends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
    /// By whom it is paid. Without it, it takes no payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// What holds of every fare of it. Without them none are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Conditions>,
    /// What it asks to be told of whoever it carries. Every node asks for it, so it is the same in every configuration of the cluster.
    #[serde(default, skip_serializing_if = "Requires::is_nothing")]
    pub requires: Requires,
    /// What its client port shows. Without it, the port speaks in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_tls: Option<HttpTls>,
    /// What its admin port shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin_tls: Option<AdminTls>,
    /// Who else may use its admin port, with tokens of their own.
    #[serde(default, rename = "operator", skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<Operator>,
}

impl Config {
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = secret::read_bounded(path).map_err(|cause| ConfigError::Read {
            path: path.to_owned(),
            cause,
        })?;
        let path = std::path::absolute(path).map_err(|cause| ConfigError::Read {
            path: path.to_owned(),
            cause,
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: PathBuf) -> Result<Self, ConfigError> {
        let mut config: Self = match toml::from_str(text) {
            Ok(config) => config,
            Err(cause) => {
                let cause = Box::new(cause);
                return Err(ConfigError::Syntax { path, cause });
            }
        };
        config.path = path;
        config.companies.sort_by_key(|company| company.code);
        config.make_paths_absolute();
        match config.check() {
            Ok(()) => Ok(config),
            Err((field, problem)) => Err(config.fault(field, problem)),
        }
    }

    /// A configuration made by us rather than by a person; held to the same checks.
    pub fn new(
        path: PathBuf,
        cluster: Cluster,
        timeouts: Timeouts,
        limits: Limits,
        companies: Vec<Company>,
    ) -> Result<Self, ConfigError> {
        let config = Self {
            path: path.clone(),
            cluster,
            limits,
            timeouts,
            connections: Connections::default(),
            tariff: Tariff::default(),
            retention: Retention::default(),
            companies,
        };
        Self::parse(&config.to_toml(), path)
    }

    pub fn to_toml(&self) -> String {
        toml::to_string(self)
            .expect("tables of strings, numbers and paths that were parsed as UTF-8")
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ascending by code.
    pub fn companies(&self) -> &[Company] {
        &self.companies
    }

    pub fn company(&self, code: CompanyId) -> Result<&Company, ConfigError> {
        self.companies
            .iter()
            .find(|company| company.code == code)
            .ok_or_else(|| {
                let known: Vec<_> = self.members().map(|member| member.to_string()).collect();
                let problem = format!("there is no company {code}; there are {}", known.join(", "));
                self.fault("company".into(), problem)
            })
    }

    /// The membership list, ascending.
    pub fn members(&self) -> impl Iterator<Item = CompanyId> {
        self.companies.iter().map(|company| company.code)
    }

    /// SHA-256 over the membership list, one code a line. Nodes whose lists differ count majorities differently and must not meet.
    pub fn membership_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for member in self.members() {
            hash.update(member.as_str());
            hash.update(b"\n");
        }
        hash.finalize().into()
    }

    pub fn redis_url(&self) -> Result<String, ConfigError> {
        self.secret_or(
            "cluster",
            "redis",
            &self.cluster.redis,
            &self.cluster.redis_file,
        )
    }

    pub fn redis_ca(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let read = |path: &PathBuf| {
            let read = std::fs::read(path);
            read.map_err(|cause| self.fault("cluster.redis_ca".into(), cause.to_string()))
        };
        self.cluster.redis_ca.as_ref().map(read).transpose()
    }

    pub fn revoked(&self) -> Result<Vec<Revocation>, ConfigError> {
        let revoked = self.cluster.revoked.iter();
        let read = |text: &String| {
            let member = |one: &Revocation| match one {
                Revocation::Company(code) => self.members().any(|member| member == *code),
                Revocation::Certificate(_) => true,
            };
            let problem = match text.parse::<Revocation>() {
                Ok(one) if member(&one) => return Ok(one),
                Ok(_) => format!("{text} is no company of this cluster"),
                Err(problem) => problem.to_string(),
            };
            Err(self.fault("cluster.revoked".into(), problem))
        };
        revoked.map(read).collect()
    }

    pub fn cookie(&self) -> Result<String, ConfigError> {
        self.read_secret("cluster.cookie_file".into(), &self.cluster.cookie_file)
    }

    pub fn admin_token(&self, company: &Company) -> Result<String, ConfigError> {
        let field = format!("company {}.admin_token_file", company.code);
        self.read_secret(field, &company.admin_token_file)
    }

    /// User and password of the company's mail server, where it wants any.
    pub fn mail_credentials(
        &self,
        company: &Company,
    ) -> Result<Option<(String, String)>, ConfigError> {
        let Some(mail) = &company.mail else {
            return Ok(None);
        };
        mail.credentials().map_err(|(field, problem)| {
            self.fault(format!("company {}.mail.{field}", company.code), problem)
        })
    }

    /// The secrets that the company shares with its payment provider, where there is any.
    pub fn payment_secrets(
        &self,
        payment: &Payment,
        of: CompanyId,
    ) -> Result<Vec<String>, ConfigError> {
        payment.secrets().map_err(|(field, problem)| {
            self.fault(format!("company {of}.payment.{field}"), problem)
        })
    }

    fn secret_or(
        &self,
        owner: &str,
        field: &str,
        inline: &Option<String>,
        file: &Option<PathBuf>,
    ) -> Result<String, ConfigError> {
        match (inline, file) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(file)) => self.read_secret(format!("{owner}.{field}_file"), file),
            (None, None) => unreachable!("checked when it was loaded: one of the two is there"),
        }
    }

    fn read_secret(&self, field: String, path: &Path) -> Result<String, ConfigError> {
        secret::read(path).map_err(|problem| self.fault(field, problem))
    }

    fn fault(&self, field: String, problem: String) -> ConfigError {
        ConfigError::Field {
            path: self.path.clone(),
            field,
            problem,
        }
    }

    fn make_paths_absolute(&mut self) {
        let base = self.path.parent().unwrap_or(Path::new("/")).to_owned();
        let common = [
            Some(&mut self.cluster.ca),
            Some(&mut self.cluster.cookie_file),
            self.cluster.redis_file.as_mut(),
            self.cluster.redis_ca.as_mut(),
        ];
        let own = self.companies.iter_mut().flat_map(Company::paths_mut);
        for path in common.into_iter().flatten().chain(own) {
            *path = base.join(&*path); // an absolute path replaces the base
        }
        for company in &mut self.companies {
            if let Some(mail) = &mut company.mail {
                mail.make_paths_absolute(&base);
            }
            if let Some(payment) = &mut company.payment {
                payment.make_paths_absolute(&base);
            }
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.companies.is_empty() || self.companies.len() > COMPANIES_MAX {
            return fault(
                "company",
                format!(
                    "there are {}; write 1 to {COMPANIES_MAX} [[company]] tables",
                    self.companies.len()
                ),
            );
        }
        one_of(
            "cluster",
            "redis",
            &self.cluster.redis,
            &self.cluster.redis_file,
        )?;
        self.companies.iter().try_for_each(Company::check)?;
        self.check_unique()?;
        self.limits.check()?;
        self.timeouts.check()?;
        self.tariff.check()?;
        self.retention.check()?;
        self.connections.check()
    }

    /// Certificates name companies as DNS names, in which case does not count.
    fn check_unique(&self) -> Result<(), Fault> {
        let mut codes = HashSet::new();
        let mut meshes = HashSet::new();
        for company in &self.companies {
            if !codes.insert(company.code.as_str().to_ascii_lowercase()) {
                return fault(
                    &format!("company {}.code", company.code),
                    "another company has this code (case does not count)",
                );
            }
            if !meshes.insert(&company.mesh) {
                return fault(
                    &format!("company {}.mesh", company.code),
                    format!("another company has {} too", company.mesh),
                );
            }
        }
        Ok(())
    }
}

impl Company {
    fn check(&self) -> Result<(), Fault> {
        let owner = format!("company {}", self.code);
        conditions::check_name(&owner, &self.name)?;
        if let Some(conditions) = &self.conditions {
            conditions.check(&owner)?;
        }
        if !is_host_and_port(&self.mesh) {
            return fault(
                &format!("{owner}.mesh"),
                format!(
                    "\"{}\" is not host:port; write for example \"node-b:7001\"",
                    self.mesh
                ),
            );
        }
        if self
            .public_url
            .as_deref()
            .is_some_and(|url| !is_origin(url))
        {
            return fault(
                &format!("{owner}.public_url"),
                "is not the address of a site; write for example \"https://passagens.example\"",
            );
        }
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            return fault(
                &format!("{owner}.cors_origins"),
                format!(
                    "\"{origin}\" is not the address of a site; write for example \"https://passagens.example\""
                ),
            );
        }
        self.proxies()
            .map_err(|problem| (format!("{owner}.trusted_proxies"), problem))?;
        let listens = [self.mesh_listen, self.http, self.admin];
        if listens.iter().collect::<HashSet<_>>().len() < listens.len() {
            return fault(
                &owner,
                "mesh_listen, http and admin must be three different addresses",
            );
        }
        if let Some(mail) = &self.mail {
            mail.check(&owner)?;
        }
        if let Some(payment) = &self.payment {
            payment.check(&owner)?;
        }
        self.check_operators()?;
        self.check_database()
    }

    fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [
            Some(&mut self.certificate),
            Some(&mut self.key),
            Some(&mut self.token_key),
            Some(&mut self.token_public_key),
            Some(&mut self.admin_token_file),
            self.database_url_file.as_mut(),
            self.database_owner_url_file.as_mut(),
            self.database_ca.as_mut(),
        ]
        .into_iter()
        .flatten()
        .chain(self.http_tls.iter_mut().flat_map(HttpTls::paths_mut))
        .chain(self.admin_tls.iter_mut().flat_map(AdminTls::paths_mut))
        .chain(self.operators.iter_mut().map(|one| &mut one.token_file))
    }
}

fn fault<T>(field: &str, problem: impl Into<String>) -> Result<T, Fault> {
    Err((field.to_owned(), problem.into()))
}

fn one_of(
    owner: &str,
    field: &str,
    inline: &Option<String>,
    file: &Option<PathBuf>,
) -> Result<(), Fault> {
    if inline.is_some() == file.is_some() {
        return fault(
            &format!("{owner}.{field}"),
            format!("write exactly one of {field} and {field}_file"),
        );
    }
    Ok(())
}

fn is_host_and_port(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else {
        return false;
    };
    !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
}

/// `https://host`, with or without a port, and nothing after it.
fn is_origin(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|parsed| {
        matches!(parsed.scheme(), "http" | "https") && parsed.origin().ascii_serialization() == url
    })
}

#[cfg(test)]
mod tests;
