//! Places as clients name them: the code of an airport or of a metropolitan area, a city, or an airport's name, however
//! it is typed. Every endpoint that takes a place asks here.

use passcom_actors::catalogue::Catalogue;
use passcom_actors::catalogue::airports::{self, Airport, Meant};

use crate::error::Problem;

/// Longest name of a place, in bytes.
const PLACE_LEN_MAX: usize = 120;
/// Most names that are suggested for one that is unknown or may be several.
const SUGGESTIONS_MAX: usize = 5;

/// One airport, or all of a city or metropolitan area; never none.
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

    fn of(codes: &[&str]) -> Self {
        Self {
            airports: codes.iter().map(|iata| (*iata).to_owned()).collect(),
        }
    }
}

/// What is said of an unknown place, given as `field`: others that are spelled most like it. Takes a thread for some
/// milliseconds, since all places there are compete.
pub(super) fn unknown(field: &'static str, text: &str) -> Problem {
    let nearest = airports::nearest(text, SUGGESTIONS_MAX);
    Problem::unknown_place(field, text.trim(), &nearest)
}

/// The place that a client means by this text, given as `field`; none if it is unknown.
///
/// A name that several places have is a problem that names them: whoever is sold a flight to another city of that name
/// cannot fly it. Only where a single one of them is flown to, that one is meant.
pub(super) fn find_known(
    catalogue: &Catalogue,
    field: &'static str,
    text: &str,
) -> Result<Option<Place>, Problem> {
    if text.len() > PLACE_LEN_MAX {
        return Err(Problem::invalid(
            format!("o nome de um lugar tem no máximo {PLACE_LEN_MAX} bytes"),
            format!("the name of a place has at most {PLACE_LEN_MAX} bytes"),
        ));
    }
    let is_flown = |iata: &str| catalogue.has_airport(iata);
    match airports::resolve(text) {
        Meant::Airports(codes) => Ok(Some(Place::of(&codes))),
        Meant::Unknown => {
            // an airport that the table lacks is a place all the same if somebody flies there
            let code = text.trim().to_ascii_uppercase();
            Ok(is_flown(&code).then(|| Place::of(&[&code])))
        }
        Meant::OneOf(candidates) => one_of(field, text, &candidates, is_flown).map(Some),
    }
}

fn one_of(
    field: &'static str,
    text: &str,
    candidates: &[&'static Airport],
    is_flown: impl Fn(&str) -> bool,
) -> Result<Place, Problem> {
    let flown = candidates.iter().copied();
    let flown: Vec<_> = flown.filter(|airport| is_flown(airport.iata)).collect();
    if let Meant::Airports(codes) = airports::together(flown.clone()) {
        return Ok(Place::of(&codes));
    }
    let mut listed = if flown.is_empty() {
        candidates.to_vec()
    } else {
        flown
    };
    listed.truncate(SUGGESTIONS_MAX);
    Err(Problem::ambiguous_place(field, text.trim(), &listed))
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use passcom_actors::catalogue::{
        CloseOfSale, ConnectionTimes, Published, Reach, Route, SeatStates,
    };
    use passcom_actors::clock::Clock;
    use passcom_actors::domain::ids::{CompanyId, RouteId};
    use passcom_actors::domain::order::Price;

    use super::*;
    use crate::error::Kind;
    use crate::language::Language;

    fn find(catalogue: &Catalogue, field: &'static str, text: &str) -> Result<Place, Problem> {
        find_known(catalogue, field, text)?.ok_or_else(|| unknown(field, text))
    }

    struct Alone;

    impl Reach for Alone {
        fn is_up(&self, _: CompanyId) -> bool {
            false
        }
    }

    /// Of one company, with a leg from each of these to Brasília.
    pub fn catalogue_with(origins: &[&str]) -> Catalogue {
        let me: CompanyId = "a".parse().unwrap();
        let clock = Clock::with_wall(|| 0);
        let catalogue = Catalogue::new(
            me,
            [me].into(),
            Arc::new(Alone),
            CloseOfSale::new(clock, Duration::ZERO),
            ConnectionTimes::default(),
        );
        let leg = |(id, origin): (u64, &&str)| Published {
            route: Route {
                id: RouteId(id),
                flight: "A1".to_owned(),
                origin: (*origin).to_owned(),
                destination: "BSB".to_owned(),
                departs: 1_000,
                arrives: 5_000,
                offsets: None,
                seats: 9,
                price: Price {
                    minor: 100,
                    currency: "BRL".to_owned(),
                },
                equipment: "738".to_owned(),
                on_sale: true,
            },
            seats: SeatStates::default(),
        };
        catalogue.load_own((1..).zip(origins).map(leg).collect());
        catalogue.own_is_complete();
        catalogue
    }

    #[test]
    fn a_place_is_one_for_every_endpoint_however_it_is_typed() {
        let catalogue = catalogue_with(&["AKL"]);
        let airports = |text: &str| find(&catalogue, "origem", text).map(|place| place.airports);
        assert_eq!(airports(" belem "), Ok(vec!["BEL".to_owned()]));
        assert_eq!(airports("akl"), Ok(vec!["AKL".to_owned()]));
        assert_eq!(airports("rio").unwrap().len(), 2);
        assert_eq!(
            airports("Lugar Nenhum").unwrap_err().kind(),
            Kind::UnknownPlace
        );
        assert_eq!(find_known(&catalogue, "origem", "Lugar Nenhum"), Ok(None));
        assert!(airports(&"x".repeat(PLACE_LEN_MAX + 1)).is_err());
    }

    fn presidents() -> Vec<&'static Airport> {
        let Meant::OneOf(candidates) = airports::resolve("presidente") else {
            panic!("several airports are named after one");
        };
        candidates
    }

    #[test]
    fn a_name_of_several_places_is_refused_with_their_names() {
        let candidates = presidents();
        let problem = one_of("origem", " Presidente", &candidates, |_| true).unwrap_err();
        assert_eq!(problem.kind(), Kind::AmbiguousPlace);
        let detail = problem.detail(Language::English).to_owned();
        assert!(
            detail.starts_with("origem: \"Presidente\" may be "),
            "{detail}"
        );
        assert_eq!(
            detail.matches(" (").count(),
            candidates.len().min(SUGGESTIONS_MAX)
        );
        let nowhere = one_of("origem", "presidente", &candidates, |_| false);
        assert_eq!(nowhere.unwrap_err().kind(), Kind::AmbiguousPlace);
    }

    #[test]
    fn the_only_one_that_is_flown_to_is_meant() {
        let place = one_of("origem", "presidente", &presidents(), |iata| iata == "BSB");
        assert_eq!(place, Ok(Place::of(&["BSB"])));
    }
}
