use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::company::guesses::{LoginHash, WrongPasswords};
use crate::domain::accounts::{FIRST_VERSION, User};
use crate::domain::ballot::Register;
use crate::domain::fencing::FencingToken;
use crate::domain::ids::{RouteId, SeatNumber, UserId};
use crate::domain::order::{Leg, Price, SeatRef};
use crate::domain::order_hash::order_hash;
use crate::domain::refund::Ground;
use crate::domain::vote::RefusalReason;

const SAGA: SagaId = SagaId(Uuid::from_u128(1));

fn company(code: &str) -> CompanyId {
    code.parse().unwrap()
}

fn all() -> Vec<CompanyId> {
    ["a", "b", "c"].map(company).to_vec()
}

const NOW: i64 = 1_780_000_000;

/// As `a` judges it.
fn said(from: &str, request: &Request) -> Result<(), Reason> {
    let members = Members {
        me: company("a"),
        all: &all(),
        now: NOW,
    };
    check(members, company(from), request)
}

fn asked(from: &str, question: Question) -> Result<(), Reason> {
    said(from, &Request::Ask(question))
}

fn seat(code: &str) -> SeatRef {
    SeatRef {
        company: company(code),
        route: RouteId(1),
        number: SeatNumber(7),
    }
}

/// Sold by `seller`, with a seat of each of these.
fn order(seller: &str, companies: &[&str]) -> Order {
    let leg = |code: &&str| Leg {
        seat: seat(code),
        flight: "A1".to_owned(),
        origin: "Curitiba".to_owned(),
        destination: "Manaus".to_owned(),
        origin_iata: "CWB".to_owned(),
        destination_iata: "MAO".to_owned(),
        departs: 0,
        arrives: 3_600,
        offsets: None,
        price: Price {
            minor: 10_000,
            currency: "BRL".to_owned(),
        },
        label: None,
        passenger: None,
    };
    Order {
        user: UserId(Uuid::from_u128(9)),
        created_at: 0,
        legs: companies.iter().map(leg).collect(),
        hold_seconds: None,
        seller: Some(company(seller)),
        exchange: None,
    }
}

fn hash(order: &Order) -> (Acceptors, OrderHash) {
    let acceptors = acceptors_of(SAGA, order, &all());
    let hash = order_hash(order, &acceptors);
    (acceptors, hash)
}

fn prepare(order: Order) -> Prepare {
    let (acceptors, hash) = hash(&order);
    Prepare {
        saga: SAGA,
        order: Arc::new(order),
        hash,
        acceptors,
        fence: FencingToken::NONE,
        driver: "b".to_owned(),
        papers: None,
    }
}

fn commit_of(order: &Order) -> Value {
    Value::Commit {
        hash: hash(order).1,
        order: Arc::new(order.clone()),
    }
}

fn promise(ballot: i64) -> Question {
    Question::Promise {
        key: Key::Saga(SAGA),
        acceptors: Acceptors(all()),
        ballot: Ballot(ballot),
    }
}

fn accept(ballot: i64, value: Value) -> Question {
    Question::Accept {
        key: Key::Saga(SAGA),
        acceptors: Acceptors(all()),
        ballot: Ballot(ballot),
        value: Box::new(value),
    }
}

fn recorded(order: Order, leg: LegState) -> SagaRecord {
    let (acceptors, hash) = hash(&order);
    SagaRecord {
        order: Some((Arc::new(order), hash, acceptors)),
        legs: vec![(seat("a"), leg)],
        ..SagaRecord::default()
    }
}

fn with_register(record: SagaRecord, value: Value) -> SagaRecord {
    SagaRecord {
        register: Some(Register {
            acceptors: Acceptors(all()),
            promised: Ballot(4),
            accepted: Some((Ballot(4), value)),
            chosen: false,
        }),
        ..record
    }
}

fn against(record: &SagaRecord, from: &str, question: &Question) -> Result<(), Reason> {
    match rests_on(company(from), question) {
        Some(_) => check_against(company("a"), record, company(from), question),
        None => Ok(()),
    }
}

#[test]
fn who_decides_a_booking_is_not_for_the_one_that_asks_to_say() {
    let good = prepare(order("b", &["a", "b"]));
    assert_eq!(
        asked("b", Question::Prepare(Box::new(good.clone()))),
        Ok(())
    );
    let mut alone = good.clone();
    alone.acceptors = Acceptors(vec![company("b")]);
    alone.hash = order_hash(&alone.order, &alone.acceptors);
    let asked_alone = asked("b", Question::Prepare(Box::new(alone)));
    assert_eq!(asked_alone, Err(Reason::OtherAcceptors));
    let mut other = good;
    other.hash = OrderHash([7; 32]);
    let asked_other = asked("b", Question::Book(Box::new(other)));
    assert_eq!(asked_other, Err(Reason::OtherHash));
}

#[test]
fn an_order_that_no_node_makes_is_refused() {
    let not_ours = Question::Prepare(Box::new(prepare(order("b", &["b", "c"]))));
    assert_eq!(asked("b", not_ours), Err(Reason::NoOrder));
    let stranger = Question::Prepare(Box::new(prepare(order("b", &["a", "z"]))));
    assert_eq!(asked("b", stranger), Err(Reason::NoOrder));
    let sold_by_nobody = Question::Prepare(Box::new(prepare(order("z", &["a", "b"]))));
    assert_eq!(asked("b", sold_by_nobody), Err(Reason::NoOrder));
    let long = ["a"; LEGS_MAX + 1];
    let too_long = Question::Prepare(Box::new(prepare(order("b", &long))));
    assert_eq!(asked("b", too_long), Err(Reason::NoOrder));
    // what no database takes would stop everything that is written after it
    for text in ["a\0b", &"a".repeat(TEXT_LEN_MAX + 1)] {
        let mut unfit = order("b", &["a", "b"]);
        unfit.legs[1].destination = text.to_owned();
        let unfit = Question::Prepare(Box::new(prepare(unfit)));
        assert_eq!(asked("b", unfit), Err(Reason::NoOrder));
    }
}

#[test]
fn a_company_sells_in_its_own_name_and_takes_up_what_is_recorded() {
    let nothing = SagaRecord::default();
    let sold_by_c = Question::Prepare(Box::new(prepare(order("c", &["a", "b"]))));
    assert_eq!(against(&nothing, "c", &sold_by_c), Ok(()));
    assert_eq!(
        against(&nothing, "b", &sold_by_c),
        Err(Reason::AnothersSale)
    );
    let begun = recorded(order("c", &["a", "b"]), LegState::Prepared);
    assert_eq!(against(&begun, "b", &sold_by_c), Ok(()), "a retry at b");
    let mut nobodys = order("c", &["a", "b"]);
    nobodys.seller = None;
    let nobodys = Question::Book(Box::new(prepare(nobodys)));
    assert_eq!(against(&nothing, "b", &nobodys), Err(Reason::AnothersSale));
}

#[test]
fn there_is_always_a_higher_ballot() {
    let highest = Ballot::new(NOW * ROUNDS_PER_SECOND, 1, 3);
    assert_eq!(asked("b", promise(highest.0)), Ok(()));
    for far in [highest.0 + 3, i64::MAX] {
        assert_eq!(asked("b", promise(far)), Err(Reason::FarBallot), "{far}");
    }
    let (all, later) = (all(), NOW + 1);
    let members = Members {
        me: company("a"),
        all: &all,
        now: later,
    };
    let above = Ballot::new(NOW * ROUNDS_PER_SECOND + 1, 2, 3);
    let above = Request::Ask(promise(above.0));
    assert_eq!(check(members, company("c"), &above), Ok(()));
}

#[test]
fn a_ballot_is_of_the_company_whose_number_it_has() {
    // a has 3, 6, …; b has 4, 7, …; c has 5, 8, …
    for (from, ballot, may) in [
        ("b", 4, true),
        ("c", 8, true),
        ("b", 5, false),
        ("c", 4, false),
        ("b", 3, false),
        ("b", 0, false),
        ("b", 1, false),
        ("b", -2, false),
        ("b", i64::MIN, false),
    ] {
        let may = if may {
            Ok(())
        } else {
            Err(Reason::AnothersBallot)
        };
        assert_eq!(asked(from, promise(ballot)), may, "{from} {ballot}");
        assert_eq!(
            asked(from, accept(ballot, Value::Abort)),
            may,
            "{from} {ballot}"
        );
    }
}

#[test]
fn ballot_0_carries_the_commit_of_its_own_order_and_nothing_else() {
    let sold = order("b", &["a", "b"]);
    assert_eq!(asked("c", accept(0, commit_of(&sold))), Ok(()), "anybody's");
    assert_eq!(
        asked("b", accept(0, Value::Abort)),
        Err(Reason::AnothersBallot)
    );
    let false_hash = Value::Commit {
        hash: OrderHash([7; 32]),
        order: Arc::new(sold),
    };
    assert_eq!(asked("b", accept(0, false_hash)), Err(Reason::OtherHash));
}

#[test]
fn no_commit_is_accepted_of_an_order_that_this_company_has_not_voted_for() {
    let sold = order("b", &["a", "b"]);
    for ballot in [0, 4] {
        let propose = accept(ballot, commit_of(&sold));
        for (leg, may) in [
            (LegState::Prepared, true),
            (LegState::Committed, true),
            (LegState::Cancelled, true),
            (LegState::Refused, false),
        ] {
            let may = if may {
                Ok(())
            } else {
                Err(Reason::NotVotedFor)
            };
            let record = recorded(sold.clone(), leg);
            assert_eq!(against(&record, "b", &propose), may, "{leg:?} in {ballot}");
        }
        let nothing = against(&SagaRecord::default(), "b", &propose);
        assert_eq!(nothing, Err(Reason::NotVotedFor));
        let mut dearer = sold.clone();
        dearer.legs[0].price.minor += 1;
        let other = recorded(dearer, LegState::Prepared);
        assert_eq!(against(&other, "b", &propose), Err(Reason::NotVotedFor));
        // a company that has no seat in it has no vote in it
        let not_ours = accept(ballot, commit_of(&order("b", &["b", "c"])));
        assert_eq!(against(&SagaRecord::default(), "b", &not_ours), Ok(()));
    }
}

#[test]
fn a_login_is_decided_by_all_and_for_itself() {
    let login = |login: &str, acceptors: Vec<CompanyId>, ballot, value| Question::Accept {
        key: Key::Login(login.to_owned()),
        acceptors: Acceptors(acceptors),
        ballot: Ballot(ballot),
        value: Box::new(value),
    };
    let user = User {
        id: UserId(Uuid::from_u128(3)),
        login: "ana".to_owned(),
        password_hash: String::new(),
        version: FIRST_VERSION,
        mailbox: None,
    };
    // who has the login is asked, and not what became of its password since
    let renewed = User {
        version: FIRST_VERSION + 1,
        ..user.clone()
    };
    let renewed = login("ana", all(), 4, Value::Account(renewed));
    assert_eq!(asked("b", renewed), Err(Reason::ImpossibleValue));
    let ana = Value::Account(user);
    assert_eq!(asked("b", login("ana", all(), 4, ana.clone())), Ok(()));
    let of = |question| asked("b", question);
    let few = login("ana", vec![company("a"), company("b")], 4, ana.clone());
    assert_eq!(of(few), Err(Reason::OtherAcceptors));
    let another = login("bia", all(), 4, ana.clone());
    assert_eq!(of(another), Err(Reason::ImpossibleValue));
    assert_eq!(
        of(login("ana", all(), 4, Value::Abort)),
        Err(Reason::ImpossibleValue)
    );
    assert_eq!(
        of(login("ana", all(), 5, ana.clone())),
        Err(Reason::AnothersBallot)
    );
    assert_eq!(of(login("ana", all(), 0, ana)), Err(Reason::AnothersBallot));
}

#[test]
fn an_outcome_is_the_sellers_to_tell_or_shown_by_the_register() {
    let sold = order("c", &["a", "b"]);
    let (_, hash) = hash(&sold);
    let kept = recorded(sold.clone(), LegState::Prepared);
    let commit = Question::Commit {
        saga: SAGA,
        hash,
        exchanged: None,
    };
    let release = Question::Release {
        saga: SAGA,
        seats: vec![seat("a")],
        reason: RefusalReason::Released,
    };
    let voted = Question::AllVoted { saga: SAGA, hash };
    for question in [&commit, &release, &voted] {
        assert_eq!(against(&kept, "c", question), Ok(()), "{question:?}");
        let by_another = against(&kept, "b", question);
        assert_eq!(by_another, Err(Reason::Unproven), "{question:?}");
    }
    let committed = with_register(kept.clone(), commit_of(&sold));
    assert_eq!(against(&committed, "b", &commit), Ok(()));
    assert_eq!(against(&committed, "b", &release), Err(Reason::Unproven));
    let aborted = with_register(kept, Value::Abort);
    assert_eq!(against(&aborted, "b", &release), Ok(()));
    assert_eq!(against(&aborted, "b", &commit), Err(Reason::Unproven));
}

#[test]
fn what_is_repeated_is_answered_whoever_says_it() {
    let sold = order("c", &["a", "b"]);
    let (_, hash) = hash(&sold);
    let commit = Question::Commit {
        saga: SAGA,
        hash,
        exchanged: None,
    };
    let release = Question::Release {
        saga: SAGA,
        seats: Vec::new(),
        reason: RefusalReason::Released,
    };
    let done = recorded(sold.clone(), LegState::Committed);
    assert_eq!(against(&done, "b", &commit), Ok(()));
    let given_up = recorded(sold, LegState::Refused);
    assert_eq!(against(&given_up, "b", &release), Ok(()));
    // of which nobody here has heard: a Release that overtakes its Prepare
    assert_eq!(against(&SagaRecord::default(), "b", &release), Ok(()));
}

#[test]
fn a_ticket_that_cannot_be_is_refused() {
    let ticket = Ticket::new(SAGA, Arc::new(order("c", &["a", "b"])));
    let refund = |seat, minor| Refunded {
        seat,
        amount: Price {
            minor,
            currency: "BRL".to_owned(),
        },
        ground: Ground::Exchanged,
        decided_at: 0,
        by: company("b"),
    };
    let cancel = |refund| Request::Cancel {
        ticket: Box::new(ticket.clone()),
        refunds: vec![refund],
        agreed: false,
    };
    assert_eq!(said("b", &cancel(refund(seat("a"), 10_000))), Ok(()));
    for false_refund in [
        refund(seat("a"), 10_001),
        refund(seat("a"), -1),
        refund(seat("c"), 1),
    ] {
        assert_eq!(
            said("b", &cancel(false_refund.clone())),
            Err(Reason::NoTicket)
        );
        let mut pushed = ticket.clone();
        pushed.refunds = vec![false_refund];
        let pushed = Request::MergeTicket(Box::new(pushed));
        assert_eq!(said("b", &pushed), Err(Reason::NoTicket));
    }
    let mut other_seat = ticket;
    other_seat.cancelled = vec![seat("c")];
    let pushed = Request::MergeTicket(Box::new(other_seat));
    assert_eq!(said("b", &pushed), Err(Reason::NoTicket));
}

#[test]
fn of_wrong_passwords_a_message_tells_no_more_than_a_node_does() {
    let told = |logins| {
        let one = WrongPasswords {
            login: LoginHash::of("ana"),
            failures: 1,
        };
        said("b", &Request::WrongPasswords(vec![one; logins]))
    };
    assert_eq!(told(TOLD_MAX), Ok(()));
    assert_eq!(told(TOLD_MAX + 1), Err(Reason::TooLong));
}
