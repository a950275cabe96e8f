//! Getting a decision: ballot 0 after every Yes, recovery ballots wherever that does not come to an end.
//!
//! Ballot 0 is thrifty (Lamport 2006, Fast Paxos; Moraru et al. 2013, EPaxos): as many acceptors are asked as make a majority, our own
//! first, and the others only if one of those does not answer soon. Any majority will do for whoever recovers. Whoever drives what another
//! company sold asks all of them: companies believe it a Commit of which they have seen something themselves, and nobody else's word.

use std::collections::BTreeSet;

use super::round::Round;
use super::{BALLOT_PATIENCE, BALLOT_PAUSE_MAX, Driver, Effect, Phase, SPARE_AFTER};
use crate::ballot::{Accept, Ballot, Key, Promise, Value};
use crate::entry::Entry;
use crate::ids::CompanyId;
use crate::question::Question;
use crate::register::{Progress, Proposer};
use crate::time::{Millis, Timestamp};
use crate::withheld::corrected;

impl Driver {
    pub(super) fn value(&self) -> Value {
        Value::Commit {
            hash: self.start.hash,
            order: self.start.order.clone(),
        }
    }

    /// The value with the names that this node knows: the acceptor that told it may not, or may tell others.
    pub(super) fn named(&self, value: Value) -> Value {
        match value {
            Value::Commit { hash, order } if hash == self.start.hash => Value::Commit {
                hash,
                order: corrected(&order, &self.start.order),
            },
            value => value,
        }
    }

    pub(super) fn accept_question(&self, ballot: Ballot, value: Value) -> Question {
        Question::Accept {
            key: Key::Saga(self.start.saga),
            acceptors: self.start.acceptors.clone(),
            ballot,
            value: Box::new(value),
        }
    }

    pub(super) fn decide(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.tag += 1;
        let mut round = Round::new(self.tag);
        let question = self.accept_question(Ballot::ZERO, self.value());
        let mut acceptors = self.by_nearness();
        let first = match self.start.order.seller {
            Some(seller) if seller != self.start.me => acceptors.len(),
            _ => self.start.acceptors.majority(),
        };
        let spare = acceptors.split_off(first);
        for acceptor in acceptors {
            round.ask(acceptor, question.clone(), effects);
        }
        self.phase = Phase::Deciding {
            round,
            accepted: BTreeSet::new(),
            spare,
            spare_at: now + SPARE_AFTER,
            deadline: now + BALLOT_PATIENCE,
        };
    }

    /// The acceptors in the order of who is asked first: our own company, those that have prepared the order, the rest; of equals
    /// whoever comes after us in the membership list, so that each company is asked by another one.
    fn by_nearness(&self) -> Vec<CompanyId> {
        let companies = &self.start.companies;
        let place = |company: &CompanyId| companies.iter().position(|known| known == company);
        let (me, count) = (place(&self.start.me).unwrap_or_default(), companies.len());
        let prepared = self.start.order.companies();
        let mut acceptors = self.start.acceptors.0.clone();
        acceptors.sort_by_key(|acceptor| {
            let after_us = (place(acceptor).unwrap_or(count) + count - me) % count.max(1);
            let is_me = *acceptor == self.start.me;
            (!is_me, !prepared.contains(acceptor), after_us)
        });
        acceptors
    }

    /// Asks those, too, who are not needed if all goes well.
    pub(super) fn ask_spare(&mut self, effects: &mut Vec<Effect>) {
        let question = self.accept_question(Ballot::ZERO, self.value());
        if let Phase::Deciding { round, spare, .. } = &mut self.phase {
            for acceptor in std::mem::take(spare) {
                round.ask(acceptor, question.clone(), effects);
            }
        }
    }

    pub(super) fn on_accept(
        &mut self,
        now: Timestamp,
        from: CompanyId,
        accept: Accept,
        effects: &mut Vec<Effect>,
    ) {
        match &mut self.phase {
            Phase::Deciding {
                round, accepted, ..
            } => match accept {
                Accept::Higher(ballot) => {
                    self.highest = self.highest.max(ballot);
                    self.next_ballot(effects);
                }
                Accept::Accepted => {
                    round.answered(from);
                    accepted.insert(from);
                    if accepted.len() >= self.start.acceptors.majority() {
                        self.on_chosen(Ballot::ZERO, self.value(), effects);
                    }
                }
            },
            Phase::Recovering {
                round, proposer, ..
            } => {
                round.answered(from);
                let progress = proposer.on_accept(from, accept);
                self.on_progress(now, progress, effects);
            }
            _ => {}
        }
    }

    pub(super) fn next_ballot(&mut self, effects: &mut Vec<Effect>) {
        let above = self.highest.round(self.start.companies.len());
        self.phase = Phase::Pausing { until: None };
        self.post(Entry::NextRound { above }, effects);
    }

    pub(super) fn pause(&mut self, now: Timestamp) {
        // xorshift64 (Marsaglia 2003): two drivers must not meet again and again
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        // never none: a timer that has just fired is not set to the same instant again
        let wait = Millis(1 + self.random % BALLOT_PAUSE_MAX.0);
        self.phase = Phase::Pausing {
            until: Some(now + wait),
        };
    }

    pub(super) fn on_round(&mut self, now: Timestamp, number: i64, effects: &mut Vec<Effect>) {
        let companies = &self.start.companies;
        let index = companies.binary_search(&self.start.me);
        let index = index.expect("a node is started for a company of the membership list only");
        let ballot = Ballot::new(number, index, companies.len());
        self.tag += 1;
        let mut round = Round::new(self.tag);
        for acceptor in &self.start.acceptors.0 {
            let question = Question::Promise {
                key: Key::Saga(self.start.saga),
                acceptors: self.start.acceptors.clone(),
                ballot,
            };
            round.ask(*acceptor, question, effects);
        }
        self.phase = Phase::Recovering {
            round,
            proposer: Box::new(Proposer::new(
                self.start.acceptors.clone(),
                ballot,
                Value::Abort,
            )),
            deadline: now + BALLOT_PATIENCE,
        };
    }

    pub(super) fn on_promise(
        &mut self,
        now: Timestamp,
        from: CompanyId,
        promise: Promise,
        effects: &mut Vec<Effect>,
    ) {
        let Phase::Recovering {
            round, proposer, ..
        } = &mut self.phase
        else {
            return;
        };
        round.answered(from);
        let progress = proposer.on_promise(from, promise);
        self.on_progress(now, progress, effects);
    }

    pub(super) fn on_progress(
        &mut self,
        now: Timestamp,
        progress: Progress,
        effects: &mut Vec<Effect>,
    ) {
        match progress {
            Progress::Waiting => {}
            Progress::Preempted(ballot) => {
                self.highest = self.highest.max(ballot);
                self.pause(now);
            }
            Progress::Chosen(ballot, value) => self.on_chosen(ballot, value, effects),
            Progress::SendAccept(value) => self.send_accept(now, value, effects),
        }
    }

    pub(super) fn send_accept(&mut self, now: Timestamp, value: Value, effects: &mut Vec<Effect>) {
        let Phase::Recovering { proposer, .. } = &self.phase else {
            return;
        };
        let question = self.accept_question(proposer.ballot(), self.named(value));
        self.tag += 1;
        let mut next = Round::new(self.tag);
        for acceptor in &self.start.acceptors.0 {
            next.ask(*acceptor, question.clone(), effects);
        }
        if let Phase::Recovering {
            round, deadline, ..
        } = &mut self.phase
        {
            *round = next;
            *deadline = now + BALLOT_PATIENCE;
        }
    }
}
