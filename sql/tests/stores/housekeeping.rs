//! What is done to a company's tables beside its ledger: imports while seats are sold, and the removal of old rows.

use std::time::Duration;

use passcom_actors::catalogue::Route;
use passcom_actors::company::store::{Archive, LedgerStore};
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::ids::{RouteId, UserId};
use passcom_actors::domain::rows::{Footprint, Rows};
use passcom_sql::prune;
use passcom_sql::schedule_store::{self, Scope};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::contract::{self, SEATS, Wall, company, post, prepare, route, seat, vote_on};
use crate::support::Cluster;

/// Longer than an import of one route takes.
const SLOW: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_seat_that_is_being_sold_is_not_taken_away_by_an_import() {
    let cluster = Cluster::shared();
    let url = cluster.database().await;
    let database = contract::postgresql_at(&url).await.0;
    let ledger = database.ledger_store(Wall::new().close_of_sale());
    let (seats_were_read, read) = oneshot::channel();
    let selling = tokio::spawn(async move {
        let entry = vote_on(&prepare(&[seat("a", 1, SEATS)]));
        let mut footprint = Footprint::default();
        entry.footprint(company("a"), &mut footprint);
        let mut seats_were_read = Some(seats_were_read);
        let mut decide = |rows: &mut Rows| {
            let _ = seats_were_read.take().map(|told| told.send(()));
            std::thread::sleep(SLOW);
            entry.post(rows);
        };
        let sold = ledger.transact(&footprint, &mut decide).await;
        sold.unwrap();
    });
    read.await.unwrap();
    let smaller = Route {
        seats: SEATS / 2,
        ..route(1)
    };
    let scope = Scope {
        ids: RouteId(1)..RouteId(2),
        dry_run: false,
    };
    let mut client = schedule_store::connect(&url).await.unwrap();
    let report = schedule_store::import(&mut client, [smaller].into_iter(), &scope, |_| ()).await;
    selling.await.unwrap();
    assert_eq!(report.unwrap().seats_kept, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_every_peer_has_read_goes_and_the_numbers_go_on() {
    let cluster = Cluster::shared();
    let (database, identity) = contract::postgresql(&cluster).await;
    let ledger = database.ledger_store(Wall::new().close_of_sale());
    let archive = database.archive(&identity);
    let enrol = async |login: &str| {
        let user = User {
            id: UserId(Uuid::new_v4()),
            login: login.to_owned(),
            password_hash: "$argon2id$1".to_owned(),
            version: 1,
        };
        post(&ledger, Entry::Enrol(user)).await;
    };
    for login in ["ana", "bia", "caio"] {
        enrol(login).await;
    }
    let numbers = async || -> Vec<i64> {
        let rows = archive.outbox(0, 1000).await.unwrap();
        rows.into_iter().map(|(seq, _)| seq).collect()
    };
    assert_eq!(prune::outbox(&database, 1).await.unwrap(), 1);
    assert_eq!(numbers().await, [2, 3]);
    assert_eq!(prune::outbox(&database, 3).await.unwrap(), 1);
    enrol("davi").await;
    assert_eq!(numbers().await, [3, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_keys_that_were_answered_long_ago_go() {
    let cluster = Cluster::shared();
    let (database, _) = contract::postgresql(&cluster).await;
    let client = database.client().await.unwrap();
    let insert = "
        insert into idem (user_id, key, fingerprint, saga_id, answer, created_at)
        select gen_random_uuid(), key, decode(repeat('00', 32), 'hex'), gen_random_uuid(), answer::json, now() - age
        from (values ('old', '1', interval '36 days'), ('open', null, interval '36 days'), ('new', '1', interval '30 days'))
            as row (key, answer, age)";
    client.execute(insert, &[]).await.unwrap();
    assert_eq!(prune::keys(&database).await.unwrap(), 1);
    let left = client.query("select key from idem order by key", &[]).await;
    let left: Vec<String> = left.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(left, ["new", "open"]);
}
