//! Tokens of customers, as far as companies show them to each other: whoever has one acts for its user at any company, for as long as it is
//! good.

use super::credential::Consent;
use crate::domain::ids::{CompanyId, UserId};

/// What a good token says.
pub struct Shown {
    pub user: UserId,
    pub version: i64,
    /// Whose token it is.
    pub issuer: CompanyId,
    /// That the issuer may speak for the user.
    pub consent: Option<Consent>,
}

/// Reads tokens.
pub trait Tokens: Send + Sync + 'static {
    /// None where it is no good one at this second since 1970. Whether its issuer may speak for the user is another question
    /// ([`super::credential::consents`]).
    fn read(&self, token: &str, now: i64) -> Option<Shown>;
}
