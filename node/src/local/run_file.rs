//! `cluster.json`: where everything of a running local cluster is, for scripts and tests.

use std::path::PathBuf;

use anyhow::Context;
use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;

use super::folder::{Folder, write_atomically};

#[derive(Debug, Serialize)]
pub struct RunFile {
    pub companies: Vec<RunningCompany>,
    /// As somebody who may do everything there.
    pub redis: String,
    /// Who signed its certificate (PEM); none where it does without TLS.
    pub redis_ca: Option<PathBuf>,
    pub config: PathBuf,
}

#[derive(Debug, Serialize)]
pub struct RunningCompany {
    pub company: CompanyId,
    pub http: String,
    pub admin: String,
    pub admin_token_file: PathBuf,
    /// The node's own process, or its last one while it is down.
    pub pid: i32,
    /// As a superuser: for whoever looks at everything, and breaks it.
    pub postgres: String,
    pub log: PathBuf,
}

impl RunFile {
    pub fn write(&self, folder: &Folder) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self).context("encode the run file")?;
        write_atomically(&folder.run_file(), &text)
    }
}
