//! Looks for an order: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993), with Lowe's memory of configurations that have been
//! seen ("Testing for Linearizability", 2017).
//!
//! Next in an order may be whatever began before the first end of all that is left. Two things keep the search narrow. A read changes
//! nothing, so one that agrees with the seat as it is goes next at once. And an owned seat can only be freed by its owner; so the one choice
//! is which booking takes a free seat.

use std::collections::HashSet;
use std::fmt;

use uuid::Uuid;

/// Configurations that are tried before a seat counts as undecided.
const TRIED_MAX: usize = 200_000;

/// What is known to have happened to a seat, at some instant from `begin_us` to `end_us`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub begin_us: u64,
    /// `u64::MAX` if nobody was ever told that it has happened.
    pub end_us: u64,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Booked(Uuid),
    Freed(Uuid),
    /// Seen to be this ticket's.
    SeenOf(Uuid),
    /// Seen to be somebody's.
    SeenTaken,
    SeenFree,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Order,
    None { stuck_at: String },
    Undecided { tried: usize },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |us: u64| us as f64 / 1e6;
        match self.what {
            What::Booked(ticket) => write!(f, "the booking of {ticket}"),
            What::Freed(ticket) => write!(f, "the cancellation of {ticket}"),
            What::SeenOf(ticket) => write!(f, "that it was seen to be of {ticket}"),
            What::SeenTaken => write!(f, "that it was seen to be taken"),
            What::SeenFree => write!(f, "that it was seen to be free"),
        }?;
        write!(f, " from {:.6} s", seconds(self.begin_us))?;
        match self.end_us {
            u64::MAX => write!(f, " on"),
            end_us => write!(f, " to {:.6} s", seconds(end_us)),
        }
    }
}

/// Of events in any order.
pub fn search(events: &[Event]) -> Found {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| (event.begin_us, event.end_us));
    let mut by_end: Vec<usize> = (0..events.len()).collect();
    by_end.sort_by_key(|index| events[*index].end_us);
    Search {
        events,
        by_end,
        seen: HashSet::new(),
        farthest: 0,
    }
    .run()
}

struct Search<'a> {
    /// By their beginnings.
    events: Vec<&'a Event>,
    by_end: Vec<usize>,
    /// Configurations from which no order was found, or whose other choices are still to be tried.
    seen: HashSet<(Box<[u64]>, Option<Uuid>)>,
    /// The most that was ordered so far, in `by_end`: what comes next there is what cannot be explained.
    farthest: usize,
}

/// An order so far.
#[derive(Clone)]
struct Configuration {
    done: Box<[u64]>,
    owner: Option<Uuid>,
    /// All before it, in the order of beginnings, are done.
    first: usize,
    /// All before it, in the order of ends, are done.
    first_end: usize,
}

impl Search<'_> {
    fn run(mut self) -> Found {
        let mut untried = vec![Configuration {
            done: vec![0; self.events.len().div_ceil(64)].into(),
            owner: None,
            first: 0,
            first_end: 0,
        }];
        while let Some(mut at) = untried.pop() {
            self.settle(&mut at);
            if at.first == self.events.len() {
                return Found::Order;
            }
            self.farthest = self.farthest.max(at.first_end);
            if !self.seen.insert((at.done.clone(), at.owner)) {
                continue;
            }
            if self.seen.len() > TRIED_MAX {
                return Found::Undecided { tried: TRIED_MAX };
            }
            let mut bookings = self.bookings(&at);
            // the one that had to end first is tried first
            bookings.sort_by_key(|index| std::cmp::Reverse(self.events[*index].end_us));
            untried.extend(bookings.into_iter().map(|index| self.with(&at, index)));
        }
        let stuck_at = self.by_end[self.farthest];
        Found::None {
            stuck_at: self.events[stuck_at].to_string(),
        }
    }

    /// Orders what leaves no choice: reads that agree, and the owner's cancellation once nothing else is possible.
    fn settle(&self, at: &mut Configuration) {
        loop {
            let agrees = |what: What| match what {
                What::SeenOf(ticket) => at.owner == Some(ticket),
                What::SeenTaken => at.owner.is_some(),
                What::SeenFree => at.owner.is_none(),
                What::Booked(_) | What::Freed(_) => false,
            };
            let reads = self.next(at, agrees);
            if !reads.is_empty() {
                for index in reads {
                    self.order(at, index);
                }
                continue;
            }
            let frees = |what| matches!(what, What::Freed(ticket) if at.owner == Some(ticket));
            match self.next(at, frees).first() {
                Some(index) => {
                    self.order(at, *index);
                    at.owner = None;
                }
                None => break,
            }
        }
    }

    fn bookings(&self, at: &Configuration) -> Vec<usize> {
        match at.owner {
            None => self.next(at, |what| matches!(what, What::Booked(_))),
            Some(_) => Vec::new(),
        }
    }

    fn with(&self, at: &Configuration, booking: usize) -> Configuration {
        let mut next = at.clone();
        if let What::Booked(ticket) = self.events[booking].what {
            next.owner = Some(ticket);
        }
        self.order(&mut next, booking);
        next
    }

    /// What may be next: it began before the first end of all that is left.
    fn next(&self, at: &Configuration, wanted: impl Fn(What) -> bool) -> Vec<usize> {
        let Some(first_end) = self.by_end.get(at.first_end) else {
            return Vec::new();
        };
        let limit = self.events[*first_end].end_us;
        (at.first..self.events.len())
            .take_while(|index| self.events[*index].begin_us <= limit)
            .filter(|index| !at.is_done(*index) && wanted(self.events[*index].what))
            .collect()
    }

    fn order(&self, at: &mut Configuration, index: usize) {
        at.done[index / 64] |= 1 << (index % 64);
        while at.first < self.events.len() && at.is_done(at.first) {
            at.first += 1;
        }
        while at.first_end < self.by_end.len() && at.is_done(self.by_end[at.first_end]) {
            at.first_end += 1;
        }
    }
}

impl Configuration {
    fn is_done(&self, index: usize) -> bool {
        self.done[index / 64] & (1 << (index % 64)) != 0
    }
}

#[cfg(test)]
mod tests;
