//! R2: a login is one user, and a user one login, everywhere and in every answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::Violation;
use super::calm::Calm;
use super::facts::Company;
use crate::history::{Answer, Operation, Request};

/// What customers were told of one login.
#[derive(Default)]
struct Told {
    users: BTreeSet<Uuid>,
    taken: bool,
    /// When somebody was first told that it exists.
    registered_us: Option<u64>,
    /// When somebody was told last that it, or its password, is wrong: beginning and end.
    denied: Vec<(u64, u64)>,
}

pub fn check(companies: &[Company], history: &[Operation], calm: &Calm) -> Vec<Violation> {
    let mut violations = one_to_one(companies);
    let mut kept: HashMap<&str, Uuid> = HashMap::new();
    for company in companies {
        kept.extend(company.users.iter().map(|user| (&*user.login, user.id)));
    }
    for (login, told) in told(history) {
        let problems = one_answer(&told, kept.get(login).copied(), calm);
        violations.extend(problems.into_iter().map(|what| violation(login, &what)));
    }
    violations
}

fn violation(login: &str, what: &str) -> Violation {
    Violation::new("R2", format!("login {login} {what}"))
}

fn one_to_one(companies: &[Company]) -> Vec<Violation> {
    let mut logins: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    let mut ids: BTreeMap<Uuid, BTreeSet<&str>> = BTreeMap::new();
    for user in companies.iter().flat_map(|company| &company.users) {
        logins.entry(&user.login).or_default().insert(user.id);
        ids.entry(user.id).or_default().insert(&user.login);
    }
    let several = logins.into_iter().filter(|(_, ids)| ids.len() > 1);
    let several =
        several.map(|(login, ids)| violation(login, &format!("is of several users: {ids:?}")));
    let twice = ids.into_iter().filter(|(_, logins)| logins.len() > 1);
    let twice = twice.map(|(id, logins)| {
        Violation::new("R2", format!("user {id} has several logins: {logins:?}"))
    });
    several.chain(twice).collect()
}

fn told(history: &[Operation]) -> BTreeMap<&str, Told> {
    let mut logins: BTreeMap<&str, Told> = BTreeMap::new();
    for operation in history {
        let (Request::Register { login } | Request::Login { login }) = &operation.request else {
            continue;
        };
        let told = logins.entry(login).or_default();
        match &operation.answer {
            Answer::User { user } => {
                told.users.insert(*user);
                let first = told.registered_us.get_or_insert(operation.end_us);
                *first = (*first).min(operation.end_us);
            }
            answer if answer.is_problem("login-taken") => told.taken = true,
            answer if answer.is_problem("bad-credentials") => {
                told.denied.push((operation.begin_us, operation.end_us));
            }
            _ => {}
        }
    }
    logins
}

fn one_answer(told: &Told, kept: Option<Uuid>, calm: &Calm) -> Vec<String> {
    let mut problems = Vec::new();
    if told.users.len() > 1 {
        problems.push(format!("was answered with several users: {:?}", told.users));
    }
    for user in &told.users {
        if kept != Some(*user) {
            problems.push(format!("was given to user {user}, and is of {kept:?}"));
        }
    }
    if told.taken && kept.is_none() {
        problems.push("was refused as taken, and nobody has it".to_owned());
    }
    let known_us = told.registered_us.unwrap_or(u64::MAX);
    let denied = told
        .denied
        .iter()
        .filter(|(begin, end)| *begin > known_us && calm.lasts(*begin, *end));
    problems.extend(denied.map(|(begin, _)| {
        let seconds = begin / 1_000_000;
        format!("was denied {seconds} s after the start, having been given before")
    }));
    problems
}

#[cfg(test)]
mod tests {
    use super::super::facts::UserRow;
    use super::*;

    const ANNA: Uuid = Uuid::from_u128(1);
    const BERT: Uuid = Uuid::from_u128(2);

    fn user(id: Uuid, login: &str) -> UserRow {
        UserRow {
            id,
            login: login.to_owned(),
            content: String::new(),
        }
    }

    fn companies() -> [Company; 2] {
        ["a", "b"].map(|code| Company {
            code: code.to_owned(),
            users: vec![user(ANNA, "anna")],
            ..Company::default()
        })
    }

    fn asked(begin_us: u64, request: Request, answer: Answer) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us,
            end_us: begin_us + 1,
            request,
            answer,
        }
    }

    fn register(answer: Answer) -> Operation {
        let login = "anna".to_owned();
        asked(1, Request::Register { login }, answer)
    }

    fn login(answer: Answer) -> Operation {
        let login = "anna".to_owned();
        asked(10, Request::Login { login }, answer)
    }

    fn problem(kind: &str) -> Answer {
        Answer::Problem {
            status: 400,
            kind: kind.to_owned(),
            seat: None,
        }
    }

    fn found(companies: &[Company], history: &[Operation]) -> usize {
        check(companies, history, &Calm::new(&[], &[])).len()
    }

    #[test]
    fn one_user_of_one_login_passes() {
        let given = || register(Answer::User { user: ANNA });
        let taken = || register(problem("login-taken"));
        let same = login(Answer::User { user: ANNA });
        assert_eq!(found(&companies(), &[given(), taken(), same]), 0);
        let early = asked(
            1,
            Request::Login {
                login: "anna".to_owned(),
            },
            problem("bad-credentials"),
        );
        assert_eq!(found(&companies(), &[early, given()]), 0);
    }

    #[test]
    fn a_login_of_two_users_is_found() {
        let mut two = companies();
        two[1].users[0].id = BERT;
        assert_eq!(found(&two, &[]), 1);
        let answers = [
            register(Answer::User { user: ANNA }),
            register(Answer::User { user: BERT }),
        ];
        assert_eq!(
            found(&companies(), &answers),
            2,
            "two users, of whom one does not exist"
        );
    }

    #[test]
    fn a_user_of_two_logins_is_found() {
        let mut two = companies();
        two[1].users.push(user(ANNA, "other"));
        assert_eq!(found(&two, &[]), 1);
    }

    #[test]
    fn a_login_that_is_nobodys_is_found() {
        let nobody: [Company; 2] = Default::default();
        assert_eq!(found(&nobody, &[register(problem("login-taken"))]), 1);
        assert_eq!(found(&nobody, &[register(Answer::User { user: ANNA })]), 1);
    }

    #[test]
    fn a_login_that_stops_working_is_found() {
        let given = register(Answer::User { user: ANNA });
        let denied = login(problem("bad-credentials"));
        assert_eq!(found(&companies(), &[given, denied]), 1);
    }
}
