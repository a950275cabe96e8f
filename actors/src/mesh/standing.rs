//! What a member may say. A company is known by its certificate; what it asks is held against what an honest node in its place could ask,
//! and, where that is not enough, against what this company has recorded. Pure.
//!
//! Invariants:
//! * an honest node is never refused for good: what it is refused for lack of a record here it may ask again, and this company finds
//!   the outcome by itself, by a ballot, when its seats have been kept for too long; that of a hold, which may be long, once it has heard
//!   of one that it does not believe and somebody else knows of it, too. So no refusal can keep a booking from ending.
//! * nobody is refused for repeating what is recorded: it changes nothing.
//!
//! | said | believed of |
//! |---|---|
//! | a new vote is asked for | the company that sells it, and so owes for the seats |
//! | a ballot | the company whose number it has, if companies can have come so far |
//! | "Commit is chosen", "Abort is certain" | the seller; anybody, where the register or the legs here say so, too |
//! | a ballot proposes Commit | the same, where this company has voted Yes for that order, or has no vote in it; ballot 0, whose value follows from the order, anybody |
//! | a ticket | anybody, if there can be such a ticket |
//! | wrong passwords were tried | anybody, up to one budget of each login |

use crate::company::credential;
use crate::company::guesses::TOLD_MAX;
use crate::company::refused::Reason;
use crate::company::store::SagaRecord;
use crate::domain::accounts::FIRST_VERSION;
use crate::domain::ballot::{Acceptors, Ballot, Key, Value};
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::order::{LEGS_MAX, Order, OrderHash};
use crate::domain::order_hash::{acceptors_of, is_hash_of};
use crate::domain::question::Question;
use crate::domain::refund::Refunded;
use crate::domain::ticket::Ticket;
use crate::domain::vote::{LegState, Prepare};
use crate::mesh::messages::Request;
use crate::mesh::service::PEOPLE_MAX;

/// Longest text of an order, in bytes: names have at most so many characters.
const TEXT_LEN_MAX: usize = 1024;

/// More rounds than companies come to in a second. Each starts from 1 and raises its own above what it meets: whoever has promised the
/// highest there may be is overtaken a second later.
const ROUNDS_PER_SECOND: i64 = 1_000_000;

/// The companies, as this one knows them.
#[derive(Clone, Copy)]
pub struct Members<'a> {
    pub me: CompanyId,
    /// Ascending, our own included.
    pub all: &'a [CompanyId],
    /// Seconds since 1970.
    pub now: i64,
}

/// Whether this company may ask that, whatever is recorded.
pub fn check(members: Members<'_>, from: CompanyId, request: &Request) -> Result<(), Reason> {
    match request {
        Request::Ask(question) => check_question(members, from, question),
        Request::MergeTicket(ticket) => members.check_ticket(ticket, &ticket.refunds),
        Request::Cancel {
            ticket, refunds, ..
        } => {
            members.check_ticket(ticket, &ticket.refunds)?;
            members.check_ticket(ticket, refunds)
        }
        Request::People { bookings, .. } if bookings.len() > PEOPLE_MAX => Err(Reason::TooLong),
        Request::Correct { names, .. }
            if names.len() > LEGS_MAX || !names.iter().all(|(_, name)| is_text(name)) =>
        {
            Err(Reason::TooLong)
        }
        Request::Find { surname, .. } if !is_text(surname) => Err(Reason::TooLong),
        Request::WrongPasswords(told) => {
            let is_told_so = told.len() <= TOLD_MAX;
            is_told_so.then_some(()).ok_or(Reason::TooLong)
        }
        // questions, which change nothing, and a hold that is kept for longer, for as long as a hold may be kept at most
        _ => Ok(()),
    }
}

fn check_question(
    members: Members<'_>,
    from: CompanyId,
    question: &Question,
) -> Result<(), Reason> {
    match question {
        Question::Prepare(prepare) | Question::Book(prepare) => members.check_prepare(prepare),
        Question::Promise {
            key,
            acceptors,
            ballot,
        } => {
            members.check_acceptors(key, acceptors)?;
            members.check_ballot(from, *ballot)
        }
        Question::Accept {
            key,
            acceptors,
            ballot,
            value,
        } => {
            members.check_acceptors(key, acceptors)?;
            members.check_value(key, acceptors, value)?;
            match (key, &**value) {
                // its value follows from the order, so it is everybody's
                (Key::Saga(_), Value::Commit { .. }) if *ballot == Ballot::ZERO => Ok(()),
                _ => members.check_ballot(from, *ballot),
            }
        }
        Question::Commit { .. } | Question::AllVoted { .. } | Question::Release { .. } => Ok(()),
    }
}

/// The saga of which the records are to be looked at, too ([`check_against`]).
pub fn rests_on(from: CompanyId, question: &Question) -> Option<SagaId> {
    match question {
        Question::Prepare(prepare) | Question::Book(prepare) => {
            (prepare.order.seller != Some(from)).then_some(prepare.saga)
        }
        Question::Accept {
            key: Key::Saga(saga),
            value,
            ..
        } => matches!(**value, Value::Commit { .. }).then_some(*saga),
        Question::Promise { .. } | Question::Accept { .. } => None,
        Question::Commit { saga, .. }
        | Question::AllVoted { saga, .. }
        | Question::Release { saga, .. } => Some(*saga),
    }
}

/// Whether this company may say that, with what is recorded here of the saga.
pub fn check_against(
    me: CompanyId,
    recorded: &SagaRecord,
    from: CompanyId,
    question: &Question,
) -> Result<(), Reason> {
    let is_new = recorded.order.is_none() && recorded.legs.is_empty();
    let order = recorded.order.as_ref();
    let is_seller = order.is_some_and(|(order, ..)| order.seller == Some(from));
    let accepted = recorded.register.as_ref();
    let accepted = accepted.and_then(|register| Some(&register.accepted.as_ref()?.1));
    let otherwise = |is_proven: bool, reason| match is_proven {
        true => Ok(()),
        false => Err(reason),
    };
    match question {
        Question::Prepare(_) | Question::Book(_) => otherwise(!is_new, Reason::AnothersSale),
        Question::Accept { value, .. } => {
            otherwise(is_voted_for(me, recorded, value), Reason::NotVotedFor)
        }
        Question::Promise { .. } => Ok(()),
        Question::Commit { hash, .. } => {
            let shown = matches!(accepted, Some(Value::Commit { hash: own, .. }) if own == hash);
            let done = recorded.legs.iter().any(|(_, leg)| leg.was_sold());
            otherwise(is_new || is_seller || shown || done, Reason::Unproven)
        }
        Question::AllVoted { .. } => otherwise(is_seller, Reason::Unproven),
        Question::Release { .. } => {
            let shown = matches!(accepted, Some(Value::Abort));
            let mut legs = recorded.legs.iter();
            let done = legs.all(|(_, leg)| *leg == LegState::Refused);
            otherwise(done || is_seller || shown, Reason::Unproven)
        }
    }
}

/// Commit is proposed only after every company's Yes, ours included, in whatever ballot; and what is voted for is not refused after that.
fn is_voted_for(me: CompanyId, recorded: &SagaRecord, value: &Value) -> bool {
    let Value::Commit { hash, order } = value else {
        return true;
    };
    let is_its = |(_, own, _): &(_, OrderHash, _)| own == hash;
    let mut legs = recorded.legs.iter();
    !order.companies().contains(&me)
        || recorded.order.as_ref().is_some_and(is_its)
            && !recorded.legs.is_empty()
            && legs.all(|(_, leg)| *leg != LegState::Refused)
}

/// What a database keeps, and no longer than anybody means it.
fn is_text(text: &str) -> bool {
    text.len() <= TEXT_LEN_MAX && !text.contains('\0')
}

impl Members<'_> {
    fn check_prepare(self, prepare: &Prepare) -> Result<(), Reason> {
        self.check_order(&prepare.order)?;
        if !prepare.order.companies().contains(&self.me) {
            return Err(Reason::NoOrder);
        }
        self.check_hash(
            prepare.saga,
            &prepare.order,
            &prepare.acceptors,
            prepare.hash,
        )
    }

    /// An order that a node makes: otherwise its companies could not be asked, or not counted.
    fn check_order(self, order: &Order) -> Result<(), Reason> {
        let is_member = |company: &CompanyId| self.all.contains(company);
        let is_one = (1..=LEGS_MAX).contains(&order.legs.len())
            && order.texts().all(is_text)
            && order.companies().iter().all(is_member)
            && order.seller.iter().all(is_member);
        is_one.then_some(()).ok_or(Reason::NoOrder)
    }

    /// Who decides follows from the order, and the hash from both: with other acceptors a saga would have two registers.
    fn check_hash(
        self,
        saga: SagaId,
        order: &Order,
        acceptors: &Acceptors,
        hash: OrderHash,
    ) -> Result<(), Reason> {
        if *acceptors != acceptors_of(saga, order, self.all) {
            return Err(Reason::OtherAcceptors);
        }
        if !is_hash_of(hash, order, acceptors) {
            return Err(Reason::OtherHash);
        }
        Ok(())
    }

    /// Of a register that this company holds, or may hold.
    fn check_acceptors(self, key: &Key, acceptors: &Acceptors) -> Result<(), Reason> {
        let is_set = match key {
            Key::Login(_) => acceptors.0 == self.all,
            Key::Saga(_) => {
                acceptors.contains(self.me)
                    && acceptors.0.is_sorted_by(|one, next| one < next)
                    && acceptors.0.iter().all(|one| self.all.contains(one))
            }
        };
        is_set.then_some(()).ok_or(Reason::OtherAcceptors)
    }

    /// A ballot ≥ 1 belongs to the company whose number it has: in one ballot one company proposes. And there is always a higher one, or a
    /// register could be kept from being decided.
    fn check_ballot(self, from: CompanyId, ballot: Ballot) -> Result<(), Reason> {
        let count = i64::try_from(self.all.len()).unwrap_or(i64::MAX);
        let owner = usize::try_from(ballot.0.rem_euclid(count)).ok();
        let owner = owner.and_then(|index| self.all.get(index));
        let round = ballot.round(self.all.len());
        if round < 1 || owner != Some(&from) {
            return Err(Reason::AnothersBallot);
        }
        let highest = self.now.max(1).saturating_mul(ROUNDS_PER_SECOND);
        (round <= highest).then_some(()).ok_or(Reason::FarBallot)
    }

    fn check_value(self, key: &Key, acceptors: &Acceptors, value: &Value) -> Result<(), Reason> {
        match (key, value) {
            (Key::Saga(_), Value::Abort) => Ok(()),
            (Key::Saga(saga), Value::Commit { hash, order }) => {
                self.check_order(order)?;
                self.check_hash(*saga, order, acceptors, *hash)
            }
            (Key::Login(login), Value::Account(user))
                if user.login == *login
                    && user.version == FIRST_VERSION
                    && credential::is_sound(user) =>
            {
                Ok(())
            }
            _ => Err(Reason::ImpossibleValue),
        }
    }

    /// A ticket that there can be, of which these refunds can be.
    pub fn check_ticket(self, ticket: &Ticket, refunds: &[Refunded]) -> Result<(), Reason> {
        self.check_order(&ticket.order)?;
        let leg = |seat| ticket.order.legs.iter().find(|leg| leg.seat == seat);
        let is_possible = |refund: &Refunded| {
            leg(refund.seat).is_some_and(|leg| {
                (0..=leg.price.minor).contains(&refund.amount.minor)
                    && refund.amount.currency == leg.price.currency
            })
        };
        let mut names = ticket
            .corrections
            .iter()
            .map(|correction| &*correction.name);
        let is_one = ticket.cancelled.iter().all(|seat| leg(*seat).is_some())
            && names.all(is_text)
            && refunds.iter().all(is_possible);
        is_one.then_some(()).ok_or(Reason::NoTicket)
    }
}

#[cfg(test)]
mod tests;
