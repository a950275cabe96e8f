//! Points around what the node asks of the lease table and what it answers to peers. Every method of the table has one,
//! or this does not compile.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::steps::{self, LeaseCall};
use crate::company::lease::LeaseTable;
use crate::domain::fencing::FencingToken;
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::order::SeatRef;
use crate::domain::saga::LeaseAnswer;
use crate::fail_point::steps::Step;
use crate::fail_point::{after, before};
use crate::mesh::messages::{Reply, Request};
use crate::mesh::peer::Serve;

pub struct Watched<T: ?Sized>(pub Arc<T>);

async fn watched<T>(step: impl Step, work: BoxFuture<'_, T>) -> T {
    before(&step);
    let answer = work.await;
    after(&step);
    answer
}

impl LeaseTable for Watched<dyn LeaseTable> {
    fn acquire<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer> {
        watched(LeaseCall::Acquire, self.0.acquire(saga, seats)).boxed()
    }

    fn release<'a>(&'a self, saga: SagaId, seats: &'a [SeatRef]) -> BoxFuture<'a, ()> {
        watched(LeaseCall::Release, self.0.release(saga, seats)).boxed()
    }

    fn raise<'a>(&'a self, fence: FencingToken) -> BoxFuture<'a, ()> {
        watched(LeaseCall::Raise, self.0.raise(fence)).boxed()
    }
}

impl Serve for Watched<dyn Serve> {
    fn serve(&self, from: CompanyId, request: Request) -> BoxFuture<'static, Reply> {
        let answered = steps::exchange(&request).answered;
        watched(answered, self.0.serve(from, request)).boxed()
    }
}
