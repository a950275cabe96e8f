//! Holds that are being begun at this node: they count before the companies know of them, and once they do, not twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::domain::ids::{SagaId, UserId};

/// By user, with how many requests are beginning each.
#[derive(Debug, Clone, Default)]
pub(in crate::people::desk) struct HoldsBegun(Arc<Mutex<BTreeMap<(UserId, SagaId), usize>>>);

pub(in crate::people::desk) struct HoldBegun {
    begun: HoldsBegun,
    place: (UserId, SagaId),
}

impl HoldsBegun {
    /// This one is being begun until the guard is dropped.
    pub fn enter(&self, user: UserId, hold: SagaId) -> HoldBegun {
        let place = (user, hold);
        *self.lock().entry(place).or_default() += 1;
        let begun = self.clone();
        HoldBegun { begun, place }
    }

    pub fn of(&self, user: UserId) -> Vec<SagaId> {
        let first = SagaId(Uuid::nil());
        let last = SagaId(Uuid::max());
        let begun = self.lock();
        let own = begun.range((user, first)..=(user, last));
        own.map(|((_, hold), _)| *hold).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(UserId, SagaId), usize>> {
        // nothing panics between two writes to it
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HoldBegun {
    fn drop(&mut self) {
        let mut begun = self.begun.lock();
        if let Some(requests) = begun.get_mut(&self.place) {
            *requests -= 1;
            if *requests == 0 {
                begun.remove(&self.place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_counts_for_its_user_until_it_has_begun() {
        let begun = HoldsBegun::default();
        let [user, other] = [1, 2].map(|id| UserId(Uuid::from_u128(id)));
        let [one, two] = [3, 4].map(|id| SagaId(Uuid::from_u128(id)));
        let first = begun.enter(user, one);
        let second = begun.enter(user, two);
        assert_eq!(begun.of(user), [one, two]);
        assert_eq!(begun.of(other), []);
        drop(first);
        assert_eq!(begun.of(user), [two]);
        let again = begun.enter(user, two);
        drop(second);
        assert_eq!(begun.of(user), [two], "asked for by another request still");
        drop(again);
        assert_eq!(begun.of(user), []);
    }
}
