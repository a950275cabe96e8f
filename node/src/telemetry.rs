//! Logs and metrics of a process.
//!
//! Invariant: no personal data in logs. That is why libraries that print payloads at debug level stay at info unless somebody asks for them by
//! name, and why the panic hook leaves the panic's own text out.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// `ractor_cluster` prints whole messages at debug level; `tokio_postgres` repeats every notice of a server.
const QUIET: [&str; 3] = ["ractor=info", "ractor_cluster=info", "tokio_postgres=warn"];
/// Upper bounds, in seconds, of everything measured in seconds.
const SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Text,
    Json,
}

/// Whether this process logs: then its end is told as everything else is.
static LOGS: AtomicBool = AtomicBool::new(false);

/// Why the process ends, for whoever reads its standard error: as a line of the log, where there is one.
pub fn tell_end(cause: &anyhow::Error) {
    if LOGS.load(Ordering::Relaxed) {
        error!(cause = format!("{cause:#}"), "passcom ends");
    } else {
        eprintln!("passcom: {cause:#}");
    }
}

/// Sets up logging to standard error. `filter` is a list such as `info,passcom_actors=debug`.
pub fn init(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = parse_filter(filter)?;
    let json = match format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if json {
        registry
            .with(layer.json().flatten_event(true).with_current_span(false))
            .try_init()
    } else {
        registry
            .with(layer.with_ansi(std::io::stderr().is_terminal()))
            .try_init()
    }
    .context("set up logging")?;
    LOGS.store(true, Ordering::Relaxed);
    log_panics();
    Ok(())
}

/// Later directives win, so what is quiet comes first where the user does not name it.
fn parse_filter(filter: &str) -> anyhow::Result<EnvFilter> {
    let quiet = QUIET.iter().filter(|directive| {
        let target = directive.split('=').next().unwrap_or_default();
        !filter
            .split(',')
            .any(|wish| wish.split('=').next() == Some(target))
    });
    let directives: Vec<_> = quiet.copied().chain([filter]).collect();
    EnvFilter::try_new(directives.join(",")).with_context(|| {
        format!("--log \"{filter}\" is not a filter; write for example info,passcom_actors=debug")
    })
}

/// Says where, not what: the text of a panic may quote what a customer sent.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        error!(location, thread = thread.name(), "panicked");
    }));
}

/// Installs the recorder of all metrics; the handle renders them. Call [`PrometheusHandle::run_upkeep`] now and then.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("set the buckets of histograms")?
        .install_recorder()
        .context("install the metrics recorder")?;
    // what an alarm watches must be there before it happens for the first time
    for counter in [
        "passcom_alarms_total",
        "passcom_actor_failures_total",
        "passcom_ledger_conflicts_total",
        "passcom_log_partitions_dropped_total",
        "passcom_searches_cut_short_total",
    ] {
        metrics::counter!(counter).absolute(0);
    }
    metrics::gauge!("passcom_lease_table_away").set(0.0);
    metrics::gauge!("passcom_sagas_in_doubt").set(0.0);
    metrics::gauge!("passcom_sagas_unfinished").set(0.0);
    Ok(metrics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_stay_out_of_the_log_unless_asked_for_by_name() {
        let shown = |filter| parse_filter(filter).unwrap().to_string();
        assert!(shown("debug").contains("ractor_cluster=info"));
        assert!(!shown("info,ractor_cluster=debug").contains("ractor_cluster=info"));
        assert!(parse_filter("passcom=loud").is_err());
    }
}
