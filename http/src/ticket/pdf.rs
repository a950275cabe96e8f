//! The e-ticket as PDF: a page or more per traveller, with the flights in order and the QR code at the top.
//!
//! What is printed is first laid out in [`sheet`]s, from top to bottom, then drawn. The document is tagged for those who
//! hear it (PDF/UA-1): headings, paragraphs in the order of reading, and what the code is. It is made of its ticket and
//! pages alone, so that the same give the same bytes.

mod sheet;

use krilla::configure::{Configuration, Validator};
use krilla::error::KrillaError;
use krilla::metadata::Metadata;
use krilla::tagging::{ArtifactType, Tag, TagKind};
use krilla::{Document, SerializeSettings};
use passcom_actors::catalogue::airports;
use passcom_actors::domain::currency;
use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::ids::SeatNumber;
use passcom_actors::domain::order::{Leg, Price};
use passcom_actors::domain::refund::{Ground, Refunded};
use passcom_actors::domain::ticket::Ticket;
use qrcode::types::QrError;

use self::sheet::{Block, Mark, Role, Section, Sheet};
use super::qr;
use super::text::{Style, Text, Typesetter};
use super::travellers::Traveller;
use crate::clock;
use crate::language::Language;

/// A4, in points; places are measured from the upper left corner.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
/// Side of the QR code with the white around it.
const QR_SIDE: f32 = 190.0;
/// Room beside the code, and of a whole line.
const BESIDE: f32 = WIDTH - 2.0 * MARGIN - QR_SIDE - 10.0;
const LINE: f32 = WIDTH - 2.0 * MARGIN;
/// Where the header begins, and what follows it; nothing but the notes is below the end.
const TOP: f32 = 50.0;
const BELOW_HEADER: f32 = 136.0;
const END: f32 = HEIGHT - MARGIN - 30.0;
const NOTES: f32 = HEIGHT - MARGIN - 18.0;
/// Columns of a flight: where each begins, and its width.
const ROUTE: (f32, f32) = (125.0, 370.0);
const FACTS: [(f32, f32); 4] = [(0.0, 150.0), (160.0, 150.0), (320.0, 70.0), (400.0, 95.0)];

/// What is said of one traveller.
pub(crate) struct Page<'a> {
    pub traveller: Traveller<'a>,
    /// What each of the seats was called when it was sold, as far as it is known.
    pub seats: Vec<Option<String>>,
    /// What the QR code says.
    pub qr: String,
}

/// Why there is no document: a fault of the program, never of the ticket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PdfError {
    #[error("the QR code: {0}")]
    Code(QrError),
    #[error("the document: {0:?}")]
    Document(KrillaError),
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
    code: &'static str,
    altered: &'static str,
    withdrawn: &'static str,
    unseated: &'static str,
    sold_as: &'static str,
    refunds: &'static str,
    /// Before the company that decided it.
    decided: &'static str,
    regret: &'static str,
    tariff: &'static str,
    departed: &'static str,
    changed: &'static str,
    exchanged: &'static str,
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
    code: "Código QR que prova quem comprou estes assentos.",
    altered: "Alterado pela companhia.",
    withdrawn: "Voo cancelado pela companhia.",
    unseated: "A aeronave foi trocada e não há assento para você: procure a companhia.",
    sold_as: "na compra",
    refunds: "Reembolsos",
    decided: "decidido por",
    regret: "desistência em até 24 horas da compra",
    tariff: "regra da companhia",
    departed: "o voo já tinha partido",
    changed: "voo alterado pela companhia",
    exchanged: "trocado por outro voo, nada a devolver",
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
    code: "QR code that proves who bought these seats.",
    altered: "Changed by the airline.",
    withdrawn: "Flight cancelled by the airline.",
    unseated: "The aircraft was changed and has no seat for you: please contact the airline.",
    sold_as: "when bought",
    refunds: "Refunds",
    decided: "decided by",
    regret: "withdrawn within 24 hours of the purchase",
    tariff: "rule of the company",
    departed: "the flight had left",
    changed: "flight changed by the airline",
    exchanged: "exchanged for another flight, nothing to pay back",
};

pub(crate) fn render(
    ticket: &Ticket,
    pages: &[Page<'_>],
    language: Language,
) -> Result<Vec<u8>, PdfError> {
    let words = match language {
        Language::Portuguese => &PORTUGUESE,
        Language::English => &ENGLISH,
    };
    let mut printer = Printer::new(ticket, words);
    for page in pages {
        printer.traveller(page)?;
    }
    if pages.is_empty() {
        printer.begin_section(words.title);
        printer.paragraph(words.none, BODY, LINE);
    }
    if !ticket.refunds.is_empty() {
        printer.refunds();
    }
    let mut document = Document::new_with(SerializeSettings {
        configuration: Configuration::new_with_validator(Validator::UA1),
        ..SerializeSettings::default()
    });
    sheet::draw(&mut document, &printer.sections);
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

const TITLE: Style = style(20.0, true);
const NAME: Style = style(14.0, false);
const BODY: Style = style(12.0, false);
const FLIGHT: Style = style(12.0, true);
const VALUE: Style = style(10.0, false);
const SMALL: Style = style(9.0, false);
const LABEL: Style = style(9.0, true);
const FACT: Style = style(8.0, true);
const NOTE: Style = style(8.0, false);

const fn style(size: f32, bold: bool) -> Style {
    Style { size, bold }
}

/// Lays out one ticket, from top to bottom.
struct Printer<'a> {
    typesetter: Typesetter,
    ticket: &'a Ticket,
    words: &'a Words,
    sections: Vec<Section>,
    /// How far down the newest sheet is taken.
    y: f32,
}

impl<'a> Printer<'a> {
    fn new(ticket: &'a Ticket, words: &'a Words) -> Self {
        Self {
            typesetter: Typesetter::new(),
            ticket,
            words,
            sections: Vec::new(),
            y: TOP,
        }
    }

    fn traveller(&mut self, page: &Page<'_>) -> Result<(), PdfError> {
        let words = self.words;
        let passenger = page.traveller.passenger;
        let name = passenger.map_or(words.unnamed, |who| &who.name);
        self.begin_section(name);
        let code = qr::draw(&page.qr).map_err(PdfError::Code)?;
        self.labelled(words.passenger, name, NAME);
        if let Some(document) = passenger.and_then(|who| who.document.as_deref()) {
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
        for (leg, place) in page.traveller.legs.iter().zip(&page.seats) {
            self.leg(leg, place.as_deref());
        }
        Ok(())
    }

    /// Header and notes are told of the first sheet only: once is enough for those who hear them.
    fn begin_section(&mut self, name: &str) {
        self.sections.push(Section {
            name: name.to_owned(),
            sheets: Vec::new(),
        });
        self.begin_sheet();
    }

    fn begin_sheet(&mut self) {
        let first = self.section().sheets.is_empty();
        let words = self.words;
        let role = |tag: TagKind, artifact: ArtifactType| match first {
            true => Role::Structure(Box::new(tag)),
            false => Role::Artifact(artifact),
        };
        let mut sheet = Sheet::default();
        let title = [
            self.text("PassCom", TITLE, BESIDE, MARGIN, TOP),
            self.text(words.title, BODY, BESIDE, MARGIN, TOP + 28.0),
        ];
        let heading = sheet::heading(1, &format!("PassCom {}", words.title));
        sheet.blocks.push(Block {
            role: role(heading, ArtifactType::Header),
            marks: title.into(),
        });
        // by the clock of where the trip begins
        let legs = &self.ticket.order.legs;
        let origin = legs.first().map_or("", |leg| &leg.origin_iata);
        let bought = readable(self.ticket.order.created_at / 1000, origin, None);
        let number = format!("{} {}", words.ticket, self.ticket.id);
        let bought = format!("{} {}", words.issued, bought);
        for (line, top) in [(number, TOP + 50.0), (bought, TOP + 64.0)] {
            sheet.blocks.push(Block {
                role: role(Tag::P.into(), ArtifactType::Header),
                marks: vec![self.text(&line, SMALL, BESIDE, MARGIN, top)],
            });
        }
        for (note, top) in words.note.iter().zip([NOTES, NOTES + 12.0]) {
            sheet.blocks.push(Block {
                role: role(Tag::P.into(), ArtifactType::Footer),
                marks: vec![self.text(note, NOTE, LINE, MARGIN, top)],
            });
        }
        self.section().sheets.push(sheet);
        self.y = BELOW_HEADER;
    }

    fn section(&mut self) -> &mut Section {
        self.sections.last_mut().expect("one was begun")
    }

    fn text(&mut self, text: &str, style: Style, width: f32, left: f32, top: f32) -> Mark {
        let text = self.typesetter.set(text, style, width);
        Mark::text(text, left, top)
    }

    /// Where something of this height begins: here, or at the top of another sheet.
    fn room(&mut self, height: f32) -> f32 {
        if self.y + height > END {
            self.begin_sheet();
        }
        let top = self.y;
        self.y += height;
        top
    }

    fn block(&mut self, role: Role, marks: Vec<Mark>) {
        let sheet = self.section().sheets.last_mut().expect("one was begun");
        sheet.blocks.push(Block { role, marks });
    }

    fn paragraph(&mut self, text: &str, style: Style, width: f32) {
        let text = self.typesetter.set(text, style, width);
        let top = self.room(text.height());
        let left = MARGIN;
        self.block(
            Role::Structure(Box::new(Tag::P.into())),
            vec![Mark::text(text, left, top)],
        );
    }

    fn labelled(&mut self, label: &str, text: &str, style: Style) {
        let label = self.typesetter.set(label, LABEL, BESIDE);
        let text = self.typesetter.set(text, style, BESIDE);
        let gap = label.height() + 2.0;
        let top = self.room(gap + text.height() + 6.0);
        let marks = [(label, top), (text, top + gap)];
        let marks = marks.map(|(text, top)| Mark::text(text, MARGIN, top));
        self.block(Role::Structure(Box::new(Tag::P.into())), marks.into());
    }

    /// What came back, when and by which rule: for each seat a line or more.
    fn refunds(&mut self) {
        let words = self.words;
        self.begin_section(words.refunds);
        let heading = Role::Structure(Box::new(sheet::heading(2, words.refunds)));
        let title = self.typesetter.set(words.refunds, NAME, LINE);
        let top = self.room(title.height() + 8.0);
        self.block(heading, vec![Mark::text(title, MARGIN, top)]);
        let ticket = self.ticket;
        for leg in &ticket.order.legs {
            if let Some(refund) = ticket.refund_of(leg.seat) {
                let line = self.refund(leg, refund);
                self.paragraph(&line, BODY, LINE);
            }
        }
    }

    /// `G31234 CWB – GRU, assento 29B: BRL 321,93; regra da companhia; 2026-11-23 14:00 (-03:00), decidido por G3`
    fn refund(&self, leg: &Leg, refund: &Refunded) -> String {
        let words = self.words;
        let Price { minor, currency } = &refund.amount;
        let amount = currency::decimal(*minor, currency, words.decimal_mark);
        let ground = match refund.ground {
            Ground::Regret => words.regret,
            Ground::Tariff => words.tariff,
            Ground::Departed => words.departed,
            Ground::Changed => words.changed,
            Ground::Exchanged => words.exchanged,
        };
        let at = readable(refund.decided_at / 1000, &leg.origin_iata, None);
        let seat = match &leg.label {
            Some(label) => label.clone(),
            None => leg.seat.number.to_string(),
        };
        format!(
            "{} {} – {}, {} {seat}: {currency} {amount}; {ground}; {at}, {} {}",
            leg.flight,
            leg.origin_iata,
            leg.destination_iata,
            words.seat.to_lowercase(),
            words.decided,
            refund.by
        )
    }

    fn leg(&mut self, leg: &Leg, label: Option<&str>) {
        let words = self.words;
        let ticket = self.ticket;
        let change = ticket.change(&leg.seat);
        let sold = Shown::sold(leg, label);
        let now = change.map_or_else(|| sold.clone(), |change| Shown::now(leg, change));
        let flight = format!("{} {}", words.flight, leg.flight);
        let route = format!(
            "{} ({}) – {} ({})",
            leg.origin, leg.origin_iata, leg.destination, leg.destination_iata
        );
        let Price { minor, currency } = &leg.price;
        let price = currency::decimal(*minor, currency, words.decimal_mark);
        let price = format!("{currency} {price}");
        let facts = [
            (words.departs, now.departs.clone()),
            (words.arrives, now.arrives.clone()),
            (
                words.seat,
                now.seat.clone().unwrap_or_else(|| "–".to_owned()),
            ),
            (words.price, price),
        ];
        let heading = sheet::heading(2, &format!("{flight}, {route}"));
        let flight = self.typesetter.set(&flight, FLIGHT, ROUTE.0 - 10.0);
        let route = self.typesetter.set(&route, BODY, ROUTE.1);
        let mut columns: Vec<(f32, Text, Text)> = Vec::new();
        for ((label, value), (left, width)) in facts.into_iter().zip(FACTS) {
            let label = self.typesetter.set(label, FACT, width);
            let value = self.typesetter.set(&value, VALUE, width);
            columns.push((left, label, value));
        }
        let head = flight.height().max(route.height()) + 10.0;
        let gap = 13.0;
        let tallest = columns.iter().map(|(_, _, value)| value.height());
        let below = gap + tallest.fold(0.0, f32::max) + 12.0;
        let top = self.room(head + below);
        let rule = Mark::Rule {
            left: MARGIN,
            top,
            width: LINE,
        };
        self.block(Role::Artifact(ArtifactType::Other), vec![rule]);
        let marks = [(0.0, flight), (ROUTE.0, route)];
        let marks = marks.map(|(left, text)| Mark::text(text, MARGIN + left, top + 6.0));
        self.block(Role::Structure(Box::new(heading)), marks.into());
        for (left, label, value) in columns {
            let left = MARGIN + left;
            let top = top + head;
            let marks = [(label, top), (value, top + gap)];
            let marks = marks.map(|(text, top)| Mark::text(text, left, top));
            self.block(Role::Structure(Box::new(Tag::P.into())), marks.into());
        }
        if let Some(change) = change {
            let told = words.changed(change, &sold, &now);
            self.paragraph(&told, SMALL, LINE);
            self.y += 6.0;
        }
    }
}

/// Times and seat of a flight, as they are printed.
#[derive(Clone, PartialEq)]
struct Shown {
    departs: String,
    arrives: String,
    /// None: there is none for the passenger.
    seat: Option<String>,
}

impl Shown {
    fn sold(leg: &Leg, label: Option<&str>) -> Self {
        let offsets = leg.offsets;
        Self {
            departs: readable(
                leg.departs,
                &leg.origin_iata,
                offsets.map(|told| told.departs),
            ),
            arrives: readable(
                leg.arrives,
                &leg.destination_iata,
                offsets.map(|told| told.arrives),
            ),
            seat: Some(seat_label(leg.seat.number, label)),
        }
    }

    fn now(leg: &Leg, change: &FlightChange) -> Self {
        let flown = Leg {
            departs: change.departs,
            arrives: change.arrives,
            offsets: change.offsets,
            ..leg.clone()
        };
        let label = seat_label(change.number, change.label.as_deref());
        Self {
            seat: (!change.unseated).then_some(label),
            ..Self::sold(&flown, None)
        }
    }
}

impl Words {
    /// What the company has changed of a flight: how it was sold, where that is not what is printed above.
    fn changed(&self, change: &FlightChange, sold: &Shown, now: &Shown) -> String {
        let mut told = vec![match (change.withdrawn, change.unseated) {
            (true, _) => self.withdrawn.to_owned(),
            (false, true) => self.unseated.to_owned(),
            (false, false) => self.altered.to_owned(),
        }];
        let pairs = [
            (self.departs, Some(&sold.departs), Some(&now.departs)),
            (self.arrives, Some(&sold.arrives), Some(&now.arrives)),
            (self.seat, sold.seat.as_ref(), now.seat.as_ref()),
        ];
        for (what, sold, now) in pairs {
            if let Some(sold) = sold.filter(|sold| Some(*sold) != now) {
                told.push(format!("{what} {}: {sold}.", self.sold_as));
            }
        }
        told.join(" ")
    }
}

/// `2026-11-23 14:00 (-03:00)` by the clock of the schedule or of the airport. Of an airport whose clock nobody here knows,
/// `… (UTC)`: that is no local time, and must not look like one.
fn readable(seconds: i64, iata: &str, told: Option<i16>) -> String {
    let at = clock::local(seconds, iata, told);
    let known = told.is_some() || airports::find(iata).is_some();
    match (at.get(..10), at.get(11..16), at.get(at.len() - 6..)) {
        (Some(date), Some(time), Some(offset)) if known => format!("{date} {time} ({offset})"),
        (Some(date), Some(time), _) => format!("{date} {time} (UTC)"),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::travellers::tests::{leg, ticket};
    use crate::ticket::travellers::travellers;

    #[test]
    fn a_time_is_that_of_the_airport_or_says_that_it_is_not() {
        let at = 1_730_319_757;
        assert_eq!(readable(at, "GRU", None), "2024-10-30 17:22 (-03:00)");
        assert_eq!(readable(at, "LHR", None), "2024-10-30 20:22 (+00:00)");
        assert_eq!(readable(at, "???", None), "2024-10-30 20:22 (UTC)");
        let told = readable(at, "???", Some(13 * 60));
        assert_eq!(told, "2024-10-31 09:22 (+13:00)");
    }

    fn printed(ticket: &Ticket, language: Language) -> Vec<u8> {
        let pages: Vec<_> = travellers(ticket)
            .into_iter()
            .map(|traveller| Page {
                seats: vec![None; traveller.legs.len()],
                qr: "https://a.example/#/bilhete/eyJ0eXAi".to_owned(),
                traveller,
            })
            .collect();
        render(ticket, &pages, language).expect("it is printed")
    }

    fn has(pdf: &[u8], part: &str) -> bool {
        pdf.windows(part.len())
            .any(|window| window == part.as_bytes())
    }

    fn count(pdf: &[u8], part: &str) -> usize {
        let windows = pdf.windows(part.len());
        windows.filter(|window| *window == part.as_bytes()).count()
    }

    /// Where somebody wants to look at it: the folder that this variable names.
    fn kept(name: &str, pdf: &[u8]) {
        if let Some(folder) = std::env::var_os("PASSCOM_PDF") {
            std::fs::write(std::path::Path::new(&folder).join(name), pdf).expect("a folder");
        }
    }

    const NAMES: [&str; 16] = [
        "Łukasz Żółć",
        "Nguyễn Thị Ngọc Huyền",
        "王小明",
        "محمد بن عبد الله",
        "שרה כהן",
        "Екатерина Їжак",
        "श्रीकृष्ण शर्मा",
        "Ana 😀 Souza",
        "김민준 さくら",
        "สมชาย ใจดี",
        "தமிழ்ச்செல்வி রবীন্দ্রনাথ",
        "გიორგი Արմեն አበበ",
        "Ελένη Παπαδοπούλου",
        "𠮷田 (O'Brien) مريم Smith",
        "Maria Aparecida da Conceição Albuquerque de Vasconcelos e Souza Cavalcanti",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    ];

    #[test]
    fn every_name_is_printed_in_fonts_that_the_document_has() {
        let seats = NAMES.iter().zip(1..);
        let bought = ticket(
            seats
                .map(|(name, number)| leg("a", 1, number, Some(name)))
                .collect(),
        );
        let pdf = printed(&bought, Language::Portuguese);
        kept("names.pdf", &pdf);
        // a font that is not embedded would be Type1, without a file
        assert!(!has(&pdf, "/Type1") && count(&pdf, "/FontFile2") >= 12);
        assert_eq!(count(&pdf, "/Type /Page\n"), NAMES.len());
        assert!(pdf.len() < 400_000, "{} bytes", pdf.len());
    }

    #[test]
    fn the_same_ticket_is_the_same_document() {
        let bought = ticket(vec![leg("a", 1, 7, Some("王小明")), leg("b", 2, 3, None)]);
        let first = printed(&bought, Language::English);
        assert_eq!(printed(&bought, Language::English), first);
        assert_ne!(printed(&bought, Language::Portuguese), first);
    }

    #[test]
    fn a_reader_that_speaks_finds_language_title_and_structure() {
        let bought = ticket(vec![
            leg("a", 1, 7, Some("Ana")),
            leg("b", 2, 3, Some("Ana")),
        ]);
        let pdf = printed(&bought, Language::English);
        for part in [
            "/Lang (en)",
            "/DisplayDocTitle true",
            "/Marked true",
            "/StructTreeRoot",
            "/Outlines",
            "/S /H1",
            "/S /H2",
            "/S /Figure",
            "/Alt (QR code that proves who bought these seats.)",
        ] {
            assert!(has(&pdf, part), "{part}");
        }
    }

    #[test]
    fn sixteen_flights_and_the_longest_names_there_are_fit_their_pages() {
        let long = "\u{378}".repeat(120);
        let mut legs: Vec<_> = (1..=16)
            .map(|route| leg("dezesseis-letras", route, 1, Some(&long)))
            .collect();
        for leg in &mut legs {
            leg.origin = "W".repeat(120);
            let passenger = leg.passenger.as_mut().expect("it is named");
            passenger.document = Some("\u{378}".repeat(32));
        }
        let pdf = printed(&ticket(legs), Language::English);
        kept("long.pdf", &pdf);
        let pages = count(&pdf, "/Type /Page\n");
        assert!((3..12).contains(&pages), "{pages}");
    }

    #[test]
    fn without_a_seat_there_is_a_page_that_says_so() {
        let mut bought = ticket(vec![leg("a", 1, 7, None)]);
        bought.cancelled = vec![bought.order.legs[0].seat];
        let pdf = printed(&bought, Language::English);
        assert_eq!(count(&pdf, "/Type /Page\n"), 1);
    }

    /// As whoever copies it out of the document reads it; none where nothing here reads documents (poppler-utils).
    fn read(name: &str, pdf: &[u8]) -> Option<String> {
        let path = std::env::temp_dir().join(format!("passcom-{}-{name}", std::process::id()));
        std::fs::write(&path, pdf).expect("a temporary folder");
        let read = std::process::Command::new("pdftotext")
            .args(["-layout", "-enc", "UTF-8"])
            .arg(&path)
            .arg("-")
            .output();
        std::fs::remove_file(&path).expect("it was written");
        let read = read.ok()?;
        assert!(read.status.success(), "{read:?}");
        Some(String::from_utf8(read.stdout).expect("UTF-8"))
    }

    #[test]
    fn a_flight_that_was_changed_is_read_as_it_is_and_as_it_was() {
        let mut bought = ticket(vec![
            leg("a", 1, 7, Some("Ana")),
            leg("a", 2, 7, Some("Ana")),
        ]);
        let change = |leg: &Leg, later: i64, withdrawn: bool| FlightChange {
            of: leg.seat,
            sequence: 1,
            departs: leg.departs + later,
            arrives: leg.arrives + later,
            offsets: leg.offsets,
            withdrawn,
            number: leg.seat.number,
            label: None,
            unseated: false,
            told_at: 0,
            accepted: false,
        };
        let legs = bought.order.legs.clone();
        bought.changes = vec![change(&legs[0], 5400, false), change(&legs[1], 0, true)];
        for (language, words) in [
            (Language::Portuguese, &PORTUGUESE),
            (Language::English, &ENGLISH),
        ] {
            let pdf = printed(&bought, language);
            kept("changed.pdf", &pdf);
            let Some(text) = read("changed.pdf", &pdf) else {
                eprintln!("nothing here reads documents: only its size is looked at");
                assert!(pdf.len() > 10_000);
                continue;
            };
            let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let sold = readable(legs[0].departs, "GRU", None);
            let now = readable(legs[0].departs + 5400, "GRU", None);
            for part in [&*sold, &*now, words.altered, words.withdrawn] {
                assert!(text.contains(part), "{part:?} in {text}");
            }
        }
    }

    #[test]
    fn what_came_back_stands_on_a_page_of_its_own() {
        let mut bought = ticket(vec![leg("a", 1, 7, None), leg("a", 1, 8, None)]);
        let seat = bought.order.legs[0].seat;
        bought.cancelled = vec![seat];
        let before = count(&printed(&bought, Language::English), "/Type /Page\n");
        bought.refunds = vec![Refunded {
            seat,
            amount: Price {
                minor: 32_193,
                currency: "BRL".to_owned(),
            },
            ground: Ground::Tariff,
            decided_at: 1_730_319_757_000,
            by: "a".parse().unwrap(),
        }];
        for language in [Language::English, Language::Portuguese] {
            let after = count(&printed(&bought, language), "/Type /Page\n");
            assert_eq!(after, before + 1);
        }
        let printer = Printer::new(&bought, &PORTUGUESE);
        let line = printer.refund(&bought.order.legs[0], &bought.refunds[0]);
        assert!(
            line.contains(": BRL 321,93; regra da companhia; 2024-10-30 "),
            "{line}"
        );
        assert!(line.ends_with(", decidido por a"), "{line}");
    }
}
