//! R1: every user, ticket, cancellation and change of a flight is the same at every company, but for names of passengers; N2: those are where
//! somebody is carried, or the trip was sold, and nowhere else.

use std::collections::BTreeMap;

use super::Violation;
use super::facts::{Company, UserRow};

pub fn check(companies: &[Company]) -> Vec<Violation> {
    let users = companies.iter().map(|company| {
        let content = |user: &UserRow| (user.id, format!("login {}, {}", user.login, user.content));
        (&company.code, company.users.iter().map(content))
    });
    let mut violations = compare("user", users);
    let tickets = companies
        .iter()
        .map(|company| (&company.code, company.tickets.iter().cloned()));
    violations.extend(compare("ticket", tickets));
    let legs = companies.iter().map(|company| {
        let legs = company.ticket_legs.iter().map(|leg| {
            let seat = (leg.ticket, leg.company.clone(), leg.route, leg.number);
            let state = if leg.cancelled { "cancelled" } else { "live" };
            (seat, state.to_owned())
        });
        (&company.code, legs)
    });
    violations.extend(compare("seat of a ticket", legs));
    let changes = companies.iter().map(|company| {
        let changes = company.changes.iter();
        let changes = changes.map(|change| (change.of.clone(), format!("{change:?}")));
        (&company.code, changes)
    });
    violations.extend(compare("change of a flight", changes));
    violations
}

pub fn check_names(companies: &[Company]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for company in companies {
        for (ticket, what) in &company.misnamed {
            let what = format!("ticket {ticket} at {}: {what}", company.code);
            violations.push(Violation::new("N2", what));
        }
    }
    violations
}

/// Rows of which some company has none, or another content than the first one that has it.
fn compare<'a, K, R>(kind: &str, companies: impl Iterator<Item = (&'a String, R)>) -> Vec<Violation>
where
    K: Ord + std::fmt::Debug,
    R: Iterator<Item = (K, String)>,
{
    let mut copies: BTreeMap<K, Vec<(&str, String)>> = BTreeMap::new();
    let mut count = 0;
    for (company, rows) in companies {
        count += 1;
        for (key, content) in rows {
            copies.entry(key).or_default().push((company, content));
        }
    }
    let unequal = copies.into_iter().filter(|(_, copies)| {
        copies.len() < count || copies.iter().any(|(_, content)| *content != copies[0].1)
    });
    unequal
        .map(|(key, copies)| {
            Violation::new(
                "R1",
                format!("{kind} {key:?} is not the same everywhere: {copies:?}"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::facts::TicketLegRow;
    use super::super::flights::change;
    use super::*;

    fn company(code: &str) -> Company {
        Company {
            code: code.to_owned(),
            users: vec![UserRow {
                id: Uuid::from_u128(1),
                login: "x".to_owned(),
                content: "version 1".to_owned(),
            }],
            tickets: vec![(Uuid::from_u128(2), "order y".to_owned())],
            ticket_legs: vec![TicketLegRow {
                ticket: Uuid::from_u128(2),
                company: "a".to_owned(),
                route: 7,
                number: 1,
                sold_as: 1,
                cancelled: false,
            }],
            changes: vec![change(Uuid::from_u128(2), "a")],
            ..Company::default()
        }
    }

    fn violations(change: impl Fn(&mut Company)) -> usize {
        let mut companies = ["a", "b", "c"].map(company);
        change(&mut companies[1]);
        check(&companies).len()
    }

    #[test]
    fn equal_copies_pass_and_every_difference_is_found() {
        assert_eq!(violations(|_| {}), 0);
        assert_eq!(violations(|b| b.users.clear()), 1);
        assert_eq!(violations(|b| b.users[0].login.push('z')), 1);
        assert_eq!(violations(|b| b.users[0].content.push('z')), 1);
        assert_eq!(violations(|b| b.tickets.clear()), 1);
        assert_eq!(violations(|b| b.tickets[0].1.push('z')), 1);
        assert_eq!(violations(|b| b.ticket_legs[0].cancelled = true), 1);
        assert_eq!(violations(|b| b.ticket_legs[0].number = 2), 2);
        assert_eq!(violations(|b| b.changes.clear()), 1);
        assert_eq!(violations(|b| b.changes[0].accepted = true), 1);
        assert_eq!(violations(|b| b.changes[0].content.push('z')), 1);
    }
}
