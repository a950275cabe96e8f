//! The provider that any gateway can be put behind: it is asked by signed requests, and tells by signed notices. docs/operations.md says
//! what both look like.

mod post;

use anyhow::{Context, bail, ensure};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use passcom_actors::domain::order::{HOLD_SECONDS_MAX, Price};
use passcom_actors::domain::payment::Standing;
use passcom_http::payment::{NotHeard, Notice};
use passcom_sql::payments::{Recorded, Refund};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::post::Post;
use super::provider::{Provider, Said};
use super::signature::Secrets;

pub struct Gateway {
    name: String,
    secrets: Secrets,
    post: Post,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Asked<'a> {
    Payment {
        id: Uuid,
        hold: Uuid,
        means: &'a str,
        amount: i64,
        currency: &'a str,
        /// What is not known by then had better be refused: the hold has ended, and the money would only go back. RFC 3339.
        expires_at: Timestamp,
    },
    Refund {
        id: String,
        payment: Uuid,
        amount: i64,
        currency: &'a str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Pending,
    Refused,
    Paid,
    Refunded,
}

#[derive(Deserialize)]
struct Answer {
    state: State,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Told {
    Payment {
        id: Uuid,
        state: State,
        amount: i64,
        currency: String,
    },
    Refund {
        id: String,
        state: State,
    },
}

impl Gateway {
    pub fn new(name: &str, url: &str, secrets: &[String]) -> anyhow::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            secrets: Secrets::new(secrets)?,
            post: Post::new(url)?,
        })
    }

    async fn ask(&self, key: &str, asked: &Asked<'_>) -> anyhow::Result<State> {
        let body = serde_json::to_vec(asked)?;
        let now = Timestamp::now().as_second();
        let headers = [
            ("idempotency-key", key.to_owned()),
            ("webhook-id", key.to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", self.secrets.sign(key, now, &body)),
        ];
        let (status, answer) = self.post.send(&headers, body).await?;
        ensure!((200..300).contains(&status), "it answers {status}");
        let answer: Answer = serde_json::from_slice(&answer).context("read its answer")?;
        Ok(answer.state)
    }
}

impl Provider for Gateway {
    fn name(&self) -> &str {
        &self.name
    }

    fn charge<'a>(&'a self, payment: &'a Recorded) -> BoxFuture<'a, anyhow::Result<Standing>> {
        async move {
            let lasts = jiff::SignedDuration::from_secs(HOLD_SECONDS_MAX.into());
            let asked = Asked::Payment {
                id: payment.id,
                hold: payment.hold.0,
                means: &payment.means,
                amount: payment.payment.amount.minor,
                currency: &payment.payment.amount.currency,
                expires_at: payment.begun_at.saturating_add(lasts)?,
            };
            match self.ask(&payment.id.to_string(), &asked).await? {
                State::Pending => Ok(Standing::Pending),
                State::Refused => Ok(Standing::Refused),
                State::Paid => Ok(Standing::Paid),
                State::Refunded => bail!("it says \"refunded\" of a payment"),
            }
        }
        .boxed()
    }

    fn refund<'a>(&'a self, refund: &'a Refund) -> BoxFuture<'a, anyhow::Result<bool>> {
        async move {
            let key = refund_key(refund.payment, refund.number);
            let asked = Asked::Refund {
                id: key.clone(),
                payment: refund.payment,
                amount: refund.amount.minor,
                currency: &refund.amount.currency,
            };
            match self.ask(&key, &asked).await? {
                State::Pending => Ok(false),
                State::Refunded => Ok(true),
                State::Refused => bail!("it refuses to give money back"),
                State::Paid => bail!("it says \"paid\" of a refund"),
            }
        }
        .boxed()
    }

    fn read(&self, notice: Notice<'_>, now: i64) -> Result<Said, NotHeard> {
        let Notice {
            id,
            timestamp,
            signatures,
            body,
        } = notice;
        if !self.secrets.verify(id, timestamp, signatures, body, now) {
            return Err(NotHeard::Forged);
        }
        let told = serde_json::from_slice(body).map_err(|_| NotHeard::Malformed)?;
        match told {
            Told::Payment {
                id,
                state,
                amount: minor,
                currency,
            } => Ok(Said::Payment {
                id,
                standing: match state {
                    State::Pending => Standing::Pending,
                    State::Refused => Standing::Refused,
                    State::Paid => Standing::Paid,
                    State::Refunded => return Err(NotHeard::Malformed),
                },
                amount: Price { minor, currency },
            }),
            Told::Refund {
                id,
                state: State::Refunded,
            } => {
                let (payment, number) = refund_of(&id).ok_or(NotHeard::UnknownPayment)?;
                Ok(Said::Refunded { payment, number })
            }
            Told::Refund { .. } => Err(NotHeard::Malformed),
        }
    }
}

fn refund_key(payment: Uuid, number: i32) -> String {
    format!("{}-{number}", payment.simple())
}

fn refund_of(key: &str) -> Option<(Uuid, i32)> {
    let (payment, number) = key.split_once('-')?;
    Some((Uuid::try_parse(payment).ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_446_000;
    const PAYMENT: Uuid = Uuid::from_u128(7);

    fn gateway() -> Gateway {
        let secrets = ["a secret of the gateway".to_owned()];
        Gateway::new("gateway", "http://127.0.0.1:9/pay", &secrets).unwrap()
    }

    fn read(body: &serde_json::Value) -> Result<Said, NotHeard> {
        let gateway = gateway();
        let body = body.to_string();
        let signatures = gateway.secrets.sign("msg_1", NOW, body.as_bytes());
        let notice = Notice {
            id: "msg_1",
            timestamp: &NOW.to_string(),
            signatures: &signatures,
            body: body.as_bytes(),
        };
        let unsigned = Notice {
            signatures: "v1,AAAA",
            ..notice
        };
        assert_eq!(gateway.read(unsigned, NOW), Err(NotHeard::Forged));
        assert_eq!(gateway.read(notice, NOW + 301), Err(NotHeard::Forged));
        gateway.read(notice, NOW)
    }

    #[test]
    fn a_notice_says_what_became_of_a_payment_or_of_a_part_that_goes_back() {
        let paid = json!({"type": "payment", "id": PAYMENT, "state": "paid", "amount": 7, "currency": "BRL"});
        let amount = Price {
            minor: 7,
            currency: "BRL".to_owned(),
        };
        let said = Said::Payment {
            id: PAYMENT,
            standing: Standing::Paid,
            amount,
        };
        assert_eq!(read(&paid), Ok(said));
        let key = refund_key(PAYMENT, 3);
        let refunded = json!({"type": "refund", "id": key, "state": "refunded"});
        let said = Said::Refunded {
            payment: PAYMENT,
            number: 3,
        };
        assert_eq!(read(&refunded), Ok(said));
    }

    #[test]
    fn what_makes_no_sense_is_not_heard() {
        for bad in [
            json!({}),
            json!({"type": "payment", "id": PAYMENT, "state": "refunded", "amount": 7, "currency": "BRL"}),
            json!({"type": "payment", "id": PAYMENT, "state": "paid"}),
            json!({"type": "payment", "id": PAYMENT, "state": "captured", "amount": 7, "currency": "BRL"}),
            json!({"type": "refund", "id": refund_key(PAYMENT, 1), "state": "paid"}),
        ] {
            assert_eq!(read(&bad), Err(NotHeard::Malformed), "{bad}");
        }
        let stranger = json!({"type": "refund", "id": "re_17", "state": "refunded"});
        assert_eq!(read(&stranger), Err(NotHeard::UnknownPayment));
    }
}
