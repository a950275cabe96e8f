//! What is owed to a passenger whose flights their company has changed: a pure function of the ticket, the time and how long a connection
//! takes.
//!
//! By the rules of ANAC, Resolução nº 400 of 13 December 2016:
//! * art. 12, *caput*: a change of the times by the carrier is to be told at least 72 hours before; § 1: the passenger chooses between
//!   another flight and all of the money where it is told later (I), or where departure or arrival moves by more than 30 minutes on a
//!   domestic flight, by more than an hour on an international one, and the passenger does not agree (II);
//! * art. 21: the same choice where a flight is cancelled (II), where who bought a seat is left without one (III), and where the next flight
//!   of a connection is missed and the carrier is the cause (IV), which here is known beforehand.
//!
//! It is counted as told when the company has written it down: from then on every node shows it. What is owed for one flight of a journey is
//! owed for the whole of it: nobody flies half of a connection. A flight that has left is flown, unless it was withdrawn.
//!
//! Nothing is done here. Whoever accepts, books anew or cancels asks here first.

use crate::catalogue::{ConnectionTimes, airports};
use crate::domain::flight::FlightChange;
use crate::domain::order::{Leg, SeatRef};
use crate::domain::ticket::Ticket;

/// How long before the departure a change of the times is to be told.
const NOTICE_MS: i64 = 72 * 60 * 60 * 1000;
/// By how many seconds a flight may move without the passenger's consent.
const DOMESTIC_MAX: i64 = 30 * 60;
const INTERNATIONAL_MAX: i64 = 60 * 60;

/// Why more is owed than the flight as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The flight is not flown.
    Withdrawn,
    /// The aircraft has no seat for the passenger.
    Unseated,
    /// It moves by more than is allowed.
    Moved,
    /// It moves, and that was told too late.
    ToldLate,
    /// The connection before or after it does not hold any more.
    Connection,
    /// It is flown as it was sold, but another flight of its journey is not.
    Journey,
}

/// What is owed for one seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// As the order names it.
    pub seat: SeatRef,
    /// The passenger may agree to the newest change and has not.
    pub accept: bool,
    /// Another flight or all of the money, as the passenger chooses; none: neither is owed.
    pub choice: Option<Why>,
    /// The passenger has too little time to the next flight of the journey.
    pub misses_next: bool,
}

/// A leg as it is flown now.
#[derive(Clone, Copy)]
struct Flown<'t> {
    leg: &'t Leg,
    change: Option<&'t FlightChange>,
    departs: i64,
    arrives: i64,
}

impl<'t> Flown<'t> {
    fn of(ticket: &'t Ticket, leg: &'t Leg) -> Self {
        let change = ticket.change(&leg.seat);
        Self {
            leg,
            change,
            departs: change.map_or(leg.departs, |change| change.departs),
            arrives: change.map_or(leg.arrives, |change| change.arrives),
        }
    }

    fn is_withdrawn(&self) -> bool {
        self.change.is_some_and(|change| change.withdrawn)
    }

    fn has_left(&self, now_ms: i64) -> bool {
        !self.is_withdrawn() && self.departs.saturating_mul(1000) <= now_ms
    }

    /// Why more is owed for this flight, whatever becomes of the others.
    fn why(&self) -> Option<Why> {
        let change = self.change?;
        if change.withdrawn {
            return Some(Why::Withdrawn);
        }
        if change.unseated {
            return Some(Why::Unseated);
        }
        let moved = (change.departs - self.leg.departs)
            .abs()
            .max((change.arrives - self.leg.arrives).abs());
        if change.accepted || moved == 0 {
            return None;
        }
        let most = if self.is_domestic() {
            DOMESTIC_MAX
        } else {
            INTERNATIONAL_MAX
        };
        let first = self.leg.departs.min(change.departs).saturating_mul(1000);
        match () {
            () if moved > most => Some(Why::Moved),
            () if first.saturating_sub(change.told_at) < NOTICE_MS => Some(Why::ToldLate),
            () => None,
        }
    }

    /// Within Brazil: the rules know no other domestic flights.
    fn is_domestic(&self) -> bool {
        let ends = [&self.leg.origin_iata, &self.leg.destination_iata];
        ends.iter()
            .all(|iata| airports::find(iata).is_some_and(|airport| BRAZIL.contains(&airport.zone)))
    }
}

/// The time zones of Brazil, by their names in the table of airports.
const BRAZIL: [&str; 16] = [
    "America/Araguaina",
    "America/Bahia",
    "America/Belem",
    "America/Boa_Vista",
    "America/Campo_Grande",
    "America/Cuiaba",
    "America/Eirunepe",
    "America/Fortaleza",
    "America/Maceio",
    "America/Manaus",
    "America/Noronha",
    "America/Porto_Velho",
    "America/Recife",
    "America/Rio_Branco",
    "America/Santarem",
    "America/Sao_Paulo",
];

/// What is owed at this instant (milliseconds since 1970) for each seat of the ticket that is not cancelled, in the order's sequence.
pub fn remedies(ticket: &Ticket, connections: &ConnectionTimes, now_ms: i64) -> Vec<Remedy> {
    let left = ticket.order.legs.iter();
    let left = left.filter(|leg| !ticket.cancelled.contains(&leg.seat));
    let flown: Vec<Flown<'_>> = left.map(|leg| Flown::of(ticket, leg)).collect();
    let mut remedies: Vec<Remedy> = flown
        .iter()
        .map(|flown| Remedy {
            seat: flown.leg.seat,
            accept: !flown.has_left(now_ms)
                && flown
                    .change
                    .is_some_and(|change| change.is_acceptable() && !change.accepted),
            choice: flown.why(),
            misses_next: false,
        })
        .collect();
    for journey in journeys(&flown, connections) {
        for pair in journey.windows(2) {
            if is_missed(&flown[pair[0]], &flown[pair[1]], connections) {
                remedies[pair[0]].misses_next = true;
                for at in pair {
                    remedies[*at].choice.get_or_insert(Why::Connection);
                }
            }
        }
        if journey.iter().any(|at| remedies[*at].choice.is_some()) {
            for at in journey {
                remedies[at].choice.get_or_insert(Why::Journey);
            }
        }
    }
    for (remedy, flown) in remedies.iter_mut().zip(&flown) {
        remedy.choice = remedy.choice.filter(|_| !flown.has_left(now_ms));
    }
    remedies
}

/// The flights that somebody takes one after another, by their place, in the order of departure: as they were sold, each from where the
/// one before it arrives, and no longer after it than a connection may take.
fn journeys(flown: &[Flown<'_>], connections: &ConnectionTimes) -> Vec<Vec<usize>> {
    let mut places: Vec<usize> = (0..flown.len()).collect();
    places.sort_by_key(|at| (flown[*at].leg.departs, *at));
    let longest = i64::try_from(connections.longest.as_secs()).unwrap_or(i64::MAX);
    let mut journeys: Vec<Vec<usize>> = Vec::new();
    for at in places {
        let next = flown[at].leg;
        let goes_on = |journey: &&mut Vec<usize>| {
            let last = journey.last().map(|last| flown[*last].leg);
            last.is_some_and(|last| {
                last.passenger == next.passenger
                    && last.destination_iata == next.origin_iata
                    && (0..=longest).contains(&(next.departs - last.arrives))
            })
        };
        match journeys.iter_mut().find(goes_on) {
            Some(journey) => journey.push(at),
            None => journeys.push(vec![at]),
        }
    }
    journeys
}

/// Whether the time between them was enough as they were sold, and is not any more; by what search takes for enough. Not where the
/// passenger has agreed to the flights as they are, or where one of them is not flown at all: that is worse.
fn is_missed(one: &Flown<'_>, next: &Flown<'_>, connections: &ConnectionTimes) -> bool {
    let agreed = |flown: &Flown<'_>| flown.change.is_none_or(|change| change.accepted);
    if one.is_withdrawn() || next.is_withdrawn() || (agreed(one) && agreed(next)) {
        return false;
    }
    let mut least = connections.minimum_at(&one.leg.destination_iata);
    if one.leg.seat.company != next.leg.seat.company {
        least += connections.company_change;
    }
    let least = i64::try_from(least.as_secs()).unwrap_or(i64::MAX);
    let sold = next.leg.departs - one.leg.arrives;
    sold >= least && next.departs - one.arrives < least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures;
    use crate::domain::ids::SeatNumber;

    const HOUR: i64 = 60 * 60;
    const DAY: i64 = 24 * HOUR;
    /// Of the first departure, in seconds since 1970.
    const DEPARTS: i64 = 1_800_000_000;

    /// CWB to GRU with a, an hour there, GRU to LIM with b; ten days later a flight of c from elsewhere.
    fn ticket() -> Ticket {
        let seats = ["a", "b", "c"].map(|company| fixtures::seat(company, 1));
        let mut order = (*fixtures::order(&seats)).clone();
        let trip = [
            ("CWB", "GRU", DEPARTS),
            ("GRU", "LIM", DEPARTS + 2 * HOUR),
            ("REC", "FOR", DEPARTS + 10 * DAY),
        ];
        for (leg, (origin, destination, departs)) in order.legs.iter_mut().zip(trip) {
            leg.origin_iata = origin.to_owned();
            leg.destination_iata = destination.to_owned();
            (leg.departs, leg.arrives) = (departs, departs + HOUR);
        }
        Ticket::new(fixtures::SAGA, order.into())
    }

    /// Its flight at this place moves by so many minutes, told so many hours before it was to leave.
    fn moved(ticket: &Ticket, place: usize, minutes: i64, hours: i64) -> Ticket {
        let leg = &ticket.order.legs[place];
        let change = FlightChange {
            of: leg.seat,
            sequence: 1,
            departs: leg.departs + minutes * 60,
            arrives: leg.arrives + minutes * 60,
            offsets: None,
            withdrawn: false,
            number: SeatNumber(1),
            label: None,
            unseated: false,
            told_at: (leg.departs - hours * HOUR) * 1000,
            accepted: false,
        };
        let mut changed = ticket.clone();
        changed.changes.retain(|known| known.of != change.of);
        changed.changes.push(change);
        changed.changes.sort_unstable();
        changed
    }

    fn choices(ticket: &Ticket, after: i64) -> Vec<Option<Why>> {
        let now = (DEPARTS + after) * 1000;
        let remedies = remedies(ticket, &ConnectionTimes::default(), now);
        remedies.into_iter().map(|remedy| remedy.choice).collect()
    }

    #[test]
    fn nothing_is_owed_for_what_is_flown_as_it_was_sold() {
        assert_eq!(choices(&ticket(), -DAY), [None; 3]);
    }

    #[test]
    fn half_an_hour_is_borne_at_home_and_an_hour_abroad_if_it_is_told_in_time() {
        let of =
            |place, minutes, hours| choices(&moved(&ticket(), place, minutes, hours), -DAY)[place];
        for (place, most) in [(2, 30), (1, 60)] {
            assert_eq!(of(place, most, 73), None);
            assert_eq!(of(place, most + 1, 73), Some(Why::Moved));
            assert_eq!(of(place, 1, 72), None);
            assert_eq!(of(place, 1, 71), Some(Why::ToldLate));
        }
        // the 72 hours are before the earlier one of the two departures
        assert_eq!(of(2, -30, 72), Some(Why::ToldLate));
        assert_eq!(of(2, -31, 73), Some(Why::Moved));
    }

    #[test]
    fn the_whole_journey_is_owed_and_no_other_one() {
        let late = moved(&ticket(), 1, 61, 100);
        assert_eq!(
            choices(&late, -DAY),
            [Some(Why::Journey), Some(Why::Moved), None]
        );
        // the first one is flown: what is left is owed
        assert_eq!(choices(&late, HOUR), [None, Some(Why::Moved), None]);
        assert_eq!(choices(&late, 4 * HOUR), [None; 3]);
        let mut gone = late.clone();
        gone.changes[0].withdrawn = true;
        let withdrawn = [None, Some(Why::Withdrawn), None];
        assert_eq!(choices(&gone, 4 * HOUR), withdrawn, "it never left");
    }

    #[test]
    fn a_connection_that_does_not_hold_is_owed_though_little_moved() {
        // an hour is what two companies need here
        let short = moved(&ticket(), 0, 1, 100);
        let missed = [Some(Why::Connection), Some(Why::Connection), None];
        assert_eq!(choices(&short, -DAY), missed);
        let remedies = remedies(&short, &ConnectionTimes::default(), 0);
        let misses: Vec<bool> = remedies.iter().map(|remedy| remedy.misses_next).collect();
        assert_eq!(misses, [true, false, false]);
        assert_eq!(choices(&moved(&ticket(), 0, -1, 100), -DAY), [None; 3]);
        let mut cancelled = short.clone();
        cancelled.cancelled = vec![cancelled.order.legs[1].seat];
        assert_eq!(choices(&cancelled, -DAY), [None; 2]);
    }

    #[test]
    fn who_agreed_to_it_is_owed_nothing_and_nobody_agrees_to_no_flight() {
        let mut ticket = moved(&ticket(), 0, 45, 100);
        let accept = |ticket: &Ticket| {
            let remedies = remedies(ticket, &ConnectionTimes::default(), 0);
            remedies[0].accept
        };
        assert!(accept(&ticket));
        ticket.changes[0].accepted = true;
        assert_eq!(choices(&ticket, -DAY), [None; 3]);
        assert!(!accept(&ticket));
        // where it is flown, it is 45 minutes later, and the connection is lost
        for (withdrawn, why, next) in [
            (true, Why::Withdrawn, Why::Journey),
            (false, Why::Unseated, Why::Connection),
        ] {
            ticket.changes[0].withdrawn = withdrawn;
            ticket.changes[0].unseated = !withdrawn;
            ticket.changes[0].accepted = false;
            assert_eq!(choices(&ticket, -DAY)[..2], [Some(why), Some(next)]);
            assert!(!accept(&ticket));
        }
    }
}
