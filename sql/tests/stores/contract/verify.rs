//! Log, memory and tables of a node that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use passcom_actors::company::verifier::{State, Verifier};
use passcom_actors::domain::entry::Entry;

use super::bookings::{release, settle};
use super::copies::user;
use super::reads::block;
use super::{Base, Node, Tabling, book, prepare, seat, try_post, vote_on, yes};

/// Bookings of every end, logins and blocked seats, until told to stop.
async fn sell(node: &Node, stop: Arc<AtomicBool>) -> u16 {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let number = turn % 30 * 3 + 1;
        let route = 1 + u64::from(turn / 30 % 30);
        let one = prepare(&[seat("a", route, number)]);
        let other = prepare(&[seat("a", route, number + 1)]);
        let foreign = prepare(&[seat("b", 1, 1)]);
        let batch = [
            vote_on(&one),
            vote_on(&other),
            book(&prepare(&[seat("a", route, number + 2)]), None),
            block(40, number, turn % 2 == 0),
        ];
        let voted = try_post(node, &batch).await.unwrap();
        let login = Entry::Enrol(user(&format!("ana{turn}")));
        let mut ends = vec![release(&one), settle(&foreign), login];
        ends.extend((voted[1] == yes()).then(|| settle(&other)));
        try_post(node, &ends).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    turn
}

pub async fn everything_is_equal_while_a_node_sells(base: &impl Base) {
    let node = Node::open(base, Tabling::AtOnce).await;
    let verifier = Verifier::new(&node.archive);
    let stop = Arc::new(AtomicBool::new(false));
    let verifying = async {
        let mut read = Vec::new();
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let verified = verifier.run(None).await;
            assert_eq!(verified.state, State::Equal, "{verified:?}");
            read.push(verified.upto);
        }
        let last = verifier.run(Some(3)).await;
        assert_eq!(last.state, State::Equal, "{last:?}");
        stop.store(true, Ordering::Relaxed);
        read
    };
    let (read, turns) = tokio::join!(verifying, sell(&node, stop.clone()));
    assert!(
        read.is_sorted() && read[0] < read[3] && turns > 1,
        "{read:?}"
    );
    let verified = verifier.run(None).await;
    assert!(verified.first.0 == 1 && verified.seats > 0, "{verified:?}");
}
