//! What stands on the wire: this module is the only place where its Portuguese names and our words meet.
//!
//! Request types take what a client may well get wrong as `Option`, so that the answer can name what is missing. Reply
//! types borrow and write themselves straight to bytes: a page of the catalogue has tens of thousands of seats.

use passcom_actors::domain::ids::{CompanyId, RouteId, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;
use warp::http::HeaderName;

pub(crate) use self::airlines::Teller;
pub(crate) use self::bookings::{Begun, Booked, Booking, BookingStep, TicketEntry};
pub(crate) use self::choices::{DayPart, DayPartNames};
pub(crate) use self::gate::{Keys, SeatNow, SeatStanding, TicketAsked, TicketCode, TicketCodeLeg};
pub(crate) use self::holds::{Hold, HoldBody, Holds};
pub(crate) use self::itineraries::{Airport, Itineraries, ORDERS, UnknownPlace};
pub(crate) use self::legs::{
    CompanyUp, FoundLeg, Leg, Money, OneSeat, PlainLeg, SAID_OF_SEATS, SaidOfSeats,
};
pub(crate) use self::payments::{Payment, PaymentBody};
pub(crate) use self::people::{
    GivenContact, GivenDocument, Missing, Passenger, Saved, SavedBody, SavedPerson, TicketPapers,
};
pub(crate) use self::prices::PriceCalendar;
pub(crate) use self::seats::{SeatMap, SeatsNow, WISHES};
pub(crate) use self::tickets::{
    AcceptBody, CancelBody, Cancelled, FindBody, History, Labels, Quote, Ticket, Tickets,
};
use crate::error::About;

mod airlines;
mod bookings;
mod choices;
mod gate;
mod holds;
mod itineraries;
mod legs;
mod orders;
mod payments;
mod people;
mod prices;
pub(crate) mod seats;
mod tickets;

/// Query parameters.
pub(crate) mod query {
    pub const ORIGIN: &str = "origem";
    pub const DESTINATION: &str = "destino";
    pub const DATE: &str = "data";
    pub const COMPANY: &str = "company";
    pub const LIMIT: &str = "limite";
    pub const CURSOR: &str = "cursor";
    pub const LAST_SEEN: &str = "ultimo";
    pub const WISH: &str = "preferencia";
    pub const PASSENGERS: &str = "passageiros";
    pub const DAYS: &str = "dias";
    pub const LEGS_MAX: &str = "max_trechos";
    pub const CONNECTIONS_MAX: &str = "max_conexoes";
    pub const DURATION_MAX: &str = "duracao_max";
    pub const PRICE_MAX: &str = "preco_max";
    pub const DEPARTS_FROM: &str = "partida_de";
    pub const DEPARTS_UNTIL: &str = "partida_ate";
    pub const ARRIVES_FROM: &str = "chegada_de";
    pub const ARRIVES_UNTIL: &str = "chegada_ate";
    pub const COMPANIES: &str = "companhias";
    pub const SLACK: &str = "folga";
    pub const ORDER: &str = "ordem";
    pub const SEAT_IDS: &str = "assentos";
    pub const SEATS_SAID: &str = "assentos";
    pub const LANGUAGE: &str = "idioma";
    pub const ONE_SHEET: &str = "folha";
    pub const STATE: &str = "estado";
}

/// Fields that the details of a problem name.
pub(crate) mod field {
    pub const SEATS: &str = "trechos";
    pub const ROUTE: &str = "id_trecho";
    pub const SEAT: &str = "id_assento";
    pub const PASSENGERS: &str = "passageiros";
    pub const NAME: &str = "nome";
    pub const DOCUMENT: &str = "documento";
    pub const BIRTH: &str = "nascimento";
    pub const FREE: &str = "disponivel";
    pub const CODE: &str = "codigo";
    pub const CHANGES: &str = "alteracoes";
    pub const NAMES: &str = "nomes";
    pub const NEW_PASSWORD: &str = "new_password";
    pub const EMAIL: &str = "email";
    pub const LOCATOR: &str = "localizador";
    pub const SURNAME: &str = "sobrenome";
    pub const MEANS: &str = "meio";
    pub const ATTEMPT: &str = "tentativa";
}

/// Names the companies whose legs are missing from an answer.
pub(crate) const X_UNREACHABLE: HeaderName = HeaderName::from_static("x-companhias-indisponiveis");

#[derive(Deserialize)]
pub(crate) struct Credentials {
    pub login: Option<String>,
    pub password: Option<String>,
}

/// Beside [`Credentials`].
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    pub new_password: Option<String>,
}

/// Beside [`Credentials`], of a new account.
#[derive(Deserialize)]
pub(crate) struct FirstEmail {
    pub email: Option<String>,
}

/// Beside [`Credentials`].
#[derive(Deserialize)]
pub(crate) struct NewEmail {
    /// `null` is said, and differs from nothing.
    #[serde(default, deserialize_with = "said")]
    pub email: Option<Option<String>>,
}

fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[derive(Deserialize)]
pub(crate) struct CodeWanted {
    pub login: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct NewPasswordByCode {
    pub login: Option<String>,
    #[serde(rename = "codigo")]
    pub code: Option<String>,
    pub new_password: Option<String>,
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
    #[serde(rename = "passageiros")]
    pub passengers: Option<Vec<Passenger>>,
    #[serde(rename = "contato")]
    pub contact: Option<GivenContact>,
}

#[derive(Deserialize)]
pub(crate) struct RebookBody {
    /// Old seats, `3073,G3:4097`.
    #[serde(rename = "assentos")]
    pub given: Option<String>,
    #[serde(rename = "trechos")]
    pub seats: Option<Vec<WantedSeat>>,
    #[serde(rename = "passageiros")]
    pub passengers: Option<Vec<Passenger>>,
    #[serde(rename = "contato")]
    pub contact: Option<GivenContact>,
}

#[derive(Deserialize)]
pub(crate) struct NamesBody {
    #[serde(rename = "nomes")]
    pub names: Option<Vec<SeatName>>,
}

/// Who has a seat of a ticket.
#[derive(Deserialize)]
pub(crate) struct SeatName {
    pub company: String,
    #[serde(rename = "id_assento")]
    pub seat: u64,
    #[serde(rename = "nome")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WantedSeat {
    #[serde(rename = "id_trecho")]
    pub route: u64,
    #[serde(rename = "id_assento")]
    pub seat: u64,
    pub company: String,
    /// As it was shown.
    #[serde(rename = "preco")]
    pub price: Option<ExpectedPrice>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ExpectedPrice {
    #[serde(rename = "centavos")]
    pub minor: i64,
    #[serde(rename = "moeda")]
    pub currency: String,
}

#[derive(Deserialize)]
pub(crate) struct BlockBody {
    #[serde(rename = "disponivel")]
    pub free: Option<u8>,
    pub reason: Option<String>,
}

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
    #[serde(flatten)]
    pub place: Option<&'a UnknownPlace>,
    /// What a seat costs now.
    #[serde(rename = "preco", skip_serializing_if = "Option::is_none")]
    pub price: Option<Money<'a>>,
    /// What companies ask for and were not told.
    #[serde(rename = "faltam", skip_serializing_if = "<[_]>::is_empty")]
    pub missing: &'a [Missing],
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

#[derive(Serialize)]
pub(crate) struct Message<'a> {
    pub message: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Registered<'a> {
    pub message: &'a str,
    pub user_uuid: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Session {
    /// None where it is kept in the cookie of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    pub user_uuid: UserId,
    /// Seconds that it lives.
    pub expires_in: i64,
}

#[derive(Serialize)]
pub(crate) struct Profile<'a> {
    pub user_uuid: UserId,
    pub login: &'a str,
    pub email: Option<&'a str>,
    /// Whether the node that was asked can send mail.
    #[serde(rename = "envia_email")]
    pub sends_mail: bool,
}

/// What is kept of a user as a person.
#[derive(Serialize)]
pub(crate) struct PersonalData<'a> {
    #[serde(rename = "conta")]
    pub account: AccountData<'a>,
    #[serde(rename = "retencoes")]
    pub holds: Vec<Hold<'a>>,
    #[serde(rename = "passagens")]
    pub tickets: Vec<Ticket<'a>>,
    /// What this company was told beside the names.
    #[serde(rename = "dados_de_passageiros")]
    pub papers: Vec<TicketPapers<'a>>,
    #[serde(rename = "passageiros_salvos")]
    pub saved: Vec<SavedPerson<'a>>,
}

#[derive(Serialize)]
pub(crate) struct AccountData<'a> {
    pub user_uuid: UserId,
    pub login: &'a str,
    pub email: Option<&'a str>,
    #[serde(rename = "idioma")]
    pub language: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber};
    use passcom_actors::domain::order::SeatRef;

    use super::*;

    #[test]
    fn a_problem_leaves_out_what_is_not_known() {
        let problem = |about: &About| {
            let body = Problem {
                kind: "/problems/seat-taken".to_owned(),
                title: "Seat taken",
                status: 409,
                detail: None,
                message: "The seat is not available",
                about: ProblemAbout::from(about),
                place: None,
                price: None,
                missing: &[],
            };
            serde_json::to_string(&body).unwrap()
        };
        let start = r#"{"type":"/problems/seat-taken","title":"Seat taken","status":409,"message":"The seat is not available""#;
        assert_eq!(problem(&About::default()), format!("{start}}}"));
        let seat = SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(3),
            number: SeatNumber(1),
        };
        assert_eq!(
            problem(&About::from(seat)),
            format!(r#"{start},"company":"a","id_trecho":3,"id_assento":3073}}"#)
        );
        let booking = SagaId(Uuid::nil());
        assert_eq!(
            problem(&About::from(booking)),
            format!(r#"{start},"uuid_passagem":"00000000-0000-0000-0000-000000000000"}}"#)
        );
    }

    #[test]
    fn no_address_is_said_and_differs_from_saying_nothing() {
        let read = |body| {
            serde_json::from_str::<NewEmail>(body)
                .map(|body| body.email)
                .ok()
        };
        assert_eq!(read("{}"), Some(None));
        assert_eq!(read(r#"{"email":null}"#), Some(Some(None)));
        assert_eq!(
            read(r#"{"email":"a@b.c"}"#),
            Some(Some(Some("a@b.c".to_owned())))
        );
        assert_eq!(read(r#"{"email":7}"#), None);
    }

    #[test]
    fn a_booking_says_who_sits_there() {
        let body =
            r#"{"trechos":[],"passageiros":[{"nome":"Ana","documento":"1"},{"nome":"Bia"}]}"#;
        let body: BookBody = serde_json::from_str(body).unwrap();
        let passengers = body.passengers.unwrap();
        let names: Vec<_> = passengers.iter().map(|one| one.name.as_deref()).collect();
        assert_eq!(names, [Some("Ana"), Some("Bia")]);
    }

    #[test]
    fn a_booking_is_read_as_old_clients_write_it() {
        let body = r#"{"user_uuid":"u","trechos":[{"id_trecho":3,"id_assento":3073,"company":"a"}],"more":1}"#;
        let body: BookBody = serde_json::from_str(body).unwrap();
        assert!(body.passengers.is_none());
        let [seat] = &body.seats.unwrap()[..] else {
            panic!("one seat was given");
        };
        assert_eq!((seat.route, seat.seat, &*seat.company), (3, 3073, "a"));
        for seat in [
            r#"{"id_trecho":"3","id_assento":3073,"company":"a"}"#,
            r#"{"id_trecho":3,"id_assento":-1,"company":"a"}"#,
            r#"{"id_trecho":3,"id_assento":1000000000000000000000000000000,"company":"a"}"#,
            r#"{"id_trecho":3,"id_assento":1.5,"company":"a"}"#,
            r#"{"id_trecho":3,"id_assento":3073}"#,
        ] {
            let body = format!(r#"{{"trechos":[{seat}]}}"#);
            assert!(serde_json::from_str::<BookBody>(&body).is_err(), "{seat}");
        }
    }
}
