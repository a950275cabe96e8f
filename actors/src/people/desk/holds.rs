//! A customer's hold: seats kept at every company until the customer confirms, gives them up, or the time is over.
//!
//! A hold is nobody's to keep alive: no actor waits while it lasts. All there is of it is durable at the companies, so
//! that it can be confirmed, extended and released at any node.

mod begun;
mod terms;

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use self::begun::HoldBegun;
pub(super) use self::begun::HoldsBegun;
pub use self::terms::HoldTerms;
use super::{BookAnswer, BookingState, BookingStatus, Desk, NotShown, Outcome, Wait};
use crate::company::store::{SagaRecord, Unfinished};
use crate::domain::ballot::Acceptors;
use crate::domain::entry::{Entry, Receipt};
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{HOLD_SECONDS_MAX, Order};
use crate::domain::saga::{ClientAnswer, Origin};
use crate::domain::vote::{LegState, Refusal, RefusalReason};
use crate::mesh::companies::ASK_TIMEOUT;
use crate::mesh::messages::{Reply, Request};
use crate::mesh::service::HOLDS_MAX;
use crate::people::payment::Unpaid;

/// Most open holds of one user.
pub const HOLDS_PER_USER_MAX: usize = 8;
const _: () = assert!(
    HOLDS_PER_USER_MAX <= HOLDS_MAX,
    "peers must tell of as many as are allowed"
);

/// Longest wait for a driver that has answered to end: for every company to give back the seats of a hold that was released, once that
/// is decided.
const ENDED_WITHIN: Duration = Duration::from_secs(1);

/// A user's open holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holds {
    /// The newest first.
    pub open: Vec<BookingStatus>,
    /// Companies that have not said what they hold.
    pub unreachable: Vec<CompanyId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmAnswer {
    /// No hold of this user, as far as the reachable companies know.
    NotFound,
    /// It was released, or its time is over: the seats are not kept any more.
    Ended,
    /// Nothing was begun, and the hold stays.
    Unpaid(Unpaid),
    Answered(BookAnswer),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtendAnswer {
    NotFound,
    Ended,
    /// It lasts as long as a hold may.
    AtLimit,
    /// It was confirmed: there is a ticket.
    Booked,
    /// This company has not agreed, so that the hold ends as it would have.
    NotExtended(CompanyId),
    Extended(Box<BookingStatus>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseAnswer {
    NotFound,
    /// The seats are not kept any more, now or since before.
    Released,
    /// It was confirmed: there is a ticket.
    Booked,
    StillRunning(SagaId),
    NotKnownInTime(SagaId),
}

/// What a driver needs of a hold, and whether every company is known to have voted for this very order.
type Voted = (Unfinished, bool);

impl Desk {
    /// How long a hold lasts at first.
    pub fn hold_seconds(&self) -> u32 {
        self.limits.hold_seconds
    }

    /// Counts a hold that is to begin, if its user may have one more. One that is begun again counts once.
    pub(super) async fn begin_hold(
        &self,
        user: UserId,
        hold: SagaId,
    ) -> Result<HoldBegun, BookAnswer> {
        let guard = self.holds_begun.enter(user, hold);
        let (mut holds, _) = self.held_for(user).await;
        holds.extend(self.holds_begun.of(user));
        holds.sort_unstable();
        holds.dedup();
        if holds.len() > HOLDS_PER_USER_MAX {
            return Err(BookAnswer::TooManyHolds);
        }
        Ok(guard)
    }

    /// A hold of this user, or what became of it.
    pub async fn hold(&self, user: UserId, hold: SagaId) -> Result<BookingStatus, NotShown> {
        let (status, _) = self.known_hold(user, hold).await?;
        status.without_doubt()
    }

    /// The user's open holds, the newest first.
    pub async fn holds(&self, user: UserId) -> Holds {
        let (held, mut unreachable) = self.held_for(user).await;
        let statuses = held.into_iter().map(|hold| self.believed(user, hold));
        let statuses = futures_util::future::join_all(statuses).await;
        let mut open = Vec::new();
        for status in statuses.into_iter().flatten() {
            match status.doubt {
                // one may be missing here
                Some(company) if !unreachable.contains(&company) => unreachable.push(company),
                None if status.state == BookingState::Held => open.push(status),
                _ => {}
            }
        }
        open.sort_by_key(|status| {
            let begun_at = status.order.as_ref().map(|order| order.created_at);
            std::cmp::Reverse((begun_at, status.saga))
        });
        Holds { open, unreachable }
    }

    /// Ids that some company has as an open hold, each once; and the companies that have not said.
    async fn held_for(&self, user: UserId) -> (Vec<SagaId>, Vec<CompanyId>) {
        let mut silent = self.companies.all().to_vec();
        let mut holds = Vec::new();
        for (company, reply) in self.companies.ask_all(Request::HeldFor { user }).await {
            if let Reply::Holds(held) = reply {
                holds.extend(held);
                silent.retain(|silent| *silent != company);
            }
        }
        holds.sort_unstable();
        holds.dedup();
        holds.truncate(HOLDS_MAX);
        (holds, silent)
    }

    /// Makes a ticket of a hold, at every company or at none. Asking again answers the same.
    pub async fn confirm(&self, user: UserId, hold: SagaId, wait: Wait) -> ConfirmAnswer {
        let deadline = Instant::now() + self.limits.deadline;
        let (status, recorded) = match self.known_hold(user, hold).await {
            Ok(known) => known,
            Err(NotShown::NotFound) => return ConfirmAnswer::NotFound,
            Err(NotShown::CompanyDown(company)) => {
                return ConfirmAnswer::Answered(BookAnswer::CompanyDown(company));
            }
        };
        let origin = match (status.state, recorded) {
            (BookingState::Confirmed | BookingState::Cancelled, _) => {
                let booked = BookAnswer::Definite(Outcome::Booked { ticket: hold });
                return ConfirmAnswer::Answered(wait.for_client(booked));
            }
            (BookingState::Refused, _) => return ConfirmAnswer::Ended,
            (_, None) => return ConfirmAnswer::Answered(BookAnswer::NotKnownInTime(hold)),
            // too late: the register says whether somebody else was in time
            (_, Some((saga, _)))
                if status.hold.is_some_and(|terms| terms.is_over()) || !self.sells(&saga.order) =>
            {
                (saga, Origin::Recovery)
            }
            (_, Some((saga, voted))) => {
                let me = self.company.me;
                if let Err(unpaid) = self.payment.check(me, hold, &saga.order).await {
                    return ConfirmAnswer::Unpaid(unpaid);
                }
                (saga, Origin::Confirm { voted })
            }
        };
        let answer = self.drive_hold(origin, deadline, wait).await;
        match wait.for_client(answer.unwrap_or_else(|answer| answer)) {
            BookAnswer::Definite(Outcome::Refused(Refusal {
                reason: RefusalReason::Released,
                ..
            })) => ConfirmAnswer::Ended,
            answer => ConfirmAnswer::Answered(answer),
        }
    }

    /// Whether all that is held is on sale, as it was when it was held: no sale has closed, no flight was moved or withdrawn. As far
    /// as this node knows, which may be moments behind; a company that was never heard of is believed to sell.
    fn sells(&self, order: &Order) -> bool {
        let catalogue = &self.company.catalogue;
        let first = catalogue.close_of_sale().first_departure();
        order.legs.iter().all(|leg| {
            let seat = leg.seat;
            let as_held = match catalogue.route(seat.company, seat.route) {
                Some(route) => {
                    let times = (route.departs, route.arrives);
                    route.on_sale && times == (leg.departs, leg.arrives)
                }
                None => !catalogue.knows(seat.company),
            };
            as_held && leg.departs >= first
        })
    }

    async fn drive_hold(
        &self,
        (saga, origin): (Unfinished, Origin),
        deadline: Instant,
        wait: Wait,
    ) -> Result<BookAnswer, BookAnswer> {
        let place = self.place()?;
        if let Origin::Confirm { voted } = origin {
            self.check_acceptors(&saga.acceptors)?;
            if !voted {
                self.check_companies(&saga.order)?;
            }
        }
        self.until_driven(saga.saga).await;
        let start = self.drivers.known_saga(saga, origin);
        self.drive_for_client(start, None, place, deadline, wait)
            .await
    }

    /// Only a majority of the acceptors can decide.
    fn check_acceptors(&self, acceptors: &Acceptors) -> Result<(), BookAnswer> {
        let away = || {
            acceptors
                .0
                .iter()
                .filter(|company| !self.companies.is_up(**company))
        };
        match away().next() {
            Some(company) if acceptors.0.len() - away().count() < acceptors.majority() => {
                Err(BookAnswer::CompanyDown(*company))
            }
            _ => Ok(()),
        }
    }

    /// Keeps the seats of a hold for longer, at every company or it does not count.
    pub async fn extend(&self, user: UserId, hold: SagaId) -> ExtendAnswer {
        let (status, recorded) = match self.known_hold(user, hold).await {
            Ok(known) => known,
            Err(NotShown::NotFound) => return ExtendAnswer::NotFound,
            Err(NotShown::CompanyDown(company)) => return ExtendAnswer::NotExtended(company),
        };
        if matches!(
            status.state,
            BookingState::Confirmed | BookingState::Cancelled
        ) {
            return ExtendAnswer::Booked;
        }
        if let Some(company) = status.doubt {
            return ExtendAnswer::NotExtended(company);
        }
        // also where somebody decides it now: whoever keeps its seats no more will say so
        let ends = status.state == BookingState::Refused;
        let terms = status.hold.filter(|terms| !terms.is_over() && !ends);
        let (Some(terms), Some((saga, _))) = (terms, recorded) else {
            return ExtendAnswer::Ended;
        };
        if !terms.can_extend() {
            return ExtendAnswer::AtLimit;
        }
        // one that raises it alone would tell an end that the others do not keep
        if let Err(BookAnswer::CompanyDown(company)) = self.check_companies(&saga.order) {
            return ExtendAnswer::NotExtended(company);
        }
        let seconds = (terms.seconds + self.limits.hold_seconds).min(terms.longest);
        if let Err(answer) = self.extend_everywhere(&saga.order, hold, seconds).await {
            return answer;
        }
        match self.booking(user, hold).await {
            Ok(status) if status.hold.is_some() => ExtendAnswer::Extended(Box::new(status)),
            Err(NotShown::CompanyDown(company)) => ExtendAnswer::NotExtended(company),
            _ => ExtendAnswer::Ended,
        }
    }

    async fn extend_everywhere(
        &self,
        order: &Order,
        hold: SagaId,
        seconds: u32,
    ) -> Result<(), ExtendAnswer> {
        let extend = |company| async move {
            let (saga, seconds) = (hold, seconds);
            let request = Request::Extend { saga, seconds };
            let reply = self.companies.ask(company, request, ASK_TIMEOUT).await;
            (company, reply)
        };
        let asked = order.companies().into_iter().map(extend);
        for (company, reply) in futures_util::future::join_all(asked).await {
            match reply {
                Ok(Reply::Extended(Some(kept))) if kept >= seconds => {}
                Ok(Reply::Extended(_)) => return Err(ExtendAnswer::Ended),
                Ok(_) | Err(_) => return Err(ExtendAnswer::NotExtended(company)),
            }
        }
        Ok(())
    }

    /// Gives the seats of a hold up.
    pub async fn release(&self, user: UserId, hold: SagaId) -> ReleaseAnswer {
        let deadline = Instant::now() + self.limits.deadline;
        let (status, recorded) = match self.known_hold(user, hold).await {
            Ok(known) => known,
            Err(NotShown::NotFound) => return ReleaseAnswer::NotFound,
            Err(NotShown::CompanyDown(_)) => return ReleaseAnswer::NotKnownInTime(hold),
        };
        match status.state {
            BookingState::Confirmed | BookingState::Cancelled => return ReleaseAnswer::Booked,
            BookingState::Refused => return ReleaseAnswer::Released,
            BookingState::Held | BookingState::Running => {}
        }
        let Some((saga, _)) = recorded else {
            return ReleaseAnswer::NotKnownInTime(hold);
        };
        self.until_driven(hold).await;
        let Some(answer) = self.drivers.recover(saga) else {
            return ReleaseAnswer::StillRunning(hold);
        };
        match timeout_at(deadline, answer).await {
            Ok(Ok(ClientAnswer::Definite(Outcome::Booked { .. }))) => ReleaseAnswer::Booked,
            Ok(Ok(ClientAnswer::Definite(Outcome::Refused(_)))) => {
                // decided, and told to all companies: whoever answers within that has given its seats back, and they may be asked for anew
                self.until_driven(hold).await;
                ReleaseAnswer::Released
            }
            _ => ReleaseAnswer::NotKnownInTime(hold),
        }
    }

    /// Whoever was told of a hold may ask for its end before the driver that told it has gone. Waits until it has, or for a moment.
    async fn until_driven(&self, hold: SagaId) {
        let ended = self.company.running.until_ended(hold);
        let _ = timeout(ENDED_WITHIN, ended).await;
    }

    /// A hold of this user, with what a driver needs of it.
    async fn known_hold(
        &self,
        user: UserId,
        hold: SagaId,
    ) -> Result<(BookingStatus, Option<Voted>), NotShown> {
        self.check_owner(user, hold).await?;
        let asked_at_ms = self.clock().wall_ms();
        let answers = self.recorded(hold).await;
        let status = self.status(user, hold, asked_at_ms, &answers).await?;
        let order = status.order.as_ref();
        match order.and_then(|order| order.hold_seconds) {
            Some(_) => Ok((status, self.saga_in(hold, &answers))),
            None => Err(NotShown::NotFound),
        }
    }

    /// The order that all companies have voted for, where somebody who answered knows that; else one that somebody has.
    /// Two requests for one hold may have recorded two orders, and the votes are for one of them.
    fn saga_in(&self, saga: SagaId, answers: &[(CompanyId, SagaRecord)]) -> Option<Voted> {
        let known = answers.iter().filter_map(|(_, recorded)| {
            let (order, hash, acceptors) = recorded.order.clone()?;
            let unfinished = Unfinished {
                saga,
                order,
                hash,
                acceptors,
                driver: self.company.node(),
            };
            Some((unfinished, recorded.voted))
        });
        // of two that say the same, the one that names the passengers
        known.max_by_key(|(known, voted)| (*voted, !known.order.is_withheld()))
    }

    /// Asks for the end of a hold that is open here if others know of a ballot or an end. `told_by`: who has said that it ended, if that is
    /// why it is looked for; a ballot that nobody else knows of ends nothing then. False: it is to be looked for again.
    pub(crate) async fn end_decided(&self, saga: SagaId, told_by: Option<CompanyId>) -> bool {
        let answers = self.recorded(saga).await;
        let me = self.company.me;
        let others = || answers.iter().filter(|(company, _)| *company != me);
        let ends = |(company, recorded): &(CompanyId, SagaRecord)| {
            let register = recorded.register.as_ref();
            let open = |(_, state): &(_, LegState)| *state == LegState::Prepared;
            let accepted = register.is_some_and(|register| register.accepted.is_some());
            accepted && told_by != Some(*company) || !recorded.legs.iter().all(open)
        };
        if others().any(ends) {
            return self.end_hold(saga, HOLD_SECONDS_MAX).await;
        }
        others().next().is_some()
    }

    /// A hold that was open here for longer than `seconds`: nobody extends it any more, unless somebody has, and its
    /// end is asked for. False: that could not be written down.
    pub(crate) async fn end_hold(&self, saga: SagaId, seconds: u32) -> bool {
        let company = &self.company;
        let Ok(ended) = company.ledger.post(Entry::EndHold { saga, seconds }).await else {
            return false;
        };
        if !matches!(ended, Receipt::Extended(None)) {
            return true;
        }
        // from now on it is in doubt, and the watcher of unfinished sagas drives it if we do not
        if let Ok(recorded) = company.archive.recorded(saga).await
            && let Some((saga, _)) = self.saga_in(saga, &[(company.me, recorded)])
        {
            drop(self.drivers.recover(saga));
        }
        true
    }
}
