//! Style that the architecture rests on: Portuguese stays at the edge, every file says what lives there, and links
//! between pages lead somewhere.

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

/// Every page of the repository. Folders of tools are not ours: hidden ones, packages of Node, and what cargo builds.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() {
            let built = path.join("CACHEDIR.TAG").exists();
            if !built && !name.starts_with('.') && name != "node_modules" {
                found.extend(pages(&path));
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// Where the links of a page lead, but for those to other hosts.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split("](").skip(1);
    let links = after.filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
    links.filter(|link| !link.contains("://"))
}

/// The name by which a link finds this line, if it is a heading.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let heading = heading.to_lowercase().replace(' ', "-");
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || ['-', '_'].contains(c));
    Some(kept.collect())
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_of_it() {
    let mut links_seen = 0;
    for page in pages(&root()) {
        let text = fs::read_to_string(&page).expect("a page is text");
        for link in links(&text) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                _ => page.parent().expect("a folder").join(file),
            };
            let shown = page.display();
            assert!(target.exists(), "{shown} links to {link}: no such file");
            if !heading.is_empty() {
                let there = fs::read_to_string(&target).expect("headings stand in pages");
                let found = there.lines().filter_map(anchor).any(|it| it == heading);
                assert!(found, "{shown} links to {link}: no such heading");
            }
            links_seen += 1;
        }
    }
    assert!(links_seen > 50, "links are found");
}
