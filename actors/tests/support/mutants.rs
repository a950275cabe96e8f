//! What a hostile sender makes of something sound: bits, numbers and pieces of it changed, from a seed that is printed.
//!
//! `PASSCOM_MUTANTS=100000` makes so many of each, instead of as many as a run of all tests has time for; `PASSCOM_SEED=7` the same again.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is often at an edge, or ends something.
const ODD: [u8; 16] = *b"\x00\x01\x7f\x80\xfe\xff\"\\{}[]\n\r,9";
const CHANGES_MAX: usize = 4;

pub struct Mutants {
    seed: u64,
    rng: fastrand::Rng,
    pub count: usize,
}

impl Mutants {
    /// So many of each, unless more are asked for.
    pub fn new(count: usize) -> Self {
        let asked = |name| env::var(name).ok()?.parse::<u64>().ok();
        let seed = asked("PASSCOM_SEED").unwrap_or_else(|| fastrand::u64(..));
        println!("PASSCOM_SEED={seed}");
        Self {
            seed,
            rng: fastrand::Rng::with_seed(seed),
            count: asked("PASSCOM_MUTANTS").map_or(count, |asked| asked as usize),
        }
    }

    pub fn of(&mut self, sound: &[u8]) -> Vec<u8> {
        let mut bytes = sound.to_vec();
        for _ in 0..=self.rng.usize(..CHANGES_MAX) {
            self.change(&mut bytes);
        }
        bytes
    }

    /// Whatever is made of them, nobody panics.
    #[allow(dead_code, reason = "some look at the answer of a server instead")]
    pub fn survive(&mut self, sound: &[u8], mut read: impl FnMut(&[u8])) {
        for number in 0..self.count {
            let mutant = self.of(sound);
            let survived = catch_unwind(AssertUnwindSafe(|| read(&mutant)));
            let shown = String::from_utf8_lossy(&mutant);
            assert!(
                survived.is_ok(),
                "PASSCOM_SEED={}, mutant {number}: {shown:?}",
                self.seed
            );
        }
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let rng = &mut self.rng;
        let (at, other) = (rng.usize(..=bytes.len()), rng.usize(..=bytes.len()));
        let piece = at.min(other)..at.max(other);
        match rng.u8(..8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            1 if at < bytes.len() => bytes[at] = ODD[rng.usize(..ODD.len())],
            2 => bytes.insert(at, ODD[rng.usize(..ODD.len())]),
            3 => drop(bytes.drain(piece)),
            4 => bytes.truncate(at),
            5 => {
                let twice = bytes[piece].to_vec();
                bytes.splice(at..at, twice);
            }
            6 => drop(bytes.splice(at..at, rng.u64(..).to_string().into_bytes())),
            _ => bytes.rotate_left(at),
        }
    }
}
