//! Copies come to the same changes in any order; a leg moves with its seat, and ends where it then is.

use super::*;
use crate::entry::{Entry, Receipt};
use crate::fixtures::*;
use crate::ids::SeatNumber;
use crate::rows::Footprint;
use crate::ticket::{Cancelled, Ticket};

fn change_of(number: u16, sequence: u32, departs: i64, accepted: bool) -> FlightChange {
    FlightChange {
        of: seat("a", number),
        sequence,
        departs,
        arrives: departs + 3_600,
        offsets: None,
        withdrawn: false,
        number: SeatNumber(number),
        label: None,
        unseated: false,
        told_at: 7,
        accepted,
    }
}

/// As the order has it, unless said otherwise.
fn flight(number: u16) -> Flight {
    Flight {
        of: seat("a", number),
        departs: 0,
        arrives: 3_600,
        offsets: None,
        withdrawn: false,
        seats: SEATS,
        label: None,
        instead: Vec::new(),
    }
}

fn place(number: u16) -> Place {
    let label = Some(format!("{number}A"));
    let number = SeatNumber(number);
    Place { number, label }
}

/// An order of a's seats 3 and 4 and one of b; the seats of a are sold.
fn sold() -> Rows {
    let mut rows = rows();
    for number in [3, 4] {
        rows.load_leg(leg_key(SAGA, number), leg(LegState::Committed));
    }
    let order = order(&[seat("a", 3), seat("a", 4), seat("b", 1)]);
    rows.tickets.load(SAGA, Ticket::new(SAGA, order));
    rows
}

fn post(rows: &mut Rows, flights: &[Flight]) {
    let entry = Entry::Change {
        ticket: SAGA,
        flights: flights.to_vec(),
        at: 9,
    };
    // the footprint is checked with every post
    let mut footprint = Footprint::default();
    entry.footprint(rows.me, &mut footprint);
    let mut named = rows.clone().named_by(Some(footprint));
    assert_eq!(entry.post(&mut named), Receipt::Done);
    *rows = named.named_by(None);
}

fn agree(rows: &mut Rows, agreed: &[(SeatRef, u32)]) -> Accepted {
    let entry = Entry::Accept {
        ticket: SAGA,
        agreed: agreed.to_vec(),
    };
    match entry.post(rows) {
        Receipt::Accepted(accepted) => accepted,
        other => panic!("{other:?}"),
    }
}

fn ticket_of(rows: &Rows) -> Ticket {
    rows.ticket(&SAGA).unwrap().clone()
}

fn states(rows: &Rows) -> Vec<(u16, LegState)> {
    let legs = rows.legs_of(SAGA).into_iter();
    legs.map(|(key, leg)| (key.number.0, leg.state)).collect()
}

#[test]
fn copies_merge_to_the_same_in_any_order_and_any_number_of_times() {
    let empty = Ticket::new(SAGA, order(&[seat("a", 3), seat("a", 4)]));
    // two seats, each unchanged or at one of two changes, agreed to or not, and a count that two contents came to
    let mut copies = vec![empty.clone()];
    for number in [3, 4] {
        for (sequence, departs) in [(1, 60), (2, 120), (2, 180)] {
            for accepted in [false, true] {
                let change = change_of(number, sequence, departs, accepted);
                copies.push(empty.with_changes(&[change]));
            }
        }
    }
    let merge = |one: &Ticket, other: &Ticket| one.with_changes(&other.changes);
    for one in &copies {
        assert_eq!(merge(one, one), *one);
        for other in &copies {
            let both = merge(one, other);
            assert_eq!(both, merge(other, one));
            assert_eq!(merge(&both, other), both);
            for third in &copies {
                assert_eq!(merge(&both, third), merge(one, &merge(other, third)));
            }
        }
    }
}

#[test]
fn what_was_agreed_to_stays_agreed_to_until_there_is_a_newer_change() {
    let empty = Ticket::new(SAGA, order(&[seat("a", 3)]));
    let (told, agreed) = (change_of(3, 1, 60, false), change_of(3, 1, 60, true));
    let newer = change_of(3, 2, 90, false);
    let known = empty.with_changes(&[agreed]);
    assert!(known.with_changes(&[told]).changes[0].accepted);
    assert_eq!(
        known.with_changes(std::slice::from_ref(&newer)).changes,
        [newer]
    );
}

#[test]
fn a_moved_flight_is_written_down_once_and_told_to_the_others() {
    let mut rows = sold();
    let later = Flight {
        departs: 600,
        arrives: 4_200,
        ..flight(3)
    };
    assert!(ticket_of(&rows).would_change(&later));
    post(&mut rows, &[later.clone(), flight(4)]);
    let ticket = ticket_of(&rows);
    let change = ticket.change(&seat("a", 3)).unwrap();
    assert_eq!(
        (change.sequence, change.departs, change.told_at),
        (1, 600, 9)
    );
    assert_eq!(
        ticket.changes.len(),
        1,
        "the other one is flown as it was sold"
    );
    assert_eq!(rows.outbox, [Replicated::Ticket(ticket.clone())]);

    assert!(!ticket.would_change(&later));
    post(&mut rows, &[later]);
    assert_eq!((ticket_of(&rows), rows.outbox.len()), (ticket, 1));
}

#[test]
fn only_the_own_seats_of_a_ticket_that_is_here_are_changed() {
    let mut rows = sold();
    let cancelled = Ticket {
        cancelled: vec![seat("a", 3)],
        ..ticket_of(&rows)
    };
    rows.tickets.load(SAGA, cancelled.clone());
    let withdrawn = |of| Flight {
        of,
        withdrawn: true,
        ..flight(3)
    };
    let flights = [seat("a", 3), seat("a", 2), seat("b", 1)].map(withdrawn);
    post(&mut rows, &flights);
    assert_eq!(ticket_of(&rows), cancelled);
    let mut nobodys = crate::fixtures::rows();
    post(&mut nobodys, &flights);
    assert!(nobodys.outbox.is_empty());
}

#[test]
fn who_loses_the_seat_gets_the_first_free_one_instead() {
    let mut rows = sold();
    rows.load_leg(leg_key(OTHER, 1), leg(LegState::Prepared));
    let smaller = |number, instead: &[u16]| Flight {
        seats: 2,
        instead: instead.iter().map(|number| place(*number)).collect(),
        ..flight(number)
    };
    // 1 is another's, 3 is none any more; of two who want the last one, one gets it
    post(&mut rows, &[smaller(3, &[1, 3, 2]), smaller(4, &[1, 2])]);
    let ticket = ticket_of(&rows);
    let [first, second] = [3, 4].map(|number| ticket.change(&seat("a", number)).unwrap().clone());
    assert_eq!((first.number, first.unseated), (SeatNumber(2), false));
    assert_eq!(first.label.as_deref(), Some("2A"));
    assert_eq!((second.number, second.unseated), (SeatNumber(4), true));
    let moved = [
        (2, LegState::Committed),
        (3, LegState::Moved),
        (4, LegState::Committed),
    ];
    assert_eq!(states(&rows), moved);
    assert_eq!(rows.owner(&(ROUTE, SeatNumber(3))), None);
    let owner = Some((SAGA, LegState::Committed));
    assert_eq!(rows.owner(&(ROUTE, SeatNumber(2))), owner);
    assert!(!ticket.would_change(&smaller(3, &[])));
    assert!(!ticket.would_change(&smaller(4, &[])), "nothing is free");
    assert!(ticket.would_change(&smaller(4, &[1])));

    post(&mut rows, &[flight(4)]);
    let back = ticket_of(&rows).change(&seat("a", 4)).unwrap().clone();
    assert_eq!(
        (back.sequence, back.unseated),
        (2, false),
        "a larger aircraft"
    );
}

#[test]
fn a_leg_that_is_not_sold_yet_does_not_move() {
    let mut rows = sold();
    rows.load_leg(leg_key(SAGA, 3), leg(LegState::Prepared));
    let smaller = Flight {
        seats: 2,
        instead: vec![place(2)],
        ..flight(3)
    };
    let before = ticket_of(&rows);
    post(&mut rows, std::slice::from_ref(&smaller));
    assert_eq!(ticket_of(&rows), before);
    assert!(before.would_change(&smaller), "it is tried again");
}

#[test]
fn a_cancellation_ends_the_leg_where_it_is_now() {
    let mut rows = sold();
    let smaller = Flight {
        seats: 2,
        instead: vec![place(2)],
        ..flight(3)
    };
    post(&mut rows, &[smaller]);
    let cancel = Entry::Cancel {
        ticket: SAGA,
        seats: vec![seat("a", 3)],
        agreed: true,
        refunds: Vec::new(),
    };
    for _ in 0..2 {
        let receipt = cancel.post(&mut rows);
        assert!(matches!(receipt, Receipt::Cancelled(Cancelled::Done(_))));
    }
    let ended = [
        (2, LegState::Cancelled),
        (3, LegState::Moved),
        (4, LegState::Committed),
    ];
    assert_eq!(states(&rows), ended);
    assert_eq!(rows.owner(&(ROUTE, SeatNumber(2))), None);
    assert_eq!(rows.take_alarms(), [""; 0]);
}

#[test]
fn a_cancellation_from_elsewhere_does_the_same() {
    let mut rows = sold();
    let sold = ticket_of(&rows);
    let smaller = Flight {
        seats: 2,
        instead: vec![place(2)],
        ..flight(3)
    };
    post(&mut rows, &[smaller]);
    let copy = Ticket {
        cancelled: vec![seat("a", 3)],
        ..sold
    };
    let merge = Entry::Merge {
        rows: vec![Replicated::Ticket(copy)],
        cursor: None,
    };
    assert_eq!(merge.post(&mut rows), Receipt::Done);
    assert_eq!(rows.owner(&(ROUTE, SeatNumber(2))), None);
    assert_eq!(ticket_of(&rows).changes.len(), 1);
    assert_eq!(rows.take_alarms(), [""; 0]);
}

#[test]
fn the_passenger_agrees_to_what_was_shown_and_to_nothing_newer() {
    let mut rows = sold();
    let of = seat("a", 3);
    let moved = |departs| Flight {
        departs,
        arrives: departs + 3_600,
        ..flight(3)
    };
    assert_eq!(agree(&mut rows, &[(of, 1)]), Accepted::Changed);
    post(&mut rows, &[moved(600)]);
    for _ in 0..2 {
        assert_eq!(agree(&mut rows, &[(of, 1)]), Accepted::Done);
        assert!(ticket_of(&rows).changes[0].accepted);
    }
    assert_eq!(rows.outbox.len(), 2, "of the change and of one acceptance");

    // another seat at the same time is agreed to as well, another time is not
    let smaller = Flight {
        seats: 2,
        instead: vec![place(2)],
        ..moved(600)
    };
    post(&mut rows, &[smaller]);
    assert!(ticket_of(&rows).changes[0].accepted);
    post(&mut rows, &[moved(1_200)]);
    assert!(!ticket_of(&rows).changes[0].accepted);
    assert_eq!(agree(&mut rows, &[(of, 1)]), Accepted::Changed);
    assert_eq!(ticket_of(&rows).revision(), 3);

    let withdrawn = Flight {
        withdrawn: true,
        ..moved(1_200)
    };
    post(&mut rows, &[withdrawn]);
    assert_eq!(agree(&mut rows, &[(of, 4)]), Accepted::Done);
    assert!(!ticket_of(&rows).changes[0].accepted, "there is no flight");
    let mut nobodys = crate::fixtures::rows();
    assert_eq!(agree(&mut nobodys, &[]), Accepted::NotHere);
}
