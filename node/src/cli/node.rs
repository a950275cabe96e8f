//! `passcom node`: runs the node of one company until it is told to stop.

use std::num::NonZeroUsize;
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
    /// Threads that the node works with [default: one per core]. Fewer where several nodes share a machine: threads of one
    /// node that hand work to each other cost more than they bring when there is no core for them.
    #[arg(long, value_name = "N")]
    pub worker_threads: Option<NonZeroUsize>,
}

/// Starts logging, loads the configuration, and serves until Ctrl-C or SIGTERM.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = shutdown_signal().context("listen for signals")?;
    // first, so that what is wrong with the configuration is a line of the log as well
    telemetry::init(args.log_format, &args.log)?;
    let config = Config::load(&args.config)?;
    config.company(args.company)?;
    node::run(config, args.company, shutdown).await
}
