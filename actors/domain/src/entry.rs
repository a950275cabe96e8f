//! Ledger entries: every way in which this company's durable state moves forward.
//!
//! An entry is all or nothing, and posting one again answers what is recorded. A batch of them is one transaction.

mod footprint;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts::User;
use super::ballot::{Accept, Acceptors, Ballot, Key, Promise, Value};
use super::ids::{CompanyId, RouteId, SagaId, UserId};
use super::order::{Order, OrderHash, SeatRef};
use super::outcome::Outcome;
use super::participant;
use super::register;
use super::replica;
use super::rows::{
    AuditRow, KeyRow, OutboxCursor, Replicated, Rows, SagaRow, SagaState, SeatKey, SeatUse,
};
use super::vote::{Booked, LegState, Prepare, Refusal, RefusalReason, Vote};

/// A client's idempotency key with the fingerprint of what it was used for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
}

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
    /// A vote; with the client's key where this node drives the saga.
    Prepare {
        prepare: Box<Prepare>,
        lost: Option<Refusal>,
        idempotency: Option<Idempotency>,
    },
    Book {
        prepare: Box<Prepare>,
        lost: Option<Refusal>,
        idempotency: Option<Idempotency>,
    },
    Commit {
        saga: SagaId,
        hash: OrderHash,
    },
    Release {
        saga: SagaId,
        seats: Vec<SeatRef>,
        reason: RefusalReason,
    },
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
    Finish {
        saga: SagaId,
    },
    /// Every company has voted for the hold: it stands, and where this node drives it, that is the answer to its client.
    Hold {
        saga: SagaId,
        hash: OrderHash,
        key: Option<(UserId, Idempotency)>,
    },
    /// Keeps the seats of a hold for so long, if that is longer.
    Extend {
        saga: SagaId,
        seconds: u32,
    },
    /// The time of a hold is over here, unless it is kept for longer: nobody extends it any more.
    EndHold {
        saga: SagaId,
        seconds: u32,
    },
    /// Raises this company's ballot round above this one.
    NextRound {
        above: i64,
    },
    Cancel {
        ticket: SagaId,
        seats: Vec<SeatRef>,
    },
    /// Rows of a peer's outbox, and how far they go; or a single pushed row.
    Merge {
        rows: Vec<Replicated>,
        cursor: Option<(CompanyId, OutboxCursor)>,
    },
    /// A login's register chose this user.
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
    Survey {
        route: RouteId,
    },
}

/// What posting an entry came to, valid once the batch is committed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Receipt {
    Done,
    /// What is recorded contradicts the entry: an alarm was raised and nothing of it was posted.
    Contradicted,
    Vote(Vote),
    Booked(Booked),
    Promise(Promise),
    Accept(Accept),
    Round(i64),
    /// Whether the ticket was here to be cancelled.
    Cancelled(bool),
    /// None: the seat is sold or held.
    Blocked(bool),
    Surveyed(BTreeMap<SeatKey, SeatUse>),
    /// How long the seats are kept. None: they are not held here.
    Extended(Option<u32>),
}

impl Entry {
    /// Posts the entry to the loaded rows.
    pub fn post(&self, rows: &mut Rows) -> Receipt {
        match self {
            Entry::Begin(prepare, idempotency) => {
                // whoever keeps no seat of a hold has nothing to wait for: those who do see to its end
                if prepare.order.hold_seconds.is_none() {
                    participant::remember(rows, prepare, SagaState::Begun);
                }
                remember_key(rows, prepare.saga, prepare.order.user, idempotency.as_ref());
                Receipt::Done
            }
            Entry::RequestConfirm(prepare) => {
                participant::remember(rows, prepare, SagaState::Begun);
                participant::end_hold(rows, prepare.saga);
                Receipt::Done
            }
            Entry::Prepare {
                prepare,
                lost,
                idempotency,
            } => {
                remember_key(rows, prepare.saga, prepare.order.user, idempotency.as_ref());
                Receipt::Vote(participant::on_prepare(rows, prepare, *lost))
            }
            Entry::Book {
                prepare,
                lost,
                idempotency,
            } => {
                let booked = participant::on_book(rows, prepare, *lost);
                if booked == Booked::Done {
                    replica::issue(rows, prepare.saga, prepare.order.clone());
                }
                let user = prepare.order.user;
                remember_key(rows, prepare.saga, user, idempotency.as_ref());
                let outcome = match &booked {
                    Booked::Done => Some(Outcome::Booked {
                        ticket: prepare.saga,
                    }),
                    Booked::No(refusal) => Some(Outcome::Refused(*refusal)),
                    Booked::Mismatch { .. } | Booked::Later | Booked::Stale(_) => None,
                };
                answer_key(rows, user, idempotency.as_ref(), outcome);
                if outcome.is_some() {
                    finish(rows, prepare.saga);
                }
                Receipt::Booked(booked)
            }
            Entry::Commit { saga, hash } => {
                participant::alarm_without_vote(rows, *saga);
                participant::on_commit(rows, *saga, *hash);
                keep_ticket(rows, *saga, *hash)
            }
            Entry::Release {
                saga,
                seats,
                reason,
            } => {
                participant::on_release(rows, *saga, seats, *reason);
                Receipt::Done
            }
            Entry::Promise {
                key,
                acceptors,
                ballot,
            } => {
                end_asked(rows, key);
                Receipt::Promise(register::on_promise(rows, key, acceptors, *ballot))
            }
            Entry::Accept {
                key,
                acceptors,
                ballot,
                value,
            } => {
                end_asked(rows, key);
                Receipt::Accept(register::on_accept(rows, key, acceptors, *ballot, value))
            }
            Entry::Settle(decision, idempotency) => settle(rows, decision, idempotency.as_ref()),
            Entry::Refuse {
                saga,
                user,
                idempotency,
                refusal,
            } => {
                remember_key(rows, *saga, *user, Some(idempotency));
                let outcome = Some(Outcome::Refused(*refusal));
                answer_key(rows, *user, Some(idempotency), outcome);
                Receipt::Done
            }
            Entry::Adopt {
                saga,
                order,
                idempotency,
            } => adopt(rows, *saga, order, idempotency.as_ref()),
            Entry::Finish { saga } => {
                finish(rows, *saga);
                Receipt::Done
            }
            Entry::Hold { saga, hash, key } => {
                participant::note_votes(rows, *saga, *hash);
                if let Some((user, idempotency)) = key {
                    remember_key(rows, *saga, *user, Some(idempotency));
                    let outcome = Some(Outcome::Held { hold: *saga });
                    answer_key(rows, *user, Some(idempotency), outcome);
                }
                Receipt::Done
            }
            Entry::Extend { saga, seconds } => {
                Receipt::Extended(participant::extend_hold(rows, *saga, *seconds))
            }
            Entry::EndHold { saga, seconds } => {
                Receipt::Extended(participant::expire_hold(rows, *saga, *seconds))
            }
            Entry::NextRound { above } => {
                rows.round = rows.round.max(*above).saturating_add(1);
                rows.round_raised = true;
                Receipt::Round(rows.round)
            }
            Entry::Cancel { ticket, seats } => {
                let gone = replica::cancel(rows, *ticket, seats);
                participant::on_cancel(rows, *ticket, gone.as_deref().unwrap_or_default());
                Receipt::Cancelled(gone.is_some())
            }
            Entry::Merge {
                rows: copies,
                cursor,
            } => {
                for copy in copies {
                    match copy {
                        Replicated::User(user) => replica::merge_user(rows, user.clone()),
                        Replicated::Ticket(ticket) => {
                            let gone = replica::merge_ticket(rows, ticket);
                            participant::on_cancel(rows, ticket.id, &gone);
                        }
                    }
                }
                rows.cursors.extend(*cursor);
                Receipt::Done
            }
            Entry::Enrol(user) => {
                replica::enrol(rows, user.clone());
                Receipt::Done
            }
            Entry::Block {
                seat,
                blocked,
                reason,
            } => Receipt::Blocked(block(rows, *seat, *blocked, reason)),
            Entry::Audit {
                action,
                subject,
                reason,
            } => {
                rows.audit.push(AuditRow {
                    action: action.clone(),
                    subject: subject.clone(),
                    reason: reason.clone(),
                });
                Receipt::Done
            }
            Entry::Survey { route } => Receipt::Surveyed(survey(rows, *route)),
        }
    }
}

/// A ballot is under way, so that somebody asked for an end: whoever was dead when it was decided must not wait for the customer,
/// and if the one who asked dies, another one asks on.
fn end_asked(rows: &mut Rows, key: &Key) {
    if let Key::Saga(saga) = key {
        participant::end_hold(rows, *saga);
    }
}

/// A ticket only where the register, of an acceptor, then holds this Commit.
fn settle(
    rows: &mut Rows,
    decision: &Decision,
    idempotency: Option<&(UserId, Idempotency)>,
) -> Receipt {
    let Value::Commit { hash, order } = &decision.value else {
        rows.alarm(format!("saga {} settled without a Commit", decision.saga));
        return Receipt::Contradicted;
    };
    let key = Key::Saga(decision.saga);
    let value = decision.value.clone();
    // whoever drives another company's hold is no acceptor, and keeps no register
    let is_acceptor = decision.acceptors.contains(rows.me);
    if is_acceptor && !register::learn(rows, key, &decision.acceptors, decision.ballot, value) {
        return Receipt::Contradicted;
    }
    replica::issue(rows, decision.saga, order.clone());
    if order.companies().contains(&rows.me) {
        participant::alarm_without_vote(rows, decision.saga);
    }
    participant::on_commit(rows, decision.saga, *hash);
    if let Some((user, idempotency)) = idempotency {
        remember_key(rows, decision.saga, *user, Some(idempotency));
        let outcome = Some(Outcome::Booked {
            ticket: decision.saga,
        });
        answer_key(rows, *user, Some(idempotency), outcome);
    }
    Receipt::Done
}

/// Whoever has sold a leg has the ticket: the company that issued it may never come back.
fn keep_ticket(rows: &mut Rows, saga: SagaId, hash: OrderHash) -> Receipt {
    let is_sold = rows.legs_of(saga).iter().any(|(_, leg)| {
        matches!(leg.state, LegState::Committed | LegState::Cancelled) && leg.hash == hash
    });
    let row = rows.sagas.get(&saga).filter(|row| row.hash == hash);
    let order = row.and_then(|row| row.order.clone());
    match order.filter(|_| is_sold) {
        Some(order) if !replica::keep(rows, saga, order.clone()) => Receipt::Contradicted,
        _ => Receipt::Done,
    }
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
    remember_key(rows, saga, order.user, idempotency);
    let outcome = Some(Outcome::Booked { ticket: saga });
    answer_key(rows, order.user, idempotency, outcome);
    Receipt::Done
}

fn remember_key(rows: &mut Rows, saga: SagaId, user: UserId, idempotency: Option<&Idempotency>) {
    let Some(Idempotency { key, fingerprint }) = idempotency else {
        return;
    };
    let key = (user, key.clone());
    if rows.keys.get(&key).is_none() {
        let row = KeyRow {
            fingerprint: *fingerprint,
            saga,
            answer: None,
        };
        rows.keys.put(key, row);
    }
}

/// Records the answer under the key, once and for ever.
fn answer_key(
    rows: &mut Rows,
    user: UserId,
    idempotency: Option<&Idempotency>,
    outcome: Option<Outcome>,
) {
    let Some(Idempotency { key, fingerprint }) = idempotency else {
        return;
    };
    let key = (user, key.clone());
    let row = rows.keys.get(&key).cloned();
    if let Some(row) = row.filter(|row| row.fingerprint == *fingerprint && row.answer.is_none()) {
        rows.keys.put(
            key,
            KeyRow {
                answer: outcome,
                ..row
            },
        );
    }
}

fn finish(rows: &mut Rows, saga: SagaId) {
    if let Some(row) = rows.sagas.get(&saga).filter(|row| !row.finished) {
        let row = SagaRow {
            finished: true,
            ..row.clone()
        };
        rows.sagas.put(saga, row);
    }
}

fn block(rows: &mut Rows, seat: SeatKey, blocked: bool, reason: &str) -> bool {
    if rows.owner(&seat).is_some() {
        return false;
    }
    let mut row = rows.seats.get(&seat).copied().unwrap_or_default();
    row.blocked = blocked;
    rows.seats.put(seat, row);
    rows.audit.push(AuditRow {
        action: if blocked { "block" } else { "unblock" }.to_owned(),
        subject: format!("seat {} of route {}", seat.1, seat.0),
        reason: reason.to_owned(),
    });
    true
}

fn survey(rows: &Rows, route: RouteId) -> BTreeMap<SeatKey, SeatUse> {
    rows.touched_seats(route)
        .map(|seat| (seat, rows.seat_use(&seat)))
        .filter(|(_, held)| *held != SeatUse::Free)
        .collect()
}

#[cfg(test)]
mod tests;
