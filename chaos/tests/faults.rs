//! Real processes, real faults: bookings run, something dies or freezes, and the audit must find nothing.
//!
//! Each test has a cluster of its own; they run one at a time, because a fault of one would be load for the other's limits.

use std::process::{Command, Stdio};
use std::time::Duration;

use passcom_chaos::cluster::{Options, Part};
use passcom_chaos::history::{Answer, Operation, Request};
use passcom_chaos::nemesis::{Blow, Nemesis, Target};
use passcom_chaos::scenario::run::Run;
use passcom_chaos::scenario::{Plan, Scenario};
use passcom_chaos::workload::{Load, Mix};
use tokio::sync::Mutex;
use tokio::time::sleep;

const EVERYBODY: [usize; 3] = [0, 1, 2];
const CUSTOMERS: usize = 6;
/// Others than the frozen company have to answer within this.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// A frozen peer is known to be down by then.
const NOTICE_LIMIT: Duration = Duration::from_secs(5);
const NAP: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(2);
const MIXED_SECONDS: &str = "60";
/// Of what a failed run has said.
const LINES_SHOWN: usize = 40;

/// For `cargo test`, which runs them in one process; nextest has a group for them.
static ALONE: Mutex<()> = Mutex::const_new(());

async fn start(name: &str) -> Run {
    let mut scenario = Scenario::named(name).unwrap();
    scenario.clients = CUSTOMERS;
    let plan = Plan {
        scenario,
        seed: 0,
        rounds_max: None,
        command: String::new(),
        folder: None,
    };
    Run::start(&Options::default(), &plan).await.unwrap()
}

fn load(run: &Run, mix: &Mix, seed: u64) -> Load {
    Load::start(&run.market, mix, &run.sessions, seed)
}

fn blow(nemesis: Nemesis, target: Target) -> Blow {
    Blow {
        nemesis,
        target,
        after: Duration::ZERO,
        lasts: Duration::ZERO,
        seed: 0,
    }
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

/// By the program itself, which may have file systems of its own; a new seed each time, which it prints.
#[test]
fn everything_at_once_breaks_nothing() {
    let _alone = ALONE.blocking_lock();
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["run", "mixed", "--seconds", MIXED_SECONDS])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    // what was found stands last, and must be seen where little of a failure is
    let found: Vec<&str> = said.lines().rev().take(LINES_SHOWN).collect();
    let found: Vec<&str> = found.into_iter().rev().collect();
    assert!(
        output.status.success(),
        "{}\n{complained}",
        found.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_booking_is_half_done_or_lost_when_nodes_are_killed() {
    let _alone = ALONE.lock().await;
    let mut run = start("kill-node").await;
    let load = load(&run, &Mix::assorted(&EVERYBODY), 11);
    for node in EVERYBODY {
        sleep(WHOLE).await;
        let kill = blow(Nemesis::KillNode, Target::Company(node));
        run.round(&[kill]).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_company_on_an_old_backup_is_noticed_and_serves_nothing() {
    let _alone = ALONE.lock().await;
    let mut run = start("restore-old-backup").await;
    let load = load(&run, &Mix::assorted(&EVERYBODY), 15);
    sleep(WHOLE).await;
    let restore = Blow {
        lasts: WHOLE,
        ..blow(Nemesis::RestoreOldBackup, Target::Company(1))
    };
    run.round(&[restore]).await.unwrap();
    let healed = now(&run);
    sleep(WHOLE).await;
    load.stop().await.unwrap();
    let end = now(&run);
    let verdict = run.finish().await.unwrap();
    assert!(verdict.is_clean(), "{verdict}");
    let after = booked_between(&verdict.operations, healed, end);
    assert!(
        after > 0,
        "bookings once it has everything again\n{verdict}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_go_on_without_redis() {
    let _alone = ALONE.lock().await;
    let run = start("redis-kill").await;
    let load = load(&run, &Mix::contended(&EVERYBODY), 12);
    sleep(WHOLE).await;
    let redis = run.arena.cluster.redis().unwrap();
    assert!(redis.has_given_tokens().await, "nobody has used it");
    let fault = now(&run);
    run.arena.cluster.kill(Part::Redis).await.unwrap();
    sleep(NOTICE_LIMIT).await;
    let noticed = now(&run);
    sleep(WHOLE).await;
    load.stop().await.unwrap();
    let verdict = run.finish().await.unwrap();
    assert!(verdict.is_clean(), "{verdict}");
    let soon = booked_between(&verdict.operations, fault, noticed);
    assert!(soon > 0, "bookings within {NOTICE_LIMIT:?}\n{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_companies_sell_while_the_third_stands_still() {
    let _alone = ALONE.lock().await;
    let frozen = Part::Node(2);
    let run = start("kill-node").await;
    let everybody = load(&run, &Mix::assorted(&EVERYBODY), 13);
    let others = load(&run, &Mix::assorted(&[0, 1]), 14);
    sleep(WHOLE).await;
    let from = now(&run) + micros(NOTICE_LIMIT);
    run.arena.cluster.freeze(frozen).unwrap();
    sleep(NAP).await;
    run.arena.cluster.thaw(frozen).unwrap();
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
