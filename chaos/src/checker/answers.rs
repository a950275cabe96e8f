//! What must hold between what customers were told and what the databases have.
//!
//! * I3: who was told 200 has the ticket at every company, its legs committed, or cancelled by a cancel that was asked for.
//! * I4: who was refused has no ticket and no leg; who was told that nothing was begun has none by that key either; whoever was not told has
//!   all or nothing; and there is no ticket that nobody asked for.
//! * I5: a key has one definite answer at most.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use super::facts::{Company, LegState};
use super::frees::cancels_asked_for;
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
    violations.extend(databases.unasked(&keys));
    violations
}

/// How many keys there are to judge.
pub fn keys(history: &[Operation]) -> usize {
    told(history).len()
}

fn told(history: &[Operation]) -> Keys<'_> {
    let mut keys = Keys::new();
    for operation in history {
        let Request::Book { user, key, seats } = &operation.request else {
            continue;
        };
        let told = keys.entry((*user, key)).or_default();
        told.seats = seats;
        match operation.answer.meaning() {
            Meaning::Booked(ticket) => {
                told.booked.insert(ticket);
            }
            Meaning::Refused => told.refused = true,
            Meaning::Open => told.open = true,
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

/// The rows, by what they are looked up by.
struct Databases<'a> {
    companies: &'a [Company],
    tickets: Vec<HashSet<Uuid>>,
    sagas: HashMap<(Uuid, &'a str), BTreeSet<Uuid>>,
    legs: HashMap<(Uuid, &'a str, i64, i32), LegState>,
    /// Sagas of which some leg was committed, be it cancelled since.
    sold: HashSet<Uuid>,
}

impl<'a> Databases<'a> {
    fn new(companies: &'a [Company]) -> Self {
        let mut this = Self {
            companies,
            tickets: Vec::with_capacity(companies.len()),
            sagas: HashMap::new(),
            legs: HashMap::new(),
            sold: HashSet::new(),
        };
        for company in companies {
            this.tickets
                .push(company.tickets.iter().map(|(id, _)| *id).collect());
            for row in &company.keys {
                let sagas = this.sagas.entry((row.user, &row.key)).or_default();
                sagas.insert(row.saga);
            }
            for leg in &company.legs {
                let place = (leg.saga, company.code.as_str(), leg.route, leg.number);
                this.legs.insert(place, leg.state);
                if matches!(leg.state, LegState::Committed | LegState::Cancelled) {
                    this.sold.insert(leg.saga);
                }
            }
        }
        this
    }

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
        let sold = sagas.filter(|saga| {
            self.sold.contains(*saga) || self.tickets.iter().any(|tickets| tickets.contains(saga))
        });
        sold.flat_map(|saga| self.check_booked("I4", &name, *saga, told.seats, cancels))
            .collect()
    }

    /// The ticket is everywhere, and every seat of it was sold.
    fn check_booked(
        &self,
        invariant: &'static str,
        name: &str,
        ticket: Uuid,
        seats: &[Seat],
        cancels: &HashSet<Uuid>,
    ) -> Vec<Violation> {
        let without = self
            .companies
            .iter()
            .zip(&self.tickets)
            .filter(|(_, tickets)| !tickets.contains(&ticket))
            .map(|(company, _)| format!("{name}: ticket {ticket} is not at {}", company.code));
        let unsold = seats.iter().filter_map(|seat| {
            let state = self.state(ticket, seat);
            let sold = match state {
                Some(LegState::Committed) => true,
                Some(LegState::Cancelled) => cancels.contains(&ticket),
                Some(LegState::Prepared | LegState::Refused) | None => false,
            };
            (!sold).then(|| {
                let Seat {
                    company,
                    route,
                    number,
                    ..
                } = seat;
                format!("{name}: ticket {ticket} has seat {number} of route {route} of {company}, whose leg is {state:?}")
            })
        });
        without
            .chain(unsold)
            .map(|what| Violation::new(invariant, what))
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

    fn state(&self, saga: Uuid, seat: &Seat) -> Option<LegState> {
        let route = i64::try_from(seat.route).ok()?;
        let place = (saga, &*seat.company, route, i32::from(seat.number));
        self.legs.get(&place).copied()
    }

    /// What was sold to nobody who could have got it. A run is alone with its cluster: there are no other customers.
    fn unasked(&self, keys: &Keys) -> Vec<Violation> {
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
            .filter(|ticket| !wanted.contains(ticket))
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
mod tests {
    use super::super::facts::{KeyRow, LegRow};
    use super::*;
    use crate::history::Answer;

    const USER: Uuid = Uuid::from_u128(9);
    const SAGA: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn seats() -> Vec<Seat> {
        let seat = |company: &str| Seat {
            company: company.into(),
            route: 7,
            number: 1,
            id: 7169,
        };
        vec![seat("a"), seat("b")]
    }

    fn asked(request: Request, answer: Answer) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us: 0,
            end_us: 1,
            request,
            answer,
        }
    }

    fn book(answer: Answer) -> Operation {
        let request = Request::Book {
            user: USER,
            key: "k".to_owned(),
            seats: seats(),
        };
        asked(request, answer)
    }

    fn problem(kind: &str) -> Answer {
        Answer::Problem {
            status: 409,
            kind: kind.to_owned(),
            seat: None,
        }
    }

    fn booked(ticket: Uuid) -> Answer {
        Answer::Booked { ticket }
    }

    fn cancel() -> Operation {
        let request = Request::Cancel {
            user: USER,
            ticket: SAGA,
        };
        asked(request, Answer::Cancelled)
    }

    fn company(code: &str, state: LegState) -> Company {
        let sold = state != LegState::Refused;
        Company {
            code: code.to_owned(),
            legs: vec![LegRow {
                saga: SAGA,
                route: 7,
                number: 1,
                state,
            }],
            tickets: sold.then(|| (SAGA, String::new())).into_iter().collect(),
            keys: vec![KeyRow {
                user: USER,
                key: "k".to_owned(),
                saga: SAGA,
            }],
            ..Company::default()
        }
    }

    fn both(state: LegState) -> [Company; 2] {
        ["a", "b"].map(|code| company(code, state))
    }

    fn found(companies: &[Company], history: &[Operation]) -> Vec<&'static str> {
        let violations = check(companies, history);
        violations
            .iter()
            .map(|violation| violation.invariant)
            .collect()
    }

    #[test]
    fn kept_promises_pass() {
        let lost = || book(problem("outcome-unknown"));
        let sold = both(LegState::Committed);
        assert_eq!(found(&sold, &[lost(), book(booked(SAGA))]), [""; 0]);
        assert_eq!(found(&sold, &[lost()]), [""; 0], "all of it happened");
        let refused = both(LegState::Refused);
        assert_eq!(found(&refused, &[lost()]), [""; 0], "none of it happened");
        assert_eq!(found(&refused, &[book(problem("seat-taken"))]), [""; 0]);
        let cancelled = both(LegState::Cancelled);
        assert_eq!(found(&cancelled, &[book(booked(SAGA)), cancel()]), [""; 0]);
    }

    #[test]
    fn an_acknowledged_booking_that_was_lost_is_found() {
        let history = [book(booked(SAGA))];
        let mut no_ticket = both(LegState::Committed);
        no_ticket[1].tickets.clear();
        assert_eq!(found(&no_ticket, &history), ["I3"]);

        let mut no_leg = both(LegState::Committed);
        no_leg[1].legs.clear();
        assert_eq!(found(&no_leg, &history), ["I3"]);

        let mut prepared = both(LegState::Committed);
        prepared[1].legs[0].state = LegState::Prepared;
        assert_eq!(found(&prepared, &history), ["I3"]);
    }

    #[test]
    fn a_cancellation_that_nobody_asked_for_is_found() {
        let mut companies = both(LegState::Committed);
        companies[0].legs[0].state = LegState::Cancelled;
        assert_eq!(found(&companies, &[book(booked(SAGA))]), ["I3"]);
    }

    #[test]
    fn a_refusal_that_was_sold_is_found() {
        let sold = both(LegState::Committed);
        for kind in ["seat-taken", "seat-held", "company-silent", "seat-busy"] {
            assert_eq!(found(&sold, &[book(problem(kind))]), ["I4"], "{kind}");
        }
        let open_then_refused = [book(problem("outcome-unknown")), book(problem("seat-held"))];
        assert_eq!(found(&sold, &open_then_refused), ["I4"]);
    }

    #[test]
    fn half_a_booking_behind_an_open_answer_is_found() {
        let half = [
            company("a", LegState::Committed),
            company("b", LegState::Refused),
        ];
        let violations = found(&half, &[book(problem("outcome-unknown"))]);
        assert_eq!(violations, ["I4", "I4"], "no ticket at b, and no leg");
    }

    #[test]
    fn a_sale_to_nobody_is_found() {
        assert_eq!(found(&both(LegState::Committed), &[]), ["I4"]);
    }

    #[test]
    fn a_sale_whose_key_died_with_its_node_is_somebodys_if_it_is_one_companys() {
        let nobody_knows = |mut companies: Vec<Company>| {
            companies
                .iter_mut()
                .for_each(|company| company.keys.clear());
            companies
        };
        let ask = |seats: &[Seat]| {
            let request = Request::Book {
                user: USER,
                key: "k".to_owned(),
                seats: seats.to_vec(),
            };
            [asked(request, problem("outcome-unknown"))]
        };
        let mut copy = company("b", LegState::Committed);
        copy.legs.clear();
        let sold = nobody_knows(vec![company("a", LegState::Committed), copy]);
        assert_eq!(found(&sold, &ask(&seats()[..1])), [""; 0]);
        assert_eq!(found(&sold, &ask(&seats()[1..])), ["I4"], "other seats");
        let refused = [book(problem("seat-taken"))];
        assert_eq!(found(&sold, &refused), ["I4"], "nobody's answer is open");
        let two = nobody_knows(both(LegState::Committed).into());
        assert_eq!(
            found(&two, &ask(&seats())),
            ["I4"],
            "a key is written before two sell"
        );
    }

    #[test]
    fn two_answers_to_one_key_are_found() {
        let sold = both(LegState::Committed);
        let refused_later = [book(booked(SAGA)), book(problem("seat-taken"))];
        assert_eq!(found(&sold, &refused_later), ["I5"]);
        let two_tickets = [book(booked(SAGA)), book(booked(OTHER))];
        assert_eq!(found(&sold, &two_tickets), ["I5"]);
    }
}
