//! Whether tables and memory say what the log says. Pure: it is told what was read of each.
//!
//! The log is read in its order, a page at a time, and so are the rows that a page names: as they are by then, which may be further
//! than the page. A row that says something else is a question until the log is read as far as what was found: no row of
//! the log that is yet to come can explain it then. So nobody has to stand still, and what is kept in mind is what differs.
//!
//! Who has a seat is written with the log. It is compared with the legs of the tables and what the log says beyond them.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::Seq;
use super::record::Record;
use super::said::{self, Name, Rows};
use crate::domain::ids::SagaId;
use crate::domain::rows::SeatKey;

/// Differences that are told one by one; the others are counted.
pub const TOLD_MAX: usize = 100;

/// What the log is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The log itself: it has a gap, or a row that cannot be read.
    Log,
    Tables,
    Memory,
    SeatOwner,
}

/// A row of which the log says something else than what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub side: Side,
    pub row: String,
    /// Of the last row of the log that changed it.
    pub seq: Seq,
    pub log: String,
    /// None: no such row.
    pub found: Option<String>,
}

/// What one side has of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// None: no such row.
    Says(Option<String>),
    /// It need not have the row.
    Elsewhere,
}

/// A row that says something else, and may yet be explained.
#[derive(Debug)]
struct Question {
    seq: Seq,
    log: String,
    found: Option<String>,
    /// What was found is of this place of the log.
    at: Seq,
}

#[derive(Debug)]
pub struct Comparison {
    /// How far the log is read.
    read: Seq,
    /// What the rows of the log that were read last say, with the place of each.
    page: BTreeMap<Name, (Seq, String)>,
    questions: BTreeMap<(Side, Name), Question>,
    rows: u64,
    differences: Differences,
}

/// The first [`TOLD_MAX`] of them, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    pub told: Vec<Difference>,
    pub count: u64,
}

impl Differences {
    pub fn push(&mut self, difference: Difference) {
        self.count += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(difference);
        }
    }
}

impl Comparison {
    /// Of the log after this row.
    pub fn new(after: Seq) -> Self {
        Self {
            read: after,
            page: BTreeMap::new(),
            questions: BTreeMap::new(),
            rows: 0,
            differences: Differences::default(),
        }
    }

    pub fn read(&self) -> Seq {
        self.read
    }

    /// Rows that were compared so far, each as often as a page named it.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn questions(&self) -> usize {
        self.questions.len()
    }

    /// Rows of the log before this one are not kept any more.
    pub fn skip_to(&mut self, seq: Seq) {
        self.read = seq;
    }

    /// The next row of the log. Where no `others` are wanted only the rows that are in question are looked at again.
    pub fn push(&mut self, seq: Seq, record: &Record, others: bool) {
        if seq != self.read.next() {
            let after = self.read.0;
            self.damage(seq, format!("comes after row {after}"));
        }
        self.read = seq;
        for (name, says) in said::record(record) {
            let sides = [Side::Tables, Side::Memory];
            let asked = sides.map(|side| self.questions.remove(&(side, name.clone())).is_some());
            if others || asked.contains(&true) || self.page.contains_key(&name) {
                self.page.insert(name, (seq, says));
            }
        }
    }

    /// A row of the log is not as it must be.
    pub fn damage(&mut self, seq: Seq, found: String) {
        self.differences.push(Difference {
            side: Side::Log,
            row: format!("row {} of the log", seq.0),
            seq,
            log: "every row in its place, whole".to_owned(),
            found: Some(found),
        });
    }

    /// Tells what one side has of the rows of this page, as of this place of the log.
    pub fn found(&mut self, side: Side, at: Seq, mut find: impl FnMut(&Name, Seq) -> Found) {
        for (name, (seq, says)) in &self.page {
            let Found::Says(found) = find(name, *seq) else {
                continue;
            };
            self.rows += 1;
            if found.as_ref() != Some(says) {
                let question = Question {
                    seq: *seq,
                    log: says.clone(),
                    found,
                    at,
                };
                self.questions.insert((side, name.clone()), question);
            }
        }
    }

    /// The page is read. What nothing can explain any more is a difference.
    pub fn turn(&mut self) {
        self.page.clear();
        let read = self.read;
        if !self.questions.values().any(|asked| asked.at <= read) {
            return;
        }
        let questions = std::mem::take(&mut self.questions).into_iter();
        let (answered, open): (BTreeMap<_, _>, _) =
            questions.partition(|(_, asked)| asked.at <= read);
        self.questions = open;
        for ((side, name), asked) in answered {
            self.differences.push(Difference {
                side,
                row: format!("{name:?}"),
                seq: asked.seq,
                log: asked.log,
                found: asked.found,
            });
        }
    }

    pub fn into_differences(self) -> Differences {
        self.differences
    }
}

/// That a saga has a seat; nil for one that is off sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub saga: SagaId,
    pub seat: SeatKey,
}

/// Seats and claims to them, all as of one moment.
#[derive(Debug, Default)]
pub struct Seats {
    /// The last row of the log.
    pub last: Seq,
    /// What the tables say of legs and seats.
    pub tables: Rows,
    /// What the rows of the log that the tables do not have say of them.
    pub rest: Rows,
    /// By `seat_owner`.
    pub owners: BTreeMap<SeatKey, SagaId>,
}

impl Seats {
    /// Those of the claims that the legs make and the owners do not, or the other way round.
    pub fn differences(&self, claims: &[Claim]) -> Vec<Difference> {
        let differs = |claim: &&Claim| self.is_kept(claim) != self.is_owned(claim);
        let told = claims.iter().filter(differs).map(|claim| {
            let (route, number) = said::place(claim.seat);
            let says = match self.is_kept(claim) {
                true => format!("{} has it", who(claim.saga.0)),
                false => format!("{} does not have it", who(claim.saga.0)),
            };
            let owner = self.owners.get(&claim.seat);
            Difference {
                side: Side::SeatOwner,
                row: format!("seat {number} of route {route}"),
                seq: self.last,
                log: says,
                found: owner.map(|owner| format!("{} has it", who(owner.0))),
            }
        });
        told.collect()
    }

    fn is_owned(&self, claim: &Claim) -> bool {
        self.owners.get(&claim.seat) == Some(&claim.saga)
    }

    fn is_kept(&self, claim: &Claim) -> bool {
        let name = match claim.saga.0 {
            nobody if nobody.is_nil() => said::seat_name(claim.seat),
            saga => said::leg_name(saga, claim.seat),
        };
        let says = self.rest.get(&name).or_else(|| self.tables.get(&name));
        says.is_some_and(|says| said::owner(&name, says).is_some())
    }
}

fn who(saga: Uuid) -> String {
    match saga.is_nil() {
        true => "nobody, off sale,".to_owned(),
        false => format!("saga {saga}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{RouteId, SeatNumber};

    const SEAT: SeatKey = (RouteId(7), SeatNumber(4));

    fn blocked(blocked: bool) -> Record {
        Record {
            blocked: [(SEAT, blocked)].into(),
            ..Record::default()
        }
    }

    fn says(text: &str) -> impl FnMut(&Name, Seq) -> Found {
        move |_, _| Found::Says(Some(text.to_owned()))
    }

    #[test]
    fn a_row_that_is_ahead_of_the_page_is_explained_by_what_comes() {
        let mut comparison = Comparison::new(Seq::NONE);
        comparison.push(Seq(1), &blocked(true), true);
        comparison.found(Side::Tables, Seq(3), says("on sale"));
        comparison.turn();
        assert_eq!(comparison.questions(), 1);
        // only what is in question is looked at again
        let mut other = blocked(false);
        other.blocked.insert((RouteId(8), SeatNumber(1)), true);
        comparison.push(Seq(2), &other, false);
        comparison.found(Side::Tables, Seq(3), says("on sale"));
        comparison.turn();
        assert_eq!(comparison.questions(), 0);
        assert_eq!(comparison.rows(), 2);
        assert_eq!(comparison.into_differences(), Differences::default());
    }

    #[test]
    fn what_nothing_explains_differs() {
        let mut comparison = Comparison::new(Seq::NONE);
        comparison.push(Seq(1), &blocked(true), true);
        comparison.found(Side::Tables, Seq(2), says("on sale"));
        comparison.found(Side::Memory, Seq(1), |_, _| Found::Elsewhere);
        comparison.turn();
        comparison.push(Seq(2), &Record::default(), false);
        comparison.turn();
        let found = comparison.into_differences().told;
        let told = Difference {
            side: Side::Tables,
            row: "Seat(7, 4)".to_owned(),
            seq: Seq(1),
            log: "off sale".to_owned(),
            found: Some("on sale".to_owned()),
        };
        assert_eq!(found, [told]);
    }

    #[test]
    fn a_gap_is_told() {
        let mut comparison = Comparison::new(Seq(4));
        comparison.push(Seq(6), &Record::default(), true);
        let found = comparison.into_differences();
        assert_eq!((found.count, found.told[0].side), (1, Side::Log));
    }

    #[test]
    fn a_seat_is_owned_by_whoever_keeps_it() {
        let (one, other) = (SagaId(Uuid::from_u128(1)), SagaId(Uuid::from_u128(2)));
        let claim = |saga| Claim { saga, seat: SEAT };
        let leg = |saga: SagaId, state: &str| (said::leg_name(saga.0, SEAT), state.to_owned());
        let mut seats = Seats {
            tables: [leg(one, "prepared"), leg(other, "refused")].into(),
            owners: [(SEAT, one)].into(),
            ..Seats::default()
        };
        let both = [claim(one), claim(other)];
        assert_eq!(seats.differences(&both), []);
        // it has gone to the other one, and the tables do not say so yet
        seats.rest = [leg(one, "cancelled"), leg(other, "committed")].into();
        assert_eq!(seats.differences(&both).len(), 2);
        seats.owners = [(SEAT, other)].into();
        assert_eq!(seats.differences(&both), []);
        seats.owners.clear();
        assert_eq!(seats.differences(&both).len(), 1);
        let nobody = SagaId(Uuid::nil());
        seats.owners.insert(SEAT, nobody);
        assert_eq!(seats.differences(&[claim(nobody)]).len(), 1);
        seats
            .rest
            .insert(said::seat_name(SEAT), "off sale".to_owned());
        assert_eq!(seats.differences(&[claim(nobody)]), []);
    }
}
