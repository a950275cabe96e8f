//! Whose seats are whose.

use passcom_actors::domain::order::{Leg, Passenger};
use passcom_actors::domain::ticket::Ticket;

/// Somebody who travels, named or not.
#[derive(Debug, PartialEq)]
pub(crate) struct Traveller<'a> {
    pub passenger: Option<&'a Passenger>,
    /// In the order of departure, one seat each.
    pub legs: Vec<&'a Leg>,
}

/// The travellers of a ticket, without cancelled seats. The first seat of each leg that names the same person, or nobody, is of one
/// traveller, the second of another: two people may have one name.
pub(crate) fn travellers(ticket: &Ticket) -> Vec<Traveller<'_>> {
    let mut legs: Vec<&Leg> = ticket.order.legs.iter().collect();
    legs.retain(|leg| !ticket.cancelled.contains(&leg.seat));
    legs.sort_by_key(|leg| leg.departs);
    let mut travellers: Vec<Traveller<'_>> = Vec::new();
    for leg in legs {
        let flight = |other: &Leg| (other.seat.company, other.seat.route);
        let is_free = |traveller: &&mut Traveller<'_>| {
            let others = &traveller.legs;
            traveller.passenger == leg.passenger.as_ref()
                && others.iter().all(|other| flight(other) != flight(leg))
        };
        match travellers.iter_mut().find(is_free) {
            Some(traveller) => traveller.legs.push(leg),
            None => travellers.push(Traveller {
                passenger: leg.passenger.as_ref(),
                legs: vec![leg],
            }),
        }
    }
    travellers
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use passcom_actors::domain::flight::FlightChange;
    use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber, UserId};
    use passcom_actors::domain::order::{Order, Price, SeatRef};
    use uuid::Uuid;

    use super::*;

    pub const ID: SagaId = SagaId(Uuid::from_u128(0x17));

    pub fn leg(company: &str, route: u64, number: u16, name: Option<&str>) -> Leg {
        let departs = 1_795_446_000 + route as i64 * 7200;
        Leg {
            seat: SeatRef {
                company: company.parse().unwrap(),
                route: RouteId(route),
                number: SeatNumber(number),
            },
            flight: format!("{company}1{route:03}"),
            origin: "São Paulo".to_owned(),
            destination: "Manaus".to_owned(),
            origin_iata: "GRU".to_owned(),
            destination_iata: "MAO".to_owned(),
            departs,
            arrives: departs + 5400,
            price: Price {
                minor: 45_990,
                currency: "BRL".to_owned(),
            },
            passenger: name.map(|name| Passenger {
                name: name.to_owned(),
                document: Some("123.456.789-09".to_owned()),
            }),
            offsets: None,
            label: None,
        }
    }

    /// Its flight leaves and arrives so many seconds later, or is withdrawn.
    pub fn changed(leg: &Leg, later: i64, withdrawn: bool) -> FlightChange {
        FlightChange {
            of: leg.seat,
            sequence: 1,
            departs: leg.departs + later,
            arrives: leg.arrives + later,
            offsets: leg.offsets,
            withdrawn,
            number: leg.seat.number,
            label: None,
            unseated: false,
            told_at: 0,
            accepted: false,
        }
    }

    pub fn ticket(legs: Vec<Leg>) -> Ticket {
        Ticket {
            id: ID,
            order: Arc::new(Order {
                user: UserId(Uuid::nil()),
                created_at: 1_730_319_757_999,
                legs,
                hold_seconds: None,
                seller: None,
                exchange: None,
            }),
            cancelled: Vec::new(),
            changes: Vec::new(),
            refunds: Vec::new(),
            corrections: Vec::new(),
        }
    }

    fn seats(ticket: &Ticket) -> Vec<Vec<(u64, u16)>> {
        let travellers = travellers(ticket).into_iter();
        let seat = |leg: &Leg| (leg.seat.route.0, leg.seat.number.0);
        travellers
            .map(|traveller| traveller.legs.into_iter().map(seat).collect())
            .collect()
    }

    #[test]
    fn seats_are_gathered_by_name() {
        let named = ticket(vec![
            leg("a", 2, 1, Some("Ana")),
            leg("a", 1, 1, Some("Caê")),
            leg("a", 1, 2, Some("Ana")),
        ]);
        assert_eq!(seats(&named), [vec![(1, 1)], vec![(1, 2), (2, 1)]]);
    }

    #[test]
    fn a_return_trip_is_on_one_ticket_in_the_order_of_departure() {
        let seat = |company, route, number, name| leg(company, route, number, Some(name));
        let both = ticket(vec![
            seat("b", 9, 3, "Ana"),
            seat("b", 9, 4, "Bia"),
            seat("a", 1, 7, "Ana"),
            seat("a", 1, 8, "Bia"),
            seat("a", 2, 7, "Ana"),
            seat("a", 2, 8, "Bia"),
        ]);
        let expected = [[(1, 7), (2, 7), (9, 3)], [(1, 8), (2, 8), (9, 4)]];
        assert_eq!(seats(&both), expected);
    }

    #[test]
    fn without_names_the_nth_seats_of_all_legs_are_of_one() {
        let unnamed = ticket(vec![
            leg("a", 1, 7, None),
            leg("a", 1, 8, None),
            leg("b", 2, 3, None),
            leg("b", 2, 4, None),
        ]);
        assert_eq!(seats(&unnamed), [[(1, 7), (2, 3)], [(1, 8), (2, 4)]]);
    }

    #[test]
    fn a_cancelled_seat_is_nobodys() {
        let mut one = ticket(vec![leg("a", 1, 7, None), leg("b", 2, 3, None)]);
        one.cancelled = vec![one.order.legs[0].seat];
        assert_eq!(seats(&one), [[(2, 3)]]);
    }
}
