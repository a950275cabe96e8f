//! `passcom` in which every fail point is a place to die. For tests: without arguments of its own it is `passcom`.
//!
//! * `passcom-failpoints list-fail-points` prints the points that this program has.
//! * `PASSCOM_KILL_AT=FILE`: whoever comes to the point that is written in the file removes it and kills the process. So a test arms a
//!   point while the program runs, and sees by the missing file that it was this point that killed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use passcom_actors::mesh::fail_points::steps;

const ARMED: &str = "PASSCOM_KILL_AT";
const LIST: &str = "list-fail-points";

fn main() -> ExitCode {
    configure(std::env::var_os(ARMED).map(PathBuf::from));
    if std::env::args().nth(1).as_deref() == Some(LIST) {
        return list();
    }
    passcom_node::cli::main()
}

/// Makes every point known to [`fail::list`]; it does something only if a point can be armed.
fn configure(armed: Option<PathBuf>) {
    let armed: Option<Arc<Path>> = armed.map(Arc::from);
    for point in steps::all() {
        let configured = match armed.clone() {
            Some(armed) => fail::cfg_callback(point, move || die_if_armed(&armed, point)),
            None => fail::cfg(point, "off"),
        };
        configured.expect("the action is a constant, and valid");
    }
}

fn die_if_armed(armed: &Path, point: &str) {
    // no file: nothing is armed
    if std::fs::read_to_string(armed).is_ok_and(|name| name.trim_end() == point) {
        // of two threads at the same point, one finds it gone; both may die of it
        let _ = std::fs::remove_file(armed);
        kill(Pid::this(), Signal::SIGKILL).expect("a process may kill itself");
    }
}

fn list() -> ExitCode {
    let mut names: Vec<String> = fail::list().into_iter().map(|(name, _)| name).collect();
    names.sort();
    // one name for two steps: arming it would be ambiguous, and one of them would need no case
    assert_eq!(names.len(), steps::all().count(), "two steps share a name");
    let mut text = names.join("\n");
    text.push('\n');
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE, // whoever reads has gone
    }
}
