//! Who travels, where this company may not keep it: those who carry them are asked, and shown that the passenger has come here.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::{BookingStatus, Desk};
use crate::copies::names;
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::ticket::Ticket;
use crate::domain::withheld;
use crate::mesh::companies::ASK_TIMEOUT;
use crate::mesh::messages::{Reply, Request, ShownUser};
use crate::mesh::service::PEOPLE_MAX;

/// How long names are looked for before a ticket is shown without them.
const NAMED_WITHIN: Duration = Duration::from_secs(2);
/// How often those who know are asked: a reply holds only so many tickets.
const ROUNDS_MAX: usize = 8;

/// Who looks, by the token that came with the call.
pub struct Caller {
    pub shown: ShownUser,
    /// For its issuer alone to see.
    pub token: String,
}

impl Desk {
    /// These tickets of that user with the names that are not known here, as far as companies that may know them tell.
    pub async fn with_names(&self, caller: &Caller, mut tickets: Vec<Ticket>) -> Vec<Ticket> {
        if tickets.iter().any(|ticket| ticket.order.is_withheld()) {
            // what was told in time is there
            let _ = timeout(NAMED_WITHIN, self.name(caller, &mut tickets)).await;
        }
        tickets
    }

    /// The same of one.
    pub async fn with_names_of(&self, caller: &Caller, ticket: Ticket) -> Ticket {
        let mut named = self.with_names(caller, vec![ticket.clone()]).await;
        named.pop().unwrap_or(ticket)
    }

    /// The same of bookings.
    pub async fn with_names_in(&self, caller: &Caller, bookings: &mut [BookingStatus]) {
        let withheld = |booking: &BookingStatus| {
            let order = booking.order.clone().filter(|order| order.is_withheld());
            order.map(|order| Ticket::new(booking.saga, order))
        };
        let tickets: Vec<Ticket> = bookings.iter().filter_map(withheld).collect();
        for named in self.with_names(caller, tickets).await {
            let mut bookings = bookings.iter_mut();
            if let Some(booking) = bookings.find(|booking| booking.saga == named.id) {
                booking.order = Some(named.order);
            }
        }
    }

    async fn name(&self, caller: &Caller, tickets: &mut [Ticket]) {
        for ticket in tickets.iter_mut() {
            *ticket = names::kept(&self.company, &self.companies, ticket.clone()).await;
        }
        if tickets.iter().all(|ticket| !ticket.order.is_withheld()) {
            return;
        }
        let shown = self.shown(caller).await;
        for _ in 0..ROUNDS_MAX {
            // all at once: one that hangs keeps nobody else from telling
            let others = self.companies.others();
            let asked = others.filter(|company| self.companies.is_up(*company));
            let asked = asked.map(|company| (company, nameless(tickets, company)));
            let asked = asked.filter(|(_, bookings)| !bookings.is_empty());
            let calls = asked.map(|(company, bookings)| self.told(&shown, company, bookings));
            let told: Vec<Ticket> = join_all(calls).await.into_iter().flatten().collect();
            let mut is_told = false;
            for named in told {
                let mut tickets = tickets.iter_mut();
                if let Some(ticket) = tickets.find(|ticket| ticket.id == named.id) {
                    let completed = ticket.completed(&named);
                    is_told |= completed != *ticket;
                    *ticket = completed;
                }
            }
            if !is_told {
                break;
            }
        }
    }

    /// What companies are shown of a caller: with the word of the token's issuer, where that is another one.
    pub(super) async fn shown(&self, caller: &Caller) -> ShownUser {
        let mut shown = caller.shown.clone();
        if shown.issuer != self.company.me {
            let request = Request::Vouch {
                token: caller.token.clone(),
            };
            let answer = self.companies.ask(shown.issuer, request, ASK_TIMEOUT).await;
            if let Ok(Reply::Vouched(voucher)) = answer {
                shown.voucher = voucher;
            }
        }
        shown
    }

    async fn told(
        &self,
        shown: &ShownUser,
        company: CompanyId,
        bookings: Vec<SagaId>,
    ) -> Vec<Ticket> {
        let request = Request::People {
            shown: shown.clone(),
            bookings: bookings.clone(),
        };
        match self.companies.ask(company, request, ASK_TIMEOUT).await {
            // of others it may not know who travels
            Ok(Reply::Named(mut told)) => {
                told.retain(|ticket| bookings.contains(&ticket.id));
                told
            }
            _ => Vec::new(),
        }
    }
}

/// Those of these tickets whose names this company may know and nobody has told yet, so many as are asked for at a time.
fn nameless(tickets: &[Ticket], company: CompanyId) -> Vec<SagaId> {
    let nameless = tickets
        .iter()
        .filter(|ticket| ticket.order.is_withheld() && withheld::may_know(&ticket.order, company));
    nameless.map(|ticket| ticket.id).take(PEOPLE_MAX).collect()
}
