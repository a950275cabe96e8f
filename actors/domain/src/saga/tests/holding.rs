//! A customer's hold: kept with the last Yes, decided only after its customer's request is durable.

use super::*;

fn hold() -> Start {
    let start = trip();
    let order = Order {
        hold_seconds: Some(900),
        ..(*start.order).clone()
    };
    Start {
        order: Arc::new(order),
        ..start
    }
}

fn confirming(voted: bool) -> Start {
    Start {
        origin: Origin::Confirm { voted },
        idempotency: None,
        ..hold()
    }
}

fn asked_for(start: &Start) -> Box<Prepare> {
    Box::new(Prepare {
        order: start.order.clone(),
        ..prepare(&trip_seats())
    })
}

fn commit_of(start: &Start) -> Question {
    let order = start.order.clone();
    accept(Ballot::ZERO, Value::Commit { hash: HASH, order })
}

#[test]
fn the_last_yes_keeps_the_seats_and_decides_nothing() {
    let mut story = Story::of(hold());
    story.leased(LeaseAnswer::Granted(TOKEN));
    for from in ["a", "b"] {
        story.vote(from, Vote::Yes).wants([]);
    }
    let (saga, hash) = (SAGA, HASH);
    let stands = Entry::Hold {
        saga,
        hash,
        key: Some((USER, key())),
    };
    story.vote("c", Vote::Yes).wants([post(2, stands.clone())]);
    story.posted(None).wants([]);
    story.wake().wants([post(3, stands)]);
    let told = |to| send(to, 3, Question::AllVoted { saga, hash });
    let held = Outcome::Held { hold: SAGA };
    story.posted(Some(Receipt::Done)).wants([
        Effect::Answer(ClientAnswer::Definite(held)),
        told("b"),
        told("c"),
        lease_back(),
        Effect::Stop,
    ]);
}

#[test]
fn a_confirmation_waits_for_its_request_and_for_every_vote() {
    let start = confirming(false);
    let request = Entry::RequestConfirm(asked_for(&start));
    let votes = to_all(1, Question::Prepare(asked_for(&start)));
    let mut story = Story::of(start.clone());
    story.wants([post(1, request.clone())].into_iter().chain(votes));
    for from in ["a", "b", "c"] {
        story.vote(from, Vote::Yes).wants([]);
    }
    story.posted(None).wants([]);
    story.wake().wants([post(1, request)]);
    story
        .posted(Some(Receipt::Done))
        .wants(to_nearest(2, commit_of(&start)));
}

#[test]
fn where_the_votes_are_known_only_the_request_is_waited_for() {
    let start = confirming(true);
    let request = Entry::RequestConfirm(asked_for(&start));
    let mut story = Story::of(start.clone());
    story.wants([post(1, request)]);
    story
        .posted(Some(Receipt::Done))
        .wants(to_nearest(2, commit_of(&start)));
}

#[test]
fn a_confirmation_of_what_is_over_ends_with_its_refusal() {
    let released = Refusal {
        seat: seat("b", 1),
        reason: RefusalReason::Released,
    };
    let mut story = Story::of(confirming(false));
    story.vote("b", Vote::No(released));
    assert_eq!(story.effects[0], refused(released));
}

#[test]
fn a_request_that_could_not_be_written_in_time_is_no_expiry() {
    let mut story = Story::of(confirming(true));
    story.posted(None).wants([]);
    story.wake_after(PREPARE_PATIENCE);
    assert_eq!(story.driver.missing, Some(company("a")));
}
