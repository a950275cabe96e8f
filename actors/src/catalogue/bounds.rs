//! What it takes at least from an airport to the destination: lower bounds that let a search give up early without missing anything.
//!
//! Computed over pairs of airports rather than over departures, as if the best of each pair left whenever one is there (the idea of
//! bounding by a relaxed problem; here one Bellman-Ford round per leg). That takes microseconds, and is all that most searches need; the
//! others go on with a [`super::profile::Profile`].

use super::query::{Query, Role};
use super::timetable::{AirportNumber, Timetable};

/// At least so much more, each for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToGo {
    pub seconds: u32,
    pub price_minor: i64,
}

const ARRIVED: ToGo = ToGo {
    seconds: 0,
    price_minor: 0,
};

#[derive(Debug)]
pub struct Bounds {
    /// By number of legs, then airport: with at most that many legs.
    rounds: Vec<Vec<Option<ToGo>>>,
}

impl Bounds {
    /// For itineraries of at most `legs_max` legs that pass no origin again.
    pub fn new(timetable: &Timetable, query: &Query, roles: &[Role], legs_max: usize) -> Self {
        let arrived = |role: &Role| (*role == Role::Destination).then_some(ARRIVED);
        let mut rounds: Vec<Vec<_>> = vec![roles.iter().map(arrived).collect()];
        for _ in 1..legs_max {
            let next = one_more_leg(timetable, query, roles, &rounds[rounds.len() - 1]);
            rounds.push(next);
        }
        Self { rounds }
    }

    /// From this airport with at most so many legs; none if they do not suffice.
    pub fn to_go(&self, from: AirportNumber, legs: usize) -> Option<ToGo> {
        *self.rounds.get(legs)?.get(usize::from(from))?
    }
}

fn one_more_leg(
    timetable: &Timetable,
    query: &Query,
    roles: &[Role],
    fewer: &[Option<ToGo>],
) -> Vec<Option<ToGo>> {
    let mut round = fewer.to_vec();
    for edge in timetable.edges() {
        let Some(rest) = fewer[usize::from(edge.to)] else {
            continue;
        };
        if roles[usize::from(edge.from)] != Role::Other || !query.asks(edge.company) {
            continue;
        }
        let wait = timetable.connection_minimum(edge.from);
        let seconds = wait
            .saturating_add(edge.seconds)
            .saturating_add(rest.seconds);
        let price_minor = edge.price_minor.saturating_add(rest.price_minor);
        let best = &mut round[usize::from(edge.from)];
        *best = Some(ToGo {
            seconds: best.map_or(seconds, |best| best.seconds.min(seconds)),
            price_minor: best.map_or(price_minor, |best| best.price_minor.min(price_minor)),
        });
    }
    round
}
