//! Passengers that a user wants to find again at the next booking. Kept at the company where the user has asked for it, and at no other: it is no
//! part of the account that companies copy.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::domain::ids::UserId;
use crate::domain::papers::Person;
use crate::people::desk::Unavailable;

/// Most passengers of one user: a large family.
pub const SAVED_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPassenger {
    pub name: String,
    pub person: Person,
}

type Kept<'a, T> = BoxFuture<'a, Result<T, Unavailable>>;

/// The lists of one company.
pub trait SavedPassengers: Send + Sync {
    /// Empty where the user has not asked for one.
    fn of(&self, user: UserId) -> Kept<'_, Vec<SavedPassenger>>;

    /// In place of what was kept; an empty list is none. At most [`SAVED_MAX`].
    fn keep(&self, user: UserId, people: Vec<SavedPassenger>) -> Kept<'_, ()>;
}
