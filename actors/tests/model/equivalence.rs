//! The reductions lose nothing: all tables that are reached without them are reached with them. The clients were told
//! the same then, or more: with reductions an answer that may be told at once is told at once.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::bookings::Bookings;
use crate::company::Company;
use crate::config::Config;
use crate::configurations::named;
use crate::rules::Rules;
use crate::world::{Said, World};

/// Everything durable but how many ballots were drawn.
type Tables = Vec<Company>;

fn tables(model: &Bookings, world: &World) -> Tables {
    let tables = model.tables(world.companies);
    let tables = tables.iter();
    tables
        .map(|company| Company {
            round: 0,
            ..(**company).clone()
        })
        .collect()
}

fn said(world: &World) -> Vec<Said> {
    world.slots.iter().map(|slot| slot.said).collect()
}

/// What clients were told, by tables, and the number of states.
fn reach(config: Config) -> (HashMap<Tables, HashSet<Vec<Said>>>, usize) {
    let model = Bookings::new(config, Rules::new(None));
    let first = model.initial();
    let (mut seen, mut queue) = (HashSet::from([first]), VecDeque::from([first]));
    let (mut reached, mut actions) = (HashMap::<_, HashSet<_>>::new(), Vec::new());
    while let Some(world) = queue.pop_front() {
        let told = reached.entry(tables(&model, &world)).or_default();
        told.insert(said(&world));
        model.actions_of(&world, &mut actions);
        let next = actions
            .drain(..)
            .filter_map(|action| model.next(&world, action));
        queue.extend(next.filter(|world| seen.insert(*world)));
    }
    (reached, seen.len())
}

/// Everybody who was told something was told the same.
fn covers(more: &[Said], less: &[Said]) -> bool {
    let mut both = more.iter().zip(less);
    both.all(|(more, less)| *less == Said::Nothing || more == less)
}

fn compare(name: &str) {
    let config = named(name);
    let (reduced, few) = reach(Config {
        reduced: true,
        ..config.clone()
    });
    let (plain, many) = reach(config);
    println!("{name}: {} tables, in {many} states or {few}", plain.len());
    assert!(few < many, "{name} is not reduced");
    let lost = plain.iter().filter(|(tables, told)| {
        let covered = |less: &Vec<Said>| {
            let told = reduced.get(*tables);
            told.is_some_and(|told| told.iter().any(|more| covers(more, less)))
        };
        !told.iter().all(covered)
    });
    assert_eq!(lost.count(), 0, "{name}: the reductions lose states");
    let invented = reduced.keys().filter(|tables| !plain.contains_key(*tables));
    assert_eq!(invented.count(), 0, "{name}: the reductions invent states");
}

#[test]
fn of_one_booking() {
    compare("plain");
}

#[test]
fn of_a_retry() {
    compare("plain_retried");
}

#[test]
fn of_rivals() {
    compare("plain_contended");
}

#[test]
fn of_a_recovery() {
    compare("plain_recovered");
}
