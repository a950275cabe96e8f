//! The Pareto set of a search: what no other itinerary beats in departure, arrival, number of legs and price together.
//!
//! A day between two cities with many flights has hundreds of members, and every label of a search asks whether some
//! of them beat it. So they stand by number of legs and, within one, by departure, the last one first: what could beat
//! is the beginning of few lists.

use std::cell::Cell;

use super::fare::Fare;
use super::query::LEGS_MAX;

/// What an itinerary is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merits {
    /// The later the better: nobody waits for nothing.
    pub departs: u32,
    pub arrives: u32,
    pub legs: u8,
    pub fare: Fare,
}

impl Merits {
    /// Seconds from the first take-off to the last landing.
    pub fn duration(&self) -> u32 {
        self.arrives.saturating_sub(self.departs)
    }

    fn is_as_good_as(&self, other: &Self) -> bool {
        self.departs >= other.departs
            && self.arrives <= other.arrives
            && self.legs <= other.legs
            && self.fare.is_at_most(other.fare)
    }

    /// Better in something and worse in nothing; or equal, if it has several legs. Flights that are equal are for the
    /// passenger to choose from, ways to change between them are not.
    pub fn beats(&self, other: &Self) -> bool {
        self.is_as_good_as(other) && (other.legs > 1 || !other.is_as_good_as(self))
    }
}

/// Merits that do not beat one another, each with what it belongs to.
#[derive(Debug)]
pub struct Front<T> {
    /// By number of legs, less one; within one, the last to leave first.
    members: [Vec<(Merits, T)>; LEGS_MAX],
    looks: Cell<usize>,
}

impl<T> Default for Front<T> {
    fn default() -> Self {
        Self {
            members: std::array::from_fn(|_| Vec::new()),
            looks: Cell::new(0),
        }
    }
}

impl<T> Front<T> {
    /// Whether some member beats these merits.
    pub fn beats(&self, merits: &Merits) -> bool {
        let mut looks = self.looks.get();
        let beaten = self.members[..usize::from(merits.legs)]
            .iter()
            .any(|with_so_many_legs| {
                let mut leave_late_enough = with_so_many_legs
                    .iter()
                    .take_while(|(member, _)| member.departs >= merits.departs);
                leave_late_enough.any(|(member, _)| {
                    looks += 1;
                    member.beats(merits)
                })
            });
        self.looks.set(looks);
        beaten
    }

    /// Takes it in unless it is beaten; puts out what it beats.
    pub fn offer(&mut self, merits: Merits, item: T) {
        if self.beats(&merits) {
            return;
        }
        let legs = usize::from(merits.legs);
        for others in &mut self.members[legs - 1..] {
            others.retain(|(member, _)| !merits.beats(member));
        }
        let others = &mut self.members[legs - 1];
        let place = others.partition_point(|(member, _)| member.departs >= merits.departs);
        others.insert(place, (merits, item));
    }

    /// How many members were looked at so far, to see whether they beat something.
    pub fn looks(&self) -> usize {
        self.looks.get()
    }

    /// By number of legs, those that leave last first.
    pub fn members(&self) -> impl Iterator<Item = &(Merits, T)> {
        self.members.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fare::CurrencyNumber;
    use super::*;

    fn merits(departs: u32, arrives: u32, legs: u8, minor: i64) -> Merits {
        let currency = CurrencyNumber(0);
        Merits {
            departs,
            arrives,
            legs,
            fare: Fare { currency, minor },
        }
    }

    fn names(offers: &[(Merits, char)]) -> Vec<char> {
        let mut front = Front::default();
        for (merits, name) in offers {
            front.offer(*merits, *name);
        }
        front.members().map(|(_, name)| *name).collect()
    }

    #[test]
    fn what_is_best_in_something_stays() {
        let offers = [
            (merits(0, 10, 1, 50), 'a'),
            (merits(0, 20, 1, 40), 'b'),
            (merits(0, 20, 2, 30), 'c'),
            (merits(0, 20, 2, 35), 'x'),
            (merits(9, 30, 1, 40), 'd'),
            (merits(9, 30, 3, 40), 'y'),
            (merits(8, 29, 4, 40), 'e'),
        ];
        assert_eq!(names(&offers), ['d', 'a', 'b', 'c', 'e']);
        let reversed: Vec<_> = offers.into_iter().rev().collect();
        assert_eq!(names(&reversed), ['d', 'b', 'a', 'c', 'e']);
    }

    #[test]
    fn of_equal_connections_one_stays_and_of_equal_flights_all() {
        let flight = merits(1, 9, 1, 5);
        assert_eq!(names(&[(flight, '1'), (flight, '2')]), ['1', '2']);
        let connection = merits(1, 9, 2, 5);
        assert_eq!(names(&[(connection, '1'), (connection, '2')]), ['1']);
        assert_eq!(names(&[(connection, '1'), (flight, '2')]), ['2']);
    }
}
