//! What is kept of customers' payments: whatever is told twice, at once or in another order, each part goes back once.

use std::sync::Arc;
use std::time::Duration;

use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::order::{Exchange, Order, Price, SeatRef};
use passcom_actors::domain::order_hash::order_hash;
use passcom_actors::domain::payment::{ATTEMPTS_MAX, Event, Fate, Next, Standing};
use passcom_actors::domain::refund::{Ground, Refunded};
use passcom_actors::domain::vote::Prepare;
use passcom_actors::people::payment::Paid;
use passcom_sql::payments::{Begun, Payments, Recorded, Wanted};
use uuid::Uuid;

use crate::contract::{Node, Postgresql, Tabling, book, company, post, prepare, refund, seat};
use crate::support::Cluster;

fn price(minor: i64) -> Price {
    Price {
        minor,
        currency: "BRL".to_owned(),
    }
}

fn wanted(hold: SagaId, attempt: u32) -> Wanted {
    Wanted {
        hold,
        user: UserId(Uuid::from_u128(7)),
        attempt,
        provider: "gateway".to_owned(),
        means: "tok_1".to_owned(),
        amount: price(20_000),
    }
}

async fn begun(payments: &Payments, hold: SagaId, attempt: u32) -> Recorded {
    match payments.begin(&wanted(hold, attempt)).await.unwrap() {
        Begun::New(payment) => payment,
        not => panic!("{not:?}"),
    }
}

async fn tell(payments: &Payments, of: &Recorded, event: Event) -> Recorded {
    payments.tell(of.id, event).await.unwrap().unwrap()
}

const PAID: Event = Event::Told(Standing::Paid);
const REFUSED: Event = Event::Told(Standing::Refused);

/// What goes back, in the order in which it was owed, of all holds.
async fn parts(payments: &Payments) -> Vec<(Uuid, i32, i64)> {
    let due = payments.refunds_due(100).await.unwrap();
    due.into_iter()
        .map(|part| (part.payment, part.number, part.amount.minor))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_begun_once_and_another_only_after_a_refusal() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let payments = Payments::new(base.database.clone());
    let hold = SagaId(Uuid::new_v4());
    let all = (0..8).map(|_| {
        let payments = payments.clone();
        tokio::spawn(async move { payments.begin(&wanted(hold, 1)).await.unwrap() })
    });
    let all: Vec<Begun> = futures_util::future::join_all(all)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let new = |begun: &&Begun| matches!(begun, Begun::New(_));
    assert_eq!(all.iter().filter(new).count(), 1, "{all:?}");
    let first = payments.newest(hold).await.unwrap().unwrap();
    assert_eq!(
        (first.attempt, first.payment.standing),
        (1, Standing::Asked)
    );
    assert!(!payments.is_paid(hold, &price(1)).await.unwrap());
    // whoever began it asks the provider; nobody else does so soon
    assert_eq!(payments.due(9).await.unwrap(), []);

    // the card is not refused yet, or another attempt is left out
    for attempt in [2, 0, 3] {
        let begun = payments.begin(&wanted(hold, attempt)).await.unwrap();
        let known = Begun::Known(first.clone());
        let expected = if attempt == 2 {
            known
        } else {
            Begun::OutOfTurn
        };
        assert_eq!(begun, expected, "{attempt}");
    }
    let first = tell(&payments, &first, REFUSED).await;
    assert_eq!((first.payment.next(), &*first.means), (Next::Nothing, ""));
    let again = payments.begin(&wanted(hold, 1)).await.unwrap();
    assert_eq!(again, Begun::Known(first.clone()), "no new try by itself");
    let second = begun(&payments, hold, 2).await;

    // the first was taken after all: it goes back whole, and the second counts
    let first = tell(&payments, &first, PAID).await;
    assert_eq!(first.payment.fate, Fate::Lost);
    assert_eq!(parts(&payments).await, [(first.id, 1, 20_000)]);
    assert!(!payments.is_paid(hold, &price(20_000)).await.unwrap());
    tell(&payments, &second, PAID).await;
    assert!(payments.is_paid(hold, &price(20_000)).await.unwrap());
    assert!(!payments.is_paid(hold, &price(20_001)).await.unwrap());

    let hold = SagaId(Uuid::new_v4());
    for attempt in 1..=ATTEMPTS_MAX {
        let payment = begun(&payments, hold, attempt).await;
        tell(&payments, &payment, REFUSED).await;
    }
    let beyond = payments.begin(&wanted(hold, ATTEMPTS_MAX + 1)).await;
    assert_eq!(beyond.unwrap(), Begun::OutOfTurn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_paid_for_a_hold_that_ended_goes_back_once() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let payments = Payments::new(base.database.clone());
    for events in [[PAID, Event::Lost], [Event::Lost, PAID]] {
        let payment = begun(&payments, SagaId(Uuid::new_v4()), 1).await;
        // every notice several times, at once
        for event in events {
            let told = (0..4).map(|_| payments.tell(payment.id, event));
            for told in futures_util::future::join_all(told).await {
                told.unwrap().unwrap();
            }
        }
        assert_eq!(parts(&payments).await, [(payment.id, 1, 20_000)]);
        let [part] = &payments.refunds_due(9).await.unwrap()[..] else {
            panic!("one part");
        };
        let pause = Duration::from_secs(60);
        payments.note_refund_try(part, pause).await.unwrap();
        assert_eq!(parts(&payments).await, []);
        assert_eq!(payments.waiting().await.unwrap().refunds, 1);
        assert!(payments.refunded(part.payment, 1).await.unwrap());
        assert!(!payments.refunded(part.payment, 1).await.unwrap(), "known");
        assert_eq!(payments.given_back(payment.id).await.unwrap(), 20_000);
        assert_eq!(payments.waiting().await.unwrap().refunds, 0);
    }
    let stranger = payments.tell(Uuid::new_v4(), PAID).await.unwrap();
    assert_eq!(stranger, None);
}

/// A trip that was sold at company a, on these seats, maybe in place of others.
fn trip(seats: &[SeatRef], exchange: Option<Exchange>) -> Prepare {
    let mut trip = prepare(seats);
    let order = Order {
        seller: Some(company("a")),
        exchange,
        ..(*trip.order).clone()
    };
    trip.hash = order_hash(&order, &trip.acceptors);
    trip.order = Arc::new(order);
    trip
}

async fn cancel(node: &Node, ticket: SagaId, refunds: &[Refunded]) {
    let cancel = Entry::Cancel {
        ticket,
        seats: refunds.iter().map(|refund| refund.seat).collect(),
        agreed: false,
        refunds: refunds.to_vec(),
    };
    post(node, cancel).await;
    assert_eq!(node.project().await, Ok(()));
}

/// Does what the cashier does with what is due, until nothing is.
async fn look_up(payments: &Payments) {
    loop {
        let due = payments.due(9).await.unwrap();
        if due.is_empty() {
            return;
        }
        for payment in due {
            assert_eq!(payment.payment.next(), Next::LookUp);
            let pause = Duration::from_secs(60);
            assert!(payments.note_try(&payment, pause).await.unwrap());
            let late = payments.note_try(&payment, pause).await.unwrap();
            assert!(!late, "one of two that found it due");
            let came_back = payments.came_back(&payment).await.unwrap();
            tell(payments, &payment, Event::CameBack(came_back)).await;
            payments.rest(&payment).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_for_seats_goes_back_in_parts_and_never_more_than_was_paid() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let payments = Payments::new(base.database.clone());
    let seats = [21, 22, 23].map(|number| seat("a", 3, number));
    let sold = trip(&seats, None);
    let payment = begun(&payments, sold.saga, 1).await;
    post(&node, book(&sold, None)).await;
    assert_eq!(node.project().await, Ok(()));
    tell(&payments, &payment, PAID).await;
    tell(&payments, &payment, Event::Sold).await;
    look_up(&payments).await;
    assert_eq!(parts(&payments).await, []);

    // of two seats, one after the other; the second time it is told with both
    let of = |number, minor| refund(seat("a", 3, number), minor, "a");
    cancel(&node, sold.saga, &[of(21, 7_000)]).await;
    look_up(&payments).await;
    let first = (payment.id, 1, 7_000);
    assert_eq!(parts(&payments).await, [first]);
    cancel(&node, sold.saga, &[of(21, 7_000), of(22, 9_000)]).await;
    look_up(&payments).await;
    look_up(&payments).await;
    let second = (payment.id, 2, 9_000);
    assert_eq!(parts(&payments).await, [first, second]);

    // the third is given for another flight, for which more comes back than was left
    let given = Refunded {
        ground: Ground::Exchanged,
        ..of(23, 10_000)
    };
    cancel(&node, sold.saga, &[given]).await;
    look_up(&payments).await;
    assert_eq!(parts(&payments).await, [first, second], "it is no refund");
    let instead = trip(
        &[seat("b", 9, 24)],
        Some(Exchange {
            ticket: sold.saga,
            seats: vec![seat("a", 3, 23)],
            companies: vec![company("a")],
        }),
    );
    let ticket = passcom_actors::domain::ticket::Ticket::new(instead.saga, instead.order.clone());
    let rows = vec![passcom_actors::domain::rows::Replicated::Ticket(ticket)];
    post(&node, Entry::Merge { rows, cursor: None }).await;
    let back = refund(seat("b", 9, 24), 10_000, "b");
    cancel(&node, instead.saga, &[back]).await;
    look_up(&payments).await;
    let third = (payment.id, 3, 4_000);
    assert_eq!(parts(&payments).await, [first, second, third]);

    // the books have each once, however often they are read
    for (id, number, _) in [first, second] {
        assert!(payments.refunded(id, number).await.unwrap());
    }
    for _ in 0..2 {
        let books = node.archive.books(-700_000, 2_900_000).await.unwrap();
        let [sum] = &books.payments[..] else {
            panic!("one day and currency: {books:?}");
        };
        assert_eq!((sum.payments, sum.paid), (1, 20_000));
        assert_eq!((sum.refunds, sum.given_back), (2, 16_000));
    }
}
