//! What a customer gets back for a seat that is cancelled: a pure function of the ticket, the time and the tariff.
//!
//! Brazilian law gives a right to regret. ANAC, Resolução nº 400 of 13 December 2016, art. 11: the customer may withdraw from a
//! ticket without any cost within 24 hours of receiving its confirmation (*caput*), where it was bought at least seven days before
//! the date of departure (sole paragraph). Beyond that the company's tariff applies (arts. 3 and 9), which here is one percentage of the
//! price for the whole cluster. Nothing comes back for a flight that has left: its seat may still be cancelled, like a coupon that was not
//! used, but is worth nothing any more.
//!
//! Where the company has changed a flight so much that the passenger may choose ([`remedy`](super::remedy)), everything comes back, at
//! whatever companies the seats of that journey are.
//!
//! Nothing here decides what is cancelled; whoever cancels shows these terms first and does it only under the same ones.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::remedy::remedies;
use crate::catalogue::{ConnectionTimes, airports};
use crate::domain::ids::CompanyId;
use crate::domain::order::{HOLD_SECONDS_MAX, Leg, Order, Price, SeatRef};
pub use crate::domain::refund::{Ground, Refunded};
use crate::domain::ticket::Ticket;

/// How long after the purchase a customer may withdraw from it.
const REGRET_MS: i64 = 24 * 60 * 60 * 1000;
/// Days from the purchase to the date of departure from which on that right exists.
const ADVANCE_DAYS: i32 = 7;
/// The longest that a customer's hold lasts. The ticket says when the hold began, not when it was confirmed, so its buyer has this much longer.
const HOLD_MS: i64 = HOLD_SECONDS_MAX as i64 * 1000;

/// What the companies of a cluster give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tariff {
    /// Share of the price, 0 to 100, for whoever has no right to all of it.
    pub refund_percent: u8,
}

/// What comes back for one seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub seat: SeatRef,
    pub price: Price,
    pub amount: Price,
    pub ground: Ground,
}

impl Refund {
    /// To be recorded, if it is decided now, by this company.
    pub fn decided(&self, now_ms: i64, by: CompanyId) -> Refunded {
        Refunded {
            seat: self.seat,
            amount: self.amount.clone(),
            ground: self.ground,
            decided_at: now_ms,
            by,
        }
    }
}

/// What comes back for these seats of a ticket at this instant (milliseconds since 1970), in the order's sequence.
pub fn refunds(
    ticket: &Ticket,
    seats: &[SeatRef],
    connections: &ConnectionTimes,
    now_ms: i64,
    tariff: Tariff,
) -> Vec<Refund> {
    let regret = may_regret(&ticket.order, now_ms);
    let owed = remedies(ticket, connections, now_ms);
    let wanted = ticket.order.legs.iter();
    let wanted = wanted.filter(|leg| seats.contains(&leg.seat));
    wanted
        .map(|leg| {
            let change = ticket.change(&leg.seat);
            let departs = change.map_or(leg.departs, |change| change.departs);
            let mut owed = owed.iter().filter(|remedy| remedy.seat == leg.seat);
            if owed.any(|remedy| remedy.choice.is_some()) {
                refund(leg, Ground::Changed, 100)
            } else if departs.saturating_mul(1000) <= now_ms {
                refund(leg, Ground::Departed, 0)
            } else if regret {
                refund(leg, Ground::Regret, 100)
            } else {
                refund(leg, Ground::Tariff, tariff.refund_percent)
            }
        })
        .collect()
}

fn refund(leg: &Leg, ground: Ground, percent: u8) -> Refund {
    Refund {
        seat: leg.seat,
        price: leg.price.clone(),
        amount: Price {
            minor: share(leg.price.minor, percent),
            currency: leg.price.currency.clone(),
        },
        ground,
    }
}

/// Half a centavo is the customer's.
fn share(minor: i64, percent: u8) -> i64 {
    let share = (i128::from(minor) * i128::from(percent.min(100)) + 50).div_euclid(100);
    i64::try_from(share).unwrap_or(minor) // it lies between 0 and the price
}

fn may_regret(order: &Order, now_ms: i64) -> bool {
    let held = order.hold_seconds.map_or(0, |_| HOLD_MS);
    let bought = order.created_at;
    let in_time = now_ms.saturating_sub(bought) <= REGRET_MS + held;
    let first = order.legs.iter().min_by_key(|leg| leg.departs);
    in_time && first.is_some_and(|leg| is_ahead(bought, leg))
}

/// The law counts days to a date: both are read from the calendar of the place of departure.
fn is_ahead(bought_ms: i64, leg: &Leg) -> bool {
    let airport = airports::find(&leg.origin_iata);
    let zone = airport.and_then(|airport| TimeZone::get(airport.zone).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let date = |at: Timestamp| -> Date { zone.to_datetime(at).date() };
    let bought = Timestamp::from_millisecond(bought_ms);
    let departs = Timestamp::from_second(leg.departs);
    match (bought, departs) {
        (Ok(bought), Ok(departs)) => (date(departs) - date(bought)).get_days() >= ADVANCE_DAYS,
        _ => false, // outside the calendar
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures;
    use crate::domain::flight::FlightChange;

    const HOUR: i64 = 60 * 60 * 1000;
    const DAY: i64 = 24 * HOUR;
    /// 2026-11-23T12:00 in Curitiba.
    const NOON: i64 = 1_795_446_000_000;
    const TARIFF: Tariff = Tariff { refund_percent: 70 };

    /// Seats 1 and 2, bought at noon; the flights leave so much later.
    fn order(first: i64, second: i64) -> Order {
        let seats = [fixtures::seat("a", 1), fixtures::seat("b", 2)];
        let mut order = (*fixtures::order(&seats)).clone();
        order.created_at = NOON;
        for (leg, departs) in order.legs.iter_mut().zip([first, second]) {
            leg.departs = (NOON + departs) / 1000;
        }
        order
    }

    fn told(order: &Order, after: i64) -> Vec<(Ground, i64)> {
        let ticket = Ticket::new(fixtures::SAGA, order.clone().into());
        let times = ConnectionTimes::default();
        let refunds = refunds(&ticket, &order.seats(), &times, NOON + after, TARIFF);
        let told = refunds
            .iter()
            .map(|refund| (refund.ground, refund.amount.minor));
        told.collect()
    }

    #[test]
    fn a_purchase_a_week_ahead_is_regretted_for_a_day() {
        let order = order(10 * DAY, 11 * DAY);
        let (all, part) = ((Ground::Regret, 10_000), (Ground::Tariff, 7_000));
        assert_eq!(told(&order, 0), [all, all]);
        assert_eq!(told(&order, DAY), [all, all]);
        assert_eq!(told(&order, DAY + 1), [part, part]);
    }

    #[test]
    fn the_week_is_one_of_dates_by_the_clock_of_the_origin() {
        let part = (Ground::Tariff, 7_000);
        assert_eq!(
            told(&order(7 * DAY - 12 * HOUR, 9 * DAY), 0)[0].0,
            Ground::Regret
        );
        assert_eq!(
            told(&order(7 * DAY - 12 * HOUR - 1000, 9 * DAY), 0),
            [part; 2]
        );
    }

    #[test]
    fn the_first_departure_counts_for_the_whole_ticket() {
        let part = (Ground::Tariff, 7_000);
        assert_eq!(told(&order(30 * DAY, 2 * DAY), 0), [part; 2]);
    }

    #[test]
    fn whoever_held_the_seats_first_has_as_much_longer() {
        let held = Order {
            hold_seconds: Some(900),
            ..order(10 * DAY, 10 * DAY)
        };
        assert_eq!(told(&held, DAY + 2 * HOUR)[0].0, Ground::Regret);
        assert_eq!(told(&held, DAY + 2 * HOUR + 1)[0].0, Ground::Tariff);
    }

    #[test]
    fn nothing_comes_back_once_the_flight_has_left() {
        let order = order(2 * DAY, 3 * DAY);
        let (gone, part) = ((Ground::Departed, 0), (Ground::Tariff, 7_000));
        assert_eq!(told(&order, 2 * DAY - 1), [part, part]);
        assert_eq!(told(&order, 2 * DAY), [gone, part]);
        assert_eq!(told(&order, 3 * DAY), [gone, gone]);
    }

    #[test]
    fn only_the_seats_asked_for_are_told() {
        let order = order(DAY, DAY);
        let second = fixtures::seat("b", 2);
        let ticket = Ticket::new(fixtures::SAGA, order.into());
        let times = ConnectionTimes::default();
        let refunds = refunds(&ticket, &[second], &times, NOON, TARIFF);
        assert_eq!(refunds.len(), 1);
        assert_eq!(refunds[0].seat, second);
    }

    #[test]
    fn everything_comes_back_where_the_company_withdraws_a_flight_even_after_it_was_to_leave() {
        let order = order(DAY, 2 * DAY);
        let leg = &order.legs[0];
        let mut ticket = Ticket::new(fixtures::SAGA, order.clone().into());
        ticket.changes = vec![FlightChange {
            of: leg.seat,
            sequence: 1,
            departs: leg.departs,
            arrives: leg.arrives,
            offsets: None,
            withdrawn: true,
            number: leg.seat.number,
            label: None,
            unseated: false,
            told_at: NOON,
            accepted: false,
        }];
        for after in [0, DAY, 5 * DAY] {
            let times = ConnectionTimes::default();
            let refunds = refunds(&ticket, &order.seats(), &times, NOON + after, TARIFF);
            let first = (refunds[0].ground, refunds[0].amount.minor);
            assert_eq!(first, (Ground::Changed, 10_000));
            assert_ne!(refunds[1].ground, Ground::Changed, "another journey");
        }
    }

    #[test]
    fn half_a_centavo_is_the_customers_and_no_number_is_too_large() {
        assert_eq!(share(45_990, 70), 32_193);
        assert_eq!((share(1, 50), share(1, 49), share(0, 70)), (1, 0, 0));
        for price in [i64::MAX, 1] {
            assert_eq!((share(price, 100), share(price, 0)), (price, 0));
            assert_eq!(share(price, u8::MAX), price);
        }
    }
}
