//! What companies owe each other for the seats that they sell for one another, in sums by day.
//!
//! Every seat of a ticket is a sale: whoever sold it took the money, and owes it to the company whose seat it is. What came back for a seat
//! was paid out by who sold it, and is taken off. Each is of a day, in UTC, by what the ticket itself says: a sale of the day on which
//! its booking was begun, a refund of the day on which it was decided. So every company that has the ticket has its entries under the same
//! days, however late it came; a day's sums are final when every company's tickets of it are here.

use std::collections::BTreeMap;

use super::ids::CompanyId;
use super::order::{Leg, Order, Price};
use super::ticket::Ticket;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// 0001-01-01 and 9999-12-31. What a wrong clock dates beyond is of these days.
const DAY_MIN: i32 = -719_162;
const DAY_MAX: i32 = 2_932_896;

/// Of what a sum is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Days since 1970-01-01, UTC, within the years 1 to 9999.
    pub day: i32,
    /// At whose node it was sold: it has the customers' money.
    pub seller: CompanyId,
    /// Whose seats they are: it is owed that money.
    pub owner: CompanyId,
    /// ISO 4217.
    pub currency: String,
}

/// Sums of one account, in minor units of its currency. As a change of sums each may be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sum {
    pub seats_sold: i64,
    pub sold: i128,
    pub seats_refunded: i64,
    pub refunded: i128,
}

impl Sum {
    /// What the seller owes the owner of it; less than nothing where more came back than was sold.
    pub fn net(&self) -> i128 {
        self.sold - self.refunded
    }

    /// Both together.
    pub fn add(&mut self, other: Sum) {
        self.seats_sold += other.seats_sold;
        self.sold += other.sold;
        self.seats_refunded += other.seats_refunded;
        self.refunded += other.refunded;
    }

    fn taken_off(self) -> Sum {
        Sum {
            seats_sold: -self.seats_sold,
            sold: -self.sold,
            seats_refunded: -self.seats_refunded,
            refunded: -self.refunded,
        }
    }
}

/// None of them is nothing.
pub type Sums = BTreeMap<Account, Sum>;

/// The day of an instant in milliseconds since 1970.
pub fn day_of(at_ms: i64) -> i32 {
    let day = at_ms.div_euclid(DAY_MS);
    let day = day.clamp(DAY_MIN.into(), DAY_MAX.into());
    i32::try_from(day).expect("clamped to what fits")
}

/// Who sold a leg. Tickets of before that was kept do not say: their seats count as sold by the companies that own them, so that nobody
/// owes anybody for them.
pub fn seller_of(order: &Order, leg: &Leg) -> CompanyId {
    order.seller.unwrap_or(leg.seat.company)
}

/// Adds what is new to the sums: `after` is a ticket as it is now, `before` as the sums have it.
pub fn enter(sums: &mut Sums, before: Option<&Ticket>, after: &Ticket) {
    match before {
        None => sales(after).for_each(|(account, sum)| add(sums, account, sum)),
        Some(before) if before.refunds == after.refunds => return,
        Some(before) => {
            refunds(before).for_each(|(account, sum)| add(sums, account, sum.taken_off()));
        }
    }
    refunds(after).for_each(|(account, sum)| add(sums, account, sum));
}

/// Adds to one account.
pub fn add(sums: &mut Sums, account: Account, sum: Sum) {
    let known = sums.entry(account.clone()).or_default();
    known.add(sum);
    if *known == Sum::default() {
        sums.remove(&account);
    }
}

fn sales(ticket: &Ticket) -> impl Iterator<Item = (Account, Sum)> + '_ {
    let order = &ticket.order;
    order.legs.iter().map(|leg| {
        let sum = Sum {
            seats_sold: 1,
            sold: leg.price.minor.into(),
            ..Sum::default()
        };
        (account(order, leg, order.created_at, &leg.price), sum)
    })
}

fn refunds(ticket: &Ticket) -> impl Iterator<Item = (Account, Sum)> + '_ {
    let order = &ticket.order;
    ticket.refunds.iter().filter_map(|refund| {
        let mut legs = order.legs.iter();
        let leg = legs.find(|leg| leg.seat == refund.seat)?;
        let sum = Sum {
            seats_refunded: 1,
            refunded: refund.amount.minor.into(),
            ..Sum::default()
        };
        Some((account(order, leg, refund.decided_at, &refund.amount), sum))
    })
}

fn account(order: &Order, leg: &Leg, at_ms: i64, amount: &Price) -> Account {
    Account {
        day: day_of(at_ms),
        seller: seller_of(order, leg),
        owner: leg.seat.company,
        currency: amount.currency.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{SAGA, company, order, seat};
    use crate::refund::{Ground, Refunded};

    fn refund(code: &str, minor: i64, decided_at: i64) -> Refunded {
        Refunded {
            seat: seat(code, 1),
            amount: Price {
                minor,
                currency: "BRL".to_owned(),
            },
            ground: Ground::Tariff,
            decided_at,
            by: company(code),
        }
    }

    fn ticket(refunds: &[Refunded]) -> Ticket {
        let order = order(&[seat("a", 1), seat("a", 2), seat("b", 1)]);
        Ticket {
            cancelled: refunds.iter().map(|refund| refund.seat).collect(),
            refunds: refunds.to_vec(),
            ..Ticket::new(SAGA, order)
        }
    }

    fn told(sums: &Sums) -> Vec<(i32, &str, i64, i128, i64, i128)> {
        let told = sums.iter().map(|(account, sum)| {
            let owner = account.owner.as_str();
            let Account { day, .. } = account;
            (
                *day,
                owner,
                sum.seats_sold,
                sum.sold,
                sum.seats_refunded,
                sum.refunded,
            )
        });
        told.collect()
    }

    #[test]
    fn a_sale_is_of_the_day_of_its_booking_and_a_refund_of_its_own() {
        let mut sums = Sums::new();
        let sold = ticket(&[]);
        enter(&mut sums, None, &sold);
        let day = day_of(sold.order.created_at);
        let sales = [(day, "a", 2, 20_000, 0, 0), (day, "b", 1, 10_000, 0, 0)];
        assert_eq!(told(&sums), sales);
        enter(&mut sums, Some(&sold), &sold);
        assert_eq!(told(&sums), sales, "nothing is new");

        let next = sold.order.created_at + DAY_MS;
        let returned = ticket(&[refund("b", 7_000, next)]);
        enter(&mut sums, Some(&sold), &returned);
        let back = (day + 1, "b", 0, 0, 1, 7_000);
        assert_eq!(told(&sums), [sales[0], sales[1], back]);
        assert_eq!(sums.values().map(Sum::net).sum::<i128>(), 23_000);
    }

    #[test]
    fn whoever_sold_a_seat_owes_its_owner() {
        let mut sums = Sums::new();
        let old = ticket(&[refund("b", 7_000, 0)]);
        let mut order = (*old.order).clone();
        order.seller = Some(company("c"));
        let sold = Ticket {
            order: std::sync::Arc::new(order),
            ..old.clone()
        };
        enter(&mut sums, None, &sold);
        let owed = |owner: &str| -> i128 {
            let of = sums
                .iter()
                .filter(|(account, _)| account.owner == company(owner));
            of.map(|(account, sum)| {
                assert_eq!(account.seller, company("c"));
                sum.net()
            })
            .sum()
        };
        assert_eq!((owed("a"), owed("b")), (20_000, 3_000));
        let mut before = Sums::new();
        enter(&mut before, None, &old);
        assert!(before.keys().all(|account| account.seller == account.owner));
    }

    /// However copies come, the sums are those of what they come to.
    #[test]
    fn sums_follow_the_ticket_whatever_order_its_copies_have() {
        let copies = [
            ticket(&[]),
            ticket(&[refund("b", 7_000, 0)]),
            ticket(&[refund("b", 10_000, 2 * DAY_MS)]),
            ticket(&[refund("a", 0, DAY_MS)]),
        ];
        let mut expected = Sums::new();
        let last = copies
            .iter()
            .fold(copies[0].clone(), |all, copy| all.merged(copy));
        enter(&mut expected, None, &last);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 2, 0]] {
            let mut sums = Sums::new();
            let mut here: Option<Ticket> = None;
            for index in order.into_iter().chain(order) {
                let copy = &copies[index];
                let merged = here.as_ref().map_or(copy.clone(), |here| here.merged(copy));
                enter(&mut sums, here.as_ref(), &merged);
                here = Some(merged);
            }
            assert_eq!(sums, expected, "{order:?}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc_and_is_one_of_the_calendar() {
        let last = 1_795_478_399_999; // 2026-11-23T23:59:59.999Z
        assert_eq!(day_of(last) + 1, day_of(last + 1));
        assert_eq!((day_of(-1), day_of(0)), (-1, 0));
        assert_eq!((day_of(i64::MIN), day_of(i64::MAX)), (DAY_MIN, DAY_MAX));
    }
}
