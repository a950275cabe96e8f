//! Whether flights may take the place of others that their company has changed, without cost: a pure function of the ticket, of what is
//! owed for it ([`super::remedy`]), and of the order.
//!
//! By ANAC, Resolução nº 400 of 13 December 2016, art. 28: with flights of the carrier itself on a date that suits the passenger (II), or
//! with those of any company at the first opportunity (I), which is read here as [`OTHERS_WITHIN`].

use std::collections::BTreeMap;

use super::remedy::Remedy;
use crate::catalogue::airports;
use crate::domain::ids::{CompanyId, RouteId};
use crate::domain::order::{Exchange, Leg, SeatRef};
use crate::domain::ticket::Ticket;

/// So many seconds after the first of the old flights was to depart, flights of companies that changed nothing may leave.
pub const OTHERS_WITHIN: i64 = 7 * 24 * 60 * 60;

/// Why flights do not take the place of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRebooked {
    /// No other flight is owed for this seat, as the order of the ticket names it; or it is none of the ticket's.
    NotOwed(SeatRef),
    /// No other flight is owed for any seat of the ticket.
    NothingOwed,
    /// The old seats of a passenger are not one way from somewhere to somewhere: each way is rebooked by itself.
    NotOneWay,
    /// The new flights lead from elsewhere, to elsewhere, or do not connect.
    OtherPlaces,
    /// The new seats are not for those who had the old ones.
    OtherPassengers,
    /// A company that changed nothing flies this one, and it leaves too late.
    TooLate(SeatRef),
}

/// What the order takes the place of, if it may. `given`: the old seats; `legs`: those of the new order.
pub fn exchange(
    ticket: &Ticket,
    remedies: &[Remedy],
    given: &[SeatRef],
    legs: &[Leg],
) -> Result<Exchange, NotRebooked> {
    if given.is_empty() {
        return Err(NotRebooked::NothingOwed);
    }
    let owed = |seat: &&SeatRef| {
        let mut remedies = remedies.iter();
        remedies.any(|remedy| remedy.seat == **seat && remedy.choice.is_some())
    };
    if let Some(seat) = given.iter().find(|seat| !owed(seat)) {
        return Err(NotRebooked::NotOwed(*seat));
    }
    let old = ticket.order.legs.iter();
    let old: Vec<&Leg> = old.filter(|leg| given.contains(&leg.seat)).collect();
    let new: Vec<&Leg> = legs.iter().collect();
    let (old_ways, new_ways) = (ways(&old), ways(&new));
    if !old_ways.keys().eq(new_ways.keys()) {
        return Err(NotRebooked::OtherPassengers);
    }
    for (passenger, old_way) in &old_ways {
        let new_way = &new_ways[passenger];
        if old_way.people != new_way.people {
            return Err(NotRebooked::OtherPassengers);
        }
        let (from, to) = old_way.ends().ok_or(NotRebooked::NotOneWay)?;
        let same = |ends: (&str, &str)| is_near(ends.0, from) && is_near(ends.1, to);
        if !new_way.ends().is_some_and(same) {
            return Err(NotRebooked::OtherPlaces);
        }
    }
    let changed: Vec<CompanyId> = ticket
        .changes
        .iter()
        .map(|change| change.of.company)
        .collect();
    let first = old.iter().map(|leg| leg.departs).min().unwrap_or_default();
    let too_late = |leg: &&Leg| {
        !changed.contains(&leg.seat.company) && leg.departs > first.saturating_add(OTHERS_WITHIN)
    };
    if let Some(leg) = legs.iter().find(too_late) {
        return Err(NotRebooked::TooLate(leg.seat));
    }
    let mut seats = given.to_vec();
    seats.sort_unstable();
    seats.dedup();
    Ok(Exchange {
        ticket: ticket.id,
        seats,
        companies: ticket.order.companies(),
    })
}

/// Who has the new seats where the client does not say, each by the first of their old seats: those who had the old ones, in the order of the ticket, one on each flight after
/// another.
pub fn seated<'t>(
    ticket: &'t Ticket,
    given: &[SeatRef],
    seats: &[SeatRef],
) -> Vec<Option<&'t Leg>> {
    let old = ticket.order.legs.iter();
    let old = old.filter(|leg| given.contains(&leg.seat));
    let mut people: Vec<&Leg> = Vec::new();
    for leg in old {
        if !people.iter().any(|other| other.passenger == leg.passenger) {
            people.push(leg);
        }
    }
    let mut on_flight: BTreeMap<(CompanyId, RouteId), usize> = BTreeMap::new();
    let mut next = |seat: &SeatRef| {
        let place = on_flight.entry((seat.company, seat.route)).or_default();
        let sitter = people.get(*place % people.len().max(1)).copied();
        *place += 1;
        sitter
    };
    seats.iter().map(&mut next).collect()
}

/// The flights of one passenger, or of all whose names nobody told.
struct Way<'a> {
    /// By departure, each flight once.
    legs: Vec<&'a Leg>,
    /// Seats on each of them; None if they are not equally many.
    people: Option<usize>,
}

impl Way<'_> {
    /// Where it begins and ends; none if its flights do not follow one another, or lead back.
    fn ends(&self) -> Option<(&str, &str)> {
        let follows = |pair: &[&Leg]| {
            is_near(&pair[0].destination_iata, &pair[1].origin_iata)
                && pair[0].arrives <= pair[1].departs
        };
        let (first, last) = (self.legs.first()?, self.legs.last()?);
        let is_one = self.legs.windows(2).all(follows)
            && !is_near(&first.origin_iata, &last.destination_iata);
        is_one.then_some((&first.origin_iata, &last.destination_iata))
    }
}

fn ways<'a>(legs: &[&'a Leg]) -> BTreeMap<Option<(&'a str, Option<&'a str>)>, Way<'a>> {
    let mut of: BTreeMap<_, Vec<&'a Leg>> = BTreeMap::new();
    for leg in legs {
        let passenger = leg.passenger.as_ref();
        let passenger =
            passenger.map(|passenger| (&*passenger.name, passenger.document.as_deref()));
        of.entry(passenger).or_default().push(leg);
    }
    let way = |mut legs: Vec<&'a Leg>| {
        let flight = |leg: &Leg| (leg.departs, leg.seat.company, leg.seat.route);
        legs.sort_by_key(|leg| flight(leg));
        let mut counts = BTreeMap::new();
        for leg in &legs {
            *counts.entry(flight(leg)).or_insert(0usize) += 1;
        }
        legs.dedup_by_key(|leg| flight(leg));
        let first = counts.values().next().copied();
        Way {
            legs,
            people: first.filter(|first| counts.values().all(|count| count == first)),
        }
    };
    of.into_iter()
        .map(|(passenger, legs)| (passenger, way(legs)))
        .collect()
}

/// The same airport, or one of the same city.
fn is_near(one: &str, other: &str) -> bool {
    one == other || airports::of_one_area(one, other)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::fixtures;
    use crate::domain::flight::FlightChange;
    use crate::domain::ids::SeatNumber;
    use crate::domain::order::{Order, Passenger};
    use crate::people::remedy::Why;

    const HOUR: i64 = 60 * 60;
    const DAY: i64 = 24 * HOUR;
    const DEPARTS: i64 = 1_800_000_000;

    fn passenger(name: &str) -> Option<Passenger> {
        Some(Passenger {
            name: name.to_owned(),
            document: None,
        })
    }

    /// Of this company's flight of that number, so many hours after the first departure, for an hour.
    fn leg(company: &str, flight: u64, number: u16, ends: (&str, &str), hours: i64) -> Leg {
        let mut seat = fixtures::seat(company, number);
        seat.route = RouteId(flight);
        let departs = DEPARTS + hours * HOUR;
        let of = &fixtures::order(&[seat]).legs[0];
        Leg {
            origin_iata: ends.0.to_owned(),
            destination_iata: ends.1.to_owned(),
            departs,
            arrives: departs + HOUR,
            passenger: passenger("Ana"),
            ..of.clone()
        }
    }

    /// Ana flies CWB–GRU with a and on to LIM with b; all of it is owed because a's flight is withdrawn.
    fn ticket() -> (Ticket, Vec<Remedy>) {
        let legs = vec![
            leg("a", 1, 1, ("CWB", "GRU"), 0),
            leg("b", 2, 1, ("GRU", "LIM"), 3),
        ];
        ticket_of(legs)
    }

    fn ticket_of(legs: Vec<Leg>) -> (Ticket, Vec<Remedy>) {
        let first = legs[0].clone();
        let order = Order {
            legs,
            ..(*fixtures::order(&[])).clone()
        };
        let mut ticket = Ticket::new(fixtures::SAGA, Arc::new(order));
        ticket.changes = vec![FlightChange {
            of: first.seat,
            sequence: 1,
            departs: first.departs,
            arrives: first.arrives,
            offsets: None,
            withdrawn: true,
            number: SeatNumber(1),
            label: None,
            unseated: false,
            told_at: 0,
            accepted: false,
        }];
        let remedy = |leg: &Leg| Remedy {
            seat: leg.seat,
            accept: false,
            choice: Some(Why::Withdrawn),
            misses_next: false,
        };
        let remedies = ticket.order.legs.iter().map(remedy).collect();
        (ticket, remedies)
    }

    fn rebooked(legs: &[Leg]) -> Result<Exchange, NotRebooked> {
        let (ticket, remedies) = ticket();
        exchange(&ticket, &remedies, &ticket.order.seats(), legs)
    }

    #[test]
    fn the_same_way_by_other_flights_is_owed() {
        let direct = [leg("c", 3, 9, ("CWB", "LIM"), 30)];
        let (ticket, _) = ticket();
        let expected = Exchange {
            ticket: ticket.id,
            seats: ticket.order.seats(),
            companies: ticket.order.companies(),
        };
        assert_eq!(rebooked(&direct), Ok(expected));
        let by_another_airport = [
            leg("c", 4, 9, ("CWB", "CGH"), 30),
            leg("b", 5, 9, ("GRU", "LIM"), 35),
        ];
        assert!(rebooked(&by_another_airport).is_ok());
    }

    #[test]
    fn only_a_part_of_it_is_given_where_only_a_part_is_wanted() {
        let (ticket, remedies) = ticket();
        let given = [ticket.order.legs[0].seat];
        let instead = [leg("a", 6, 2, ("CWB", "GRU"), -2)];
        let found = exchange(&ticket, &remedies, &given, &instead).unwrap();
        assert_eq!(found.seats, given);
        assert_eq!(found.companies, ticket.order.companies());
    }

    #[test]
    fn nothing_is_owed_for_a_flight_that_is_flown_as_it_was_sold() {
        let (ticket, mut remedies) = ticket();
        remedies[1].choice = None;
        let second = ticket.order.legs[1].seat;
        let instead = [leg("c", 3, 9, ("CWB", "LIM"), 30)];
        let found = exchange(&ticket, &remedies, &ticket.order.seats(), &instead);
        assert_eq!(found, Err(NotRebooked::NotOwed(second)));
        let found = exchange(&ticket, &remedies, &[], &instead);
        assert_eq!(found, Err(NotRebooked::NothingOwed));
        let foreign = fixtures::seat("c", 3);
        let found = exchange(&ticket, &remedies, &[foreign], &instead);
        assert_eq!(found, Err(NotRebooked::NotOwed(foreign)));
    }

    #[test]
    fn another_way_is_another_booking() {
        let elsewhere: [&[Leg]; 5] = [
            &[leg("c", 3, 9, ("CWB", "EZE"), 30)],
            &[leg("c", 3, 9, ("REC", "LIM"), 30)],
            &[leg("c", 3, 9, ("LIM", "CWB"), 30)],
            &[
                leg("c", 3, 9, ("CWB", "GRU"), 30),
                leg("b", 5, 9, ("GIG", "LIM"), 35),
            ],
            // it would leave before it has arrived
            &[
                leg("c", 3, 9, ("CWB", "GRU"), 30),
                leg("b", 5, 9, ("GRU", "LIM"), 30),
            ],
        ];
        for legs in elsewhere {
            assert_eq!(rebooked(legs), Err(NotRebooked::OtherPlaces), "{legs:?}");
        }
        let back = vec![
            leg("a", 1, 1, ("CWB", "GRU"), 0),
            leg("b", 2, 1, ("GRU", "CWB"), 30),
        ];
        let (ticket, remedies) = ticket_of(back);
        let legs = [leg("c", 3, 9, ("CWB", "GRU"), 30)];
        let found = exchange(&ticket, &remedies, &ticket.order.seats(), &legs);
        assert_eq!(found, Err(NotRebooked::NotOneWay));
    }

    #[test]
    fn the_seats_are_for_those_who_had_them() {
        let mut other = leg("c", 3, 9, ("CWB", "LIM"), 30);
        other.passenger = passenger("Bia");
        assert_eq!(rebooked(&[other]), Err(NotRebooked::OtherPassengers));
        let twice = [
            leg("c", 3, 9, ("CWB", "LIM"), 30),
            leg("c", 3, 10, ("CWB", "LIM"), 30),
        ];
        assert_eq!(rebooked(&twice), Err(NotRebooked::OtherPassengers));
        // two whose names nobody told
        let unnamed = |mut leg: Leg| {
            leg.passenger = None;
            leg
        };
        let old = [1, 2].map(|number| unnamed(leg("a", 1, number, ("CWB", "LIM"), 0)));
        let (ticket, remedies) = ticket_of(old.to_vec());
        let new = [1, 2].map(|number| unnamed(leg("c", 3, number, ("CWB", "LIM"), 0)));
        let given = ticket.order.seats();
        assert!(exchange(&ticket, &remedies, &given, &new).is_ok());
        let fewer = exchange(&ticket, &remedies, &given, &new[..1]);
        assert_eq!(fewer, Err(NotRebooked::OtherPassengers));
    }

    #[test]
    fn others_fly_at_the_first_opportunity_and_who_changed_it_when_it_suits() {
        let days = |company, days: i64| rebooked(&[leg(company, 3, 9, ("CWB", "LIM"), days * 24)]);
        assert!(days("c", 7).is_ok());
        assert!(matches!(days("c", 8), Err(NotRebooked::TooLate(_))));
        assert!(matches!(days("b", 8), Err(NotRebooked::TooLate(_))));
        assert!(days("a", 200).is_ok());
        assert_eq!(OTHERS_WITHIN, 7 * DAY);
    }

    #[test]
    fn who_had_the_old_seats_has_the_new_ones() {
        let mut legs = vec![
            leg("a", 1, 1, ("CWB", "LIM"), 0),
            leg("a", 1, 2, ("CWB", "LIM"), 0),
        ];
        legs[1].passenger = passenger("Bia");
        let (ticket, _) = ticket_of(legs);
        let new = [
            leg("b", 3, 7, ("CWB", "GRU"), 0).seat,
            leg("b", 3, 8, ("CWB", "GRU"), 0).seat,
            leg("c", 4, 1, ("GRU", "LIM"), 5).seat,
            leg("c", 4, 2, ("GRU", "LIM"), 5).seat,
        ];
        let names = seated(&ticket, &ticket.order.seats(), &new).into_iter();
        let names: Vec<_> = names
            .map(|leg| leg.unwrap().passenger.clone().unwrap().name)
            .collect();
        assert_eq!(names, ["Ana", "Bia", "Ana", "Bia"]);
        let one = [ticket.order.legs[1].seat];
        let sitters = seated(&ticket, &one, &new[..1]);
        assert_eq!(sitters, [Some(&ticket.order.legs[1])]);
    }
}
