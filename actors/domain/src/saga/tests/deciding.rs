//! Ballots, the decision and what follows from it.

use super::*;

#[test]
fn a_higher_ballot_or_silence_at_ballot_0_ends_in_a_recovery_ballot() {
    let mut story = Story::deciding();
    let higher = CompanyAnswer::Accept(Accept::Higher(Ballot(8)));
    story.answer("b", higher).wants([next_round(3, 2)]);

    let mut story = Story::deciding();
    let again = accept(Ballot::ZERO, commit());
    story.no_answer("b", NoAnswer::Silence);
    story.wants([send("c", 2, again.clone())]); // it is needed now
    story.no_answer("c", NoAnswer::Silence).wants([]);
    story.answer("a", accepted()).wants([]);
    story.wake();
    story.wants([send("b", 2, again.clone()), send("c", 2, again)]);
    story.wake_after(BALLOT_PATIENCE).wants([next_round(3, 0)]);
}

#[test]
fn a_slow_majority_is_not_waited_for() {
    let mut story = Story::deciding();
    story.answer("a", accepted()).wants([]);
    story.wake();
    assert_eq!(story.now, T0 + SPARE_AFTER);
    story.wants([send("c", 2, accept(Ballot::ZERO, commit()))]);
    story.answer("c", accepted());
    story.wants([settle(3, Ballot::ZERO, Some(key())), booked()]);
}

#[test]
fn recovery_proposes_abort_where_nothing_was_accepted() {
    let mut story = Story::accepting(None, Value::Abort);
    story.answer("a", accepted()).wants([]);
    story.answer("b", accepted());
    let refusal = Refusal {
        seat: seat("a", 1),
        reason: RefusalReason::NoVote,
    };
    story.wants([refuse(4, refusal)]);
    story.posted(Some(Receipt::Done));
    assert_eq!(story.effects[0], refused(refusal));
}

#[test]
fn recovery_takes_up_the_commit_that_it_finds() {
    let mut story = Story::accepting(Some((Ballot::ZERO, commit())), commit());
    story.answer("a", accepted()).answer("c", accepted());
    story.wants([settle(4, BALLOT, Some(key())), booked()]);
}

#[test]
fn a_chosen_flag_needs_no_second_phase() {
    let mut story = Story::promising();
    let flag = CompanyAnswer::Promise(Promise::Promised {
        accepted: Some((Ballot::ZERO, commit())),
        chosen: true,
    });
    story.answer("b", flag);
    story.wants([settle(3, Ballot::ZERO, Some(key())), booked()]);
}

#[test]
fn a_preempted_ballot_pauses_and_goes_above() {
    let mut story = Story::promising();
    let higher = CompanyAnswer::Promise(Promise::Higher(Ballot(8)));
    story.answer("b", higher).wants([]);
    let wake = story.driver.next_wake().unwrap();
    assert!(wake > T0 && wake <= T0 + BALLOT_PAUSE_MAX, "{wake:?}");
    story.answer("c", promised(None)).wants([]); // too late
    story.wake().wants([next_round(3, 2)]);
    // the ledger could not raise the round: another pause, the same question
    story.posted(None).wants([]);
    story.wake().wants([next_round(4, 2)]);
}

#[test]
fn a_ballot_without_a_majority_is_tried_again() {
    let mut story = Story::promising();
    story.answer("a", promised(None)).wants([]);
    story.wake_after(BALLOT_PATIENCE).wants([]);
    story.wake().wants([next_round(3, 0)]);
}

#[test]
fn a_pause_is_never_empty_whatever_the_seed() {
    for seed in 0..5_000 {
        let mut driver = Driver::new(Start { seed, ..trip() });
        driver.pause(T0);
        let wake = driver.next_wake().unwrap();
        assert!(wake > T0, "seed {seed}: the timer of {T0:?} has just fired");
    }
}

#[test]
fn the_ticket_is_written_until_the_ledger_has_it() {
    let mut story = Story::deciding();
    story.answer("a", accepted()).answer("b", accepted());
    story.wants([settle(3, Ballot::ZERO, Some(key())), booked()]);
    story.posted(None).wants([]);
    assert!(story.driver.owes_ticket());
    story.wake().wants([settle(4, Ballot::ZERO, Some(key()))]); // told once
    story.posted(Some(Receipt::Done));
    assert!(!story.driver.owes_ticket());
    assert_eq!(story.effects[0], lease_back());
}

#[test]
fn a_ledger_that_contradicts_the_decision_stops_the_saga() {
    let mut story = Story::deciding();
    story.answer("a", accepted()).answer("b", accepted());
    story.posted(Some(Receipt::Contradicted));
    story.wants([lease_back(), Effect::Stop]);
}

#[test]
fn a_register_that_holds_an_account_is_no_decision() {
    let mut story = Story::promising();
    let user = crate::accounts::User {
        id: USER,
        login: "ana".to_owned(),
        password_hash: String::new(),
        version: 1,
        mailbox: None,
    };
    let flag = CompanyAnswer::Promise(Promise::Promised {
        accepted: Some((BALLOT, Value::Account(user))),
        chosen: true,
    });
    story.answer("b", flag).wants([lease_back(), Effect::Stop]);
}

#[test]
fn commit_is_told_until_each_company_has_acknowledged() {
    let mut story = Story::deciding();
    story.answer("a", accepted()).answer("b", accepted());
    story.posted(Some(Receipt::Done));
    story.answer("b", CompanyAnswer::Done);
    for why in [NoAnswer::Silence, NoAnswer::NotSent, NoAnswer::Silence] {
        story.no_answer("c", why).wants([]);
        story.wake().wants([tell_commit("c", 4)]);
    }
    story.answer("c", CompanyAnswer::Done);
    story.wants([post(5, Entry::Finish { saga: SAGA })]);
}

#[test]
fn release_is_sent_until_each_company_has_acknowledged() {
    let mut story = Story::refused(sold("b"));
    story.posted(Some(Receipt::Done));
    story.answer("a", CompanyAnswer::Done);
    story.answer("b", CompanyAnswer::Done);
    story.no_answer("c", NoAnswer::Silence).wants([]);
    let again = release("c", 3, &[seat("c", 1)], RefusalReason::Sold);
    story.wake().wants([again]);
}

#[test]
fn answers_to_another_question_or_to_nobody_are_ignored() {
    let story = Story::deciding();
    let events = [
        Event::Started,
        Event::Leased(LeaseAnswer::Granted(TOKEN)),
        Event::Posted {
            tag: 1,
            receipt: Some(Receipt::Done),
        },
        Event::Answered {
            from: company("b"),
            tag: 1,
            answer: Ok(CompanyAnswer::Vote(Vote::No(sold("b")))),
        },
        Event::Answered {
            from: company("b"),
            tag: 2,
            answer: Ok(CompanyAnswer::Vote(Vote::No(sold("b")))),
        },
    ];
    for event in events {
        let mut driver = story.driver.clone();
        assert_eq!(driver.step(T0, event.clone()), [], "{event:?}");
        assert_eq!(driver, story.driver, "{event:?}");
    }
}

#[test]
fn a_driver_that_lived_too_long_stops_and_says_nothing() {
    let mut story = Story::deciding();
    story.now = T0 + LIFE_MAX;
    story.feed(Event::Wake).wants([lease_back(), Effect::Stop]);
    story.feed(Event::Wake).wants([]);
    story.answer("a", accepted()).wants([]);
}
