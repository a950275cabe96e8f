//! What is done to a company's tables beside its ledger: imports while seats are sold, and the removal of old rows.

use std::time::{Duration, Instant};

use passcom_actors::catalogue::Route;
use passcom_actors::company::log::Seq;
use passcom_actors::company::verifier::{State, Verifier};
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::{RouteId, SeatNumber};
use passcom_actors::domain::vote::RefusalReason;
use passcom_sql::prune::{self, Trimmed};
use passcom_sql::schedule_store::{self, Report, Scope};

use crate::contract::bookings::no;
use crate::contract::copies::user;
use crate::contract::{
    Base, Node, Postgresql, SEATS, Tabling, post, prepare, route, seat, try_post, vote_on, yes,
};
use crate::support::Cluster;

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// Takes half of the seats of the first route away.
async fn shrink(base: &Postgresql) -> Report {
    let smaller = Route {
        seats: SEATS / 2,
        ..route(1)
    };
    let scope = Scope::of(RouteId(1)..RouteId(2));
    let mut client = schedule_store::connect(&base.address).await.unwrap();
    let report = schedule_store::import(&mut client, [smaller].into_iter(), &scope, |_| ()).await;
    report.unwrap()
}

/// So many sessions wait for a lock.
async fn waiting(base: &Postgresql, sessions: i64) {
    let waiting = "
        select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let admin = base.admin().await;
    let deadline = Instant::now() + PATIENCE;
    while admin
        .query_one(waiting, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        < sessions
    {
        assert!(Instant::now() < deadline, "fewer than {sessions} wait");
        tokio::time::sleep(POLL).await;
    }
}

/// The vote is in the log and not committed when the import asks for the seats in use.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_seat_that_is_being_sold_is_not_taken_away_by_an_import() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let blocker = base.admin().await;
    let lock = "begin; lock table seat_owner in share row exclusive mode";
    blocker.batch_execute(lock).await.unwrap();
    let vote = [vote_on(&prepare(&[seat("a", 1, SEATS)]))];
    let import = async {
        waiting(&base, 1).await;
        let unblocking = async {
            waiting(&base, 2).await;
            blocker.batch_execute("rollback").await.unwrap();
        };
        tokio::join!(shrink(&base), unblocking).0
    };
    let (voted, report) = tokio::join!(try_post(&node, &vote), import);
    assert_eq!(voted.unwrap(), [yes()]);
    assert_eq!(report.changed, 1);
    let changed = node
        .archive
        .kept((1, RouteId(u64::MAX >> 1)), 10)
        .await
        .unwrap();
    let [kept] = &changed[..] else {
        panic!("{changed:?}");
    };
    assert!(kept.route.seats < SEATS);
    let owners: Vec<_> = kept.owners.iter().map(|(number, _)| *number).collect();
    assert_eq!(
        owners,
        [SeatNumber(SEATS)],
        "it is found, and given another seat"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vote_after_an_import_is_for_what_it_left() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let report = shrink(&base).await;
    assert_eq!(report.touched.seats_lost, 0);
    let trip = prepare(&[seat("a", 1, SEATS)]);
    let voted = try_post(&node, &[vote_on(&trip)]).await;
    assert_eq!(voted.unwrap(), [no(&trip, RefusalReason::Unknown)]);
    let moved = Route {
        departs: route(2).departs + 60,
        ..route(2)
    };
    base.import(moved).await;
    let trip = prepare(&[seat("a", 2, 1)]);
    let voted = try_post(&node, &[vote_on(&trip)]).await;
    assert_eq!(voted.unwrap(), [no(&trip, RefusalReason::Closed)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_every_peer_has_read_goes_and_the_numbers_go_on() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    for login in ["ana", "bia", "caio"] {
        post(&node, Entry::Enrol(user(login))).await;
    }
    assert_eq!(node.project().await, Ok(()));
    let numbers = async |node: &Node| -> Vec<i64> {
        let rows = node.tables.outbox(0, 1000).await.unwrap();
        rows.into_iter().map(|(seq, _)| seq).collect()
    };
    assert_eq!(prune::outbox(&base.database, 1).await.unwrap(), 1);
    assert_eq!(numbers(&node).await, [2, 3]);
    assert_eq!(prune::outbox(&base.database, 3).await.unwrap(), 2);
    assert_eq!(numbers(&node).await, [0_i64; 0]);
    // also to a node that has nothing of it in memory
    let node = Node::open(&base, Tabling::OnDemand).await;
    assert_eq!(node.archive.outbox(3, 10).await.unwrap(), []);
    post(&node, Entry::Enrol(user("davi"))).await;
    assert_eq!(node.project().await, Ok(()));
    assert_eq!(numbers(&node).await, [4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_keys_that_were_answered_long_ago_go() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let client = base.admin().await;
    let insert = "
        insert into idem (user_id, key, fingerprint, saga_id, answer, created_at)
        select gen_random_uuid(), key, decode(repeat('00', 32), 'hex'), gen_random_uuid(), answer::json, now() - age
        from (values ('old', '1', interval '36 days'), ('open', null, interval '36 days'), ('new', '1', interval '30 days'))
            as row (key, answer, age)";
    client.execute(insert, &[]).await.unwrap();
    assert_eq!(prune::keys(&base.database).await.unwrap(), 1);
    let left = client.query("select key from idem order by key", &[]).await;
    let left: Vec<String> = left.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(left, ["new", "open"]);
}

/// A database whose log has partitions of so many rows. More than that must not wait for the tables.
async fn with_width(cluster: &Cluster, width: i64) -> Postgresql {
    let base = Postgresql::new(cluster).await;
    let client = base.admin().await;
    let narrow = format!(
        "drop table log_0, log_1;
         create or replace function log_width() returns bigint language sql immutable as $$ select {width}::bigint $$;
         select log_partitions(0)"
    );
    client.batch_execute(&narrow).await.unwrap();
    base
}

async fn places(node: &Node) -> Vec<i64> {
    let rows = node.store.log(Seq::NONE, 1000).await.unwrap();
    rows.into_iter().map(|row| row.seq.0).collect()
}

async fn enrol(node: &Node, login: &str) {
    let entry = [Entry::Enrol(user(login))];
    try_post(node, &entry).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_of_the_log_goes_when_it_is_old_and_in_the_tables() {
    let cluster = Cluster::shared();
    let base = with_width(&cluster, 4).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    for turn in 1..=9 {
        enrol(&node, &format!("ana{turn}")).await;
        assert_eq!(node.project().await, Ok(()));
    }
    let kept = |partitions| Trimmed {
        dropped: false,
        partitions,
    };
    let dropped = |partitions| Trimmed {
        dropped: true,
        partitions,
    };
    let trim = || prune::log(&base.database, 35);
    assert_eq!(trim().await.unwrap(), kept(4)); // it is young
    let client = base.admin().await;
    let older =
        |upto: i64| format!("update log set at = at - interval '36 days' where seq <= {upto}");
    client.batch_execute(&older(6)).await.unwrap();
    assert_eq!(trim().await.unwrap(), dropped(3));
    assert_eq!(places(&node).await, [4, 5, 6, 7, 8, 9]);
    assert_eq!(trim().await.unwrap(), kept(3)); // row 7 is young
    client.batch_execute(&older(9)).await.unwrap();
    assert_eq!(trim().await.unwrap(), dropped(2));
    // the newest row stays, however old it is
    assert_eq!(trim().await.unwrap(), kept(2));
    assert_eq!(places(&node).await, [8, 9]);
    enrol(&node, "bia").await;

    // whoever starts then goes on where the log ends, and what is left is whole
    let next = Node::open(&base, Tabling::OnDemand).await;
    for turn in 1..=9 {
        enrol(&next, &format!("caio{turn}")).await;
        assert_eq!(next.project().await, Ok(()));
    }
    let verified = Verifier::new(&next.archive).run(None).await;
    assert_eq!((verified.state, verified.first), (State::Equal, Seq(8)));
    assert!(
        next.archive
            .user("ana1".to_owned())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_tables_do_not_have_stays_in_the_log() {
    let cluster = Cluster::shared();
    let base = with_width(&cluster, 4).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    enrol(&node, "ana").await;
    enrol(&node, "bia").await;
    assert_eq!(node.project().await, Ok(()));
    for turn in 3..=7 {
        enrol(&node, &format!("caio{turn}")).await;
    }
    let client = base.admin().await;
    let old = "update log set at = at - interval '36 days'; select log_partitions(8)";
    client.batch_execute(old).await.unwrap();
    // rows 1 to 3 are one partition, and the tables have two of them
    assert!(!prune::log(&base.database, 35).await.unwrap().dropped);
    let refusal = async |number: i64, days: i32| {
        let dropped = client
            .execute("select drop_log($1, $2)", &[&number, &days])
            .await;
        let error = dropped.unwrap_err();
        let error = error.as_db_error().unwrap();
        assert_eq!(error.code().code(), "PC005");
        error.message().to_owned()
    };
    let behind = "the tables do not have all of partition 0 of the log";
    assert_eq!(refusal(0, 35).await, behind);
    assert_eq!(places(&node).await, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(node.project().await, Ok(()));
    assert!(refusal(1, 35).await.contains("is not the oldest"));
    assert!(refusal(0, 60).await.contains("rows of the last 60 days"));
    // a drop that ends before it commits leaves all as it was
    client
        .batch_execute("begin; select drop_log(0, 35); rollback")
        .await
        .unwrap();
    assert_eq!(places(&node).await, [1, 2, 3, 4, 5, 6, 7]);
    // whoever reads the log for longer is not waited for, and appends do not wait behind the drop
    client
        .batch_execute("begin; select from log")
        .await
        .unwrap();
    let (begun, busy) = (Instant::now(), prune::log(&base.database, 35).await);
    assert!(busy.is_err() && begun.elapsed() < Duration::from_secs(2));
    client.batch_execute("rollback").await.unwrap();
    assert!(prune::log(&base.database, 35).await.unwrap().dropped);
    assert_eq!(places(&node).await, [4, 5, 6, 7]);
    assert!(refusal(1, 35).await.contains("has its newest row"));
}

/// The append of the older node has been sent, and waits, when the next node counts its start.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_start_waits_for_an_append_that_is_under_way() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let blocker = base.admin().await;
    let lock = "begin; lock table seat_owner in share row exclusive mode";
    blocker.batch_execute(lock).await.unwrap();
    let vote = [vote_on(&prepare(&[seat("a", 1, 1)]))];
    let start = async {
        waiting(&base, 1).await;
        let unblocking = async {
            waiting(&base, 2).await;
            blocker.batch_execute("rollback").await.unwrap();
        };
        tokio::join!(Node::open(&base, Tabling::OnDemand), unblocking).0
    };
    let (voted, next) = tokio::join!(try_post(&node, &vote), start);
    assert_eq!(voted.unwrap(), [yes()]);
    let taken = [vote_on(&prepare(&[seat("a", 1, 1)]))];
    assert_ne!(try_post(&next, &taken).await.unwrap(), [yes()]);
}
