//! `passcom`: one program, one command per job.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use passcom_node::cli::{admin, certs, demo, import, node};
use passcom_node::local::tether;

/// A booking makes many small allocations in several threads; the system's allocator takes a fifth of a node's time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Put a company's flights on sale.
    Import(import::Args),
    /// Make certificates and keys for a cluster.
    Certs(certs::Args),
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
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Command::Node(args) = &command
        && let Some(threads) = args.worker_threads
    {
        runtime.worker_threads(threads.get());
    }
    let runtime = runtime.enable_all().build();
    runtime.context("start the runtime")?.block_on(async {
        match command {
            Command::Demo(args) => demo::run(args).await,
            Command::Node(args) => node::run(args).await,
            Command::Import(args) => import::run(&args).await,
            Command::Certs(args) => certs::run(&args),
            Command::Admin(args) => admin::run(args).await,
            Command::Tether(_) => unreachable!("it ran above"),
        }
    })
}
