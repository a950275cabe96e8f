//! Which sagas are driven at this node.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::ids::{SagaId, UserId};

/// The sagas that are driven at this node now.
#[derive(Debug, Clone, Default)]
pub struct Running {
    sagas: Arc<Mutex<BTreeMap<SagaId, UserId>>>,
    /// One of them has ended.
    ended: Arc<Notify>,
}

/// Keeps a saga in [`Running`] while it lives.
#[derive(Debug)]
pub struct RunningGuard {
    running: Running,
    saga: SagaId,
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.running.lock().remove(&self.saga);
        self.running.ended.notify_waiters();
    }
}

impl Running {
    pub fn contains(&self, saga: SagaId) -> bool {
        self.lock().contains_key(&saga)
    }

    pub fn user(&self, saga: SagaId) -> Option<UserId> {
        self.lock().get(&saga).copied()
    }

    /// Until that saga is not driven here any more.
    pub async fn until_ended(&self, saga: SagaId) {
        loop {
            // made first: an end between the look and the wait counts
            let ended = self.ended.notified();
            if !self.contains(saga) {
                return;
            }
            ended.await;
        }
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// None if it is driven here already.
    pub(crate) fn enter(&self, saga: SagaId, user: UserId) -> Option<RunningGuard> {
        let mut sagas = self.lock();
        if sagas.contains_key(&saga) {
            return None;
        }
        sagas.insert(saga, user);
        Some(RunningGuard {
            running: self.clone(),
            saga,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<SagaId, UserId>> {
        self.sagas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
