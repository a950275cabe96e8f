//! What every company keeps a copy of, and how two copies merge: a user by the higher version, a ticket by the union of its
//! cancelled seats. Merging is idempotent, commutative and never loses a cancellation.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts::User;
use super::ids::SagaId;
use super::order::{Order, SeatRef};
use super::participant;
use super::register;
use super::rows::{Replicated, Rows};

/// A confirmed booking. Its existence is proof that Commit was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ticket {
    pub id: SagaId,
    pub order: Arc<Order>,
    /// Cancelled seats, ascending. Only ever grows.
    pub cancelled: Vec<SeatRef>,
}

impl Ticket {
    /// Whether no seat of it is left.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.len() == self.order.legs.len()
    }

    /// The same ticket with these seats of it cancelled, too.
    pub fn without(&self, seats: &[SeatRef]) -> Ticket {
        let own = self.order.seats().into_iter();
        union(
            self,
            &own.filter(|seat| seats.contains(seat)).collect::<Vec<_>>(),
        )
    }

    /// The seats of it that are not cancelled, ascending.
    pub fn seats_left(&self) -> Vec<SeatRef> {
        difference(&self.order.seats(), &self.cancelled)
    }
}

/// Issues the ticket of a committed saga and tells the others.
pub fn issue(rows: &mut Rows, saga: SagaId, order: Arc<Order>) {
    if rows.tickets.get(&saga).is_some() {
        return;
    }
    let ticket = Ticket {
        id: saga,
        order,
        cancelled: Vec::new(),
    };
    rows.outbox.push(Replicated::Ticket(ticket.clone()));
    rows.tickets.put(saga, ticket);
}

/// Has the ticket of a committed saga here too, without telling the others: whoever issued it does. False if another order is on it.
pub fn keep(rows: &mut Rows, saga: SagaId, order: Arc<Order>) -> bool {
    match rows.tickets.get(&saga) {
        Some(row) if row.order != order => {
            rows.alarm(format!("two orders on ticket {saga}"));
            false
        }
        Some(_) => true,
        None => {
            let ticket = Ticket {
                id: saga,
                order,
                cancelled: Vec::new(),
            };
            rows.tickets.put(saga, ticket);
            true
        }
    }
}

/// Cancels seats of a ticket that is here, frees our own and tells the others. False if the ticket is not here.
pub fn cancel(rows: &mut Rows, ticket: SagaId, seats: &[SeatRef]) -> bool {
    let Some(row) = rows.tickets.get(&ticket) else {
        return false;
    };
    let seats: Vec<SeatRef> = row
        .order
        .seats()
        .into_iter()
        .filter(|seat| seats.contains(seat))
        .collect();
    let merged = union(row, &seats);
    if merged != *row {
        rows.outbox.push(Replicated::Ticket(merged.clone()));
        rows.tickets.put(ticket, merged);
        participant::on_cancel(rows, ticket, &seats);
    }
    true
}

/// Takes over a copy from a peer.
pub fn merge(rows: &mut Rows, copy: Replicated) {
    match copy {
        Replicated::User(user) => merge_user(rows, user),
        Replicated::Ticket(ticket) => merge_ticket(rows, ticket),
    }
}

fn merge_ticket(rows: &mut Rows, copy: Ticket) {
    let nothing = Ticket {
        cancelled: Vec::new(),
        ..copy.clone()
    };
    let row = rows.tickets.get(&copy.id).unwrap_or(&nothing);
    if row.order != copy.order {
        rows.alarm(format!("two orders on ticket {}", copy.id));
        return;
    }
    let fresh = difference(&copy.cancelled, &row.cancelled);
    let merged = union(row, &fresh);
    rows.tickets.put(copy.id, merged);
    participant::on_cancel(rows, copy.id, &fresh);
}

fn merge_user(rows: &mut Rows, copy: User) {
    register::close_login(rows, &copy);
    match rows.users.get(&copy.login) {
        Some(row) if row.id != copy.id => {
            rows.alarm(format!("two users with the login of {}", copy.id));
        }
        Some(row) if row.version == copy.version && *row != copy => {
            rows.alarm(format!("two users {} of one version", copy.id));
        }
        Some(row) if row.version >= copy.version => {}
        _ => rows.users.put(copy.login.clone(), copy),
    }
}

/// Enrols a user whose login's register chose this, and tells the others.
pub fn enrol(rows: &mut Rows, user: User) {
    register::close_login(rows, &user);
    match rows.users.get(&user.login) {
        Some(row) if row.id != user.id => {
            rows.alarm(format!("two users with the login of {}", user.id));
        }
        Some(_) => {}
        None => {
            rows.outbox.push(Replicated::User(user.clone()));
            rows.users.put(user.login.clone(), user);
        }
    }
}

fn union(ticket: &Ticket, seats: &[SeatRef]) -> Ticket {
    let mut cancelled = ticket.cancelled.clone();
    cancelled.extend(difference(seats, &ticket.cancelled));
    cancelled.sort_unstable();
    cancelled.dedup();
    Ticket {
        cancelled,
        ..ticket.clone()
    }
}

fn difference(seats: &[SeatRef], without: &[SeatRef]) -> Vec<SeatRef> {
    seats
        .iter()
        .filter(|seat| !without.contains(seat))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests;
