//! LIN: every seat behaves as if its bookings, cancellations and reads had happened one at a time, each between its request and its answer.
//!
//! A seat is a variable that is free or belongs to one ticket or hold; sequentially, a booking needs it free and a cancellation frees it. [`events`] says
//! what the history and the final rows prove about each seat; [`search`] looks for an order of it.
//!
//! Seats are judged one by one: what is linearizable is so object by object (Herlihy and Wing, "Linearizability", 1990, theorem 1). That a
//! booking takes all its seats or none is for the other checks. Seats of flights that were changed are not judged: whoever is on them may be
//! moved, and whoever wants what they were is told that they are taken.

mod events;
mod search;

use super::Violation;
use super::facts::Company;
use super::flights::{altered, flight_of_name};
use crate::history::{Fault, Operation};
use search::{Found, search};

/// The seats that were judged, and those without an order.
pub fn check(
    companies: &[Company],
    history: &[Operation],
    faults: &[Fault],
) -> (usize, Vec<Violation>) {
    let mut seats = events::of_seats(companies, history, faults);
    let altered = altered(history);
    seats.retain(|seat, _| !altered.contains(&flight_of_name(seat)));
    let violations = seats.iter().filter_map(|(seat, events)| {
        let why = match search(events) {
            Found::Order => return None,
            Found::None { stuck_at } => format!("has no order that explains {stuck_at}"),
            Found::Undecided { tried } => format!("could not be decided in {tried} steps"),
        };
        let what = format!(
            "seat {} of {} ({} events) {why}",
            seat.id,
            seat.company,
            events.len()
        );
        Some(Violation::new("LIN", what))
    });
    let violations = violations.collect();
    (seats.len(), violations)
}
