//! Which seats of a leg are taken: a bitmap that costs no allocation while all are free.

use crate::domain::ids::SeatNumber;

/// Bit n-1 set = seat n is not free; trailing zero words are left out, so that equal sets are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken(Box<[u64]>);

impl Taken {
    pub fn from_words(mut words: Vec<u64>) -> Self {
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words.into_boxed_slice())
    }

    pub fn words(&self) -> &[u64] {
        &self.0
    }

    pub fn contains(&self, number: SeatNumber) -> bool {
        let Some(bit) = usize::from(number.0).checked_sub(1) else {
            return false;
        };
        let word = self.0.get(bit / 64).copied().unwrap_or(0);
        word >> (bit % 64) & 1 == 1
    }

    pub fn set(&mut self, number: SeatNumber, taken: bool) {
        let Some(bit) = usize::from(number.0).checked_sub(1) else {
            return;
        };
        let mut words = std::mem::take(&mut self.0).into_vec();
        if words.len() <= bit / 64 {
            words.resize(bit / 64 + 1, 0);
        }
        let mask = 1 << (bit % 64);
        if taken {
            words[bit / 64] |= mask;
        } else {
            words[bit / 64] &= !mask;
        }
        *self = Self::from_words(words);
    }

    /// The free ones of so many seats, ascending.
    pub fn free_of(&self, seats: u16) -> Vec<SeatNumber> {
        let numbers = (1..=seats).map(SeatNumber);
        numbers.filter(|number| !self.contains(*number)).collect()
    }

    /// How many of so many seats are free.
    pub fn count_free_of(&self, seats: u16) -> u16 {
        let taken: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        seats.saturating_sub(u16::try_from(taken).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_taken_until_it_is_freed() {
        let mut taken = Taken::default();
        for number in [1, 64, 65, 130] {
            taken.set(SeatNumber(number), true);
            assert!(taken.contains(SeatNumber(number)));
        }
        assert_eq!(taken.count_free_of(130), 126);
        assert!(!taken.free_of(130).contains(&SeatNumber(65)));
        for number in [130, 65, 64, 1] {
            taken.set(SeatNumber(number), false);
            assert!(!taken.contains(SeatNumber(number)));
        }
        assert_eq!(taken, Taken::default(), "no words are left behind");
        assert_eq!(taken.free_of(2), [SeatNumber(1), SeatNumber(2)]);
    }

    #[test]
    fn no_number_is_out_of_its_bounds() {
        let mut taken = Taken::from_words(vec![u64::MAX, 0, 0]);
        assert_eq!(taken.words(), [u64::MAX]);
        taken.set(SeatNumber(0), true);
        assert!(!taken.contains(SeatNumber(0)) && !taken.contains(SeatNumber(u16::MAX)));
        assert_eq!(
            taken.count_free_of(60),
            0,
            "more taken than there are is none free"
        );
    }
}
