//! `passcom node`: runs the node of one company until it is told to stop.

use std::path::PathBuf;

use anyhow::Context;
use passcom_actors::domain::ids::CompanyId;

use super::shutdown_signal;
use crate::config::Config;
use crate::node;
use crate::telemetry::{self, LogFormat};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration of the cluster.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Whose node this is.
    #[arg(long, value_name = "CODE")]
    company: CompanyId,
    /// What to log: a level, or levels per module.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
    #[arg(long, value_enum, default_value = "auto")]
    log_format: LogFormat,
}

/// Loads the configuration, starts logging, and serves until Ctrl-C or SIGTERM.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = shutdown_signal().context("listen for signals")?;
    let config = Config::load(&args.config)?;
    config.company(args.company)?;
    telemetry::init(args.log_format, &args.log)?;
    node::run(config, args.company, shutdown).await
}
