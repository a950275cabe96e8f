//! What an order says, as holds and tickets show it.

use std::collections::BTreeMap;

use passcom_actors::domain::document::Document;
use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use passcom_actors::domain::order::{Leg, Order, Price, SeatRef};
use passcom_actors::domain::ticket::Correction;
use passcom_actors::domain::withheld;
use serde::Serialize;

use super::legs::Money;
use super::people;
use crate::clock;

#[derive(Serialize)]
pub(super) struct CompanyPrice<'a> {
    company: CompanyId,
    #[serde(rename = "preco")]
    price: Money<'a>,
}

/// A seat of an order with its flight and who sits there, without their document.
#[derive(Serialize)]
pub(super) struct OrderedLeg<'a> {
    #[serde(rename = "id_trecho")]
    route: RouteId,
    #[serde(rename = "id_assento")]
    seat: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    company: CompanyId,
    #[serde(rename = "voo")]
    flight: &'a str,
    #[serde(rename = "origem")]
    origin: &'a str,
    #[serde(rename = "destino")]
    destination: &'a str,
    #[serde(rename = "origem_iata")]
    origin_iata: &'a str,
    #[serde(rename = "destino_iata")]
    destination_iata: &'a str,
    #[serde(rename = "partida")]
    departs: String,
    #[serde(rename = "chegada")]
    arrives: String,
    #[serde(rename = "preco")]
    price: Money<'a>,
    #[serde(rename = "passageiro")]
    passenger: Option<Seated<'a>>,
}

#[derive(Serialize)]
struct Seated<'a> {
    #[serde(rename = "nome")]
    name: &'a str,
    /// Masked; where it is not told at all, nothing of it is.
    #[serde(rename = "documento", skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    #[serde(rename = "tipo_documento", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// Not as it was sold.
    #[serde(rename = "corrigido", skip_serializing_if = "std::ops::Not::not")]
    corrected: bool,
}

impl<'a> OrderedLeg<'a> {
    /// With the name that holds now, if it is another one.
    pub fn named(mut self, correction: Option<&'a Correction>) -> Self {
        if let Some((seated, correction)) = self.passenger.as_mut().zip(correction) {
            seated.corrected = seated.name != correction.name;
            seated.name = &correction.name;
        }
        self
    }
}

/// None if there is more than one currency.
pub(super) fn total<'a>(mut legs: impl Iterator<Item = &'a Leg>) -> Option<Money<'a>> {
    let Price { minor, currency } = &legs.next()?.price;
    let mut sum = *minor;
    for leg in legs {
        if leg.price.currency != *currency {
            return None;
        }
        sum = sum.checked_add(leg.price.minor)?;
    }
    Some(Money::new(sum, currency))
}

/// Who knows the names that are not told here; nobody where all are.
pub(super) fn names_with(order: &Order) -> Vec<CompanyId> {
    match order.is_withheld() {
        true => withheld::who_know(order),
        false => Vec::new(),
    }
}

/// Per company and currency.
pub(super) fn prices(order: &Order) -> Vec<CompanyPrice<'_>> {
    let mut sums: BTreeMap<(CompanyId, &str), i64> = BTreeMap::new();
    for leg in &order.legs {
        let sum = sums
            .entry((leg.seat.company, &leg.price.currency))
            .or_default();
        *sum = sum.saturating_add(leg.price.minor);
    }
    let price = |((company, currency), minor)| CompanyPrice {
        company,
        price: Money::new(minor, currency),
    };
    sums.into_iter().map(price).collect()
}

impl OrderedLeg<'_> {
    pub(super) fn is_of(&self, seat: &SeatRef) -> bool {
        (self.company, self.route, self.number) == (seat.company, seat.route, seat.number)
    }

    /// Shows the owner of a ticket by which document its passenger is known.
    pub(super) fn identify(&mut self, document: &Document) {
        if let Some(passenger) = &mut self.passenger {
            passenger.document = Some(document.masked());
            passenger.kind = people::kind(document.kind());
        }
    }
}

impl<'a> From<&'a Leg> for OrderedLeg<'a> {
    fn from(leg: &'a Leg) -> Self {
        let passenger = leg.passenger.as_ref();
        Self {
            route: leg.seat.route,
            seat: leg.seat.route.seat(leg.seat.number).get(),
            number: leg.seat.number,
            company: leg.seat.company,
            flight: &leg.flight,
            origin: &leg.origin,
            destination: &leg.destination,
            origin_iata: &leg.origin_iata,
            destination_iata: &leg.destination_iata,
            departs: clock::local(
                leg.departs,
                &leg.origin_iata,
                leg.offsets.map(|told| told.departs),
            ),
            arrives: clock::local(
                leg.arrives,
                &leg.destination_iata,
                leg.offsets.map(|told| told.arrives),
            ),
            price: Money::from(&leg.price),
            passenger: passenger
                .filter(|passenger| !passenger.is_withheld())
                .map(|passenger| Seated {
                    name: &passenger.name,
                    document: None,
                    kind: None,
                    corrected: false,
                }),
        }
    }
}
