//! Names on a ticket that were misspelt.
//!
//! The order of a ticket stays as it was voted on; the name that holds now stands beside it, per seat. Each is measured against the name
//! that the seat was sold with, by [`LETTERS_MAX`]: however many corrections there are, and wherever they were made, it stays the same
//! person. So any company may write one down, and two copies merge to the greatest per seat, whichever way they come.

use serde::{Deserialize, Serialize};

use super::ids::SagaId;
pub use super::letters::LETTERS_MAX;
use super::letters::is_near;
use super::order::SeatRef;
use super::rows::{AuditRow, Replicated, Rows};
use super::ticket::{Correction, Ticket};

/// What came of a correction at one company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Corrected {
    /// All of the names are as they were asked for.
    Done,
    /// The ticket is not here.
    NotHere,
    /// It is none of the ticket's seats, or cancelled.
    NoSeat(SeatRef),
    /// Nobody was named for it when it was sold.
    Nobody(SeatRef),
    /// Its name is not told here.
    Withheld(SeatRef),
    /// Its flight has left.
    Left(SeatRef),
    /// It would be another name.
    Another(SeatRef),
}

/// Writes down who has these seats of a ticket, all or nothing, and tells the others. `at`: milliseconds since 1970.
pub fn correct(rows: &mut Rows, ticket: SagaId, names: &[(SeatRef, String)], at: i64) -> Corrected {
    let Some(row) = rows.ticket(&ticket).cloned() else {
        return Corrected::NotHere;
    };
    let news = match news(&row, names, at) {
        Ok(news) => news,
        Err(not) => return not,
    };
    if news.is_empty() {
        return Corrected::Done;
    }
    // who was named, and how, is the ticket's to say
    rows.audit.push(AuditRow {
        action: "correct-names".to_owned(),
        subject: format!("ticket {ticket}"),
        reason: format!("{} seats, by its owner", news.len()),
    });
    let corrected = row.with_corrections(&news);
    rows.outbox.push(Replicated::Ticket(corrected.clone()));
    rows.tickets.put(ticket, corrected);
    Corrected::Done
}

/// What such a correction of this copy writes down.
fn news(row: &Ticket, names: &[(SeatRef, String)], at: i64) -> Result<Vec<Correction>, Corrected> {
    let mut news = Vec::new();
    for (seat, name) in names {
        news.extend(judge(row, seat, name, at)?);
    }
    Ok(news)
}

/// None where it says nothing new.
fn judge(
    row: &Ticket,
    seat: &SeatRef,
    name: &str,
    at: i64,
) -> Result<Option<Correction>, Corrected> {
    let leg = row.order.legs.iter().find(|leg| leg.seat == *seat);
    let leg = leg.filter(|leg| !row.cancelled.contains(&leg.seat));
    let leg = leg.ok_or(Corrected::NoSeat(*seat))?;
    let sold = leg.passenger.as_ref().ok_or(Corrected::Nobody(*seat))?;
    let change = row.change(seat);
    let departs = change.map_or(leg.departs, |change| change.departs);
    let is_flown = change.is_none_or(|change| !change.withdrawn);
    if is_flown && departs.saturating_mul(1000) <= at {
        return Err(Corrected::Left(*seat));
    }
    if sold.is_withheld() {
        return Err(Corrected::Withheld(*seat));
    }
    if !is_near(&sold.name, name) {
        return Err(Corrected::Another(*seat));
    }
    let before = row.correction(seat);
    if before.map_or(&*sold.name, |before| &before.name) == name {
        return Ok(None);
    }
    Ok(Some(Correction {
        of: *seat,
        sequence: before.map_or(1, |before| before.sequence.saturating_add(1)),
        at,
        name: name.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixtures;
    use crate::flight::FlightChange;
    use crate::ids::SeatNumber;
    use crate::order::Passenger;
    use crate::replica;

    const NOW: i64 = 1_000;

    fn seats() -> [SeatRef; 2] {
        [fixtures::seat("a", 1), fixtures::seat("b", 2)]
    }

    /// Ana has a seat of a and one of b; nobody was named for a second one of b.
    fn rows() -> Rows {
        let [first, second] = seats();
        let third = SeatRef {
            number: SeatNumber(3),
            ..second
        };
        let mut order = (*fixtures::order(&[first, second, third])).clone();
        for leg in &mut order.legs {
            leg.departs = 10;
            leg.passenger = (leg.seat != third).then(|| Passenger {
                name: "Ana Souza".to_owned(),
                document: None,
            });
        }
        let mut rows = fixtures::rows();
        let ticket = Ticket::new(fixtures::SAGA, Arc::new(order));
        rows.tickets.load(fixtures::SAGA, ticket);
        rows
    }

    fn ask(rows: &mut Rows, seat: SeatRef, name: &str) -> Corrected {
        correct(rows, fixtures::SAGA, &[(seat, name.to_owned())], NOW)
    }

    fn ticket(rows: &Rows) -> Ticket {
        rows.ticket(&fixtures::SAGA).unwrap().clone()
    }

    fn names(ticket: &Ticket) -> Vec<Option<String>> {
        let shown = ticket.as_named();
        let names = shown.order.legs.iter();
        names
            .map(|leg| leg.passenger.as_ref().map(|who| who.name.clone()))
            .collect()
    }

    #[test]
    fn a_misspelt_name_is_corrected_and_told_once() {
        let (mut rows, [first, second]) = (rows(), seats());
        assert_eq!(ask(&mut rows, first, "Anna Sousa"), Corrected::Done);
        let now = ticket(&rows);
        let named = |name: &str| Some(name.to_owned());
        let expected = [named("Anna Sousa"), named("Ana Souza"), None];
        assert_eq!(names(&now), expected);
        assert_eq!(
            now.order.legs[0].passenger.as_ref().unwrap().name,
            "Ana Souza"
        );
        assert_eq!((rows.outbox.len(), rows.audit.len()), (1, 1));
        assert!(
            !rows.audit[0].reason.contains("Anna"),
            "the audit names nobody"
        );
        assert_eq!(ask(&mut rows, first, "Anna Sousa"), Corrected::Done);
        assert_eq!((rows.outbox.len(), rows.audit.len()), (1, 1), "nothing new");
        assert_eq!(ticket(&rows), now);
        assert_eq!(ask(&mut rows, second, "Ana Souza"), Corrected::Done);
        assert_eq!(ticket(&rows), now, "so it was sold");
    }

    #[test]
    fn however_many_corrections_there_are_it_stays_the_same_person() {
        let (mut rows, [first, _]) = (rows(), seats());
        for name in ["Bna Souza", "Bia Souza", "Bia Sousa"] {
            assert_eq!(ask(&mut rows, first, name), Corrected::Done, "{name}");
        }
        let kept = ticket(&rows);
        let fourth = ask(&mut rows, first, "Bia Sousas");
        assert_eq!(fourth, Corrected::Another(first));
        assert_eq!(ticket(&rows), kept);
        assert_eq!(kept.corrections[0].sequence, 3);
        // back is always a way
        assert_eq!(ask(&mut rows, first, "Ana Souza"), Corrected::Done);
        assert_eq!(ticket(&rows).corrections[0].sequence, 4);
    }

    #[test]
    fn what_is_over_or_nobodys_is_not_corrected_and_then_nothing_is() {
        let [first, second] = seats();
        let both = |rows: &mut Rows, other: SeatRef| {
            let names = [(first, "Anna Souza"), (other, "Anna Souza")];
            let names = names.map(|(seat, name)| (seat, name.to_owned()));
            correct(rows, fixtures::SAGA, &names, NOW)
        };
        let nobody = SeatRef {
            number: SeatNumber(3),
            ..second
        };
        assert_eq!(both(&mut rows(), nobody), Corrected::Nobody(nobody));
        let other = fixtures::seat("c", 9);
        assert_eq!(both(&mut rows(), other), Corrected::NoSeat(other));
        let mut cancelled = rows();
        let gone = ticket(&cancelled).union(&[second], &[]);
        cancelled.tickets.put(fixtures::SAGA, gone);
        assert_eq!(both(&mut cancelled, second), Corrected::NoSeat(second));
        assert_eq!(ticket(&cancelled).corrections, []);
        let mut empty = fixtures::rows();
        assert_eq!(both(&mut empty, second), Corrected::NotHere);
    }

    #[test]
    fn a_flight_has_left_as_it_is_flown_now() {
        let (mut rows, [first, _]) = (rows(), seats());
        let late = [(first, "Anna Souza".to_owned())];
        let ask = |rows: &mut Rows| correct(rows, fixtures::SAGA, &late, 10_000);
        assert_eq!(ask(&mut rows), Corrected::Left(first));
        let leg = ticket(&rows).order.legs[0].clone();
        let moved = FlightChange {
            departs: 11,
            sequence: 1,
            ..FlightChange::none_of(&leg)
        };
        let told = ticket(&rows).with_changes(&[moved]);
        rows.tickets.put(fixtures::SAGA, told);
        assert_eq!(ask(&mut rows), Corrected::Done);
    }

    #[test]
    fn copies_merge_to_the_same_whichever_way_they_come() {
        let [first, _] = seats();
        let corrected = |name: &str, at: i64| {
            let mut rows = rows();
            let names = [(first, name.to_owned())];
            assert_eq!(
                correct(&mut rows, fixtures::SAGA, &names, at),
                Corrected::Done
            );
            ticket(&rows)
        };
        let (one, other) = (corrected("Anna Souza", 5), corrected("Ana Sousa", 6));
        let merged = |copies: [&Ticket; 3]| {
            let mut rows = rows();
            for copy in copies {
                replica::merge_ticket(&mut rows, copy);
            }
            ticket(&rows)
        };
        let expected = merged([&one, &other, &one]);
        assert_eq!(expected.corrections, other.corrections);
        assert_eq!(merged([&other, &one, &other]), expected);
        // whose account is deleted is named nowhere any more
        let bare = Ticket::new(
            fixtures::SAGA,
            Arc::new(crate::forgotten::without_people(&one.order)),
        );
        let forgotten = merged([&one, &bare, &other]);
        assert_eq!(forgotten.corrections, []);
        assert_eq!(merged([&bare, &other, &one]), forgotten);
    }
}
