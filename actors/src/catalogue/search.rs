//! Itineraries: the exact Pareto set of earliest arrival, fewest legs and lowest price.
//!
//! Rounds over the number of legs, as in McRAPTOR (Delling, Pajor & Werneck, "Round-Based Public Transit Routing", 2012), over arrays of
//! departures ascending by time, as in Dibbelt, Pajor, Strasser & Wagner, "Connection Scan Algorithm", 2018. Flights share no stops
//! and no trips, so that there is nothing between the two to build.
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
//! Always ends: there are at most [`LEGS_MAX`] rounds, each looks at every departure once, and there are at most [`LABELS_MAX`] labels.

use std::ops::Range;

use super::bounds::Bounds;
use super::fare::Fare;
use super::front::{Front, Merits};
use super::labels::{Arrivals, Label, LabelNumber, Labels};
use super::timetable::{AirportNumber, Departure, DepartureNumber, Timetable};

/// Most legs of an itinerary.
pub const LEGS_MAX: usize = 6;
/// Most ways to somewhere that one search remembers, some 40 MB; the network of a country needs a few thousand.
const LABELS_MAX: usize = 1_000_000;

/// What to look for. Every airport is one of the timetable.
#[derive(Debug, Clone)]
pub struct Query {
    pub origins: Vec<AirportNumber>,
    pub destinations: Vec<AirportNumber>,
    /// When the first leg leaves.
    pub departs: Range<u32>,
    /// Free on every leg.
    pub seats: u16,
    /// At most [`LEGS_MAX`].
    pub legs_max: usize,
    /// Whose legs, by number of the company.
    pub companies: Vec<bool>,
}

/// What a search has found.
#[derive(Debug)]
pub struct Outcome {
    pub found: Vec<Path>,
    /// It met its bound on labels: what is found is right, but something better may be missing.
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

struct Search<'a> {
    timetable: &'a Timetable,
    query: &'a Query,
    legs_max: usize,
    bounds: Bounds,
    roles: Vec<Role>,
    labels: Labels,
    /// Of each airport, ascending by arrival.
    at: Vec<Vec<LabelNumber>>,
    /// Labels from here on are of the round under way.
    fresh: usize,
    front: Front<LabelNumber>,
    cut_short: bool,
}

/// What an airport is to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Origin,
    Destination,
    Other,
}

pub fn search(timetable: &Timetable, query: &Query) -> Outcome {
    let mut search = Search::new(timetable, query);
    search.leave();
    for legs in 2..=search.legs_max {
        if !search.gather() {
            break;
        }
        search.go_on(legs);
    }
    let members = search.front.members().iter();
    Outcome {
        found: members
            .map(|(merits, last)| search.path(*merits, *last))
            .collect(),
        cut_short: search.cut_short,
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
        let [origins, destinations] =
            [Role::Origin, Role::Destination].map(|role| airports_of(&roles, role));
        Self {
            timetable,
            query,
            legs_max,
            bounds: Bounds::new(timetable, &origins, &destinations, legs_max),
            roles,
            labels: Labels::default(),
            at: vec![Vec::new(); airports],
            fresh: 0,
            front: Front::default(),
            cut_short: false,
        }
    }

    /// The first round.
    fn leave(&mut self) {
        for origin in airports_of(&self.roles, Role::Origin) {
            let (timetable, time) = (self.timetable, self.query.departs.clone());
            for number in timetable.departures_of(origin, time) {
                let departure = timetable.departure(number);
                if self.may_take(departure, 1) {
                    let merits = Merits {
                        arrives: departure.arrives,
                        legs: 1,
                        fare: departure.fare(),
                        departs: departure.departs,
                    };
                    self.take(number, departure, None, merits);
                }
            }
        }
    }

    /// Puts the labels of the last round where they go on; false if none does.
    fn gather(&mut self) -> bool {
        let mut touched: Vec<AirportNumber> = Vec::new();
        for (number, label) in self.labels.since(self.fresh) {
            if self.roles[usize::from(label.to)] == Role::Other {
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

    /// One leg more from wherever the round before came to.
    fn go_on(&mut self, legs: usize) {
        for airport in 0..self.at.len() {
            let here = std::mem::take(&mut self.at[airport]);
            self.go_on_from(airport as AirportNumber, &here, legs);
            self.at[airport] = here;
        }
    }

    fn go_on_from(&mut self, airport: AirportNumber, here: &[LabelNumber], legs: usize) {
        let timetable = self.timetable;
        let Some(arrivals) = Arrivals::of_round(&self.labels, here, legs - 1) else {
            return;
        };
        let minimum = timetable.connection_minimum(airport);
        let longest = timetable.longest_connection();
        let from = arrivals.first.saturating_add(minimum);
        let until = arrivals.last.saturating_add(longest).saturating_add(1);
        let mut gone = 0;
        let mut candidates = Vec::new();
        for number in timetable.departures_of(airport, from..until) {
            let departure = timetable.departure(number);
            if !self.may_take(departure, legs)
                || self.is_hopeless_for_all(departure, &arrivals, legs)
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
            self.connect(&here[gone..], departure, minimum, legs, &mut candidates);
            for candidate in &candidates {
                if usize::from(candidate.merits.legs) == legs {
                    let parent = Some(candidate.label);
                    self.take(number, departure, parent, candidate.merits);
                }
            }
        }
    }

    /// The labels that can go on with this departure and are not covered by others of them.
    fn connect(
        &self,
        here: &[LabelNumber],
        departure: &Departure,
        minimum: u32,
        legs: usize,
        candidates: &mut Vec<Candidate>,
    ) {
        candidates.clear();
        let left = self.legs_max - legs;
        for number in here {
            let label = self.labels.get(*number);
            let ready = label.arrives.saturating_add(minimum);
            if ready > departure.departs {
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
                .any(|other| other.covers(&candidate, &self.labels, left))
            {
                candidates.retain(|other| !candidate.covers(other, &self.labels, left));
                candidates.push(candidate);
            }
        }
    }

    /// Whether the departure may be leg number `legs` of an itinerary.
    fn may_take(&self, departure: &Departure, legs: usize) -> bool {
        let left = self.legs_max - legs;
        self.roles[usize::from(departure.to)] != Role::Origin
            && self.query.companies.get(usize::from(departure.company)) == Some(&true)
            && self.bounds.to_go(departure.to, left).is_some()
            && self.timetable.free_seats(departure) >= self.query.seats
    }

    fn is_hopeless_for_all(&self, departure: &Departure, arrivals: &Arrivals, legs: usize) -> bool {
        let Some(cheapest) = arrivals.cheapest else {
            return false;
        };
        let best = Merits {
            arrives: departure.arrives,
            legs: legs as u8,
            fare: cheapest.plus(departure.fare()),
            departs: arrivals.departs,
        };
        self.is_hopeless(&best, departure.to)
    }

    /// Whether nothing that goes on from here can come into the front.
    fn is_hopeless(&self, so_far: &Merits, at: AirportNumber) -> bool {
        let left = self.legs_max - usize::from(so_far.legs);
        (0..=left).all(|more| match self.bounds.to_go(at, more) {
            None => true,
            Some(to_go) => self.front.beats(&Merits {
                arrives: so_far.arrives.saturating_add(to_go.seconds),
                legs: so_far.legs + more as u8,
                fare: Fare {
                    minor: so_far.fare.minor.saturating_add(to_go.price_minor),
                    ..so_far.fare
                },
                departs: so_far.departs,
            }),
        })
    }

    /// Takes the departure after this label.
    fn take(
        &mut self,
        number: DepartureNumber,
        departure: &Departure,
        parent: Option<LabelNumber>,
        merits: Merits,
    ) {
        if self.is_hopeless(&merits, departure.to) {
            return;
        }
        if self.labels.len() >= LABELS_MAX {
            self.cut_short = true;
            return;
        }
        let label = self.labels.push(Label {
            departure: number,
            parent,
            arrives: merits.arrives,
            departs: merits.departs,
            fare: merits.fare,
            to: departure.to,
            company: departure.company,
            legs: merits.legs,
        });
        if self.roles[usize::from(departure.to)] == Role::Destination {
            self.front.offer(merits, label);
        }
    }

    fn path(&self, merits: Merits, last: LabelNumber) -> Path {
        let mut departures: Vec<_> = self
            .labels
            .trail(last)
            .map(|label| label.departure)
            .collect();
        departures.reverse();
        Path { merits, departures }
    }
}

impl Candidate {
    /// Whether everything that the other one may go on to with so many legs left is open to this one too, and no worse.
    ///
    /// With one leg left that is to the destination, where neither has been. With more, this one must have been nowhere else than the
    /// other one.
    fn covers(&self, other: &Self, labels: &Labels, left: usize) -> bool {
        self.merits.legs <= other.merits.legs
            && self.merits.fare.is_at_most(other.merits.fare)
            && self.merits.departs >= other.merits.departs
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
