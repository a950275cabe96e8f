use passcom_actors::domain::order::Price;
use passcom_actors::domain::refund::{Ground, Refunded};

use super::*;
use crate::airlines::tests::airlines;
use crate::ticket::travellers::tests::{changed, leg, ticket};
use crate::ticket::travellers::travellers;

fn printed(ticket: &Ticket, language: Language) -> Vec<u8> {
    printed_as(ticket, Form::EachTraveller, language)
}

fn printed_as(ticket: &Ticket, form: Form, language: Language) -> Vec<u8> {
    let pages: Vec<_> = travellers(ticket)
        .into_iter()
        .map(|traveller| Page {
            seats: vec![None; traveller.legs.len()],
            qr: "https://a.example/#/bilhete/eyJ0eXAi".to_owned(),
            traveller,
        })
        .collect();
    render(ticket, &pages, &airlines(), form, language).expect("it is printed")
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

/// What a reader that speaks is told, in order.
fn headings(layout: &Layout<'_>) -> Vec<String> {
    let sheets = layout.sections.iter().flat_map(|section| &section.sheets);
    let blocks = sheets.flat_map(|sheet| &sheet.blocks);
    let texts = blocks.flat_map(|block| &block.marks);
    let content = |mark: &Mark| match mark {
        Mark::Text { text, .. } => Some(text.content().to_owned()),
        _ => None,
    };
    texts.filter_map(content).collect()
}

fn first_page(bought: &Ticket, airlines: &Airlines, language: Language) -> Vec<String> {
    let mut layout = Layout::new(bought, airlines, Words::of(language));
    let traveller = travellers(bought).remove(0);
    let page = Page {
        seats: vec![Some("12C".to_owned()), None],
        qr: "https://a.example".to_owned(),
        traveller,
    };
    layout.traveller(&page).unwrap();
    headings(&layout)
}

#[test]
fn a_flight_that_was_changed_is_read_as_it_is_and_as_it_was() {
    let mut bought = ticket(vec![
        leg("a", 1, 7, Some("Ana")),
        leg("a", 2, 7, Some("Ana")),
    ]);
    let legs = bought.order.legs.clone();
    bought.changes = vec![changed(&legs[0], 5400, false), changed(&legs[1], 0, true)];
    for (language, parts) in [
        (
            Language::Portuguese,
            [
                "14h00",
                "15h30",
                "Alterado pela companhia",
                "Voo cancelado pela companhia",
            ],
        ),
        (
            Language::English,
            [
                "14:00",
                "15:30",
                "Changed by the airline",
                "Flight cancelled by the airline",
            ],
        ),
    ] {
        let text = first_page(&bought, &airlines(), language).join(" | ");
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn a_page_says_what_an_airline_prints() {
    let bought = ticket(vec![
        leg("a", 1, 7, Some("Ana")),
        leg("G3", 2, 3, Some("Ana")),
    ]);
    let airlines = airlines();
    let told = |language| first_page(&bought, &airlines, language);
    let portuguese = told(Language::Portuguese);
    for part in [
        "AAAAAA",
        "Voo a1001 · Andorinha",
        "Voo G31002 · Gol",
        "São Paulo (GRU) – Manaus (MAO)",
        "14h00",
        "segunda-feira, 23 de novembro de 2026",
        "12C (7)",
        "R$ 459,90",
        "Bagagem e condições da tarifa",
        "Bagagem: Uma mala.",
        "Remarcação: Sem multa.",
    ] {
        assert!(
            portuguese.iter().any(|text| text == part),
            "{part}: {portuguese:?}"
        );
    }
    let english = told(Language::English);
    for part in [
        "Flight a1001 · Andorinha",
        "14:00",
        "Monday, 23 November 2026",
        "R$459.90",
        "Baggage: One bag.",
    ] {
        assert!(
            english.iter().any(|text| text == part),
            "{part}: {english:?}"
        );
    }
}

#[test]
fn one_sheet_has_every_flight_once_with_who_sits_where() {
    let bought = ticket(vec![
        leg("a", 1, 7, Some("Ana")),
        leg("a", 1, 8, Some("Bia")),
        leg("G3", 2, 3, Some("Ana")),
        leg("G3", 2, 4, Some("Bia")),
    ]);
    for language in [Language::English, Language::Portuguese] {
        let pdf = printed_as(&bought, Form::OneSheet, language);
        assert_eq!(count(&pdf, "/Type /Page\n"), 1);
        assert_eq!(count(&pdf, "/S /Figure"), 2, "a code for each person");
    }
    kept(
        "sheet.pdf",
        &printed_as(&bought, Form::OneSheet, Language::Portuguese),
    );
    kept("pages.pdf", &printed(&bought, Language::Portuguese));
    let airlines = airlines();
    let mut layout = Layout::new(&bought, &airlines, Words::of(Language::English));
    let pages: Vec<_> = travellers(&bought)
        .into_iter()
        .map(|traveller| Page {
            seats: vec![Some("12C".to_owned()); traveller.legs.len()],
            qr: "https://a.example".to_owned(),
            traveller,
        })
        .collect();
    layout.all(&pages).unwrap();
    let told = headings(&layout);
    let times = |part: &str| told.iter().filter(|text| *text == part).count();
    assert_eq!(
        (
            times("Flight a1001 · Andorinha"),
            times("Flight G31002 · Gol")
        ),
        (1, 1)
    );
    assert_eq!((times("12C (7)  Ana"), times("12C (8)  Bia")), (1, 1));
    assert_eq!((times("R$919.80"), times("Total: R$1,839.60")), (2, 1));
}

#[test]
fn without_a_seat_there_is_a_page_that_says_so() {
    let mut bought = ticket(vec![leg("a", 1, 7, None)]);
    bought.cancelled = vec![bought.order.legs[0].seat];
    let pdf = printed(&bought, Language::English);
    assert_eq!(count(&pdf, "/Type /Page\n"), 1);
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
    let airlines = airlines();
    let layout = Layout::new(&bought, &airlines, Words::of(Language::Portuguese));
    let line = layout.refund(&bought.order.legs[0], &bought.refunds[0]);
    assert!(
        line.contains(
            ": R$ 321,93; regra da companhia; quarta-feira, 30 de outubro de 2024, 17h22, "
        ),
        "{line}"
    );
    assert!(line.ends_with(" decidido por Andorinha"), "{line}");
}
