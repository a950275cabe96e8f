//! Begins a booking, or a hold, and waits for it.

use std::sync::Arc;

use metrics::{counter, histogram};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Desk, Outcome};
use crate::booking::drivers::Lease;
use crate::catalogue::airports;
use crate::catalogue::cabin::Layout;
use crate::domain::entry::Idempotency;
use crate::domain::ids::{CompanyId, SagaId, UserId};
use crate::domain::order::{Exchange, Leg, Order, Passenger, Price, SeatRef};
use crate::domain::order_hash::saga_id;
use crate::domain::papers::{Contact, Lacking, Papers, Person, Seated};
use crate::domain::saga::{ClientAnswer, Start};
use crate::domain::ticket::Ticket;
use crate::domain::withheld;
use crate::people::rebooking::{self, NotRebooked};

/// A booking as a client asks for it: 1 to [`crate::domain::order::LEGS_MAX`] seats, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookRequest {
    pub user: UserId,
    pub seats: Vec<WantedSeat>,
    pub idempotency: Option<Idempotency>,
    /// Only keep the seats, for so long: the customer confirms later.
    pub hold_seconds: Option<u32>,
    /// What they take the place of.
    pub exchange: Option<Exchange>,
    pub contact: Contact,
}

/// A seat with who is to sit there, if the client says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSeat {
    pub seat: SeatRef,
    pub passenger: Option<Passenger>,
    /// What else is told of them: for companies of the trip only.
    pub person: Person,
    /// Which traveller of the booking that is, as the client counts them.
    pub traveller: usize,
    /// What the client was shown that it costs: at another price it is not booked.
    pub expected: Option<Price>,
}

impl From<SeatRef> for WantedSeat {
    fn from(seat: SeatRef) -> Self {
        Self {
            seat,
            passenger: None,
            person: Person::default(),
            traveller: 0,
            expected: None,
        }
    }
}

/// How long a client waits for its booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until there is an answer, or the deadline.
    ForAnswer,
    /// Until it is on record, or refused before that: the client follows it from there on.
    UntilBegun,
}

/// What the desk says to a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookAnswer {
    Definite(Outcome),
    /// Whoever waits only for this follows the booking under this id.
    Begun(SagaId),
    /// Another booking's lease is on this seat; nothing was begun.
    SeatBusy(SeatRef),
    /// The same key is being worked on.
    StillRunning(SagaId),
    /// The key was used for another request.
    KeyReused,
    UnknownCompany(CompanyId),
    /// No such route, or no such seat on it.
    UnknownSeat(SeatRef),
    /// A company that is needed is down; nothing was begun.
    CompanyDown(CompanyId),
    /// The outcome will be found under this id.
    NotKnownInTime(SagaId),
    /// Too much under way at this node, or it is draining; nothing was begun.
    Overloaded,
    /// The seat costs this now, and not what the client expects; nothing was begun.
    PriceChanged(SeatRef, Price),
    /// The user has as many open holds as one may have; nothing was begun.
    TooManyHolds,
    /// It is to be paid before there is a ticket: held first. Nothing was begun.
    ToBePaid,
    /// Companies of the trip ask for more than is told of who travels; nothing was begun.
    Lacking(Vec<Lack>),
}

/// What a company asks for and is not told of a traveller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lack {
    /// As [`WantedSeat`] counts them.
    pub traveller: usize,
    pub company: CompanyId,
    pub what: Lacking,
}

impl Wait {
    /// Who waits only until a booking is begun is told no more of one that stands already, or is under way.
    pub(super) fn for_client(self, answer: BookAnswer) -> BookAnswer {
        match (self, answer) {
            (
                Self::UntilBegun,
                BookAnswer::Definite(Outcome::Booked { ticket: saga })
                | BookAnswer::StillRunning(saga),
            ) => BookAnswer::Begun(saga),
            (_, answer) => answer,
        }
    }
}

impl Desk {
    /// Books all seats or none. Ends soon after the deadline at the latest.
    pub async fn book(&self, request: BookRequest, wait: Wait) -> BookAnswer {
        let begun = Instant::now();
        let answer = self
            .try_book(request, begun + self.limits.deadline, wait)
            .await;
        let answer = wait.for_client(answer.unwrap_or_else(|answer| answer));
        let label = match &answer {
            BookAnswer::Definite(Outcome::Booked { .. }) => "booked",
            BookAnswer::Definite(Outcome::Held { .. }) => "held",
            BookAnswer::Definite(Outcome::Refused(_)) => "refused",
            BookAnswer::Begun(_) => "begun",
            BookAnswer::SeatBusy(_) => "busy",
            BookAnswer::NotKnownInTime(_) => "unknown",
            _ => "rejected",
        };
        counter!("passcom_bookings_total", "answer" => label).increment(1);
        histogram!("passcom_booking_seconds", "answer" => label).record(begun.elapsed());
        answer
    }

    /// Books seats in place of others of a ticket whose flights their company has changed, without cost. The request says who sits where,
    /// or nobody does: then those who had the old seats.
    ///
    /// # Errors
    /// Such an exchange is not owed. Nothing was begun.
    pub async fn rebook(
        &self,
        mut request: BookRequest,
        ticket: &Ticket,
        given: &[SeatRef],
        wait: Wait,
    ) -> Result<BookAnswer, NotRebooked> {
        // what is owed is no more once it was given: asked again, the answer is the first one
        if let Some(idempotency) = &request.idempotency {
            let saga = saga_id(request.user, idempotency);
            if let Err(known) = self.replay(request.user, saga, idempotency).await {
                return Ok(wait.for_client(known));
            }
        }
        let papers = self.papers(ticket).await;
        if request
            .seats
            .iter()
            .all(|wanted| wanted.passenger.is_none())
        {
            let seats: Vec<SeatRef> = request.seats.iter().map(|wanted| wanted.seat).collect();
            let sitters = rebooking::seated(ticket, given, &seats);
            for (wanted, sitter) in request.seats.iter_mut().zip(sitters) {
                wanted.passenger = sitter.and_then(|leg| leg.passenger.clone());
                wanted.person = person(sitter, papers.as_deref());
            }
        }
        keep_people(&mut request, ticket, given, papers.as_deref());
        let exchange = self.order(&request).map(|order| {
            let remedies = self.remedies(ticket);
            rebooking::exchange(ticket, &remedies, given, &order.legs)
        });
        let exchange = match exchange {
            Ok(Ok(exchange)) => exchange,
            // the old seats may be given by now, and for this: it goes on as it was begun
            not => match (self.begun_exchange(&request).await, not) {
                (Some(exchange), _) => exchange,
                (None, Ok(not)) => not?,
                (None, Err(answer)) => return Ok(answer),
            },
        };
        request.exchange = Some(exchange);
        Ok(self.book(request, wait).await)
    }

    async fn try_book(
        &self,
        request: BookRequest,
        deadline: Instant,
        wait: Wait,
    ) -> Result<BookAnswer, BookAnswer> {
        let place = self.place()?;
        let mut begun_here = false;
        let saga = match &request.idempotency {
            None => SagaId(Uuid::new_v4()),
            Some(idempotency) => {
                let saga = saga_id(request.user, idempotency);
                begun_here = self.was_begun_here(request.user, saga, idempotency).await?;
                saga
            }
        };
        let order = match self.order(&request) {
            // what it was begun with may not be on sale any more, or not for that price: it goes on as it was begun
            Err(not) if request.idempotency.is_some() => {
                let begun = self.begun_with(request.user, saga).await.ok_or(not)?;
                named_by(&begun, &request.seats)
            }
            order => {
                let order = order?;
                self.check_people(&request)?;
                order
            }
        };
        if let Err(down) = self.check_companies(&order) {
            return Err(match request.idempotency {
                Some(_) => self.known_without(request.user, saga, down).await,
                None => down,
            });
        }
        if request.hold_seconds.is_none() && self.wants_payment(&order) {
            return Err(BookAnswer::ToBePaid);
        }
        // each is a question to others, and none needs the answer to another
        let elsewhere = async {
            match &request.idempotency {
                Some(key) if !begun_here => self.replay_elsewhere(request.user, saga, key).await,
                _ => Ok(()),
            }
        };
        let hold = async {
            match request.hold_seconds {
                Some(_) => self.begin_hold(request.user, saga).await.map(Some),
                None => Ok(None),
            }
        };
        let lease = self.drivers.lease(saga, order.claims());
        let (elsewhere, hold, lease) = tokio::join!(elsewhere, hold, lease);
        elsewhere?;
        let _begun = hold?;
        let papers = told(&request.seats, request.contact);
        let start = self
            .drivers
            .new_saga(saga, order, papers, request.idempotency);
        self.drive_for_client(start, Some(lease), place, deadline, wait)
            .await
    }

    /// The order of a booking that was begun, as far as a company that answers knows of one.
    async fn begun_with(&self, user: UserId, saga: SagaId) -> Option<Arc<Order>> {
        self.believed(user, saga).await.ok()?.order
    }

    /// What a request with this key has begun to exchange.
    async fn begun_exchange(&self, request: &BookRequest) -> Option<Exchange> {
        let saga = saga_id(request.user, request.idempotency.as_ref()?);
        let order = self.begun_with(request.user, saga).await?;
        order.exchange.clone()
    }

    /// Drives a saga for a client who waits for it. `lease`: on its seats, if that was asked for already.
    pub(super) async fn drive_for_client(
        &self,
        start: Start,
        lease: Option<Lease>,
        place: OwnedSemaphorePermit,
        deadline: Instant,
        wait: Wait,
    ) -> Result<BookAnswer, BookAnswer> {
        let (saga, user) = (start.saga, start.order.user);
        let answer = self
            .drivers
            .drive(start, lease, Some(place))
            .ok_or(BookAnswer::StillRunning(saga))?;
        let begun = async {
            match (wait == Wait::UntilBegun).then(|| self.follow(user, saga, 0)) {
                Some(Some(mut steps)) => steps.durable().await,
                _ => false,
            }
        };
        let answer = tokio::time::timeout_at(deadline, answer);
        tokio::pin!(answer);
        let answer = tokio::select! {
            biased; // a refusal that is known already says more
            answer = &mut answer => answer,
            true = begun => return Ok(BookAnswer::Begun(saga)),
        };
        match answer {
            Ok(Ok(ClientAnswer::Definite(outcome))) => Ok(BookAnswer::Definite(outcome)),
            Ok(Ok(ClientAnswer::SeatBusy(seat))) => Ok(BookAnswer::SeatBusy(seat)),
            Ok(Ok(ClientAnswer::CompanyDown(company))) => Ok(BookAnswer::CompanyDown(company)),
            Ok(Err(_)) | Err(_) => Ok(BookAnswer::NotKnownInTime(saga)),
        }
    }

    fn order(&self, request: &BookRequest) -> Result<Arc<Order>, BookAnswer> {
        let catalogue = &self.company.catalogue;
        let leg = |wanted: &WantedSeat| -> Result<Leg, BookAnswer> {
            let WantedSeat {
                seat,
                passenger,
                expected,
                ..
            } = wanted;
            if !self.companies.all().contains(&seat.company) {
                return Err(BookAnswer::UnknownCompany(seat.company));
            }
            let Some(route) = catalogue.route(seat.company, seat.route) else {
                return Err(if catalogue.knows(seat.company) {
                    BookAnswer::UnknownSeat(*seat)
                } else {
                    BookAnswer::CompanyDown(seat.company)
                });
            };
            if seat.number.0 > route.seats {
                return Err(BookAnswer::UnknownSeat(*seat));
            }
            if expected.as_ref().is_some_and(|price| *price != route.price) {
                return Err(BookAnswer::PriceChanged(*seat, route.price));
            }
            let layout = Layout::of(&route.equipment, route.seats);
            Ok(Leg {
                seat: *seat,
                origin: airports::city(&route.origin).to_owned(),
                destination: airports::city(&route.destination).to_owned(),
                flight: route.flight,
                origin_iata: route.origin,
                destination_iata: route.destination,
                departs: route.departs,
                arrives: route.arrives,
                offsets: route.offsets,
                price: route.price,
                label: layout.place(seat.number).map(|place| place.to_string()),
                passenger: passenger.clone(),
            })
        };
        let mut order = Order {
            user: request.user,
            created_at: self.company.clock.wall_ms(),
            legs: request.seats.iter().map(leg).collect::<Result<_, _>>()?,
            hold_seconds: None,
            seller: Some(self.company.me),
            exchange: request.exchange.clone(),
        };
        // no seat is held beyond the close of its sale
        let close = catalogue.close_of_sale();
        let longest = order.longest_hold(close.before_departure()).max(1);
        order.hold_seconds = request.hold_seconds.map(|seconds| seconds.min(longest));
        Ok(Arc::new(order))
    }

    /// Whether every company is told what it asks for of whoever it is to carry.
    fn check_people(&self, request: &BookRequest) -> Result<(), BookAnswer> {
        let mut lacks: Vec<Lack> = Vec::new();
        for wanted in &request.seats {
            let company = wanted.seat.company;
            let requires = self.company.requires.get(&company);
            let what = requires.and_then(|requires| requires.lacking(&wanted.person));
            let lack = what.map(|what| Lack {
                traveller: wanted.traveller,
                company,
                what,
            });
            lacks.extend(lack.filter(|lack| !lacks.contains(lack)));
        }
        match lacks.is_empty() {
            true => Ok(()),
            false => Err(BookAnswer::Lacking(lacks)),
        }
    }

    pub(super) fn check_companies(&self, order: &Order) -> Result<(), BookAnswer> {
        let companies = order.companies();
        match companies
            .iter()
            .find(|company| !self.companies.is_up(**company))
        {
            Some(company) => Err(BookAnswer::CompanyDown(*company)),
            None => Ok(()),
        }
    }
}

/// The order with the names that it withholds and the request tells.
fn named_by(order: &Arc<Order>, seats: &[WantedSeat]) -> Arc<Order> {
    if !order.is_withheld() {
        return order.clone();
    }
    let mut named = (**order).clone();
    for leg in &mut named.legs {
        let wanted = seats.iter().find(|wanted| wanted.seat == leg.seat);
        if let Some(passenger) = wanted.and_then(|wanted| wanted.passenger.clone()) {
            leg.passenger = Some(passenger);
        }
    }
    withheld::completed(order, &named)
}

/// What is told beside the order.
fn told(seats: &[WantedSeat], contact: Contact) -> Option<Arc<Papers>> {
    let people = seats.iter().map(|wanted| Seated {
        seat: wanted.seat,
        person: wanted.person.clone(),
    });
    Papers::new(people.collect(), contact).map(Arc::new)
}

/// What the papers say of who had this seat.
fn person(leg: Option<&Leg>, papers: Option<&Papers>) -> Person {
    let known = leg.zip(papers);
    let known = known.and_then(|(leg, papers)| papers.of(&leg.seat));
    known.cloned().unwrap_or_default()
}

/// Who travels by other flights is who they were: of whom nothing is told anew, what was told before holds, as far as this company knows it.
fn keep_people(
    request: &mut BookRequest,
    ticket: &Ticket,
    given: &[SeatRef],
    papers: Option<&Papers>,
) {
    for wanted in &mut request.seats {
        if wanted.person == Person::default()
            && let Some(name) = wanted.passenger.as_ref().map(|passenger| &passenger.name)
        {
            let had = ticket.order.legs.iter().find(|leg| {
                let who = leg.passenger.as_ref();
                given.contains(&leg.seat) && who.is_some_and(|who| who.name == *name)
            });
            wanted.person = person(had, papers);
        }
    }
    if request.contact.is_empty() {
        request.contact = papers
            .map(|papers| papers.contact.clone())
            .unwrap_or_default();
    }
}
