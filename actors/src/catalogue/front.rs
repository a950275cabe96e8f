//! The Pareto set of a search: what no other itinerary beats in arrival, number of legs and price together.

use super::fare::Fare;

/// What an itinerary is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merits {
    pub arrives: u32,
    pub legs: u8,
    pub fare: Fare,
    /// Of itineraries with equal merits the one that leaves last is kept: nobody waits for nothing.
    pub departs: u32,
}

impl Merits {
    fn is_as_good_as(&self, other: &Self) -> bool {
        self.arrives <= other.arrives && self.legs <= other.legs && self.fare.is_at_most(other.fare)
    }

    /// Better in something and worse in nothing; or equal and leaving no earlier.
    pub fn beats(&self, other: &Self) -> bool {
        self.is_as_good_as(other) && (!other.is_as_good_as(self) || self.departs >= other.departs)
    }
}

/// Merits that do not beat one another, each with what it belongs to.
#[derive(Debug)]
pub struct Front<T> {
    members: Vec<(Merits, T)>,
}

impl<T> Default for Front<T> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
        }
    }
}

impl<T> Front<T> {
    pub fn beats(&self, merits: &Merits) -> bool {
        self.members.iter().any(|(member, _)| member.beats(merits))
    }

    /// Takes it in unless it is beaten; puts out what it beats.
    pub fn offer(&mut self, merits: Merits, item: T) {
        if !self.beats(&merits) {
            self.members.retain(|(member, _)| !merits.beats(member));
            self.members.push((merits, item));
        }
    }

    pub fn members(&self) -> &[(Merits, T)] {
        &self.members
    }
}

#[cfg(test)]
mod tests {
    use super::super::fare::CurrencyNumber;
    use super::*;

    fn merits(arrives: u32, legs: u8, minor: i64, departs: u32) -> Merits {
        let currency = CurrencyNumber(0);
        Merits {
            arrives,
            legs,
            fare: Fare { currency, minor },
            departs,
        }
    }

    fn names(offers: &[(Merits, char)]) -> Vec<char> {
        let mut front = Front::default();
        for (merits, name) in offers {
            front.offer(*merits, *name);
        }
        front.members.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn what_is_best_in_something_stays() {
        let offers = [
            (merits(10, 1, 50, 0), 'a'),
            (merits(20, 1, 40, 0), 'b'),
            (merits(20, 2, 30, 0), 'c'),
            (merits(20, 2, 35, 0), 'x'),
            (merits(30, 1, 40, 9), 'y'),
        ];
        assert_eq!(names(&offers), ['a', 'b', 'c']);
        let reversed: Vec<_> = offers.into_iter().rev().collect();
        assert_eq!(names(&reversed), ['c', 'b', 'a']);
    }

    #[test]
    fn of_equals_the_last_to_leave_stays() {
        let (early, late) = (merits(9, 1, 5, 1), merits(9, 1, 5, 2));
        assert_eq!(names(&[(early, 'e'), (late, 'l')]), ['l']);
        assert_eq!(names(&[(late, 'l'), (early, 'e')]), ['l']);
        assert_eq!(
            names(&[(late, '1'), (late, '2')]),
            ['1'],
            "the first of all"
        );
    }
}
