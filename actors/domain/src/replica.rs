//! The rows of which every company keeps a copy, and how two copies merge: a user by the higher version, a ticket by
//! the union of its cancelled seats, of what came back for them, and the newest change of each, with the names that either was told, and
//! without its people where one of the two has forgotten them. A company that may not know who travels keeps no names, whoever tells them.
//! Merging is idempotent, commutative but for what copies lie about, and never loses a cancellation.

use std::sync::Arc;

use super::accounts::User;
use super::forgotten;
use super::ids::{CompanyId, SagaId};
use super::order::{Order, SeatRef};
use super::refund::Refunded;
use super::register;
use super::rows::{Replicated, Rows};
use super::ticket::{Cancelled, Ticket};
use super::withheld;

/// Issues the ticket of a committed saga and tells the others.
pub fn issue(rows: &mut Rows, saga: SagaId, order: Arc<Order>) {
    let order = named(rows, saga, order);
    if let Some(row) = rows.ticket(&saga) {
        let named = Ticket {
            order: withheld::completed(&row.order, &order),
            ..row.clone()
        };
        if named.order != row.order {
            rows.tickets.put(saga, named);
        }
        return;
    }
    let ticket = Ticket::new(saga, order);
    rows.outbox.push(Replicated::Ticket(ticket.clone()));
    rows.tickets.put(saga, ticket);
}

/// Keeps the ticket of a committed saga here too. The others are told by the company that issued it. False if the
/// ticket here has another order.
pub fn keep(rows: &mut Rows, saga: SagaId, order: Arc<Order>) -> bool {
    let order = named(rows, saga, order);
    match rows.ticket(&saga) {
        Some(row) => match forgotten::merged(&row.order, &order) {
            Some(merged) if merged == row.order => true,
            Some(order) => {
                let row = Ticket {
                    order,
                    ..row.clone()
                };
                rows.tickets.put(saga, row);
                true
            }
            None => {
                rows.alarm(format!("two orders on ticket {saga}"));
                false
            }
        },
        None => {
            rows.tickets.put(saga, Ticket::new(saga, order));
            true
        }
    }
}

/// Cancels seats of a ticket that is here and tells the others. Answers with the seats whose legs are to end. `agreed`: only if all
/// of these seats are left, or none of them, as when it is asked for again. Of `refunds` those of the seats that this cancels are
/// recorded, and no other: what came back for a seat before stays as it is.
pub fn cancel(
    rows: &mut Rows,
    ticket: SagaId,
    seats: &[SeatRef],
    agreed: bool,
    refunds: &[Refunded],
) -> Result<(Ticket, Vec<SeatRef>), Cancelled> {
    let row = rows.ticket(&ticket).ok_or(Cancelled::NotHere)?;
    let wanted = row.seats_among(seats);
    let fresh = row.difference(&wanted);
    if agreed && !fresh.is_empty() && fresh.len() < wanted.len() {
        return Err(Cancelled::Changed);
    }
    if fresh.is_empty() {
        return Ok((row.clone(), fresh));
    }
    let refunds = refunds.iter().filter(|refund| fresh.contains(&refund.seat));
    let refunds: Vec<Refunded> = refunds.cloned().collect();
    let cancelled = row.union(&fresh, &refunds);
    rows.outbox.push(Replicated::Ticket(cancelled.clone()));
    rows.tickets.put(ticket, cancelled.clone());
    Ok((cancelled, fresh))
}

/// Takes over a peer's copy of a ticket. Answers with the seats that were not cancelled here before: their legs are to
/// end.
pub fn merge_ticket(rows: &mut Rows, copy: &Ticket) -> Vec<SeatRef> {
    let strange: Ticket;
    let copy = match withheld::may_know(&copy.order, rows.me) {
        true => copy,
        false => {
            strange = copy.clone().for_company(rows.me);
            &strange
        }
    };
    let told = named(rows, copy.id, copy.order.clone());
    let nothing = Ticket::new(copy.id, told.clone());
    let row = rows.ticket(&copy.id).unwrap_or(&nothing);
    let Some(order) = forgotten::merged(&row.order, &told) else {
        rows.alarm(format!("two orders on ticket {}", copy.id));
        return Vec::new();
    };
    let fresh = row.difference(&copy.cancelled);
    let merged = Ticket {
        order: withheld::order_for(&order, rows.me),
        ..row.merged(copy).with_changes(&copy.changes)
    };
    let merged = merged.with_corrections(&copy.corrections);
    rows.tickets.put(copy.id, merged);
    fresh
}

/// Whether the names of this order are looked for in the company's own record of the booking: they came from somebody who is not told them.
pub(crate) fn may_be_named(order: &Order, me: CompanyId) -> bool {
    order.is_withheld() && withheld::may_know(order, me)
}

/// The order as this company may know it, with the names that it was told when it voted.
fn named(rows: &Rows, saga: SagaId, order: Arc<Order>) -> Arc<Order> {
    if !may_be_named(&order, rows.me) {
        return withheld::order_for(&order, rows.me);
    }
    match rows.order_of(&saga) {
        Some(own) => withheld::completed(&order, &own),
        None => order,
    }
}

/// Takes over a peer's copy of a user.
pub fn merge_user(rows: &mut Rows, copy: User) {
    register::close_login(rows, &copy);
    match rows.user(&copy.login) {
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

/// Enrols a user whose login's register chose this, or a newer version of one, and tells the others.
pub fn enrol(rows: &mut Rows, user: User) {
    register::close_login(rows, &user);
    match rows.user(&user.login) {
        Some(row) if row.id != user.id => {
            rows.alarm(format!("two users with the login of {}", user.id));
        }
        Some(row) if row.version >= user.version => {}
        _ => {
            rows.outbox.push(Replicated::User(user.clone()));
            rows.users.put(user.login.clone(), user);
        }
    }
}

#[cfg(test)]
mod tests;
