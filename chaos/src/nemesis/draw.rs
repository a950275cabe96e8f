//! Who strikes whom, when and for how long: drawn from a seed, round by round, so that a run with the same seed is dealt the same blows
//! however long its rounds take.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;
use serde::Deserialize;

use super::{Nemesis, Scope};

/// Cards that are drawn for one blow before the round goes on with fewer.
const ATTEMPTS_MAX: usize = 32;
/// Between the first and the last blow of a round, so that later ones meet a cluster that is ill already.
const SPREAD: f64 = 4.0;

/// A nemesis of a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub kind: Nemesis,
    /// How often it is dealt, compared with others.
    #[serde(default = "one")]
    pub weight: u32,
    /// Seconds, least and most.
    pub lasts: Option<[f64; 2]>,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Cluster,
    /// By index.
    Company(usize),
    /// The lower index first.
    Link(usize, usize),
    Redis,
}

/// One nemesis, once.
#[derive(Debug, Clone, PartialEq)]
pub struct Blow {
    pub nemesis: Nemesis,
    pub target: Target,
    /// From the beginning of its round.
    pub after: Duration,
    pub lasts: Duration,
    /// Of whatever else it has to choose.
    pub seed: u64,
}

/// What a scenario may deal. Every card of it is dealt once, in an order of its own, before any is dealt again.
pub struct Deck {
    cards: Vec<Card>,
    /// Cards of this pass that were not dealt yet.
    left: Vec<Card>,
    /// Companies that had no turn in this pass, so that all have about as many.
    waiting: Vec<usize>,
    at_once: usize,
    companies: usize,
    rng: Rng,
}

impl Deck {
    /// Up to `at_once` blows of a round overlap.
    pub fn new(cards: &[Card], at_once: usize, companies: usize, seed: u64) -> Self {
        Self {
            cards: cards.to_vec(),
            left: Vec::new(),
            waiting: Vec::new(),
            at_once,
            companies,
            rng: Rng::with_seed(seed),
        }
    }

    /// Blows of the next round; no two of them hit the same thing.
    pub fn round(&mut self) -> Vec<Blow> {
        let count = self.rng.usize(1..=self.at_once);
        let mut blows: Vec<Blow> = Vec::with_capacity(count);
        let mut taken = BTreeSet::new();
        for _ in 0..ATTEMPTS_MAX {
            if blows.len() == count {
                break;
            }
            let Some(card) = self.draw() else { break };
            let target = self.target(card.kind);
            let hit = resources(card.kind, target, self.companies);
            if hit.is_disjoint(&taken) {
                taken.extend(hit);
                let blow = self.blow(&card, target, blows.is_empty());
                blows.push(blow);
            } else {
                self.left.push(card); // for a later round
            }
        }
        blows
    }

    fn draw(&mut self) -> Option<Card> {
        if self.left.is_empty() {
            let copies = |card: &Card| std::iter::repeat_n(card.clone(), card.weight as usize);
            self.left = self.cards.iter().flat_map(copies).collect();
        }
        if self.left.is_empty() {
            return None;
        }
        let place = self.rng.usize(..self.left.len());
        Some(self.left.swap_remove(place))
    }

    fn target(&mut self, nemesis: Nemesis) -> Target {
        match nemesis.scope() {
            Scope::Cluster => Target::Cluster,
            Scope::Redis => Target::Redis,
            Scope::Company => Target::Company(self.company()),
            Scope::Link => {
                let one = self.company();
                let step = self.rng.usize(1..self.companies.max(2));
                let other = (one + step) % self.companies;
                Target::Link(one.min(other), one.max(other))
            }
        }
    }

    fn company(&mut self) -> usize {
        if self.waiting.is_empty() {
            self.waiting = (0..self.companies).collect();
        }
        let place = self.rng.usize(..self.waiting.len());
        self.waiting.swap_remove(place)
    }

    fn blow(&mut self, card: &Card, target: Target, first: bool) -> Blow {
        let lasts = match card.lasts {
            Some([least, most]) => least..=most,
            None => card.kind.lasts(),
        };
        let after = if first { 0.0..=0.0 } else { 0.0..=SPREAD };
        Blow {
            nemesis: card.kind,
            target,
            after: self.between(after),
            lasts: self.between(lasts),
            seed: self.rng.u64(..),
        }
    }

    fn between(&mut self, seconds: RangeInclusive<f64>) -> Duration {
        let (least, most) = seconds.into_inner();
        Duration::from_secs_f64(least + (most - least) * self.rng.f64())
    }
}

/// What a blow takes hold of, alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Resource {
    Node(usize),
    Postgres(usize),
    Clock(usize),
    Link(usize, usize),
    Redis,
}

fn resources(nemesis: Nemesis, target: Target, companies: usize) -> BTreeSet<Resource> {
    match target {
        Target::Cluster => (0..companies).map(Resource::Node).collect(),
        Target::Redis => [Resource::Redis].into(),
        Target::Link(one, other) => [Resource::Link(one, other)].into(),
        Target::Company(n) => match nemesis {
            Nemesis::Isolate => (0..companies)
                .filter(|other| *other != n)
                .map(|other| Resource::Link(n.min(other), n.max(other)))
                .collect(),
            Nemesis::PostgresStop | Nemesis::PostgresKill | Nemesis::DiskFull => {
                [Resource::Postgres(n)].into()
            }
            Nemesis::Clock => [Resource::Clock(n)].into(),
            Nemesis::CompanyGone => everything(companies),
            _ => [Resource::Node(n)].into(),
        },
    }
}

/// For a blow that watches how the others do: what it sees must be its own doing.
fn everything(companies: usize) -> BTreeSet<Resource> {
    let of = |n| [Resource::Node(n), Resource::Postgres(n), Resource::Clock(n)];
    let links =
        (0..companies).flat_map(|n| (n + 1..companies).map(move |other| Resource::Link(n, other)));
    let all = (0..companies).flat_map(of).chain(links);
    all.chain([Resource::Redis]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deck(seed: u64) -> Deck {
        let card = |kind: &Nemesis| Card {
            kind: *kind,
            weight: 1,
            lasts: None,
        };
        let cards: Vec<_> = Nemesis::all().iter().map(card).collect();
        Deck::new(&cards, 3, 3, seed)
    }

    #[test]
    fn the_same_seed_deals_the_same_blows() {
        let rounds = |seed| {
            let mut deck = deck(seed);
            (0..20).map(|_| deck.round()).collect::<Vec<_>>()
        };
        assert_eq!(rounds(1), rounds(1));
        assert_ne!(rounds(1), rounds(2));
    }

    #[test]
    fn every_nemesis_has_its_turn_and_nothing_is_hit_twice_at_once() {
        for seed in 0..50 {
            let mut deck = deck(seed);
            let (mut seen, mut overlaps) = (BTreeSet::new(), 0);
            for _ in 0..40 {
                let blows = deck.round();
                assert!(!blows.is_empty());
                overlaps += usize::from(blows.len() > 1);
                let mut taken = BTreeSet::new();
                for blow in &blows {
                    seen.insert(blow.nemesis);
                    for resource in resources(blow.nemesis, blow.target, 3) {
                        assert!(taken.insert(resource), "{resource:?} twice in {blows:?}");
                    }
                }
            }
            assert_eq!(seen.len(), Nemesis::all().len(), "seed {seed}");
            assert!(overlaps > 5, "seed {seed}");
        }
    }

    #[test]
    fn a_link_has_two_ends() {
        let mut deck = deck(3);
        for _ in 0..100 {
            let Target::Link(one, other) = deck.target(Nemesis::Cut) else {
                panic!("a link is cut");
            };
            assert!(one < other && other < 3);
        }
    }
}
