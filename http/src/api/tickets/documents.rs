//! What a traveller takes along, and telling a true code from a false one.

use tracing::error;

use super::super::Client;
use super::view::{named, place};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Language;
use crate::router::{Endpoint, get};
use crate::ticket::travellers::travellers;
use crate::ticket::{calendar, code, pdf};
use crate::wire::query::LANGUAGE;

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/passagens/{uuid}/bilhete.pdf", |client, call| {
        Box::pin(e_ticket(client, call))
    }),
    get("/passagens/{uuid}/calendario.ics", |client, call| {
        Box::pin(flights(client, call))
    }),
    get("/bilhetes/{codigo}", |client, call| {
        Box::pin(async move { verify(client, &call) })
    }),
];

async fn e_ticket(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let language = language(&call)?;
    let mut pages = Vec::new();
    for traveller in travellers(&ticket) {
        let now = client.desk.clock().wall_seconds();
        let code = code::issue(&client.issuer, ticket.id, &traveller, now);
        let code = code.map_err(|cause| {
            error!(%cause, "an e-ticket cannot be signed");
            Kind::Internal
        })?;
        let seats = traveller.legs.iter().map(|leg| place(client, leg.seat));
        pages.push(pdf::Page {
            seats: seats.collect(),
            qr: match &client.public_url {
                Some(page) => format!("{page}/#/bilhete/{code}"),
                None => code,
            },
            traveller,
        });
    }
    let pdf = pdf::render(&ticket, &pages, language).map_err(|cause| {
        error!(%cause, "an e-ticket cannot be drawn");
        Kind::Internal
    })?;
    Ok(Answer::document(
        "application/pdf",
        &format!("passcom-{}.pdf", ticket.id),
        pdf,
        language,
    ))
}

async fn flights(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let language = language(&call)?;
    let places = |seat| place(client, seat);
    let now = client.desk.clock().wall_seconds();
    let text = calendar::render(&ticket, &places, language, now);
    Ok(Answer::document(
        "text/calendar; charset=utf-8",
        &format!("passcom-{}.ics", ticket.id),
        text.into_bytes(),
        language,
    ))
}

/// Asks nobody: the signature is enough.
fn verify(client: &Client, call: &Call) -> Answered {
    let text = call.arguments.first().map_or("", String::as_str);
    let opened = client.verifier.open::<code::Content>(text);
    let (issuer, content) = opened.map_err(|_| Kind::TicketCodeInvalid)?;
    Ok(Answer::json(&code::told(issuer, content)))
}

/// `idioma`, else what the client accepts.
fn language(call: &Call) -> Result<Language, Problem> {
    match call.parameter(LANGUAGE)?.as_deref() {
        None => Ok(call.language),
        Some("pt-BR") => Ok(Language::Portuguese),
        Some("en") => Ok(Language::English),
        Some(_) => Err(Problem::invalid(
            format!("{LANGUAGE} deve ser pt-BR ou en"),
            format!("{LANGUAGE} must be pt-BR or en"),
        )),
    }
}
