//! What the client port asks of the company's payments: to begin one, how it stands, and to hear what a provider says of one.

use futures_util::future::BoxFuture;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::Price;
use passcom_actors::domain::payment::Payment;
use passcom_actors::people::desk::Unavailable;

/// A payment that a customer wants to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub hold: SagaId,
    pub user: UserId,
    /// Which one for this hold it is to be, from 1.
    pub attempt: u32,
    /// What the customer pays with, as the provider names it.
    pub means: String,
    pub amount: Price,
}

/// The newest payment for a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub attempt: u32,
    pub payment: Payment,
    /// How much of it is with the customer again.
    pub given_back: i64,
}

/// What somebody says to be a provider's word, as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice<'a> {
    pub id: &'a str,
    pub timestamp: &'a str,
    pub signatures: &'a str,
    pub body: &'a [u8],
}

/// Why a notice changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotHeard {
    /// Nobody who has the secret signed this, or not just now.
    Forged,
    /// It is signed, and makes no sense.
    Malformed,
    UnknownPayment,
    Unavailable,
}

/// The payments of one company.
pub trait Till: Send + Sync {
    /// As the address of its notices has it.
    fn provider(&self) -> &str;

    /// What may be paid with, where that is known: nothing but outcomes to choose from.
    fn means(&self) -> &'static [&'static str];

    /// Begins a payment, or finds the one of before; waits a moment for the provider's answer. None: it is not the turn of this attempt.
    fn begin(&self, wanted: Wanted) -> BoxFuture<'_, Result<Option<Shown>, Unavailable>>;

    fn newest(&self, hold: SagaId) -> BoxFuture<'_, Result<Option<Shown>, Unavailable>>;

    fn hear<'a>(&'a self, notice: Notice<'a>) -> BoxFuture<'a, Result<(), NotHeard>>;
}
