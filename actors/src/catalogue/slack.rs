//! Which itineraries of an exact set are worth a line of a list.
//!
//! An exact set has everything that is better in something, if only by a minute: a day between two large cities has
//! hundreds of connections that leave a little later than a flight and arrive hours after it.

use std::cmp::Reverse;

use super::front::Merits;
use super::search::Path;

/// Leaves out what is hardly better than something else, by these rules, with a *slack* in seconds:
///
/// * A non-stop flight always stays.
/// * One itinerary *stands for* another, connecting one if it has no more legs, costs no more, and the other one *gains*
///   no more than the slack by leaving later and by arriving earlier, both together; and if it has fewer legs, or the
///   other one *loses* (by leaving earlier and by arriving later, together) at least twice what it gains.
/// * An itinerary stays unless one that stays stands for it.
///
/// So for whatever is left out there is something that stays, costs no more, has no more legs, and leaves and arrives
/// no more than the slack worse. No slack leaves the set as it is. What stands for another has fewer legs or takes less
/// time, so that the rules have one answer.
pub fn cut(mut paths: Vec<Path>, slack: u32) -> Vec<Path> {
    if slack == 0 {
        return paths;
    }
    paths.sort_by_key(|path| {
        let merits = &path.merits;
        (merits.legs, merits.duration(), Reverse(merits.departs))
    });
    let mut kept: Vec<Path> = Vec::with_capacity(paths.len());
    for path in paths {
        let stands_for = |other: &Path| stands_for(&other.merits, &path.merits, slack);
        if !kept.iter().any(stands_for) {
            kept.push(path);
        }
    }
    kept
}

fn stands_for(one: &Merits, other: &Merits, slack: u32) -> bool {
    if other.legs == 1 || one.legs > other.legs || !one.fare.is_at_most(other.fare) {
        return false;
    }
    let better_by = |one: &Merits, other: &Merits| {
        let later = one.departs.saturating_sub(other.departs);
        later.saturating_add(other.arrives.saturating_sub(one.arrives))
    };
    let gain = better_by(other, one);
    let loss = better_by(one, other);
    gain <= slack && (one.legs < other.legs || loss >= gain.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::super::fare::{CurrencyNumber, Fare};
    use super::super::front::Front;
    use super::*;

    const MINUTE: u32 = 60;

    /// Times in minutes.
    fn path(departs: u32, arrives: u32, legs: u8, minor: i64) -> Path {
        Path {
            merits: Merits {
                departs: departs * MINUTE,
                arrives: arrives * MINUTE,
                legs,
                fare: Fare {
                    currency: CurrencyNumber(0),
                    minor,
                },
            },
            departures: Vec::new(),
        }
    }

    /// Which of them stay, by place.
    fn stay(paths: &[Path], slack_minutes: u32) -> Vec<usize> {
        let kept = cut(paths.to_vec(), slack_minutes * MINUTE);
        let places = (0..paths.len()).filter(|place| kept.contains(&paths[*place]));
        places.collect()
    }

    #[test]
    fn a_connection_that_gains_little_is_left_out() {
        let flight = path(390, 590, 1, 500);
        let a_little_later = path(395, 650, 2, 500);
        let cheaper = path(395, 651, 2, 499);
        let hours_later = path(460, 660, 2, 500);
        let set = [flight, a_little_later, cheaper, hours_later];
        assert_eq!(stay(&set, 60), [0, 2, 3]);
        assert_eq!(stay(&set, 4), [0, 1, 2, 3]);
        assert_eq!(stay(&set, 70), [0, 2]);
        assert_eq!(stay(&set, 0), [0, 1, 2, 3]);
    }

    #[test]
    fn every_flight_stays_whatever_the_slack() {
        let set = [path(390, 590, 1, 500), path(391, 700, 1, 500)];
        assert_eq!(stay(&set, 720), [0, 1]);
    }

    #[test]
    fn of_two_connections_the_longer_one_goes_only_if_it_loses_much() {
        let first = path(390, 690, 2, 500);
        let much_longer = path(400, 720, 2, 500);
        let a_little_longer = path(400, 709, 2, 500);
        assert_eq!(stay(&[first.clone(), much_longer], 60), [0]);
        assert_eq!(stay(&[first, a_little_longer], 60), [0, 1]);
    }

    #[test]
    fn what_is_left_out_has_somebody_who_stands_for_it() {
        for seed in 0..500 {
            let mut dice = Rng::with_seed(seed);
            let mut front = Front::default();
            for _ in 0..dice.usize(1..80) {
                let departs = dice.u32(0..600);
                let arrives = departs + dice.u32(1..600);
                let path = path(departs, arrives, dice.u8(1..=4), 100 * dice.i64(1..6));
                front.offer(path.merits, path);
            }
            let mut all: Vec<Path> = front.members().map(|(_, path)| path.clone()).collect();
            let slack = dice.u32(0..200);
            let kept = stay(&all, slack);
            for (place, path) in all.iter().enumerate() {
                let others = kept.iter().filter(|other| **other != place);
                let mut others = others.map(|other| &all[*other].merits);
                let covered = others.any(|one| stands_for(one, &path.merits, slack * MINUTE));
                assert_eq!(kept.contains(&place), !covered, "seed {seed}");
            }
            let least = |places: &mut dyn Iterator<Item = usize>| {
                places.map(|place| all[place].merits.fare.minor).min()
            };
            let cheapest = least(&mut (0..all.len()));
            assert_eq!(least(&mut kept.iter().copied()), cheapest, "seed {seed}");
            let expected: Vec<Path> = kept.iter().map(|place| all[*place].clone()).collect();
            dice.shuffle(&mut all);
            let again = cut(all, slack * MINUTE);
            assert!(again.len() == expected.len() && again.iter().all(|p| expected.contains(p)));
        }
    }
}
