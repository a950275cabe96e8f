//! Companies, as customers read them.

use std::collections::BTreeSet;

use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;

use crate::airlines::{self, Airlines};
use crate::language::Language;

/// Name and conditions of a company, in the language of the answer.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Airline<'a> {
    company: CompanyId,
    #[serde(rename = "nome")]
    name: String,
    /// Null where its operator says nothing.
    #[serde(rename = "condicoes")]
    conditions: Option<Conditions<'a>>,
    /// What is to be told of whoever it carries.
    #[serde(rename = "exige")]
    requires: Required,
}

#[derive(Debug, PartialEq, Serialize)]
struct Required {
    #[serde(rename = "documento")]
    document: bool,
    #[serde(rename = "nascimento")]
    birth: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct Conditions<'a> {
    #[serde(rename = "bagagem")]
    baggage: &'a str,
    #[serde(rename = "reembolso")]
    refund: &'a str,
    #[serde(rename = "remarcacao")]
    change: &'a str,
}

/// A company, and whether this node reaches it.
#[derive(Serialize)]
pub(crate) struct AirlineUp<'a> {
    #[serde(flatten)]
    airline: Airline<'a>,
    #[serde(rename = "no_ar")]
    up: bool,
}

/// Tells companies to readers of one language.
#[derive(Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub airlines: &'a Airlines,
    pub language: Language,
}

impl<'a> Teller<'a> {
    pub fn one(self, company: CompanyId) -> Airline<'a> {
        let tell = |of: &'a airlines::Conditions| Conditions {
            baggage: of.baggage.to(self.language),
            refund: of.refund.to(self.language),
            change: of.change.to(self.language),
        };
        let requires = self.airlines.requires(company);
        Airline {
            company,
            name: self.airlines.name(&company).to_owned(),
            conditions: self.airlines.conditions(company).map(tell),
            requires: Required {
                document: requires.document,
                birth: requires.birth,
            },
        }
    }

    /// Each of these once, ascending by code.
    pub fn all(self, companies: impl Iterator<Item = CompanyId>) -> Vec<Airline<'a>> {
        let companies: BTreeSet<CompanyId> = companies.collect();
        companies
            .into_iter()
            .map(|company| self.one(company))
            .collect()
    }

    pub fn up(self, (company, up): (CompanyId, bool)) -> AirlineUp<'a> {
        AirlineUp {
            airline: self.one(company),
            up,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::airlines::tests::airlines;

    #[test]
    fn a_company_is_told_once_in_the_language_of_who_reads() {
        let airlines = airlines();
        let told = |language| {
            let teller = Teller {
                airlines: &airlines,
                language,
            };
            let codes = ["a", "G3", "a"].map(|code| code.parse().unwrap());
            serde_json::to_value(teller.all(codes.into_iter())).unwrap()
        };
        let nothing = json!({"documento": false, "nascimento": false});
        let gol = json!({"company": "G3", "nome": "Gol", "condicoes": null, "exige": nothing});
        let of_a = |bag, refund, change| {
            let said = json!({"bagagem": bag, "reembolso": refund, "remarcacao": change});
            json!({"company": "a", "nome": "Andorinha", "condicoes": said, "exige": nothing})
        };
        assert_eq!(
            told(Language::English),
            json!([gol, of_a("One bag.", "None.", "Without a fee.")])
        );
        assert_eq!(
            told(Language::Portuguese),
            json!([gol, of_a("Uma mala.", "Não há.", "Sem multa.")])
        );
    }

    #[test]
    fn a_company_is_up_or_down() {
        let airlines = airlines();
        let teller = Teller {
            airlines: &airlines,
            language: Language::English,
        };
        let told = serde_json::to_value(teller.up(("z9".parse().unwrap(), true))).unwrap();
        let nothing = json!({"documento": false, "nascimento": false});
        let expected = json!({
            "company": "z9", "nome": "z9", "condicoes": null, "exige": nothing, "no_ar": true,
        });
        assert_eq!(told, expected);
    }
}
