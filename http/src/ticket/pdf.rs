//! The e-ticket as PDF: a page or more per traveller, with the flights in order and the QR code at the top.

use passcom_actors::catalogue::airports;
use passcom_actors::catalogue::cabin::Place;
use passcom_actors::domain::currency;
use passcom_actors::domain::ids::SeatNumber;
use passcom_actors::domain::order::{Leg, Price};
use passcom_actors::domain::ticket::Ticket;
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcode::types::QrError;

use super::travellers::Traveller;
use super::{font, qr};
use crate::clock;
use crate::language::Language;

/// A4, in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
/// Side of the QR code with the white around it.
const QR_SIDE: f32 = 190.0;
/// Room of one flight, and where the first one on a page begins: below the code, or at the top of a further page.
const LEG_HEIGHT: f32 = 78.0;
const LEGS_TOP: f32 = 565.0;
const REGULAR: Name = Name(b"R");
const BOLD: Name = Name(b"B");

/// What is said of one traveller.
pub(crate) struct Page<'a> {
    pub traveller: Traveller<'a>,
    /// Where each of the seats is, as far as it is known.
    pub seats: Vec<Option<Place>>,
    /// What the QR code says.
    pub qr: String,
}

struct Words {
    tag: &'static str,
    title: &'static str,
    passenger: &'static str,
    unnamed: &'static str,
    document: &'static str,
    ticket: &'static str,
    issued: &'static str,
    flight: &'static str,
    departs: &'static str,
    arrives: &'static str,
    seat: &'static str,
    price: &'static str,
    decimal_mark: char,
    note: [&'static str; 2],
    none: &'static str,
}

const PORTUGUESE: Words = Words {
    tag: "pt-BR",
    title: "Bilhete eletrônico",
    passenger: "Passageiro",
    unnamed: "(sem nome informado)",
    document: "Documento",
    ticket: "Passagem",
    issued: "Comprada em",
    flight: "Voo",
    departs: "Partida",
    arrives: "Chegada",
    seat: "Assento",
    price: "Preço",
    decimal_mark: ',',
    note: [
        "Horários locais de cada aeroporto, com a diferença para UTC.",
        "O código prova quem comprou o quê; um cancelamento posterior não aparece nele.",
    ],
    none: "Nenhum assento desta passagem está confirmado.",
};

const ENGLISH: Words = Words {
    tag: "en",
    title: "E-ticket",
    passenger: "Passenger",
    unnamed: "(no name given)",
    document: "Document",
    ticket: "Ticket",
    issued: "Bought",
    flight: "Flight",
    departs: "Departs",
    arrives: "Arrives",
    seat: "Seat",
    price: "Price",
    decimal_mark: '.',
    note: [
        "Times are local to each airport, with their offset from UTC.",
        "The code proves who bought what; a later cancellation does not show in it.",
    ],
    none: "No seat of this ticket is confirmed.",
};

pub(crate) fn render(
    ticket: &Ticket,
    pages: &[Page<'_>],
    language: Language,
) -> Result<Vec<u8>, QrError> {
    let words = match language {
        Language::Portuguese => &PORTUGUESE,
        Language::English => &ENGLISH,
    };
    let mut contents = Vec::new();
    for page in pages {
        contents.extend(traveller_pages(ticket, page, words)?);
    }
    if contents.is_empty() {
        let mut sheet = Sheet::new(ticket, words);
        sheet.text(REGULAR, 12.0, MARGIN, 640.0, words.none);
        contents.push(sheet.content);
    }
    Ok(document(ticket, contents, words))
}

/// As many pages as the traveller's flights need; only the first has the code.
fn traveller_pages(
    ticket: &Ticket,
    page: &Page<'_>,
    words: &Words,
) -> Result<Vec<Content>, QrError> {
    let mut sheet = Sheet::new(ticket, words);
    sheet.traveller(&page.traveller, words);
    sheet.code(&page.qr)?;
    let mut done = Vec::new();
    let mut y = LEGS_TOP;
    for (leg, place) in page.traveller.legs.iter().zip(&page.seats) {
        if y - LEG_HEIGHT < MARGIN + 30.0 {
            done.push(std::mem::replace(&mut sheet, Sheet::new(ticket, words)).content);
            y = HEIGHT - 150.0;
        }
        sheet.leg(leg, *place, y, words);
        y -= LEG_HEIGHT;
    }
    done.push(sheet.content);
    Ok(done)
}

fn document(ticket: &Ticket, contents: Vec<Content>, words: &Words) -> Vec<u8> {
    let mut next = Ref::new(1);
    let [catalog, tree, info, regular, bold] = [(); 5].map(|()| next.bump());
    let pages: Vec<(Ref, Ref)> = contents
        .iter()
        .map(|_| (next.bump(), next.bump()))
        .collect();
    let title = format!("{} {}", words.title, ticket.id);
    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr(words.tag));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    pdf.document_info(info)
        .title(TextStr(&title))
        .creator(TextStr("PassCom"));
    let count = i32::try_from(pages.len()).expect("sixteen seats are few pages");
    pdf.pages(tree)
        .kids(pages.iter().map(|(page, _)| *page))
        .count(count);
    for (id, name) in [(regular, "Helvetica"), (bold, "Helvetica-Bold")] {
        pdf.type1_font(id)
            .base_font(Name(name.as_bytes()))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for ((page, stream), content) in pages.iter().zip(contents) {
        let mut sheet = pdf.page(*page);
        sheet
            .parent(tree)
            .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .contents(*stream);
        sheet
            .resources()
            .fonts()
            .pair(REGULAR, regular)
            .pair(BOLD, bold);
        sheet.finish();
        pdf.stream(*stream, &content.finish());
    }
    pdf.finish()
}

/// `12C (70)`, or the number alone where the cabin is not known.
pub(super) fn seat_label(number: SeatNumber, place: Option<Place>) -> String {
    match place {
        Some(place) => format!("{}{} ({number})", place.row, place.letter),
        None => number.to_string(),
    }
}

/// A page being drawn.
struct Sheet {
    content: Content,
}

impl Sheet {
    fn new(ticket: &Ticket, words: &Words) -> Self {
        let mut sheet = Self {
            content: Content::new(),
        };
        sheet.text(BOLD, 20.0, MARGIN, HEIGHT - 70.0, "PassCom");
        sheet.text(REGULAR, 12.0, MARGIN, HEIGHT - 90.0, words.title);
        let line = format!("{} {}", words.ticket, ticket.id);
        sheet.text(REGULAR, 9.0, MARGIN, HEIGHT - 110.0, &line);
        for (index, note) in words.note.iter().enumerate() {
            let y = MARGIN + 10.0 - 12.0 * index as f32;
            sheet.text(REGULAR, 8.0, MARGIN, y, note);
        }
        // by the clock of where the trip begins
        let origin = ticket.order.legs.first().map_or("", |leg| &leg.origin_iata);
        let bought = readable(ticket.order.created_at / 1000, origin);
        let line = format!("{} {bought}", words.issued);
        sheet.text(REGULAR, 9.0, MARGIN, HEIGHT - 123.0, &line);
        sheet
    }

    fn traveller(&mut self, traveller: &Traveller<'_>, words: &Words) {
        let room = WIDTH - 2.0 * MARGIN - QR_SIDE - 10.0;
        let name = traveller.passenger.map_or(words.unnamed, |who| &who.name);
        self.text(BOLD, 9.0, MARGIN, HEIGHT - 165.0, words.passenger);
        let name = font::fitting(name, 14.0, room);
        self.text(REGULAR, 14.0, MARGIN, HEIGHT - 183.0, &name);
        let document = traveller.passenger.and_then(|who| who.document.as_deref());
        if let Some(document) = document {
            self.text(BOLD, 9.0, MARGIN, HEIGHT - 208.0, words.document);
            let document = font::fitting(document, 12.0, room);
            self.text(REGULAR, 12.0, MARGIN, HEIGHT - 224.0, &document);
        }
    }

    fn code(&mut self, text: &str) -> Result<(), QrError> {
        let (modules, dark) = qr::draw(text)?;
        let side = QR_SIDE / modules as f32;
        let (left, top) = (WIDTH - MARGIN - QR_SIDE, HEIGHT - 50.0);
        for stretch in dark {
            let x = left + stretch.x as f32 * side;
            let y = top - (stretch.y + 1) as f32 * side;
            self.content.rect(x, y, stretch.length as f32 * side, side);
        }
        self.content.fill_nonzero();
        Ok(())
    }

    fn leg(&mut self, leg: &Leg, place: Option<Place>, y: f32, words: &Words) {
        self.content
            .set_line_width(0.5)
            .move_to(MARGIN, y)
            .line_to(WIDTH - MARGIN, y)
            .stroke();
        let route = format!(
            "{} ({}) – {} ({})",
            leg.origin, leg.origin_iata, leg.destination, leg.destination_iata
        );
        let flight = format!("{} {}  ", words.flight, leg.flight);
        self.text(BOLD, 12.0, MARGIN, y - 18.0, &flight);
        let route = font::fitting(&route, 12.0, 370.0);
        self.text(REGULAR, 12.0, MARGIN + 125.0, y - 18.0, &route);
        let seat = seat_label(leg.seat.number, place);
        let Price { minor, currency } = &leg.price;
        let price = format!(
            "{currency} {}",
            currency::decimal(*minor, currency, words.decimal_mark)
        );
        let facts = [
            (words.departs, readable(leg.departs, &leg.origin_iata), 0.0),
            (
                words.arrives,
                readable(leg.arrives, &leg.destination_iata),
                160.0,
            ),
            (words.seat, seat, 320.0),
            (words.price, price, 400.0),
        ];
        for (label, value, x) in facts {
            self.text(BOLD, 8.0, MARGIN + x, y - 38.0, label);
            let value = font::fitting(&value, 10.0, 150.0);
            self.text(REGULAR, 10.0, MARGIN + x, y - 52.0, &value);
        }
    }

    fn text(&mut self, face: Name<'_>, size: f32, x: f32, y: f32, text: &str) {
        self.content
            .begin_text()
            .set_font(face, size)
            .next_line(x, y)
            .show(Str(&font::encode(text)))
            .end_text();
    }
}

/// `2026-11-23 14:00 (-03:00)` by the clock of the airport. Of an airport whose clock nobody here knows, `… (UTC)`: that is
/// no local time, and must not look like one.
fn readable(seconds: i64, iata: &str) -> String {
    let at = clock::local(seconds, iata);
    let known = airports::find(iata).is_some();
    match (at.get(..10), at.get(11..16), at.get(at.len() - 6..)) {
        (Some(date), Some(time), Some(offset)) if known => format!("{date} {time} ({offset})"),
        (Some(date), Some(time), _) => format!("{date} {time} (UTC)"),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_the_airport_or_says_that_it_is_not() {
        let at = 1_730_319_757;
        assert_eq!(readable(at, "GRU"), "2024-10-30 17:22 (-03:00)");
        assert_eq!(readable(at, "LHR"), "2024-10-30 20:22 (+00:00)");
        assert_eq!(readable(at, "???"), "2024-10-30 20:22 (UTC)");
    }
}
