//! What a store promises, asked of every store there is.

mod contract;
mod failures;
mod housekeeping;
mod speed;
#[path = "../support/mod.rs"]
mod support;

use contract::{Stores, all, company, route};
use passcom_actors::domain::entry::Receipt;
use passcom_actors::domain::ids::Incarnation;
use passcom_actors::domain::vote::{RefusalReason, Vote};
use passcom_memory::MemoryStore;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_leaves_within_half_an_hour_is_not_sold_any_more() {
    let cluster = Cluster::shared();
    let (database, _) = contract::postgresql(&cluster).await;
    let client = database.client().await.unwrap();
    let leave =
        "update route set departs = now() + $2::bigint * interval '1 minute' where id = $1::bigint";
    client.execute(leave, &[&1_i64, &29_i64]).await.unwrap();
    client.execute(leave, &[&2_i64, &31_i64]).await.unwrap();
    let ledger = database.ledger_store();
    let late = contract::vote_on(&contract::prepare(&[contract::seat("a", 1, 1)]));
    let refused = contract::post(&ledger, late).await;
    let refusal = Refusal {
        seat: contract::seat("a", 1, 1),
        reason: RefusalReason::Closed,
    };
    let closed = CompanyAnswer::Vote(Vote::No(refusal));
    assert_eq!(refused, Receipt::Answer(closed));
    let in_time = contract::vote_on(&contract::prepare(&[contract::seat("a", 2, 1)]));
    assert_eq!(contract::post(&ledger, in_time).await, contract::yes());
}
