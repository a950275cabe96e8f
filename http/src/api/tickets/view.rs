//! A user's tickets with all that is on them.

use passcom_actors::catalogue::cabin::Place;
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::ticket::Ticket;

use super::super::Client;
use super::super::bookings::not_shown;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::cursor::{self, Cursor};
use crate::error::{Kind, Problem};
use crate::router::{Endpoint, get};
use crate::ticket::e_ticket;
use crate::wire::{self, query};

pub(in crate::api) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/passagens", |client, call| Box::pin(list(client, call))),
    get("/passagens/{uuid}", |client, call| {
        Box::pin(show(client, call))
    }),
];

const PAGE_DEFAULT: usize = 50;
const PAGE_MAX: usize = 200;

async fn list(client: &Client, call: Call) -> Answered {
    let user = client.user(&call)?;
    let limit = call.limit(query::LIMIT, PAGE_DEFAULT, PAGE_MAX)?;
    let page = client
        .desk
        .tickets(user, cursor::given(&call)?, limit)
        .await?;
    let next = page.next.map(|next| call.next_page(&next.to_text()));
    let places = |seat| place(client, seat);
    let tickets = page.tickets.iter();
    let tickets = tickets.map(|ticket| wire::Ticket::new(ticket, &places));
    let tickets = wire::Tickets {
        tickets: tickets.collect(),
    };
    Ok(Answer::json(&tickets).linked(next))
}

async fn show(client: &Client, call: Call) -> Answered {
    let ticket = named(client, &call).await?;
    let places = |seat| place(client, seat);
    Ok(Answer::json(&wire::Ticket::new(&ticket, &places)))
}

/// The ticket that the path names, of the token's user.
pub(super) async fn named(client: &Client, call: &Call) -> Result<Ticket, Problem> {
    let user = client.user(call)?;
    let id = SagaId(call.uuid(0).ok_or(Kind::NoSuchTicket)?);
    let found = client.desk.ticket(user, id).await;
    found.map_err(|why| not_shown(why, Kind::NoSuchTicket))
}

/// Where a seat is in its cabin, as far as the catalogue knows the leg.
pub(super) fn place(client: &Client, seat: SeatRef) -> Option<Place> {
    e_ticket::place(&client.catalogue, seat)
}
