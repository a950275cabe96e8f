//! Search: itineraries over all companies, and the airports between which there are any.

use std::time::Duration;

use jiff::civil::Date;
use passcom_actors::catalogue::{
    Catalogue, Filter, Found, Itinerary, LEGS_MAX, Order, Trip, Window,
};
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::order;
use passcom_actors::turns::fair::Whence;

use super::catalogue::legs_size;
use super::places::{self, Place};
use super::{Client, RETRY};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::clock;
use crate::cursor::{self, Cursor};
use crate::error::{Kind, Problem};
use crate::router::{Endpoint, get, post};
use crate::wire::{self, query};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/rotas", |client, call| Box::pin(search(client, call))),
    get("/precos", |client, call| {
        Box::pin(prices::calendar(client, call))
    }),
    post("/rotas", |client, call| Box::pin(first_few(client, call))),
    get("/aeroportos", |client, call| {
        Box::pin(list_airports(client, call))
    }),
];

mod filter;
mod prices;

const ITINERARIES_DEFAULT: usize = 20;
const ITINERARIES_MAX: usize = 50;
/// Non-stop flights that are named although they are sold out.
const SOLD_OUT_MAX: usize = 12;
const PASSENGERS_MAX: usize = 9;
const LEGS_DEFAULT: usize = 4;
/// Days that the search of old clients looks at, and how many itineraries it finds.
const OLD_SEARCH_DAYS: i64 = 7;
const OLD_SEARCH_MAX: usize = 5;
/// In seconds.
const OLD_SEARCH_SLACK: u32 = 3600;
const DAY_SECONDS: i64 = 24 * 3600;
/// What an itinerary takes on the wire, about.
const ITINERARY_BYTES: usize = 1200;
/// Airports come and go with the seasons of the schedules.
const AIRPORTS_MAX_AGE: Duration = Duration::from_secs(300);

async fn search(client: &Client, call: Call) -> Answered {
    let catalogue = &client.catalogue;
    let origin = required_place(client, &call, query::ORIGIN).await?;
    let destination = required_place(client, &call, query::DESTINATION).await?;
    let passengers = call.limit(query::PASSENGERS, 1, PASSENGERS_MAX)?;
    let day = filter::Day {
        date: date(&call, &origin, client.desk.clock().wall_seconds())?,
        origin: origin.zone(),
        destination: destination.zone(),
    };
    let (parts, part_names) = filter::parts(&day);
    let trip = Trip {
        departs: departs(&day)?,
        filter: filter::given(&call, catalogue, &day)?,
        origins: origin.airports,
        destinations: destination.airports,
        passengers: passengers as u16,
        legs_max: legs_max(&call, passengers)?,
        slack: filter::slack(&call)?,
        order: order_of(&call)?,
        skip: cursor::given(&call)?.unwrap_or(0),
        limit: call.limit(query::LIMIT, ITINERARIES_DEFAULT, ITINERARIES_MAX)?,
        count_by: Some(parts),
    };
    let found = found(catalogue, &trip, call.from).await?;
    let size = ITINERARY_BYTES * (found.itineraries.len() + 1);
    let after = trip.skip.saturating_add(trip.limit);
    let next = (after < found.total).then(|| call.next_page(&after.to_text()));
    // with the first page only: it is of the day, and not of what is listed
    let sold_out = match trip.skip {
        0 => catalogue.sold_out(&trip, SOLD_OUT_MAX),
        _ => Vec::new(),
    };
    let teller = client.teller(call.language);
    let itineraries = wire::Itineraries::new(&trip, &found, &sold_out, &part_names, teller);
    Ok(Answer::sized_json(&itineraries, size)
        .linked(next)
        .without(&found.unreachable))
}

async fn found(catalogue: &Catalogue, trip: &Trip, from: Whence) -> Result<Found, Problem> {
    let found = catalogue.search_in_turn(trip, from).await;
    found.ok_or_else(|| Problem::from(Kind::Overloaded).retry_after(RETRY))
}

async fn required_place(
    client: &Client,
    call: &Call,
    name: &'static str,
) -> Result<Place, Problem> {
    let given = call.parameter(name)?.filter(|text| !text.trim().is_empty());
    let text = given.ok_or(Kind::PlacesMissing)?;
    if let Some(place) = places::find_known(&client.catalogue, name, &text)? {
        return Ok(place);
    }
    let unknown = move || places::unknown(name, &text);
    let unknown = client.suggesting.take(call.from, unknown).await;
    Err(unknown.unwrap_or_else(|| Problem::from(Kind::Overloaded).retry_after(RETRY)))
}

/// The day by the clock at the origin; that of `now`, in seconds since 1970, if none is given.
fn date(call: &Call, origin: &Place, now: i64) -> Result<Date, Problem> {
    let date = call.date(query::DATE)?;
    Ok(date.unwrap_or_else(|| clock::date(now, origin.zone())))
}

fn departs(day: &filter::Day) -> Result<Window, Problem> {
    clock::day(day.date, day.origin).ok_or_else(|| Problem::out_of_calendar(query::DATE))
}

/// No more legs than one booking has seats for.
fn legs_max(call: &Call, passengers: usize) -> Result<usize, Problem> {
    let asked = call.limit(query::LEGS_MAX, LEGS_DEFAULT, LEGS_MAX)?;
    Ok(asked.min(order::LEGS_MAX / passengers))
}

fn order_of(call: &Call) -> Result<Order, Problem> {
    let Some(name) = call.parameter(query::ORDER)? else {
        return Ok(Order::default());
    };
    let known = wire::ORDERS.iter().find(|(known, _)| *known == name);
    known.map(|(_, order)| *order).ok_or_else(|| {
        let names: Vec<&str> = wire::ORDERS.iter().map(|(name, _)| *name).collect();
        let (parameter, names) = (query::ORDER, names.join(", "));
        Problem::invalid(
            format!("{parameter} deve ser um destes: {names}"),
            format!("{parameter} must be one of {names}"),
        )
    })
}

/// The search of old clients: fewest legs first, then earliest arrival, over the next days.
async fn first_few(client: &Client, call: Call) -> Answered {
    client.user(&call).await?;
    let body: wire::SearchBody = call.json()?;
    let (Some(origin), Some(destination)) = (named(body.origin), named(body.destination)) else {
        return Err(Kind::PlacesMissing.into());
    };
    let airports = |field, text: &str| {
        let place = places::find_known(&client.catalogue, field, text)?;
        Ok::<_, Problem>(place.map_or(Vec::new(), |place| place.airports))
    };
    let mut trip = Trip {
        origins: airports(query::ORIGIN, &origin)?,
        destinations: airports(query::DESTINATION, &destination)?,
        departs: (0, 0),
        passengers: 1,
        legs_max: LEGS_DEFAULT,
        filter: Filter::default(),
        slack: OLD_SEARCH_SLACK,
        order: Order::Legs,
        skip: 0,
        limit: OLD_SEARCH_MAX,
        count_by: None,
    };
    let (mut itineraries, mut unreachable) = (Vec::new(), Vec::new());
    let now = client.desk.clock().wall_seconds();
    for day in 0..OLD_SEARCH_DAYS {
        trip.departs = (now + day * DAY_SECONDS, now + (day + 1) * DAY_SECONDS);
        let found = found(&client.catalogue, &trip, call.from).await?;
        itineraries.extend(found.itineraries);
        unreachable = found.unreachable;
    }
    itineraries.sort_by_key(|itinerary| (itinerary.legs.len(), itinerary.arrives()));
    itineraries.truncate(OLD_SEARCH_MAX);
    Ok(legs_of(&itineraries, &unreachable))
}

fn legs_of(itineraries: &[Itinerary], unreachable: &[CompanyId]) -> Answer {
    let mut legs = Vec::new();
    for (number, itinerary) in (1..).zip(itineraries) {
        let numbered = (1..).zip(&itinerary.legs);
        legs.extend(numbered.map(|(place, leg)| wire::FoundLeg::new(leg, number, place)));
    }
    let size = legs_size(itineraries.iter().flat_map(|itinerary| &itinerary.legs));
    Answer::sized_json(&legs, size).without(unreachable)
}

fn named(place: Option<String>) -> Option<String> {
    place.filter(|place| !place.trim().is_empty())
}

async fn list_airports(client: &Client, call: Call) -> Answered {
    let codes = client.catalogue.airports();
    let airports: Vec<_> = codes.iter().map(|iata| wire::Airport::new(iata)).collect();
    Ok(Answer::json(&airports).cached(&call, AIRPORTS_MAX_AGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    #[test]
    fn a_list_is_ordered_by_one_of_its_names() {
        let order = |query: &str| order_of(&call(&format!("/rotas?{query}"), &[], b""));
        assert_eq!(order(""), Ok(Order::Best));
        assert_eq!(order("ordem=duracao"), Ok(Order::Duration));
        let problem = order("ordem=preço").unwrap_err();
        assert_eq!(
            problem.detail(crate::language::Language::English),
            "ordem must be one of melhor, partida, chegada, preco, trechos, duracao"
        );
    }

    #[test]
    fn a_trip_has_no_more_legs_than_can_be_booked_for_all() {
        let legs_max = |query: &str, passengers| {
            legs_max(&call(&format!("/rotas?{query}"), &[], b""), passengers).unwrap()
        };
        let most = |passengers| legs_max("max_trechos=6", passengers);
        assert_eq!(
            (1..=9).map(most).collect::<Vec<_>>(),
            [6, 6, 5, 4, 3, 2, 2, 2, 1]
        );
        assert_eq!((legs_max("", 2), legs_max("", 9)), (4, 1));
        assert_eq!(legs_max("max_trechos=2", 3), 2);
    }

    #[test]
    fn a_day_is_that_of_the_origin_and_today_if_none_is_given() {
        let manaus = Place {
            airports: vec!["MAO".to_owned()],
        };
        let midnight = 1_795_392_000 + 4 * 3600;
        let departs = |query: &str, now| {
            let date = date(&call(&format!("/rotas?{query}"), &[], b""), &manaus, now)?;
            departs(&filter::Day {
                date,
                origin: manaus.zone(),
                destination: None,
            })
        };
        let day = Ok((midnight, midnight + DAY_SECONDS));
        assert_eq!(departs("data=2026-11-23", 0), day);
        assert_eq!(departs("", midnight), day);
        assert_eq!(departs("", midnight + DAY_SECONDS - 1), day);
        assert_ne!(departs("", midnight - 1), day);
        assert!(departs("data=23/11/2026", 0).is_err());
        assert!(departs("data=9999-12-31", 0).is_err());
    }
}
