//! A database as the version before the log wrote it, brought up to date: nothing is lost, and a node goes on with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use passcom_actors::company::log::Seq;
use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ballot::{Acceptors, Ballot, Register, Value};
use passcom_actors::domain::entry::{Entry, Receipt};
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Order, OrderHash};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::rows::{Replicated, SagaState};
use passcom_actors::domain::settlement::{self, Sums, day_of};
use passcom_actors::domain::vote::{LegState, Prepare, RefusalReason};
use passcom_sql::{Database, Options, migrate};
use tokio_postgres::Client;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use crate::contract::bookings::{no, release, settle};
use crate::contract::copies::user;
use crate::contract::reads::block;
use crate::contract::{Node, Tabling, company, identify, post, prepare, seat, vote_on, yes};
use crate::support::{self, Cluster};

const BEFORE: [&str; 4] = [
    include_str!("../../migrations/0001_ledger.sql"),
    include_str!("../../migrations/0002_open_logins.sql"),
    include_str!("../../migrations/0003_holds.sql"),
    include_str!("../../migrations/0004_history.sql"),
];

/// As the program before recorded them.
const APPLIED: &str = "
create table migration (number int primary key, name text not null, applied_at timestamptz not null default now());
insert into migration (number, name) values (1, 'ledger'), (2, 'open logins'), (3, 'holds'), (4, 'history');
insert into route
    select id, 'A' || id, 'GRU', 'CWB', to_timestamp(1780086400 + id * 3600), to_timestamp(1780090000 + id * 3600), 100, 10000, 'BRL', '738', true, 1
    from generate_series(1, 3) as id;
update catalogue_version set version = 1;
update node_state set epoch = 4, round = 9;
insert into seat (route_id, number, blocked, fence)
    values (1, 90, true, 0), (1, 91, true, 77), (1, 1, false, 5), (1, 92, false, 6);
insert into repl_cursor (peer, incarnation, seq) values ('b', '00000000-0000-0000-0000-000000000001', 12);
insert into audit (action, subject, reason) values ('block', 'seat 1/90', 'belt');
";

const REGISTERS: &str = "
select key, row(key, acceptors, promised, accepted, value::jsonb, chosen, promised_at, accepted_at, chosen_at)::text
from register
";

/// Writes rows as the program before did.
struct Past {
    client: Client,
}

impl Past {
    async fn execute(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) {
        self.client.execute(sql, parameters).await.unwrap();
    }

    async fn saga(&self, of: &Prepare, state: &str, finished: bool) {
        let insert = r#"
            insert into saga (id, order_hash, "order", acceptors, driver, state, finished, hold_seconds, voted, holder,
                created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() - interval '10 minutes')"#;
        let hold = of.order.hold_seconds.map(u32::cast_signed);
        let holder = hold.map(|_| of.order.user.0);
        self.execute(
            insert,
            &[
                &of.saga.0,
                &of.hash.0.as_slice(),
                &Json(&*of.order),
                &codes(&of.acceptors),
                &of.driver,
                &state,
                &finished,
                &hold,
                &hold.is_some(),
                &holder,
            ],
        )
        .await;
    }

    async fn leg(&self, of: &Prepare, number: i32, state: &str, reason: Option<&str>) {
        let insert = "
            insert into leg (saga_id, route_id, number, order_hash, fence, state, reason, prepared_at, committed_at,
                ended_at)
            values ($1, 1, $2, $3, 5, $4, $5, now() - interval '9 minutes',
                case when $4 in ('committed', 'cancelled') then now() - interval '8 minutes' end,
                case when $4 = 'cancelled' then now() - interval '7 minutes' end)";
        let hash = of.hash.0.as_slice();
        self.execute(insert, &[&of.saga.0, &number, &hash, &state, &reason])
            .await;
    }

    async fn register(&self, key: String, register: &Register) {
        let insert = "
            insert into register (key, acceptors, promised, accepted, value, chosen, promised_at, accepted_at,
                chosen_at)
            values ($1, $2, $3, $4, $5, $6, now() - interval '6 minutes',
                case when $4::bigint is not null then now() - interval '5 minutes' end,
                case when $6 then now() - interval '4 minutes' end)";
        let accepted = register.accepted.as_ref().map(|(ballot, _)| ballot.0);
        let value = register.accepted.as_ref().map(|(_, value)| Json(value));
        self.execute(
            insert,
            &[
                &key,
                &codes(&register.acceptors),
                &register.promised.0,
                &accepted,
                &value,
                &register.chosen,
            ],
        )
        .await;
    }

    async fn ticket(&self, of: &Prepare, cancelled: bool) {
        let insert = r#"
            insert into ticket (id, user_id, "order", created_at, recorded_at)
            values ($1, $2, $3, timestamptz 'epoch' + $4::bigint * interval '1 millisecond', null)"#;
        let order = Json(&*of.order);
        self.execute(
            insert,
            &[&of.saga.0, &of.order.user.0, &order, &of.order.created_at],
        )
        .await;
        for seat in of.order.seats() {
            let insert = "insert into ticket_leg values ($1, $2, $3, $4, $5)";
            let (company, route) = (seat.company.to_string(), seat.route.0.cast_signed());
            let number = i32::from(seat.number.0);
            self.execute(insert, &[&of.saga.0, &company, &route, &number, &cancelled])
                .await;
        }
    }

    async fn key(&self, of: &Prepare, key: &str, answer: Option<Outcome>) {
        let insert = "insert into idem (user_id, key, fingerprint, saga_id, answer) values ($1, $2, $3, $4, $5)";
        let fingerprint = [8_u8; 32].as_slice();
        let answer = answer.map(Json);
        self.execute(
            insert,
            &[&of.order.user.0, &key, &fingerprint, &of.saga.0, &answer],
        )
        .await;
    }

    async fn user(&self, user: &User) {
        let insert =
            "insert into user_account (id, login_norm, pw_hash, version) values ($1, $2, $3, $4)";
        self.execute(
            insert,
            &[&user.id.0, &user.login, &user.password_hash, &user.version],
        )
        .await;
    }

    async fn told(&self, number: i64, kind: &str, id: Uuid) {
        let insert = "insert into outbox (seq, kind, id) values ($1, $2, $3)";
        self.execute(insert, &[&number, &kind, &id]).await;
    }

    async fn registers(&self) -> BTreeMap<String, String> {
        let rows = self.client.query(REGISTERS, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

fn codes(acceptors: &Acceptors) -> Vec<String> {
    acceptors.0.iter().map(ToString::to_string).collect()
}

fn commit(of: &Prepare) -> Value {
    Value::Commit {
        hash: of.hash,
        order: of.order.clone(),
    }
}

fn decided(of: &Prepare, accepted: Option<Value>, chosen: bool) -> Register {
    Register {
        acceptors: of.acceptors.clone(),
        promised: Ballot(4),
        accepted: accepted.map(|value| (Ballot(4), value)),
        chosen,
    }
}

fn key_of(of: &Prepare) -> String {
    format!("saga/{}", of.saga)
}

/// A booking here and at another company, of a node of this name.
fn trip(number: u16, driver: &str) -> Prepare {
    Prepare {
        driver: driver.to_owned(),
        ..prepare(&[seat("a", 1, number), seat("b", 1, number)])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_from_before_the_log_loses_nothing() {
    let cluster = Cluster::shared();
    let url = cluster.database().await;
    let past = Past {
        client: support::connect(&url).await,
    };
    for migration in BEFORE {
        past.client.batch_execute(migration).await.unwrap();
    }
    past.client.batch_execute(APPLIED).await.unwrap();

    let mut held = trip(1, "node-b");
    held.order = Arc::new(Order {
        hold_seconds: Some(900),
        ..(*held.order).clone()
    });
    past.saga(&held, "begun", false).await;
    past.leg(&held, 1, "prepared", None).await;
    past.key(&held, "held", None).await;

    let promised = trip(2, "node-b");
    past.saga(&promised, "begun", false).await;
    past.leg(&promised, 2, "prepared", None).await;
    past.register(key_of(&promised), &decided(&promised, None, false))
        .await;

    let accepted = trip(3, "node-x");
    past.saga(&accepted, "begun", false).await;
    past.leg(&accepted, 3, "prepared", None).await;
    let register = decided(&accepted, Some(commit(&accepted)), false);
    past.register(key_of(&accepted), &register).await;

    let sold = trip(4, "node-x");
    past.saga(&sold, "committed", true).await;
    past.leg(&sold, 4, "committed", None).await;
    past.register(key_of(&sold), &decided(&sold, Some(commit(&sold)), true))
        .await;
    past.ticket(&sold, false).await;
    let booked = Outcome::Booked { ticket: sold.saga };
    past.key(&sold, "sold", Some(booked)).await;

    let cancelled = trip(5, "node-x");
    past.saga(&cancelled, "committed", true).await;
    past.leg(&cancelled, 5, "cancelled", None).await;
    let register = decided(&cancelled, Some(commit(&cancelled)), true);
    past.register(key_of(&cancelled), &register).await;
    past.ticket(&cancelled, true).await;

    let refused = trip(4, "node-b");
    past.saga(&refused, "aborted", false).await;
    past.leg(&refused, 4, "refused", Some("sold")).await;
    let never = trip(6, "node-b");
    past.leg(&never, 6, "refused", Some("released")).await;

    // what this company only decides, or has a ticket of
    let only_decided = prepare(&[seat("b", 1, 7), seat("c", 1, 7)]);
    let register = decided(&only_decided, Some(commit(&only_decided)), false);
    past.register(key_of(&only_decided), &register).await;
    let only_promised = trip(8, "node-b");
    past.register(
        key_of(&only_promised),
        &decided(&only_promised, None, false),
    )
    .await;
    let only_aborted = trip(8, "node-b");
    let register = decided(&only_aborted, Some(Value::Abort), true);
    past.register(key_of(&only_aborted), &register).await;
    let ticket_only = prepare(&[seat("b", 1, 9)]);
    past.ticket(&ticket_only, false).await;

    let aborted = trip(9, "node-b");
    past.saga(&aborted, "aborted", false).await;
    past.leg(&aborted, 9, "refused", Some("released")).await;
    let register = decided(&aborted, Some(Value::Abort), true);
    past.register(key_of(&aborted), &register).await;

    // decided otherwise than it was begun here
    let other = trip(10, "node-b");
    past.saga(&other, "begun", false).await;
    past.leg(&other, 10, "prepared", None).await;
    let changed = Prepare {
        hash: OrderHash([9; 32]),
        order: Arc::new(Order {
            created_at: 1,
            ..(*other.order).clone()
        }),
        acceptors: Acceptors(vec![company("a"), company("b")]),
        ..other.clone()
    };
    past.register(
        key_of(&other),
        &decided(&changed, Some(commit(&changed)), false),
    )
    .await;

    // committed, and their drivers do not know yet that everybody has it: one is ours
    let (ours, theirs) = (trip(11, "node-x"), trip(12, "node-b"));
    for trip in [&ours, &theirs] {
        past.saga(trip, "committed", false).await;
        let number = i32::from(trip.order.seats()[0].number.0);
        past.leg(trip, number, "committed", None).await;
        past.register(key_of(trip), &decided(trip, Some(commit(trip)), true))
            .await;
        past.ticket(trip, false).await;
    }

    let (ana, bia) = (user("ana"), user("bia"));
    past.user(&ana).await;
    let account = |user: &User| Some(Value::Account(user.clone()));
    past.register("login/ana".to_owned(), &decided(&sold, account(&ana), true))
        .await;
    past.register(
        "login/bia".to_owned(),
        &decided(&sold, account(&bia), false),
    )
    .await;
    past.register("login/caio".to_owned(), &decided(&sold, None, false))
        .await;
    past.told(5, "user", ana.id.0).await;
    past.told(6, "ticket", sold.saga.0).await;

    let registers = past.registers().await;
    let options = Options::new(url.clone(), company("a"));
    let database = passcom_sql::connect(options).await.unwrap();
    migrate::migrate(&database, None).await.unwrap();

    // people and reports read decisions as they did
    assert_eq!(past.registers().await, registers);
    assert_eq!(registers.len(), 14);
    let owners = "
        select route_id, number, saga_id from seat_owner except (
            select route_id, number, saga_id from leg where state in ('prepared', 'committed')
            union all select route_id, number, '00000000-0000-0000-0000-000000000000' from seat where blocked)";
    assert!(past.client.query(owners, &[]).await.unwrap().is_empty());
    let count = "select count(*) from seat_owner";
    let count: i64 = past.client.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(count, 7 + 2);

    let node = start(&database).await;
    assert_eq!(node.store.projected().await.unwrap(), Seq::NONE);
    let (standing, _) = node.store.standing("node-x").await.unwrap();
    assert_eq!((standing.told, standing.round), (6, 9));
    assert_eq!(standing.cursors[&company("b")].seq, 12);
    let mut open: Vec<SagaId> = standing.open.iter().map(|(saga, _)| *saga).collect();
    open.sort();
    let mut expected = [&held, &promised, &accepted, &other, &ours].map(|trip| trip.saga);
    expected.sort();
    assert_eq!(
        open, expected,
        "what others drive and have not finished is not ours"
    );

    let rows = [
        (&held, SagaState::Begun, Some(LegState::Prepared), None),
        (
            &promised,
            SagaState::Begun,
            Some(LegState::Prepared),
            Some(decided(&promised, None, false)),
        ),
        (
            &accepted,
            SagaState::Begun,
            Some(LegState::Prepared),
            Some(decided(&accepted, Some(commit(&accepted)), false)),
        ),
        (
            &sold,
            SagaState::Committed,
            Some(LegState::Committed),
            Some(decided(&sold, Some(commit(&sold)), true)),
        ),
        (
            &cancelled,
            SagaState::Committed,
            Some(LegState::Cancelled),
            Some(decided(&cancelled, Some(commit(&cancelled)), true)),
        ),
        (&refused, SagaState::Aborted, Some(LegState::Refused), None),
        (
            &aborted,
            SagaState::Aborted,
            Some(LegState::Refused),
            Some(decided(&aborted, Some(Value::Abort), true)),
        ),
        (
            &other,
            SagaState::Begun,
            Some(LegState::Prepared),
            Some(decided(&changed, Some(commit(&changed)), false)),
        ),
        (
            &theirs,
            SagaState::Committed,
            Some(LegState::Committed),
            Some(decided(&theirs, Some(commit(&theirs)), true)),
        ),
    ];
    for (trip, state, leg, register) in rows {
        let cell = node.tables.cell(trip.saga).await.unwrap();
        let row = cell.saga.as_ref().unwrap();
        assert_eq!((row.state, &row.order), (state, &Some(trip.order.clone())));
        assert_eq!((row.hash, &row.acceptors), (trip.hash, &trip.acceptors));
        assert_eq!(
            (&row.driver, row.hold_seconds),
            (&trip.driver, trip.order.hold_seconds)
        );
        assert_eq!(row.voted, trip.order.hold_seconds.is_some());
        assert_eq!(cell.legs.first().map(|leg| leg.row.state), leg);
        let hashes = cell.legs.iter().map(|leg| leg.row.hash);
        assert!(hashes.eq([trip.hash]));
        assert_eq!(cell.register.map(|(register, _)| register), register);
    }
    for (trip, register) in [
        (
            &only_decided,
            decided(&only_decided, Some(commit(&only_decided)), false),
        ),
        (&only_promised, decided(&only_promised, None, false)),
        (
            &only_aborted,
            decided(&only_aborted, Some(Value::Abort), true),
        ),
    ] {
        let cell = node.tables.cell(trip.saga).await.unwrap();
        assert_eq!((cell.saga, cell.legs.len()), (None, 0));
        assert_eq!(cell.register.unwrap().0, register);
    }
    let cell = node.tables.cell(never.saga).await.unwrap();
    assert_eq!((cell.saga, cell.legs.len(), cell.register), (None, 1, None));
    let mut sold_before = Sums::new();
    for (trip, gone) in [
        (&sold, 0),
        (&cancelled, 2),
        (&ours, 0),
        (&theirs, 0),
        (&ticket_only, 0),
    ] {
        let ticket = node.archive.ticket(trip.saga).await.unwrap().unwrap();
        assert_eq!((&ticket.order, ticket.cancelled.len()), (&trip.order, gone));
        assert_eq!(ticket.refunds, [], "nobody recorded what came back");
        settlement::enter(&mut sold_before, None, &ticket);
    }
    let books = node.archive.books(day_of(i64::MIN), day_of(i64::MAX)).await;
    assert_eq!(books.unwrap().sums, sold_before);
    let key = node.archive.key(sold.order.user, "sold".to_owned()).await;
    assert_eq!(key.unwrap().unwrap().answer, Some(booked));
    let key = node.archive.key(held.order.user, "held".to_owned()).await;
    assert_eq!(key.unwrap().unwrap().answer, None);
    let open = node.archive.open_logins(10).await.unwrap();
    assert_eq!(open, std::slice::from_ref(&bia));
    assert_eq!(
        node.archive.user("ana".to_owned()).await.unwrap(),
        Some(ana.clone())
    );
    assert_eq!(node.archive.audit(None, 10).await.unwrap().len(), 1);
    let kept = node
        .archive
        .recorded(held.saga)
        .await
        .unwrap()
        .held
        .unwrap();
    assert!((600_000..660_000).contains(&kept.passed_ms), "{kept:?}");
    assert_eq!(node.archive.held(10).await.unwrap(), [(held.saga, 900)]);
    let undecided = node.archive.undecided(10).await.unwrap();
    assert_eq!(undecided.len(), 3);
    let told = node.archive.outbox(0, 10).await.unwrap();
    assert_eq!(
        told.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        [5, 6]
    );

    // and it goes on: votes, decisions, seats, numbers
    let late = [
        (trip(1, "node-b"), RefusalReason::Held),
        (trip(4, "node-b"), RefusalReason::Sold),
        (trip(90, "node-b"), RefusalReason::Blocked),
    ];
    for (late, reason) in &late {
        assert_eq!(post(&node, vote_on(late)).await, no(late, *reason));
    }
    let released = no(&never, RefusalReason::Released);
    assert_eq!(post(&node, vote_on(&never)).await, released);
    assert_eq!(
        post(&node, block(1, 91, false)).await,
        Receipt::Blocked(true)
    );
    for number in [5, 91, 92] {
        assert_eq!(post(&node, vote_on(&trip(number, "node-b"))).await, yes());
    }
    assert_eq!(post(&node, settle(&accepted)).await, Receipt::Done);
    post(&node, release(&promised)).await;
    assert_eq!(post(&node, settle(&only_decided)).await, Receipt::Done);
    post(&node, Entry::Enrol(bia.clone())).await;
    assert_eq!(node.project().await, Ok(()));
    let rows = node.tables.outbox(6, 10).await.unwrap();
    let numbers: Vec<i64> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (7..).take(numbers.len()).collect::<Vec<_>>());
    let told = rows
        .iter()
        .any(|(_, row)| *row == Replicated::User(bia.clone()));
    assert!(told, "{rows:?}");
    assert_eq!(node.archive.open_logins(10).await.unwrap(), []);
    let cell = node.tables.cell(accepted.saga).await.unwrap();
    assert_eq!(cell.legs[0].row.state, LegState::Committed);
    let seat_of = |number| (RouteId(1), SeatNumber(number));
    let free = node.tables.seat(seat_of(2)).await.unwrap();
    assert_eq!(free, Some(passcom_actors::domain::rows::SeatUse::Free));
    let unknown = node.archive.key(UserId(Uuid::nil()), "no".to_owned()).await;
    assert_eq!(unknown.unwrap(), None);
}

async fn start(database: &Database) -> Node {
    let identity = identify(database).await;
    assert_eq!(identity.epoch, 5);
    let store = Arc::new(database.ledger_store(&identity));
    let tables = Arc::new(database.tables(&identity));
    Node::over(store, tables, Tabling::OnDemand).await.unwrap()
}
