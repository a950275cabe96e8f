//! The code of an e-ticket: who has which seats, signed by the company whose node made it. Short names and arrays: it must fit a QR code
//! that a phone can read. What has become of those seats since is for the ticket to say, where somebody has it.

use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::Leg;
use passcom_actors::domain::refund::Ground;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::desk::Checked;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::travellers::Traveller;
use crate::clock;
use crate::token::{Sealed, TokenIssuer};
use crate::wire::{SeatNow, SeatStanding, TicketAsked, TicketCode, TicketCodeLeg};

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
    /// Of each, its place in the order: what names it whatever becomes of it. Codes of before this was said have none.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    places: Vec<u16>,
    /// What each is called in its aircraft, empty where nobody knows.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
}

/// Company, flight, origin, destination, departure (seconds since 1970), number.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Seat(CompanyId, String, String, String, i64, u16);

impl Sealed for Content {
    const KIND: &'static str = "bilhete";
}

/// The signed code of one traveller, whose seats were called so when they were sold, of the flights as they are now, made at this
/// second since 1970; an error is one of the machinery.
pub(crate) fn issue(
    issuer: &TokenIssuer,
    ticket: &Ticket,
    traveller: &Traveller<'_>,
    sold_as: &[Option<String>],
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
        places: traveller
            .legs
            .iter()
            .filter_map(|leg| place(ticket, leg))
            .collect(),
        labels: traveller
            .legs
            .iter()
            .zip(sold_as)
            .map(|(leg, sold_as)| label(leg, ticket.change(&leg.seat), sold_as.clone()))
            .map(Option::unwrap_or_default)
            .collect(),
    })
}

/// What a seat is called now, which was called so when it was sold; none where there is none.
fn label(leg: &Leg, change: Option<&FlightChange>, sold_as: Option<String>) -> Option<String> {
    match change {
        Some(change) if change.unseated => None,
        Some(change) if change.number != leg.seat.number => change.label.clone(),
        Some(change) => change.label.clone().or(sold_as),
        None => sold_as,
    }
}

fn place(ticket: &Ticket, leg: &Leg) -> Option<u16> {
    let legs = &ticket.order.legs;
    let at = legs.iter().position(|other| other.seat == leg.seat)?;
    u16::try_from(at).ok()
}

/// What became of one seat of a code.
struct Since<'a> {
    leg: &'a Leg,
    change: Option<&'a FlightChange>,
    state: SeatStanding,
}

impl Content {
    pub fn ticket(&self) -> SagaId {
        SagaId(self.ticket)
    }

    /// Whether all its seats are on this ticket, each under a number and at a time that it can have had.
    pub fn is_of(&self, checked: &Checked) -> bool {
        (0..self.legs.len()).all(|nth| self.can_have_been(nth, checked))
    }

    /// Whether its nth seat was ever so. Only the company that flies it can tell that it was not: another may not have heard of a change that
    /// whoever made the code knows. Of several changes the ticket keeps the newest alone: then the code may be of one in between.
    fn can_have_been(&self, nth: usize, checked: &Checked) -> bool {
        let (Some(seat), Some(leg)) = (self.legs.get(nth), self.leg(nth, &checked.ticket)) else {
            return false;
        };
        let said = (seat.4, seat.5);
        let sold = (leg.departs, leg.seat.number.0);
        let change = checked.ticket.change(&leg.seat);
        let is_now = |change: &FlightChange| (change.departs, change.number.0) == said;
        checked.told_by != leg.seat.company
            || said == sold
            || change.is_some_and(|change| change.sequence > 1 || is_now(change))
    }

    /// The leg of the order that its nth seat is of.
    fn leg<'t>(&self, nth: usize, ticket: &'t Ticket) -> Option<&'t Leg> {
        let seat = self.legs.get(nth)?;
        let is_it = |leg: &&Leg| {
            (
                leg.seat.company,
                &leg.flight,
                &leg.origin_iata,
                &leg.destination_iata,
            ) == (seat.0, &seat.1, &seat.2, &seat.3)
        };
        let legs = &ticket.order.legs;
        if let Some(place) = self.places.get(nth) {
            return legs.get(usize::from(*place)).filter(is_it);
        }
        // of an older code: the seat was called so when it was sold, or is now
        let is_seat = |leg: &&Leg| {
            let now = ticket.number_now(&leg.seat).0;
            is_it(leg) && [leg.seat.number.0, now].contains(&seat.5)
        };
        legs.iter().find(is_seat)
    }

    /// What became of its nth seat by this second since 1970.
    fn since<'t>(&self, nth: usize, ticket: &'t Ticket, now: i64) -> Option<Since<'t>> {
        let leg = self.leg(nth, ticket)?;
        let seat = self.legs.get(nth)?;
        let change = ticket.change(&leg.seat);
        let departs = change.map_or(leg.departs, |change| change.departs);
        let is_exchanged = || {
            let refund = ticket.refund_of(leg.seat);
            refund.is_some_and(|refund| refund.ground == Ground::Exchanged)
        };
        let is_lost = change.is_some_and(|change| change.withdrawn || change.unseated);
        let state = if ticket.cancelled.contains(&leg.seat) {
            if is_exchanged() {
                SeatStanding::Exchanged
            } else {
                SeatStanding::Cancelled
            }
        } else if is_lost {
            SeatStanding::Changed
        } else if departs <= now {
            SeatStanding::Flown
        } else if (departs, ticket.number_now(&leg.seat).0) != (seat.4, seat.5) {
            SeatStanding::Changed
        } else {
            SeatStanding::Valid
        };
        Some(Since { leg, change, state })
    }
}

impl Since<'_> {
    fn told(&self, labels: &dyn Fn(&Leg) -> Option<String>) -> SeatNow {
        let (leg, change) = (self.leg, self.change);
        let unseated = change.is_some_and(|change| change.unseated);
        let (departs, offsets) = match change {
            Some(change) => (change.departs, change.offsets),
            None => (leg.departs, leg.offsets),
        };
        SeatNow {
            state: self.state,
            departs: clock::local(departs, &leg.origin_iata, offsets.map(|told| told.departs)),
            number: (!unseated).then(|| change.map_or(leg.seat.number, |change| change.number).0),
            label: label(leg, change, labels(leg)),
            withdrawn: change.is_some_and(|change| change.withdrawn),
        }
    }
}

/// What an opened code tells a client, and what the ticket says of it, where somebody has that.
pub(crate) fn told(
    issuer: CompanyId,
    content: &Content,
    checked: Option<&Checked>,
    labels: &dyn Fn(&Leg) -> Option<String>,
    now_ms: i64,
) -> TicketCode {
    // whoever signs may have written any name: the ticket has the one that was sold, where this company may know it
    let named = checked.map(|one| one.ticket.as_named());
    let name_of = |nth| {
        let leg = content.leg(nth, named.as_ref()?)?;
        leg.passenger
            .as_ref()
            .map(|passenger| passenger.name.clone())
    };
    let leg = |(nth, seat): (usize, &Seat)| {
        let Seat(company, flight, origin, destination, departs, number) = seat;
        let since = checked.and_then(|one| content.since(nth, &one.ticket, now_ms / 1000));
        TicketCodeLeg {
            company: *company,
            flight: flight.clone(),
            departs: clock::local(*departs, origin, None),
            origin: origin.clone(),
            destination: destination.clone(),
            number: *number,
            label: content
                .labels
                .get(nth)
                .filter(|label| !label.is_empty())
                .cloned(),
            passenger: match &named {
                Some(ticket) if !ticket.order.is_withheld() => name_of(nth),
                _ => content.passenger.clone(),
            },
            now: since.map(|since| since.told(labels)),
        }
    };
    TicketCode {
        valid: true,
        uuid: content.ticket,
        issuer,
        legs: content.legs.iter().enumerate().map(leg).collect(),
        issued_at: clock::utc(content.issued_at.saturating_mul(1000)),
        asked: checked.map(|one| TicketAsked {
            company: one.told_by,
            at: clock::utc(now_ms),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::qr;
    use crate::ticket::travellers::tests::{changed, leg, ticket};
    use crate::ticket::travellers::travellers;
    use crate::token::tests::{NOW, two_companies};

    #[test]
    fn any_node_tells_who_bought_what_from_the_code_alone() {
        let (issuer, _, verifier) = two_companies();
        let bought = ticket(vec![leg("b", 2, 7, Some("Ana Conceição"))]);
        let called = [Some("12C".to_owned())];
        let text = issue(&issuer, &bought, &travellers(&bought)[0], &called, NOW).unwrap();
        let (company, content): (CompanyId, Content) = verifier.open(&text).unwrap();
        let told = told(company, &content, None, &|_| None, NOW * 1000);
        let told = serde_json::to_value(told).unwrap();
        assert_eq!(told["consulta"], serde_json::Value::Null);
        assert_eq!(told["trechos"][0]["agora"], serde_json::Value::Null);
        assert_eq!(told["valido"], true);
        assert_eq!(told["emissora"], "a");
        assert_eq!(told["uuid"], bought.id.to_string());
        assert_eq!(told["trechos"][0]["passageiro"], "Ana Conceição");
        assert_eq!(told["trechos"][0]["numero"], 7);
        assert_eq!(told["trechos"][0]["rotulo"], "12C");
    }

    /// What the code of the first traveller tells, as the ticket was when it was made, of that ticket as it is.
    fn asked(before: &Ticket, now: Ticket, at: i64) -> Vec<serde_json::Value> {
        let (issuer, _, verifier) = two_companies();
        let text = issue(&issuer, before, &travellers(before)[0], &[], NOW).unwrap();
        let (company, content): (CompanyId, Content) = verifier.open(&text).unwrap();
        let checked = Checked {
            ticket: now,
            told_by: "b".parse().unwrap(),
        };
        let labels = |_: &Leg| Some("12C".to_owned());
        let told = told(company, &content, Some(&checked), &labels, at * 1000);
        let told = serde_json::to_value(told).unwrap();
        assert_eq!(told["consulta"]["company"], "b");
        assert_eq!(told["consulta"]["quando"], clock::utc(at * 1000));
        let legs = told["trechos"].as_array().unwrap().clone();
        legs.into_iter().map(|leg| leg["agora"].clone()).collect()
    }

    #[test]
    fn the_ticket_says_what_became_of_each_seat_of_a_code() {
        let legs = |number| {
            vec![
                leg("a", 1, number, Some("Ana")),
                leg("b", 2, 3, Some("Ana")),
            ]
        };
        let bought = ticket(legs(7));
        let (first, second) = (bought.order.legs[0].seat, &bought.order.legs[1]);
        let before = bought.order.legs[0].departs - 60;
        let states = |now: Ticket, at| -> Vec<String> {
            let told = asked(&bought, now, at).into_iter();
            told.map(|leg| leg["estado"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(states(bought.clone(), before), ["valido", "valido"]);
        assert_eq!(states(bought.clone(), before + 60), ["realizado", "valido"]);
        let mut cancelled = bought.clone();
        cancelled.cancelled = vec![first];
        assert_eq!(states(cancelled, before), ["cancelado", "valido"]);
        let mut moved = bought.clone();
        moved.changes = vec![changed(second, 5400, false)];
        assert_eq!(states(moved.clone(), before), ["valido", "alterado"]);
        let now = &asked(&bought, moved.clone(), before)[1];
        let departs = clock::local(second.departs + 5400, "GRU", None);
        assert_eq!(
            (&now["partida"], &now["rotulo"]),
            (&departs.into(), &"12C".into())
        );
        // a code that was made after the change is of the flight as it is
        let after: Vec<_> = asked(&moved.clone(), moved.clone(), before);
        assert_eq!(after[1]["estado"], "valido");
        moved.changes = vec![changed(second, 0, true)];
        let now = &asked(&bought, moved, before)[1];
        assert_eq!(
            (&now["estado"], &now["cancelado_pela_companhia"]),
            (&"alterado".into(), &true.into())
        );
    }

    #[test]
    fn a_code_is_of_its_ticket_only_with_all_its_seats_and_names_who_is_on_it() {
        let bought = ticket(vec![leg("b", 2, 7, Some("Ana"))]);
        let mut forged = bought.clone();
        let order = std::sync::Arc::make_mut(&mut forged.order);
        order.legs.push(leg("a", 1, 3, Some("Ana")));
        let (_, issuer, verifier) = two_companies();
        let opened = |ticket: &Ticket| -> (CompanyId, Content) {
            let text = issue(&issuer, ticket, &travellers(ticket)[0], &[], NOW).unwrap();
            verifier.open(&text).unwrap()
        };
        let told_by = |ticket: &Ticket, company: &str| Checked {
            ticket: ticket.clone(),
            told_by: company.parse().unwrap(),
        };
        let by_b = told_by(&bought, "b");
        assert!(opened(&bought).1.is_of(&by_b));
        assert!(!opened(&forged).1.is_of(&by_b), "b adds a flight of a");

        let mut moved = bought.clone();
        moved.changes = vec![changed(&bought.order.legs[0], 5400, false)];
        moved.changes[0].number.0 = 8;
        let other = opened(&moved).1;
        assert!(!other.is_of(&by_b), "nobody was ever moved there");
        assert!(other.is_of(&told_by(&bought, "a")), "a may not know yet");
        assert!(other.is_of(&told_by(&moved, "b")), "it is so now");
        let before = opened(&bought).1;
        assert!(before.is_of(&told_by(&moved, "b")), "it was sold so");
        moved.changes[0].number.0 = 9;
        assert!(!other.is_of(&told_by(&moved, "b")), "it never was so");
        moved.changes[0].sequence = 2;
        assert!(other.is_of(&told_by(&moved, "b")), "it may have been");

        let mut renamed = bought.clone();
        let order = std::sync::Arc::make_mut(&mut renamed.order);
        order.legs[0] = leg("b", 2, 7, Some("Bruno"));
        let (signer, content) = opened(&renamed);
        let checked = Checked {
            ticket: bought,
            told_by: signer,
        };
        let told = told(signer, &content, Some(&checked), &|_| None, NOW * 1000);
        let told = serde_json::to_value(told).unwrap();
        assert_eq!(told["trechos"][0]["passageiro"], "Ana");
    }

    #[test]
    fn a_code_of_before_places_were_said_is_matched_by_its_numbers() {
        let bought = ticket(vec![
            leg("a", 1, 7, Some("Ana")),
            leg("a", 1, 8, Some("Bia")),
        ]);
        let (issuer, _, _) = two_companies();
        let text = issue(&issuer, &bought, &travellers(&bought)[1], &[], NOW).unwrap();
        let sealed = text.split('.').nth(1).unwrap();
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, sealed);
        let mut seal: serde_json::Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
        assert_eq!(seal["c"]["o"], serde_json::json!([1]));
        seal["c"].as_object_mut().unwrap().remove("o");
        let old: Content = serde_json::from_value(seal["c"].clone()).unwrap();
        assert_eq!(old.leg(0, &bought), Some(&bought.order.legs[1]));
    }

    #[test]
    fn the_longest_code_there_is_fits_a_qr_code() {
        let (issuer, _, _) = two_companies();
        let name = "ã".repeat(120);
        let legs = (1..=16).map(|route| leg("dezesseis-letras", route, 1, Some(&name)));
        let long = ticket(legs.collect());
        let called = vec![Some("199K".to_owned()); 16];
        let text = issue(&issuer, &long, &travellers(&long)[0], &called, NOW).unwrap();
        assert!(qr::draw(&text).is_ok(), "{} bytes", text.len());
    }
}
