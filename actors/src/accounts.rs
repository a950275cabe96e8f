//! Register and log in. A login is unique over all companies through a register of its own.

use crate::domain::ids::UserId;

/// Answer to a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Created(UserId),
    Taken,
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

#[derive(Clone)]
pub struct Accounts {}

impl Accounts {
    pub async fn register(&self, _login: &str, _password: &str) -> Registered {
        unreachable!("next commit")
    }

    pub async fn log_in(&self, _login: &str, _password: &str) -> LoggedIn {
        unreachable!("next commit")
    }
}
