//! The judgement on the tables of all companies together. It depends on the tables alone, so it is worked out once for
//! all states that share them.

use std::collections::BTreeSet;
use std::sync::Arc;

use passcom_actors::domain::ballot::Ballot;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::vote::LegState::Cancelled;

use crate::audit::{Breach, Decision, is_torn};
use crate::bookings::Bookings;
use crate::company::{Company, is_sold};
use crate::config::COMPANIES;
use crate::witness::witnesses;
use crate::world::Companies;

/// The facts about one saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// By a majority of acceptors in one ballot.
    pub chosen: Option<Decision>,
    /// Two values were.
    pub split: bool,
    pub sold: bool,
    pub torn: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub fates: Vec<Fate>,
    /// The auditors' findings of all companies.
    pub breaches: BTreeSet<Breach>,
    /// A sold leg or ticket whose order was not chosen.
    pub unfounded: bool,
    /// An acceptor took the Commit of a hold that nobody had asked to confirm.
    pub unrequested: bool,
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
            let answers = of_saga.filter_map(|(_, row)| Answered::of(row.answer?));
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
            unrequested: self.config.holds
                && sagas.iter().any(|saga| is_unrequested(&companies, *saga)),
            cancelled_unasked: all().any(|company| is_cancelled_unasked(company, &all())),
            answers: (0..sagas.len()).map(answers).collect(),
        }
    }
}

impl Answered {
    /// That seats are kept is no outcome: it ends.
    fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Booked { ticket } => Some(Self::Booked(ticket)),
            Outcome::Refused(_) => Some(Self::Refused),
            Outcome::Held { .. } => None,
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

fn is_unrequested(companies: &[&Company], saga: SagaId) -> bool {
    let audits = || companies.iter().map(|company| &company.audit);
    let sells = |vote: &Decision| matches!(vote, Decision::Commit(_));
    let mut votes = audits().flat_map(|audit| &audit.votes);
    votes.any(|((of, _), (vote, _))| *of == saga && sells(vote))
        && !audits().any(|audit| audit.requested.contains(&saga))
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
