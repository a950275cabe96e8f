//! The scenarios of the contract. Those of the rules have routes of their own, so that one database serves them all;
//! those of the log each have a database.

pub mod bookings;
pub mod copies;
pub mod flights;
mod forgetful;
pub mod holds;
mod log;
pub mod money;
pub mod names;
mod node;
pub mod reads;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use passcom_actors::catalogue::{CloseOfSale, Route};
use passcom_actors::clock::Clock;
use passcom_actors::company::ledger::PostError;
use passcom_actors::company::store::{LedgerStore, Tables};
use passcom_actors::domain::ballot::Acceptors;
use passcom_actors::domain::entry::{Entry, Idempotency, Receipt};
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Leg, Order, Price, SeatRef};
use passcom_actors::domain::order_hash::order_hash;
use passcom_actors::domain::question::{CompanyAnswer, Question};
use passcom_actors::domain::refund::{Ground, Refunded};
use passcom_actors::domain::vote::{Prepare, Vote};
use passcom_memory::MemoryStore;
use passcom_sql::schedule_store::{self, Scope};
use passcom_sql::{Address, Database, Identity, Options};
use uuid::Uuid;

pub use forgetful::Forgetful;
pub use node::{Node, Tabling};

use crate::support::{self, Cluster};

/// Routes on sale, ids from 1, all alike.
pub const ROUTES: u64 = 40;
pub const SEATS: u16 = 100;

/// A company's database, on which one node after another starts.
pub trait Base {
    /// Counts a start.
    async fn start(&self) -> (Arc<dyn LedgerStore>, Arc<dyn Tables>);

    /// Puts a route on sale, or changes it.
    async fn import(&self, route: Route);
}

pub struct Memory(pub Arc<MemoryStore>);

impl Memory {
    pub fn new() -> Self {
        let store = MemoryStore::new(company("a"), Incarnation(Uuid::new_v4()));
        store.import((1..=ROUTES).map(route));
        Self(Arc::new(store))
    }
}

impl Base for Memory {
    async fn start(&self) -> (Arc<dyn LedgerStore>, Arc<dyn Tables>) {
        let epoch = self.0.start(Uuid::new_v4());
        (Arc::new(epoch), self.0.clone())
    }

    async fn import(&self, route: Route) {
        self.0.import([route]);
    }
}

pub struct Postgresql {
    /// As a superuser.
    url: String,
    /// As a node: all that is tested has its role.
    pub address: Address,
    pub database: Database,
}

impl Postgresql {
    /// A migrated database with the routes on sale.
    pub async fn new(cluster: &Cluster) -> Self {
        let url = cluster.database().await;
        let address = cluster.with_roles(&url).await;
        let options = Options::new(address.clone(), company("a"));
        let database = passcom_sql::connect(options).await.unwrap();
        let insert = format!(
            "insert into route select id, 'A' || id, 'GRU', 'CWB', to_timestamp({0} + id * 3600),
                 to_timestamp({0} + (id + 1) * 3600), {SEATS}, 10000, 'BRL', '738', true, 1
             from generate_series(1, {ROUTES}) as id;
             update catalogue_version set version = 1",
            departs(0)
        );
        let client = support::connect(&url).await;
        client.batch_execute(&insert).await.unwrap();
        Self {
            url,
            address,
            database,
        }
    }

    /// Who may do everything: to look, and to break things.
    pub async fn admin(&self) -> tokio_postgres::Client {
        support::connect(&self.url).await
    }

    /// Counts a start.
    pub async fn identify(&self) -> Identity {
        identify(&self.database).await
    }
}

pub async fn identify(database: &Database) -> Identity {
    let companies = [company("a"), company("b"), company("c")];
    let identity = passcom_sql::checks::identify(database, &companies).await;
    identity.unwrap()
}

impl Base for Postgresql {
    async fn start(&self) -> (Arc<dyn LedgerStore>, Arc<dyn Tables>) {
        let identity = self.identify().await;
        let store = self.database.ledger_store(&identity);
        (Arc::new(store), Arc::new(self.database.tables(&identity)))
    }

    async fn import(&self, route: Route) {
        let mut client = schedule_store::connect(&self.address).await.unwrap();
        let scope = Scope::of(route.id..RouteId(route.id.0 + 1));
        let report = schedule_store::import(&mut client, [route].into_iter(), &scope, |_| ()).await;
        report.unwrap();
    }
}

pub async fn all<B: Base>(database: impl AsyncFn() -> B) {
    let base = database().await;
    let node = &Node::open(&base, Tabling::AtOnce).await;
    bookings::a_leg_is_prepared_sold_and_cancelled(node).await;
    bookings::a_refusal_names_its_reason(node).await;
    bookings::of_two_sagas_in_one_batch_one_gets_the_seat(node).await;
    bookings::a_seat_freed_in_a_batch_is_sold_in_it(node).await;
    bookings::a_single_company_books_in_one_step(node).await;
    bookings::a_stale_token_is_told_the_fence(node).await;
    bookings::a_sale_closes_by_the_clock_that_is_handed_in(node).await;
    copies::a_register_promises_accepts_and_learns(node).await;
    copies::the_outbox_follows_the_commits(node).await;
    copies::a_user_is_renewed_and_told(node).await;
    copies::a_merge_moves_the_cursor_and_frees_seats(node).await;
    copies::a_claimed_login_is_open_until_its_user_is_here(node).await;
    copies::equal_copies_have_equal_digests(node).await;
    money::what_came_back_is_kept_and_listed(node).await;
    money::books_have_each_entry_once(node).await;
    copies::a_key_keeps_its_first_answer(node).await;
    copies::a_round_is_never_used_twice(node).await;
    holds::a_hold_is_kept_extended_and_over(node).await;
    holds::a_hold_is_voted_for_and_confirmed(node).await;
    holds::whoever_keeps_no_seat_has_no_hold(node).await;
    reads::a_blocked_seat_is_surveyed(node).await;
    reads::an_unfinished_saga_is_found(node).await;
    reads::routes_come_in_order_with_their_taken_seats(node).await;
    reads::tickets_are_found_by_what_people_call_them(node).await;
    reads::tickets_come_newest_first(node).await;
    flights::a_changed_flight_moves_the_leg_and_stays_changed(node).await;
    names::a_name_is_corrected_and_stays_corrected(node).await;
    flights::changed_routes_are_told_in_the_order_of_their_changes(&base, node).await;

    log::a_place_is_written_once(&database().await).await;
    log::an_older_start_writes_nothing_any_more(&database().await).await;
    log::a_batch_overtaken_by_a_node_has_no_receipt(&database().await).await;
    log::a_batch_overtaken_by_an_import_is_decided_again(&database().await).await;
    log::what_is_recorded_is_not_taken_for_new(&database().await).await;
    log::a_seat_has_one_owner_over_batches_and_starts(&database().await).await;
    log::a_projection_is_written_once(&database().await).await;
    log::a_start_finds_what_the_tables_do_not_have(&database().await).await;
    log::a_seat_goes_back_on_sale_after_a_start(&database().await).await;
    log::a_hold_is_as_old_after_a_start(&database().await).await;
    log::numbers_for_the_peers_go_on_after_a_start(&database().await).await;
    verify::everything_is_equal_while_a_node_sells(&database().await).await;
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

/// A route as it is on sale at first.
pub fn route(id: u64) -> Route {
    Route {
        id: RouteId(id),
        flight: format!("A{id}"),
        origin: "GRU".to_owned(),
        destination: "CWB".to_owned(),
        departs: departs(id),
        arrives: departs(id + 1),
        offsets: None,
        seats: SEATS,
        price: price(),
        equipment: "738".to_owned(),
        on_sale: true,
    }
}

pub fn company(code: &str) -> CompanyId {
    code.parse().unwrap()
}

/// What came back for a seat, as this company decided it.
pub fn refund(seat: SeatRef, minor: i64, by: &str) -> Refunded {
    Refunded {
        seat,
        amount: Price { minor, ..price() },
        ground: Ground::Tariff,
        decided_at: 1_700_000_000_456,
        by: company(by),
    }
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
        departs: departs(seat.route.0),
        arrives: departs(seat.route.0 + 1),
        price: price(),
        passenger: None,
        offsets: None,
        label: None,
    };
    let saga = SagaId(Uuid::new_v4());
    let order = Order {
        user,
        created_at,
        legs: seats.iter().map(leg).collect(),
        hold_seconds: None,
        seller: None,
        exchange: None,
    };
    let acceptors = Acceptors(vec![company("a"), company("b"), company("c")]);
    Prepare {
        saga,
        // a store may leave an order out where its hash tells that it stands elsewhere
        hash: order_hash(&order, &acceptors),
        order: Arc::new(order),
        acceptors,
        fence: FencingToken::NONE,
        driver: "node-a".to_owned(),
        papers: None,
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

/// One batch, with a receipt each.
pub async fn try_post(node: &Node, entries: &[Entry]) -> Result<Vec<Receipt>, PostError> {
    node.post(entries).await.into_iter().collect()
}

/// One entry, posted twice: the second time nothing may change, the answer neither.
pub async fn post(node: &Node, entry: Entry) -> Receipt {
    let entry = [entry];
    let first = try_post(node, &entry).await.unwrap();
    let again = try_post(node, &entry).await.unwrap();
    assert_eq!(first, again);
    first.into_iter().next().unwrap()
}
