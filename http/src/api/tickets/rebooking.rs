//! Other flights in place of those that a company has changed, without cost.
//!
//! The old seats end with the commit of the new ones, and only with it. What is owed is `direitos` of the ticket; by which flights it may
//! be paid, [`passcom_actors::people::rebooking`].

use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::desk::BookRequest;
use passcom_actors::people::rebooking::{NotRebooked, OTHERS_WITHIN};
use passcom_actors::people::remedy::Remedy;

use super::super::Client;
use super::super::bookings::{answer, idempotency, wait, wanted as seats};
use super::super::contact::contact;
use super::cancellation::wanted;
use super::view::named_wholly;
use crate::answer::Answered;
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::router::{Endpoint, post};
use crate::wire;

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] =
    &[post("/passagens/{uuid}/remarcacao", |client, call| {
        Box::pin(rebook(client, call))
    })];

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

async fn rebook(client: &Client, call: Call) -> Answered {
    // who travels is who travels now
    let ticket = named_wholly(client, &call).await?.as_named();
    let body: wire::RebookBody = call.json()?;
    let request = BookRequest {
        user: ticket.order.user,
        seats: seats(
            &body.seats.unwrap_or_default(),
            &body.passengers.unwrap_or_default(),
            client.desk.clock().wall_seconds(),
        )?,
        idempotency: idempotency(&call)?,
        hold_seconds: None,
        exchange: None,
        contact: contact(body.contact.as_ref())?,
    };
    let given = match body.given.as_deref() {
        Some(text) => named_seats(&ticket, text)?,
        None => owed(&client.desk.remedies(&ticket)),
    };
    let booked = client
        .desk
        .rebook(request, &ticket, &given, wait(&call))
        .await;
    answer(booked.map_err(refused)?, call.language)
}

/// Of a ticket of which nothing is owed, none: the desk says so, or answers what it answered before.
fn owed(remedies: &[Remedy]) -> Vec<SeatRef> {
    let owed = remedies.iter().filter(|remedy| remedy.choice.is_some());
    owed.map(|remedy| remedy.seat).collect()
}

/// Seats that the text names, also those that have ended: who asks again is to be told the same.
fn named_seats(ticket: &Ticket, text: &str) -> Result<Vec<SeatRef>, Problem> {
    let mut whole = ticket.clone();
    whole.cancelled.clear();
    wanted(&whole, Some(text))
}

fn refused(why: NotRebooked) -> Problem {
    let problem = Problem::from(Kind::NotRebookable);
    let days = OTHERS_WITHIN / SECONDS_PER_DAY;
    match why {
        NotRebooked::NotOwed(seat) => problem
            .detailed(Text::new(
                "a companhia não mudou este voo a ponto de dever outro".to_owned(),
                "the company has not changed this flight so that another one is owed".to_owned(),
            ))
            .about(seat),
        NotRebooked::NothingOwed => problem.detailed(Text::new(
            "nenhum voo desta passagem dá direito a outro".to_owned(),
            "no other flight is owed for any of this ticket".to_owned(),
        )),
        NotRebooked::NotOneWay => problem.detailed(Text::new(
            "remarque ida e volta uma de cada vez".to_owned(),
            "rebook the way out and the way back one by one".to_owned(),
        )),
        NotRebooked::OtherPlaces => problem.detailed(Text::new(
            "os novos voos devem levar da mesma origem ao mesmo destino, em sequência".to_owned(),
            "the new flights must lead from the same place to the same place, one after another"
                .to_owned(),
        )),
        NotRebooked::OtherPassengers => problem.detailed(Text::new(
            "os novos assentos devem ser das mesmas pessoas, um por voo".to_owned(),
            "the new seats must be for the same people, one on each flight".to_owned(),
        )),
        NotRebooked::TooLate(seat) => problem
            .detailed(Text::new(
                format!("voos de outras companhias, só até {days} dias depois do voo original"),
                format!(
                    "flights of other companies, only within {days} days after the original one"
                ),
            ))
            .about(seat),
    }
}
