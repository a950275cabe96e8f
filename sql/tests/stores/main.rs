//! What a store promises, asked of every store there is.

mod contract;
mod failures;
mod housekeeping;
mod speed;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use contract::{Stores, Wall, all, company, route};
use passcom_actors::domain::ids::Incarnation;
use passcom_memory::{MemoryLedgerStore, MemoryStore};
use support::Cluster;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_keeps_the_contract() {
    let store = Arc::new(MemoryStore::new(company("a"), Incarnation(Uuid::new_v4())));
    store.import((1..=contract::ROUTES).map(route));
    let wall = Wall::new();
    let writer = || MemoryLedgerStore {
        store: store.clone(),
        close: wall.close_of_sale(),
    };
    let stores = Stores {
        ledger: &writer(),
        rival: &writer(),
        archive: store.as_ref(),
        wall: &wall,
    };
    all(&stores).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_the_contract() {
    let cluster = Cluster::shared();
    let (database, identity) = contract::postgresql(&cluster).await;
    let wall = Wall::new();
    let stores = Stores {
        ledger: &database.ledger_store(wall.close_of_sale()),
        rival: &database.ledger_store(wall.close_of_sale()),
        archive: &database.archive(&identity),
        wall: &wall,
    };
    all(&stores).await;
}
