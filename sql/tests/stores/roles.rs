//! What the node's role may not do, and that its work is done all the same: every other test here has it.

use passcom_sql::{Address, Options, migrate, prune, roles};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::contract::copies::user;
use crate::contract::{Node, Postgresql, Tabling, company, post};
use crate::support::{self, Cluster};
use passcom_actors::domain::entry::Entry;

/// All of what whoever takes a node over would like to do next.
const FORBIDDEN: [&str; 18] = [
    "copy (select 1) to program 'true'",
    "create temp table got (line text); copy got from program 'id'",
    "create temp table got (line text); copy got from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "drop table ticket",
    "truncate ticket",
    "alter table ticket add column more text",
    "alter table log disable trigger all",
    "create table mine (id int)",
    "create schema mine",
    "create function mine() returns int language sql as 'select 1'",
    "create role friend superuser",
    "alter role passcom_node superuser",
    "set role passcom_owner",
    "update log set at = now()",
    "delete from log",
    "delete from migration",
];

async fn refused(client: &Client, statement: &str) -> SqlState {
    let statements = format!("begin; {statement}");
    let error = client.batch_execute(&statements).await;
    let error = error.expect_err(statement);
    client.batch_execute("rollback").await.unwrap();
    error.code().cloned().unwrap_or(SqlState::INTERNAL_ERROR)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nodes_role_reaches_rows_and_nothing_else() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let client = base.database.client().await.unwrap();
    for statement in FORBIDDEN {
        let code = refused(&client, statement).await;
        assert_eq!(code, SqlState::INSUFFICIENT_PRIVILEGE, "{statement}");
    }
    assert!(!roles::is_superuser(&base.database).await.unwrap());
    let owned = "select count(*) from pg_class where relowner = 'passcom_node'::regrole";
    let owned: i64 = client.query_one(owned, &[]).await.unwrap().get(0);
    assert_eq!(owned, 0);
}

/// A partition is dropped as its owner; a table of the node's making does not mislead who looks whether it may go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_temporary_table_does_not_stand_in_for_another() {
    let cluster = Cluster::shared();
    let base = Postgresql::new(&cluster).await;
    let node = Node::open(&base, Tabling::OnDemand).await;
    post(&node, Entry::Enrol(user("ana"))).await;
    let client = base.database.client().await.unwrap();
    let planted = "
        create temp table node_state as select 99999999::bigint as projected;
        create temp table log as select 99999999::bigint as seq, now() as at";
    client.batch_execute(planted).await.unwrap();
    let dropped = client.execute("select drop_log(0, 1)", &[]).await;
    let error = dropped.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "PC005", "{error:?}");
    assert_eq!(
        node.store.log(Default::default(), 10).await.unwrap().len(),
        1
    );
    assert!(!prune::log(&base.database, 35).await.unwrap().dropped);
}

/// Tables of a time when one role did everything: they are handed over, and stay what they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_one_role_is_handed_over() {
    let cluster = Cluster::shared();
    let url = cluster.database().await;
    let alone = Options::new(url.clone(), company("a"));
    let alone = passcom_sql::connect(alone).await.unwrap();
    migrate::migrate(&alone, None).await.unwrap();
    migrate::check(&alone).await.unwrap();
    let admin = support::connect(&url).await;
    let sold = "insert into user_account (id, login_norm, pw_hash, version) values (gen_random_uuid(), 'ana', 'x', 1)";
    admin.execute(sold, &[]).await.unwrap();

    let address = cluster.with_roles(&url).await;
    cluster.with_roles(&url).await;
    let node = passcom_sql::connect(Options::new(address, company("a")))
        .await
        .unwrap();
    migrate::check(&node).await.unwrap();
    let client = node.client().await.unwrap();
    let users = client.query("select from user_account", &[]).await.unwrap();
    assert_eq!(users.len(), 1);
    for statement in FORBIDDEN {
        let code = refused(&client, statement).await;
        assert_eq!(code, SqlState::INSUFFICIENT_PRIVILEGE, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_migrate_says_who_does() {
    let cluster = Cluster::shared();
    let url = cluster.database().await;
    let superuser = Address::from(url.clone());
    roles::make(&superuser, "owner's", "node's").await.unwrap();
    let node = Options::new(as_node(&url), company("a"));
    let node = passcom_sql::connect(node).await.unwrap();
    let refused = async || migrate::check(&node).await.unwrap_err().to_string();
    assert!(
        refused()
            .await
            .contains("no tables for this role: run `passcom migrate`")
    );
    cluster.with_roles(&url).await;
    migrate::check(&node).await.unwrap();
    let admin = support::connect(&url).await;
    let older = "delete from migration where number = (select max(number) from migration)";
    admin.batch_execute(older).await.unwrap();
    assert!(refused().await.contains("run `passcom migrate`"));
    let newer = "insert into migration (number, name) values (9999, 'of tomorrow')";
    admin.batch_execute(newer).await.unwrap();
    assert!(refused().await.contains("start the newer program"));
}

fn as_node(url: &str) -> Address {
    Address::from(url.replace("user=postgres", &format!("user={}", roles::NODE)))
}
