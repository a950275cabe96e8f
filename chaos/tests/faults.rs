//! Real processes, real faults: bookings run, something dies or freezes, and the audit must find nothing.
//!
//! Each test has a cluster of its own; they run one at a time, because a fault of one would be load for the other's limits.

use std::time::Duration;

use passcom_chaos::cluster::Options;
use passcom_chaos::history::{Answer, Operation, Request};
use passcom_chaos::scenario::{Fault, Plan, Run};
use passcom_chaos::stock::Size;
use passcom_chaos::workload::{Load, Mix};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep;

const EVERYBODY: [usize; 3] = [0, 1, 2];
const CUSTOMERS: usize = 6;
/// Others than the frozen company have to answer within this.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// A frozen peer is known to be down by then.
const NOTICE_LIMIT: Duration = Duration::from_secs(5);
const NAP: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(2);

/// For `cargo test`, which runs them in one process; nextest has a group for them.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

async fn start(fault: Fault, seed: u64, size: Size) -> Run {
    let plan = Plan {
        fault,
        seed,
        length: Duration::ZERO,
        customers: CUSTOMERS,
        size,
        hot: size == Size::hot(),
    };
    Run::start(&Options::default(), &plan).await.unwrap()
}

fn load(run: &Run, mix: &Mix, seed: u64) -> Load {
    Load::start(&run.market, mix, &run.sessions, seed)
}

/// Microseconds of the history at which something was done.
fn now(run: &Run) -> u64 {
    run.market.history.now_us()
}

fn booked_between(operations: &[Operation], from: u64, to: u64) -> usize {
    let within = |operation: &&Operation| operation.begin_us >= from && operation.end_us <= to;
    operations
        .iter()
        .filter(within)
        .filter(|operation| operation.is_booked())
        .count()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap()
}

#[tokio::test]
async fn no_booking_is_half_done_or_lost_when_nodes_are_killed() {
    let _alone = alone().await;
    let mut run = start(Fault::KillNode, 11, Size::spread(400)).await;
    let load = load(&run, &Mix::assorted(&EVERYBODY), 11);
    for node in EVERYBODY {
        sleep(WHOLE).await;
        run.kill_node(node).await.unwrap();
    }
    let last_fault = now(&run);
    sleep(WHOLE).await;
    load.stop().await.unwrap();
    let end = now(&run);
    let verdict = run.finish().await.unwrap();
    assert!(verdict.is_clean(), "{verdict}");
    let after = booked_between(&verdict.operations, last_fault, end);
    assert!(after > 0, "bookings after the last kill\n{verdict}");
}

#[tokio::test]
async fn bookings_go_on_without_redis() {
    let _alone = alone().await;
    let mut run = start(Fault::KillRedis, 12, Size::hot()).await;
    let load = load(&run, &Mix::contended(&EVERYBODY), 12);
    sleep(WHOLE).await;
    let fault = now(&run);
    run.kill_redis().unwrap();
    sleep(NOTICE_LIMIT).await;
    let noticed = now(&run);
    sleep(WHOLE).await;
    load.stop().await.unwrap();
    let verdict = run.finish().await.unwrap();
    assert!(verdict.is_clean(), "{verdict}");
    let soon = booked_between(&verdict.operations, fault, noticed);
    assert!(soon > 0, "bookings within {NOTICE_LIMIT:?}\n{verdict}");
}

#[tokio::test]
async fn two_companies_sell_while_the_third_stands_still() {
    let _alone = alone().await;
    let frozen = 2;
    let mut run = start(Fault::Freeze, 13, Size::spread(400)).await;
    let everybody = load(&run, &Mix::assorted(&EVERYBODY), 13);
    let others = load(&run, &Mix::assorted(&[0, 1]), 14);
    sleep(WHOLE).await;
    let from = now(&run) + micros(NOTICE_LIMIT);
    run.freeze(frozen, NAP).await.unwrap();
    let to = now(&run);
    sleep(WHOLE).await;
    everybody.stop().await.unwrap();
    others.stop().await.unwrap();
    let verdict = run.finish().await.unwrap();
    assert!(verdict.is_clean(), "{verdict}");

    let asked = |operation: &&Operation| {
        &*operation.node != "c" && operation.begin_us >= from && operation.end_us <= to
    };
    let during: Vec<_> = verdict.operations.iter().filter(asked).collect();
    let own = |operation: &&&Operation| match &operation.request {
        Request::Book { seats, .. } => seats.iter().all(|seat| &*seat.company != "c"),
        _ => false,
    };
    let sold = during
        .iter()
        .filter(own)
        .filter(|operation| operation.is_booked());
    assert!(
        sold.count() > 0,
        "the others sell their own seats\n{verdict}"
    );
    let slow = during
        .iter()
        .filter(own)
        .find(|operation| operation.took() > ANSWER_LIMIT);
    assert!(slow.is_none(), "{slow:?}\n{verdict}");

    let looks = during
        .iter()
        .filter(|operation| operation.request == Request::Browse);
    let mut count = 0;
    for look in looks {
        count += 1;
        assert!(look.took() <= ANSWER_LIMIT, "{look:?}\n{verdict}");
        let named = matches!(&look.answer, Answer::Listed { unreachable } if unreachable == &["c"]);
        assert!(named, "the frozen company is named: {look:?}\n{verdict}");
    }
    assert!(count > 0, "somebody looked at what is on sale\n{verdict}");
}
