//! Which departures each departure connects to: found once, when the timetable is made, so that no search looks for them.
//!
//! The time of each airport is cut into *stretches* as long as the time in which a passenger who has arrived there may leave again, from the
//! least wait to the longest one. That time then is the end of one stretch and the beginning of the next, so that the best of all that
//! connects is the better one of two that a single walk finds for everybody: the best until the end of a stretch, and the best since its
//! beginning (the sliding minimum of van Herk and of Gil & Werman).

use super::timetable::{AirportNumber, Departure, DepartureNumber, Timetable};

/// The departures that a departure connects to are from `first` to before `end`; from `turn` on they are of the next stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Onward {
    pub first: DepartureNumber,
    pub turn: DepartureNumber,
    pub end: DepartureNumber,
}

impl Onward {
    /// Without the time that a change of the company takes.
    pub fn after(departure: &Departure, timetable: &Timetable) -> Self {
        let (airport, arrives) = (departure.to, departure.arrives);
        let longest = timetable.longest_connection();
        let least = timetable.connection_minimum(airport).min(longest);
        let ready = arrives.saturating_add(least);
        let late = arrives.saturating_add(longest).saturating_add(1);
        let length = stretch_length(timetable, airport);
        let turn = (ready / length).saturating_add(1).saturating_mul(length);
        let first = timetable.departures_of(airport, ready..late);
        Self {
            first: first.start,
            turn: timetable.departures_of(airport, ready..turn.min(late)).end,
            end: first.end,
        }
    }
}

/// Seconds; the stretch of a time is the quotient of the two.
pub fn stretch_length(timetable: &Timetable, airport: AirportNumber) -> u32 {
    let longest = timetable.longest_connection();
    let least = timetable.connection_minimum(airport);
    longest.saturating_sub(least).saturating_add(1)
}
