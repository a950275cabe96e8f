//! Register and log in: passwords and their hashes. Who has which login is agreed in [`logins`].

pub mod codes;
pub mod logins;
pub mod telling;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use self::logins::{Claimed, Logins};
use crate::company::credential::{self, Consent, Opened, UserKey};
use crate::domain::accounts::{FIRST_VERSION, Mailbox, Renewal, User};
use crate::domain::ids::{CompanyId, UserId};
use crate::people::common_passwords::is_common;
use crate::people::desk::Unavailable;
use crate::people::spelling::{self, Misspelt};
use crate::turns::fair::{Bounds, FairTurns, Whence};

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
    Created {
        user: UserId,
        /// Whether mail for the user goes where it was asked to; not if this node's database was away for a moment.
        is_reachable: bool,
    },
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
    /// That the company that issues the token may speak for the user, for the others to see. None of a user without a key, and where
    /// another company's token was shown instead of the password: this one is good here only.
    pub consent: Option<Consent>,
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
    /// Verified when the login is unknown, so that it takes as long.
    nobody: Arc<str>,
}

impl Accounts {
    /// `hashes_at_once`: each takes a core and 19 MiB.
    pub fn new(logins: Logins, hashes_at_once: usize) -> Self {
        let nobody = UserKey::generate(logins.me()).lock(&Uuid::new_v4().to_string());
        Self {
            logins,
            hashing: FairTurns::new(Bounds {
                at_once: hashes_at_once,
                waiting: HASHES_WAITING_MAX,
                of_one: HASHES_WAITING_MAX,
            }),
            nobody: nobody.into(),
        }
    }

    /// `mailbox`: where mail for the user goes from the first day on. It is no part of what companies agree on, which is kept for ever.
    pub async fn register(
        &self,
        login: &str,
        password: &str,
        mailbox: Option<Mailbox>,
        from: Whence,
    ) -> Registered {
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
        let Some((key, password_hash)) = self.new_key(password, from).await else {
            return Registered::Overloaded;
        };
        let user = key.sign(User {
            id: UserId(Uuid::new_v4()),
            login,
            password_hash,
            version: FIRST_VERSION,
            mailbox: None,
        });
        match self.logins.claim(&user).await {
            Claimed::Ours => {
                let is_reachable = match mailbox {
                    Some(mailbox) => {
                        let renewal = Renewal::Mailbox(Some(mailbox));
                        let renewed = self.logins.renew(&user, renewal, Some(&key)).await;
                        matches!(renewed, Ok(Some(_)))
                    }
                    None => false,
                };
                Registered::Created {
                    user: user.id,
                    is_reachable,
                }
            }
            Claimed::Taken => Registered::Taken,
            Claimed::NoMajority => Registered::NoMajority,
        }
    }

    pub async fn log_in(&self, login: &str, password: &str, from: Whence) -> LoggedIn {
        match self.recognise(login, password, from).await {
            Ok(recognised) => LoggedIn::Welcome(recognised.known(self.logins.me())),
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
        let Recognised { user, key } = match self.recognise(login, password, from).await {
            Ok(recognised) => recognised,
            Err(why) => return why.into(),
        };
        let locked = match key {
            Some(key) => {
                let lock = move || {
                    let locked = key.lock(&new);
                    (key, locked)
                };
                self.hashing.take(from, lock).await
            }
            // from now on only who knows the password speaks for the user
            None => self.new_key(new, from).await,
        };
        let Some((key, locked)) = locked else {
            return Renewed::Overloaded;
        };
        let recognised = Recognised {
            user,
            key: Some(key),
        };
        self.renew(recognised, Renewal::PasswordHash(locked)).await
    }

    /// Gives the user whose code was right another password, with another key, and signs out everywhere. Denied where no mail can have
    /// brought a code: where there is no address, and at companies that are not the user's home, which nobody would believe.
    pub async fn reset_password(&self, login: &str, new: &str, from: Whence) -> Renewed {
        let new = match new_password(login, new) {
            Ok(new) => new,
            Err(why) => return Renewed::PasswordUnfit(why),
        };
        let user = match self.logins.find(&spelling::key(login)).await {
            Ok(Some(user)) if user.mailbox.is_some() && self.is_home(&user) => user,
            Ok(_) => return Renewed::Denied,
            Err(()) => return Renewed::Unavailable,
        };
        let Some((key, locked)) = self.new_key(new, from).await else {
            return Renewed::Overloaded;
        };
        let recognised = Recognised {
            user,
            key: Some(key),
        };
        self.renew(recognised, Renewal::PasswordHash(locked)).await
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
            Ok(recognised) => self.renew(recognised, Renewal::Mailbox(mailbox)).await,
            Err(why) => why.into(),
        }
    }

    /// Has the account end, for who knows its password: nobody logs in to it any more, and nobody else gets its login.
    pub async fn delete(&self, login: &str, password: &str, from: Whence) -> Renewed {
        match self.recognise(login, password, from).await {
            Ok(recognised) => self.renew(recognised, Renewal::Gone).await,
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
            Ok(recognised) => self.renew(recognised, Renewal::Nothing).await,
            Err(why) => why.into(),
        }
    }

    /// Whether a token for this is good, as far as is known here; asks no database.
    pub fn is_current(&self, known: Known) -> bool {
        self.logins.is_current(known.user, known.version)
    }

    /// Whether that company may speak for the user, as its token says. `Err` if too few companies could be asked who that is.
    pub async fn speaks_for(&self, company: CompanyId, known: Known) -> Result<bool, Unavailable> {
        let user = self.logins.find_of(known.user, known.version).await;
        let user = user.map_err(|()| Unavailable)?;
        Ok(user.is_some_and(|user| {
            credential::consents(&user, known.version, company, known.consent.as_ref())
        }))
    }

    fn is_home(&self, user: &User) -> bool {
        credential::home(&user.password_hash).is_none_or(|home| home == self.logins.me())
    }

    /// A key for a new password, and what is kept of both. None: too many passwords are being hashed.
    async fn new_key(&self, password: String, from: Whence) -> Option<(UserKey, String)> {
        let me = self.logins.me();
        let make = move || {
            let key = UserKey::generate(me);
            let locked = key.lock(&password);
            (key, locked)
        };
        self.hashing.take(from, make).await
    }

    async fn renew(&self, recognised: Recognised, renewal: Renewal) -> Renewed {
        let Recognised { user, key } = recognised;
        match self.logins.renew(&user, renewal, key.as_ref()).await {
            Ok(Some(user)) => Renewed::Done(Recognised { user, key }.known(self.logins.me())),
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
    ) -> Result<Recognised, Unrecognised> {
        let login = spelling::key(login);
        let guesses = self.logins.guesses();
        let begun = guesses.begin(&login, from);
        begun.map_err(Unrecognised::TooMany)?;
        let recognised = self.compare(&login, password, from).await;
        match &recognised {
            Ok(_) => guesses.was_right(&login, from),
            Err(Unrecognised::Overloaded | Unrecognised::Unavailable) => {
                guesses.was_not_tried(&login, from);
            }
            Err(_) => guesses.was_wrong(&login),
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
    ) -> Result<Recognised, Unrecognised> {
        let found = self.logins.look_up(login).await;
        let (user, is_certain) = found.map_err(|()| Unrecognised::Unavailable)?;
        // an account that is gone is nobody's, also for whoever looks at the time
        let user = user.filter(|user| !user.is_gone());
        let known: Arc<str> = match &user {
            Some(user) => user.password_hash.as_str().into(),
            None => self.nobody.clone(),
        };
        let forms = spelling::password_forms(password);
        let opened = self
            .hashing
            .take(from, move || credential::open(&known, &forms));
        match (opened.await, user) {
            (None, _) => Err(Unrecognised::Overloaded),
            (Some(Some(opened)), Some(user)) => Ok(Recognised::new(user, opened)),
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

/// Somebody who knows the password, or will.
struct Recognised {
    user: User,
    /// None of a user of before there were keys.
    key: Option<UserKey>,
}

impl Recognised {
    fn new(user: User, opened: Opened) -> Self {
        let key = match opened {
            Opened::Key(key) => Some(key),
            Opened::Hash => None,
        };
        Self { user, key }
    }

    /// What a token of this company says.
    fn known(&self, company: CompanyId) -> Known {
        let (user, version) = (self.user.id, self.user.version);
        let consent = |key: &UserKey| key.consent(user, version, company);
        Known {
            user,
            version,
            consent: self.key.as_ref().map(consent),
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
