//! What the pages say of the program is what it does.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};

use super::Args;

const OPERATIONS: &str = include_str!("../../../docs/operations.md");
const PAGES: [&str; 2] = [OPERATIONS, include_str!("../../../README.md")];
/// The head of the table of what a node is asked.
const QUESTIONS: &str = "| command | tells |";

fn names(command: &Command) -> BTreeSet<String> {
    let shown = command.get_subcommands();
    let shown = shown.filter(|command| !command.is_hide_set() && command.get_name() != "help");
    shown.map(|command| command.get_name().to_owned()).collect()
}

/// The first words of what stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.filter_map(|text| Some(text.split_whitespace().next()?.to_owned()))
}

#[test]
fn every_question_to_a_node_is_documented_and_every_documented_one_can_be_asked() {
    let program = Args::command();
    let admin = program.find_subcommand("admin").unwrap();
    let (_, table) = OPERATIONS.split_once(QUESTIONS).unwrap();
    let rows = table.lines().skip(2).take_while(|line| !line.is_empty());
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let documented: BTreeSet<String> = cells.flat_map(quoted).collect();
    assert_eq!(documented, names(admin));
}

#[test]
fn every_command_is_documented_and_every_documented_one_is_there() {
    let program = Args::command();
    let lines = || PAGES.iter().flat_map(|page| page.lines());
    for command in program.get_subcommands().filter(|one| !one.is_hide_set()) {
        let whole = format!("passcom {}", command.get_name());
        let mut of_it = lines().filter(|line| line.contains(&whole)).peekable();
        assert!(of_it.peek().is_some(), "no page says `{whole}`");
        if command.get_name() == "admin" {
            continue; // above
        }
        let said: Vec<&str> = of_it.flat_map(|line| line.split([' ', '`'])).collect();
        for name in names(command) {
            assert!(said.contains(&&*name), "no page says `{whole} … {name}`");
        }
    }
    let known = names(&program);
    for line in lines() {
        for (at, _) in line.match_indices("passcom ") {
            let is_code = line[..at]
                .chars()
                .next_back()
                .is_none_or(|c| ['`', '/'].contains(&c));
            let after = line[at..].split_whitespace().nth(1).unwrap_or_default();
            let word = after.trim_end_matches('`');
            let is_name = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
            let known = !is_code || !is_name || known.contains(word);
            assert!(known, "there is no `passcom {word}`: {line}");
        }
    }
}
