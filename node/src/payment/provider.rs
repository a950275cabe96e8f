//! Who takes a customer's money and gives it back: what a provider is to us.
//!
//! Every request may be sent again under its key, and is carried out once.

use futures_util::future::BoxFuture;
use passcom_actors::domain::order::Price;
use passcom_actors::domain::payment::Standing;
use passcom_http::payment::{NotHeard, Notice};
use passcom_sql::payments::{Recorded, Refund};
use uuid::Uuid;

/// What a provider says unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Payment {
        id: Uuid,
        standing: Standing,
        amount: Price,
    },
    Refunded {
        payment: Uuid,
        number: i32,
    },
}

pub trait Provider: Send + Sync {
    fn name(&self) -> &str;

    /// What may be paid with, where that is nothing but outcomes to choose from.
    fn means(&self) -> &'static [&'static str] {
        &[]
    }

    /// Takes the money, or says that it did before. An error: it is not known whether it does.
    fn charge<'a>(&'a self, payment: &'a Recorded) -> BoxFuture<'a, anyhow::Result<Standing>>;

    /// Gives a part back, or says that it did before. False: it will.
    fn refund<'a>(&'a self, refund: &'a Refund) -> BoxFuture<'a, anyhow::Result<bool>>;

    /// Reads a notice, if it is this provider's.
    fn read(&self, notice: Notice<'_>, now: i64) -> Result<Said, NotHeard>;
}
