//! Two deaths in one story, drawn from a seed: whoever comes to one of two points dies there, whenever that is.
//!
//! Nothing is known beforehand of how it ends. It must end, in the same way for everybody, and as it was promised.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, ensure};
use fastrand::Rng;
use tokio::time::sleep;

use super::cases::{Case, Seen, Story, cases};
use super::nodes::Nodes;
use super::stage::{Cast, Stage};

/// Requests that two nodes may die in, and the steps that follow when the first has.
const STORIES: [Story; 15] = [
    Story::Trip,
    Story::Pair,
    Story::Abroad,
    Story::OwnSeat,
    Story::ForeignSeat,
    Story::SoldSeat,
    Story::StaleFence,
    Story::Hold,
    Story::Extend,
    Story::Confirm,
    Story::ConfirmElsewhere,
    Story::Release,
    Story::Cancel,
    Story::Rebook,
    Story::Register,
];
const AFTERWARDS: [Story; 3] = [Story::Orphan, Story::Decided, Story::Abandoned];
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where somebody dies.
#[derive(Debug, Clone)]
pub struct Trap {
    pub node: usize,
    pub point: String,
}

pub struct Pair {
    pub story: Story,
    pub traps: [Trap; 2],
}

impl Pair {
    pub fn draw(number: usize, rng: &mut Rng) -> Self {
        let story = STORIES[rng.usize(..STORIES.len())];
        let cast = Cast::of(number);
        let of = |stories: &[Story]| -> Vec<Case> {
            let all = cases().into_iter();
            all.filter(|case| stories.contains(&case.row.story))
                .collect()
        };
        let mut trap = |cases: Vec<Case>| {
            let case = cases[rng.usize(..cases.len())];
            Trap {
                node: cast.node(case.row.role),
                point: case.point(),
            }
        };
        let first = trap(of(&[story]));
        let second = trap([of(&[story]), of(&AFTERWARDS)].concat());
        Self {
            story,
            traps: [first, second],
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = &self.traps;
        write!(
            f,
            "{} at node {} and {} at node {} in {:?}",
            first.point, first.node, second.point, second.node, self.story
        )
    }
}

impl Stage {
    /// Plays it; answers how many died, and what it came to.
    pub async fn play_pair(&mut self, number: usize, pair: &Pair) -> anyhow::Result<(usize, Seen)> {
        let cast = Cast::of(number);
        let wish = self.prepare(pair.story, cast, number).await?;
        let mut traps = pair.traps.to_vec();
        let (nodes, customer) = (&mut self.nodes, &self.customer);
        let asked = async {
            let first = customer.ask(cast.asked, &wish).await?;
            for node in [cast.asked, cast.other, cast.third] {
                customer.settle(node, &wish).await?;
            }
            anyhow::Ok(first)
        };
        let first = tokio::select! {
            first = asked => first?,
            failed = spring(nodes, &mut traps) => return failed.map(|never| match never {}),
        };
        let died = pair.traps.len() - traps.len();
        self.nodes.restore()?;
        let last = self.settle(cast, &wish, Some(first)).await?;
        ensure!(
            !matches!(last, Seen::Open | Seen::Lost),
            "it has not ended: {last:?}"
        );
        Ok((died, last))
    }
}

/// Arms each node's first trap, starts whoever dies in it, and arms its next one. Ends only by an error.
async fn spring(nodes: &mut Nodes, traps: &mut Vec<Trap>) -> anyhow::Result<Infallible> {
    arm_first(nodes, traps, |_| true)?;
    loop {
        for node in 0..nodes.len() {
            if nodes.has_died(node)? {
                let sprung = traps.iter().position(|trap| trap.node == node);
                traps.remove(sprung.context("a node died in no trap")?);
                arm_first(nodes, traps, |other| other == node)?;
                nodes.start(node)?;
            }
        }
        sleep(LOOK_AGAIN).await;
    }
}

fn arm_first(nodes: &Nodes, traps: &[Trap], wanted: impl Fn(usize) -> bool) -> anyhow::Result<()> {
    let mut armed = BTreeSet::new();
    let wanted = traps.iter().filter(|trap| wanted(trap.node));
    for trap in wanted.filter(|trap| armed.insert(trap.node)) {
        nodes.arm(trap.node, &trap.point)?;
    }
    Ok(())
}
