//! The scenarios of the contract. Each has routes of its own, so that one database serves them all.

mod bookings;
mod copies;
mod holds;
mod reads;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use passcom_actors::catalogue::{CloseOfSale, Route};
use passcom_actors::clock::Clock;
use passcom_actors::company::store::{Archive, LedgerStore, WriteError};
use passcom_actors::domain::ballot::Acceptors;
use passcom_actors::domain::entry::{Entry, Idempotency, Receipt};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Leg, Order, OrderHash, Price, SeatRef};
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::rows::Footprint;
use passcom_actors::domain::vote::{Prepare, Vote};
use passcom_sql::{Database, Identity, Options};
use uuid::Uuid;

use crate::support::{self, Cluster};

/// Routes on sale, ids from 1, all alike.
pub const ROUTES: u64 = 40;
pub const SEATS: u16 = 100;

/// A store with a second writer on the same rows.
pub struct Stores<'a, L, A> {
    pub ledger: &'a L,
    pub rival: &'a L,
    pub archive: &'a A,
    /// The clock of both writers.
    pub wall: &'a Wall,
}

pub async fn all<L: LedgerStore, A: Archive>(stores: &Stores<'_, L, A>) {
    bookings::a_leg_is_prepared_sold_and_cancelled(stores).await;
    bookings::a_refusal_names_its_reason(stores).await;
    bookings::of_two_sagas_in_one_batch_one_gets_the_seat(stores).await;
    bookings::a_seat_freed_in_a_batch_is_sold_in_it(stores).await;
    bookings::a_single_company_books_in_one_step(stores).await;
    bookings::a_row_that_changed_is_a_conflict_and_writes_nothing(stores).await;
    bookings::a_stale_token_is_told_the_fence(stores).await;
    bookings::a_sale_closes_by_the_clock_that_is_handed_in(stores).await;
    copies::a_register_promises_accepts_and_learns(stores).await;
    copies::the_outbox_follows_the_commits(stores).await;
    copies::a_merge_moves_the_cursor_and_frees_seats(stores).await;
    copies::a_claimed_login_is_open_until_its_user_is_here(stores).await;
    copies::equal_copies_have_equal_digests(stores).await;
    copies::a_key_keeps_its_first_answer(stores).await;
    copies::a_round_is_never_used_twice(stores).await;
    holds::a_hold_is_kept_extended_and_over(stores).await;
    holds::a_hold_is_voted_for_and_confirmed(stores).await;
    holds::whoever_keeps_no_seat_has_no_hold(stores).await;
    reads::a_blocked_seat_is_surveyed(stores).await;
    reads::an_unfinished_saga_is_found(stores).await;
    reads::routes_come_in_pages_with_their_taken_seats(stores).await;
    reads::tickets_come_newest_first(stores).await;
}

/// What the clock of a store shows at first, in seconds since 1970.
const NOW: i64 = 1_780_000_000;
/// Seconds from the close of sale to the departure.
const SALE_CLOSES: i64 = 1800;

/// Departure of a route, in seconds since 1970: a day later, and each an hour after the one before.
fn departs(route: u64) -> i64 {
    NOW + 86_400 + route as i64 * 3600
}

/// A wall clock that the tests move, in milliseconds.
pub struct Wall(Arc<AtomicI64>);

impl Wall {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW * 1000)))
    }

    /// By this clock.
    pub fn close_of_sale(&self) -> CloseOfSale {
        let shown = self.0.clone();
        let clock = Clock::with_wall(move || shown.load(Ordering::Relaxed));
        CloseOfSale::new(clock, Duration::from_secs(SALE_CLOSES as u64))
    }

    fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

/// A migrated database with the routes on sale.
pub async fn postgresql(cluster: &Cluster) -> (Database, Identity) {
    postgresql_at(&cluster.database().await).await
}

pub async fn postgresql_at(url: &str) -> (Database, Identity) {
    let options = Options::new(url.to_owned(), company("a"));
    let database = passcom_sql::connect(options).await.unwrap();
    passcom_sql::migrate::migrate(&database).await.unwrap();
    let companies = [company("a"), company("b"), company("c")];
    let identity = passcom_sql::checks::identify(&database, &companies).await;
    let insert = format!(
        "insert into route select id, 'A' || id, 'GRU', 'CWB', to_timestamp({0} + id * 3600),
             to_timestamp({0} + (id + 1) * 3600), {SEATS}, 10000, 'BRL', '738', true, 1
         from generate_series(1, {ROUTES}) as id;
         update catalogue_version set version = 1",
        departs(0)
    );
    let client = support::connect(url).await;
    client.batch_execute(&insert).await.unwrap();
    (database, identity.unwrap())
}

/// The same route as [`postgresql`] has.
pub fn route(id: u64) -> Route {
    Route {
        id: RouteId(id),
        flight: format!("A{id}"),
        origin: "GRU".to_owned(),
        destination: "CWB".to_owned(),
        departs: departs(id),
        arrives: departs(id + 1),
        seats: SEATS,
        price: price(),
        equipment: "738".to_owned(),
        on_sale: true,
    }
}

pub fn company(code: &str) -> CompanyId {
    code.parse().unwrap()
}

fn price() -> Price {
    Price {
        minor: 10_000,
        currency: "BRL".to_owned(),
    }
}

pub fn seat(company_code: &str, route: u64, number: u16) -> SeatRef {
    SeatRef {
        company: company(company_code),
        route: RouteId(route),
        number: SeatNumber(number),
    }
}

/// A booking of these seats, its order and its saga never seen before.
pub fn prepare(seats: &[SeatRef]) -> Prepare {
    prepare_for(UserId(Uuid::new_v4()), 1_700_000_000_123, seats)
}

pub fn prepare_for(user: UserId, created_at: i64, seats: &[SeatRef]) -> Prepare {
    let leg = |seat: &SeatRef| Leg {
        seat: *seat,
        flight: "A1".to_owned(),
        origin: "São Paulo".to_owned(),
        destination: "Curitiba".to_owned(),
        origin_iata: "GRU".to_owned(),
        destination_iata: "CWB".to_owned(),
        departs: departs(0),
        arrives: departs(1),
        price: price(),
        passenger: None,
    };
    let saga = SagaId(Uuid::new_v4());
    let mut hash = [7; 32];
    hash[..16].copy_from_slice(saga.0.as_bytes());
    Prepare {
        saga,
        order: Arc::new(Order {
            user,
            created_at,
            legs: seats.iter().map(leg).collect(),
            hold_seconds: None,
        }),
        hash: OrderHash(hash),
        acceptors: Acceptors(vec![company("a"), company("b"), company("c")]),
        fence: FencingToken::NONE,
        driver: "node-a".to_owned(),
    }
}

pub fn vote_on(prepare: &Prepare) -> Entry {
    Question::Prepare(Box::new(prepare.clone())).into()
}

pub fn book(prepare: &Prepare, idempotency: Option<Idempotency>) -> Entry {
    Entry::asked(Question::Book(Box::new(prepare.clone())), None, idempotency)
}

pub fn yes() -> Receipt {
    Receipt::Answer(CompanyAnswer::Vote(Vote::Yes))
}

/// The answer to a decision that was told.
pub fn done() -> Receipt {
    Receipt::Answer(CompanyAnswer::Done)
}

/// One batch, one transaction.
pub async fn try_post(
    ledger: &impl LedgerStore,
    entries: &[Entry],
) -> Result<Vec<Receipt>, WriteError> {
    let mut footprint = Footprint::default();
    for entry in entries {
        entry.footprint(company("a"), &mut footprint);
    }
    let mut receipts = Vec::new();
    ledger
        .transact(&footprint, &mut |rows| {
            receipts = entries.iter().map(|entry| entry.post(rows)).collect();
            rows.seat_changes(); // as the ledger, which tells the routes
            assert_eq!(rows.take_alarms(), Vec::<String>::new());
        })
        .await?;
    Ok(receipts)
}

/// One entry, posted twice: the second time nothing may change, the answer neither.
pub async fn post(ledger: &impl LedgerStore, entry: Entry) -> Receipt {
    let first = try_post(ledger, std::slice::from_ref(&entry))
        .await
        .unwrap();
    let again = try_post(ledger, &[entry]).await.unwrap();
    assert_eq!(first, again);
    first.into_iter().next().unwrap()
}
