//! What happened to a booking, asked of every company.

use futures_util::future::join3;

use super::{BookingHistory, Desk, NotShown};
use crate::domain::ids::{SagaId, UserId};
use crate::mesh::messages::{Reply, Request};
use crate::people::history;

impl Desk {
    /// The history of a booking of this user.
    pub async fn history(&self, user: UserId, saga: SagaId) -> Result<BookingHistory, NotShown> {
        let service = &self.shared.service;
        let (status, own, theirs) = join3(
            self.booking(user, saga),
            service.archive.history(saga),
            self.ask_peers(Request::History { saga }),
        )
        .await;
        let status = status?;
        let mut told: Vec<_> = theirs
            .into_iter()
            .filter_map(|(company, reply)| match reply {
                Reply::History(events) => Some((company, events)),
                _ => None,
            })
            .collect();
        told.extend(own.ok().map(|events| (service.me, events)));
        let companies = service.companies.iter().copied();
        let silent = companies.filter(|company| told.iter().all(|(from, _)| from != company));
        Ok(BookingHistory {
            status,
            unreachable: silent.collect(),
            events: history::merged(told),
        })
    }
}
