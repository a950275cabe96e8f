//! Who the companies are to customers: what they are called, and what holds of every fare of theirs.
//!
//! The configuration has checked that all of it is short and can be seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use passcom_actors::domain::accounts::Language;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::papers::Requires;

/// All companies of the cluster. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Airlines(Arc<BTreeMap<CompanyId, Airline>>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Airline {
    pub name: String,
    /// Where customers find its page (`https://host`), if that is known.
    pub page: Option<String>,
    /// None where its operator says nothing.
    pub conditions: Option<Conditions>,
    /// What it asks to be told of whoever it carries.
    pub requires: Requires,
}

/// A sentence about each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    pub baggage: Sentence,
    pub refund: Sentence,
    pub change: Sentence,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub portuguese: String,
    pub english: String,
}

impl Airlines {
    pub fn new(airlines: impl IntoIterator<Item = (CompanyId, Airline)>) -> Self {
        Self(Arc::new(airlines.into_iter().collect()))
    }

    /// What a company is called; of one that is none of the cluster's any more, its code.
    pub(crate) fn name<'a>(&'a self, company: &'a CompanyId) -> &'a str {
        let known = self.0.get(company);
        known.map_or(company.as_str(), |airline| &airline.name)
    }

    pub(crate) fn page(&self, company: CompanyId) -> Option<&str> {
        self.0.get(&company)?.page.as_deref()
    }

    pub(crate) fn requires(&self, company: CompanyId) -> Requires {
        let known = self.0.get(&company);
        known.map(|airline| airline.requires).unwrap_or_default()
    }

    pub(crate) fn conditions(&self, company: CompanyId) -> Option<&Conditions> {
        self.0.get(&company)?.conditions.as_ref()
    }
}

impl Sentence {
    pub(crate) fn to(&self, language: Language) -> &str {
        match language {
            Language::Portuguese => &self.portuguese,
            Language::English => &self.english,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn sentence(portuguese: &str, english: &str) -> Sentence {
        Sentence {
            portuguese: portuguese.to_owned(),
            english: english.to_owned(),
        }
    }

    /// Company `a` with conditions, `G3` without.
    pub fn airlines() -> Airlines {
        let conditions = Conditions {
            baggage: sentence("Uma mala.", "One bag."),
            refund: sentence("Não há.", "None."),
            change: sentence("Sem multa.", "Without a fee."),
        };
        let airline = |name: &str, conditions| Airline {
            name: name.to_owned(),
            page: None,
            conditions,
            requires: Requires::default(),
        };
        Airlines::new([
            ("a".parse().unwrap(), airline("Andorinha", Some(conditions))),
            ("G3".parse().unwrap(), airline("Gol", None)),
        ])
    }

    #[test]
    fn a_company_that_nobody_knows_is_told_by_its_code() {
        let airlines = airlines();
        let (known, unknown) = ("a".parse().unwrap(), "z9".parse().unwrap());
        assert_eq!(airlines.name(&known), "Andorinha");
        assert_eq!(airlines.name(&unknown), "z9");
        assert_eq!(airlines.conditions(unknown), None);
    }
}
