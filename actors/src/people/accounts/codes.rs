//! Codes by which somebody who has forgotten a password chooses another one. What a company keeps of them, seen from who asks.
//!
//! Invariant: nothing here depends on whether anybody has the login, so that nothing can be told about that.

use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::domain::accounts::Language;
use crate::people::desk::Unavailable;

/// How long a code is good for.
pub const GOOD_FOR: Duration = Duration::from_secs(15 * 60);
/// Tries that a code has.
pub const TRIES_MAX: i32 = 5;
/// Codes of one login within [`ASKED_WITHIN`].
pub const ASKED_MAX: i64 = 3;
pub const ASKED_WITHIN: Duration = Duration::from_secs(60 * 60);
/// Codes that a company keeps at a time, of all logins.
pub const CODES_MAX: i64 = 20_000;

/// Answer to who asks for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is durable: a code is mailed, if somebody has the login and a mailbox.
    Noted,
    /// As many as may be were asked for this login within the last hour.
    TooMany,
    /// As many as may be are kept.
    Full,
}

type Kept<'a, T> = BoxFuture<'a, Result<T, Unavailable>>;

/// The codes of one company.
pub trait Codes: Send + Sync {
    /// Has a code made for this login, of its key.
    fn ask(&self, login: String, language: Language) -> Kept<'_, Asked>;

    /// Counts a try at the newest code of this login: its id, if it is good still. None: there is none that is.
    fn attempt(&self, login: String) -> Kept<'_, Option<Uuid>>;

    /// Takes the code out of use. False: it was, or is not good any more.
    fn redeem(&self, code: Uuid) -> Kept<'_, bool>;
}
