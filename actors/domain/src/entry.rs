//! Ledger entries: every way in which this company's durable state moves forward.
//!
//! An entry is all or nothing, and posting one again answers what is recorded. A batch of them is one transaction.

mod asked;
mod footprint;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::accounts::User;
use super::ballot::{Acceptors, Ballot, Key, Value};
use super::changes;
use super::corrections::{self, Corrected};
use super::flight::Flight;
use super::ids::{CompanyId, RouteId, SagaId, UserId};
use super::order::{Order, OrderHash, SeatRef, claim};
pub use super::outcome::Idempotency;
use super::outcome::Outcome;
use super::participant;
use super::question::{CompanyAnswer, Question};
use super::refund::Refunded;
use super::register;
use super::replica;
use super::rows::{
    AuditRow, KeyRow, OutboxCursor, Replicated, Rows, SagaRow, SagaState, SeatKey, SeatUse,
};
use super::ticket::{Accepted, Cancelled};
use super::vote::{Prepare, Refusal};

/// A decision that is known chosen, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    pub saga: SagaId,
    pub acceptors: Acceptors,
    pub ballot: Ballot,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Entry {
    /// The driver begins a saga of which this company has no leg.
    Begin(Box<Prepare>, Option<Idempotency>),
    /// The customer of a hold asks for its end: no ballot may be asked for Commit before this is durable.
    RequestConfirm(Box<Prepare>),
    /// A driver asks this company, which answers with what is then recorded.
    Asked {
        question: Question,
        /// Of a vote: why the memory of a route says no.
        lost: Option<Refusal>,
        /// Of a vote: the client's key, where this node drives the saga.
        idempotency: Option<Idempotency>,
    },
    /// Commit is known chosen: ticket, own legs, the client's answer.
    Settle(Box<Decision>, Option<(UserId, Idempotency)>),
    /// A definite refusal, kept under the client's key.
    Refuse {
        saga: SagaId,
        user: UserId,
        idempotency: Idempotency,
        refusal: Refusal,
    },
    /// The ticket of a booking made at another company, before its driver here answers.
    Adopt {
        saga: SagaId,
        order: Arc<Order>,
        idempotency: Option<Idempotency>,
    },
    /// Every company has acknowledged.
    Finish { saga: SagaId },
    /// Every company has voted for the hold that this node drives: it stands, and that is the answer to its client.
    Hold {
        saga: SagaId,
        hash: OrderHash,
        key: Option<(UserId, Idempotency)>,
    },
    /// Keeps the seats of a hold for so long, if that is longer.
    Extend { saga: SagaId, seconds: u32 },
    /// The time of a hold is over here, unless it is kept for longer: nobody extends it any more.
    EndHold { saga: SagaId, seconds: u32 },
    /// Raises this company's ballot round above this one.
    NextRound { above: i64 },
    /// Seats of a ticket are cancelled. `agreed`: all of them or none, as what comes back for them was agreed to together.
    /// `refunds`: what comes back for each, recorded of those that this very entry cancels.
    Cancel {
        ticket: SagaId,
        seats: Vec<SeatRef>,
        agreed: bool,
        refunds: Vec<Refunded>,
    },
    /// Flights of a ticket, this company's own, as they are flown now: written down where that is new, and the others are told. A leg
    /// whose seat the aircraft does not have moves to another one. `at`: milliseconds since 1970.
    Change {
        ticket: SagaId,
        flights: Vec<Flight>,
        at: i64,
    },
    /// The passenger agrees to the changes of these seats, each with its number.
    Accept {
        ticket: SagaId,
        agreed: Vec<(SeatRef, u32)>,
    },
    /// The owner of a ticket corrects the names of who has these seats. `at`: milliseconds since 1970.
    Correct {
        ticket: SagaId,
        names: Vec<(SeatRef, String)>,
        at: i64,
    },
    /// Rows of a peer's outbox, and how far they go; or a single pushed row.
    Merge {
        rows: Vec<Replicated>,
        cursor: Option<(CompanyId, OutboxCursor)>,
    },
    /// A login's register chose this user, or this newer version of one was made here.
    Enrol(User),
    Block {
        seat: SeatKey,
        blocked: bool,
        reason: String,
    },
    /// Something an operator did, with the reason given.
    Audit {
        action: String,
        subject: String,
        reason: String,
    },
    /// Reads a route's seats in the order of the commits.
    Survey { route: RouteId },
}

/// The result of posting an entry, valid once the batch is committed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Receipt {
    Done,
    /// The entry contradicts the records: an alarm was raised and nothing of the entry was posted.
    Contradicted,
    /// To [`Entry::Asked`].
    Answer(CompanyAnswer),
    Round(i64),
    /// To [`Entry::Cancel`].
    Cancelled(Cancelled),
    /// To [`Entry::Accept`].
    Accepted(Accepted),
    /// To [`Entry::Correct`].
    Corrected(Corrected),
    /// False: the seat is sold or held, and stays as it was.
    Blocked(bool),
    Surveyed(BTreeMap<SeatKey, SeatUse>),
    /// How long the seats are kept. None: they are not held here.
    Extended(Option<u32>),
}

impl Entry {
    /// The entry that a company posts when it is asked. Claims in memory (`lost`) and the client's key belong to votes
    /// only, and are dropped for other questions.
    pub fn asked(
        question: Question,
        lost: Option<Refusal>,
        idempotency: Option<Idempotency>,
    ) -> Self {
        let votes = question.votes_on().is_some();
        Entry::Asked {
            question,
            lost: lost.filter(|_| votes),
            idempotency: idempotency.filter(|_| votes),
        }
    }

    /// Posts the entry to the loaded rows.
    pub fn post(&self, rows: &mut Rows) -> Receipt {
        match self {
            Entry::Begin(prepare, key) => begin(rows, prepare, key.as_ref()),
            Entry::RequestConfirm(prepare) => request_confirm(rows, prepare),
            Entry::Asked {
                question,
                lost,
                idempotency,
            } => Receipt::Answer(asked::answer(rows, question, *lost, idempotency.as_ref())),
            Entry::Settle(decision, key) => settle(rows, decision, key.as_ref()),
            Entry::Refuse {
                saga,
                user,
                idempotency,
                refusal,
            } => refuse(rows, *saga, *user, idempotency, *refusal),
            Entry::Adopt {
                saga,
                order,
                idempotency,
            } => adopt(rows, *saga, order, idempotency.as_ref()),
            Entry::Finish { saga } => finish(rows, *saga),
            Entry::Hold { saga, hash, key } => hold(rows, *saga, *hash, key.as_ref()),
            Entry::Extend { saga, seconds } => {
                Receipt::Extended(participant::extend_hold(rows, *saga, *seconds))
            }
            Entry::EndHold { saga, seconds } => {
                Receipt::Extended(participant::expire_hold(rows, *saga, *seconds))
            }
            Entry::NextRound { above } => Receipt::Round(rows.raise_round(*above)),
            Entry::Cancel {
                ticket,
                seats,
                agreed,
                refunds,
            } => cancel(rows, *ticket, seats, *agreed, refunds),
            Entry::Change {
                ticket,
                flights,
                at,
            } => {
                changes::change(rows, *ticket, flights, *at);
                Receipt::Done
            }
            Entry::Accept { ticket, agreed } => {
                Receipt::Accepted(changes::accept(rows, *ticket, agreed))
            }
            Entry::Correct { ticket, names, at } => {
                Receipt::Corrected(corrections::correct(rows, *ticket, names, *at))
            }
            Entry::Merge {
                rows: copies,
                cursor,
            } => merge(rows, copies, *cursor),
            Entry::Enrol(user) => enrol(rows, user),
            Entry::Block {
                seat,
                blocked,
                reason,
            } => Receipt::Blocked(block(rows, *seat, *blocked, reason)),
            Entry::Audit {
                action,
                subject,
                reason,
            } => audit(rows, action, subject, reason),
            Entry::Survey { route } => Receipt::Surveyed(survey(rows, *route)),
        }
    }
}

impl From<Question> for Entry {
    fn from(question: Question) -> Self {
        Entry::asked(question, None, None)
    }
}

impl Receipt {
    /// The answer to the question of [`Entry::Asked`]; none for a node's own steps.
    pub fn answer(self) -> Option<CompanyAnswer> {
        match self {
            Receipt::Answer(answer) => Some(answer),
            _ => None,
        }
    }
}

fn begin(rows: &mut Rows, prepare: &Prepare, idempotency: Option<&Idempotency>) -> Receipt {
    // a company without a seat of a hold has nothing to wait for: those that keep its seats see to its end
    if prepare.order.hold_seconds.is_none() {
        participant::remember(rows, prepare, SagaState::Begun);
    }
    remember_key(rows, prepare.saga, prepare.order.user, idempotency);
    Receipt::Done
}

fn request_confirm(rows: &mut Rows, prepare: &Prepare) -> Receipt {
    participant::remember(rows, prepare, SagaState::Begun);
    participant::end_hold(rows, prepare.saga);
    Receipt::Done
}

/// A ticket only where the register, of an acceptor, then holds this Commit.
fn settle(rows: &mut Rows, decision: &Decision, key: Option<&(UserId, Idempotency)>) -> Receipt {
    let Value::Commit { hash, order } = &decision.value else {
        rows.alarm(format!("saga {} settled without a Commit", decision.saga));
        return Receipt::Contradicted;
    };
    // a company that drives a hold of others alone is no acceptor, and keeps no register
    if decision.acceptors.contains(rows.me) {
        let register = Key::Saga(decision.saga);
        let value = decision.value.clone();
        if !register::learn(rows, register, &decision.acceptors, decision.ballot, value) {
            return Receipt::Contradicted;
        }
    }
    replica::issue(rows, decision.saga, order.clone());
    if order.companies().contains(&rows.me) {
        participant::alarm_without_vote(rows, decision.saga);
    }
    participant::on_commit(rows, decision.saga, *hash);
    participant::on_exchange(rows, decision.saga, order);
    if let Some((user, idempotency)) = key {
        let ticket = decision.saga;
        answer_client(rows, ticket, *user, idempotency, Outcome::Booked { ticket });
    }
    Receipt::Done
}

/// An answer under the client's key, which may not be here before it.
fn answer_client(
    rows: &mut Rows,
    saga: SagaId,
    user: UserId,
    idempotency: &Idempotency,
    outcome: Outcome,
) {
    remember_key(rows, saga, user, Some(idempotency));
    answer_key(rows, user, Some(idempotency), outcome);
}

fn refuse(
    rows: &mut Rows,
    saga: SagaId,
    user: UserId,
    idempotency: &Idempotency,
    refusal: Refusal,
) -> Receipt {
    answer_client(rows, saga, user, idempotency, Outcome::Refused(refusal));
    Receipt::Done
}

fn hold(
    rows: &mut Rows,
    saga: SagaId,
    hash: OrderHash,
    key: Option<&(UserId, Idempotency)>,
) -> Receipt {
    participant::note_votes(rows, saga, hash);
    if let Some((user, idempotency)) = key {
        answer_client(rows, saga, *user, idempotency, Outcome::Held { hold: saga });
    }
    Receipt::Done
}

/// No outbox: the company that sold it tells the others.
fn adopt(
    rows: &mut Rows,
    saga: SagaId,
    order: &Arc<Order>,
    idempotency: Option<&Idempotency>,
) -> Receipt {
    if !replica::keep(rows, saga, order.clone()) {
        return Receipt::Contradicted;
    }
    if let Some(idempotency) = idempotency {
        let outcome = Outcome::Booked { ticket: saga };
        answer_client(rows, saga, order.user, idempotency, outcome);
    }
    Receipt::Done
}

fn remember_key(rows: &mut Rows, saga: SagaId, user: UserId, idempotency: Option<&Idempotency>) {
    let Some(Idempotency { key, fingerprint }) = idempotency else {
        return;
    };
    let key = (user, key.clone());
    if rows.key(&key).is_none() {
        let row = KeyRow {
            fingerprint: *fingerprint,
            saga,
            answer: None,
        };
        rows.keys.put(key, row);
    }
}

/// Records the answer under the key, once and for ever.
fn answer_key(rows: &mut Rows, user: UserId, idempotency: Option<&Idempotency>, outcome: Outcome) {
    let Some(Idempotency { key, fingerprint }) = idempotency else {
        return;
    };
    let key = (user, key.clone());
    let row = rows.key(&key).cloned();
    if let Some(row) = row.filter(|row| row.fingerprint == *fingerprint && row.answer.is_none()) {
        rows.keys.put(
            key,
            KeyRow {
                answer: Some(outcome),
                ..row
            },
        );
    }
}

fn finish(rows: &mut Rows, saga: SagaId) -> Receipt {
    if let Some(row) = rows.saga(&saga).filter(|row| !row.finished) {
        let row = SagaRow {
            finished: true,
            ..row.clone()
        };
        rows.sagas.put(saga, row);
    }
    Receipt::Done
}

/// The ticket's own legs here end with its cancellation.
fn cancel(
    rows: &mut Rows,
    ticket: SagaId,
    seats: &[SeatRef],
    agreed: bool,
    refunds: &[Refunded],
) -> Receipt {
    let claimed = claim(rows.me, ticket);
    if let SeatUse::Prepared { .. } = rows.seat_use(&(claimed.route, claimed.number)) {
        // an exchange is being decided: what is left of the ticket is not known
        return Receipt::Cancelled(Cancelled::Changed);
    }
    let cancelled = replica::cancel(rows, ticket, seats, agreed, refunds);
    Receipt::Cancelled(match cancelled {
        Ok((cancelled, fresh)) => {
            participant::on_cancel(rows, ticket, &fresh);
            Cancelled::Done(cancelled)
        }
        Err(not) => not,
    })
}

fn merge(
    rows: &mut Rows,
    copies: &[Replicated],
    cursor: Option<(CompanyId, OutboxCursor)>,
) -> Receipt {
    for copy in copies {
        match copy {
            Replicated::User(user) => replica::merge_user(rows, user.clone()),
            Replicated::Ticket(ticket) => {
                let fresh = replica::merge_ticket(rows, ticket);
                participant::on_cancel(rows, ticket.id, &fresh);
            }
        }
    }
    rows.cursors.extend(cursor);
    Receipt::Done
}

fn enrol(rows: &mut Rows, user: &User) -> Receipt {
    replica::enrol(rows, user.clone());
    Receipt::Done
}

fn block(rows: &mut Rows, seat: SeatKey, blocked: bool, reason: &str) -> bool {
    if rows.owner(&seat).is_some() {
        return false;
    }
    let mut row = rows.seat(&seat).copied().unwrap_or_default();
    row.blocked = blocked;
    rows.seats.put(seat, row);
    let action = if blocked { "block" } else { "unblock" };
    let subject = format!("seat {} of route {}", seat.1, seat.0);
    audit(rows, action, &subject, reason);
    true
}

fn audit(rows: &mut Rows, action: &str, subject: &str, reason: &str) -> Receipt {
    rows.audit.push(AuditRow {
        action: action.to_owned(),
        subject: subject.to_owned(),
        reason: reason.to_owned(),
    });
    Receipt::Done
}

fn survey(rows: &Rows, route: RouteId) -> BTreeMap<SeatKey, SeatUse> {
    rows.touched_seats(route)
        .map(|seat| (seat, rows.seat_use(&seat)))
        .filter(|(_, held)| *held != SeatUse::Free)
        .collect()
}

#[cfg(test)]
mod tests;
