//! Customers' holds: what the ledger keeps of them, and what the watcher, the desk and a peer read.

use std::sync::Arc;

use passcom_actors::company::archive::Archive;
use passcom_actors::company::store::SagaRecord;
use passcom_actors::domain::entry::{Entry, Idempotency, Receipt};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::{Order, OrderHash};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::question::Question;
use passcom_actors::domain::vote::{Prepare, RefusalReason};

use super::{Node, post, prepare, seat, vote_on, yes};

const ROUTE: u64 = 38;

pub fn hold(number: u16) -> Prepare {
    let prepare = prepare(&[seat("a", ROUTE, number), seat("b", 1, 1)]);
    let order = Order {
        hold_seconds: Some(900),
        ..(*prepare.order).clone()
    };
    Prepare {
        order: Arc::new(order),
        ..prepare
    }
}

/// How long this hold is kept, as the watcher reads it.
async fn held(archive: &Archive, hold: &Prepare) -> Option<u32> {
    let held = archive.held(1000).await.unwrap();
    let mut ours = held.into_iter().filter(|(saga, _)| *saga == hold.saga);
    ours.next().map(|(_, seconds)| seconds)
}

async fn is_undecided(archive: &Archive, hold: &Prepare) -> bool {
    let undecided = archive.undecided(1000).await.unwrap();
    undecided.iter().any(|saga| saga.saga == hold.saga)
}

async fn held_for(archive: &Archive, hold: &Prepare) -> Vec<SagaId> {
    archive.held_for(hold.order.user, 10).await.unwrap()
}

async fn recorded(archive: &Archive, hold: &Prepare) -> SagaRecord {
    archive.recorded(hold.saga).await.unwrap()
}

pub async fn a_hold_is_kept_extended_and_over(node: &Node) {
    let (ledger, archive) = (node, &node.archive);
    let hold = hold(1);
    let saga = hold.saga;
    let extend = |seconds| Entry::Extend { saga, seconds };
    let end = |seconds| Entry::EndHold { saga, seconds };
    assert_eq!(post(ledger, extend(1800)).await, Receipt::Extended(None));
    assert_eq!(post(ledger, vote_on(&hold)).await, yes());
    assert_eq!(held(archive, &hold).await, Some(900));
    assert_eq!(held_for(archive, &hold).await, [saga]);
    assert!(!is_undecided(archive, &hold).await, "its customer decides");

    let kept = |seconds| Receipt::Extended(Some(seconds));
    assert_eq!(post(ledger, extend(1800)).await, kept(1800));
    assert_eq!(post(ledger, extend(900)).await, kept(1800), "never shorter");
    assert_eq!(post(ledger, end(900)).await, kept(1800), "it was extended");
    assert_eq!(held(archive, &hold).await, Some(1800));
    let kept = recorded(archive, &hold).await.held.unwrap();
    assert_eq!(kept.seconds, 1800);
    assert!((0..60_000).contains(&kept.passed_ms), "{kept:?}");

    assert_eq!(post(ledger, end(1800)).await, Receipt::Extended(None));
    assert_eq!(post(ledger, extend(2700)).await, Receipt::Extended(None));
    assert_eq!(held(archive, &hold).await, None);
    assert_eq!(held_for(archive, &hold).await, []);
    assert_eq!(recorded(archive, &hold).await.held, None);
    assert!(is_undecided(archive, &hold).await, "somebody sees to it");

    let reason = RefusalReason::Released;
    let seats = hold.order.seats();
    post(
        ledger,
        Entry::from(Question::Release {
            saga,
            seats,
            reason,
        }),
    )
    .await;
    assert_eq!(recorded(archive, &hold).await.reason, Some(reason));
}

pub async fn a_hold_is_voted_for_and_confirmed(node: &Node) {
    let (ledger, archive) = (node, &node.archive);
    let hold = hold(2);
    let idempotency = Idempotency {
        key: "hold".to_owned(),
        fingerprint: [1; 32],
    };
    let voted = |hash| Entry::Hold {
        saga: hold.saga,
        hash,
        key: Some((hold.order.user, idempotency.clone())),
    };
    post(ledger, vote_on(&hold)).await;
    post(ledger, voted(OrderHash([0; 32]))).await;
    assert!(!recorded(archive, &hold).await.voted, "for another order");
    post(ledger, voted(hold.hash)).await;
    let found = recorded(archive, &hold).await;
    assert!(found.voted);
    assert_eq!(found.held.map(|held| held.seconds), Some(900));
    let key = archive.key(hold.order.user, idempotency.key.clone()).await;
    let held = Outcome::Held { hold: hold.saga };
    assert_eq!(key.unwrap().unwrap().answer, Some(held));

    let request = Entry::RequestConfirm(Box::new(hold.clone()));
    post(ledger, request).await;
    let found = recorded(archive, &hold).await;
    assert_eq!((found.held, found.voted), (None, true));
    assert!(is_undecided(archive, &hold).await);
}

/// The customer confirms at a company that has no seat of the hold; it had driven another one, of which it kept nothing.
pub async fn whoever_keeps_no_seat_has_no_hold(node: &Node) {
    let (ledger, archive) = (node, &node.archive);
    let elsewhere = |number| {
        let hold = hold(3);
        let mut order = (*hold.order).clone();
        order.legs.remove(0);
        order.legs[0].seat = seat("b", 1, number);
        Prepare {
            order: Arc::new(order),
            ..hold
        }
    };
    let (begun, confirmed) = (elsewhere(2), elsewhere(3));
    post(ledger, Entry::Begin(Box::new(begun.clone()), None)).await;
    assert_eq!(recorded(archive, &begun).await, SagaRecord::default());
    let request = Entry::RequestConfirm(Box::new(confirmed.clone()));
    post(ledger, request).await;
    assert_eq!(held(archive, &confirmed).await, None);
    assert!(is_undecided(archive, &confirmed).await);
}
