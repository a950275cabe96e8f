//! Goes leg by leg and keeps every way to have taken one, but for those that differ from a better one in nothing that could matter later:
//! the same leg, the same number of legs and the same airports before it. No bounds, no rounds at airports, no giving up.

use std::collections::HashMap;

use super::network::{Merits, Network, Question};

/// Ways by the airports visited (bits); of each, those that no other is as cheap and as late as.
type Ways = HashMap<u128, Vec<Way>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    price: i64,
    departs: i64,
}

pub fn all(network: &Network, question: &Question) -> Vec<Merits> {
    let mut codes: Vec<&str> = Vec::new();
    for leg in &network.legs {
        codes.extend([&*leg.route.origin, &*leg.route.destination]);
    }
    codes.sort_unstable();
    codes.dedup();
    assert!(codes.len() <= 128, "a bit for each airport");
    let bit = |code: &str| 1_u128 << codes.binary_search(&code).unwrap();
    let longest = network.connections.longest.as_secs() as i64;
    let sold: Vec<usize> = (0..network.legs.len())
        .filter(|leg| network.is_sold(&network.legs[*leg], question))
        .collect();
    let mut into: HashMap<&str, Vec<usize>> = HashMap::new();
    for leg in &sold {
        let destination = &*network.legs[*leg].route.destination;
        into.entry(destination).or_default().push(*leg);
    }
    let mut found = Vec::new();
    let mut before: HashMap<usize, Ways> = HashMap::new();
    for legs in 1..=question.legs_max {
        let mut now: HashMap<usize, Ways> = HashMap::new();
        for leg in &sold {
            let route = &network.legs[*leg].route;
            if question.origins.contains(&route.destination) {
                continue;
            }
            let mut ways = Ways::new();
            if legs == 1 {
                let (from, to) = question.departs;
                if question.origins.contains(&route.origin) && (from..to).contains(&route.departs) {
                    let way = Way {
                        price: route.price.minor,
                        departs: route.departs,
                    };
                    add(&mut ways, 0, way);
                }
            } else {
                for earlier in into.get(&*route.origin).into_iter().flatten() {
                    let wait = route.departs - network.legs[*earlier].route.arrives;
                    if wait < 0 || wait > longest {
                        continue;
                    }
                    let Some(reached) = before.get(earlier) else {
                        continue;
                    };
                    if !network.connects(*earlier, *leg) {
                        continue;
                    }
                    for (visited, some) in reached {
                        if visited & bit(&route.destination) != 0 {
                            continue;
                        }
                        for way in some {
                            let price = way.price + route.price.minor;
                            let visited = visited | bit(&route.origin);
                            add(&mut ways, visited, Way { price, ..*way });
                        }
                    }
                }
            }
            if question.destinations.contains(&route.destination) {
                found.extend(ways.values().flatten().map(|way| Merits {
                    arrives: route.arrives,
                    legs,
                    price: Some((route.price.currency.clone(), way.price)),
                    departs: way.departs,
                }));
            } else if !ways.is_empty() {
                now.insert(*leg, ways);
            }
        }
        before = now;
    }
    found
}

fn add(ways: &mut Ways, visited: u128, way: Way) {
    let known = ways.entry(visited).or_default();
    let as_good = |one: &Way, other: &Way| one.price <= other.price && one.departs >= other.departs;
    if !known.iter().any(|other| as_good(other, &way)) {
        known.retain(|other| !as_good(&way, other));
        known.push(way);
    }
}
