//! Pages of legs in the order (departure, company, route), walked without a lock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;

use super::timetable::{self, AirportNumber, Departure, DepartureNumber, Timetable};
use super::{LegFilter, PageCursor};
use crate::domain::ids::CompanyId;

/// Departures on sale with so many free seats that pass the filter, after the cursor, ascending. `companies` says by number whose.
pub fn departures<'a>(
    timetable: &'a Timetable,
    filter: &LegFilter,
    free: RangeInclusive<u16>,
    companies: &'a [bool],
    from: i64,
    after: Option<PageCursor>,
) -> impl Iterator<Item = DepartureNumber> + 'a {
    let start = after.map_or(from, |(departs, _, _)| departs.max(from));
    let until = filter.departs.map_or(i64::MAX, |(_, to)| to);
    let destinations = filter
        .destinations
        .as_deref()
        .map(|codes| airports(timetable, codes));
    let streams = streams(timetable, filter, seconds(start));
    let departure = |number: DepartureNumber| timetable.departure(number);
    merge(timetable, streams)
        .take_while(move |number| i64::from(departure(*number).departs) < until)
        .skip_while(move |number| {
            after.is_some_and(|after| cursor(timetable, &departure(*number)) <= after)
        })
        .filter(move |number| {
            let leg = departure(*number);
            companies.get(usize::from(leg.company)) == Some(&true)
                && destinations
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(&leg.to))
                && free.contains(&timetable.free_seats(&leg))
        })
}

/// Where a page ends that ends with this departure.
pub fn cursor(timetable: &Timetable, departure: &Departure) -> PageCursor {
    let company: CompanyId = timetable.company(departure.company);
    (i64::from(departure.departs), company, departure.route)
}

type Stream<'a> = Box<dyn Iterator<Item = DepartureNumber> + 'a>;

/// The shortest lists that have everything the filter lets through: of each origin, else of each destination, else of every airport.
fn streams<'a>(timetable: &'a Timetable, filter: &LegFilter, start: u32) -> Vec<Stream<'a>> {
    if let (None, Some(destinations)) = (&filter.origins, &filter.destinations) {
        let destinations = airports(timetable, destinations).into_iter();
        let to = |to| Box::new(timetable.departures_to(to, start).iter().copied()) as Stream;
        return destinations.map(to).collect();
    }
    let origins = match &filter.origins {
        Some(origins) => airports(timetable, origins),
        None => (0..timetable.airports().len() as AirportNumber).collect(),
    };
    let of = |origin| Box::new(timetable.departures_of(origin, start..u32::MAX)) as Stream;
    origins.into_iter().map(of).collect()
}

fn airports(timetable: &Timetable, codes: &[String]) -> Vec<AirportNumber> {
    let mut airports: Vec<_> = codes
        .iter()
        .filter_map(|code| timetable.airport(code))
        .collect();
    airports.sort_unstable();
    airports.dedup();
    airports
}

/// An instant of the timetable: before it began is its beginning, after its end its end.
fn seconds(time: i64) -> u32 {
    time.clamp(0, i64::from(u32::MAX)) as u32
}

/// Merges ascending streams into one.
fn merge<'a>(
    timetable: &'a Timetable,
    mut streams: Vec<Stream<'a>>,
) -> impl Iterator<Item = DepartureNumber> + 'a {
    let head = move |stream: &mut Stream| {
        let number = stream.next()?;
        Some((timetable::key(&timetable.departure(number)), number))
    };
    let mut heads = BinaryHeap::new();
    for (place, stream) in streams.iter_mut().enumerate() {
        heads.extend(head(stream).map(|head| Reverse((head, place))));
    }
    std::iter::from_fn(move || {
        let Reverse(((_, number), place)) = heads.pop()?;
        heads.extend(head(&mut streams[place]).map(|head| Reverse((head, place))));
        Some(number)
    })
}
