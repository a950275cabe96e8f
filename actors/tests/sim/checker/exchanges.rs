//! Tickets whose seats end with another ticket. Who exchanges seats travels by the one or by the other, never by both and never by
//! none.

use std::collections::BTreeMap;

use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::{Exchange, SeatRef};
use passcom_actors::domain::refund::Ground;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState::{Cancelled, Committed};
use passcom_memory::State;

use super::Evidence;

/// Tickets that took the place of seats of another.
pub(super) fn exchanges(tables: &State) -> impl Iterator<Item = (SagaId, &Exchange)> {
    let tickets = tables.tickets.iter();
    tickets.filter_map(|(id, ticket)| Some((*id, ticket.order.exchange.as_ref()?)))
}

fn keeps(ticket: &Ticket, exchange: &Exchange) -> Vec<SeatRef> {
    let kept = exchange.seats.iter().copied();
    kept.filter(|seat| !ticket.cancelled.contains(seat))
        .collect()
}

/// At a company that votes on an exchange, the old seats end in the step in which the new ones are sold.
pub fn x1_in_one_step(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (company, tables) in &evidence.tables {
        let claims = tables.legs.iter().filter(|(key, _)| key.route.is_claim());
        for (key, leg) in claims {
            let new = key.saga;
            if leg.state == Committed {
                objections.push(format!("{company}: the claim of {new} outlives its sale"));
            }
            if leg.state != Cancelled {
                continue;
            }
            let new_ticket = tables.tickets.get(&new);
            let exchange = new_ticket.and_then(|ticket| ticket.order.exchange.as_ref());
            let old = exchange.and_then(|exchange| tables.tickets.get(&exchange.ticket));
            match exchange.zip(old) {
                None => objections.push(format!("{company}: {new} takes the place of nothing")),
                Some((exchange, old)) => {
                    let kept = keeps(old, exchange);
                    if !kept.is_empty() {
                        objections.push(format!("{company}: {new} is sold, and so are {kept:?}"));
                    }
                }
            }
        }
    }
    objections
}

/// No seat of a ticket is given for two others.
pub fn x2_once(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let mut given: BTreeMap<(SagaId, SeatRef), SagaId> = BTreeMap::new();
    for (new, exchange) in evidence.tables.values().flat_map(exchanges) {
        for seat in &exchange.seats {
            let first = *given.entry((exchange.ticket, *seat)).or_insert(new);
            if first != new {
                let old = exchange.ticket;
                objections.push(format!("{seat:?} of {old} is given for {first} and {new}"));
            }
        }
    }
    objections
}

/// Nobody has another flight and the money, too.
pub fn x4_not_paid_twice(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (company, tables) in &evidence.tables {
        for (new, exchange) in exchanges(tables) {
            let Some(old) = tables.tickets.get(&exchange.ticket) else {
                continue;
            };
            for seat in &exchange.seats {
                let refund = old.refund_of(*seat);
                let paid = refund.filter(|refund| refund.ground != Ground::Exchanged);
                if let Some(paid) = paid {
                    objections.push(format!("{company}: {new} has the place of {paid:?}"));
                }
            }
        }
    }
    objections
}

/// Every copy of a ticket has lost what was exchanged, and nothing that nobody cancelled or exchanged.
pub fn x3_everywhere(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (company, tables) in &evidence.tables {
        let mut given: BTreeMap<SagaId, Vec<SeatRef>> = BTreeMap::new();
        for (new, exchange) in exchanges(tables) {
            given
                .entry(exchange.ticket)
                .or_default()
                .extend(&exchange.seats);
            let old = tables.tickets.get(&exchange.ticket);
            if old.is_none_or(|old| !keeps(old, exchange).is_empty()) {
                objections.push(format!("{company}: {new} and what it took the place of"));
            }
        }
        let uncancelled = tables.tickets.values();
        let uncancelled = uncancelled.filter(|ticket| !evidence.cancels.contains(&ticket.id));
        for ticket in uncancelled {
            let given = given.get(&ticket.id);
            let lost = ticket.cancelled.iter();
            let lost: Vec<_> = lost
                .filter(|seat| given.is_none_or(|given| !given.contains(seat)))
                .collect();
            if !lost.is_empty() {
                objections.push(format!("{company}: {} has lost {lost:?}", ticket.id));
            }
        }
    }
    objections
}
