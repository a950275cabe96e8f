//! Places as clients name them: an IATA code or a city, however it is typed.

use passcom_actors::catalogue::Catalogue;
use passcom_actors::catalogue::airports::{self, Airport};

use crate::error::Problem;

/// Longest name of a place, in bytes.
const PLACE_LEN_MAX: usize = 120;
/// Most names that are suggested for one that is unknown.
const SUGGESTIONS_MAX: usize = 5;

/// One airport, or all of a city; never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// IATA codes.
    pub airports: Vec<String>,
}

impl Place {
    /// The clock of the place; a city's airports share one.
    pub fn zone(&self) -> Option<&'static str> {
        let known = self.airports.iter().find_map(|iata| airports::find(iata));
        known.map(|airport| airport.zone)
    }
}

/// The place that a client means by this text, given as `field`; an unknown one is a problem that suggests others.
pub(super) fn find(
    catalogue: &Catalogue,
    field: &'static str,
    text: &str,
) -> Result<Place, Problem> {
    let known = codes(&resolve(text)?);
    if !known.is_empty() {
        return Ok(Place { airports: known });
    }
    // an airport that the table lacks is a place all the same if somebody flies there
    let code = text.trim().to_ascii_uppercase();
    if catalogue.has_airport(&code) {
        return Ok(Place {
            airports: vec![code],
        });
    }
    let nearest = airports::nearest(text, SUGGESTIONS_MAX);
    Err(Problem::unknown_place(field, text.trim(), &nearest))
}

/// The airports of a place; none if it is unknown.
pub(super) fn resolve(text: &str) -> Result<Vec<&'static Airport>, Problem> {
    if text.len() > PLACE_LEN_MAX {
        return Err(Problem::invalid(
            format!("o nome de um lugar tem no máximo {PLACE_LEN_MAX} bytes"),
            format!("the name of a place has at most {PLACE_LEN_MAX} bytes"),
        ));
    }
    Ok(airports::resolve(text.trim()))
}

pub(super) fn codes(airports: &[&Airport]) -> Vec<String> {
    let codes = airports.iter().map(|airport| airport.iata.to_owned());
    codes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_refused_before_it_is_searched_for() {
        assert_eq!(codes(&resolve(" belem ").unwrap()), ["BEL"]);
        assert_eq!(codes(&resolve("Lugar Nenhum").unwrap()), [""; 0]);
        assert!(resolve(&"x".repeat(PLACE_LEN_MAX + 1)).is_err());
    }
}
