//! Tokens that were verified before. Checking a signature costs some 50 µs, more than the rest of a small request.
//!
//! Invariants: a token is found by all of its bytes and only until it expires; at most [`TOKENS_MAX`] are kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Shown;

/// Some 3 MB of tokens.
const TOKENS_MAX: usize = 8192;

#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, Verified>>);

#[derive(Debug, Clone, Copy)]
struct Verified {
    shown: Shown,
    /// Last second at which it is accepted.
    until: i64,
}

impl Seen {
    pub fn shown(&self, token: &str, now: i64) -> Option<Shown> {
        let verified = self.lock().get(token).copied()?;
        (now <= verified.until).then_some(verified.shown)
    }

    pub fn remember(&self, token: &str, shown: Shown, until: i64, now: i64) {
        let mut tokens = self.lock();
        if tokens.len() >= TOKENS_MAX {
            tokens.retain(|_, verified| now <= verified.until);
        }
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(token.to_owned(), Verified { shown, until });
    }

    pub fn vouched(&self, token: &str) {
        if let Some(verified) = self.lock().get_mut(token) {
            verified.shown.is_vouched = true;
        }
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
    use super::*;
    use crate::token::tests::{USER, company};

    fn shown() -> Shown {
        Shown {
            known: USER,
            issuer: company("a"),
            is_vouched: false,
        }
    }

    #[test]
    fn a_token_is_known_until_it_expires() {
        let seen = Seen::default();
        assert_eq!(seen.shown("a", 10), None);
        seen.remember("a", shown(), 20, 10);
        assert_eq!(seen.shown("a", 20), Some(shown()));
        assert_eq!(seen.shown("a", 21), None);
        assert_eq!(seen.shown("A", 10), None);
    }

    #[test]
    fn that_its_issuer_may_speak_is_remembered_of_that_token() {
        let seen = Seen::default();
        for token in ["a", "b"] {
            seen.remember(token, shown(), 20, 10);
        }
        seen.vouched("a");
        seen.vouched("never seen");
        let is_vouched = |token| seen.shown(token, 10).map(|shown| shown.is_vouched);
        assert_eq!(
            (is_vouched("a"), is_vouched("b")),
            (Some(true), Some(false))
        );
    }

    #[test]
    fn the_expired_make_room_first_and_then_all() {
        let seen = Seen::default();
        let remember = |range: std::ops::Range<usize>, until, now| {
            for number in range {
                seen.remember(&number.to_string(), shown(), until, now);
            }
        };
        remember(0..TOKENS_MAX / 2, 10, 0);
        remember(TOKENS_MAX / 2..TOKENS_MAX, 30, 0);
        seen.remember("next", shown(), 30, 20);
        assert_eq!(seen.lock().len(), TOKENS_MAX / 2 + 1);
        remember(TOKENS_MAX..2 * TOKENS_MAX, 30, 20);
        assert!(seen.lock().len() <= TOKENS_MAX);
        let last = (2 * TOKENS_MAX - 1).to_string();
        assert_eq!(seen.shown(&last, 20), Some(shown()));
    }
}
