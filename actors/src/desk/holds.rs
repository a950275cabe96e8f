//! A customer's hold: seats kept at every company until the customer confirms, gives them up, or the time is over.
//!
//! A hold is nobody's to keep alive: no actor waits while it lasts. All there is of it is durable at the companies, so that it
//! can be confirmed, extended and released at any node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{Instant, timeout_at};

use super::{BookAnswer, BookingState, BookingStatus, Desk, Outcome};
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{HOLD_SECONDS, HOLD_SECONDS_MAX, Order};
use crate::domain::participant::{LegState, Refusal, RefusalReason};
use crate::domain::saga::{Answer, Origin};
use crate::messages::{Recorded, Reply, Request};
use crate::peer::CallError;
use crate::service::HOLDS_MAX;
use crate::store::Unfinished;

/// Most open holds of one user.
pub const HOLDS_PER_USER_MAX: usize = 8;
const _: () = assert!(
    HOLDS_PER_USER_MAX <= HOLDS_MAX,
    "peers must tell of as many as are allowed"
);

/// How long an open hold lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldTerms {
    /// Milliseconds since 1970, by the clock of the node that began it.
    pub expires_at: i64,
    /// Kept for so long in all, as every company that answered has agreed.
    pub seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmAnswer {
    /// No hold of this user, as far as the reachable companies know.
    NotFound,
    /// It was released, or its time is over: the seats are not kept any more.
    Ended,
    Answered(BookAnswer),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtendAnswer {
    NotFound,
    Ended,
    /// It lasts as long as a hold may.
    AtLimit,
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

/// Holds that are being begun at this node, per user: they count before the companies know of them.
#[derive(Debug, Clone, Default)]
pub(super) struct HoldsBegun(Arc<Mutex<HashMap<UserId, usize>>>);

pub(super) struct HoldBegun {
    begun: HoldsBegun,
    user: UserId,
}

impl HoldsBegun {
    /// How many there are with this one, which counts until it is dropped.
    fn enter(&self, user: UserId) -> (HoldBegun, usize) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(user).or_default();
        *count += 1;
        let begun = self.clone();
        (HoldBegun { begun, user }, *count)
    }
}

impl Drop for HoldBegun {
    fn drop(&mut self) {
        let mut counts = self.begun.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}

impl HoldTerms {
    /// None unless every company that answered keeps its seats and waits for the customer.
    pub(super) fn of(order: &Order, answers: &[(CompanyId, Recorded)]) -> Option<Self> {
        order.hold_seconds?;
        let with_saga = || {
            answers
                .iter()
                .filter(|(_, recorded)| recorded.order.is_some())
        };
        if with_saga().any(|(_, recorded)| recorded.hold_seconds.is_none()) {
            return None;
        }
        let companies = order.companies();
        let own = || {
            answers
                .iter()
                .filter(|(company, _)| companies.contains(company))
        };
        let mut kept = own().map(|(company, recorded)| {
            let legs = recorded.legs.iter();
            let prepared = legs.filter(|(_, state)| *state == LegState::Prepared);
            prepared.count() == order.seats_of(*company).len()
        });
        if !kept.all(|kept| kept) {
            return None;
        }
        let seconds = own()
            .filter_map(|(_, recorded)| recorded.hold_seconds)
            .min()?;
        Some(Self {
            expires_at: order.created_at + i64::from(seconds) * 1000,
            seconds,
        })
    }

    /// Whether it may last any longer.
    pub fn can_extend(&self) -> bool {
        self.seconds < HOLD_SECONDS_MAX
    }
}

impl Desk {
    /// Counts a hold that is to begin, if its user may have one more.
    pub(super) async fn begin_hold(&self, user: UserId) -> Result<HoldBegun, BookAnswer> {
        let (guard, beginning) = self.holds_begun.enter(user);
        let open = self.held_for(user).await.len();
        if open + beginning > HOLDS_PER_USER_MAX {
            return Err(BookAnswer::TooManyHolds);
        }
        Ok(guard)
    }

    /// The user's open holds, the newest first.
    pub async fn holds(&self, user: UserId) -> Vec<BookingStatus> {
        let holds = self.held_for(user).await;
        let statuses = holds.into_iter().map(|hold| self.booking(user, hold));
        let statuses = futures_util::future::join_all(statuses).await;
        let mut open: Vec<BookingStatus> = statuses
            .into_iter()
            .flatten()
            .filter(|status| status.state == BookingState::Held)
            .collect();
        open.sort_by_key(|status| {
            let begun_at = status.order.as_ref().map(|order| order.created_at);
            std::cmp::Reverse((begun_at, status.saga))
        });
        open
    }

    /// Ids that some company has as an open hold, each once.
    async fn held_for(&self, user: UserId) -> Vec<SagaId> {
        let service = &self.shared.service;
        let (own, theirs) = futures_util::future::join(
            service.archive.held_for(user, HOLDS_MAX),
            self.ask_peers(Request::HeldFor { user }),
        )
        .await;
        let mut holds = own.unwrap_or_default();
        for (_, reply) in theirs {
            if let Reply::Holds(theirs) = reply {
                holds.extend(theirs);
            }
        }
        holds.sort_unstable();
        holds.dedup();
        holds.truncate(HOLDS_MAX);
        holds
    }

    /// Makes a ticket of a hold, at every company or at none. Asking again answers the same.
    pub async fn confirm(&self, user: UserId, hold: SagaId) -> ConfirmAnswer {
        let deadline = Instant::now() + self.deadline;
        let Some((status, recorded)) = self.known_hold(user, hold).await else {
            return ConfirmAnswer::NotFound;
        };
        let origin = match (status.state, recorded) {
            (BookingState::Confirmed | BookingState::Cancelled, _) => {
                return ConfirmAnswer::Answered(BookAnswer::Definite(Outcome::Booked {
                    ticket: hold,
                }));
            }
            (BookingState::Refused, _) => return ConfirmAnswer::Ended,
            (_, None) => return ConfirmAnswer::Answered(BookAnswer::NotKnownInTime(hold)),
            // too late by our clock: the register says whether somebody else was in time
            (_, Some(saga)) if self.is_over(&saga.order, &status) => (saga, Origin::Recovery),
            (_, Some(saga)) => (saga, Origin::Confirm),
        };
        let answer = self.drive_hold(origin, deadline).await;
        match answer.unwrap_or_else(|answer| answer) {
            BookAnswer::Definite(Outcome::Refused(Refusal {
                reason: RefusalReason::Released,
                ..
            })) => ConfirmAnswer::Ended,
            answer => ConfirmAnswer::Answered(answer),
        }
    }

    async fn drive_hold(
        &self,
        (saga, origin): (Unfinished, Origin),
        deadline: Instant,
    ) -> Result<BookAnswer, BookAnswer> {
        let place = self.place()?;
        if origin == Origin::Confirm {
            self.check_companies(&saga.order)?;
        }
        let start = self.start_of(saga, None, origin);
        self.drive_for_client(start, place, deadline).await
    }

    /// Its time is over, by our clock.
    fn is_over(&self, order: &Order, status: &BookingStatus) -> bool {
        let expires_at = match status.hold {
            Some(terms) => terms.expires_at,
            // its end is asked for already, or it was not whole yet: no hold lasts longer
            None => order.created_at + i64::from(HOLD_SECONDS_MAX) * 1000,
        };
        self.shared.clock.wall_ms() >= expires_at
    }

    /// Keeps the seats of a hold for longer, at every company or it does not count.
    pub async fn extend(&self, user: UserId, hold: SagaId) -> ExtendAnswer {
        let Some((status, recorded)) = self.known_hold(user, hold).await else {
            return ExtendAnswer::NotFound;
        };
        let terms = status.hold.filter(|_| status.state == BookingState::Held);
        let (Some(terms), Some(saga)) = (terms, recorded) else {
            return ExtendAnswer::Ended;
        };
        if !terms.can_extend() {
            return ExtendAnswer::AtLimit;
        }
        let seconds = (terms.seconds + HOLD_SECONDS).min(HOLD_SECONDS_MAX);
        if let Err(answer) = self.extend_everywhere(&saga.order, hold, seconds).await {
            return answer;
        }
        match self.booking(user, hold).await {
            Some(status) if status.hold.is_some() => ExtendAnswer::Extended(Box::new(status)),
            _ => ExtendAnswer::Ended,
        }
    }

    async fn extend_everywhere(
        &self,
        order: &Order,
        hold: SagaId,
        seconds: u32,
    ) -> Result<(), ExtendAnswer> {
        let needed = order.companies();
        // those that have no seat of it may know of it, and would ask for its end too soon
        let companies = self.shared.service.companies.iter();
        let asked = companies.map(|company| async move {
            (*company, self.extend_at(*company, hold, seconds).await)
        });
        for (company, reply) in futures_util::future::join_all(asked).await {
            if !needed.contains(&company) {
                continue;
            }
            match reply {
                Ok(Reply::Extended(Some(kept))) if kept >= seconds => {}
                Ok(Reply::Extended(_)) => return Err(ExtendAnswer::Ended),
                Ok(_) | Err(_) => return Err(ExtendAnswer::NotExtended(company)),
            }
        }
        Ok(())
    }

    async fn extend_at(
        &self,
        company: CompanyId,
        saga: SagaId,
        seconds: u32,
    ) -> Result<Reply, CallError> {
        if company == self.shared.service.me {
            return Ok(self.shared.service.extend(saga, seconds).await);
        }
        let request = Request::Extend { saga, seconds };
        let peers = &self.shared.peers;
        peers
            .call(company, request, super::lookup::ASK_TIMEOUT)
            .await
    }

    /// Gives the seats of a hold up.
    pub async fn release(&self, user: UserId, hold: SagaId) -> ReleaseAnswer {
        let deadline = Instant::now() + self.deadline;
        let Some((status, recorded)) = self.known_hold(user, hold).await else {
            return ReleaseAnswer::NotFound;
        };
        match status.state {
            BookingState::Confirmed | BookingState::Cancelled => return ReleaseAnswer::Booked,
            BookingState::Refused => return ReleaseAnswer::Released,
            BookingState::Held | BookingState::Running => {}
        }
        let Some(saga) = recorded else {
            return ReleaseAnswer::NotKnownInTime(hold);
        };
        let Some(answer) = self.recover(saga) else {
            return ReleaseAnswer::StillRunning(hold);
        };
        match timeout_at(deadline, answer).await {
            Ok(Ok(Answer::Definite(Outcome::Booked { .. }))) => ReleaseAnswer::Booked,
            Ok(Ok(Answer::Definite(Outcome::Refused(_)))) => ReleaseAnswer::Released,
            _ => ReleaseAnswer::NotKnownInTime(hold),
        }
    }

    /// A hold of this user, with what a driver needs of it.
    async fn known_hold(
        &self,
        user: UserId,
        hold: SagaId,
    ) -> Option<(BookingStatus, Option<Unfinished>)> {
        let answers = self.recorded(hold).await;
        let status = self.status(user, hold, &answers).await?;
        status.order.as_ref()?.hold_seconds?;
        Some((status, self.saga_in(hold, &answers)))
    }

    fn saga_in(&self, saga: SagaId, answers: &[(CompanyId, Recorded)]) -> Option<Unfinished> {
        let order = answers
            .iter()
            .find_map(|(_, recorded)| recorded.order.clone());
        order.map(|(order, hash, acceptors)| Unfinished {
            saga,
            order,
            hash,
            acceptors,
            driver: self.node.to_string(),
        })
    }

    /// A hold that was open here for longer than `seconds`: asks for its end, unless the companies keep its seats for longer.
    pub(crate) async fn end_hold(&self, saga: SagaId, seconds: u32) {
        let answers = self.recorded(saga).await;
        let kept = answers
            .iter()
            .filter_map(|(_, recorded)| recorded.hold_seconds);
        match kept.max() {
            // it was extended while we could not be told
            Some(kept) if kept > seconds => {
                self.shared.service.extend(saga, kept).await;
            }
            _ => {
                let saga = self.saga_in(saga, &answers);
                drop(saga.and_then(|saga| self.recover(saga)));
            }
        }
    }
}
