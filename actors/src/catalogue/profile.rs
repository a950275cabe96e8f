//! What it takes at least from a departure to the destination: bounds like those of [`super::bounds`], but by departure.
//!
//! Backwards over the departures that a query may use, one round per leg, as in a profile query of connection scanning. Arrival and price
//! are each for itself, as if an airport could be visited twice and a change of the company took no time: so never more than an itinerary
//! takes, and rarely less. Where nothing goes to the destination in time, with the seats, no departure has a bound, and the search ends.
//!
//! The cost is much the same for every query: a look at each departure of the days that it may take, per leg.

use std::ops::Range;

use super::onward::stretch_length;
use super::query::{Query, Role};
use super::timetable::{AirportNumber, Departure, DepartureNumber, Timetable};

/// At least so much, each for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToGo {
    /// At the destination.
    pub arrives: u32,
    /// Of the legs that are to come.
    pub price_minor: i64,
}

/// A departure with the airport that it is of.
pub type Departs = (AirportNumber, DepartureNumber);
/// A departure by its place among those that a query may take.
type Place = usize;

#[derive(Debug)]
pub struct Profile {
    /// Of each airport, what may leave from there.
    departures: Vec<Range<DepartureNumber>>,
    /// Of each airport, what to take off a number for its place.
    shifts: Vec<DepartureNumber>,
    /// By number of legs to come, then place: with at most that many.
    rounds: Vec<Vec<ToGo>>,
}

impl ToGo {
    const NOWHERE: Self = Self {
        arrives: u32::MAX,
        price_minor: i64::MAX,
    };

    fn lower(self, other: Self) -> Self {
        Self {
            arrives: self.arrives.min(other.arrives),
            price_minor: self.price_minor.min(other.price_minor),
        }
    }

    /// From one leg earlier.
    fn with(self, leg: &Departure) -> Self {
        Self {
            price_minor: self.price_minor.saturating_add(leg.fare().minor),
            ..self
        }
    }
}

impl Profile {
    pub fn new(timetable: &Timetable, query: &Query, roles: &[Role], legs_max: usize) -> Self {
        let departures = departures(timetable, query, roles, legs_max);
        let mut shifts = Vec::with_capacity(departures.len());
        let mut count: DepartureNumber = 0;
        for range in &departures {
            shifts.push(range.start.wrapping_sub(count));
            count += range.end - range.start;
        }
        let mut profile = Self {
            departures,
            shifts,
            rounds: Vec::with_capacity(legs_max),
        };
        let (usable, arrived) = profile.first_round(timetable, query, roles);
        profile.rounds.push(arrived);
        for legs in 1..legs_max {
            let until = leaves_before(timetable, query, legs_max - legs);
            let round = profile.one_more_leg(timetable, &usable, until);
            profile.rounds.push(round);
        }
        profile
    }

    /// Those of them that the query may take.
    fn departures_of(
        &self,
        airport: AirportNumber,
        within: Range<DepartureNumber>,
    ) -> Range<DepartureNumber> {
        let all = &self.departures[usize::from(airport)];
        let start = within.start.clamp(all.start, all.end);
        start..within.end.clamp(start, all.end)
    }

    /// After this departure, of this airport, with at most so many legs more; none if they do not suffice, or if the query may not take it.
    pub fn to_go(&self, (from, number): Departs, legs: usize) -> Option<ToGo> {
        let place = self.place(from, number);
        let to_go = *self.rounds.get(legs)?.get(place)?;
        (to_go != ToGo::NOWHERE).then_some(to_go)
    }

    fn place(&self, from: AirportNumber, number: DepartureNumber) -> Place {
        number.wrapping_sub(self.shifts[usize::from(from)]) as Place
    }

    /// Which places go on somewhere, and what there is without going on.
    fn first_round(
        &self,
        timetable: &Timetable,
        query: &Query,
        roles: &[Role],
    ) -> (Vec<bool>, Vec<ToGo>) {
        let count = self.departures.iter().map(ExactSizeIterator::len).sum();
        let (mut goes_on, mut arrived) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in self.departures.iter().cloned().flatten() {
            let departure = timetable.departure(number);
            let role = roles[usize::from(departure.to)];
            let usable = role != Role::Origin && query.may_use(&departure, timetable);
            goes_on.push(usable && role == Role::Other);
            arrived.push(if usable && role == Role::Destination {
                ToGo {
                    arrives: departure.arrives,
                    price_minor: 0,
                }
            } else {
                ToGo::NOWHERE
            });
        }
        (goes_on, arrived)
    }

    /// For departures that leave before `until`, from what is known with one leg less.
    fn one_more_leg(&self, timetable: &Timetable, goes_on: &[bool], until: u32) -> Vec<ToGo> {
        let (to_end, from_start) = self.best_of_stretches(timetable);
        let mut round = self.rounds[self.rounds.len() - 1].clone();
        for (airport, departures) in (0..).zip(&self.departures) {
            for number in departures.clone() {
                let place = self.place(airport, number);
                if !goes_on[place] {
                    continue;
                }
                let departure = timetable.departure(number);
                if departure.departs >= until {
                    break;
                }
                let onward = timetable.onward(number);
                let early = self.departures_of(departure.to, onward.first..onward.turn);
                let late = self.departures_of(departure.to, onward.turn..onward.end);
                let best = &mut round[place];
                if !early.is_empty() {
                    *best = best.lower(to_end[self.place(departure.to, early.start)]);
                }
                if !late.is_empty() {
                    *best = best.lower(from_start[self.place(departure.to, late.end - 1)]);
                }
            }
        }
        round
    }

    /// By place, the best of its stretch from there on and up to there, its own leg included.
    fn best_of_stretches(&self, timetable: &Timetable) -> (Vec<ToGo>, Vec<ToGo>) {
        let known = &self.rounds[self.rounds.len() - 1];
        let mut to_end = vec![ToGo::NOWHERE; known.len()];
        let mut from_start = to_end.clone();
        for (airport, departures) in (0..).zip(&self.departures) {
            let length = stretch_length(timetable, airport);
            let walk = |numbers: &mut dyn Iterator<Item = DepartureNumber>, bests: &mut [ToGo]| {
                let (mut stretch, mut best) = (u32::MAX, ToGo::NOWHERE);
                for number in numbers {
                    let departure = timetable.departure(number);
                    let place = self.place(airport, number);
                    if departure.departs / length != stretch {
                        (stretch, best) = (departure.departs / length, ToGo::NOWHERE);
                    }
                    best = best.lower(known[place].with(&departure));
                    bests[place] = best;
                }
            };
            walk(&mut departures.clone(), &mut from_start);
            walk(&mut departures.clone().rev(), &mut to_end);
        }
        (to_end, from_start)
    }
}

/// What may leave from each airport: from an origin as the first leg, from a destination nothing.
fn departures(
    timetable: &Timetable,
    query: &Query,
    roles: &[Role],
    legs_max: usize,
) -> Vec<Range<DepartureNumber>> {
    let until = leaves_before(timetable, query, legs_max);
    let later = query.departs.start..until;
    let of = |(airport, role): (AirportNumber, &Role)| match role {
        Role::Origin => timetable.departures_of(airport, query.departs.clone()),
        Role::Destination => 0..0,
        Role::Other => timetable.departures_of(airport, later.clone()),
    };
    (0..).zip(roles).map(of).collect()
}

/// Leg number `leg` leaves before that.
fn leaves_before(timetable: &Timetable, query: &Query, leg: usize) -> u32 {
    let a_leg = timetable
        .longest_flight()
        .saturating_add(timetable.longest_connection());
    let later = a_leg.saturating_mul((leg - 1) as u32);
    query.departs.end.saturating_add(later)
}
