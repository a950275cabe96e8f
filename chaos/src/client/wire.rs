//! The bodies and headers of the contract, as much of them as a buyer needs.

use reqwest::header::LINK;
use reqwest::{Response, Url};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::history::{Answer, ReadRefund, Seat, SeatName, SeenLeg};

const UNREACHABLE: &str = "X-Companhias-Indisponiveis";
/// Of 2026-11-23 in the text of an instant.
const DAY_LEN: usize = 10;

#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(rename = "access_token")]
    pub token: String,
    #[serde(rename = "user_uuid")]
    pub user: Uuid,
}

/// A leg on sale.
#[derive(Debug, Deserialize)]
pub struct Leg {
    pub id: u64,
    #[serde(rename = "voo")]
    pub flight: String,
    #[serde(rename = "origem_iata")]
    pub origin: String,
    #[serde(rename = "destino_iata")]
    pub destination: String,
    #[serde(rename = "partida")]
    pub departs: Departure,
    #[serde(rename = "assentos")]
    pub seats: Vec<FreeSeat>,
}

/// An instant, and which day it is there.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Departure {
    pub at: jiff::Timestamp,
    pub day: jiff::civil::Date,
}

impl TryFrom<String> for Departure {
    type Error = jiff::Error;

    /// RFC 3339.
    fn try_from(text: String) -> Result<Self, jiff::Error> {
        Ok(Self {
            at: text.parse()?,
            day: text.get(..DAY_LEN).unwrap_or(&text).parse()?,
        })
    }
}

#[derive(Debug, Deserialize)]
pub struct FreeSeat {
    pub id: u64,
    #[serde(rename = "numero")]
    pub number: u16,
}

pub struct Page {
    pub legs: Vec<Leg>,
    pub next: Option<Url>,
    /// Companies whose legs are left out.
    pub unreachable: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    #[serde(rename = "user_uuid")]
    user: Uuid,
}

#[derive(Deserialize)]
struct Booked {
    #[serde(rename = "uuid_passagem")]
    ticket: Uuid,
}

#[derive(Deserialize)]
struct Hold {
    uuid: Uuid,
    #[serde(rename = "estado")]
    state: String,
    #[serde(rename = "expira_em")]
    expires_at: jiff::Timestamp,
    #[serde(rename = "agora")]
    now: jiff::Timestamp,
}

#[derive(Deserialize)]
struct Booking {
    #[serde(rename = "estado")]
    state: String,
    #[serde(rename = "companhias")]
    companies: Vec<AtCompany>,
}

#[derive(Deserialize)]
struct AtCompany {
    company: String,
    #[serde(rename = "respondeu")]
    answered: bool,
    #[serde(rename = "trechos")]
    legs: Vec<BookedLeg>,
}

#[derive(Deserialize)]
struct BookedLeg {
    #[serde(rename = "id_assento")]
    seat: u64,
    #[serde(rename = "estado")]
    state: String,
}

#[derive(Deserialize)]
struct Ticket {
    #[serde(rename = "alteracoes")]
    changes: u32,
    #[serde(rename = "trechos")]
    legs: Vec<TicketLeg>,
}

#[derive(Deserialize)]
struct TicketLeg {
    company: String,
    #[serde(rename = "id_assento")]
    seat: u64,
    #[serde(rename = "reembolso")]
    refund: Option<Refund>,
    #[serde(rename = "direitos")]
    rights: Option<Rights>,
}

#[derive(Deserialize)]
struct Rights {
    #[serde(rename = "remarcar")]
    rebook: bool,
}

#[derive(Deserialize)]
struct Refund {
    #[serde(rename = "valor")]
    amount: Amount,
    company: String,
}

#[derive(Deserialize)]
struct Amount {
    #[serde(rename = "centavos")]
    minor: i64,
    #[serde(rename = "moeda")]
    currency: String,
}

#[derive(Deserialize)]
struct Quote {
    #[serde(rename = "codigo")]
    code: String,
}

#[derive(Deserialize)]
struct Cancelled {
    #[serde(rename = "passagem")]
    ticket: Ticket,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    company: Option<String>,
    #[serde(rename = "id_assento")]
    seat: Option<u64>,
}

type Read = reqwest::Result<Answer>;

/// The body of a booking.
pub(super) fn wanted(seats: &[Seat]) -> serde_json::Value {
    let seat = |seat: &Seat| json!({"id_trecho": seat.route, "id_assento": seat.id, "company": seat.company});
    json!({"trechos": seats.iter().map(seat).collect::<Vec<_>>()})
}

/// The body of a rebooking.
pub(super) fn instead(given: &[SeatName], seats: &[Seat]) -> serde_json::Value {
    let given: Vec<_> = given
        .iter()
        .map(|seat| format!("{}:{}", seat.company, seat.id))
        .collect();
    let mut body = wanted(seats);
    body["assentos"] = given.join(",").into();
    body
}

/// The body of a hold: with somebody on each seat.
pub(super) fn held(seats: &[Seat]) -> serde_json::Value {
    let passenger = |number| json!({"nome": format!("Passenger {number}")});
    let mut body = wanted(seats);
    body["passageiros"] = (1..=seats.len()).map(passenger).collect();
    body
}

pub(super) async fn registered(response: Response) -> Read {
    let User { user } = response.json().await?;
    Ok(Answer::User { user })
}

pub(super) async fn logged_in(response: Response) -> Read {
    let Token { user, .. } = response.json().await?;
    Ok(Answer::User { user })
}

pub(super) async fn booked(response: Response) -> Read {
    let Booked { ticket } = response.json().await?;
    Ok(Answer::Booked { ticket })
}

pub(super) async fn hold(response: Response) -> Read {
    let Hold {
        uuid: hold,
        state,
        expires_at,
        now,
    } = response.json().await?;
    let left = expires_at.duration_since(now).as_millis();
    Ok(Answer::Hold {
        hold,
        state,
        left_ms: u64::try_from(left).unwrap_or_default(), // it is over
    })
}

pub(super) async fn status(response: Response) -> Read {
    let Booking { state, companies } = response.json().await?;
    let answered = companies.into_iter().filter(|at| at.answered);
    let legs = answered.flat_map(|AtCompany { company, legs, .. }| {
        let leg = move |BookedLeg { seat, state }| SeenLeg {
            seat: SeatName {
                company: company.clone(),
                id: seat,
            },
            state,
        };
        legs.into_iter().map(leg)
    });
    let legs = legs.collect();
    Ok(Answer::Status { state, legs })
}

pub(super) async fn listed(response: Response) -> Read {
    let unreachable = unreachable(&response);
    let _: Vec<Leg> = response.json().await?;
    Ok(Answer::Listed { unreachable })
}

pub(super) async fn ticket(response: Response) -> Read {
    Ok(shown(response.json().await?))
}

/// The ticket of a cancellation.
pub(super) async fn cancelled(response: Response) -> Read {
    let Cancelled { ticket } = response.json().await?;
    Ok(shown(ticket))
}

/// The code by which seats are cancelled.
pub(super) async fn code(response: Response) -> reqwest::Result<String> {
    let Quote { code } = response.json().await?;
    Ok(code)
}

fn shown(Ticket { changes, legs }: Ticket) -> Answer {
    let (mut refunds, mut owed) = (Vec::new(), Vec::new());
    for leg in legs {
        let seat = SeatName {
            company: leg.company,
            id: leg.seat,
        };
        if leg.rights.is_some_and(|rights| rights.rebook) {
            owed.push(seat.clone());
        }
        refunds.extend(leg.refund.map(|refund| ReadRefund {
            seat,
            amount: refund.amount.minor,
            currency: refund.amount.currency,
            by: refund.company,
        }));
    }
    Answer::Ticket {
        refunds,
        changes,
        owed,
    }
}

/// Only whole if the company could be asked.
pub(super) async fn seat_map(response: Response) -> Read {
    let unreachable = unreachable(&response);
    if !unreachable.is_empty() {
        return Ok(Answer::Listed { unreachable });
    }
    let legs: Vec<Leg> = response.json().await?;
    let free = |leg: Leg| {
        (
            leg.id,
            leg.seats.into_iter().map(|seat| seat.number).collect(),
        )
    };
    Ok(Answer::SeatMap {
        routes: legs.into_iter().map(free).collect(),
    })
}

pub(super) async fn problem(response: Response) -> Read {
    let status = response.status().as_u16();
    let problem: Problem = response.json().await?;
    let seat = problem.company.zip(problem.seat);
    Ok(Answer::Problem {
        status,
        kind: problem.kind.trim_start_matches("/problems/").to_owned(),
        seat: seat.map(|(company, id)| SeatName { company, id }),
    })
}

pub(super) fn unreachable(response: &Response) -> Vec<String> {
    let header = response.headers().get(UNREACHABLE);
    let names = header.and_then(|value| value.to_str().ok());
    names.map_or_else(Vec::new, |names| {
        names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect()
    })
}

/// The target of `<target>; rel="next"`.
pub(super) fn next_link(response: &Response) -> Option<String> {
    let link = response.headers().get(LINK)?.to_str().ok()?;
    let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
    parameters
        .contains("rel=\"next\"")
        .then(|| target.to_owned())
}
