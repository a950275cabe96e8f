//! Style that the architecture rests on: Portuguese stays at the edge, and every file says what lives there.

use std::fs;
use std::path::{Path, PathBuf};

/// Names of the wire. Whatever speaks them translates; nothing else may.
const PORTUGUESE: [&str; 8] = [
    "reserva",
    "trecho",
    "passagem",
    "assento",
    "poltrona",
    "companhia",
    "usuario",
    "passageiro",
];

/// The product. `http` is the edge that translates; `chaos` speaks to it from outside.
const INSIDE: [&str; 4] = ["actors", "actors/domain", "node", "sql"];
/// What inside them speaks as a client does, or names a company to passengers.
const SPEAKERS: [&str; 2] = ["node/src/cli/demo", "node/src/local/cluster.rs"];

fn root() -> PathBuf {
    let members = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    members.expect("a member of the workspace").to_owned()
}

/// Every source file below this folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("source text");
            found.push((path, text));
        }
    }
    found
}

/// Sources of these members, named from the root.
fn members(members: &[&str]) -> Vec<(String, String)> {
    let root = root();
    let folders = members.iter().map(|member| root.join(member).join("src"));
    let files = folders.flat_map(|folder| sources(&folder));
    files
        .map(|(path, text)| {
            let name = path.strip_prefix(&root).expect("below the root");
            (name.display().to_string(), text)
        })
        .collect()
}

/// Lines that are not comments, by number.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines());
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn portuguese_stays_at_the_edge() {
    let files = members(&INSIDE).into_iter();
    let files = files.filter(|(name, _)| !SPEAKERS.iter().any(|speaker| name.starts_with(speaker)));
    for (name, text) in files {
        for (number, line) in code(&text) {
            let line = line.to_lowercase();
            let found = PORTUGUESE.iter().find(|word| line.contains(*word));
            assert_eq!(found, None, "{name}:{number}");
        }
    }
}

#[test]
fn every_file_says_what_lives_there() {
    for (name, text) in members(&["actors", "actors/domain", "http", "node", "sql"]) {
        // tests stand under the code whose header says it
        let header = text.starts_with("//! ") || name.ends_with("tests.rs");
        assert!(header, "{name} begins without `//! ` and what lives there");
    }
}
