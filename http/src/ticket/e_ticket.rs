//! The e-ticket of a ticket: pages with their codes, for whoever asks for the document and for who gets it by mail.

use std::sync::Arc;

use passcom_actors::catalogue::Catalogue;
use passcom_actors::catalogue::cabin::Layout;
use passcom_actors::domain::order::Leg;
use passcom_actors::domain::ticket::Ticket;

use super::pdf::{Form, PdfError};
use super::travellers::travellers;
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
        for (traveller, seats) in travellers(&self.ticket).into_iter().zip(self.labels) {
            let code = code::issue(&self.issuer, &self.ticket, &traveller, self.now)?;
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
