//! The driver, one story per test: what it is told, and everything that it then wants done.

mod booking;
mod deciding;
mod holding;
mod preparing;

use std::sync::Arc;

use super::*;
use crate::ballot::{Accept, Acceptors, Key, Promise, Value};
use crate::fixtures::*;
use crate::order::{Order, OrderHash};
use crate::outcome::Outcome;
use crate::question::Question;
use crate::vote::{Prepare, RefusalReason, Vote};

const T0: Timestamp = Timestamp(1_000);
const TOKEN: FencingToken = FencingToken(7);

/// A driver with the effects of its last step.
struct Story {
    driver: Driver,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl Story {
    fn of(start: Start) -> Self {
        let mut story = Self {
            driver: Driver::new(start),
            now: T0,
            effects: Vec::new(),
        };
        story.feed(Event::Started);
        story
    }

    fn feed(&mut self, event: Event) -> &mut Self {
        self.effects = self.driver.step(self.now, event);
        self
    }

    fn leased(&mut self, answer: LeaseAnswer) -> &mut Self {
        self.feed(Event::Leased(answer))
    }

    fn answer(&mut self, from: &str, answer: CompanyAnswer) -> &mut Self {
        let from = company(from);
        let tag = self.driver.tag;
        let answer = Ok(answer);
        self.feed(Event::Answered { from, tag, answer })
    }

    fn vote(&mut self, from: &str, vote: Vote) -> &mut Self {
        self.answer(from, CompanyAnswer::Vote(vote))
    }

    fn no_answer(&mut self, from: &str, why: NoAnswer) -> &mut Self {
        let from = company(from);
        let tag = self.driver.tag;
        let answer = Err(why);
        self.feed(Event::Answered { from, tag, answer })
    }

    fn posted(&mut self, receipt: Option<Receipt>) -> &mut Self {
        let tag = self.driver.tag;
        self.feed(Event::Posted { tag, receipt })
    }

    /// Lets time pass until the driver wants to wake, and wakes it.
    fn wake(&mut self) -> &mut Self {
        self.now = self.driver.next_wake().unwrap().max(self.now);
        self.feed(Event::Wake)
    }

    fn wake_after(&mut self, span: Millis) -> &mut Self {
        self.now = self.now + span;
        self.feed(Event::Wake)
    }

    #[track_caller]
    fn wants(&mut self, expected: impl IntoIterator<Item = Effect>) -> &mut Self {
        let expected: Vec<Effect> = expected.into_iter().collect();
        assert_eq!(self.effects, expected);
        self
    }

    /// Company a's trip to b and c with every Yes, now at ballot 0.
    fn deciding() -> Self {
        let mut story = Self::of(trip());
        story.leased(LeaseAnswer::Granted(TOKEN));
        for from in ["a", "b"] {
            story.vote(from, Vote::Yes).wants([]);
        }
        let tag = story.driver.tag + 1;
        story.vote("c", Vote::Yes);
        story.wants(to_nearest(tag, accept(Ballot::ZERO, commit())));
        story
    }

    /// A recovery driver in phase 1 of its first ballot: round 1 of company a, the first of three.
    fn promising() -> Self {
        let mut story = Self::of(Start {
            origin: Origin::Recovery,
            ..trip()
        });
        story.wants([next_round(1, 0)]);
        story.posted(Some(Receipt::Round(1)));
        story.wants(to_all(2, promise(BALLOT)));
        story
    }

    /// The same in phase 2, with this value.
    fn accepting(accepted: Option<(Ballot, Value)>, value: Value) -> Self {
        let mut story = Self::promising();
        story.answer("b", promised(None)).wants([]);
        story.answer("c", promised(accepted));
        story.wants(to_all(3, accept(BALLOT, value)));
        story
    }

    /// Refused, with the release at every company still to be acknowledged.
    fn refused(refusal: Refusal) -> Self {
        let mut story = Self::of(trip());
        story.leased(LeaseAnswer::Granted(TOKEN));
        story
            .vote("b", Vote::No(refusal))
            .wants([refuse(2, refusal)]);
        story
    }
}

const BALLOT: Ballot = Ballot(3);

fn trip_seats() -> [SeatRef; 3] {
    [seat("a", 1), seat("b", 1), seat("c", 1)]
}

fn key() -> Idempotency {
    Idempotency {
        key: "once".to_owned(),
        fingerprint: [3; 32],
    }
}

/// Driven at company a, with a leg at each company.
fn trip() -> Start {
    start("a", &trip_seats(), acceptors())
}

fn start(me: &str, seats: &[SeatRef], acceptors: Acceptors) -> Start {
    Start {
        me: company(me),
        node: "a1".to_owned(),
        companies: companies(),
        saga: SAGA,
        order: order(seats),
        hash: HASH,
        acceptors,
        idempotency: Some(key()),
        origin: Origin::Client,
        papers: None,
        seed: 5,
    }
}

/// One seat of company b only, driven at this company.
fn single(me: &str) -> Start {
    start(me, &[seat("b", 1)], Acceptors(vec![company("b")]))
}

fn send(to: &str, tag: u32, question: Question) -> Effect {
    let to = company(to);
    Effect::Send { to, tag, question }
}

fn to_all(tag: u32, question: Question) -> [Effect; 3] {
    ["a", "b", "c"].map(|to| send(to, tag, question.clone()))
}

/// A majority, our own company first, and the next one.
fn to_nearest(tag: u32, question: Question) -> [Effect; 2] {
    ["a", "b"].map(|to| send(to, tag, question.clone()))
}

fn post(tag: u32, entry: Entry) -> Effect {
    let entry = Box::new(entry);
    Effect::Post { tag, entry }
}

fn asked(fence: FencingToken) -> Question {
    let prepare = prepare(&trip_seats());
    Question::Prepare(Box::new(Prepare { fence, ..prepare }))
}

fn commit() -> Value {
    Value::Commit {
        hash: HASH,
        order: order(&trip_seats()),
    }
}

fn accept(ballot: Ballot, value: Value) -> Question {
    Question::Accept {
        key: Key::Saga(SAGA),
        acceptors: acceptors(),
        ballot,
        value: Box::new(value),
    }
}

fn promise(ballot: Ballot) -> Question {
    Question::Promise {
        key: Key::Saga(SAGA),
        acceptors: acceptors(),
        ballot,
    }
}

fn promised(accepted: Option<(Ballot, Value)>) -> CompanyAnswer {
    let chosen = false;
    CompanyAnswer::Promise(Promise::Promised { accepted, chosen })
}

fn accepted() -> CompanyAnswer {
    CompanyAnswer::Accept(Accept::Accepted)
}

fn next_round(tag: u32, above: i64) -> Effect {
    post(tag, Entry::NextRound { above })
}

fn settle(tag: u32, ballot: Ballot, idempotency: Option<Idempotency>) -> Effect {
    let decision = Decision {
        saga: SAGA,
        acceptors: acceptors(),
        ballot,
        value: commit(),
    };
    let idempotency = idempotency.map(|key| (USER, key));
    post(tag, Entry::Settle(Box::new(decision), idempotency))
}

fn refuse(tag: u32, refusal: Refusal) -> Effect {
    post(
        tag,
        Entry::Refuse {
            saga: SAGA,
            user: USER,
            idempotency: key(),
            refusal,
        },
    )
}

fn release(to: &str, tag: u32, seats: &[SeatRef], reason: RefusalReason) -> Effect {
    let question = Question::Release {
        saga: SAGA,
        seats: seats.to_vec(),
        reason,
    };
    send(to, tag, question)
}

fn tell_commit(to: &str, tag: u32) -> Effect {
    let (saga, hash) = (SAGA, HASH);
    let commit = Question::Commit {
        saga,
        hash,
        exchanged: None,
    };
    send(to, tag, commit)
}

fn booked() -> Effect {
    let outcome = Outcome::Booked { ticket: SAGA };
    Effect::Answer(ClientAnswer::Definite(outcome))
}

fn refused(refusal: Refusal) -> Effect {
    Effect::Answer(ClientAnswer::Definite(Outcome::Refused(refusal)))
}

fn lease_back() -> Effect {
    Effect::ReleaseLease(trip_seats().to_vec())
}

fn sold(code: &str) -> Refusal {
    Refusal {
        seat: seat(code, 1),
        reason: RefusalReason::Sold,
    }
}

fn recorded(order: Arc<Order>, hash: OrderHash) -> Vote {
    let acceptors = acceptors();
    Vote::Mismatch {
        order,
        hash,
        acceptors,
    }
}
