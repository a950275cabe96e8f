use super::*;
use crate::checker::facts::{KeyRow, LegRow, LegState};
use crate::history::Answer;

const USER: Uuid = Uuid::from_u128(9);
const SAGA: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn seats() -> Vec<Seat> {
    let seat = |company: &str| Seat {
        company: company.into(),
        route: 7,
        number: 1,
        id: 7169,
    };
    vec![seat("a"), seat("b")]
}

fn asked(request: Request, answer: Answer) -> Operation {
    Operation {
        client: 0,
        node: "a".into(),
        begin_us: 0,
        end_us: 1,
        request,
        answer,
    }
}

fn book(answer: Answer) -> Operation {
    let request = Request::Book {
        user: USER,
        key: "k".to_owned(),
        seats: seats(),
    };
    asked(request, answer)
}

fn problem(kind: &str) -> Answer {
    Answer::Problem {
        status: 409,
        kind: kind.to_owned(),
        seat: None,
    }
}

fn booked(ticket: Uuid) -> Answer {
    Answer::Booked { ticket }
}

fn cancel() -> Operation {
    let request = Request::Cancel {
        user: USER,
        ticket: SAGA,
    };
    asked(request, Answer::Cancelled)
}

fn company(code: &str, state: LegState) -> Company {
    let sold = state != LegState::Refused;
    Company {
        code: code.to_owned(),
        legs: vec![LegRow {
            saga: SAGA,
            route: 7,
            number: 1,
            state,
        }],
        tickets: sold.then(|| (SAGA, String::new())).into_iter().collect(),
        keys: vec![KeyRow {
            user: USER,
            key: "k".to_owned(),
            saga: SAGA,
        }],
        ..Company::default()
    }
}

fn both(state: LegState) -> [Company; 2] {
    ["a", "b"].map(|code| company(code, state))
}

fn found(companies: &[Company], history: &[Operation]) -> Vec<&'static str> {
    let violations = check(companies, history);
    violations
        .iter()
        .map(|violation| violation.invariant)
        .collect()
}

#[test]
fn kept_promises_pass() {
    let lost = || book(problem("outcome-unknown"));
    let sold = both(LegState::Committed);
    assert_eq!(found(&sold, &[lost(), book(booked(SAGA))]), [""; 0]);
    assert_eq!(found(&sold, &[lost()]), [""; 0], "all of it happened");
    let refused = both(LegState::Refused);
    assert_eq!(found(&refused, &[lost()]), [""; 0], "none of it happened");
    assert_eq!(found(&refused, &[book(problem("seat-taken"))]), [""; 0]);
    let cancelled = both(LegState::Cancelled);
    assert_eq!(found(&cancelled, &[book(booked(SAGA)), cancel()]), [""; 0]);
}

#[test]
fn an_acknowledged_booking_that_was_lost_is_found() {
    let history = [book(booked(SAGA))];
    let mut no_ticket = both(LegState::Committed);
    no_ticket[1].tickets.clear();
    assert_eq!(found(&no_ticket, &history), ["I3"]);

    let mut no_leg = both(LegState::Committed);
    no_leg[1].legs.clear();
    assert_eq!(found(&no_leg, &history), ["I3"]);

    let mut prepared = both(LegState::Committed);
    prepared[1].legs[0].state = LegState::Prepared;
    assert_eq!(found(&prepared, &history), ["I3"]);
}

#[test]
fn a_cancellation_that_nobody_asked_for_is_found() {
    let mut companies = both(LegState::Committed);
    companies[0].legs[0].state = LegState::Cancelled;
    assert_eq!(found(&companies, &[book(booked(SAGA))]), ["I3"]);
}

#[test]
fn a_refusal_that_was_sold_is_found() {
    let sold = both(LegState::Committed);
    for kind in ["seat-taken", "seat-held", "company-silent", "seat-busy"] {
        assert_eq!(found(&sold, &[book(problem(kind))]), ["I4"], "{kind}");
    }
    let open_then_refused = [book(problem("outcome-unknown")), book(problem("seat-held"))];
    assert_eq!(found(&sold, &open_then_refused), ["I4"]);
}

#[test]
fn half_a_booking_behind_an_open_answer_is_found() {
    let half = [
        company("a", LegState::Committed),
        company("b", LegState::Refused),
    ];
    let violations = found(&half, &[book(problem("outcome-unknown"))]);
    assert_eq!(violations, ["I4", "I4"], "no ticket at b, and no leg");
}

#[test]
fn a_sale_to_nobody_is_found() {
    assert_eq!(found(&both(LegState::Committed), &[]), ["I4"]);
}

#[test]
fn a_sale_whose_key_died_with_its_node_is_somebodys_if_it_is_one_companys() {
    let nobody_knows = |mut companies: Vec<Company>| {
        companies
            .iter_mut()
            .for_each(|company| company.keys.clear());
        companies
    };
    let ask = |seats: &[Seat]| {
        let request = Request::Book {
            user: USER,
            key: "k".to_owned(),
            seats: seats.to_vec(),
        };
        [asked(request, problem("outcome-unknown"))]
    };
    let mut copy = company("b", LegState::Committed);
    copy.legs.clear();
    let sold = nobody_knows(vec![company("a", LegState::Committed), copy]);
    assert_eq!(found(&sold, &ask(&seats()[..1])), [""; 0]);
    assert_eq!(found(&sold, &ask(&seats()[1..])), ["I4"], "other seats");
    let refused = [book(problem("seat-taken"))];
    assert_eq!(found(&sold, &refused), ["I4"], "nobody's answer is open");
    let two = nobody_knows(both(LegState::Committed).into());
    assert_eq!(
        found(&two, &ask(&seats())),
        ["I4"],
        "a key is written before two sell"
    );
}

#[test]
fn two_answers_to_one_key_are_found() {
    let sold = both(LegState::Committed);
    let refused_later = [book(booked(SAGA)), book(problem("seat-taken"))];
    assert_eq!(found(&sold, &refused_later), ["I5"]);
    let two_tickets = [book(booked(SAGA)), book(booked(OTHER))];
    assert_eq!(found(&sold, &two_tickets), ["I5"]);
}
