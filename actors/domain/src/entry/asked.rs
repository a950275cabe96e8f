//! The questions that drivers ask this company: what each writes, and the answer.

use super::{Idempotency, answer_key, finish, remember_key};
use crate::ids::SagaId;
use crate::order::OrderHash;
use crate::outcome::Outcome;
use crate::question::{CompanyAnswer, Question};
use crate::rows::Rows;
use crate::vote::{Prepare, Refusal, Vote};
use crate::{participant, register, replica};

pub(super) fn answer(
    rows: &mut Rows,
    question: &Question,
    lost: Option<Refusal>,
    key: Option<&Idempotency>,
) -> CompanyAnswer {
    match question {
        Question::Prepare(prepare) => CompanyAnswer::Vote(vote(rows, prepare, lost, key)),
        Question::Book(prepare) => CompanyAnswer::Vote(book(rows, prepare, lost, key)),
        Question::Promise {
            key,
            acceptors,
            ballot,
        } => {
            end_hold(rows, question);
            CompanyAnswer::Promise(register::on_promise(rows, key, acceptors, *ballot))
        }
        Question::Accept {
            key,
            acceptors,
            ballot,
            value,
        } => {
            end_hold(rows, question);
            CompanyAnswer::Accept(register::on_accept(rows, key, acceptors, *ballot, value))
        }
        Question::Commit { saga, hash, .. } => {
            commit(rows, *saga, *hash);
            CompanyAnswer::Done
        }
        Question::AllVoted { saga, hash } => {
            participant::note_votes(rows, *saga, *hash);
            CompanyAnswer::Done
        }
        Question::Release {
            saga,
            seats,
            reason,
        } => {
            participant::on_release(rows, *saga, seats, *reason);
            CompanyAnswer::Done
        }
    }
}

fn vote(
    rows: &mut Rows,
    prepare: &Prepare,
    lost: Option<Refusal>,
    key: Option<&Idempotency>,
) -> Vote {
    remember_key(rows, prepare.saga, prepare.order.user, key);
    participant::on_prepare(rows, prepare, lost)
}

/// Vote, decision, sale, ticket and the answer to the client are one step.
fn book(
    rows: &mut Rows,
    prepare: &Prepare,
    lost: Option<Refusal>,
    key: Option<&Idempotency>,
) -> Vote {
    let (saga, user) = (prepare.saga, prepare.order.user);
    let vote = participant::on_book(rows, prepare, lost);
    remember_key(rows, saga, user, key);
    let outcome = match &vote {
        Vote::Yes => Outcome::Booked { ticket: saga },
        Vote::No(refusal) => Outcome::Refused(*refusal),
        Vote::Mismatch { .. } | Vote::Later | Vote::Stale(_) => return vote,
    };
    if vote == Vote::Yes {
        replica::issue(rows, saga, prepare.order.clone());
        participant::on_exchange(rows, saga, &prepare.order);
    }
    answer_key(rows, user, key, outcome);
    finish(rows, saga);
    vote
}

/// A ballot is under way, so that somebody asked for an end. A company that was dead when it was decided must not wait
/// for the customer; and if the driver that asked dies, another one asks on.
fn end_hold(rows: &mut Rows, ballot: &Question) {
    if let Some(saga) = ballot.ends_hold() {
        participant::end_hold(rows, saga);
    }
}

/// Commit was chosen, of the order with this hash. A company that has sold a leg has the ticket, too: the one that
/// issued it may never come back.
fn commit(rows: &mut Rows, saga: SagaId, hash: OrderHash) {
    participant::alarm_without_vote(rows, saga);
    participant::on_commit(rows, saga, hash);
    let is_sold = rows
        .legs_of(saga)
        .iter()
        .any(|(_, leg)| leg.state.was_sold() && leg.hash == hash);
    let is_its_order = rows.saga(&saga).is_some_and(|row| row.hash == hash);
    if let Some(order) = rows.order_of(&saga).filter(|_| is_sold && is_its_order) {
        replica::keep(rows, saga, order.clone());
        participant::on_exchange(rows, saga, &order);
    }
}
