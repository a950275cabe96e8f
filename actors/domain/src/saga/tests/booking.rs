//! Bookings of one company.

use super::*;

fn book(tag: u32) -> Effect {
    let prepare = Prepare {
        fence: TOKEN,
        acceptors: Acceptors(vec![company("b")]),
        ..prepare(&[seat("b", 1)])
    };
    send("b", tag, Question::Book(Box::new(prepare)))
}

fn adopt(tag: u32) -> Effect {
    post(
        tag,
        Entry::Adopt {
            saga: SAGA,
            order: order(&[seat("b", 1)]),
            idempotency: Some(key()),
        },
    )
}

fn lease_back() -> Effect {
    Effect::ReleaseLease(vec![seat("b", 1)])
}

fn down() -> Effect {
    Effect::Answer(ClientAnswer::CompanyDown(company("b")))
}

/// Driven at this company, with the Book on its way.
fn booking(me: &str) -> Story {
    let mut story = Story::of(single(me));
    story.leased(LeaseAnswer::Granted(TOKEN)).wants([book(1)]);
    story
}

fn answered(story: &mut Story, tag: u32, answer: Result<Vote, NoAnswer>) -> &mut Story {
    let from = company("b");
    let answer = answer.map(CompanyAnswer::Vote);
    story.feed(Event::Answered { from, tag, answer })
}

#[test]
fn at_the_company_itself_one_step_is_all() {
    let mut story = booking("b");
    answered(&mut story, 1, Ok(Vote::Yes)).wants([booked(), lease_back(), Effect::Stop]);
}

#[test]
fn elsewhere_the_ticket_is_durable_here_before_the_client_hears() {
    let mut story = booking("a");
    answered(&mut story, 1, Ok(Vote::Yes)).wants([adopt(2)]);
    story.posted(Some(Receipt::Done));
    story.wants([booked(), lease_back(), Effect::Stop]);
}

#[test]
fn a_ticket_that_is_not_written_here_is_asked_for_again() {
    let mut story = booking("a");
    answered(&mut story, 1, Ok(Vote::Yes));
    story.posted(None).wants([]);
    story.now = T0 + DOWN_PATIENCE;
    story.feed(Event::Wake).wants([book(1)]);
    answered(&mut story, 1, Ok(Vote::Yes)).wants([adopt(3)]);
}

#[test]
fn a_refusal_is_kept_under_its_key_before_it_is_told() {
    let mut story = booking("a");
    let refusal = sold("b");
    answered(&mut story, 1, Ok(Vote::No(refusal)));
    let Effect::Post { entry, .. } = &story.effects[0] else {
        panic!("{:?}", story.effects);
    };
    assert!(matches!(**entry, Entry::Refuse { refusal: kept, .. } if kept == refusal));
    story.posted(Some(Receipt::Done));
    story.wants([refused(refusal), lease_back(), Effect::Stop]);
}

#[test]
fn a_company_that_certainly_did_nothing_is_told_to_be_down() {
    let mut story = booking("a");
    answered(&mut story, 1, Err(NoAnswer::NotSent));
    story.wake().wants([book(1)]);
    answered(&mut story, 1, Ok(Vote::Later));
    story.wake_after(DOWN_PATIENCE);
    story.wants([down(), lease_back(), Effect::Stop]);
}

#[test]
fn nothing_was_begun_is_not_said_while_a_book_is_under_way() {
    let mut story = booking("a");
    answered(&mut story, 1, Err(NoAnswer::NotSent));
    story.wake().wants([book(1)]);
    story.wake_after(DOWN_PATIENCE).wants([]);
}

#[test]
fn nothing_was_begun_is_not_said_after_a_silence_in_this_round_or_an_earlier_one() {
    let mut story = booking("a");
    answered(&mut story, 1, Err(NoAnswer::Silence));
    let mut silent = story.driver.clone();
    let late = T0 + DOWN_PATIENCE;
    assert_eq!(silent.step(late, Event::Wake), [book(1)]);

    answered(&mut story, 1, Ok(Vote::Stale(FencingToken(9))));
    story.leased(LeaseAnswer::Granted(TOKEN)).wants([book(2)]);
    answered(&mut story, 2, Err(NoAnswer::NotSent));
    story.wake_after(DOWN_PATIENCE).wants([book(2)]);
}

#[test]
fn the_recorded_order_is_booked_instead() {
    let mut story = booking("b");
    let mismatch = Vote::Mismatch {
        order: order(&[seat("b", 1)]),
        hash: OTHER_HASH,
        acceptors: Acceptors(vec![company("b")]),
    };
    answered(&mut story, 1, Ok(mismatch));
    let prepare = Prepare {
        fence: TOKEN,
        hash: OTHER_HASH,
        acceptors: Acceptors(vec![company("b")]),
        ..prepare(&[seat("b", 1)])
    };
    story.wants([send("b", 2, Question::Book(Box::new(prepare)))]);
}
