//! What must hold after every commit and every answer: the arrows of a leg, one owner per seat, one value per register,
//! no sale, ticket or answer without its decision.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ballot::{Ballot, Key, Register, Value};
use passcom_actors::domain::ids::{CompanyId, SagaId, UserId};
use passcom_actors::domain::order::{Order, OrderHash, SeatRef};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::{LegRow, Rows};
use passcom_actors::domain::vote::LegState::{
    self, Cancelled, Committed, Moved, Prepared, Refused,
};
use passcom_actors::people::refund::{Refund, Refunded};

use super::departures::{Departures, refunds_by_the_clock};
use super::holds::Holds;
use super::money::lost;
use crate::seen::Seen;

/// A leg that has been prepared for longer has been in doubt.
const IN_DOUBT_AFTER: u64 = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Commit(OrderHash),
    Abort,
    /// Of a login's register.
    Account(UserId),
}

/// A definite answer to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Booked,
    Refused,
    /// The seats of a hold are kept.
    Held,
    /// The hold has ended: it was released, or too late to be confirmed.
    Ended,
}

/// What is known of one register.
#[derive(Debug, Default)]
struct Vote {
    /// Who accepted what in which ballot.
    accepted: BTreeMap<Ballot, (Decision, BTreeSet<CompanyId>)>,
    chosen: Option<Decision>,
}

#[derive(Debug, Default)]
pub struct History {
    votes: BTreeMap<Key, Vote>,
    legs: BTreeMap<SagaId, BTreeMap<SeatRef, LegState>>,
    owners: BTreeMap<SeatRef, SagaId>,
    freed_by_cancel: BTreeSet<SeatRef>,
    prepared_at: BTreeMap<(SagaId, SeatRef), u64>,
    now: u64,
    begun: BTreeMap<SagaId, BTreeSet<OrderHash>>,
    pub holds: Holds,
    pub departures: Departures,
    pub cancels: BTreeSet<SagaId>,
    exchanges: BTreeSet<SagaId>,
    pub told: Vec<(SagaId, Told)>,
    pub claimed: Vec<(String, UserId)>,
    pub refunded: Vec<(SagaId, Refunded)>,
    /// What must not be.
    pub objections: Vec<String>,
}

impl History {
    /// A transaction has been committed.
    pub fn on_commit(&mut self, rows: &Rows, now: u64, seen: &mut Seen) {
        self.now = now;
        let me = rows.me;
        for change in rows.registers.changes() {
            self.on_register(me, change.key, change.before, change.after, seen);
        }
        for change in rows.sagas.changes() {
            let saga = *change.key;
            let hashes = self.begun.entry(saga).or_default();
            hashes.insert(change.after.hash);
            let votes = accepts_commit(rows, saga);
            let objection = self
                .holds
                .on_saga(now, saga, change.before, change.after, votes);
            self.objections.extend(objection);
        }
        // those that free a seat come first: one batch may sell again what it frees; of them those that are given for another one,
        // which may end in the same batch
        let owns = |leg: &LegRow| matches!(leg.state, Prepared | Committed);
        let (owning, mut freeing): (Vec<_>, Vec<_>) =
            rows.legs.changes().partition(|change| owns(change.after));
        freeing.sort_by_key(|change| change.after.state != Moved);
        for change in freeing.into_iter().chain(owning) {
            let seat = rows.seat_ref(change.key.seat());
            let before = change.before.map(|leg| leg.state);
            self.on_leg(change.key.saga, seat, before, change.after, seen);
        }
        for change in rows.tickets.changes() {
            let saga = *change.key;
            if !matches!(self.chosen(saga), Some(Decision::Commit(_))) {
                self.object(format!("ticket {saga} at {me} without a chosen Commit"));
            }
            let before = change.before.map_or(0, |ticket| ticket.cancelled.len());
            let after = &change.after.cancelled;
            if after.len() < before {
                self.object(format!("ticket {saga} at {me} has lost a cancellation"));
            }
            let known = change.before.map_or(&[][..], |ticket| &ticket.changes);
            for known in known {
                if change.after.change(&known.of) < Some(known) {
                    self.object(format!("ticket {saga} at {me} has lost {known:?}"));
                }
            }
            if change.after.changes.len() > known.len() {
                seen.count("tickets told of a changed flight");
            }
            if change.after.changes.iter().any(|change| change.unseated) {
                seen.count("tickets left without a seat");
            }
            let known = change.before.map_or(&[][..], |ticket| &ticket.refunds);
            let objection = lost(saga, known, &change.after.refunds);
            self.objections.extend(objection);
            let apart = |refund: &&Refunded| {
                let mut known = known.iter();
                known.any(|known| known.seat == refund.seat && known.by != refund.by)
            };
            if change.after.refunds.iter().any(|refund| apart(&refund)) {
                seen.count("refunds decided apart");
            }
            if !after.is_empty() && !self.may_end(saga) {
                self.object(format!("ticket {saga} at {me}: nobody cancelled it"));
            }
        }
        for change in rows.keys.changes() {
            let before = change.before.and_then(|row| row.answer);
            if before.is_some() && before != change.after.answer {
                self.object(format!(
                    "{me} changed its answer to a key of {}",
                    change.after.saga
                ));
            }
            match change.after.answer {
                Some(Outcome::Booked { ticket }) => self.check_told(ticket, Told::Booked),
                Some(Outcome::Refused(_)) => self.check_told(change.after.saga, Told::Refused),
                Some(Outcome::Held { hold }) => self.check_told(hold, Told::Held),
                None => {}
            }
        }
        for change in rows.users.changes() {
            let login = &change.after.login;
            let chosen = self.votes.get(&Key::Login(login.clone()));
            let chosen = chosen.and_then(|vote| vote.chosen);
            if chosen != Some(Decision::Account(change.after.id)) {
                self.object(format!(
                    "{login} at {me} is {}, chosen is {chosen:?}",
                    change.after.id
                ));
            }
        }
    }

    /// A transaction is about to be committed, or not: by a clock that shows this.
    pub fn on_decided(&mut self, rows: &Rows, wall_ms: i64, seen: &mut Seen) {
        let objections = self.departures.on_decided(rows, wall_ms, seen);
        self.objections.extend(objections);
    }

    /// A node has said what comes back for the seats of a ticket.
    pub fn on_refunds(&mut self, order: &Order, refunds: &[Refund], wall_ms: i64, seen: &mut Seen) {
        let objections = refunds_by_the_clock(order, refunds, wall_ms, seen);
        self.objections.extend(objections);
    }

    /// A customer has been told what came back.
    pub fn on_refunded(&mut self, saga: SagaId, refund: &Refunded, seen: &mut Seen) {
        seen.count("refunds told");
        self.refunded.push((saga, refund.clone()));
    }

    pub fn chosen(&self, saga: SagaId) -> Option<Decision> {
        self.votes.get(&Key::Saga(saga))?.chosen
    }

    pub fn all_chosen(&self) -> BTreeMap<SagaId, Decision> {
        let chosen = self.votes.iter().filter_map(|(key, vote)| match key {
            Key::Saga(saga) => Some((*saga, vote.chosen?)),
            Key::Login(_) => None,
        });
        chosen.collect()
    }

    /// A client has been told.
    pub fn on_told(&mut self, saga: SagaId, told: Told) {
        self.told.push((saga, told));
        self.check_told(saga, told);
    }

    fn check_told(&mut self, saga: SagaId, told: Told) {
        let chosen = self.chosen(saga);
        let mut legs = self.legs.get(&saga).into_iter().flatten();
        let right = match told {
            Told::Booked => matches!(chosen, Some(Decision::Commit(_))),
            Told::Refused | Told::Ended => {
                chosen == Some(Decision::Abort) || legs.any(|(_, state)| *state == Refused)
            }
            Told::Held => {
                let objection = self.holds.on_held(saga);
                return self.objections.extend(objection);
            }
        };
        if !right {
            self.object(format!("{saga} told as {told:?}, chosen is {chosen:?}"));
        }
    }

    fn on_register(
        &mut self,
        at: CompanyId,
        key: &Key,
        before: Option<&Register>,
        after: &Register,
        seen: &mut Seen,
    ) {
        if before.is_some_and(|before| before.promised > after.promised) {
            self.object(format!("{at} took back a promise for {key:?}"));
        }
        if before.is_some_and(|before| before.chosen && !after.chosen) {
            self.object(format!("{at} forgot that {key:?} is decided"));
        }
        let Some((ballot, value)) = &after.accepted else {
            return;
        };
        let decision = decision_of(value);
        if let (Key::Saga(saga), Decision::Commit(_)) = (key, decision) {
            let objection = self.holds.on_commit_accepted(*saga);
            self.objections.extend(objection);
        }
        let vote = self.votes.entry(key.clone()).or_default();
        let was = vote.chosen;
        let learnt = after.chosen && after.acceptors.0.len() > 1;
        let nobody = BTreeSet::new();
        let (first, by) = vote.accepted.entry(*ballot).or_insert((decision, nobody));
        let agreed = *first == decision;
        by.insert(at);
        if !learnt && by.len() > after.acceptors.0.len() / 2 {
            vote.chosen.get_or_insert(decision);
        }
        let chosen = vote.chosen;
        if !agreed {
            self.object(format!(
                "two values in one ballot of {key:?}: {decision:?} at {at}"
            ));
        }
        if chosen != was {
            count_chosen(decision, *ballot, after, seen);
            if let Key::Saga(saga) = key {
                self.holds.count_chosen(self.now, *saga, decision, seen);
            }
        }
        let decided = after.chosen || chosen != was;
        if decided && chosen != Some(decision) {
            self.object(format!(
                "{key:?}: {decision:?} at {at}, chosen is {chosen:?}"
            ));
        }
    }

    fn on_leg(
        &mut self,
        saga: SagaId,
        seat: SeatRef,
        before: Option<LegState>,
        leg: &LegRow,
        seen: &mut Seen,
    ) {
        let after = leg.state;
        let known = self.legs.entry(saga).or_default().insert(seat, after);
        if known != before {
            self.object(format!(
                "{saga}: {seat:?} was {known:?} and is read as {before:?}"
            ));
        }
        // a seat that is given instead of another is no sale
        let mut others = self.legs[&saga].values();
        let is_instead = before.is_none()
            && matches!(after, Committed | Cancelled)
            && others.any(|leg| *leg == Moved);
        let allowed = match (before, after) {
            (None, Prepared | Refused | Committed) => true,
            (Some(Prepared), Committed | Refused | Cancelled) => true,
            (Some(Committed), Cancelled) => true,
            // sold and given for another one in one batch, too: that it was sold is looked at below
            (None | Some(Prepared | Committed), Moved) => true,
            // a sale at one company of which the claim ends in the same step, or a seat that was given instead of another and is given back
            (None, Cancelled) => seat.route.is_claim() || is_instead,
            (before, after) => before == Some(after),
        };
        if !allowed {
            self.object(format!("{saga}: {seat:?} became {after:?} from {before:?}"));
        }
        if after.was_sold() && self.chosen(saga) != Some(Decision::Commit(leg.hash)) {
            let chosen = self.chosen(saga);
            self.object(format!(
                "{saga}: {seat:?} is {after:?}, chosen is {chosen:?}"
            ));
        }
        if after == Cancelled && !seat.route.is_claim() && !self.may_end(saga) {
            self.object(format!("{saga}: nobody cancelled {seat:?}"));
        }
        if after != Moved && !is_instead {
            let objection = self.holds.on_leg(self.now, saga, seat, before, after);
            self.objections.extend(objection);
        }
        self.on_owner(saga, seat, after);
        self.count_leg(saga, seat, before, after, seen);
    }

    fn on_owner(&mut self, saga: SagaId, seat: SeatRef, after: LegState) {
        let owner = self.owners.get(&seat).copied();
        if matches!(after, Prepared | Committed) {
            if owner.is_some_and(|owner| owner != saga) {
                self.object(format!("{seat:?} of {owner:?} is given to {saga} too"));
            }
            self.owners.insert(seat, saga);
        } else if owner == Some(saga) {
            self.owners.remove(&seat);
        }
    }

    fn count_leg(
        &mut self,
        saga: SagaId,
        seat: SeatRef,
        before: Option<LegState>,
        after: LegState,
        seen: &mut Seen,
    ) {
        if before == after.into() {
            return;
        }
        match (before, after) {
            (None, Refused) if !self.begun.contains_key(&saga) => seen.count("tombstones"),
            (Some(Prepared), Cancelled) => seen.count("legs cancelled while prepared"),
            (Some(Committed), Moved) => seen.count("legs moved to another seat"),
            _ => {}
        }
        if after == Prepared {
            self.prepared_at.insert((saga, seat), self.now);
        } else if let Some(at) = self.prepared_at.remove(&(saga, seat))
            && self.now.saturating_sub(at) > IN_DOUBT_AFTER
        {
            seen.count("prepared legs older than in doubt");
        }
        if seat.route.is_claim() {
            seen.count(match after {
                Cancelled => "tickets exchanged",
                Refused => "exchanges refused",
                Prepared | Committed | Moved => "tickets claimed",
            });
            return;
        }
        if after == Cancelled {
            seen.count("legs cancelled");
            self.freed_by_cancel.insert(seat);
        }
        if after == Committed {
            if self.freed_by_cancel.remove(&seat) {
                seen.count("seats sold again after a cancel");
            }
            if self.begun.get(&saga).is_some_and(|hashes| hashes.len() > 1) {
                seen.count("commits with another order than the driver's");
            }
        }
    }

    /// Legs that were prepared by then and are so still, at these companies.
    pub fn kept_since(&self, by: u64, companies: &[CompanyId]) -> Vec<String> {
        let kept = self.prepared_at.iter();
        let kept = kept.filter(|((_, seat), at)| **at <= by && companies.contains(&seat.company));
        let objection = |((saga, seat), at): (&(SagaId, SeatRef), &u64)| {
            format!("{saga} keeps {seat:?} since {at} ms, a company died at {by} ms")
        };
        kept.map(objection).collect()
    }

    pub fn on_cancel(&mut self, ticket: SagaId) {
        self.cancels.insert(ticket);
    }

    /// A client has asked to exchange seats of this ticket.
    pub fn on_exchange(&mut self, ticket: SagaId) {
        self.exchanges.insert(ticket);
    }

    /// Somebody wanted other seats instead of some of this ticket.
    pub fn may_be_exchanged(&self, ticket: SagaId) -> bool {
        self.exchanges.contains(&ticket)
    }

    /// Somebody wanted seats of this ticket to end.
    fn may_end(&self, ticket: SagaId) -> bool {
        self.cancels.contains(&ticket) || self.exchanges.contains(&ticket)
    }

    /// A client has been told that a login is its user's now.
    pub fn on_claimed(&mut self, login: &str, user: UserId) {
        let chosen = self.votes.get(&Key::Login(login.to_owned()));
        let chosen = chosen.and_then(|vote| vote.chosen);
        if chosen != Some(Decision::Account(user)) {
            self.object(format!("{login} given to {user}, chosen is {chosen:?}"));
        }
        self.claimed.push((login.to_owned(), user));
    }

    pub fn object(&mut self, objection: String) {
        self.objections.push(objection);
    }
}

/// An acceptor takes a Commit of this saga in this transaction.
fn accepts_commit(rows: &Rows, saga: SagaId) -> bool {
    let mut registers = rows.registers.changes();
    registers.any(|change| {
        let accepted = change.after.accepted.as_ref();
        *change.key == Key::Saga(saga)
            && matches!(accepted, Some((_, Value::Commit { .. })))
            && change.before.and_then(|before| before.accepted.as_ref()) != accepted
    })
}

pub fn decision_of(value: &Value) -> Decision {
    match value {
        Value::Commit { hash, .. } => Decision::Commit(*hash),
        Value::Abort => Decision::Abort,
        Value::Account(user) => Decision::Account(user.id),
    }
}

fn count_chosen(decision: Decision, ballot: Ballot, register: &Register, seen: &mut Seen) {
    match decision {
        Decision::Commit(_) if register.acceptors.0.len() == 1 => {
            seen.count("bookings of one company");
        }
        Decision::Commit(_) if ballot == Ballot::ZERO => seen.count("commits in ballot 0"),
        Decision::Commit(_) => seen.count("recovery ballots that chose commit"),
        Decision::Abort => seen.count("recovery ballots that chose abort"),
        Decision::Account(_) => {}
    }
}
