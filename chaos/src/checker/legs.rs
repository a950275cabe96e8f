//! What must hold of the rows alone.
//!
//! * I1: no seat is in two legs that are prepared or committed, and every such leg's number exists on its route, unless its ticket says that
//!   the aircraft lacks it.
//! * I2: no saga has, at whatever companies, both a committed or cancelled and a refused leg.
//! * I7: nothing is prepared or unfinished any more, but holds whose time is not over.
//! * B1: what a company sold is what its tickets say, seat by seat.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use super::facts::{Company, HEAL_LIMIT, HOLD_AWAITED_MAX, HoldRow, LegRow, LegState};

pub fn check(companies: &[Company]) -> Vec<Violation> {
    let mut violations = mixed_sagas(companies);
    for company in companies {
        violations.extend(owners(company));
        violations.extend(numbers(company));
        violations.extend(under_way(company));
        violations.extend(sold_and_ticketed(company));
    }
    violations
}

fn holds_seat(leg: &LegRow) -> bool {
    matches!(leg.state, LegState::Prepared | LegState::Committed)
}

fn owners(company: &Company) -> Vec<Violation> {
    let mut owners: HashMap<(i64, i32), Vec<Uuid>> = HashMap::new();
    for leg in company.legs.iter().filter(|leg| holds_seat(leg)) {
        owners
            .entry((leg.route, leg.number))
            .or_default()
            .push(leg.saga);
    }
    let sold_twice = owners.into_iter().filter(|(_, sagas)| sagas.len() > 1);
    sold_twice
        .map(|((route, number), sagas)| {
            let what = format!(
                "seat {number} of route {route} of {} is in several sagas: {sagas:?}",
                company.code
            );
            Violation::new("I1", what)
        })
        .collect()
}

fn numbers(company: &Company) -> Vec<Violation> {
    let seats: HashMap<_, _> = company.routes.iter().copied().collect();
    let exists = |leg: &&LegRow| {
        seats
            .get(&leg.route)
            .is_some_and(|seats| (1..=*seats).contains(&leg.number))
    };
    let unseated: HashSet<_> = company
        .changes
        .iter()
        .filter(|change| change.unseated && change.of.company == company.code)
        .map(|change| (change.of.ticket, change.of.route))
        .collect();
    let held = company.legs.iter().filter(|leg| holds_seat(leg));
    held.filter(|leg| !exists(leg) && !unseated.contains(&(leg.saga, leg.route)))
        .map(|leg| {
            let what = format!(
                "saga {} has seat {} of route {} of {}, which does not exist",
                leg.saga, leg.number, leg.route, company.code
            );
            Violation::new("I1", what)
        })
        .collect()
}

fn mixed_sagas(companies: &[Company]) -> Vec<Violation> {
    /// Where a saga went through, and where it was refused.
    #[derive(Default)]
    struct Places<'a> {
        done: BTreeSet<&'a str>,
        refused: BTreeSet<&'a str>,
    }
    let mut sagas: BTreeMap<Uuid, Places> = BTreeMap::new();
    for company in companies {
        for leg in &company.legs {
            let places = sagas.entry(leg.saga).or_default();
            match leg.state {
                LegState::Committed | LegState::Cancelled => places.done.insert(&company.code),
                LegState::Refused => places.refused.insert(&company.code),
                LegState::Prepared => false,
            };
        }
    }
    let mixed = sagas
        .into_iter()
        .filter(|(_, places)| !places.done.is_empty() && !places.refused.is_empty());
    mixed
        .map(|(saga, Places { done, refused })| {
            let what =
                format!("saga {saga} went through at {done:?} and was refused at {refused:?}");
            Violation::new("I2", what)
        })
        .collect()
}

fn under_way(company: &Company) -> Vec<Violation> {
    let code = &company.code;
    let open = company.holds.iter().filter(|hold| is_open(hold));
    let open: HashSet<Uuid> = open.map(|hold| hold.saga).collect();
    let prepared = company
        .legs
        .iter()
        .filter(|leg| leg.state == LegState::Prepared && !open.contains(&leg.saga));
    let prepared = prepared.map(|leg| format!("saga {} is still prepared at {code}", leg.saga));
    let overdue = company.holds.iter().filter(|hold| !is_open(hold));
    let overdue = overdue.map(|hold| {
        format!(
            "hold {} of {} s is still open at {code} after {} s",
            hold.saga, hold.seconds, hold.age
        )
    });
    let unfinished = company.unfinished.iter();
    let unfinished = unfinished.map(|saga| format!("saga {saga} is still unfinished at {code}"));
    prepared
        .chain(unfinished)
        .chain(overdue)
        .map(|what| Violation::new("I7", what))
        .collect()
}

/// Those that are short have been waited for; a longer one ends within the time that anything has to heal.
fn is_open(hold: &HoldRow) -> bool {
    let seconds = i64::from(hold.seconds);
    seconds > HOLD_AWAITED_MAX && hold.age <= seconds + HEAL_LIMIT.as_secs() as i64
}

fn sold_and_ticketed(company: &Company) -> Vec<Violation> {
    let committed = company
        .legs
        .iter()
        .filter(|leg| leg.state == LegState::Committed);
    let sold: BTreeSet<_> = committed
        .map(|leg| (leg.saga, leg.route, leg.number))
        .collect();
    let live = company
        .ticket_legs
        .iter()
        .filter(|leg| leg.company == company.code && !leg.cancelled);
    let ticketed: BTreeSet<_> = live
        .map(|leg| (leg.ticket, leg.route, leg.number))
        .collect();
    sold.symmetric_difference(&ticketed)
        .map(|seat| {
            let (saga, route, number) = seat;
            let side = match sold.contains(seat) {
                true => "sold, and no ticket says so",
                false => "on a ticket, and not sold",
            };
            let what = format!(
                "seat {number} of route {route} of {} is {side} (saga {saga})",
                company.code
            );
            Violation::new("B1", what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::facts::TicketLegRow;
    use super::*;

    const SAGA: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn leg(saga: Uuid, number: i32, state: LegState) -> LegRow {
        LegRow {
            saga,
            route: 7,
            number,
            state,
        }
    }

    /// A company with one sold seat, on whose ticket it is.
    fn company(code: &str) -> Company {
        Company {
            code: code.to_owned(),
            legs: vec![leg(SAGA, 1, LegState::Committed)],
            routes: vec![(7, 10)],
            ticket_legs: vec![TicketLegRow {
                ticket: SAGA,
                company: code.to_owned(),
                route: 7,
                number: 1,
                sold_as: 1,
                cancelled: false,
            }],
            ..Company::default()
        }
    }

    fn found(companies: &[Company]) -> Vec<&'static str> {
        let violations = check(companies);
        violations
            .iter()
            .map(|violation| violation.invariant)
            .collect()
    }

    #[test]
    fn sound_rows_pass() {
        let mut a = company("a");
        a.legs.push(leg(OTHER, 1, LegState::Refused));
        a.legs.push(leg(OTHER, 2, LegState::Refused));
        assert_eq!(found(&[a, company("b")]), [""; 0]);
    }

    #[test]
    fn a_seat_with_two_owners_is_found() {
        let mut a = company("a");
        a.legs.push(leg(OTHER, 1, LegState::Prepared));
        assert_eq!(found(&[a]), ["I1", "I7"]);
    }

    #[test]
    fn a_seat_that_does_not_exist_is_found() {
        for (number, route) in [(11, 7), (0, 7), (1, 8)] {
            let mut a = company("a");
            a.legs[0].number = number;
            a.legs[0].route = route;
            a.ticket_legs[0].number = number;
            a.ticket_legs[0].route = route;
            assert_eq!(found(&[a]), ["I1"], "{number} of {route}");
        }
    }

    #[test]
    fn a_saga_that_went_through_here_and_was_refused_there_is_found() {
        let mut b = company("b");
        b.legs[0].state = LegState::Refused;
        b.ticket_legs.clear();
        assert_eq!(found(&[company("a"), b.clone()]), ["I2"]);

        let mut a = company("a");
        a.legs[0].state = LegState::Cancelled;
        a.ticket_legs[0].cancelled = true;
        assert_eq!(found(&[a, b]), ["I2"]);
    }

    #[test]
    fn what_is_still_under_way_is_found() {
        let mut a = company("a");
        a.legs.push(leg(OTHER, 2, LegState::Prepared));
        a.unfinished.push(OTHER);
        assert_eq!(found(&[a]), ["I7", "I7"]);
    }

    #[test]
    fn an_open_hold_may_keep_its_seats_and_one_that_is_over_may_not() {
        let held = |seconds: i32, age| {
            let mut a = company("a");
            a.legs.push(leg(OTHER, 2, LegState::Prepared));
            let saga = OTHER;
            a.holds.push(HoldRow { saga, seconds, age });
            found(&[a])
        };
        assert_eq!(held(900, 920), [""; 0]);
        assert_eq!(held(900, 940), ["I7", "I7"], "the leg, and the hold");
        assert_eq!(held(4, 0), ["I7", "I7"], "it was waited for");
        let mut a = company("a");
        a.legs.push(leg(OTHER, 2, LegState::Prepared));
        let saga = SAGA;
        let (seconds, age) = (900, 0);
        a.holds.push(HoldRow { saga, seconds, age });
        assert_eq!(found(&[a]), ["I7"], "it is another's");
    }

    #[test]
    fn a_sale_without_a_ticket_and_a_ticket_without_a_sale_are_found() {
        let mut unticketed = company("a");
        unticketed.ticket_legs.clear();
        assert_eq!(found(&[unticketed]), ["B1"]);

        let mut unsold = company("a");
        unsold.legs[0].state = LegState::Cancelled;
        assert_eq!(found(&[unsold]), ["B1"]);

        let mut elsewhere = company("a");
        elsewhere.ticket_legs[0].number = 2;
        assert_eq!(found(&[elsewhere]), ["B1", "B1"]);
    }
}
