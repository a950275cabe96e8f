//! What happens to a writer whose database is overtaken, restarted, locked or set up to lose commits.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use passcom_actors::company::ledger::PostError;
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::lineage::Mark;
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::Incarnation;
use passcom_sql::{Unfit, checks, migrate, peers};
use uuid::Uuid;

use crate::contract::{
    Forgetful, Node, Postgresql, Tabling, company, identify, post, prepare, seat, try_post,
    vote_on, yes,
};
use crate::support::Cluster;

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

const KILL_OTHERS: &str = "
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
";

/// The session that appends, when it does nothing.
const APPENDING: &str = "
select pid from pg_stat_activity
where datname = current_database() and state = 'idle' and query like 'select append(%'
";

async fn kill_others(base: &Postgresql) {
    let client = base.admin().await;
    client.query(KILL_OTHERS, &[]).await.unwrap();
}

/// Rows of this kind are found, in the end.
async fn wait_for(base: &Postgresql, rows: &str) {
    let admin = base.admin().await;
    let deadline = Instant::now() + PATIENCE;
    while admin.query(rows, &[]).await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "there is none of {rows}");
        tokio::time::sleep(POLL).await;
    }
}

async fn kill_the_waiting(base: &Postgresql, for_what: &str) {
    let kill = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and {for_what}"
    );
    wait_for(base, &kill).await;
}

/// The receipt of an entry that is posted until it has one: what it hears before that is honest.
async fn post_until_told(node: &Node, entry: Entry) -> Receipt {
    let deadline = Instant::now() + PATIENCE;
    let entry = [entry];
    loop {
        match try_post(node, &entry).await {
            Ok(mut receipts) => return receipts.remove(0),
            Err(PostError::NotWritten | PostError::Unknown) => {
                assert!(Instant::now() < deadline, "no receipt");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Log, memory and tables say the same of a seat's vote, also to a node that starts now.
async fn legs_of(base: &Postgresql, node: &Node, entry: &Entry) -> usize {
    let Entry::Asked { question, .. } = entry else {
        panic!("not a vote: {entry:?}");
    };
    let saga = question.votes_on().expect("it is a vote").saga;
    let legs = node.archive.recorded(saga).await.unwrap().legs.len();
    let owners = "select count(*) from seat_owner where saga_id = $1";
    let client = base.admin().await;
    let owned: i64 = client.query_one(owners, &[&saga.0]).await.unwrap().get(0);
    assert_eq!(legs as i64, owned);
    let rows = node.store.log(Seq::NONE, 100).await.unwrap();
    let last = node.log.read(|hot| hot.last()).unwrap();
    assert_eq!(rows.last().map_or(Seq::NONE, |row| row.seq), last);
    legs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_died_between_batches_is_made_anew() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::AtOnce).await;
    let first = vote_on(&prepare(&[seat("a", 1, 1)]));
    assert_eq!(post(&node, first).await, yes());
    kill_others(&base).await;
    let entry = vote_on(&prepare(&[seat("a", 1, 2)]));
    assert_eq!(post_until_told(&node, entry.clone()).await, yes());
    assert_eq!(legs_of(&base, &node, &entry).await, 1);
    node.log.catch_up().await.unwrap();
}

/// Another transaction keeps the table locked, so that the append waits in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_killed_while_it_appends_has_written_nothing() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let blocker = base.admin().await;
    let lock = "begin; lock table seat_owner in share row exclusive mode";
    blocker.batch_execute(lock).await.unwrap();
    let entry = [vote_on(&prepare(&[seat("a", 1, 2)]))];
    let (ended, ()) = tokio::join!(
        try_post(&node, &entry),
        kill_the_waiting(&base, "wait_event_type = 'Lock'")
    );
    blocker.batch_execute("rollback").await.unwrap();
    assert_eq!(ended, Err(PostError::Unknown));
    assert_eq!(legs_of(&base, &node, &entry[0]).await, 0);
    assert_eq!(try_post(&node, &entry).await.unwrap(), [yes()]);
    assert_eq!(legs_of(&base, &node, &entry[0]).await, 1);
}

/// A check that runs inside COMMIT and does not end: the server may or may not have committed when its session dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_killed_inside_its_commit_leaves_the_outcome_to_be_found_out() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let slow_commit = "
        create function sleep() returns trigger language plpgsql as
            'begin perform pg_sleep(60); return null; end';
        create constraint trigger slow_commit after insert on seat_owner
            deferrable initially deferred for each row execute function sleep()";
    let admin = base.admin().await;
    admin.batch_execute(slow_commit).await.unwrap();
    let node = Node::open(&base, Tabling::OnDemand).await;
    let entry = [vote_on(&prepare(&[seat("a", 1, 1)]))];
    let (ended, ()) = tokio::join!(
        try_post(&node, &entry),
        kill_the_waiting(&base, "wait_event = 'PgSleep'")
    );
    assert_eq!(ended, Err(PostError::Unknown));
    let fast_commit = "drop trigger slow_commit on seat_owner";
    admin.batch_execute(fast_commit).await.unwrap();
    assert_eq!(legs_of(&base, &node, &entry[0]).await, 0);
    assert_eq!(try_post(&node, &entry).await.unwrap(), [yes()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_is_lost_is_found_in_the_log() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let forgetful = Arc::new(Forgetful::new(node.store.clone()));
    let entry = [vote_on(&prepare(&[seat("a", 1, 1)]))];
    let ended = node.post_over(forgetful, &entry).await;
    assert_eq!(ended, [Err(PostError::Unknown)]);
    // found out before anybody is answered
    assert_eq!(legs_of(&base, &node, &entry[0]).await, 1);
    assert_eq!(try_post(&node, &entry).await.unwrap(), [yes()]);
    assert_eq!(node.project().await, Ok(()));
    let again = Node::open(&base, Tabling::OnDemand).await;
    assert_eq!(legs_of(&base, &again, &entry[0]).await, 1);
}

fn signal(name: &str, process: i32) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(sent.expect("kill runs").success(), "kill {name} {process}");
}

/// The append is on its way to a process that stands still. It wakes after another row has taken the place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_a_paused_server_runs_late_writes_nothing() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let first = vote_on(&prepare(&[seat("a", 1, 1)]));
    assert_eq!(post(&node, first).await, yes());
    let admin = base.admin().await;
    let paused: i32 = admin.query_one(APPENDING, &[]).await.unwrap().get(0);
    signal("-STOP", paused);
    let entry = [vote_on(&prepare(&[seat("a", 1, 2)]))];
    let ended = try_post(&node, &entry).await;
    signal("-CONT", paused);
    assert_eq!(ended, Err(PostError::Unknown));
    let gone =
        format!("select where not exists (select from pg_stat_activity where pid = {paused})");
    wait_for(&base, &gone).await;
    assert_eq!(legs_of(&base, &node, &entry[0]).await, 0);
    assert_eq!(try_post(&node, &entry).await.unwrap(), [yes()]);
    assert_eq!(legs_of(&base, &node, &entry[0]).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_not_given_up_ends_the_wait_and_writes_nothing() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let first = vote_on(&prepare(&[seat("a", 1, 1)]));
    assert_eq!(post(&node, first).await, yes());
    let blocker = base.admin().await;
    let lock = "begin; lock table log in share row exclusive mode";
    blocker.batch_execute(lock).await.unwrap();
    let entry = [vote_on(&prepare(&[seat("a", 1, 2)]))];
    assert_eq!(try_post(&node, &entry).await, Err(PostError::NotWritten));
    blocker.batch_execute("rollback").await.unwrap();
    assert_eq!(try_post(&node, &entry).await.unwrap(), [yes()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_itself_refuses_a_second_owner() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    let first = vote_on(&prepare(&[seat("a", 1, 1)]));
    assert_eq!(post(&node, first).await, yes());
    let client = base.admin().await;
    let second =
        "insert into seat_owner (route_id, number, saga_id) values (1, 1, gen_random_uuid())";
    let refused = client.execute(second, &[]).await.unwrap_err();
    let unique = tokio_postgres::error::SqlState::UNIQUE_VIOLATION;
    assert_eq!(refused.code(), Some(&unique));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_checked_before_it_is_trusted() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let (database, first) = (&base.database, base.identify().await);
    // the tests' own cluster is one that loses commits
    let refused = checks::settings(database).await.unwrap_err().to_string();
    assert!(refused.contains("set fsync = on"), "{refused}");
    keep_commits(&base).await;
    every_new_connection_is_checked().await;

    migrate::check(database).await.unwrap();
    let companies = [company("c"), company("a"), company("b")];
    let again = checks::identify(database, &companies).await.unwrap();
    assert_eq!(again.incarnation, first.incarnation);
    assert_eq!(again.epoch, first.epoch + 1);
    let refused = checks::identify(database, &companies[..2]).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains(r#"["a", "b", "c"]"#), "{refused}");
    assert!(refused.contains(r#"["a", "c"]"#), "{refused}");

    let mut lock = checks::lock_node(database).await.unwrap();
    let refused = checks::lock_node(database).await.err().unwrap().to_string();
    assert!(refused.contains("another node of company a"), "{refused}");
    kill_others(&base).await;
    let lost = tokio::time::timeout(PATIENCE, lock.lost()).await;
    lost.expect("the lock's loss is told");
    checks::lock_node(database).await.unwrap();
}

/// Of the whole cluster: other tests become slower and no worse.
async fn keep_commits(base: &Postgresql) {
    let admin = base.admin().await;
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let set = format!("alter system set {setting} = on");
        admin.batch_execute(&set).await.unwrap();
    }
    admin.query("select pg_reload_conf()", &[]).await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    while let Err(refused) = checks::settings(&base.database).await {
        assert!(Instant::now() < deadline, "{refused}");
        tokio::time::sleep(POLL).await;
    }
}

async fn every_new_connection_is_checked() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let (database, admin) = (&base.database, base.admin().await);
    let identity = base.identify().await;
    database.expect(&identity);
    let store = Arc::new(database.ledger_store(&identity));
    let tables = Arc::new(database.tables(&identity));
    let node = Node::over(store, tables, Tabling::OnDemand).await.unwrap();
    node.tables.ping().await.unwrap();
    for number in [1, 2] {
        let entry = vote_on(&prepare(&[seat("a", 1, number)]));
        assert_eq!(post(&node, entry).await, yes());
    }

    let set = async |setting: &str| {
        let set = format!(
            "do $$ begin execute format('alter database %I set {setting}', current_database()); end $$"
        );
        admin.batch_execute(&set).await.unwrap();
        admin.query(KILL_OTHERS, &[]).await.unwrap();
    };
    set("synchronous_commit = off").await;
    let entry = [vote_on(&prepare(&[seat("a", 1, 3)]))];
    // the first of these may find the dead connection
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(try_post(&node, &entry).await.is_err());
    }
    let refused = database.client().await.err().unwrap();
    let refused = format!("{refused:#}");
    assert!(refused.contains("set synchronous_commit = on"), "{refused}");
    set("synchronous_commit = on").await;
    assert_eq!(post_until_told(&node, entry[0].clone()).await, yes());

    // as after a failover to a standby that was behind by one row
    let lose = "delete from log where seq = (select max(seq) from log)";
    admin.batch_execute(lose).await.unwrap();
    admin.query(KILL_OTHERS, &[]).await.unwrap();
    let entry = [vote_on(&prepare(&[seat("a", 1, 4)]))];
    let deadline = Instant::now() + PATIENCE;
    let mut alarms = Vec::new();
    while node.log.read(|_| ()).is_ok() {
        assert!(Instant::now() < deadline, "nobody noticed");
        let (receipts, heard) = node.post_and_listen(node.store.clone(), &entry).await;
        assert!(receipts[0].is_err(), "{receipts:?}");
        alarms.extend(heard);
        tokio::time::sleep(POLL).await;
    }
    let alarm = alarms
        .iter()
        .any(|alarm| alarm.contains("the log went back"));
    assert!(alarm, "{alarms:?}");
    let lost = node.log.read(|_| ()).unwrap_err().to_string();
    assert!(lost.contains("row 3 of it was acknowledged"), "{lost}");
    let refused = checks::lock_node(database).await.err().unwrap();
    assert!(
        matches!(refused.downcast_ref(), Some(Unfit::Lost(_))),
        "{refused:#}"
    );
    assert!(
        node.tables.ping().await.is_err(),
        "readers do not trust it either"
    );

    let owned = "select count(*) from seat_owner where number = 4";
    let owned: i64 = admin.query_one(owned, &[]).await.unwrap().get(0);
    assert_eq!(owned, 0);
    let database = passcom_sql::connect(passcom_sql::Options::new(
        base.address.clone(),
        company("a"),
    ));
    let restarted = identify(&database.await.unwrap()).await;
    // the start that is lost was at row 0, this one begins at row 2
    let mark = Mark {
        seq: Seq(3),
        ..identity.lineage.mark()
    };
    assert!(restarted.lineage.must_have(&mark).is_err());
    let mark = Mark {
        seq: Seq(2),
        ..mark
    };
    assert_eq!(restarted.lineage.must_have(&mark), Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_seen_what_is_kept_by_database() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let (database, b) = (&base.database, company("b"));
    let mark = |incarnation: u128, seq| Mark {
        incarnation: Incarnation(Uuid::from_u128(incarnation)),
        run: Uuid::from_u128(9),
        seq: Seq(seq),
    };
    let seen = async || {
        peers::known(database)
            .await
            .unwrap()
            .get(&b)
            .map(|known| known.seen)
    };
    // of a company that was never met, or whose row an operator has deleted, nothing is kept
    peers::keep_seen(database, &[(b, mark(1, 5))])
        .await
        .unwrap();
    assert_eq!(seen().await, None);
    peers::remember(database, b, mark(1, 0).incarnation)
        .await
        .unwrap();
    assert_eq!(seen().await, Some(None));
    for (told, kept) in [
        (mark(1, 5), mark(1, 5)),
        (mark(1, 4), mark(1, 5)),
        (mark(2, 90), mark(1, 5)),
        (mark(1, 6), mark(1, 6)),
    ] {
        peers::keep_seen(database, &[(b, told)]).await.unwrap();
        assert_eq!(seen().await, Some(Some(kept)), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_told_at_once() {
    let url = "host=/nowhere user=postgres dbname=a".to_owned();
    let options = passcom_sql::Options::new(url, company("a"));
    let refused = passcom_sql::connect(options).await.err().unwrap();
    assert!(
        refused
            .to_string()
            .contains("cannot reach the database of company a")
    );
}
