//! The driver of one booking. Volatile: whatever it does follows from what companies have recorded, so any number of drivers
//! of one saga, here or elsewhere, at once or one after another, do the same.
//!
//! ```text
//! Leasing --granted--> Preparing --every Yes--> Deciding (ballot 0) --chosen--> Settling --durable--> Propagating --> Done
//!    |  \--away-----------^  |  \--a durable No--------------------------------> Refusing ---------------^
//!    busy: answer, Done      deadline: Recovering (ballots >= 1) --Commit--> Settling, --Abort--> Refusing
//! all legs of one company: Leasing --> Booking --> Done
//! ```
//! Invariants:
//! * ballot 0 leaves only after every company's Yes to this very order;
//! * nothing tells the client or the participants of Commit before it is known chosen and the ticket is durable here;
//! * a refusal is told only after a durable No or a chosen Abort.

mod round;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::round::Round;
use super::entry::{Decision, Entry, Idempotency, Receipt};
use super::fencing::FencingToken;
use super::ids::{CompanyId, SagaId};
use super::order::{Leg, Order, OrderHash, SeatRef};
use super::participant::{Booked, Prepare, Refusal, RefusalReason, Vote};
use super::register::{Accept, Acceptors, Ballot, Key, Progress, Promise, Proposer, Value};
use super::time::{Millis, Timestamp};

/// How long a company may take to vote before the driver proposes Abort.
pub const PREPARE_PATIENCE: Millis = Millis(4_000);
/// The same, once a company is known to be down.
const DOWN_PATIENCE: Millis = Millis(500);
/// How long a ballot may take before the next is tried.
const BALLOT_PATIENCE: Millis = Millis(1_500);
/// Longest random wait between two ballots.
const BALLOT_PAUSE_MAX: Millis = Millis(1_000);
/// How often a fencing token is raised before the booking is given up.
const RAISES_MAX: u32 = 3;
/// A driver that has not come to an end by then stops; the watcher of unfinished sagas starts another one later.
const LIFE_MAX: Millis = Millis(30_000);

/// A definite answer to a booking: recorded under its key, the same for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Booked { ticket: SagaId },
    Refused(Refusal),
}

/// What a driver says to whoever waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Definite(Outcome),
    /// Another saga's lease; nothing was begun.
    SeatBusy(SeatRef),
    /// The only company of the booking cannot be reached; nothing was begun.
    CompanyDown(CompanyId),
}

/// What the lease table said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseAnswer {
    Granted(FencingToken),
    Busy(SeatRef),
    /// No lease is to be had: go on without, slower.
    Away,
}

/// What a driver asks a company, maybe its own. Each may come twice, late or never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    Prepare(Box<Prepare>),
    Book(Box<Prepare>),
    Promise {
        key: Key,
        acceptors: Acceptors,
        ballot: Ballot,
    },
    Accept {
        key: Key,
        acceptors: Acceptors,
        ballot: Ballot,
        value: Box<Value>,
    },
    Confirm {
        saga: SagaId,
        hash: OrderHash,
    },
    Release {
        saga: SagaId,
        seats: Vec<SeatRef>,
        reason: RefusalReason,
    },
}

/// The answer to a [`Question`], after what it says is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompanyAnswer {
    Vote(Vote),
    Booked(Booked),
    Promise(Promise),
    Accept(Accept),
    /// To Confirm and Release.
    Done,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Certainly not executed: the company is down, or said "not now".
    NotSent,
    /// Perhaps executed.
    Silence,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Started,
    Leased(LeaseAnswer),
    Answered {
        from: CompanyId,
        tag: u32,
        answer: Result<CompanyAnswer, NoAnswer>,
    },
    /// A ledger entry of this driver is durable, or (none) was not written.
    Posted {
        tag: u32,
        receipt: Option<Receipt>,
    },
    Wake,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    AcquireLease(Vec<SeatRef>),
    /// Raise the token source to at least this, and lease anew.
    RaiseFence(FencingToken),
    ReleaseLease(Vec<SeatRef>),
    Send {
        to: CompanyId,
        tag: u32,
        question: Question,
    },
    Post {
        tag: u32,
        entry: Box<Entry>,
    },
    Answer(Answer),
    Stop,
}

/// How a driver comes to its saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A client's request: lease, prepare, decide.
    Client,
    /// Somebody's unfinished saga: find out, or have it aborted.
    Recovery,
}

/// What a driver is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    pub me: CompanyId,
    /// Name of this node.
    pub node: String,
    /// The membership list, ascending.
    pub companies: Vec<CompanyId>,
    pub saga: SagaId,
    pub order: Arc<Order>,
    pub hash: OrderHash,
    pub acceptors: Acceptors,
    pub idempotency: Option<Idempotency>,
    pub origin: Origin,
    /// Randomness for the pauses between ballots.
    pub seed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Idle,
    Leasing,
    Preparing {
        round: Round,
        yes: BTreeSet<CompanyId>,
        /// Companies to ask one after another: there is no lease.
        queue: Vec<CompanyId>,
        /// The saga is durable at this company.
        begun: bool,
        deadline: Timestamp,
    },
    Booking {
        round: Round,
        /// A call was perhaps executed.
        sent: bool,
    },
    Deciding {
        round: Round,
        accepted: BTreeSet<CompanyId>,
        deadline: Timestamp,
    },
    /// Waiting for the ledger to raise the ballot round, or until it is time to.
    Pausing {
        until: Option<Timestamp>,
    },
    Recovering {
        round: Round,
        proposer: Proposer,
        deadline: Timestamp,
    },
    Settling {
        decision: Box<Decision>,
        again_at: Option<Timestamp>,
    },
    Refusing {
        refusal: Refusal,
    },
    Propagating {
        round: Round,
    },
    Finishing,
    Done,
}

/// One booking being driven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    start: Start,
    phase: Phase,
    tag: u32,
    token: FencingToken,
    leased: bool,
    raises: u32,
    /// The highest ballot seen.
    highest: Ballot,
    random: u64,
    born: Timestamp,
    /// Another order was recorded for this saga, and taken over.
    adopted: bool,
    /// Who did not vote in time.
    missing: Option<CompanyId>,
}

impl Driver {
    pub fn new(start: Start) -> Self {
        Self {
            random: start.seed | 1,
            start,
            phase: Phase::Idle,
            tag: 0,
            token: FencingToken::NONE,
            leased: false,
            raises: 0,
            highest: Ballot::ZERO,
            born: Timestamp::default(),
            adopted: false,
            missing: None,
        }
    }

    pub fn saga(&self) -> SagaId {
        self.start.saga
    }

    /// The seats of the order, ascending.
    pub fn seats(&self) -> Vec<SeatRef> {
        self.start.order.seats()
    }

    pub fn idempotency(&self) -> Option<&Idempotency> {
        self.start.idempotency.as_ref()
    }

    /// When the driver wants a [`Event::Wake`] at the latest.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let own = match &self.phase {
            Phase::Preparing {
                round, deadline, ..
            }
            | Phase::Deciding {
                round, deadline, ..
            }
            | Phase::Recovering {
                round, deadline, ..
            } => round
                .next_wake()
                .map_or(Some(*deadline), |at| Some(at.min(*deadline))),
            Phase::Booking { round, .. } | Phase::Propagating { round } => round.next_wake(),
            Phase::Pausing { until } => *until,
            Phase::Settling { again_at, .. } => *again_at,
            Phase::Done => return None,
            _ => None,
        };
        let end = self.born + LIFE_MAX;
        Some(own.map_or(end, |at| at.min(end)))
    }

    /// Takes one event. Effects are to be carried out in their order.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Started => self.on_started(now, &mut effects),
            Event::Leased(answer) => self.on_leased(now, answer, &mut effects),
            Event::Answered { from, tag, answer } if self.expects(tag) => {
                self.on_answer(now, from, answer, &mut effects);
            }
            Event::Posted { tag, receipt } if tag == self.tag => {
                self.on_posted(now, receipt, &mut effects);
            }
            Event::Answered { .. } | Event::Posted { .. } => {}
            Event::Wake => self.on_wake(now, &mut effects),
        }
        effects
    }

    fn expects(&self, tag: u32) -> bool {
        match &self.phase {
            Phase::Preparing { round, .. }
            | Phase::Booking { round, .. }
            | Phase::Deciding { round, .. }
            | Phase::Recovering { round, .. }
            | Phase::Propagating { round } => round.tag() == tag,
            _ => false,
        }
    }

    fn on_started(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.born = now;
        match self.start.origin {
            Origin::Client => {
                self.phase = Phase::Leasing;
                effects.push(Effect::AcquireLease(self.start.order.seats()));
            }
            Origin::Recovery => self.next_ballot(effects),
        }
    }

    fn on_leased(&mut self, now: Timestamp, answer: LeaseAnswer, effects: &mut Vec<Effect>) {
        if self.phase != Phase::Leasing {
            return;
        }
        match answer {
            LeaseAnswer::Busy(seat) => {
                effects.push(Effect::Answer(Answer::SeatBusy(seat)));
                self.stop(effects);
                return;
            }
            LeaseAnswer::Granted(token) => {
                self.token = token;
                self.leased = true;
            }
            LeaseAnswer::Away => self.token = FencingToken::NONE,
        }
        if self.start.acceptors.0.len() == 1 {
            self.book(effects);
        } else {
            self.prepare(now, effects);
        }
    }

    fn on_answer(
        &mut self,
        now: Timestamp,
        from: CompanyId,
        answer: Result<CompanyAnswer, NoAnswer>,
        effects: &mut Vec<Effect>,
    ) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(no_answer) => return self.on_no_answer(now, from, no_answer),
        };
        match answer {
            CompanyAnswer::Vote(vote) => self.on_vote(now, from, vote, effects),
            CompanyAnswer::Booked(booked) => self.on_booked(now, from, booked, effects),
            CompanyAnswer::Promise(promise) => self.on_promise(now, from, promise, effects),
            CompanyAnswer::Accept(accept) => self.on_accept(now, from, accept, effects),
            CompanyAnswer::Done => self.on_acknowledged(from, effects),
        }
    }

    // ---- preparing ----------------------------------------------------------------------------------------------

    fn prepare(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let companies = self.start.order.companies();
        let begun = companies.contains(&self.start.me);
        self.tag += 1;
        if !begun {
            let begin = Entry::Begin(self.question(), self.start.idempotency.clone());
            effects.push(Effect::Post {
                tag: self.tag,
                entry: Box::new(begin),
            });
        }
        let mut round = Round::new(self.tag);
        // without a lease: ascending, one by one, so that of overlapping bookings one gets through
        let mut queue = companies;
        queue.reverse();
        let first = if self.leased { queue.len() } else { 1 };
        for company in queue.split_off(queue.len() - first).into_iter().rev() {
            round.ask(company, Question::Prepare(self.question()), effects);
        }
        self.phase = Phase::Preparing {
            round,
            yes: BTreeSet::new(),
            queue,
            // own legs carry the saga with them
            begun,
            deadline: now + PREPARE_PATIENCE,
        };
    }

    fn question(&self) -> Box<Prepare> {
        Box::new(Prepare {
            saga: self.start.saga,
            order: self.start.order.clone(),
            hash: self.start.hash,
            acceptors: self.start.acceptors.clone(),
            fence: self.token,
            driver: self.start.node.clone(),
        })
    }

    fn on_vote(&mut self, now: Timestamp, from: CompanyId, vote: Vote, effects: &mut Vec<Effect>) {
        let question = self.question();
        let Phase::Preparing {
            round, yes, queue, ..
        } = &mut self.phase
        else {
            return;
        };
        match vote {
            Vote::Yes => {
                round.answered(from);
                yes.insert(from);
                if let Some(next) = queue.pop() {
                    round.ask(next, Question::Prepare(question), effects);
                }
                self.decide_if_ready(now, effects);
            }
            Vote::No(refusal) => self.refuse(refusal, effects),
            Vote::Mismatch {
                order,
                hash,
                acceptors,
            } => self.adopt(now, order, hash, acceptors, effects),
            Vote::Stale(fence) => self.raise(fence, effects),
            Vote::Later => round.put_off(from, now),
        }
    }

    fn decide_if_ready(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Phase::Preparing {
            round,
            queue,
            begun,
            ..
        } = &self.phase
        else {
            return;
        };
        if *begun && queue.is_empty() && round.is_answered_by_all() {
            self.decide(now, effects);
        }
    }

    /// Somebody else began this saga with another order: drive that one. Two different ones cannot both be whole.
    fn adopt(
        &mut self,
        now: Timestamp,
        order: Arc<Order>,
        hash: OrderHash,
        acceptors: Acceptors,
        effects: &mut Vec<Effect>,
    ) {
        if self.adopted && hash != self.start.hash {
            self.next_ballot(effects);
            return;
        }
        self.adopted = true;
        self.start.order = order;
        self.start.hash = hash;
        self.start.acceptors = acceptors;
        if self.start.acceptors.0.len() == 1 {
            self.book(effects);
        } else {
            self.prepare(now, effects);
        }
    }

    fn raise(&mut self, fence: FencingToken, effects: &mut Vec<Effect>) {
        self.raises += 1;
        if self.raises > RAISES_MAX {
            self.next_ballot(effects);
            return;
        }
        self.phase = Phase::Leasing;
        effects.push(Effect::RaiseFence(fence));
    }

    // ---- one company --------------------------------------------------------------------------------------------

    fn book(&mut self, effects: &mut Vec<Effect>) {
        self.tag += 1;
        let mut round = Round::new(self.tag);
        let company = self.start.acceptors.0[0];
        round.ask(company, Question::Book(self.question()), effects);
        self.phase = Phase::Booking { round, sent: false };
    }

    fn on_booked(
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
            Booked::No(refusal) => self.answer_refused(refusal, effects),
            Booked::Mismatch {
                order,
                hash,
                acceptors,
            } => self.adopt(now, order, hash, acceptors, effects),
            Booked::Stale(fence) => self.raise(fence, effects),
            Booked::Later => self.on_no_answer(now, from, NoAnswer::NotSent),
        }
    }

    fn answer_booked(&mut self, effects: &mut Vec<Effect>) {
        let ticket = self.start.saga;
        effects.push(Effect::Answer(Answer::Definite(Outcome::Booked { ticket })));
        self.stop(effects);
    }

    fn answer_refused(&mut self, refusal: Refusal, effects: &mut Vec<Effect>) {
        effects.push(Effect::Answer(Answer::Definite(Outcome::Refused(refusal))));
        self.stop(effects);
    }

    // ---- deciding -----------------------------------------------------------------------------------------------

    fn value(&self) -> Value {
        Value::Commit {
            hash: self.start.hash,
            order: self.start.order.clone(),
        }
    }

    fn accept_question(&self, ballot: Ballot, value: Value) -> Question {
        Question::Accept {
            key: Key::Saga(self.start.saga),
            acceptors: self.start.acceptors.clone(),
            ballot,
            value: Box::new(value),
        }
    }

    fn decide(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.tag += 1;
        let mut round = Round::new(self.tag);
        let question = self.accept_question(Ballot::ZERO, self.value());
        for acceptor in &self.start.acceptors.0 {
            round.ask(*acceptor, question.clone(), effects);
        }
        self.phase = Phase::Deciding {
            round,
            accepted: BTreeSet::new(),
            deadline: now + BALLOT_PATIENCE,
        };
    }

    fn on_accept(
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

    // ---- recovering ---------------------------------------------------------------------------------------------

    fn next_ballot(&mut self, effects: &mut Vec<Effect>) {
        let above = self.highest.round(self.start.companies.len());
        self.phase = Phase::Pausing { until: None };
        self.post(Entry::NextRound { above }, effects);
    }

    fn pause(&mut self, now: Timestamp) {
        // xorshift64 (Marsaglia 2003): two drivers must not meet again and again
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let wait = Millis(self.random % BALLOT_PAUSE_MAX.0);
        self.phase = Phase::Pausing {
            until: Some(now + wait),
        };
    }

    fn on_round(&mut self, now: Timestamp, number: i64, effects: &mut Vec<Effect>) {
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
            proposer: Proposer::new(self.start.acceptors.clone(), ballot, Value::Abort),
            deadline: now + BALLOT_PATIENCE,
        };
    }

    fn on_promise(
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

    fn on_progress(&mut self, now: Timestamp, progress: Progress, effects: &mut Vec<Effect>) {
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

    fn send_accept(&mut self, now: Timestamp, value: Value, effects: &mut Vec<Effect>) {
        let Phase::Recovering { proposer, .. } = &self.phase else {
            return;
        };
        let question = self.accept_question(proposer.ballot(), value);
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

    // ---- the decision is known ----------------------------------------------------------------------------------

    fn on_chosen(&mut self, ballot: Ballot, value: Value, effects: &mut Vec<Effect>) {
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
            }
            Value::Abort | Value::Account(_) => {
                let order = &self.start.order;
                let of_missing = |leg: &&Leg| Some(leg.seat.company) == self.missing;
                let leg = order.legs.iter().find(of_missing).unwrap_or(&order.legs[0]);
                let refusal = Refusal {
                    seat: leg.seat,
                    reason: RefusalReason::NoVote,
                };
                self.refuse(refusal, effects);
            }
        }
    }

    fn settle(&mut self, decision: Box<Decision>, effects: &mut Vec<Effect>) {
        let idempotency = self.start.idempotency.clone();
        let idempotency = idempotency.map(|key| (self.start.order.user, key));
        let entry = Entry::Settle(decision.clone(), idempotency);
        self.phase = Phase::Settling {
            decision,
            again_at: None,
        };
        self.post(entry, effects);
    }

    fn refuse(&mut self, refusal: Refusal, effects: &mut Vec<Effect>) {
        self.phase = Phase::Refusing { refusal };
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

    fn tell_refusal(&mut self, effects: &mut Vec<Effect>) {
        let Phase::Refusing { refusal } = self.phase else {
            return;
        };
        effects.push(Effect::Answer(Answer::Definite(Outcome::Refused(refusal))));
        self.give_lease_back(effects);
        // our own company always: the saga is recorded here even where no leg is
        let mut companies = self.start.order.companies();
        companies.push(self.start.me);
        companies.sort_unstable();
        companies.dedup();
        let saga = self.start.saga;
        self.propagate(companies, effects, |order, company| Question::Release {
            saga,
            seats: order.seats_of(company),
            reason: refusal.reason,
        });
    }

    fn tell_commit(&mut self, effects: &mut Vec<Effect>) {
        let ticket = self.start.saga;
        effects.push(Effect::Answer(Answer::Definite(Outcome::Booked { ticket })));
        self.give_lease_back(effects);
        let (saga, hash) = (self.start.saga, self.start.hash);
        let mut companies = self.start.order.companies();
        companies.retain(|company| *company != self.start.me); // settled with the ticket
        self.propagate(companies, effects, |_, _| Question::Confirm { saga, hash });
    }

    fn propagate(
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

    fn on_acknowledged(&mut self, from: CompanyId, effects: &mut Vec<Effect>) {
        if let Phase::Propagating { round } = &mut self.phase {
            round.answered(from);
        }
        self.finish_if_told(effects);
    }

    fn finish_if_told(&mut self, effects: &mut Vec<Effect>) {
        let told =
            matches!(&self.phase, Phase::Propagating { round } if round.is_answered_by_all());
        if told {
            self.phase = Phase::Finishing;
            let saga = self.start.saga;
            self.post(Entry::Finish { saga }, effects);
        }
    }

    // ---- time, the ledger, the end ------------------------------------------------------------------------------

    fn post(&mut self, entry: Entry, effects: &mut Vec<Effect>) {
        self.tag += 1;
        effects.push(Effect::Post {
            tag: self.tag,
            entry: Box::new(entry),
        });
    }

    fn on_posted(&mut self, now: Timestamp, receipt: Option<Receipt>, effects: &mut Vec<Effect>) {
        match (&mut self.phase, receipt) {
            (Phase::Preparing { begun, .. }, Some(_)) => {
                *begun = true;
                self.decide_if_ready(now, effects);
            }
            (Phase::Pausing { .. }, Some(Receipt::Round(number))) => {
                self.on_round(now, number, effects);
            }
            (Phase::Pausing { .. }, _) => self.pause(now),
            (Phase::Settling { .. }, Some(_)) => self.tell_commit(effects),
            (Phase::Settling { again_at, .. }, None) => *again_at = Some(now + DOWN_PATIENCE),
            (Phase::Booking { .. }, Some(_)) => self.answer_booked(effects),
            // not recorded under its key: a retry drives the saga again and finds the same refusal
            (Phase::Refusing { .. }, _) => self.tell_refusal(effects),
            (Phase::Finishing, _) => self.stop(effects),
            _ => {}
        }
    }

    fn on_no_answer(&mut self, now: Timestamp, from: CompanyId, no_answer: NoAnswer) {
        let perhaps_sent = no_answer == NoAnswer::Silence;
        match &mut self.phase {
            Phase::Preparing {
                round, deadline, ..
            } => {
                round.put_off(from, now);
                if !perhaps_sent && from != self.start.me {
                    *deadline = (*deadline).min(now + DOWN_PATIENCE);
                }
            }
            Phase::Booking { round, sent } => {
                *sent |= perhaps_sent;
                round.put_off(from, now);
            }
            Phase::Deciding { round, .. }
            | Phase::Recovering { round, .. }
            | Phase::Propagating { round } => round.put_off(from, now),
            _ => {}
        }
    }

    fn on_wake(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if now >= self.born + LIFE_MAX {
            self.stop(effects);
            return;
        }
        match &mut self.phase {
            Phase::Preparing {
                round, deadline, ..
            } if now < *deadline => round.on_wake(now, effects),
            Phase::Preparing { round, .. } => {
                self.missing = round.missing().next();
                self.next_ballot(effects);
            }
            Phase::Booking { round, sent } => {
                if !*sent && now >= self.born + DOWN_PATIENCE {
                    let company = self.start.acceptors.0[0];
                    effects.push(Effect::Answer(Answer::CompanyDown(company)));
                    self.stop(effects);
                } else {
                    round.on_wake(now, effects);
                }
            }
            Phase::Deciding {
                round, deadline, ..
            } if now < *deadline => round.on_wake(now, effects),
            Phase::Deciding { .. } => self.next_ballot(effects),
            Phase::Recovering {
                round, deadline, ..
            } if now < *deadline => round.on_wake(now, effects),
            Phase::Recovering { .. } => self.pause(now),
            Phase::Pausing { until: Some(at) } if *at <= now => self.next_ballot(effects),
            Phase::Settling {
                decision,
                again_at: Some(at),
            } if *at <= now => {
                let decision = decision.clone();
                self.settle(decision, effects);
            }
            Phase::Propagating { round } => round.on_wake(now, effects),
            _ => {}
        }
    }

    fn give_lease_back(&mut self, effects: &mut Vec<Effect>) {
        if std::mem::take(&mut self.leased) {
            effects.push(Effect::ReleaseLease(self.start.order.seats()));
        }
    }

    fn stop(&mut self, effects: &mut Vec<Effect>) {
        self.give_lease_back(effects);
        self.phase = Phase::Done;
        effects.push(Effect::Stop);
    }
}
