//! `passcom`: one program, one command per job.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use passcom_actors::domain::ids::CompanyId;
use passcom_node::cli::demo::{Steps, Stock};
use passcom_node::cli::{admin, demo, node};
use passcom_node::config::Config;
use passcom_node::local::tether;

/// Three airlines' nodes that sell each other's seats.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run a whole cluster on this machine.
    Demo(demo::Args),
    /// Run the node of one company.
    Node(node::Args),
    /// Ask a running node how it is.
    Admin(admin::Args),
    #[command(hide = true)]
    Tether(tether::Args),
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("passcom: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    // becomes another program: no thread may have been started
    if let Command::Tether(args) = command {
        return args.exec();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.context("start the runtime")?.block_on(async {
        match command {
            Command::Demo(args) => {
                let steps = Steps {
                    certificates: |_: &Path, _: &[CompanyId]| {
                        bail!("this build makes no certificates")
                    },
                    stock: async |_: &Config, _: CompanyId, _: &Stock| {
                        bail!("this build imports no schedules")
                    },
                };
                demo::run(args, steps).await
            }
            Command::Node(args) => node::run(args, serve).await,
            Command::Admin(args) => admin::run(args).await,
            Command::Tether(_) => unreachable!("it ran above"),
        }
    })
}

async fn serve(_: Config, _: CompanyId) -> anyhow::Result<()> {
    bail!("this build has no node")
}
