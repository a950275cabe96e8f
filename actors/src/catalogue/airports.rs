//! The airports that the project knows: city, coordinates and time zone by IATA code.
//!
//! The table is part of the binary (`data/airports.csv`, source and licence in its header) and is parsed once, on first use:
//! a few milliseconds and half a megabyte for every airport of the world with scheduled service.
//! Nothing depends on an airport being in it: an unknown code is shown as it is, and its times in UTC.

use std::sync::LazyLock;

use strsim::osa_distance;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

mod names;

static TABLE: LazyLock<Vec<Entry>> =
    LazyLock::new(|| parse(include_str!("../../data/airports.csv")));
static AREAS: LazyLock<Vec<Area>> =
    LazyLock::new(|| parse_areas(include_str!("../../data/metropolitan.csv")));

/// Mean radius of the Earth.
const EARTH_RADIUS_KM: f64 = 6371.0;
/// Airports that are no further apart serve one city.
const TOGETHER_KM: f64 = 150.0;
/// Words that say nothing of which airport is meant.
const GENERIC: [&str; 8] = [
    "aeroporto",
    "airport",
    "international",
    "internacional",
    "regional",
    "de",
    "do",
    "da",
];
/// Longest place that suggestions are searched for; the distance below costs its length times each name's.
const PLACE_CHARS_MAX: usize = 32;
/// Airports that are looked at closely for suggestions; more than enough for whatever resembles a name.
const CLOSE_LOOKS_MAX: usize = 500;
/// By how much a code that is spelled alike is further than a name, in quarters of a typing error.
const CODE_HANDICAP: usize = 2;

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
    /// The name, too.
    folded_name: String,
}

/// A city with several airports, or with another name.
struct Area {
    /// None if an airport has the same.
    code: Option<&'static str>,
    names: Vec<&'static str>,
    folded_names: Vec<String>,
    airports: Vec<&'static str>,
}

/// What a person means by a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Meant {
    /// These airports, by code, any of them: one, or those of a city or metropolitan area. The first one is in the table
    /// if any is.
    Airports(Vec<&'static str>),
    /// Any of these, which are too far from each other for whichever will do.
    OneOf(Vec<&'static Airport>),
    Unknown,
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

/// What a person means: case, accents and spacing do not matter. The first that fits of: the code of a metropolitan area,
/// that of an airport, a city, the name of an airport or words of it (`Guarulhos`, `Aeroporto Santos Dumont`).
pub fn resolve(place: &str) -> Meant {
    let folded = fold(place);
    let code = folded.to_ascii_uppercase();
    if let Some(area) = AREAS.iter().find(|area| area.code == Some(&*code)) {
        return Meant::Airports(area.airports.clone());
    }
    if let Some(airport) = find(&code) {
        return Meant::Airports(vec![airport.iata]);
    }
    let of_city = those(|entry| entry.folded_city == folded);
    if !of_city.is_empty() {
        return together(of_city);
    }
    let mut areas = AREAS.iter();
    if let Some(area) = areas.find(|area| area.folded_names.contains(&folded)) {
        return Meant::Airports(area.airports.clone());
    }
    let words = || folded.split(' ').filter(|word| !GENERIC.contains(word));
    if words().next().is_none_or(str::is_empty) {
        return Meant::Unknown;
    }
    let has = |entry: &Entry, word| entry.folded_name.split(' ').any(|known| known == word);
    together(those(|entry| words().all(|word| has(entry, word))))
}

fn those(wanted: impl Fn(&Entry) -> bool) -> Vec<&'static Airport> {
    let entries = TABLE.iter().filter(|entry| wanted(entry));
    entries.map(|entry| &entry.airport).collect()
}

/// Any of them, if they are near each other.
pub fn together(airports: Vec<&'static Airport>) -> Meant {
    let Some(first) = airports.first() else {
        return Meant::Unknown;
    };
    let near = |other: &&Airport| first.distance_km(other) <= TOGETHER_KM;
    if airports.iter().all(near) {
        return Meant::Airports(airports.iter().map(|airport| airport.iata).collect());
    }
    Meant::OneOf(airports)
}

/// Whether the two are airports of one city or metropolitan area, by their codes.
pub fn of_one_area(one: &str, other: &str) -> bool {
    let both = |area: &Area| [one, other].iter().all(|iata| area.airports.contains(iata));
    let of_city = |iata| find(iata).map(|airport| airport.city);
    AREAS.iter().any(both)
        || find(one).zip(find(other)).is_some_and(|(first, second)| {
            of_city(one) == of_city(other) && first.distance_km(second) <= TOGETHER_KM
        })
}

/// Other names of the city of the airport, as people say them: `Sampa`, `Nova York`.
pub fn nicknames(iata: &str) -> impl Iterator<Item = &'static str> {
    let areas = AREAS
        .iter()
        .filter(move |area| area.airports.contains(&iata));
    areas.flat_map(|area| area.names.iter().copied())
}

/// The city of the airport; of an unknown one, the code itself.
pub fn city(iata: &str) -> &str {
    find(iata).map_or(iata, |airport| airport.city)
}

/// At most `count` airports whose city or code is spelled most like the place, best first: what to suggest when it is unknown.
/// Of a text that is like no name, they may be any.
pub fn nearest(place: &str, count: usize) -> Vec<&'static Airport> {
    if count == 0 {
        return Vec::new();
    }
    let folded: String = fold(place).chars().take(PLACE_CHARS_MAX).collect();
    let typed = letters(&folded);
    let mut promising: Vec<(usize, &Entry)> = TABLE
        .iter()
        .map(|entry| (difference_min(&typed, entry), entry))
        .collect();
    promising.sort_unstable_by_key(|(difference_min, _)| *difference_min);
    let mut best: Vec<(usize, usize, &Airport)> = Vec::new();
    for (difference_min, entry) in promising.into_iter().take(CLOSE_LOOKS_MAX) {
        let worst = best.get(count - 1).map(|(difference, ..)| *difference);
        if worst.is_some_and(|worst| difference_min > worst) {
            break;
        }
        // of two names that begin alike, the one of which more was typed
        let (airport, length) = (&entry.airport, entry.folded_city.len());
        let rank = (difference(&folded, entry), length, airport.iata);
        let place = best.partition_point(|(difference, length, other)| {
            (*difference, *length, other.iata) < rank
        });
        best.insert(place, (rank.0, rank.1, airport));
        best.truncate(count);
    }
    best.into_iter().map(|(.., airport)| airport).collect()
}

/// How often each letter is in a folded text; the last place is for everything else.
type Letters = [u8; 27];

fn letters(folded: &str) -> Letters {
    let mut letters = [0_u8; 27];
    for character in folded.chars() {
        let place = match character {
            'a'..='z' => character as usize - 'a' as usize,
            _ => 26,
        };
        letters[place] = letters[place].saturating_add(1);
    }
    letters
}

/// What [`difference`] is at least: each letter that one has and the other lacks is an error. Most airports are so far from
/// what was typed that nobody has to look closer.
fn difference_min(typed: &Letters, entry: &Entry) -> usize {
    let sum = |letters: &Letters| {
        letters
            .iter()
            .map(|count| usize::from(*count))
            .sum::<usize>()
    };
    let common = |letters: &Letters| -> usize {
        let both = typed.iter().zip(letters);
        both.map(|(one, other)| usize::from(*one.min(other))).sum()
    };
    let city = 4 * (sum(typed) - common(&letters(&entry.folded_city)));
    let iata = letters(&entry.airport.iata.to_ascii_lowercase());
    city.min(4 * (sum(typed).max(sum(&iata)) - common(&iata)) + CODE_HANDICAP)
}

/// Typing errors between a text and what an airport is called, in quarters, so that a close call has a winner.
fn difference(folded: &str, entry: &Entry) -> usize {
    let typed = folded.chars().count();
    let begun: String = entry.folded_city.chars().take(typed).collect();
    let city = 4 * osa_distance(folded, &entry.folded_city);
    // the beginning of a longer name is as good as a name with a letter wrong
    let begins = 4 * osa_distance(folded, &begun) + 3;
    // a code is so short that every other one is near: it must do better than a name, if not than the beginning of one
    let iata = 4 * osa_distance(folded, &entry.airport.iata.to_ascii_lowercase()) + CODE_HANDICAP;
    city.min(begins).min(iata)
}

/// Lower case, without accents, words separated by one space.
pub fn fold(text: &str) -> String {
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
    Entry {
        airport,
        folded_city: fold(city),
        folded_name: fold(name),
    }
}

fn parse_areas(table: &'static str) -> Vec<Area> {
    let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    let area = |line: &'static str| {
        let fields: Vec<&'static str> = line.split(',').collect();
        let [code, names, airports] = fields[..] else {
            panic!("data/metropolitan.csv: three fields expected in {line:?}");
        };
        let mut airports: Vec<_> = airports.split(' ').collect();
        airports.sort_by_key(|iata| find(iata).is_none()); // stable
        let names = names.split(';').filter(|name| !name.is_empty());
        let names: Vec<_> = names.collect();
        Area {
            code: (code != "-").then_some(code),
            folded_names: names.iter().copied().map(fold).collect(),
            names,
            airports,
        }
    };
    lines.map(area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(place: &str) -> Vec<&'static str> {
        match resolve(place) {
            Meant::Airports(codes) => codes,
            Meant::OneOf(_) => panic!("{place} is ambiguous"),
            Meant::Unknown => Vec::new(),
        }
    }

    #[test]
    fn every_line_of_the_table_is_whole() {
        let known = all().count();
        assert!((4000..6000).contains(&known), "{known}");
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
            assert!((-90.0..90.0).contains(&airport.latitude), "{iata}");
            assert!((-180.0..=180.0).contains(&airport.longitude), "{iata}");
            assert!(jiff::tz::TimeZone::get(airport.zone).is_ok(), "{iata}");
        }
        let distinct: std::collections::BTreeSet<_> = all().map(|a| a.iata).collect();
        assert_eq!(distinct.len(), known);
    }

    #[test]
    fn the_table_is_small_enough_to_be_in_every_node() {
        let fields = TABLE.len() * size_of::<Entry>();
        let cities: usize = TABLE.iter().map(|entry| entry.folded_city.capacity()).sum();
        let bytes = include_str!("../../data/airports.csv").len() + fields + cities;
        assert!(bytes < 1_000_000, "{bytes}");
    }

    #[test]
    fn zones_are_those_by_which_airlines_fly() {
        for (iata, zone) in [
            ("FEN", "America/Noronha"),
            ("TBT", "America/Eirunepe"),
            ("LIS", "Europe/Lisbon"),
            ("DOH", "Asia/Qatar"),
            ("URC", "Asia/Shanghai"),
            ("OOL", "Australia/Brisbane"),
            ("KTM", "Asia/Kathmandu"),
        ] {
            assert_eq!(find(iata).map(|airport| airport.zone), Some(zone), "{iata}");
        }
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
    fn a_metropolitan_area_is_all_of_its_airports() {
        assert_eq!(codes("sao"), ["GRU", "CGH", "VCP"]);
        assert_eq!(codes("RIO"), ["GIG", "SDU"]);
        assert_eq!(codes("BHZ"), ["CNF", "PLU"]);
        assert_eq!(codes("Londres"), codes("LON"));
        assert_eq!(codes("nova york"), ["JFK", "EWR", "LGA"]);
        assert_eq!(codes("SHA"), ["PVG", "SHA"]);
        let codes_of_areas: Vec<_> = AREAS.iter().filter_map(|area| area.code).collect();
        let mut distinct = codes_of_areas.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), codes_of_areas.len());
        for area in AREAS.iter() {
            let iata =
                |code: &&str| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
            assert!(area.code.iter().all(iata) && area.airports.iter().all(iata));
            let is_nickname = area.code.is_none() && !area.names.is_empty();
            assert!(
                area.airports.len() > 1 || is_nickname,
                "{:?}",
                area.airports
            );
            let names_an_airport = area.code.filter(|code| find(code).is_some());
            assert!(
                matches!(names_an_airport, None | Some("SHA")),
                "{names_an_airport:?}"
            );
        }
    }

    #[test]
    fn a_city_has_the_names_that_its_people_say() {
        assert_eq!(codes("Sampa"), codes("SAO"));
        assert_eq!(codes("bh"), codes("BHZ"));
        assert_eq!(codes("beaga"), codes("BHZ"));
        assert_eq!(codes("FLORIPA"), ["FLN"]);
        assert_eq!(codes("foz"), ["IGU"]);
        let said: Vec<_> = nicknames("CNF").collect();
        assert_eq!(said, ["BH", "Beagá", "Belô"]);
        assert_eq!(nicknames("GYN").count(), 0);
    }

    #[test]
    fn an_airport_has_a_name() {
        assert_eq!(codes("Guarulhos"), ["GRU"]);
        assert_eq!(codes("aeroporto de congonhas"), ["CGH"]);
        assert_eq!(codes("SANTOS DUMONT"), ["SDU"]);
        assert_eq!(codes("galeao"), ["GIG"]);
        assert_eq!(codes("Tom Jobim International Airport"), ["GIG"]);
        assert_eq!(codes("confins"), ["CNF"]);
        for nothing in ["aeroporto", "de", "Guarul", "airport of nowhere"] {
            assert_eq!(codes(nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn airports_far_apart_are_no_one_place() {
        let Meant::OneOf(presidents) = resolve("presidente") else {
            panic!("there are several");
        };
        assert!(presidents.len() > 1 && presidents.iter().any(|airport| airport.iata == "BSB"));
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
        let many: std::collections::BTreeSet<_> = nearest("x", 100)
            .iter()
            .map(|airport| airport.iata)
            .collect();
        assert_eq!(many.len(), 100, "each once");
        assert_eq!(nearest(&"a".repeat(100_000), 3).len(), 3);
    }

    #[test]
    fn whoever_is_not_looked_at_closer_is_further_away() {
        for place in ["Sao Palo", "gru1", "x", "Nova Iorque", "puerto mon"] {
            let folded = fold(place);
            let typed = letters(&folded);
            for entry in TABLE.iter() {
                let (least, exact) = (difference_min(&typed, entry), difference(&folded, entry));
                assert!(
                    least <= exact,
                    "{place}: {} {least} {exact}",
                    entry.airport.iata
                );
            }
            let best = TABLE.iter().min_by_key(|entry| {
                let length = entry.folded_city.len();
                (difference(&folded, entry), length, entry.airport.iata)
            });
            assert_eq!(
                nearest(place, 3).first(),
                best.map(|entry| &entry.airport).as_ref()
            );
        }
        assert!(nearest("x", 0).is_empty());
    }

    #[test]
    fn great_circles_agree_with_the_charts() {
        let (gru, mao) = (find("GRU").unwrap(), find("MAO").unwrap());
        assert!((gru.distance_km(mao) - 2690.0).abs() < 20.0);
        assert_eq!(gru.distance_km(gru), 0.0);
    }
}
