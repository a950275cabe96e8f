//! What stands on the wire: the only place where its Portuguese names and our words meet.
//!
//! Request types take what a client may well get wrong as `Option`, so that the answer can name what is missing. Reply
//! types borrow and write themselves straight to bytes: a page of the catalogue has tens of thousands of seats.

use passcom_actors::catalogue::{LegView, Route};
use passcom_actors::desk::{BookingState, BookingStatus};
use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber, UserId};
use passcom_actors::domain::order::{Price, SeatRef};
use passcom_actors::domain::participant::LegState;
use passcom_actors::domain::replica::Ticket;
use passcom_actors::operations::SeatView;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::airports;
use crate::clock;
use crate::error::About;

/// Query parameters.
pub(crate) mod query {
    pub const ORIGIN: &str = "origem";
    pub const DESTINATION: &str = "destino";
    pub const DATE: &str = "data";
    pub const COMPANY: &str = "company";
    pub const LIMIT: &str = "limite";
    pub const CURSOR: &str = "cursor";
}

// ---- requests

#[derive(Deserialize)]
pub(crate) struct Credentials {
    pub login: Option<String>,
    pub password: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct SearchBody {
    #[serde(rename = "origem")]
    pub origin: Option<String>,
    #[serde(rename = "destino")]
    pub destination: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct BookBody {
    pub user_uuid: Option<String>,
    #[serde(rename = "trechos")]
    pub seats: Option<Vec<WantedSeat>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WantedSeat {
    #[serde(rename = "id_trecho")]
    pub route: u64,
    #[serde(rename = "id_assento")]
    pub seat: u64,
    pub company: String,
}

#[derive(Deserialize)]
pub(crate) struct BlockBody {
    #[serde(rename = "disponivel")]
    pub free: Option<u8>,
    pub reason: Option<String>,
}

// ---- problems

#[derive(Serialize)]
pub(crate) struct Problem<'a> {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: &'a str,
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
    pub message: &'a str,
    #[serde(flatten)]
    pub about: ProblemAbout,
}

#[derive(Serialize)]
pub(crate) struct ProblemAbout {
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<CompanyId>,
    #[serde(rename = "id_trecho", skip_serializing_if = "Option::is_none")]
    route: Option<RouteId>,
    #[serde(rename = "id_assento", skip_serializing_if = "Option::is_none")]
    seat: Option<u64>,
    #[serde(rename = "uuid_passagem", skip_serializing_if = "Option::is_none")]
    booking: Option<Uuid>,
}

impl From<&About> for ProblemAbout {
    fn from(about: &About) -> Self {
        Self {
            company: about.company.or(about.seat.map(|seat| seat.company)),
            route: about.seat.map(|seat| seat.route),
            seat: about.seat.map(|seat| seat.route.seat(seat.number).get()),
            booking: about.booking.map(|booking| booking.0),
        }
    }
}

// ---- accounts

#[derive(Serialize)]
pub(crate) struct Message<'a> {
    pub message: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Registered<'a> {
    pub message: &'a str,
    pub user_uuid: UserId,
}

#[derive(Serialize)]
pub(crate) struct Session {
    pub access_token: String,
    pub user_uuid: UserId,
}

// ---- legs and seats

/// A leg of the catalogue.
#[derive(Serialize)]
pub(crate) struct Leg<'a> {
    id: RouteId,
    #[serde(flatten)]
    details: LegDetails<'a>,
    #[serde(rename = "assentos")]
    seats: FreeSeats<'a>,
}

impl<'a> From<&'a LegView> for Leg<'a> {
    fn from(leg: &'a LegView) -> Self {
        Self {
            id: leg.route.id,
            details: LegDetails::from(leg),
            seats: FreeSeats {
                leg,
                says_free: true,
            },
        }
    }
}

/// A leg of an itinerary found by search; `itinerary` and `place` count from 1.
#[derive(Serialize)]
pub(crate) struct FoundLeg<'a> {
    #[serde(rename = "id_trecho")]
    id: RouteId,
    #[serde(flatten)]
    details: LegDetails<'a>,
    #[serde(rename = "rota")]
    itinerary: usize,
    #[serde(rename = "ordem")]
    place: usize,
    #[serde(rename = "assentos")]
    seats: FreeSeats<'a>,
}

impl<'a> FoundLeg<'a> {
    pub fn new(leg: &'a LegView, itinerary: usize, place: usize) -> Self {
        Self {
            id: leg.route.id,
            details: LegDetails::from(leg),
            itinerary,
            place,
            seats: FreeSeats {
                leg,
                says_free: false,
            },
        }
    }
}

#[derive(Serialize)]
struct LegDetails<'a> {
    company: CompanyId,
    #[serde(rename = "origem")]
    origin: &'a str,
    #[serde(rename = "destino")]
    destination: &'a str,
    #[serde(rename = "voo")]
    flight: &'a str,
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
    #[serde(rename = "lugares")]
    capacity: u16,
    #[serde(rename = "livres")]
    free: usize,
}

impl<'a> From<&'a LegView> for LegDetails<'a> {
    fn from(leg: &'a LegView) -> Self {
        let Route {
            origin,
            destination,
            ..
        } = &leg.route;
        Self {
            company: leg.company,
            origin: airports::city(origin),
            destination: airports::city(destination),
            flight: &leg.route.flight,
            origin_iata: origin,
            destination_iata: destination,
            departs: clock::local(leg.route.departs, origin),
            arrives: clock::local(leg.route.arrives, destination),
            price: Money::from(&leg.route.price),
            capacity: leg.route.seats,
            free: leg.free.len(),
        }
    }
}

#[derive(Serialize)]
struct Money<'a> {
    #[serde(rename = "centavos")]
    minor: i64,
    #[serde(rename = "moeda")]
    currency: &'a str,
}

impl<'a> From<&'a Price> for Money<'a> {
    fn from(price: &'a Price) -> Self {
        Self {
            minor: price.minor,
            currency: &price.currency,
        }
    }
}

struct FreeSeats<'a> {
    leg: &'a LegView,
    says_free: bool,
}

impl Serialize for FreeSeats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seat = |number: &SeatNumber| CatalogueSeat {
            id: self.leg.route.id.seat(*number).get(),
            number: *number,
            free: self.says_free.then_some(1),
        };
        serializer.collect_seq(self.leg.free.iter().map(seat))
    }
}

#[derive(Serialize)]
struct CatalogueSeat {
    id: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "disponivel", skip_serializing_if = "Option::is_none")]
    free: Option<u8>,
}

/// One seat by its id, for operators.
#[derive(Serialize)]
pub(crate) struct OneSeat {
    id: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "id_trecho")]
    route: RouteId,
    #[serde(rename = "disponivel")]
    free: u8,
}

impl From<SeatView> for OneSeat {
    fn from(seat: SeatView) -> Self {
        Self {
            id: seat.id.get(),
            number: seat.id.number(),
            route: seat.id.route(),
            free: u8::from(seat.free),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct CompanyUp {
    company: CompanyId,
    #[serde(rename = "no_ar")]
    up: bool,
}

impl From<(CompanyId, bool)> for CompanyUp {
    fn from((company, up): (CompanyId, bool)) -> Self {
        Self { company, up }
    }
}

// ---- bookings and tickets

#[derive(Serialize)]
pub(crate) struct Booked<'a> {
    pub message: &'a str,
    #[serde(rename = "uuid_passagem")]
    pub ticket: Uuid,
}

#[derive(Serialize)]
pub(crate) struct Booking {
    uuid: Uuid,
    #[serde(rename = "estado")]
    state: &'static str,
    #[serde(rename = "companhias")]
    companies: Vec<BookingAtCompany>,
}

#[derive(Serialize)]
struct BookingAtCompany {
    company: CompanyId,
    #[serde(rename = "respondeu")]
    answered: bool,
    #[serde(rename = "trechos")]
    legs: Vec<BookedLeg>,
}

#[derive(Serialize)]
struct BookedLeg {
    #[serde(rename = "id_trecho")]
    route: RouteId,
    #[serde(rename = "id_assento")]
    seat: u64,
    #[serde(rename = "estado")]
    state: &'static str,
}

impl From<&BookingStatus> for Booking {
    fn from(status: &BookingStatus) -> Self {
        Self {
            uuid: status.saga.0,
            state: booking_state(status.state),
            companies: status
                .companies
                .iter()
                .map(BookingAtCompany::from)
                .collect(),
        }
    }
}

type CompanyLegs = (CompanyId, Option<Vec<(SeatRef, LegState)>>);

impl From<&CompanyLegs> for BookingAtCompany {
    fn from((company, legs): &CompanyLegs) -> Self {
        let leg = |(seat, state): &(SeatRef, LegState)| BookedLeg {
            route: seat.route,
            seat: seat.route.seat(seat.number).get(),
            state: leg_state(*state),
        };
        Self {
            company: *company,
            answered: legs.is_some(),
            legs: legs.iter().flatten().map(leg).collect(),
        }
    }
}

fn booking_state(state: BookingState) -> &'static str {
    match state {
        BookingState::Running => "em_andamento",
        BookingState::Held => "retida",
        BookingState::Confirmed => "confirmada",
        BookingState::Refused => "recusada",
        BookingState::Cancelled => "cancelada",
    }
}

fn leg_state(state: LegState) -> &'static str {
    match state {
        LegState::Prepared => "preparado",
        LegState::Refused => "recusado",
        LegState::Committed => "confirmado",
        LegState::Cancelled => "cancelado",
    }
}

/// A ticket with the seats of it that are not cancelled.
#[derive(Serialize)]
pub(crate) struct TicketEntry<'a> {
    uuid: Uuid,
    created_at: String,
    #[serde(rename = "trechosReservados")]
    legs: Vec<TicketLeg<'a>>,
}

#[derive(Serialize)]
struct TicketLeg<'a> {
    #[serde(rename = "assento")]
    seat: TicketSeat,
    #[serde(rename = "trecho")]
    route: TicketRoute<'a>,
}

#[derive(Serialize)]
struct TicketSeat {
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "disponivel")]
    free: u8,
}

#[derive(Serialize)]
struct TicketRoute<'a> {
    company: CompanyId,
    #[serde(rename = "origem")]
    origin: &'a str,
    #[serde(rename = "destino")]
    destination: &'a str,
}

impl<'a> From<&'a Ticket> for TicketEntry<'a> {
    fn from(ticket: &'a Ticket) -> Self {
        let kept =
            |leg: &&passcom_actors::domain::order::Leg| !ticket.cancelled.contains(&leg.seat);
        let leg = |leg: &'a passcom_actors::domain::order::Leg| TicketLeg {
            seat: TicketSeat {
                number: leg.seat.number,
                free: 0,
            },
            route: TicketRoute {
                company: leg.seat.company,
                origin: &leg.origin,
                destination: &leg.destination,
            },
        };
        Self {
            uuid: ticket.id.0,
            created_at: clock::http_date(ticket.order.created_at),
            legs: ticket.order.legs.iter().filter(kept).map(leg).collect(),
        }
    }
}
