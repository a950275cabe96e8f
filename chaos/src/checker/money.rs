//! Money: what came back to customers, and what companies owe each other.
//!
//! * S1: a company's books are what its tickets come to, by day, seller, owner and currency: prices of seats sold, less what came
//!   back for cancelled ones; nothing came back for a seat that was not cancelled, and nowhere more than it cost;
//! * S2: every company's books say the same, and so do its tickets of what came back;
//! * S3: what a customer read or was told that came back is recorded at every company, unless another company decided it
//!   apart and gave at least as much.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::Violation;
#[cfg(test)]
use super::facts::EntryRow;
use super::facts::{Account, Company, RefundRow, Sum};
use crate::history::{Answer, Operation, Request};

/// What is recorded that came back, by ticket, company and seat.
type Recorded<'a> = HashMap<(Uuid, &'a str, u64), &'a RefundRow>;

/// Of how many entries the books are, and what is wrong.
pub fn check(companies: &[Company], history: &[Operation]) -> (usize, Vec<Violation>) {
    let mut violations = Vec::new();
    for company in companies {
        violations.extend(books(company));
        violations.extend(odd(company));
    }
    violations.extend(differences(companies));
    violations.extend(told(companies, history));
    let entries = companies.iter().map(|company| company.entries.len());
    (entries.sum(), violations)
}

/// S1: what the entries of a company's tickets come to, worked out here.
fn books(company: &Company) -> Vec<Violation> {
    let mut expected: BTreeMap<Account, Sum> = BTreeMap::new();
    for entry in &company.entries {
        let account = |day: &str, currency: &str| Account {
            day: day.to_owned(),
            seller: entry.seller.clone(),
            owner: entry.owner.clone(),
            currency: currency.to_owned(),
        };
        let sold = expected
            .entry(account(&entry.sold_on, &entry.currency))
            .or_default();
        sold.seats_sold += 1;
        sold.sold += i128::from(entry.price);
        if let Some(refund) = &entry.refund {
            let back = expected
                .entry(account(&refund.day, &refund.currency))
                .or_default();
            back.seats_refunded += 1;
            back.refunded += i128::from(refund.amount);
        }
    }
    let books = &company.books;
    let accounts: BTreeSet<&Account> = expected.keys().chain(books.keys()).collect();
    let none = Sum::default();
    let wrong = accounts.into_iter().filter_map(|account| {
        let is = expected.get(account).unwrap_or(&none);
        let said = books.get(account).unwrap_or(&none);
        (is != said).then(|| {
            let code = &company.code;
            let what =
                format!("the books of {code} say {said:?} of {account:?}, its tickets {is:?}");
            Violation::new("S1", what)
        })
    });
    wrong.collect()
}

/// S1: a refund of its own seat, and not of more than that cost.
fn odd(company: &Company) -> Vec<Violation> {
    let cancelled = company.ticket_legs.iter().filter(|leg| leg.cancelled);
    let cancelled: BTreeSet<_> = cancelled
        .map(|leg| (leg.ticket, leg.company.as_str(), leg.route, leg.sold_as))
        .collect();
    let odd = company.entries.iter().filter(|entry| {
        let Some(refund) = &entry.refund else {
            return false;
        };
        let seat = (
            entry.ticket,
            entry.owner.as_str(),
            entry.route,
            entry.number,
        );
        refund.currency != entry.currency
            || !(0..=entry.price).contains(&refund.amount)
            || !cancelled.contains(&seat)
    });
    odd.map(|entry| Violation::new("S1", format!("{} has {entry:?}", company.code)))
        .collect()
}

/// S2.
fn differences(companies: &[Company]) -> Vec<Violation> {
    let Some((first, others)) = companies.split_first() else {
        return Vec::new();
    };
    let refunds = |company: &Company| -> BTreeMap<_, RefundRow> {
        let given = company.entries.iter().filter_map(|entry| {
            let seat = (entry.ticket, entry.owner.clone(), entry.route, entry.number);
            Some((seat, entry.refund.clone()?))
        });
        given.collect()
    };
    let expected = refunds(first);
    let mut violations = Vec::new();
    for other in others {
        let (one, two) = (&first.code, &other.code);
        let accounts = first.books.keys().chain(other.books.keys());
        for account in accounts.collect::<BTreeSet<_>>() {
            let (ours, theirs) = (first.books.get(account), other.books.get(account));
            if ours != theirs {
                let what = format!("of {account:?} {one} says {ours:?}, {two} {theirs:?}");
                violations.push(Violation::new("S2", what));
            }
        }
        let found = refunds(other);
        for seat in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            let (ours, theirs) = (expected.get(seat), found.get(seat));
            if ours != theirs {
                let what = format!("for {seat:?} {one} gave {ours:?}, {two} {theirs:?}");
                violations.push(Violation::new("S2", what));
            }
        }
    }
    violations
}

/// S3.
fn told(companies: &[Company], history: &[Operation]) -> Vec<Violation> {
    let recorded: Vec<(&str, Recorded<'_>)> = companies
        .iter()
        .map(|company| {
            let given = company.entries.iter().filter_map(|entry| {
                let id =
                    (entry.route.cast_unsigned() << 10) | u64::from(entry.number.unsigned_abs());
                Some((
                    (entry.ticket, entry.owner.as_str(), id),
                    entry.refund.as_ref()?,
                ))
            });
            (company.code.as_str(), given.collect())
        })
        .collect();
    let mut violations = Vec::new();
    for operation in history {
        let (Request::Ticket { ticket, .. }, Answer::Ticket { refunds, .. }) =
            (&operation.request, &operation.answer)
        else {
            continue;
        };
        for told in refunds {
            let seat = (*ticket, told.seat.company.as_str(), told.seat.id);
            for (code, recorded) in &recorded {
                let recorded = recorded.get(&seat);
                let kept = recorded.is_some_and(|recorded| match recorded.by == told.by {
                    true => recorded.amount == told.amount && recorded.currency == told.currency,
                    false => recorded.amount >= told.amount,
                });
                if !kept {
                    let what = format!(
                        "of ticket {ticket} a customer was told {told:?} at {}, {code} has {recorded:?}",
                        operation.node
                    );
                    violations.push(Violation::new("S3", what));
                }
            }
        }
    }
    violations
}

/// A seat of a ticket with what came back for it, for tests.
#[cfg(test)]
pub(super) fn entry(ticket: Uuid, owner: &str, refund: Option<i64>) -> EntryRow {
    EntryRow {
        ticket,
        owner: owner.to_owned(),
        route: 7,
        number: 1,
        sold_on: "2026-11-26".to_owned(),
        seller: "a".to_owned(),
        currency: "BRL".to_owned(),
        price: 10_000,
        flown: super::flights::FLOWN,
        refund: refund.map(|amount| RefundRow {
            amount,
            currency: "BRL".to_owned(),
            ground: "tariff".to_owned(),
            at_ms: 5,
            day: "2026-11-27".to_owned(),
            by: "a".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::TicketLegRow;
    use super::*;
    use crate::history::{ReadRefund, SeatName};

    const TICKET: Uuid = Uuid::from_u128(1);

    fn account(day: &str, owner: &str) -> Account {
        Account {
            day: day.to_owned(),
            seller: "a".to_owned(),
            owner: owner.to_owned(),
            currency: "BRL".to_owned(),
        }
    }

    /// A ticket over both companies, sold by a; the seat of b came back.
    fn company(code: &str) -> Company {
        let sold = Sum {
            seats_sold: 1,
            sold: 10_000,
            ..Sum::default()
        };
        let back = Sum {
            seats_refunded: 1,
            refunded: 7_000,
            ..Sum::default()
        };
        let leg = |owner: &str| TicketLegRow {
            ticket: TICKET,
            company: owner.to_owned(),
            route: 7,
            number: 1,
            sold_as: 1,
            cancelled: owner == "b",
        };
        Company {
            code: code.to_owned(),
            ticket_legs: vec![leg("a"), leg("b")],
            entries: vec![entry(TICKET, "a", None), entry(TICKET, "b", Some(7_000))],
            books: [
                (account("2026-11-26", "a"), sold),
                (account("2026-11-26", "b"), sold),
                (account("2026-11-27", "b"), back),
            ]
            .into(),
            ..Company::default()
        }
    }

    fn read(amount: i64, by: &str) -> Operation {
        Operation {
            client: 0,
            node: "a".into(),
            begin_us: 0,
            end_us: 1,
            request: Request::Ticket {
                user: Uuid::nil(),
                ticket: TICKET,
            },
            answer: Answer::Ticket {
                refunds: vec![ReadRefund {
                    seat: SeatName {
                        company: "b".to_owned(),
                        id: (7 << 10) | 1,
                    },
                    amount,
                    currency: "BRL".to_owned(),
                    by: by.to_owned(),
                }],
                changes: 0,
                owed: Vec::new(),
            },
        }
    }

    fn found(history: &[Operation], change: impl Fn(&mut Company)) -> BTreeSet<&'static str> {
        let mut companies = ["a", "b", "c"].map(company);
        change(&mut companies[1]);
        let (_, violations) = check(&companies, history);
        let names = violations.iter().map(|violation| violation.invariant);
        names.collect()
    }

    #[test]
    fn equal_books_that_are_their_tickets_pass() {
        assert_eq!(found(&[read(7_000, "a")], |_| {}), [].into());
        let companies = ["a", "b", "c"].map(company);
        assert_eq!(check(&companies, &[]).0, 6, "entries were judged");
    }

    #[test]
    fn books_that_are_not_their_tickets_are_found() {
        let none: [fn(&mut Company); 3] = [
            |b| b.books.clear(),
            |b| b.books.values_mut().next().unwrap().sold += 1,
            |b| b.books.values_mut().next_back().unwrap().refunded -= 1,
        ];
        for change in none {
            assert_eq!(found(&[], change), ["S1", "S2"].into());
        }
        // everywhere the same, and wrong
        let mut companies = ["a", "b", "c"].map(company);
        for company in &mut companies {
            company.books.values_mut().next().unwrap().sold += 1;
        }
        let (_, violations) = check(&companies, &[]);
        assert!(
            violations
                .iter()
                .all(|violation| violation.invariant == "S1")
        );
        assert_eq!(violations.len(), 3);
    }

    #[test]
    fn money_for_a_seat_that_is_kept_and_more_than_it_cost_are_found() {
        let kept = |b: &mut Company| b.ticket_legs[1].cancelled = false;
        assert!(found(&[], kept).contains("S1"));
        let mut companies = ["a", "b", "c"].map(company);
        for company in &mut companies {
            company.entries[1].refund.as_mut().unwrap().amount = 10_001;
            company.books.values_mut().next_back().unwrap().refunded = 10_001;
        }
        let (_, violations) = check(&companies, &[]);
        assert_eq!(violations.len(), 3, "{violations:?}");
    }

    #[test]
    fn what_came_back_elsewhere_or_otherwise_is_found() {
        let other = |b: &mut Company| b.entries[1].refund.as_mut().unwrap().by = "b".to_owned();
        assert_eq!(found(&[], other), ["S2"].into());
        assert_eq!(found(&[read(7_001, "a")], |_| {}), ["S3"].into());
        assert_eq!(found(&[read(6_999, "a")], |_| {}), ["S3"].into());
        assert_eq!(found(&[read(7_001, "c")], |_| {}), ["S3"].into());
        let apart = found(&[read(6_999, "c")], |_| {});
        assert_eq!(apart, [].into(), "decided apart, and no less came back");
    }
}
