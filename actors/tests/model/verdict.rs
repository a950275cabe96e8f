//! What the tables of all companies together say, now and after everything has healed. It depends on nothing else of a state,
//! so that it is worked out once for all states with the same tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::{Leg, Order};
use passcom_actors::domain::participant::LegState::{Cancelled, Prepared};
use passcom_actors::domain::register::{Ballot, Key, Value};
use passcom_actors::domain::saga::Outcome;

use crate::audit::{Breach, Decision, is_torn};
use crate::bookings::Bookings;
use crate::company::{Company, is_sold};
use crate::config::COMPANIES;
use crate::intern::Id;
use crate::witness::witnesses;
use crate::world::Companies;

/// What is known of one saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// By a majority of acceptors in one ballot.
    pub chosen: Option<Decision>,
    /// Two values were.
    pub split: bool,
    pub sold: bool,
    pub torn: bool,
    pub prepared: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub fates: Vec<Fate>,
    /// The auditors' findings of all companies.
    pub breaches: BTreeSet<Breach>,
    /// A sold leg or ticket whose order was not chosen.
    pub unfounded: bool,
    /// A cancelled leg without a ticket that says so.
    pub cancelled_unasked: bool,
    /// What was reached.
    pub witnesses: BTreeSet<&'static str>,
    /// Answers under the clients' keys, per saga of the configuration.
    pub answers: Vec<BTreeSet<Answered>>,
}

/// A definite answer under a client's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answered {
    Booked(SagaId),
    Refused,
}

/// How a state ends where no fault happens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Healed {
    Well(Ends),
    /// What is wrong in the end.
    Ill(&'static str),
}

/// One bit per saga: its Commit is the decision.
pub type Ends = u8;

impl Bookings {
    pub fn verdict(&self, companies: Companies) -> Arc<Verdict> {
        self.verdicts
            .get(companies, || Arc::new(self.judge(&self.tables(companies))))
    }

    pub fn tables(&self, companies: Companies) -> [Arc<Company>; COMPANIES] {
        companies.map(|id| self.companies.get(id))
    }

    fn judge(&self, tables: &[Arc<Company>; COMPANIES]) -> Verdict {
        let all = || {
            tables[..self.config.companies]
                .iter()
                .map(|company| &**company)
        };
        let sagas = &self.cast.sagas;
        let breaches = all().flat_map(|company| company.audit.breaches.iter().cloned());
        let answers = |index: usize| {
            let keys = all().flat_map(|company| &company.keys);
            let of_saga = keys.filter(|((_, key), _)| *key == index.to_string());
            let answers = of_saga.filter_map(|(_, row)| row.answer.map(Answered::from));
            answers.collect()
        };
        let fates: Vec<Fate> = sagas.iter().map(|saga| fate(all(), *saga)).collect();
        let companies: Vec<&Company> = all().collect();
        let of_saga = |saga: usize| {
            witnesses(
                &companies,
                sagas[saga],
                &fates[saga],
                &self.cast.orders[saga],
            )
        };
        Verdict {
            witnesses: (0..sagas.len()).flat_map(of_saga).collect(),
            fates,
            breaches: breaches.collect(),
            unfounded: all().any(|company| is_unfounded(company, &all())),
            cancelled_unasked: all().any(|company| is_cancelled_unasked(company, &all())),
            answers: (0..sagas.len()).map(answers).collect(),
        }
    }

    /// The end of a state with these tables, all alive or with one company dead.
    pub fn heal(&self, companies: Companies, dead: Option<usize>) -> Healed {
        self.healed.get((companies, dead), || {
            let mut healed = companies;
            if !self.recover_all(&mut healed, dead) {
                return Healed::Ill("a recovery goes on for ever");
            }
            let early = match self.examine(healed, dead) {
                Healed::Well(ends) => ends,
                ill => return ill,
            };
            self.prepare_late(&mut healed, dead);
            if !self.recover_all(&mut healed, dead) {
                return Healed::Ill("a recovery after late votes goes on for ever");
            }
            match self.examine(healed, dead) {
                Healed::Well(late) if late & early != early => Healed::Ill("a Commit was undone"),
                healed => healed,
            }
        })
    }

    fn examine(&self, healed: Companies, dead: Option<usize>) -> Healed {
        let verdict = self.verdict(healed);
        if !verdict.breaches.is_empty() {
            return Healed::Ill("recovery raises an alarm");
        }
        if verdict.unfounded || verdict.fates.iter().any(|fate| fate.torn || fate.split) {
            return Healed::Ill("sold by halves, or without a decision");
        }
        let tables = self.tables(healed);
        for (saga, fate) in self.cast.sagas.iter().zip(&verdict.fates) {
            if let Some(ill) = self.unhealed(&tables, dead, *saga, *fate) {
                return Healed::Ill(ill);
            }
        }
        let commits = verdict.fates.iter().enumerate();
        let commits = commits.filter(|(_, fate)| matches!(fate.chosen, Some(Decision::Commit(_))));
        Healed::Well(commits.map(|(saga, _)| 1 << saga).sum())
    }

    fn unhealed(
        &self,
        tables: &[Arc<Company>; COMPANIES],
        dead: Option<usize>,
        saga: SagaId,
        fate: Fate,
    ) -> Option<&'static str> {
        let living: Vec<&Company> = self.living(dead).map(|at| &*tables[at]).collect();
        let legs = || {
            living
                .iter()
                .flat_map(|company| &company.legs)
                .filter(|(key, _)| key.saga == saga)
        };
        let waits = |company: &&Company| {
            let row = company.sagas.get(&saga);
            row.is_some_and(|row| self.lacks_majority(&row.acceptors.0, dead))
        };
        if living.iter().any(waits) {
            return None; // nobody can know
        }
        if legs().any(|(_, leg)| leg.state == Prepared) {
            return Some("a leg stays prepared");
        }
        let row_is_open = |(at, company): (usize, &&Company)| {
            company
                .sagas
                .get(&saga)
                .is_some_and(|row| self.is_open(at, row))
        };
        if dead.is_none() && living.iter().enumerate().any(row_is_open) {
            return Some("a saga stays unfinished");
        }
        let tickets: Vec<_> = living
            .iter()
            .map(|company| company.tickets.get(&saga))
            .collect();
        if matches!(fate.chosen, Some(Decision::Commit(_))) {
            let lives = |leg: &Leg| living.iter().any(|company| company.me == leg.seat.company);
            let order = self.chosen_order(saga, fate.chosen);
            let sold = legs().filter(|(_, leg)| is_sold(leg.state)).count();
            if order.legs.iter().filter(|leg| lives(leg)).count() != sold {
                return Some("a committed saga is not sold whole");
            }
            // else it comes back with the company that issued it
            let issued = dead.is_some_and(|dead| tables[dead].tickets.contains_key(&saga));
            if tickets.iter().all(Option::is_none) && !issued {
                return Some("a committed saga has no ticket");
            }
            let cancelled = |seat| {
                tickets
                    .iter()
                    .flatten()
                    .any(|ticket| ticket.cancelled.contains(&seat))
            };
            let wrong = |company: &&Company| {
                company.legs.iter().any(|(key, leg)| {
                    let seat = passcom_actors::domain::order::SeatRef {
                        company: company.me,
                        route: key.route,
                        number: key.number,
                    };
                    key.saga == saga && cancelled(seat) != (leg.state == Cancelled)
                })
            };
            if living.iter().any(wrong) {
                return Some("a cancellation and its seat disagree");
            }
        } else if fate.sold {
            return Some("sold without a Commit");
        }
        tickets
            .iter()
            .any(|ticket| *ticket != tickets[0])
            .then_some("tickets differ")
    }

    fn chosen_order(&self, saga: SagaId, chosen: Option<Decision>) -> &Order {
        let index = self.cast.sagas.iter().position(|known| *known == saga);
        let mut orders = self.cast.orders[index.expect("a saga of the cast")].iter();
        let known = orders.find(|known| chosen == Some(Decision::Commit(known.hash)));
        &known.expect("only an order of the cast is chosen").order
    }

    fn lacks_majority(
        &self,
        acceptors: &[passcom_actors::domain::ids::CompanyId],
        dead: Option<usize>,
    ) -> bool {
        let dead = dead.map(|dead| self.cast.companies[dead]);
        let living = acceptors
            .iter()
            .filter(|company| Some(**company) != dead)
            .count();
        living < acceptors.len() / 2 + 1
    }

    /// L0: whatever arrives, sent or not, a leg moves along its arrows only.
    pub fn keeps_the_lattice(&self, id: Id<Company>) -> bool {
        self.whatever.get(id, || {
            let company = self.companies.get(id);
            self.conceivable(&company).iter().all(|entry| {
                let (after, _) = self.rules.post(&company, entry);
                let fresh = after.audit.breaches.difference(&company.audit.breaches);
                fresh
                    .into_iter()
                    .all(|breach| matches!(breach, Breach::Alarm(_)))
            })
        })
    }

    /// Entries that some confused peer might have us post.
    fn conceivable(&self, company: &Company) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (index, saga) in self.cast.sagas.iter().enumerate() {
            let saga = *saga;
            for known in &self.cast.orders[index] {
                let seats = known.order.seats();
                let of_us = known.order.companies().contains(&company.me);
                if of_us {
                    let prepare = Box::new(self.cast.prepare(index, known));
                    entries.push(Entry::Prepare {
                        prepare: prepare.clone(),
                        lost: None,
                        idempotency: None,
                    });
                    if known.acceptors.0.len() == 1 {
                        entries.push(Entry::Book {
                            prepare,
                            lost: None,
                            idempotency: None,
                        });
                    }
                }
                entries.push(Entry::Confirm {
                    saga,
                    hash: known.hash,
                });
                let reason = passcom_actors::domain::participant::RefusalReason::Released;
                entries.push(Entry::Release {
                    saga,
                    seats: seats.clone(),
                    reason,
                });
                entries.push(Entry::Cancel {
                    ticket: saga,
                    seats,
                });
                let commit = Value::Commit {
                    hash: known.hash,
                    order: known.order.clone(),
                };
                for ballot in [Ballot::ZERO, Ballot::new(1, 0, COMPANIES)] {
                    for value in [&commit, &Value::Abort] {
                        entries.push(Entry::Accept {
                            key: Key::Saga(saga),
                            acceptors: known.acceptors.clone(),
                            ballot,
                            value: Box::new(value.clone()),
                        });
                    }
                }
            }
        }
        entries
    }
}

impl From<Outcome> for Answered {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Booked { ticket } => Self::Booked(ticket),
            Outcome::Refused(_) => Self::Refused,
        }
    }
}

fn fate<'a>(companies: impl Iterator<Item = &'a Company> + Clone, saga: SagaId) -> Fate {
    let chosen = chosen(companies.clone(), saga);
    let legs = || {
        companies
            .clone()
            .flat_map(|c| &c.legs)
            .filter(|(key, _)| key.saga == saga)
    };
    Fate {
        chosen: chosen.iter().next().copied(),
        split: chosen.len() > 1,
        sold: legs().any(|(_, leg)| is_sold(leg.state)),
        torn: is_torn(companies.clone(), saga),
        prepared: legs().any(|(_, leg)| leg.state == Prepared),
    }
}

/// Every value that a majority has accepted in one ballot.
fn chosen<'a>(
    companies: impl Iterator<Item = &'a Company> + Clone,
    saga: SagaId,
) -> BTreeSet<Decision> {
    let votes = companies.flat_map(|company| &company.audit.votes);
    let votes: Vec<_> = votes.filter(|((of, _), _)| *of == saga).collect();
    let alike = |one: &((SagaId, Ballot), (Decision, usize))| {
        votes
            .iter()
            .filter(|(key, vote)| (**key, **vote) == *one)
            .count()
    };
    let chosen = votes
        .iter()
        .filter(|(key, vote)| alike(&(**key, **vote)) >= vote.1);
    chosen.map(|(_, vote)| vote.0).collect()
}

/// A sold leg or a ticket whose very order was not chosen.
fn is_unfounded<'a>(company: &Company, all: &(impl Iterator<Item = &'a Company> + Clone)) -> bool {
    let committed = |saga: SagaId| {
        let chosen = chosen(all.clone(), saga);
        chosen
            .into_iter()
            .find(|decision| *decision != Decision::Abort)
    };
    let mut sold = company.legs.iter().filter(|(_, leg)| is_sold(leg.state));
    sold.any(|(key, leg)| committed(key.saga) != Some(Decision::Commit(leg.hash)))
        || company
            .tickets
            .keys()
            .any(|saga| committed(*saga).is_none())
}

fn is_cancelled_unasked<'a>(
    company: &Company,
    all: &(impl Iterator<Item = &'a Company> + Clone),
) -> bool {
    let mut cancelled = company
        .legs
        .iter()
        .filter(|(_, leg)| leg.state == Cancelled);
    cancelled.any(|(key, _)| {
        let mut tickets = all
            .clone()
            .filter_map(|company| company.tickets.get(&key.saga));
        !tickets.any(|ticket| {
            let mut seats = ticket.cancelled.iter();
            seats.any(|seat| seat.company == company.me && seat.number == key.number)
        })
    })
}
