//! What must hold between what customers were told and what the databases have.
//!
//! * I3: who was told 200 has the ticket at every company, its legs committed, or cancelled by a cancel that was asked for.
//! * I4: who was refused has no ticket and no leg; who was told that nothing was begun has none by that key either; whoever was not told has
//!   all or nothing; and there is no ticket that nobody asked for.
//! * I5: a key has one definite answer at most.
//!
//! What is said of holds is [`super::holds`]' to judge.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use super::databases::Databases;
use super::facts::Company;
use super::frees::cancels_asked_for;
use super::holds::Holds;
use crate::history::{Meaning, Operation, Request, Seat};

/// What a customer was told under one key.
#[derive(Default)]
struct Told<'a> {
    booked: BTreeSet<Uuid>,
    refused: bool,
    /// Some answer left it open.
    open: bool,
    seats: &'a [Seat],
}

type Keys<'a> = BTreeMap<(Uuid, &'a str), Told<'a>>;

pub fn check(companies: &[Company], history: &[Operation]) -> Vec<Violation> {
    let keys = told(history);
    let databases = Databases::new(companies);
    let cancels = cancels_asked_for(history);
    let mut violations = Vec::new();
    for (key, told) in &keys {
        violations.extend(one_answer(key, told));
        violations.extend(databases.check_key(key, told, &cancels));
    }
    let holds = Holds::new(&databases, history);
    violations.extend(databases.unasked(&keys, &holds));
    violations
}

/// How many keys there are to judge.
pub fn keys(history: &[Operation]) -> usize {
    told(history).len()
}

fn told(history: &[Operation]) -> Keys<'_> {
    let mut keys = Keys::new();
    for operation in history {
        let (Request::Book { user, key, seats }
        | Request::Rebook {
            user, key, seats, ..
        }) = &operation.request
        else {
            continue;
        };
        let told = keys.entry((*user, key)).or_default();
        told.seats = seats;
        match operation.answer.meaning() {
            Meaning::Booked(ticket) => {
                told.booked.insert(ticket);
            }
            Meaning::Refused => told.refused = true,
            // a booking is never answered as a hold is
            Meaning::Open | Meaning::Held(_) | Meaning::Ended => told.open = true,
            Meaning::NothingBegun => {}
        }
    }
    keys
}

fn one_answer((user, key): &(Uuid, &str), told: &Told) -> Option<Violation> {
    let answers = told.booked.len() + usize::from(told.refused);
    (answers > 1).then(|| {
        let refused = if told.refused { ", and refused" } else { "" };
        let what = format!(
            "key {key} of {user} was answered tickets {:?}{refused}",
            told.booked
        );
        Violation::new("I5", what)
    })
}

impl Databases<'_> {
    fn check_key(
        &self,
        key: &(Uuid, &str),
        told: &Told,
        cancels: &HashSet<Uuid>,
    ) -> Vec<Violation> {
        let name = format!("key {} of {}", key.1, key.0);
        if let Some(ticket) = told.booked.first() {
            return self.check_booked("I3", &name, *ticket, told.seats, cancels);
        }
        if told.refused || !told.open {
            return Vec::new(); // whatever was sold all the same, `unasked` finds
        }
        let sagas = self.sagas.get(key).into_iter().flatten();
        let sold = sagas.filter(|saga| self.is_sold(**saga));
        sold.flat_map(|saga| self.check_booked("I4", &name, *saga, told.seats, cancels))
            .collect()
    }

    /// Seats of one company that were asked for under a key that no database knows, and whose answer is open: the company sells them
    /// in one step, and the node that asked it may have died before it wrote the key down. A retry would find the sale.
    fn unkeyed<'k>(&self, keys: &'k Keys) -> Vec<&'k [Seat]> {
        let open = keys.iter().filter(|(key, told)| {
            told.open && told.booked.is_empty() && !told.refused && !self.sagas.contains_key(*key)
        });
        open.map(|(_, told)| told.seats)
            .filter(|seats| seats.iter().all(|seat| seat.company == seats[0].company))
            .collect()
    }

    fn is_one_of(&self, wishes: &[&[Seat]], ticket: Uuid) -> bool {
        let legs = self.legs.keys().filter(|(saga, ..)| *saga == ticket);
        let legs = legs.count();
        let sold = |seat: &Seat| self.state(ticket, seat).is_some();
        wishes
            .iter()
            .any(|seats| seats.len() == legs && seats.iter().all(sold))
    }

    /// What was sold to nobody who could have got it. A run is alone with its cluster: there are no other customers.
    fn unasked(&self, keys: &Keys, holds: &Holds) -> Vec<Violation> {
        let mut wanted: HashSet<Uuid> = HashSet::new();
        let mut owners: HashMap<Uuid, (&(Uuid, &str), &Told)> = HashMap::new();
        for (key, told) in keys {
            let sagas = self.sagas.get(key).into_iter().flatten();
            wanted.extend(&told.booked);
            if told.booked.is_empty() && told.open && !told.refused {
                wanted.extend(sagas.clone());
            }
            owners.extend(sagas.map(|saga| (*saga, (key, told))));
        }
        let sold: BTreeSet<_> = self.tickets.iter().flatten().chain(&self.sold).collect();
        let unkeyed = self.unkeyed(keys);
        sold.into_iter()
            .filter(|ticket| !wanted.contains(ticket) && !holds.contains(ticket))
            .filter(|ticket| owners.contains_key(ticket) || !self.is_one_of(&unkeyed, **ticket))
            .map(|ticket| {
                let asked = match owners.get(ticket) {
                    None => "nobody asked for it".to_owned(),
                    Some(((user, key), told)) if told.refused => {
                        format!("key {key} of {user} was refused")
                    }
                    Some(((user, key), _)) => format!("key {key} of {user} was told otherwise"),
                };
                Violation::new("I4", format!("ticket {ticket} was sold, but {asked}"))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
