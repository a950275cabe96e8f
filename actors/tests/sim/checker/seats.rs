//! Seats and legs.

use std::collections::{BTreeMap, BTreeSet};

use passcom_actors::domain::ids::{SagaId, SeatNumber};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::ticket::Ticket;
use passcom_actors::domain::vote::LegState::{
    self, Cancelled, Committed, Moved, Prepared, Refused,
};
use passcom_memory::State;

use super::Evidence;

/// Every leg of every company.
fn legs(evidence: &Evidence) -> impl Iterator<Item = (SagaId, SeatRef, LegState)> {
    evidence.tables.iter().flat_map(|(company, tables)| {
        tables.legs.iter().map(|(key, leg)| {
            let seat = SeatRef {
                company: *company,
                route: key.route,
                number: key.number,
            };
            (key.saga, seat, leg.state)
        })
    })
}

/// No seat is in two legs that are prepared or committed, and every such leg's route exists.
pub fn i1_one_owner(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    let mut owners: BTreeMap<SeatRef, SagaId> = BTreeMap::new();
    let owning = legs(evidence).filter(|(_, _, state)| matches!(state, Prepared | Committed));
    for (saga, seat, _) in owning {
        let routes = &evidence.tables[&seat.company].routes;
        let seats = routes.get(&seat.route).map_or(0, |(_, route)| route.seats);
        let exists = seat.route.is_claim() || (seat.number.0 >= 1 && seats > 0);
        if !exists {
            objections.push(format!("{saga} has {seat:?}, which is none"));
        }
        if let Some(other) = owners.insert(seat, saga) {
            objections.push(format!("{seat:?} is in {other} and in {saga}"));
        }
    }
    objections
}

/// The ticket says that its company keeps this seat for it, and that there is none.
fn is_unseated(tables: &State, saga: SagaId, kept: SeatRef) -> bool {
    let changes = tables.tickets.get(&saga).map(|ticket| &ticket.changes);
    let mut changes = changes.into_iter().flatten();
    changes.any(|change| {
        let SeatRef { company, route, .. } = change.of;
        change.unseated
            && (company, route, change.number) == (kept.company, kept.route, kept.number)
    })
}

/// No saga has a leg that was sold and one that was refused.
pub fn i2_not_both(evidence: &Evidence) -> Vec<String> {
    let with = |wanted: fn(&LegState) -> bool| -> BTreeSet<SagaId> {
        let legs = legs(evidence).filter(|(_, _, state)| wanted(state));
        legs.map(|(saga, _, _)| saga).collect()
    };
    let sold = with(|state| state.was_sold());
    let refused = with(|state| *state == Refused);
    let both = sold.intersection(&refused);
    both.map(|saga| format!("{saga} is sold and refused"))
        .collect()
}

/// A leg is cancelled where its ticket is, and nowhere else.
pub fn i6_frees_its_own(evidence: &Evidence) -> Vec<String> {
    let objection = |(saga, seat, state): (SagaId, SeatRef, LegState)| {
        let ticket = evidence.tables[&seat.company].tickets.get(&saga);
        let of = |ticket: &&Ticket, seats: &[SeatRef]| ticket.seats_now(seats).contains(&seat);
        let flagged = ticket.is_some_and(|ticket| of(&ticket, &ticket.cancelled));
        let right = match state {
            Cancelled => flagged,
            Committed => !flagged,
            // the ticket has another one instead
            Moved => ticket.is_some_and(|ticket| !of(&ticket, &ticket.order.seats())),
            Prepared | Refused => true,
        };
        (!right).then(|| format!("{seat:?} of {saga} is {state:?}, its ticket's flag {flagged}"))
    };
    // a claim on a ticket is none of its own seats
    let seats = legs(evidence).filter(|(_, seat, _)| !seat.route.is_claim());
    seats.filter_map(objection).collect()
}

/// Per route: sold + prepared + blocked + free = seats, and what is sold are the live legs of tickets.
pub fn b1_the_sum_is_right(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (company, tables) in &evidence.tables {
        for (id, (_, route)) in &tables.routes {
            let of_route =
                legs(evidence).filter(|(_, seat, _)| (seat.company, seat.route) == (*company, *id));
            let of_route: Vec<_> = of_route.collect();
            let count = |wanted| {
                of_route
                    .iter()
                    .filter(|(_, _, state)| *state == wanted)
                    .count()
            };
            let (sold, prepared) = (count(Committed), count(Prepared));
            let exists = |number: SeatNumber| (1..=route.seats).contains(&number.0);
            let blocked = tables.seats.iter();
            let blocked =
                blocked.filter(|((of, number), row)| of == id && row.blocked && exists(*number));
            let there = of_route.iter().filter(|(_, seat, state)| {
                matches!(state, Prepared | Committed) && exists(seat.number)
            });
            let used = there.count() + blocked.count();
            if used > usize::from(route.seats) {
                objections.push(format!(
                    "{company} {id}: {used} of {} seats used",
                    route.seats
                ));
            }
            let live = tables.tickets.values().flat_map(|ticket| {
                let seats = ticket.order.seats().into_iter();
                seats.filter(|seat| !ticket.cancelled.contains(seat))
            });
            let live = live.filter(|seat| (seat.company, seat.route) == (*company, *id));
            let live = live.count();
            if live != sold {
                objections.push(format!("{company} {id}: {sold} sold, {live} on tickets"));
            }
            let owned = tables.owners.keys().filter(|(of, _)| of == id).count();
            if owned != sold + prepared {
                objections.push(format!("{company} {id}: {owned} seats have an owner"));
            }
        }
    }
    objections
}

/// Every ticket says of each flight how its company flies it, and nobody has a seat that the aircraft lacks but those whose ticket
/// says so.
pub fn f1_tickets_are_told(evidence: &Evidence) -> Vec<String> {
    let mut objections = Vec::new();
    for (company, tables) in &evidence.tables {
        for ticket in tables.tickets.values() {
            let legs = ticket.order.legs.iter();
            let own = legs.filter(|leg| {
                leg.seat.company == *company && !ticket.cancelled.contains(&leg.seat)
            });
            for leg in own {
                let Some((_, route)) = tables.routes.get(&leg.seat.route) else {
                    continue;
                };
                let change = ticket.change(&leg.seat);
                let told = change.map_or((leg.departs, leg.arrives, false), |change| {
                    (change.departs, change.arrives, change.withdrawn)
                });
                let flown = (route.departs, route.arrives, !route.on_sale);
                if told != flown {
                    let id = ticket.id;
                    objections.push(format!("{id} is told {told:?}, flown is {flown:?}"));
                }
            }
        }
    }
    for (saga, seat, state) in legs(evidence) {
        let tables = &evidence.tables[&seat.company];
        let Some((_, route)) = tables.routes.get(&seat.route) else {
            continue;
        };
        let told = is_unseated(tables, saga, seat);
        if state == Committed && told != (seat.number.0 > route.seats) {
            let seats = route.seats;
            objections.push(format!(
                "{saga} has {seat:?} of {seats}, told that it has none: {told}"
            ));
        }
    }
    objections
}

/// Every node shows as free what is free.
pub fn c1_shown_as_it_is(evidence: &Evidence) -> Vec<String> {
    let objection = |shown: &super::Shown| {
        let tables = &evidence.tables[&shown.of];
        let (_, route) = tables.routes.get(&shown.route)?;
        let is_free = |number: &u16| {
            let seat = (
                shown.route,
                passcom_actors::domain::ids::SeatNumber(*number),
            );
            let blocked = tables.seats.get(&seat).is_some_and(|row| row.blocked);
            !blocked && !tables.owners.contains_key(&seat)
        };
        let free: Vec<u16> = (1..=route.seats).filter(is_free).collect();
        let shown_free: Vec<u16> = shown.free.iter().map(|number| number.0).collect();
        (free != shown_free).then(|| {
            let (at, of, id) = (shown.at, shown.of, shown.route);
            format!("{at} shows {shown_free:?} of {of} {id} as free, which are {free:?}")
        })
    };
    evidence.shown.iter().filter_map(objection).collect()
}
