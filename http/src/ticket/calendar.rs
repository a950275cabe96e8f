//! The flights of a ticket for a calendar (RFC 5545): one event per flight, in UTC, with an alarm three hours before.
//!
//! A flight whose seats are all cancelled, or that its company has withdrawn, stays in as a cancelled event, so that a calendar that has it
//! takes it out. One that was moved is at its new time, under the same name and a higher number.

use std::fmt::Write;

use jiff::Timestamp;
use passcom_actors::catalogue::airports;
use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::locator::Locator;
use passcom_actors::domain::order::Leg;
use passcom_actors::domain::ticket::Ticket;

use super::pdf::seat_label;
use crate::clock;
use crate::language::Language;
use crate::wire::Labels;

struct Words {
    seat: &'static str,
    locator: &'static str,
    ticket: &'static str,
    before: &'static str,
    moved: &'static str,
}

const PORTUGUESE: Words = Words {
    seat: "Assento",
    locator: "Código da reserva",
    ticket: "Passagem",
    before: "antes",
    moved: "Alterado pela companhia; partida na compra:",
};

const ENGLISH: Words = Words {
    seat: "Seat",
    locator: "Booking code",
    ticket: "Ticket",
    before: "before:",
    moved: "Changed by the airline; departure when bought:",
};

const FITS: &str = "a String takes everything";

/// Longest line in octets, without its end (section 3.1).
const LINE_LEN_MAX: usize = 75;

pub(crate) fn render(ticket: &Ticket, labels: Labels<'_>, language: Language, now: i64) -> String {
    let mut legs: Vec<&Leg> = ticket.order.legs.iter().collect();
    legs.sort_by_key(|leg| (leg.departs, leg.seat));
    let mut lines = Lines(String::new());
    lines.put("BEGIN:VCALENDAR");
    lines.put("VERSION:2.0");
    lines.put("PRODID:-//PassCom//PassCom//PT");
    lines.put("CALSCALE:GREGORIAN");
    let same = |one: &&Leg, other: &&Leg| {
        (one.seat.company, one.seat.route) == (other.seat.company, other.seat.route)
    };
    for flight in legs.chunk_by(same) {
        event(&mut lines, ticket, flight, labels, language, now);
    }
    lines.put("END:VCALENDAR");
    lines.0
}

fn event(
    lines: &mut Lines,
    ticket: &Ticket,
    flight: &[&Leg],
    labels: Labels<'_>,
    language: Language,
    now: i64,
) {
    let first = flight[0];
    let is_left = |leg: &&&Leg| !ticket.cancelled.contains(&leg.seat);
    let left: Vec<&&Leg> = flight.iter().filter(is_left).collect();
    let title = format!(
        "{} {} - {}",
        first.flight, first.origin_iata, first.destination_iata
    );
    let changes = flight.iter().filter_map(|leg| ticket.change(&leg.seat));
    let changes: Vec<&FlightChange> = changes.collect();
    // all seats of a flight are moved together
    let newest = changes.iter().max_by_key(|change| change.told_at);
    let withdrawn = newest.is_some_and(|change| change.withdrawn);
    let (departs, arrives) = newest.map_or((first.departs, first.arrives), |change| {
        (change.departs, change.arrives)
    });
    let sequence = changes.iter().map(|change| change.sequence);
    let sequence = sequence.fold((flight.len() - left.len()) as u32, u32::saturating_add);
    let is_flown = !left.is_empty() && !withdrawn;
    let status = if !is_flown { "CANCELLED" } else { "CONFIRMED" };
    lines.put("BEGIN:VEVENT");
    let (company, route) = (first.seat.company, first.seat.route);
    lines.put(&format!("UID:{}-{company}-{route}@passcom", ticket.id));
    lines.put(&format!("DTSTAMP:{}", utc(now)));
    lines.put(&format!("SEQUENCE:{sequence}"));
    lines.put(&format!("STATUS:{status}"));
    lines.put(&format!("DTSTART:{}", utc(departs)));
    lines.put(&format!("DTEND:{}", utc(arrives)));
    lines.text("SUMMARY", &title);
    lines.text("LOCATION", airport(first).as_str());
    lines.text("DESCRIPTION", &description(ticket, &left, labels, language));
    if is_flown {
        lines.put("BEGIN:VALARM");
        lines.put("ACTION:DISPLAY");
        lines.put("TRIGGER:-PT3H");
        lines.text("DESCRIPTION", &title);
        lines.put("END:VALARM");
    }
    lines.put("END:VEVENT");
}

fn airport(leg: &Leg) -> String {
    airports::find(&leg.origin_iata).map_or_else(
        || leg.origin.clone(),
        |airport| format!("{} ({})", airport.name, airport.iata),
    )
}

fn description(ticket: &Ticket, left: &[&&Leg], labels: Labels<'_>, language: Language) -> String {
    let words = match language {
        Language::Portuguese => &PORTUGUESE,
        Language::English => &ENGLISH,
    };
    let mut text = String::new();
    for leg in left {
        let sold = seat_label(leg.seat.number, labels(leg).as_deref());
        let name = leg.passenger.as_ref().map_or("", |who| &who.name);
        let comma = if name.is_empty() { "" } else { ", " };
        let change = ticket.change(&leg.seat);
        let now = change.map(|change| match change.unseated {
            true => "–".to_owned(),
            false => seat_label(change.number, change.label.as_deref()),
        });
        let seat = match now.filter(|now| *now != sold) {
            Some(now) => format!("{now} ({} {sold})", words.before),
            None => sold,
        };
        writeln!(text, "{} {seat}{comma}{name}", words.seat).expect(FITS);
    }
    let moved = left.first().filter(|leg| {
        let change = ticket.change(&leg.seat);
        change.is_some_and(|change| (change.departs, change.arrives) != (leg.departs, leg.arrives))
    });
    if let Some(leg) = moved {
        let told = leg.offsets.map(|told| told.departs);
        let before = clock::local(leg.departs, &leg.origin_iata, told);
        writeln!(text, "{} {before}", words.moved).expect(FITS);
    }
    writeln!(text, "{} {}", words.locator, Locator::of(ticket.id)).expect(FITS);
    let ticket_word = words.ticket;
    write!(text, "{ticket_word} {}", ticket.id).expect(FITS);
    text
}

/// `20261123T150000Z`; an instant outside the calendar becomes its end.
fn utc(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Content lines, folded.
struct Lines(String);

impl Lines {
    fn text(&mut self, name: &str, value: &str) {
        self.put(&format!("{name}:{}", escaped(value)));
    }

    /// No character is split: a fold stands before it.
    fn put(&mut self, line: &str) {
        let mut length = 0;
        for character in line.chars() {
            if length + character.len_utf8() > LINE_LEN_MAX {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(character);
            length += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// Section 3.3.11; other control characters cannot be written at all.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::travellers::tests::{leg, ticket};

    fn rendered(ticket: &Ticket) -> String {
        render(ticket, &|_| None, Language::Portuguese, 1_730_319_757)
    }

    #[test]
    fn two_seats_of_a_flight_are_one_event() {
        let two = ticket(vec![
            leg("G3", 1, 7, Some("Ana; Souza")),
            leg("G3", 1, 8, None),
            leg("AD", 2, 1, None),
        ]);
        let text = rendered(&two);
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
        assert_eq!(text.matches("TRIGGER:-PT3H").count(), 2);
        let unfolded = text.replace("\r\n ", "");
        assert!(
            unfolded.contains("DTSTART:20261123T170000Z\r\n"),
            "{unfolded}"
        );
        assert!(unfolded.contains("DESCRIPTION:Assento 7\\, Ana\\; Souza\\nAssento 8\\nCódigo da reserva AAAAAA\\nPassagem"));
    }

    #[test]
    fn lines_are_folded_between_characters() {
        let name = "ção ".repeat(60);
        let text = rendered(&ticket(vec![leg("G3", 1, 7, Some(&name))]));
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_LEN_MAX));
        assert!(text.replace("\r\n ", "").contains(name.trim_end()));
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    }

    #[test]
    fn a_cancelled_flight_is_said_to_be_cancelled() {
        let mut one = ticket(vec![leg("G3", 1, 7, None), leg("AD", 2, 1, None)]);
        one.cancelled = vec![one.order.legs[1].seat];
        let text = rendered(&one);
        assert!(text.contains("SEQUENCE:1\r\nSTATUS:CANCELLED\r\n"));
        assert!(text.contains("SEQUENCE:0\r\nSTATUS:CONFIRMED\r\n"));
        assert_eq!(text.matches("VALARM").count(), 2, "one alarm");
    }

    #[test]
    fn a_flight_that_its_company_changes_is_a_newer_event_of_the_same_name() {
        let mut one = ticket(vec![leg("G3", 1, 7, None)]);
        let before = rendered(&one);
        let sold = &one.order.legs[0];
        one.changes = vec![FlightChange {
            of: sold.seat,
            sequence: 3,
            departs: sold.departs + 3600,
            arrives: sold.arrives + 3600,
            offsets: None,
            withdrawn: false,
            number: sold.seat.number,
            label: None,
            unseated: false,
            told_at: 0,
            accepted: false,
        }];
        let moved = rendered(&one);
        let uid = |text: &str| {
            text.lines()
                .find(|line| line.starts_with("UID"))
                .map(str::to_owned)
        };
        assert_eq!(uid(&before), uid(&moved));
        assert!(
            before.contains("SEQUENCE:0\r\n") && moved.contains("SEQUENCE:3\r\nSTATUS:CONFIRMED")
        );
        assert!(moved.contains("DTSTART:20261123T180000Z\r\n"), "{moved}");
        assert!(moved.contains("partida na compra"));
        one.changes[0].withdrawn = true;
        let withdrawn = rendered(&one);
        assert!(withdrawn.contains("STATUS:CANCELLED") && !withdrawn.contains("VALARM"));
    }
}
