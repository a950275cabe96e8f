//! What every company has a copy of.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ballot::Value;
use passcom_actors::domain::ids::{CompanyId, UserId};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::withheld::order_for;
use passcom_memory::State;

use super::{Evidence, Told};

/// Per (user, key) at most one outcome, on every node and to every client. That the seats of a hold are kept is none:
/// it ends.
pub fn i5_one_answer_per_key(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let mut answers: BTreeMap<_, bool> = BTreeMap::new();
    for tables in evidence.tables.values() {
        for (key, row) in &tables.keys {
            let booked = match row.answer {
                Some(Outcome::Booked { .. }) => true,
                Some(Outcome::Refused(_)) => false,
                Some(Outcome::Held { .. }) | None => continue,
            };
            if *answers.entry((key, row.saga)).or_insert(booked) != booked {
                objections.push(format!("two answers to {key:?}"));
            }
            let otherwise = |told: &Told| match told {
                Told::Booked => !booked,
                Told::Refused | Told::Ended => booked,
                Told::Held => false,
            };
            let mut told = evidence.told.iter();
            if told.any(|(saga, told)| *saga == row.saga && otherwise(told)) {
                let answer = row.answer;
                objections.push(format!(
                    "{key:?} has {answer:?}, a client was told otherwise"
                ));
            }
        }
    }
    let told = |wanted: &[Told]| -> BTreeSet<_> {
        let told = evidence.told.iter();
        let told = told.filter(|(_, told)| wanted.contains(told));
        told.map(|(saga, _)| *saga).collect()
    };
    let booked = told(&[Told::Booked]);
    let both = told(&[Told::Refused, Told::Ended]);
    let both = both.intersection(&booked);
    objections.extend(both.map(|saga| format!("{saga}: a client was told both")));
    objections
}

/// Every user and every ticket is the same at every company, but for the names, which not all are told.
pub fn r1_the_same_everywhere(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let Some((first, expected)) = evidence.tables.iter().next() else {
        return objections;
    };
    for (company, tables) in &evidence.tables {
        let ids = expected.tickets.keys().chain(tables.tickets.keys());
        let ids: BTreeSet<_> = ids.collect();
        for id in ids {
            let told = |tables: &State| tables.tickets.get(id).cloned();
            let as_anybody = |tables| told(tables).map(|ticket| ticket.for_company(nobody()));
            if as_anybody(expected) != as_anybody(tables) {
                objections.push(format!("ticket {id} differs at {first} and {company}"));
            }
        }
        if expected.users != tables.users {
            objections.push(format!("users differ at {first} and {company}"));
        }
    }
    objections
}

/// Whoever carries somebody knows the name, and whoever neither carries nor sold knows none: in tickets, records and decisions.
pub fn n2_names_where_they_are_needed(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (company, tables) in &evidence.tables {
        let of_tickets = tables.tickets.values().map(|ticket| &ticket.order);
        for order in of_tickets.clone() {
            let mut legs = order.legs.iter();
            if legs.any(|leg| leg.seat.company == *company) && order.is_withheld() {
                objections.push(format!("{company} carries it knows not whom: {order:?}"));
            }
        }
        let of_sagas = tables
            .sagas
            .values()
            .filter_map(|(_, row)| row.order.as_ref());
        let of_registers =
            tables
                .registers
                .values()
                .filter_map(|register| match register.accepted.as_ref() {
                    Some((_, Value::Commit { order, .. })) => Some(order),
                    _ => None,
                });
        for order in of_tickets.chain(of_sagas).chain(of_registers) {
            if order_for(order, *company) != *order {
                objections.push(format!("{company} knows names of {order:?}"));
            }
        }
    }
    objections
}

/// No member.
fn nobody() -> CompanyId {
    "zz".parse().expect("a code")
}

/// A login has one id and an id one login, in the tables and in what clients were told.
pub fn r2_one_id_per_login(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let mut ids: BTreeMap<&str, UserId> = BTreeMap::new();
    let mut logins: BTreeMap<UserId, &str> = BTreeMap::new();
    let tables = evidence.tables.values().flat_map(|tables| &tables.users);
    let recorded = tables.map(|(login, user)| (login.as_str(), user.id));
    let told = evidence.claimed.iter();
    let told = told.map(|(login, id)| (login.as_str(), *id));
    for (login, id) in recorded.chain(told) {
        let other = *ids.entry(login).or_insert(id);
        if other != id {
            objections.push(format!("{login} is {other} and {id}"));
        }
        let other = *logins.entry(id).or_insert(login);
        if other != login {
            objections.push(format!("{id} has {other} and {login}"));
        }
    }
    objections
}
