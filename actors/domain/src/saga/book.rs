//! A booking of one company: vote, decision and sale are one step there.

use super::round::Round;
use super::{ClientAnswer, Driver, Effect, NoAnswer, Phase};
use crate::entry::Entry;
use crate::ids::CompanyId;
use crate::outcome::Outcome;
use crate::question::Question;
use crate::time::Timestamp;
use crate::vote::{Booked, Refusal};

impl Driver {
    pub(super) fn book(&mut self, effects: &mut Vec<Effect>) {
        self.tag += 1;
        let mut round = Round::new(self.tag);
        let company = self.start.acceptors.0[0];
        round.ask(company, Question::Book(self.prepare()), effects);
        self.phase = Phase::Booking { round };
    }

    pub(super) fn on_booked(
        &mut self,
        now: Timestamp,
        from: CompanyId,
        booked: Booked,
        effects: &mut Vec<Effect>,
    ) {
        if !matches!(self.phase, Phase::Booking { .. }) {
            return;
        }
        match booked {
            Booked::Done if from == self.start.me => self.answer_booked(effects),
            Booked::Done => self.post(
                Entry::Adopt {
                    saga: self.start.saga,
                    order: self.start.order.clone(),
                    idempotency: self.start.idempotency.clone(),
                },
                effects,
            ),
            // its own company has written it down under the key
            Booked::No(refusal) if from == self.start.me => self.answer_refused(refusal, effects),
            Booked::No(refusal) => self.refuse(refusal, effects),
            Booked::Mismatch {
                order,
                hash,
                acceptors,
            } => self.adopt(now, order, hash, acceptors, effects),
            Booked::Stale(fence) => self.raise(now, fence, effects),
            Booked::Later => self.on_no_answer(now, from, NoAnswer::NotNow),
        }
    }

    pub(super) fn answer_booked(&mut self, effects: &mut Vec<Effect>) {
        let ticket = self.start.saga;
        effects.push(Effect::Answer(ClientAnswer::Definite(Outcome::Booked {
            ticket,
        })));
        self.stop(effects);
    }

    pub(super) fn answer_refused(&mut self, refusal: Refusal, effects: &mut Vec<Effect>) {
        effects.push(Effect::Answer(ClientAnswer::Definite(Outcome::Refused(
            refusal,
        ))));
        self.stop(effects);
    }
}
