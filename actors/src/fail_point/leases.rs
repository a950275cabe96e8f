//! Points around the lease table. A table's every method has one, or this does not compile.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::steps::LeaseCall;
use super::{after, before};
use crate::domain::fencing::FencingToken;
use crate::domain::ids::SagaId;
use crate::domain::order::SeatRef;
use crate::domain::saga::LeaseAnswer;
use crate::lease::LeaseTable;

pub struct Watched(pub Arc<dyn LeaseTable>);

async fn watched<T>(call: LeaseCall, work: BoxFuture<'_, T>) -> T {
    before(&call);
    let answer = work.await;
    after(&call);
    answer
}

impl LeaseTable for Watched {
    fn acquire<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer> {
        Box::pin(watched(LeaseCall::Acquire, self.0.acquire(saga, seats)))
    }

    fn release<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, ()> {
        Box::pin(watched(LeaseCall::Release, self.0.release(saga, seats)))
    }

    fn raise<'a>(&'a self, fence: FencingToken) -> BoxFuture<'a, ()> {
        Box::pin(watched(LeaseCall::Raise, self.0.raise(fence)))
    }
}
