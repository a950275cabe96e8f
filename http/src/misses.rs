//! Misses: who asks for bookings, holds and tickets of others, or of nobody. For each, every company may have to look.
//!
//! Invariants: a user who has had as many as are free has one look at a time, and none within a second of the last miss; what is found
//! costs nothing; a minute without a miss, and all are forgotten. No more than [`KEPT_MAX`](passcom_actors::company::failures::KEPT_MAX) users are remembered.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use passcom_actors::company::failures::make_room;
use passcom_actors::domain::ids::UserId;
use tokio::time::Instant;

const MISS_EVERY: Duration = Duration::from_secs(1);
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

pub(crate) struct Misses {
    /// None: all are.
    free: Option<NonZeroU32>,
    users: Mutex<HashMap<UserId, Asking>>,
}

#[derive(Default)]
struct Asking {
    misses: u32,
    last: Option<Instant>,
    looks: u32,
}

/// A look that is under way. It ends when this is dropped.
pub(crate) struct Look<'a> {
    misses: &'a Misses,
    user: UserId,
}

impl Misses {
    pub fn new(free: Option<NonZeroU32>) -> Self {
        Self {
            free,
            users: Mutex::default(),
        }
    }

    /// `Err`: not before so long.
    pub fn look(&self, user: UserId) -> Result<Look<'_>, Duration> {
        if let Some(free) = self.free {
            let now = Instant::now();
            let mut users = self.lock();
            if !users.contains_key(&user) {
                make_room(&mut users, |asking| {
                    asking.looks > 0 || !asking.is_forgotten(now)
                });
            }
            let asking = users.entry(user).or_default();
            asking.check(free.get(), now)?;
            asking.looks += 1;
        }
        Ok(Look { misses: self, user })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Asking>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking {
    fn is_forgotten(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now - last >= FORGOTTEN_AFTER)
    }

    fn check(&mut self, free: u32, now: Instant) -> Result<(), Duration> {
        if self.is_forgotten(now) {
            self.misses = 0;
        }
        // whoever has had none looks as often as it may ask
        if self.misses == 0 || self.misses.saturating_add(self.looks) < free {
            return Ok(());
        }
        let next = self.last.map_or(now, |last| last + MISS_EVERY);
        match self.looks == 0 && next <= now {
            true => Ok(()),
            false => Err(next
                .saturating_duration_since(now)
                .max(Duration::from_millis(1))),
        }
    }
}

impl Look<'_> {
    /// What was looked for is another user's, or nobody's.
    pub fn missed(self) {
        if let Some(asking) = self.misses.lock().get_mut(&self.user) {
            asking.misses = asking.misses.saturating_add(1);
            asking.last = Some(Instant::now());
        }
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        let mut users = self.misses.lock();
        if let Some(asking) = users.get_mut(&self.user) {
            asking.looks = asking.looks.saturating_sub(1);
            if asking.looks == 0 && asking.misses == 0 {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use passcom_actors::company::failures::KEPT_MAX;
    use uuid::Uuid;

    use super::*;

    const STRANGER: UserId = UserId(Uuid::from_u128(1));
    const OTHER: UserId = UserId(Uuid::from_u128(2));

    fn misses() -> Misses {
        Misses::new(NonZeroU32::new(3))
    }

    fn miss(misses: &Misses) -> Result<(), Duration> {
        misses.look(STRANGER).map(Look::missed)
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_missed_often_misses_once_a_second_and_what_is_found_costs_nothing() {
        let misses = misses();
        for _ in 0..100 {
            assert!(misses.look(OTHER).is_ok());
        }
        for _ in 0..3 {
            assert_eq!(miss(&misses), Ok(()));
        }
        let wait = miss(&misses).unwrap_err();
        assert_eq!(wait, MISS_EVERY);
        assert!(misses.look(OTHER).is_ok());
        tokio::time::advance(wait).await;
        for _ in 0..100 {
            assert!(misses.look(STRANGER).is_ok(), "what is found");
        }
        assert_eq!(miss(&misses), Ok(()));
        assert!(miss(&misses).is_err());
        tokio::time::advance(FORGOTTEN_AFTER).await;
        assert_eq!(miss(&misses), Ok(()));
        assert_eq!(miss(&misses), Ok(()));
        assert_eq!(misses.lock().len(), 1, "who has found all is not kept");
    }

    #[tokio::test(start_paused = true)]
    async fn looks_at_once_are_as_many_as_are_free() {
        let misses = misses();
        let look = || {
            misses
                .look(STRANGER)
                .unwrap_or_else(|_| panic!("it is free"))
        };
        let many: Vec<_> = (0..10).map(|_| look()).collect();
        drop(many);
        assert_eq!(miss(&misses), Ok(()));
        let two = [look(), look()];
        assert!(misses.look(STRANGER).is_err());
        two.into_iter().for_each(Look::missed);
        assert!(misses.look(STRANGER).is_err());
        tokio::time::advance(MISS_EVERY).await;
        let one = misses
            .look(STRANGER)
            .unwrap_or_else(|_| panic!("one a second"));
        assert!(misses.look(STRANGER).is_err(), "and one at a time");
        drop(one);
        assert!(misses.look(STRANGER).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_users_are_remembered_and_no_more() {
        let misses = misses();
        for number in 0..2 * KEPT_MAX as u128 {
            let look = misses.look(UserId(Uuid::from_u128(number)));
            look.map(Look::missed).unwrap();
        }
        assert!(misses.lock().len() <= KEPT_MAX);
    }
}
