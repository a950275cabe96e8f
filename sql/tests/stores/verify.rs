//! What a verification finds in a database that was tampered with.

use passcom_actors::company::log::comparison::Side;
use passcom_actors::company::log::record::Record;
use passcom_actors::company::verifier::{State, Verification, Verifier};
use passcom_actors::domain::entry::Idempotency;
use passcom_actors::domain::ids::SeatNumber;
use passcom_actors::domain::ids::{RouteId, SagaId};

use crate::contract::bookings::settle;
use crate::contract::reads::block;
use crate::contract::{Node, Postgresql, Tabling, book, post, prepare, seat};
use crate::support::Cluster;

/// A statement that tampers, and what is to be found: the side, a part of the row's name, and of what was found there.
const TAMPERED: [(&str, Side, &str, &str); 10] = [
    (
        "update saga set finished = not finished where id = $1",
        Side::Tables,
        "Saga",
        "finished",
    ),
    (
        "update leg set state = 'cancelled' where saga_id = $1",
        Side::Tables,
        "Leg",
        "cancelled",
    ),
    (
        "delete from ticket where id = $1",
        Side::Tables,
        "Ticket",
        "None",
    ),
    (
        "insert into cancelled_leg select ticket_id, company, route_id, number from ticket_leg where ticket_id = $1",
        Side::Tables,
        "Ticket",
        "without",
    ),
    (
        "update saga set chosen = false where id = $1",
        Side::Tables,
        "Decision",
        "chosen false",
    ),
    (
        "update idem set answer = null where saga_id = $1",
        Side::Tables,
        "Key",
        "answered false",
    ),
    (
        "update seat set blocked = false",
        Side::Tables,
        "Seat",
        "on sale",
    ),
    (
        "delete from seat_owner where saga_id = $1",
        Side::SeatOwner,
        "seat 1 of route 1",
        "None",
    ),
    (
        "update seat_owner set saga_id = gen_random_uuid() where saga_id = $1",
        Side::SeatOwner,
        "seat 1 of route 1",
        "saga",
    ),
    (
        "insert into seat_owner select 9, 9, $1",
        Side::SeatOwner,
        "seat 9 of route 9",
        "saga",
    ),
];

fn finds(verified: &Verification, side: Side, row: &str, found: &str) -> bool {
    verified.state == State::Different
        && verified.differences.iter().any(|difference| {
            let said = format!("{:?}", difference.found);
            difference.side == side && difference.row.contains(row) && said.contains(found)
        })
}

/// A database in which a booking was made and a seat blocked, with the node on it.
async fn sold(cluster: &Cluster) -> (Postgresql, Node, SagaId) {
    let base = Postgresql::new(cluster).await;
    let node = Node::open(&base, Tabling::AtOnce).await;
    let trip = prepare(&[seat("a", 1, 1)]);
    let idempotency = Idempotency {
        key: "chave".to_owned(),
        fingerprint: [3; 32],
    };
    post(&node, book(&trip, Some(idempotency))).await;
    post(&node, settle(&prepare(&[seat("b", 1, 1)]))).await;
    post(&node, block(2, 2, true)).await;
    (base, node, trip.saga)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_tampered_with_is_named() {
    let cluster = Cluster::shared();
    for (statement, side, row, found) in TAMPERED {
        let (base, node, saga) = sold(&cluster).await;
        let verifier = Verifier::new(&node.archive);
        let before = verifier.run(None).await;
        assert_eq!(before.state, State::Equal, "{before:?}");
        let statement = statement.replace("$1", &format!("'{saga}'"));
        let client = base.admin().await;
        client.batch_execute(&statement).await.unwrap();
        let verified = verifier.run(None).await;
        assert!(
            finds(&verified, side, row, found),
            "{statement}: {verified:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_says_something_else_is_noticed() {
    let cluster = Cluster::shared();
    let (base, node, _) = sold(&cluster).await;
    let verifier = Verifier::new(&node.archive);
    let client = base.admin().await;
    // the seat that was blocked, as if it had been put back: memory and tables have it otherwise
    let other = Record {
        blocked: [((RouteId(2), SeatNumber(2)), false)].into(),
        ..Record::default()
    };
    let change = "update log set body = $1 where seq = 4";
    client.execute(change, &[&other.encode()]).await.unwrap();
    let verified = verifier.run(None).await;
    for side in [Side::Tables, Side::Memory] {
        assert!(
            finds(&verified, side, "Seat(2, 2)", "off sale"),
            "{verified:?}"
        );
    }
    client.execute(change, &[&b"?".as_slice()]).await.unwrap();
    let verified = verifier.run(None).await;
    assert!(
        finds(&verified, Side::Log, "row 4", "format"),
        "{verified:?}"
    );
    client
        .batch_execute("delete from log where seq = 3")
        .await
        .unwrap();
    let verified = verifier.run(None).await;
    assert!(
        finds(&verified, Side::Log, "row 4", "after row 2"),
        "{verified:?}"
    );
}
