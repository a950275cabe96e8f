//! What clients do: ask, lose patience, ask another node under the same key, cancel, book again.

use passcom_actors::domain::accounts::User;
use passcom_actors::domain::ids::{SagaId, SeatNumber, UserId};
use passcom_actors::domain::order::{Passenger, SeatRef};
use passcom_actors::domain::outcome::Outcome;
use passcom_actors::domain::papers::Contact;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::people::accounts::logins::Claimed;
use passcom_actors::people::desk::{
    BookAnswer, BookRequest, CancelAnswer, NotAgreed, NotShown, Wait, WantedSeat,
};
use passcom_actors::people::operations::{Act, Blocked};

use super::*;
use crate::checker::Told;
use crate::clients::{Answer, Heard};
use crate::life::Life;
use crate::node::Door;

/// Most requests for one booking, or for one cancellation.
pub(super) const TRIES_MAX: u32 = 14;
/// A client waits this long for an answer before it asks again.
const PATIENCE: u64 = 10_000;
/// An impatient one.
const IMPATIENCE: std::ops::Range<u64> = 100..4_000;
/// So long after healing, clients without an answer give up: what is left is to end without them.
pub(super) const GIVE_UP: u64 = 8_000;
/// Of so many requests for a booking, one does not want to wait for the outcome.
const ASYNC_ONE_IN: u64 = 8;
const PAUSE: std::ops::Range<u64> = 50..1_500;
/// Why operators take seats off sale.
const DRILL: Act<'static> = Act {
    operator: "simulated",
    reason: "a drill",
};

impl World {
    /// Some node that takes clients' requests, and how to ask it.
    pub(super) fn some_door(&self) -> Option<(usize, Door)> {
        let index = self.random(0..self.companies.len() as u64) as usize;
        let node = self.companies[index].node.as_ref()?;
        Some((index, node.door()?.clone()))
    }

    /// Of a node whose door was found just now.
    pub(super) fn life(&self, index: usize) -> Arc<Life> {
        let node = self.companies[index].node.as_ref();
        node.expect("its door was found just now").life.clone()
    }

    pub(super) fn ask(
        &mut self,
        about: About,
        at: usize,
        answer: impl Future<Output = Answer> + Send + 'static,
    ) {
        self.last_id += 1;
        let request = self.last_id;
        self.open.insert(request, Open { about, at });
        let life = self.life(at);
        let node = self.companies[at].node.as_ref();
        let node = node.expect("it lives");
        node.spawn(async move {
            let answer = answer.await;
            if life.crosses() {
                life.hub.lock().heard.push(Heard { request, answer });
            }
        });
        let impatient = self.chance(30);
        let patience = self.random(if impatient {
            IMPATIENCE
        } else {
            PATIENCE..PATIENCE + 1
        });
        self.after(patience, Happening::Impatient(request));
    }

    pub(super) fn on_book(&mut self, number: usize) {
        let errand = &mut self.errands[number];
        let knows = errand.outcome.is_some() && !errand.asks_once_more;
        if knows || errand.tries >= TRIES_MAX {
            return;
        }
        errand.asks_once_more = false;
        errand.tries += 1;
        let Some((at, door)) = self.some_door() else {
            return self.again(About::Booking(number));
        };
        let errand = &mut self.errands[number];
        errand.unanswered += 1;
        let request = BookRequest {
            user: errand.user,
            seats: errand
                .seats
                .iter()
                .copied()
                .map(taken_by_somebody)
                .collect(),
            idempotency: Some(errand.idempotency.clone()),
            exchange: errand.exchange.clone(),
            contact: Contact::default(),
            hold_seconds: errand.hold.as_ref().map(|hold| hold.seconds),
        };
        if errand.tries > 1 {
            self.hub.lock().history.holds.disturb(errand.saga);
        }
        let (saga, seats) = (errand.saga, errand.seats.len());
        let line = format_args!("asked for {} with {seats} seats", crate::trace::Short(saga));
        self.hub.trace(self.now, at, line);
        let wait = match self.random(0..ASYNC_ONE_IN) {
            // who probes whether all is well again is to be told the answer: it may be too late to ask twice
            0 if !self.probes.contains(&number) => Wait::UntilBegun,
            _ => Wait::ForAnswer,
        };
        let (life, user) = (self.life(at), request.user);
        let answer = async move {
            match door.desk.book(request, wait).await {
                BookAnswer::Overloaded if door.desk.is_draining() => Answer::Nothing,
                answer => {
                    if let BookAnswer::Definite(Outcome::Booked { ticket }) = answer {
                        look_at(&life, &door, user, ticket).await;
                    }
                    Answer::Booking(answer)
                }
            }
        };
        self.ask(About::Booking(number), at, answer);
    }

    pub(super) fn on_cancel(&mut self, number: usize) {
        let errand = &mut self.errands[number];
        if errand.cancelled || errand.cancel_tries >= TRIES_MAX {
            return;
        }
        errand.cancel_tries += 1;
        let (user, ticket) = (errand.user, errand.saga);
        let Some((at, door)) = self.some_door() else {
            return self.again(About::Cancelling(number));
        };
        self.hub.lock().history.on_cancel(ticket);
        self.tell(
            at,
            format_args!("asked to cancel {}", crate::trace::Short(ticket)),
        );
        let life = self.life(at);
        let by_seats = self.chance(60);
        let answer = async move {
            let found = door.desk.ticket(user, ticket).await;
            if let Ok(ticket) = &found {
                let refunds = door.desk.refunds(ticket, &ticket.order.seats());
                let hub = &mut *life.hub.lock();
                let history = &mut hub.history;
                // of a changed flight more may come back
                if ticket.changes.is_empty() {
                    history.on_refunds(&ticket.order, &refunds, life.wall_ms(), &mut hub.seen);
                }
            }
            Answer::Cancelling(match found {
                Ok(ticket) if by_seats => cancel_seats(&life, &door, ticket).await,
                _ => door.desk.cancel(user, ticket).await,
            })
        };
        self.ask(About::Cancelling(number), at, answer);
    }

    /// Somebody new wants this login.
    pub(super) fn on_claim(&mut self, login: usize) {
        self.last_id += 1;
        let id = UserId(Uuid::from_u128(self.last_id.into()));
        let about = About::Claiming(login, id);
        let Some((at, door)) = self.some_door() else {
            return self.again(about);
        };
        let user = User {
            id,
            login: login_of(login),
            password_hash: String::new(),
            version: 1,
            mailbox: None,
        };
        self.tell(at, format_args!("asked for {} by {id}", user.login));
        let answer = async move { Answer::Claiming(door.logins.claim(&user).await) };
        self.ask(about, at, answer);
    }

    pub(super) fn on_block(&mut self, index: usize, seat: SeatRef, blocked: bool) {
        let node = self.companies[index].node.as_ref();
        let Some((node, door)) = node.and_then(|node| Some((node, node.door()?))) else {
            return;
        };
        let (operations, id) = (door.operations.clone(), seat.route.seat(seat.number));
        self.tell(index, format_args!("asked to block {seat:?}: {blocked}"));
        let hub = self.hub.clone();
        node.spawn(async move {
            if operations.block(id, blocked, DRILL).await == Blocked::Done {
                hub.lock().seen.count("seats blocked or unblocked");
            }
        });
    }

    pub(super) fn again(&mut self, about: About) {
        if self.patience_until.is_some_and(|at| self.now > at) {
            return;
        }
        let pause = self.random(PAUSE);
        self.after(
            pause,
            match about {
                About::Booking(number) => Happening::Book(number),
                About::Cancelling(number) => Happening::Cancel(number),
                About::Holding(number, deed) => Happening::Do(number, deed),
                About::Claiming(login, _) => Happening::Claim(login),
            },
        );
    }

    /// It asks another node; the first may answer all the same.
    pub(super) fn on_impatient(&mut self, request: u64) {
        if let Some(Open { about, .. }) = self.open.get(&request)
            && !matches!(about, About::Claiming(..))
        {
            self.again(*about);
        }
    }

    /// The node that had these requests is no more.
    pub(super) fn lose_requests(&mut self, index: usize) {
        let lost = self.open.iter().filter(|(_, open)| open.at == index);
        let lost: Vec<u64> = lost.map(|(request, _)| *request).collect();
        for request in lost {
            self.hub.lock().seen.count("requests whose node died");
            let answer = Answer::Nothing;
            self.on_heard(Heard { request, answer });
        }
    }

    pub(super) fn on_heard(&mut self, heard: Heard) {
        let Some(Open { about, at }) = self.open.remove(&heard.request) else {
            return; // the node has died since
        };
        self.tell(at, format_args!("{about:?}: {:?}", heard.answer));
        match (about, heard.answer) {
            (About::Booking(number), Answer::Booking(answer)) => {
                self.on_book_answer(number, at, answer);
            }
            (About::Cancelling(number), Answer::Cancelling(answer)) => {
                self.on_cancel_answer(number, answer);
            }
            (About::Holding(number, _), Answer::Confirming(answer)) => {
                self.on_confirm_answer(number, at, answer);
            }
            (About::Holding(number, _), Answer::Releasing(answer)) => {
                self.on_release_answer(number, answer);
            }
            (About::Holding(number, _), Answer::Extending(answer)) => {
                self.on_extend_answer(number, answer);
            }
            (About::Claiming(login, user), Answer::Claiming(answer)) => {
                self.on_claim_answer(login, user, answer);
            }
            _ => self.again(about),
        }
    }

    fn on_book_answer(&mut self, number: usize, at: usize, answer: BookAnswer) {
        let saga = self.errands[number].saga;
        let what = match answer {
            BookAnswer::Definite(outcome) => return self.on_outcome(number, at, outcome),
            BookAnswer::SeatBusy(_) => "answers: seat busy",
            BookAnswer::CompanyDown(_) => "answers: company down",
            BookAnswer::StillRunning(_) => "answers: still running",
            BookAnswer::NotKnownInTime(_) => "answers: not known in time",
            // another aircraft does not have it
            BookAnswer::UnknownSeat(_) => "answers: seat unknown",
            // it stands or falls without us: the next request hears which
            BookAnswer::Begun(begun) if begun == saga => "answers: begun",
            BookAnswer::Begun(_)
            | BookAnswer::Overloaded
            | BookAnswer::TooManyHolds
            | BookAnswer::ToBePaid
            | BookAnswer::Lacking(_)
            | BookAnswer::PriceChanged(..)
            | BookAnswer::KeyReused
            | BookAnswer::UnknownCompany(_) => {
                let history = &mut self.hub.lock().history;
                return history.object(format!("{saga}: {answer:?}"));
            }
        };
        let nothing_begun = matches!(
            answer,
            BookAnswer::SeatBusy(_)
                | BookAnswer::CompanyDown(_)
                | BookAnswer::StillRunning(_)
                | BookAnswer::UnknownSeat(_)
        );
        self.errands[number].unanswered -= u32::from(nothing_begun);
        self.hub.lock().seen.count(what);
        self.again(About::Booking(number));
    }

    fn on_outcome(&mut self, number: usize, at: usize, outcome: Outcome) {
        let errand = &mut self.errands[number];
        let saga = errand.saga;
        let told = match outcome {
            Outcome::Booked { .. } => Told::Booked,
            Outcome::Refused(_) => Told::Refused,
            Outcome::Held { .. } => Told::Held,
        };
        let first = errand.outcome.is_none();
        let elsewhere = errand.told_at.is_some_and(|first| first != at);
        errand.outcome.get_or_insert(outcome);
        errand.told_at.get_or_insert(at);
        let cancels = first && told == Told::Booked && errand.cancels;
        {
            let hub = &mut *self.hub.lock();
            hub.history.on_told(saga, told);
            hub.seen.count(match told {
                Told::Booked => "bookings sold",
                Told::Refused | Told::Ended => "bookings refused",
                Told::Held => "holds told as kept",
            });
            if elsewhere {
                hub.seen.count("answers replayed at another node");
            }
        }
        if cancels {
            self.again(About::Cancelling(number));
        }
        let wants = self.plan.exchanges;
        if first && told == Told::Booked && self.healed_at.is_none() && self.chance(wants) {
            self.exchange(number);
        }
        if first && told == Told::Held {
            self.on_first_held(number);
        }
        if first && self.chance(30) {
            // it asks once more, as after an answer that got lost
            self.errands[number].asks_once_more = true;
            self.again(About::Booking(number));
        }
    }

    fn on_cancel_answer(&mut self, number: usize, answer: CancelAnswer) {
        match answer {
            CancelAnswer::Done => {
                let first = !std::mem::replace(&mut self.errands[number].cancelled, true);
                if first && self.healed_at.is_none() {
                    self.book_the_same_seats(number);
                }
            }
            // it was told that it has the ticket
            CancelAnswer::NotFound => {
                let saga = self.errands[number].saga;
                let objection = format!("{saga} was sold, and no company knows its ticket");
                self.hub.lock().history.object(objection);
            }
            CancelAnswer::CompanyDown(_) | CancelAnswer::NotKnownInTime => {
                self.again(About::Cancelling(number));
            }
        }
    }

    /// It wants other seats in place of some of its own, maybe others yet at the same time, and maybe its money back, too.
    fn exchange(&mut self, number: usize) {
        let rivals = 1 + u64::from(self.chance(30));
        for _ in 0..rivals {
            let errand = &self.errands[number];
            let first = self.random(0..errand.seats.len() as u64) as usize;
            let mut given = errand.seats[first..].to_vec();
            given.sort_unstable();
            let other = self.random(0..self.errands.len() as u64) as usize;
            let mut wanted: Vec<SeatRef> = self.errands[other].seats.clone();
            for seat in &mut wanted {
                seat.number = SeatNumber(self.random(1..u64::from(HOT_SEATS) + 1) as u16);
            }
            wanted.sort_unstable();
            wanted.dedup();
            let errand = &self.errands[number];
            self.hub.lock().history.on_exchange(errand.saga);
            let new = self.errands.len();
            let instead = Errand::instead(new as u128, errand, wanted, given);
            self.errands.push(instead);
            self.again(About::Booking(new));
        }
        if !self.errands[number].cancels && self.chance(30) {
            self.hub
                .lock()
                .seen
                .count("cancellations beside an exchange");
            self.again(About::Cancelling(number));
        }
    }

    fn book_the_same_seats(&mut self, number: usize) {
        let seats = self.errands[number].seats.clone();
        self.new_errand(seats);
    }

    /// Somebody new wants these seats.
    pub(super) fn new_errand(&mut self, seats: Vec<SeatRef>) {
        let number = self.errands.len();
        let cancels = self.chance(20);
        self.errands
            .push(Errand::new(number as u128, seats, cancels));
        self.again(About::Booking(number));
    }

    fn on_claim_answer(&mut self, login: usize, user: UserId, answer: Claimed) {
        let hub = &mut *self.hub.lock();
        match answer {
            Claimed::Ours => {
                hub.seen.count("logins claimed");
                hub.history.on_claimed(&login_of(login), user);
            }
            Claimed::Taken => hub.seen.count("logins taken"),
            Claimed::NoMajority => {}
        }
    }
}

fn login_of(number: usize) -> String {
    format!("login{number}")
}

/// Agrees to what comes back for one seat after the other, and hears what is recorded.
async fn cancel_seats(life: &Life, door: &Door, mut ticket: Ticket) -> CancelAnswer {
    for seat in ticket.order.seats() {
        let refunds = door.desk.refunds(&ticket, &[seat]);
        match door.desk.cancel_agreed(&ticket, &refunds).await {
            Ok(cancelled) => {
                let hub = &mut *life.hub.lock();
                match cancelled.refund_of(seat) {
                    Some(refund) => hub.history.on_refunded(ticket.id, refund, &mut hub.seen),
                    // its seat went for another one, and nothing came back
                    None if hub.history.may_be_exchanged(ticket.id) => {}
                    None => {
                        let missing = format!("S3: {} was cancelled for nothing", ticket.id);
                        hub.history.object(missing);
                    }
                }
                ticket = cancelled;
            }
            Err(NotAgreed::Changed) => {
                let hub = &mut *life.hub.lock();
                if !hub.history.may_be_exchanged(ticket.id) {
                    let partly = format!("one seat of {} was cancelled in part", ticket.id);
                    hub.history.object(partly);
                }
                return CancelAnswer::NotKnownInTime;
            }
            Err(NotAgreed::CompanyDown(company)) => return CancelAnswer::CompanyDown(company),
            Err(NotAgreed::NotKnownInTime) => return CancelAnswer::NotKnownInTime,
        }
    }
    CancelAnswer::Done
}

/// T2: who was told of a ticket finds it at the same node.
async fn look_at(life: &Life, door: &Door, user: UserId, ticket: SagaId) {
    let found = door.desk.ticket(user, ticket).await;
    let hub = &mut *life.hub.lock();
    match found {
        Ok(_) => hub.seen.count("tickets looked at"),
        Err(NotShown::NotFound) => {
            let missing = format!("T2: {ticket} was told as booked and is not found");
            hub.history.object(missing);
        }
        Err(NotShown::CompanyDown(_)) => {}
    }
}

/// Who has a name, which not every company is told.
fn taken_by_somebody(seat: SeatRef) -> WantedSeat {
    WantedSeat {
        passenger: Some(Passenger::named("Ana Souza")),
        ..WantedSeat::from(seat)
    }
}
