//! What is asked of the nodes, and what came of it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::locator::Locator;
use passcom_chaos::client::{Client, HoldAction, Session};
use passcom_chaos::history::{Answer, History, Meaning, Operation, Request, Seat, SeatName};
use passcom_chaos::stock::Stock;
use passcom_chaos::workload::Market;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::cases::Seen;

const PASSWORD: &str = "correct horse";
const AGAIN: Duration = Duration::from_millis(100);
/// Until a killed node is up, its links stand and its peers' catalogues are read; until an open booking has its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than a node takes to say that it does not know yet.
const ANSWER_LIMIT: Duration = Duration::from_secs(12);

/// A request that may be sent again, at any node.
#[derive(Debug, Clone)]
pub enum Wish {
    Book {
        key: String,
        seats: Vec<Seat>,
    },
    Hold {
        key: String,
        seats: Vec<Seat>,
    },
    OfHold {
        hold: Uuid,
        action: HoldAction,
    },
    Cancel {
        ticket: Uuid,
    },
    CancelAgreed {
        ticket: Uuid,
        code: String,
    },
    OperatorCancel {
        ticket: Uuid,
    },
    /// The ticket tells of one change.
    Told {
        ticket: Uuid,
    },
    Accept {
        ticket: Uuid,
    },
    /// Other seats in the place of those of a ticket.
    Rebook {
        key: String,
        ticket: Uuid,
        given: Vec<SeatName>,
        seats: Vec<Seat>,
    },
    Correct {
        ticket: Uuid,
        seat: SeatName,
        name: String,
    },
    /// The ticket tells who travels.
    Names {
        ticket: Uuid,
        token: Arc<str>,
    },
    /// It is found by what its passenger knows.
    Find {
        ticket: Uuid,
    },
    UnknownTicket,
    Block {
        seat: u64,
    },
    Register {
        login: String,
    },
    /// Of a login that nobody has.
    WrongPassword {
        login: String,
    },
    Status,
    Timeline,
    Tickets,
    Cluster,
}

/// Done where every passenger of the ticket is named.
async fn names_seen(request: reqwest::RequestBuilder) -> Seen {
    let Ok(answer) = request.send().await else {
        return Seen::Lost;
    };
    let told: serde_json::Value = answer.json().await.unwrap_or_default();
    let legs = told["trechos"].as_array();
    let is_named = |leg: &serde_json::Value| leg["passageiro"]["nome"] == "Passenger 1";
    match legs.is_some_and(|legs| !legs.is_empty() && legs.iter().all(is_named)) {
        true => Seen::Done,
        false => Seen::Open,
    }
}

/// Where the cluster is, as its run file has it.
#[derive(Deserialize)]
pub struct RunFile {
    pub companies: Vec<Place>,
    pub config: std::path::PathBuf,
}

#[derive(Deserialize)]
pub struct Place {
    http: String,
    admin: String,
    admin_token_file: std::path::PathBuf,
}

pub struct Customer {
    pub market: Market,
    session: Session,
    /// Somebody without a ticket.
    idler: Session,
    http: reqwest::Client,
    places: Vec<Place>,
}

impl Customer {
    pub fn new(
        client: Client,
        stock: Stock,
        history: History,
        [session, idler]: [Session; 2],
        places: Vec<Place>,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(ANSWER_LIMIT)
            .no_proxy()
            .build()?;
        Ok(Self {
            market: Market {
                client,
                stock: Arc::new(stock),
                history: Arc::new(history),
            },
            session,
            idler,
            http,
            places,
        })
    }

    /// What a key has as its hold.
    pub fn held_under(&self, key: &str) -> anyhow::Result<Option<Uuid>> {
        let operations = self.market.history.operations()?;
        let under = operations.iter().filter(|operation| {
            let wish = operation.request.wish();
            wish.is_some_and(|wish| wish.key == key)
        });
        let mut held = under.filter_map(|operation| match operation.answer.meaning() {
            Meaning::Held(hold) => Some(hold),
            _ => None,
        });
        Ok(held.next())
    }

    /// Asks once. An error is a fault of the test itself.
    pub async fn ask(&self, node: usize, wish: &Wish) -> anyhow::Result<Seen> {
        let user = self.session.user;
        match wish {
            Wish::Book { key, seats } => {
                let answer = self.market.book(node, 0, &self.session, key, seats).await?;
                Ok(seen(&answer))
            }
            Wish::Hold { key, seats } => {
                let answer = self.market.hold(node, 0, &self.session, key, seats).await?;
                Ok(seen(&answer))
            }
            Wish::OfHold { hold, action } => {
                let asked = self.market.act(node, 0, &self.session, *hold, *action);
                Ok(seen(&asked.await?))
            }
            Wish::Cancel { ticket } => {
                let answer = self.market.cancel(node, 0, &self.session, *ticket).await?;
                Ok(seen(&answer))
            }
            Wish::CancelAgreed { ticket, code } => {
                self.record_cancel(node, *ticket)?;
                let body = json!({ "codigo": code });
                let url = self.cancellation(node, *ticket);
                let token = self.session.token(&self.market.client).await;
                let request = self.http.post(url).bearer_auth(token).json(&body);
                Ok(self.send(request, &[StatusCode::OK]).await)
            }
            Wish::OperatorCancel { ticket } => {
                self.record_cancel(node, *ticket)?;
                let path = format!("/passagem/{user}/{ticket}?reason=test");
                self.operate(node, Method::DELETE, &path, None).await
            }
            Wish::Told { ticket } => {
                let token = self.session.token(&self.market.client).await;
                let url = format!("{}/passagens/{ticket}", self.places[node].http);
                let Ok(answer) = self.http.get(url).bearer_auth(token).send().await else {
                    return Ok(Seen::Lost);
                };
                let told: serde_json::Value = answer.json().await.unwrap_or_default();
                Ok(match told["alteracoes"].as_u64() {
                    Some(1) => Seen::Done,
                    _ => Seen::Open,
                })
            }
            Wish::Accept { ticket } => {
                let token = self.session.token(&self.market.client).await;
                let url = format!("{}/passagens/{ticket}/aceite", self.places[node].http);
                let body = json!({"alteracoes": 1});
                let request = self.http.post(url).bearer_auth(token).json(&body);
                Ok(self.send(request, &[StatusCode::OK]).await)
            }
            Wish::Rebook {
                key,
                ticket,
                given,
                seats,
            } => {
                let (at, exchange) = ((node, 0), (given.as_slice(), seats.as_slice()));
                let asked = self
                    .market
                    .rebook(at, &self.session, key, *ticket, exchange);
                Ok(seen(&asked.await?))
            }
            Wish::Correct { ticket, seat, name } => {
                let token = self.session.token(&self.market.client).await;
                let url = format!("{}/passagens/{ticket}/nomes", self.places[node].http);
                let SeatName { company, id } = seat;
                let body = json!({"nomes": [{"company": company, "id_assento": id, "nome": name}]});
                let request = self.http.post(url).bearer_auth(token).json(&body);
                Ok(self.send(request, &[StatusCode::OK]).await)
            }
            Wish::Names { ticket, token } => {
                let url = format!("{}/passagens/{ticket}", self.places[node].http);
                let request = self.http.get(url).bearer_auth(token);
                Ok(names_seen(request).await)
            }
            Wish::Find { ticket } => {
                let url = format!("{}/passagens/procurar", self.places[node].http);
                let locator = Locator::of(SagaId(*ticket)).to_string();
                let body = json!({"localizador": locator, "sobrenome": "1"});
                Ok(names_seen(self.http.post(url).json(&body)).await)
            }
            Wish::UnknownTicket => {
                let path = format!("/passagem-all/{user}/{}", Uuid::nil());
                self.find_nothing(node, Method::DELETE, &path, &self.session)
                    .await
            }
            Wish::Status => {
                let path = format!("/reservas/{}", Uuid::nil());
                self.find_nothing(node, Method::GET, &path, &self.session)
                    .await
            }
            Wish::Timeline => {
                let path = format!("/reservas/{}/historia", Uuid::nil());
                self.find_nothing(node, Method::GET, &path, &self.session)
                    .await
            }
            Wish::Tickets => {
                let path = format!("/passagens-all/{}", self.idler.user);
                self.find_nothing(node, Method::GET, &path, &self.idler)
                    .await
            }
            Wish::Block { seat } => {
                let body = json!({"disponivel": 0, "reason": "test"});
                self.operate(node, Method::PUT, &format!("/assentos/{seat}"), Some(body))
                    .await
            }
            Wish::Cluster => {
                self.operate(node, Method::GET, "/admin/cluster", None)
                    .await
            }
            Wish::Register { login } => self.register(node, login).await,
            Wish::WrongPassword { login } => {
                let body = json!({"login": login, "password": PASSWORD});
                let url = format!("{}/login", self.places[node].http);
                let request = self.http.post(url).json(&body);
                Ok(self.send(request, &[StatusCode::UNAUTHORIZED]).await)
            }
        }
    }

    pub async fn token_of(&self, node: usize) -> anyhow::Result<Arc<str>> {
        self.session.token_of(&self.market.client, node).await
    }

    /// Asks until it is known what came of it.
    pub async fn settle(&self, node: usize, wish: &Wish) -> anyhow::Result<Seen> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.ask(node, wish).await?;
            if !matches!(seen, Seen::Open | Seen::Lost) || Instant::now() > deadline {
                return Ok(seen);
            }
            sleep(AGAIN).await;
        }
    }

    /// Books these seats, while nobody dies.
    pub async fn buy(&self, node: usize, key: String, seats: Vec<Seat>) -> anyhow::Result<Uuid> {
        let answer = self
            .market
            .book(node, 0, &self.session, &key, &seats)
            .await?;
        match answer.meaning() {
            Meaning::Booked(ticket) => Ok(ticket),
            _ => anyhow::bail!("a booking before the story was answered {answer:?}"),
        }
    }

    /// Holds these seats, while nobody dies.
    pub async fn hold(&self, node: usize, key: &str, seats: &[Seat]) -> anyhow::Result<Uuid> {
        let answer = self.market.hold(node, 0, &self.session, key, seats).await?;
        match answer.meaning() {
            Meaning::Held(hold) => Ok(hold),
            _ => anyhow::bail!("a hold before the story was answered {answer:?}"),
        }
    }

    /// Gives up what a story has left held: nobody may have many holds.
    pub async fn give_up(&self, node: usize, hold: Uuid) -> anyhow::Result<()> {
        let action = HoldAction::Release;
        let seen = self.settle(node, &Wish::OfHold { hold, action }).await?;
        ensure!(
            seen == Seen::Over,
            "a hold that stands was given up, which came to {seen:?}"
        );
        Ok(())
    }

    /// Waits until every node serves, reaches the others and sells their seats.
    pub async fn wait_until_whole(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        for node in 0..self.places.len() {
            while !self.sells_all(node).await? {
                let company = self.market.client.company(node);
                ensure!(
                    Instant::now() < deadline,
                    "the node of {company} does not sell every company's seats"
                );
                sleep(AGAIN / 4).await;
            }
        }
        Ok(())
    }

    async fn sells_all(&self, node: usize) -> anyhow::Result<bool> {
        let answer = self.market.client.browse(node, &self.session).await?;
        Ok(matches!(answer, Answer::Listed { unreachable } if unreachable.is_empty()))
    }

    fn cancellation(&self, node: usize, ticket: Uuid) -> String {
        format!("{}/passagens/{ticket}/cancelamento", self.places[node].http)
    }

    /// What comes back for a whole ticket, as a code to agree to it.
    pub async fn quote(&self, node: usize, ticket: Uuid) -> anyhow::Result<String> {
        let token = self.session.token(&self.market.client).await;
        let request = self.http.get(self.cancellation(node, ticket));
        let answer = request.bearer_auth(token).send().await?;
        let quote: serde_json::Value = answer.error_for_status()?.json().await?;
        let code = quote["codigo"].as_str().context("a code in the quote")?;
        Ok(code.to_owned())
    }

    async fn register(&self, node: usize, login: &str) -> anyhow::Result<Seen> {
        let body = json!({"login": login, "password": PASSWORD});
        let url = format!("{}/register-all", self.places[node].http);
        let seen = self
            .send(
                self.http.post(url).json(&body),
                &[StatusCode::OK, StatusCode::CONFLICT],
            )
            .await;
        if seen != Seen::Done {
            return Ok(seen);
        }
        // whoever has it, by whichever of the requests, has this password
        let url = format!("{}/login", self.places[node].http);
        Ok(self
            .send(self.http.post(url).json(&body), &[StatusCode::OK])
            .await)
    }

    async fn find_nothing(
        &self,
        node: usize,
        method: Method,
        path: &str,
        session: &Session,
    ) -> anyhow::Result<Seen> {
        let token = session.token(&self.market.client).await;
        let url = format!("{}{path}", self.places[node].http);
        let request = self.http.request(method, url).bearer_auth(token);
        Ok(self.send(request, &[StatusCode::NOT_FOUND]).await)
    }

    async fn operate(
        &self,
        node: usize,
        method: Method,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> anyhow::Result<Seen> {
        let Place {
            admin,
            admin_token_file,
            ..
        } = &self.places[node];
        let token = fs::read_to_string(admin_token_file).context("read an operator's token")?;
        let mut request = self
            .http
            .request(method, format!("{admin}{path}"))
            .bearer_auth(token.trim());
        if let Some(body) = body {
            request = request.json(&body);
        }
        Ok(self.send(request, &[StatusCode::OK]).await)
    }

    async fn send(&self, request: reqwest::RequestBuilder, done: &[StatusCode]) -> Seen {
        match request.send().await {
            Ok(answer) if done.contains(&answer.status()) => Seen::Done,
            Ok(_) => Seen::Open,
            Err(_) => Seen::Lost,
        }
    }

    /// Of an operator: the checker only has to know that it was asked for.
    fn record_cancel(&self, node: usize, ticket: Uuid) -> anyhow::Result<()> {
        let now_us = self.market.history.now_us();
        self.market.history.record(Operation {
            client: 0,
            node: self.market.client.company(node).clone(),
            begin_us: now_us,
            end_us: now_us,
            request: Request::Cancel {
                user: self.session.user,
                ticket,
            },
            answer: Answer::Cancelled,
        })
    }
}

fn seen(answer: &Answer) -> Seen {
    match answer {
        Answer::Lost { .. } => Seen::Lost,
        Answer::Cancelled
        | Answer::Accepted
        | Answer::Altered
        | Answer::Listed { .. }
        | Answer::Status { .. }
        | Answer::Ticket { .. }
        | Answer::SeatMap { .. }
        | Answer::User { .. } => Seen::Done,
        Answer::Booked { .. } | Answer::Hold { .. } | Answer::Released | Answer::Problem { .. } => {
            match answer.meaning() {
                Meaning::Booked(_) => Seen::Booked,
                Meaning::Held(_) => Seen::Held,
                Meaning::Ended => Seen::Over,
                Meaning::Refused => Seen::Refused,
                Meaning::NothingBegun | Meaning::Open => Seen::Open,
            }
        }
    }
}
