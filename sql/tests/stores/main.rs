//! What a store promises, asked of every store there is.

mod contract;
mod failures;
mod speed;
#[path = "../support/mod.rs"]
mod support;

use contract::{Stores, all, company, route};
use passcom_actors::domain::ids::Incarnation;
use passcom_actors::memory::MemoryStore;
use support::Cluster;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_keeps_the_contract() {
    let store = MemoryStore::new(company("a"), Incarnation(Uuid::new_v4()));
    store.import((1..=contract::ROUTES).map(route));
    let stores = Stores {
        ledger: &store,
        rival: &store,
        archive: &store,
    };
    all(&stores).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_the_contract() {
    let cluster = Cluster::shared();
    let (database, identity) = contract::postgresql(&cluster).await;
    let stores = Stores {
        ledger: &database.ledger_store(),
        rival: &database.ledger_store(),
        archive: &database.archive(&identity),
    };
    all(&stores).await;
}
