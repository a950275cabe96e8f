//! What is done to a company's tables beside its ledger: imports while seats are sold, and the removal of old rows.

use std::time::{Duration, Instant};

use passcom_actors::catalogue::Route;
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::RouteId;
use passcom_actors::domain::vote::RefusalReason;
use passcom_sql::prune;
use passcom_sql::schedule_store::{self, Report, Scope};

use crate::contract::bookings::no;
use crate::contract::copies::user;
use crate::contract::{
    Node, Postgresql, SEATS, Tabling, post, prepare, route, seat, try_post, vote_on, yes,
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
    let scope = Scope {
        ids: RouteId(1)..RouteId(2),
        dry_run: false,
    };
    let mut client = schedule_store::connect(&base.url).await.unwrap();
    let report = schedule_store::import(&mut client, [smaller].into_iter(), &scope, |_| ()).await;
    report.unwrap()
}

/// So many sessions wait for a lock.
async fn waiting(base: &Postgresql, sessions: i64) {
    let waiting = "
        select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let admin = base.database.client().await.unwrap();
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
    let blocker = base.database.client().await.unwrap();
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
    assert_eq!((report.seats_kept, report.seats), (1, u64::from(SEATS)));
}

/// The import has looked which seats are in use, and has not committed, when the vote is appended.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_vote_does_not_pass_an_import_that_takes_its_seat_away() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let blocker = base.database.client().await.unwrap();
    let lock = "begin; lock table route in share mode";
    blocker.batch_execute(lock).await.unwrap();
    let trip = prepare(&[seat("a", 1, SEATS)]);
    let vote = [vote_on(&trip)];
    let voting = async {
        waiting(&base, 1).await;
        let unblocking = async {
            waiting(&base, 2).await;
            blocker.batch_execute("rollback").await.unwrap();
        };
        tokio::join!(try_post(&node, &vote), unblocking).0
    };
    let (report, voted) = tokio::join!(shrink(&base), voting);
    assert_eq!(report.seats_kept, 0);
    let unknown = no(&trip, RefusalReason::Unknown);
    assert_eq!(voted.unwrap(), [unknown]);
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
    let client = base.database.client().await.unwrap();
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
