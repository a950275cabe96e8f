//! Tries every path: what an itinerary is, is asked of the whole path only.

use super::network::{Merits, Network, Question};

pub fn all(network: &Network, question: &Question) -> Vec<Merits> {
    let mut found = Vec::new();
    for first in 0..network.legs.len() {
        if question.origins.contains(&network.legs[first].route.origin) {
            try_from(network, question, &mut vec![first], &mut found);
        }
    }
    found
}

fn try_from(
    network: &Network,
    question: &Question,
    path: &mut Vec<usize>,
    found: &mut Vec<Merits>,
) {
    if network.is_itinerary(path, question) {
        found.push(network.merits(path));
    }
    if path.len() == question.legs_max {
        return;
    }
    let last = path[path.len() - 1];
    for next in 0..network.legs.len() {
        if network.connects(last, next) {
            path.push(next);
            try_from(network, question, path, found);
            path.pop();
        }
    }
}
