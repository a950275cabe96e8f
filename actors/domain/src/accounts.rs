//! Users as every company knows them.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// Versions that can be made in a second, one by each company of the largest cluster there may be.
const VERSIONS_PER_SECOND: i64 = 64;
/// Of a user as registered.
pub const FIRST_VERSION: i64 = 1;

/// One user. Immutable but for the password hash, which rises with `version`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// NFKC, case-folded; unique over all companies.
    pub login: String,
    /// Argon2id, PHC string.
    pub password_hash: String,
    /// [`FIRST_VERSION`], then of [`User::renewed`].
    pub version: i64,
}

impl User {
    /// What comes after this user, with this password hash: made at this second since 1970 by the company that has this
    /// index in its cluster. Its version is higher, also where a clock is behind, and no other company makes the same one:
    /// of two that are made at once the same stays everywhere.
    pub fn renewed(&self, password_hash: String, now: i64, company: usize) -> Self {
        let second = now.max(self.version / VERSIONS_PER_SECOND + 1);
        let company = i64::try_from(company).unwrap_or_default() % VERSIONS_PER_SECOND;
        Self {
            password_hash,
            version: second * VERSIONS_PER_SECOND + company,
            ..self.clone()
        }
    }
}

/// The lowest version that can be made at this second since 1970.
pub fn first_version_of(second: i64) -> i64 {
    second.saturating_mul(VERSIONS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_renewed_is_newer_whatever_the_clock_says_and_of_one_company() {
        let ana = User {
            id: UserId(Uuid::nil()),
            login: "ana".to_owned(),
            password_hash: "old".to_owned(),
            version: FIRST_VERSION,
        };
        let now = 1_780_000_000;
        let here = ana.renewed("new".to_owned(), now, 0);
        let there = ana.renewed("new".to_owned(), now, 31);
        assert_eq!((&*here.password_hash, &*here.login), ("new", "ana"));
        assert!(here.version < there.version, "one of the two is the newer");
        assert!(here.version >= first_version_of(now));
        assert!(there.version < first_version_of(now + 1));
        for behind in [now - 3600, 0, -5] {
            let next = there.renewed("newer".to_owned(), behind, 0);
            assert!(next.version > there.version, "{behind}");
        }
    }
}
