//! What is certainly not recorded, known without asking the tables: clients' keys that were never used, and routes of which no
//! seat was ever taken. Nearly every booking brings such a key.
//!
//! Invariant: what is recorded is never called unused. So nothing is called unused until the tables were read to their end, and
//! whatever the log says meanwhile is noted at once.

use std::collections::HashSet;

use fastbloom::BloomFilter;

use super::hot::ClientKey;
use crate::domain::ids::RouteId;

/// Bits of the filter, two MiB, of which memory takes what is touched. A million keys are told apart but for 2 in 1,000, four
/// millions but for 16 in 100: those are looked up in the tables.
const KEY_BITS: usize = 1 << 24;
const KEY_HASHES: u32 = 4;
/// Keys beyond which a filter of that size says too little to be worth reading them at the start.
pub const KEYS_MAX: usize = 4_000_000;

/// Keys of clients.
#[derive(Debug)]
pub struct UnusedKeys {
    used: BloomFilter,
    is_complete: bool,
}

impl Default for UnusedKeys {
    fn default() -> Self {
        // the same at every start, so that what goes wrong goes wrong again; who finds keys that collide gains a look-up
        let used = BloomFilter::with_num_bits(KEY_BITS).seed(&0);
        Self {
            used: used.hashes(KEY_HASHES),
            is_complete: false,
        }
    }
}

impl UnusedKeys {
    pub fn note_used(&mut self, key: &ClientKey) {
        self.used.insert(key);
    }

    /// Every key of the tables was noted.
    pub fn complete(&mut self) {
        self.is_complete = true;
    }

    pub fn contains(&self, key: &ClientKey) -> bool {
        self.is_complete && !self.used.contains(key)
    }
}

/// Routes of this company.
#[derive(Debug, Default)]
pub struct EmptyRoutes {
    taken: HashSet<RouteId>,
    is_complete: bool,
}

impl EmptyRoutes {
    /// A seat of the route is taken, or off sale.
    pub fn note_taken(&mut self, route: RouteId) {
        self.taken.insert(route);
    }

    /// Every route of which the tables have a seat as taken was noted.
    pub fn complete(&mut self) {
        self.is_complete = true;
    }

    pub fn contains(&self, route: RouteId) -> bool {
        self.is_complete && !self.taken.contains(&route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;

    fn key(number: u128) -> ClientKey {
        (
            UserId(uuid::Uuid::from_u128(number % 7)),
            number.to_string(),
        )
    }

    #[test]
    fn what_is_recorded_is_never_unused_and_the_rest_mostly_is() {
        let mut keys = UnusedKeys::default();
        (0..20_000).for_each(|number| keys.note_used(&key(number)));
        assert!(!keys.contains(&key(20_000)), "the tables were not read");
        keys.complete();
        assert!((0..20_000).all(|number| !keys.contains(&key(number))));
        let unused = (20_000..40_000).filter(|number| keys.contains(&key(*number)));
        assert!(unused.count() > 19_990);
        keys.note_used(&key(30_000));
        assert!(!keys.contains(&key(30_000)));
    }

    #[test]
    fn a_route_is_empty_until_a_seat_is_taken() {
        let mut routes = EmptyRoutes::default();
        routes.note_taken(RouteId(1));
        assert!(!routes.contains(RouteId(2)), "the tables were not read");
        routes.complete();
        assert!(routes.contains(RouteId(2)));
        routes.note_taken(RouteId(2));
        assert!(!routes.contains(RouteId(1)) && !routes.contains(RouteId(2)));
    }
}
