//! What becomes of tickets whose flights their company changes.
//!
//! The order of a ticket stays as it was voted on; what became of its flights stands beside it, per seat.
//!
//! Invariants:
//! * a seat's leg is at [`FlightChange::number`], and the seat that it gave up is free from the same entry on;
//! * a leg moves only while it is sold, to a seat that nobody has;
//! * a change is written only where it says something new, so that posting it again changes nothing.

use super::flight::{Flight, FlightChange, INSTEAD_MAX, Place};
use super::ids::SagaId;
use super::order::SeatRef;
use super::rows::{LegKey, LegRow, Replicated, Rows, SeatUse};
use super::ticket::Accepted;
use super::vote::LegState;

/// Writes down how these flights of a ticket are flown now, and moves legs whose seat is none any more. Nothing where the ticket is not
/// here. `at`: milliseconds since 1970.
pub fn change(rows: &mut Rows, ticket: SagaId, flights: &[Flight], at: i64) {
    let Some(row) = rows.ticket(&ticket).cloned() else {
        return;
    };
    let mut news = Vec::new();
    for flight in flights {
        let is_ours = flight.of.company == rows.me && !row.cancelled.contains(&flight.of);
        let Some(before) = row.flown(&flight.of).filter(|_| is_ours) else {
            continue;
        };
        let Some(now) = seated(rows, ticket, &before, flight) else {
            continue; // its sale is not written down yet
        };
        if before.differs(&now) {
            news.push(FlightChange {
                sequence: before.sequence.saturating_add(1),
                told_at: at,
                // who agreed to these times agreed to them with any seat
                accepted: before.accepted && before.flown() == now.flown() && !now.unseated,
                ..now
            });
        }
    }
    if !news.is_empty() {
        let changed = row.with_changes(&news);
        rows.outbox.push(Replicated::Ticket(changed.clone()));
        rows.tickets.put(ticket, changed);
    }
}

/// The seat on the flight as it is now, with the leg where it then is. None: there is no sold leg to move.
fn seated(
    rows: &mut Rows,
    ticket: SagaId,
    before: &FlightChange,
    flight: &Flight,
) -> Option<FlightChange> {
    let now = before.as_flown(flight);
    if before.number.0 <= flight.seats {
        return Some(now);
    }
    let route = flight.of.route;
    let key = |number| LegKey {
        saga: ticket,
        route,
        number,
    };
    let from = key(before.number);
    let leg = rows.leg(&from).copied();
    let leg = leg.filter(|leg| leg.state == LegState::Committed)?;
    let free = |place: &&Place| {
        let exists = (1..=flight.seats).contains(&place.number.0);
        exists && rows.seat_use(&(route, place.number)) == SeatUse::Free
            // a leg that the ticket had there before stays as it ended
            && rows.leg(&key(place.number)).is_none()
    };
    let instead = flight.instead.iter().take(INSTEAD_MAX).find(free).cloned();
    let Some(place) = instead else {
        return Some(FlightChange {
            label: None,
            unseated: true,
            ..now
        });
    };
    let state = LegState::Moved;
    rows.put_leg(from, LegRow { state, ..leg });
    let to = key(place.number);
    rows.put_leg(to, leg);
    rows.put_seat_fence(to.seat(), leg.fence);
    Some(FlightChange {
        number: place.number,
        label: place.label,
        ..now
    })
}

/// The passenger agrees to these changes of these seats, as they were counted, and the others are told. Not to a flight that is
/// withdrawn, nor to having no seat: there is nothing to agree to.
pub fn accept(rows: &mut Rows, ticket: SagaId, agreed: &[(SeatRef, u32)]) -> Accepted {
    let Some(row) = rows.ticket(&ticket).cloned() else {
        return Accepted::NotHere;
    };
    let mut news = Vec::new();
    for (seat, sequence) in agreed {
        match row.change(seat) {
            Some(change) if change.sequence == *sequence => {
                if !change.accepted && change.is_acceptable() {
                    news.push(FlightChange {
                        accepted: true,
                        ..change.clone()
                    });
                }
            }
            _ => return Accepted::Changed,
        }
    }
    if !news.is_empty() {
        let merged = row.with_changes(&news);
        rows.outbox.push(Replicated::Ticket(merged.clone()));
        rows.tickets.put(ticket, merged);
    }
    Accepted::Done
}

#[cfg(test)]
mod tests;
