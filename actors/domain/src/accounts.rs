//! Users as every company knows them.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// Versions that can be made in a second, one by each company of the largest cluster there may be.
const VERSIONS_PER_SECOND: i64 = 64;
/// Of a user as registered.
pub const FIRST_VERSION: i64 = 1;
/// What is kept of the password of an account that is gone begins so, where it had a key.
pub const GONE: &str = "$gone1$";

/// The languages that customers are addressed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    Portuguese,
    English,
}

impl Language {
    /// The tag of BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::English => "en",
        }
    }

    /// The language of exactly this tag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let all = [Self::Portuguese, Self::English];
        all.into_iter().find(|language| language.tag() == tag)
    }
}

/// Where mail for a user goes, and in which language.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mailbox {
    /// Checked and in one form, at most 254 ASCII characters.
    pub address: String,
    pub language: Language,
}

/// One user. Immutable but for password hash and mailbox, with which `version` rises.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// NFKC, case-folded; unique over all companies.
    pub login: String,
    /// What is kept of the password: it opens the user's key, as actors/src/company/credential.rs has it; of users of before there were keys
    /// a hash by Argon2id, PHC string.
    pub password_hash: String,
    /// [`FIRST_VERSION`], then of [`User::renewed`].
    pub version: i64,
    /// Absent in what was written before there was one.
    #[serde(default)]
    pub mailbox: Option<Mailbox>,
}

/// What a new version of a user has instead of the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// Nothing else: it is the tokens of before that are to go.
    Nothing,
    PasswordHash(String),
    Mailbox(Option<Mailbox>),
    /// No password and no mailbox: nobody is this user any more. The login stays taken.
    Gone,
}

impl User {
    /// What comes after this user: made at this second since 1970 by the company that has this index in its cluster. Its version is higher, also where a clock is behind, and no other company makes the same one:
    /// of two that are made at once the same stays everywhere.
    pub fn renewed(&self, renewal: Renewal, now: i64, company: usize) -> Self {
        let second = now.max(self.version / VERSIONS_PER_SECOND + 1);
        let company = i64::try_from(company).unwrap_or_default() % VERSIONS_PER_SECOND;
        let mut renewed = Self {
            version: second * VERSIONS_PER_SECOND + company,
            ..self.clone()
        };
        match renewal {
            Renewal::Nothing => {}
            Renewal::PasswordHash(hash) => renewed.password_hash = hash,
            Renewal::Mailbox(mailbox) => renewed.mailbox = mailbox,
            Renewal::Gone => {
                renewed.password_hash = String::new();
                renewed.mailbox = None;
            }
        }
        renewed
    }

    /// Whether the account was deleted: no password opens it.
    pub fn is_gone(&self) -> bool {
        self.password_hash.is_empty() || self.password_hash.starts_with(GONE)
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
            mailbox: None,
        };
        let now = 1_780_000_000;
        let password = |hash: &str| Renewal::PasswordHash(hash.to_owned());
        let here = ana.renewed(password("new"), now, 0);
        let there = ana.renewed(password("new"), now, 31);
        assert_eq!((&*here.password_hash, &*here.login), ("new", "ana"));
        assert!(here.version < there.version, "one of the two is the newer");
        assert!(here.version >= first_version_of(now));
        assert!(there.version < first_version_of(now + 1));
        for behind in [now - 3600, 0, -5] {
            let next = there.renewed(password("newer"), behind, 0);
            assert!(next.version > there.version, "{behind}");
        }
    }

    #[test]
    fn what_is_not_renewed_stays() {
        let ana = User {
            id: UserId(Uuid::nil()),
            login: "ana".to_owned(),
            password_hash: "hash".to_owned(),
            version: FIRST_VERSION,
            mailbox: None,
        };
        let mailbox = Some(Mailbox {
            address: "ana@example.com".to_owned(),
            language: Language::English,
        });
        let with = ana.renewed(Renewal::Mailbox(mailbox.clone()), 10, 0);
        assert_eq!((&*with.password_hash, &with.mailbox), ("hash", &mailbox));
        let out = with.renewed(Renewal::Nothing, 20, 0);
        assert_eq!((&*out.password_hash, &out.mailbox), ("hash", &mailbox));
        let other = out.renewed(Renewal::PasswordHash("new".to_owned()), 30, 0);
        assert_eq!((&*other.password_hash, &other.mailbox), ("new", &mailbox));
        let without = other.renewed(Renewal::Mailbox(None), 40, 0);
        assert_eq!((&*without.password_hash, without.mailbox), ("new", None));
        let gone = with.renewed(Renewal::Gone, 50, 0);
        assert!(gone.is_gone() && !with.is_gone());
        assert_eq!((&*gone.login, gone.mailbox), ("ana", None));
        let versions = [ana.version, with.version, out.version, other.version];
        assert!(versions.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn a_user_of_before_there_was_mail_has_no_mailbox() {
        let old = r#"{"id":"00000000-0000-0000-0000-000000000000","login":"ana","password_hash":"h","version":1}"#;
        let old: User = serde_json::from_str(old).unwrap();
        assert_eq!(old.mailbox, None);
        assert_eq!(Language::of_tag("pt-BR"), Some(Language::Portuguese));
        assert_eq!(Language::of_tag("de"), None);
    }
}
