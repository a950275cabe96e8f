//! `passcom demo`: a whole cluster on this machine, ready for a first booking.
//!
//! The servers and processes are [`crate::local`]'s; what a company needs before its node starts (certificates, legs on sale) is made
//! by the same code as by `passcom certs` and `passcom import`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, bail};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use passcom_actors::domain::ids::CompanyId;

use super::{import, shutdown_signal};
use crate::certs;
use crate::config::COMPANIES_MAX;
use crate::local::cluster::{LocalCluster, Options};
use crate::local::control::Control;
use crate::local::wiring::Wiring;

mod client;
mod guide;
mod trip;
mod users;

use guide::Guide;

/// Longest window of dates that is put on sale.
const DAYS_MAX: u16 = 366;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for everything that the demo keeps.
    #[arg(long, default_value = ".passcom")]
    dir: PathBuf,
    /// First company's port; the others follow, admin ports are 1000 above.
    #[arg(long, default_value_t = 8081)]
    http_port: u16,
    /// Companies to run.
    #[arg(long, value_delimiter = ',', default_value = "a,b,c")]
    companies: Vec<CompanyId>,
    /// Schedules to sell (SSIM or CSV) instead of the sample.
    #[arg(long, value_name = "FILE_OR_DIR", num_args = 1..)]
    schedules: Vec<PathBuf>,
    /// First day on sale [default: today].
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Days on sale.
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)))]
    days: u16,
    /// Wipe what earlier demos left in the folder.
    #[arg(long)]
    fresh: bool,
    /// Leave a node that died alone.
    #[arg(long)]
    no_restart: bool,
    /// Book one trip over all companies, print it, and stop.
    #[arg(long)]
    check: bool,
    /// How this cluster differs from a plain one, for testers.
    #[arg(long, value_name = "FILE", hide = true)]
    wiring: Option<PathBuf>,
    /// Take orders over the socket that is standard input, for testers.
    #[arg(long, hide = true)]
    control: bool,
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    let shutdown = shutdown_signal().context("listen for signals")?;
    let companies = in_order(&args.companies)?;
    let wiring = match &args.wiring {
        Some(path) => Wiring::load(path, &companies)?,
        None => Wiring::default(),
    };
    let control = args.control.then(Control::on_stdin).transpose()?;
    let mut cluster = LocalCluster::open(Options {
        dir: args.dir.clone(),
        http_port: args.http_port,
        companies: companies.clone(),
        fresh: args.fresh,
        passcom: std::env::current_exe().context("find our own program")?,
        search: std::env::var_os("PATH").unwrap_or_default(),
        wiring,
    })
    .await?;
    say_where(&cluster);
    let schedules = absolute(&args.schedules)?;
    let result = tokio::select! {
        result = serve(&mut cluster, &args, &companies, &schedules, control) => result,
        () = shutdown => {
            println!("stopping");
            Ok(())
        }
    };
    // whatever happened, nothing is left running
    let stopped = cluster.stop().await;
    result.and(stopped)
}

/// Returns only if something failed, `--check` is done, or whoever controls it is gone.
async fn serve(
    cluster: &mut LocalCluster,
    args: &Args,
    companies: &[CompanyId],
    schedules: &[PathBuf],
    control: Option<Control>,
) -> anyhow::Result<()> {
    let start = Instant::now();
    let certificates = cluster.folder().certificates();
    let config = cluster.start_servers().await?.clone();
    progress(start, "PostgreSQL and Redis run");
    certs::generate(&certificates, companies).context("make certificates")?;
    let fills = companies.iter().map(async |company| {
        let import = import::Args {
            config: config.path().to_owned(),
            company: *company,
            from: Some(args.from.map_or_else(import::today, Ok)?),
            days: args.days.into(),
            dry_run: false,
            merge: false,
            // the folder is a plaything: what it is started with is what it sells
            force: !schedules.is_empty(),
            skip_bad: false,
            json: false,
            files: schedules.to_vec(),
            sample: schedules.is_empty(),
        };
        let done = import::import(&import).await;
        let done = done.with_context(|| format!("put the legs of {company} on sale"))?;
        progress(start, &done.headline());
        anyhow::Ok(())
    });
    try_join_all(fills).await?;
    cluster
        .start_nodes(|company| progress(start, &format!("node of {company} is ready")))
        .await?;

    let guide = Guide::prepare(cluster.folder(), &config).await?;
    if args.check {
        return guide.check().await;
    }
    guide.print()?;
    println!("\nready");
    cluster.keep_running(!args.no_restart, control).await
}

fn progress(start: Instant, done: &str) {
    println!("{:6.1} s  {done}", start.elapsed().as_secs_f32());
}

fn say_where(cluster: &LocalCluster) {
    let folder = cluster.folder();
    println!(
        "PassCom under {} (stop with Ctrl-C)",
        folder.root().display()
    );
    if let (true, Some(user)) = (folder.servers_are_elsewhere(), cluster.user()) {
        let servers = folder.servers().display();
        println!(
            "servers run as user {}, who cannot reach that folder: their data is under {servers}",
            user.name
        );
    }
}

fn in_order(companies: &[CompanyId]) -> anyhow::Result<Vec<CompanyId>> {
    let mut sorted = companies.to_vec();
    sorted.sort_unstable();
    let mut lower: Vec<_> = sorted
        .iter()
        .map(|code| code.as_str().to_ascii_lowercase())
        .collect();
    lower.sort_unstable();
    lower.dedup();
    if lower.len() < sorted.len() {
        bail!("--companies names one twice (case does not count)");
    }
    if sorted.len() > COMPANIES_MAX {
        bail!(
            "--companies names {}, more than {COMPANIES_MAX}",
            sorted.len()
        );
    }
    Ok(sorted)
}

fn absolute(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let check = |path: &PathBuf| {
        path.canonicalize()
            .with_context(|| format!("--schedules {}", path.display()))
    };
    paths.iter().map(check).collect()
}
