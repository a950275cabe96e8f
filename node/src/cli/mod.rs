//! `passcom` as it is typed: one module per command.

use std::io;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use comfy_table::{Table, presets};
use tokio::signal::unix::{SignalKind, signal};

use crate::local::tether;
use crate::node::use_small_pages;
use crate::telemetry::tell_end;

pub mod admin;
pub mod certs;
pub mod demo;
pub mod flight;
pub mod import;
pub mod migrate;
pub mod node;
pub mod schedule;

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
    /// Bring the tables of a company's database up to date, as their owner.
    Migrate(migrate::Args),
    /// Put a company's flights on sale.
    Import(import::Args),
    /// Look at one flight of a day, or change it.
    Flight(flight::Args),
    /// Look at schedule files before they are imported.
    Schedule(schedule::Args),
    /// Make certificates and keys for a cluster.
    Certs(certs::Args),
    /// Ask a running node how it is.
    Admin(admin::Args),
    #[command(hide = true)]
    Tether(tether::Args),
}

/// The whole program.
pub fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell_end(&error);
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
    if let Command::Node(args) = &command {
        use_small_pages(); // what threads have taken before stays as it is
        if let Some(threads) = args.worker_threads {
            runtime.worker_threads(threads.get());
        }
    }
    let runtime = runtime.enable_all().build();
    runtime.context("start the runtime")?.block_on(async {
        match command {
            Command::Demo(args) => demo::run(args).await,
            Command::Node(args) => node::run(args).await,
            Command::Migrate(args) => migrate::run(&args).await,
            Command::Import(args) => import::run(&args).await,
            Command::Flight(args) => flight::run(&args).await,
            Command::Schedule(args) => schedule::run(&args),
            Command::Certs(args) => certs::run(&args),
            Command::Admin(args) => admin::run(args).await,
            Command::Tether(_) => unreachable!("it ran above"),
        }
    })
}

/// Completes on Ctrl-C or SIGTERM. From the first call on these no longer end the process by themselves.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// An empty table in the look that all commands share.
fn table<T: ToString>(header: impl IntoIterator<Item = T>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header(header.into_iter().map(|column| column.to_string()));
    table
}

#[cfg(test)]
mod tests;
