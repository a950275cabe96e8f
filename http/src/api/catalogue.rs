//! What is on sale: pages of legs, and the companies.

use std::num::NonZeroU32;

use passcom_actors::catalogue::{Catalogue, LegFilter, LegPage, LegView, Window};
use passcom_actors::domain::ids::CompanyId;

use super::places::{self, Place};
use super::{Client, too_many};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::clock;
use crate::cursor::{self, Cursor};
use crate::error::{Kind, Problem};
use crate::router::{Endpoint, get};
use crate::wire::{self, SaidOfSeats, query};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/all-trechos", |client, call| Box::pin(list(client, call))),
    get("/companhias", |client, call| {
        Box::pin(companies(client, call))
    }),
];

const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 500;
/// So many legs count as one request more: with each of their seats some hundred kilobytes, and without.
const LEGS_WITH_SEATS_COST_ONE: u32 = 25;
const LEGS_COST_ONE: u32 = 250;
/// What a free seat and a leg take on the wire, about.
const SEAT_BYTES: usize = 56;
const LEG_BYTES: usize = 384;

async fn list(client: &Client, call: Call) -> Answered {
    let user = client.user(&call).await?;
    let limit = call.limit(query::LIMIT, PAGE_DEFAULT, PAGE_MAX)?;
    let after = cursor::given(&call)?;
    let filter = filter(&client.catalogue, &call)?;
    if let Some(company) = filter.company {
        check_company(&client.catalogue, company)?;
    }
    let seats = said_of_seats(&call)?;
    let legs_of_one = match seats {
        SaidOfSeats::Each => LEGS_WITH_SEATS_COST_ONE,
        SaidOfSeats::Ranges | SaidOfSeats::Nothing => LEGS_COST_ONE,
    };
    // a page may look through all that is on sale, and has some thousands of seats for every leg
    let catalogue = client.catalogue.clone();
    let users = client.users.clone();
    let make = move |call: &Call| {
        let page = catalogue.page(&filter, after, limit);
        if let Some(more) = NonZeroU32::new(page.legs.len() as u32 / legs_of_one) {
            users.check_n(&user, more).map_err(too_many)?;
        }
        Ok(legs(&page, seats, call))
    };
    client.rendering.make(user, call, make).await
}

fn said_of_seats(call: &Call) -> Result<SaidOfSeats, Problem> {
    let Some(text) = call.parameter(query::SEATS_SAID)? else {
        return Ok(SaidOfSeats::default());
    };
    let named = wire::SAID_OF_SEATS.iter().find(|(name, _)| *name == text);
    named.map(|(_, said)| *said).ok_or_else(|| {
        let name = query::SEATS_SAID;
        let names = wire::SAID_OF_SEATS.map(|(name, _)| name).join(", ");
        Problem::invalid(
            format!("{name} deve ser um de: {names}"),
            format!("{name} must be one of: {names}"),
        )
    })
}

async fn companies(client: &Client, call: Call) -> Answered {
    let teller = client.teller(call.language);
    let companies = client.catalogue.companies().into_iter();
    let companies: Vec<_> = companies.map(|one| teller.up(one)).collect();
    Ok(Answer::json(&companies))
}

/// A page of legs with the link to the next one.
pub(crate) fn legs(page: &LegPage, seats: SaidOfSeats, call: &Call) -> Answer {
    let leg = |leg| wire::Leg::new(leg, seats);
    let legs: Vec<_> = page.legs.iter().map(leg).collect();
    let next = page.next.map(|next| call.next_page(&next.to_text()));
    let size = match seats {
        SaidOfSeats::Each => legs_size(page.legs.iter()),
        SaidOfSeats::Ranges | SaidOfSeats::Nothing => LEG_BYTES * legs.len(),
    };
    Answer::sized_json(&legs, size)
        .linked(next)
        .without(&page.unreachable)
}

/// What legs with all their seats take on the wire, about.
pub(super) fn legs_size<'a>(legs: impl Iterator<Item = &'a LegView>) -> usize {
    legs.map(|leg| LEG_BYTES + SEAT_BYTES * leg.free.len())
        .sum()
}

fn filter(catalogue: &Catalogue, call: &Call) -> Result<LegFilter, Problem> {
    let origin = place(catalogue, call, query::ORIGIN)?;
    let destination = place(catalogue, call, query::DESTINATION)?;
    let company = call.parameter(query::COMPANY)?;
    let airports =
        |place: Option<Option<Place>>| place.map(|known| known.map_or(Vec::new(), |p| p.airports));
    Ok(LegFilter {
        company: company
            .map(|code| code.parse().map_err(|_| Kind::UnknownCompany))
            .transpose()?,
        departs: departs(call, origin.as_ref().and_then(|known| known.as_ref()))?,
        origins: airports(origin),
        destinations: airports(destination),
    })
}

/// The place that a parameter names, if it is given. An unknown one, of which old clients expect an empty list, is none.
fn place(
    catalogue: &Catalogue,
    call: &Call,
    name: &'static str,
) -> Result<Option<Option<Place>>, Problem> {
    let Some(text) = call.parameter(name)? else {
        return Ok(None);
    };
    places::find_known(catalogue, name, &text).map(Some)
}

/// The day is that of the clock at the origin. A city's airports share a zone; without an origin it is Brasília's.
fn departs(call: &Call, origin: Option<&Place>) -> Result<Option<Window>, Problem> {
    let Some(date) = call.date(query::DATE)? else {
        return Ok(None);
    };
    let day = clock::day(date, origin.and_then(Place::zone));
    day.map(Some)
        .ok_or_else(|| Problem::out_of_calendar(query::DATE))
}

pub(super) fn check_company(catalogue: &Catalogue, company: CompanyId) -> Result<(), Problem> {
    let known = catalogue
        .companies()
        .iter()
        .any(|(known, _)| *known == company);
    known
        .then_some(())
        .ok_or_else(|| Kind::UnknownCompany.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::places::tests::catalogue_with;
    use crate::call::tests::call;

    fn filter_of(query: &str) -> Result<LegFilter, Problem> {
        let catalogue = catalogue_with(&["AKL", "JPA"]);
        filter(
            &catalogue,
            &call(&format!("/all-trechos?{query}"), &[], b""),
        )
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
        assert_eq!(
            filter_of("origem=akl").unwrap().origins,
            codes(&["AKL"]),
            "an airport that only the schedule knows"
        );
        assert!(filter_of("origem=presidente").is_err());
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

    #[test]
    fn what_is_said_of_seats_is_one_of_three_and_need_not_be_chosen() {
        let said = |query: &str| said_of_seats(&call(&format!("/all-trechos{query}"), &[], b""));
        assert_eq!(said(""), Ok(SaidOfSeats::Each));
        assert_eq!(said("?assentos=faixas"), Ok(SaidOfSeats::Ranges));
        assert_eq!(said("?assentos=nenhum"), Ok(SaidOfSeats::Nothing));
        assert!(said("?assentos=metade").is_err());
    }
}
