//! What else could be chosen: how many itineraries each choice would leave.
//!
//! A choice is counted among what is found with all other filters and without the one that it is a choice of, so that a
//! list can show what a filter has taken away. Counted is what is there: with a filter on a company or on a time of day
//! there may be more than was counted, because what is wanted then competes with less.

use std::collections::BTreeMap;

use super::fare::CurrencyNumber;
use super::itinerary::{DayParts, Window};
use super::search::Path;
use super::timetable::{CompanyNumber, Timetable};
use crate::domain::ids::CompanyId;

/// Most companies that are counted, those with most itineraries first.
const COMPANIES_MAX: usize = 32;
/// Most highest prices, and most longest durations, that are counted.
const STEPS_MAX: usize = 5;

/// Every list is bounded; all counts are of itineraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// By place: with at most so many connections.
    pub connections: Vec<usize>,
    /// Ascending by company.
    pub companies: Vec<CompanyChoice>,
    /// Of each part of [`DayParts`], in order.
    pub departs: Vec<usize>,
    pub arrives: Vec<usize>,
    /// Ascending: most seconds.
    pub seconds: Vec<(u32, usize)>,
    /// Ascending: highest prices of one passenger. Only where all have the same currency.
    pub prices: Vec<(i64, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompanyChoice {
    pub company: CompanyId,
    /// All legs are its.
    pub alone: usize,
    /// Some leg is.
    pub takes_part: usize,
}

pub fn connections(paths: &[Path], legs_max: usize) -> Vec<usize> {
    let at_most = |legs| {
        let few = paths.iter().filter(|p| usize::from(p.merits.legs) <= legs);
        few.count()
    };
    (1..=legs_max).map(at_most).collect()
}

pub fn companies(paths: &[Path], timetable: &Timetable) -> Vec<CompanyChoice> {
    let mut counts: BTreeMap<CompanyNumber, (usize, usize)> = BTreeMap::new();
    for path in paths {
        let legs = path.departures.iter();
        let mut flown: Vec<_> = legs
            .map(|number| timetable.departure(*number).company)
            .collect();
        flown.sort_unstable();
        flown.dedup();
        for company in &flown {
            let (alone, takes_part) = counts.entry(*company).or_default();
            *alone += usize::from(flown.len() == 1);
            *takes_part += 1;
        }
    }
    let choice = |(company, (alone, takes_part))| CompanyChoice {
        company: timetable.company(company),
        alone,
        takes_part,
    };
    let mut choices: Vec<_> = counts.into_iter().map(choice).collect();
    choices.sort_by_key(|choice| std::cmp::Reverse(choice.takes_part));
    choices.truncate(COMPANIES_MAX);
    choices.sort_by_key(|choice| choice.company);
    choices
}

pub fn departs(paths: &[Path], parts: &DayParts) -> Vec<usize> {
    by_parts(paths, &parts.departs, |path| path.merits.departs)
}

pub fn arrives(paths: &[Path], parts: &DayParts) -> Vec<usize> {
    by_parts(paths, &parts.arrives, |path| path.merits.arrives)
}

fn by_parts(paths: &[Path], parts: &[Window], time: impl Fn(&Path) -> u32) -> Vec<usize> {
    let within = |(from, to): &Window| {
        let times = paths.iter().map(|path| i64::from(time(path)));
        times.filter(|time| (*from..*to).contains(time)).count()
    };
    parts.iter().map(within).collect()
}

pub fn seconds(paths: &[Path]) -> Vec<(u32, usize)> {
    steps(paths.iter().map(|path| path.merits.duration()).collect())
}

pub fn prices(paths: &[Path]) -> Vec<(i64, usize)> {
    let mut currencies = paths.iter().map(|path| path.merits.fare.currency);
    let first = currencies.next().unwrap_or(CurrencyNumber::MIXED);
    if first == CurrencyNumber::MIXED || currencies.any(|other| other != first) {
        return Vec::new();
    }
    steps(paths.iter().map(|path| path.merits.fare.minor).collect())
}

/// At most [`STEPS_MAX`] of the values, each with how many are no higher: the lowest one that has a share of all below
/// it, share by share.
fn steps<T: Copy + Ord>(mut values: Vec<T>) -> Vec<(T, usize)> {
    values.sort_unstable();
    let mut steps: Vec<(T, usize)> = Vec::new();
    for share in 1..=STEPS_MAX {
        let Some(place) = (values.len() * share).div_ceil(STEPS_MAX).checked_sub(1) else {
            return steps;
        };
        let value = values[place];
        if steps.last().is_none_or(|(last, _)| *last < value) {
            steps.push((value, values.partition_point(|other| *other <= value)));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_few_and_reach_the_highest() {
        assert_eq!(steps::<u32>(Vec::new()), []);
        assert_eq!(steps(vec![7]), [(7, 1)]);
        assert_eq!(steps(vec![3, 1, 1, 1, 2, 2]), [(1, 3), (2, 5), (3, 6)]);
        let many = steps((1..=1_000).collect());
        let expected = [
            (200, 200),
            (400, 400),
            (600, 600),
            (800, 800),
            (1_000, 1_000),
        ];
        assert_eq!(many, expected);
    }
}
