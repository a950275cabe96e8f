//! What came back for cancelled seats, and what companies owe each other.

use passcom_actors::company::store::RefundView;
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::UserId;
use passcom_actors::domain::refund::Refunded;
use passcom_actors::domain::rows::Replicated;
use passcom_actors::domain::settlement::{self, Account, Sum, Sums, day_of};
use passcom_actors::domain::ticket::Ticket;
use uuid::Uuid;

use super::bookings::settle;
use super::{Node, book, company, post, prepare_for, refund, seat, vote_on, yes};

/// 2019-12-31T23:59:59.999Z, of which no other scenario is.
const LAST: i64 = 1_577_836_799_999;
const DAY_MS: i64 = 86_400_000;

fn decided(of: Refunded, decided_at: i64) -> Refunded {
    Refunded { decided_at, ..of }
}

async fn merge(node: &Node, ticket: &Ticket) {
    let rows = vec![Replicated::Ticket(ticket.clone())];
    post(node, Entry::Merge { rows, cursor: None }).await;
}

pub async fn what_came_back_is_kept_and_listed(node: &Node) {
    let user = UserId(Uuid::new_v4());
    let seats = [seat("a", 33, 1), seat("b", 9, 7), seat("c", 9, 8)];
    let trip = prepare_for(user, LAST, &seats);
    assert_eq!(post(node, vote_on(&trip)).await, yes());
    assert_eq!(post(node, settle(&trip)).await, Receipt::Done);
    let of = |refunds: &[Refunded]| Ticket {
        cancelled: refunds.iter().map(|refund| refund.seat).collect(),
        refunds: refunds.to_vec(),
        ..Ticket::new(trip.saga, trip.order.clone())
    };
    let first = decided(refund(seats[1], 7_000, "b"), LAST);
    let second = decided(refund(seats[0], 0, "a"), LAST + 1);
    merge(node, &of(std::slice::from_ref(&first))).await;
    merge(node, &of(std::slice::from_ref(&second))).await;
    // the third was cancelled before anybody recorded what came back
    let mut old = of(&[]);
    old.cancelled = vec![seats[2]];
    merge(node, &old).await;
    let kept = async || node.archive.ticket(trip.saga).await.unwrap().unwrap();
    let both = of(&[second.clone(), first.clone()]).merged(&old);
    assert_eq!(kept().await, both);
    // a list is read from the tables, once they have it
    let all = node.archive.refunds((LAST, LAST + 2), None, 9).await;
    assert_eq!(all.unwrap().len(), 2);
    let cell = node.tables.cell(trip.saga).await.unwrap();
    assert_eq!(cell.ticket.map(|(ticket, _)| ticket), Some(both));

    // another company decided it apart: the greater stays
    let apart = decided(refund(seats[1], 10_000, "a"), LAST);
    merge(node, &of(std::slice::from_ref(&apart))).await;
    merge(node, &of(std::slice::from_ref(&first))).await;
    assert_eq!(kept().await.refund_of(seats[1]), Some(&apart));

    let view = |refund: &Refunded| RefundView {
        ticket: trip.saga,
        refund: refund.clone(),
    };
    let (from, to) = (LAST - DAY_MS, LAST + DAY_MS);
    let page = async |span, before, limit| {
        let page = node.archive.refunds(span, before, limit).await;
        page.unwrap()
    };
    let all = [view(&second), view(&apart)];
    assert_eq!(page((from, to), None, 9).await, all);
    assert_eq!(page((from, to), None, 1).await, all[..1]);
    assert_eq!(page((from, to), Some(all[0].place()), 9).await, all[1..]);
    assert_eq!(page((from, to), Some(all[1].place()), 9).await, []);
    assert_eq!(page((LAST, LAST + 1), None, 9).await, all[1..]);
    assert_eq!(page((LAST + 1, to), None, 9).await, all[..1]);
}

pub async fn books_have_each_entry_once(node: &Node) {
    let user = UserId(Uuid::new_v4());
    let at = LAST - 10 * DAY_MS;
    let day = day_of(at);
    let books = async |from, to| node.archive.books(from, to).await.unwrap().sums;
    let all = async || books(day, day + 2).await;
    assert_eq!(all().await, Sums::new());

    let own = prepare_for(user, at, &[seat("a", 33, 2), seat("a", 33, 3)]);
    assert_eq!(post(node, book(&own, None)).await, yes());
    let theirs = prepare_for(user, at, &[seat("a", 33, 4), seat("b", 9, 6)]);
    let copy = Ticket::new(theirs.saga, theirs.order.clone());
    merge(node, &copy).await;
    merge(node, &copy).await;
    let mut expected = Sums::new();
    let sold = [Ticket::new(own.saga, own.order.clone()), copy.clone()];
    for ticket in &sold {
        settlement::enter(&mut expected, None, ticket);
    }
    assert_eq!(all().await, expected);
    let (seats, amount) = expected.values().fold((0, 0), |(seats, amount), sum| {
        (seats + sum.seats_sold, amount + sum.sold)
    });
    assert_eq!((seats, amount), (4, 40_000));

    // one is given back two days later, here; and once more, apart
    let gone = seat("a", 33, 2);
    let back = decided(refund(gone, 7_000, "a"), at + 2 * DAY_MS);
    let cancel = Entry::Cancel {
        ticket: own.saga,
        seats: vec![gone],
        agreed: true,
        refunds: vec![back.clone()],
    };
    let cancelled = post(node, cancel).await;
    assert!(matches!(cancelled, Receipt::Cancelled(_)));
    let account = |day| Account {
        day,
        seller: company("a"),
        owner: company("a"),
        currency: "BRL".to_owned(),
    };
    let given = |refunded| Sum {
        seats_refunded: 1,
        refunded,
        ..Sum::default()
    };
    settlement::add(&mut expected, account(day + 2), given(7_000));
    assert_eq!(all().await, expected);
    let apart = Ticket {
        cancelled: vec![gone],
        refunds: vec![decided(refund(gone, 9_000, "b"), at + DAY_MS)],
        ..sold[0].clone()
    };
    merge(node, &apart).await;
    expected.remove(&account(day + 2));
    settlement::add(&mut expected, account(day + 1), given(9_000));
    assert_eq!(all().await, expected, "of another day and another amount");
    assert_eq!(books(day + 1, day + 1).await.len(), 1);
    assert_eq!(books(day + 2, day + 2).await, Sums::new());
}
