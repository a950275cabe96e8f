//! Register and log in: passwords and their hashes. Who has which login is agreed in [`logins`].

pub mod codes;
pub mod failures;
pub mod guesses;
pub mod logins;

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use uuid::Uuid;

use self::guesses::Guesses;
use self::logins::{Claimed, Logins};
use crate::domain::accounts::{FIRST_VERSION, Mailbox, Renewal, User};
use crate::domain::ids::UserId;
use crate::people::common_passwords::is_common;
use crate::people::desk::Unavailable;
use crate::people::spelling::{self, Misspelt};
use crate::turns::fair::{Bounds, FairTurns, Whence};

/// Argon2id as OWASP's password storage cheat sheet has it (19 MiB, 2 passes, 1 lane).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Most that wait for their turn.
const HASHES_WAITING_MAX: usize = 256;

/// Why a text cannot be a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    Misspelt(Misspelt),
    /// It is among the first that anybody guesses.
    Common,
}

/// Answer to a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Created(UserId),
    Taken,
    /// The login cannot be one, and why.
    LoginMisspelt(Misspelt),
    PasswordUnfit(Unfit),
    /// No majority of companies could be asked.
    NoMajority,
    /// Too many passwords are being hashed.
    Overloaded,
}

/// Answer to a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedIn {
    Welcome(Known),
    /// Unknown login or wrong password; takes the same time.
    Denied,
    /// Too many wrong passwords: not before so long.
    TooMany(Duration),
    Overloaded,
    /// This node's database is away, or too few companies could be asked to say that the password is wrong.
    Unavailable,
}

/// Who a token is for, and what it is good for: this version of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub user: UserId,
    pub version: i64,
}

/// Answer to a change of password or mailbox, or to a sign-out everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// Tokens of before are refused here now, at the other companies as soon as they hear of it.
    Done(Known),
    /// Unknown login or wrong password; takes the same time.
    Denied,
    /// The new password cannot be one, and why.
    PasswordUnfit(Unfit),
    /// Too many wrong passwords: not before so long.
    TooMany(Duration),
    /// Too many passwords are being hashed, or another change came meanwhile.
    Overloaded,
    /// This node's database is away, or too few companies could be asked; a change may have happened nevertheless.
    Unavailable,
}

/// What an account says of itself to who it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub login: String,
    pub mailbox: Option<Mailbox>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    logins: Logins,
    /// By who asks.
    hashing: FairTurns<Whence>,
    guesses: Arc<Guesses>,
    /// Verified when the login is unknown, so that it takes as long.
    nobody: Arc<str>,
}

impl Accounts {
    /// `hashes_at_once`: each takes a core and 19 MiB. `wrong_passwords`: as [`Guesses::new`] has it.
    pub fn new(logins: Logins, hashes_at_once: usize, wrong_passwords: u32) -> Self {
        let nobody = hash_password(&Uuid::new_v4().to_string());
        Self {
            logins,
            hashing: FairTurns::new(Bounds {
                at_once: hashes_at_once,
                waiting: HASHES_WAITING_MAX,
                of_one: HASHES_WAITING_MAX,
            }),
            guesses: Arc::new(Guesses::new(wrong_passwords)),
            nobody: nobody.into(),
        }
    }

    pub async fn register(&self, login: &str, password: &str, from: Whence) -> Registered {
        let login = match spelling::new_login(login) {
            Ok(login) => login,
            Err(why) => return Registered::LoginMisspelt(why),
        };
        let password = match new_password(&login, password) {
            Ok(password) => password,
            Err(why) => return Registered::PasswordUnfit(why),
        };
        if self.logins.find(&login).await.ok().flatten().is_some() {
            return Registered::Taken;
        }
        let hash = self.hashing.take(from, move || hash_password(&password));
        let Some(password_hash) = hash.await else {
            return Registered::Overloaded;
        };
        let user = User {
            id: UserId(Uuid::new_v4()),
            login,
            password_hash,
            version: FIRST_VERSION,
            mailbox: None,
        };
        match self.logins.claim(&user).await {
            Claimed::Ours => Registered::Created(user.id),
            Claimed::Taken => Registered::Taken,
            Claimed::NoMajority => Registered::NoMajority,
        }
    }

    pub async fn log_in(&self, login: &str, password: &str, from: Whence) -> LoggedIn {
        match self.recognise(login, password, from).await {
            Ok(user) => LoggedIn::Welcome(Known::from(&user)),
            Err(Unrecognised::Denied) => LoggedIn::Denied,
            Err(Unrecognised::TooMany(wait)) => LoggedIn::TooMany(wait),
            Err(Unrecognised::Overloaded) => LoggedIn::Overloaded,
            Err(Unrecognised::Unavailable | Unrecognised::Uncertain) => LoggedIn::Unavailable,
        }
    }

    /// Gives the user another password, for who knows the present one, and signs out everywhere.
    pub async fn change_password(
        &self,
        login: &str,
        password: &str,
        new: &str,
        from: Whence,
    ) -> Renewed {
        let new = match new_password(login, new) {
            Ok(new) => new,
            Err(why) => return Renewed::PasswordUnfit(why),
        };
        let user = match self.recognise(login, password, from).await {
            Ok(user) => user,
            Err(why) => return why.into(),
        };
        match self.hashing.take(from, move || hash_password(&new)).await {
            Some(hash) => self.renew(&user, Renewal::PasswordHash(hash)).await,
            None => Renewed::Overloaded,
        }
    }

    /// Gives the user whose code was right another password, and signs out everywhere. Denied where no mail can have
    /// brought a code.
    pub async fn reset_password(&self, login: &str, new: &str, from: Whence) -> Renewed {
        let new = match new_password(login, new) {
            Ok(new) => new,
            Err(why) => return Renewed::PasswordUnfit(why),
        };
        let user = match self.logins.find(&spelling::key(login)).await {
            Ok(Some(user)) if user.mailbox.is_some() => user,
            Ok(_) => return Renewed::Denied,
            Err(()) => return Renewed::Unavailable,
        };
        match self.hashing.take(from, move || hash_password(&new)).await {
            Some(hash) => self.renew(&user, Renewal::PasswordHash(hash)).await,
            None => Renewed::Overloaded,
        }
    }

    /// Has mail for the user go there, or nowhere, for who knows the password, and signs out everywhere: whoever can
    /// read that mail can choose another password.
    pub async fn change_mailbox(
        &self,
        login: &str,
        password: &str,
        mailbox: Option<Mailbox>,
        from: Whence,
    ) -> Renewed {
        match self.recognise(login, password, from).await {
            Ok(user) => self.renew(&user, Renewal::Mailbox(mailbox)).await,
            Err(why) => why.into(),
        }
    }

    /// Has the account end, for who knows its password: nobody logs in to it any more, and nobody else gets its login.
    pub async fn delete(&self, login: &str, password: &str, from: Whence) -> Renewed {
        match self.recognise(login, password, from).await {
            Ok(user) => self.renew(&user, Renewal::Gone).await,
            Err(why) => why.into(),
        }
    }

    /// Of the user of a token. None: not known here yet.
    pub async fn profile(&self, user: UserId) -> Result<Option<Profile>, Unavailable> {
        let found = self.logins.find_by_id(user).await;
        let found = found.map_err(|()| Unavailable)?;
        Ok(found.map(|user| Profile {
            login: user.login,
            mailbox: user.mailbox,
        }))
    }

    /// Has every token of the user refused but those that are issued from now on.
    pub async fn sign_out(&self, login: &str, password: &str, from: Whence) -> Renewed {
        match self.recognise(login, password, from).await {
            Ok(user) => self.renew(&user, Renewal::Nothing).await,
            Err(why) => why.into(),
        }
    }

    /// Whether a token for this is good, as far as is known here; asks no database.
    pub fn is_current(&self, known: Known) -> bool {
        self.logins.is_current(known.user, known.version)
    }

    async fn renew(&self, user: &User, renewal: Renewal) -> Renewed {
        match self.logins.renew(user, renewal).await {
            Ok(Some(renewed)) => Renewed::Done(Known::from(&renewed)),
            Ok(None) => Renewed::Overloaded,
            Err(()) => Renewed::Unavailable,
        }
    }

    /// The user of this login, if the password is right. A try is counted as wrong before it is made.
    async fn recognise(
        &self,
        login: &str,
        password: &str,
        from: Whence,
    ) -> Result<User, Unrecognised> {
        let login = spelling::key(login);
        let begun = self.guesses.begin(&login, from);
        begun.map_err(Unrecognised::TooMany)?;
        let recognised = self.compare(&login, password, from).await;
        match &recognised {
            Ok(_) => self.guesses.was_right(&login, from),
            Err(Unrecognised::Overloaded | Unrecognised::Unavailable) => {
                self.guesses.was_not_tried(&login, from);
            }
            Err(_) => {}
        }
        recognised
    }

    /// The same calls and the same work whether or not anybody has the login, and the same answers where it is not the
    /// right password: who has an account is not told by that.
    async fn compare(
        &self,
        login: &str,
        password: &str,
        from: Whence,
    ) -> Result<User, Unrecognised> {
        let found = self.logins.look_up(login).await;
        let (user, is_certain) = found.map_err(|()| Unrecognised::Unavailable)?;
        // an account that is gone is nobody's, also for whoever looks at the time
        let user = user.filter(|user| !user.is_gone());
        let known: Arc<str> = match &user {
            Some(user) => user.password_hash.as_str().into(),
            None => self.nobody.clone(),
        };
        let forms = spelling::password_forms(password);
        let matches = self.hashing.take(from, move || opens(&forms, &known));
        match (matches.await, user) {
            (None, _) => Err(Unrecognised::Overloaded),
            (Some(true), Some(user)) => Ok(user),
            (Some(_), _) if is_certain => Err(Unrecognised::Denied),
            // another company may know the login, or another password of it
            (Some(_), _) => Err(Unrecognised::Uncertain),
        }
    }
}

enum Unrecognised {
    Denied,
    TooMany(Duration),
    Overloaded,
    Unavailable,
    /// It is wrong as far as is known here.
    Uncertain,
}

impl From<Unrecognised> for Renewed {
    fn from(why: Unrecognised) -> Self {
        match why {
            Unrecognised::Denied => Self::Denied,
            Unrecognised::TooMany(wait) => Self::TooMany(wait),
            Unrecognised::Overloaded => Self::Overloaded,
            Unrecognised::Unavailable | Unrecognised::Uncertain => Self::Unavailable,
        }
    }
}

impl From<&User> for Known {
    fn from(user: &User) -> Self {
        Self {
            user: user.id,
            version: user.version,
        }
    }
}

/// What is hashed of a new password of this login, if it may be chosen.
pub fn new_password(login: &str, password: &str) -> Result<String, Unfit> {
    let spelt = spelling::new_password(password).map_err(Unfit::Misspelt)?;
    match is_common(&spelt, login) {
        true => Err(Unfit::Common),
        false => Ok(spelt),
    }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("constants within the limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_password(password: &str) -> String {
    let salt = SaltString::encode_b64(Uuid::new_v4().as_bytes()).expect("16 bytes are a salt");
    let hash = hasher().hash_password(password.as_bytes(), &salt);
    hash.expect("lengths are bounded by the endpoint")
        .to_string()
}

/// Whether one of the forms that a password has is what was hashed.
fn opens(forms: &[String], hash: &str) -> bool {
    forms.iter().any(|form| verify_password(form, hash))
}

fn verify_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_against_its_hash_only() {
        let hash = hash_password("senha-muito-boa");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("senha-muito-boa", &hash));
        assert!(!verify_password("senha-muito-ruim", &hash));
        assert!(!verify_password("senha-muito-boa", "not a hash"));
    }

    #[test]
    fn a_password_opens_however_it_is_typed_and_however_it_was_hashed() {
        let (composed, parts) = ("maçã-é-boa", "mac\u{327}a\u{303}-e\u{301}-boa");
        // before there was a rule, as it was typed
        for hashed in [composed.to_owned(), parts.to_owned()] {
            let hash = hash_password(&hashed);
            for typed in [composed, parts] {
                assert!(opens(&spelling::password_forms(typed), &hash), "{typed}");
            }
        }
        let hash = hash_password(&spelling::new_password(parts).unwrap());
        assert!(opens(&spelling::password_forms(composed), &hash));
        assert!(!opens(&spelling::password_forms("maca-e-boa"), &hash));
    }
}
