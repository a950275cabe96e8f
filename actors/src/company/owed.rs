//! Tickets that customers were told of and that are not in the log yet: a moment later they are.
//!
//! Invariant: whoever reads here what such a ticket changes waits until it is there, or is told that it cannot be known now. Of a
//! node that dies in that moment nobody waits: the saga is open when it is back, and is driven to the same end.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::store::ReadError;
use crate::domain::ids::SagaId;

/// How long a reader waits.
const PATIENCE: Duration = Duration::from_secs(4);

/// The tickets owed by this node. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Owed {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    sagas: Mutex<BTreeSet<SagaId>>,
    /// One is there. Wakes those who wait in the order of their waiting.
    paid: Notify,
}

/// Keeps a ticket in [`Owed`] while it lives.
#[derive(Debug)]
pub struct Debt {
    owed: Owed,
    saga: SagaId,
}

impl Drop for Debt {
    fn drop(&mut self) {
        self.owed.sagas().remove(&self.saga);
        self.owed.shared.paid.notify_waiters();
    }
}

impl Owed {
    /// From here on readers wait for this ticket. Of one saga there is one driver, hence one debt.
    pub(crate) fn owe(&self, saga: SagaId) -> Debt {
        self.sagas().insert(saga);
        Debt {
            owed: self.clone(),
            saga,
        }
    }

    /// Waits until this ticket is not owed.
    pub async fn paid(&self, saga: SagaId) -> Result<(), ReadError> {
        if !self.sagas().contains(&saga) {
            return Ok(());
        }
        self.wait(&BTreeSet::from([saga])).await
    }

    /// Waits until none is owed that is now.
    pub async fn all_paid(&self) -> Result<(), ReadError> {
        let owed = self.sagas().clone();
        self.wait(&owed).await
    }

    async fn wait(&self, owed: &BTreeSet<SagaId>) -> Result<(), ReadError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let paid = self.shared.paid.notified();
            tokio::pin!(paid);
            paid.as_mut().enable(); // from here on no payment is missed
            if self.sagas().is_disjoint(owed) {
                return Ok(());
            }
            if timeout_at(until, paid).await.is_err() {
                let what = "a ticket that was promised is not written down yet";
                return Err(ReadError(what.to_owned()));
            }
        }
    }

    fn sagas(&self) -> MutexGuard<'_, BTreeSet<SagaId>> {
        self.shared
            .sagas
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SAGA: SagaId = SagaId(Uuid::from_u128(1));
    const OTHER: SagaId = SagaId(Uuid::from_u128(2));

    #[tokio::test(start_paused = true)]
    async fn who_reads_waits_for_what_is_owed_and_for_nothing_else() {
        let owed = Owed::default();
        let debt = owed.owe(SAGA);
        owed.paid(OTHER).await.unwrap();
        let begun = Instant::now();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(debt);
        });
        owed.paid(SAGA).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
        owed.all_paid().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let owed = Owed::default();
        let _debt = owed.owe(SAGA);
        let begun = Instant::now();
        assert!(owed.all_paid().await.is_err());
        assert_eq!(begun.elapsed(), PATIENCE);
    }
}
