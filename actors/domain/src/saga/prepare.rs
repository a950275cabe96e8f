//! Asking every company for its vote: in parallel under a lease, one after another without.

use std::sync::Arc;

use super::round::Round;
use super::{
    Begin, ClientAnswer, Driver, Effect, NoAnswer, Origin, PREPARE_PATIENCE, Phase, RAISES_MAX,
};
use crate::ballot::Acceptors;
use crate::entry::Entry;
use crate::fencing::FencingToken;
use crate::ids::CompanyId;
use crate::order::{Order, OrderHash};
use crate::outcome::Outcome;
use crate::papers;
use crate::question::Question;
use crate::time::Timestamp;
use crate::vote::{Prepare, Vote};
use crate::withheld::completed;

impl Driver {
    pub(super) fn ask_for_votes(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let companies = self.start.order.companies();
        self.tag += 1;
        // own legs carry the saga with them
        let begin = if companies.contains(&self.start.me) && !self.confirms() {
            Begin::Durable
        } else {
            self.post_begin(effects);
            Begin::UnderWay
        };
        let mut round = Round::new(self.tag);
        // without a lease: ascending, one by one, so that of overlapping bookings one gets through
        let mut queue = match self.start.origin {
            Origin::Confirm { voted: true } => Vec::new(),
            _ => companies,
        };
        queue.reverse();
        let alone = self.token == FencingToken::NONE && !self.confirms();
        let first = if alone { 1 } else { queue.len() };
        for company in queue.split_off(queue.len() - first).into_iter().rev() {
            round.ask(company, Question::Prepare(self.prepare(company)), effects);
        }
        self.phase = Phase::Preparing {
            round,
            queue,
            begin,
            deadline: *self.vote_by.get_or_insert(now + PREPARE_PATIENCE),
        };
    }

    /// Travels beside the round that it belongs to, under its tag.
    pub(super) fn post_begin(&self, effects: &mut Vec<Effect>) {
        let begin = if self.confirms() {
            Entry::RequestConfirm(self.prepare(self.start.me))
        } else {
            Entry::Begin(self.prepare(self.start.me), self.start.idempotency.clone())
        };
        effects.push(Effect::Post {
            tag: self.tag,
            entry: Box::new(begin),
        });
    }

    /// As this company is asked: only who carries somebody has papers.
    pub(super) fn prepare(&self, company: CompanyId) -> Box<Prepare> {
        let papers = self.start.papers.clone();
        Box::new(Prepare {
            saga: self.start.saga,
            order: self.start.order.clone(),
            hash: self.start.hash,
            acceptors: self.start.acceptors.clone(),
            fence: self.token,
            driver: self.start.node.clone(),
            papers: papers.filter(|_| papers::is_for(&self.start.order, company)),
        })
    }

    pub(super) fn on_vote(
        &mut self,
        now: Timestamp,
        from: CompanyId,
        vote: Vote,
        effects: &mut Vec<Effect>,
    ) {
        let books = match self.phase {
            Phase::Preparing { .. } => false,
            Phase::Booking { .. } => true,
            _ => return,
        };
        match vote {
            Vote::Yes if books => self.on_sold(from, effects),
            Vote::Yes => self.on_yes(now, from, effects),
            // our own company has written it down under the key
            Vote::No(refusal) if books && from == self.start.me => {
                self.answer_refused(refusal, effects);
            }
            Vote::No(refusal) => self.refuse(refusal, effects),
            Vote::Mismatch {
                order,
                hash,
                acceptors,
            } => self.adopt(now, order, hash, acceptors, effects),
            Vote::Stale(fence) => self.raise(now, fence, effects),
            Vote::Later => self.on_no_answer(now, from, NoAnswer::NotNow),
        }
    }

    fn on_yes(&mut self, now: Timestamp, from: CompanyId, effects: &mut Vec<Effect>) {
        let Phase::Preparing { round, queue, .. } = &mut self.phase else {
            return;
        };
        if !round.answered(from) {
            return; // this Yes was counted
        }
        if let Some(next) = queue.pop() {
            let prepare = self.prepare(next);
            if let Phase::Preparing { round, .. } = &mut self.phase {
                round.ask(next, Question::Prepare(prepare), effects);
            }
        }
        self.decide_if_ready(now, effects);
    }

    pub(super) fn decide_if_ready(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Phase::Preparing {
            round,
            queue,
            begin,
            ..
        } = &self.phase
        else {
            return;
        };
        if *begin != Begin::Durable || !queue.is_empty() || !round.is_answered_by_all() {
            return;
        }
        if self.start.order.hold_seconds.is_some() && !self.confirms() {
            self.hold(effects);
        } else {
            self.decide(now, effects);
        }
    }

    /// Every company keeps its seats, and that is all: a ballot needs the customer's confirmation.
    pub(super) fn hold(&mut self, effects: &mut Vec<Effect>) {
        self.phase = Phase::Holding { again_at: None };
        let key = self.start.idempotency.clone();
        let key = key.map(|key| (self.start.order.user, key));
        let (saga, hash) = (self.start.saga, self.start.hash);
        self.post(Entry::Hold { saga, hash, key }, effects);
    }

    /// The others are told once, and nobody waits for them: this company may be dead when the customer confirms.
    pub(super) fn answer_held(&mut self, effects: &mut Vec<Effect>) {
        let (hold, hash, me) = (self.start.saga, self.start.hash, self.start.me);
        effects.push(Effect::Answer(ClientAnswer::Definite(Outcome::Held {
            hold,
        })));
        let companies = self.start.order.companies().into_iter();
        effects.extend(companies.filter(|to| *to != me).map(|to| Effect::Send {
            to,
            tag: self.tag,
            question: Question::AllVoted { saga: hold, hash },
        }));
        self.stop(effects);
    }

    fn confirms(&self) -> bool {
        matches!(self.start.origin, Origin::Confirm { .. })
    }

    /// Somebody else began this saga with another order: drive that one. Two different ones cannot both be whole.
    pub(super) fn adopt(
        &mut self,
        now: Timestamp,
        order: Arc<Order>,
        hash: OrderHash,
        acceptors: Acceptors,
        effects: &mut Vec<Effect>,
    ) {
        if self.adopted || order.legs.is_empty() {
            self.next_ballot(effects);
            return;
        }
        self.adopted = true;
        // who recorded it may not tell us whom our client has named
        self.start.order = completed(&order, &self.start.order);
        self.start.hash = hash;
        self.start.acceptors = acceptors;
        self.ask_for_seats(now, effects);
    }

    pub(super) fn raise(&mut self, now: Timestamp, fence: FencingToken, effects: &mut Vec<Effect>) {
        self.raises += 1;
        if self.raises > RAISES_MAX {
            // a table that grants old tokens for ever is no lease table: go on as if it were away
            self.token = FencingToken::NONE;
            self.ask_for_seats(now, effects);
            return;
        }
        self.phase = Phase::Leasing;
        effects.push(Effect::RaiseFence(fence));
    }
}
