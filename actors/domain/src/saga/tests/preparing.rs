//! Votes of several companies, up to the ballot.

use super::*;
use crate::order::Exchange;
use crate::papers::{Contact, Papers};

#[test]
fn with_a_lease_all_are_asked_at_once_and_the_client_hears_after_the_ticket() {
    let mut story = Story::of(trip());
    story.wants([Effect::AcquireLease(trip_seats().to_vec())]);
    story.leased(LeaseAnswer::Granted(TOKEN));
    story.wants(to_all(1, asked(TOKEN)));
    story.vote("c", Vote::Yes).vote("a", Vote::Yes).wants([]);
    story.vote("b", Vote::Yes);
    story.wants(to_nearest(2, accept(Ballot::ZERO, commit())));
    story.answer("a", accepted()).wants([]);
    story.answer("a", accepted()).wants([]); // twice is not a majority
    story.answer("c", accepted());
    story.wants([settle(3, Ballot::ZERO, Some(key())), booked()]);
    story.posted(Some(Receipt::Done));
    story.wants([lease_back(), tell_commit("b", 4), tell_commit("c", 4)]);
    story.answer("c", CompanyAnswer::Done).wants([]);
    story.answer("b", CompanyAnswer::Done);
    story.wants([post(5, Entry::Finish { saga: SAGA })]);
    story.posted(Some(Receipt::Done)).wants([Effect::Stop]);
    assert_eq!(story.driver.next_wake(), None);
}

#[test]
fn without_a_lease_companies_are_asked_one_by_one_ascending() {
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Away);
    let asked = |to| send(to, 1, asked(FencingToken::NONE));
    story.wants([asked("a")]);
    story.vote("a", Vote::Yes).wants([asked("b")]);
    story.vote("a", Vote::Yes).wants([]); // it was counted
    story.vote("b", Vote::Yes).wants([asked("c")]);
    story.vote("c", Vote::Yes);
    story.wants(to_nearest(2, accept(Ballot::ZERO, commit())));
}

#[test]
fn a_driver_without_a_leg_decides_only_once_the_saga_is_durable_with_it() {
    let seats = [seat("b", 1), seat("c", 1)];
    let mut story = Story::of(start("a", &seats, acceptors()));
    story.leased(LeaseAnswer::Granted(TOKEN));
    let prepare = Prepare {
        fence: TOKEN,
        ..prepare(&seats)
    };
    let question = Question::Prepare(Box::new(prepare.clone()));
    let begin = Entry::Begin(Box::new(prepare), Some(key()));
    story.wants([
        post(1, begin),
        send("b", 1, question.clone()),
        send("c", 1, question),
    ]);
    story.vote("b", Vote::Yes).vote("c", Vote::Yes).wants([]);
    story.posted(Some(Receipt::Done));
    assert_eq!(
        story.effects.len(),
        2,
        "ballot 0 to a majority of the acceptors"
    );
}

#[test]
fn a_begin_that_was_not_written_is_posted_again_beside_the_votes() {
    let seats = [seat("b", 1), seat("c", 1)];
    let mut story = Story::of(start("a", &seats, acceptors()));
    story.leased(LeaseAnswer::Granted(TOKEN));
    let begin = story.effects[0].clone();
    story.vote("b", Vote::Yes).vote("c", Vote::Yes).wants([]);
    for _ in 0..3 {
        story.posted(None).wants([]);
        story.wake().wants([begin.clone()]);
    }
    story.posted(Some(Receipt::Done));
    assert_eq!(
        story.effects.len(),
        2,
        "ballot 0 to a majority of the acceptors"
    );
}

#[test]
fn asking_anew_does_not_prolong_the_patience_with_voters() {
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Granted(TOKEN));
    story.wake_after(Millis(1_000));
    story.vote("a", Vote::Stale(FencingToken(9)));
    story.leased(LeaseAnswer::Granted(FencingToken(9)));
    assert_eq!(story.driver.next_wake(), Some(T0 + PREPARE_PATIENCE));
}

#[test]
fn another_bookings_lease_is_answered_and_nothing_is_begun() {
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Busy(seat("b", 1)));
    let busy = Effect::Answer(ClientAnswer::SeatBusy(seat("b", 1)));
    story.wants([busy, Effect::Stop]);
}

#[test]
fn one_durable_no_is_recorded_told_and_released_everywhere() {
    let mut story = Story::refused(sold("b"));
    story.posted(Some(Receipt::Done));
    let release = |to| release(to, 3, &[seat(to, 1)], RefusalReason::Sold);
    story.wants([
        refused(sold("b")),
        lease_back(),
        release("a"),
        release("b"),
        release("c"),
    ]);
    for from in ["a", "b"] {
        story.answer(from, CompanyAnswer::Done).wants([]);
    }
    story.answer("c", CompanyAnswer::Done);
    story.wants([post(4, Entry::Finish { saga: SAGA })]);
}

#[test]
fn a_refusal_is_told_even_where_it_could_not_be_recorded() {
    let mut story = Story::refused(sold("b"));
    story.posted(None);
    assert_eq!(story.effects[0], refused(sold("b")));
}

#[test]
fn the_recorded_order_is_taken_over_and_a_second_other_one_ends_in_a_ballot() {
    let mut recorded_order = Order::clone(&order(&trip_seats()));
    recorded_order.created_at = 77;
    let recorded_order = Arc::new(recorded_order);
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Granted(TOKEN));
    story.vote("b", recorded(recorded_order.clone(), OTHER_HASH));
    let adopted = Question::Prepare(Box::new(Prepare {
        order: recorded_order.clone(),
        hash: OTHER_HASH,
        fence: TOKEN,
        ..prepare(&trip_seats())
    }));
    story.wants(to_all(2, adopted));
    let mut different = story.driver.clone();

    for from in ["a", "b", "c"] {
        story.vote(from, Vote::Yes);
    }
    let value = Value::Commit {
        hash: OTHER_HASH,
        order: recorded_order,
    };
    story.wants(to_nearest(3, accept(Ballot::ZERO, value)));

    let third = recorded(order(&trip_seats()), OrderHash([3; 32]));
    let event = Event::Answered {
        from: company("c"),
        tag: 2,
        answer: Ok(CompanyAnswer::Vote(third)),
    };
    assert_eq!(different.step(T0, event), [next_round(3, 0)]);
}

#[test]
fn a_recorded_order_without_legs_is_not_taken_over() {
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Away);
    story.vote("a", recorded(order(&[]), OTHER_HASH));
    story.wants([next_round(2, 0)]);
}

#[test]
fn a_stale_token_is_raised_so_often_and_then_done_without() {
    let mut story = Story::of(trip());
    for raise in 1..=RAISES_MAX {
        story.leased(LeaseAnswer::Granted(TOKEN));
        story.wants(to_all(raise, asked(TOKEN)));
        story.vote("a", Vote::Stale(FencingToken(9)));
        story.wants([Effect::RaiseFence(FencingToken(9))]);
    }
    story.leased(LeaseAnswer::Granted(TOKEN));
    story.vote("a", Vote::Stale(FencingToken(9)));
    let unleased = Question::Prepare(Box::new(prepare(&trip_seats())));
    story.wants([send("a", RAISES_MAX + 2, unleased)]);
}

#[test]
fn a_lease_lost_while_the_token_was_raised_is_not_answered_as_nothing_begun() {
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Granted(TOKEN));
    story.vote("b", Vote::Yes);
    story.vote("a", Vote::Stale(FencingToken(9)));
    story.leased(LeaseAnswer::Busy(seat("a", 1)));
    story.wants([next_round(2, 0)]);
}

#[test]
fn later_is_asked_again_later_and_silence_until_the_deadline() {
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Granted(TOKEN));
    story.vote("a", Vote::Yes).vote("c", Vote::Yes);
    story.vote("b", Vote::Later).wants([]);
    assert_eq!(story.driver.next_wake(), Some(T0 + Millis(100)));
    story.wake().wants([send("b", 1, asked(TOKEN))]);
    story.no_answer("b", NoAnswer::Silence).wants([]);
    story.wake().wants([send("b", 1, asked(TOKEN))]);
    assert_eq!(story.driver.next_wake(), Some(T0 + PREPARE_PATIENCE));
    story.wake().wants([next_round(2, 0)]);
    // Abort names the company that did not vote
    story.posted(Some(Receipt::Round(1)));
    story
        .answer("a", promised(None))
        .answer("c", promised(None));
    story.answer("a", accepted()).answer("c", accepted());
    let refusal = Refusal {
        seat: seat("b", 1),
        reason: RefusalReason::NoVote,
    };
    story.wants([refuse(5, refusal)]);
}

#[test]
fn a_company_that_is_down_is_not_waited_for_as_long() {
    let mut story = Story::of(trip());
    story.leased(LeaseAnswer::Granted(TOKEN));
    story.no_answer("b", NoAnswer::NotSent);
    story.wake().wants([send("b", 1, asked(TOKEN))]);
    story.wake_after(DOWN_PATIENCE).wants([next_round(2, 0)]);
}

#[test]
fn papers_are_told_to_companies_with_a_leg_and_to_no_other() {
    let seats = [seat("a", 1), seat("b", 1)];
    let mut order = (*order(&seats)).clone();
    // company c is asked as well: seats of an earlier ticket of its own are exchanged
    order.exchange = Some(Exchange {
        ticket: OTHER,
        seats: vec![seat("c", 9)],
        companies: vec![company("c")],
    });
    let contact = Contact {
        phone: Some("+5511912345678".to_owned()),
        ..Contact::default()
    };
    let papers = Papers::new(Vec::new(), contact).map(Arc::new);
    let mut story = Story::of(Start {
        order: Arc::new(order),
        papers: papers.clone(),
        ..start("a", &seats, acceptors())
    });
    story.leased(LeaseAnswer::Granted(TOKEN));
    let told = story.effects.iter().filter_map(|effect| match effect {
        Effect::Send {
            to,
            question: Question::Prepare(prepare),
            ..
        } => Some((*to, prepare.papers.is_some())),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    let expected = [("a", true), ("b", true), ("c", false)];
    assert_eq!(
        told,
        expected.map(|(code, is_told)| (company(code), is_told))
    );
}
