//! Registers, answers, and that everything ends.

use std::collections::BTreeMap;

use passcom_actors::domain::ballot::{Ballot, Key};
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::rows::SagaState;
use passcom_actors::domain::vote::LegState::{self, Cancelled, Committed, Prepared};

use super::exchanges::exchanges;
use super::history::decision_of;
use super::{Decision, Evidence, Told};

/// At most one value per register: of its decided copies, of what a majority accepted, and per ballot.
pub fn p1_one_value(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let mut chosen: BTreeMap<&Key, Decision> = BTreeMap::new();
    let mut proposed: BTreeMap<(&Key, Ballot), (Decision, usize)> = BTreeMap::new();
    let registers = evidence
        .tables
        .values()
        .flat_map(|tables| &tables.registers);
    for (key, register) in registers {
        let Some((ballot, value)) = &register.accepted else {
            continue;
        };
        let decision = decision_of(value);
        let (first, count) = proposed.entry((key, *ballot)).or_insert((decision, 0));
        *count += 1;
        if *first != decision {
            objections.push(format!(
                "{key:?} has {first:?} and {decision:?} in one ballot"
            ));
        }
        if register.chosen || *count > register.acceptors.0.len() / 2 {
            let other = *chosen.entry(key).or_insert(decision);
            if other != decision {
                objections.push(format!("{key:?} is {other:?} and {decision:?}"));
            }
        }
    }
    objections
}

/// A client's 200: Commit is chosen, and every leg is sold unless somebody cancelled it.
pub fn i3_sold_is_sold(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (saga, decision) in &evidence.chosen {
        let tables = evidence.tables.values();
        let ticket = tables.filter_map(|tables| tables.tickets.get(saga)).next();
        match (decision, ticket) {
            (Decision::Commit(_), Some(ticket)) => {
                let seats = ticket.order.seats();
                let wrong = seats
                    .iter()
                    .filter_map(|seat| unsold(evidence, *saga, seat));
                objections.extend(wrong);
            }
            (Decision::Commit(_), None) => objections.push(format!("{saga}: no ticket")),
            (Decision::Abort, Some(_)) => objections.push(format!("{saga}: a ticket, and Abort")),
            (Decision::Abort | Decision::Account(_), _) => {}
        }
    }
    let booked = evidence
        .told
        .iter()
        .filter(|(_, told)| *told == Told::Booked);
    for (saga, _) in booked {
        let chosen = evidence.chosen.get(saga);
        if !matches!(chosen, Some(Decision::Commit(_))) {
            objections.push(format!("{saga}: told as booked, chosen is {chosen:?}"));
        }
    }
    objections
}

fn unsold(evidence: &Evidence, saga: SagaId, seat: &SeatRef) -> Option<String> {
    let legs = &evidence.tables.get(&seat.company)?.legs;
    let mut legs = legs.iter();
    let tickets = &evidence.tables.get(&seat.company)?.tickets;
    let ticket = tickets.get(&saga);
    let number = ticket.map_or(seat.number, |ticket| ticket.number_now(seat));
    let leg = legs.find(|(key, _)| key.saga == saga && key.seat() == (seat.route, number));
    let state = leg.map(|(_, leg)| leg.state);
    let right = match state {
        Some(Committed) => true,
        Some(Cancelled) => evidence.cancels.contains(&saga) || is_exchanged(evidence, saga),
        _ => false,
    };
    (!right).then(|| format!("{saga}: {seat:?} is {state:?}"))
}

fn is_exchanged(evidence: &Evidence, saga: SagaId) -> bool {
    let mut exchanges = evidence.tables.values().flat_map(exchanges);
    exchanges.any(|(_, exchange)| exchange.ticket == saga)
}

/// A definite refusal, or "nothing was begun" on every request: no leg of it was ever sold, and none is kept.
pub fn i4_refused_is_never_sold(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let refused = evidence
        .told
        .iter()
        .filter(|(_, told)| matches!(told, Told::Refused | Told::Ended));
    let refused = refused.map(|(saga, _)| saga);
    for saga in refused.chain(&evidence.not_begun) {
        for (company, tables) in &evidence.tables {
            let legs = tables.legs.iter().filter(|(key, _)| key.saga == *saga);
            let sold = LegState::was_sold;
            if legs.clone().any(|(_, leg)| sold(leg.state)) {
                objections.push(format!("{saga}: refused, and sold by {company}"));
            }
        }
    }
    objections
}

/// No prepared leg but of an unexpired hold, and no saga without an end. Sagas that a dead company has to hear of may
/// wait for it, and nobody knows the end of those that it alone decides.
pub fn i7_nothing_is_open(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let is_dead = |company: &CompanyId| evidence.dead.contains(company);
    let alive = evidence.tables.iter();
    let alive = alive.filter(|(company, _)| !is_dead(company));
    for (company, tables) in alive {
        let kept = tables.legs.iter();
        let kept = kept.filter(|(key, leg)| leg.state == Prepared && !held(evidence, key.saga));
        objections.extend(kept.map(|(key, _)| format!("{company} keeps {key:?}")));
        for (saga, (_, row)) in &tables.sagas {
            let mut companies = row.order.iter().flat_map(|order| order.companies());
            let waits = companies.any(|company| is_dead(&company));
            if row.state == SagaState::Begun {
                let unknowable = row.acceptors.0.iter().all(is_dead);
                if !unknowable && !held(evidence, *saga) {
                    objections.push(format!("{saga} is undecided at {company}"));
                }
            } else if !row.finished && row.driver == company.as_str() && !waits {
                objections.push(format!("{saga} is unfinished at {company}"));
            }
        }
    }
    objections
}

/// An open hold whose time is not over: nobody has decided it.
fn held(evidence: &Evidence, saga: SagaId) -> bool {
    evidence.unexpired.contains(&saga) && !evidence.chosen.contains_key(&saga)
}
