//! L1: without faults, of n bookings and holds of the same seats exactly one succeeds.
//!
//! Found in the history itself: keys that name the same set of seats. They are judged where nothing was wrong, nobody else wanted any of these
//! seats before they had all been answered, and nobody had cancelled by then, nor had a hold ended. Not of flights that were changed: whoever
//! books what a flight was is refused.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use super::calm::Calm;
use super::flights::{altered, flight_of};
use crate::history::{Answer, Meaning, Operation, Request, Seat, Wish};

/// Bookings and holds of one set of seats.
#[derive(Default)]
struct Storm<'a> {
    begin_us: u64,
    end_us: u64,
    keys: HashSet<(Uuid, &'a str)>,
    tickets: HashSet<Uuid>,
    /// Some answer was neither success nor a refusal for the seats' sake.
    unclear: bool,
}

/// The storms that could be judged, and what was wrong with them.
pub fn check(history: &[Operation], calm: &Calm) -> (usize, Vec<Violation>) {
    let storms = storms(history);
    let first_frees = first_frees(history);
    let altered = altered(history);
    let mut wanted: HashMap<&Seat, Vec<&Storm>> = HashMap::new();
    for (seats, storm) in &storms {
        for seat in seats {
            wanted.entry(seat).or_default().push(storm);
        }
    }
    let mut judged = 0;
    let mut violations = Vec::new();
    for (seats, storm) in &storms {
        let alone = seats.iter().all(|seat| {
            let others = wanted[seat]
                .iter()
                .filter(|other| !std::ptr::eq(**other, storm));
            others
                .into_iter()
                .all(|other| other.begin_us > storm.end_us)
        });
        let kept = storm.tickets.iter().all(|ticket| {
            let free = first_frees.get(ticket);
            free.is_none_or(|free_us| *free_us > storm.end_us)
        });
        let as_sold = seats.iter().all(|seat| !altered.contains(&flight_of(seat)));
        if storm.keys.len() < 2
            || !as_sold
            || !alone
            || !kept
            || !calm.lasts(storm.begin_us, storm.end_us)
        {
            continue;
        }
        judged += 1;
        let sold = storm.tickets.len();
        if sold > 1 || (sold == 0 && !storm.unclear) {
            let rivals = storm.keys.len();
            let what = format!("{sold} of {rivals} bookings of {seats:?} succeeded");
            violations.push(Violation::new("L1", what));
        }
    }
    (judged, violations)
}

fn storms(history: &[Operation]) -> BTreeMap<Vec<Seat>, Storm<'_>> {
    let mut storms: BTreeMap<Vec<Seat>, Storm> = BTreeMap::new();
    for operation in history {
        let Some(Wish { user, key, seats }) = operation.request.wish() else {
            continue;
        };
        let mut seats = seats.to_vec();
        seats.sort_unstable();
        let storm = storms.entry(seats).or_insert_with(|| Storm {
            begin_us: operation.begin_us,
            ..Storm::default()
        });
        storm.begin_us = storm.begin_us.min(operation.begin_us);
        storm.end_us = storm.end_us.max(operation.end_us);
        storm.keys.insert((user, key));
        match operation.answer.meaning() {
            Meaning::Booked(ticket) | Meaning::Held(ticket) => {
                storm.tickets.insert(ticket);
            }
            Meaning::Refused | Meaning::NothingBegun => {
                storm.unclear |= !is_about_seats(&operation.answer);
            }
            Meaning::Open | Meaning::Ended => storm.unclear = true,
        }
    }
    storms
}

fn is_about_seats(answer: &Answer) -> bool {
    ["seat-busy", "seat-held", "seat-taken"]
        .iter()
        .any(|kind| answer.is_problem(kind))
}

/// When each ticket or hold may have given its seats back.
fn first_frees(history: &[Operation]) -> HashMap<Uuid, u64> {
    let mut first: HashMap<Uuid, u64> = HashMap::new();
    for operation in history {
        let begin_us = operation.begin_us;
        let (whose, free_us) = match (&operation.request, &operation.answer) {
            (Request::Cancel { ticket, .. } | Request::Rebook { ticket, .. }, _) => {
                (*ticket, begin_us)
            }
            (Request::Release { hold, .. }, _) => (*hold, begin_us),
            (_, Answer::Hold { hold, left_ms, .. }) => (*hold, begin_us + left_ms * 1000),
            _ => continue,
        };
        let known_us = first.entry(whose).or_insert(free_us);
        *known_us = (*known_us).min(free_us);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Fault;

    fn seat(number: u16) -> Seat {
        Seat {
            company: "a".into(),
            route: 7,
            number,
            id: 7168 + u64::from(number),
        }
    }

    fn book(key: &str, begin_us: u64, seats: &[Seat], answer: Answer) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us,
            end_us: begin_us + 10,
            request: Request::Book {
                user: Uuid::nil(),
                key: key.to_owned(),
                seats: seats.to_vec(),
            },
            answer,
        }
    }

    fn booked(ticket: u128) -> Answer {
        Answer::Booked {
            ticket: Uuid::from_u128(ticket),
        }
    }

    fn refused(kind: &str) -> Answer {
        Answer::Problem {
            status: 409,
            kind: kind.to_owned(),
            seat: None,
        }
    }

    /// Three customers; the first two answers as given.
    fn storm(one: Answer, two: Answer) -> Vec<Operation> {
        let seats = [seat(1), seat(2)];
        let back_to_front = [seat(2), seat(1)];
        vec![
            book("k1", 0, &seats, one),
            book("k2", 1, &back_to_front, two),
            book("k3", 2, &seats, refused("seat-busy")),
        ]
    }

    fn judge(history: &[Operation]) -> (usize, usize) {
        let (judged, violations) = check(history, &Calm::new(&[], &[]));
        (judged, violations.len())
    }

    #[test]
    fn one_winner_passes() {
        assert_eq!(judge(&storm(booked(1), refused("seat-taken"))), (1, 0));
    }

    #[test]
    fn two_winners_are_found_and_so_is_none() {
        assert_eq!(judge(&storm(booked(1), booked(2))), (1, 1));
        let nobody = storm(refused("seat-held"), refused("seat-busy"));
        assert_eq!(judge(&nobody), (1, 1));
    }

    #[test]
    fn a_hold_wins_as_a_booking_does_until_its_time_is_over() {
        let held = |hold, left_ms| Answer::Hold {
            hold: Uuid::from_u128(hold),
            state: "retida".to_owned(),
            left_ms,
        };
        let wish = |at: &mut Operation| {
            let Request::Book { user, key, seats } = at.request.clone() else {
                unreachable!("a storm of bookings")
            };
            at.request = Request::Hold { user, key, seats };
        };
        let mut one = storm(held(1, 9000), refused("seat-held"));
        wish(&mut one[0]);
        assert_eq!(judge(&one), (1, 0));
        let mut two = storm(held(1, 9000), booked(2));
        wish(&mut two[0]);
        assert_eq!(judge(&two), (1, 1));
        two[0].answer = held(1, 0);
        assert_eq!(judge(&two), (0, 0), "it may have ended meanwhile");
    }

    #[test]
    fn an_answer_that_leaves_it_open_excuses_that_nobody_won() {
        let open = storm(refused("outcome-unknown"), refused("seat-busy"));
        assert_eq!(judge(&open), (1, 0));
    }

    #[test]
    fn what_others_or_faults_disturb_is_not_judged() {
        let nobody = || storm(refused("seat-held"), refused("seat-busy"));
        let mut with_another = nobody();
        with_another.push(book("k4", 5, &[seat(2)], booked(1)));
        assert_eq!(judge(&with_another), (0, 0));
        let mut later = nobody();
        later.push(book("k4", 50, &[seat(2)], booked(1)));
        assert_eq!(judge(&later), (1, 1), "it came when all was over");
        let fault = Fault {
            nemesis: "freeze".to_owned(),
            target: "a".to_owned(),
            begin_us: 5,
            end_us: Some(6),
        };
        assert_eq!(check(&nobody(), &Calm::new(&[fault], &[])).0, 0);
    }

    #[test]
    fn a_second_winner_after_a_cancellation_is_not_judged() {
        let mut history = storm(booked(1), booked(2));
        history.push(Operation {
            request: Request::Cancel {
                user: Uuid::nil(),
                ticket: Uuid::from_u128(1),
            },
            answer: Answer::Cancelled,
            ..book("k", 3, &[], booked(1))
        });
        assert_eq!(judge(&history), (0, 0));
    }
}
