//! The test provider: takes no money, and does what the means of a payment say. For demos and tests, and only where it is configured.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use passcom_actors::domain::payment::{Event, Standing};
use passcom_http::payment::{NotHeard, Notice};
use passcom_sql::payments::{Payments, Recorded, Refund};

use super::provider::{Provider, Said};

pub const PAID: &str = "test-paid";
pub const REFUSED: &str = "test-refused";
/// It is paid a little later.
pub const DELAYED: &str = "test-delayed";
/// Two notices that it is paid come before the answer.
pub const TWICE: &str = "test-twice";
const DELAY: Duration = Duration::from_secs(3);

pub struct Trial {
    pub payments: Payments,
}

impl Provider for Trial {
    fn name(&self) -> &str {
        "test"
    }

    fn means(&self) -> &'static [&'static str] {
        &[PAID, REFUSED, DELAYED, TWICE]
    }

    /// The same for the same payment, also after a start.
    fn charge<'a>(&'a self, payment: &'a Recorded) -> BoxFuture<'a, anyhow::Result<Standing>> {
        async move {
            Ok(match payment.means.as_str() {
                PAID => Standing::Paid,
                DELAYED if age(payment) >= DELAY => Standing::Paid,
                DELAYED => Standing::Pending,
                TWICE => {
                    for _ in 0..2 {
                        let paid = Event::Told(Standing::Paid);
                        self.payments.tell(payment.id, paid).await?;
                    }
                    Standing::Pending
                }
                _ => Standing::Refused,
            })
        }
        .boxed()
    }

    fn refund<'a>(&'a self, _: &'a Refund) -> BoxFuture<'a, anyhow::Result<bool>> {
        async { Ok(true) }.boxed()
    }

    /// It sends none: whatever comes is somebody else's.
    fn read(&self, _: Notice<'_>, _: i64) -> Result<Said, NotHeard> {
        Err(NotHeard::Forged)
    }
}

fn age(payment: &Recorded) -> Duration {
    let age = Timestamp::now().duration_since(payment.begun_at);
    Duration::try_from(age).unwrap_or_default()
}
