//! What a store promises, asked of every store there is.

mod contract;
mod failures;
mod housekeeping;
mod payments;
mod people;
mod retention;
mod roles;
mod speed;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod upgrade;
mod verify;

use contract::{Memory, Postgresql, all};
use support::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_keeps_the_contract() {
    all(async || Memory::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_the_contract() {
    let cluster = Cluster::shared();
    all(async || Postgresql::new(&cluster).await).await;
}
