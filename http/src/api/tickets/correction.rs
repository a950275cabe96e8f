//! A name that was misspelt when the ticket was bought.

use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::correction::{LETTERS_MAX, NotCorrected};
use passcom_actors::people::desk::NoCorrection;

use super::super::passengers;
use super::super::{Client, RETRY};
use super::cancellation::one_wanted;
use super::view::{named, place};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Text;
use crate::router::{Endpoint, post};
use crate::wire;
use crate::wire::query::SEAT_IDS;

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] =
    &[post("/passagens/{uuid}/correcao", |client, call| {
        Box::pin(correct(client, call))
    })];

async fn correct(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let body: wire::CorrectionBody = call.json()?;
    let name = passengers::new_name(body.name.as_deref().unwrap_or_default())?;
    let seats = match &body.seats {
        Some(text) => given(&ticket, text)?,
        None => only_traveller(&ticket)?,
    };
    let corrected = client.desk.correct_name(&ticket, &seats, &name).await;
    let corrected = corrected.map_err(|why| match why {
        NoCorrection::Refused(why) => refused(why),
        NoCorrection::NotKnownInTime => Problem::from(Kind::OutcomeUnknown).retry_after(RETRY),
    })?;
    let places = |seat| place(client, seat);
    let shown = corrected.with_names();
    Ok(Answer::json(&wire::Ticket::new(&shown, &places)))
}

fn given(ticket: &Ticket, text: &str) -> Result<Vec<SeatRef>, Problem> {
    let seats = text.split(',').map(|item| one_wanted(ticket, item.trim()));
    seats.collect()
}

/// All seats that are left, if they are of one name.
fn only_traveller(ticket: &Ticket) -> Result<Vec<SeatRef>, Problem> {
    let left = ticket.seats_left();
    let legs = ticket.order.legs.iter();
    let legs = legs.filter(|leg| left.contains(&leg.seat));
    let mut names: Vec<_> = legs
        .map(|leg| ticket.passenger(leg).map(|who| who.name))
        .collect();
    names.dedup();
    match names.len() {
        1 => Ok(left),
        _ => Err(Problem::invalid(
            format!("{SEAT_IDS} é obrigatório: a passagem tem vários passageiros"),
            format!("{SEAT_IDS} is required: the ticket has several passengers"),
        )),
    }
}

fn refused(why: NotCorrected) -> Problem {
    let (seat, text) = match why {
        NotCorrected::Unnamed(seat) => (
            seat,
            Text::fixed(
                "ninguém está nomeado neste assento",
                "nobody is named at this seat",
            ),
        ),
        NotCorrected::Cancelled(seat) => (
            seat,
            Text::fixed("este assento foi cancelado", "this seat was cancelled"),
        ),
        NotCorrected::Departed(seat) => (
            seat,
            Text::fixed("este voo já partiu", "this flight has left"),
        ),
        NotCorrected::TooDifferent(seat) => (
            seat,
            Text::new(
                format!(
                    "mais de {LETTERS_MAX} letras diferem do nome da compra; outra pessoa não pode viajar"
                ),
                format!(
                    "more than {LETTERS_MAX} letters differ from the name that was booked; nobody else may travel"
                ),
            ),
        ),
    };
    Problem::from(Kind::NameStays).detailed(text).about(seat)
}
