//! What a traveller takes along, and telling a true code from a false one.

use std::num::NonZeroU32;
use std::time::Duration;

use passcom_actors::domain::order::Leg;
use passcom_actors::people::desk::Unchecked;
use tracing::error;
use warp::hyper::body::Bytes;

use super::super::{Client, RETRY};
use super::view::{label, named_wholly};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::language::Language;
use crate::router::{Endpoint, get};
use crate::ticket::e_ticket::Printing;
use crate::ticket::masked::masked;
use crate::ticket::pdf::Form;
use crate::ticket::printer::{NotPrinted, Subject};
use crate::ticket::{calendar, code, e_ticket};
use crate::wire;
use crate::wire::query::{LANGUAGE, ONE_SHEET};

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/passagens/{uuid}/bilhete.pdf", |client, call| {
        Box::pin(e_ticket(client, call))
    })
    .costs(PRINTING_COST),
    get("/passagens/{uuid}/calendario.ics", |client, call| {
        Box::pin(flights(client, call))
    }),
    get("/bilhetes/{codigo}", |client, call| {
        Box::pin(verify(client, call))
    }),
    get("/chaves", |client, call| {
        Box::pin(async move { keys(client, &call) })
    }),
];

/// Of a document in requests: it is looked for, made or kept, and a hundred kilobytes long.
const PRINTING_COST: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");
/// Keys change with the configuration of the nodes, which starts them anew.
const KEYS_MAX_AGE: Duration = Duration::from_secs(300);

async fn e_ticket(client: &Client, call: Call) -> Answered {
    let ticket = named_wholly(client, &call).await?.as_named();
    let papers = client.desk.papers(&ticket).await;
    let ticket = masked(ticket, papers.as_deref());
    let language = language(&call)?;
    let subject = Subject {
        ticket: ticket.id,
        cancelled: ticket.cancelled.clone(),
        changes: ticket.changes.clone(),
        refunds: ticket.refunds.clone(),
        corrections: ticket.corrections.clone(),
        order: ticket.order.clone(),
        labels: e_ticket::labels(&client.catalogue, &ticket),
        form: form(&call)?,
        language,
    };
    let (user, id) = (ticket.order.user, ticket.id);
    let printing = Printing {
        labels: subject.labels.clone(),
        issuer: client.issuer.clone(),
        public_url: client.public_url.clone(),
        airlines: client.airlines.clone(),
        form: subject.form,
        now: client.desk.clock().wall_seconds(),
        ticket,
        language,
    };
    let printed = client
        .printer
        .print(user, subject, move || printing.print());
    let pdf = printed.await.map_err(|why| match why {
        NotPrinted::Busy => Problem::from(Kind::Overloaded).retry_after(RETRY),
        NotPrinted::Failed(cause) => {
            error!(%cause, "an e-ticket cannot be printed");
            Kind::Internal.into()
        }
    })?;
    Ok(Answer::document(
        "application/pdf",
        &format!("passcom-{id}.pdf"),
        Bytes::from_owner(pdf),
        language,
    ))
}

async fn flights(client: &Client, call: Call) -> Answered {
    let ticket = named_wholly(client, &call).await?.as_named();
    let language = language(&call)?;
    let labels = |leg: &Leg| label(client, leg);
    let now = client.desk.clock().wall_seconds();
    let text = calendar::render(&ticket, &labels, language, now);
    Ok(Answer::document(
        "text/calendar; charset=utf-8",
        &format!("passcom-{}.ics", ticket.id),
        text.into_bytes(),
        language,
    ))
}

/// The signature says which company made the code, and speaks for the seats of that company alone: what is said of another's flight must be
/// on the ticket, or there must be somebody who could not be asked for that. What became of its seats since is for the ticket to say.
async fn verify(client: &Client, call: Call) -> Answered {
    let text = call.arguments.first().map_or("", String::as_str);
    let opened = client.verifier.open::<code::Content>(text);
    let (issuer, content) = opened.map_err(|_| Kind::TicketCodeInvalid)?;
    let checked = match client.desk.check(content.ticket()).await {
        Ok(checked) if content.is_of(&checked) => Some(checked),
        Ok(_) | Err(Unchecked::Nowhere) => return Err(Kind::TicketCodeInvalid.into()),
        Err(Unchecked::NotAsked) => None,
    };
    let labels = |leg: &Leg| label(client, leg);
    let now = client.desk.clock().wall_ms();
    let told = code::told(issuer, &content, checked.as_ref(), &labels, now);
    Ok(Answer::json(&told))
}

/// The keys by which whoever has no connection tells a true code from a false one (RFC 7517).
fn keys(client: &Client, call: &Call) -> Answered {
    let public_keys = client.verifier.public_keys();
    let keys = wire::Keys::new(&public_keys);
    Ok(Answer::json(&keys).cached(call, KEYS_MAX_AGE))
}

/// `folha=1`: all travellers on one sheet; `folha=trecho`: a page for each flight of each.
fn form(call: &Call) -> Result<Form, Problem> {
    match call.parameter(ONE_SHEET)?.as_deref() {
        None | Some("0") => Ok(Form::EachTraveller),
        Some("1") => Ok(Form::OneSheet),
        Some("trecho") => Ok(Form::EachFlight),
        Some(_) => Err(Problem::invalid(
            format!("{ONE_SHEET} deve ser 0, 1 ou trecho"),
            format!("{ONE_SHEET} must be 0, 1 or trecho"),
        )),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    #[test]
    fn a_document_has_pages_of_each_traveller_unless_one_sheet_is_asked_for() {
        let form = |query: &str| form(&call(&format!("/bilhete.pdf?{query}"), &[], b"")).ok();
        assert_eq!(form(""), Some(Form::EachTraveller));
        assert_eq!(form("folha=0"), Some(Form::EachTraveller));
        assert_eq!(form("folha=1"), Some(Form::OneSheet));
        assert_eq!(form("folha=trecho"), Some(Form::EachFlight));
        assert_eq!(form("folha=2"), None);
    }
}
