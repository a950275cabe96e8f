//! A cluster that is ready to be measured: users have signed up, and it is known which seats are free.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::{ToSpan, Zoned};
use serde::Deserialize;
use tokio::time::sleep;
use uuid::Uuid;

use super::bookings::What;
use super::connection::Connection;
use super::requests::Requests;
use super::seats::Seats;
use crate::client::{Client, Session};
use crate::cluster::{self, Cluster, Needs, Options};
use crate::workload::sign_up;

/// After the start, until nodes are at rest.
const SETTLE: Duration = Duration::from_secs(3);
/// More clients share them: what a client does is its user's, and a user may have few holds at once.
const USERS: usize = 32;
/// Different requests of a kind.
const PATHS: usize = 256;
/// Days of departure that are asked for, if so many are on sale.
const DAYS_ASKED: u16 = 60;
/// Of the demo, where nobody says otherwise.
const DAYS: u16 = 14;

pub struct Bed {
    pub cluster: Cluster,
    pub client: Client,
    /// A connection to the first company's database.
    pub database: tokio_postgres::Client,
    /// Resident bytes of each node before anybody asked for anything.
    pub memory_at_rest: Vec<u64>,
    sessions: Vec<Session>,
    nodes: Vec<SocketAddr>,
    seats: Arc<Seats>,
    terms: Terms,
    /// On sale, from today.
    days: u16,
}

/// How it is prepared.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Of each company: seats of so many are sold, or of as many as are on sale.
    pub routes: usize,
    /// Whether bookings are sent with an idempotency key.
    pub keys: bool,
    pub seed: u64,
}

impl Bed {
    pub async fn start(options: &Options, terms: Terms) -> anyhow::Result<Self> {
        let needs = Needs {
            direct: true,
            ..Needs::default()
        };
        let cluster = Cluster::start(options, needs).await?;
        sleep(SETTLE).await;
        let memory_at_rest = memory(&cluster)?;
        let companies = cluster.companies();
        let database = cluster::connect(companies.first().context("there is no company")?).await?;
        let client = Client::new(companies)?;
        let sessions = sign_up(&client, USERS).await?;
        let seats = Seats::fetch(&client, &sessions[0], terms.routes, terms.seed).await?;
        let address = |url: &String| {
            let address = url.trim_start_matches("http://").trim_end_matches('/');
            address
                .parse()
                .with_context(|| format!("{url} is no address"))
        };
        let nodes = companies
            .iter()
            .map(|company| address(&company.http))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            cluster,
            client,
            database,
            memory_at_rest,
            sessions,
            nodes,
            seats: Arc::new(seats),
            terms,
            days: options.days.unwrap_or(DAYS),
        })
    }

    /// For one measurement, with tokens that outlive it.
    pub async fn requests(&self) -> anyhow::Result<Arc<Requests>> {
        let mut tokens = Vec::with_capacity(self.sessions.len());
        for session in &self.sessions {
            tokens.push(session.token(&self.client).await);
        }
        let companies = self.cluster.companies().iter();
        Ok(Arc::new(Requests {
            nodes: self.nodes.clone(),
            companies: companies.map(|company| company.company.clone()).collect(),
            seats: self.seats.clone(),
            tokens,
            key: self.terms.keys.then(|| Uuid::new_v4().simple().to_string()),
        }))
    }

    /// Requests that change nothing, drawn at random.
    pub async fn paths(&self, what: What) -> anyhow::Result<Vec<String>> {
        let airports = self.airports().await?;
        let mut rng = fastrand::Rng::with_seed(self.terms.seed);
        let today = Zoned::now().date();
        let mut paths = Vec::with_capacity(PATHS);
        while paths.len() < PATHS {
            let ahead = rng.u16(1..self.days.clamp(2, DAYS_ASKED));
            let date = today.checked_add(i64::from(ahead).days())?;
            let [from, to] = [(); 2].map(|()| &airports[rng.usize(..airports.len())]);
            if from == to {
                continue;
            }
            let company = rng.usize(..self.nodes.len());
            paths.push(match what {
                What::Page => format!("/all-trechos?limite=20&data={date}"),
                What::Search => format!("/rotas?origem={from}&destino={to}&data={date}"),
                _ => {
                    let routes = self.seats.routes(company);
                    let route = routes[rng.usize(..routes.len())];
                    format!("/trechos/{}/{route}/assentos", self.client.company(company))
                }
            });
        }
        Ok(paths)
    }

    /// Codes of those that some leg touches.
    async fn airports(&self) -> anyhow::Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Airport {
            iata: String,
        }
        let request = self.requests().await?.get("/aeroportos", 0);
        let mut connection = Connection::open(self.nodes[0]).await?;
        let answer = connection.ask(&request).await?;
        let airports: Vec<Airport> =
            serde_json::from_slice(answer.body).context("read the airports")?;
        ensure!(airports.len() > 1, "there is nowhere to fly to");
        Ok(airports.into_iter().map(|airport| airport.iata).collect())
    }

    /// Of all companies.
    pub async fn legs_on_sale(&self) -> anyhow::Result<usize> {
        let mut legs = 0;
        for company in self.cluster.companies() {
            let database = cluster::connect(company).await?;
            let row = database
                .query_one("select count(*) from route where on_sale", &[])
                .await;
            legs += usize::try_from(row.context("count legs")?.get::<_, i64>(0))?;
        }
        Ok(legs)
    }

    /// Resident bytes of each node.
    pub fn memory(&self) -> anyhow::Result<Vec<u64>> {
        memory(&self.cluster)
    }
}

fn memory(cluster: &Cluster) -> anyhow::Result<Vec<u64>> {
    (0..cluster.companies().len())
        .map(|company| cluster.memory(company))
        .collect()
}
