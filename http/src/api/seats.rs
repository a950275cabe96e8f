//! One leg: what it is, where its seats are, and how they change. Open to everybody: answered from memory.

use passcom_actors::catalogue::cabin::{self, Wish};
use passcom_actors::catalogue::{LegKey, LegSeats, LegView, SeatState};
use passcom_actors::domain::ids::{RouteId, SeatNumber};

use super::bookings::company_down;
use super::catalogue::check_company;
use super::{Client, RETRY};
use crate::answer::{Answer, Answered};
use crate::call::Call;
use crate::error::{Kind, Problem};
use crate::events;
use crate::router::{Endpoint, get};
use crate::wire::seats::version_of;
use crate::wire::{self, query};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/trechos/{company}/{id}", |client, call| {
        Box::pin(leg(client, call))
    }),
    get("/trechos/{company}/{id}/assentos", |client, call| {
        Box::pin(seats(client, call))
    }),
    get("/trechos/{company}/{id}/eventos", |client, call| {
        Box::pin(follow(client, call))
    }),
];

/// Most passengers that seats are proposed to.
const PASSENGERS_MAX: usize = 9;
/// What a seat takes on the wire, about.
const SEAT_BYTES: usize = 128;

async fn leg(client: &Client, call: Call) -> Answered {
    let leg = known_leg(client, &call)?;
    Ok(Answer::json(&wire::PlainLeg::from(&view(client, leg)?)))
}

async fn seats(client: &Client, call: Call) -> Answered {
    let leg = known_leg(client, &call)?;
    let people = call.limit(query::PASSENGERS, 1, PASSENGERS_MAX)?;
    let wish = wish(&call)?;
    if !client.catalogue.reaches(leg.0) {
        return Err(company_down(leg.0));
    }
    let route = view(client, leg)?.route;
    let seats = client.catalogue.seats(leg).ok_or(Kind::UnknownSeat)?;
    let proposal = if client.catalogue.sells(&route) {
        proposal(&seats, people, wish)
    } else {
        Vec::new()
    };
    let map = wire::SeatMap::new(leg, &route.equipment, &seats, &proposal);
    Ok(Answer::sized_json(
        &map,
        SEAT_BYTES * usize::from(seats.seats),
    ))
}

async fn follow(client: &Client, call: Call) -> Answered {
    let leg = known_leg(client, &call)?;
    let seen = events::last_seen(&call)?;
    let seen = seen.as_deref().and_then(version_of);
    let events = client.feeds.listen(leg, seen);
    let overloaded = || Problem::from(Kind::Overloaded).retry_after(RETRY);
    Ok(Answer::events(events.ok_or_else(overloaded)?))
}

/// The leg that the path names. One of a company that has never been heard of is not known not to be.
fn known_leg(client: &Client, call: &Call) -> Result<LegKey, Problem> {
    let [company, route] = call.arguments.as_slice() else {
        return Err(Kind::UnknownPath.into());
    };
    let company = company.parse().map_err(|_| Kind::UnknownCompany)?;
    check_company(&client.catalogue, company)?;
    let route = route.parse().ok().and_then(|id| RouteId::new(id).ok());
    let leg = (company, route.ok_or(Kind::UnknownSeat)?);
    if client.catalogue.seats(leg).is_some() {
        return Ok(leg);
    }
    Err(if client.catalogue.knows(company) {
        Kind::UnknownSeat.into()
    } else {
        company_down(company)
    })
}

fn view(client: &Client, (company, route): LegKey) -> Result<LegView, Problem> {
    let leg = client.catalogue.leg(company, route);
    leg.ok_or_else(|| Kind::UnknownSeat.into())
}

fn proposal(seats: &LegSeats, people: usize, wish: Wish) -> Vec<SeatNumber> {
    let is_free = |number| seats.states.get(number) == SeatState::Free;
    cabin::best(&seats.layout, is_free, people, wish)
}

fn wish(call: &Call) -> Result<Wish, Problem> {
    let Some(text) = call.parameter(query::WISH)? else {
        return Ok(Wish::default());
    };
    let named = wire::WISHES.iter().find(|(name, _)| *name == text);
    named.map(|(_, wish)| *wish).ok_or_else(|| {
        let name = query::WISH;
        let names = wire::WISHES.map(|(name, _)| name).join(", ");
        Problem::invalid(
            format!("{name} deve ser um de: {names}"),
            format!("{name} must be one of: {names}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    #[test]
    fn a_wish_is_one_of_three_and_need_not_be_said() {
        let wish = |query: &str| wish(&call(&format!("/trechos/a/1/assentos{query}"), &[], b""));
        assert_eq!(wish(""), Ok(Wish::Any));
        assert_eq!(wish("?preferencia=janela"), Ok(Wish::Window));
        assert_eq!(wish("?preferencia=corredor"), Ok(Wish::Aisle));
        assert_eq!(wish("?preferencia=tanto-faz"), Ok(Wish::Any));
        assert!(wish("?preferencia=asa").is_err());
    }
}
