//! Which tokens are good no more. A token names the version of its user; whoever changes the password, or signs out
//! everywhere, makes a newer version, and what is older than that is refused.
//!
//! Every company hears of new versions as of all copies, within seconds, and keeps those of a day in memory: a token
//! lives for minutes, and the rest of the day is for companies that were apart. So no request asks the database.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;

use super::archive::Archive;
use crate::clock::Clock;
use crate::domain::accounts::first_version_of;
use crate::domain::ids::UserId;

/// How long a new version is remembered, in seconds.
const KEPT_SECONDS: i64 = 24 * 3600;
/// New versions that are remembered, some 20 MB. As many in a day are more passwords than a node can hash in it, by far.
const KEPT_MAX: usize = 200_000;
/// Pause after the tables could not be read.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Sessions(Mutex<Renewed>);

#[derive(Debug, Default)]
struct Renewed {
    /// The newest version of each, and the second at which it was heard of.
    versions: HashMap<UserId, (i64, i64)>,
    /// In the order of their coming.
    heard: VecDeque<(i64, UserId)>,
}

impl Sessions {
    /// There is this version of the user, heard of at this second since 1970.
    pub fn note(&self, user: UserId, version: i64, now: i64) {
        let mut renewed = self.lock();
        let known = renewed.versions.get(&user);
        if known.is_some_and(|(known, _)| *known >= version) {
            return;
        }
        renewed.versions.insert(user, (version, now));
        renewed.heard.push_back((now, user));
        renewed.forget(now);
    }

    /// Whether a token of this version is of the user's newest one, as far as is known here.
    pub fn is_current(&self, user: UserId, version: i64) -> bool {
        let renewed = self.lock();
        let newest = renewed.versions.get(&user);
        newest.is_none_or(|(newest, _)| version >= *newest)
    }

    /// Reads what was renewed before this node started; ends when it has.
    pub async fn learn(&self, archive: &Archive, clock: &Clock) {
        loop {
            let now = clock.wall_seconds();
            let after = first_version_of(now - KEPT_SECONDS);
            match archive.renewed_users(after, KEPT_MAX).await {
                Ok(users) => {
                    let users = users.into_iter();
                    return users.for_each(|(user, version)| self.note(user, version, now));
                }
                Err(error) => warn!(%error, "cannot read who signed out lately"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Renewed> {
        // whoever panicked left all or nothing of a version
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renewed {
    fn forget(&mut self, now: i64) {
        while let Some((at, user)) = self.heard.front().copied() {
            if at.saturating_add(KEPT_SECONDS) > now && self.heard.len() <= KEPT_MAX {
                return;
            }
            self.heard.pop_front();
            // one that was renewed again stands further back, too
            let newest = self.versions.get(&user);
            if newest.is_some_and(|(_, heard)| *heard == at) {
                self.versions.remove(&user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[test]
    fn a_token_is_good_until_its_user_is_renewed() {
        let sessions = Sessions::default();
        assert!(sessions.is_current(user(1), 0) && sessions.is_current(user(1), 1));
        sessions.note(user(1), 640, 10);
        assert!(!sessions.is_current(user(1), 1) && !sessions.is_current(user(1), 639));
        assert!(sessions.is_current(user(1), 640) && sessions.is_current(user(1), 641));
        assert!(sessions.is_current(user(2), 1), "another's");
        sessions.note(user(1), 7, 20);
        assert!(
            !sessions.is_current(user(1), 7),
            "an older version is no news"
        );
    }

    #[test]
    fn a_day_is_remembered_and_not_too_much() {
        let sessions = Sessions::default();
        sessions.note(user(1), 640, 0);
        sessions.note(user(2), 640, KEPT_SECONDS - 1);
        assert!(!sessions.is_current(user(1), 1));
        sessions.note(user(3), 640, KEPT_SECONDS);
        assert!(sessions.is_current(user(1), 1) && !sessions.is_current(user(2), 1));
        for number in 0..2 * KEPT_MAX as u128 {
            sessions.note(user(number), 640, KEPT_SECONDS);
        }
        let renewed = sessions.lock();
        assert!(renewed.versions.len() <= KEPT_MAX && renewed.heard.len() <= KEPT_MAX);
    }

    #[test]
    fn who_is_renewed_twice_is_remembered_for_the_later_one() {
        let sessions = Sessions::default();
        sessions.note(user(1), 640, 0);
        sessions.note(user(1), 704, 100);
        sessions.note(user(2), 640, KEPT_SECONDS + 50);
        assert!(!sessions.is_current(user(1), 640));
    }
}
