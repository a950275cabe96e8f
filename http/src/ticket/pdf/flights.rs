//! A flight as it is printed: when and where by the clock there, which seat, what it costs, and what its company has changed of it.

use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::order::{Leg, Price};

use super::layout::{BODY, FACT, Layout, NOTE, SMALL, STRONG, VALUE, said};
use super::sheet::{self, Mark, Role};
use super::words::{When, Words};
use super::{LINE, MARGIN, seat_label};
use crate::money;
use crate::ticket::text::Text;

/// Columns of a flight: where each begins, and its width.
const ROUTE: (f32, f32) = (190.0, 305.0);
const FACTS: [(f32, f32); 4] = [(0.0, 157.0), (163.0, 157.0), (326.0, 72.0), (402.0, 93.0)];
/// Between a label and what it says.
const GAP: f32 = 13.0;

/// One passenger's seat on a flight, with what it was called when it was sold.
pub(super) struct Seat<'a> {
    pub leg: &'a Leg,
    pub label: Option<&'a str>,
}

/// Times and seat of a flight, as they are printed.
#[derive(Clone, PartialEq)]
pub(super) struct Shown {
    pub departs: When,
    pub arrives: When,
    /// None: there is none for the passenger.
    pub seat: Option<String>,
}

impl Shown {
    pub fn sold(words: &Words, leg: &Leg, label: Option<&str>) -> Self {
        let told = leg.offsets;
        let (departs, arrives) = (told.map(|told| told.departs), told.map(|told| told.arrives));
        Self {
            departs: words.when(leg.departs, &leg.origin_iata, departs),
            arrives: words.when(leg.arrives, &leg.destination_iata, arrives),
            seat: Some(seat_label(leg.seat.number, label)),
        }
    }

    fn now(words: &Words, leg: &Leg, change: &FlightChange) -> Self {
        let flown = Leg {
            departs: change.departs,
            arrives: change.arrives,
            offsets: change.offsets,
            ..leg.clone()
        };
        let label = seat_label(change.number, change.label.as_deref());
        Self {
            seat: (!change.unseated).then_some(label),
            ..Self::sold(words, &flown, None)
        }
    }
}

impl Layout<'_> {
    /// One passenger's flight.
    pub fn flight(&mut self, seat: &Seat<'_>) {
        let (words, ticket) = (self.words, self.ticket);
        let change = ticket.change(&seat.leg.seat);
        let sold = Shown::sold(words, seat.leg, seat.label);
        let now = change.map_or_else(
            || sold.clone(),
            |change| Shown::now(words, seat.leg, change),
        );
        let facts = [
            (
                words.seat,
                now.seat.clone().unwrap_or_else(|| "–".to_owned()),
            ),
            (
                words.price,
                money::readable(&seat.leg.price, words.language),
            ),
        ];
        self.columns(seat.leg, &now, &facts);
        if let Some(change) = change {
            self.paragraph(&words.changed(change, &sold, &now), SMALL, LINE);
            self.y += 6.0;
        }
    }

    /// A flight of several passengers, with the seat of each in the order in which they are named.
    pub fn flight_of_all(&mut self, seats: &[(String, Seat<'_>)]) {
        let (words, ticket) = (self.words, self.ticket);
        let Some((_, first)) = seats.first() else {
            return;
        };
        // all seats of a flight are moved together
        let newest = seats
            .iter()
            .filter_map(|(_, seat)| ticket.change(&seat.leg.seat));
        let newest = newest.max_by_key(|change| change.told_at);
        let shown = match newest {
            Some(change) => Shown::now(words, first.leg, change),
            None => Shown::sold(words, first.leg, first.label),
        };
        let price = sum(seats.iter().map(|(_, seat)| &seat.leg.price));
        let price = price.map_or_else(
            || "–".to_owned(),
            |price| money::readable(&price, words.language),
        );
        self.columns(
            first.leg,
            &shown,
            &[(words.seats, seats.len().to_string()), (words.price, price)],
        );
        for (name, seat) in seats {
            let change = ticket.change(&seat.leg.seat);
            let sold = Shown::sold(words, seat.leg, seat.label);
            let now = change.map_or_else(
                || sold.clone(),
                |change| Shown::now(words, seat.leg, change),
            );
            let place = now.seat.as_deref().unwrap_or("–");
            self.paragraph(&format!("{place}  {name}"), VALUE, LINE);
            if let Some(change) = change {
                self.paragraph(&words.changed(change, &sold, &now), SMALL, LINE);
            }
        }
        self.y += 8.0;
    }

    /// Flight, company and route over the times and two facts more.
    fn columns(&mut self, leg: &Leg, shown: &Shown, facts: &[(&str, String); 2]) {
        let words = self.words;
        let company = self.airlines.name(&leg.seat.company);
        let flight = format!("{} {} · {company}", words.flight, leg.flight);
        let route = format!(
            "{} ({}) – {} ({})",
            leg.origin, leg.origin_iata, leg.destination, leg.destination_iata
        );
        let heading = sheet::heading(2, &format!("{flight}, {route}"));
        let flight = self.typesetter.set(&flight, STRONG, ROUTE.0 - 10.0);
        let route = self.typesetter.set(&route, BODY, ROUTE.1);
        // label, what stands first, and what stands below it
        let mut columns: Vec<(f32, Text, Text, Option<Text>)> = Vec::new();
        let dated = |when: &When| Some(when.date.clone()).filter(|date| !date.is_empty());
        let told = [
            (words.departs, &shown.departs.time, dated(&shown.departs)),
            (words.arrives, &shown.arrives.time, dated(&shown.arrives)),
            (facts[0].0, &facts[0].1, None),
            (facts[1].0, &facts[1].1, None),
        ];
        for ((label, first, below), (left, width)) in told.into_iter().zip(FACTS) {
            let label = self.typesetter.set(label, FACT, width);
            let first = self.typesetter.set(first, STRONG, width);
            let below = below.map(|below| self.typesetter.set(&below, NOTE, width));
            columns.push((left, label, first, below));
        }
        let head = flight.height().max(route.height()) + 10.0;
        let tallest = columns.iter();
        let tallest = tallest
            .map(|(_, _, first, below)| first.height() + below.as_ref().map_or(0.0, Text::height));
        let top = self.room(head + GAP + tallest.fold(0.0, f32::max) + 10.0);
        self.rule(top);
        let marks = [(0.0, flight), (ROUTE.0, route)];
        let marks = marks.map(|(left, text)| Mark::text(text, MARGIN + left, top + 6.0));
        self.block(Role::Structure(Box::new(heading)), marks.into());
        for (left, label, first, below) in columns {
            let (left, top) = (MARGIN + left, top + head);
            let under = top + GAP + first.height();
            let below = below.map(|below| (below, under));
            let marks = [(label, top), (first, top + GAP)].into_iter().chain(below);
            let marks = marks.map(|(text, top)| Mark::text(text, left, top));
            self.block(said(), marks.collect());
        }
    }
}

/// None if there is more than one currency, or nothing.
pub(super) fn sum<'a>(mut prices: impl Iterator<Item = &'a Price>) -> Option<Price> {
    let first = prices.next()?.clone();
    prices.try_fold(first, |sum, price| {
        let is_same = sum.currency == price.currency;
        let minor = sum.minor.checked_add(price.minor).filter(|_| is_same)?;
        Some(Price { minor, ..sum })
    })
}
