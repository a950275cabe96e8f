//! `passcom migrate`: brings the tables of a company's database up to date, as the role that has them, and lets the node's role work.

use std::path::PathBuf;

use passcom_actors::domain::ids::CompanyId;

use crate::config::Config;
use crate::migration;
use crate::telemetry::{self, LogFormat};

/// Brings the tables of a company's database up to date.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration of the cluster
    #[arg(long, value_name = "PATH")]
    config: PathBuf,
    /// Whose database it is
    #[arg(long, value_name = "CODE")]
    company: CompanyId,
    #[arg(long, value_enum, default_value = "auto")]
    log_format: LogFormat,
}

pub async fn run(args: &Args) -> anyhow::Result<()> {
    telemetry::init(args.log_format, "info")?;
    let config = Config::load(&args.config)?;
    migration::migrate(&config, config.company(args.company)?).await
}
