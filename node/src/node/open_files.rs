//! How many files this process may have open: every connection is one, and a shell's usual limit is far below ours.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Raises this process's own limit as far as it is allowed to. A node with a lower one serves whom it can.
pub fn allow(wanted: u64) {
    let (soft, hard) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(limits) => limits,
        Err(cause) => return warn!(%cause, "cannot read the limit of open files"),
    };
    if soft >= wanted {
        return;
    }
    let raised = wanted.min(hard);
    if let Err(cause) = setrlimit(Resource::RLIMIT_NOFILE, raised, hard) {
        return warn!(%cause, soft, raised, "cannot raise the limit of open files");
    }
    if raised < wanted {
        warn!(
            raised,
            wanted,
            "fewer connections than configured: raise the hard limit of open files (ulimit -Hn)"
        );
    } else {
        debug!(soft, raised, "limit of open files raised");
    }
}
