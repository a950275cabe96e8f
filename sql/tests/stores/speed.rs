//! How fast the ledger's store is: run it by hand, on a quiet machine.
//! `cargo nextest run --release --run-ignored only --no-capture --test stores`

use std::time::Instant;

use crate::contract::{
    Node, Postgresql, ROUTES, SEATS, Tabling, book, prepare, seat, try_post, vote_on, yes,
};
use crate::support::Cluster;
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::order::SeatRef;

const BATCH: usize = 64;
const SEATS_EACH: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn entries_per_second() {
    let cluster = Cluster::shared();
    let database = Postgresql::new(&cluster).await;
    let node = Node::open(&database, Tabling::AtOnce).await;
    let all =
        (1..=ROUTES).flat_map(|route| (1..=SEATS).map(move |number| seat("a", route, number)));
    let all: Vec<SeatRef> = all.collect();
    let trips: Vec<_> = all.chunks_exact(SEATS_EACH).map(prepare).collect();
    let (to_prepare, to_book) = trips.split_at(trips.len() / 2);
    for (name, trips, entry, expected) in [
        (
            "Prepare",
            to_prepare,
            (|trip| vote_on(trip)) as fn(&_) -> Entry,
            yes(),
        ),
        ("Book", to_book, |trip| book(trip, None), yes()),
    ] {
        let began = Instant::now();
        for batch in trips.chunks(BATCH) {
            let entries: Vec<Entry> = batch.iter().map(entry).collect();
            let receipts = try_post(&node, &entries).await.unwrap();
            assert!(receipts.iter().all(|receipt| *receipt == expected));
        }
        let rate = trips.len() as f64 / began.elapsed().as_secs_f64();
        println!("{name}: {rate:.0} entries of {SEATS_EACH} seats a second, in batches of {BATCH}");
    }
}
