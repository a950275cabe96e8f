//! Tokens that were verified before. Checking a signature costs some 50 µs, more than the rest of a small request.
//!
//! Invariants: a token is found by all of its bytes and only until it expires; at most [`TOKENS_MAX`] are kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use passcom_actors::people::accounts::Known;

/// Some 3 MB of tokens.
const TOKENS_MAX: usize = 8192;

#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, Verified>>);

#[derive(Debug, Clone, Copy)]
struct Verified {
    known: Known,
    /// Last second at which it is accepted.
    until: i64,
}

impl Seen {
    pub fn known(&self, token: &str, now: i64) -> Option<Known> {
        let verified = self.lock().get(token).copied()?;
        (now <= verified.until).then_some(verified.known)
    }

    pub fn remember(&self, token: &str, known: Known, until: i64, now: i64) {
        let mut tokens = self.lock();
        if tokens.len() >= TOKENS_MAX {
            tokens.retain(|_, verified| now <= verified.until);
        }
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(token.to_owned(), Verified { known, until });
    }

    /// What was proven is to be proven again.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Verified>> {
        // whoever panicked left a map with all or nothing of an entry
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::ids::UserId;
    use uuid::Uuid;

    use super::*;

    const USER: Known = Known {
        user: UserId(Uuid::from_u128(7)),
        version: 1,
    };

    #[test]
    fn a_token_is_known_until_it_expires() {
        let seen = Seen::default();
        assert_eq!(seen.known("a", 10), None);
        seen.remember("a", USER, 20, 10);
        assert_eq!(seen.known("a", 20), Some(USER));
        assert_eq!(seen.known("a", 21), None);
        assert_eq!(seen.known("A", 10), None);
    }

    #[test]
    fn the_expired_make_room_first_and_then_all() {
        let seen = Seen::default();
        let remember = |range: std::ops::Range<usize>, until, now| {
            for number in range {
                seen.remember(&number.to_string(), USER, until, now);
            }
        };
        remember(0..TOKENS_MAX / 2, 10, 0);
        remember(TOKENS_MAX / 2..TOKENS_MAX, 30, 0);
        seen.remember("next", USER, 30, 20);
        assert_eq!(seen.lock().len(), TOKENS_MAX / 2 + 1);
        remember(TOKENS_MAX..2 * TOKENS_MAX, 30, 20);
        assert!(seen.lock().len() <= TOKENS_MAX);
        let last = (2 * TOKENS_MAX - 1).to_string();
        assert_eq!(seen.known(&last, 20), Some(USER));
    }
}
