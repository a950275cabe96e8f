//! What the desk looks up: recorded answers, bookings, and where a ticket is.
//!
//! A read that misses here asks the peers: a replica may be behind.

use std::sync::Arc;

use super::state::{BookingState, Decision, answer_of, decision, state_of};
use super::{BookAnswer, Desk, HoldTerms, NotShown};
use crate::company::store::{KnownKey, SagaRecord};
use crate::domain::ballot::Value;
use crate::domain::entry::Idempotency;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{Order, SeatRef};
use crate::domain::outcome::Outcome;
use crate::domain::ticket::Ticket;
use crate::domain::vote::{LegState, RefusalReason};
use crate::domain::withheld;
use crate::mesh::messages::{Reply, Request};

/// What is known of a booking, over all companies that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingStatus {
    pub saga: SagaId,
    pub user: UserId,
    pub state: BookingState,
    /// A company that has not answered, and may know of another state that a customer was told.
    pub doubt: Option<CompanyId>,
    /// As far as a company that has it answered.
    pub order: Option<Arc<Order>>,
    /// Of a hold that every company which answered keeps; its time may be over.
    pub hold: Option<HoldTerms>,
    /// Why, of a booking that was refused.
    pub reason: Option<RefusalReason>,
    /// Per company of the order: its legs' states, or nothing if it did not answer.
    pub companies: Vec<CompanyLegs>,
}

/// A company with the states of its legs, if it answered.
pub type CompanyLegs = (CompanyId, Option<Vec<(SeatRef, LegState)>>);

impl BookingStatus {
    pub(super) fn without_doubt(self) -> Result<Self, NotShown> {
        match self.doubt {
            Some(company) => Err(NotShown::CompanyDown(company)),
            None => Ok(self),
        }
    }
}

impl Desk {
    /// `Err` is the answer if this key is known here or to a peer.
    pub(super) async fn replay(
        &self,
        user: UserId,
        saga: SagaId,
        idempotency: &Idempotency,
    ) -> Result<(), BookAnswer> {
        match self.was_begun_here(user, saga, idempotency).await? {
            true => Ok(()),
            false => self.replay_elsewhere(user, saga, idempotency).await,
        }
    }

    /// `Err` is the answer if this key is known here. Otherwise whether its booking was begun here, which is to be driven again, and of
    /// which no peer knows more.
    pub(super) async fn was_begun_here(
        &self,
        user: UserId,
        saga: SagaId,
        idempotency: &Idempotency,
    ) -> Result<bool, BookAnswer> {
        if self.company.running.contains(saga) {
            return Err(BookAnswer::StillRunning(saga));
        }
        let key = idempotency.key.clone();
        match self.company.archive.key(user, key).await {
            Ok(Some(known)) => judge(&known, saga, idempotency).map(|()| true),
            Ok(None) | Err(_) => Ok(false),
        }
    }

    /// `Err` is the answer if this key is known to a peer.
    pub(super) async fn replay_elsewhere(
        &self,
        user: UserId,
        saga: SagaId,
        idempotency: &Idempotency,
    ) -> Result<(), BookAnswer> {
        let key = idempotency.key.clone();
        let there = self
            .companies
            .ask_others(Request::FindKey { user, key })
            .await;
        let known = there.into_iter().filter_map(|(_, reply)| match reply {
            Reply::Key(known) => known,
            _ => None,
        });
        // an answer tells more than a key that is still open
        let known = known.max_by_key(|known| (known.answer.is_some(), known.running));
        known.map_or(Ok(()), |known| judge(&known, saga, idempotency))
    }

    /// The answer when a company that is needed is down: what was begun before, under the same key, may stand.
    pub(super) async fn known_without(
        &self,
        user: UserId,
        saga: SagaId,
        down: BookAnswer,
    ) -> BookAnswer {
        match self.believed(user, saga).await.map(|known| known.state) {
            Ok(BookingState::Confirmed | BookingState::Cancelled) => {
                BookAnswer::Definite(Outcome::Booked { ticket: saga })
            }
            Ok(_) => BookAnswer::NotKnownInTime(saga),
            Err(_) => down,
        }
    }

    /// What is known of a booking of this user, over all reachable companies. What a customer was told is not unsaid: a state that a
    /// company which cannot be asked may know better is not told.
    pub async fn booking(&self, user: UserId, saga: SagaId) -> Result<BookingStatus, NotShown> {
        self.believed(user, saga).await?.without_doubt()
    }

    /// The same, also where a company that cannot be asked may know better.
    pub(super) async fn believed(
        &self,
        user: UserId,
        saga: SagaId,
    ) -> Result<BookingStatus, NotShown> {
        self.check_owner(user, saga).await?;
        self.asked(user, saga).await
    }

    /// The same, where nothing is known here against this user.
    pub(super) async fn asked(
        &self,
        user: UserId,
        saga: SagaId,
    ) -> Result<BookingStatus, NotShown> {
        let asked_at_ms = self.clock().wall_ms();
        let answers = self.recorded(saga).await;
        self.status(user, saga, asked_at_ms, &answers).await
    }

    /// No peer is asked about what is known here to be another user's: whoever looks for that gets no more work done than this.
    pub(super) async fn check_owner(&self, user: UserId, saga: SagaId) -> Result<(), NotShown> {
        match self.company.archive.is_of_another(saga, user).await {
            Ok(true) => Err(NotShown::NotFound),
            Ok(false) | Err(_) => Ok(()),
        }
    }

    /// What every company that answers has recorded of a saga, our own first. Of seats each is heard about its own.
    pub(super) async fn recorded(&self, saga: SagaId) -> Vec<(CompanyId, SagaRecord)> {
        let replies = self.companies.ask_all(Request::Query { saga }).await;
        let recorded = |(company, reply)| match reply {
            Reply::Recorded(mut recorded) => {
                recorded.legs.retain(|(seat, _)| seat.company == company);
                Some((company, *recorded))
            }
            _ => None,
        };
        let mut answers: Vec<_> = replies.into_iter().filter_map(recorded).collect();
        answers.sort_by_key(|(company, _)| *company != self.company.me);
        answers
    }

    /// Out of what the companies answered that were asked at this time.
    pub(super) async fn status(
        &self,
        user: UserId,
        saga: SagaId,
        asked_at_ms: i64,
        answers: &[(CompanyId, SagaRecord)],
    ) -> Result<BookingStatus, NotShown> {
        let own = answer_of(self.company.me, answers).and_then(|own| own.order.as_ref());
        // one that we have voted on is what we know it as, whatever others say
        let told = answers.iter().filter(|(_, recorded)| {
            let told = recorded.order.as_ref();
            own.is_none_or(|(_, hash, _)| told.is_none_or(|(_, told, _)| told == hash))
        });
        let orders = told.filter_map(|(_, recorded)| order_in(recorded));
        let orders = orders.filter(|order| own.is_none_or(|(own, ..)| own.user == order.user));
        // whoever names the passengers tells most
        let order = orders.min_by_key(|order| order.is_withheld());
        let hold = order.as_ref().and_then(|order| {
            let close = self.company.catalogue.close_of_sale();
            let longest = order.longest_hold(close.before_departure());
            HoldTerms::of(order, answers, longest, asked_at_ms)
        });
        // of a hold that waits for its customer there is none
        let ticket = match hold {
            Some(_) if decision(answers) == Decision::None => Lookup::Nowhere,
            _ => self.find_ticket(saga).await,
        };
        let silent = self.silent(answers, &ticket);
        let ticket = ticket.found();
        let hold = hold.filter(|_| ticket.is_none());
        let order = match (&ticket, order) {
            (Some(ticket), Some(order)) => Some(withheld::completed(&ticket.order, &order)),
            (Some(ticket), None) => Some(ticket.order.clone()),
            (None, order) => order,
        };
        let running = self.company.running.user(saga);
        match order.as_ref().map(|order| order.user).or(running) {
            Some(owner) if owner == user => {}
            Some(_) => return Err(NotShown::NotFound),
            None => return Err(silent.map_or(NotShown::NotFound, NotShown::CompanyDown)),
        }
        let (state, doubt) = match &ticket {
            Some(ticket) if ticket.is_cancelled() => (BookingState::Cancelled, None),
            Some(_) => (BookingState::Confirmed, None),
            None => state_of(answers, hold, silent),
        };
        let companies = order.as_ref();
        let companies = companies.map_or(Vec::new(), |order| by_company(order, answers));
        Ok(BookingStatus {
            saga,
            user,
            state,
            doubt,
            hold,
            reason: reason_of(answers),
            order,
            companies,
        })
    }

    /// A company that has not said what it knows.
    fn silent(&self, answers: &[(CompanyId, SagaRecord)], ticket: &Lookup) -> Option<CompanyId> {
        if let Lookup::NotAsked(company) = ticket {
            return Some(*company);
        }
        let companies = self.companies.all().iter().copied();
        let mut silent = companies.filter(|company| answer_of(*company, answers).is_none());
        silent.next()
    }

    /// Here, else at the peers. "Nowhere" only if every company said so. Of a copy that cannot be read here, no peer's is told in its
    /// place: what was cancelled here may not have come to them.
    pub(super) async fn find_ticket(&self, id: SagaId) -> Lookup {
        let me = self.company.me;
        match self.company.archive.ticket(id).await {
            Ok(Some(ticket)) => return Lookup::Found(ticket),
            Ok(None) => {}
            Err(_) => return Lookup::NotAsked(me),
        }
        let request = Request::FindTicket { ticket: id };
        let replies = self.companies.ask_others(request).await;
        let mut without = vec![me];
        for (company, reply) in replies {
            match reply {
                Reply::Ticket(Some(ticket)) => return Lookup::Found(*ticket),
                Reply::Ticket(None) => without.push(company),
                _ => {}
            }
        }
        let mut companies = self.companies.all().iter();
        match companies.find(|company| !without.contains(company)) {
            Some(company) => Lookup::NotAsked(*company),
            None => Lookup::Nowhere,
        }
    }
}

/// What a search for a ticket came to.
pub(super) enum Lookup {
    Found(Ticket),
    Nowhere,
    /// Nobody who answered has it, but this company did not answer.
    NotAsked(CompanyId),
}

impl Lookup {
    fn found(self) -> Option<Ticket> {
        match self {
            Lookup::Found(ticket) => Some(ticket),
            Lookup::Nowhere | Lookup::NotAsked(_) => None,
        }
    }
}

fn judge(known: &KnownKey, saga: SagaId, idempotency: &Idempotency) -> Result<(), BookAnswer> {
    if known.fingerprint != idempotency.fingerprint {
        return Err(BookAnswer::KeyReused);
    }
    match known.answer {
        Some(outcome) => Err(BookAnswer::Definite(outcome)),
        None if known.running => Err(BookAnswer::StillRunning(saga)),
        // begun and not ended: drive it again
        None => Ok(()),
    }
}

fn order_in(recorded: &SagaRecord) -> Option<Arc<Order>> {
    let in_register = recorded.register.as_ref().and_then(|register| {
        match register.accepted.as_ref().map(|(_, value)| value) {
            Some(Value::Commit { order, .. }) => Some(order.clone()),
            _ => None,
        }
    });
    let in_saga = recorded.order.as_ref().map(|(order, _, _)| order.clone());
    in_saga.or(in_register)
}

/// The reason that says most: one leg was refused for it, others were only given up with that one.
fn reason_of(answers: &[(CompanyId, SagaRecord)]) -> Option<RefusalReason> {
    let reasons = || answers.iter().filter_map(|(_, recorded)| recorded.reason);
    let named = reasons().find(|reason| *reason != RefusalReason::Released);
    named.or_else(|| reasons().next())
}

fn by_company(order: &Order, answers: &[(CompanyId, SagaRecord)]) -> Vec<CompanyLegs> {
    let legs = |company: CompanyId| {
        let answer = answers.iter().find(|(from, _)| *from == company);
        answer.map(|(_, recorded)| recorded.legs.clone())
    };
    order
        .companies()
        .into_iter()
        .map(|company| (company, legs(company)))
        .collect()
}
