//! The airports that the project knows: city, coordinates and time zone by IATA code.
//!
//! The table is part of the binary (`data/airports.csv`, source and licence in its header) and is parsed once.
//! Nothing depends on an airport being in it: an unknown code is shown as it is.

use std::sync::LazyLock;

use strsim::osa_distance;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

static TABLE: LazyLock<Vec<Entry>> =
    LazyLock::new(|| parse(include_str!("../../data/airports.csv")));

/// Mean radius of the Earth.
const EARTH_RADIUS_KM: f64 = 6371.0;
/// Longest place that suggestions are searched for; the distance below costs its length times each name's.
const PLACE_CHARS_MAX: usize = 64;

/// One airport.
#[derive(Debug, Clone, PartialEq)]
pub struct Airport {
    pub iata: &'static str,
    pub city: &'static str,
    pub name: &'static str,
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// IANA time zone.
    pub zone: &'static str,
}

impl Airport {
    /// Length of the great circle to the other airport.
    pub fn distance_km(&self, other: &Airport) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_latitude = (to - from) / 2.0;
        let half_longitude = (other.longitude - self.longitude).to_radians() / 2.0;
        let haversine =
            half_latitude.sin().powi(2) + from.cos() * to.cos() * half_longitude.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * haversine.sqrt().asin()
    }
}

struct Entry {
    airport: Airport,
    /// The city as [`fold`] leaves it.
    folded_city: String,
}

/// All airports, ascending by code.
pub fn all() -> impl Iterator<Item = &'static Airport> {
    TABLE.iter().map(|entry| &entry.airport)
}

/// The airport with this code, in capitals.
pub fn find(iata: &str) -> Option<&'static Airport> {
    let index = TABLE
        .binary_search_by(|entry| entry.airport.iata.cmp(iata))
        .ok()?;
    Some(&TABLE[index].airport)
}

/// The airports that a person means: one by its code, or all of a city; case, accents and spacing do not matter.
pub fn resolve(place: &str) -> Vec<&'static Airport> {
    let folded = fold(place);
    if let Some(airport) = find(&folded.to_ascii_uppercase()) {
        return vec![airport];
    }
    TABLE
        .iter()
        .filter(|entry| entry.folded_city == folded)
        .map(|entry| &entry.airport)
        .collect()
}

/// The city of the airport; of an unknown one, the code itself.
pub fn city(iata: &str) -> &str {
    find(iata).map_or(iata, |airport| airport.city)
}

/// At most `count` airports whose city or code is spelled most like the place, best first: what to suggest when it is unknown.
pub fn nearest(place: &str, count: usize) -> Vec<&'static Airport> {
    let folded: String = fold(place).chars().take(PLACE_CHARS_MAX).collect();
    let mut ranked: Vec<(usize, &Airport)> = TABLE
        .iter()
        .map(|entry| (difference(&folded, entry), &entry.airport))
        .collect();
    ranked.sort_by_key(|(difference, airport)| (*difference, airport.iata));
    ranked.truncate(count);
    ranked.into_iter().map(|(_, airport)| airport).collect()
}

/// Typing errors between a text and what an airport is called, in quarters, so that a close call has a winner.
fn difference(folded: &str, entry: &Entry) -> usize {
    let typed = folded.chars().count();
    let begun: String = entry.folded_city.chars().take(typed).collect();
    let city = 4 * osa_distance(folded, &entry.folded_city);
    // the beginning of a longer name is as good as a name with a letter wrong
    let begins = 4 * osa_distance(folded, &begun) + 3;
    // a code is so short that every other one is near: it must do better than a name
    let iata = 4 * osa_distance(folded, &entry.airport.iata.to_ascii_lowercase()) + 5;
    city.min(begins).min(iata)
}

/// Lower case, without accents, words separated by one space.
fn fold(text: &str) -> String {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
    plain
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads the table in the binary, so what is wrong with it is a mistake of ours that the tests below meet first.
fn parse(table: &'static str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(parse_line)
        .collect();
    entries.sort_unstable_by_key(|entry| entry.airport.iata);
    entries
}

fn parse_line(line: &'static str) -> Entry {
    let fields: Vec<&'static str> = line.split(',').collect();
    let [iata, name, city, latitude, longitude, zone] = fields[..] else {
        panic!("data/airports.csv: six fields expected in {line:?}");
    };
    let degrees = |text: &str| -> f64 { text.parse().expect("data/airports.csv: degrees") };
    let airport = Airport {
        iata,
        city,
        name,
        latitude: degrees(latitude),
        longitude: degrees(longitude),
        zone,
    };
    let folded_city = fold(city);
    Entry {
        airport,
        folded_city,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(place: &str) -> Vec<&'static str> {
        resolve(place).iter().map(|airport| airport.iata).collect()
    }

    #[test]
    fn every_line_of_the_table_is_whole() {
        assert_eq!(all().count(), 103);
        for airport in all() {
            let iata = airport.iata;
            assert!(
                iata.len() == 3 && iata.bytes().all(|b| b.is_ascii_uppercase()),
                "{iata}"
            );
            assert!(
                !airport.city.is_empty() && !airport.name.is_empty(),
                "{iata}"
            );
            assert!((-34.0..6.0).contains(&airport.latitude), "{iata}");
            assert!((-74.0..-32.0).contains(&airport.longitude), "{iata}");
            assert!(jiff::tz::TimeZone::get(airport.zone).is_ok(), "{iata}");
        }
        let distinct: std::collections::BTreeSet<_> = all().map(|a| a.iata).collect();
        assert_eq!(distinct.len(), 103);
    }

    #[test]
    fn a_place_is_a_code_or_a_city_however_it_is_typed() {
        assert_eq!(codes("São Paulo"), ["CGH", "GRU"]);
        assert_eq!(codes(" SAO  paulo"), ["CGH", "GRU"]);
        assert_eq!(codes("gru"), ["GRU"]);
        assert_eq!(codes("florianopolis"), ["FLN"]);
        assert_eq!(codes("ji parana"), ["JPR"]);
        assert_eq!(codes("Atlântida"), [""; 0]);
        assert_eq!(codes(""), [""; 0]);
    }

    #[test]
    fn an_unknown_code_is_its_own_city() {
        assert_eq!(city("GYN"), "Goiânia");
        assert_eq!(city("XYZ"), "XYZ");
    }

    #[test]
    fn a_misspelt_place_has_suggestions() {
        let first = |place: &str| nearest(place, 1)[0].city;
        assert_eq!(first("Sao Palo"), "São Paulo");
        assert_eq!(first("Recif"), "Recife");
        assert_eq!(first("Rio de Janero"), "Rio de Janeiro");
        assert_eq!(first("belo"), "Belo Horizonte", "a beginning");
        assert_eq!(
            first("brsailia"),
            "Brasília",
            "two letters in the wrong order"
        );
        assert_eq!(nearest("gru1", 1)[0].iata, "GRU");
        assert_eq!(nearest("x", 1000).len(), 103, "each airport once");
        assert_eq!(nearest(&"a".repeat(100_000), 3).len(), 3);
    }

    #[test]
    fn great_circles_agree_with_the_charts() {
        let (gru, mao) = (find("GRU").unwrap(), find("MAO").unwrap());
        assert!((gru.distance_km(mao) - 2690.0).abs() < 20.0);
        assert_eq!(gru.distance_km(gru), 0.0);
    }
}
