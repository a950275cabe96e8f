//! What a trip costs at least, day by day.

use jiff::civil::Date;
use passcom_actors::catalogue::{LowestPrices, Trip};
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::order::Price;
use serde::Serialize;

use super::itineraries::NamedAirport;
use super::legs::Money;

#[derive(Serialize)]
pub(crate) struct PriceCalendar<'a> {
    #[serde(rename = "dias")]
    days: Vec<Day<'a>>,
    #[serde(rename = "indisponiveis")]
    unreachable: &'a [CompanyId],
    #[serde(rename = "completa")]
    complete: bool,
    #[serde(rename = "passageiros")]
    passengers: u16,
    #[serde(rename = "origem")]
    origins: Vec<NamedAirport<'a>>,
    #[serde(rename = "destino")]
    destinations: Vec<NamedAirport<'a>>,
}

#[derive(Serialize)]
struct Day<'a> {
    #[serde(rename = "data")]
    date: String,
    #[serde(rename = "precos")]
    prices: Vec<Money<'a>>,
}

impl<'a> PriceCalendar<'a> {
    pub fn new(trip: &'a Trip, dates: &[Date], found: &'a LowestPrices) -> Self {
        let named =
            |codes: &'a [String]| codes.iter().map(|iata| NamedAirport::new(iata)).collect();
        let day = |(date, prices): (&Date, &'a Vec<Price>)| Day {
            date: date.to_string(),
            prices: prices.iter().map(Money::from).collect(),
        };
        Self {
            days: dates.iter().zip(&found.days).map(day).collect(),
            unreachable: &found.unreachable,
            complete: !found.cut_short,
            passengers: trip.passengers,
            origins: named(&trip.origins),
            destinations: named(&trip.destinations),
        }
    }
}

#[cfg(test)]
mod tests {
    use passcom_actors::catalogue::{Filter, Order};

    use super::*;

    #[test]
    fn a_calendar_is_written_as_documented() {
        let trip = Trip {
            origins: vec!["CGH".to_owned()],
            destinations: vec!["TFF".to_owned()],
            departs: (0, 1),
            passengers: 2,
            legs_max: 4,
            filter: Filter::default(),
            slack: 0,
            order: Order::Best,
            skip: 0,
            limit: 1,
            count_by: None,
        };
        let price = Price {
            minor: 40_003,
            currency: "BRL".to_owned(),
        };
        let found = LowestPrices {
            days: vec![vec![price], Vec::new()],
            unreachable: vec!["JJ".parse().unwrap()],
            cut_short: false,
        };
        let dates = [Date::constant(2026, 11, 23), Date::constant(2026, 11, 24)];
        let expected = serde_json::json!({
            "dias": [
                {"data": "2026-11-23", "precos": [{"centavos": 40_003, "moeda": "BRL", "casas": 2}]},
                {"data": "2026-11-24", "precos": []},
            ],
            "indisponiveis": ["JJ"],
            "completa": true,
            "passageiros": 2,
            "origem": [{"iata": "CGH", "cidade": "São Paulo"}],
            "destino": [{"iata": "TFF", "cidade": "Tefé"}],
        });
        let written = serde_json::to_value(PriceCalendar::new(&trip, &dates, &found)).unwrap();
        assert_eq!(written, expected);
    }
}
