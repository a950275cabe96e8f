//! Names on tickets that were misspelt.

use std::sync::Arc;

use passcom_actors::domain::corrections::Corrected;
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::order::{Passenger, SeatRef};
use passcom_actors::domain::order_hash::order_hash;
use passcom_actors::domain::rows::Replicated;

use super::bookings::settle;
use super::{NOW, Node, post, prepare, seat, vote_on, yes};

/// A route that no other part of the contract uses.
const ROUTE: u64 = 39;

pub async fn a_name_is_corrected_and_stays_corrected(node: &Node) {
    let mut trip = prepare(&[seat("a", ROUTE, 3), seat("b", 9, 8)]);
    let order = Arc::make_mut(&mut trip.order);
    for leg in &mut order.legs {
        leg.passenger = Some(Passenger {
            name: "José Souza".to_owned(),
            document: None,
        });
    }
    trip.hash = order_hash(order, &trip.acceptors);
    assert_eq!(post(node, vote_on(&trip)).await, yes());
    assert_eq!(post(node, settle(&trip)).await, Receipt::Done);
    let ticket = async || node.archive.ticket(trip.saga).await.unwrap().unwrap();
    let correct = |seat: SeatRef, name: &str| Entry::Correct {
        ticket: trip.saga,
        names: vec![(seat, name.to_owned())],
        at: NOW + 7,
    };
    let (ours, theirs) = (seat("a", ROUTE, 3), seat("b", 9, 8));
    for (of, name) in [
        (ours, "Jose Souza"),
        (ours, "José Sousa"),
        (theirs, "José  Souza"),
    ] {
        let receipt = post(node, correct(of, name)).await;
        assert_eq!(receipt, Receipt::Corrected(Corrected::Done));
    }
    let another = post(node, correct(ours, "João Silva")).await;
    assert_eq!(another, Receipt::Corrected(Corrected::Another(ours)));
    let kept = ticket().await;
    let told: Vec<_> = kept
        .corrections
        .iter()
        .map(|one| (one.of, one.sequence, one.at, one.name.as_str()))
        .collect();
    let expected = [
        (ours, 2, NOW + 7, "José Sousa"),
        (theirs, 1, NOW + 7, "José  Souza"),
    ];
    assert_eq!(told, expected);
    assert_eq!(kept.order, trip.order, "as it was voted on");

    // a copy from before that changes nothing, one that knows more does
    let merge = |copy| Entry::Merge {
        rows: vec![Replicated::Ticket(copy)],
        cursor: None,
    };
    let mut copy = kept.clone();
    copy.corrections.pop();
    post(node, merge(copy.clone())).await;
    assert_eq!(ticket().await, kept);
    copy.corrections[0].sequence = 3;
    copy.corrections[0].name = "José Souzas".to_owned();
    post(node, merge(copy.clone())).await;
    let merged = ticket().await;
    assert_eq!(merged.corrections[0], copy.corrections[0]);
    assert_eq!(merged.corrections[1], kept.corrections[1]);
}
