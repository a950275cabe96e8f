//! What goes of bookings that came to nothing, and that nobody is told anything else afterwards.

use passcom_actors::company::verifier::{State, Verifier};
use passcom_actors::domain::entry::Receipt;
use passcom_actors::domain::question::CompanyAnswer;
use passcom_actors::domain::vote::{Prepare, Refusal, RefusalReason, Vote};
use passcom_sql::retention::{STEP_MAX, forget_audit, forget_refused, thin_refused};
use tokio_postgres::Client;

use crate::contract::bookings::release;
use crate::contract::holds::hold;
use crate::contract::{Node, Postgresql, Tabling, book, post, prepare, seat, vote_on, yes};
use crate::support::Cluster;

/// The second seat is another's: no seat but that one is named.
fn refused_for(trip: &Prepare) -> Receipt {
    let (seat, reason) = (trip.order.seats()[1], RefusalReason::Sold);
    Receipt::Answer(CompanyAnswer::Vote(Vote::No(Refusal { seat, reason })))
}

/// All that is recorded of bookings gets older.
async fn age(admin: &Client, days: i32) {
    let older = format!(
        "update saga set created_at = created_at - interval '{days} days';
         update leg set prepared_at = prepared_at - interval '{days} days',
             committed_at = committed_at - interval '{days} days', ended_at = ended_at - interval '{days} days';
         update audit set at = at - interval '{days} days'"
    );
    admin.batch_execute(&older).await.unwrap();
}

async fn count(admin: &Client, what: &str, of: &Prepare) -> i64 {
    let count = format!("select count(*) from {what} = $1");
    admin.query_one(&count, &[&of.saga.0]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_to_nothing_is_thinned_and_answered_as_before() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let admin = base.admin().await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let sold = prepare(&[seat("a", 1, 2)]);
    post(&node, book(&sold, None)).await;
    let refused = prepare(&[1, 2, 3, 4].map(|number| seat("a", 1, number)));
    assert_eq!(post(&node, vote_on(&refused)).await, refused_for(&refused));
    let (released, open) = (hold(7), hold(8));
    for held in [&released, &open] {
        assert_eq!(post(&node, vote_on(held)).await, yes());
    }
    post(&node, release(&released)).await;
    assert_eq!(node.project().await, Ok(()));
    let thin = async || thin_refused(&base.database, 40).await.unwrap();
    assert_eq!(thin().await, 0, "it is young");

    let move_log = async |by: &str| {
        let moved = format!("update log set at = at + interval '{by}'");
        admin.batch_execute(&moved).await.unwrap();
    };
    age(&admin, 41).await;
    move_log("-42 days").await;
    assert_eq!(thin().await, 0, "the log tells of it");
    // as if what the log had of then had been dropped
    move_log("2 days").await;
    assert_eq!(thin().await, 2);
    assert_eq!(thin().await, 0);
    for gone in [&refused, &released] {
        assert_eq!(
            count(&admin, "saga where \"order\" is not null and id", gone).await,
            0
        );
        assert_eq!(count(&admin, "saga where id", gone).await, 1);
        assert_eq!(count(&admin, "leg where saga_id", gone).await, 1);
    }
    for kept in [&sold, &open] {
        let order = "(select coalesce(saga.\"order\", ticket.\"order\") as kept, saga.id from saga left join ticket using (id)) as either where kept is not null and id";
        assert_eq!(count(&admin, order, kept).await, 1);
    }

    // whoever comes late hears what was said, of the tables alone; and a seat that nobody has is sold
    let next = Node::open(&base, Tabling::OnDemand).await;
    assert_eq!(post(&next, vote_on(&refused)).await, refused_for(&refused));
    assert_ne!(post(&next, vote_on(&released)).await, yes());
    post(&next, release(&released)).await;
    let recorded = next.archive.recorded(refused.saga).await.unwrap();
    assert_eq!(recorded.order, None);
    let free = prepare(&[seat("a", 1, 1)]);
    assert_eq!(post(&next, vote_on(&free)).await, yes());
    assert_eq!(next.project().await, Ok(()));

    let forget = async |days| forget_refused(&base.database, days).await.unwrap();
    assert_eq!(forget(3_650).await, 0, "some of it stays for years");
    age(&admin, 3_650).await;
    move_log("-3600 days").await;
    assert_eq!(forget(3_650).await, 2);
    for gone in [&refused, &released] {
        assert_eq!(count(&admin, "saga where id", gone).await, 0);
        assert_eq!(count(&admin, "leg where saga_id", gone).await, 0);
    }
    assert_eq!(count(&admin, "ticket where id", &sold).await, 1);
    assert_eq!(count(&admin, "saga where id", &open).await, 1);
    assert_eq!(count(&admin, "seat_owner where saga_id", &open).await, 1);
}

/// What an operator asks for afterwards: the log that is kept, and all that it tells of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_log_tells_is_still_found_by_verify() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let admin = base.admin().await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    post(&node, book(&prepare(&[seat("a", 1, 2)]), None)).await;
    let refused = prepare(&[1, 2].map(|number| seat("a", 1, number)));
    post(&node, vote_on(&refused)).await;
    assert_eq!(node.project().await, Ok(()));
    age(&admin, 5_000).await;
    admin
        .batch_execute("update log set at = at - interval '5000 days'")
        .await
        .unwrap();
    assert_eq!(thin_refused(&base.database, 40).await.unwrap(), 0);
    assert_eq!(forget_refused(&base.database, 365).await.unwrap(), 0);
    let verified = Verifier::new(&node.archive).run(None).await;
    assert_eq!(verified.state, State::Equal, "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_bounded_and_the_rest_goes_with_the_next_ones() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let admin = base.admin().await;
    let many = format!(
        r#"insert into saga (id, order_hash, "order", acceptors, driver, state, finished, created_at)
           select gen_random_uuid(), decode(repeat('00', 32), 'hex'), '{{}}', '{{a}}', 'node-b', 'aborted', true, now() - interval '50 days'
           from generate_series(1, {0} + 7);
           insert into audit (at, action, subject, reason)
           select now() - interval '5000 days', 'block', 'x', 'y' from generate_series(1, {0} + 7)"#,
        STEP_MAX
    );
    admin.batch_execute(&many).await.unwrap();
    let step = u64::try_from(STEP_MAX).unwrap();
    for expected in [step, 7, 0] {
        assert_eq!(thin_refused(&base.database, 40).await.unwrap(), expected);
        assert_eq!(forget_audit(&base.database, 3_650).await.unwrap(), expected);
    }
}
