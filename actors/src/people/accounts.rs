//! Register and log in: passwords and their hashes. Who has which login is agreed in [`logins`].

pub mod logins;

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use uuid::Uuid;

use self::logins::{Claimed, Logins};
use crate::domain::accounts::User;
use crate::domain::ids::UserId;
use crate::people::spelling::{self, Misspelt};
use crate::turns::Turns;

/// Argon2id as OWASP's password storage cheat sheet has it (19 MiB, 2 passes, 1 lane).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Most that wait for their turn.
const HASHES_WAITING_MAX: usize = 256;

/// Answer to a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Created(UserId),
    Taken,
    /// The login cannot be one, and why.
    LoginMisspelt(Misspelt),
    PasswordMisspelt(Misspelt),
    /// No majority of companies could be asked.
    NoMajority,
    /// Too many passwords are being hashed.
    Overloaded,
}

/// Answer to a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedIn {
    Welcome(UserId),
    /// Unknown login or wrong password; takes the same time.
    Denied,
    Overloaded,
    /// This node's database is away.
    Unavailable,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    logins: Logins,
    hashing: Turns,
    /// Verified when the login is unknown, so that it takes as long.
    nobody: Arc<str>,
}

impl Accounts {
    /// `hashes_at_once`: each takes a core and 19 MiB.
    pub fn new(logins: Logins, hashes_at_once: usize) -> Self {
        let nobody = hash_password(&Uuid::new_v4().to_string());
        Self {
            logins,
            hashing: Turns::new(hashes_at_once, HASHES_WAITING_MAX),
            nobody: nobody.into(),
        }
    }

    pub async fn register(&self, login: &str, password: &str) -> Registered {
        let login = match spelling::new_login(login) {
            Ok(login) => login,
            Err(why) => return Registered::LoginMisspelt(why),
        };
        let password = match spelling::new_password(password) {
            Ok(password) => password,
            Err(why) => return Registered::PasswordMisspelt(why),
        };
        if self.logins.find(&login).await.ok().flatten().is_some() {
            return Registered::Taken;
        }
        let hash = self.hashing.take(move || hash_password(&password));
        let Some(password_hash) = hash.await else {
            return Registered::Overloaded;
        };
        let user = User {
            id: UserId(Uuid::new_v4()),
            login,
            password_hash,
            version: 1,
        };
        match self.logins.claim(&user).await {
            Claimed::Ours => Registered::Created(user.id),
            Claimed::Taken => Registered::Taken,
            Claimed::NoMajority => Registered::NoMajority,
        }
    }

    pub async fn log_in(&self, login: &str, password: &str) -> LoggedIn {
        let user = match self.logins.find(&spelling::key(login)).await {
            Ok(user) => user,
            Err(()) => return LoggedIn::Unavailable,
        };
        let known: Arc<str> = match &user {
            Some(user) => user.password_hash.as_str().into(),
            None => self.nobody.clone(),
        };
        let forms = spelling::password_forms(password);
        let matches = self.hashing.take(move || {
            let mut forms = forms.iter();
            forms.any(|form| verify_password(form, &known))
        });
        match (matches.await, user) {
            (None, _) => LoggedIn::Overloaded,
            (Some(true), Some(user)) => LoggedIn::Welcome(user.id),
            (Some(_), _) => LoggedIn::Denied,
        }
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
}
