//! The customers' payments of a company: begun for whoever holds, told by a provider, and driven to their end by one task, away from
//! bookings.
//!
//! Each step is durable before it is taken: what a payment is for before its provider is asked, what goes back before it is given. So whatever
//! ends the process, what was left open is asked for again under the same key, and done once. Whether the money stays is for the booking's
//! register to say and for nobody else: it goes back only once there can be no ticket, or as a ticket says.

mod gateway;
mod provider;
mod signature;
mod trial;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use metrics::{counter, gauge};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::payment::{Event, Next, Standing};
use passcom_actors::people::desk::{BookingState, Desk, NotShown, Unavailable};
use passcom_http::payment::{NotHeard, Notice, Shown, Till, Wanted};
use passcom_sql::payments::{self, Begun, Payments, Recorded, Refund};
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, error, info, warn};

use self::gateway::Gateway;
use self::provider::{Provider, Said};
use self::trial::Trial;
use crate::config;
use crate::pause::doubling;

/// Pause where nothing is due, and after the database was away.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Payments, and parts that go back, that are looked up at a time, and that are under way at a time.
const PAGE: i64 = 32;
const AT_ONCE: usize = 8;
/// Pause after the first request to a provider; each one after that is twice as long, up to the longest.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// Pause between two looks at what became of a hold.
const FOLLOW_EVERY: Duration = Duration::from_secs(3);
/// Requests for a payment, over some eight days. Parts that go back are asked for until they have gone.
const TRIES_MAX: i32 = 200;
/// How long whoever begins a payment waits for the provider.
const BEGIN_PATIENCE: Duration = Duration::from_secs(6);
/// A hold that no company knows any more so long after its payment has ended.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(86_400);
/// How often what nobody asks for any more is removed, and what waits is told.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Cheap to clone.
#[derive(Clone)]
pub struct Cashier {
    payments: Payments,
    desk: Desk,
    provider: Arc<dyn Provider>,
}

impl Cashier {
    pub fn new(
        payments: Payments,
        desk: Desk,
        of: &config::Payment,
        secrets: &[String],
    ) -> anyhow::Result<Self> {
        let provider: Arc<dyn Provider> = match of.provider {
            config::Provider::Test => Arc::new(Trial {
                payments: payments.clone(),
            }),
            config::Provider::Signed => {
                let url = of.url.as_deref().unwrap_or_default();
                Arc::new(Gateway::new(of.provider_name(), url, secrets)?)
            }
        };
        Ok(Self {
            payments,
            desk,
            provider,
        })
    }

    /// For ever.
    pub async fn run(self) {
        let mut tidied = None;
        loop {
            if tidied.is_none_or(|at: Instant| at.elapsed() > TIDY_EVERY) {
                tidied = Some(Instant::now());
                said("tidy up payments", self.tidy_up().await);
            }
            let due = said("look for payments", self.payments.due(PAGE).await);
            let refunds = said("look for refunds", self.payments.refunds_due(PAGE).await);
            let (due, refunds) = (due.unwrap_or_default(), refunds.unwrap_or_default());
            let idle = due.is_empty() && refunds.is_empty();
            let driven = stream::iter(due).for_each_concurrent(AT_ONCE, |payment| {
                let cashier = self.clone();
                async move {
                    said("drive a payment", cashier.drive(payment, false).await);
                }
            });
            driven.await;
            let given = stream::iter(refunds).for_each_concurrent(AT_ONCE, |refund| {
                let cashier = self.clone();
                async move {
                    said("give money back", cashier.give_back(refund).await);
                }
            });
            given.await;
            if idle {
                sleep(LOOK_EVERY).await;
            }
        }
    }

    async fn tidy_up(&self) -> anyhow::Result<()> {
        let waiting = self.payments.waiting().await?;
        gauge!("passcom_payment_refunds_waiting").set(waiting.refunds as f64);
        gauge!("passcom_payment_oldest_refund_waiting_seconds").set(waiting.oldest);
        let removed = self.payments.tidy_up().await?;
        debug!(removed, "payments of before are removed");
        Ok(())
    }

    /// Does what is next about a payment, once. `begun`: its hold was open a moment ago.
    async fn drive(&self, payment: Recorded, begun: bool) -> anyhow::Result<()> {
        let next = payment.payment.next();
        let pause = match next {
            Next::Charge => pause(payment.tries),
            Next::Follow | Next::LookUp | Next::Nothing => FOLLOW_EVERY,
        };
        // before anything that may end the process
        if !self.payments.note_try(&payment, pause).await? {
            return Ok(());
        }
        let event = match next {
            Next::Charge if payment.tries >= TRIES_MAX => {
                error!(payment = %payment.id, "its provider does not say what became of a payment; it is asked no more");
                counter!("passcom_payments_given_up_total").increment(1);
                return self.payments.rest(&payment).await;
            }
            Next::Charge => self.charge(&payment, begun).await,
            Next::Follow => self.fate(&payment).await,
            Next::LookUp => Some(Event::CameBack(self.payments.came_back(&payment).await?)),
            Next::Nothing => None,
        };
        if let Some(event) = event {
            self.tell(payment.id, event).await?;
        }
        if matches!(next, Next::LookUp | Next::Nothing) {
            self.payments.rest(&payment).await?;
        }
        Ok(())
    }

    async fn tell(&self, payment: uuid::Uuid, event: Event) -> anyhow::Result<Option<Recorded>> {
        let told = self.payments.tell(payment, event).await?;
        if let Some(told) = &told {
            info!(%payment, hold = %told.hold, ?event, owed = told.payment.owed(), "told of a payment");
        }
        Ok(told)
    }

    async fn charge(&self, payment: &Recorded, begun: bool) -> Option<Event> {
        // nobody was asked yet, and whoever began it has died since: an ended hold is not charged
        if !begun && payment.tries == 0 && self.fate(payment).await == Some(Event::Lost) {
            return Some(Event::Told(Standing::Refused));
        }
        if !self.is_its_provider(&payment.provider) {
            return None;
        }
        match self.provider.charge(payment).await {
            Ok(standing) => Some(Event::Told(standing)),
            Err(error) => {
                counter!("passcom_payment_requests_failed_total").increment(1);
                let error = format!("{error:#}");
                warn!(payment = %payment.id, tries = payment.tries + 1, error, "a payment is not known to be made");
                None
            }
        }
    }

    /// What became of a hold, if that is known for certain.
    async fn fate(&self, payment: &Recorded) -> Option<Event> {
        let began = payment.begun_at.duration_until(jiff::Timestamp::now());
        let is_old = Duration::try_from(began).is_ok_and(|age| age > FORGOTTEN_AFTER);
        match self.desk.booking(payment.user, payment.hold).await {
            Ok(status) => match status.state {
                BookingState::Confirmed | BookingState::Cancelled => Some(Event::Sold),
                // a durable No, or Abort chosen: there will be no ticket
                BookingState::Refused => Some(Event::Lost),
                BookingState::Held | BookingState::Running => None,
            },
            // every company says so
            Err(NotShown::NotFound) => is_old.then_some(Event::Lost),
            Err(NotShown::CompanyDown(_)) => None,
        }
    }

    async fn give_back(&self, refund: Refund) -> anyhow::Result<()> {
        let pause = pause(refund.tries);
        self.payments.note_refund_try(&refund, pause).await?;
        if !self.is_its_provider(&refund.provider) {
            return Ok(());
        }
        let Refund {
            payment, number, ..
        } = refund;
        match self.provider.refund(&refund).await {
            Ok(true) => self.refunded(payment, number).await,
            Ok(false) => Ok(()),
            Err(error) => {
                counter!("passcom_payment_requests_failed_total").increment(1);
                let (error, tries) = (format!("{error:#}"), refund.tries + 1);
                warn!(%payment, number, tries, error, "money is not known to have gone back");
                Ok(())
            }
        }
    }

    async fn refunded(&self, payment: uuid::Uuid, number: i32) -> anyhow::Result<()> {
        if self.payments.refunded(payment, number).await? {
            info!(%payment, number, "money has gone back");
        }
        Ok(())
    }

    /// Money goes back through the door by which it came.
    fn is_its_provider(&self, name: &str) -> bool {
        let is = name == self.provider.name();
        if !is {
            warn!(
                provider = name,
                "a payment waits for a provider that is not configured"
            );
        }
        is
    }

    async fn shown(&self, hold: SagaId) -> anyhow::Result<Option<Shown>> {
        let Some(newest) = self.payments.newest(hold).await? else {
            return Ok(None);
        };
        let given_back = match newest.payment.owed() {
            0 => 0,
            _ => self.payments.given_back(newest.id).await?,
        };
        Ok(Some(Shown {
            attempt: newest.attempt,
            payment: newest.payment,
            given_back,
        }))
    }

    async fn try_begin(&self, wanted: Wanted) -> anyhow::Result<Option<Shown>> {
        let hold = wanted.hold;
        let wanted = payments::Wanted {
            hold,
            user: wanted.user,
            attempt: wanted.attempt,
            provider: self.provider.name().to_owned(),
            means: wanted.means,
            amount: wanted.amount,
        };
        match self.payments.begin(&wanted).await? {
            Begun::OutOfTurn => return Ok(None),
            Begun::Known(_) => {}
            Begun::New(payment) => {
                // goes on without the customer, too
                let this = self.clone();
                let asked = tokio::spawn(async move {
                    said("ask for a payment", this.drive(payment, true).await);
                });
                let _ = timeout(BEGIN_PATIENCE, asked).await; // it is told later
            }
        }
        self.shown(hold).await
    }

    async fn try_hear(&self, said: Said) -> anyhow::Result<Result<(), NotHeard>> {
        match said {
            Said::Payment {
                id,
                standing,
                amount,
            } => {
                let found = self.payments.find(id).await?;
                let Some(found) = found.filter(|found| found.provider == self.provider.name())
                else {
                    return Ok(Err(NotHeard::UnknownPayment));
                };
                if found.payment.amount != amount {
                    error!(payment = %id, ?amount, "a notice names another amount than was asked for");
                    return Ok(Err(NotHeard::Malformed));
                }
                self.tell(id, Event::Told(standing)).await?;
            }
            Said::Refunded { payment, number } => self.refunded(payment, number).await?,
        }
        Ok(Ok(()))
    }
}

impl Till for Cashier {
    fn provider(&self) -> &str {
        self.provider.name()
    }

    fn means(&self) -> &'static [&'static str] {
        self.provider.means()
    }

    fn begin(&self, wanted: Wanted) -> BoxFuture<'_, Result<Option<Shown>, Unavailable>> {
        async move { available(self.try_begin(wanted).await) }.boxed()
    }

    fn newest(&self, hold: SagaId) -> BoxFuture<'_, Result<Option<Shown>, Unavailable>> {
        async move { available(self.shown(hold).await) }.boxed()
    }

    fn hear<'a>(&'a self, notice: Notice<'a>) -> BoxFuture<'a, Result<(), NotHeard>> {
        async move {
            let now = self.desk.clock().wall_seconds();
            let heard = match self.provider.read(notice, now) {
                Ok(said) => {
                    let heard = available(self.try_hear(said).await);
                    heard.unwrap_or(Err(NotHeard::Unavailable))
                }
                Err(why) => Err(why),
            };
            let label = match heard {
                Ok(()) => "heard",
                Err(NotHeard::Forged) => "forged",
                Err(NotHeard::Malformed) => "malformed",
                Err(NotHeard::UnknownPayment) => "unknown",
                Err(NotHeard::Unavailable) => "unavailable",
            };
            counter!("passcom_payment_notices_total", "outcome" => label).increment(1);
            heard
        }
        .boxed()
    }
}

fn available<T>(done: anyhow::Result<T>) -> Result<T, Unavailable> {
    done.map_err(|error| {
        warn!(
            error = format!("{error:#}"),
            "payments cannot be read or written"
        );
        Unavailable
    })
}

fn said<T>(what: &str, done: anyhow::Result<T>) -> Option<T> {
    done.inspect_err(|error| {
        warn!(
            error = format!("{error:#}"),
            "cannot {what}; it will be tried again"
        )
    })
    .ok()
}

/// After so many tries before this one.
fn pause(tries: i32) -> Duration {
    doubling(PAUSE_FIRST, PAUSE_MAX, tries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        assert_eq!(pause(0), PAUSE_FIRST);
        assert_eq!(pause(1), 2 * PAUSE_FIRST);
        assert_eq!((pause(20), pause(i32::MAX)), (PAUSE_MAX, PAUSE_MAX));
        let all: Duration = (0..TRIES_MAX).map(pause).sum();
        let days = all.as_secs_f64() / 86_400.0;
        assert!((7.0..9.0).contains(&days), "{days}");
    }
}
