//! What airports are called in Portuguese and in English: by rule of the name in the table, which has the generic words in English, and
//! where nobody says it so, as `data/airport_names.csv` has it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Airport;

static TOLD: LazyLock<BTreeMap<&'static str, [&'static str; 2]>> =
    LazyLock::new(|| parse(include_str!("../../../data/airport_names.csv")));

/// Endings in English, and what stands before the name in Portuguese. The first that fits.
const GENERIC: [(&str, &str); 4] = [
    (" International Airport", "Aeroporto Internacional"),
    (" Regional Airport", "Aeroporto Regional"),
    (" Municipal Airport", "Aeroporto Municipal"),
    (" Airport", "Aeroporto"),
];

impl Airport {
    pub fn name_in_portuguese(&self) -> Cow<'static, str> {
        if let Some([portuguese, _]) = TOLD.get(self.iata) {
            return Cow::Borrowed(portuguese);
        }
        let named = |(ending, before): &(&str, &str)| {
            let own = self.name.strip_suffix(ending)?;
            let of = if own == self.city { "de " } else { "" };
            Some(Cow::Owned(format!("{before} {of}{own}")))
        };
        let named = GENERIC.iter().find_map(named);
        named.unwrap_or(Cow::Borrowed(self.name))
    }

    pub fn name_in_english(&self) -> &'static str {
        TOLD.get(self.iata)
            .map_or(self.name, |[_, english]| english)
    }
}

fn parse(table: &'static str) -> BTreeMap<&'static str, [&'static str; 2]> {
    let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    let names = |line: &'static str| {
        let fields: Vec<&'static str> = line.split(',').collect();
        let [iata, portuguese, english] = fields[..] else {
            panic!("data/airport_names.csv: three fields expected in {line:?}");
        };
        (iata, [portuguese, english])
    };
    lines.map(names).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{all, find};
    use super::*;

    #[test]
    fn an_airport_is_called_as_people_there_call_it() {
        for (iata, portuguese, english) in [
            (
                "GRU",
                "Aeroporto Internacional de Guarulhos",
                "Guarulhos International Airport",
            ),
            ("SDU", "Aeroporto Santos Dumont", "Santos Dumont Airport"),
            ("CAC", "Aeroporto de Cascavel", "Cascavel Airport"),
            (
                "MAO",
                "Aeroporto Internacional Eduardo Gomes",
                "Eduardo Gomes International Airport",
            ),
            (
                "MIA",
                "Aeroporto Internacional de Miami",
                "Miami International Airport",
            ),
        ] {
            let airport = find(iata).unwrap();
            let told = (airport.name_in_portuguese(), airport.name_in_english());
            assert_eq!(told, (portuguese.into(), english), "{iata}");
        }
    }

    #[test]
    fn no_name_in_portuguese_of_the_country_has_an_english_word() {
        for airport in all().filter(|one| one.zone == "America/Sao_Paulo") {
            let name = airport.name_in_portuguese();
            assert!(!name.contains("Airport"), "{}: {name}", airport.iata);
        }
    }

    #[test]
    fn every_line_of_the_table_is_of_an_airport_that_is_known() {
        assert!(TOLD.len() > 40);
        for (iata, names) in TOLD.iter() {
            assert!(find(iata).is_some(), "{iata}");
            assert!(names.iter().all(|name| !name.is_empty()), "{iata}");
        }
    }
}
