//! What holds of the fares that were bought: baggage, refund and change, of each company once.

use std::collections::BTreeSet;

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::order::Leg;

use super::LINE;
use super::layout::{LABEL, Layout, SMALL, STRONG};

impl Layout<'_> {
    /// Of the companies of these legs; nothing where none of them says anything.
    pub fn conditions<'l>(&mut self, legs: impl Iterator<Item = &'l Leg>) {
        let companies: BTreeSet<CompanyId> = legs.map(|leg| leg.seat.company).collect();
        let (words, airlines) = (self.words, self.airlines);
        let told = |company: &CompanyId| {
            let conditions = airlines.conditions(*company)?;
            let sentences = [
                (words.baggage, &conditions.baggage),
                (words.refund, &conditions.refund),
                (words.change, &conditions.change),
            ];
            let said = sentences.map(|(what, said)| format!("{what}: {}", said.to(words.language)));
            Some((airlines.name(company).to_owned(), said))
        };
        let told: Vec<_> = companies.iter().filter_map(told).collect();
        if told.is_empty() {
            return;
        }
        let top = self.room(8.0);
        self.rule(top);
        self.heading(words.conditions, STRONG);
        for (company, sentences) in told {
            self.paragraph(&company, LABEL, LINE);
            for sentence in sentences {
                self.paragraph(&sentence, SMALL, LINE);
            }
            self.y += 4.0;
        }
    }
}
