//! Failures, by whoever made them, and when the next try may be.
//!
//! Invariant: memory is bounded, by [`KEPT_MAX`] of each kind.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Most that is kept of each kind.
pub const KEPT_MAX: usize = 50_000;

/// So many failures at once, and after each further one a delay that doubles.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub free: u32,
    pub delay_least: Duration,
    pub delay_most: Duration,
    /// After so long without a failure all is forgotten.
    pub forgotten_after: Duration,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Failures {
    count: u32,
    last: Instant,
}

/// Slows down whoever is wrong again and again, by address, and nobody else.
pub struct Brake {
    budget: Budget,
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

impl Brake {
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            failures: Mutex::default(),
        }
    }

    /// Looks whether a try of this address is right, which forgets its failures, or wrong, which is one more. `Err`: it was not
    /// looked at, and may come after so long. `look` must take no longer than a comparison.
    pub fn look<T>(
        &self,
        from: IpAddr,
        look: impl FnOnce() -> Option<T>,
    ) -> Result<Option<T>, Duration> {
        let now = Instant::now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        check(&failures, &from, &self.budget, now)?;
        let right = look();
        if right.is_some() {
            failures.remove(&from);
        } else {
            count(&mut failures, from, &self.budget, now);
        }
        Ok(right)
    }
}

impl Failures {
    /// When the next one may be, after these and so many that were made elsewhere.
    fn next(&self, elsewhere: u32, budget: &Budget) -> Instant {
        let all = self.count.saturating_add(elsewhere);
        let Some(over) = all.checked_sub(budget.free) else {
            return self.last;
        };
        let delay = budget.delay_least * 2_u32.pow(over.min(16));
        self.last + delay.min(budget.delay_most)
    }

    fn is_forgotten(&self, budget: &Budget, now: Instant) -> bool {
        now.duration_since(self.last) > budget.forgotten_after
    }
}

pub(super) fn check<K, Q>(
    failures: &HashMap<K, Failures>,
    of: &Q,
    budget: &Budget,
    now: Instant,
) -> Result<(), Duration>
where
    K: Eq + Hash + Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    check_with(0, failures, of, budget, now)
}

/// With so many failures that were made elsewhere. They make a delay longer and begin none: it runs from the last try here.
pub(super) fn check_with<K, Q>(
    elsewhere: u32,
    failures: &HashMap<K, Failures>,
    of: &Q,
    budget: &Budget,
    now: Instant,
) -> Result<(), Duration>
where
    K: Eq + Hash + Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    let known = failures.get(of);
    let known = known.filter(|known| !known.is_forgotten(budget, now));
    match known.map(|known| known.next(elsewhere, budget)) {
        Some(next) if next > now => Err(next.duration_since(now)),
        _ => Ok(()),
    }
}

/// How many there are that count.
pub(super) fn number<K, Q>(
    failures: &HashMap<K, Failures>,
    of: &Q,
    budget: &Budget,
    now: Instant,
) -> u32
where
    K: Eq + Hash + Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    let known = failures.get(of);
    let known = known.filter(|known| !known.is_forgotten(budget, now));
    known.map_or(0, |known| known.count)
}

/// There are so many of them at least.
pub(super) fn raise<K: Eq + Hash>(
    failures: &mut HashMap<K, Failures>,
    of: K,
    to: u32,
    budget: &Budget,
    now: Instant,
) {
    if to == 0 {
        return;
    }
    let known = entry(failures, of, budget, now);
    known.count = known.count.max(to);
    known.last = now;
}

pub(super) fn count<K: Eq + Hash>(
    failures: &mut HashMap<K, Failures>,
    of: K,
    budget: &Budget,
    now: Instant,
) {
    let known = entry(failures, of, budget, now);
    known.count = known.count.saturating_add(1);
    known.last = now;
}

/// What is kept of it, without what is forgotten.
fn entry<'a, K: Eq + Hash>(
    failures: &'a mut HashMap<K, Failures>,
    of: K,
    budget: &Budget,
    now: Instant,
) -> &'a mut Failures {
    if !failures.contains_key(&of) {
        make_room(failures, |known| !known.is_forgotten(budget, now));
    }
    let known = failures.entry(of).or_insert(Failures {
        count: 0,
        last: now,
    });
    if known.is_forgotten(budget, now) {
        known.count = 0;
    }
    known
}

pub(super) fn take_back<K, Q>(failures: &mut HashMap<K, Failures>, of: &Q)
where
    K: Eq + Hash + Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    let Some(known) = failures.get_mut(of) else {
        return;
    };
    known.count = known.count.saturating_sub(1);
    if known.count == 0 {
        failures.remove(of);
    }
}

/// Where there are too many, first what does not count any more goes, then every other one.
pub fn make_room<K: Eq + Hash, V>(kept: &mut HashMap<K, V>, counts: impl Fn(&V) -> bool) {
    if kept.len() < KEPT_MAX {
        return;
    }
    kept.retain(|_, value| counts(value));
    if kept.len() > KEPT_MAX / 2 {
        let mut keep = false;
        kept.retain(|_, _| {
            keep = !keep;
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        free: 3,
        delay_least: Duration::from_secs(1),
        delay_most: Duration::from_secs(60),
        forgotten_after: Duration::from_secs(600),
    };

    #[tokio::test(start_paused = true)]
    async fn whoever_is_wrong_again_and_again_is_not_looked_at_and_others_are() {
        let brake = Brake::new(BUDGET);
        let (bad, good) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let looked = (0..6_000).filter(|_| brake.look(bad, || None::<()>).is_ok());
        assert_eq!(looked.count(), BUDGET.free as usize);
        let wait = brake.look(bad, || Some(())).unwrap_err();
        assert_eq!(brake.look(good, || Some(())), Ok(Some(())));
        tokio::time::advance(wait).await;
        assert_eq!(brake.look(bad, || None::<()>), Ok(None));
        let longer = brake.look(bad, || Some(())).unwrap_err();
        assert!(longer > wait && longer <= BUDGET.delay_most);
        tokio::time::advance(longer).await;
        assert_eq!(brake.look(bad, || Some(())), Ok(Some(())));
        assert_eq!(brake.look(bad, || None::<()>), Ok(None), "all is forgotten");
    }
}
