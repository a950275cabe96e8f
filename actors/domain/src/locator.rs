//! The six letters by which people name a booking, on the telephone and at the counter.
//!
//! They are the first 27 bits or so of the booking's id, which are random, written in letters. So every node knows the locator of every
//! booking by itself, also of one that is older than locators, and whatever company is down; nothing is kept, claimed or told for it, and who
//! looks for one finds it by the key of the tickets, as all ids of a locator stand together.
//!
//! The price: two bookings may have the same. There are 191,102,976 of them, so that of a million tickets of flights to come some five
//! thousand share theirs with another. Who looks for a booking names a surname as well, and the day of the first flight where that is not
//! enough; one that fits several is none. A number that a company counts up, taken in blocks, would be unique: with a letter for the company there are
//! eight million of it, which a large one has used up within the year, and a company that lost its disk could not know how far it had
//! counted. A claim that is kept like a seat would need an agreement of a majority for every booking.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use uuid::Uuid;

use super::ids::{InvalidId, SagaId};

/// Without I and O, which look like digits.
const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LEN: usize = 6;
const COUNT: u64 = (LETTERS.len() as u64).pow(LEN as u32);
/// How much of an id counts: its first bits.
const BITS: u32 = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locator(u32);

impl Locator {
    pub fn of(booking: SagaId) -> Self {
        let first = (booking.0.as_u128() >> (128 - BITS)) as u64;
        Self(((first * COUNT) >> BITS) as u32)
    }

    /// The ids of all bookings that have it, and of no other.
    pub fn ids(self) -> RangeInclusive<Uuid> {
        let first = |number: u64| u128::from((number << BITS).div_ceil(COUNT));
        let number = u64::from(self.0);
        let (from, next) = (first(number), first(number + 1));
        Uuid::from_u128(from << (128 - BITS))
            ..=Uuid::from_u128((next << (128 - BITS)).wrapping_sub(1))
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base, mut rest) = (LETTERS.len() as u32, self.0);
        let mut letters = [0; LEN];
        for letter in letters.iter_mut().rev() {
            *letter = LETTERS[(rest % base) as usize];
            rest /= base;
        }
        f.write_str(std::str::from_utf8(&letters).expect("letters are ASCII"))
    }
}

/// As somebody types it: in any case, with blanks and hyphens.
impl FromStr for Locator {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = InvalidId("a locator has six letters, without I and O");
        let typed = text.chars().filter(|c| *c != '-' && !c.is_whitespace());
        let (mut number, mut len) = (0, 0);
        for letter in typed {
            let letter = letter.to_ascii_uppercase();
            let place = LETTERS
                .iter()
                .position(|known| char::from(*known) == letter);
            let place = u32::try_from(place.ok_or(wrong)?).map_err(|_| wrong)?;
            len += 1;
            if len > LEN {
                return Err(wrong);
            }
            number = number * LETTERS.len() as u32 + place;
        }
        if len < LEN {
            return Err(wrong);
        }
        Ok(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: u128) -> Locator {
        Locator::of(SagaId(Uuid::from_u128(id)))
    }

    #[test]
    fn six_letters_are_read_as_they_are_written() {
        for (id, text) in [(0, "AAAAAA"), (u128::MAX, "ZZZZZZ"), (1 << 127, "NAAAAA")] {
            assert_eq!(of(id).to_string(), text);
            assert_eq!(text.parse(), Ok(of(id)));
        }
        let first: Locator = "BCDFGH".parse().unwrap();
        assert_eq!("bcd-fgh".parse(), Ok(first));
        assert_eq!(" BCD\u{a0}FGH ".parse(), Ok(first));
        for none in [
            "", "BCDFG", "BCDFGHJ", "BCDFG1", "BCDFGI", "BCDFGO", "BCDFGÇ", "BCD_FGH",
        ] {
            assert!(none.parse::<Locator>().is_err(), "{none}");
        }
    }

    #[test]
    fn every_id_has_one_locator_and_those_of_one_stand_together() {
        let mut id = 0_u128;
        for step in 0..10_000_u128 {
            let locator = of(id);
            let (first, last) = locator.ids().into_inner();
            let (first, last) = (first.as_u128(), last.as_u128());
            assert!((first..=last).contains(&id));
            assert_eq!((of(first), of(last)), (locator, locator));
            if let Some(before) = first.checked_sub(1) {
                assert_eq!(of(before).0 + 1, locator.0);
            }
            if let Some(next) = last.checked_add(1) {
                assert_eq!(of(next).0, locator.0 + 1);
            }
            id = id
                .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
                .wrapping_add(step * 2 + 1);
        }
    }
}
