//! What happens to a writer whose database is overtaken, restarted, locked or set up to lose commits.

use std::time::{Duration, Instant};

use crate::contract::{self, Wall, company, post, prepare, seat, try_post, vote_on, yes};
use crate::support::Cluster;
use passcom_actors::company::store::{Archive, LedgerStore, WriteError};
use passcom_actors::domain::rows::{Footprint, Rows};
use passcom_sql::{Database, checks, migrate};

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

const KILL_OTHERS: &str = "
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
";

async fn kill_others(database: &Database) {
    let client = database.client().await.unwrap();
    client.query(KILL_OTHERS, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_died_between_batches_is_made_anew() {
    let cluster = Cluster::shared();
    let (database, identity) = contract::postgresql(&cluster).await;
    let ledger = database.ledger_store(Wall::new().close_of_sale());
    assert_eq!(
        post(&ledger, vote_on(&prepare(&[seat("a", 1, 1)]))).await,
        yes()
    );
    kill_others(&database).await;
    let trip = prepare(&[seat("a", 1, 2)]);
    assert_eq!(post(&ledger, vote_on(&trip)).await, yes());
    let recorded = database.archive(&identity).recorded(trip.saga).await;
    assert_eq!(recorded.unwrap().legs.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_killed_while_it_decides_has_written_nothing_or_does_not_know() {
    let cluster = Cluster::shared();
    let (database, identity) = contract::postgresql(&cluster).await;
    let ledger = database.ledger_store(Wall::new().close_of_sale());
    let trip = prepare(&[seat("a", 1, 1)]);
    let entry = vote_on(&trip);
    let mut footprint = Footprint::default();
    entry.footprint(company("a"), &mut footprint);
    let handle = tokio::runtime::Handle::current();
    let decide = &mut |rows: &mut Rows| {
        tokio::task::block_in_place(|| handle.block_on(kill_others(&database)));
        entry.post(rows);
    };
    let ended = ledger.transact(&footprint, decide).await;
    let honest = matches!(
        ended,
        Err(WriteError::NotWritten(_) | WriteError::Unknown(_))
    );
    assert!(honest, "{ended:?}");
    let recorded = database.archive(&identity).recorded(trip.saga).await;
    assert_eq!(recorded.unwrap().legs.len(), 0);
    assert_eq!(post(&ledger, entry).await, yes());
}

/// Another transaction keeps the table locked, so that the writes wait with their COMMIT behind them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_killed_with_its_commit_on_the_way_ends_without_an_answer() {
    let cluster = Cluster::shared();
    let (database, identity) = contract::postgresql(&cluster).await;
    let ledger = database.ledger_store(Wall::new().close_of_sale());
    assert_eq!(
        post(&ledger, vote_on(&prepare(&[seat("a", 1, 1)]))).await,
        yes()
    );
    let blocker = database.client().await.unwrap();
    let lock = "begin; lock table leg in share row exclusive mode";
    blocker.batch_execute(lock).await.unwrap();
    let trip = prepare(&[seat("a", 1, 2)]);
    let entry = [vote_on(&trip)];
    let ended = tokio::join!(
        try_post(&ledger, &entry),
        kill_the_waiting(&database, "wait_event_type = 'Lock'")
    );
    blocker.batch_execute("rollback").await.unwrap();
    let error = ended.0.unwrap_err();
    let honest = matches!(error, WriteError::NotWritten(_) | WriteError::Unknown(_));
    assert!(honest, "{error:?}");
    let recorded = database.archive(&identity).recorded(trip.saga).await;
    assert_eq!(recorded.unwrap().legs.len(), 0);
    let again = try_post(&ledger, &entry).await.unwrap();
    assert_eq!(again, [yes()]);
}

/// A check that runs inside COMMIT and does not end: the server may or may not have committed when its session dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_killed_inside_its_commit_leaves_the_outcome_unknown() {
    let cluster = Cluster::shared();
    let (database, identity) = contract::postgresql(&cluster).await;
    let slow_commit = "
        create function sleep() returns trigger language plpgsql as
            'begin perform pg_sleep(60); return null; end';
        create constraint trigger slow_commit after insert on leg
            deferrable initially deferred for each row execute function sleep()";
    let admin = database.client().await.unwrap();
    admin.batch_execute(slow_commit).await.unwrap();
    let ledger = database.ledger_store(Wall::new().close_of_sale());
    let trip = prepare(&[seat("a", 1, 1)]);
    let entry = [vote_on(&trip)];
    let ended = tokio::join!(
        try_post(&ledger, &entry),
        kill_the_waiting(&database, "wait_event = 'PgSleep'")
    );
    let error = ended.0.unwrap_err();
    assert!(matches!(error, WriteError::Unknown(_)), "{error:?}");
    let fast_commit = "drop trigger slow_commit on leg";
    admin.batch_execute(fast_commit).await.unwrap();
    let recorded = database.archive(&identity).recorded(trip.saga).await;
    assert_eq!(recorded.unwrap().legs.len(), 0);
    assert_eq!(try_post(&ledger, &entry).await.unwrap(), [yes()]);
}

async fn kill_the_waiting(database: &Database, for_what: &str) {
    let admin = database.client().await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    let kill = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and {for_what}"
    );
    while admin.query(&kill, &[]).await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "nobody waits");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_not_given_up_ends_the_wait_and_writes_nothing() {
    let cluster = Cluster::shared();
    let (database, _) = contract::postgresql(&cluster).await;
    let ledger = database.ledger_store(Wall::new().close_of_sale());
    let first = vote_on(&prepare(&[seat("a", 1, 1)]));
    assert_eq!(post(&ledger, first).await, yes());
    let blocker = database.client().await.unwrap();
    let lock = "begin; lock table leg in share row exclusive mode";
    blocker.batch_execute(lock).await.unwrap();
    let entry = [vote_on(&prepare(&[seat("a", 1, 2)]))];
    let ended = try_post(&ledger, &entry).await;
    assert!(matches!(ended, Err(WriteError::NotWritten(_))), "{ended:?}");
    blocker.batch_execute("rollback").await.unwrap();
    assert_eq!(try_post(&ledger, &entry).await.unwrap(), [yes()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_checked_before_it_is_trusted() {
    let cluster = Cluster::shared();
    let (database, first) = contract::postgresql(&cluster).await;
    // the tests' own cluster is one that loses commits
    let refused = checks::settings(&database).await.unwrap_err().to_string();
    assert!(refused.contains("set fsync = on"), "{refused}");

    migrate::migrate(&database).await.unwrap();
    let companies = [company("c"), company("a"), company("b")];
    let again = checks::identify(&database, &companies).await.unwrap();
    assert_eq!(again.incarnation, first.incarnation);
    assert_eq!(again.epoch, first.epoch + 1);
    let refused = checks::identify(&database, &companies[..2]).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains(r#"["a", "b", "c"]"#), "{refused}");
    assert!(refused.contains(r#"["a", "c"]"#), "{refused}");

    let mut lock = checks::lock_node(&database).await.unwrap();
    let refused = checks::lock_node(&database)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(refused.contains("another node of company a"), "{refused}");
    kill_others(&database).await;
    let lost = tokio::time::timeout(PATIENCE, lock.lost()).await;
    lost.expect("the lock's loss is told");
    checks::lock_node(&database).await.unwrap();
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
