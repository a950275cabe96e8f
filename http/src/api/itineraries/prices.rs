//! A calendar of lowest prices.

use jiff::ToSpan;
use jiff::civil::Date;
use passcom_actors::catalogue::{Filter, Order, Trip, Window};

use super::{Client, PASSENGERS_MAX, RETRY, filter, legs_max, required_place};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::clock;
use crate::error::{Kind, Problem};
use crate::wire::{self, query};

const DAYS_DEFAULT: usize = 31;
const DAYS_MAX: usize = 60;
/// What a day takes on the wire, about.
const DAY_BYTES: usize = 80;

pub(super) async fn calendar(client: &Client, call: Call) -> Answered {
    let catalogue = &client.catalogue;
    let origin = required_place(client, &call, query::ORIGIN).await?;
    let destination = required_place(client, &call, query::DESTINATION).await?;
    let passengers = call.limit(query::PASSENGERS, 1, PASSENGERS_MAX)?;
    let today = clock::date(client.desk.clock().wall_seconds(), origin.zone());
    let date = call.date(query::DATE)?.unwrap_or(today);
    let dates = around(
        date,
        call.limit(query::DAYS, DAYS_DEFAULT, DAYS_MAX)?,
        today,
    );
    let days = dates.iter().map(|date| clock::day(*date, origin.zone()));
    let days: Option<Vec<Window>> = days.collect();
    let days = days.ok_or_else(|| Problem::out_of_calendar(query::DATE))?;
    let trip = Trip {
        origins: origin.airports,
        destinations: destination.airports,
        departs: (i64::MIN, i64::MAX),
        passengers: passengers as u16,
        legs_max: legs_max(&call, passengers)?,
        filter: Filter {
            companies: filter::companies(&call, catalogue)?,
            ..Filter::default()
        },
        slack: 0,
        order: Order::Price,
        skip: 0,
        limit: 1,
        count_by: None,
    };
    let found = catalogue
        .lowest_prices_in_turn(&trip, days, call.from)
        .await;
    let found = found.ok_or_else(|| Problem::from(Kind::Overloaded).retry_after(RETRY))?;
    let size = DAY_BYTES * (dates.len() + 3);
    let calendar = wire::PriceCalendar::new(&trip, &dates, &found);
    Ok(Answer::sized_json(&calendar, size).without(&found.unreachable))
}

/// So many dates with the given one in the middle, but none before today: then those that follow.
fn around(date: Date, count: usize, today: Date) -> Vec<Date> {
    let before = (count as i64 - 1) / 2;
    let first = date.checked_sub(before.days()).unwrap_or(date);
    let first = first.max(today.min(date));
    first.series(1.day()).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_in_the_middle_unless_the_past_is() {
        let day = |day| Date::constant(2026, 11, day);
        assert_eq!(around(day(20), 3, day(1)), [day(19), day(20), day(21)]);
        assert_eq!(around(day(20), 4, day(1))[0], day(19));
        assert_eq!(
            around(day(20), 5, day(19)),
            (19..24).map(day).collect::<Vec<_>>()
        );
        assert_eq!(around(day(20), 1, day(1)), [day(20)]);
        assert_eq!(
            around(day(20), 2, day(25)),
            [day(20), day(21)],
            "all of it is past"
        );
        assert_eq!(around(Date::MAX, 60, day(1)).last(), Some(&Date::MAX));
    }
}
