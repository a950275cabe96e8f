//! What companies owe each other, and what came back to customers, as operators and accountants read it. Days are those of UTC.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Operations, away};
use crate::company::store::{Books, RefundPlace, RefundView};
use crate::domain::currency;
use crate::domain::ids::{CompanyId, RouteId, SagaId, SeatNumber};
use crate::domain::settlement::{Account, Sum};
use crate::people::desk::Unavailable;

/// What each company owes each other one of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settlement {
    /// Both days are included.
    pub from: Date,
    pub to: Date,
    pub as_of: BooksAsOf,
    /// By day, if wanted, then by seller, owner and currency.
    pub accounts: Vec<AccountView>,
    /// By day, if wanted, then by currency.
    pub payments: Vec<PaymentView>,
}

/// What is in the books: a ticket that comes later changes the sums of the days that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BooksAsOf {
    /// The last row of this company's log that is in them.
    pub log: i64,
    /// How far each of the others' outboxes was read, at least.
    pub read: BTreeMap<CompanyId, i64>,
}

/// What a seller owes to the owner of the seats that it sold, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    /// Absent where the days are summed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    pub seller: CompanyId,
    pub owner: CompanyId,
    pub currency: String,
    /// How many of the digits of its amounts are behind the point.
    pub digits: u8,
    pub seats_sold: i64,
    pub sold: i128,
    pub seats_refunded: i64,
    pub refunded: i128,
    /// Sold less refunded.
    pub net: i128,
}

/// What customers paid this company, and got back of that, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentView {
    /// Absent where the days are summed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    pub currency: String,
    /// How many of the digits of its amounts are behind the point.
    pub digits: u8,
    pub payments: i64,
    pub paid: i128,
    pub refunds: i64,
    pub given_back: i128,
    /// Paid less given back.
    pub net: i128,
}

/// Some of what came back of some days, newest first, and the sums of all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundPage {
    pub from: Date,
    pub to: Date,
    pub as_of: BooksAsOf,
    pub totals: Vec<RefundTotal>,
    pub refunds: Vec<RefundLine>,
}

/// All that came back for seats of one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundTotal {
    pub company: CompanyId,
    pub currency: String,
    pub digits: u8,
    pub seats: i64,
    pub amount: i128,
}

/// What came back for one seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundLine {
    pub at: Timestamp,
    pub ticket: SagaId,
    pub company: CompanyId,
    pub route: RouteId,
    pub number: SeatNumber,
    pub amount: i64,
    pub currency: String,
    pub digits: u8,
    /// By which rule: `regret`, `tariff` or `departed`.
    pub ground: &'static str,
    /// The company that decided it.
    pub decided_by: CompanyId,
    #[serde(skip)]
    pub place: RefundPlace,
}

impl Operations {
    /// What companies owe each other of these days, both included, each day apart if so wanted.
    pub async fn settlement(
        &self,
        from: Date,
        to: Date,
        by_day: bool,
    ) -> Result<Settlement, Unavailable> {
        let (as_of, books) = self.books(from, to).await?;
        Ok(Settlement {
            from,
            to,
            as_of,
            payments: payments(&books, by_day),
            accounts: accounts(books, by_day),
        })
    }

    /// What came back of these days, both included: at most `limit` seats, newest first, after this place.
    pub async fn refunds(
        &self,
        from: Date,
        to: Date,
        before: Option<RefundPlace>,
        limit: usize,
    ) -> Result<RefundPage, Unavailable> {
        let (as_of, books) = self.books(from, to).await?;
        let span = (instant(day(from)), instant(day(to) + 1));
        let archive = &self.company.archive;
        let refunds = archive.refunds(span, before, limit).await.map_err(away)?;
        Ok(RefundPage {
            from,
            to,
            as_of,
            totals: totals(&books),
            refunds: refunds.into_iter().map(RefundLine::from).collect(),
        })
    }

    async fn books(&self, from: Date, to: Date) -> Result<(BooksAsOf, Books), Unavailable> {
        let archive = &self.company.archive;
        // before the books: what was read by then is in them
        let cursors = archive.cursors().await.map_err(away)?;
        let books = archive.books(day(from), day(to)).await.map_err(away)?;
        let as_of = BooksAsOf {
            log: books.at.0,
            read: cursors
                .into_iter()
                .map(|(peer, cursor)| (peer, cursor.seq))
                .collect(),
        };
        Ok((as_of, books))
    }
}

fn accounts(books: Books, by_day: bool) -> Vec<AccountView> {
    let mut sums: BTreeMap<(Option<i32>, CompanyId, CompanyId, String), Sum> = BTreeMap::new();
    for (account, sum) in books.sums {
        let Account {
            day,
            seller,
            owner,
            currency,
        } = account;
        let key = (by_day.then_some(day), seller, owner, currency);
        sums.entry(key).or_default().add(sum);
    }
    let accounts = sums.into_iter();
    accounts
        .map(|((day, seller, owner, currency), sum)| AccountView {
            day: day.map(date),
            seller,
            owner,
            digits: currency::digits_shown(&currency),
            currency,
            seats_sold: sum.seats_sold,
            sold: sum.sold,
            seats_refunded: sum.seats_refunded,
            refunded: sum.refunded,
            net: sum.net(),
        })
        .collect()
}

fn payments(books: &Books, by_day: bool) -> Vec<PaymentView> {
    let mut sums: BTreeMap<(Option<i32>, &str), PaymentView> = BTreeMap::new();
    for sum in &books.payments {
        let day = by_day.then_some(sum.day);
        let view = sums.entry((day, &sum.currency)).or_insert(PaymentView {
            day: day.map(date),
            currency: sum.currency.clone(),
            digits: currency::digits_shown(&sum.currency),
            payments: 0,
            paid: 0,
            refunds: 0,
            given_back: 0,
            net: 0,
        });
        view.payments += sum.payments;
        view.paid += sum.paid;
        view.refunds += sum.refunds;
        view.given_back += sum.given_back;
        view.net = view.paid - view.given_back;
    }
    sums.into_values().collect()
}

fn totals(books: &Books) -> Vec<RefundTotal> {
    let mut sums: BTreeMap<(CompanyId, &str), (i64, i128)> = BTreeMap::new();
    for (account, sum) in &books.sums {
        let total = sums.entry((account.owner, &account.currency)).or_default();
        total.0 += sum.seats_refunded;
        total.1 += sum.refunded;
    }
    let given = sums.into_iter().filter(|(_, total)| *total != (0, 0));
    given
        .map(|((company, currency), (seats, amount))| RefundTotal {
            company,
            currency: currency.to_owned(),
            digits: currency::digits_shown(currency),
            seats,
            amount,
        })
        .collect()
}

impl From<RefundView> for RefundLine {
    fn from(view: RefundView) -> Self {
        let place = view.place();
        let RefundView { ticket, refund } = view;
        Self {
            at: Timestamp::from_millisecond(refund.decided_at).unwrap_or(Timestamp::MAX),
            ticket,
            company: refund.seat.company,
            route: refund.seat.route,
            number: refund.seat.number,
            amount: refund.amount.minor,
            digits: currency::digits_shown(&refund.amount.currency),
            currency: refund.amount.currency,
            ground: refund.ground.name(),
            decided_by: refund.by,
            place,
        }
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days since 1970.
fn day(date: Date) -> i32 {
    (date - EPOCH).get_days()
}

/// Every day of the books is one of the calendar.
fn date(day: i32) -> Date {
    EPOCH.saturating_add(jiff::Span::new().days(day))
}

/// The first millisecond of a day.
fn instant(day: i32) -> i64 {
    i64::from(day) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::store::PaymentSum;
    use crate::domain::settlement::day_of;

    #[test]
    fn days_of_the_books_are_those_of_the_calendar() {
        for date_shown in [
            EPOCH,
            jiff::civil::date(1, 1, 1),
            jiff::civil::date(2026, 11, 27),
            jiff::civil::date(9999, 12, 31),
        ] {
            assert_eq!(date(day(date_shown)), date_shown);
            assert_eq!(day_of(instant(day(date_shown))), day(date_shown));
        }
    }

    #[test]
    fn days_are_summed_up_unless_they_are_wanted_apart() {
        let company = |code: &str| -> CompanyId { code.parse().unwrap() };
        let account = |day, currency: &str| Account {
            day,
            seller: company("a"),
            owner: company("b"),
            currency: currency.to_owned(),
        };
        let sum = Sum {
            seats_sold: 2,
            sold: 500,
            seats_refunded: 1,
            refunded: 600,
        };
        let sums = [account(1, "BRL"), account(2, "BRL"), account(2, "JPY")];
        let books = Books {
            sums: sums.into_iter().map(|account| (account, sum)).collect(),
            ..Books::default()
        };
        let told = |by_day| -> Vec<_> {
            let accounts = accounts(books.clone(), by_day).into_iter();
            let told = accounts.map(|view| (view.day.map(day), view.currency, view.net));
            told.collect()
        };
        let (real, yen) = ("BRL".to_owned(), "JPY".to_owned());
        assert_eq!(
            told(false),
            [(None, real.clone(), -200), (None, yen.clone(), -100)]
        );
        let days = [
            (Some(1), real.clone(), -100),
            (Some(2), real, -100),
            (Some(2), yen, -100),
        ];
        assert_eq!(told(true), days);
        let paid = PaymentSum {
            day: 1,
            currency: "BRL".to_owned(),
            payments: 2,
            paid: 900,
            refunds: 1,
            given_back: 400,
        };
        let books = Books {
            payments: vec![paid.clone(), PaymentSum { day: 2, ..paid }],
            ..books
        };
        let told = |by_day| -> Vec<_> {
            let told = payments(&books, by_day).into_iter();
            told.map(|view| (view.day.map(day), view.payments, view.net))
                .collect()
        };
        assert_eq!(told(false), [(None, 4, 1_000)]);
        assert_eq!(told(true), [(Some(1), 2, 500), (Some(2), 2, 500)]);
        let totals = totals(&books);
        assert_eq!(
            (totals.len(), totals[0].seats, totals[0].amount),
            (2, 2, 1_200)
        );
    }
}
