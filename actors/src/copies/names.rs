//! Names that a copy lacks which this company may know: it came from somebody who is not told them, as from whoever took a booking up that
//! others began, or to a company that lost its own record. They are asked of those who know, and written down.

use crate::company::Company;
use crate::domain::entry::Entry;
use crate::domain::rows::Replicated;
use crate::domain::ticket::Ticket;
use crate::domain::withheld;
use crate::mesh::companies::{ASK_TIMEOUT, Companies};
use crate::mesh::messages::{Reply, Request};

/// The ticket with the names that another company tells which may know them, if this one may.
pub async fn completed(company: &Company, companies: &Companies, ticket: Ticket) -> Ticket {
    if !ticket.order.is_withheld() || !withheld::may_know(&ticket.order, company.me) {
        return ticket;
    }
    for knows in withheld::who_know(&ticket.order) {
        if knows == company.me || !companies.is_up(knows) {
            continue;
        }
        let request = Request::FindTicket { ticket: ticket.id };
        let answer = companies.ask(knows, request, ASK_TIMEOUT).await;
        if let Ok(Reply::Ticket(Some(told))) = answer
            && !told.order.is_withheld()
        {
            return ticket.completed(&told);
        }
    }
    ticket
}

/// The same, and what was told is durable here: nobody has to be asked again.
pub async fn kept(company: &Company, companies: &Companies, ticket: Ticket) -> Ticket {
    let named = completed(company, companies, ticket.clone()).await;
    if named != ticket {
        let rows = vec![Replicated::Ticket(named.clone())];
        // else it is asked for again
        let _ = company
            .ledger
            .post(Entry::Merge { rows, cursor: None })
            .await;
    }
    named
}
