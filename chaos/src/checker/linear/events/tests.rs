use super::*;
use crate::checker::facts::{EntryRow, Flown, KeyRow, LegRow};
use crate::history::SeenLeg;

const USER: Uuid = Uuid::from_u128(9);
const TICKET: Uuid = Uuid::from_u128(1);

fn seat() -> Seat {
    Seat {
        company: "b".into(),
        route: 7,
        number: 1,
        id: seat_id(7, 1),
    }
}

fn at(node: &str, begin_us: u64, request: Request, answer: Answer) -> Operation {
    Operation {
        client: 0,
        node: node.into(),
        begin_us,
        end_us: begin_us + 10,
        request,
        answer,
    }
}

fn book(key: &str, begin_us: u64, answer: Answer) -> Operation {
    let request = Request::Book {
        user: USER,
        key: key.to_owned(),
        seats: vec![seat()],
    };
    at("a", begin_us, request, answer)
}

fn booked() -> Answer {
    Answer::Booked { ticket: TICKET }
}

fn problem(kind: &str) -> Answer {
    Answer::Problem {
        status: 409,
        kind: kind.to_owned(),
        seat: Some(name(&seat())),
    }
}

fn cancel(node: &str, begin_us: u64) -> Operation {
    let request = Request::Cancel {
        user: USER,
        ticket: TICKET,
    };
    at(node, begin_us, request, Answer::Cancelled)
}

fn status(begin_us: u64, leg: &str) -> Operation {
    let request = Request::Status {
        user: USER,
        ticket: TICKET,
    };
    let legs = vec![SeenLeg {
        seat: name(&seat()),
        state: leg.to_owned(),
    }];
    let state = "confirmada".to_owned();
    at("a", begin_us, request, Answer::Status { state, legs })
}

fn rows(state: LegState) -> Company {
    Company {
        code: "b".to_owned(),
        legs: vec![LegRow {
            saga: TICKET,
            route: 7,
            number: 1,
            state,
        }],
        tickets: vec![(TICKET, String::new())],
        keys: vec![KeyRow {
            user: USER,
            key: "k".to_owned(),
            saga: TICKET,
        }],
        ..Company::default()
    }
}

fn events(state: LegState, history: &[Operation]) -> Vec<(What, u64, u64)> {
    let events = of_seats(&[rows(state)], history, &[]);
    let events = events.into_values().flatten();
    events
        .map(|event| (event.what, event.begin_us, event.end_us))
        .collect()
}

#[test]
fn a_booking_lasts_from_its_first_request_to_its_first_success() {
    let lost = || book("k", 0, problem("outcome-unknown"));
    let history = [lost(), book("k", 20, booked()), book("k", 40, booked())];
    let found = events(LegState::Committed, &history);
    assert_eq!(found, [(What::Booked(TICKET), 0, 30)]);
    let nobody_told = events(LegState::Committed, &[lost()]);
    assert_eq!(nobody_told, [(What::Booked(TICKET), 0, u64::MAX)]);
    let nothing = of_seats(&[], &[lost()], &[]);
    assert_eq!(nothing, Events::new());
}

/// Its node had sold the seats of another company, and died before the key was recorded.
#[test]
fn a_booking_that_nobody_recorded_the_key_of_is_found_by_its_seats() {
    let mut rows = rows(LegState::Committed);
    rows.keys.clear();
    rows.entries = vec![entry(TICKET, 1)];
    let found = |rows: &Company, answer| {
        let events = of_seats(std::slice::from_ref(rows), &[book("k", 0, answer)], &[]);
        events.into_values().flatten().count()
    };
    let lost = || problem("outcome-unknown");
    assert_eq!(found(&rows, lost()), 1);
    assert_eq!(found(&rows, problem("seat-held")), 0, "it was refused");
    rows.entries.push(entry(TICKET, 2));
    assert_eq!(found(&rows, lost()), 0, "other seats");
}

fn entry(ticket: Uuid, number: i32) -> EntryRow {
    EntryRow {
        ticket,
        owner: "b".to_owned(),
        route: 7,
        number,
        sold_on: String::new(),
        seller: "a".to_owned(),
        currency: "BRL".to_owned(),
        price: 0,
        flown: Flown {
            departs: 0,
            arrives: 0,
            withdrawn: false,
        },
        refund: None,
    }
}

#[test]
fn a_seat_is_freed_when_its_own_company_says_so() {
    let freed = |extra: &[Operation]| {
        let mut history = vec![book("k", 0, booked()), cancel("a", 20)];
        history.extend_from_slice(extra);
        events(LegState::Cancelled, &history)[1]
    };
    assert_eq!(freed(&[]), (What::Freed(TICKET), 20, u64::MAX));
    assert_eq!(freed(&[cancel("b", 50)]), (What::Freed(TICKET), 20, 60));
    let looked = freed(&[status(40, "cancelado"), cancel("b", 50)]);
    assert_eq!(looked, (What::Freed(TICKET), 20, 50));
}

#[test]
fn reads_and_refusals_are_what_was_seen() {
    let offer = Request::SeatMap {
        company: "b".into(),
    };
    let shown = Answer::SeatMap {
        routes: vec![(7, vec![1, 2])],
    };
    let history = [
        book("k", 0, booked()),
        status(20, "confirmado"),
        at("b", 40, offer, shown),
        book("k2", 60, problem("seat-taken")),
    ];
    let found = events(LegState::Committed, &history);
    assert_eq!(
        found[1..],
        [
            (What::SeenOf(TICKET), 20, 30),
            (What::SeenFree, 40, 50),
            (What::SeenTaken, 60, 70),
        ]
    );
}

#[test]
fn refusals_that_prove_nothing_are_left_out() {
    let slow = Operation {
        end_us: 60 + DOUBT,
        ..book("slow", 60, problem("seat-taken"))
    };
    let history = [
        book("k", 0, booked()),
        book("held", 60, problem("seat-held")),
        book("again", 60, problem("still-running")),
        book("again", 90, problem("seat-taken")),
        slow,
    ];
    assert_eq!(events(LegState::Committed, &history).len(), 1);
}

/// From end to end: a seat that is given to a second customer while the first one has it.
#[test]
fn a_seat_with_two_owners_is_found() {
    let other = Uuid::from_u128(2);
    let twice = [
        book("k", 0, booked()),
        book("k2", 50, Answer::Booked { ticket: other }),
    ];
    let check =
        |history: &[Operation]| super::super::check(&[rows(LegState::Cancelled)], history, &[]).1;
    assert_eq!(check(&twice).len(), 1);
    let mut returned = twice.to_vec();
    returned.push(cancel("a", 20));
    assert_eq!(check(&returned), [], "it had been given back");
}

fn hold(begin_us: u64, left_ms: u64) -> Operation {
    let request = Request::Hold {
        user: USER,
        key: "k".to_owned(),
        seats: vec![seat()],
    };
    let answer = Answer::Hold {
        hold: TICKET,
        state: "retida".to_owned(),
        left_ms,
    };
    at("a", begin_us, request, answer)
}

#[test]
fn a_hold_has_its_seats_until_it_is_given_up_or_over() {
    let without_ticket = |history: &[Operation]| {
        let mut rows = rows(LegState::Refused);
        rows.tickets.clear();
        let events = of_seats(&[rows], history, &[]).into_values().flatten();
        let events = events.map(|event| (event.what, event.begin_us, event.end_us));
        events.collect::<Vec<_>>()
    };
    let ends_at = |us| {
        let whole = (What::Booked(TICKET), 0, 10);
        vec![whole, (What::Freed(TICKET), us, u64::MAX)]
    };
    assert_eq!(without_ticket(&[hold(0, 4)]), ends_at(4000));
    let (user, of) = (USER, TICKET);
    let released = Request::Release { user, hold: of };
    let given_up = [hold(0, 4), at("a", 20, released, Answer::Released)];
    assert_eq!(without_ticket(&given_up), ends_at(20));
    let asked = Request::Confirm { user, hold: of };
    let refused = [
        hold(0, 4),
        at("a", 30, asked.clone(), problem("hold-expired")),
    ];
    assert_eq!(without_ticket(&refused), ends_at(30));
    assert_eq!(without_ticket(&[hold(0, 4), hold(40, 4)]), ends_at(40));

    let confirmed = [hold(0, 4), at("a", 30, asked, booked())];
    let found = events(LegState::Committed, &confirmed);
    assert_eq!(found, [(What::Booked(TICKET), 0, 10)], "and stays");
}

#[test]
fn a_seat_that_is_sold_under_a_hold_is_found() {
    let other = || Answer::Booked {
        ticket: Uuid::from_u128(2),
    };
    let mut rows = rows(LegState::Refused);
    rows.tickets.clear();
    let check = |history: &[Operation]| super::super::check(&[rows.clone()], history, &[]).1;
    assert_eq!(check(&[hold(0, 4), book("k2", 2000, other())]).len(), 1);
    assert_eq!(check(&[hold(0, 4), book("k2", 3995, other())]), []);
}
