//! The rows that an entry reads and writes, for a store to load them before the batch is decided.

use super::{Entry, Idempotency};
use crate::accounts::User;
use crate::ballot::{Ballot, Key, Value};
use crate::ids::{CompanyId, SagaId};
use crate::order::{Order, SeatRef, claim};
use crate::question::Question;
use crate::replica::may_be_named;
use crate::rows::{Footprint, Replicated};
use crate::vote::Prepare;

impl Entry {
    /// Adds what this entry reads and writes.
    pub fn footprint(&self, me: CompanyId, footprint: &mut Footprint) {
        match self {
            Entry::Begin(prepare, idempotency) => {
                prepare_footprint(me, prepare, idempotency.as_ref(), footprint);
            }
            Entry::RequestConfirm(prepare) => {
                footprint.sagas.insert(prepare.saga);
            }
            Entry::Asked {
                question,
                idempotency,
                ..
            } => question_footprint(me, question, idempotency.as_ref(), footprint),
            Entry::Finish { saga } | Entry::Extend { saga, .. } | Entry::EndHold { saga, .. } => {
                footprint.sagas.insert(*saga);
            }
            Entry::Hold { saga, key, .. } => {
                footprint.sagas.insert(*saga);
                if let Some((user, idempotency)) = key {
                    footprint.keys.insert((*user, idempotency.key.clone()));
                }
            }
            Entry::Settle(decision, idempotency) => {
                footprint.sagas.insert(decision.saga);
                footprint.registers.insert(Key::Saga(decision.saga));
                footprint.tickets.insert(decision.saga);
                if let Value::Commit { order, .. } = &decision.value {
                    names_footprint(me, decision.saga, order, footprint);
                    let exchange = order.exchange.as_ref();
                    exchange_footprint(exchange.map(|exchange| exchange.ticket), footprint);
                }
                if let Some((user, idempotency)) = idempotency {
                    footprint.keys.insert((*user, idempotency.key.clone()));
                }
            }
            Entry::Refuse {
                saga,
                user,
                idempotency,
                ..
            } => {
                footprint.sagas.insert(*saga);
                footprint.keys.insert((*user, idempotency.key.clone()));
            }
            Entry::Adopt {
                saga,
                order,
                idempotency,
            } => {
                footprint.tickets.insert(*saga);
                footprint.sagas.insert(*saga);
                names_footprint(me, *saga, order, footprint);
                if let Some(idempotency) = idempotency {
                    footprint.keys.insert((order.user, idempotency.key.clone()));
                }
            }
            Entry::NextRound { .. } => footprint.round = true,
            Entry::Cancel { ticket, .. } => {
                footprint.tickets.insert(*ticket);
                footprint.sagas.insert(*ticket);
                // an exchange of the ticket may be under way
                own_seats(me, &[claim(me, *ticket)], footprint);
            }
            Entry::Change {
                ticket, flights, ..
            } => {
                footprint.tickets.insert(*ticket);
                footprint.sagas.insert(*ticket);
                for flight in flights {
                    let instead = flight.instead.iter();
                    let seats = instead.map(|place| (flight.of.route, place.number));
                    footprint.seats.extend(seats);
                }
            }
            Entry::Accept { ticket, .. } | Entry::Correct { ticket, .. } => {
                footprint.tickets.insert(*ticket);
            }
            Entry::Merge { rows, .. } => rows.iter().for_each(|row| match row {
                Replicated::User(user) => user_footprint(user, footprint),
                Replicated::Ticket(ticket) => {
                    footprint.tickets.insert(ticket.id);
                    footprint.fresh.insert(ticket.id);
                    names_footprint(me, ticket.id, &ticket.order, footprint);
                    if !ticket.cancelled.is_empty() {
                        footprint.sagas.insert(ticket.id);
                    }
                }
            }),
            Entry::Enrol(user) => user_footprint(user, footprint),
            Entry::Block { seat, .. } => {
                footprint.seats.insert(*seat);
                // whether it is off sale already must be known, not assumed
                footprint.seat_maps.insert(seat.0);
            }
            Entry::Audit { .. } => {}
            Entry::Survey { route } => {
                footprint.seat_maps.insert(*route);
            }
        }
    }
}

/// The names of an order that came without them.
fn names_footprint(me: CompanyId, saga: SagaId, order: &Order, footprint: &mut Footprint) {
    if may_be_named(order, me) {
        footprint.sagas.insert(saga);
        footprint.orders.insert(saga);
    }
}

fn question_footprint(
    me: CompanyId,
    question: &Question,
    idempotency: Option<&Idempotency>,
    footprint: &mut Footprint,
) {
    match question {
        Question::Prepare(prepare) => prepare_footprint(me, prepare, idempotency, footprint),
        Question::Book(prepare) => {
            prepare_footprint(me, prepare, idempotency, footprint);
            footprint.registers.insert(Key::Saga(prepare.saga));
            footprint.tickets.insert(prepare.saga);
        }
        Question::Promise { key, .. } | Question::Accept { key, .. } => {
            footprint.registers.insert(key.clone());
            footprint.sagas.extend(question.ends_hold());
            // a company that only decides hears of a booking first by its own first ballot
            if let Question::Accept {
                key: Key::Saga(saga),
                ballot: Ballot::ZERO,
                ..
            } = question
            {
                footprint.fresh.insert(*saga);
            }
        }
        Question::Commit {
            saga, exchanged, ..
        } => {
            footprint.sagas.insert(*saga);
            footprint.orders.insert(*saga);
            footprint.tickets.insert(*saga);
            exchange_footprint(*exchanged, footprint);
        }
        Question::AllVoted { saga, .. } => {
            footprint.sagas.insert(*saga);
        }
        Question::Release { saga, seats, .. } => {
            footprint.sagas.insert(*saga);
            own_seats(me, seats, footprint);
        }
    }
}

fn prepare_footprint(
    me: CompanyId,
    prepare: &Prepare,
    idempotency: Option<&Idempotency>,
    footprint: &mut Footprint,
) {
    footprint.sagas.insert(prepare.saga);
    footprint.fresh.insert(prepare.saga);
    footprint.orders.insert(prepare.saga);
    own_seats(me, &prepare.order.claims_of(me), footprint);
    exchange_footprint(
        prepare
            .order
            .exchange
            .as_ref()
            .map(|exchange| exchange.ticket),
        footprint,
    );
    if prepare.order.hold_seconds.is_some() {
        footprint.registers.insert(Key::Saga(prepare.saga));
        footprint.holders.insert(prepare.order.user);
    }
    if let Some(idempotency) = idempotency {
        let key = (prepare.order.user, idempotency.key.clone());
        footprint.keys.insert(key);
    }
}

/// The ticket whose seats end with another one's commit, and their legs.
fn exchange_footprint(ticket: Option<SagaId>, footprint: &mut Footprint) {
    footprint.tickets.extend(ticket);
    footprint.sagas.extend(ticket);
}

fn user_footprint(user: &User, footprint: &mut Footprint) {
    footprint.users.insert(user.login.clone());
    footprint.registers.insert(Key::Login(user.login.clone()));
}

fn own_seats(me: CompanyId, seats: &[SeatRef], footprint: &mut Footprint) {
    let own = seats.iter().filter(|seat| seat.company == me);
    footprint
        .seats
        .extend(own.map(|seat| (seat.route, seat.number)));
}
