//! A payment for a hold, as its customer sees it.

use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::Price;
use passcom_actors::domain::payment::Standing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::legs::Money;
use crate::payment::Shown;

#[derive(Deserialize)]
pub(crate) struct PaymentBody {
    #[serde(rename = "meio")]
    pub means: Option<String>,
    #[serde(rename = "tentativa")]
    pub attempt: Option<u32>,
}

#[derive(Serialize)]
pub(crate) struct Payment<'a> {
    uuid: Uuid,
    #[serde(rename = "estado")]
    state: &'static str,
    #[serde(rename = "exigido")]
    required: bool,
    #[serde(rename = "valor")]
    amount: Option<Money<'a>>,
    #[serde(rename = "tentativa", skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(rename = "devolucao", skip_serializing_if = "Option::is_none")]
    refund: Option<Refund<'a>>,
    #[serde(rename = "meios", skip_serializing_if = "<[_]>::is_empty")]
    means: &'static [&'static str],
}

/// What of a payment goes back, and how much of that the customer has again.
#[derive(Serialize)]
struct Refund<'a> {
    #[serde(rename = "devida")]
    owed: Money<'a>,
    #[serde(rename = "feita")]
    done: Money<'a>,
}

impl<'a> Payment<'a> {
    /// `price` is what the hold costs; `shown` the newest payment for it, if any was begun.
    pub fn new(
        hold: SagaId,
        required: bool,
        price: Option<&'a Price>,
        shown: Option<&'a Shown>,
        means: &'static [&'static str],
    ) -> Self {
        let payment = shown.map(|shown| &shown.payment);
        let amount = payment.map(|payment| &payment.amount).or(price);
        let refund = shown.and_then(|shown| {
            let owed = shown.payment.owed();
            let currency = &shown.payment.amount.currency;
            (owed > 0).then(|| Refund {
                owed: Money::new(owed, currency),
                done: Money::new(shown.given_back, currency),
            })
        });
        Self {
            uuid: hold.0,
            state: match payment.map(|payment| payment.standing) {
                None => "em_aberto",
                Some(Standing::Asked | Standing::Pending) => "pendente",
                Some(Standing::Refused) => "recusado",
                Some(Standing::Paid) => "pago",
            },
            required,
            amount: amount.map(Money::from),
            attempt: shown.map(|shown| shown.attempt),
            refund,
            means,
        }
    }
}
