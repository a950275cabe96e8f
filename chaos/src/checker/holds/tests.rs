use super::*;
use crate::checker::facts::{KeyRow, LegRow, LegState};
use crate::history::Alteration;

const USER: Uuid = Uuid::from_u128(9);
const HOLD: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
/// A hold is told within a second, and lasts four.
const PROMISED_US: u64 = 4_000_000;

fn at(begin_us: u64, request: Request, answer: Answer) -> Operation {
    Operation {
        client: 0,
        node: "a".into(),
        begin_us,
        end_us: begin_us + 1000,
        request,
        answer,
    }
}

fn seats() -> Vec<Seat> {
    let seat = |company: &str| Seat {
        company: company.into(),
        route: 7,
        number: 1,
        id: 7169,
    };
    vec![seat("a"), seat("b")]
}

fn hold(begin_us: u64, answer: Answer) -> Operation {
    let request = Request::Hold {
        user: USER,
        key: "k".to_owned(),
        seats: seats(),
    };
    at(begin_us, request, answer)
}

fn state(hold: Uuid, state: &str) -> Answer {
    Answer::Hold {
        hold,
        state: state.to_owned(),
        left_ms: 4000,
    }
}

fn held() -> Operation {
    hold(0, state(HOLD, "retida"))
}

fn confirm(begin_us: u64, answer: Answer) -> Operation {
    let (user, hold) = (USER, HOLD);
    at(begin_us, Request::Confirm { user, hold }, answer)
}

fn release(begin_us: u64, answer: Answer) -> Operation {
    let (user, hold) = (USER, HOLD);
    at(begin_us, Request::Release { user, hold }, answer)
}

fn extend(begin_us: u64, answer: Answer) -> Operation {
    let (user, hold) = (USER, HOLD);
    at(begin_us, Request::Extend { user, hold }, answer)
}

fn status(begin_us: u64, state: &str) -> Operation {
    let request = Request::Status {
        user: USER,
        ticket: HOLD,
    };
    let answer = Answer::Status {
        state: state.to_owned(),
        legs: Vec::new(),
    };
    at(begin_us, request, answer)
}

fn booked() -> Answer {
    Answer::Booked { ticket: HOLD }
}

fn problem(kind: &str) -> Answer {
    Answer::Problem {
        status: 409,
        kind: kind.to_owned(),
        seat: None,
    }
}

fn company(code: &str, state: LegState) -> Company {
    let sold = state == LegState::Committed;
    Company {
        code: code.to_owned(),
        legs: vec![LegRow {
            saga: HOLD,
            route: 7,
            number: 1,
            state,
        }],
        tickets: sold.then(|| (HOLD, String::new())).into_iter().collect(),
        keys: vec![KeyRow {
            user: USER,
            key: "k".to_owned(),
            saga: HOLD,
        }],
        ..Company::default()
    }
}

fn both(state: LegState) -> [Company; 2] {
    ["a", "b"].map(|code| company(code, state))
}

fn found(companies: &[Company], history: &[Operation]) -> Vec<&'static str> {
    let (judged, violations) = check(companies, history, &[]);
    assert!(judged > 0, "there is a hold");
    violations
        .iter()
        .map(|violation| violation.invariant)
        .collect()
}

fn over(history: &[Operation]) -> Vec<&'static str> {
    found(&both(LegState::Refused), history)
}

fn sold(history: &[Operation]) -> Vec<&'static str> {
    found(&both(LegState::Committed), history)
}

#[test]
fn kept_promises_pass() {
    let late = PROMISED_US + 1;
    let expired = || problem("hold-expired");
    assert_eq!(sold(&[held(), confirm(10, booked())]), [""; 0]);
    let twice = [
        held(),
        confirm(10, booked()),
        confirm(11, booked()),
        release(12, problem("already-booked")),
        status(20_000, "confirmada"),
        hold(30_000, state(HOLD, "confirmada")),
    ];
    assert_eq!(sold(&twice), [""; 0]);
    let unknown = confirm(10, problem("outcome-unknown"));
    assert_eq!(sold(&[held(), unknown.clone()]), [""; 0], "all of it");
    assert_eq!(over(&[held(), unknown]), [""; 0], "nothing of it");
    assert_eq!(over(&[held()]), [""; 0], "nobody asked");
    assert_eq!(over(&[held(), confirm(late, expired())]), [""; 0]);
    let given_up = [
        held(),
        release(10, Answer::Released),
        confirm(20, expired()),
    ];
    assert_eq!(over(&given_up), [""; 0]);
    let raced = [
        held(),
        confirm(10, expired()),
        release(10, Answer::Released),
    ];
    assert_eq!(over(&raced), [""; 0]);
    assert_eq!(over(&[held(), status(late, "recusada")]), [""; 0]);
    let refused = hold(0, problem("seat-taken"));
    assert_eq!(over(&[refused]), [""; 0], "it never stood");
    let busy = [held(), confirm(10, booked()), extend(11, expired())];
    assert_eq!(sold(&busy), [""; 0], "it could not be extended any more");
}

#[test]
fn a_hold_that_is_sold_though_nobody_confirmed_it_is_found() {
    assert_eq!(sold(&[held()]), ["H1"]);
    assert_eq!(sold(&[held(), release(10, problem("x"))]), ["H1"]);
    assert_eq!(sold(&[hold(0, problem("outcome-unknown"))]), ["H1"]);
}

#[test]
fn a_hold_that_is_over_before_its_time_is_found() {
    let expired = || problem("hold-expired");
    let early = PROMISED_US - 1001;
    for over_too_early in [confirm(early, expired()), status(early, "recusada")] {
        let name = over_too_early.request.name();
        assert_eq!(over(&[held(), over_too_early]), ["H2"], "{name}");
    }
    let extended = extend(3_000_000, state(HOLD, "retida"));
    let within = confirm(PROMISED_US + 1, expired());
    assert_eq!(over(&[held(), extended, within]), ["H2"]);
}

#[test]
fn an_early_end_that_its_customer_or_a_clock_may_have_caused_is_not_judged() {
    let expired = || confirm(2000, problem("hold-expired"));
    let unknown = confirm(1500, problem("outcome-unknown"));
    assert_eq!(over(&[held(), unknown, expired()]), [""; 0]);
    let alone = confirm(2000, problem("company-silent"));
    assert_eq!(over(&[held(), alone]), [""; 0], "nobody to decide with");
    let again = hold(1500, problem("company-silent"));
    assert_eq!(
        over(&[held(), again, expired()]),
        [""; 0],
        "asked for twice"
    );
    let alter = |begin_us, route| {
        let request = Request::Alter {
            company: "a".into(),
            route,
            alteration: Alteration::Retimed,
        };
        at(begin_us, request, Answer::Altered)
    };
    let flown_otherwise = [held(), alter(1500, 7), expired()];
    assert_eq!(over(&flown_otherwise), [""; 0], "the flight was changed");
    for elsewhere in [alter(1500, 8), alter(3500, 7)] {
        assert_eq!(over(&[held(), elsewhere, expired()]), ["H2"]);
    }
    let history = [held(), expired()];
    let shifted = |nemesis: &str, begin_us, end_us| {
        let fault = Fault {
            nemesis: nemesis.to_owned(),
            target: "a".to_owned(),
            begin_us,
            end_us,
        };
        check(&both(LegState::Refused), &history, &[fault]).1.len()
    };
    assert_eq!(shifted("clock", 500, None), 0);
    assert_eq!(shifted("clock", 4000, None), 1, "it came later");
    assert_eq!(shifted("kill-node", 500, None), 1, "no other fault may");
}

#[test]
fn a_hold_that_ends_in_two_ways_is_found() {
    let two = [
        held(),
        confirm(10, booked()),
        confirm(11, problem("hold-expired")),
    ];
    assert_eq!(sold(&two), ["I5"]);
    let released = [held(), confirm(10, booked()), release(11, Answer::Released)];
    assert_eq!(sold(&released), ["I5"]);
    let late = PROMISED_US + 1;
    let back = [held(), status(late, "recusada"), confirm(late, booked())];
    assert_eq!(sold(&back), ["I5"]);
    let again = hold(late, problem("seat-taken"));
    assert_eq!(sold(&[held(), confirm(10, booked()), again]), ["I5"]);
}

#[test]
fn two_holds_of_one_key_are_found() {
    let second = hold(10, state(OTHER, "retida"));
    assert_eq!(over(&[held(), second]), ["I5"]);
}

#[test]
fn a_confirmed_hold_that_is_not_whole_is_found() {
    let half = [
        company("a", LegState::Committed),
        company("b", LegState::Refused),
    ];
    let history = [held(), confirm(10, booked())];
    assert_eq!(found(&half, &history), ["I3", "I3"], "ticket and leg of b");
    let open = [held(), confirm(10, problem("outcome-unknown"))];
    assert_eq!(found(&half, &open), ["I4", "I4"]);
    let ticket = [held(), release(10, problem("already-booked"))];
    assert_eq!(over(&ticket)[0], "I3", "it was said that there is a ticket");
}

#[test]
fn a_hold_that_is_over_and_was_sold_is_found() {
    let late = PROMISED_US + 1;
    let expired = [held(), confirm(late, problem("hold-expired"))];
    assert_eq!(sold(&expired), ["I4"]);
    let one_leg = [
        company("a", LegState::Committed),
        company("b", LegState::Refused),
    ];
    assert_eq!(found(&one_leg, &expired), ["I4"]);
}
