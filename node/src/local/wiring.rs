//! How a tester's cluster differs from a plain one: who is reached through whom, what a node runs under, where a database lies, how long
//! customers' holds last.
//!
//! Read from a file (`passcom demo --wiring FILE`, JSON) before anything starts, and the same for the whole life of the cluster.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use passcom_actors::domain::ids::CompanyId;
use serde::Deserialize;

use crate::config::{Limits, Timeouts};

/// Nothing in it: a plain cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wiring {
    pub redis: Option<Redis>,
    /// So short that a tester can wait for their end.
    pub hold_seconds: Option<u32>,
    pub limits: Whose,
    pub companies: BTreeMap<CompanyId, Company>,
}

/// Whose limits hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    #[default]
    Demo,
    /// All customers are one machine, which makes load.
    Load,
    /// Those of a configuration that says nothing about them.
    Public,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Where it listens.
    pub port: u16,
    /// Where nodes look for it: `redis://host:port`. Who they are is added, and TLS: who listens there shows its certificate.
    pub url: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Company {
    /// Where its node listens for peers.
    pub mesh_port: Option<u16>,
    /// `host:port` at which its node dials another company.
    pub dials: BTreeMap<CompanyId, String>,
    /// A program and arguments that run its node, such as `env` with variables.
    pub run_with: Vec<String>,
    /// The folder of its PostgreSQL.
    pub database: Option<PathBuf>,
}

impl Wiring {
    /// A company or field that is not known is an error, not a cluster that is quietly another one.
    pub fn load(path: &Path, companies: &[CompanyId]) -> anyhow::Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let wiring: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is not a wiring", path.display()))?;
        let dialled = wiring
            .companies
            .values()
            .flat_map(|company| company.dials.keys());
        for code in wiring.companies.keys().chain(dialled) {
            ensure!(
                companies.contains(code),
                "{} names company {code}, which --companies does not",
                path.display()
            );
        }
        Ok(wiring)
    }

    pub fn timeouts(&self) -> Timeouts {
        let plain = Timeouts::default();
        Timeouts {
            hold_seconds: self.hold_seconds.unwrap_or(plain.hold_seconds),
            ..plain
        }
    }

    pub fn limits(&self) -> Limits {
        match self.limits {
            Whose::Demo => Limits::of_a_demo(),
            Whose::Load => Limits::of_one_address(),
            Whose::Public => Limits::default(),
        }
    }

    pub fn company(&self, code: CompanyId) -> Option<&Company> {
        self.companies.get(&code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wiring_of_unknown_companies_or_fields_is_refused() {
        let path = std::env::temp_dir().join(format!("passcom-wiring-{}", std::process::id()));
        let companies = ["a", "b"].map(|code| code.parse().unwrap());
        let load = |text: &str| {
            fs::write(&path, text).unwrap();
            Wiring::load(&path, &companies).map_err(|error| format!("{error:#}"))
        };
        let sound = load(
            r#"{"redis": {"port": 7, "url": "redis://127.0.0.1:8"}, "hold_seconds": 4, "limits": "load", "companies": {"b": {"dials": {"a": "127.0.0.1:9"}}}}"#,
        );
        let stranger = load(r#"{"companies": {"a": {"dials": {"c": "127.0.0.1:9"}}}}"#);
        let field = load(r#"{"companies": {"a": {"dial": {}}}}"#);
        fs::remove_file(&path).unwrap();

        let sound = sound.unwrap();
        assert_eq!(sound.timeouts().hold_seconds, 4);
        assert_eq!(sound.limits(), Limits::of_one_address());
        assert_eq!(sound.redis.unwrap().port, 7);
        assert_eq!(
            sound.companies[&companies[1]].dials[&companies[0]],
            "127.0.0.1:9"
        );
        assert!(stranger.unwrap_err().contains("names company c"));
        assert!(field.unwrap_err().contains("unknown field `dial`"));
    }
}
