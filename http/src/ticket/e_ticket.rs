//! The e-ticket of a ticket: pages with their codes, for whoever asks for the document and for who gets it by mail.

use std::sync::Arc;

use passcom_actors::catalogue::Catalogue;
use passcom_actors::catalogue::cabin::{Layout, Place};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::ticket::Ticket;

use super::pdf::PdfError;
use super::travellers::travellers;
use super::{code, pdf};
use crate::language::Language;
use crate::token::TokenIssuer;

/// All that a document is made of.
pub(crate) struct Printing {
    pub ticket: Ticket,
    /// Of each traveller's seats.
    pub places: Vec<Vec<Option<Place>>>,
    pub issuer: Arc<TokenIssuer>,
    pub public_url: Option<String>,
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
        for (traveller, seats) in travellers(&self.ticket).into_iter().zip(self.places) {
            let code = code::issue(&self.issuer, self.ticket.id, &traveller, self.now)?;
            pages.push(pdf::Page {
                seats,
                qr: match &self.public_url {
                    Some(page) => format!("{page}/#/bilhete/{code}"),
                    None => code,
                },
                traveller,
            });
        }
        Ok(pdf::render(&self.ticket, &pages, self.language)?)
    }
}

/// Where each traveller's seats are, as far as the catalogue knows the legs.
pub(crate) fn places(catalogue: &Catalogue, ticket: &Ticket) -> Vec<Vec<Option<Place>>> {
    let seats = travellers(ticket).into_iter().map(|traveller| {
        let legs = traveller.legs.iter();
        legs.map(|leg| place(catalogue, leg.seat)).collect()
    });
    seats.collect()
}

/// Where a seat is in its cabin, as far as the catalogue knows the leg.
pub(crate) fn place(catalogue: &Catalogue, seat: SeatRef) -> Option<Place> {
    let route = catalogue.route(seat.company, seat.route)?;
    Layout::of(&route.equipment, route.seats).place(seat.number)
}
