//! Bookings and the tickets that come of them.

use passcom_actors::booking::progress::{Step, Told};
use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use passcom_actors::domain::order::{Leg, SeatRef};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::{LegState, RefusalReason};
use passcom_actors::people::desk::{BookingState, BookingStatus, CompanyLegs};
use serde::Serialize;
use uuid::Uuid;

use crate::api::bookings::kind_of;
use crate::clock;
use crate::error::Kind;

#[derive(Serialize)]
pub(crate) struct Booked<'a> {
    pub message: &'a str,
    #[serde(rename = "uuid_passagem")]
    pub ticket: Uuid,
}

/// A booking that can be followed.
#[derive(Serialize)]
pub(crate) struct Begun {
    pub uuid: Uuid,
}

#[derive(Serialize)]
pub(crate) struct Booking {
    uuid: Uuid,
    #[serde(rename = "estado")]
    state: &'static str,
    #[serde(rename = "companhias")]
    companies: Vec<BookingAtCompany>,
    #[serde(rename = "uuid_passagem", skip_serializing_if = "Option::is_none")]
    ticket: Option<Uuid>,
    #[serde(rename = "expira_em", skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(rename = "agora", skip_serializing_if = "Option::is_none")]
    now: Option<String>,
    #[serde(rename = "motivo", skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
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

impl Booking {
    /// As it is at this instant, in milliseconds since 1970.
    pub fn new(status: &BookingStatus, now: i64) -> Self {
        let confirmed = status.state == BookingState::Confirmed;
        let hold = status.hold.filter(|_| status.state == BookingState::Held);
        let reason = status
            .reason
            .filter(|_| status.state == BookingState::Refused);
        Self {
            ticket: confirmed.then_some(status.saga.0),
            expires_at: hold.map(|terms| clock::utc(terms.ends_at_ms)),
            now: hold.map(|_| clock::utc(now)),
            reason: reason.map(|reason| slug_of(reason, status)),
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

/// The type of the problem that says why.
fn slug_of(reason: RefusalReason, status: &BookingStatus) -> &'static str {
    let held = status
        .order
        .as_ref()
        .is_some_and(|order| order.hold_seconds.is_some());
    let kind = match reason {
        RefusalReason::Released if held => Kind::HoldExpired,
        reason => kind_of(reason),
    };
    kind.row().slug
}

/// A step of a booking, as it happened.
#[derive(Serialize)]
pub(crate) struct BookingStep {
    company: Option<CompanyId>,
    #[serde(rename = "passo")]
    step: &'static str,
    #[serde(rename = "motivo", skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(rename = "quando")]
    at: String,
}

impl From<&Told> for BookingStep {
    fn from(told: &Told) -> Self {
        let reason = told.happened.reason;
        Self {
            company: told.happened.company,
            step: match told.happened.step {
                Step::Begun => "inicio",
                Step::Asked => "pedido",
                Step::Yes => "sim",
                Step::No => "nao",
                Step::Silent => "silencio",
                Step::Decided => "decidido",
                Step::Confirmed => "confirmado",
                Step::Released => "liberado",
            },
            reason: reason.map(|reason| kind_of(reason).row().slug),
            at: clock::utc(told.at_ms),
        }
    }
}

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

pub(super) fn booking_state(state: BookingState) -> &'static str {
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
        LegState::Moved => "transferido",
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
        let kept = |leg: &&Leg| !ticket.cancelled.contains(&leg.seat);
        let leg = |leg: &'a Leg| TicketLeg {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use passcom_actors::domain::ids::{SagaId, UserId};
    use passcom_actors::domain::order::{Order, Price};

    use super::*;

    const SAGA: SagaId = SagaId(Uuid::from_u128(0x17));

    fn seat(company: &str, number: u16) -> SeatRef {
        SeatRef {
            company: company.parse().unwrap(),
            route: RouteId(3),
            number: SeatNumber(number),
        }
    }

    fn leg(seat: SeatRef) -> Leg {
        Leg {
            seat,
            flight: "G31234".to_owned(),
            origin: "São Paulo".to_owned(),
            destination: "Manaus".to_owned(),
            origin_iata: "GRU".to_owned(),
            destination_iata: "MAO".to_owned(),
            departs: 0,
            arrives: 0,
            price: Price {
                minor: 1,
                currency: "BRL".to_owned(),
            },
            passenger: None,
            offsets: None,
            label: None,
        }
    }

    #[test]
    fn a_ticket_shows_the_seats_that_are_not_cancelled() {
        let ticket = Ticket {
            id: SAGA,
            order: Arc::new(Order {
                user: UserId(Uuid::nil()),
                created_at: 1_730_319_757_999,
                legs: vec![leg(seat("a", 1)), leg(seat("b", 1)), leg(seat("a", 2))],
                hold_seconds: None,
                seller: None,
                exchange: None,
            }),
            cancelled: vec![seat("a", 1)],
            changes: Vec::new(),
            refunds: Vec::new(),
            corrections: Vec::new(),
        };
        let reserved = |company: &str, number: u16| {
            format!(
                r#"{{"assento":{{"numero":{number},"disponivel":0}},"trecho":{{"company":"{company}","origem":"São Paulo","destino":"Manaus"}}}}"#
            )
        };
        assert_eq!(
            serde_json::to_string(&TicketEntry::from(&ticket)).unwrap(),
            format!(
                r#"{{"uuid":"{SAGA}","created_at":"Wed, 30 Oct 2024 20:22:37 GMT","trechosReservados":[{},{}]}}"#,
                reserved("b", 1),
                reserved("a", 2)
            )
        );
    }

    #[test]
    fn a_booking_says_who_did_not_answer() {
        let status = BookingStatus {
            saga: SAGA,
            user: UserId(Uuid::nil()),
            state: BookingState::Running,
            doubt: None,
            order: None,
            hold: None,
            reason: None,
            companies: vec![
                (
                    seat("a", 1).company,
                    Some(vec![(seat("a", 1), LegState::Prepared)]),
                ),
                (seat("b", 1).company, None),
            ],
        };
        let legs = r#"[{"id_trecho":3,"id_assento":3073,"estado":"preparado"}]"#;
        assert_eq!(
            serde_json::to_string(&Booking::new(&status, 0)).unwrap(),
            format!(
                r#"{{"uuid":"{SAGA}","estado":"em_andamento","companhias":[{{"company":"a","respondeu":true,"trechos":{legs}}},{{"company":"b","respondeu":false,"trechos":[]}}]}}"#
            )
        );
    }
}
