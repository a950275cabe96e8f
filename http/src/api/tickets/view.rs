//! A user's tickets with all that is on them.

use passcom_actors::catalogue::Catalogue;
use passcom_actors::domain::ids::{CompanyId, SagaId};
use passcom_actors::domain::order::{Leg, Order};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::withheld;
use passcom_actors::people::desk::{Desk, NotAgreed};

use super::super::bookings::company_down;
use super::super::{Client, RETRY};
use crate::airlines::Airlines;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::cursor::{self, Cursor};
use crate::error::{Kind, Problem};
use crate::language::Language;
use crate::router::{Endpoint, get, post};
use crate::ticket::e_ticket;
use crate::wire::field::CHANGES;
use crate::wire::{self, Teller, query};

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/passagens", |client, call| Box::pin(list(client, call))),
    get("/passagens/{uuid}", |client, call| {
        Box::pin(show(client, call))
    }),
    post("/passagens/{uuid}/aceite", |client, call| {
        Box::pin(accept(client, call))
    }),
];

const PAGE_DEFAULT: usize = 50;
const PAGE_MAX: usize = 200;

async fn list(client: &Client, call: Call) -> Answered {
    let (user, caller) = client.with_proof(&call).await?;
    let limit = call.limit(query::LIMIT, PAGE_DEFAULT, PAGE_MAX)?;
    let after = cursor::given(&call)?;
    let page = match state(&call)? {
        Wanted::Held => client.desk.tickets(user, after, limit).await?,
        Wanted::Cancelled => client.desk.cancelled_tickets(user, after, limit).await?,
    };
    let listed = client.desk.with_names(&caller, page.tickets).await;
    let next = page.next.map(|next| call.next_page(&next.to_text()));
    let showing = client.showing(call.language);
    let make = move |_: &Call| {
        let tickets = listed.iter();
        let tickets = wire::Tickets {
            tickets: tickets.map(|ticket| showing.ticket(ticket)).collect(),
        };
        Ok(Answer::json(&tickets).linked(next))
    };
    client.rendering.make(user, call, make).await
}

/// Which tickets are listed.
#[derive(Debug, PartialEq)]
enum Wanted {
    /// Of which a seat is left.
    Held,
    Cancelled,
}

/// `estado=cancelada`: those that are wholly cancelled, and else those that are not.
fn state(call: &Call) -> Result<Wanted, Problem> {
    match call.parameter(query::STATE)?.as_deref() {
        None => Ok(Wanted::Held),
        Some("cancelada") => Ok(Wanted::Cancelled),
        Some(_) => Err(Problem::invalid(
            format!("{} só pode ser cancelada", query::STATE),
            format!("{} can only be cancelada", query::STATE),
        )),
    }
}

async fn show(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let papers = client.desk.papers(&ticket).await;
    let shown = shown(client, &ticket, call.language);
    Ok(Answer::json(&shown.identified(&ticket, papers.as_deref())))
}

/// The passenger agrees to what became of the flights, as they were shown.
async fn accept(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let body: wire::AcceptBody = call.json()?;
    let agreed = body.changes.ok_or_else(|| {
        Problem::invalid(
            format!("{CHANGES} é obrigatório: o número que a passagem mostra"),
            format!("{CHANGES} is required: the number that the ticket shows"),
        )
    })?;
    if agreed != ticket.revision() {
        return Err(Kind::TicketChanged.into());
    }
    let accepted = client.desk.accept(&ticket).await;
    let ticket = accepted.map_err(|not| match not {
        NotAgreed::Changed => Problem::from(Kind::TicketChanged),
        NotAgreed::CompanyDown(company) => company_down(company),
        NotAgreed::NotKnownInTime => Problem::from(Kind::OutcomeUnknown).retry_after(RETRY),
    })?;
    Ok(Answer::json(&shown(client, &ticket, call.language)))
}

/// A ticket as its user sees it, without documents.
pub(in crate::api) fn shown<'a>(
    client: &'a Client,
    ticket: &'a Ticket,
    language: Language,
) -> wire::Ticket<'a> {
    told(
        &client.desk,
        &client.catalogue,
        client.teller(language),
        ticket,
    )
}

fn told<'a>(
    desk: &Desk,
    catalogue: &Catalogue,
    teller: Teller<'a>,
    ticket: &'a Ticket,
) -> wire::Ticket<'a> {
    let labels = |leg: &Leg| e_ticket::label(catalogue, leg);
    wire::Ticket::new(ticket, &desk.remedies(ticket), &labels, teller)
}

/// What tickets are shown with, for whoever shows many of them on another thread.
pub(in crate::api) struct Showing {
    desk: Desk,
    catalogue: Catalogue,
    airlines: Airlines,
    language: Language,
}

impl Client {
    pub(in crate::api) fn showing(&self, language: Language) -> Showing {
        Showing {
            desk: self.desk.clone(),
            catalogue: self.catalogue.clone(),
            airlines: self.airlines.clone(),
            language,
        }
    }
}

impl Showing {
    pub(in crate::api) fn ticket<'a>(&'a self, ticket: &'a Ticket) -> wire::Ticket<'a> {
        told(&self.desk, &self.catalogue, self.teller(), ticket)
    }

    pub(in crate::api) fn teller(&self) -> Teller<'_> {
        Teller {
            airlines: &self.airlines,
            language: self.language,
        }
    }
}

/// The ticket that the path names, of the token's user.
pub(super) async fn named(client: &Client, call: &Call) -> Result<Ticket, Problem> {
    let (user, caller) = client.with_proof(call).await?;
    let id = SagaId(call.uuid(0).ok_or(Kind::NoSuchTicket)?);
    let look = client.look(user)?;
    let found = client.desk.ticket(user, id).await;
    let found = client.shown(look, found, Kind::NoSuchTicket)?;
    Ok(client.desk.with_names_of(&caller, found).await)
}

/// The same for what cannot be done without the names: if they are not known here, a company that knows them has to be up.
pub(super) async fn named_wholly(client: &Client, call: &Call) -> Result<Ticket, Problem> {
    let ticket = named(client, call).await?;
    match who_knows(&ticket.order) {
        None => Ok(ticket),
        Some(company) => Err(company_down(company)),
    }
}

/// Of an order with names that nobody has told, a company that knows them.
fn who_knows(order: &Order) -> Option<CompanyId> {
    let mut knowing = withheld::who_know(order).into_iter();
    knowing.next().filter(|_| order.is_withheld())
}

/// What a seat is called as it was sold, or, of an old order, in the cabin that the catalogue has for its flight now.
pub(super) fn label(client: &Client, leg: &Leg) -> Option<String> {
    e_ticket::label(&client.catalogue, leg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    #[test]
    fn cancelled_tickets_are_a_list_of_their_own() {
        let wanted = |query: &str| state(&call(&format!("/passagens?{query}"), &[], b"")).ok();
        assert_eq!(wanted(""), Some(Wanted::Held));
        assert_eq!(wanted("estado=cancelada"), Some(Wanted::Cancelled));
        assert_eq!(wanted("estado=confirmada"), None);
    }
}
