//! Which free seats to propose to people who travel together.
//!
//! A *group* is a stretch of neighbouring seats with neither an aisle nor a stranger in between. What is proposed has, in
//! this order: the fewest groups; the fewest rows from the first group to the last; the fewest single seats left over
//! beside it; the most seats of the wished kind. Of what is equal in all that, one is always the same.
//!
//! The fewest groups take at most one group from each stretch of free seats (two in one stretch could close up and be one),
//! so a table over (groups, people) of each window of rows finds the best in time linear in the seats of the window.

use super::{Kind, Layout};
use crate::domain::ids::SeatNumber;

/// What somebody would rather have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    Window,
    Aisle,
    #[default]
    Any,
}

/// A longest stretch of free seats with no aisle in between.
struct Stretch {
    row: u16,
    seats: Vec<SeatNumber>,
}

/// What a choice costs, dearest part first: single seats left over, then people whose wish is not met.
type Cost = (usize, usize);

/// The cheapest way found to a number of groups and people.
#[derive(Clone)]
struct Choice {
    cost: Cost,
    seats: Vec<SeatNumber>,
}

/// The best free seats for so many people, ascending; none if there are not enough.
pub fn best(
    layout: &Layout,
    is_free: impl Fn(SeatNumber) -> bool,
    people: usize,
    wish: Wish,
) -> Vec<SeatNumber> {
    let stretches = stretches(layout, is_free);
    let Some(groups) = fewest_groups(&stretches, people) else {
        return Vec::new();
    };
    let windows = (0..layout.rows()).map(|span| {
        let firsts = 1..=layout.rows() - span;
        let choices = firsts.filter_map(|first| {
            let within = window(&stretches, first, first + span);
            choose(layout, within, groups, people, wish)
        });
        // the first one among equals
        choices.min_by_key(|choice| choice.cost)
    });
    let closest = windows.flatten().next();
    closest.map_or(Vec::new(), |choice| choice.seats)
}

fn stretches(layout: &Layout, is_free: impl Fn(SeatNumber) -> bool) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for (row, block) in layout.blocks() {
        for seats in block.split(|number| !is_free(*number)) {
            if !seats.is_empty() {
                let seats = seats.to_vec();
                stretches.push(Stretch { row, seats });
            }
        }
    }
    stretches
}

/// None if there are not seats enough, or nobody to seat.
fn fewest_groups(stretches: &[Stretch], people: usize) -> Option<usize> {
    let mut lengths: Vec<usize> = stretches.iter().map(|s| s.seats.len()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let mut seated = 0;
    let groups = lengths.iter().position(|length| {
        seated += length;
        seated >= people
    });
    groups.map(|last| last + 1).filter(|_| people > 0)
}

/// The stretches of these rows; they ascend by row.
fn window(stretches: &[Stretch], first: u16, last: u16) -> &[Stretch] {
    let from = stretches.partition_point(|s| s.row < first);
    let to = stretches.partition_point(|s| s.row <= last);
    &stretches[from..to]
}

/// The cheapest choice of so many groups for so many people, if these stretches have one.
fn choose(
    layout: &Layout,
    stretches: &[Stretch],
    groups: usize,
    people: usize,
    wish: Wish,
) -> Option<Choice> {
    if fewest_groups(stretches, people)? > groups {
        return None;
    }
    let mut table: Vec<Vec<Option<Choice>>> = vec![vec![None; people + 1]; groups + 1];
    table[0][0] = Some(Choice {
        cost: (0, 0),
        seats: Vec::new(),
    });
    for stretch in stretches {
        // from the end, so that a stretch gives one group at most
        for taken in (0..groups).rev() {
            for seated in (0..people).rev() {
                let Some(so_far) = table[taken][seated].clone() else {
                    continue;
                };
                for group in groups_of(stretch, people - seated) {
                    let next = so_far.with(layout, stretch, group, wish);
                    let known = &mut table[taken + 1][seated + group.len()];
                    if known.as_ref().is_none_or(|known| next.cost < known.cost) {
                        *known = Some(next);
                    }
                }
            }
        }
    }
    table.pop()?.pop()?
}

/// Every group that a stretch has for at most so many people.
fn groups_of(stretch: &Stretch, people: usize) -> impl Iterator<Item = &[SeatNumber]> {
    let lengths = 1..=people.min(stretch.seats.len());
    lengths.flat_map(|length| stretch.seats.windows(length))
}

impl Choice {
    fn with(&self, layout: &Layout, stretch: &Stretch, group: &[SeatNumber], wish: Wish) -> Self {
        let (singles, unmet) = self.cost;
        let unlucky = group.iter().filter(|number| !meets(layout, **number, wish));
        Self {
            cost: (
                singles + left_alone(stretch, group),
                unmet + unlucky.count(),
            ),
            seats: [&self.seats, group].concat(),
        }
    }
}

/// Single seats that a group leaves of its stretch.
fn left_alone(stretch: &Stretch, group: &[SeatNumber]) -> usize {
    let before = stretch.seats.iter().filter(|n| **n < group[0]).count();
    let after = stretch.seats.len() - before - group.len();
    usize::from(before == 1) + usize::from(after == 1)
}

fn meets(layout: &Layout, number: SeatNumber, wish: Wish) -> bool {
    let kind = layout.place(number).map(|place| place.kind);
    match wish {
        Wish::Any => true,
        Wish::Window => kind == Some(Kind::Window),
        Wish::Aisle => kind == Some(Kind::Aisle),
    }
}

#[cfg(test)]
mod tests;
