//! Who the companies of a local cluster are to customers: names and conditions of airlines that there are not.

use std::collections::BTreeMap;

use passcom_actors::domain::ids::CompanyId;
use serde::Deserialize;

use crate::config::Conditions;

const KNOWN: &str = include_str!("airlines.toml");
/// The entry of [`KNOWN`] for every company that has none.
const OTHER: &str = "other";

#[derive(Deserialize)]
pub struct Airline {
    pub name: String,
    pub conditions: Conditions,
}

pub fn of(company: CompanyId) -> Airline {
    let mut known: BTreeMap<String, Airline> =
        toml::from_str(KNOWN).expect("a part of the program that is tested");
    known.remove(company.as_str()).unwrap_or_else(|| {
        let other = known.remove(OTHER).expect("a part of the program, too");
        Airline {
            name: format!("{} {company}", other.name),
            ..other
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_company_has_a_name_of_its_own() {
        let name = |code: &str| of(code.parse().unwrap()).name;
        assert_eq!(name("a"), "Andorinha");
        assert!(name("G3").ends_with(" G3"));
        let longest = "x".repeat(passcom_actors::domain::ids::COMPANY_LEN_MAX);
        assert_ne!(name(&longest), name("G3"));
    }
}
