//! Who wants to know that a leg has changed. What has changed is then read from the catalogue: a watch carries nothing, and
//! however many changes come before its owner looks, it looks once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::ids::{CompanyId, RouteId};

/// A leg of some company.
pub type LegKey = (CompanyId, RouteId);

/// Invariant: a leg is in here as long as somebody watches it, and no longer.
#[derive(Debug, Default, Clone)]
pub struct Watches {
    legs: Arc<Mutex<HashMap<LegKey, watch::Sender<()>>>>,
}

/// Told of every change of one leg.
#[derive(Debug)]
pub struct LegWatch {
    watches: Watches,
    leg: LegKey,
    changed: watch::Receiver<()>,
}

impl Watches {
    pub fn watch(&self, leg: LegKey) -> LegWatch {
        let changed = self.lock().entry(leg).or_default().subscribe();
        LegWatch {
            watches: self.clone(),
            leg,
            changed,
        }
    }

    /// Wakes those who watch one of these legs.
    pub fn wake(&self, legs: impl Iterator<Item = LegKey>) {
        let watched = self.lock();
        if watched.is_empty() {
            return;
        }
        for changed in legs.filter_map(|leg| watched.get(&leg)) {
            changed.send_replace(());
        }
    }

    /// Wakes those who watch a leg of this company.
    pub fn wake_all(&self, company: CompanyId) {
        let watched = self.lock();
        for ((of, _), changed) in watched.iter() {
            if *of == company {
                changed.send_replace(());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<LegKey, watch::Sender<()>>> {
        self.legs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LegWatch {
    /// Waits for a change since the watch began or this was answered last.
    pub async fn changed(&mut self) {
        // its sender stays in the map as long as we watch
        let _ = self.changed.changed().await;
    }
}

impl Drop for LegWatch {
    fn drop(&mut self) {
        let mut watched = self.watches.lock();
        let last = |sender: &watch::Sender<()>| sender.receiver_count() == 1;
        if watched.get(&self.leg).is_some_and(last) {
            watched.remove(&self.leg);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn leg(company: &str, route: u64) -> LegKey {
        (company.parse().unwrap(), RouteId(route))
    }

    #[test]
    fn whoever_watches_a_leg_hears_of_it_and_of_no_other() {
        let watches = Watches::default();
        let mut one = watches.watch(leg("a", 1));
        let mut other = watches.watch(leg("b", 1));
        watches.wake([leg("a", 1), leg("a", 2)].into_iter());
        watches.wake([leg("a", 1)].into_iter());
        assert!(one.changed().now_or_never().is_some());
        assert!(one.changed().now_or_never().is_none(), "told once");
        assert!(other.changed().now_or_never().is_none());
        watches.wake_all("b".parse().unwrap());
        assert!(other.changed().now_or_never().is_some());
        assert!(one.changed().now_or_never().is_none());
    }

    #[test]
    fn a_leg_that_nobody_watches_is_forgotten() {
        let watches = Watches::default();
        let one = watches.watch(leg("a", 1));
        let other = watches.watch(leg("a", 1));
        drop(one);
        assert_eq!(watches.lock().len(), 1);
        drop(other);
        assert_eq!(watches.lock().len(), 0);
    }
}
