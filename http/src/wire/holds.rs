//! A customer's hold: seats kept at a fixed price, with who is to sit on them.

use std::collections::BTreeMap;

use passcom_actors::desk::{BookingState, BookingStatus};
use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use passcom_actors::domain::order::{self, Leg, Order, Price};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WantedSeat;
use super::bookings::booking_state;
use super::legs::Money;
use crate::clock;

#[derive(Deserialize)]
pub(crate) struct HoldBody {
    #[serde(rename = "trechos")]
    pub seats: Option<Vec<WantedSeat>>,
    #[serde(rename = "passageiros")]
    pub passengers: Option<Vec<Passenger>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Passenger {
    #[serde(rename = "nome")]
    pub name: Option<String>,
    #[serde(rename = "documento")]
    pub document: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Holds<'a> {
    #[serde(rename = "retencoes")]
    pub holds: Vec<Hold<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Hold<'a> {
    uuid: Uuid,
    #[serde(rename = "estado")]
    state: &'static str,
    #[serde(rename = "expira_em")]
    expires_at: String,
    #[serde(rename = "agora")]
    now: String,
    #[serde(rename = "preco")]
    price: Option<Money<'a>>,
    #[serde(rename = "precos")]
    prices: Vec<CompanyPrice<'a>>,
    #[serde(rename = "trechos")]
    legs: Vec<HeldLeg<'a>>,
    #[serde(rename = "uuid_passagem", skip_serializing_if = "Option::is_none")]
    ticket: Option<Uuid>,
    #[serde(rename = "pode_estender")]
    can_extend: bool,
}

#[derive(Serialize)]
struct CompanyPrice<'a> {
    company: CompanyId,
    #[serde(rename = "preco")]
    price: Money<'a>,
}

#[derive(Serialize)]
struct HeldLeg<'a> {
    #[serde(rename = "id_trecho")]
    route: RouteId,
    #[serde(rename = "id_assento")]
    seat: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    company: CompanyId,
    #[serde(rename = "voo")]
    flight: &'a str,
    #[serde(rename = "origem")]
    origin: &'a str,
    #[serde(rename = "destino")]
    destination: &'a str,
    #[serde(rename = "origem_iata")]
    origin_iata: &'a str,
    #[serde(rename = "destino_iata")]
    destination_iata: &'a str,
    #[serde(rename = "partida")]
    departs: String,
    #[serde(rename = "chegada")]
    arrives: String,
    #[serde(rename = "preco")]
    price: Money<'a>,
    #[serde(rename = "passageiro")]
    passenger: Option<HeldPassenger<'a>>,
}

#[derive(Serialize)]
struct HeldPassenger<'a> {
    #[serde(rename = "nome")]
    name: &'a str,
    #[serde(rename = "documento", skip_serializing_if = "Option::is_none")]
    document: Option<&'a str>,
}

impl<'a> Hold<'a> {
    /// None if no company that has the order answered, or if it is none of a hold.
    pub fn new(status: &'a BookingStatus) -> Option<Self> {
        let order = status.order.as_deref()?;
        let promised = i64::from(order.hold_seconds?) * 1000;
        let terms = status.hold;
        let expires_at = terms.map_or(order.created_at + promised, |terms| terms.expires_at);
        let held = status.state == BookingState::Held;
        let booked = status.state == BookingState::Confirmed;
        Some(Self {
            uuid: status.saga.0,
            state: booking_state(status.state),
            expires_at: clock::utc(expires_at),
            now: clock::now(),
            price: total(order.legs.iter()),
            prices: prices(order),
            legs: order.legs.iter().map(HeldLeg::from).collect(),
            ticket: booked.then_some(status.saga.0),
            can_extend: held && terms.is_some_and(|terms| terms.can_extend()),
        })
    }
}

/// None if there is more than one currency.
fn total<'a>(mut legs: impl Iterator<Item = &'a Leg>) -> Option<Money<'a>> {
    let Price { minor, currency } = &legs.next()?.price;
    let mut sum = *minor;
    for leg in legs {
        if leg.price.currency != *currency {
            return None;
        }
        sum = sum.checked_add(leg.price.minor)?;
    }
    Some(Money {
        minor: sum,
        currency,
    })
}

/// Per company and currency.
fn prices(order: &Order) -> Vec<CompanyPrice<'_>> {
    let mut sums: BTreeMap<(CompanyId, &str), i64> = BTreeMap::new();
    for leg in &order.legs {
        let sum = sums
            .entry((leg.seat.company, &leg.price.currency))
            .or_default();
        *sum = sum.saturating_add(leg.price.minor);
    }
    let price = |((company, currency), minor)| CompanyPrice {
        company,
        price: Money { minor, currency },
    };
    sums.into_iter().map(price).collect()
}

impl<'a> From<&'a Leg> for HeldLeg<'a> {
    fn from(leg: &'a Leg) -> Self {
        let passenger = leg.passenger.as_ref();
        Self {
            route: leg.seat.route,
            seat: leg.seat.route.seat(leg.seat.number).get(),
            number: leg.seat.number,
            company: leg.seat.company,
            flight: &leg.flight,
            origin: &leg.origin,
            destination: &leg.destination,
            origin_iata: &leg.origin_iata,
            destination_iata: &leg.destination_iata,
            departs: clock::local(leg.departs, &leg.origin_iata),
            arrives: clock::local(leg.arrives, &leg.destination_iata),
            price: Money::from(&leg.price),
            passenger: passenger.map(|order::Passenger { name, document }| HeldPassenger {
                name,
                document: document.as_deref(),
            }),
        }
    }
}
