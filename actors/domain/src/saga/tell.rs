//! The decision is known: answer the client, record it, tell the companies until each has acknowledged.
//!
//! A Commit cannot be lost once it is chosen, so the client hears of it before its ticket is durable here: the entry that makes it so
//! is posted first, and this node lets nobody read past it ([`Driver::owes_ticket`]).

use super::round::Round;
use super::{ClientAnswer, Driver, Effect, Phase};
use crate::ballot::{Ballot, Value};
use crate::entry::{Decision, Entry};
use crate::ids::CompanyId;
use crate::order::{Leg, Order};
use crate::outcome::Outcome;
use crate::question::Question;
use crate::vote::{Refusal, RefusalReason};

impl Driver {
    pub(super) fn on_chosen(&mut self, ballot: Ballot, value: Value, effects: &mut Vec<Effect>) {
        let value = self.named(value);
        match &value {
            Value::Commit { hash, order } => {
                self.start.hash = *hash;
                self.start.order = order.clone();
                let decision = Decision {
                    saga: self.start.saga,
                    acceptors: self.start.acceptors.clone(),
                    ballot,
                    value,
                };
                self.settle(Box::new(decision), effects);
                effects.push(Effect::Answer(ClientAnswer::Definite(Outcome::Booked {
                    ticket: self.start.saga,
                })));
            }
            // a saga's register holds no such thing: neither answer is true
            Value::Account(_) => self.stop(effects),
            Value::Abort => {
                let order = &self.start.order;
                let of_missing = |leg: &&Leg| Some(leg.seat.company) == self.missing;
                let leg = order.legs.iter().find(of_missing).unwrap_or(&order.legs[0]);
                // two drivers of this saga have votes for two orders and stand in each other's way: nobody was silent
                let reason = if self.adopted {
                    RefusalReason::Held
                } else if order.hold_seconds.is_some() && self.missing.is_none() {
                    RefusalReason::Released
                } else {
                    RefusalReason::NoVote
                };
                let refusal = Refusal {
                    seat: leg.seat,
                    reason,
                };
                self.refuse(refusal, effects);
            }
        }
    }

    pub(super) fn settle(&mut self, decision: Box<Decision>, effects: &mut Vec<Effect>) {
        let idempotency = self.start.idempotency.clone();
        let idempotency = idempotency.map(|key| (self.start.order.user, key));
        let entry = Entry::Settle(decision.clone(), idempotency);
        self.phase = Phase::Settling {
            decision,
            again_at: None,
        };
        self.post(entry, effects);
    }

    pub(super) fn refuse(&mut self, refusal: Refusal, effects: &mut Vec<Effect>) {
        // a Book is refused at the only company there is
        let release = !matches!(self.phase, Phase::Booking { .. });
        self.phase = Phase::Refusing { refusal, release };
        match self.start.idempotency.clone() {
            Some(idempotency) => self.post(
                Entry::Refuse {
                    saga: self.start.saga,
                    user: self.start.order.user,
                    idempotency,
                    refusal,
                },
                effects,
            ),
            None => self.tell_refusal(effects),
        }
    }

    pub(super) fn tell_refusal(&mut self, effects: &mut Vec<Effect>) {
        let Phase::Refusing { refusal, release } = self.phase else {
            return;
        };
        if !release {
            self.answer_refused(refusal, effects);
            return;
        }
        effects.push(Effect::Answer(ClientAnswer::Definite(Outcome::Refused(
            refusal,
        ))));
        self.give_lease_back(effects);
        // our own company always: the saga is recorded here even where no leg is
        let mut companies = self.start.order.companies();
        companies.push(self.start.me);
        companies.sort_unstable();
        companies.dedup();
        let saga = self.start.saga;
        self.propagate(companies, effects, |order, company| Question::Release {
            saga,
            seats: order.claims_of(company),
            reason: refusal.reason,
        });
    }

    pub(super) fn tell_commit(&mut self, effects: &mut Vec<Effect>) {
        self.give_lease_back(effects);
        let (saga, hash) = (self.start.saga, self.start.hash);
        let mut companies = self.start.order.companies();
        companies.retain(|company| *company != self.start.me); // settled with the ticket
        self.propagate(companies, effects, |order, _| Question::Commit {
            saga,
            hash,
            exchanged: order.exchange.as_ref().map(|exchange| exchange.ticket),
        });
    }

    pub(super) fn propagate(
        &mut self,
        companies: Vec<CompanyId>,
        effects: &mut Vec<Effect>,
        question: impl Fn(&Order, CompanyId) -> Question,
    ) {
        self.tag += 1;
        let mut round = Round::new(self.tag);
        for company in companies {
            round.ask(company, question(&self.start.order, company), effects);
        }
        self.phase = Phase::Propagating { round };
        self.finish_if_told(effects);
    }

    pub(super) fn on_acknowledged(&mut self, from: CompanyId, effects: &mut Vec<Effect>) {
        if let Phase::Propagating { round } = &mut self.phase {
            round.answered(from);
        }
        self.finish_if_told(effects);
    }

    pub(super) fn finish_if_told(&mut self, effects: &mut Vec<Effect>) {
        let told =
            matches!(&self.phase, Phase::Propagating { round } if round.is_answered_by_all());
        if told {
            self.phase = Phase::Finishing;
            let saga = self.start.saga;
            self.post(Entry::Finish { saga }, effects);
        }
    }
}
