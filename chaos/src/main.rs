//! `chaos`: breaks a real cluster and audits it, or measures it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use passcom_chaos::bench;
use passcom_chaos::cluster::Options;
use passcom_chaos::scenario::{self, Fault};
use passcom_chaos::stock::Size;
use tokio::signal::unix::{SignalKind, signal};

/// A customer's token lives for fifteen minutes.
const SECONDS_MAX: u64 = 600;
const CLIENTS_MAX: usize = 256;
/// So many days of the sample have [`Bench::routes`] by default at the company that has the fewest.
const SAMPLE_DAYS: u16 = 160;
/// On sale to the customers of a run that is not about contention.
const ROUTES: usize = 300;

#[derive(Parser)]
#[command(
    about = "Breaks a real PassCom cluster and audits it, or measures it",
    version
)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures three-company bookings.
    Bench(Bench),
    /// Breaks a cluster under load; fails if an invariant does not hold.
    Run(Run),
}

#[derive(clap::Args)]
struct Bench {
    #[command(flatten)]
    cluster: Options,
    /// Of each measurement.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX / 4))]
    seconds: u64,
    /// Customers at once; one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32])]
    clients: Vec<usize>,
    /// Routes of each company that are touched.
    #[arg(long, default_value_t = 10_000)]
    routes: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Run {
    fault: Fault,
    #[command(flatten)]
    cluster: Options,
    /// Draws what customers do and what breaks [default: a new one, which is printed].
    #[arg(long)]
    seed: Option<u64>,
    /// Of the load.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(10..=SECONDS_MAX))]
    seconds: u64,
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Most want the same twenty seats of each company.
    #[arg(long)]
    hot: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    tokio::select! {
        result = run(args.command) => result,
        interrupted = interrupt() => {
            // what runs is stopped as it is dropped
            interrupted?;
            eprintln!("interrupted");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Bench(args) => measure(args).await,
        Command::Run(args) => break_it(args).await,
    }
}

async fn measure(args: Bench) -> anyhow::Result<ExitCode> {
    check_clients(&args.clients)?;
    let plan = bench::Plan {
        length: Duration::from_secs(args.seconds),
        clients: args.clients,
        routes: args.routes,
        seed: args.seed,
    };
    let mut cluster = args.cluster;
    if cluster.schedules.is_empty() {
        cluster.days = cluster.days.or(Some(SAMPLE_DAYS));
    }
    let report = bench::run(&cluster, &plan).await?;
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => println!("{report}"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn break_it(args: Run) -> anyhow::Result<ExitCode> {
    check_clients(&[args.clients])?;
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("{} with --seed {seed}", args.fault.name());
    let plan = scenario::Plan {
        fault: args.fault,
        seed,
        length: Duration::from_secs(args.seconds),
        customers: args.clients,
        size: Size::both(ROUTES),
        hot: args.hot,
    };
    let verdict = scenario::run(&args.cluster, &plan).await?;
    println!("{verdict}");
    Ok(match verdict.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn check_clients(clients: &[usize]) -> anyhow::Result<()> {
    let within = clients
        .iter()
        .all(|clients| (1..=CLIENTS_MAX).contains(clients));
    anyhow::ensure!(
        within && !clients.is_empty(),
        "--clients is between 1 and {CLIENTS_MAX}"
    );
    Ok(())
}

async fn interrupt() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for signals")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}
