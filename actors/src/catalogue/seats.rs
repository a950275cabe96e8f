//! What is known of each seat of a leg, two bits a seat: it costs no allocation while every seat is free.

use serde::{Deserialize, Serialize};

use crate::domain::ids::SeatNumber;
use crate::domain::rows::SeatUse;

/// Seats in a word.
const PER_WORD: usize = 32;
/// The lower bit of every seat of a word.
const LOWER_BITS: u64 = 0x5555_5555_5555_5555;

/// What everybody may know of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatState {
    Free,
    /// A booking keeps it, that is deciding or waits for its customer.
    Held,
    Sold,
    /// Its company took it off sale.
    Blocked,
}

impl From<SeatUse> for SeatState {
    fn from(now: SeatUse) -> Self {
        match now {
            SeatUse::Free => Self::Free,
            SeatUse::Prepared { .. } => Self::Held,
            SeatUse::Sold { .. } => Self::Sold,
            SeatUse::Blocked => Self::Blocked,
        }
    }
}

impl SeatState {
    fn bits(self) -> u64 {
        match self {
            Self::Free => 0,
            Self::Held => 1,
            Self::Sold => 2,
            Self::Blocked => 3,
        }
    }

    fn of_bits(bits: u64) -> Self {
        match bits & 3 {
            0 => Self::Free,
            1 => Self::Held,
            2 => Self::Sold,
            _ => Self::Blocked,
        }
    }
}

/// The states of a leg's seats. Trailing words of free seats are left out, so that equal states are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatStates(Box<[u64]>);

impl FromIterator<(SeatNumber, SeatState)> for SeatStates {
    fn from_iter<I: IntoIterator<Item = (SeatNumber, SeatState)>>(seats: I) -> Self {
        let mut words = Vec::new();
        for (number, state) in seats {
            write(&mut words, number, state);
        }
        Self::from_words(words)
    }
}

impl SeatStates {
    /// Every seat is free.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, number: SeatNumber) -> SeatState {
        let Some((word, shift)) = position(number) else {
            return SeatState::Free;
        };
        SeatState::of_bits(self.0.get(word).map_or(0, |word| word >> shift))
    }

    pub fn set(&mut self, number: SeatNumber, state: SeatState) {
        let mut words = std::mem::take(&mut self.0).into_vec();
        write(&mut words, number, state);
        *self = Self::from_words(words);
    }

    /// The free ones of so many seats, ascending.
    pub fn free_of(&self, seats: u16) -> Vec<SeatNumber> {
        let numbers = (1..=seats).map(SeatNumber);
        numbers
            .filter(|number| self.get(*number) == SeatState::Free)
            .collect()
    }

    /// How many of so many seats are free.
    pub fn count_free_of(&self, seats: u16) -> u16 {
        let seats = usize::from(seats);
        let taken = self.0.iter().take(seats.div_ceil(PER_WORD)).enumerate();
        let taken = taken.map(|(at, word)| {
            // those above are none of this aircraft's, though somebody may have them
            let left = (seats - at * PER_WORD).min(PER_WORD);
            let those = u64::MAX >> (2 * (PER_WORD - left));
            ((word | word >> 1) & LOWER_BITS & those).count_ones() as usize
        });
        (seats - taken.sum::<usize>()) as u16
    }

    /// Which of so many seats differ, ascending, with what they are here.
    pub fn changed_since<'a>(
        &'a self,
        before: &'a Self,
        seats: u16,
    ) -> impl Iterator<Item = (SeatNumber, SeatState)> + 'a {
        let numbers = (1..=seats).map(SeatNumber);
        numbers
            .map(|number| (number, self.get(number)))
            .filter(|(number, state)| before.get(*number) != *state)
    }

    fn from_words(mut words: Vec<u64>) -> Self {
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words.into_boxed_slice())
    }
}

/// Word and place in it; none for the seat 0, which no leg has.
fn position(number: SeatNumber) -> Option<(usize, usize)> {
    let index = usize::from(number.0).checked_sub(1)?;
    Some((index / PER_WORD, index % PER_WORD * 2))
}

fn write(words: &mut Vec<u64>, number: SeatNumber, state: SeatState) {
    let Some((word, shift)) = position(number) else {
        return;
    };
    if words.len() <= word {
        words.resize(word + 1, 0);
    }
    words[word] = words[word] & !(3 << shift) | state.bits() << shift;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::SEATS_MAX;

    const STATES: [SeatState; 4] = [
        SeatState::Free,
        SeatState::Held,
        SeatState::Sold,
        SeatState::Blocked,
    ];

    #[test]
    fn a_seat_has_the_state_that_it_was_given_last() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut states = SeatStates::default();
        let mut expected = vec![SeatState::Free; usize::from(SEATS_MAX) + 1];
        for _ in 0..5_000 {
            let number = random.u16(1..=SEATS_MAX);
            let state = *random.choice(&STATES).unwrap();
            states.set(SeatNumber(number), state);
            expected[usize::from(number)] = state;
        }
        for number in 1..=SEATS_MAX {
            assert_eq!(
                states.get(SeatNumber(number)),
                expected[usize::from(number)]
            );
        }
        let free = expected[1..].iter().filter(|s| **s == SeatState::Free);
        let free = free.count();
        assert_eq!(usize::from(states.count_free_of(SEATS_MAX)), free);
        assert_eq!(states.free_of(SEATS_MAX).len(), free);
        let all = (1..=SEATS_MAX).map(|n| (SeatNumber(n), expected[usize::from(n)]));
        assert_eq!(all.collect::<SeatStates>(), states);
    }

    #[test]
    fn a_leg_that_is_free_again_is_as_one_that_nobody_touched() {
        let mut states = SeatStates::default();
        for state in STATES {
            states.set(SeatNumber(186), state);
            states.set(SeatNumber(186), SeatState::Free);
            assert_eq!(states, SeatStates::default());
        }
    }

    #[test]
    fn no_number_is_out_of_bounds() {
        let mut states = SeatStates::default();
        states.set(SeatNumber(0), SeatState::Sold);
        assert_eq!(states, SeatStates::default());
        assert_eq!(states.get(SeatNumber(u16::MAX)), SeatState::Free);
        states.set(SeatNumber(7), SeatState::Sold);
        assert_eq!(states.count_free_of(0), 0);
        assert_eq!(
            states.count_free_of(6),
            6,
            "the one that is taken is none of them"
        );
        assert_eq!((states.count_free_of(7), states.count_free_of(32)), (6, 31));
        assert_eq!(states.count_free_of(33), 32);
    }

    #[test]
    fn a_change_is_told_with_what_it_came_to() {
        let before: SeatStates = [(SeatNumber(2), SeatState::Held)].into_iter().collect();
        let mut after = before.clone();
        after.set(SeatNumber(2), SeatState::Sold);
        after.set(SeatNumber(40), SeatState::Blocked);
        let changed: Vec<_> = after.changed_since(&before, 40).collect();
        let expected = [
            (SeatNumber(2), SeatState::Sold),
            (SeatNumber(40), SeatState::Blocked),
        ];
        assert_eq!(changed, expected);
        assert_eq!(before.changed_since(&before, 40).count(), 0);
    }
}
