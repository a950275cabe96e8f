//! `chaos`: breaks a real cluster and audits it, or measures it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use passcom_chaos::cluster::Options;
use passcom_chaos::report::summary::{self, Row, Summary};
use passcom_chaos::report::{self, table};
use passcom_chaos::scenario::{self, Abilities, CLIENTS_MAX, Load, Plan, SECONDS_MAX, Scenario};
use passcom_chaos::{bench, nemesis::Nemesis};
use tokio::signal::unix::{SignalKind, signal};

const ROUNDS_MAX: u64 = 10_000;
/// Names every scenario.
const ALL: &str = "all";
/// Of histories and reports, unless the command says otherwise.
const REPORTS: &str = "chaos-report";

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
    /// Scenarios that there are, and what each does.
    List,
    /// Breaks a cluster under load; fails if an invariant does not hold.
    Run(Run),
    /// Measures how fast it is, by itself or against another build.
    Bench(Bench),
}

#[derive(clap::Args)]
struct Bench {
    #[command(flatten)]
    cluster: Options,
    /// A minute: bookings over three companies by 1 and by 32 clients, and at one company by 32.
    #[arg(long, conflicts_with_all = ["only", "clients", "sizes"])]
    quick: bool,
    /// Groups of measurements [default: all].
    #[arg(long, value_delimiter = ',', value_name = "GROUP")]
    only: Vec<bench::plan::Group>,
    /// Of each measurement.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX / 4))]
    seconds: u64,
    /// Clients at once who book; one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128])]
    clients: Vec<usize>,
    /// Legs on sale while growth is measured, of made-up schedules.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 219_432])]
    sizes: Vec<usize>,
    /// Routes of each company whose seats are sold, if there are so many.
    #[arg(long, default_value_t = 10_000)]
    routes: usize,
    /// Another build of `passcom`, measured in turn with the first.
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// Sends bookings without idempotency keys, which careful clients send.
    #[arg(long)]
    without_keys: bool,
    /// Draws which seats are booked.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the report as JSON to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the report as a page to this file, too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Run {
    /// One of `chaos list`, or all of them, one after the other.
    #[arg(required_unless_present = "scenario", conflicts_with = "scenario")]
    name: Option<String>,
    /// A scenario of one's own (TOML; the folder chaos/scenarios has patterns).
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    cluster: Options,
    /// Draws what customers do and what breaks [default: a new one, which is printed].
    #[arg(long)]
    seed: Option<u64>,
    /// Of the load [default: the scenario's].
    #[arg(long, value_parser = clap::value_parser!(u64).range(5..=SECONDS_MAX))]
    seconds: Option<u64>,
    /// Ends sooner, after so many rounds of faults.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=ROUNDS_MAX))]
    rounds: Option<u64>,
    /// Customers at once [default: the scenario's].
    #[arg(long)]
    clients: Option<usize>,
    /// What they want [default: the scenario's].
    #[arg(long, value_enum)]
    load: Option<Load>,
    /// Keeps the history and the report of each run in a folder in this one [default: that of --keep, or chaos-report].
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Writes the table as JSON to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let command = Args::parse().command;
    let abilities = match &command {
        Command::Run(_) => Abilities::find(), // while there is only this thread
        Command::List | Command::Bench(_) => Abilities::default(),
    };
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    runtime.block_on(async {
        tokio::select! {
            result = obey(command, &abilities) => result,
            interrupted = interrupt() => {
                // what runs is stopped as it is dropped
                interrupted?;
                eprintln!("interrupted");
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

async fn obey(command: Command, abilities: &Abilities) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => list(),
        Command::Run(args) => break_it(args, abilities).await,
        Command::Bench(args) => measure(args).await,
    }
}

fn list() -> anyhow::Result<ExitCode> {
    let mut scenarios = table(&["scenario", "seconds", "what happens"]);
    for name in Scenario::names() {
        let scenario = Scenario::named(name)?;
        let seconds = scenario.length.as_secs().to_string();
        scenarios.add_row([scenario.name, seconds, scenario.about]);
    }
    let mut nemeses = table(&["kind of [[nemesis]]", "lasts s", "what it does"]);
    for nemesis in Nemesis::all() {
        let lasts = nemesis.lasts();
        let lasts = format!("{} to {}", lasts.start(), lasts.end());
        nemeses.add_row([nemesis.to_string(), lasts, nemesis.about().to_owned()]);
    }
    println!("{scenarios}\n\nFor scenarios of your own:\n\n{nemeses}");
    Ok(ExitCode::SUCCESS)
}

async fn break_it(args: Run, abilities: &Abilities) -> anyhow::Result<ExitCode> {
    let scenarios = chosen(&args)?;
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let alone = scenarios.len() == 1;
    let folder = reports(&args)?;
    let mut summary = Summary::default();
    for mut scenario in scenarios {
        let name = scenario.name.clone();
        change(&mut scenario, &args)?;
        let scenario = match scenario.fit(abilities) {
            Ok(scenario) => scenario,
            Err(error) if !alone => {
                eprintln!("NOT DONE: {name}: {error:#}");
                summary.missing.push((name, format!("{error:#}")));
                continue;
            }
            Err(error) => return Err(error),
        };
        for (nemesis, why) in &scenario.missing {
            eprintln!("NOT DONE: {nemesis} within {name}: {why}");
            let what = format!("{nemesis} within {name}");
            summary.missing.push((what, why.clone()));
        }
        println!("{name} with --seed {seed}: {}", scenario.about);
        run_one(scenario, seed, &args, &folder, &mut summary).await;
        // also after each: a long row of runs may be interrupted
        report::write_summary(&summary, &folder)?;
    }
    println!("{summary}");
    if let Some(path) = &args.json {
        save(path, report::to_json(&summary)?)?;
    }
    println!("reports: {}", folder.join("index.html").display());
    Ok(match summary.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn run_one(scenario: Scenario, seed: u64, args: &Run, folder: &Path, summary: &mut Summary) {
    let name = scenario.name.clone();
    let own = summary::folder(&name, seed);
    let mut cluster = args.cluster.clone();
    cluster.keep = cluster.keep.map(|keep| keep.join(&own));
    let plan = Plan {
        command: args.again(&scenario, seed),
        scenario,
        seed,
        rounds_max: args.rounds.map(|rounds| rounds as usize),
        folder: Some(folder.join(own)),
    };
    match scenario::run(&cluster, &plan).await {
        Ok(verdict) => {
            println!("{verdict}");
            summary.rows.push(Row::new(&verdict));
        }
        Err(error) => {
            eprintln!("FAILED: {name} with --seed {seed}: {error:#}");
            summary.failed.push((name, format!("{error:#}")));
        }
    }
}

/// Where reports go.
fn reports(args: &Run) -> anyhow::Result<PathBuf> {
    let folder = args.report.as_ref().or(args.cluster.keep.as_ref());
    let folder = folder.map_or(Path::new(REPORTS), PathBuf::as_path);
    std::path::absolute(folder).with_context(|| format!("find {}", folder.display()))
}

impl Run {
    /// The command that does one of its scenarios again.
    fn again(&self, scenario: &Scenario, seed: u64) -> String {
        let mut words = vec!["chaos run".to_owned()];
        match &self.scenario {
            Some(file) => words.push(format!("--scenario {}", file.display())),
            None => words.push(scenario.name.clone()),
        }
        words.push(format!(
            "--seed {seed} --seconds {} --clients {}",
            scenario.length.as_secs(),
            scenario.clients
        ));
        if let Some(load) = scenario.load.to_possible_value() {
            words.push(format!("--load {}", load.get_name()));
        }
        if let Some(rounds) = self.rounds {
            words.push(format!("--rounds {rounds}"));
        }
        words.extend(self.cluster.what_is_sold());
        words.join(" ")
    }
}

fn chosen(args: &Run) -> anyhow::Result<Vec<Scenario>> {
    match (&args.scenario, args.name.as_deref()) {
        (Some(path), _) => Ok(vec![Scenario::load(path)?]),
        (None, Some(ALL)) => Scenario::names().map(Scenario::named).collect(),
        (None, Some(name)) => Ok(vec![Scenario::named(name)?]),
        (None, None) => anyhow::bail!("name a scenario: see `chaos list`"),
    }
}

fn change(scenario: &mut Scenario, args: &Run) -> anyhow::Result<()> {
    if let Some(seconds) = args.seconds {
        scenario.length = Duration::from_secs(seconds);
    }
    if let Some(clients) = args.clients {
        check_clients(&[clients])?;
        scenario.clients = clients;
    }
    if let Some(load) = args.load {
        scenario.load = load;
    }
    Ok(())
}

async fn measure(args: Bench) -> anyhow::Result<ExitCode> {
    check_clients(&args.clients)?;
    let plan = bench::plan::Plan {
        groups: match args.only.is_empty() {
            true => bench::plan::Group::value_variants().to_vec(),
            false => args.only,
        },
        quick: args.quick,
        length: Duration::from_secs(args.seconds),
        clients: args.clients,
        sizes: args.sizes,
        terms: bench::bed::Terms {
            routes: args.routes,
            keys: !args.without_keys,
            seed: args.seed,
        },
        against: args.against,
    };
    let report = bench::run(&args.cluster, &plan).await?;
    println!("{report}");
    if let Some(path) = &args.json {
        save(path, report::to_json(&report)?)?;
    }
    if let Some(path) = &args.html {
        save(path, bench::page::page(&report).into_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn save(path: &Path, text: String) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn check_clients(clients: &[usize]) -> anyhow::Result<()> {
    let within = clients
        .iter()
        .all(|clients| (1..=CLIENTS_MAX).contains(clients));
    ensure!(
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
