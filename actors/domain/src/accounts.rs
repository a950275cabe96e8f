//! Users as every company knows them.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// One user. Immutable but for the password hash, which rises with `version`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// NFKC, case-folded; unique over all companies.
    pub login: String,
    /// Argon2id, PHC string.
    pub password_hash: String,
    pub version: i64,
}
