//! A booking of one company: vote, decision and sale are one step there.

use super::round::Round;
use super::{ClientAnswer, Driver, Effect, Phase};
use crate::entry::Entry;
use crate::ids::CompanyId;
use crate::outcome::Outcome;
use crate::question::Question;
use crate::vote::Refusal;

impl Driver {
    pub(super) fn book(&mut self, effects: &mut Vec<Effect>) {
        self.tag += 1;
        let mut round = Round::new(self.tag);
        let company = self.start.acceptors.0[0];
        round.ask(company, Question::Book(self.prepare(company)), effects);
        self.phase = Phase::Booking { round };
    }

    /// The company has sold its seats.
    pub(super) fn on_sold(&mut self, from: CompanyId, effects: &mut Vec<Effect>) {
        if from == self.start.me {
            self.answer_booked(effects);
            return;
        }
        self.post(
            Entry::Adopt {
                saga: self.start.saga,
                order: self.start.order.clone(),
                idempotency: self.start.idempotency.clone(),
            },
            effects,
        );
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
