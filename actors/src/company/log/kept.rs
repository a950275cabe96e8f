//! What customers keep of this company without having bought it, and kept a moment ago: counted as it changes, because every vote
//! on a hold asks. Pure.
//!
//! Invariant: memory is bounded. Open holds are bounded by the seats on sale; of ended ones [`ENDED_MAX`] are remembered, and each
//! for [`COOL_DOWN_MS`].

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::domain::ids::{RouteId, SagaId, UserId};
use crate::domain::unbought::{COOL_DOWN_MS, Unbought};

/// Ended holds that are remembered, each route of theirs for one.
const ENDED_MAX: usize = 65_536;

/// An open hold: whose it is, and for each of its seats the route.
pub(super) type Hold = (UserId, Vec<RouteId>);

#[derive(Debug, Default)]
pub(super) struct Kept {
    open: HashMap<UserId, BTreeMap<SagaId, BTreeMap<RouteId, u32>>>,
    on_route: HashMap<RouteId, u32>,
    /// When a hold ended that was not bought, whose it was, and for how many seconds its seats of a route were kept, added up.
    /// Oldest first.
    ended: VecDeque<(i64, UserId, RouteId, u32)>,
    /// The sums of these.
    seat_seconds: HashMap<UserId, BTreeMap<RouteId, u32>>,
}

impl Kept {
    /// A saga was this hold, or none that is open, and is this one now.
    pub fn change(&mut self, saga: SagaId, before: Option<&Hold>, after: Option<&Hold>) {
        if before == after {
            return;
        }
        if let Some((user, routes)) = before {
            if let Some(holds) = self.open.get_mut(user) {
                holds.remove(&saga);
                if holds.is_empty() {
                    self.open.remove(user);
                }
            }
            for route in routes {
                take_off(&mut self.on_route, *route, 1);
            }
        }
        if let Some((user, routes)) = after {
            let hold = self.open.entry(*user).or_default().entry(saga).or_default();
            for route in routes {
                *hold.entry(*route).or_default() += 1;
                *self.on_route.entry(*route).or_default() += 1;
            }
        }
    }

    /// A hold ended for nothing, after so many seconds.
    pub fn note_ended(&mut self, at: i64, (user, routes): &Hold, seconds: u32) {
        for of_route in routes.chunk_by(|one, other| one == other) {
            let seat_seconds = seconds.saturating_mul(of_route.len() as u32);
            self.ended.push_back((at, *user, of_route[0], seat_seconds));
            let sums = self.seat_seconds.entry(*user).or_default();
            let sum = sums.entry(of_route[0]).or_default();
            *sum = sum.saturating_add(seat_seconds);
        }
    }

    /// What ended too long ago does not count any more.
    pub fn forget(&mut self, now: i64) {
        let since = now.saturating_sub(COOL_DOWN_MS);
        while let Some((at, user, route, seconds)) = self.ended.front().copied()
            && (at <= since || self.ended.len() > ENDED_MAX)
        {
            self.ended.pop_front();
            if let Some(sums) = self.seat_seconds.get_mut(&user) {
                if let Some(sum) = sums.get_mut(&route) {
                    *sum = sum.saturating_sub(seconds);
                    if *sum == 0 {
                        sums.remove(&route);
                    }
                }
                if sums.is_empty() {
                    self.seat_seconds.remove(&user);
                }
            }
        }
    }

    /// The open holds of this user, ascending by id.
    pub fn holds_of(&self, user: UserId) -> impl Iterator<Item = SagaId> + '_ {
        let holds = self.open.get(&user).into_iter();
        holds.flat_map(|holds| holds.keys().copied())
    }

    /// As far as these holders and routes are concerned.
    pub fn of(&self, holders: &BTreeSet<UserId>, routes: &BTreeSet<RouteId>) -> Unbought {
        fn those<T: Clone>(of: &HashMap<UserId, T>, who: &BTreeSet<UserId>) -> BTreeMap<UserId, T> {
            let known = who
                .iter()
                .filter_map(|user| Some((*user, of.get(user)?.clone())));
            known.collect()
        }
        let on_route = routes.iter();
        let on_route = on_route.filter_map(|route| Some((*route, *self.on_route.get(route)?)));
        Unbought {
            open: those(&self.open, holders),
            seat_seconds: those(&self.seat_seconds, holders),
            on_route: on_route.collect(),
        }
    }
}

fn take_off(counts: &mut HashMap<RouteId, u32>, route: RouteId, count: u32) {
    if let Some(known) = counts.get_mut(&route) {
        *known = known.saturating_sub(count);
        if *known == 0 {
            counts.remove(&route);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{ROUTE, SAGA, USER};

    #[test]
    fn what_has_ended_leaves_nothing_behind_but_for_a_while() {
        let mut kept = Kept::default();
        let other = RouteId(ROUTE.0 + 1);
        let hold = (USER, vec![ROUTE, ROUTE, other]);
        kept.change(SAGA, None, Some(&hold));
        let (holders, routes) = ([USER].into(), [ROUTE, other].into());
        let known = kept.of(&holders, &routes);
        assert_eq!((known.open_on(USER, ROUTE), known.on_route[&ROUTE]), (2, 2));
        assert_eq!(known.on_route[&other], 1);
        kept.change(SAGA, Some(&hold), None);
        kept.note_ended(5_000, &hold, 60);
        let known = kept.of(&holders, &routes);
        assert_eq!((known.open.len(), known.on_route.len()), (0, 0));
        assert_eq!(known.seat_seconds_on(USER, ROUTE), 2 * 60);
        kept.forget(5_000 + COOL_DOWN_MS - 1);
        assert_eq!(kept.of(&holders, &routes).seat_seconds_on(USER, other), 60);
        kept.forget(5_000 + COOL_DOWN_MS);
        assert_eq!(kept.of(&holders, &routes), Unbought::default());
        assert!(kept.open.is_empty() && kept.ended.is_empty() && kept.seat_seconds.is_empty());
    }
}
