//! Where a seat is: row, letter, window or aisle, by the type of aircraft. And which free seats to propose: [`best`].
//!
//! The schedules say a type and a number of seats, and no more. So a cabin is one class with the usual rows of its type,
//! numbered without gaps from 1, and seats count through them from the left of row 1; the last row may be short.
//! What leaves the node is the number of a seat as ever: a layout only says how to draw it.

mod best;
mod instead;

use std::fmt;

pub use self::best::{Wish, best};
pub use self::instead::instead;
use crate::domain::ids::SeatNumber;

/// What cabins of one kind have in common.
#[derive(Debug, PartialEq, Eq)]
struct Family {
    /// Letters from left to right; an aisle between two groups.
    columns: &'static [&'static str],
    /// Where rows at an exit begin, as a percentage of the rows, and how many there are.
    exits: &'static [(u16, u16)],
}

/// Cessna Caravan, Let 410: one seat, the aisle, two seats; doors at the ends only.
const COMMUTER: Family = family(&["A", "BC"], &[]);
/// The small Embraer jets.
const THREE_ABREAST: Family = family(&["A", "BC"], &[(60, 1)]);
/// ATR, Dash 8: the emergency exits are beside the first row.
const TURBOPROP: Family = family(&["AB", "CD"], &[(0, 1)]);
/// Embraer's E-jets, Bombardier's CRJ.
const FOUR_ABREAST: Family = family(&["AB", "CD"], &[(45, 1)]);
/// Airbus A220.
const FIVE_ABREAST: Family = family(&["AB", "DEF"], &[(45, 1)]);
/// The short ones of the A320 and 737 families: one exit over each wing.
const SIX_SHORT: Family = family(&["ABC", "DEF"], &[(45, 1)]);
/// The long ones: two exits over each wing.
const SIX_ABREAST: Family = family(&["ABC", "DEF"], &[(45, 2)]);
/// A321, 757: doors before and behind the wing instead.
const SIX_LONG: Family = family(&["ABC", "DEF"], &[(30, 1), (65, 1)]);
/// Boeing 767.
const SEVEN_ABREAST: Family = family(&["AB", "DEF", "JK"], &[(45, 2)]);
/// Airbus A330, A340.
const EIGHT_ABREAST: Family = family(&["AC", "DEFG", "HK"], &[(33, 1), (66, 1)]);
/// Airbus A350, Boeing 787.
const NINE_ABREAST: Family = family(&["ABC", "DEF", "HJK"], &[(33, 1), (66, 1)]);
/// Boeing 777, 747, Airbus A380.
const TEN_ABREAST: Family = family(&["ABC", "DEFG", "HJK"], &[(25, 1), (50, 1), (75, 1)]);

const fn family(columns: &'static [&'static str], exits: &'static [(u16, u16)]) -> Family {
    Family { columns, exits }
}

/// Where a seat lies in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Also one that is at the aisle as well.
    Window,
    Middle,
    Aisle,
}

/// Where a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub row: u16,
    pub letter: char,
    pub kind: Kind,
    /// The row is at an exit.
    pub exit: bool,
}

/// As passengers read it: `29B`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.row, self.letter)
    }
}

/// The cabin of a leg. Cheap to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    family: &'static Family,
    seats: u16,
}

impl Layout {
    /// The usual cabin of this IATA type code with so many seats; of an unknown type, a usual one for that number.
    pub fn of(equipment: &str, seats: u16) -> Self {
        let family = by_type(equipment).unwrap_or_else(|| by_seats(seats));
        Self { family, seats }
    }

    /// None if there is no such seat.
    pub fn place(&self, number: SeatNumber) -> Option<Place> {
        if number.0 > self.seats {
            return None;
        }
        let index = number.0.checked_sub(1)?;
        let row = index / self.width() + 1;
        let (letter, kind) = self.column(usize::from(index % self.width()))?;
        Some(Place {
            row,
            letter,
            kind,
            exit: self.is_exit(row),
        })
    }

    /// Letters from left to right; an aisle between two groups.
    pub fn columns(&self) -> &'static [&'static str] {
        self.family.columns
    }

    /// Rows at an exit, ascending.
    pub fn exits(&self) -> impl Iterator<Item = u16> + '_ {
        (1..=self.rows()).filter(|row| self.is_exit(*row))
    }

    fn is_exit(&self, row: u16) -> bool {
        self.family.exits.iter().any(|(percent, count)| {
            // in 32 bits: a percentage of the rows of a large cabin
            let before = (u32::from(self.rows()) * u32::from(*percent) / 100) as u16;
            (before + 1..=before + count).contains(&row)
        })
    }

    pub fn rows(&self) -> u16 {
        self.seats.div_ceil(self.width())
    }

    /// Seats of a whole row.
    fn width(&self) -> u16 {
        self.family
            .columns
            .iter()
            .map(|group| group.len() as u16)
            .sum()
    }

    /// Numbers of the seats between two aisles, row by row; of the last row, those that it has.
    fn blocks(&self) -> impl Iterator<Item = (u16, Vec<SeatNumber>)> + '_ {
        (1..=self.rows()).flat_map(move |row| {
            let mut next = (row - 1) * self.width() + 1;
            self.family.columns.iter().map(move |group| {
                let first = next;
                next += group.len() as u16;
                let numbers = (first..next).filter(|number| *number <= self.seats);
                (row, numbers.map(SeatNumber).collect())
            })
        })
    }

    fn column(&self, column: usize) -> Option<(char, Kind)> {
        let last = usize::from(self.width()) - 1;
        let mut before = 0;
        for group in self.family.columns {
            if let Some(letter) = group.chars().nth(column - before) {
                let at_edge = column == before || column + 1 == before + group.len();
                let kind = match at_edge {
                    _ if column == 0 || column == last => Kind::Window,
                    true => Kind::Aisle,
                    false => Kind::Middle,
                };
                return Some((letter, kind));
            }
            before += group.len();
        }
        None
    }
}

/// By the codes of IATA's SSIM appendix A, sub-types and families alike.
fn by_type(equipment: &str) -> Option<&'static Family> {
    Some(match equipment {
        "CNA" | "CNC" | "CNJ" | "CNT" | "DHT" | "BE1" | "L4T" => &COMMUTER,
        "ERJ" | "ER3" | "ER4" | "ERD" => &THREE_ABREAST,
        "AT4" | "AT5" | "AT7" | "ATR" | "DH1" | "DH2" | "DH3" | "DH4" | "DH8" => &TURBOPROP,
        "E70" | "E75" | "E7W" | "E90" | "E95" | "EMJ" | "290" | "295" | "CR2" | "CR7" | "CR9"
        | "CRJ" | "CRK" => &FOUR_ABREAST,
        "221" | "223" => &FIVE_ABREAST,
        "318" | "319" | "31A" | "31B" | "31N" | "733" | "735" | "736" | "737" | "73G" | "73W"
        | "7M7" => &SIX_SHORT,
        "320" | "32A" | "32N" | "32S" | "734" | "738" | "739" | "73H" | "73J" | "7M8" | "7M9" => {
            &SIX_ABREAST
        }
        "321" | "32B" | "32Q" | "7MJ" | "752" | "753" | "757" | "75W" => &SIX_LONG,
        "762" | "763" | "764" | "767" | "76W" => &SEVEN_ABREAST,
        "330" | "332" | "333" | "338" | "339" | "340" | "342" | "343" | "345" | "346" => {
            &EIGHT_ABREAST
        }
        "350" | "351" | "359" | "787" | "788" | "789" | "781" => &NINE_ABREAST,
        "380" | "388" | "744" | "747" | "748" | "74H" | "772" | "773" | "777" | "77L" | "77W" => {
            &TEN_ABREAST
        }
        _ => return None,
    })
}

fn by_seats(seats: u16) -> &'static Family {
    match seats {
        0..=19 => &COMMUTER,
        20..=50 => &THREE_ABREAST,
        51..=120 => &FOUR_ABREAST,
        121..=149 => &SIX_SHORT,
        150..=199 => &SIX_ABREAST,
        200..=239 => &SIX_LONG,
        240..=309 => &EIGHT_ABREAST,
        310..=359 => &NINE_ABREAST,
        360.. => &TEN_ABREAST,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::ids::SEATS_MAX;

    fn place(row: u16, letter: char, kind: Kind, exit: bool) -> Option<Place> {
        Some(Place {
            row,
            letter,
            kind,
            exit,
        })
    }

    #[test]
    fn a_737_counts_through_its_rows_of_six() {
        let layout = Layout::of("738", 186);
        assert_eq!(layout.columns(), ["ABC", "DEF"]);
        assert_eq!(layout.rows(), 31);
        assert_eq!(layout.exits().collect::<Vec<_>>(), [14, 15]);
        let at = |number| layout.place(SeatNumber(number));
        assert_eq!(at(1), place(1, 'A', Kind::Window, false));
        assert_eq!(at(2), place(1, 'B', Kind::Middle, false));
        assert_eq!(at(3), place(1, 'C', Kind::Aisle, false));
        assert_eq!(at(4), place(1, 'D', Kind::Aisle, false));
        assert_eq!(at(6), place(1, 'F', Kind::Window, false));
        assert_eq!(at(13 * 6 + 1), place(14, 'A', Kind::Window, true));
        assert_eq!(at(186), place(31, 'F', Kind::Window, false));
        assert_eq!(at(187), None);
        assert_eq!(at(0), None);
    }

    #[test]
    fn the_last_row_may_be_short() {
        let layout = Layout::of("AT7", 70);
        assert_eq!(layout.columns(), ["AB", "CD"]);
        assert_eq!(layout.rows(), 18);
        assert_eq!(
            layout.place(SeatNumber(70)),
            place(18, 'B', Kind::Aisle, false)
        );
        assert_eq!(layout.place(SeatNumber(71)), None);
        let (row, last) = layout.blocks().last().unwrap();
        assert_eq!((row, last), (18, vec![]));
    }

    #[test]
    fn a_seat_alone_at_the_window_is_a_window_seat() {
        let layout = Layout::of("CNA", 9);
        let kinds: Vec<_> = (1..=3)
            .map(|n| layout.place(SeatNumber(n)).unwrap().kind)
            .collect();
        assert_eq!(kinds, [Kind::Window, Kind::Aisle, Kind::Window]);
    }

    #[test]
    fn an_unknown_type_is_drawn_by_its_number_of_seats() {
        let columns = |seats| Layout::of("ZZZ", seats).columns();
        assert_eq!(columns(9), ["A", "BC"]);
        assert_eq!(columns(118), ["AB", "CD"]);
        assert_eq!(columns(174), ["ABC", "DEF"]);
        assert_eq!(columns(260), ["AC", "DEFG", "HK"]);
        assert_eq!(columns(320), ["ABC", "DEF", "HJK"]);
    }

    /// Every place is one seat's, every seat has one, and windows are at the ends of whole rows.
    #[test]
    fn every_layout_has_a_place_for_every_seat() {
        let types = [
            "", "CNA", "ER4", "AT7", "E95", "223", "319", "738", "321", "763", "330", "789", "77W",
        ];
        for equipment in types {
            for seats in (0..=SEATS_MAX).step_by(7) {
                let layout = Layout::of(equipment, seats);
                let places: Vec<Place> = (1..=seats)
                    .map(|n| layout.place(SeatNumber(n)).expect("every seat has a place"))
                    .collect();
                let distinct: BTreeSet<_> = places.iter().map(|p| (p.row, p.letter)).collect();
                assert_eq!(distinct.len(), usize::from(seats), "{equipment} {seats}");
                assert!(places.iter().all(|p| p.row <= layout.rows()));
                let blocks: Vec<_> = layout.blocks().flat_map(|(_, block)| block).collect();
                assert!(blocks.iter().map(|n| n.0).eq(1..=seats));
                let exits: Vec<_> = layout.exits().collect();
                assert!(
                    exits.is_sorted_by(|a, b| a < b) && exits.iter().all(|e| *e <= layout.rows())
                );
            }
        }
    }
}
