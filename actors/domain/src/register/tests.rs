//! One acceptor's row under every message, and one proposer's run.

use super::*;
use crate::fixtures::*;
use crate::order::OrderHash;

const KEY: Key = Key::Saga(SAGA);

fn commit(hash: OrderHash) -> Value {
    let order = order(&[seat("a", 1), seat("b", 1)]);
    Value::Commit { hash, order }
}

fn row(promised: i64, accepted: Option<(i64, Value)>, chosen: bool) -> Register {
    Register {
        acceptors: acceptors(),
        promised: Ballot(promised),
        accepted: accepted.map(|(ballot, value)| (Ballot(ballot), value)),
        chosen,
    }
}

/// Rows with this register, or none.
fn with(register: Option<Register>) -> Rows {
    let mut rows = rows();
    if let Some(register) = register {
        rows.registers.load(KEY, register);
    }
    rows
}

fn promise(rows: &mut Rows, ballot: i64) -> Promise {
    on_promise(rows, &KEY, &acceptors(), Ballot(ballot))
}

fn accept(rows: &mut Rows, ballot: i64, value: &Value) -> Accept {
    on_accept(rows, &KEY, &acceptors(), Ballot(ballot), value)
}

fn promised(accepted: Option<(i64, Value)>) -> Promise {
    let Register {
        accepted, chosen, ..
    } = row(0, accepted, false);
    Promise::Promised { accepted, chosen }
}

#[test]
fn ballots_of_companies_do_not_meet() {
    let all: Vec<Ballot> = (1..=3)
        .flat_map(|round| (0..3).map(move |index| Ballot::new(round, index, 3)))
        .collect();
    assert_eq!(all, (3..=11).map(Ballot).collect::<Vec<_>>());
    let rounds: Vec<i64> = all.iter().map(|ballot| ballot.round(3)).collect();
    assert_eq!(rounds, [1, 1, 1, 2, 2, 2, 3, 3, 3]);
    assert_eq!(Ballot::ZERO.round(3), 0);
}

#[test]
fn a_majority_is_more_than_half() {
    let of = |count: usize| Acceptors(vec![company("a"); count]).majority();
    assert_eq!((1..=5).map(of).collect::<Vec<_>>(), [1, 2, 2, 3, 3]);
}

#[test]
fn a_promise_rises_and_never_falls() {
    let mut rows = with(None);
    assert_eq!(promise(&mut rows, 4), promised(None));
    assert_eq!(promise(&mut rows, 4), promised(None), "a repetition");
    assert_eq!(promise(&mut rows, 3), Promise::Higher(Ballot(4)));
    assert_eq!(promise(&mut rows, 5), promised(None));
    assert_eq!(rows.register(&KEY), Some(&row(5, None, false)));
}

#[test]
fn ballot_0_needs_no_promise_and_comes_too_late_after_one() {
    let value = commit(HASH);
    let mut rows = with(None);
    assert_eq!(accept(&mut rows, 0, &value), Accept::Accepted);
    assert_eq!(accept(&mut rows, 0, &value), Accept::Accepted);
    let accepted = Some((0, value.clone()));
    assert_eq!(promise(&mut rows, 3), promised(accepted));

    let mut rows = with(Some(row(3, None, false)));
    assert_eq!(accept(&mut rows, 0, &value), Accept::Higher(Ballot(3)));
    assert_eq!(rows, with(Some(row(3, None, false))));
}

#[test]
fn an_acceptor_accepts_at_or_above_its_promise_only() {
    let before = row(4, Some((0, commit(HASH))), false);
    let mut rows = with(Some(before.clone()));
    let higher = Accept::Higher(Ballot(4));
    assert_eq!(accept(&mut rows, 3, &Value::Abort), higher);
    assert_eq!(rows, with(Some(before)));
    assert_eq!(accept(&mut rows, 4, &Value::Abort), Accept::Accepted);
    let after = row(4, Some((4, Value::Abort)), false);
    assert_eq!(rows.register(&KEY), Some(&after));
    assert_eq!(accept(&mut rows, 7, &commit(HASH)), Accept::Accepted);
    let after = row(7, Some((7, commit(HASH))), false);
    assert_eq!(rows.register(&KEY), Some(&after));
}

#[test]
fn a_second_value_in_a_ballot_or_after_the_choice_is_an_alarm() {
    for (chosen, ballot) in [(false, 4), (true, 4), (true, 9)] {
        let before = row(4, Some((4, commit(HASH))), chosen);
        let mut rows = with(Some(before.clone()));
        let answer = accept(&mut rows, ballot, &commit(OTHER_HASH));
        assert_eq!(answer, Accept::Higher(Ballot(4)));
        assert_eq!(rows.register(&KEY), Some(&before));
        assert_eq!(rows.alarms.len(), 1);
    }
}

#[test]
fn what_is_chosen_is_learnt_over_anything_older() {
    let value = commit(HASH);
    let older = row(2, Some((0, Value::Abort)), false);
    for before in [None, Some(row(1, None, false)), Some(older)] {
        let mut rows = with(before);
        let learnt = learn(&mut rows, KEY, &acceptors(), Ballot(4), value.clone());
        assert!(learnt);
        let after = row(4, Some((4, value.clone())), true);
        assert_eq!(rows.register(&KEY), Some(&after));
    }
    // a later ballot has repeated the value here: that is kept
    let mut rows = with(Some(row(9, Some((7, value.clone())), false)));
    assert!(learn(
        &mut rows,
        KEY,
        &acceptors(),
        Ballot(4),
        value.clone()
    ));
    let after = row(9, Some((7, value)), true);
    assert_eq!(rows.register(&KEY), Some(&after));
}

#[test]
fn what_contradicts_the_register_is_not_learnt() {
    let chosen = row(4, Some((4, commit(HASH))), true);
    let same_ballot = row(4, Some((4, commit(HASH))), false);
    let later_ballot = row(9, Some((7, commit(HASH))), false);
    for before in [chosen, same_ballot, later_ballot] {
        let mut rows = with(Some(before.clone()));
        assert!(!learn(
            &mut rows,
            KEY,
            &acceptors(),
            Ballot(4),
            Value::Abort
        ));
        assert_eq!(rows.register(&KEY), Some(&before));
        assert_eq!(rows.alarms.len(), 1);
    }
}

#[test]
fn two_orders_are_told_apart_by_their_hash() {
    assert!(commit(HASH).decides_as(&commit(HASH)));
    assert!(!commit(HASH).decides_as(&commit(OTHER_HASH)));
    assert!(!commit(HASH).decides_as(&Value::Abort));
    assert!(Value::Abort.decides_as(&Value::Abort));
}

fn proposer() -> Proposer {
    Proposer::new(acceptors(), Ballot(4), Value::Abort)
}

#[test]
fn a_proposer_takes_the_highest_accepted_value_of_a_majority() {
    let mut proposer = proposer();
    let lower = promised(Some((0, commit(HASH))));
    assert_eq!(
        proposer.on_promise(company("a"), lower.clone()),
        Progress::Waiting
    );
    assert_eq!(
        proposer.on_promise(company("a"), lower),
        Progress::Waiting,
        "counted once"
    );
    let higher = promised(Some((3, Value::Abort)));
    let progress = proposer.on_promise(company("b"), higher);
    assert_eq!(progress, Progress::SendAccept(Value::Abort));
    let late = promised(Some((3, commit(HASH))));
    assert_eq!(proposer.on_promise(company("c"), late), Progress::Waiting);
    let accepted = Accept::Accepted;
    assert_eq!(
        proposer.on_accept(company("a"), accepted),
        Progress::Waiting
    );
    assert_eq!(
        proposer.on_accept(company("a"), accepted),
        Progress::Waiting,
        "counted once"
    );
    let chosen = Progress::Chosen(Ballot(4), Value::Abort);
    assert_eq!(proposer.on_accept(company("c"), accepted), chosen);
}

#[test]
fn a_proposer_proposes_its_own_where_nothing_was_accepted() {
    let mut proposer = proposer();
    assert_eq!(
        proposer.on_accept(company("a"), Accept::Accepted),
        Progress::Waiting
    );
    proposer.on_promise(company("a"), promised(None));
    let progress = proposer.on_promise(company("b"), promised(None));
    assert_eq!(progress, Progress::SendAccept(Value::Abort));
}

#[test]
fn a_proposer_stops_at_a_chosen_flag_and_at_a_higher_ballot() {
    let flag = Promise::Promised {
        accepted: Some((Ballot(1), commit(HASH))),
        chosen: true,
    };
    let chosen = Progress::Chosen(Ballot(1), commit(HASH));
    assert_eq!(proposer().on_promise(company("a"), flag), chosen);
    let higher = Promise::Higher(Ballot(8));
    let preempted = Progress::Preempted(Ballot(8));
    assert_eq!(proposer().on_promise(company("a"), higher), preempted);
    let mut accepting = proposer();
    accepting.on_promise(company("a"), promised(None));
    accepting.on_promise(company("b"), promised(None));
    let higher = Accept::Higher(Ballot(8));
    assert_eq!(accepting.on_accept(company("a"), higher), preempted);
}
