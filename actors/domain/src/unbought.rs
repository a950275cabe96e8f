//! What customers keep of a company without having bought it, and kept a moment ago.

use std::collections::BTreeMap;

use super::ids::{RouteId, SagaId, UserId};

/// For so long, in milliseconds, it counts what was kept for nothing.
pub const COOL_DOWN_MS: i64 = 60 * 60 * 1000;

/// What is kept of this company, and was a moment ago, without being bought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unbought {
    /// Seats of each open hold, by route.
    pub open: BTreeMap<UserId, BTreeMap<SagaId, BTreeMap<RouteId, u32>>>,
    /// Of holds that ended within [`COOL_DOWN_MS`]: for how many seconds each of their seats was kept, added up.
    pub seat_seconds: BTreeMap<UserId, BTreeMap<RouteId, u32>>,
    /// Seats of all open holds, of whomever.
    pub on_route: BTreeMap<RouteId, u32>,
}

impl Unbought {
    pub fn note_open(&mut self, user: UserId, saga: SagaId, route: RouteId) {
        let holds = self.open.entry(user).or_default();
        *holds.entry(saga).or_default().entry(route).or_default() += 1;
    }

    /// Seats of one route, in open holds of a user.
    pub fn open_on(&self, user: UserId, route: RouteId) -> u32 {
        let holds = self.open.get(&user).into_iter().flat_map(BTreeMap::values);
        holds.filter_map(|routes| routes.get(&route)).sum()
    }

    pub fn note_ended(&mut self, user: UserId, route: RouteId, seat_seconds: u32) {
        let of_user = self.seat_seconds.entry(user).or_default();
        let sum = of_user.entry(route).or_default();
        *sum = sum.saturating_add(seat_seconds);
    }

    pub fn seat_seconds_on(&self, user: UserId, route: RouteId) -> u32 {
        let ended = self.seat_seconds.get(&user);
        let ended = ended.and_then(|routes| routes.get(&route));
        ended.copied().unwrap_or(0)
    }
}
