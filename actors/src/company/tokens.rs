//! That a customer has come to a company, for others to believe: the token says so to whoever is shown it, and is good for everything, so
//! that no company shows it to another one but to its issuer. What others are shown is good for names of passengers, and for one company.

use serde::{Deserialize, Serialize};

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

/// The word of a token's issuer that a company was shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    #[serde(rename = "u")]
    pub user: UserId,
    #[serde(rename = "v")]
    pub version: i64,
    /// The company that was shown the token.
    #[serde(rename = "t")]
    pub to: CompanyId,
    /// Seconds since 1970.
    #[serde(rename = "e")]
    pub until: i64,
}

/// Reads tokens, and vouches for our own.
pub trait Tokens: Send + Sync + 'static {
    /// None where it is no good one at this second since 1970. Whether its issuer may speak for the user is another question
    /// ([`super::credential::consents`]).
    fn read(&self, token: &str, now: i64) -> Option<Shown>;

    /// Signs it as this company.
    fn vouch(&self, voucher: &Voucher) -> Option<String>;

    /// By whom it is signed, and what it says.
    fn vouched(&self, text: &str) -> Option<(CompanyId, Voucher)>;
}
