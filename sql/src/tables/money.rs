//! Reads of what companies owe each other, and of what came back to customers.

use passcom_actors::company::log::Seq;
use passcom_actors::company::store::{Books, PaymentSum, RefundPlace, RefundView};
use passcom_actors::domain::ids::SagaId;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::settlement::{Account, Sum};
use tokio_postgres::Row;
use uuid::Uuid;

use super::PgTables;
use super::reader::limit as row_limit;
use crate::decode::{self, Decoded};
use crate::error::Failure;

/// With where the tables are, as of one moment.
const SETTLEMENT: &str = "
select projected, day - date '1970-01-01' as day, seller, owner, currency, seats_sold, sold::text, seats_refunded, refunded::text
from node_state
left join settlement on day between date '1970-01-01' + $1::int and date '1970-01-01' + $2::int
order by day, seller, owner, currency
";

// of rows that are there once each: however often they are counted, it comes to the same
const PAYMENTS: &str = "
select day - date '1970-01-01' as day, currency, sum(payments)::bigint as payments, sum(paid)::text as paid,
       sum(refunds)::bigint as refunds, sum(given_back)::text as given_back
from (
    select (paid_at at time zone 'UTC')::date as day, currency, 1 as payments, minor as paid, 0 as refunds, 0::bigint as given_back
    from payment
    where paid_at >= (date '1970-01-01' + $1::int)::timestamp at time zone 'UTC'
        and paid_at < (date '1970-01-01' + $2::int + 1)::timestamp at time zone 'UTC'
    union all
    select (done_at at time zone 'UTC')::date, payment.currency, 0, 0, 1, payment_refund.minor
    from payment_refund join payment on payment.id = payment_refund.payment
    where done_at >= (date '1970-01-01' + $1::int)::timestamp at time zone 'UTC'
        and done_at < (date '1970-01-01' + $2::int + 1)::timestamp at time zone 'UTC'
) as part
group by 1, 2 order by 1, 2
";

// the index has this order; a page begins after the last row of the one before it
const REFUNDS: &str = "
select ticket_id, company, route_id, number, refund_minor, refund_currency, refund_ground,
       (extract(epoch from refunded_at) * 1000)::bigint as decided_at, refunded_by
from cancelled_leg
where refunded_at >= timestamptz 'epoch' + $1::bigint * interval '1 millisecond'
    and refunded_at < timestamptz 'epoch' + $2::bigint * interval '1 millisecond'
    and ($3::uuid is null or (refunded_at, ticket_id, company, route_id, number)
        < (timestamptz 'epoch' + $4::bigint * interval '1 millisecond', $3, $5::text, $6::bigint, $7::int))
order by refunded_at desc, ticket_id desc, company desc, route_id desc, number desc
limit $8
";

impl PgTables {
    pub(super) async fn read_books(&self, from: i32, to: i32) -> Result<Books, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(SETTLEMENT, &[&from, &to]).await?;
        let mut books = Books::default();
        for row in &rows {
            books.at = Seq(row.try_get("projected")?);
            if let Some(day) = row.try_get("day")? {
                let (account, sum) = sum(day, row)?;
                if sum != Sum::default() {
                    books.sums.insert(account, sum);
                }
            }
        }
        let rows = reader.rows(PAYMENTS, &[&from, &to]).await?;
        books.payments = rows.iter().map(payment_sum).collect::<Decoded<_>>()?;
        Ok(books)
    }

    pub(super) async fn read_refunds(
        &self,
        from_ms: i64,
        to_ms: i64,
        before: Option<RefundPlace>,
        limit: usize,
    ) -> Result<Vec<RefundView>, Failure> {
        let at = before.map(|(at, ..)| at);
        let ticket: Option<Uuid> = before.map(|(_, ticket, _)| ticket.0);
        let seat = before.map(|(.., seat)| seat);
        let company = seat.map(|seat| seat.company.to_string());
        let route = seat.map(|seat| decode::route_number(seat.route));
        let number = seat.map(|seat| i32::from(seat.number.0));
        let limit = row_limit(limit);
        let reader = self.reader().await?;
        let rows = reader
            .rows(
                REFUNDS,
                &[
                    &from_ms, &to_ms, &ticket, &at, &company, &route, &number, &limit,
                ],
            )
            .await?;
        rows.iter().map(refund).collect()
    }
}

fn sum(day: i32, row: &Row) -> Decoded<(Account, Sum)> {
    let account = Account {
        day,
        seller: decode::company("settlement", row.try_get("seller")?)?,
        owner: decode::company("settlement", row.try_get("owner")?)?,
        currency: row.try_get("currency")?,
    };
    let sum = Sum {
        seats_sold: row.try_get("seats_sold")?,
        sold: amount("settlement", "sold", row)?,
        seats_refunded: row.try_get("seats_refunded")?,
        refunded: amount("settlement", "refunded", row)?,
    };
    Ok((account, sum))
}

fn payment_sum(row: &Row) -> Decoded<PaymentSum> {
    Ok(PaymentSum {
        day: row.try_get("day")?,
        currency: row.try_get("currency")?,
        payments: row.try_get("payments")?,
        paid: amount("payment", "paid", row)?,
        refunds: row.try_get("refunds")?,
        given_back: amount("payment_refund", "given_back", row)?,
    })
}

/// A sum of which no column but text takes every one.
fn amount(table: &'static str, column: &'static str, row: &Row) -> Decoded<i128> {
    let text: &str = row.try_get(column)?;
    let amount = text.parse::<i128>();
    amount.map_err(|_| decode::corrupt(table, column, text))
}

fn refund(row: &Row) -> Decoded<RefundView> {
    let seat = SeatRef {
        company: decode::company("cancelled_leg", row.try_get("company")?)?,
        route: decode::route_id(row.try_get("route_id")?),
        number: decode::seat_number(row.try_get("number")?)?,
    };
    Ok(RefundView {
        ticket: SagaId(row.try_get("ticket_id")?),
        refund: decode::refunded(
            seat,
            row.try_get("refund_minor")?,
            row.try_get("refund_currency")?,
            row.try_get("refund_ground")?,
            row.try_get("decided_at")?,
            row.try_get("refunded_by")?,
        )?,
    })
}
