//! The attacks: what each asks for, again and again, and which answers must never come.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use reqwest::{Method, Url};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::super::Arena;
use super::Tally;
use super::stranger::Stranger;
use crate::checker::Violation;
use crate::client::{Client, Session};
use crate::cluster::Redis;
use crate::history::{Answer, Seat};
use crate::workload::{Market, sign_up};

/// Between two tries of one attacker who is answered at once: what is measured is the node, not who can send most.
const PAUSE: Duration = Duration::from_millis(20);
/// How long somebody stays who only wants to be in the way.
const STAY: Duration = Duration::from_secs(8);
/// Connections at once of one who opens nothing else.
const CONNECTIONS: usize = 400;
/// Long lists that one asks for and does not read.
const UNREAD: usize = 40;
/// Of the ticket whose documents are asked for: as many travellers as a booking may have legs for.
const TRAVELLERS: usize = 5;
/// Seats of one leg that a user may hold (docs/api.md), however often and wherever it is tried.
const HELD_OF_A_LEG_MAX: usize = 9;
/// Seats of one leg that somebody tries to hold.
const HOARD: usize = 40;
/// Holds of a run are over after this.
const HOLD_LASTS: Duration = Duration::from_secs(5);

/// One kind of attack, made by several strangers at every node at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    Documents,
    Unread,
    Idle,
    Guesses,
    Registrations,
    Hoarding,
    Letters,
    Listeners,
    Spying,
    Operators,
    Mesh,
    Leases,
}

/// What all of them know.
pub struct Field {
    /// With connections of their own: those of honest customers belong to other threads.
    market: Market,
    redis: Redis,
    /// Companies, in the order of their nodes.
    codes: Vec<String>,
    /// A number of the history that nobody else has.
    customer: usize,
    /// Attackers with accounts.
    sessions: Vec<Session>,
    /// A ticket of the first of them, with many names.
    own: Uuid,
    /// Seats of one leg that nobody else wants.
    pub(super) hoard: Vec<Seat>,
    /// Of those, for how long at least each hold lasts that one attacker was granted, at whichever node.
    held: Mutex<Vec<Instant>>,
    /// Of somebody honest.
    login: String,
    /// Tickets of others, whose ids have become known.
    others: Vec<Uuid>,
    clients: Vec<SocketAddr>,
    admins: Vec<SocketAddr>,
    meshes: Vec<SocketAddr>,
}

impl Field {
    /// Whoever attacks registers and books like anybody else.
    pub async fn survey(arena: &Arena) -> anyhow::Result<Self> {
        let market = &arena.probe.market;
        let client = &market.client;
        let companies = arena.cluster.companies();
        let sessions = sign_up(client, 2).await?;
        let mut seats = Vec::new();
        let everybody: Vec<_> = (0..companies.len()).collect();
        for _ in 0..TRAVELLERS {
            seats.extend(arena.probe.take(&everybody)?);
        }
        let customer = arena.probe.customer() + 2; // behind the operator
        let booked = market
            .book(0, customer, &sessions[0], "hostile", &seats)
            .await?;
        let Answer::Booked { ticket: own } = booked else {
            anyhow::bail!("an attacker could not book while all was quiet: {booked:?}");
        };
        let operations = arena.history().operations()?;
        let others: Vec<Uuid> = operations
            .iter()
            .filter_map(|operation| match operation.answer {
                Answer::Booked { ticket } if ticket != own => Some(ticket),
                _ => None,
            })
            .collect();
        ensure!(
            !others.is_empty(),
            "nobody honest has booked before the attack"
        );
        let address = |url: &str| -> anyhow::Result<SocketAddr> {
            let url = Url::parse(url)?;
            let addresses = url.socket_addrs(|| None)?;
            addresses.first().copied().context("where a node is")
        };
        Ok(Self {
            market: Market {
                client: Client::new(companies)?,
                ..market.clone()
            },
            redis: arena.cluster.redis()?.clone(),
            codes: companies.iter().map(|one| one.company.clone()).collect(),
            customer: customer + 1,
            sessions,
            own,
            hoard: arena.probe.hoard(HOARD)?,
            held: Mutex::default(),
            login: arena.probe.login().to_owned(),
            others,
            clients: companies
                .iter()
                .map(|one| address(&one.http))
                .collect::<Result<_, _>>()?,
            admins: companies
                .iter()
                .map(|one| address(&one.admin))
                .collect::<Result<_, _>>()?,
            meshes: everybody
                .iter()
                .map(|node| arena.cluster.wiring.mesh(*node))
                .collect(),
        })
    }

    /// One more hold, for so long. How many there are now.
    fn holds(&self, until: Instant) -> usize {
        let mut held = self.held.lock().expect("nobody panics with it");
        held.push(until);
        held.retain(|until| *until > Instant::now());
        held.len()
    }

    fn url(&self, node: usize, path: &str) -> String {
        format!("http://{}/{path}", self.clients[node])
    }

    /// Asks with the token of an attacker who has an account.
    async fn ask(&self, who: &Stranger, session: &Session, method: Method, url: &str) -> String {
        let token = session.token(&self.market.client).await;
        Stranger::send(who.request(method, url).bearer_auth(token)).await
    }
}

impl Attack {
    pub const ALL: [Self; 12] = [
        Self::Documents,
        Self::Unread,
        Self::Idle,
        Self::Guesses,
        Self::Registrations,
        Self::Hoarding,
        Self::Letters,
        Self::Listeners,
        Self::Spying,
        Self::Operators,
        Self::Mesh,
        Self::Leases,
    ];

    pub fn about(self) -> &'static str {
        match self {
            Self::Documents => "asks for documents with many names",
            Self::Unread => "asks for long lists and does not read them",
            Self::Idle => "opens connections and says nothing",
            Self::Guesses => "guesses the password of somebody honest",
            Self::Registrations => "registers",
            Self::Hoarding => "holds all seats of a leg, and again",
            Self::Letters => "sends what is no HTTP",
            Self::Listeners => "listens to seats without end",
            Self::Spying => "asks for, cancels and changes what is of others",
            Self::Operators => "guesses the token of operators",
            Self::Mesh => "knocks where companies talk",
            Self::Leases => "writes leases without end into Redis",
        }
    }

    /// Strangers who do it at each node.
    fn strangers(self) -> usize {
        match self {
            Self::Documents | Self::Guesses | Self::Registrations | Self::Spying => 6,
            Self::Idle | Self::Hoarding | Self::Listeners | Self::Letters | Self::Operators => 3,
            Self::Unread | Self::Mesh => 2,
            Self::Leases => 1,
        }
    }

    /// Until then. What they met, and what they should not have been told.
    pub async fn go_on(
        self,
        field: &Field,
        until: Instant,
    ) -> anyhow::Result<(Tally, Vec<Violation>)> {
        let tally = Mutex::new(BTreeMap::new());
        let found = Mutex::new(Vec::new());
        let nodes = 0..field.clients.len();
        let places = nodes.flat_map(|node| (0..self.strangers()).map(move |nth| (node, nth)));
        try_join_all(places.map(|(node, nth)| {
            let (tally, found) = (&tally, &found);
            async move {
                // a place in the list, then one among the strangers of this attack: no two have one address
                let number = 256 * (1 + self as usize) + 16 * node + nth + 1;
                let who = Stranger::new(u16::try_from(number)?)?;
                let mut turn = nth;
                while Instant::now() < until {
                    let met = self.once(field, &who, node, turn, until).await;
                    if let Some(what) = self.forbidden(&met) {
                        let what = format!("{}: {what} at {}", self.about(), field.codes[node]);
                        let mut found = found.lock().expect("nobody panics with it");
                        found.push(Violation::new(
                            if self == Self::Hoarding { "V2" } else { "V1" },
                            what,
                        ));
                    }
                    *tally
                        .lock()
                        .expect("nobody panics with it")
                        .entry(met)
                        .or_default() += 1;
                    turn += 1;
                    sleep(PAUSE).await;
                }
                anyhow::Ok(())
            }
        }))
        .await?;
        let mut found = found.into_inner().expect("nobody panics with it");
        found.dedup();
        Ok((tally.into_inner().expect("nobody panics with it"), found))
    }

    /// An answer that nobody may get who does this.
    fn forbidden(self, met: &str) -> Option<String> {
        let is_success = met.starts_with('2');
        let is_told = match self {
            Self::Guesses | Self::Spying | Self::Operators => is_success,
            Self::Hoarding => met.starts_with("too many"),
            Self::Mesh => met == "some bytes",
            _ => false,
        };
        // the node itself has failed
        (is_told || met.starts_with("500")).then(|| met.to_owned())
    }

    async fn once(
        self,
        field: &Field,
        who: &Stranger,
        node: usize,
        turn: usize,
        until: Instant,
    ) -> String {
        let first = &field.sessions[0];
        match self {
            Self::Documents => {
                let path = format!("passagens/{}/bilhete.pdf?folha={}", field.own, turn % 2);
                let url = field.url(node, &path);
                field.ask(who, first, Method::GET, &url).await
            }
            Self::Unread => unread(field, who, node, until).await,
            Self::Idle => idle(who, field.clients[node], until).await,
            Self::Guesses => {
                let body = json!({"login": field.login, "password": format!("senha-{turn}-{}", fastrand::u32(..))});
                Stranger::send(
                    who.request(Method::POST, &field.url(node, "login"))
                        .json(&body),
                )
                .await
            }
            Self::Registrations => {
                let login = format!("hostile-{}", Uuid::new_v4().simple());
                let body = json!({"login": login, "password": "battery staple"});
                let url = field.url(node, "register-all");
                Stranger::send(who.request(Method::POST, &url).json(&body)).await
            }
            Self::Hoarding => hoard(field, node, until).await,
            Self::Letters => {
                let letter = LETTERS[turn % LETTERS.len()];
                who.say(field.clients[node], letter, STAY).await
            }
            Self::Listeners => {
                let Some(seat) = field.hoard.first() else {
                    return "no leg".to_owned();
                };
                let path = format!("trechos/{}/{}/eventos", seat.company, seat.route);
                let request = who.request(Method::GET, &field.url(node, &path));
                listen(request, until).await
            }
            Self::Spying => {
                let other = field.others[fastrand::usize(..field.others.len())];
                let (method, path) = spy(turn, other);
                let session = &field.sessions[turn % field.sessions.len()];
                field
                    .ask(who, session, method, &field.url(node, &path))
                    .await
            }
            Self::Operators => {
                let paths = ["admin/cluster", "admin/audit", "metrics", "trechos"];
                let url = format!(
                    "http://{}/{}",
                    field.admins[node],
                    paths[turn % paths.len()]
                );
                let request = who.request(Method::GET, &url);
                Stranger::send(request.bearer_auth(Uuid::new_v4().simple().to_string())).await
            }
            Self::Mesh => {
                let to = field.meshes[node];
                match turn % 2 {
                    0 => who.say(to, LETTERS[0], STAY).await,
                    _ => idle(who, to, until).await,
                }
            }
            Self::Leases => leases(field).await,
        }
    }
}

/// What is no HTTP, or none that is read in one way only.
const LETTERS: [&[u8]; 8] = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n",
    b"GET /rotas HTTP/1.1\r\n\r\n",
    b"GET /rotas HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n{",
    b"GET /%00%ff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /rotas HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    b"\r\n\r\n\r\n\x00\x00\x00\x00",
];

/// Ways to what belongs to others.
fn spy(turn: usize, other: Uuid) -> (Method, String) {
    match turn % 8 {
        0 => (Method::GET, format!("passagens/{other}")),
        1 => (Method::GET, format!("passagens/{other}/bilhete.pdf")),
        2 => (Method::GET, format!("passagens/{other}/calendario.ics")),
        3 => (Method::GET, format!("reservas/{other}")),
        4 => (Method::GET, format!("reservas/{other}/historia")),
        5 => (Method::GET, format!("passagens/{other}/cancelamento")),
        6 => (Method::POST, format!("retencoes/{other}/confirmar")),
        _ => (Method::GET, format!("passagens-all/{other}")),
    }
}

/// Asks for as much as there is, many times, and lets it lie.
async fn unread(field: &Field, who: &Stranger, node: usize, until: Instant) -> String {
    let to = field.clients[node];
    let token = field.sessions[1].token(&field.market.client).await;
    let request = format!(
        "GET /all-trechos?limite=500 HTTP/1.1\r\nHost: {to}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut open = Vec::new();
    for _ in 0..UNREAD {
        let Some(mut stream) = who.connect(to).await else {
            break;
        };
        if stream.write_all(request.as_bytes()).await.is_ok() {
            open.push(stream);
        }
    }
    stay(until).await;
    in_tens("lists unread", open.len())
}

async fn idle(who: &Stranger, to: SocketAddr, until: Instant) -> String {
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        match who.connect(to).await {
            Some(stream) => open.push(stream),
            None => break,
        }
    }
    stay(until).await;
    // those that the node has closed have something to read: the end
    let closed =
        |stream: &tokio::net::TcpStream| stream.try_read(&mut [0; 1]).is_ok_and(|count| count == 0);
    open.retain(|stream| !closed(stream));
    in_tens("connections kept", open.len())
}

/// A user holds seat after seat of one leg, at all nodes at once, and waits until the holds are over.
async fn hoard(field: &Field, node: usize, until: Instant) -> String {
    let market = &field.market;
    let session = &field.sessions[1];
    let mine = field.hoard.iter().skip(node).step_by(field.clients.len());
    let (mut most, mut last) = (0, String::new());
    for seat in mine {
        let asked = Instant::now();
        if asked >= until {
            break;
        }
        let key = format!("hoard-{}", Uuid::new_v4().simple());
        let seats = std::slice::from_ref(seat);
        match market
            .hold(node, field.customer, session, &key, seats)
            .await
        {
            Ok(Answer::Hold { left_ms, .. }) => {
                // it was granted after it was asked for, so that it lasts until then at least
                let now_held = field.holds(asked + Duration::from_millis(left_ms));
                most = now_held.max(most);
            }
            Ok(answer) => last = answer.name(),
            Err(error) => last = format!("{error:#}"),
        }
    }
    sleep_until((Instant::now() + HOLD_LASTS).min(until)).await;
    match most > HELD_OF_A_LEG_MAX {
        true => format!("too many: {most} held at once"),
        false => format!("up to {HELD_OF_A_LEG_MAX} held, then {last}"),
    }
}

async fn listen(request: reqwest::RequestBuilder, until: Instant) -> String {
    let opened = timeout(STAY, request.send()).await;
    match opened {
        Ok(Ok(answer)) => {
            let status = answer.status().as_u16().to_string();
            if answer.status().is_success() {
                stay(until).await; // it is open, and nothing of it is read
            }
            status
        }
        Ok(Err(_)) => "no connection".to_owned(),
        Err(_) => "no answer".to_owned(),
    }
}

/// On the seats that everybody wants, and without an end.
async fn leases(field: &Field) -> String {
    let everybody: Vec<_> = (0..field.clients.len()).collect();
    let stock = &field.market.stock;
    let seats = stock.take(&everybody, &mut fastrand::Rng::new());
    stock.give_back(&seats);
    for seat in &seats {
        let key = format!("lease:{}/{}/{}", seat.company, seat.route, seat.number);
        if let Err(error) = field.redis.set(&key, "mine").await {
            return format!("{error:#}");
        }
    }
    "written".to_owned()
}

async fn stay(until: Instant) {
    sleep_until((Instant::now() + STAY).min(until)).await;
}

/// So that a tally has few lines.
fn in_tens(what: &str, count: usize) -> String {
    format!("{what}: about {}", count.div_ceil(10) * 10)
}
