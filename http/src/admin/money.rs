//! What companies owe each other, and what came back to customers. Days are those of UTC; amounts are minor units.

use std::fmt::Write;

use jiff::civil::Date;
use passcom_actors::company::store::RefundPlace;
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::people::operations::{RefundPage, Settlement};
use serde::Serialize;
use warp::http::header::ACCEPT;
use warp::http::{HeaderName, HeaderValue};

use super::Operator;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::Problem;
use crate::router::{Endpoint, get};

pub(super) const ENDPOINTS: &[Endpoint<Operator>] = &[
    get("/admin/settlement", |operator, call| {
        Box::pin(settlement(operator, call))
    }),
    get("/admin/refunds", |operator, call| {
        Box::pin(refunds(operator, call))
    }),
];

const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1000;
/// Most days of one answer: a year and a day.
const DAYS_MAX: i32 = 366;

const CSV: &str = "text/csv; charset=utf-8";
/// In CSV, what is in the books: rows of our log, and how far the others' outboxes were read.
const AS_OF: HeaderName = HeaderName::from_static("x-as-of");

#[derive(Serialize)]
struct Refunds {
    #[serde(flatten)]
    page: RefundPage,
    /// To go on with, as `before`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

async fn settlement(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let (from, to) = days(&call)?;
    let by_day = match call.parameter("by")?.as_deref() {
        None => false,
        Some("day") => true,
        Some(_) => return Err(Problem::invalid("by deve ser day", "by must be day")),
    };
    let as_csv = wants_csv(&call)?;
    let settlement = operations.settlement(from, to, by_day).await?;
    Ok(match as_csv {
        true => Answer::made(CSV, csv(&settlement)).with(AS_OF, as_of(&settlement)),
        false => Answer::json(&settlement),
    })
}

async fn refunds(operator: &Operator, call: Call) -> Answered {
    let operations = operator.permitted(&call)?;
    let limit = call.limit("limit", PAGE_DEFAULT, PAGE_MAX)?;
    let (from, to) = days(&call)?;
    let before = call.parameter("before")?;
    let before = before.map(|text| place(&text).ok_or_else(not_a_place));
    let page = operations
        .refunds(from, to, before.transpose()?, limit)
        .await?;
    let full = page.refunds.len() == limit;
    let last = page.refunds.last().filter(|_| full);
    let next = last.map(|last| place_text(last.place));
    Ok(Answer::json(&Refunds { page, next }))
}

/// The days from `from` to `to`, both included.
fn days(call: &Call) -> Result<(Date, Date), Problem> {
    let day = |name: &str| -> Result<Date, Problem> {
        let given = call.parameter(name)?;
        let day = given.as_deref().and_then(|day| day.parse::<Date>().ok());
        let day = day.filter(|day| day.year() >= 1);
        day.ok_or_else(|| {
            Problem::invalid(
                format!("{name} deve ser uma data AAAA-MM-DD"),
                format!("{name} must be a date YYYY-MM-DD"),
            )
        })
    };
    let (from, to) = (day("from")?, day("to")?);
    if !(0..DAYS_MAX).contains(&(to - from).get_days()) {
        return Err(Problem::invalid(
            format!("de from a to deve haver de 1 a {DAYS_MAX} dias"),
            format!("from and to must span 1 to {DAYS_MAX} days"),
        ));
    }
    Ok((from, to))
}

/// By the parameter `format`, else by what is accepted.
fn wants_csv(call: &Call) -> Result<bool, Problem> {
    match call.parameter("format")?.as_deref() {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(Problem::invalid(
            "format deve ser csv ou json",
            "format must be csv or json",
        )),
        None => {
            let accepted = call.headers.get(ACCEPT);
            let accepted = accepted.and_then(|value| value.to_str().ok());
            let mut accepted = accepted.unwrap_or_default().split(',');
            Ok(accepted.any(|one| one.trim().starts_with("text/csv")))
        }
    }
}

/// RFC 4180. No field has a comma or a quote in it.
fn csv(settlement: &Settlement) -> String {
    let mut text =
        "from,to,seller,owner,currency,digits,seats_sold,sold,seats_refunded,refunded,net\r\n"
            .to_owned();
    for account in &settlement.accounts {
        let from = account.day.unwrap_or(settlement.from);
        let to = account.day.unwrap_or(settlement.to);
        write!(
            text,
            "{from},{to},{},{},{},{},{},{},{},{},{}\r\n",
            account.seller,
            account.owner,
            account.currency,
            account.digits,
            account.seats_sold,
            account.sold,
            account.seats_refunded,
            account.refunded,
            account.net
        )
        .expect("a String takes everything");
    }
    text
}

fn as_of(settlement: &Settlement) -> HeaderValue {
    let mut text = format!("log={}", settlement.as_of.log);
    for (company, seq) in &settlement.as_of.read {
        write!(text, ", {company}={seq}").expect("a String takes everything");
    }
    HeaderValue::try_from(text).expect("company codes and numbers are visible ASCII")
}

fn place_text((at, ticket, seat): RefundPlace) -> String {
    let SeatRef {
        company,
        route,
        number,
    } = seat;
    format!("{at}.{ticket}.{company}.{route}.{number}")
}

fn place(text: &str) -> Option<RefundPlace> {
    let mut parts = text.split('.');
    let mut next = || parts.next();
    let at = next()?.parse().ok()?;
    let ticket = SagaId(next()?.parse().ok()?);
    let seat = SeatRef {
        company: next()?.parse().ok()?,
        route: RouteId::new(next()?.parse().ok()?).ok()?,
        number: SeatNumber(next()?.parse().ok()?),
    };
    next().is_none().then_some((at, ticket, seat))
}

fn not_a_place() -> Problem {
    Problem::invalid(
        "before deve ser o next de uma resposta",
        "before must be the next of an answer",
    )
}

#[cfg(test)]
mod tests {
    use passcom_actors::people::operations::{AccountView, BooksAsOf};
    use uuid::Uuid;

    use super::*;
    use crate::call::tests::call;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_dates_in_order_and_no_more_than_a_year() {
        let days = |query: &str| days(&call(&format!("/admin/settlement{query}"), &[], b""));
        let one = days("?from=2026-11-27&to=2026-11-27");
        assert_eq!(one, Ok((date("2026-11-27"), date("2026-11-27"))));
        assert!(days("?from=2024-01-01&to=2024-12-31").is_ok(), "366 days");
        for bad in [
            "",
            "?from=2026-11-27",
            "?from=2026-11-27&to=x",
            "?from=2026-11-27&to=2026-11-26",
            "?from=2024-01-01&to=2025-01-01",
            "?from=-000001-01-01&to=0001-01-01",
        ] {
            assert!(days(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn csv_is_for_who_asks_for_it() {
        let wants = |query: &str, accept| {
            let headers = [("accept", accept)];
            wants_csv(&call(&format!("/admin/settlement{query}"), &headers, b""))
        };
        assert_eq!(wants("", "application/json"), Ok(false));
        assert_eq!(wants("", "text/html, text/csv;q=0.9"), Ok(true));
        assert_eq!(wants("?format=csv", "*/*"), Ok(true));
        assert_eq!(wants("?format=json", "text/csv"), Ok(false));
        assert!(wants("?format=xml", "*/*").is_err());
    }

    #[test]
    fn a_settlement_is_a_table() {
        let account = AccountView {
            day: None,
            seller: "a".parse().unwrap(),
            owner: "b".parse().unwrap(),
            currency: "BRL".to_owned(),
            digits: 2,
            seats_sold: 3,
            sold: 30_000,
            seats_refunded: 1,
            refunded: 7_000,
            net: 23_000,
        };
        let of_day = AccountView {
            day: Some(date("2026-11-02")),
            ..account.clone()
        };
        let settlement = Settlement {
            from: date("2026-11-01"),
            to: date("2026-11-30"),
            as_of: BooksAsOf {
                log: 7,
                read: [("b".parse().unwrap(), 5)].into(),
            },
            accounts: vec![account, of_day],
            payments: Vec::new(),
        };
        let text = csv(&settlement);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[1],
            "2026-11-01,2026-11-30,a,b,BRL,2,3,30000,1,7000,23000"
        );
        assert!(lines[2].starts_with("2026-11-02,2026-11-02,a,b"));
        assert_eq!(as_of(&settlement), "log=7, b=5");
    }

    #[test]
    fn a_page_goes_on_where_the_last_one_ended() {
        let seat = SeatRef {
            company: "G3".parse().unwrap(),
            route: RouteId(3),
            number: SeatNumber(12),
        };
        let last = (1_795_446_000_000, SagaId(Uuid::from_u128(8)), seat);
        assert_eq!(place(&place_text(last)), Some(last));
        for bad in [
            "",
            "x",
            "1.2.3",
            "1.00000000-0000-0000-0000-000000000008.a.3.1.9",
        ] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
