//! A user's tickets, and cancelling one: here as in the old contract, in the modules beside it as in ours.

use passcom_actors::domain::ids::{SagaId, UserId};
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::desk::{CancelAnswer, Unavailable};

use super::bookings::company_down;
use super::{Client, RETRY};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::cursor::{self, Cursor};
use crate::error::{Kind, Problem};
use crate::language::{Language, Text};
use crate::router::{Endpoint, delete, get};
use crate::wire::{self, query};

pub(super) mod cancellation;
pub(super) mod documents;
pub(super) mod finding;
pub(super) mod names;
pub(super) mod rebooking;
pub(super) mod view;

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/passagens-all/{user_uuid}", |client, call| {
        Box::pin(list(client, call))
    }),
    delete("/passagem-all/{user_uuid}/{ticket_uuid}", |client, call| {
        Box::pin(cancel(client, call))
    }),
];

/// Most tickets of one page, and how many it has unless the client wants fewer.
const PAGE_MAX: usize = 500;

const CANCELLED: Text = Text::fixed("Passagem deletada com sucesso", "Ticket cancelled");

async fn list(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    if !is_path_of(&call, user) {
        return Err(Kind::NoTickets.into());
    }
    let limit = call.limit(query::LIMIT, PAGE_MAX, PAGE_MAX)?;
    let after = cursor::given(&call)?;
    let page = client.desk.tickets(user, after, limit).await?;
    let next = page.next.map(|next| call.next_page(&next.to_text()));
    if page.tickets.is_empty() && after.is_none() && next.is_none() {
        return Err(Kind::NoTickets.into());
    }
    let make = move |_: &Call| Ok(tickets(&page.tickets).linked(next));
    client.rendering.make(user, call, make).await
}

async fn cancel(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let ticket = SagaId(call.uuid(1).ok_or(Kind::UnknownTicket)?);
    if !is_path_of(&call, user) {
        return Err(Kind::UnknownTicket.into());
    }
    let look = client.look(user)?;
    let answer = client.desk.cancel(user, ticket).await;
    if answer == CancelAnswer::NotFound {
        look.missed();
    } else if answer == CancelAnswer::CompanyDown(client.me) {
        return Err(Unavailable.into());
    }
    cancelled(answer, call.language)
}

/// Another user's things are not there.
fn is_path_of(call: &Call, user: UserId) -> bool {
    call.uuid(0) == Some(user.0)
}

pub(crate) fn tickets(tickets: &[Ticket]) -> Answer {
    let entries: Vec<_> = tickets.iter().map(wire::TicketEntry::from).collect();
    Answer::json(&entries)
}

pub(crate) fn cancelled(answer: CancelAnswer, language: Language) -> Answered {
    match answer {
        CancelAnswer::Done => Ok(Answer::json(&wire::Message {
            message: CANCELLED.to(language),
        })),
        CancelAnswer::NotFound => Err(Kind::UnknownTicket.into()),
        CancelAnswer::CompanyDown(company) => Err(company_down(company)),
        CancelAnswer::NotKnownInTime => Err(Problem::from(Kind::OutcomeUnknown).retry_after(RETRY)),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::call::tests::call;

    #[test]
    fn only_the_tokens_user_is_at_this_path() {
        let user = UserId(Uuid::from_u128(7));
        let mut call = call("/passagens-all", &[], b"");
        assert!(!is_path_of(&call, user));
        for (argument, is) in [
            (user.to_string(), true),
            (Uuid::from_u128(8).to_string(), false),
            ("not-a-uuid".to_owned(), false),
        ] {
            call.arguments = vec![argument];
            assert_eq!(is_path_of(&call, user), is);
        }
    }

    #[test]
    fn every_answer_to_a_cancel_is_told() {
        let kind = |answer| cancelled(answer, Language::English).err().map(|p| p.kind());
        assert_eq!(kind(CancelAnswer::Done), None);
        assert_eq!(kind(CancelAnswer::NotFound), Some(Kind::UnknownTicket));
        assert_eq!(
            kind(CancelAnswer::CompanyDown("b".parse().unwrap())),
            Some(Kind::CompanyDown)
        );
        assert_eq!(
            kind(CancelAnswer::NotKnownInTime),
            Some(Kind::OutcomeUnknown)
        );
    }
}
