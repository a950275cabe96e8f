//! What came back for seats that were cancelled, on sheets at the end.

use passcom_actors::domain::order::Leg;
use passcom_actors::domain::refund::Refunded;

use super::LINE;
use super::layout::{BODY, Layout, NAME};
use crate::money;

impl Layout<'_> {
    /// What came back, when and by which rule: for each seat a line or more.
    pub fn refunds(&mut self) {
        let words = self.words;
        self.begin_section(words.refunds);
        self.heading(words.refunds, NAME);
        let ticket = self.ticket;
        for leg in &ticket.order.legs {
            if let Some(refund) = ticket.refund_of(leg.seat) {
                let line = self.refund(leg, refund);
                self.paragraph(&line, BODY, LINE);
            }
        }
    }

    /// `G31234 CWB – GRU, assento 29B: R$ 321,93; regra da companhia; segunda-feira, 23 de novembro de 2026, 14h00, decidido por Gol`
    pub fn refund(&self, leg: &Leg, refund: &Refunded) -> String {
        let words = self.words;
        let at = words.when(refund.decided_at / 1000, &leg.origin_iata, None);
        let seat = match &leg.label {
            Some(label) => label.clone(),
            None => leg.seat.number.to_string(),
        };
        format!(
            "{} {} – {}, {} {seat}: {}; {}; {at}, {} {}",
            leg.flight,
            leg.origin_iata,
            leg.destination_iata,
            words.seat.to_lowercase(),
            money::readable(&refund.amount, words.language),
            words.ground(refund.ground),
            words.decided,
            self.airlines.name(&refund.by)
        )
    }
}
