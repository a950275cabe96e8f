//! The e-ticket as PDF: a page or more per traveller, or per traveller and flight, with the flights in order and the QR code at the top; or
//! one sheet for all, with their codes below the flights.
//!
//! What is printed is first laid out ([`layout`], [`flights`], [`conditions`], [`refunds`], in the [`words`] of a language) in
//! [`sheet`]s, from top to bottom, then drawn. The document is tagged for those who hear it (PDF/UA-1): headings, paragraphs in
//! the order of reading, and what the code is. It is made of its ticket, pages and companies alone, so that the same give the same
//! bytes.

mod conditions;
mod flights;
mod layout;
mod refunds;
mod sheet;
mod words;

use krilla::configure::{Configuration, Validator};
use krilla::error::KrillaError;
use krilla::metadata::Metadata;
use krilla::tagging::Tag;
use krilla::{Document, SerializeSettings};
use passcom_actors::domain::ids::{CompanyId, RouteId, SeatNumber};
use passcom_actors::domain::ticket::Ticket;
use qrcode::types::QrError;

use self::flights::{Seat, sum};
use self::layout::{BODY, Layout, NAME, STRONG, TOP};
use self::sheet::{Block, Mark, Role};
use self::words::Words;
use super::qr;
use super::text::Text;
use super::travellers::Traveller;
use crate::airlines::Airlines;
use crate::language::Language;
use crate::money;

/// A4, in points; places are measured from the upper left corner.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
/// Side of the QR code with the white around it.
const QR_SIDE: f32 = 190.0;
/// Room beside the code, and of a whole line.
const BESIDE: f32 = WIDTH - 2.0 * MARGIN - QR_SIDE - 10.0;
const LINE: f32 = WIDTH - 2.0 * MARGIN;
/// Codes beside each other on the sheet of all, their side, and the room below each for a name.
const CODES_IN_ROW: usize = 3;
const CODE_OF_ALL: f32 = LINE / CODES_IN_ROW as f32 - 6.0;

/// What is said of one traveller.
pub(crate) struct Page<'a> {
    pub traveller: Traveller<'a>,
    /// What each of the seats was called when it was sold, as far as it is known.
    pub seats: Vec<Option<String>>,
    /// What the QR code says.
    pub qr: String,
}

/// What a document is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Pages of their own for each traveller, with their codes.
    EachTraveller,
    /// A page of its own for each flight of each traveller, with a code of that alone.
    EachFlight,
    /// All travellers together, with their codes.
    OneSheet,
}

/// Why there is no document: a fault of the program, never of the ticket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PdfError {
    #[error("the QR code: {0}")]
    Code(QrError),
    #[error("the document: {0:?}")]
    Document(KrillaError),
}

pub(crate) fn render(
    ticket: &Ticket,
    pages: &[Page<'_>],
    airlines: &Airlines,
    form: Form,
    language: Language,
) -> Result<Vec<u8>, PdfError> {
    let words = Words::of(language);
    let mut layout = Layout::new(ticket, airlines, words);
    match form {
        _ if pages.is_empty() => {
            layout.begin_section(words.title);
            layout.paragraph(words.none, BODY, LINE);
        }
        Form::EachTraveller | Form::EachFlight => {
            for page in pages {
                layout.traveller(page)?;
            }
        }
        Form::OneSheet => layout.all(pages)?,
    }
    if !ticket.refunds.is_empty() {
        layout.refunds();
    }
    let mut document = Document::new_with(SerializeSettings {
        configuration: Configuration::new_with_validator(Validator::UA1),
        ..SerializeSettings::default()
    });
    sheet::draw(&mut document, &layout.sections);
    let title = format!("{} {}", words.title, ticket.id);
    let metadata = Metadata::new()
        .title(title)
        .language(words.tag.to_owned())
        .creator("PassCom".to_owned())
        .document_id(ticket.id.to_string());
    document.set_metadata(metadata);
    document.finish().map_err(PdfError::Document)
}

/// `12C (70)`, or the number alone where nobody knows what the seat is called.
pub(super) fn seat_label(number: SeatNumber, label: Option<&str>) -> String {
    match label {
        Some(label) => format!("{label} ({number})"),
        None => number.to_string(),
    }
}

impl Page<'_> {
    fn name<'w>(&'w self, words: &'w Words) -> &'w str {
        let passenger = self.traveller.passenger;
        passenger.map_or(words.unnamed, |who| &who.name)
    }

    fn seats(&self) -> impl Iterator<Item = Seat<'_>> {
        let labels = self.seats.iter().map(Option::as_deref);
        let legs = self.traveller.legs.iter().zip(labels);
        legs.map(|(leg, label)| Seat { leg, label })
    }
}

impl Layout<'_> {
    fn traveller(&mut self, page: &Page<'_>) -> Result<(), PdfError> {
        let words = self.words;
        let name = page.name(words);
        self.begin_section(name);
        let code = qr::draw(&page.qr).map_err(PdfError::Code)?;
        self.labelled(words.passenger, name, NAME);
        let document = page
            .traveller
            .passenger
            .and_then(|who| who.document.as_deref());
        if let Some(document) = document {
            self.labelled(words.document, document, BODY);
        }
        // after the name in the order of reading, beside it on the page
        let section = self.section();
        let figure = Tag::Figure(Some(words.code.to_owned())).into();
        section.first().blocks.push(Block {
            role: Role::Structure(Box::new(figure)),
            marks: vec![Mark::Code {
                modules: code.0,
                dark: code.1,
                left: WIDTH - MARGIN - QR_SIDE,
                top: TOP,
                side: QR_SIDE,
            }],
        });
        if section.sheets.len() == 1 {
            self.y = self.y.max(TOP + QR_SIDE + 12.0);
        }
        for seat in page.seats() {
            self.flight(&seat);
        }
        self.conditions(page.traveller.legs.iter().copied());
        Ok(())
    }

    /// Every flight once, with who sits where.
    fn all(&mut self, pages: &[Page<'_>]) -> Result<(), PdfError> {
        let words = self.words;
        self.begin_section(words.title);
        let names: Vec<&str> = pages.iter().map(|page| page.name(words)).collect();
        self.heading(words.passengers, STRONG);
        self.paragraph(&names.join(", "), BODY, LINE);
        self.y += 10.0;
        let place = |seat: &Seat<'_>| -> (i64, CompanyId, RouteId) {
            (seat.leg.departs, seat.leg.seat.company, seat.leg.seat.route)
        };
        let mut seats: Vec<(String, Seat<'_>)> = Vec::new();
        for page in pages {
            seats.extend(page.seats().map(|seat| (page.name(words).to_owned(), seat)));
        }
        // stable: of a flight, in the order of the pages
        seats.sort_by_key(|(_, seat)| place(seat));
        for flight in seats.chunk_by(|(_, one), (_, other)| place(one) == place(other)) {
            self.flight_of_all(flight);
        }
        if let Some(total) = sum(seats.iter().map(|(_, seat)| &seat.leg.price)) {
            let total = money::readable(&total, words.language);
            self.paragraph(&format!("{}: {total}", words.total), STRONG, LINE);
            self.y += 8.0;
        }
        self.codes(pages)?;
        self.conditions(seats.iter().map(|(_, seat)| seat.leg));
        Ok(())
    }

    /// The code of each traveller over the name, several beside each other.
    fn codes(&mut self, pages: &[Page<'_>]) -> Result<(), PdfError> {
        let words = self.words;
        for row in pages.chunks(CODES_IN_ROW) {
            let names: Vec<Text> = row
                .iter()
                .map(|page| {
                    self.typesetter
                        .set(page.name(words), STRONG, CODE_OF_ALL - 8.0)
                })
                .collect();
            let tallest = names.iter().map(Text::height).fold(0.0, f32::max);
            let top = self.room(CODE_OF_ALL + tallest + 8.0);
            for ((page, name), at) in row.iter().zip(names).zip(0_u8..) {
                let left = MARGIN + f32::from(at) * LINE / CODES_IN_ROW as f32;
                let (modules, dark) = qr::draw(&page.qr).map_err(PdfError::Code)?;
                let figure = Tag::Figure(Some(format!("{} {}", words.code, page.name(words))));
                let code = Mark::Code {
                    modules,
                    dark,
                    left,
                    top,
                    side: CODE_OF_ALL,
                };
                let role = Role::Structure(Box::new(figure.into()));
                self.block(role, vec![code]);
                let name = Mark::text(name, left + 8.0, top + CODE_OF_ALL);
                self.block(layout::said(), vec![name]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
