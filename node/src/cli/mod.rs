//! One module per command of `passcom`.

use std::io;

use comfy_table::{Table, presets};
use tokio::signal::unix::{SignalKind, signal};

pub mod admin;
pub mod certs;
pub mod demo;
pub mod import;
pub mod node;

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
