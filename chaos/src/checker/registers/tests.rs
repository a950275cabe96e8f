use super::super::facts::UserRow;
use super::*;

const SAGA: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(2);
const CODES: [&str; 3] = ["a", "b", "c"];

fn commit() -> Value {
    Value::Commit("h".to_owned())
}

fn row(subject: Subject, ballot: i64, value: Value) -> RegisterRow {
    RegisterRow {
        subject,
        acceptors: CODES.map(str::to_owned).into(),
        promised: ballot,
        accepted: Some((ballot, value)),
        chosen: true,
    }
}

/// Each has the same ticket and user, and has learned both choices.
fn companies() -> [Company; 3] {
    CODES.map(|code| Company {
        code: code.to_owned(),
        tickets: vec![(SAGA, String::new())],
        users: vec![UserRow {
            id: USER,
            login: "x".to_owned(),
            content: String::new(),
        }],
        registers: vec![
            row(Subject::Saga(SAGA), 0, commit()),
            row(Subject::Login("x".to_owned()), 4, Value::User(USER)),
        ],
        ..Company::default()
    })
}

fn found(change: impl FnOnce(&mut [Company; 3])) -> Vec<String> {
    let mut companies = companies();
    change(&mut companies);
    let violations = check(&companies);
    violations.into_iter().map(|found| found.what).collect()
}

fn saga(company: &mut Company) -> &mut RegisterRow {
    &mut company.registers[0]
}

/// Nothing is known to be chosen by a flag.
fn unflag(companies: &mut [Company; 3]) {
    for company in companies {
        saga(company).chosen = false;
    }
}

fn is_found(change: impl FnOnce(&mut [Company; 3]), expected: &str) {
    let found = found(change);
    assert!(
        found.iter().any(|what| what.contains(expected)),
        "{expected}: {found:?}"
    );
}

#[test]
fn one_choice_passes_however_it_is_known() {
    assert_eq!(found(|_| {}), [""; 0]);
    assert_eq!(found(unflag), [""; 0], "by a majority in one ballot");
    let one_flag = |all: &mut [Company; 3]| {
        unflag(all);
        saga(&mut all[0]).chosen = true;
        saga(&mut all[1]).accepted = None;
        all[2].registers.remove(0);
    };
    assert_eq!(found(one_flag), [""; 0], "by one acceptor that learned it");
    let overtaken = |all: &mut [Company; 3]| {
        saga(&mut all[2]).accepted = Some((-1, Value::Abort));
        unflag(all);
    };
    assert_eq!(
        found(overtaken).len(),
        1,
        "only that a ballot below 1 must not carry Abort"
    );
    let repeated = |all: &mut [Company; 3]| {
        saga(&mut all[2]).accepted = Some((7, commit()));
        saga(&mut all[2]).promised = 7;
    };
    assert_eq!(found(repeated), [""; 0], "the same again in a later ballot");
}

#[test]
fn two_choices_are_found() {
    is_found(
        |all| {
            saga(&mut all[1]).accepted = Some((4, Value::Abort));
            saga(&mut all[1]).promised = 4;
        },
        "several values are chosen",
    );
    is_found(
        |all| saga(&mut all[1]).accepted = Some((0, Value::Commit("other".to_owned()))),
        "ballot 0 carries several values",
    );
}

#[test]
fn another_value_after_a_choice_is_found() {
    is_found(
        |all| {
            unflag(all);
            saga(&mut all[2]).accepted = Some((4, Value::Abort));
            saga(&mut all[2]).promised = 4;
        },
        "after Commit",
    );
}

#[test]
fn a_ballot_that_must_not_be_is_found() {
    is_found(
        |all| saga(&mut all[0]).accepted = Some((0, Value::Abort)),
        "ballot 0 must not carry Abort",
    );
    is_found(
        |all| all[0].registers[1].accepted = Some((0, Value::User(USER))),
        "ballot 0 must not carry User",
    );
    is_found(
        |all| saga(&mut all[0]).accepted = Some((0, Value::User(USER))),
        "must not carry User",
    );
    is_found(|all| saga(&mut all[0]).promised = -1, "above its promise");
    is_found(
        |all| saga(&mut all[0]).accepted = None,
        "chosen without a value",
    );
}

#[test]
fn acceptors_that_disagree_on_who_they_are_are_found() {
    is_found(
        |all| {
            saga(&mut all[1]).acceptors.pop();
        },
        "elsewhere",
    );
    is_found(
        |all| {
            for company in all {
                saga(company).acceptors.pop();
            }
        },
        "c keeps it and is no acceptor",
    );
}

#[test]
fn a_ticket_without_a_commit_and_a_commit_without_a_ticket_are_found() {
    is_found(
        |all| {
            for company in all {
                company.registers.remove(0);
            }
        },
        "there is a ticket, and Commit is not chosen",
    );
    is_found(
        |all| {
            for company in all {
                company.tickets.clear();
            }
        },
        "Commit is chosen, and there is no ticket",
    );
    is_found(
        |all| {
            for company in all {
                *saga(company) = row(Subject::Saga(SAGA), 4, Value::Abort);
            }
        },
        "there is a ticket, and Commit is not chosen",
    );
    let half = |all: &mut [Company; 3]| {
        unflag(all);
        for company in &mut all[1..] {
            saga(company).accepted = None;
        }
    };
    is_found(half, "there is a ticket, and Commit is not chosen");
}

#[test]
fn a_user_that_no_register_chose_is_found() {
    is_found(
        |all| all[0].users[0].id = SAGA,
        "has it without having been chosen",
    );
    is_found(
        |all| {
            for company in all {
                company.users.clear();
            }
        },
        "was chosen and does not exist",
    );
}
