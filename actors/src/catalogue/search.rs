//! Itineraries: the exact Pareto set of latest departure, earliest arrival, fewest legs and lowest price, over all departures of a
//! range of time.
//!
//! Rounds over the number of legs, as in McRAPTOR (Delling, Pajor & Werneck, "Round-Based Public Transit Routing", 2012), over arrays of
//! departures ascending by time, as in Dibbelt, Pajor, Strasser & Wagner, "Connection Scan Algorithm", 2018. Flights share no stops
//! and no trips, so that there is nothing between the two to build. Both papers ask for a range of departures, too: rRAPTOR takes one
//! departure after the other, the last one first, so that what is found for a later one cuts off an earlier one; the profile scan of CSA
//! keeps pairs of departure and arrival. Here the departure from the origin is one more merit of a label, and all departures go through
//! the rounds together: every itinerary of fewer legs is found by then, whenever it leaves, and cuts off as much as rRAPTOR's order does.
//!
//! What is unusual here is that an earlier arrival need not be better. A wait has a longest time, so that a later arrival may connect where
//! an earlier one does not, and no airport may be visited twice. Therefore labels compare within one departure, not at an airport: whoever
//! sits in the same aircraft arrives at the same time, and has the same connections before them. There a label covers another one if it
//! has no more legs, costs no more, left the origin no earlier, and has been nowhere that could be in the way of what follows
//! ([`Candidate::covers`]). That loses nothing, and neither does giving up what cannot end better than an itinerary that is found
//! ([`Bounds`]).
//!
//! An itinerary leaves the origin once and ends where it first reaches the destination: none passes an airport of either in between.
//!
//! Bounds by airport take microseconds, and suffice for most searches. The others, as those that find nothing that could cut off
//! anything, go on with bounds by departure ([`Profile`]).
//!
//! Always ends, and soon: a search that has done [`WORK_MAX`] is cut short. What it has found by then is right, but something better, or
//! anything at all, may be missing.

use super::bounds::Bounds;
use super::fare::Fare;
use super::front::{Front, Merits};
use super::labels::{Arrivals, Label, LabelNumber, Labels};
use super::profile::{Departs, Profile};
use super::query::{Aim, LEGS_MAX, Query, Role};
use super::timetable::{
    AirportNumber, CompanyNumber, Departure, DepartureNumber, FLIGHT_MAX, Timetable,
};

/// Most that a search does, counted in departures, labels, comparisons of two labels and members of the front that it looks at: a tenth of a second of a core,
/// or little more. The longest of thousands of searches in a country's schedules for six legs needs a tenth of it.
pub const WORK_MAX: usize = 20_000_000;
/// Work after which a search goes on with a [`Profile`]: about what that costs, so that no search takes more than twice as long as it
/// would have with the better choice from the start.
pub const PROFILE_AFTER: usize = 50_000;
/// Most labels that one search remembers, some 50 MB; the schedules of a country need ten thousand.
const LABELS_MAX: usize = 1_000_000;

/// What a search has found.
#[derive(Debug)]
pub struct Outcome {
    pub found: Vec<Path>,
    /// It did as much as it may: what is found is right, but something better may be missing.
    pub cut_short: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub merits: Merits,
    pub departures: Vec<DepartureNumber>,
}

/// A label that can go on with a departure, and what comes of that.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    label: LabelNumber,
    merits: Merits,
}

/// A departure with its number and the airport that it is of.
type Leg<'a> = (Departs, &'a Departure);

struct Search<'a> {
    timetable: &'a Timetable,
    query: &'a Query,
    legs_max: usize,
    bounds: Bounds,
    profile: Option<Profile>,
    roles: Vec<Role>,
    labels: Labels,
    /// Of each airport, ascending by arrival.
    at: Vec<Vec<LabelNumber>>,
    /// Labels from here on are of the round under way.
    fresh: usize,
    front: Front<LabelNumber>,
    work: usize,
}

pub fn search(timetable: &Timetable, query: &Query) -> Outcome {
    let mut search = Search::new(timetable, query);
    search.leave();
    for legs in 2..=search.legs_max {
        if !search.gather() || search.is_cut_short() {
            break;
        }
        search.go_on(legs);
    }
    Outcome {
        found: search
            .front
            .members()
            .map(|(_, last)| search.path(*last))
            .collect(),
        cut_short: search.is_cut_short(),
    }
}

impl Query {
    pub fn asks(&self, company: CompanyNumber) -> bool {
        self.companies.get(usize::from(company)) == Some(&true)
    }

    /// Whether this departure may be a leg, wherever it goes.
    pub fn may_use(&self, departure: &Departure, timetable: &Timetable) -> bool {
        self.asks(departure.company)
            && departure.seconds() <= FLIGHT_MAX
            && timetable.free_seats(departure) >= self.seats
    }
}

impl<'a> Search<'a> {
    fn new(timetable: &'a Timetable, query: &'a Query) -> Self {
        let airports = timetable.airports().len();
        let mut roles = vec![Role::Other; airports];
        for airport in &query.destinations {
            roles[usize::from(*airport)] = Role::Destination;
        }
        for airport in &query.origins {
            roles[usize::from(*airport)] = Role::Origin; // whoever is there already need not fly
        }
        let legs_max = query.legs_max.clamp(1, LEGS_MAX);
        Self {
            timetable,
            query,
            legs_max,
            bounds: Bounds::new(timetable, query, &roles, legs_max),
            profile: None,
            roles,
            labels: Labels::default(),
            at: vec![Vec::new(); airports],
            fresh: 0,
            front: Front::default(),
            work: 0,
        }
    }

    fn is_cut_short(&self) -> bool {
        self.work() > self.query.work_max || self.labels.len() >= LABELS_MAX
    }

    fn work(&self) -> usize {
        self.work + self.front.looks()
    }

    /// The first round.
    fn leave(&mut self) {
        for origin in airports_of(&self.roles, Role::Origin) {
            let (timetable, time) = (self.timetable, self.query.departs.clone());
            for number in timetable.departures_of(origin, time) {
                let departure = timetable.departure(number);
                let leg = ((origin, number), &departure);
                if self.may_take(leg, 1) {
                    let merits = Merits {
                        departs: departure.departs,
                        arrives: departure.arrives,
                        legs: 1,
                        fare: departure.fare(),
                    };
                    self.take(leg, None, merits);
                }
            }
        }
    }

    /// Puts the labels of the last round where they go on; false if none does.
    fn gather(&mut self) -> bool {
        let mut touched: Vec<AirportNumber> = Vec::new();
        for (number, label) in self.labels.since(self.fresh) {
            let departure = self.timetable.departure(label.departure);
            let leg = ((label.from, label.departure), &departure);
            // more is found, or known of what is to come, than when it was taken
            let goes_on = self.roles[usize::from(label.to)] == Role::Other
                && !self.is_hopeless(&label.merits(), leg);
            if goes_on {
                self.at[usize::from(label.to)].push(number);
                touched.push(label.to);
            }
        }
        self.fresh = self.labels.len();
        touched.sort_unstable();
        touched.dedup();
        for airport in &touched {
            let labels = &self.labels;
            self.at[usize::from(*airport)].sort_by_key(|number| labels.get(*number).arrives);
        }
        !touched.is_empty()
    }

    /// One leg more from wherever the round before came to; first to the destination, so that what is found cuts off the rest.
    fn go_on(&mut self, legs: usize) {
        let left = self.legs_max - legs;
        for (to, enough) in [(Role::Destination, 1), (Role::Other, left + 1)] {
            if to == Role::Other && left == 0 {
                break;
            }
            for airport in 0..self.at.len() {
                let number = airport as AirportNumber;
                if self.bounds.to_go(number, enough).is_some() {
                    let here = std::mem::take(&mut self.at[airport]);
                    self.go_on_from(number, &here, legs, to);
                    self.at[airport] = here;
                }
            }
        }
    }

    /// To airports of this role.
    fn go_on_from(&mut self, airport: AirportNumber, here: &[LabelNumber], legs: usize, to: Role) {
        let timetable = self.timetable;
        let Some(arrivals) = Arrivals::of_round(&self.labels, here, legs - 1) else {
            return;
        };
        let minimum = timetable.connection_minimum(airport);
        let longest = timetable.longest_connection();
        let from = arrivals.first.saturating_add(minimum);
        let until = arrivals.last.saturating_add(longest).saturating_add(1);
        let within = timetable.departures_of(airport, from..until);
        let mut gone = 0;
        let mut candidates = Vec::new();
        for number in within {
            self.work += 1;
            self.sharpen();
            let departure = timetable.departure(number);
            let leg = ((airport, number), &departure);
            if self.roles[usize::from(departure.to)] != to
                || !self.may_take(leg, legs)
                || self.is_hopeless_for_all(leg, &arrivals, legs)
            {
                continue;
            }
            let waits_too_long = |label: &LabelNumber| {
                self.labels.get(*label).arrives.saturating_add(longest) < departure.departs
            };
            gone += here[gone..]
                .iter()
                .take_while(|label| waits_too_long(label))
                .count();
            self.connect(&here[gone..], &departure, minimum, legs, &mut candidates);
            if self.is_cut_short() {
                return;
            }
            for candidate in &candidates {
                if usize::from(candidate.merits.legs) == legs {
                    let parent = Some(candidate.label);
                    self.take(leg, parent, candidate.merits);
                }
            }
        }
    }

    /// The labels that can go on with this departure and are not covered by others of them; some of them if it is cut short.
    fn connect(
        &mut self,
        here: &[LabelNumber],
        departure: &Departure,
        minimum: u32,
        legs: usize,
        candidates: &mut Vec<Candidate>,
    ) {
        candidates.clear();
        let to_come = (self.legs_max - legs, self.query.aim);
        for number in here {
            self.work += 1 + candidates.len();
            let label = self.labels.get(*number);
            let ready = label.arrives.saturating_add(minimum);
            if ready > departure.departs || self.is_cut_short() {
                break;
            }
            let changes = label.company != departure.company;
            if changes && ready.saturating_add(self.timetable.company_change()) > departure.departs
            {
                continue;
            }
            if self.labels.has_visited(label, departure.to) {
                continue;
            }
            let candidate = Candidate {
                label: *number,
                merits: Merits {
                    arrives: departure.arrives,
                    legs: label.legs + 1,
                    fare: label.fare.plus(departure.fare()),
                    departs: label.departs,
                },
            };
            if !candidates
                .iter()
                .any(|other| other.covers(&candidate, &self.labels, to_come))
            {
                candidates.retain(|other| !candidate.covers(other, &self.labels, to_come));
                candidates.push(candidate);
            }
        }
    }

    /// Once it has done enough that a profile pays.
    fn sharpen(&mut self) {
        if self.profile.is_none() && self.work() > self.query.profile_after {
            let profile = Profile::new(self.timetable, self.query, &self.roles, self.legs_max);
            self.profile = Some(profile);
        }
    }

    /// The least arrival, and the least price of what is to come, after this departure with at most so many legs more.
    fn to_go(&self, (number, departure): Leg, legs: usize) -> Option<(u32, i64)> {
        if let Some(profile) = &self.profile {
            let to_go = profile.to_go(number, legs)?;
            return Some((to_go.arrives, to_go.price_minor));
        }
        let to_go = self.bounds.to_go(departure.to, legs)?;
        let arrives = departure.arrives.saturating_add(to_go.seconds);
        Some((arrives, to_go.price_minor))
    }

    /// Whether the departure may be leg number `legs` of an itinerary.
    fn may_take(&self, (number, departure): Leg, legs: usize) -> bool {
        self.to_go((number, departure), self.legs_max - legs)
            .is_some()
            && (self.profile.is_some()
                || self.roles[usize::from(departure.to)] != Role::Origin
                    && self.query.may_use(departure, self.timetable))
    }

    fn is_hopeless_for_all(&self, leg: Leg, arrivals: &Arrivals, legs: usize) -> bool {
        let Some(cheapest) = arrivals.cheapest else {
            return false;
        };
        let (_, departure) = leg;
        let best = Merits {
            departs: arrivals.departs,
            arrives: departure.arrives,
            legs: legs as u8,
            fare: cheapest.plus(departure.fare()),
        };
        self.is_hopeless(&best, leg)
    }

    /// Whether nothing that goes on from this departure can come into the front.
    fn is_hopeless(&self, so_far: &Merits, leg: Leg) -> bool {
        let left = self.legs_max - usize::from(so_far.legs);
        (0..=left).all(|more| match self.to_go(leg, more) {
            None => true,
            Some((arrives, _)) if arrives >= self.query.arrives.end => true,
            Some((arrives, price_minor)) => self.front.beats(&self.judged(Merits {
                departs: so_far.departs,
                arrives,
                legs: so_far.legs + more as u8,
                fare: Fare {
                    minor: so_far.fare.minor.saturating_add(price_minor),
                    ..so_far.fare
                },
            })),
        })
    }

    /// Takes the departure after this label.
    fn take(&mut self, leg: Leg, parent: Option<LabelNumber>, merits: Merits) {
        self.work += 1;
        if self.is_hopeless(&merits, leg) {
            return;
        }
        let ((from, number), departure) = leg;
        let ends = self.roles[usize::from(departure.to)] == Role::Destination;
        if ends && !self.query.arrives.contains(&departure.arrives) {
            return;
        }
        let label = self.labels.push(Label {
            departure: number,
            parent,
            arrives: merits.arrives,
            departs: merits.departs,
            fare: merits.fare,
            from,
            to: departure.to,
            company: departure.company,
            legs: merits.legs,
        });
        if ends {
            self.front.offer(self.judged(merits), label);
        }
    }

    /// What an itinerary is judged by: where only the price counts they are equal in all else.
    fn judged(&self, merits: Merits) -> Merits {
        match self.query.aim {
            Aim::Best => merits,
            Aim::LowestPrice => Merits {
                departs: 0,
                arrives: 0,
                legs: LEGS_MAX as u8,
                fare: merits.fare,
            },
        }
    }

    fn path(&self, last: LabelNumber) -> Path {
        let mut departures: Vec<_> = self
            .labels
            .trail(last)
            .map(|label| label.departure)
            .collect();
        departures.reverse();
        let merits = self.labels.get(last).merits();
        Path { merits, departures }
    }
}

impl Candidate {
    /// Whether everything that the other one may go on to with so many legs left is open to this one too, and no worse.
    ///
    /// With one leg left that is to the destination, where neither has been. With more, this one must have been nowhere else than the
    /// other one.
    fn covers(&self, other: &Self, labels: &Labels, (left, aim): (usize, Aim)) -> bool {
        self.merits.legs <= other.merits.legs
            && self.merits.fare.is_at_most(other.merits.fare)
            && (aim == Aim::LowestPrice || self.merits.departs >= other.merits.departs)
            && (left <= 1 || labels.has_stops_of(other.label, self.label))
    }
}

fn airports_of(roles: &[Role], wanted: Role) -> Vec<AirportNumber> {
    let numbered = (0..).zip(roles);
    numbered
        .filter(|(_, role)| **role == wanted)
        .map(|(airport, _)| airport)
        .collect()
}

#[cfg(test)]
mod tests;
