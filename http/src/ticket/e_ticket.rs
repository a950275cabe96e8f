//! The e-ticket of a ticket: pages with their codes, for whoever asks for the document and for who gets it by mail.

use std::sync::Arc;

use passcom_actors::catalogue::Catalogue;
use passcom_actors::catalogue::cabin::Layout;
use passcom_actors::domain::order::Leg;
use passcom_actors::domain::ticket::Ticket;

use super::pdf::{Form, PdfError};
use super::travellers::{Traveller, travellers};
use super::{code, pdf};
use crate::airlines::Airlines;
use crate::language::Language;
use crate::token::TokenIssuer;

/// All that a document is made of.
pub(crate) struct Printing {
    pub ticket: Ticket,
    /// Of each traveller's seats, as they were sold.
    pub labels: Vec<Vec<Option<String>>>,
    pub issuer: Arc<TokenIssuer>,
    pub public_url: Option<String>,
    pub airlines: Airlines,
    pub form: Form,
    /// Seconds since 1970.
    pub now: i64,
    pub language: Language,
}

/// A fault of the program; the text is for its log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrintError {
    #[error("a code is not signed: {0}")]
    Code(#[from] jsonwebtoken::errors::Error),
    #[error("{0}")]
    Pdf(#[from] PdfError),
}

impl Printing {
    pub fn print(self) -> Result<Vec<u8>, PrintError> {
        let mut pages = Vec::new();
        let all = travellers(&self.ticket).into_iter().zip(self.labels);
        let all: Vec<_> = match self.form {
            Form::EachFlight => all.flat_map(each_flight).collect(),
            Form::EachTraveller | Form::OneSheet => all.collect(),
        };
        for (traveller, seats) in all {
            let code = code::issue(&self.issuer, &self.ticket, &traveller, &seats, self.now)?;
            pages.push(pdf::Page {
                seats,
                qr: match &self.public_url {
                    Some(page) => format!("{page}/#/bilhete/{code}"),
                    None => code,
                },
                traveller,
            });
        }
        let (ticket, airlines) = (&self.ticket, &self.airlines);
        Ok(pdf::render(
            ticket,
            &pages,
            airlines,
            self.form,
            self.language,
        )?)
    }
}

/// A traveller of each flight, with what the seat is called.
fn each_flight<'t>(
    (traveller, seats): (Traveller<'t>, Vec<Option<String>>),
) -> impl Iterator<Item = (Traveller<'t>, Vec<Option<String>>)> {
    let passenger = traveller.passenger;
    let flights = traveller.legs.into_iter().zip(seats);
    flights.map(move |(leg, seat)| {
        let legs = vec![leg];
        (Traveller { passenger, legs }, vec![seat])
    })
}

/// What each traveller's seats are called.
pub(crate) fn labels(catalogue: &Catalogue, ticket: &Ticket) -> Vec<Vec<Option<String>>> {
    let seats = travellers(ticket).into_iter().map(|traveller| {
        let legs = traveller.legs.iter();
        legs.map(|leg| label(catalogue, leg)).collect()
    });
    seats.collect()
}

/// What a seat is called as it was sold, or, of an old order, in the cabin that the catalogue has for its flight now.
pub(crate) fn label(catalogue: &Catalogue, leg: &Leg) -> Option<String> {
    let by_catalogue = || {
        let route = catalogue.route(leg.seat.company, leg.seat.route)?;
        let place = Layout::of(&route.equipment, route.seats).place(leg.seat.number)?;
        Some(place.to_string())
    };
    leg.label.clone().or_else(by_catalogue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airlines::tests::airlines;
    use crate::ticket::travellers::tests::{leg, ticket};
    use crate::token::tests::{NOW, two_companies};

    fn pages(form: Form) -> usize {
        let legs = vec![
            leg("a", 1, 7, Some("Ana")),
            leg("a", 1, 8, Some("Bia")),
            leg("b", 2, 3, Some("Ana")),
            leg("b", 2, 4, Some("Bia")),
        ];
        let (issuer, _, _) = two_companies();
        let printing = Printing {
            ticket: ticket(legs),
            labels: vec![vec![None, None], vec![None, None]],
            issuer: Arc::new(issuer),
            public_url: None,
            airlines: airlines(),
            form,
            now: NOW,
            language: Language::English,
        };
        let pdf = printing.print().unwrap();
        let part = b"/Type /Page\n";
        pdf.windows(part.len()).filter(|at| at == part).count()
    }

    #[test]
    fn a_document_has_a_page_per_person_or_per_person_and_flight_as_it_is_asked_for() {
        assert_eq!(pages(Form::EachTraveller), 2);
        assert_eq!(pages(Form::EachFlight), 4);
        assert_eq!(pages(Form::OneSheet), 1);
    }
}
