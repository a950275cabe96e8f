//! What is on sale: pages of legs, search for itineraries, and the companies.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use passcom_actors::catalogue::{Catalogue, FoundItinerary, LegFilter, LegPage, LegView};
use passcom_actors::domain::ids::CompanyId;

use super::Client;
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::clock;
use crate::cursor::{self, Cursor};
use crate::error::{Kind, Problem};
use crate::router::{Endpoint, get, post};
use crate::wire::{self, query};
use passcom_actors::airports::{self, Airport};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/all-trechos", |client, call| Box::pin(list(client, call))),
    post("/rotas", |client, call| Box::pin(search(client, call))),
    get("/companhias", |client, call| {
        Box::pin(companies(client, call))
    }),
];

const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 500;
/// How far ahead a search looks.
const SEARCH_AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);
const ITINERARIES_MAX: usize = 5;
/// Longest name of a place, in bytes.
const PLACE_LEN_MAX: usize = 120;
/// What a free seat and a leg take on the wire, about.
const SEAT_BYTES: usize = 56;
const LEG_BYTES: usize = 384;

async fn list(client: &Client, call: Call) -> Answered {
    client.user(&call)?;
    let limit = call.limit(query::LIMIT, PAGE_DEFAULT, PAGE_MAX)?;
    let after = cursor::given(&call)?;
    let filter = filter(&call)?;
    if let Some(company) = filter.company {
        check_company(&client.catalogue, company)?;
    }
    Ok(legs(&client.catalogue.page(&filter, after, limit), &call))
}

async fn search(client: &Client, call: Call) -> Answered {
    client.user(&call)?;
    let body: wire::SearchBody = call.json()?;
    let (Some(origin), Some(destination)) = (named(body.origin), named(body.destination)) else {
        return Err(Kind::PlacesMissing.into());
    };
    let (origins, destinations) = (codes(&place(&origin)?), codes(&place(&destination)?));
    let now = Timestamp::now().as_second();
    let window = (now, now + SEARCH_AHEAD.as_secs());
    let found = client
        .catalogue
        .search(&origins, &destinations, window, ITINERARIES_MAX);
    Ok(itineraries(&found).without(&unreachable(&client.catalogue)))
}

async fn companies(client: &Client, _call: Call) -> Answered {
    let companies = client.catalogue.companies();
    let companies: Vec<_> = companies.into_iter().map(wire::CompanyUp::from).collect();
    Ok(Answer::json(&companies))
}

/// A page of legs with the link to the next one.
pub(crate) fn legs(page: &LegPage, call: &Call) -> Answer {
    let legs: Vec<_> = page.legs.iter().map(wire::Leg::from).collect();
    let next = page.next.map(|next| call.next_page(&next.to_text()));
    Answer::sized_json(&legs, size_of(page.legs.iter()))
        .linked(next)
        .without(&page.unreachable)
}

fn itineraries(found: &[FoundItinerary]) -> Answer {
    let mut legs = Vec::new();
    for (itinerary, found) in (1..).zip(found) {
        let numbered = (1..).zip(&found.legs);
        legs.extend(numbered.map(|(place, leg)| wire::FoundLeg::new(leg, itinerary, place)));
    }
    let size = size_of(found.iter().flat_map(|found| &found.legs));
    Answer::sized_json(&legs, size)
}

fn size_of<'a>(legs: impl Iterator<Item = &'a LegView>) -> usize {
    legs.map(|leg| LEG_BYTES + SEAT_BYTES * leg.free.len())
        .sum()
}

fn filter(call: &Call) -> Result<LegFilter, Problem> {
    let origins = airports_of(call, query::ORIGIN)?;
    let destinations = airports_of(call, query::DESTINATION)?;
    let company = call.parameter(query::COMPANY)?;
    Ok(LegFilter {
        company: company
            .map(|code| code.parse().map_err(|_| Kind::UnknownCompany))
            .transpose()?,
        departs: departs(call, origins.as_deref())?,
        origins: origins.as_deref().map(codes),
        destinations: destinations.as_deref().map(codes),
    })
}

/// The airports of the place that a parameter names; an unknown place has none, so that nothing matches.
fn airports_of(call: &Call, name: &str) -> Result<Option<Vec<&'static Airport>>, Problem> {
    call.parameter(name)?.map(|text| place(&text)).transpose()
}

/// The day is that of the clock at the origin. A city's airports share a zone; without an origin it is Brasília's.
fn departs(call: &Call, origins: Option<&[&Airport]>) -> Result<Option<(i64, i64)>, Problem> {
    let Some(date) = call.parsed::<Date>(query::DATE)? else {
        return Ok(None);
    };
    let zone = origins
        .and_then(|origins| origins.first())
        .map(|airport| airport.zone);
    let day = clock::day(date, zone).ok_or_else(|| {
        let name = query::DATE;
        Problem::invalid(
            format!("{name} está fora do calendário"),
            format!("{name} is out of the calendar"),
        )
    })?;
    Ok(Some(day))
}

fn place(text: &str) -> Result<Vec<&'static Airport>, Problem> {
    if text.len() > PLACE_LEN_MAX {
        return Err(Problem::invalid(
            format!("o nome de um lugar tem no máximo {PLACE_LEN_MAX} bytes"),
            format!("the name of a place has at most {PLACE_LEN_MAX} bytes"),
        ));
    }
    Ok(airports::resolve(text.trim()))
}

fn codes(airports: &[&Airport]) -> Vec<String> {
    airports
        .iter()
        .map(|airport| airport.iata.to_owned())
        .collect()
}

fn named(place: Option<String>) -> Option<String> {
    place.filter(|place| !place.trim().is_empty())
}

fn check_company(catalogue: &Catalogue, company: CompanyId) -> Result<(), Problem> {
    let known = catalogue
        .companies()
        .iter()
        .any(|(known, _)| *known == company);
    known
        .then_some(())
        .ok_or_else(|| Kind::UnknownCompany.into())
}

fn unreachable(catalogue: &Catalogue) -> Vec<CompanyId> {
    let companies = catalogue.companies().into_iter();
    companies
        .filter(|(_, up)| !up)
        .map(|(company, _)| company)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    fn filter_of(query: &str) -> Result<LegFilter, Problem> {
        filter(&call(&format!("/all-trechos?{query}"), &[], b""))
    }

    #[test]
    fn a_place_is_a_code_or_a_city() {
        let codes = |text: &[&str]| {
            Some(
                text.iter()
                    .map(|code| (*code).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(filter_of(""), Ok(LegFilter::default()));
        assert_eq!(filter_of("origem=GRU").unwrap().origins, codes(&["GRU"]));
        assert_eq!(
            filter_of("destino=Manaus").unwrap().destinations,
            codes(&["MAO"])
        );
        assert!(
            filter_of("origem=S%C3%A3o+Paulo")
                .unwrap()
                .origins
                .unwrap()
                .len()
                > 1
        );
        assert_eq!(
            filter_of("origem=Lugar+Nenhum").unwrap().origins,
            codes(&[])
        );
        assert!(filter_of(&format!("origem={}", "x".repeat(PLACE_LEN_MAX + 1))).is_err());
    }

    #[test]
    fn a_day_begins_at_the_clock_of_the_origin() {
        let start = |query: &str| filter_of(query).unwrap().departs.unwrap().0;
        assert_eq!(
            start("data=2026-11-23"),
            start("data=2026-11-23&origem=GRU")
        );
        assert_eq!(
            start("data=2026-11-23&origem=MAO") - start("data=2026-11-23"),
            3600
        );
        for bad in ["2026-13-01", "23/11/2026", "x", "9999-12-31"] {
            assert!(filter_of(&format!("data={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_company_code_is_an_unknown_company() {
        assert_eq!(
            filter_of("company=no+such"),
            Err(Kind::UnknownCompany.into())
        );
        assert_eq!(
            filter_of("company=G3").unwrap().company,
            Some("G3".parse().unwrap())
        );
    }
}
