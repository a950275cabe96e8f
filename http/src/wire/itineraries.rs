//! Itineraries, and the airports between which they are searched.

use std::borrow::Cow;

use passcom_actors::catalogue::airports;
use passcom_actors::catalogue::{Found, Itinerary, LegView, Order, Trip};
use passcom_actors::domain::currency;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::order::Price;
use serde::Serialize;

use super::airlines::{Airline, Teller};
use super::choices::{Choices, DayPartNames};
use super::legs::PlainLeg;
use crate::clock;

/// What lists of itineraries may be ordered by.
pub(crate) const ORDERS: [(&str, Order); 6] = [
    ("melhor", Order::Best),
    ("partida", Order::Departure),
    ("chegada", Order::Arrival),
    ("preco", Order::Price),
    ("trechos", Order::Legs),
    ("duracao", Order::Duration),
];

/// The answer to a search.
#[derive(Serialize)]
pub(crate) struct Itineraries<'a> {
    #[serde(rename = "rotas")]
    itineraries: Vec<ItineraryEntry<'a>>,
    /// Non-stop flights of the day that have fewer seats left than passengers.
    #[serde(rename = "esgotados")]
    sold_out: Vec<SoldOut<'a>>,
    total: usize,
    #[serde(rename = "escolhas")]
    choices: Option<Choices<'a>>,
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
    /// Those of its legs.
    #[serde(rename = "companhias")]
    companies: Vec<Airline<'a>>,
}

impl<'a> Itineraries<'a> {
    pub fn new(
        trip: &'a Trip,
        found: &'a Found,
        sold_out: &'a [LegView],
        parts: &'a DayPartNames,
        teller: Teller<'a>,
    ) -> Self {
        let named =
            |codes: &'a [String]| codes.iter().map(|iata| NamedAirport::new(iata)).collect();
        let entry = |itinerary| ItineraryEntry::new(itinerary, trip.passengers);
        let legs = found.itineraries.iter().flat_map(|one| &one.legs);
        let legs = legs.chain(sold_out);
        Self {
            itineraries: found.itineraries.iter().map(entry).collect(),
            sold_out: sold_out.iter().map(SoldOut::from).collect(),
            total: found.total,
            choices: found
                .choices
                .as_ref()
                .map(|choices| Choices::new(choices, parts)),
            unreachable: &found.unreachable,
            complete: !found.cut_short,
            passengers: trip.passengers,
            origins: named(&trip.origins),
            destinations: named(&trip.destinations),
            companies: teller.all(legs.map(|leg| leg.company)),
        }
    }
}

/// A non-stop flight that cannot be booked for so many.
#[derive(Serialize)]
struct SoldOut<'a> {
    #[serde(rename = "trecho")]
    leg: PlainLeg<'a>,
    #[serde(rename = "duracao_min")]
    minutes: i64,
}

impl<'a> From<&'a LegView> for SoldOut<'a> {
    fn from(leg: &'a LegView) -> Self {
        Self {
            leg: PlainLeg::from(leg),
            minutes: minutes(leg.route.departs, leg.route.arrives),
        }
    }
}

#[derive(Serialize)]
struct ItineraryEntry<'a> {
    #[serde(rename = "trechos")]
    legs: Vec<PlainLeg<'a>>,
    #[serde(rename = "partida")]
    departs: String,
    #[serde(rename = "chegada")]
    arrives: String,
    #[serde(rename = "duracao_min")]
    minutes: i64,
    #[serde(rename = "preco")]
    price: Option<Sum>,
    #[serde(rename = "preco_total")]
    total: Option<Sum>,
    #[serde(rename = "conexoes")]
    connections: Vec<Connection<'a>>,
    #[serde(rename = "livres")]
    free: usize,
}

impl<'a> ItineraryEntry<'a> {
    fn new(itinerary: &'a Itinerary, passengers: u16) -> Self {
        let legs = &itinerary.legs;
        let (first, last) = (legs.first(), legs.last());
        let price = itinerary.price();
        Self {
            legs: legs.iter().map(PlainLeg::from).collect(),
            departs: first.map_or_else(String::new, |leg| clock::departure(&leg.route)),
            arrives: last.map_or_else(String::new, |leg| clock::arrival(&leg.route)),
            minutes: minutes(itinerary.departs(), itinerary.arrives()),
            total: price.clone().map(|price| Sum::of(price, passengers)),
            price: price.map(|price| Sum::of(price, 1)),
            connections: legs
                .windows(2)
                .map(|pair| Connection::between(&pair[0], &pair[1]))
                .collect(),
            free: itinerary.free(),
        }
    }
}

/// What several legs or passengers cost together.
#[derive(Serialize)]
struct Sum {
    #[serde(rename = "centavos")]
    minor: i64,
    #[serde(rename = "moeda")]
    currency: String,
    #[serde(rename = "casas")]
    digits: u8,
}

impl Sum {
    fn of(price: Price, passengers: u16) -> Self {
        Self {
            digits: currency::digits_shown(&price.currency),
            minor: price.minor.saturating_mul(i64::from(passengers)),
            currency: price.currency,
        }
    }
}

#[derive(Serialize)]
struct Connection<'a> {
    #[serde(rename = "aeroporto")]
    airport: &'a str,
    #[serde(rename = "cidade")]
    city: &'a str,
    #[serde(rename = "minutos")]
    minutes: i64,
    #[serde(rename = "troca_companhia")]
    changes_company: bool,
}

impl<'a> Connection<'a> {
    fn between(before: &'a LegView, after: &'a LegView) -> Self {
        let airport = &before.route.destination;
        Self {
            airport,
            city: airports::city(airport),
            minutes: minutes(before.route.arrives, after.route.departs),
            changes_company: before.company != after.company,
        }
    }
}

fn minutes(from: i64, to: i64) -> i64 {
    to.saturating_sub(from) / 60
}

/// An airport by its code and city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NamedAirport<'a> {
    iata: &'a str,
    #[serde(rename = "cidade")]
    city: &'a str,
}

impl<'a> NamedAirport<'a> {
    pub(super) fn new(iata: &'a str) -> Self {
        Self {
            iata,
            city: airports::city(iata),
        }
    }
}

/// Which parameter names no place that we know, and what may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct UnknownPlace {
    #[serde(rename = "campo")]
    field: &'static str,
    #[serde(rename = "sugestoes")]
    suggestions: Vec<NamedAirport<'static>>,
}

impl UnknownPlace {
    pub fn new(field: &'static str, nearest: &[&'static airports::Airport]) -> Self {
        let suggestions = nearest
            .iter()
            .map(|airport| NamedAirport::new(airport.iata));
        Self {
            field,
            suggestions: suggestions.collect(),
        }
    }
}

/// An airport that some leg touches; what is not known of it is its code or null.
#[derive(Serialize)]
pub(crate) struct Airport<'a> {
    iata: &'a str,
    #[serde(rename = "nome")]
    name: &'a str,
    #[serde(rename = "nomes")]
    names: Names<'a>,
    #[serde(rename = "cidade")]
    city: &'a str,
    /// Other names of the city.
    #[serde(rename = "apelidos")]
    nicknames: Vec<&'static str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(rename = "fuso")]
    zone: &'a str,
}

/// What an airport is called in either language.
#[derive(Serialize)]
struct Names<'a> {
    #[serde(rename = "pt-BR")]
    portuguese: Cow<'a, str>,
    en: &'a str,
}

impl<'a> Airport<'a> {
    pub fn new(iata: &'a str) -> Self {
        let known = airports::find(iata);
        Self {
            iata,
            name: known.map_or(iata, |airport| airport.name),
            names: Names {
                portuguese: known.map_or(iata.into(), |airport| airport.name_in_portuguese()),
                en: known.map_or(iata, |airport| airport.name_in_english()),
            },
            city: airports::city(iata),
            nicknames: airports::nicknames(iata).collect(),
            latitude: known.map(|airport| airport.latitude),
            longitude: known.map(|airport| airport.longitude),
            zone: known.map_or("UTC", |airport| airport.zone),
        }
    }
}

#[cfg(test)]
mod tests {
    use passcom_actors::catalogue::{Choices, CompanyChoice, DayParts, Filter, Route};
    use passcom_actors::domain::ids::{RouteId, SeatNumber};

    use super::super::choices::DayPart;
    use super::*;
    use crate::airlines::tests::airlines;
    use crate::language::Language;

    fn leg(
        company: &str,
        id: u64,
        ends: (&str, &str),
        times: (i64, i64),
        currency: &str,
    ) -> LegView {
        LegView {
            company: company.parse().unwrap(),
            route: Route {
                id: RouteId(id),
                flight: format!("{company}{id}"),
                origin: ends.0.to_owned(),
                destination: ends.1.to_owned(),
                departs: times.0,
                arrives: times.1,
                offsets: None,
                seats: 3,
                price: Price {
                    minor: 20_000 + id as i64,
                    currency: currency.to_owned(),
                },
                equipment: "738".to_owned(),
                on_sale: true,
            },
            free: (1..=id as u16).map(SeatNumber).collect(),
        }
    }

    fn answer(currencies: [&str; 2]) -> serde_json::Value {
        let hour = |count: i64| 1_795_392_000 + count * 3600;
        let legs = vec![
            leg("G3", 2, ("GRU", "MAO"), (hour(12), hour(16)), currencies[0]),
            leg("AD", 1, ("MAO", "TFF"), (hour(17), hour(18)), currencies[1]),
        ];
        let trip = Trip {
            origins: vec!["CGH".to_owned(), "GRU".to_owned()],
            destinations: vec!["TFF".to_owned()],
            departs: (0, 1),
            passengers: 2,
            legs_max: 4,
            filter: Filter::default(),
            slack: 0,
            order: Order::Arrival,
            skip: 0,
            limit: 1,
            count_by: Some(DayParts::default()),
        };
        let choices = Choices {
            connections: vec![0, 1],
            companies: vec![CompanyChoice {
                company: "AD".parse().unwrap(),
                alone: 0,
                takes_part: 1,
            }],
            departs: vec![1],
            arrives: vec![0],
            seconds: vec![(21_601, 1)],
            prices: vec![(40_003, 1)],
        };
        let part = |from: &str, until: Option<&str>| DayPart {
            from: from.to_owned(),
            until: until.map(str::to_owned),
        };
        let parts = DayPartNames {
            departs: vec![part("06:00", Some("11:59"))],
            arrives: vec![part("2026-11-24T00:00", None)],
        };
        let found = Found {
            itineraries: vec![Itinerary { legs }],
            total: 1,
            choices: Some(choices),
            unreachable: vec!["JJ".parse().unwrap()],
            cut_short: false,
        };
        let sold_out = LegView {
            free: Vec::new(),
            ..leg(
                "JJ",
                3,
                ("GRU", "TFF"),
                (1_795_437_000, 1_795_447_800),
                "BRL",
            )
        };
        let airlines = airlines();
        let teller = Teller {
            airlines: &airlines,
            language: Language::Portuguese,
        };
        serde_json::to_value(Itineraries::new(&trip, &found, &[sold_out], &parts, teller)).unwrap()
    }

    #[test]
    fn an_itinerary_is_written_as_documented() {
        let expected = serde_json::json!({
            "rotas": [{
                "trechos": [
                    {"id": 2, "company": "G3", "origem": "São Paulo", "destino": "Manaus", "voo": "G32", "origem_iata": "GRU",
                     "destino_iata": "MAO", "partida": "2026-11-23T09:00:00-03:00", "chegada": "2026-11-23T12:00:00-04:00",
                     "preco": {"centavos": 20_002, "moeda": "BRL", "casas": 2}, "lugares": 3, "livres": 2, "equipamento": "738"},
                    {"id": 1, "company": "AD", "origem": "Manaus", "destino": "Tefé", "voo": "AD1", "origem_iata": "MAO",
                     "destino_iata": "TFF", "partida": "2026-11-23T13:00:00-04:00", "chegada": "2026-11-23T14:00:00-04:00",
                     "preco": {"centavos": 20_001, "moeda": "BRL", "casas": 2}, "lugares": 3, "livres": 1, "equipamento": "738"},
                ],
                "partida": "2026-11-23T09:00:00-03:00",
                "chegada": "2026-11-23T14:00:00-04:00",
                "duracao_min": 360,
                "preco": {"centavos": 40_003, "moeda": "BRL", "casas": 2},
                "preco_total": {"centavos": 80_006, "moeda": "BRL", "casas": 2},
                "conexoes": [{"aeroporto": "MAO", "cidade": "Manaus", "minutos": 60, "troca_companhia": true}],
                "livres": 1,
            }],
            "esgotados": [{
                "trecho": {"id": 3, "company": "JJ", "origem": "São Paulo", "destino": "Tefé", "voo": "JJ3", "origem_iata": "GRU",
                     "destino_iata": "TFF", "partida": "2026-11-23T09:30:00-03:00", "chegada": "2026-11-23T11:30:00-04:00",
                     "preco": {"centavos": 20_003, "moeda": "BRL", "casas": 2}, "lugares": 3, "livres": 0, "equipamento": "738"},
                "duracao_min": 180,
            }],
            "total": 1,
            "escolhas": {
                "conexoes": [{"max": 0, "opcoes": 0}, {"max": 1, "opcoes": 1}],
                "companhias": [{"company": "AD", "opcoes": 0, "participa": 1}],
                "partida": [{"de": "06:00", "ate": "11:59", "opcoes": 1}],
                "chegada": [{"de": "2026-11-24T00:00", "ate": null, "opcoes": 0}],
                "duracao": [{"max": 361, "opcoes": 1}],
                "preco": [{"max": 40_003, "opcoes": 1}],
            },
            "indisponiveis": ["JJ"],
            "completa": true,
            "passageiros": 2,
            "origem": [{"iata": "CGH", "cidade": "São Paulo"}, {"iata": "GRU", "cidade": "São Paulo"}],
            "destino": [{"iata": "TFF", "cidade": "Tefé"}],
            "companhias": [
                {"company": "AD", "nome": "AD", "condicoes": null,
                    "exige": {"documento": false, "nascimento": false}},
                {"company": "G3", "nome": "Gol", "condicoes": null,
                    "exige": {"documento": false, "nascimento": false}},
                {"company": "JJ", "nome": "JJ", "condicoes": null,
                    "exige": {"documento": false, "nascimento": false}},
            ],
        });
        assert_eq!(answer(["BRL", "BRL"]), expected);
    }

    #[test]
    fn legs_in_different_currencies_have_no_price_together() {
        let itinerary = &answer(["BRL", "USD"])["rotas"][0];
        assert!(itinerary["preco"].is_null() && itinerary["preco_total"].is_null());
        assert_eq!(itinerary["trechos"][1]["preco"]["moeda"], "USD");
    }

    #[test]
    fn an_airport_that_the_table_lacks_is_shown_by_its_code() {
        let airport = |iata| serde_json::to_value(Airport::new(iata)).unwrap();
        let unknown = serde_json::json!({
            "iata": "XYZ", "nome": "XYZ", "nomes": {"pt-BR": "XYZ", "en": "XYZ"}, "cidade": "XYZ", "apelidos": [], "latitude": null,
            "longitude": null, "fuso": "UTC"
        });
        assert_eq!(airport("XYZ"), unknown);
        assert_eq!(airport("GYN")["fuso"], "America/Sao_Paulo");
        let guarulhos = airport("GRU");
        assert_eq!(
            guarulhos["nomes"]["pt-BR"],
            "Aeroporto Internacional de Guarulhos"
        );
        assert_eq!(guarulhos["apelidos"][0], "Sampa");
    }

    #[test]
    fn an_unknown_place_comes_with_what_may_be_meant() {
        let place = UnknownPlace::new("origem", &airports::nearest("recfe", 1));
        assert_eq!(
            serde_json::to_string(&place).unwrap(),
            r#"{"campo":"origem","sugestoes":[{"iata":"REC","cidade":"Recife"}]}"#
        );
    }
}
