//! What happened to a booking, asked of every company.

use futures_util::future::join;

use super::{BookingStatus, Desk, NotShown};
use crate::company::history::{Event, Step};
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::SeatRef;
use crate::mesh::messages::{Reply, Request};

/// What happened to a booking, over all companies that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingHistory {
    pub status: BookingStatus,
    /// By time, of whom it is.
    pub events: Vec<(CompanyId, Event)>,
    /// Companies that did not say what they have recorded.
    pub unreachable: Vec<CompanyId>,
}

impl Desk {
    /// The history of a booking of this user.
    pub async fn history(&self, user: UserId, saga: SagaId) -> Result<BookingHistory, NotShown> {
        self.check_owner(user, saga).await?;
        let (status, replies) = join(
            self.asked(user, saga),
            self.companies.ask_all(Request::History { saga }),
        )
        .await;
        let status = status?.without_doubt()?;
        let told = |(company, reply)| match reply {
            Reply::History(events) => Some((company, events)),
            _ => None,
        };
        let told: Vec<_> = replies.into_iter().filter_map(told).collect();
        let companies = self.companies.all().iter().copied();
        let silent = companies.filter(|company| told.iter().all(|(from, _)| from != company));
        Ok(BookingHistory {
            status,
            unreachable: silent.collect(),
            events: merged(told),
        })
    }
}

/// The events of several companies as one, by time; who began the booking is told once.
fn merged(companies: Vec<(CompanyId, Vec<Event>)>) -> Vec<(CompanyId, Event)> {
    let tell = |(company, events): (CompanyId, Vec<Event>)| {
        events.into_iter().map(move |event| (company, event))
    };
    let mut all: Vec<(CompanyId, Event)> = companies.into_iter().flat_map(tell).collect();
    all.sort_by_key(|(company, event)| (event.at, place(&event.step), *company));
    // every participant remembers the booking; the one whose node drove it says when it began, unless it cannot be
    // asked
    let first = all.iter().position(is_begun);
    let own = all.iter().position(
        |(company, event)| matches!(&event.step, Step::Begun { driver } if driver == company.as_str()),
    );
    let kept = own.or(first);
    let mut index = 0;
    all.retain(|entry| {
        let keep = !is_begun(entry) || Some(index) == kept;
        index += 1;
        keep
    });
    all
}

fn is_begun((_, event): &(CompanyId, Event)) -> bool {
    matches!(event.step, Step::Begun { .. })
}

/// Events of one instant follow the protocol, then the seats.
fn place(step: &Step) -> (u8, Option<SeatRef>) {
    match step {
        Step::Begun { .. } => (0, None),
        Step::Prepared { seat, .. } => (1, Some(*seat)),
        Step::Refused { seat, .. } => (2, Some(*seat)),
        Step::Promised => (3, None),
        Step::Accepted(_) => (4, None),
        Step::Chosen(_) => (5, None),
        Step::Committed { seat, .. } => (6, Some(*seat)),
        Step::Ticket => (7, None),
        Step::Cancelled { seat } => (8, Some(*seat)),
        // before the seat that was given instead
        Step::Moved { seat } => (5, Some(*seat)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::history::Decided;
    use crate::domain::fencing::FencingToken;
    use crate::domain::fixtures::{company, seat};

    #[test]
    fn who_began_it_is_told_once_by_whoever_did() {
        let begun = |at, driver: &str| Event {
            at,
            step: Step::Begun {
                driver: driver.to_owned(),
            },
        };
        let chosen = Event {
            at: 5,
            step: Step::Chosen(Decided::Commit),
        };
        let (a, b) = (company("a"), company("b"));
        let both = vec![
            (a, vec![begun(9, "b")]),
            (b, vec![begun(11, "b"), chosen.clone()]),
        ];
        assert_eq!(merged(both), [(b, chosen), (b, begun(11, "b"))]);
        let driver_away = vec![
            (a, vec![begun(9, "b")]),
            (company("c"), vec![begun(10, "b")]),
        ];
        assert_eq!(merged(driver_away), [(a, begun(9, "b"))]);
    }

    #[test]
    fn events_of_one_instant_follow_the_protocol() {
        let a = company("a");
        let (seat, fence) = (seat("a", 1), FencingToken(5));
        let events = [
            Step::Committed { seat, fence },
            Step::Chosen(Decided::Commit),
            Step::Accepted(Decided::Commit),
        ];
        let events = events.map(|step| Event { at: 10, step }).to_vec();
        let steps: Vec<Step> = merged(vec![(a, events)])
            .into_iter()
            .map(|(_, event)| event.step)
            .collect();
        assert!(matches!(
            steps[..],
            [Step::Accepted(_), Step::Chosen(_), Step::Committed { .. }]
        ));
    }
}
