//! The driver of one booking. Volatile: all that it does follows from the records of companies, so any number of
//! drivers of one saga, here or elsewhere, at once or one after another, do the same.
//!
//! ```text
//! Leasing --granted--> Preparing --every Yes--> Deciding (ballot 0) --chosen--> Settling --durable--> Propagating --> Done
//!    |  \--away-----------^  |  \--a durable No--------------------------------> Refusing ---------------^
//!    busy: answer, Done      deadline: Recovering (ballots >= 1) --Commit--> Settling, --Abort--> Refusing
//! all legs of one company: Leasing --> Booking --> Done
//! a customer's hold: Leasing --> Preparing --every Yes--> Holding --> Done, the seats kept;
//! its confirmation, later and anywhere: Preparing --the request durable, every Yes known--> Deciding …
//! ```
//! In files: [`event`] is what goes in and out, `prepare`, `book`, `decide` and `tell` are the phases in the order of
//! life.
//!
//! Invariants:
//! * ballot 0 leaves only after every company's Yes to this very order, and that of a hold only after its customer's
//!   request to confirm is durable;
//! * nothing tells the client of Commit before it is known chosen and the entry that makes the ticket durable here is posted;
//! * nothing tells the participants of Commit before that entry is durable;
//! * a refusal is told only after a durable No or a chosen Abort;
//! * "nothing was begun" is told only where nothing can have been: no vote was asked for, no Book is or was under way;
//! * after a wake, the next wake is later than that one, or there is none.

mod book;
mod decide;
mod event;
mod prepare;
mod round;
mod tell;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use self::event::{ClientAnswer, Effect, Event, LeaseAnswer, NoAnswer, Origin, Start};
use self::round::Round;
use super::ballot::Ballot;
use super::entry::{Decision, Entry, Idempotency, Receipt};
use super::fencing::FencingToken;
use super::ids::{CompanyId, SagaId};
use super::order::SeatRef;
use super::question::CompanyAnswer;
use super::register::Proposer;
use super::time::{Millis, Timestamp};
use super::vote::Refusal;

/// How long a company may take to vote before the driver proposes Abort.
pub const PREPARE_PATIENCE: Millis = Millis(4_000);
/// The same, once a company is known to be down.
const DOWN_PATIENCE: Millis = Millis(500);
/// How long a ballot may take before the next is tried.
const BALLOT_PATIENCE: Millis = Millis(1_500);
/// How long the nearest majority may take before the other acceptors of ballot 0 are asked, too: far above what a company needs that
/// is well, far below what a customer notices.
const SPARE_AFTER: Millis = Millis(60);
/// Longest random wait between two ballots.
const BALLOT_PAUSE_MAX: Millis = Millis(1_000);
/// How often a fencing token is raised before the booking is given up.
const RAISES_MAX: u32 = 3;
/// A driver that has not come to an end by then stops; the watcher of unfinished sagas starts another one later.
const LIFE_MAX: Millis = Millis(30_000);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Leasing,
    Preparing {
        round: Round,
        /// Companies to ask one after another: there is no lease.
        queue: Vec<CompanyId>,
        begin: Begin,
        deadline: Timestamp,
    },
    Booking {
        round: Round,
    },
    Deciding {
        round: Round,
        accepted: BTreeSet<CompanyId>,
        /// Acceptors that were not asked yet, and when they are.
        spare: Vec<CompanyId>,
        spare_at: Timestamp,
        deadline: Timestamp,
    },
    /// Waiting for the ledger to raise the ballot round, or until it is time to.
    Pausing {
        until: Option<Timestamp>,
    },
    Recovering {
        round: Round,
        proposer: Box<Proposer>,
        deadline: Timestamp,
    },
    /// Waiting for the ledger to write down that the hold stands, or until it is time to ask it again.
    Holding {
        again_at: Option<Timestamp>,
    },
    Settling {
        decision: Box<Decision>,
        again_at: Option<Timestamp>,
    },
    Refusing {
        refusal: Refusal,
        /// Other companies may keep seats for this saga.
        release: bool,
    },
    Propagating {
        round: Round,
    },
    Finishing,
    Done,
}

/// Whether the saga is durable at the driver's own company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Begin {
    Durable,
    UnderWay,
    /// It was not written, or nobody knows: post it again then.
    Again(Timestamp),
}

/// One booking being driven.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// When the patience with voters ends: asking them anew, under another token or order, does not prolong it.
    vote_by: Option<Timestamp>,
    /// Another order was recorded for this saga, and taken over.
    adopted: bool,
    /// Who did not vote in time.
    missing: Option<CompanyId>,
    /// A Book was perhaps executed: from then on nobody may be told that nothing was begun.
    perhaps_booked: bool,
}

impl Driver {
    pub fn new(start: Start) -> Self {
        Self {
            random: start.seed | 1,
            phase: Phase::Idle,
            tag: 0,
            token: FencingToken::NONE,
            // a dead driver of this saga may have left its leases
            leased: start.origin == Origin::Recovery,
            raises: 0,
            highest: Ballot::ZERO,
            born: Timestamp::default(),
            vote_by: None,
            adopted: false,
            missing: None,
            perhaps_booked: false,
            start,
        }
    }

    pub fn saga(&self) -> SagaId {
        self.start.saga
    }

    /// What is claimed for the order, ascending.
    pub fn claims(&self) -> Vec<SeatRef> {
        self.start.order.claims()
    }

    pub fn idempotency(&self) -> Option<&Idempotency> {
        self.start.idempotency.as_ref()
    }

    /// The client was told of a ticket that is not durable here yet. While the driver lives it goes on trying; if it dies, the saga is
    /// found undecided or unfinished here, and driven again.
    pub fn owes_ticket(&self) -> bool {
        matches!(self.phase, Phase::Settling { .. })
    }

    /// When the driver wants a [`Event::Wake`] at the latest.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let own = match &self.phase {
            Phase::Preparing {
                round,
                begin,
                deadline,
                ..
            } => {
                let begin_at = match begin {
                    Begin::Again(at) => Some(*at),
                    Begin::Durable | Begin::UnderWay => None,
                };
                [round.next_wake(), begin_at, Some(*deadline)]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Phase::Deciding {
                round,
                spare,
                spare_at,
                deadline,
                ..
            } => {
                let spare_at = (!spare.is_empty()).then_some(*spare_at);
                let others = [round.next_wake(), spare_at];
                others.into_iter().flatten().chain([*deadline]).min()
            }
            Phase::Recovering {
                round, deadline, ..
            } => round
                .next_wake()
                .map_or(Some(*deadline), |at| Some(at.min(*deadline))),
            Phase::Booking { round } | Phase::Propagating { round } => round.next_wake(),
            Phase::Pausing { until } => *until,
            Phase::Holding { again_at } | Phase::Settling { again_at, .. } => *again_at,
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
            Event::Started if self.phase == Phase::Idle => self.on_started(now, &mut effects),
            Event::Leased(answer) if self.phase == Phase::Leasing => {
                self.on_leased(now, answer, &mut effects)
            }
            Event::Answered { from, tag, answer } if self.expects(tag) => {
                self.on_answer(now, from, answer, &mut effects);
            }
            Event::Posted { tag, receipt } if tag == self.tag => {
                self.on_posted(now, receipt, &mut effects);
            }
            Event::Wake if self.phase != Phase::Done => self.on_wake(now, &mut effects),
            // late, or twice
            Event::Started | Event::Leased(_) | Event::Answered { .. } => {}
            Event::Posted { .. } | Event::Wake => {}
        }
        effects
    }

    fn expects(&self, tag: u32) -> bool {
        match &self.phase {
            Phase::Preparing { round, .. }
            | Phase::Booking { round }
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
                effects.push(Effect::AcquireLease(self.start.order.claims()));
            }
            Origin::Confirm { .. } => self.ask_for_votes(now, effects),
            Origin::Recovery => self.next_ballot(effects),
        }
    }

    fn on_leased(&mut self, now: Timestamp, answer: LeaseAnswer, effects: &mut Vec<Effect>) {
        match answer {
            // companies have voted under the token that was stale: only a decision frees their seats
            LeaseAnswer::Busy(_) if self.raises > 0 => {
                self.next_ballot(effects);
                return;
            }
            LeaseAnswer::Busy(seat) => {
                effects.push(Effect::Answer(ClientAnswer::SeatBusy(seat)));
                self.stop(effects);
                return;
            }
            LeaseAnswer::Granted(token) => {
                self.token = token;
                self.leased = true;
            }
            LeaseAnswer::Away => {
                self.token = FencingToken::NONE;
                // perhaps granted by an answer that came too late
                self.leased = true;
            }
        }
        self.ask_for_seats(now, effects);
    }

    fn ask_for_seats(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        // a hold is decided when its customer confirms, not at once with the votes
        if self.start.acceptors.0.len() == 1 && self.start.order.hold_seconds.is_none() {
            self.book(effects);
        } else {
            self.ask_for_votes(now, effects);
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
            Err(no_answer) => {
                self.on_no_answer(now, from, no_answer);
                return self.ask_spare(effects);
            }
        };
        match answer {
            CompanyAnswer::Vote(vote) => self.on_vote(now, from, vote, effects),
            CompanyAnswer::Promise(promise) => self.on_promise(now, from, promise, effects),
            CompanyAnswer::Accept(accept) => self.on_accept(now, from, accept, effects),
            CompanyAnswer::Done => self.on_acknowledged(from, effects),
        }
    }

    fn post(&mut self, entry: Entry, effects: &mut Vec<Effect>) {
        self.tag += 1;
        effects.push(Effect::Post {
            tag: self.tag,
            entry: Box::new(entry),
        });
    }

    fn on_posted(&mut self, now: Timestamp, receipt: Option<Receipt>, effects: &mut Vec<Effect>) {
        match (&mut self.phase, receipt) {
            (Phase::Preparing { begin, .. }, Some(_)) => {
                *begin = Begin::Durable;
                self.decide_if_ready(now, effects);
            }
            (Phase::Preparing { begin, .. }, None) => *begin = Begin::Again(now + DOWN_PATIENCE),
            (Phase::Pausing { .. }, Some(Receipt::Round(number))) => {
                self.on_round(now, number, effects);
            }
            (Phase::Pausing { .. }, _) => self.pause(now),
            // the ledger has raised an alarm; a person must look, and nobody is told anything
            (Phase::Settling { .. } | Phase::Booking { .. }, Some(Receipt::Contradicted)) => {
                self.stop(effects);
            }
            (Phase::Settling { .. }, Some(_)) => self.tell_commit(effects),
            (Phase::Holding { .. }, Some(_)) => self.answer_held(effects),
            (Phase::Settling { again_at, .. } | Phase::Holding { again_at }, None) => {
                *again_at = Some(now + DOWN_PATIENCE);
            }
            (Phase::Booking { .. }, Some(_)) => self.answer_booked(effects),
            // sold, and not written down here: to be asked again, and to be written then
            (Phase::Booking { round }, None) => {
                self.perhaps_booked = true;
                round.put_off(self.start.acceptors.0[0], now);
            }
            // not recorded under its key: a retry drives the saga again and finds the same refusal
            (Phase::Refusing { .. }, _) => self.tell_refusal(effects),
            (Phase::Finishing, _) => self.stop(effects),
            _ => {}
        }
    }

    fn on_no_answer(&mut self, now: Timestamp, from: CompanyId, no_answer: NoAnswer) {
        let is_down = no_answer == NoAnswer::NotSent;
        match &mut self.phase {
            Phase::Preparing {
                round, deadline, ..
            } => {
                round.put_off(from, now);
                if is_down && from != self.start.me {
                    *deadline = (*deadline).min(now + DOWN_PATIENCE);
                }
            }
            Phase::Booking { round } => {
                self.perhaps_booked |= no_answer == NoAnswer::Silence;
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
                round,
                begin,
                deadline,
                ..
            } if now < *deadline => {
                round.on_wake(now, effects);
                let due = matches!(begin, Begin::Again(at) if *at <= now);
                if due {
                    *begin = Begin::UnderWay;
                    self.post_begin(effects);
                }
            }
            Phase::Preparing { round, begin, .. } => {
                // everybody has voted, and our own company has not written down that it asked: it is the one that was silent
                let unwritten = (*begin != Begin::Durable).then_some(self.start.me);
                self.missing = round.missing().next().or(unwritten);
                self.next_ballot(effects);
            }
            Phase::Booking { round }
                if !self.perhaps_booked
                    && round.is_put_off()
                    && now >= self.born + DOWN_PATIENCE =>
            {
                let company = self.start.acceptors.0[0];
                effects.push(Effect::Answer(ClientAnswer::CompanyDown(company)));
                self.stop(effects);
            }
            Phase::Booking { round } => round.on_wake(now, effects),
            Phase::Deciding {
                round,
                spare_at,
                deadline,
                ..
            } if now < *deadline => {
                round.on_wake(now, effects);
                if *spare_at <= now {
                    self.ask_spare(effects);
                }
            }
            Phase::Deciding { round, .. } => {
                let asked = self.start.order.companies();
                self.missing = round.missing().find(|company| asked.contains(company));
                self.next_ballot(effects);
            }
            Phase::Recovering {
                round, deadline, ..
            } if now < *deadline => round.on_wake(now, effects),
            Phase::Recovering { .. } => self.pause(now),
            Phase::Pausing { until: Some(at) } if *at <= now => self.next_ballot(effects),
            Phase::Holding { again_at: Some(at) } if *at <= now => self.hold(effects),
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
            effects.push(Effect::ReleaseLease(self.start.order.claims()));
        }
    }

    fn stop(&mut self, effects: &mut Vec<Effect>) {
        self.give_lease_back(effects);
        self.phase = Phase::Done;
        effects.push(Effect::Stop);
    }
}
