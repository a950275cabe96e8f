//! What becomes of customers' holds.
//!
//! * H1: a hold is sold only if its customer asked to confirm it.
//! * H2: a hold lasts as long as it was promised, unless its customer asked for its end before, or asked for it twice: the second request may run
//!   out of patience with a company that the first has reached, and give it up. So may the one that confirms it, and says who was silent.
//!   A flight that its company changes meanwhile ends it, too. (By the clock of the history; what was promised while somebody shifted the nodes' clocks is not judged.)
//! * I5: one key has one hold, and a hold ends in one way: whoever was told that it is sold, and whoever was told that it is over, hear the same.
//! * I3, I4: one that was sold, as somebody was told, is sold at every company; one that is over is sold nowhere.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use super::Violation;
use super::databases::Databases;
use super::facts::Company;
use super::frees::cancels_asked_for;
use crate::history::{Answer, Fault, Meaning, Operation, Request, Seat, Wish};
use crate::nemesis::Nemesis;

/// What the history says of one hold.
#[derive(Debug)]
pub(super) struct Hold<'a> {
    key: (Uuid, &'a str),
    pub seats: &'a [Seat],
    /// Of the first request for it.
    pub begin_us: u64,
    /// Of all requests for it.
    begins_us: BTreeSet<u64>,
    /// When somebody was first told that it stands, or is sold.
    pub told_us: Option<u64>,
    /// The latest end that was promised.
    pub promised_us: Option<u64>,
    confirms_us: BTreeSet<u64>,
    releases_us: BTreeSet<u64>,
    /// Who was told that it is sold, and who that it is over.
    sold: Vec<&'a Operation>,
    over: Vec<&'a Operation>,
}

/// Of a flight, by its company; it may have come about even where the answer does not say so.
#[derive(Debug)]
struct Change<'a> {
    company: &'a str,
    route: u64,
    begin_us: u64,
    end_us: u64,
}

fn changes(history: &[Operation]) -> Vec<Change<'_>> {
    fn change(operation: &Operation) -> Option<Change<'_>> {
        let Request::Alter { company, route, .. } = &operation.request else {
            return None;
        };
        Some(Change {
            company,
            route: *route,
            begin_us: operation.begin_us,
            end_us: operation.end_us,
        })
    }
    history.iter().filter_map(change).collect()
}

/// By id; those that were never told are known by their keys in the databases.
pub(super) struct Holds<'a>(BTreeMap<Uuid, Hold<'a>>);

/// The holds that there were, and what was wrong with them.
pub fn check(
    companies: &[Company],
    history: &[Operation],
    faults: &[Fault],
) -> (usize, Vec<Violation>) {
    let databases = Databases::new(companies);
    let holds = Holds::new(&databases, history);
    let cancels = cancels_asked_for(history);
    let changes = changes(history);
    let mut violations = several_of_one_key(history);
    for (id, hold) in &holds.0 {
        violations.extend(hold.two_ends(*id));
        violations.extend(hold.too_early(*id, faults, &changes));
        violations.extend(hold.against_rows(*id, &databases, &cancels));
    }
    (holds.0.len(), violations)
}

impl<'a> Holds<'a> {
    pub fn new(databases: &Databases, history: &'a [Operation]) -> Self {
        let mut holds = Self(BTreeMap::new());
        for operation in history {
            holds.begin(databases, operation);
        }
        for operation in history {
            holds.note(databases, operation);
        }
        holds
    }

    pub fn contains(&self, saga: &Uuid) -> bool {
        self.0.contains_key(saga)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Uuid, &Hold<'a>)> {
        self.0.iter()
    }

    fn begin(&mut self, databases: &Databases, operation: &'a Operation) {
        let Request::Hold { user, key, seats } = &operation.request else {
            return;
        };
        for id in ids(databases, operation) {
            let hold = self.0.entry(id).or_insert(Hold {
                key: (*user, key),
                seats,
                begin_us: operation.begin_us,
                begins_us: BTreeSet::new(),
                told_us: None,
                promised_us: None,
                confirms_us: BTreeSet::new(),
                releases_us: BTreeSet::new(),
                sold: Vec::new(),
                over: Vec::new(),
            });
            hold.begin_us = hold.begin_us.min(operation.begin_us);
            hold.begins_us.insert(operation.begin_us);
        }
    }

    fn note(&mut self, databases: &Databases, operation: &'a Operation) {
        for id in ids(databases, operation) {
            if let Some(hold) = self.0.get_mut(&id) {
                hold.note(operation);
            }
        }
    }
}

/// The holds that a request is about.
fn ids(databases: &Databases, operation: &Operation) -> Vec<Uuid> {
    match (&operation.request, &operation.answer) {
        (Request::Hold { .. }, Answer::Hold { hold, .. }) => vec![*hold],
        (Request::Hold { user, key, .. }, _) => {
            let ids = databases.sagas.get(&(*user, key.as_str()));
            ids.into_iter().flatten().copied().collect()
        }
        (
            Request::Confirm { hold, .. }
            | Request::Extend { hold, .. }
            | Request::Release { hold, .. },
            _,
        ) => vec![*hold],
        (Request::Status { ticket, .. }, _) => vec![*ticket],
        _ => Vec::new(),
    }
}

/// What an answer says of a hold for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Sold,
    Over,
}

fn end(operation: &Operation) -> Option<End> {
    let meaning = operation.answer.meaning();
    match (&operation.request, meaning) {
        (Request::Release { .. } | Request::Extend { .. }, _)
            if operation.answer.is_problem("already-booked") =>
        {
            Some(End::Sold)
        }
        // while it is being confirmed, it cannot be extended any more either
        (Request::Extend { .. }, _) => None,
        (Request::Status { .. }, _) => match &operation.answer {
            Answer::Status { state, .. } => match state.as_str() {
                "confirmada" | "cancelada" => Some(End::Sold),
                "recusada" => Some(End::Over),
                _ => None,
            },
            _ => None,
        },
        (_, Meaning::Booked(_)) => Some(End::Sold),
        (_, Meaning::Refused | Meaning::Ended) => Some(End::Over),
        (_, Meaning::Held(_) | Meaning::NothingBegun | Meaning::Open) => None,
    }
}

impl<'a> Hold<'a> {
    fn note(&mut self, operation: &'a Operation) {
        match operation.request {
            Request::Confirm { .. } => self.confirms_us.insert(operation.begin_us),
            Request::Release { .. } => self.releases_us.insert(operation.begin_us),
            _ => false,
        };
        match end(operation) {
            Some(End::Sold) => self.sold.push(operation),
            Some(End::Over) => self.over.push(operation),
            None => {}
        }
        let stands = matches!(operation.answer.meaning(), Meaning::Held(_));
        if stands || end(operation) == Some(End::Sold) {
            let told_us = self.told_us.get_or_insert(operation.end_us);
            *told_us = (*told_us).min(operation.end_us);
        }
        if let Answer::Hold { left_ms, .. } = operation.answer
            && stands
        {
            let until_us = operation.begin_us + left_ms * 1000;
            self.promised_us = self.promised_us.max(Some(until_us));
        }
    }

    /// When its customer first asked for its end.
    pub fn end_asked_us(&self) -> Option<u64> {
        let first = [self.confirms_us.first(), self.releases_us.first()];
        first.into_iter().flatten().min().copied()
    }

    /// When it was asked for under its key a second time: that request may give it up.
    pub fn asked_again_us(&self) -> Option<u64> {
        self.begins_us.iter().nth(1).copied()
    }

    fn two_ends(&self, id: Uuid) -> Option<Violation> {
        let (sold, over) = (self.sold.first()?, self.over.first()?);
        let what = format!(
            "hold {id} is sold, {}, and over, {}",
            told(sold),
            told(over)
        );
        Some(Violation::new("I5", what))
    }

    fn too_early(&self, id: Uuid, faults: &[Fault], changes: &[Change]) -> Option<Violation> {
        let promised_us = self.promised_us?;
        let over = self.over.iter().filter(|over| over.end_us < promised_us);
        let early = over.min_by_key(|over| over.end_us)?;
        let confirms = matches!(early.request, Request::Confirm { .. });
        if confirms && early.answer.is_problem("company-silent") {
            return None;
        }
        // whoever asks and is told that it is over has not ended it by asking
        let own_us = confirms.then_some(early.begin_us);
        let confirms = self.confirms_us.iter();
        let mut asked = confirms
            .filter(|us| Some(**us) != own_us)
            .chain(&self.releases_us);
        let asked_twice = self.asked_again_us().is_some_and(|us| us < early.end_us);
        if asked_twice
            || asked.any(|us| *us < early.end_us)
            || clocks_shifted(faults, self.begin_us, early.end_us)
            || self.is_of_a_changed_flight(changes, early.end_us)
        {
            return None;
        }
        let what = format!(
            "hold {id} was promised until {:.3} s after the start, and is over, {}",
            seconds(promised_us),
            told(early)
        );
        Some(Violation::new("H2", what))
    }

    /// Its sale may have been agreed to for other times, or another aircraft, whichever way the two came together.
    fn is_of_a_changed_flight(&self, changes: &[Change], until_us: u64) -> bool {
        let is_of = |change: &&Change| {
            let mut seats = self.seats.iter();
            seats.any(|seat| *seat.company == *change.company && seat.route == change.route)
        };
        let mut changes = changes.iter().filter(is_of);
        changes.any(|change| change.begin_us < until_us && change.end_us > self.begin_us)
    }

    fn against_rows(
        &self,
        id: Uuid,
        databases: &Databases,
        cancels: &HashSet<Uuid>,
    ) -> Vec<Violation> {
        let name = format!("hold {id} under key {} of {}", self.key.1, self.key.0);
        if !self.sold.is_empty() {
            return databases.check_booked("I3", &name, id, self.seats, cancels);
        }
        if !databases.is_sold(id) {
            return Vec::new();
        }
        if self.confirms_us.is_empty() {
            let what = format!("{name} was sold, and nobody asked to confirm it");
            return vec![Violation::new("H1", what)];
        }
        match self.over.first() {
            Some(over) => {
                let what = format!("{name} was sold, and is over, {}", told(over));
                vec![Violation::new("I4", what)]
            }
            None => databases.check_booked("I4", &name, id, self.seats, cancels),
        }
    }
}

fn told(operation: &Operation) -> String {
    format!(
        "as {} told {:.3} s after the start ({}: {})",
        operation.node,
        seconds(operation.end_us),
        operation.request.name(),
        operation.answer.name()
    )
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// A node looks after a second again what its clock is to show.
const CLOCK_SETTLES_US: u64 = 2_000_000;

/// Whether some node's clock was wrong between these instants: it has a part in every promise.
pub(super) fn clocks_shifted(faults: &[Fault], begin_us: u64, end_us: u64) -> bool {
    let clock = Nemesis::Clock.to_string();
    let shifts = faults.iter().filter(|fault| fault.nemesis == clock);
    shifts.into_iter().any(|fault| {
        let over = fault
            .end_us
            .is_some_and(|fault_us| fault_us + CLOCK_SETTLES_US < begin_us);
        fault.begin_us <= end_us && !over
    })
}

/// A retry is told the hold of the first request.
fn several_of_one_key(history: &[Operation]) -> Vec<Violation> {
    let mut keys: BTreeMap<(Uuid, &str), BTreeSet<Uuid>> = BTreeMap::new();
    for operation in history {
        let held = match (&operation.request, &operation.answer) {
            (Request::Hold { .. }, Answer::Hold { hold, .. }) => *hold,
            _ => continue,
        };
        if let Some(Wish { user, key, .. }) = operation.request.wish() {
            keys.entry((user, key)).or_default().insert(held);
        }
    }
    let several = keys.into_iter().filter(|(_, holds)| holds.len() > 1);
    several
        .map(|((user, key), holds)| {
            let what = format!("key {key} of {user} was answered holds {holds:?}");
            Violation::new("I5", what)
        })
        .collect()
}

#[cfg(test)]
mod tests;
