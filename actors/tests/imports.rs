//! Which file of `src` may know which: arrows point down, so that a file can be read knowing only what stands before
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. A folder, with the file of its name, imports only what stands before it; what is not here stands
/// below all of them and imports none of them.
const ORDER: [&str; 8] = [
    "catalogue",
    "company",
    "mesh",
    "booking",
    "copies",
    "people",
    "watchers",
    "assembly",
];

type Module = Vec<String>;

/// Every module of `src` by its path, with the code that is not for tests.
fn modules() -> BTreeMap<Module, String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("a folder of the source");
        for path in entries.map(|entry| entry.expect("an entry of the folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("source text");
                found.insert(module(&src, &path), code(&text));
            }
        }
    }
    found.retain(|module, _| module.last().is_none_or(|name| name != "tests"));
    found
}

/// `company/mod.rs` is `company`, `lib.rs` nothing.
fn module(src: &Path, path: &Path) -> Module {
    let inside: PathBuf = path.strip_prefix(src).expect("below it").with_extension("");
    let mut parts: Module = inside
        .iter()
        .map(|part| part.to_str().expect("plain names").to_owned())
        .collect();
    parts.pop_if(|last| last == "mod" || last == "lib");
    parts
}

/// Without comments, and without what follows the first line that begins tests.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = before_tests.unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths that follow `crate::` or `super::`, one for each name within braces; `super` is that of this module.
fn paths(module: &Module, code: &str) -> Vec<Module> {
    let above = module.split_last().map_or(&[][..], |(_, above)| above);
    let mut found = Vec::new();
    for (word, root) in [("crate::", &[][..]), ("super::", above)] {
        for (at, _) in code.match_indices(word) {
            if code[..at].ends_with("super::") || code[..at].ends_with("in ") {
                continue;
            }
            found.extend(expand(&code[at + word.len()..]).into_iter().map(|rest| {
                let mut path = root.to_vec();
                path.extend(rest);
                path
            }));
        }
    }
    found
}

/// `a::{b::c, d}` is `a::b::c` and `a::d`.
fn expand(text: &str) -> Vec<Module> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(inside) = text.strip_prefix('{') {
        let (mut depth, mut start, mut found) = (0, 0, Vec::new());
        for (at, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    found.extend(expand(inside[start..at].trim_start()));
                    start = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        return found;
    }
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return Vec::new();
    }
    let rest = rest.strip_prefix("::").map(expand).unwrap_or_default();
    let longer = rest
        .into_iter()
        .map(|rest| [vec![name.to_owned()], rest].concat());
    let longer: Vec<Module> = longer.collect();
    if longer.is_empty() {
        vec![vec![name.to_owned()]]
    } else {
        longer
    }
}

/// What each file imports: the longest module that a path begins with.
fn imports() -> BTreeMap<Module, BTreeSet<Module>> {
    let modules = modules();
    let of = |(module, code): (&Module, &String)| {
        let files = paths(module, code).into_iter().filter_map(|path| {
            let lengths = (1..=path.len()).rev();
            let mut starts = lengths.map(|length| path[..length].to_vec());
            starts.find(|start| modules.contains_key(start))
        });
        let files = files.filter(|file| file != module).collect();
        (module.clone(), files)
    };
    modules.iter().map(of).collect()
}

fn place(module: &Module) -> usize {
    let folder = module.first().map_or("", String::as_str);
    let place = ORDER.iter().position(|name| *name == folder);
    place.map_or(0, |place| place + 1)
}

#[test]
fn folders_import_only_what_stands_before_them() {
    let imports = imports();
    assert!(
        imports.values().flatten().count() > 100,
        "imports are found"
    );
    for (module, imported) in imports {
        // the root names all of them
        for above in imported.iter().filter(|_| !module.is_empty()) {
            let (module, above) = (module.join("::"), above.join("::"));
            assert!(
                place_of(&above) <= place_of(&module),
                "{module} imports {above}, which stands above it"
            );
        }
    }
}

fn place_of(path: &str) -> usize {
    place(&path.split("::").map(str::to_owned).collect())
}

/// Two files may know each other, as a file and a part of it do; a circle of more is a knot.
#[test]
fn no_three_files_go_round_in_a_circle() {
    let imports = imports();
    let reach = |from: &Module| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Module> = imports[from].iter().collect();
        while let Some(module) = open.pop() {
            if seen.insert(module) {
                open.extend(imports.get(module).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = imports
        .keys()
        .map(|module| (module, reach(module)))
        .collect();
    for (module, below) in &reached {
        let circle = below
            .iter()
            .filter(|other| reached[**other].contains(module));
        let circle: Vec<String> = circle.map(|module| module.join("::")).collect();
        assert!(circle.len() <= 2, "a circle of files: {circle:?}");
    }
}
