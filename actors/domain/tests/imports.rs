//! The rules import each other in one direction: nobody has to read a circle of files to understand one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Who imports whom.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Most files of a circle: two that explain each other.
const CIRCLE_MAX: usize = 2;

/// Every source file below this folder but for tests, by its module's path, without the tests at its end.
fn modules(folder: &Path, parent: &[String]) -> BTreeMap<Vec<String>, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry.expect("an entry of the folder").path();
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let mut module = parent.to_vec();
        if stem != "lib" && stem != "mod" {
            module.push(stem.into_owned());
        }
        if module.last().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            found.extend(modules(&path, &module));
        } else {
            let text = fs::read_to_string(&path).expect("source text");
            let code = text.split("#[cfg(test)]\nmod tests {").next();
            found.insert(module, without_comments(code.unwrap_or_default()));
        }
    }
    found
}

fn without_comments(code: &str) -> String {
    let code = code.lines().filter_map(|line| line.split("//").next());
    code.collect::<Vec<_>>().join("\n")
}

/// The modules that this text names by paths from `crate`, `super` and `self`, groups in braces included.
fn imports(module: &[String], code: &str, known: &BTreeSet<Vec<String>>) -> BTreeSet<Vec<String>> {
    let words = words(code);
    let mut found = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let inside = at >= 2 && words[at - 1] == ":" && words[at - 2] == ":";
        let base = match word.as_str() {
            _ if inside => continue,
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => module[..module.len().saturating_sub(1)].to_vec(),
            _ => continue,
        };
        follow(&words[at + 1..], base, known, &mut found);
    }
    found.remove(module);
    found
}

/// Follows a path from `base` as far as it names modules; what stands in braces goes on from there.
fn follow(
    mut rest: &[String],
    mut base: Vec<String>,
    known: &BTreeSet<Vec<String>>,
    found: &mut BTreeSet<Vec<String>>,
) {
    while let [one, two, next, after @ ..] = rest
        && one == ":"
        && two == ":"
    {
        if next == "{" {
            for item in items(after) {
                // an item of a group is a path that lacks its beginning
                let path = [":".to_owned(), ":".to_owned()].into_iter();
                let path: Vec<String> = path.chain(item.iter().cloned()).collect();
                follow(&path, base.clone(), known, found);
            }
            return;
        }
        match next.as_str() {
            "super" => _ = base.pop(),
            "self" => {}
            name => base.push(name.to_owned()),
        }
        if !known.contains(&base) {
            base.pop();
            break;
        }
        rest = after;
    }
    found.insert(base);
}

/// The items of a group, split at the commas of its own level, up to its closing brace.
fn items(words: &[String]) -> Vec<Vec<String>> {
    let (mut items, mut depth) = (vec![Vec::new()], 0);
    for word in words {
        match word.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," if depth == 0 => {
                items.push(Vec::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().expect("begun with one").push(word.clone());
    }
    items.retain(|item| !item.is_empty());
    items
}

/// Names, and every other character by itself.
fn words(code: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_name = false;
    for c in code.chars() {
        let is_name = c.is_alphanumeric() || c == '_';
        match words.last_mut().filter(|_| is_name && in_name) {
            Some(name) => name.push(c),
            None if !c.is_whitespace() => words.push(c.to_string()),
            None => {}
        }
        in_name = is_name;
    }
    words
}

/// Whether one of the two is the other's parent, or its parent's parent.
fn are_kin(one: &[String], other: &[String]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The sets of nodes that reach each other, those of one node left out.
fn circles(graph: &Graph) -> BTreeSet<BTreeSet<String>> {
    let reach: BTreeMap<&String, BTreeSet<String>> = graph
        .keys()
        .map(|node| (node, reached_from(graph, node)))
        .collect();
    let circle = |node: &String| {
        let members = reach[node].iter().filter(|other| {
            let back = reach.get(other);
            back.is_some_and(|back| back.contains(node))
        });
        members.cloned().collect::<BTreeSet<String>>()
    };
    let circles = graph.keys().map(circle);
    circles.filter(|circle| circle.len() > 1).collect()
}

fn reached_from(graph: &Graph, node: &String) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        for next in graph.get(node).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

/// Who imports whom among these modules, by the names that `name` gives them.
fn graph(
    modules: &BTreeMap<Vec<String>, String>,
    name: impl Fn(&[String]) -> String,
    counts: impl Fn(&[String], &[String]) -> bool,
) -> Graph {
    let known = modules.keys().cloned().collect();
    let mut graph = Graph::new();
    for (module, code) in modules.iter().filter(|(module, _)| !module.is_empty()) {
        let imported = imports(module, code, &known).into_iter();
        let imported = imported.filter(|other| !other.is_empty() && counts(module, other));
        let names = imported.map(|other| name(&other));
        graph.entry(name(module)).or_default().extend(names);
    }
    graph
}

fn product() -> BTreeMap<Vec<String>, String> {
    modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[])
}

#[test]
fn no_circle_of_files_is_longer_than_two() {
    let files = graph(
        &product(),
        |module| module.join("/"),
        |one, other| !are_kin(one, other),
    );
    let mut circles = circles(&files);
    circles.retain(|circle| circle.len() > CIRCLE_MAX);
    assert_eq!(circles, BTreeSet::new());
}

#[test]
fn a_module_with_its_children_is_in_no_circle() {
    let modules = graph(
        &product(),
        |module| module[0].clone(),
        |one, other| one[0] != other[0],
    );
    assert!(modules["entry"].contains("rows"), "imports are seen");
    assert_eq!(circles(&modules), BTreeSet::new());
}

#[test]
fn a_circle_is_found_whatever_way_its_files_import() {
    let text = |text: &str| text.to_owned();
    let path = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let files = BTreeMap::from([
        (path("a"), text("use super::b::{self, B};")),
        (path("b"), text("fn b() { crate::c::d::call(); }")),
        (path("c"), text("mod d;")),
        (path("c/d"), text("use crate::{a::A, e};")),
        (path("e"), text("use super::f;")),
        (path("f"), text("use super::e::E;")),
    ]);
    let files = graph(
        &files,
        |module| module.join("/"),
        |one, other| !are_kin(one, other),
    );
    let set = |names: &[&str]| names.iter().map(|name| text(name)).collect::<BTreeSet<_>>();
    let expected = BTreeSet::from([set(&["a", "b", "c/d"]), set(&["e", "f"])]);
    assert_eq!(circles(&files), expected);
}
