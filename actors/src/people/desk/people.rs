//! Who travels, where this company may not keep it: whoever carries them is asked, when the passenger looks.

use std::time::Duration;

use tokio::time::timeout;

use super::{BookingStatus, Desk};
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::ticket::Ticket;
use crate::domain::withheld;
use crate::mesh::companies::ASK_TIMEOUT;
use crate::mesh::messages::{Reply, Request, ShownUser};
use crate::mesh::service::PEOPLE_MAX;

/// How long names are looked for before a ticket is shown without them.
const NAMED_WITHIN: Duration = Duration::from_secs(2);

impl Desk {
    /// These tickets of the user with the names that are not known here, as far as a company that may know them tells.
    pub async fn with_names(&self, shown: &ShownUser, mut tickets: Vec<Ticket>) -> Vec<Ticket> {
        // whoever has answered in time has told
        let _ = timeout(NAMED_WITHIN, self.name(shown, &mut tickets)).await;
        tickets
    }

    /// The same of one.
    pub async fn with_names_of(&self, shown: &ShownUser, ticket: Ticket) -> Ticket {
        if !ticket.order.is_withheld() {
            return ticket;
        }
        let mut named = self.with_names(shown, vec![ticket.clone()]).await;
        named.pop().unwrap_or(ticket)
    }

    /// The same of bookings.
    pub async fn with_names_in(&self, shown: &ShownUser, bookings: &mut [BookingStatus]) {
        let withheld = |booking: &BookingStatus| {
            let order = booking.order.clone().filter(|order| order.is_withheld());
            order.map(|order| Ticket::new(booking.saga, order))
        };
        let tickets: Vec<Ticket> = bookings.iter().filter_map(withheld).collect();
        for named in self.with_names(shown, tickets).await {
            let mut bookings = bookings.iter_mut();
            if let Some(booking) = bookings.find(|booking| booking.saga == named.id) {
                booking.order = Some(named.order);
            }
        }
    }

    async fn name(&self, shown: &ShownUser, tickets: &mut [Ticket]) {
        for company in self.companies.up() {
            if company == self.company.me {
                continue;
            }
            // a reply holds only so many
            loop {
                let asked = nameless(tickets, company);
                if asked.is_empty() || !self.name_by(company, shown, asked, tickets).await {
                    break;
                }
            }
        }
    }

    /// Asks one company. Whether it has told anything.
    async fn name_by(
        &self,
        company: CompanyId,
        shown: &ShownUser,
        bookings: Vec<SagaId>,
        tickets: &mut [Ticket],
    ) -> bool {
        let request = Request::People {
            shown: shown.clone(),
            bookings,
        };
        let reply = self.companies.ask(company, request, ASK_TIMEOUT).await;
        let Ok(Reply::Named(told)) = reply else {
            return false;
        };
        let mut is_told = false;
        for named in told {
            let mut tickets = tickets.iter_mut();
            if let Some(ticket) = tickets.find(|ticket| ticket.id == named.id) {
                let completed = ticket.completed(&named);
                is_told |= completed != *ticket;
                *ticket = completed;
            }
        }
        is_told
    }
}

/// Those of these tickets whose names this company may know and nobody has told yet, so many as are asked for at a time.
fn nameless(tickets: &[Ticket], company: CompanyId) -> Vec<SagaId> {
    let nameless = tickets
        .iter()
        .filter(|ticket| ticket.order.is_withheld() && withheld::may_know(&ticket.order, company));
    nameless.map(|ticket| ticket.id).take(PEOPLE_MAX).collect()
}
