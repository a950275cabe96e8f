//! Itineraries by fewest legs, then earliest arrival: breadth-first over airports, one round per leg, each round keeping the
//! earliest arrival per airport (the rounds of RAPTOR; Delling, Pajor & Werneck, "Round-Based Public Transit Routing", 2012).
//!
//! Always ends: there are [`LEGS_MAX`] rounds, and a round looks at each departure of an airport at most once.

use std::collections::HashMap;

use super::index::{Iata, Index};
use super::{FoundItinerary, code::Code};
use crate::domain::ids::{CompanyId, RouteId};

/// Most legs of an itinerary.
const LEGS_MAX: usize = 4;
/// Least time between arrival and the next departure, in seconds.
const CONNECTION_MIN: i64 = 40 * 60;
/// Longest time between arrival and the next departure, in seconds.
const CONNECTION_MAX: i64 = 24 * 3600;

/// A leg taken to reach an airport, and the label it was taken from (of the round before).
#[derive(Debug, Clone, Copy)]
struct Label {
    arrives: i64,
    company: CompanyId,
    route: RouteId,
    from: Option<Iata>,
}

type Round = HashMap<Iata, Label>;

pub fn fewest_legs(
    indexes: &[(CompanyId, &Index)],
    origins: &[String],
    destinations: &[String],
    departs: (i64, i64),
    limit: usize,
) -> Vec<FoundItinerary> {
    let origins: Vec<Iata> = origins.iter().filter_map(|code| Code::new(code)).collect();
    let destinations: Vec<Iata> = destinations
        .iter()
        .filter_map(|code| Code::new(code))
        .collect();
    let mut rounds: Vec<Round> = Vec::new();
    let mut found = Vec::new();
    for _ in 0..LEGS_MAX {
        let (round, mut arrived) = next_round(indexes, &origins, &destinations, departs, &rounds);
        arrived.sort_unstable_by_key(|label| (label.arrives, label.company, label.route));
        let itineraries = arrived.iter().map(|label| trace(indexes, &rounds, *label));
        found.extend(itineraries.take(limit - found.len()));
        if found.len() == limit || round.is_empty() {
            break;
        }
        rounds.push(round);
    }
    found
}

/// One leg further from every airport that the round before reached: the new labels, and all legs into a destination.
fn next_round(
    indexes: &[(CompanyId, &Index)],
    origins: &[Iata],
    destinations: &[Iata],
    departs: (i64, i64),
    rounds: &[Round],
) -> (Round, Vec<Label>) {
    let starts: Vec<(Iata, i64, i64, Option<Iata>)> = match rounds.last() {
        None => origins
            .iter()
            .map(|origin| (*origin, departs.0, departs.1, None))
            .collect(),
        Some(last) => last
            .iter()
            .map(|(airport, label)| {
                let from = label.arrives + CONNECTION_MIN;
                (
                    *airport,
                    from,
                    label.arrives + CONNECTION_MAX,
                    Some(*airport),
                )
            })
            .collect(),
    };
    let mut round = Round::new();
    let mut arrived = Vec::new();
    for (airport, from, to, parent) in starts {
        for (company, index) in indexes {
            for (_, id) in index.departures_of(airport, from, to) {
                let Some(slot) = index.slot(id).filter(|slot| slot.has_free_seats()) else {
                    continue;
                };
                let label = Label {
                    arrives: slot.arrives,
                    company: *company,
                    route: id,
                    from: parent,
                };
                let place = slot.destination;
                if destinations.contains(&place) {
                    arrived.push(label);
                } else if !origins.contains(&place) && is_earlier(rounds, &round, place, label) {
                    round.insert(place, label);
                }
            }
        }
    }
    (round, arrived)
}

/// Earlier than every way to this airport with as many legs or fewer. So no itinerary visits an airport twice.
fn is_earlier(rounds: &[Round], round: &Round, place: Iata, label: Label) -> bool {
    let known = rounds.iter().chain([round]).filter_map(|r| r.get(&place));
    known
        .map(|other| other.arrives)
        .all(|arrives| label.arrives < arrives)
}

fn trace(indexes: &[(CompanyId, &Index)], rounds: &[Round], last: Label) -> FoundItinerary {
    let mut labels = vec![last];
    let mut rounds = rounds.iter().rev();
    while let Some(airport) = labels.last().and_then(|label| label.from) {
        let round = rounds
            .next()
            .expect("a label's parent is of the round before");
        labels.push(round[&airport]);
    }
    let legs = labels.iter().rev().filter_map(|label| {
        let (_, index) = indexes
            .iter()
            .find(|(company, _)| *company == label.company)?;
        index.leg(label.company, label.route)
    });
    FoundItinerary {
        legs: legs.collect(),
    }
}
