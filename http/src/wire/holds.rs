//! A customer's hold: seats kept at a fixed price, with who is to sit on them.

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::people::desk::{BookingState, BookingStatus};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WantedSeat;
use super::airlines::{Airline, Teller};
use super::bookings::booking_state;
use super::legs::Money;
use super::orders::{CompanyPrice, OrderedLeg, names_with, prices, total};
use super::people::{GivenContact, Passenger};
use crate::clock;

#[derive(Deserialize)]
pub(crate) struct HoldBody {
    #[serde(rename = "trechos")]
    pub seats: Option<Vec<WantedSeat>>,
    #[serde(rename = "passageiros")]
    pub passengers: Option<Vec<Passenger>>,
    #[serde(rename = "contato")]
    pub contact: Option<GivenContact>,
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
    legs: Vec<OrderedLeg<'a>>,
    #[serde(rename = "companhias")]
    companies: Vec<Airline<'a>>,
    #[serde(rename = "uuid_passagem", skip_serializing_if = "Option::is_none")]
    ticket: Option<Uuid>,
    #[serde(rename = "pode_estender")]
    can_extend: bool,
    #[serde(rename = "nomes_com", skip_serializing_if = "Vec::is_empty")]
    names_with: Vec<CompanyId>,
}

impl<'a> Hold<'a> {
    /// As it is at this instant, in milliseconds since 1970. None if no company that has the order answered, or if it is
    /// none of a hold.
    pub fn new(status: &'a BookingStatus, now: i64, teller: Teller<'a>) -> Option<Self> {
        let order = status.order.as_deref()?;
        let promised = i64::from(order.hold_seconds?) * 1000;
        let terms = status.hold;
        let expires_at = terms.map_or(order.created_at + promised, |terms| terms.ends_at_ms);
        let held = status.state == BookingState::Held;
        let booked = status.state == BookingState::Confirmed;
        Some(Self {
            uuid: status.saga.0,
            state: booking_state(status.state),
            expires_at: clock::utc(expires_at),
            now: clock::utc(now),
            price: total(order.legs.iter()),
            prices: prices(order),
            legs: order.legs.iter().map(OrderedLeg::from).collect(),
            companies: teller.all(order.legs.iter().map(|leg| leg.seat.company)),
            ticket: booked.then_some(status.saga.0),
            can_extend: held && terms.is_some_and(|terms| terms.can_extend()),
            names_with: names_with(order),
        })
    }
}
