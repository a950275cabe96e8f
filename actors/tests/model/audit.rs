//! What an auditor beside a company's tables notices about one transaction: arrows of the lattice that do not exist,
//! another saga's leg touched, a fence or promise that fell, an answer rewritten, a cancellation undone, an alarm.
//!
//! It is written from docs/protocol.md and calls none of the code that it judges.

use std::collections::BTreeSet;

use passcom_actors::domain::ballot::{Accept, Ballot, Key, Value};
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::OrderHash;
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::rows::{LegKey, LegRow, Replicated};
use passcom_actors::domain::vote::LegState::{Cancelled, Committed, Prepared, Refused};
use passcom_actors::domain::vote::Vote;

use crate::company::{Company, is_sold, owns};

/// What a saga's register decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    Commit(OrderHash),
    Abort,
}

impl Decision {
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Commit { hash, .. } => Self::Commit(*hash),
            Value::Abort | Value::Account(_) => Self::Abort,
        }
    }
}

/// What must never happen to a company's tables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breach {
    /// The code let two legs own a seat; only the index refused it.
    TwoOwners,
    /// A leg moved along an arrow that does not exist.
    Arrow,
    /// An entry of one saga moved a leg of another.
    ForeignLeg,
    /// A seat was taken under an older token than it had seen, or has forgotten the newest.
    Fence,
    /// An acceptor took back a promise, or a decision that it had learnt.
    Promise,
    /// An acceptor accepted two values in one ballot.
    TwoVotes,
    /// The answer under a client's key changed.
    Answer,
    /// A ticket changed its order, lost a cancellation, or vanished.
    Ticket,
    /// The code itself found its records impossible.
    Alarm(String),
}

/// The tables after the entry, with what the auditor noted.
pub fn audited(
    before: &Company,
    mut after: Company,
    entry: &Entry,
    receipt: &Receipt,
    alarms: Vec<String>,
) -> Company {
    let mut breaches: BTreeSet<Breach> = alarms.into_iter().map(Breach::Alarm).collect();
    if *receipt == Receipt::Contradicted {
        breaches.insert(Breach::Alarm("contradicted".to_owned()));
    }
    let findings = [
        (Breach::Arrow, !arrows_exist(before, &after, entry)),
        (Breach::ForeignLeg, touches_others(before, &after, entry)),
        (Breach::Fence, !fences_hold(before, &after)),
        (Breach::Promise, !registers_rise(before, &after)),
        (Breach::Answer, !answers_stay(before, &after)),
        (Breach::Ticket, !tickets_grow(before, &after)),
    ];
    let found = findings.into_iter().filter(|(_, found)| *found);
    breaches.extend(found.map(|(breach, _)| breach));
    if let Some((saga, ballot, vote, majority)) = vote(before, entry, receipt) {
        let votes = &mut after.audit.votes;
        let first = votes.entry((saga, ballot)).or_insert((vote, majority));
        if first.0 != vote {
            breaches.insert(Breach::TwoVotes);
        }
    }
    if let Entry::RequestConfirm(prepare) = entry {
        after.audit.requested.insert(prepare.saga);
    }
    after.audit.breaches.extend(breaches);
    after
}

/// The value that this acceptor has just accepted, and how many acceptors are a majority.
fn vote(
    before: &Company,
    entry: &Entry,
    receipt: &Receipt,
) -> Option<(SagaId, Ballot, Decision, usize)> {
    match (asked(entry), receipt) {
        (
            Some(Question::Accept {
                key: Key::Saga(saga),
                acceptors,
                ballot,
                value,
            }),
            Receipt::Answer(CompanyAnswer::Accept(Accept::Accepted)),
        ) => Some((*saga, *ballot, Decision::of(value), acceptors.majority())),
        (Some(Question::Book(prepare)), Receipt::Answer(CompanyAnswer::Vote(Vote::Yes))) => {
            let fresh = !before.legs.keys().any(|key| key.saga == prepare.saga);
            let decision = Decision::Commit(prepare.hash);
            let majority = prepare.acceptors.majority();
            fresh.then_some((prepare.saga, Ballot::ZERO, decision, majority))
        }
        _ => None,
    }
}

/// The question that an entry answers, unless it is a step of the node's own.
fn asked(entry: &Entry) -> Option<&Question> {
    match entry {
        Entry::Asked { question, .. } => Some(question),
        _ => None,
    }
}

fn changed_legs<'a>(
    before: &'a Company,
    after: &'a Company,
) -> impl Iterator<Item = (&'a LegKey, Option<&'a LegRow>, &'a LegRow)> {
    let legs = after.legs.iter();
    legs.map(|(key, leg)| (key, before.legs.get(key), leg))
        .filter(|(_, old, new)| *old != Some(*new))
}

/// The arrows of a leg; there are no others.
fn arrows_exist(before: &Company, after: &Company, entry: &Entry) -> bool {
    let asked = asked(entry);
    let kept = before.legs.keys().all(|key| after.legs.contains_key(key));
    kept && changed_legs(before, after).all(|(_, old, new)| {
        let same_order = old.is_none_or(|old| old.hash == new.hash && old.fence == new.fence);
        same_order
            && match (old.map(|old| old.state), new.state) {
                (None, Prepared) => matches!(asked, Some(Question::Prepare(_))),
                (None, Committed) => matches!(asked, Some(Question::Book(_))),
                (None, Refused) => matches!(
                    asked,
                    Some(Question::Prepare(_) | Question::Book(_) | Question::Release { .. })
                ),
                (Some(Prepared), Committed) => committed_order(entry) == Some(new.hash),
                (Some(Prepared), Refused) => {
                    let other = committed_order(entry).is_some_and(|hash| hash != new.hash);
                    other || matches!(asked, Some(Question::Release { .. }))
                }
                (Some(Prepared | Committed), Cancelled) => {
                    matches!(entry, Entry::Cancel { .. } | Entry::Merge { .. })
                }
                _ => false,
            }
    })
}

fn committed_order(entry: &Entry) -> Option<OrderHash> {
    match entry {
        Entry::Asked {
            question: Question::Commit { hash, .. },
            ..
        } => Some(*hash),
        Entry::Settle(decision, _) => match &decision.value {
            Value::Commit { hash, .. } => Some(*hash),
            _ => None,
        },
        _ => None,
    }
}

fn touches_others(before: &Company, after: &Company, entry: &Entry) -> bool {
    let own = sagas_of(entry);
    changed_legs(before, after).any(|(key, _, _)| !own.contains(&key.saga))
}

/// The sagas whose legs an entry may move.
fn sagas_of(entry: &Entry) -> Vec<SagaId> {
    match entry {
        Entry::Asked { question, .. } => match question {
            Question::Prepare(prepare) | Question::Book(prepare) => vec![prepare.saga],
            Question::Commit { saga, .. } | Question::Release { saga, .. } => vec![*saga],
            _ => Vec::new(),
        },
        Entry::Settle(decision, _) => vec![decision.saga],
        Entry::Cancel { ticket, .. } => vec![*ticket],
        Entry::Merge { rows, .. } => {
            let ticket = |row: &Replicated| match row {
                Replicated::Ticket(ticket) => Some(ticket.id),
                Replicated::User(_) => None,
            };
            rows.iter().filter_map(ticket).collect()
        }
        _ => Vec::new(),
    }
}

fn fences_hold(before: &Company, after: &Company) -> bool {
    let fence = |company: &Company, key: &LegKey| {
        let seat = company.seats.get(&key.seat());
        seat.map_or(FencingToken::NONE, |seat| seat.fence)
    };
    let risen = before.seats.iter().all(|(seat, row)| {
        let now = after.seats.get(seat);
        now.is_some_and(|now| now.fence >= row.fence)
    });
    risen
        && changed_legs(before, after).all(|(key, old, new)| {
            let taken = old.is_none() && owns(new.state);
            let leased = new.fence != FencingToken::NONE;
            !taken || (!leased || new.fence >= fence(before, key)) && fence(after, key) >= new.fence
        })
}

fn registers_rise(before: &Company, after: &Company) -> bool {
    before.registers.iter().all(|(key, old)| {
        let accepted = |register: &passcom_actors::domain::ballot::Register| {
            let accepted = register.accepted.as_ref();
            accepted.map(|(ballot, value)| (*ballot, Decision::of(value)))
        };
        after.registers.get(key).is_some_and(|new| {
            let (was, is) = (accepted(old), accepted(new));
            let settled = old.chosen && (!new.chosen || was.map(|w| w.1) != is.map(|i| i.1));
            new.promised >= old.promised && is.map(|i| i.0) >= was.map(|w| w.0) && !settled
        })
    })
}

fn answers_stay(before: &Company, after: &Company) -> bool {
    before.keys.iter().all(|(key, old)| {
        after.keys.get(key).is_some_and(|new| {
            new.saga == old.saga && (old.answer.is_none() || new.answer == old.answer)
        })
    })
}

fn tickets_grow(before: &Company, after: &Company) -> bool {
    before.tickets.iter().all(|(id, old)| {
        after.tickets.get(id).is_some_and(|new| {
            let kept = old
                .cancelled
                .iter()
                .all(|seat| new.cancelled.contains(seat));
            kept && new.order == old.order
        })
    })
}

/// Whether a saga has both a sold and a refused leg: it was sold by halves.
pub fn is_torn<'a>(companies: impl Iterator<Item = &'a Company> + Clone, saga: SagaId) -> bool {
    let legs = companies.flat_map(|company| &company.legs);
    let mut states = legs
        .filter(|(key, _)| key.saga == saga)
        .map(|(_, leg)| leg.state);
    let mut others = states.clone();
    states.any(is_sold) && others.any(|state| state == Refused)
}
