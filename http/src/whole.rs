//! A client port with all that is behind it, over a company in memory and alone: for tests that must not know how it is
//! done.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::assembly::{self, Assembly, Seams, Settings};
use passcom_actors::catalogue::{CloseOfSale, ConnectionTimes, Reach, Route};
use passcom_actors::clock::Clock;
use passcom_actors::company::credential::UserKey;
use passcom_actors::company::guesses::WrongPasswords;
use passcom_actors::company::lease::LeaseTable;
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::lineage::Mark;
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::accounts::{FIRST_VERSION, User};
use passcom_actors::domain::entry::Entry;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{CompanyId, Incarnation, RouteId, SagaId, UserId};
use passcom_actors::domain::order::{Price, SeatRef};
use passcom_actors::domain::papers::Requires;
use passcom_actors::domain::rows::{OutboxCursor, Replicated};
use passcom_actors::domain::saga::LeaseAnswer;
use passcom_actors::mesh::late::LateService;
use passcom_actors::mesh::messages::{Reply, Request};
use passcom_actors::mesh::peer::{CallError, PeerClient, Serve};
use passcom_actors::mesh::service::Service;
use passcom_actors::people::accounts::Accounts;
use passcom_actors::people::desk::{self, Unavailable};
use passcom_actors::people::operations::Operations;
use passcom_actors::people::payment::Terms;
use passcom_actors::people::refund::Tariff;
use passcom_actors::people::saved::{SavedPassenger, SavedPassengers};
use passcom_memory::MemoryStore;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use uuid::Uuid;

use crate::TokenDesk;
use crate::airlines::Airlines;
use crate::poll::Polls;
use crate::token::TokenIssuer;
use crate::token::tests::{company, two_companies};
use crate::{Admin, App, Limits, Operators, Options, Proxies, Rate, api, serve_admin, server};

pub const SEATS: u16 = 180;
const HOUR: i64 = 3600;

/// The other companies: they know of no user, or stand still.
#[derive(Clone, Default)]
pub struct Peers {
    pub companies: Vec<&'static str>,
    pub frozen: Arc<AtomicBool>,
    /// How often they were asked for a user.
    pub asked: Arc<AtomicUsize>,
    /// How often they were asked about a booking or a ticket.
    pub looked_up: Arc<AtomicUsize>,
    /// What each has told in its outbox.
    pub told: Arc<Mutex<BTreeMap<CompanyId, Vec<Replicated>>>>,
    /// The company among them; none: a.
    pub me: Option<&'static str>,
    /// Those that hear of wrong passwords.
    pub hearing: Arc<Mutex<BTreeMap<CompanyId, Service>>>,
    /// The last that was told of them.
    pub heard: Arc<Mutex<Vec<WrongPasswords>>>,
}

impl Peers {
    fn me(&self) -> CompanyId {
        company(self.me.unwrap_or("a"))
    }

    /// The company tells of this.
    pub fn tell(&self, by: &str, row: Replicated) {
        let mut told = self.told.lock().unwrap();
        told.entry(company(by)).or_default().push(row);
    }

    /// What was not read yet. None: nothing.
    fn news(&self, of: CompanyId, after: Option<OutboxCursor>) -> Option<Reply> {
        let incarnation = Incarnation(Uuid::from_u128(1));
        let after = after.map_or(0, |cursor| cursor.seq);
        let told = self.told.lock().unwrap();
        let rows = (1..).zip(told.get(&of)?.iter().cloned());
        let rows: Vec<(i64, Replicated)> = rows.filter(|(seq, _)| *seq > after).collect();
        (!rows.is_empty()).then_some(Reply::Rows {
            incarnation,
            rows,
            mark: Mark {
                incarnation,
                run: Uuid::from_u128(1),
                seq: Seq(0),
            },
        })
    }
}

impl Reach for Peers {
    fn is_up(&self, _: CompanyId) -> bool {
        true
    }
}

impl PeerClient for Peers {
    fn call(
        &self,
        company: CompanyId,
        request: Request,
        _: Duration,
    ) -> BoxFuture<'_, Result<Reply, CallError>> {
        if let Request::Pull { after, .. } = request
            && let Some(news) = self.news(company, after)
        {
            return async { Ok(news) }.boxed();
        }
        let hears = self.hearing.lock().unwrap().get(&company).cloned();
        if let (Request::WrongPasswords(told), Some(service)) = (&request, hears) {
            let (heard, told) = (self.heard.clone(), told.clone());
            let reply = service.serve(self.me(), request);
            return async move {
                let reply = reply.await;
                *heard.lock().unwrap() = told;
                Ok(reply)
            }
            .boxed();
        }
        let is_lookup = matches!(
            request,
            Request::Query { .. } | Request::History { .. } | Request::FindTicket { .. }
        );
        self.looked_up
            .fetch_add(usize::from(is_lookup), Ordering::Relaxed);
        let is_user = matches!(request, Request::FindUser(_));
        self.asked
            .fetch_add(usize::from(is_user), Ordering::Relaxed);
        let reason = "it stands still";
        let answer = match is_user && !self.frozen.load(Ordering::Relaxed) {
            true => Ok(Reply::User(None)),
            false => Err(CallError::Unknown { company, reason }),
        };
        async move {
            // whoever follows a peer asks again and again
            tokio::time::sleep(Duration::from_millis(if is_user { 1 } else { 1_000 })).await;
            answer
        }
        .boxed()
    }
}

struct Leases;

impl LeaseTable for Leases {
    fn acquire<'a>(&'a self, _: SagaId, _: &'a [SeatRef]) -> BoxFuture<'a, LeaseAnswer> {
        async { LeaseAnswer::Granted(FencingToken::new(1, 1)) }.boxed()
    }

    fn release<'a>(&'a self, _: SagaId, _: &'a [SeatRef]) -> BoxFuture<'a, ()> {
        async {}.boxed()
    }

    fn raise<'a>(&'a self, _: FencingToken) -> BoxFuture<'a, ()> {
        async {}.boxed()
    }
}

/// Passengers that are kept for the next booking.
#[derive(Default)]
struct Lists(Mutex<BTreeMap<UserId, Vec<SavedPassenger>>>);

impl SavedPassengers for Lists {
    fn of(&self, user: UserId) -> BoxFuture<'_, Result<Vec<SavedPassenger>, Unavailable>> {
        let kept = self.0.lock().unwrap().get(&user).cloned();
        async move { Ok(kept.unwrap_or_default()) }.boxed()
    }

    fn keep(
        &self,
        user: UserId,
        people: Vec<SavedPassenger>,
    ) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.0.lock().unwrap().insert(user, people);
        async { Ok(()) }.boxed()
    }
}

/// A company, its node, and the port of its customers.
pub struct Whole {
    pub address: SocketAddr,
    pub polls: Arc<Polls>,
    pub assembly: Assembly,
    /// Another company's key.
    pub another: TokenIssuer,
    lists: Arc<Lists>,
}

/// What a request is answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Answer {
    /// The last part of a problem's type.
    pub fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.rsplit('/').next().unwrap_or_default()
    }
}

impl Whole {
    /// With so many legs on sale, from tomorrow on.
    pub async fn open(legs: u64) -> Self {
        Self::open_with(legs, Options::default(), Peers::default()).await
    }

    /// Among these.
    pub async fn open_among(peers: Peers) -> Self {
        Self::open_with(1, Options::default(), peers).await
    }

    /// Customers come through a proxy on this machine.
    pub async fn open_behind_proxy(legs: u64) -> Self {
        Self::open_behind_proxy_among(legs, Peers::default()).await
    }

    pub async fn open_behind_proxy_among(legs: u64, peers: Peers) -> Self {
        let proxies = Proxies {
            trusted: vec!["127.0.0.0/8".parse().unwrap()],
            ..Proxies::default()
        };
        let options = Options {
            proxies,
            ..Options::default()
        };
        Self::open_with(legs, options, peers).await
    }

    async fn open_with(legs: u64, options: Options, peers: Peers) -> Self {
        Self::open_as(legs, options, peers, Requires::default()).await
    }

    /// The company asks to be told so much of whoever it carries.
    pub async fn open_requiring(requires: Requires) -> Self {
        Self::open_as(2, Options::default(), Peers::default(), requires).await
    }

    async fn open_as(legs: u64, options: Options, peers: Peers, requires: Requires) -> Self {
        let me = peers.me();
        let mut companies: Vec<CompanyId> =
            peers.companies.iter().map(|code| company(code)).collect();
        companies.push(me);
        companies.sort_unstable();
        let memory = Arc::new(MemoryStore::new(me, Incarnation(Uuid::new_v4())));
        let clock = Clock::start();
        let first = clock.wall_seconds() + 24 * HOUR;
        memory.import((1..=legs).map(|id| leg(id, first)));
        let epoch = memory.start(Uuid::new_v4());
        let seams = Seams {
            me,
            companies: companies.into(),
            version: "test",
            clock: clock.clone(),
            close_of_sale: CloseOfSale::new(clock, Duration::ZERO),
            witness: Witness::new(me, epoch.lineage.clone(), BTreeMap::new()),
            store: Arc::new(epoch),
            tables: memory,
            peers: Arc::new(peers),
            answers: Arc::new(LateService::default()),
            refused: Arc::default(),
            leases: Arc::new(Leases),
            settings: settings(requires),
        };
        let mut assembly = assembly::start(seams).await.expect("memory is read");
        assembly.learn_sessions();
        assembly.answer();
        assembly.serve().await;
        let (issuer, another, verifier) = two_companies();
        let most = NonZeroU32::new(100_000).map(|most| Rate {
            per_second: most,
            burst: most,
        });
        let lists = Arc::new(Lists::default());
        let (issuer, verifier) = (Arc::new(issuer), Arc::new(verifier));
        let tokens = TokenDesk {
            issuer: issuer.clone(),
            verifier: verifier.clone(),
        };
        // nobody else has set it
        let _ = assembly.company.tokens.set(Arc::new(tokens));
        let app = App {
            me,
            desk: assembly.desk.clone(),
            accounts: Accounts::new(assembly.logins.clone(), 2),
            catalogue: assembly.company.catalogue.clone(),
            issuer,
            verifier,
            airlines: Airlines::default(),
            codes: None,
            payments: None,
            saved: lists.clone(),
            public_url: None,
            limits: Limits {
                per_address: most,
                per_user: most,
                registrations: None,
                misses: NonZeroU32::new(MISSES_MAX),
            },
            options,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = app.options.clone();
        let (close, closing) = watch::channel(false);
        let edge = api::edge(app, closing);
        api::prepare().await;
        let polls = edge.polls();
        tokio::spawn(async move {
            let never = std::future::pending();
            server::run("client", listener, edge.into_filter(), &options, never).await;
            drop(close);
        });
        Self {
            address,
            polls,
            assembly,
            another,
            lists,
        }
    }

    /// Opens the port of operators, too.
    pub async fn open_to(&self, operators: Operators) -> SocketAddr {
        let (assembly, nobody) = (&self.assembly, || async { None }.boxed());
        let admin = Admin {
            operations: Operations::new(
                assembly.company.clone(),
                assembly.companies.clone(),
                assembly.drivers.clone(),
                assembly.desk.clone(),
                Arc::new(Vec::new),
                Arc::new(move |_| nobody()),
            ),
            operators,
            certificates: Arc::new(Vec::new),
            renew: Arc::new(|| async { Ok(()) }.boxed()),
            metrics: Arc::new(String::new),
            options: Options::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve_admin(listener, admin, std::future::pending()));
        address
    }

    /// Whether no passenger is kept for the next booking of this user.
    pub async fn keeps_nobody_of(&self, user: &str) -> bool {
        let user = UserId(user.parse().unwrap());
        self.lists.of(user).await.is_ok_and(|kept| kept.is_empty())
    }

    /// Sends a request on a connection of its own, in English.
    pub async fn ask(&self, request: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        Self::ask_over(stream, request, headers, body).await
    }

    /// On this connection.
    pub async fn ask_over(
        mut stream: TcpStream,
        request: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut head = format!(
            "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-language: en\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let request = format!("{head}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = answer.split_at(end.expect("there is a head") + 4);
        let head = String::from_utf8(head.to_vec()).unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            body: serde_json::from_slice(body).unwrap_or_default(),
            head,
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(&format!("POST {path}"), &[], &body).await
    }

    /// With this token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        let token = format!("Bearer {token}");
        let headers = [("authorization", token.as_str())];
        let request = format!("GET {path}");
        self.ask(&request, &headers, &Value::Null).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: Value) -> Answer {
        let token = format!("Bearer {token}");
        let headers = [("authorization", token.as_str())];
        self.ask(&format!("POST {path}"), &headers, &body).await
    }

    /// A new user's token.
    pub async fn user(&self, login: &str, password: &str) -> String {
        let who = json!({"login": login, "password": password});
        let registered = self.post("/register-all", who.clone()).await;
        assert_eq!(registered.status, 200, "{registered:?}");
        self.log_in(login, password).await
    }

    /// A user of this company, whom no other was asked about.
    pub async fn enrol(&self, id: u128, login: &str, password: &str) {
        let key = UserKey::generate(self.assembly.company.me);
        let user = key.sign(User {
            id: UserId(Uuid::from_u128(id)),
            login: login.to_owned(),
            password_hash: key.lock(password),
            version: FIRST_VERSION,
            mailbox: None,
        });
        let enrolled = self.assembly.company.ledger.post(Entry::Enrol(user)).await;
        assert!(enrolled.is_ok());
    }

    /// The user's token.
    pub async fn log_in(&self, login: &str, password: &str) -> String {
        let who = json!({"login": login, "password": password});
        let answer = self.post("/login", who).await;
        let token = answer.body["access_token"].as_str();
        token.unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }
}

/// Of one user, before one a second.
pub const MISSES_MAX: u32 = 40;

fn settings(requires: Requires) -> Settings {
    let requires = BTreeMap::from([(company("a"), requires)]);
    Settings {
        desk: desk::Limits {
            bookings_max: 64,
            deadline: Duration::from_secs(8),
            hold_seconds: 900,
            tariff: Tariff { refund_percent: 70 },
        },
        payment: Terms::default(),
        route_actors_max: 100,
        lease_ttl: Duration::from_secs(30),
        connections: ConnectionTimes::default(),
        requires,
        in_doubt_after: Duration::from_secs(5),
        wrong_passwords: 5,
    }
}

fn leg(id: u64, first: i64) -> Route {
    let departs = first + id as i64 * 60;
    let (origin, destination) = if id.is_multiple_of(2) {
        ("GRU", "MAO")
    } else {
        ("MAO", "GRU")
    };
    Route {
        id: RouteId(id),
        flight: format!("A{id}"),
        origin: origin.to_owned(),
        destination: destination.to_owned(),
        departs,
        arrives: departs + 4 * HOUR,
        offsets: None,
        seats: SEATS,
        price: Price {
            minor: 45_990,
            currency: "BRL".to_owned(),
        },
        equipment: "738".to_owned(),
        on_sale: true,
    }
}

/// A request to book or hold these seats of a leg of the company.
pub fn seats_of(route: u64, numbers: impl IntoIterator<Item = u16>) -> Value {
    let seats = numbers.into_iter().map(|number| {
        json!({
            "id_trecho": route, "id_assento": route * 1024 + u64::from(number), "company": "a",
        })
    });
    let name = |number: usize| json!({"nome": format!("Ana Conceição {}", ["Um", "Dois", "Souza"][number % 3])});
    let seats: Vec<Value> = seats.collect();
    let names: Vec<Value> = (0..seats.len()).map(name).collect();
    json!({"trechos": seats, "passageiros": names})
}

mod blocking;
mod guessing;
mod holding;
mod hostile;
mod member;
#[path = "../../actors/tests/support/mutants.rs"]
mod mutants;
mod operating;
mod people;
mod vouching;
