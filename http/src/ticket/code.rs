//! The code of an e-ticket: who has which seats, signed by the company whose node made it. Short names and arrays: it must fit a QR code
//! that a phone can read.

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::order::Leg;
use passcom_actors::domain::ticket::Ticket;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::travellers::Traveller;
use crate::clock;
use crate::token::{Sealed, TokenIssuer};
use crate::wire::{TicketCode, TicketCodeLeg};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    #[serde(rename = "u", with = "uuid::serde::simple")]
    ticket: Uuid,
    /// Seconds since 1970.
    #[serde(rename = "t")]
    issued_at: i64,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    passenger: Option<String>,
    #[serde(rename = "l")]
    legs: Vec<Seat>,
}

/// Company, flight, origin, destination, departure (seconds since 1970), number.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Seat(CompanyId, String, String, String, i64, u16);

impl Sealed for Content {
    const KIND: &'static str = "bilhete";
}

/// The signed code of one traveller, of the flights as they are now, made at this second since 1970; an error is one of the machinery.
pub(crate) fn issue(
    issuer: &TokenIssuer,
    ticket: &Ticket,
    traveller: &Traveller<'_>,
    now: i64,
) -> Result<String, jsonwebtoken::errors::Error> {
    let seat = |leg: &&Leg| {
        Seat(
            leg.seat.company,
            leg.flight.clone(),
            leg.origin_iata.clone(),
            leg.destination_iata.clone(),
            ticket
                .change(&leg.seat)
                .map_or(leg.departs, |change| change.departs),
            ticket.number_now(&leg.seat).0,
        )
    };
    issuer.seal(&Content {
        ticket: ticket.id.0,
        issued_at: now,
        passenger: traveller.passenger.map(|passenger| passenger.name.clone()),
        legs: traveller.legs.iter().map(seat).collect(),
    })
}

/// What an opened code tells a client.
pub(crate) fn told(issuer: CompanyId, content: Content) -> TicketCode {
    let leg = |Seat(company, flight, origin, destination, departs, number): Seat| TicketCodeLeg {
        company,
        flight,
        departs: clock::local(departs, &origin, None),
        origin,
        destination,
        number,
        passenger: content.passenger.clone(),
    };
    TicketCode {
        valid: true,
        uuid: content.ticket,
        issuer,
        legs: content.legs.into_iter().map(leg).collect(),
        issued_at: clock::utc(content.issued_at.saturating_mul(1000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::qr;
    use crate::ticket::travellers::tests::{leg, ticket};
    use crate::ticket::travellers::travellers;
    use crate::token::tests::{NOW, two_companies};

    #[test]
    fn any_node_tells_who_bought_what_from_the_code_alone() {
        let (issuer, _, verifier) = two_companies();
        let bought = ticket(vec![leg("b", 2, 7, Some("Ana Conceição"))]);
        let text = issue(&issuer, &bought, &travellers(&bought)[0], NOW).unwrap();
        let (company, content): (CompanyId, Content) = verifier.open(&text).unwrap();
        let told = serde_json::to_value(told(company, content)).unwrap();
        assert_eq!(told["valido"], true);
        assert_eq!(told["emissora"], "a");
        assert_eq!(told["uuid"], bought.id.to_string());
        assert_eq!(told["trechos"][0]["passageiro"], "Ana Conceição");
        assert_eq!(told["trechos"][0]["numero"], 7);
    }

    #[test]
    fn the_longest_code_there_is_fits_a_qr_code() {
        let (issuer, _, _) = two_companies();
        let name = "ã".repeat(120);
        let legs = (1..=16).map(|route| leg("dezesseis-letras", route, 1, Some(&name)));
        let long = ticket(legs.collect());
        let text = issue(&issuer, &long, &travellers(&long)[0], NOW).unwrap();
        assert!(qr::draw(&text).is_ok(), "{} bytes", text.len());
    }
}
