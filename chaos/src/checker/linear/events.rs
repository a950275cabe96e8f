//! What the history and the final rows prove about each seat, and between which instants it happened.
//!
//! * **Booked**: from the key's first request; to the first answer of 200, or open-ended where nobody was told and the rows have the ticket. A key is
//!   recorded at the node that was asked, which may have died before that: then it is the ticket of just these seats that is nobody's.
//! * **Held**, as booked: from the key's first request to the first answer that it stands. It is freed where the rows have no ticket of it: not
//!   before its customer asked for its end, or for it a second time, or its time was over.
//! * **Freed**: where the rows have it cancelled; from the first request to cancel, or to give it for others; to the first proof of it: an answer to that request by the seat's own company, or a look at
//!   the leg. Other companies free their seats when they hear of it, so their answers prove nothing about this seat.
//! * **Seen**: `confirmado` legs of a booking's state, free seats of a company's own catalogue, and refusals as "taken".
//!
//! A refusal counts only where it was the only request under its key and came within [`DOUBT`]: later, the booking may have been undone by a
//! company that was in doubt, which is told in the same words.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::search::{Event, What};
use crate::checker::databases::Databases;
use crate::checker::facts::{Company, LegState};
use crate::checker::holds::{Hold, Holds, clocks_shifted};
use crate::history::{Answer, Fault, Meaning, Operation, Request, Seat, SeatName, Wish};

/// Shorter than a company waits for an outcome before it ends a booking by itself.
const DOUBT: u64 = 4_000_000;

type Events = BTreeMap<SeatName, Vec<Event>>;

/// Requests under one key.
struct Booking<'a> {
    seats: &'a [Seat],
    begin_us: u64,
    booked_us: Option<u64>,
    ticket: Option<Uuid>,
    /// Of a hold that was not sold: its seats are not free before.
    given_up_us: Option<u64>,
}

pub fn of_seats(companies: &[Company], history: &[Operation], faults: &[Fault]) -> Events {
    let rows = Rows::new(companies);
    let mut events = Events::new();
    let cancels = Cancels::new(history);
    let databases = Databases::new(companies);
    let holds = Holds::new(&databases, history);
    let held = holds
        .iter()
        .filter_map(|(id, hold)| held(*id, hold, &rows, faults));
    for booking in bookings(history, &rows).chain(held) {
        let Some(ticket) = booking.ticket else {
            continue;
        };
        for seat in booking.seats {
            let of_seat = events.entry(name(seat)).or_default();
            of_seat.push(Event {
                begin_us: booking.begin_us,
                end_us: booking.booked_us.unwrap_or(u64::MAX),
                what: What::Booked(ticket),
            });
            if let Some(begin_us) = booking.given_up_us {
                of_seat.push(Event {
                    begin_us,
                    end_us: u64::MAX,
                    what: What::Freed(ticket),
                });
            }
            if rows.is_cancelled(ticket, seat)
                && let Some(begin_us) = cancels.asked.get(&ticket)
            {
                of_seat.push(Event {
                    begin_us: *begin_us,
                    end_us: cancels.proven(ticket, &name(seat)),
                    what: What::Freed(ticket),
                });
            }
        }
    }
    for (seat, event) in seen(history) {
        if let Some(events) = events.get_mut(&seat) {
            events.push(event);
        }
    }
    events
}

fn name(seat: &Seat) -> SeatName {
    SeatName {
        company: seat.company.as_ref().to_owned(),
        id: seat.id,
    }
}

/// Company, route, number.
type Place<'a> = (&'a str, i64, i32);

/// The final rows, by what they are looked up by.
struct Rows<'a> {
    tickets: HashSet<Uuid>,
    keys: HashMap<(Uuid, &'a str), BTreeSet<Uuid>>,
    seats: HashMap<Uuid, BTreeSet<Place<'a>>>,
    cancelled: HashSet<(Uuid, &'a str, i64, i32)>,
}

impl<'a> Rows<'a> {
    fn new(companies: &'a [Company]) -> Self {
        let mut this = Self {
            tickets: HashSet::new(),
            keys: HashMap::new(),
            seats: HashMap::new(),
            cancelled: HashSet::new(),
        };
        for company in companies {
            this.tickets
                .extend(company.tickets.iter().map(|(id, _)| *id));
            for row in &company.keys {
                let sagas = this.keys.entry((row.user, &row.key)).or_default();
                sagas.insert(row.saga);
            }
            for row in &company.entries {
                let seats = this.seats.entry(row.ticket).or_default();
                seats.insert((&row.owner, row.route, row.number));
            }
            let cancelled = company.legs.iter();
            let cancelled = cancelled.filter(|leg| leg.state == LegState::Cancelled);
            let code = company.code.as_str();
            let places = cancelled.map(|leg| (leg.saga, code, leg.route, leg.number));
            this.cancelled.extend(places);
        }
        this
    }

    /// What the key has come to, whether or not anybody was told.
    fn ticket(&self, user: Uuid, key: &str) -> Option<Uuid> {
        let sagas = self.keys.get(&(user, key))?;
        sagas
            .iter()
            .find(|saga| self.tickets.contains(saga))
            .copied()
    }

    /// Tickets that no key and none of these has come to, by their seats.
    fn of_nobody(&self, known: &HashSet<Uuid>) -> HashMap<&BTreeSet<Place<'a>>, Vec<Uuid>> {
        let keyed: HashSet<&Uuid> = self.keys.values().flatten().collect();
        let mut tickets: HashMap<_, Vec<Uuid>> = HashMap::new();
        for (ticket, seats) in &self.seats {
            if !keyed.contains(ticket) && !known.contains(ticket) {
                tickets.entry(seats).or_default().push(*ticket);
            }
        }
        tickets
    }

    fn is_cancelled(&self, ticket: Uuid, seat: &Seat) -> bool {
        place(seat).is_some_and(|(company, route, number)| {
            self.cancelled.contains(&(ticket, company, route, number))
        })
    }
}

/// An id that does not fit is of no route.
fn place(seat: &Seat) -> Option<Place<'_>> {
    let route = i64::try_from(seat.route).ok()?;
    Some((&seat.company, route, seat.number.into()))
}

fn bookings<'a>(
    history: &'a [Operation],
    rows: &Rows,
) -> impl Iterator<Item = Booking<'a>> + use<'a> {
    let mut bookings: BTreeMap<(Uuid, &str), Booking> = BTreeMap::new();
    let mut is_refused: HashSet<(Uuid, &str)> = HashSet::new();
    for operation in history {
        let (Request::Book { user, key, seats }
        | Request::Rebook {
            user, key, seats, ..
        }) = &operation.request
        else {
            continue;
        };
        let booking = bookings.entry((*user, key)).or_insert_with(|| Booking {
            seats,
            begin_us: operation.begin_us,
            booked_us: None,
            ticket: rows.ticket(*user, key),
            given_up_us: None,
        });
        if operation.answer.meaning() == Meaning::Refused {
            is_refused.insert((*user, key));
        }
        booking.begin_us = booking.begin_us.min(operation.begin_us);
        if let Answer::Booked { ticket } = operation.answer {
            let end_us = booking.booked_us.unwrap_or(u64::MAX);
            booking.booked_us = Some(end_us.min(operation.end_us));
            booking.ticket = Some(ticket);
        }
    }
    let known = bookings.values().filter_map(|booking| booking.ticket);
    let holds = history
        .iter()
        .filter_map(|operation| match operation.answer {
            Answer::Hold { hold, .. } => Some(hold),
            _ => None,
        });
    let mut of_nobody = rows.of_nobody(&known.chain(holds).collect());
    let open = bookings.iter_mut();
    let open = open.filter(|(key, booking)| booking.ticket.is_none() && !is_refused.contains(key));
    for (_, booking) in open {
        let seats: Option<BTreeSet<Place>> = booking.seats.iter().map(place).collect();
        let found = seats.and_then(|seats| of_nobody.get_mut(&seats)?.pop());
        booking.ticket = found;
    }
    bookings.into_values()
}

/// None of a hold that, as far as anybody knows, never stood.
fn held<'a>(id: Uuid, hold: &Hold<'a>, rows: &Rows, faults: &[Fault]) -> Option<Booking<'a>> {
    let is_sold = rows.tickets.contains(&id);
    if !is_sold && hold.told_us.is_none() {
        return None;
    }
    let promised_us = hold
        .promised_us
        .filter(|promised_us| !clocks_shifted(faults, hold.begin_us, *promised_us));
    let kept_us = promised_us.unwrap_or(hold.begin_us);
    let asked = [hold.end_asked_us(), hold.asked_again_us()];
    let given_up_us = asked.into_iter().flatten().fold(kept_us, u64::min);
    Some(Booking {
        seats: hold.seats,
        begin_us: hold.begin_us,
        booked_us: hold.told_us,
        ticket: Some(id),
        given_up_us: (!is_sold).then_some(given_up_us),
    })
}

/// When tickets were cancelled.
struct Cancels<'a> {
    asked: HashMap<Uuid, u64>,
    /// By whose node.
    answered: HashMap<(Uuid, &'a str), u64>,
    seen: HashMap<(Uuid, &'a SeatName), u64>,
}

impl<'a> Cancels<'a> {
    fn new(history: &'a [Operation]) -> Self {
        let mut this = Self {
            asked: HashMap::new(),
            answered: HashMap::new(),
            seen: HashMap::new(),
        };
        for operation in history {
            match (&operation.request, &operation.answer) {
                (Request::Cancel { ticket, .. }, answer) => {
                    earliest(&mut this.asked, *ticket, operation.begin_us);
                    if *answer == Answer::Cancelled {
                        let place = (*ticket, &*operation.node);
                        earliest(&mut this.answered, place, operation.end_us);
                    }
                }
                // by whose answer nothing has taken effect yet
                (Request::Rebook { ticket, .. }, _) => {
                    earliest(&mut this.asked, *ticket, operation.begin_us);
                }
                (Request::Status { ticket, .. }, Answer::Status { legs, .. }) => {
                    for leg in legs.iter().filter(|leg| leg.state == "cancelado") {
                        earliest(&mut this.seen, (*ticket, &leg.seat), operation.end_us);
                    }
                }
                _ => {}
            }
        }
        this
    }

    /// When it had taken effect on this seat at the latest.
    fn proven(&self, ticket: Uuid, seat: &SeatName) -> u64 {
        let proofs = [
            self.answered.get(&(ticket, &*seat.company)),
            self.seen.get(&(ticket, seat)),
        ];
        let first = proofs.into_iter().flatten().min();
        first.copied().unwrap_or(u64::MAX)
    }
}

fn earliest<K: Eq + std::hash::Hash>(of: &mut HashMap<K, u64>, key: K, us: u64) {
    let first = of.entry(key).or_insert(us);
    *first = (*first).min(us);
}

fn seen(history: &[Operation]) -> Vec<(SeatName, Event)> {
    let mut requests: HashMap<(Uuid, &str), usize> = HashMap::new();
    for operation in history {
        if let Some(Wish { user, key, .. }) = operation.request.wish() {
            *requests.entry((user, key)).or_default() += 1;
        }
    }
    let mut seen = Vec::new();
    for operation in history {
        let event = |what| Event {
            begin_us: operation.begin_us,
            end_us: operation.end_us,
            what,
        };
        match (&operation.request, &operation.answer) {
            (Request::Status { ticket, .. }, Answer::Status { legs, .. }) => {
                let sold = legs.iter().filter(|leg| leg.state == "confirmado");
                seen.extend(sold.map(|leg| (leg.seat.clone(), event(What::SeenOf(*ticket)))));
            }
            (Request::SeatMap { company }, Answer::SeatMap { routes }) => {
                let free = routes.iter().flat_map(|(route, numbers)| {
                    numbers.iter().map(|number| seat_id(*route, *number))
                });
                seen.extend(free.map(|id| {
                    let company = company.as_ref().to_owned();
                    (SeatName { company, id }, event(What::SeenFree))
                }));
            }
            (
                Request::Book { user, key, .. } | Request::Hold { user, key, .. },
                Answer::Problem { kind, seat, .. },
            ) => {
                let alone = requests.get(&(*user, key.as_str())) == Some(&1);
                let soon = operation.end_us - operation.begin_us < DOUBT;
                if let Some(seat) = seat
                    && kind == "seat-taken"
                    && alone
                    && soon
                {
                    seen.push((seat.clone(), event(What::SeenTaken)));
                }
            }
            _ => {}
        }
    }
    seen
}

/// As the wire numbers seats.
fn seat_id(route: u64, number: u16) -> u64 {
    (route << 10) | u64::from(number)
}

#[cfg(test)]
mod tests;
